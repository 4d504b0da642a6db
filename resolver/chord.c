/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Joining and leaving: RFC 6940 10.5, 10.6, 10.9. A node is a client of its
 * bootstrap first. It asks for the owner of the place behind its own, which
 * becomes its admitting peer, takes that one's table, makes links to its
 * first neighbours through it, and sends its Join.
 */
#include "resolver/overlay_impl.h"

static bool is_bootstrap(const struct overlay *o, const struct hit *node)
{
	for (size_t i = 0; i < o->n_bootstraps; i++) {
		if (hit_equal(&o->bootstraps[i], node))
			return true;
	}
	return false;
}

static void retry(struct overlay *o, uint64_t ms)
{
	o->phase = PHASE_OUTSIDE;
	o->join_ms = o->now_ms + overlay_about(o, ms);
}

static void seek(struct overlay *o)
{
	o->phase = PHASE_SEEKING;
	o->join_ms = UINT64_MAX; /* the request has its own clock */
	neighbours_ping(o, PURPOSE_SEEK, o->route.self + 1, NULL);
	if (!request_is_waiting(o, PURPOSE_SEEK))
		retry(o, JOIN_RETRY_MS);
}

static void send_join(struct overlay *o)
{
	struct join_req join = { .node = o->route.node };
	uint8_t body[32];
	struct wr w = wr_init(body, sizeof(body));
	struct asking a = { .purpose = PURPOSE_JOIN,
			    .tries = 2,
			    .code = RELOAD_JOIN_REQ,
			    .to = { destination_node(&o->admitting) },
			    .n_to = 1 };

	join_req_write(&w, &join);
	a.body = (struct span){ body, wr_len(&w) };
	o->phase = PHASE_ASKING;
	o->join_ms = UINT64_MAX;
	if (!request_start(o, &a))
		retry(o, JOIN_RETRY_MS);
}

static void begin_linking(struct overlay *o)
{
	o->join_ms = o->now_ms + CONNECT_WAIT_MS;
	lacking_ask_table(o, &o->admitting, 0);
}

void chord_step(struct overlay *o)
{
	const struct link *l = route_find(&o->route, &o->admitting);

	switch (o->phase) {
	case PHASE_OUTSIDE:
		if (route_members(&o->route) > 0)
			seek(o);
		break;
	case PHASE_LINKING:
		if (!l && !links_is_connecting(o, &o->admitting))
			retry(o, JOIN_RETRY_MS);
		else if (o->linking && o->n_connecting == 0)
			send_join(o);
		break;
	default:
		break;
	}
}

void chord_on_bootstrap(struct overlay *o, const struct hit *node)
{
	if (hit_equal(node, &o->route.node) || !hit_is_hit(node))
		return;
	if (!is_bootstrap(o, node)) {
		if (o->n_bootstraps < OVERLAY_BOOTSTRAPS_MAX)
			o->bootstraps[o->n_bootstraps++] = *node;
		else
			o->bootstraps[o->next_bootstrap++ %
				      OVERLAY_BOOTSTRAPS_MAX] = *node;
	}
	/* One exchange is enough to begin; the others are for later. */
	if (!overlay_is_joined(o) && o->route.n == 0 && o->n_connecting == 0)
		links_connect(o, node, &o->route.node);
}

void chord_on_up(struct overlay *o, struct link *l)
{
	struct hit node = l->node;

	if (overlay_is_joined(o)) {
		neighbours_on_up(o, l);
		return;
	}
	/* A way in is taken for a member: it answers for others, or not. */
	if (is_bootstrap(o, &node))
		l->flags |= LINK_BOOTSTRAP | LINK_IN_RING;
	if (o->phase == PHASE_LINKING && hit_equal(&node, &o->admitting))
		begin_linking(o);
	else
		chord_step(o);
}

void chord_on_table(struct overlay *o, const struct hit *peer,
		    const struct chord_update *u)
{
	if (o->phase != PHASE_LINKING || !hit_equal(peer, &o->admitting) ||
	    u->type != CHORD_FULL)
		return;
	o->linking = true;
	o->join_ms = o->now_ms + JOIN_LINKS_MS;
	for (size_t i = 0; i < OVERLAY_JOIN_SIDE; i++) {
		if (i < u->predecessors.n)
			links_connect(o, &u->predecessors.at[i], peer);
		/* The admitting peer itself is the first successor. */
		if (i + 1 < OVERLAY_JOIN_SIDE && i < u->successors.n)
			links_connect(o, &u->successors.at[i], peer);
	}
	chord_step(o);
}

