/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Associations with other nodes: asked for, come, gone, and no longer
 * needed. Attach is the base exchange (RFC 7086 5.3). A link is needed by its
 * neighbours on the ring, by who has the other as a finger, and by a node
 * whose nearest finger of that index we are: both ends can tell, so neither
 * has to ask.
 */
#include "resolver/overlay_impl.h"

#include <stdlib.h>

static struct connecting *find_connecting(const struct overlay *o,
					  const struct hit *node)
{
	for (size_t i = 0; i < o->n_connecting; i++) {
		if (hit_equal(&o->connecting[i].node, node))
			return &o->connecting[i];
	}
	return NULL;
}

bool links_is_connecting(const struct overlay *o, const struct hit *node)
{
	return find_connecting(o, node) != NULL;
}

static void drop_connecting(struct overlay *o, struct connecting *c)
{
	*c = o->connecting[--o->n_connecting];
	if (o->n_connecting == 0) {
		free(o->connecting);
		o->connecting = NULL;
	}
}

static struct lost *find_lost(struct overlay *o, const struct hit *node)
{
	for (size_t i = 0; i < o->n_lost; i++) {
		if (hit_equal(&o->lost[i].node, node))
			return &o->lost[i];
	}
	return NULL;
}

bool links_was_lost(const struct overlay *o, const struct hit *node)
{
	for (size_t i = 0; i < o->n_lost; i++) {
		if (hit_equal(&o->lost[i].node, node))
			return overlay_now_s(o) - o->lost[i].at_s <
			       LOST_QUIET_MS / 1000;
	}
	return false;
}

static void remember_lost(struct overlay *o, const struct hit *node,
			  bool member)
{
	struct lost *l = find_lost(o, node);

	if (!l && o->n_lost < OVERLAY_LOST_MAX) {
		l = &o->lost[o->n_lost++];
		l->member = false;
	} else if (!l) {
		l = &o->lost[o->next_lost++ % OVERLAY_LOST_MAX];
		l->member = false;
	}
	l->node = *node;
	l->at_s = overlay_now_s(o);
	l->member = l->member || member;
}

static void forget_lost(struct overlay *o, const struct hit *node)
{
	struct lost *l = find_lost(o, node);

	if (l)
		*l = o->lost[--o->n_lost];
}

/* Who names nodes that do not exist fills no more than half of the room that
 * the others leave. What we know ourselves has all of it. */
static bool has_room(const struct overlay *o, const struct hit *via)
{
	size_t others = 0;

	if (hit_equal(via, &o->route.node))
		return o->n_connecting < OVERLAY_CONNECTS_MAX;
	for (size_t i = 0; i < o->n_connecting; i++)
		others += !hit_equal(&o->connecting[i].via, via);
	return o->n_connecting - others < (OVERLAY_CONNECTS_MAX - others) / 2;
}

void links_connect(struct overlay *o, const struct hit *node,
		   const struct hit *via)
{
	static const size_t size =
		OVERLAY_CONNECTS_MAX * sizeof(struct connecting);
	struct overlay_output *out;

	if (hit_equal(node, &o->route.node) || !hit_is_hit(node) ||
	    route_find(&o->route, node) || find_connecting(o, node) ||
	    !has_room(o, via))
		return;
	if (!o->connecting)
		o->connecting = malloc(size);
	out = o->connecting ? output_new(o, OVERLAY_CONNECT, 0) : NULL;
	if (!out)
		return;
	out->peer = *node;
	out->via = *via;
	output_push(o, out);
	o->connecting[o->n_connecting++] =
		(struct connecting){ .at = id_of_node(node),
				     .node = *node,
				     .via = *via,
				     .until_ms = o->now_ms + CONNECT_WAIT_MS };
}

void links_on_up(struct overlay *o, const struct hit *node)
{
	struct connecting *c = find_connecting(o, node);
	struct link *l = route_find(&o->route, node);
	ring_t at = c ? c->at : 0;
	bool is_placed = c != NULL;

	if (c)
		drop_connecting(o, c);
	forget_lost(o, node);
	if (l) { /* it was up: that is said twice, nothing is new */
		l->needed_s = overlay_now_s(o);
		chord_step(o);
		return;
	}
	l = is_placed ? route_add_at(&o->route, node, at)
		      : route_add(&o->route, node);
	if (!l)
		return;
	/* A new association: whether it is in the ring, it must say anew. */
	l->flags = LINK_FRESH;
	if (o->n_fresh < UINT16_MAX)
		o->n_fresh++;
	l->misses = 0;
	l->began_s = 0;
	l->worth = UINT8_MAX;
	l->needed_s = overlay_now_s(o);
	l->waited = 0;
	neighbours_doubt(o);
	chord_on_up(o, l);
}

