/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/peers.h"

#include <criterion/criterion.h>
#include <string.h>

static struct peers ps;
static struct hit a, b;

static void make(void)
{
	static const uint8_t seed[TABLE_SEED_LEN] = "sixteen bytes..";

	peers_init(&ps, seed);
	cr_assert_eq(hit_from_text("2001:22::a", &a), 0);
	cr_assert_eq(hit_from_text("2001:22::b", &b), 0);
}

static void clear(void)
{
	peers_clear(&ps);
}

TestSuite(peers, .init = make, .fini = clear);

static struct locator at(uint8_t n)
{
	return (struct locator){ .addr = { [10] = 0xff, 0xff, 10, 0, 0, n },
				 .port = 10500 };
}

Test(peers, one_is_found_by_its_hit_and_by_each_locator)
{
	struct locator l[] = { at(1), at(2) }, other = at(3);

	cr_assert_eq(peers_set(&ps, &a, l, 2, 0), 0);
	cr_assert(peers_find(&ps, &a));
	cr_expect_eq(peers_find(&ps, &a)->n_locators, 2);
	cr_expect_eq(peers_find_by_locator(&ps, &l[0]), peers_find(&ps, &a));
	cr_expect_eq(peers_find_by_locator(&ps, &l[1]), peers_find(&ps, &a));
	cr_expect_null(peers_find_by_locator(&ps, &other));
	other = at(1);
	other.port++;
	cr_expect_null(peers_find_by_locator(&ps, &other));
	cr_expect_null(peers_find(&ps, &b));
}

Test(peers, new_locators_replace_the_old_ones)
{
	struct locator l[] = { at(1), at(2) };

	cr_assert_eq(peers_set(&ps, &a, l, 1, 0), 0);
	cr_assert_eq(peers_set(&ps, &a, l + 1, 1, 0), 0);
	cr_expect_null(peers_find_by_locator(&ps, &l[0]));
	cr_expect(peers_find_by_locator(&ps, &l[1]));
	cr_assert_eq(peers_set(&ps, &a, NULL, 0, 0), 0);
	cr_expect_eq(peers_find(&ps, &a)->n_locators, 0);
	cr_expect_null(peers_find_by_locator(&ps, &l[1]));
}

Test(peers, a_locator_of_two_leads_to_the_first)
{
	struct locator l = at(1);

	cr_assert_eq(peers_set(&ps, &a, &l, 1, 0), 0);
	cr_assert_eq(peers_set(&ps, &b, &l, 1, 0), 0);
	cr_expect_eq(peers_find_by_locator(&ps, &l), peers_find(&ps, &a));
	cr_expect(peers_remove(&ps, &a));
	cr_expect_null(peers_find_by_locator(&ps, &l));
	cr_expect_eq(peers_find(&ps, &b)->n_locators, 1);
}

Test(peers, the_same_locator_twice_does_no_harm)
{
	struct locator l[] = { at(1), at(1) };

	cr_assert_eq(peers_set(&ps, &a, l, 2, 0), 0);
	cr_expect_eq(peers_find_by_locator(&ps, &l[0]), peers_find(&ps, &a));
	cr_expect(peers_remove(&ps, &a));
	cr_expect_not(peers_remove(&ps, &a));
	cr_expect_null(peers_find_by_locator(&ps, &l[0]));
}

Test(peers, locators_beyond_the_limit_are_left_out)
{
	struct locator l[LOCATORS_MAX + 1];

	for (uint8_t n = 0; n <= LOCATORS_MAX; n++)
		l[n] = at(n + 1);
	cr_assert_eq(peers_set(&ps, &a, l, LOCATORS_MAX + 1, 0), 0);
	cr_expect_eq(peers_find(&ps, &a)->n_locators, LOCATORS_MAX);
	cr_expect(peers_find_by_locator(&ps, &l[LOCATORS_MAX - 1]));
	cr_expect_null(peers_find_by_locator(&ps, &l[LOCATORS_MAX]));
}

Test(peers, what_nobody_vouches_for_counts_until_it_was_tried_in_vain)
{
	struct locator l[] = { at(1), at(2) };
	const struct peer_locator *p;
	uint64_t now = 1000;

	cr_assert_eq(peers_set(&ps, &a, l, 2, 1), 0);
	p = peers_find(&ps, &a)->locators;
	cr_expect_not(p[0].is_unproven);
	cr_expect(p[1].is_unproven);
	for (size_t i = 0; i < UNPROVEN_SENDS_MAX; i++) {
		cr_expect(peer_is_worth_it(&p[1], now));
		peers_on_sent(&ps, &a, &l[0], now);
		peers_on_sent(&ps, &a, &l[1], now);
	}
	cr_expect(peer_is_worth_it(&p[0], now));
	cr_expect_not(peer_is_worth_it(&p[1], now));
	/* Said once more it is no better. */
	cr_assert_eq(peers_set(&ps, &a, l + 1, 1, 1), 0);
	cr_expect_not(peer_is_worth_it(peers_find(&ps, &a)->locators, now));
	now += UNPROVEN_AGAIN_MS;
	cr_expect(peer_is_worth_it(peers_find(&ps, &a)->locators, now));
	peers_on_sent(&ps, &a, &l[1], now);
	cr_expect_not(peer_is_worth_it(peers_find(&ps, &a)->locators, now));
	peers_on_heard(&ps, &a, &l[1]);
	cr_expect(peer_is_worth_it(peers_find(&ps, &a)->locators, now));
	cr_assert_eq(peers_set(&ps, &a, l + 1, 1, 1), 0);
	cr_expect_not(peers_find(&ps, &a)->locators->is_unproven, "it worked");
}
