/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Greedy routing on the ring: RFC 6940 10.3. Two things are added to it. A
 * next hop that did not acknowledge is passed over. And when the owner of a
 * place is dead, the message reaches the member after it from a node before
 * the place; by that it knows that it shall answer.
 */
#include "resolver/route.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LINKS_STEP = 4 };

bool excluded_has(const struct excluded *e, const struct hit *node)
{
	for (size_t i = 0; i < e->n; i++) {
		if (hit_equal(&e->at[i], node))
			return true;
	}
	return false;
}

bool excluded_add(struct excluded *e, const struct hit *node)
{
	if (e->n == ROUTE_EXCLUDED_MAX)
		return false;
	e->at[e->n++] = *node;
	return true;
}

void route_init(struct route *r, const struct hit *self)
{
	*r = (struct route){ .node = *self, .self = id_of_node(self) };
}

void route_clear(struct route *r)
{
	free(r->links);
	r->links = NULL;
	r->tags = NULL;
	r->n = r->cap = 0;
}

/* The first link whose distance is at least that one. */
static size_t lower_bound(const struct route *r, ring_t distance)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (id_distance(r->self, r->links[mid].at) < distance)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Of what differs in HITs of one suite. */
static uint8_t tag_of(const struct hit *node)
{
	return node->bytes[4] ^ node->bytes[sizeof(node->bytes) - 1];
}

/* Cheaper than a hash of the HIT: all tags stand in a line or two. */
struct link *route_find(const struct route *r, const struct hit *node)
{
	uint8_t tag = tag_of(node);
	size_t i = 0;

	while (i < r->n) {
		const uint8_t *at = memchr(r->tags + i, tag, r->n - i);

		if (!at)
			return NULL;
		i = (size_t)(at - r->tags);
		if (hit_equal(&r->links[i].node, node))
			return &r->links[i];
		i++;
	}
	return NULL;
}

static bool make_room(struct route *r)
{
	static const size_t each = sizeof(struct link) + sizeof(uint8_t);
	size_t cap = r->cap + (size_t)LINKS_STEP;
	struct link *links;

	if (r->n < r->cap)
		return true;
	if (r->n >= ROUTE_LINKS_MAX)
		return false;
	/* reallocarray's alignment is that of ring_t: 16. */
	links = reallocarray(r->links, cap, each);
	if (!links)
		return false;
	r->links = links;
	r->tags = (uint8_t *)(links + cap);
	memmove(r->tags, links + r->cap, r->n);
	r->cap = (uint16_t)cap;
	return true;
}

struct link *route_add(struct route *r, const struct hit *node)
{
	return route_add_at(r, node, id_of_node(node));
}

struct link *route_add_at(struct route *r, const struct hit *node, ring_t at)
{
	size_t i = lower_bound(r, id_distance(r->self, at));

	if (at == r->self)
		return NULL;
	if (i < r->n && r->links[i].at == at)
		return hit_equal(&r->links[i].node, node) ? &r->links[i] : NULL;
	if (!make_room(r))
		return NULL;
	memmove(&r->links[i + 1], &r->links[i], (r->n - i) * sizeof(*r->links));
	memmove(&r->tags[i + 1], &r->tags[i], r->n - i);
	r->n++;
	r->tags[i] = tag_of(node);
	r->links[i] =
		(struct link){ .at = at, .node = *node, .worth = UINT8_MAX };
	return &r->links[i];
}

void route_remove(struct route *r, const struct hit *node)
{
	struct link *l = route_find(r, node);
	size_t i;

	if (!l)
		return;
	i = (size_t)(l - r->links);
	r->n--;
	memmove(l, l + 1, (r->n - i) * sizeof(*l));
	memmove(&r->tags[i], &r->tags[i + 1], r->n - i);
}

struct link *route_successor(const struct route *r, size_t i)
{
	for (size_t j = 0; j < r->n; j++) {
		if (link_has(&r->links[j], LINK_IN_RING) && i-- == 0)
			return &r->links[j];
	}
	return NULL;
}

struct link *route_predecessor(const struct route *r, size_t i)
{
	for (size_t j = r->n; j-- > 0;) {
		if (link_has(&r->links[j], LINK_IN_RING) && i-- == 0)
			return &r->links[j];
	}
	return NULL;
}

size_t route_members(const struct route *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += link_has(&r->links[i], LINK_IN_RING);
	return n;
}

size_t route_between(const struct route *r, ring_t at, size_t limit)
{
	size_t n = 0;

	/* From us backwards to the place; it may itself be a member's. */
	for (size_t i = r->n; i-- > 0 && n < limit;) {
		const struct link *l = &r->links[i];

		if (id_distance(r->self, l->at) < id_distance(r->self, at))
			break;
		n += link_has(l, LINK_IN_RING);
	}
	return at == r->self ? 0 : n;
}

