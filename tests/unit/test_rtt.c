/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "cli/rtt.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static struct rtt r;

static void clear(void)
{
	rtt_clear(&r);
}

TestSuite(rtt, .fini = clear);

/* Sends and answers requests with these round trips. */
static void run(const uint64_t *trips, uint32_t n)
{
	cr_assert(eq(int, rtt_init(&r, n), 0));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t us = 0;
		uint32_t seq = rtt_on_send(&r, 1000);

		cr_assert(eq(u32, seq, i + 1));
		cr_assert(rtt_on_reply(&r, seq, 1000 + trips[i], &us));
		cr_assert(eq(u64, us, trips[i]));
	}
}

Test(rtt, the_median_of_an_odd_number_is_the_middle_one)
{
	static const uint64_t trips[] = { 30, 10, 20 };
	struct rtt_summary s;

	run(trips, 3);
	cr_assert(rtt_summarise(&r, &s));
	cr_assert(eq(u64, s.min_us, 10));
	cr_assert(eq(u64, s.median_us, 20));
	cr_assert(eq(u64, s.max_us, 30));
}

Test(rtt, the_median_of_an_even_number_is_the_mean_of_the_middle_two)
{
	static const uint64_t trips[] = { 40, 10, 20, 30 };
	struct rtt_summary s;

	run(trips, 4);
	cr_assert(rtt_summarise(&r, &s));
	cr_assert(eq(u64, s.median_us, 25));
}

Test(rtt, what_was_lost_counts_in_nothing_but_sent)
{
	struct rtt_summary s;
	uint64_t us;

	cr_assert(eq(int, rtt_init(&r, 4), 0));
	for (int i = 0; i < 3; i++)
		(void)rtt_on_send(&r, 100);
	cr_assert(rtt_on_reply(&r, 3, 150, &us));
	cr_assert(eq(u32, r.sent, 3));
	cr_assert(eq(u32, r.received, 1));
	cr_assert(rtt_summarise(&r, &s));
	cr_assert(eq(u64, s.min_us, 50));
	cr_assert(eq(u64, s.median_us, 50));
	cr_assert(eq(u64, s.max_us, 50));
}

Test(rtt, without_a_reply_there_is_no_summary)
{
	struct rtt_summary s = { .min_us = 77 };

	cr_assert(eq(int, rtt_init(&r, 1), 0));
	(void)rtt_on_send(&r, 100);
	cr_assert(not(rtt_summarise(&r, &s)));
	cr_assert(eq(u64, s.min_us, 77));
}

Test(rtt, a_reply_counts_once)
{
	uint64_t us;

	cr_assert(eq(int, rtt_init(&r, 2), 0));
	(void)rtt_on_send(&r, 100);
	cr_assert(rtt_on_reply(&r, 1, 150, &us));
	cr_assert(not(rtt_on_reply(&r, 1, 160, &us)));
	cr_assert(eq(u32, r.received, 1));
}

Test(rtt, a_reply_to_nothing_is_refused)
{
	uint64_t us;

	cr_assert(eq(int, rtt_init(&r, 2), 0));
	(void)rtt_on_send(&r, 100);
	cr_assert(not(rtt_on_reply(&r, 0, 150, &us)));
	cr_assert(not(rtt_on_reply(&r, 2, 150, &us)));
	cr_assert(not(rtt_on_reply(&r, 1, 99, &us)));
	cr_assert(eq(u32, r.received, 0));
}
