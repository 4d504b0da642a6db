/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Puzzles on a thread of their own. The tests wait for the thread's eventfd.
 */
#include "daemon/jobs.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>

static const struct hit peer = { { 0x20, 0x01, 0, 0x22, 1 } };

static struct jobs *make(void)
{
	struct jobs *j = NULL;

	cr_assert_eq(jobs_new(&j), 0);
	return j;
}

static struct puzzle puzzle(uint8_t k)
{
	return (struct puzzle){ .k = k, .hit_suite = HIT_SUITE_ECDSA };
}

static struct job_result wait_for(struct jobs *j)
{
	struct pollfd p = { .fd = jobs_event_fd(j), .events = POLLIN };
	struct job_result r = { .job = 0 };

	while (!jobs_take(j, &r))
		cr_assert_eq(poll(&p, 1, 10000), 1);
	return r;
}

Test(jobs, a_puzzle_is_solved)
{
	struct jobs *j = make();
	struct puzzle p = puzzle(10);
	struct job_result r;

	cr_assert_eq(jobs_add(j, 42, &peer, &p, 20000), 0);
	r = wait_for(j);
	cr_expect_eq(r.job, 42);
	cr_expect(hit_equal(&r.hit, &peer));
	cr_assert(r.solved);
	cr_expect(puzzle_verify(&p, r.j));
	cr_expect_not(jobs_take(j, &r));
	jobs_free(j);
}

Test(jobs, a_puzzle_that_is_too_hard_for_its_life_is_given_up)
{
	struct jobs *j = make();
	struct puzzle p = puzzle(200);
	struct job_result r;

	cr_assert_eq(jobs_add(j, 1, &peer, &p, 1), 0);
	r = wait_for(j);
	cr_expect_eq(r.job, 1);
	cr_expect_not(r.solved);
	jobs_free(j);
}

Test(jobs, a_hard_one_does_not_hold_up_an_easy_one)
{
	struct jobs *j = make();
	struct puzzle hard = puzzle(200), easy = puzzle(2);

	cr_assert_eq(jobs_add(j, 1, &peer, &hard, UINT64_MAX), 0);
	cr_assert_eq(jobs_add(j, 2, &peer, &easy, 20000), 0);
	cr_expect_eq(wait_for(j).job, 2);
	jobs_free(j); /* the hard one goes with it */
}

Test(jobs, there_are_no_more_than_the_limit)
{
	struct jobs *j = make();
	struct puzzle p = puzzle(200);

	for (size_t i = 0; i < JOBS_MAX; i++)
		cr_assert_eq(jobs_add(j, i, &peer, &p, UINT64_MAX), 0);
	cr_expect_eq(jobs_add(j, 1, &peer, &p, 1), -ENOSPC);
	jobs_free(j);
}
