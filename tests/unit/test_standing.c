/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/standing.h"

#include <criterion/criterion.h>

enum { T = STANDING_INTERVAL_US };

Test(standing, a_queue_that_is_soon_empty_is_left_alone)
{
	struct standing s = { 0 };

	for (uint64_t t = 1; t < 100 * T; t += T - 1) {
		cr_assert_not(standing_note(&s, false, t));
		cr_assert_not(standing_note(&s, false, t + T - 1));
		cr_assert_not(standing_note(&s, true, t + T));
	}
}

Test(standing, one_that_stands_for_an_interval_gets_a_signal)
{
	struct standing s = { 0 };

	cr_assert_not(standing_note(&s, false, 1000));
	cr_assert_not(standing_note(&s, false, 1000 + T - 1));
	cr_assert(standing_note(&s, false, 1000 + T));
	cr_assert_not(standing_note(&s, false, 1000 + T));
}

Test(standing, signals_come_faster_the_longer_it_stands_but_not_too_fast)
{
	struct standing s = { 0 };
	int first = 0, late = 0;

	for (uint64_t t = 1; t < 1000 * T; t += 10) {
		bool signal = standing_note(&s, false, t);

		first += signal && t < 10 * T;
		late += signal && t >= 990 * T;
	}
	/* 1, 1, 1, 1/2, 1/2, ... of the interval; at last 1/8. */
	cr_assert(first >= 11 && first <= 20, "%d", first);
	cr_assert(late >= 76 && late <= 81, "%d", late);
}

Test(standing, once_empty_it_begins_anew)
{
	struct standing s = { 0 };

	for (uint64_t t = 1; t < 100 * T; t += 10)
		(void)standing_note(&s, false, t);
	cr_assert_not(standing_note(&s, true, 100 * T));
	cr_assert_not(standing_note(&s, false, 100 * T));
	cr_assert_not(standing_note(&s, false, 101 * T - 1));
	cr_assert(standing_note(&s, false, 101 * T));
}
