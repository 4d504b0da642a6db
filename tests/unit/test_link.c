/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Life, death and worth of a link. */
#include "resolver/link.h"

#include <criterion/criterion.h>

Test(link, is_gone_after_three_misses_in_a_row)
{
	struct link l = { 0 };

	cr_expect_not(link_on_missed(&l));
	cr_expect(link_has(&l, LINK_SUSPECT));
	cr_expect_not(link_on_missed(&l));
	cr_expect(link_on_missed(&l));
}

Test(link, lives_again_with_whatever_is_heard)
{
	struct link l = { .flags = LINK_IN_RING };

	(void)link_on_missed(&l); /* twice is not enough */
	(void)link_on_missed(&l);
	link_on_heard(&l);
	cr_expect_not(link_has(&l, LINK_SUSPECT));
	cr_expect(link_has(&l, LINK_IN_RING));
	cr_expect_not(link_on_missed(&l));
}

Test(link, behind_which_all_requests_vanish_is_doubtful)
{
	struct link l = { .worth = UINT8_MAX };

	for (int i = 0; i < 13; i++)
		link_on_request(&l);
	cr_expect_not(link_is_doubtful(&l));
	for (int i = 0; i < 4; i++)
		link_on_request(&l);
	cr_expect(link_is_doubtful(&l));
	link_on_answer(&l);
	cr_expect_not(link_is_doubtful(&l));
}

Test(link, behind_which_half_of_them_vanish_is_not)
{
	struct link l = { .worth = UINT8_MAX };

	for (int i = 0; i < 1000; i++) {
		link_on_request(&l);
		link_on_request(&l);
		link_on_answer(&l);
		cr_assert_not(link_is_doubtful(&l));
	}
}

Test(link, worth_has_an_end_above)
{
	struct link l = { .worth = 250 };

	link_on_answer(&l);
	cr_expect_eq(l.worth, UINT8_MAX);
}

Test(link, is_small)
{
	/* About 50 of them in the 4 KiB of a simulated node. */
	cr_expect(sizeof(struct link) <= 48, "%zu", sizeof(struct link));
}

Test(link, what_costs_much_has_a_pace)
{
	struct link l = { .flags = 0 };
	int n = 0;

	while (n < 1000 && link_may_ask(&l, true, 100))
		n++;
	cr_expect_eq(n, LINK_ASKS_MAX);
	cr_expect_not(link_may_ask(&l, true, 100));
	for (n = 0; n < 1000 && link_may_ask(&l, false, 100);)
		n++;
	cr_expect_eq(n, LINK_ASKS_MAX, "others' requests are others'");
	for (int i = 0; i < LINK_ASKS_PER_S; i++)
		cr_expect(link_may_ask(&l, true, 101), "%d", i);
	cr_expect_not(link_may_ask(&l, true, 101));
	for (n = 0; n < 1000 && link_may_ask(&l, true, 1000);)
		n++;
	cr_expect_eq(n, LINK_ASKS_MAX);
}
