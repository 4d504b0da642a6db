/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Keeping the ring: RFC 6940 10.7 (Update), 10.7.4 (stabilisation), 10.8.
 *
 * The rule instead of RFC 7363's tuned intervals: whoever joins or leaves
 * tells its neighbours itself; whoever loses a neighbour without a word
 * tells those on its other side, which need the next one from it, within a
 * second; a finger that is gone is looked for within seconds. What is left
 * for the clock is what nobody noticed: an Update to one neighbour in turn,
 * and a search for one finger in turn. A peer that was lost is tried again
 * now and then, and asked who our successor is: so two halves of a ring that
 * was cut find each other.
 */
#include "resolver/overlay_impl.h"

#include <assert.h>

enum {
	BEGAN_SLACK_S = 10, /* how late an Update may come */
	UPDATE_LEN_MAX =
		11 + ID_LEN * (2 * ROUTE_NEIGHBOURS + ROUTE_FINGERS_MAX),
};

enum side { SIDE_SUCCESSORS = 1, SIDE_PREDECESSORS = 2 };

static void list_side(const struct overlay *o, enum side side,
		      struct node_list *out)
{
	const struct route *r = &o->route;

	out->n = 0;
	for (size_t k = 0; k < r->n && out->n < ROUTE_NEIGHBOURS; k++) {
		size_t i = side == SIDE_SUCCESSORS ? k : r->n - 1 - k;

		if (link_has(&r->links[i], LINK_IN_RING))
			out->at[out->n++] = r->links[i].node;
	}
}

static void list_fingers(const struct overlay *o, struct node_list *out)
{
	unsigned int wanted = route_fingers_wanted(&o->route);

	out->n = 0;
	for (unsigned int i = 1; i <= wanted; i++) {
		const struct link *l = route_finger(&o->route, i);

		if (l && !route_is_neighbour(&o->route, l->at))
			out->at[out->n++] = l->node;
	}
}

static void ask_node(struct overlay *o, enum purpose purpose, uint16_t code,
		     const struct hit *to, const struct wr *body)
{
	struct asking a = { .purpose = purpose,
			    .tries = 2,
			    .code = code,
			    .to = { destination_node(to) },
			    .n_to = 1,
			    .body = { body->start, wr_len(body) } };

	if (!wr_failed(body))
		(void)request_start(o, &a); /* the next one will do as well */
}

void neighbours_update(struct overlay *o, const struct hit *to,
		       enum chord_update_type type)
{
	struct chord_update u;
	uint8_t body[UPDATE_LEN_MAX];
	struct wr w = wr_init(body, sizeof(body));
	struct link *l = route_find(&o->route, to);

	if (!l)
		return;
	link_set(l, LINK_TOLD);
	if (type == CHORD_FULL) /* asked for by who may have begun anew */
		l->flags &= (uint8_t)~LINK_SHOWN;
	u.type = type;
	u.uptime_s = (uint32_t)((o->now_ms - o->started_ms) / 1000);
	list_side(o, SIDE_PREDECESSORS, &u.predecessors);
	list_side(o, SIDE_SUCCESSORS, &u.successors);
	u.fingers.n = 0;
	if (type == CHORD_FULL)
		list_fingers(o, &u.fingers);
	chord_update_write(&w, &u);
	ask_node(o, PURPOSE_UPDATE, RELOAD_UPDATE_REQ, to, &w);
}

void neighbours_ask_table(struct overlay *o, const struct hit *peer)
{
	struct route_query_req q = {
		.send_update = true,
		.destination = destination_node(&o->route.node),
	};
	uint8_t body[64];
	struct wr w = wr_init(body, sizeof(body));

	route_query_req_write(&w, &q);
	ask_node(o, PURPOSE_TABLE, RELOAD_ROUTE_QUERY_REQ, peer, &w);
}

/* Whether a finger would become nearer to where it should be. */
static bool is_better_finger(const struct overlay *o, ring_t at)
{
	unsigned int i = route_finger_index(&o->route, at);
	const struct link *have;

	if (i > route_fingers_wanted(&o->route))
		return false;
	have = route_finger(&o->route, i);
	return !have || id_distance(o->route.self, at) <
				id_distance(o->route.self, have->at);
}

