/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Timers: what is due comes out in order, whatever was moved or cancelled.
 */
#include "daemon/base/timers.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

/* The linker puts this in reallocarray's place. */
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);

static bool no_memory;

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return no_memory ? NULL : __real_reallocarray(p, n, size);
}

enum { MANY = 1000 };

static struct timers ts;
static struct timer t[MANY];

static void admit(size_t n)
{
	timers_init(&ts);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(timers_add(&ts, &t[i], &ts, (int)i), 0);
}

/* A fixed sequence that looks random. */
static uint32_t next_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

Test(timers, none_set_means_never)
{
	admit(1);
	cr_expect_eq(timers_deadline(&ts), TIMERS_NEVER);
	cr_expect_null(timers_pop(&ts, UINT64_MAX));
	cr_expect(!timer_is_set(&t[0]));
	timers_clear(&ts);
}

Test(timers, one_is_due_at_its_deadline_and_not_before)
{
	admit(1);
	timers_set(&ts, &t[0], 1000);
	cr_expect_eq(timers_deadline(&ts), 1000);
	cr_expect_null(timers_pop(&ts, 999));
	cr_expect(timer_is_set(&t[0]));
	cr_expect_eq(timers_pop(&ts, 1000), &t[0]);
	cr_expect(!timer_is_set(&t[0]));
	cr_expect_null(timers_pop(&ts, 1000));
	timers_clear(&ts);
}

Test(timers, a_late_clock_gets_all_of_them_in_order)
{
	uint32_t state = 1;
	uint64_t last = 0;
	struct timer *due;
	size_t n = 0;

	admit(MANY);
	for (size_t i = 0; i < MANY; i++)
		timers_set(&ts, &t[i], next_number(&state) % 500);
	while ((due = timers_pop(&ts, 500))) {
		cr_assert_geq(due->due_ms, last);
		last = due->due_ms;
		n++;
	}
	cr_expect_eq(n, MANY);
	timers_clear(&ts);
}

Test(timers, equal_deadlines_come_as_they_were_set)
{
	admit(100);
	for (size_t i = 0; i < 100; i++)
		timers_set(&ts, &t[99 - i], 5);
	for (size_t i = 0; i < 100; i++)
		cr_assert_eq(timers_pop(&ts, 5)->kind, 99 - (int)i);
	timers_clear(&ts);
}

Test(timers, moving_one_changes_only_that_one)
{
	admit(3);
	timers_set(&ts, &t[0], 10);
	timers_set(&ts, &t[1], 20);
	timers_set(&ts, &t[2], 30);
	timers_set(&ts, &t[2], 5);
	timers_set(&ts, &t[0], 40);
	cr_expect_eq(timers_pop(&ts, 100), &t[2]);
	cr_expect_eq(timers_pop(&ts, 100), &t[1]);
	cr_expect_eq(timers_pop(&ts, 100), &t[0]);
	cr_expect_null(timers_pop(&ts, 100));
	timers_clear(&ts);
}

Test(timers, a_cancelled_one_is_never_due)
{
	admit(2);
	timers_set(&ts, &t[0], 1);
	timers_set(&ts, &t[1], 2);
	timers_cancel(&ts, &t[0]);
	timers_cancel(&ts, &t[0]);
	cr_expect_eq(timers_deadline(&ts), 2);
	timers_set(&ts, &t[1], TIMERS_NEVER);
	cr_expect_eq(timers_deadline(&ts), TIMERS_NEVER);
	cr_expect_null(timers_pop(&ts, UINT64_MAX));
	timers_clear(&ts);
}

Test(timers, removing_cancels_and_may_be_done_twice)
{
	admit(2);
	timers_set(&ts, &t[0], 1);
	timers_remove(&ts, &t[0]);
	timers_remove(&ts, &t[0]);
	cr_expect_null(timers_pop(&ts, 10));
	timers_set(&ts, &t[1], 3);
	cr_expect_eq(timers_pop(&ts, 3), &t[1]);
	cr_assert_eq(timers_add(&ts, &t[0], &ts, 7), 0);
	timers_set(&ts, &t[0], 4);
	cr_expect_eq(timers_pop(&ts, 4)->kind, 7);
	timers_clear(&ts);
}

Test(timers, many_moves_and_cancels_keep_the_order)
{
	uint64_t due_ms[MANY], last = 0;
	uint32_t state = 42;
	struct timer *due;
	size_t set = 0, popped = 0;

	admit(MANY);
	for (size_t i = 0; i < MANY; i++)
		due_ms[i] = TIMERS_NEVER;
	for (size_t step = 0; step < 20 * MANY; step++) {
		size_t i = next_number(&state) % MANY;

		due_ms[i] = next_number(&state) % 4 == 0
				    ? TIMERS_NEVER
				    : next_number(&state) % 10000;
		timers_set(&ts, &t[i], due_ms[i]);
	}
	for (size_t i = 0; i < MANY; i++)
		set += due_ms[i] != TIMERS_NEVER;
	while ((due = timers_pop(&ts, 10000))) {
		cr_assert_geq(due->due_ms, last);
		cr_assert_eq(due->due_ms, due_ms[due->kind]);
		last = due->due_ms;
		popped++;
	}
	cr_expect_eq(popped, set);
	timers_clear(&ts);
}

Test(timers, without_memory_one_more_is_refused_and_the_others_go_on)
{
	size_t n = 0;

	timers_init(&ts);
	while (n < MANY && timers_add(&ts, &t[n], &ts, (int)n) == 0) {
		timers_set(&ts, &t[n], n);
		no_memory = ++n >= 20;
	}
	cr_expect_geq(n, 20);
	cr_expect_lt(n, MANY);
	no_memory = false;
	for (size_t i = 0; i < n; i++)
		cr_expect_eq(timers_pop(&ts, MANY), &t[i]);
	cr_expect_eq(timers_add(&ts, &t[n], &ts, 0), 0);
	timers_clear(&ts);
}
