/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What we keep of a node to which an association exists: its place, what it
 * is in the ring, and the state of RFC 6940 6.6.2's framing. Small, because
 * a node has dozens of them.
 */
#ifndef HIPLINE_LINK_H
#define HIPLINE_LINK_H

#include "resolver/frame.h"
#include "resolver/id.h"

enum {
	LINK_RTO_MS = 500,
	LINK_MISSES_MAX = 3, /* unacknowledged in a row: it is gone */
	LINK_KEEPALIVE_S = 20,
	LINK_SILENCE_S = 30, /* RFC 7363 6.6: then it is pinged */
	LINK_IDLE_S = 120,   /* without a use: released */
};

enum link_flag {
	LINK_IN_RING = 1 << 0,	 /* others may be reached through it */
	LINK_SUSPECT = 1 << 1,	 /* the last message was not acknowledged */
	LINK_KEEPS_US = 1 << 2,	 /* it said that we are its neighbour */
	LINK_BOOTSTRAP = 1 << 3, /* our way in, kept until we have others */
};

struct link {
	ring_t at;
	struct hit node;
	struct frame_window window; /* what we received */
	uint32_t next_sequence;
	uint32_t heard_s, said_s, used_s; /* of the overlay's clock */
	uint8_t flags;
	uint8_t misses;
};

static inline bool link_has(const struct link *l, enum link_flag flag)
{
	return (l->flags & flag) != 0;
}

static inline void link_set(struct link *l, enum link_flag flag)
{
	l->flags |= (uint8_t)flag;
}

/* Something arrived over it: it lives. */
void link_on_heard(struct link *l, uint32_t now_s);

/* A message was not acknowledged in time; true when the link is gone. */
bool link_on_missed(struct link *l);

#endif
