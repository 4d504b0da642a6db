/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What we keep of a node to which an association exists: its place, and
 * what it is in the ring. Small, because a node has dozens of them; the
 * framing of RFC 6940 6.6.2 is hop.h's.
 */
#ifndef HIPLINE_LINK_H
#define HIPLINE_LINK_H

#include "resolver/id.h"

enum {
	LINK_MISSES_MAX = 3, /* unacknowledged in a row: it is gone */
	LINK_IDLE_S = 120,   /* needed by nobody: released */
	LINK_WORTH_MIN = 40, /* below it others are preferred */
	LINK_ASKS_MAX = 40,  /* costly requests at once, then: */
	LINK_ASKS_PER_S = 4,
};

enum link_flag {
	LINK_IN_RING = 1 << 0,	 /* others may be reached through it */
	LINK_SUSPECT = 1 << 1,	 /* the last message was not acknowledged */
	LINK_BOOTSTRAP = 1 << 2, /* our way in, kept until we have others */
	LINK_TOLD = 1 << 3,	 /* it knows that we are in the ring */
	LINK_SHOWN = 1 << 4,	 /* it has seen our certificate */
	LINK_PROVEN = 1 << 5,	 /* we have seen its */
	LINK_FRESH = 1 << 6,	 /* it may still say by itself what it is */
};

struct link {
	ring_t at;
	struct hit node;
	uint32_t needed_s; /* when it last was, of the overlay's clock */
	uint32_t began_s;  /* by its uptime; 0: it has not said */
	uint16_t asks_s;   /* the low bits of when it last was */
	uint8_t flags;
	uint8_t misses;
	uint8_t worth;	/* of 255: how many requests are answered of late */
	uint8_t waited; /* how often it was looked at, not known in the ring */
	uint8_t asks;	/* costly requests of late, LINK_ASKS_PER_S, */
	uint8_t routed; /* and those that it has only passed on */
};

static inline bool link_has(const struct link *l, enum link_flag flag)
{
	return (l->flags & flag) != 0;
}

static inline void link_set(struct link *l, enum link_flag flag)
{
	l->flags |= (uint8_t)flag;
}

/* One that does not acknowledge, or behind which requests vanish. */
static inline bool link_is_doubtful(const struct link *l)
{
	return link_has(l, LINK_SUSPECT) || l->worth < LINK_WORTH_MIN;
}

/* A request went out over it; an answer came back. */
void link_on_request(struct link *l);
void link_on_answer(struct link *l);

/* A request came over it whose answer costs much, of the neighbour itself or
 * not: whether it is answered. One neighbour shall not keep us from all others,
 * nor those behind it from the neighbour. */
bool link_may_ask(struct link *l, bool direct, uint32_t now_s);

/* Something arrived over it: it lives. */
void link_on_heard(struct link *l);

/* A message was not acknowledged in time; true when the link is gone. */
bool link_on_missed(struct link *l);

#endif
