/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Guests: few, and not for long.
 */
#include "daemon/guests.h"

#include <criterion/criterion.h>

static struct hit host(uint8_t n)
{
	return (struct hit){ { 0x20, 0x01, 0x00, 0x22, [15] = n } };
}

Test(guests, there_is_room_for_eight)
{
	struct guests g = { 0 };

	for (uint8_t i = 0; i < GUESTS_MAX; i++) {
		const struct hit h = host(i);

		cr_assert(guests_have_room(&g));
		guests_on_peer(&g, &h, ASSOC_R2_SENT, 0);
		guests_on_peer(&g, &h, ASSOC_ESTABLISHED, 1);
	}
	cr_expect_not(guests_have_room(&g));
}

Test(guests, one_that_is_gone_makes_room)
{
	struct guests g = { 0 };
	const struct hit h = host(1);

	guests_on_peer(&g, &h, ASSOC_R2_SENT, 0);
	cr_expect(guests_has(&g, &h));
	guests_on_peer(&g, &h, ASSOC_UNASSOCIATED, 0);
	cr_expect_not(guests_has(&g, &h));
}

Test(guests, the_time_of_one_is_over_after_thirty_seconds)
{
	struct guests g = { 0 };
	const struct hit h = host(1);
	struct hit late;

	guests_on_peer(&g, &h, ASSOC_R2_SENT, 5);
	guests_on_peer(&g, &h, ASSOC_ESTABLISHED, 1000); /* not anew */
	cr_expect_not(guests_take_late(&g, 5 + GUEST_MS - 1, &late));
	cr_assert(guests_take_late(&g, 5 + GUEST_MS, &late));
	cr_expect(hit_equal(&late, &h));
	cr_expect_not(guests_take_late(&g, 5 + GUEST_MS, &late));
	cr_expect_not(guests_has(&g, &h));
}

Test(guests, one_that_has_enrolled_stays)
{
	struct guests g = { 0 };
	const struct hit h = host(1);
	struct hit late;

	guests_on_peer(&g, &h, ASSOC_ESTABLISHED, 0);
	guests_remove(&g, &h);
	cr_expect_not(guests_take_late(&g, UINT64_MAX, &late));
}
