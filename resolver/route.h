/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The routing table: RFC 6940 10.3, 10.7.4. All links stand in one array in
 * ring order from our own place; the first of those in the ring are the
 * successors, the last the predecessors, and for each doubling of distance
 * one is the finger. Links outside the ring are reached only by name.
 */
#ifndef HIPLINE_ROUTE_H
#define HIPLINE_ROUTE_H

#include "resolver/link.h"

enum {
	ROUTE_NEIGHBOURS = 8, /* on each side */
	ROUTE_LINKS_MAX = 512,
	ROUTE_EXCLUDED_MAX = 8,
	ROUTE_FINGERS_MIN = 16, /* RFC 6940 10.3 */
	ROUTE_FINGERS_MAX = 64,
	ROUTE_COPIES = 4, /* of a record: its owner and three after it */
};

struct route {
	struct link *links; /* by distance from self; behind cap of them, */
	uint8_t *tags;	    /* a byte of each one's HIT, to search by */
	uint16_t n, cap;
	struct hit node;
	ring_t self;
};

/* Next hops that were tried already. */
struct excluded {
	struct hit at[ROUTE_EXCLUDED_MAX];
	size_t n;
};

bool excluded_has(const struct excluded *e, const struct hit *node);

/* False when it is full: then there is no point in trying on. */
bool excluded_add(struct excluded *e, const struct hit *node);

void route_init(struct route *r, const struct hit *self);
void route_clear(struct route *r);

/*
 * Pointers to links are good until the next route_add or route_remove. NULL
 * at the limit, without memory, or for ourselves; a link that is there
 * already is given back as it is.
 */
struct link *route_add(struct route *r, const struct hit *node);
/* The same, of a node whose place is known already. */
struct link *route_add_at(struct route *r, const struct hit *node, ring_t at);
struct link *route_find(const struct route *r, const struct hit *node);
void route_remove(struct route *r, const struct hit *node);

/* The i-th member of the ring after and before us, from 0; or NULL. */
struct link *route_successor(const struct route *r, size_t i);
struct link *route_predecessor(const struct route *r, size_t i);

/* Members of the ring among the links. */
size_t route_members(const struct route *r);

/* The member that owns a place; NULL: we do. */
struct link *route_owner(const struct route *r, ring_t at);

/* Nobody in the ring lies between `at` and us. */
bool route_is_owner(const struct route *r, ring_t at);

/* How many members, as we know it, lie between `at` and us, up to `limit`. */
size_t route_between(const struct route *r, ring_t at, size_t limit);

/* Among the eight on either side, or nearer than one of them. */
bool route_is_neighbour(const struct route *r, ring_t at);

/*
 * The i-th finger (from 1): the member whose distance is in
 * [2^(128-i), 2^(129-i)) and the least; NULL when there is none.
 */
struct link *route_finger(const struct route *r, unsigned int i);
bool route_is_finger(const struct route *r, const struct link *l);

/* Which finger a place would be for us, from 1. */
unsigned int route_finger_index(const struct route *r, ring_t at);

/* About how many nodes the ring has, by the density around us (at least 1). */
double route_size(const struct route *r);

/* The mean distance of two nodes beside each other. */
ring_t route_gap(const struct route *r);

/* Fingers worth having: log2 of the size, and 4 more; at least 16. */
unsigned int route_fingers_wanted(const struct route *r);

/*
 * The next hop for a place, or NULL when the message has arrived. `from` is
 * the place of who sent it (our own for our own messages). A message that
 * crossed its target goes back only to those who are nearer to it.
 */
struct link *route_next(const struct route *r, ring_t target, ring_t from,
			const struct excluded *tried);

#endif
