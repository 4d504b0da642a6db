/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What befalls the nodes of the world: birth, death, lookups.
 */
#include "resolver/node.h"
#include "resolver/overlay_impl.h"
#include "tests/sim/ring_impl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* When a fast world's node learns that a neighbour is dead: a Ping
	 * after 30 s of silence, three times 500 ms; keepalives are 20 s
	 * apart (hop.h). */
	NOTICE_MIN_MS = 11500,
	NOTICE_SPREAD_MS = 20000,
	BOOTSTRAPS = 3,
	LIFETIME_S = 86400,
	TRIES = 1000,
	PUBLISH_AGAIN_MS = 5000,
};

uint64_t ring_exponential(struct ring *r, uint64_t mean_ms)
{
	double u = (prng_below(&r->prng, 1u << 30) + 1.0) / (1u << 30);

	return (uint64_t)(-log(u) * (double)mean_ms) + 1;
}

size_t ring_random_member(struct ring *r)
{
	for (int i = 0; i < TRIES; i++) {
		size_t n = prng_below(&r->prng, (uint32_t)r->options.nodes);

		if (r->nodes[n].core && r->nodes[n].joined &&
		    r->nodes[n].bad == RING_GOOD)
			return n;
	}
	return SIZE_MAX;
}

static void schedule(struct ring *r, enum ring_event_type type, size_t a,
		     size_t b, uint64_t in_ms)
{
	queue_push(&r->queue,
		   &(struct ring_event){ .at_ms = r->now_ms + in_ms,
					 .type = (uint16_t)type,
					 .life = (uint16_t)r->nodes[a].lives,
					 .a = (uint32_t)a,
					 .b = (uint32_t)b });
}

/* When it will go, if nodes do that here. */
static void schedule_death(struct ring *r, size_t i)
{
	if (r->options.session_ms > 0)
		schedule(r, RING_DIES, i, 0,
			 ring_exponential(r, r->options.session_ms));
}

struct placed {
	ring_t at;
	size_t i;
};

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static struct placed *sort_nodes(const struct ring *r, size_t *n)
{
	struct placed *p = calloc(r->options.nodes, sizeof(*p));

	assert(p);
	*n = 0;
	for (size_t i = 0; i < r->options.nodes; i++) {
		if (r->nodes[i].core && r->nodes[i].joined)
			p[(*n)++] =
				(struct placed){ id_of_node(&r->nodes[i].hit),
						 i };
	}
	qsort(p, *n, sizeof(*p), by_place);
	return p;
}

/* Of the sorted ones, the first at or behind a place. */
static size_t owner_of(const struct placed *p, size_t n, ring_t at)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low == n ? 0 : low;
}

static void tie(struct ring *r, size_t a, size_t b)
{
	struct ring_event e = { .at_ms = r->now_ms,
				.type = RING_UP,
				.a = (uint32_t)a,
				.b = (uint32_t)b,
				.life = (uint16_t)r->nodes[a].lives };

	if (a == b ||
	    route_find(overlay_route(r->nodes[a].core), &r->nodes[b].hit))
		return;
	e.out = ring_carry(&r->nodes[b].hit);
	queue_push(&r->queue, &e);
	ring_run(r, 0); /* so that it is there for the next one */
}

void ring_build(struct ring *r)
{
	size_t n, links = 4;
	struct placed *p;

	for (size_t i = 0; i < r->options.nodes - r->options.later; i++) {
		ring_make(r, i, true);
		schedule_death(r, i);
	}
	for (size_t k = r->options.nodes; k > 1; k /= 2)
		links++;
	p = sort_nodes(r, &n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 1; k <= ROUTE_NEIGHBOURS && k < n; k++)
			tie(r, p[i].i, p[(i + k) % n].i);
		for (size_t k = 1; k <= links; k++) {
			ring_t start = p[i].at + ((ring_t)1 << (ID_BITS - k));

			tie(r, p[i].i, p[owner_of(p, n, start)].i);
		}
	}
	free(p);
}

static void begin_at_members(struct ring *r, size_t i)
{
	struct overlay_input in = { .type = OVERLAY_BOOTSTRAP };

	for (int k = 0; k < BOOTSTRAPS; k++) {
		size_t b = ring_random_member(r);

		if (b == SIZE_MAX || b == i)
			continue;
		in.peer = r->nodes[b].hit;
		ring_input(r, i, &in);
	}
}

void ring_grow(struct ring *r, uint64_t gap_ms)
{
	ring_make(r, 0, true);
	ring_on_joined(r, 0);
	for (size_t i = 1; i < r->options.nodes; i++)
		schedule(r, RING_BORN, i, 0, i * gap_ms);
}

