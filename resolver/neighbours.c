/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Keeping the ring: RFC 6940 10.7 (Update), 10.7.4 (stabilisation), 10.8.
 *
 * The rule instead of RFC 7363's tuned intervals: whoever joins or leaves
 * tells its neighbours itself; whoever loses a neighbour without a word asks
 * one that is left on that side for the one that comes next, within a second;
 * whoever gets a predecessor tells those for whom that one is a better finger;
 * a finger that is gone is looked for within seconds. What is left for the
 * clock is what nobody noticed: an Update to one neighbour in turn,
 * and a search for one finger in turn. A peer that was lost is tried again
 * now and then, and asked who our successor is: so two halves of a ring that
 * was cut find each other.
 */
#include "resolver/overlay_impl.h"

enum {
	BEGAN_SLACK_S = 10, /* how late an Update may come */
	UPDATE_LEN_MAX =
		11 + ID_LEN * (2 * ROUTE_NEIGHBOURS + ROUTE_FINGERS_MAX),
};

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

void neighbours_update(struct overlay *o, const struct hit *to,
		       enum chord_update_type type)
{
	struct asking a = { .purpose = PURPOSE_UPDATE,
			    .tries = 2,
			    .code = RELOAD_UPDATE_REQ,
			    .to = { destination_node(to) },
			    .n_to = 1 };
	struct chord_update u;
	uint8_t body[UPDATE_LEN_MAX];
	struct wr w = wr_init(body, sizeof(body));
	struct link *l = route_find(&o->route, to);

	if (!l)
		return;
	link_set(l, LINK_TOLD);
	/* Who asks for it may have begun anew: one of the ring says so then. */
	if (type == CHORD_FULL && !link_has(l, LINK_IN_RING))
		l->flags &= (uint8_t)~LINK_SHOWN;
	u.type = type;
	u.uptime_s = (uint32_t)((o->now_ms - o->started_ms) / 1000);
	list_side(o, SIDE_PREDECESSORS, &u.predecessors);
	list_side(o, SIDE_SUCCESSORS, &u.successors);
	u.fingers.n = 0;
	if (type == CHORD_FULL)
		fingers_list(o, &u.fingers);
	a.arg = !link_has(l, LINK_SHOWN); /* with our certificate */
	chord_update_write(&w, &u);
	a.body = (struct span){ body, wr_len(&w) };
	if (!wr_failed(&w))
		(void)request_start(o, &a); /* the next one will do as well */
}

/* Whether it would be among the eight on a side, with those that we are making
 * links to. */
static bool is_among_nearest(const struct overlay *o, enum side side, ring_t at)
{
	const struct route *r = &o->route;
	bool ahead = side == SIDE_SUCCESSORS;
	ring_t limit =
		ahead ? id_distance(r->self, at) : id_distance(at, r->self);
	size_t nearer = 0;

	for (size_t k = 0; k < r->n && nearer < ROUTE_NEIGHBOURS; k++) {
		const struct link *l = &r->links[ahead ? k : r->n - 1 - k];
		ring_t d = ahead ? id_distance(r->self, l->at)
				 : id_distance(l->at, r->self);

		if (d >= limit)
			break;
		nearer += link_has(l, LINK_IN_RING);
	}
	for (size_t i = 0; i < o->n_connecting; i++) {
		ring_t d = ahead ? id_distance(r->self, o->connecting[i].at)
				 : id_distance(o->connecting[i].at, r->self);

		/* Who was lost is tried again, and hardly comes back. */
		nearer +=
			d < limit && !links_was_lost(o, &o->connecting[i].node);
	}
	return nearer < ROUTE_NEIGHBOURS;
}

static bool is_wanted(const struct overlay *o, ring_t at)
{
	return (route_is_neighbour(&o->route, at) &&
		(is_among_nearest(o, SIDE_SUCCESSORS, at) ||
		 is_among_nearest(o, SIDE_PREDECESSORS, at))) ||
	       fingers_is_better(o, at);
}

/* False when it is of no use to us. */
static bool consider(struct overlay *o, const struct hit *node,
		     const struct hit *via)
{
	if (hit_equal(node, &o->route.node) || route_find(&o->route, node) ||
	    links_is_connecting(o, node) || links_was_lost(o, node))
		return true;
	if (!is_wanted(o, id_of_node(node)))
		return false;
	links_connect(o, node, via);
	return true;
}

void neighbours_consider(struct overlay *o, const struct hit *node,
			 const struct hit *via)
{
	(void)consider(o, node, via); /* here it is the only one */
}

static void consider_list(struct overlay *o, const struct node_list *l,
			  const struct hit *via)
{
	for (size_t i = 0; i < l->n; i++)
		neighbours_consider(o, &l->at[i], via);
}

/* Neighbours stand in their list by distance. From one of ours outwards, or
 * back from a finger, all that come after one of no use are of none: that is
 * not worth finding out their places. */
