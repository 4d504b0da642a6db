/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Time, links and messages of the world. A HIT carries the number of its
 * node, so that finding one takes no search.
 */
#include "tests/sim/ring_impl.h"

#include "resolver/frame.h"
#include "resolver/overlay_impl.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Inner UDP; BEET with AES-GCM-16: SPI, number, IV, padding, next
	 * header, ICV; UDP and IPv4 underneath. */
	DATAGRAM_OVERHEAD = 8 + 8 + 8 + 4 + 16 + 8 + 20,
	DELAY_MIN_MS = 10,
	DELAY_SPREAD_MS = 70,
	EXCHANGE_FAILS_MS = 8000,
	WALL_MS = 1000000000,
};

size_t ring_index_of(const struct hit *hit)
{
	uint32_t i;

	memcpy(&i, hit->bytes + 12, sizeof(i));
	return i;
}

uint64_t ring_delay(const struct ring *r, size_t a, size_t b)
{
	uint64_t x = (a < b ? a * 0x9e3779b97f4a7c15u + b
			    : b * 0x9e3779b97f4a7c15u + a) +
		     r->options.seed;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return DELAY_MIN_MS + (x >> 33) % DELAY_SPREAD_MS;
}

bool ring_reaches(const struct ring *r, size_t a, size_t b)
{
	return b < r->options.nodes && r->nodes[b].core &&
	       r->nodes[a].side == r->nodes[b].side;
}

/* ---- the stub that signs and verifies ---- */

struct reload_signature ring_sign(const struct hit *signer, struct span bytes,
				  uint8_t value[64])
{
	memset(value, 0, RING_SIGNATURE_LEN);
	memcpy(value, signer->bytes, ID_LEN);
	/* Under the HIT, as if that were its private key. */
	(void)crypto_shorthash(value + ID_LEN, bytes.bytes, bytes.len,
			       signer->bytes); /* cannot fail */
	return (struct reload_signature){ .hash_alg = 8,
					  .sig_alg = 7,
					  .value = value,
					  .value_len = RING_SIGNATURE_LEN };
}

/* In a fast world the value says who signed, and is believed. */
static bool claims(const struct reload_signature *s, struct hit *signer)
{
	if (s->value_len != RING_SIGNATURE_LEN)
		return false;
	memcpy(signer->bytes, s->value, ID_LEN);
	return true;
}

static bool verify(const struct reload_signature *s, struct span bytes)
{
	uint8_t value[RING_SIGNATURE_LEN];
	struct hit signer;

	memcpy(signer.bytes, s->value, ID_LEN);
	(void)ring_sign(&signer, bytes, value); /* the value is what counts */
	return memcmp(value, s->value, sizeof(value)) == 0;
}

static bool verify_message(const struct message *m)
{
	uint8_t bytes[RELOAD_MESSAGE_MAX + 64];
	struct wr w = wr_init(bytes, sizeof(bytes));

	message_signed_write(&w, &m->header, m->contents,
			     (struct span){ m->signature.identity,
					    m->signature.identity_len });
	return verify(&m->signature, (struct span){ bytes, wr_len(&w) });
}

static bool check_message(void *ctx, const struct message *m,
			  struct hit *signer)
{
	const struct ring *r = ctx;

	return claims(&m->signature, signer) &&
	       (!r->options.full || verify_message(m));
}

static bool verify_value(const struct overlay_claim *c)
{
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	stored_signed_write(&w, &c->resource, c->kind->id, c->kind->model,
			    c->value);
	return !wr_failed(&w) &&
	       verify(&c->value->signature, (struct span){ bytes, wr_len(&w) });
}

size_t ring_name_of(const struct ring *r, const struct resource_id *key)
{
	uint32_t hash;

	memcpy(&hash, key->bytes, sizeof(hash));
	for (size_t i = hash & (r->index_n - 1); r->index[i];
	     i = (i + 1) & (r->index_n - 1)) {
		const struct ring_name *n = &r->names[r->index[i] - 1];

		for (size_t k = 0; k < 2; k++) {
			if (memcmp(key, &n->key.resource[k], ID_LEN) == 0)
				return r->index[i] - 1;
		}
	}
	return SIZE_MAX;
}

/* USER-NODE-MATCH with a certificate for everybody's own name. */
static bool check_value(void *ctx, const struct overlay_claim *c,
			struct overlay_proof *proof)
{
	const struct ring *r = ctx;
	size_t name = ring_name_of(r, &c->resource);

