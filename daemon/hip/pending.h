/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Inner packets that wait for their association, oldest first: RFC 7401
 * 6.1, step 3. So the first packet is never lost. Each peer's queue and all
 * of them together are bounded; the newest is refused, never one that waits.
 */
#ifndef HIPLINE_PENDING_H
#define HIPLINE_PENDING_H

#include <stddef.h>
#include <stdint.h>

struct pending_packet {
	struct pending_packet *next;
	size_t len;
	uint8_t bytes[];
};

/* One peer's queue. All zeros is an empty one. */
struct pending {
	struct pending_packet *first, *last;
	size_t n;
};

/*
 * Copies a packet to the end; *total counts those of all queues. 0,
 * -EMSGSIZE, -ENOBUFS (a limit) or -ENOMEM.
 */
__attribute__((warn_unused_result)) int
pending_add(struct pending *q, size_t *total, const uint8_t *bytes, size_t len);

/* The oldest, for the caller to free; NULL when none waits. */
struct pending_packet *pending_take(struct pending *q, size_t *total);

/* Forgets them all. */
void pending_clear(struct pending *q, size_t *total);

#endif
