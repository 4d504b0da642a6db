/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The simulator's queue gives events by time, and those of one time in the
 * order in which they were pushed, however far ahead that was.
 */
#include "tests/sim/prng.h"
#include "tests/sim/queue.h"

#include <criterion/criterion.h>

enum { EVENTS = 20000 };

static struct queue q;
static struct prng dice;
static uint32_t pushed; /* so many; the number of each is its `a` */

static void push(uint64_t at_ms)
{
	queue_push(&q, &(struct ring_event){ .at_ms = at_ms, .a = pushed++ });
}

/* Now, soon, within the hour; or at one of few moments, which are further off
 * than there are pages when they are chosen first, and later not. */
static uint64_t any_time(uint64_t now_ms)
{
	enum { MOMENT_MS = 5000000 };
	static const uint32_t soon[] = { 2, 80, 5000, 3600000 };
	uint32_t kind = prng_below(&dice, 6);

	if (kind < 4)
		return now_ms + prng_below(&dice, soon[kind]);
	return (now_ms / MOMENT_MS + 1 + prng_below(&dice, 3)) * MOMENT_MS;
}

Test(queue, events_come_by_time_and_then_as_they_were_pushed)
{
	struct ring_event e, last = { .at_ms = 0 };
	uint32_t popped = 0;

	prng_init(&dice, 1);
	for (int i = 0; i < 100; i++)
		push(any_time(0));
	while (queue_pop(&q, UINT64_MAX, &e)) {
		cr_assert(e.at_ms > last.at_ms ||
			  (e.at_ms == last.at_ms &&
			   (e.a > last.a || popped == 0)));
		last = e;
		popped++;
		if (pushed < EVENTS)
			push(any_time(e.at_ms));
	}
	cr_expect_eq(popped, EVENTS);
	cr_expect_eq(q.n, 0);
	queue_clear(&q);
}

Test(queue, nothing_comes_that_is_after_the_end)
{
	struct ring_event e;

	push(100);
	push(5000);
	cr_expect_not(queue_pop(&q, 99, &e));
	cr_assert(queue_pop(&q, 100, &e));
	cr_expect_eq(e.at_ms, 100);
	cr_expect_not(queue_pop(&q, 4999, &e));
	push(4999); /* still to come, before what was pushed first */
	cr_assert(queue_pop(&q, 6000, &e));
	cr_expect_eq(e.at_ms, 4999);
	cr_assert(queue_pop(&q, 6000, &e));
	cr_expect_eq(e.at_ms, 5000);
	cr_expect_not(queue_pop(&q, 6000, &e));
	queue_clear(&q);
}

Test(queue, what_comes_next_at_the_same_time_is_seen)
{
	struct ring_event e;

	push(7);
	push(7);
	push(8);
	cr_expect(queue_pop(&q, 10, &e));
	cr_assert(queue_ahead(&q, 0));
	cr_expect_eq(queue_ahead(&q, 0)->a, 1);
	cr_expect_null(queue_ahead(&q, 1));
	queue_clear(&q);
}