	if (name == SIZE_MAX || !claims(&c->value->signature, &proof->signer) ||
	    (r->options.full && !verify_value(c)))
		return false;
	proof->proven = true;
	proof->certificate = c->n_certificates;
	return hit_equal(&proof->signer, &r->names[name].owner) &&
	       c->value->key.len == ID_LEN &&
	       memcmp(c->value->key.bytes, proof->signer.bytes, ID_LEN) == 0;
}

/* ---- nodes ---- */

static void make_hit(struct ring *r, size_t i, struct hit *out)
{
	uint32_t index = (uint32_t)i;

	*out = (struct hit){ { 0x20, 0x01, 0x00, 0x22 } };
	prng_bytes(&r->prng, out->bytes + 4, 8);
	memcpy(out->bytes + 12, &index, sizeof(index));
}

void ring_bury(struct ring_node *n)
{
	if (n->peer)
		peer_free(n->peer);
	else
		overlay_free(n->core);
	n->core = NULL;
	n->peer = NULL;
}

void ring_make(struct ring *r, size_t i, bool founder)
{
	struct ring_node *n = &r->nodes[i];
	struct span certificate = { n->hit.bytes, ID_LEN };

	n->lives++;
	n->exchanges = 0;
	n->born_ms = r->now_ms;
	n->tick_ms = UINT64_MAX;
	n->joined = founder;
	n->bad = RING_GOOD;
	do
		make_hit(r, i, &n->hit);
	while (r->is_ground &&
	       !id_is_between(r->ground_after, id_of_node(&n->hit),
			      r->ground_upto));
	if (r->options.full) {
		n->peer = peer_new(&r->config, &n->hit, certificate, founder,
				   WALL_MS + r->now_ms, r->now_ms);
		assert(n->peer);
		n->core = peer_overlay(n->peer);
	} else {
		n->core = overlay_new(&r->config, &n->hit, certificate, founder,
				      WALL_MS + r->now_ms, r->now_ms);
		assert(n->core);
	}
	ring_drain(r, i);
}

static void count_bytes(struct ring *r, size_t len)
{
	r->count.messages++;
	r->count.bytes += len + DATAGRAM_OVERHEAD;
}

/* Its kind, and how far a request went, as its answer's way back tells. */
static void count_message(struct ring *r, struct span message)
{
	struct rd rd = rd_init(message.bytes, message.len);
	uint16_t via, to, options, code;

	rd_skip(&rd, 32);
	via = rd_u16(&rd);
	to = rd_u16(&rd);
	options = rd_u16(&rd);
	rd_skip(&rd, (size_t)via + to + options);
	code = rd_u16(&rd);
	if (!rd_failed(&rd))
		r->count.codes[code < RING_CODES ? code : 0]++;
	if (rd_failed(&rd) || via != 0 || code != RELOAD_FETCH_ANS ||
	    to / 18 >= RING_HOPS_MAX)
		return;
	r->count.hops[to / 18]++;
}

static void send(struct ring *r, size_t i, struct overlay_output *out)
{
	size_t to = ring_index_of(&out->peer);
	uint64_t delay = ring_delay(r, i, to);

	adversary_spoils(r, i, out);
	count_message(r, (struct span){ out->bytes, out->len });
	count_bytes(r, out->len + FRAME_DATA_HEADER_LEN);
	count_bytes(r, FRAME_ACK_LEN);
	if (r->nodes[i].bad == RING_LATE)
		delay += 2000 + prng_below(&r->prng, 2000);
	queue_push(&r->queue,
		   &(struct ring_event){ .at_ms = r->now_ms + delay,
					 .type = RING_DELIVER,
					 .life = (uint16_t)r->nodes[i].lives,
					 .a = (uint32_t)i,
					 .b = (uint32_t)to,
					 .out = out });
}

struct overlay_output *ring_carry(const struct hit *peer)
{
	struct overlay_output *out = malloc(sizeof(*out));

	assert(out);
	*out = (struct overlay_output){ .peer = *peer };
	return out;
}

static void connect_to(struct ring *r, size_t i,
		       const struct overlay_output *out)
{
	size_t to = ring_index_of(&out->peer);
	bool comes = ring_reaches(r, i, to) &&
		     hit_equal(&r->nodes[to].hit, &out->peer);
	struct ring_event e = { .type = comes ? RING_UP : RING_DOWN,
				.a = (uint32_t)i,
				.b = (uint32_t)to,
				.life = (uint16_t)r->nodes[i].lives,
				.out = ring_carry(&out->peer) };

	r->nodes[i].exchanges++;
	/* Four packets; or as long as an exchange is tried. */
	e.at_ms = r->now_ms +
		  (comes ? 4 * ring_delay(r, i, to) : EXCHANGE_FAILS_MS);
	if (comes && r->options.exchange_ms > 0)
		e.at_ms += prng_below(&r->prng, r->options.exchange_ms);
	queue_push(&r->queue, &e);
}

