/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Hop by hop: RFC 6940 6.1, 6.2 (symmetric recursive routing), 6.7. A
 * message says by its Via List how it came; the last hop is added by who
 * receives it, from the association it came over, so nobody can lie about
 * himself. What the list says of others holds only as far as the signature
 * of the message's maker agrees with its first entry.
 */
#include "resolver/overlay_impl.h"

#include <assert.h>

/* The next hop for a place. A client has no place of its own. */
static struct link *toward(const struct overlay *o, ring_t target, ring_t from,
			   const struct excluded *tried)
{
	struct link *l = route_next(&o->route, target, from, tried);

	if (l || overlay_is_joined(o))
		return l;
	l = route_successor(&o->route, 0);
	return l && !excluded_has(tried, &l->node) ? l : NULL;
}

static struct link *next_hop(const struct overlay *o,
			     const struct destination *d, ring_t from,
			     const struct excluded *tried)
{
	struct link *l;

	if (d->type == DESTINATION_RESOURCE)
		return toward(o, id_of_resource(&d->resource), from, tried);
	if (d->type != DESTINATION_NODE)
		return NULL;
	l = route_find(&o->route, &d->node);
	if (l && !excluded_has(tried, &l->node))
		return l;
	return toward(o, id_of_node(&d->node), from, tried);
}

/* The code of a message, where this is its beginning; 0: not known. */
static uint16_t code_of(const struct forwarding *f, struct span rest)
{
	struct rd r = rd_init(rest.bytes, rest.len);

	return f->fragment_offset == 0 ? rd_u16(&r) : 0;
}

static void send_whole(struct overlay *o, const struct hit *to,
		       struct span bytes, const struct excluded *tried)
{
	struct overlay_output *out = output_new(o, OVERLAY_SEND, bytes.len);

	if (!out)
		return;
	out->peer = *to;
	out->tried = *tried;
	memcpy(out->bytes, bytes.bytes, bytes.len);
	output_push(o, out);
}

/* What is longer than a link takes. */
void forward_pieces(struct overlay *o, const struct hit *to, struct span bytes,
		    const struct excluded *tried)
{
	uint8_t piece[RELOAD_MESSAGE_MAX];
	struct fragmenter f;
	struct wr w;

	if (!fragment_begin(&f, bytes.bytes, bytes.len, o->config->mtu)) {
		send_whole(o, to, bytes, tried);
		return;
	}
	for (w = wr_init(piece, sizeof(piece)); fragment_next(&f, &w);
	     w = wr_init(piece, sizeof(piece)))
		send_whole(o, to, (struct span){ piece, wr_len(&w) }, tried);
}

/* What a link is worth shows in how many of its requests are answered. */
static void note_request(struct overlay *o, const struct hit *to)
{
	struct link *l = route_find(&o->route, to);

	if (l)
		link_on_request(l);
}

/* A request on its way that we do not pass on: its maker is told. */
static void refuse_transit(struct overlay *o, const struct delivery *d,
			   struct span rest, enum reload_error error)
{
	o->refused++;
	if (code_is_request(code_of(&d->m.header, rest)))
		forward_refuse(o, d, error);
}

static bool is_named(const struct destination_list *l, const struct hit *node)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->at[i].type == DESTINATION_NODE &&
		    hit_equal(&l->at[i].node, node))
			return true;
	}
	return false;
}

static bool has_repeats(const struct destination_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct destination *a = &l->at[i];

		if (a->type == DESTINATION_OPAQUE)
			return true; /* nobody here makes those */
		for (size_t j = i + 1; j < l->n; j++) {
			if (a->type == DESTINATION_NODE &&
			    l->at[j].type == DESTINATION_NODE &&
			    hit_equal(&a->node, &l->at[j].node))
				return true;
		}
	}
	return false;
}

/* A list with a node twice is a loop, made by mistake or on purpose. */
static bool lists_loop(const struct overlay *o, const struct forwarding *f,
		       const struct hit *peer)
{
	return is_named(&f->via, &o->route.node) || is_named(&f->via, peer) ||
	       has_repeats(&f->via) || has_repeats(&f->destination);
}

/* Takes ourselves from the front of the Destination List; true when nothing
 * is left, or what is left is ours to answer. */
static bool arrives(const struct overlay *o, struct forwarding *f, ring_t *from)
{
	struct destination_list *l = &f->destination;

	if (l->at[0].type == DESTINATION_NODE &&
	    hit_equal(&l->at[0].node, &o->route.node)) {
		l->n--;
		memmove(&l->at[0], &l->at[1], l->n * sizeof(l->at[0]));
		*from = o->route.self;
	}
	if (l->n == 0)
		return true;
	return l->n == 1 && l->at[0].type == DESTINATION_NODE &&
	       node_is_wildcard(&l->at[0].node);
}