void neighbours_consider(struct overlay *o, const struct hit *node,
			 const struct hit *via)
{
	ring_t at;

	if (hit_equal(node, &o->route.node) || route_find(&o->route, node) ||
	    links_is_connecting(o, node) || links_was_lost(o, node))
		return;
	at = id_of_node(node);
	if (route_is_neighbour(&o->route, at) || is_better_finger(o, at))
		links_connect(o, node, via);
}

static void consider_list(struct overlay *o, const struct node_list *l,
			  const struct hit *via)
{
	for (size_t i = 0; i < l->n; i++)
		neighbours_consider(o, &l->at[i], via);
}

void neighbours_ping(struct overlay *o, enum purpose purpose, ring_t at,
		     const struct hit *through)
{
	struct asking a = { .purpose = purpose,
			    .tries = 2,
			    .code = RELOAD_PING_REQ };
	struct resource_id place;
	uint8_t body[8];
	struct wr w = wr_init(body, sizeof(body));

	id_to_resource(at, &place);
	if (through)
		a.to[a.n_to++] = destination_node(through);
	a.to[a.n_to++] = destination_resource(&place);
	ping_req_write(&w, 0);
	a.body = (struct span){ body, wr_len(&w) };
	(void)request_start(o, &a); /* it is asked again later anyway */
}

void neighbours_on_up(struct overlay *o, struct link *l)
{
	struct hit node = l->node;

	neighbours_update(o, &node,
			  route_is_neighbour(&o->route, l->at)
				  ? CHORD_NEIGHBORS
				  : CHORD_PEER_READY);
}

/* A neighbour says that it is in the ring. */
static void joined(struct overlay *o, struct link *l)
{
	struct hit node = l->node;

	link_set(l, LINK_IN_RING);
	l->needed_s = overlay_now_s(o);
	if (!overlay_is_joined(o))
		return;
	if (!link_has(l, LINK_TOLD))
		neighbours_on_up(o, l);
	if (hit_equal(&node, &o->healing)) {
		memset(&o->healing, 0, sizeof(o->healing));
		neighbours_ping(o, PURPOSE_HEAL, o->route.self + 1, &node);
	}
	copies_make_way(o, &node);
	copies_on_change(o);
	news_on_member(o, l);
}

/* Who has begun anew under an association that stayed knows nothing of what
 * it was told before. */
static void note_beginning(const struct overlay *o, struct link *l,
			   uint32_t uptime_s)
{
	uint32_t began_s = overlay_now_s(o) - uptime_s;
	uint32_t later = began_s - l->began_s;

	if (l->began_s != 0 && later > BEGAN_SLACK_S && later < UINT32_MAX / 2)
		l->flags &= (uint8_t) ~(LINK_IN_RING | LINK_TOLD | LINK_SHOWN);
	l->began_s = began_s != 0 ? began_s : 1;
}

void neighbours_on_update(struct overlay *o, const struct delivery *d)
{
	struct chord_update u;
	struct link *l = route_find(&o->route, &d->source);

	/* Only who is linked with us has a say in our table. */
	if (!d->direct || !l) {
		forward_refuse(o, d, RELOAD_ERROR_FORBIDDEN);
		return;
	}
	if (!chord_update_parse(rd_init(d->m.body.bytes, d->m.body.len), &u)) {
		forward_refuse(o, d, RELOAD_ERROR_INVALID_MESSAGE);
		return;
	}
	forward_answer(o, d, RELOAD_UPDATE_ANS, (struct span){ NULL, 0 });
	note_beginning(o, l, u.uptime_s);
	if (!link_has(l, LINK_IN_RING))
		joined(o, l);
	if (u.type == CHORD_PEER_READY)
		return;
	if (!overlay_is_joined(o)) {
		chord_on_table(o, &d->source, &u);
		return;
	}
	consider_list(o, &u.predecessors, &d->source);
	consider_list(o, &u.successors, &d->source);
	if (u.type == CHORD_FULL)
		consider_list(o, &u.fingers, &d->source);
}