static void sign(struct ring *r, size_t i, const struct overlay_output *out)
{
	uint8_t value[RING_SIGNATURE_LEN] = { 0 };
	struct overlay_input in = { .type = OVERLAY_SIGNED, .id = out->id };

	if (r->options.full)
		(void)ring_sign(&r->nodes[i].hit,
				(struct span){ out->bytes, out->len }, value);
	memcpy(value, r->nodes[i].hit.bytes, ID_LEN);
	in.signature.hash_alg = 8;
	in.signature.sig_alg = 7;
	in.signature.value = (struct span){ value, sizeof(value) };
	overlay_input(r->nodes[i].core, &in, r->now_ms);
}

static void take(struct ring *r, size_t i, struct overlay_output *out)
{
	struct ring_node *n = &r->nodes[i];

	switch (out->type) {
	case OVERLAY_SEND:
		send(r, i, out);
		return;
	case OVERLAY_SIGN:
		sign(r, i, out);
		break;
	case OVERLAY_CONNECT:
		connect_to(r, i, out);
		break;
	case OVERLAY_CLOSE:
		/* The association stays, as long as the other end uses it. */
		if (r->options.full)
			break;
		queue_push(
			&r->queue,
			&(struct ring_event){
				.at_ms = r->now_ms +
					 ring_delay(r, i,
						    ring_index_of(&out->peer)),
				.type = RING_CLOSED,
				.a = (uint32_t)i,
				.b = (uint32_t)ring_index_of(&out->peer),
				.life = (uint16_t)n->lives });
		break;
	case OVERLAY_JOINED:
		n->joined = true;
		n->joined_ms = r->now_ms;
		r->count.joins++;
		r->count.join_ms += r->now_ms - n->born_ms;
		r->count.join_exchanges += n->exchanges;
		if (n->exchanges > r->count.join_exchanges_most)
			r->count.join_exchanges_most = n->exchanges;
		ring_on_joined(r, i);
		break;
	default:
		ring_on_result(r, i, out);
		break;
	}
	overlay_output_free(out);
}

static void send_datagrams(struct ring *r, size_t i)
{
	struct hit to;
	struct span bytes;
	struct frame f;

	while (peer_send(r->nodes[i].peer, &to, &bytes, r->now_ms)) {
		size_t b = ring_index_of(&to);
		struct overlay_output *out;
		uint64_t delay = ring_delay(r, i, b);

		count_bytes(r, bytes.len);
		if (frame_parse(bytes.bytes, bytes.len, &f) &&
		    f.type == FRAME_DATA)
			count_message(r, f.message);
		if (prng_below(&r->prng, 100) < r->options.loss_percent)
			continue;
		out = malloc(sizeof(*out) + bytes.len);
		assert(out);
		out->peer = to;
		out->len = bytes.len;
		memcpy(out->bytes, bytes.bytes, bytes.len);
		if (r->nodes[i].bad == RING_LATE && bytes.len > FRAME_ACK_LEN)
			delay += 2000 + prng_below(&r->prng, 2000);
		queue_push(&r->queue,
			   &(struct ring_event){
				   .at_ms = r->now_ms + delay,
				   .type = RING_DATAGRAM,
				   .life = (uint16_t)r->nodes[i].lives,
				   .a = (uint32_t)i,
				   .b = (uint32_t)b,
				   .out = out });
	}
}

/* An event that is there stays, also when there is nothing to do by then: see
 * on_tick. */
static void schedule_tick(struct ring *r, size_t i)
{
	struct ring_node *n = &r->nodes[i];

	if (n->due_ms >= n->tick_ms || n->due_ms == UINT64_MAX)
		return;
	n->tick_ms = n->due_ms;
	queue_push(&r->queue,
		   &(struct ring_event){ .at_ms = n->tick_ms,
					 .type = RING_TICK,
					 .a = (uint32_t)i,
					 .life = (uint16_t)n->lives });
}

void ring_drain(struct ring *r, size_t i)
{
	struct ring_node *n = &r->nodes[i];
	struct overlay_output *out;
	uint64_t due;

	if (n->peer) {
		while ((out = peer_output(n->peer, r->now_ms)))
			take(r, i, out);
		send_datagrams(r, i);
		due = peer_deadline(n->peer);
	} else {
		while ((out = overlay_output(n->core)))
			take(r, i, out);
		due = overlay_deadline(n->core);
	}
	n->due_ms = due > r->now_ms ? due : r->now_ms + 1;
	schedule_tick(r, i);
}