/* What makes us send a table, or records: those that ask for it too often
 * get no answer, and ask again. */
static bool is_too_much(const struct overlay *o, const struct delivery *d)
{
	struct link *l = route_find(&o->route, &d->from);

	switch (d->m.code) {
	case RELOAD_ROUTE_QUERY_REQ:
	case RELOAD_JOIN_REQ:
	case RELOAD_UPDATE_REQ:
		return l && !link_may_ask(l, d->direct, overlay_now_s(o));
	default:
		return false;
	}
}

/* What keeps a request from being looked at, whatever it asks for; or 0. */
static enum reload_error objection(struct overlay *o, const struct delivery *d)
{
	enum reload_error error =
		configuration_check(&d->m, o->config->configuration_sequence);

	if (error)
		return error;
	if (d->m.header.destination_critical)
		return RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION;
	if (d->m.unknown_critical_extension)
		return RELOAD_ERROR_UNKNOWN_EXTENSION;
	if ((d->m.code == RELOAD_JOIN_REQ || d->m.code == RELOAD_UPDATE_REQ) &&
	    !links_prove(o, d))
		return RELOAD_ERROR_FORBIDDEN;
	return 0;
}

static void dispatch(struct overlay *o, const struct delivery *d)
{
	enum reload_error error;

	if (is_too_much(o, d)) {
		o->refused++;
		return;
	}
	error = objection(o, d);
	if (error) {
		forward_refuse(o, d, error);
		return;
	}
	switch (d->m.code) {
	case RELOAD_PROBE_REQ:
	case RELOAD_PING_REQ:
		storing_on_probe(o, d);
		break;
	case RELOAD_STORE_REQ:
		storing_on_store(o, d);
		break;
	case RELOAD_FETCH_REQ:
	case RELOAD_STAT_REQ:
		fetching_on_fetch(o, d);
		break;
	case RELOAD_FIND_REQ:
		storing_on_find(o, d);
		break;
	case RELOAD_JOIN_REQ:
		chord_on_join(o, d);
		break;
	case RELOAD_LEAVE_REQ:
		chord_on_leave(o, d);
		break;
	case RELOAD_UPDATE_REQ:
		neighbours_on_update(o, d);
		break;
	case RELOAD_ROUTE_QUERY_REQ:
		neighbours_on_route_query(o, d);
		break;
	default:
		forward_refuse(o, d, RELOAD_ERROR_INVALID_MESSAGE);
	}
}

/* A message is its maker's, or it is dropped. */
static bool find_source(struct overlay *o, struct delivery *d)
{
	const struct destination_list *via = &d->m.header.via;
	const struct overlay_check *check = &o->config->check;

	d->direct = via->n == 0;
	d->source = d->from;
	if (d->direct)
		return true; /* the association proves it, but links_prove */
	if (via->at[0].type != DESTINATION_NODE)
		return false;
	d->source = via->at[0].node;
	if (!check->message(check->ctx, &d->m, &d->source))
		return false;
	return hit_equal(&d->source, &via->at[0].node);
}

/* A message whose header is parsed, and who brought it is set. */
static void deliver(struct overlay *o, struct delivery *d, struct span rest)
{
	if (message_rest_parse(rest, &d->m) != MESSAGE_OK ||
	    !find_source(o, d)) {
		o->refused++;
		return;
	}
	if (code_is_request(d->m.code))
		dispatch(o, d);
	else
		request_on_answer(o, d);
}

static void deliver_whole(struct overlay *o, const struct hit *peer,
			  struct span bytes)
{
	struct delivery d;
	struct span rest;

	d.from = *peer;
	if (forwarding_parse(bytes.bytes, bytes.len, &d.m.header, &rest) ==
	    MESSAGE_OK)
		deliver(o, &d, rest);
	else
		o->refused++;
}

/* What is ours to answer, or was sent by us to ourselves. */
bool forward_is_home(const struct overlay *o, const struct destination *d)
{
	if (d->type == DESTINATION_NODE)
		return hit_equal(&d->node, &o->route.node);
	return d->type == DESTINATION_RESOURCE && overlay_is_joined(o) &&
	       route_is_owner(&o->route, id_of_resource(&d->resource));
}

void forward_home(struct overlay *o, struct span bytes)
{
	deliver_whole(o, &o->route.node, bytes);
}

