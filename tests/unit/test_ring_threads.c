/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The ring with a writer and a reader at work at once: what was pushed comes
 * out whole, in order, and the rest was counted. A program without a test
 * framework, so that ThreadSanitizer can watch it.
 */
#include "tun/ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>

enum { PUSHES = 100000, TRIES_MAX = 100000000 };

static void *write_numbers(void *arg)
{
	struct ring *r = arg;
	uint32_t pushed = 0;

	for (uint32_t i = 1; i <= PUSHES; i++) {
		uint8_t bytes[64];

		memset(bytes, (int)(i & 0xff), sizeof(bytes));
		store_be32(bytes, i);
		if (ring_push(r, RING_CONTROL, bytes, 4 + i % 60, NULL))
			pushed++;
		else
			sched_yield();
	}
	/* The mark of the end has to arrive; the reader empties the ring. */
	for (long tries = 0; tries < TRIES_MAX; tries++) {
		if (ring_push(r, RING_INJECT, NULL, 0, NULL))
			break;
		sched_yield();
	}
	return (void *)(uintptr_t)pushed;
}

/* Whether an entry is a whole one of write_numbers, later than `last`. */
static bool is_whole(const struct ring_entry *e, uint32_t last)
{
	uint32_t n = load_be32(e->bytes);

	if (n <= last || e->len != 4 + n % 60)
		return false;
	for (uint32_t i = 4; i < e->len; i++) {
		if (e->bytes[i] != (n & 0xff))
			return false;
	}
	return true;
}

/* Takes entries until the end's mark; false when one was wrong. */
static bool read_numbers(struct ring *r, uint32_t *taken)
{
	uint32_t last = 0;

	for (long tries = 0; tries < TRIES_MAX; tries++) {
		const struct ring_entry *e = ring_peek(r);

		if (!e) {
			sched_yield();
			continue;
		}
		if (e->kind == RING_INJECT) {
			ring_pop(r);
			return true;
		}
		if (!is_whole(e, last))
			return false;
		last = load_be32(e->bytes);
		(*taken)++;
		ring_pop(r);
	}
	return false;
}

int main(void)
{
	struct ring *r = ring_new(64, 64);
	uint32_t taken = 0;
	pthread_t writer;
	void *pushed;
	bool ok;

	if (!r || pthread_create(&writer, NULL, write_numbers, r) != 0)
		return 1;
	ok = read_numbers(r, &taken);
	pthread_join(writer, &pushed);
	ok = ok && taken == (uint32_t)(uintptr_t)pushed &&
	     ring_dropped(r) + taken >= PUSHES && !ring_peek(r);
	printf("%s: %u of %d taken, %llu refused\n", ok ? "ok" : "FAILED",
	       taken, PUSHES, (unsigned long long)ring_dropped(r));
	ring_free(r);
	return ok ? 0 : 1;
}
