/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Deadlines in a heap. Timers are embedded in what they wake; admitting one
 * may allocate, and after that setting and cancelling it cannot fail. Time
 * is whatever the caller counts in, here milliseconds of a monotonic clock.
 */
#ifndef HIPLINE_TIMERS_H
#define HIPLINE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMERS_NEVER UINT64_MAX

/* Embedded in its owner; belongs to the timers while admitted. */
struct timer {
	uint64_t due_ms;
	uint64_t order; /* equal deadlines come due as they were set */
	size_t slot;	/* place in the heap + 1, or 0 when not running */
	void *owner;
	int kind; /* what for: the owner's business */
};

struct timers {
	struct timer **heap;
	size_t n, cap;
	size_t admitted;
	uint64_t order;
};

void timers_init(struct timers *ts);

/* Lets go of all timers, which it does not touch, and of its own memory. */
void timers_clear(struct timers *ts);

/* Admits a timer of an owner (not NULL), not running yet. 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int
timers_add(struct timers *ts, struct timer *t, void *owner, int kind);

/* Cancels a timer and lets it go; does nothing for one that is all zeros. */
void timers_remove(struct timers *ts, struct timer *t);

/* Sets when it is due, running already or not; TIMERS_NEVER cancels it. */
void timers_set(struct timers *ts, struct timer *t, uint64_t due_ms);

/* Does nothing when it is not running. */
void timers_cancel(struct timers *ts, struct timer *t);

static inline bool timer_is_set(const struct timer *t)
{
	return t->slot != 0;
}

/* When the first one is due, or TIMERS_NEVER. */
uint64_t timers_deadline(const struct timers *ts);

/*
 * Takes the first timer that is due by now_ms, which then runs no more;
 * NULL when there is none. A timer set again for a time that has come is
 * given again: whoever loops over this moves timers forward.
 */
struct timer *timers_pop(struct timers *ts, uint64_t now_ms);

#endif