void ring_input(struct ring *r, size_t i, const struct overlay_input *in)
{
	if (r->nodes[i].peer)
		peer_input(r->nodes[i].peer, in, r->now_ms);
	else
		overlay_input(r->nodes[i].core, in, r->now_ms);
	ring_drain(r, i);
}

/* ---- events ---- */

/* The HIT a node had when the event was made may be an old one. */
static bool is_old(const struct ring *r, const struct ring_event *e)
{
	return !r->nodes[e->a].core ||
	       (uint16_t)r->nodes[e->a].lives != e->life;
}

static bool is_linked(const struct ring *r, size_t i, const struct hit *peer)
{
	return route_find(overlay_route(r->nodes[i].core), peer) != NULL;
}

static void on_deliver(struct ring *r, const struct ring_event *e)
{
	struct ring_node *from = &r->nodes[e->a], *to = &r->nodes[e->b];
	struct overlay_input in = { .type = OVERLAY_MESSAGE,
				    .peer = from->hit,
				    .bytes = { e->out->bytes, e->out->len } };

	/* Only what comes over an association is heard at all. */
	if (is_old(r, e)) {
		overlay_output_free(e->out);
		return;
	}
	if (!ring_reaches(r, e->a, e->b) ||
	    !hit_equal(&to->hit, &e->out->peer) ||
	    !is_linked(r, e->b, &from->hit)) {
		struct ring_event back = *e;

		back.type = RING_LOST;
		back.at_ms =
			r->now_ms + HOP_RTO_MIN_MS - ring_delay(r, e->a, e->b);
		queue_push(&r->queue, &back);
		return;
	}
	if (!adversary_takes(r, e->b, &from->hit, in.bytes))
		ring_input(r, e->b, &in);
	overlay_output_free(e->out);
}

static void on_datagram(struct ring *r, const struct ring_event *e)
{
	const struct ring_node *from = &r->nodes[e->a];
	struct ring_node *to = &r->nodes[e->b];
	struct span bytes = { e->out->bytes, e->out->len };

	if (ring_reaches(r, e->a, e->b) && !is_old(r, e) &&
	    hit_equal(&to->hit, &e->out->peer)) {
		peer_datagram(to->peer, &from->hit, bytes, r->now_ms);
		ring_drain(r, e->b);
	}
	overlay_output_free(e->out);
}

static void link_up(struct ring *r, size_t i, const struct hit *peer)
{
	struct overlay_input in = { .type = OVERLAY_UP, .peer = *peer };

	ring_input(r, i, &in);
}

static void link_down(struct ring *r, size_t i, const struct hit *peer)
{
	struct overlay_input in = { .type = OVERLAY_DOWN, .peer = *peer };

	ring_input(r, i, &in);
}

static void on_tick(struct ring *r, size_t i)
{
	struct ring_node *n = &r->nodes[i];

	n->tick_ms = UINT64_MAX;
	if (n->due_ms > r->now_ms) {
		schedule_tick(r, i); /* what was to do is done */
		return;
	}
	if (n->peer)
		peer_tick(n->peer, r->now_ms);
	else
		overlay_tick(n->core, r->now_ms);
	ring_drain(r, i);
}

static void on_event(struct ring *r, const struct ring_event *e)
{
	struct ring_node *a = &r->nodes[e->a];
	struct overlay_input in = { .type = OVERLAY_LOST };

	switch (e->type) {
	case RING_TICK:
		if (!is_old(r, e) && a->tick_ms == e->at_ms)
			on_tick(r, e->a);
		break;
	case RING_DELIVER:
		on_deliver(r, e);
		break;
	case RING_DATAGRAM:
		on_datagram(r, e);
		break;
	case RING_LOST:
		in.lost = e->out;
		if (is_old(r, e))
			overlay_output_free(e->out);
		else
			ring_input(r, e->a, &in);
		break;
	case RING_UP:
		if (!is_old(r, e) && ring_reaches(r, e->a, e->b) &&
		    hit_equal(&r->nodes[e->b].hit, &e->out->peer)) {
			link_up(r, e->b, &a->hit);
			link_up(r, e->a, &r->nodes[e->b].hit);
		}
		overlay_output_free(e->out);
		break;
	case RING_DOWN:
		if (!is_old(r, e))
			link_down(r, e->a, &e->out->peer);
		overlay_output_free(e->out);
		break;
	case RING_CLOSED:
		if (!is_old(r, e) && ring_reaches(r, e->a, e->b))
			link_down(r, e->b, &a->hit);
		break;
	default:
		ring_on_event(r, e);
		break;
	}
}