static void on_successor(struct overlay *o, const struct reply *r)
{
	struct ping_ans ans;

	if (o->phase != PHASE_SEEKING)
		return;
	if (!r->d || r->error || hit_equal(&r->d->source, &o->route.node) ||
	    !ping_ans_parse(rd_init(r->d->m.body.bytes, r->d->m.body.len),
			    &ans)) {
		retry(o, JOIN_RETRY_MS);
		return;
	}
	o->admitting = r->d->source;
	o->phase = PHASE_LINKING;
	o->linking = false;
	if (route_find(&o->route, &o->admitting)) {
		begin_linking(o);
		return;
	}
	o->join_ms = o->now_ms + CONNECT_WAIT_MS;
	links_connect(o, &o->admitting, &r->d->from);
	chord_step(o);
}

void chord_found(struct overlay *o)
{
	struct overlay_output *out = output_new(o, OVERLAY_JOINED, 0);

	o->phase = PHASE_JOINED;
	o->join_ms = UINT64_MAX;
	if (out)
		output_push(o, out);
	copies_settle(o);
}

static void enter(struct overlay *o)
{
	chord_found(o);
	copies_on_change(o); /* of what was given already */
	neighbours_enter(o);
	/* The other neighbours and the fingers: nearly those of this peer. */
	lacking_ask_table(o, &o->admitting,
			  SIDE_SUCCESSORS | SIDE_PREDECESSORS);
}

static void left(struct overlay *o)
{
	struct overlay_output *out = output_new(o, OVERLAY_LEFT, 0);

	o->phase = PHASE_LEFT;
	o->join_ms = UINT64_MAX;
	if (out)
		output_push(o, out);
}

void chord_on_reply(struct overlay *o, const struct reply *r)
{
	switch (r->purpose) {
	case PURPOSE_SEEK:
		on_successor(o, r);
		break;
	case PURPOSE_TABLE:
		if (o->phase == PHASE_LINKING && (!r->d || r->error))
			retry(o, JOIN_RETRY_MS);
		else if (overlay_is_joined(o))
			lacking_on_reply(o, r);
		break; /* the table itself comes as an Update */
	case PURPOSE_JOIN:
		if (o->phase != PHASE_ASKING)
			break;
		if (r->d && !r->error)
			enter(o);
		else
			retry(o, JOIN_RETRY_MS / 4);
		break;
	default:
		if (o->phase == PHASE_LEAVING &&
		    !request_is_waiting(o, PURPOSE_LEAVE))
			left(o);
		break;
	}
}

void chord_on_join(struct overlay *o, const struct delivery *d)
{
	struct link *l = route_find(&o->route, &d->source);
	struct join_req join;
	uint8_t body[2];
	struct wr w = wr_init(body, sizeof(body));
	bool again;

	if (!join_req_parse(rd_init(d->m.body.bytes, d->m.body.len), &join)) {
		forward_refuse(o, d, RELOAD_ERROR_INVALID_MESSAGE);
		return;
	}
	again = l && link_has(l, LINK_IN_RING);
	/* 10.5: from the node itself, and between our predecessor and us. */
	if (!d->direct || !l || !hit_equal(&join.node, &d->source) ||
	    !overlay_is_joined(o) ||
	    (!again && !route_is_owner(&o->route, l->at))) {
		forward_refuse(o, d, RELOAD_ERROR_FORBIDDEN);
		return;
	}
	join_ans_write(&w, (struct span){ NULL, 0 });
	forward_answer(o, d, RELOAD_JOIN_ANS,
		       (struct span){ body, wr_len(&w) });
	if (!again) {
		l->flags |= LINK_IN_RING;
		l->needed_s = overlay_now_s(o);
		fingers_on_member(o, l);
		copies_on_change(o);
	}
	/* Who joins again has begun anew, and may have lost its records. */
	copies_hand_over(o, &d->source);
}

