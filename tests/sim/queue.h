/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The events of a world of overlay nodes, by time, and those of one time in
 * the order in which they were pushed. There are millions of them, and what
 * comes next is nearly always some milliseconds away: so they stand in a
 * list for each millisecond of the present page of time, in one for each
 * page of the next hour, and in one for all that is later. An event is moved
 * twice at most.
 */
#ifndef HIPLINE_SIM_QUEUE_H
#define HIPLINE_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct overlay_output;

enum ring_event_type {
	RING_TICK,
	RING_DELIVER,  /* out, to node b from node a */
	RING_LOST,     /* out, back to node a */
	RING_DATAGRAM, /* bytes of out, to b from a */
	RING_UP,       /* between a and b */
	RING_DOWN,     /* b is gone for a */
	RING_CLOSED,   /* a has closed its link with b */
	RING_BORN,     /* node a, anew */
	RING_DIES,
	RING_PUBLISH, /* name b */
	RING_LOOKUP,
};

struct ring_event {
	uint64_t at_ms;
	uint16_t type;
	uint16_t life; /* of node a: afterwards it is another */
	uint32_t a, b;
	struct overlay_output *out;
};

enum { QUEUE_PAGE_MS = 1024, QUEUE_PAGES = 4096 };

struct queue_list {
	struct ring_event *at;
	uint32_t first, n, cap;
};

struct queue {
	uint64_t now_ms; /* of the list that is taken from */
	size_t n, n_present;
	uint64_t later_page; /* the first one of `later` */
	struct queue_list later;
	struct queue_list pages[QUEUE_PAGES];
	struct queue_list present[QUEUE_PAGE_MS];
};

/* Zeros are an empty queue. Not before the event that was taken last. */
void queue_push(struct queue *q, const struct ring_event *e);

/* The next event that is not after `end_ms`; false when there is none. Then
 * nothing before `end_ms` may be pushed any more. */
bool queue_pop(struct queue *q, uint64_t end_ms, struct ring_event *out);

/* What comes `k` events after the one taken last, if that is at the same
 * time; or NULL. Good until the next push. */
const struct ring_event *queue_ahead(const struct queue *q, size_t k);

/* Memory that it has taken. */
size_t queue_bytes(const struct queue *q);

/* Frees its memory, but no outputs. */
void queue_clear(struct queue *q);

#endif