static void consider_side(struct overlay *o, const struct node_list *l,
			  const struct hit *via)
{
	for (size_t i = 0; i < l->n; i++)
		if (!consider(o, &l->at[i], via))
			return;
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
	bool whole = route_is_neighbour(&o->route, l->at) ||
		     fingers_is_better_before(o, l);

	neighbours_update(o, &node, whole ? CHORD_NEIGHBORS : CHORD_PEER_READY);
}

/* Mostly all that came have said what they are before anybody is doubted. */
static void believe(struct overlay *o, struct link *l)
{
	l->flags &= (uint8_t)~LINK_FRESH;
	if (o->n_fresh > 0)
		o->n_fresh--;
	if (o->n_fresh == 0 && !o->is_doubting)
		o->doubt_ms = UINT64_MAX;
}

/* A neighbour says that it is in the ring. */
static void joined(struct overlay *o, struct link *l)
{
	struct hit node = l->node;

	link_set(l, LINK_IN_RING);
	l->needed_s = overlay_now_s(o);
	if (link_has(l, LINK_FRESH))
		believe(o, l);
	if (!overlay_is_joined(o))
		return;
	if (!link_has(l, LINK_TOLD))
		neighbours_on_up(o, l);
	fingers_on_member(o, l);
	if (hit_equal(&node, &o->healing)) {
		memset(&o->healing, 0, sizeof(o->healing));
		neighbours_ping(o, PURPOSE_HEAL, o->route.self + 1, &node);
	}
	if (route_is_neighbour(&o->route, l->at))
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
	lacking_on_table(o, &d->source);
	consider_side(o, &u.predecessors, &d->source);
	consider_side(o, &u.successors, &d->source);
	/* Who has just come has none; later each is looked for. */
	if (u.type == CHORD_FULL && o->quick_fingers > 0)
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

static bool was_full(struct span update)
{
	struct chord_update u;

	return chord_update_parse(rd_init(update.bytes, update.len), &u) &&
	       u.type == CHORD_FULL;
}

void neighbours_on_updated(struct overlay *o, const struct reply *r)
{
	struct link *l = r->d ? route_find(&o->route, &r->d->from) : NULL;
	bool is_full, is_first;

	if (!l || !r->d->direct)
		return;
	if (!r->error) {
		link_set(l, LINK_SHOWN);
		return;
	}
	if (r->error != RELOAD_ERROR_FORBIDDEN || r->arg)
		return;
	/* It has begun anew: once more, with our certificate. Of several that
	 * were under way, a table besides, as it says more than the others. */
	is_full = was_full(r->request);
	is_first = link_has(l, LINK_SHOWN);
	l->flags &= (uint8_t)~LINK_SHOWN;
	if (overlay_is_joined(o) && is_full)
		neighbours_update(o, &r->d->from, CHORD_FULL);
	else if (overlay_is_joined(o) && is_first)
		neighbours_on_up(o, l);
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
	o->n_fresh = 0;
	for (size_t i = 0; i < o->route.n; i++) {
		struct link *l = &o->route.links[i];
		struct hit node = l->node;

		l->flags &= (uint8_t)~LINK_FRESH;
		if (link_has(l, LINK_IN_RING) ||
		    l->waited >= OVERLAY_DOUBTS_MAX)
			continue;
		more = true;
		l->waited++;
		if ((l->waited & (l->waited - 1)) == 0)
			lacking_ask_table(o, &node, 0);
	}
	o->is_doubting = more;
	if (more)
		neighbours_doubt(o);
}

void neighbours_tick(struct overlay *o)
{
	if (!overlay_is_joined(o))
		return;
	lacking_tick(o);
	if (o->doubt_ms <= o->now_ms)
		ask_doubtful(o);
	if (o->stabilise_ms <= o->now_ms)
		stabilise(o);
	if (o->finger_ms <= o->now_ms)
		fingers_search(o);
	if (o->heal_ms <= o->now_ms)
		healing_try_lost(o);
	if (o->miss_ms <= o->now_ms)
		healing_try_missed(o);
	if (o->sweep_ms <= o->now_ms) {
		o->sweep_ms = o->now_ms + overlay_about(o, SWEEP_MS);
		links_sweep(o);
		links_review(o);
	}
}

uint64_t neighbours_deadline(const struct overlay *o)
{
	const uint64_t due[] = { o->lack_ms, o->stabilise_ms, o->finger_ms,
				 o->heal_ms, o->sweep_ms,     o->doubt_ms,
				 o->miss_ms, o->table_ms };
	uint64_t first = UINT64_MAX;

	if (!overlay_is_joined(o))
		return first;
	for (size_t i = 0; i < sizeof(due) / sizeof(due[0]); i++) {
		if (due[i] < first)
			first = due[i];
	}
	return first;
}
