/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/standing.h"

#include <criterion/criterion.h>

enum { T = STANDING_INTERVAL_US };

/* While there is a call. */
static bool note(struct standing *s, bool empty, uint64_t now_us)
{
	return standing_note(s, empty, now_us, now_us);
}

Test(standing, a_queue_that_is_soon_empty_is_left_alone)
{
	struct standing s = { 0 };

	for (uint64_t t = 1; t < 100 * T; t += T - 1) {
		cr_assert_not(note(&s, false, t));
		cr_assert_not(note(&s, false, t + T - 1));
		cr_assert_not(note(&s, true, t + T));
	}
}

Test(standing, one_that_stands_for_an_interval_gets_a_signal)
{
	struct standing s = { 0 };

	cr_assert_not(note(&s, false, 1000));
	cr_assert_not(note(&s, false, 1000 + T - 1));
	cr_assert(note(&s, false, 1000 + T));
	cr_assert_not(note(&s, false, 1000 + T));
}

Test(standing, signals_come_faster_the_longer_it_stands_but_not_too_fast)
{
	struct standing s = { 0 };
	int first = 0, late = 0;

	for (uint64_t t = 1; t < 1000 * T; t += 10) {
		bool signal = note(&s, false, t);

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
		(void)note(&s, false, t);
	cr_assert_not(note(&s, true, 100 * T));
	cr_assert_not(note(&s, false, 100 * T));
	cr_assert_not(note(&s, false, 101 * T - 1));
	cr_assert(note(&s, false, 101 * T));
}

/* It stands for the sake of TCP alone. */
Test(standing, without_a_call_it_is_left_alone)
{
	struct standing s = { 0 };

	for (uint64_t t = 1; t < 100 * T; t += 10)
		cr_assert_not(standing_note(&s, false, 0, t));
}

Test(standing, a_call_that_was_over_before_it_stood_does_not_count)
{
	struct standing s = { 0 };

	for (uint64_t t = T; t < 100 * T; t += 10)
		cr_assert_not(standing_note(&s, false, T - 1, t));
	cr_assert_not(standing_note(&s, false, 100 * T, 100 * T));
	cr_assert(standing_note(&s, false, 100 * T, 101 * T));
}

Test(standing, it_is_left_alone_again_some_time_after_the_last_packet)
{
	struct standing s = { 0 };
	bool any = false;

	for (uint64_t t = 1; t < STANDING_CALL_US + 1; t += 10)
		any |= standing_note(&s, false, 1, t);
	cr_assert(any);
	for (uint64_t t = STANDING_CALL_US + 1; t < 2 * STANDING_CALL_US;
	     t += 10)
		cr_assert_not(standing_note(&s, false, 1, t));
}
