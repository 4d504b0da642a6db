/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/links.h"

#include <criterion/criterion.h>

static struct links ls;
static const struct hit hit_a = { { 0x20, 1, 0, 0x22, 1 } };
static const struct hit hit_b = { { 0x20, 1, 0, 0x22, 2 } };

static void make(void)
{
	static const uint8_t seed[16];

	links_init(&ls, 8, seed);
}

static void clear(void)
{
	links_clear(&ls);
}

TestSuite(links, .init = make, .fini = clear);

static enum links_news say(enum assoc_state state)
{
	return links_on_state(&ls, &hit_a, state);
}

Test(links, an_association_is_told_of_once)
{
	cr_expect_eq(say(ASSOC_I1_SENT), LINKS_NOTHING);
	cr_expect_eq(say(ASSOC_I2_SENT), LINKS_NOTHING);
	cr_expect_eq(say(ASSOC_ESTABLISHED), LINKS_UP);
	cr_expect(links_is_up(&ls, &hit_a));
	cr_expect_eq(say(ASSOC_CLOSING), LINKS_DOWN);
	cr_expect_eq(say(ASSOC_UNASSOCIATED), LINKS_NOTHING);
	cr_expect_not(links_is_up(&ls, &hit_a));
}

Test(links, the_responder_is_up_with_its_r2)
{
	cr_expect_eq(say(ASSOC_R2_SENT), LINKS_UP);
	cr_expect_eq(say(ASSOC_ESTABLISHED), LINKS_NOTHING);
}

Test(links, a_new_exchange_of_the_peer_is_another_association)
{
	(void)say(ASSOC_ESTABLISHED);
	cr_expect_eq(say(ASSOC_R2_SENT), LINKS_DOWN_UP);
	cr_expect(links_is_up(&ls, &hit_a));
}

Test(links, who_was_to_be_kept_and_cannot_be_reached_is_down)
{
	cr_expect_eq(say(ASSOC_FAILED), LINKS_NOTHING, "nobody asked");
	cr_assert(links_keep(&ls, &hit_a));
	cr_expect_eq(say(ASSOC_UNASSOCIATED), LINKS_NOTHING, "it begins");
	cr_expect_eq(say(ASSOC_I1_SENT), LINKS_NOTHING);
	cr_expect(links_is_kept(&ls, &hit_a));
	cr_expect_eq(say(ASSOC_FAILED), LINKS_DOWN);
	cr_expect_not(links_is_kept(&ls, &hit_a), "to be asked for again");
	cr_expect_eq(ls.n_kept, 0);
}

Test(links, released_it_still_stands)
{
	cr_assert(links_keep(&ls, &hit_a));
	(void)say(ASSOC_ESTABLISHED);
	links_release(&ls, &hit_a);
	cr_expect(links_is_up(&ls, &hit_a));
	cr_expect_not(links_is_kept(&ls, &hit_a));
	cr_expect_eq(ls.n_kept, 0);
	links_release(&ls, &hit_b); /* never kept */
	cr_expect_eq(ls.n_kept, 0);
}

Test(links, only_so_many_are_kept)
{
	struct hit hit = hit_b;

	for (int i = 0; i < LINKS_KEPT_MAX; i++) {
		hit.bytes[14] = (uint8_t)(i >> 8);
		hit.bytes[15] = (uint8_t)i;
		cr_assert(links_keep(&ls, &hit));
		cr_assert(links_keep(&ls, &hit), "again");
	}
	cr_expect_not(links_keep(&ls, &hit_a));
	links_release(&ls, &hit);
	cr_expect(links_keep(&ls, &hit_a));
}

Test(links, all_are_gone_through)
{
	struct links_iter it;
	struct hit hit;
	bool up, kept;
	size_t n_up = 0, n_kept = 0, n = 0;

	(void)say(ASSOC_ESTABLISHED);
	cr_assert(links_keep(&ls, &hit_b));
	it = links_iterate(&ls);
	while (links_next(&it, &hit, &up, &kept)) {
		n++;
		n_up += up && hit_equal(&hit, &hit_a);
		n_kept += kept && hit_equal(&hit, &hit_b);
	}
	cr_expect_eq(n, 2);
	cr_expect_eq(n_up, 1);
	cr_expect_eq(n_kept, 1);
}