void ring_kill(struct ring *r, size_t i)
{
	struct ring_node *n = &r->nodes[i];
	const struct route *route;

	if (!n->core)
		return;
	route = overlay_route(n->core);
	for (size_t k = 0; !r->options.full && k < route->n; k++) {
		size_t peer = ring_index_of(&route->links[k].node);
		struct ring_event e = {
			.at_ms = r->now_ms + NOTICE_MIN_MS +
				 prng_below(&r->prng, NOTICE_SPREAD_MS),
			.type = RING_DOWN,
			.a = (uint32_t)peer,
			.life = (uint16_t)r->nodes[peer].lives,
			.out = ring_carry(&n->hit),
		};

		queue_push(&r->queue, &e);
	}
	ring_bury(n);
	n->joined = false;
}

void ring_kill_percent(struct ring *r, unsigned int percent)
{
	for (size_t i = 0; i < r->options.nodes; i++) {
		if (prng_below(&r->prng, 100) < percent)
			ring_kill(r, i);
	}
}

void ring_begin_churn(struct ring *r, uint64_t session_ms)
{
	r->options.session_ms = session_ms;
	for (size_t i = 0; i < r->options.nodes; i++) {
		if (r->nodes[i].core)
			schedule_death(r, i);
	}
}

void ring_kill_publisher(struct ring *r, size_t name)
{
	size_t i = ring_index_of(&r->names[name].owner);

	if (hit_equal(&r->nodes[i].hit, &r->names[name].owner))
		ring_kill(r, i);
}

void ring_leave(struct ring *r, size_t i)
{
	const struct overlay_input in = { .type = OVERLAY_LEAVE };

	r->nodes[i].joined = false;
	ring_input(r, i, &in);
}

void ring_spoil_percent(struct ring *r, unsigned int percent)
{
	static const enum ring_badness kinds[] = { RING_DROPS, RING_LIES,
						   RING_LATE, RING_MISLEADS };

	for (size_t i = 0; i < r->options.nodes; i++) {
		uint32_t draw = prng_below(&r->prng, 100);

		if (draw < percent)
			r->nodes[i].bad = kinds[draw % 4];
	}
}

void ring_eclipse(struct ring *r, size_t name)
{
	ring_t at = id_of_resource(&r->names[name].key.resource[0]);
	size_t n, first;
	struct placed *p = sort_nodes(r, &n);

	first = owner_of(p, n, at);
	for (size_t k = 0; k < ROUTE_NEIGHBOURS; k++)
		r->nodes[p[(first + k) % n].i].bad = RING_LIES;
	free(p);
}

void ring_join_sybils(struct ring *r, size_t first, size_t n,
		      const struct resource_id *key, enum ring_badness bad)
{
	size_t members;
	struct placed *p = sort_nodes(r, &members);

	r->is_ground = true;
	r->ground_after = id_of_resource(key);
	r->ground_upto = p[owner_of(p, members, r->ground_after)].at;
	free(p);
	for (size_t i = first; i < first + n; i++) {
		ring_make(r, i, false);
		r->nodes[i].bad = bad;
		begin_at_members(r, i);
	}
	r->is_ground = false;
}

void ring_cut(struct ring *r, unsigned int percent_away)
{
	for (size_t i = 0; i < r->options.nodes; i++)
		r->nodes[i].side = prng_below(&r->prng, 100) < percent_away;
	for (size_t i = 0; !r->options.full && i < r->options.nodes; i++) {
		const struct route *route =
			r->nodes[i].core ? overlay_route(r->nodes[i].core)
					 : NULL;

		for (size_t k = 0; route && k < route->n; k++) {
			const struct hit *hit = &route->links[k].node;

			if (ring_reaches(r, i, ring_index_of(hit)))
				continue;
			queue_push(
				&r->queue,
				&(struct ring_event){
					.at_ms = r->now_ms + NOTICE_MIN_MS +
						 prng_below(&r->prng,
							    NOTICE_SPREAD_MS),
					.type = RING_DOWN,
					.a = (uint32_t)i,
					.life = (uint16_t)r->nodes[i].lives,
					.out = ring_carry(hit) });
		}
	}
}

void ring_publish_all(struct ring *r, uint64_t ms)
{
	for (size_t i = 0; i < r->options.names; i++)
		schedule(r, RING_PUBLISH, 0, i, i * ms / r->options.names);
}