enum { LINE = 64, OUTPUT_BYTES = 512 };

static void prefetch_bytes(const void *at, size_t len)
{
	const char *p = at;

	for (size_t i = 0; p && i < len; i += LINE)
		__builtin_prefetch(p + i);
}

static const struct ring_node *node_of(const struct ring *r,
				       const struct ring_event *e)
{
	bool arrives = e->type == RING_DELIVER || e->type == RING_DATAGRAM;

	return &r->nodes[arrives ? e->b : e->a];
}

/*
 * What the next events will touch is asked for now, for with many nodes it is
 * in no cache: first a node and the message, then its core, then what the
 * core points at.
 */
static void prefetch(const struct ring *r)
{
	const struct ring_event *e = queue_ahead(&r->queue, 7);
	const struct overlay *o;

	if (e) {
		__builtin_prefetch(&r->nodes[e->a]);
		prefetch_bytes(node_of(r, e), sizeof(r->nodes[0]));
		if (e->out)
			prefetch_bytes(e->out, OUTPUT_BYTES);
	}
	e = queue_ahead(&r->queue, 4);
	o = e ? node_of(r, e)->core : NULL;
	if (o)
		prefetch_bytes(o, offsetof(struct overlay, store));
	e = queue_ahead(&r->queue, 1);
	o = e ? node_of(r, e)->core : NULL;
	if (o) {
		prefetch_bytes(o->route.tags, o->route.n);
		prefetch_bytes(o->requests, LINE);
	}
}

void ring_run(struct ring *r, uint64_t ms)
{
	uint64_t end = r->now_ms + ms;
	struct ring_event e;

	while (queue_pop(&r->queue, end, &e)) {
		prefetch(r);
		r->now_ms = e.at_ms;
		on_event(r, &e);
	}
	r->now_ms = end;
}

static void add_key(struct ring *r, const struct resource_id *key, size_t name)
{
	uint32_t hash;
	size_t i;

	memcpy(&hash, key->bytes, sizeof(hash));
	for (i = hash & (r->index_n - 1); r->index[i];)
		i = (i + 1) & (r->index_n - 1);
	r->index[i] = (uint32_t)name + 1;
}

static void make_names(struct ring *r)
{
	r->names = calloc(r->options.names + 1, sizeof(*r->names));
	for (r->index_n = 16; r->index_n < 4 * r->options.names;)
		r->index_n *= 2;
	r->index = calloc(r->index_n, sizeof(*r->index));
	assert(r->names && r->index);
	/* The last one is nobody's. */
	for (size_t i = 0; i <= r->options.names; i++) {
		struct ring_name *n = &r->names[i];
		uint8_t text[2 + sizeof(i)] = { '2', ':' };

		memcpy(text + 2, &i, sizeof(i));
		n->key.kind = RING_KIND;
		id_resource(text + 2, sizeof(i), &n->key.resource[0]);
		id_resource(text, sizeof(text), &n->key.resource[1]);
		if (i == r->options.names)
			break;
		add_key(r, &n->key.resource[0], i);
		add_key(r, &n->key.resource[1], i);
	}
}

struct ring *ring_new(const struct ring_options *options)
{
	struct ring *r = calloc(1, sizeof(*r));

	assert(r);
	r->options = *options;
	prng_init(&r->prng, options->seed);
	r->kind = (struct kind){ .id = RING_KIND,
				 .model = DATA_DICTIONARY,
				 .access = ACCESS_USER_NODE_MATCH,
				 .entries_max = 16,
				 .bytes_max = 1024 };
	r->config = (struct overlay_config){
		.overlay = 0x01020304,
		.configuration_sequence = 1,
		.kinds = &r->kind,
		.n_kinds = 1,
		.mtu = 1200,
		.env = prng_env(&r->prng),
		.check = { .message = check_message,
			   .value = check_value,
			   .ctx = r },
	};
	r->nodes = calloc(options->nodes, sizeof(*r->nodes));
	assert(r->nodes);
	make_names(r);
	return r;
}

void ring_free(struct ring *r)
{
	struct ring_event e;

	while (queue_pop(&r->queue, UINT64_MAX, &e))
		overlay_output_free(e.out);
	queue_clear(&r->queue);
	for (size_t i = 0; i < r->options.nodes; i++) {
		ring_bury(&r->nodes[i]);
	}
	free(r->nodes);
	free(r->names);
	free(r->index);
	free(r->searches);
	free(r);
}

uint64_t ring_now(const struct ring *r)
{
	return r->now_ms;
}