bool links_prove(struct overlay *o, const struct delivery *d)
{
	const struct overlay_check *check = &o->config->check;
	struct link *l = route_find(&o->route, &d->from);
	struct hit signer;

	if (!d->direct || !l)
		return true; /* signed, or from ourselves */
	/* One that has it with it shows another than before. */
	if (d->m.code == RELOAD_UPDATE_REQ && link_has(l, LINK_PROVEN) &&
	    d->m.n_certificates == 0)
		return true;
	if (!check->message(check->ctx, &d->m, &signer) ||
	    !hit_equal(&signer, &d->from))
		return false;
	link_set(l, LINK_PROVEN);
	return true;
}

static void close_link(struct overlay *o, const struct hit *node)
{
	struct overlay_output *out = output_new(o, OVERLAY_CLOSE, 0);

	if (!out)
		return;
	out->peer = *node;
	output_push(o, out);
}

void links_gone(struct overlay *o, const struct hit *node, bool silently)
{
	struct link *l = route_find(&o->route, node);
	bool member;
	ring_t at;

	if (!l)
		return;
	at = l->at;
	member = link_has(l, LINK_IN_RING);
	if (member)
		lacking_on_loss(o, l);
	route_remove(&o->route, node);
	if (silently) {
		if (member && route_is_neighbour(&o->route, at))
			healing_miss(o, node);
		else if (!member)
			healing_miss_again(o, node);
		remember_lost(o, node, member);
		close_link(o, node);
	}
	if (member)
		copies_on_change(o);
}

void links_review(struct overlay *o)
{
	const struct overlay_check *check = &o->config->check;
	bool changed = false;

	for (size_t i = o->route.n; check->standing && i-- > 0;) {
		struct link *l = &o->route.links[i];
		struct hit node = l->node;
		enum overlay_standing standing =
			check->standing(check->ctx, &node);

		if (standing != STANDING_GOOD)
			l->flags &= (uint8_t)~LINK_PROVEN;
		if (standing != STANDING_FALLEN)
			continue;
		links_gone(o, &node, false);
		close_link(o, &node);
		changed = true;
	}
	if (changed)
		chord_step(o);
}

size_t links_finger_rank(const struct overlay *o, const struct link *l)
{
	struct route theirs = { .self = l->at };
	unsigned int i = route_finger_index(&theirs, o->route.self);
	ring_t start = l->at + ((ring_t)1 << (ID_BITS - i));

	if (i > route_fingers_wanted(&o->route))
		return ROUTE_NEIGHBOURS;
	return route_between(&o->route, start, ROUTE_NEIGHBOURS);
}

static bool is_needed(const struct overlay *o, const struct link *l)
{
	if (!overlay_is_joined(o))
		return true;
	if (!link_has(l, LINK_IN_RING))
		return false; /* as long as it uses us: forward.c */
	return route_is_neighbour(&o->route, l->at) ||
	       (route_is_finger(&o->route, l) &&
		route_finger_index(&o->route, l->at) <=
			route_fingers_wanted(&o->route)) ||
	       links_finger_rank(o, l) == 0;
}

void links_on_down(struct overlay *o, const struct hit *node)
{
	struct connecting *c = find_connecting(o, node);
	struct link *l = route_find(&o->route, node);

	if (c) {
		ring_t at = c->at;
		bool again = find_lost(o, node) != NULL;

		drop_connecting(o, c);
		remember_lost(o, node, false);
		if (!l && !again)
			lacking_on_failure(o, at);
	}
	if (l) {
		bool member = link_has(l, LINK_IN_RING);

		if (member && route_is_neighbour(&o->route, l->at))
			healing_miss(o, node);
		/* Its end may have closed what neither end needs. */
		if (!member || is_needed(o, l))
			remember_lost(o, node, member);
		links_gone(o, node, false);
	}
	chord_step(o);
}

static void give_up(struct overlay *o, const struct link *l)
{
	struct hit node = l->node;

	close_link(o, &node);
	route_remove(&o->route, &node);
}

bool links_let_go(struct overlay *o, const struct link *l)
{
	if (!link_has(l, LINK_IN_RING) || is_needed(o, l))
		return false;
	give_up(o, l);
	return true;
}

void links_sweep(struct overlay *o)
{
	uint32_t now_s = overlay_now_s(o);

	for (size_t i = o->route.n; i-- > 0;) {
		struct link *l = &o->route.links[i];

		if (is_needed(o, l))
			l->needed_s = now_s;
		if (now_s - l->needed_s >= LINK_IDLE_S)
			give_up(o, l);
	}
}

void links_expire(struct overlay *o)
{
	for (size_t i = o->n_connecting; i-- > 0;) {
		struct hit node = o->connecting[i].node;

		if (o->connecting[i].until_ms <= o->now_ms)
			links_on_down(o, &node);
		if (i > o->n_connecting)
			i = o->n_connecting;
	}
}

uint64_t links_deadline(const struct overlay *o)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < o->n_connecting; i++) {
		if (o->connecting[i].until_ms < due)
			due = o->connecting[i].until_ms;
	}
	return due;
}

void links_clear(struct overlay *o)
{
	free(o->connecting);
	o->connecting = NULL;
	o->n_connecting = 0;
}