void chord_on_leave(struct overlay *o, const struct delivery *d)
{
	struct link *l = route_find(&o->route, &d->source);
	struct join_req leave; /* the same form */
	struct chord_leave data = { .nodes.n = 0 };

	if (!join_req_parse(rd_init(d->m.body.bytes, d->m.body.len), &leave)) {
		forward_refuse(o, d, RELOAD_ERROR_INVALID_MESSAGE);
		return;
	}
	if (!d->direct || !l || !hit_equal(&leave.node, &d->source)) {
		forward_refuse(o, d, RELOAD_ERROR_FORBIDDEN);
		return;
	}
	forward_answer(o, d, RELOAD_LEAVE_ANS, (struct span){ NULL, 0 });
	if (!link_has(l, LINK_IN_RING))
		return;
	lacking_on_loss(o, l);
	l->flags = 0;
	l->waited = OVERLAY_DOUBTS_MAX; /* it has said what it is */
	copies_on_change(o);
	if (!overlay_is_joined(o) ||
	    !chord_leave_parse(rd_init(leave.data.bytes, leave.data.len),
			       &data))
		return;
	for (size_t i = 0; i < data.nodes.n; i++)
		neighbours_consider(o, &data.nodes.at[i], &d->source);
}

static void say_leave(struct overlay *o, const struct link *l)
{
	bool ahead = id_distance(o->route.self, l->at) < (ring_t)1 << 127;
	struct chord_leave data = { .nodes.n = 0 };
	struct join_req leave = { .node = o->route.node };
	uint8_t inner[16 * (ROUTE_NEIGHBOURS + 1)];
	uint8_t body[sizeof(inner) + 32];
	struct wr w = wr_init(inner, sizeof(inner));
	struct asking a = { .purpose = PURPOSE_LEAVE,
			    .tries = 1,
			    .code = RELOAD_LEAVE_REQ,
			    .to = { destination_node(&l->node) },
			    .n_to = 1 };

	data.type = ahead ? CHORD_LEAVE_FROM_PRED : CHORD_LEAVE_FROM_SUCC;
	for (size_t i = 0; i < ROUTE_NEIGHBOURS; i++) {
		const struct link *n = ahead ? route_predecessor(&o->route, i)
					     : route_successor(&o->route, i);

		if (n && n != l)
			data.nodes.at[data.nodes.n++] = n->node;
	}
	chord_leave_write(&w, &data);
	leave.data = (struct span){ inner, wr_len(&w) };
	w = wr_init(body, sizeof(body));
	join_req_write(&w, &leave);
	a.body = (struct span){ body, wr_len(&w) };
	if (!wr_failed(&w))
		(void)request_start(o, &a); /* it will be noticed anyway */
}

void chord_leave(struct overlay *o)
{
	if (o->phase == PHASE_LEAVING || o->phase == PHASE_LEFT)
		return;
	if (!overlay_is_joined(o)) {
		left(o);
		return;
	}
	copies_leave(o);
	for (size_t i = 0; i < o->route.n; i++) {
		if (link_has(&o->route.links[i], LINK_IN_RING))
			say_leave(o, &o->route.links[i]);
	}
	o->phase = PHASE_LEAVING;
	o->join_ms = o->now_ms + REQUEST_FIRST_MS;
	if (!request_is_waiting(o, PURPOSE_LEAVE))
		left(o);
}

void chord_tick(struct overlay *o)
{
	if (o->join_ms > o->now_ms)
		return;
	o->join_ms = UINT64_MAX;
	switch (o->phase) {
	case PHASE_OUTSIDE:
		for (size_t i = 0; i < o->n_bootstraps; i++)
			links_connect(o, &o->bootstraps[i], &o->route.node);
		o->join_ms = o->now_ms + overlay_about(o, JOIN_RETRY_MS);
		chord_step(o);
		break;
	case PHASE_LINKING:
		/* Some do not come; with what there is it can go on. */
		if (o->linking && route_find(&o->route, &o->admitting))
			send_join(o);
		else
			retry(o, JOIN_RETRY_MS);
		break;
	case PHASE_LEAVING:
		left(o);
		break;
	default:
		break;
	}
}