void neighbours_on_route_query(struct overlay *o, const struct delivery *d)
{
	const struct excluded none = { .n = 0 };
	struct route_query_req q;
	const struct link *next = NULL;
	struct hit answer = o->route.node;
	uint8_t body[ID_LEN];
	struct wr w = wr_init(body, sizeof(body));

	if (!route_query_req_parse(rd_init(d->m.body.bytes, d->m.body.len),
				   &q)) {
		forward_refuse(o, d, RELOAD_ERROR_INVALID_MESSAGE);
		return;
	}
	if (q.destination.type == DESTINATION_RESOURCE)
		next = route_next(&o->route,
				  id_of_resource(&q.destination.resource),
				  o->route.self, &none);
	else if (q.destination.type == DESTINATION_NODE)
		next = route_next(&o->route, id_of_node(&q.destination.node),
				  o->route.self, &none);
	if (next)
		answer = next->node;
	route_query_ans_write(&w, &answer);
	forward_answer(o, d, RELOAD_ROUTE_QUERY_ANS,
		       (struct span){ body, wr_len(&w) });
	if (q.send_update && d->direct && overlay_is_joined(o))
		neighbours_update(o, &d->source, CHORD_FULL);
}

static void on_found(struct overlay *o, const struct reply *r)
{
	struct ping_ans ans;

	if (!r->d || r->error ||
	    !ping_ans_parse(rd_init(r->d->m.body.bytes, r->d->m.body.len),
			    &ans))
		return;
	neighbours_consider(o, &r->d->source, &r->d->from);
}

void neighbours_on_finger(struct overlay *o, const struct reply *r)
{
	on_found(o, r);
}

void neighbours_on_heal(struct overlay *o, const struct reply *r)
{
	on_found(o, r);
}

void neighbours_on_updated(struct overlay *o, const struct reply *r)
{
	struct link *l = r->d ? route_find(&o->route, &r->d->from) : NULL;

	if (!l || !r->d->direct)
		return;
	if (!r->error) {
		link_set(l, LINK_SHOWN);
		return;
	}
	if (r->error != RELOAD_ERROR_FORBIDDEN || !link_has(l, LINK_SHOWN))
		return;
	/* It has begun anew: once more, with our certificate. */
	l->flags &= (uint8_t)~LINK_SHOWN;
	if (overlay_is_joined(o))
		neighbours_on_up(o, l);
}

void neighbours_on_loss(struct overlay *o, const struct link *l)
{
	const struct route *r = &o->route;
	const struct link *s = route_successor(r, ROUTE_NEIGHBOURS - 1);
	const struct link *p = route_predecessor(r, ROUTE_NEIGHBOURS - 1);
	ring_t distance = id_distance(r->self, l->at);
	uint8_t sides = 0;

	if (!s || distance <= id_distance(r->self, s->at))
		sides |= SIDE_SUCCESSORS;
	if (!p || distance >= id_distance(r->self, p->at))
		sides |= SIDE_PREDECESSORS;
	if (sides != 0 && overlay_is_joined(o)) {
		o->sides |= sides;
		if (o->announce_ms == UINT64_MAX)
			o->announce_ms = o->now_ms + ANNOUNCE_MS;
	}
	if (overlay_is_joined(o) && route_is_finger(r, l)) {
		o->next_finger = (uint8_t)route_finger_index(r, l->at);
		if (o->finger_ms > o->now_ms + FINGER_SOON_MS)
			o->finger_ms =
				o->now_ms + overlay_about(o, FINGER_SOON_MS);
	}
}

static void tell_side(struct overlay *o, enum side side, enum side other)
{
	struct node_list nodes, before = { .n = 0 };

	list_side(o, side, &nodes);
	if (other)
		list_side(o, other, &before);
	for (size_t i = 0; i < nodes.n; i++) {
		bool told = false;

		for (size_t k = 0; k < before.n; k++)
			told |= hit_equal(&nodes.at[i], &before.at[k]);
		if (!told)
			neighbours_update(o, &nodes.at[i], CHORD_NEIGHBORS);
	}
}