struct link *forward_first(const struct overlay *o, const struct destination *d,
			   const struct excluded *tried)
{
	return forward_is_home(o, d) ? NULL
				     : next_hop(o, d, o->route.self, tried);
}

static bool is_piece(const struct forwarding *f)
{
	return !f->last_fragment || f->fragment_offset != 0;
}

/* A piece of a message that is for us. */
static void deliver_piece(struct overlay *o, const struct hit *peer,
			  struct span bytes)
{
	uint8_t whole[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(whole, sizeof(whole));
	struct forwarding f; /* with all of its lists, unlike the caller's */
	struct span rest;

	if (forwarding_parse(bytes.bytes, bytes.len, &f, &rest) != MESSAGE_OK)
		return;
	if (!o->reassembly)
		o->reassembly = reassembly_new();
	if (!o->reassembly)
		return;
	reassembly_expire(o->reassembly, o->now_ms);
	if (reassembly_add(o->reassembly, peer, &f, rest, &w, o->now_ms) ==
	    REASSEMBLY_WHOLE)
		deliver_whole(o, peer, (struct span){ whole, wr_len(&w) });
}

/* Straight into an output; only what is too long is written before. */
static void send_on(struct overlay *o, const struct forwarding *f,
		    const struct hit *to, struct span rest, size_t room)
{
	struct overlay_output *out = output_new(o, OVERLAY_SEND, room);
	struct wr w;

	if (!out)
		return;
	w = wr_init(out->bytes, room);
	forwarding_write(&w, f, rest.len);
	wr_bytes(&w, rest.bytes, rest.len);
	assert(!wr_failed(&w));
	out->peer = *to;
	out->len = wr_len(&w);
	output_push(o, out);
}

static void send_on_pieces(struct overlay *o, const struct forwarding *f,
			   const struct hit *to, struct span rest)
{
	const struct excluded none = { .n = 0 };
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	forwarding_write(&w, f, rest.len);
	wr_bytes(&w, rest.bytes, rest.len);
	assert(!wr_failed(&w));
	forward_pieces(o, to, (struct span){ bytes, wr_len(&w) }, &none);
}

static void pass_on(struct overlay *o, struct delivery *d, const struct hit *to,
		    struct span rest)
{
	struct forwarding *f = &d->m.header;
	size_t len;

	if (f->ttl <= 1) {
		refuse_transit(o, d, rest, RELOAD_ERROR_TTL_EXCEEDED);
		return;
	}
	if (f->via.n + 1 >= DESTINATIONS_MAX) {
		o->refused++;
		return;
	}
	f->ttl--;
	f->via.at[f->via.n++] = destination_node(&d->from);
	len = forwarding_len(f) + rest.len;
	if (len > RELOAD_MESSAGE_MAX) {
		f->via.n--;
		refuse_transit(o, d, rest, RELOAD_ERROR_MESSAGE_TOO_LARGE);
		return;
	}
	o->forwarded++;
	if (code_is_request(code_of(f, rest)))
		note_request(o, to);
	if (len <= o->config->mtu)
		send_on(o, f, to, rest, len);
	else
		send_on_pieces(o, f, to, rest);
}

/*
 * A Fetch that meets a copy of all that it asks for goes no further: what it
 * would find at the owner is the same, and the owner may be bad.
 */
static bool meets_copy(const struct overlay *o, const struct forwarding *f,
		       struct span rest)
{
	struct rd r = rd_init(rest.bytes, rest.len);
	const struct destination *d = &f->destination.at[0];
	struct fetch_req req;
	uint32_t len;

	if (d->type != DESTINATION_RESOURCE || store_count(&o->store) == 0 ||
	    is_piece(f) || rd_u16(&r) != RELOAD_FETCH_REQ)
		return false;
	len = rd_u32(&r);
	return fetch_req_parse(rd_sub(&r, len), &req) && fetching_has(o, req);
}

/* On its way to somebody else, or to a place that is ours. */
static void route_on(struct overlay *o, struct delivery *d, ring_t from,
		     struct span bytes, struct span rest)
{
	struct excluded back = { .n = 1, .at = { d->from } };
	const struct forwarding *f = &d->m.header;
	struct link *l;