static void publish(struct ring *r, size_t i, size_t name)
{
	struct overlay_input in = { .type = OVERLAY_PUBLISH, .id = name };
	struct ring_name *n = &r->names[name];

	n->owner = r->nodes[i].hit;
	memcpy(in.publish.resource, n->key.resource, sizeof(n->key.resource));
	in.publish.kind = RING_KIND;
	in.publish.key = (struct span){ n->owner.bytes, ID_LEN };
	in.publish.data = (struct span){ n->owner.bytes, ID_LEN };
	in.publish.lifetime_s =
		r->options.lifetime_s > 0 ? r->options.lifetime_s : LIFETIME_S;
	in.publish.exists = true;
	ring_input(r, i, &in);
}

void ring_on_joined(struct ring *r, size_t i)
{
	if (r->options.own_names && i < r->options.names)
		schedule(r, RING_PUBLISH, i, i, 0);
}

static void on_publish(struct ring *r, const struct ring_event *e)
{
	size_t i = r->options.own_names ? e->a : ring_random_member(r);

	if (i != SIZE_MAX && r->nodes[i].core)
		publish(r, i, e->b);
}

static size_t note_search(struct ring *r, size_t name)
{
	if (r->n_searches == r->cap_searches) {
		r->cap_searches = r->cap_searches ? 2 * r->cap_searches : 64;
		r->searches = reallocarray(r->searches, r->cap_searches,
					   sizeof(*r->searches));
		assert(r->searches);
	}
	r->searches[r->n_searches] =
		(struct ring_search){ (uint32_t)name, r->now_ms };
	return r->n_searches++;
}

static void ask(struct ring *r, size_t i, size_t name)
{
	struct overlay_input in = { .type = OVERLAY_LOOKUP };

	in.id = note_search(r, name);
	in.lookup = r->names[name].key;
	ring_input(r, i, &in);
}

static void look_up(struct ring *r, size_t name)
{
	size_t i = ring_random_member(r);

	if (i != SIZE_MAX)
		ask(r, i, name);
}

void ring_all_ask_for_all(struct ring *r)
{
	for (size_t i = 0; i < r->options.nodes; i++) {
		for (size_t k = 0; r->nodes[i].core && k < r->options.names;
		     k++)
			ask(r, i, k);
	}
}

void ring_lookups(struct ring *r, size_t n, uint64_t ms)
{
	for (size_t i = 0; i < n; i++)
		schedule(r, RING_LOOKUP, 0,
			 prng_below(&r->prng, (uint32_t)r->options.names),
			 i * ms / n);
}

void ring_lookup_own(struct ring *r, size_t name)
{
	ask(r, ring_index_of(&r->names[name].owner), name);
}

void ring_lookup_nobody(struct ring *r)
{
	look_up(r, r->options.names);
}

/* Of its own name a node says again what came to nothing (saying.c). */
static void on_published(struct ring *r, size_t i,
			 const struct overlay_output *out)
{
	struct ring_name *n = &r->names[out->id];

	if (out->type == OVERLAY_STORED_ENOUGH || out->copies > 0) {
		r->count.names_there += !n->is_there;
		n->is_there = true;
	} else if (r->options.own_names) {
		schedule(r, RING_PUBLISH, i, i, PUBLISH_AGAIN_MS);
	}
}

void ring_on_result(struct ring *r, size_t i, struct overlay_output *out)
{
	struct ring_count *c = &r->count;
	struct overlay_value v;
	const struct ring_search *s;
	uint64_t took_ms;
	size_t at = 0;
	bool right = true, any = false;

	if (out->type == OVERLAY_STORED_ENOUGH || out->type == OVERLAY_STORED)
		on_published(r, i, out);
	if (out->type == OVERLAY_STORED && out->copies > 0)
		c->published++;
	else if (out->type == OVERLAY_STORED)
		c->not_published++;
	if (out->type != OVERLAY_RESULT)
		return;
	s = &r->searches[out->id];
	took_ms = r->now_ms - s->since_ms;
	c->lookups++;
	c->lookup_ms += took_ms;
	if (took_ms > c->lookup_ms_most)
		c->lookup_ms_most = took_ms;
	while (overlay_value_next(out, DATA_DICTIONARY, &at, &v)) {
		any = true;
		right &= s->name < r->options.names &&
			 hit_equal(&v.signer, &r->names[s->name].owner) &&
			 v.stored.data.len == ID_LEN &&
			 memcmp(v.stored.data.bytes, v.signer.bytes, ID_LEN) ==
				 0;
	}
	if (out->result == OVERLAY_FOUND && any && right)
		c->right++;
	else if (out->result == OVERLAY_FOUND)
		c->wrong++;
	else if (out->result == OVERLAY_ABSENT)
		c->absent++;
	else
		c->unreachable++;
}

