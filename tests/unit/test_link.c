/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Life and death of a link. */
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
	link_on_heard(&l, 77);
	cr_expect_not(link_has(&l, LINK_SUSPECT));
	cr_expect(link_has(&l, LINK_IN_RING));
	cr_expect_eq(l.heard_s, 77);
	cr_expect_not(link_on_missed(&l));
}

Test(link, is_small)
{
	/* About 50 of them in the 4 KiB of a simulated node. */
	cr_expect(sizeof(struct link) <= 80, "%zu", sizeof(struct link));
}