static void announce(struct overlay *o)
{
	uint8_t sides = o->sides;

	o->announce_ms = UINT64_MAX;
	o->sides = 0;
	if (sides & SIDE_SUCCESSORS)
		tell_side(o, SIDE_PREDECESSORS, 0);
	if (sides & SIDE_PREDECESSORS)
		tell_side(o, SIDE_SUCCESSORS,
			  sides & SIDE_SUCCESSORS ? SIDE_PREDECESSORS : 0);
}

/* The ring has us: everybody we are linked with is told. */
void neighbours_enter(struct overlay *o)
{
	o->stabilise_ms = o->now_ms + overlay_about(o, STABILISE_MS);
	o->finger_ms = o->now_ms + overlay_about(o, FINGER_SOON_MS);
	o->quick_fingers = (uint8_t)route_fingers_wanted(&o->route);
	o->next_finger = 1;
	for (size_t i = 0; i < o->route.n; i++) {
		struct hit node = o->route.links[i].node;

		neighbours_update(o, &node, CHORD_NEIGHBORS);
	}
}

void neighbours_show(struct overlay *o)
{
	for (size_t i = 0; i < o->route.n; i++) {
		struct link *l = &o->route.links[i];

		l->flags &= (uint8_t)~LINK_SHOWN;
		if (link_has(l, LINK_IN_RING))
			neighbours_on_up(o, l);
	}
}

static void stabilise(struct overlay *o)
{
	struct node_list nodes;
	uint32_t draw = env_random_u32(&o->config->env);

	o->stabilise_ms = o->now_ms + overlay_about(o, STABILISE_MS);
	list_side(o, draw & 1 ? SIDE_SUCCESSORS : SIDE_PREDECESSORS, &nodes);
	/* The next one on a side every other time: all depends on it. */
	if (nodes.n > 0)
		neighbours_update(
			o, &nodes.at[draw & 2 ? 0 : (draw >> 2) % nodes.n],
			CHORD_NEIGHBORS);
}

/* Fingers so near that they are neighbours need no search. */
static bool is_worth_search(const struct overlay *o, unsigned int i, bool empty)
{
	ring_t start = o->route.self + ((ring_t)1 << (ID_BITS - i));

	if (route_is_neighbour(&o->route, start))
		return false;
	return !empty || !route_finger(&o->route, i);
}

static void find_finger(struct overlay *o)
{
	unsigned int wanted = route_fingers_wanted(&o->route);

	for (unsigned int n = 0; n < wanted; n++) {
		bool quick = o->quick_fingers > 0;
		unsigned int i = o->next_finger;

		if (i < 1 || i > wanted)
			i = 1;
		o->next_finger = (uint8_t)(i + 1);
		if (quick)
			o->quick_fingers--;
		if (!is_worth_search(o, i, quick))
			continue;
		neighbours_ping(o, PURPOSE_FINGER,
				o->route.self + ((ring_t)1 << (ID_BITS - i)),
				NULL);
		break;
	}
	o->finger_ms = o->now_ms + overlay_about(o, o->quick_fingers > 0
							    ? FINGER_SOON_MS
							    : FINGER_MS);
}

static struct missed *find_missed(struct overlay *o, const struct hit *node)
{
	for (size_t i = 0; i < OVERLAY_MISSED_MAX; i++)
		if (hit_equal(&o->missed[i].node, node))
			return &o->missed[i];
	return NULL;
}

static void try_missed(struct overlay *o, struct missed *m)
{
	m->due_ms = o->now_ms +
		    overlay_about(o, (uint64_t)HEAL_SOON_MS << m->tries);
	if (m->due_ms < o->miss_ms)
		o->miss_ms = m->due_ms;
}

void neighbours_miss(struct overlay *o, const struct hit *node)
{
	struct missed *m = find_missed(o, node);

	if (!m)
		m = &o->missed[o->next_missed++ % OVERLAY_MISSED_MAX];
	*m = (struct missed){ .node = *node };
	try_missed(o, m);
}