bool route_is_owner(const struct route *r, ring_t at)
{
	return route_between(r, at, 1) == 0;
}

bool route_is_neighbour(const struct route *r, ring_t at)
{
	const struct link *s = route_successor(r, ROUTE_NEIGHBOURS - 1);
	const struct link *p = route_predecessor(r, ROUTE_NEIGHBOURS - 1);
	ring_t distance = id_distance(r->self, at);

	return !s || !p || distance <= id_distance(r->self, s->at) ||
	       distance >= id_distance(r->self, p->at);
}

unsigned int route_finger_index(const struct route *r, ring_t at)
{
	ring_t distance = id_distance(r->self, at);
	uint64_t high = (uint64_t)(distance >> 64), low = (uint64_t)distance;

	if (high != 0)
		return 1 + (unsigned int)__builtin_clzll(high);
	return low != 0 ? 65 + (unsigned int)__builtin_clzll(low) : ID_BITS;
}

struct link *route_finger(const struct route *r, unsigned int i)
{
	size_t j;

	assert(i >= 1 && i <= ID_BITS);
	for (j = lower_bound(r, (ring_t)1 << (ID_BITS - i)); j < r->n; j++) {
		struct link *l = &r->links[j];

		if (route_finger_index(r, l->at) != i)
			return NULL;
		if (link_has(l, LINK_IN_RING))
			return l;
	}
	return NULL;
}

bool route_is_finger(const struct route *r, const struct link *l)
{
	return route_finger(r, route_finger_index(r, l->at)) == l;
}

double route_size(const struct route *r)
{
	static const double around = 3.402823669209385e38; /* 2^128 */
	const struct link *s = route_successor(r, ROUTE_NEIGHBOURS - 1);
	const struct link *p = route_predecessor(r, ROUTE_NEIGHBOURS - 1);
	double covered;

	/* Few: then these are all (1 + members), or nearly. */
	if (!s || !p || p <= s)
		return 1.0 + (double)route_members(r);
	covered = (double)id_distance(p->at, s->at);
	if (covered <= 0.0)
		return 1.0 + (double)route_members(r);
	return 2.0 * ROUTE_NEIGHBOURS / (covered / around);
}

ring_t route_gap(const struct route *r)
{
	return (ring_t)(3.402823669209385e38 / (route_size(r) + 1.0));
}

unsigned int route_fingers_wanted(const struct route *r)
{
	double size = route_size(r);
	unsigned int n = 4;

	while (size > 1.0 && n < ROUTE_FINGERS_MAX) {
		size /= 2.0;
		n++;
	}
	return n < ROUTE_FINGERS_MIN ? ROUTE_FINGERS_MIN : n;
}

/*
 * The member nearest behind `target` that lies before us. One that did not
 * answer the last time is taken only when there is no other.
 */
static struct link *nearest_behind(const struct route *r, ring_t target,
				   const struct excluded *tried)
{
	struct link *suspect = NULL;

	for (size_t i = lower_bound(r, id_distance(r->self, target)); i < r->n;
	     i++) {
		struct link *l = &r->links[i];

		if (!link_has(l, LINK_IN_RING) || excluded_has(tried, &l->node))
			continue;
		if (!link_is_doubtful(l))
			return l;
		if (!suspect)
			suspect = l;
	}
	return suspect;
}

struct link *route_owner(const struct route *r, ring_t at)
{
	if (at == r->self)
		return NULL;
	for (size_t i = lower_bound(r, id_distance(r->self, at)); i < r->n;
	     i++) {
		if (link_has(&r->links[i], LINK_IN_RING))
			return &r->links[i];
	}
	return NULL;
}

/*
 * The member furthest from us that does not pass the target. One that did
 * not answer the last time is taken only when there is no other.
 */
static struct link *nearest_before(const struct route *r, ring_t target,
				   const struct excluded *tried)
{
	ring_t distance = id_distance(r->self, target);
	size_t i = distance + 1 == 0 ? r->n : lower_bound(r, distance + 1);
	struct link *suspect = NULL;

	while (i-- > 0) {
		struct link *l = &r->links[i];

		if (!link_has(l, LINK_IN_RING) || excluded_has(tried, &l->node))
			continue;
		if (!link_is_doubtful(l))
			return l;
		if (!suspect)
			suspect = l;
	}
	return suspect;
}

struct link *route_next(const struct route *r, ring_t target, ring_t from,
			const struct excluded *tried)
{
	struct link *behind, *before;

	if (target == r->self || route_is_owner(r, target))
		return NULL;
	behind = nearest_behind(r, target, tried);
	/* It crossed the target: whoever is nearer gets it, else it is ours. */
	if (from != r->self && id_is_between(from, target, r->self))
		return behind;
	before = nearest_before(r, target, tried);
	return before ? before : behind;
}