void ring_on_event(struct ring *r, const struct ring_event *e)
{
	switch (e->type) {
	case RING_BORN:
		if (r->nodes[e->a].core)
			break;
		ring_make(r, e->a, false);
		begin_at_members(r, e->a);
		schedule_death(r, e->a);
		break;
	case RING_DIES:
		if ((uint16_t)r->nodes[e->a].lives != e->life)
			break;
		ring_kill(r, e->a);
		schedule(r, RING_BORN, e->a, 0, 1);
		break;
	case RING_PUBLISH:
		on_publish(r, e);
		break;
	case RING_LOOKUP:
		look_up(r, e->b);
		break;
	default:
		assert(false);
	}
}

size_t ring_astray(struct ring *r)
{
	size_t n, astray = 0;
	struct placed *p = sort_nodes(r, &n);

	for (size_t i = 0; i < n; i++) {
		const struct ring_node *a = &r->nodes[p[i].i];
		const struct link *l =
			route_successor(overlay_route(a->core), 0);
		size_t k = 1;

		while (k < n && r->nodes[p[(i + k) % n].i].side != a->side)
			k++;
		if (k < n &&
		    (!l || ring_index_of(&l->node) != p[(i + k) % n].i))
			astray++;
	}
	free(p);
	return astray;
}

void ring_begin_beside(struct ring *r, size_t i)
{
	ring_kill(r, i);
	r->nodes[i].side = 1;
	ring_make(r, i, false);
	begin_at_members(r, i);
	ring_run(r, NODE_ALONE_MS);
	(void)overlay_begin_alone(r->nodes[i].core, r->now_ms);
	ring_drain(r, i);
}

const struct resource_id *ring_key(const struct ring *r, size_t name,
				   size_t key)
{
	return &r->names[name].key.resource[key];
}

struct ring_node *ring_at(struct ring *r, size_t i)
{
	return &r->nodes[i];
}

size_t ring_alive(const struct ring *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->options.nodes; i++)
		n += r->nodes[i].core != NULL;
	return n;
}

struct ring_count *ring_counts(struct ring *r)
{
	return &r->count;
}

size_t ring_own_bytes(const struct ring *r)
{
	return r->options.nodes * sizeof(*r->nodes) +
	       (r->options.names + 1) * sizeof(*r->names) +
	       r->index_n * sizeof(*r->index) + queue_bytes(&r->queue) +
	       r->cap_searches * sizeof(*r->searches);
}

struct prng *ring_prng(struct ring *r)
{
	return &r->prng;
}

size_t ring_alone(const struct ring *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->options.nodes; i++) {
		const struct ring_node *a = &r->nodes[i];

		n += a->core && a->joined && overlay_route(a->core)->n == 0;
	}
	return n;
}

size_t ring_lacking(struct ring *r)
{
	size_t n, lacking = 0;
	struct placed *p = sort_nodes(r, &n);

	for (size_t i = 0; i < 2 * r->options.names; i++) {
		const struct resource_id *id =
			&r->names[i / 2].key.resource[i % 2];
		size_t owner = owner_of(p, n, id_of_resource(id));

		for (size_t k = 0; k < ROUTE_COPIES && k < n; k++) {
			const struct overlay *o =
				r->nodes[p[(owner + k) % n].i].core;

			lacking += !store_find(&o->store, id, RING_KIND);
		}
	}
	free(p);
	return lacking;
}

static bool is_held(const struct ring *r, const struct ring_name *name)
{
	for (size_t i = 0; i < r->options.nodes; i++) {
		const struct overlay *o = r->nodes[i].core;

		for (size_t k = 0; o && k < 2; k++) {
			if (store_find(&o->store, &name->key.resource[k],
				       RING_KIND))
				return true;
		}
	}
	return false;
}

size_t ring_held(const struct ring *r)
{
	size_t held = 0;

	for (size_t i = 0; i < r->options.names; i++)
		held += is_held(r, &r->names[i]);
	return held;
}

size_t ring_spare(struct ring *r)
{
	size_t n, held = 0;
	struct placed *p = sort_nodes(r, &n);
	size_t holders = n < ROUTE_COPIES ? n : ROUTE_COPIES;

	for (size_t i = 0; i < n; i++)
		held += store_count(&r->nodes[p[i].i].core->store);
	free(p);
	return held + ring_lacking(r) - 2 * r->options.names * holders;
}