	if (!overlay_is_joined(o)) {
		o->refused++; /* who is not in the ring carries nothing */
		return;
	}
	l = next_hop(o, &f->destination.at[0], from, &back);
	if (l && meets_copy(o, f, rest))
		deliver(o, d, rest);
	else if (l && f->forward_critical)
		refuse_transit(o, d, rest,
			       RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION);
	else if (l)
		pass_on(o, d, &l->node, rest);
	else if (f->destination.at[0].type != DESTINATION_RESOURCE)
		refuse_transit(o, d, rest, RELOAD_ERROR_NOT_FOUND);
	else if (is_piece(f))
		deliver_piece(o, &d->from, bytes);
	else
		deliver(o, d, rest);
}

void forward_on_message(struct overlay *o, const struct hit *peer,
			struct span bytes)
{
	struct link *l = route_find(&o->route, peer);
	struct delivery d;
	struct forwarding *f = &d.m.header;
	struct span rest;
	uint16_t code;
	ring_t from;

	if (!l || o->phase == PHASE_LEFT ||
	    forwarding_parse(bytes.bytes, bytes.len, f, &rest) != MESSAGE_OK ||
	    f->overlay != o->config->overlay) {
		o->refused++;
		return;
	}
	d.from = *peer;
	link_on_heard(l);
	code = code_of(f, rest);
	if (code != 0 && !code_is_request(code))
		link_on_answer(l);
	/* Who is not in the ring may stand anywhere: it begins here. */
	from = link_has(l, LINK_IN_RING) ? l->at : o->route.self;
	if (!link_has(l, LINK_IN_RING))
		l->needed_s = overlay_now_s(o);
	if (lists_loop(o, f, peer)) {
		o->refused++;
		return;
	}
	if (f->ttl > RELOAD_TTL_MAX) {
		refuse_transit(o, &d, rest, RELOAD_ERROR_TTL_EXCEEDED);
		return;
	}
	if (!arrives(o, f, &from))
		route_on(o, &d, from, bytes, rest);
	else if (is_piece(f))
		deliver_piece(o, peer, bytes);
	else
		deliver(o, &d, rest);
}

/* How often it went to a node that it must reach. */
static size_t times_tried(const struct excluded *tried, const struct hit *node)
{
	size_t n = 0;

	for (size_t i = 0; i < tried->n; i++)
		n += hit_equal(&tried->at[i], node);
	return n;
}

/* The place from which a message that we passed on had come. */
static ring_t came_from(const struct overlay *o, const struct forwarding *f)
{
	const struct destination *last;
	const struct link *l;

	if (f->via.n == 0)
		return o->route.self;
	last = &f->via.at[f->via.n - 1];
	l = last->type == DESTINATION_NODE ? route_find(&o->route, &last->node)
					   : NULL;
	return l && link_has(l, LINK_IN_RING) ? l->at : o->route.self;
}

/* With its owner dead, a place that a message goes to may be ours. */
static void deliver_late(struct overlay *o, const struct forwarding *f,
			 struct span rest)
{
	struct destination_list *via;
	struct delivery d;

	if (is_piece(f))
		return;
	d.m.header = *f;
	d.from = o->route.node;
	via = &d.m.header.via;
	if (via->n > 0)
		d.from = via->at[--via->n].node;
	deliver(o, &d, rest);
}

/* Where a lost message goes next; NULL when nowhere. What we say to a
 * neighbour itself goes there again as long as there is a link: many a thing
 * it believes only from us. */
static struct link *next_after_loss(struct overlay *o,
				    const struct forwarding *f,
				    const struct overlay_output *lost)
{
	const struct destination *to = &f->destination.at[0];
	bool direct = f->via.n == 0 && f->destination.n == 1 &&
		      to->type == DESTINATION_NODE &&
		      hit_equal(&to->node, &lost->peer);
	struct link *same = NULL, *l;

	if (times_tried(&lost->tried, &lost->peer) < OVERLAY_RESENDS_MAX)
		same = route_find(&o->route, &lost->peer);
	l = direct ? same : NULL;
	if (!l)
		l = next_hop(o, to, came_from(o, f), &lost->tried);
	return l ? l : same;
}

void forward_on_lost(struct overlay *o, struct overlay_output *lost)
{
	struct link *missed = route_find(&o->route, &lost->peer), *l;
	struct forwarding f;
	struct span rest;

	if (missed && link_on_missed(missed))
		links_gone(o, &lost->peer, true);
	if (!excluded_add(&lost->tried, &lost->peer) ||
	    forwarding_parse(lost->bytes, lost->len, &f, &rest) != MESSAGE_OK) {
		overlay_output_free(lost);
		return;
	}
	if (f.destination.n == 1 && forward_is_home(o, &f.destination.at[0])) {
		deliver_late(o, &f, rest);
		overlay_output_free(lost);
		return;
	}
	l = next_after_loss(o, &f, lost);
	if (!l) {
		overlay_output_free(lost);
		return;
	}
	lost->peer = l->node;
	output_push(o, lost);
}
