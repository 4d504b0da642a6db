/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A binary heap of pointers to timers, which know their places in it.
 */
#include "daemon/base/timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { HEAP_FIRST = 16 };

void timers_init(struct timers *ts)
{
	*ts = (struct timers){ 0 };
}

void timers_clear(struct timers *ts)
{
	free(ts->heap);
	*ts = (struct timers){ 0 };
}

/* Is a due before b? Timers with one deadline keep the order of setting. */
static bool before(const struct timer *a, const struct timer *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms;
	return a->order < b->order;
}

static void put(struct timers *ts, size_t at, struct timer *t)
{
	ts->heap[at] = t;
	t->slot = at + 1;
}

static void sift_up(struct timers *ts, size_t at)
{
	struct timer *t = ts->heap[at];

	while (at > 0 && before(t, ts->heap[(at - 1) / 2])) {
		put(ts, at, ts->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(ts, at, t);
}

static void sift_down(struct timers *ts, size_t at)
{
	struct timer *t = ts->heap[at];

	while (2 * at + 1 < ts->n) {
		size_t child = 2 * at + 1;

		if (child + 1 < ts->n &&
		    before(ts->heap[child + 1], ts->heap[child]))
			child++;
		if (!before(ts->heap[child], t))
			break;
		put(ts, at, ts->heap[child]);
		at = child;
	}
	put(ts, at, t);
}

int timers_add(struct timers *ts, struct timer *t, void *owner, int kind)
{
	assert(owner);
	if (ts->admitted == ts->cap) {
		size_t cap = ts->cap > 0 ? ts->cap * 2 : HEAP_FIRST;
		struct timer **heap =
			reallocarray(ts->heap, cap, sizeof(struct timer *));

		if (!heap)
			return -ENOMEM;
		ts->heap = heap;
		ts->cap = cap;
	}
	ts->admitted++;
	*t = (struct timer){ .owner = owner, .kind = kind };
	return 0;
}

void timers_remove(struct timers *ts, struct timer *t)
{
	if (!t->owner)
		return;
	timers_cancel(ts, t);
	assert(ts->admitted > ts->n);
	ts->admitted--;
	t->owner = NULL;
}

void timers_set(struct timers *ts, struct timer *t, uint64_t due_ms)
{
	assert(t->owner);
	timers_cancel(ts, t);
	if (due_ms == TIMERS_NEVER)
		return;
	assert(ts->n < ts->admitted);
	t->due_ms = due_ms;
	t->order = ts->order++;
	ts->n++;
	put(ts, ts->n - 1, t);
	sift_up(ts, ts->n - 1);
}

void timers_cancel(struct timers *ts, struct timer *t)
{
	struct timer *last;
	size_t at;

	if (t->slot == 0)
		return;
	at = t->slot - 1;
	assert(at < ts->n && ts->heap[at] == t);
	last = ts->heap[--ts->n];
	t->slot = 0;
	if (last == t)
		return;
	put(ts, at, last);
	sift_up(ts, at);
	sift_down(ts, last->slot - 1);
}

uint64_t timers_deadline(const struct timers *ts)
{
	return ts->n > 0 ? ts->heap[0]->due_ms : TIMERS_NEVER;
}

struct timer *timers_pop(struct timers *ts, uint64_t now_ms)
{
	struct timer *t;

	if (ts->n == 0 || ts->heap[0]->due_ms > now_ms)
		return NULL;
	t = ts->heap[0];
	timers_cancel(ts, t);
	return t;
}