void neighbours_miss_again(struct overlay *o, const struct hit *node)
{
	struct missed *m = find_missed(o, node);

	if (m && ++m->tries < OVERLAY_MISSES_MAX)
		try_missed(o, m);
}

static void look_for_missed(struct overlay *o)
{
	o->miss_ms = UINT64_MAX;
	for (size_t i = 0; i < OVERLAY_MISSED_MAX; i++) {
		struct missed *m = &o->missed[i];

		if (m->due_ms == 0)
			continue;
		if (m->due_ms <= o->now_ms) {
			m->due_ms = 0;
			links_connect(o, &m->node, &o->route.node);
		} else if (m->due_ms < o->miss_ms) {
			o->miss_ms = m->due_ms;
		}
	}
}

/* One of those we lost, or of those that we know from elsewhere. */
static void heal(struct overlay *o)
{
	const struct hit *node = NULL;
	uint32_t draw = env_random_u32(&o->config->env);

	o->heal_ms = o->now_ms + overlay_about(o, HEAL_MS);
	for (size_t k = 0; k < o->n_lost && !node; k++) {
		const struct lost *l = &o->lost[(draw + k) % o->n_lost];

		if (l->member && !route_find(&o->route, &l->node))
			node = &l->node;
	}
	/* Together, the nodes ask a bootstrap about as often as 64 would. */
	if ((draw >> 8) % (uint32_t)(1.0 + route_size(&o->route)) >= 64)
		draw = 0;
	for (size_t k = 0; k < o->n_bootstraps && !node && draw != 0; k++) {
		const struct hit *b =
			&o->bootstraps[(draw + k) % o->n_bootstraps];

		if (!route_find(&o->route, b))
			node = b;
	}
	if (!node)
		return;
	o->healing = *node;
	links_connect(o, &o->healing, &o->route.node);
}

void neighbours_doubt(struct overlay *o)
{
	if (o->doubt_ms == UINT64_MAX)
		o->doubt_ms = o->now_ms + overlay_about(o, DOUBT_MS);
}

/*
 * Who is in the ring says so when a link comes up. Its Update may have come
 * before the link was up here, or before the association was made a second
 * time, by both at once. It will not say so again by itself, so it is asked:
 * at the first look, the second, the fourth, and so on.
 */
static void ask_doubtful(struct overlay *o)
{
	bool more = false;

	o->doubt_ms = UINT64_MAX;
	for (size_t i = 0; i < o->route.n; i++) {
		struct link *l = &o->route.links[i];
		struct hit node = l->node;

		if (link_has(l, LINK_IN_RING) ||
		    l->waited >= OVERLAY_DOUBTS_MAX)
			continue;
		more = true;
		l->waited++;
		if ((l->waited & (l->waited - 1)) == 0)
			neighbours_ask_table(o, &node);
	}
	if (more)
		neighbours_doubt(o);
}

void neighbours_tick(struct overlay *o)
{
	if (!overlay_is_joined(o))
		return;
	if (o->announce_ms <= o->now_ms)
		announce(o);
	if (o->doubt_ms <= o->now_ms)
		ask_doubtful(o);
	if (o->stabilise_ms <= o->now_ms)
		stabilise(o);
	if (o->finger_ms <= o->now_ms)
		find_finger(o);
	if (o->heal_ms <= o->now_ms)
		heal(o);
	if (o->miss_ms <= o->now_ms)
		look_for_missed(o);
	if (o->sweep_ms <= o->now_ms) {
		o->sweep_ms = o->now_ms + overlay_about(o, SWEEP_MS);
		links_sweep(o);
		links_review(o);
	}
}

uint64_t neighbours_deadline(const struct overlay *o)
{
	const uint64_t due[] = { o->announce_ms, o->stabilise_ms, o->finger_ms,
				 o->heal_ms,	 o->sweep_ms,	  o->doubt_ms,
				 o->miss_ms };
	uint64_t first = UINT64_MAX;

	if (!overlay_is_joined(o))
		return first;
	for (size_t i = 0; i < sizeof(due) / sizeof(due[0]); i++) {
		if (due[i] < first)
			first = due[i];
	}
	return first;
}
