/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* A node under test, see member.h. */
#include "tests/unit/member.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNATURE_LEN = 64, SPOILED_AT = 40 };

static const struct kind kinds[] = {
	{ MEMBER_DICTIONARY, DATA_DICTIONARY, ACCESS_USER_NODE_MATCH, 4, 512 },
	{ MEMBER_SINGLE, DATA_SINGLE, ACCESS_NODE_MATCH, 1, 64 },
	{ MEMBER_ARRAY, DATA_ARRAY, ACCESS_NODE_MATCH, 16, 64 },
	{ MEMBER_AUTHORITY, DATA_SINGLE, ACCESS_AUTHORITY, 1, 64 },
};

struct hit member_hit(uint32_t n)
{
	struct hit h = { { 0x20, 0x01, 0x00, 0x22 } };

	memcpy(h.bytes + 12, &n, sizeof(n));
	return h;
}

/* The same numbers every time. */
static void draw(void *ctx, void *buf, size_t len)
{
	struct member *m = ctx;
	uint8_t *at = buf;

	for (size_t i = 0; i < len; i++) {
		m->drawn = m->drawn * 1664525 + 1013904223;
		at[i] = (uint8_t)(m->drawn >> 24);
	}
}

static bool holds(const struct reload_signature *s, struct hit *signer)
{
	if (s->value_len != SIGNATURE_LEN)
		return false;
	memcpy(signer->bytes, s->value, ID_LEN);
	return s->value[SPOILED_AT] == 0;
}

static bool check_message(void *ctx, const struct message *m,
			  struct hit *signer)
{
	(void)ctx;
	return holds(&m->signature, signer);
}

static bool check_value(void *ctx, const struct overlay_claim *c,
			struct overlay_proof *proof)
{
	const struct member *m = ctx;

	proof->proven = !m->unproven;
	proof->certificate = c->n_certificates;
	return m->values_hold && holds(&c->value->signature, &proof->signer);
}

static enum overlay_news check_news(void *ctx, const struct overlay_claim *c)
{
	const struct member *m = ctx;

	assert(c->kind->access == ACCESS_AUTHORITY);
	return m->news;
}

void member_init(struct member *m, bool founder)
{
	*m = (struct member){ .hit = member_hit(0), .values_hold = true };
	m->config = (struct overlay_config){
		.overlay = MEMBER_OVERLAY,
		.kinds = kinds,
		.n_kinds = sizeof(kinds) / sizeof(kinds[0]),
		.mtu = 1200,
		.env = { .random = draw, .ctx = m },
		.check = { .message = check_message,
			   .value = check_value,
			   .news = check_news,
			   .ctx = m },
	};
	m->core = overlay_new(&m->config, &m->hit,
			      (struct span){ m->hit.bytes, ID_LEN }, founder,
			      MEMBER_WALL_MS, 0);
	assert(m->core);
}

static void forget(struct member *m)
{
	while (m->n > 0)
		overlay_output_free(m->out[--m->n]);
}

void member_clear(struct member *m)
{
	forget(m);
	overlay_free(m->core);
}

static void sign(struct member *m, const struct overlay_output *out)
{
	uint8_t value[SIGNATURE_LEN] = { 0 };
	struct overlay_input in = { .type = OVERLAY_SIGNED, .id = out->id };

	memcpy(value, m->hit.bytes, ID_LEN);
	in.signature.hash_alg = 8;
	in.signature.sig_alg = 7;
	if (!m->mute)
		in.signature.value = (struct span){ value, sizeof(value) };
	overlay_input(m->core, &in, m->now_ms);
}

static void collect(struct member *m)
{
	struct overlay_output *out;

	while ((out = overlay_output(m->core))) {
		if (out->type == OVERLAY_SIGN)
			sign(m, out);
		if (out->type == OVERLAY_SIGN || m->n == MEMBER_OUT_MAX)
			overlay_output_free(out);
		else
			m->out[m->n++] = out;
	}
}

void member_input(struct member *m, const struct overlay_input *in)
{
	forget(m);
	overlay_input(m->core, in, m->now_ms);
	collect(m);
}

void member_pass(struct member *m, uint64_t ms)
{
	uint64_t end = m->now_ms + ms;

	forget(m);
	while (overlay_deadline(m->core) <= end) {
		uint64_t due = overlay_deadline(m->core);

		m->now_ms = due > m->now_ms ? due : m->now_ms + 1;
		overlay_tick(m->core, m->now_ms);
		collect(m);
	}
	m->now_ms = end;
}

void member_up(struct member *m, const struct hit *peer)
{
	member_input(m, &(struct overlay_input){ .type = OVERLAY_UP,
						 .peer = *peer });
}

void member_down(struct member *m, const struct hit *peer)
{
	member_input(m, &(struct overlay_input){ .type = OVERLAY_DOWN,
						 .peer = *peer });
}

void member_receive(struct member *m, const struct hit *from, struct span bytes)
{
	member_input(m, &(struct overlay_input){ .type = OVERLAY_MESSAGE,
						 .peer = *from,
						 .bytes = bytes });
}

struct letter member_letter(const struct member *m, uint16_t code,
			    struct span body)
{
	struct letter l = { .code = code, .body = body };

	l.header.overlay = MEMBER_OVERLAY;
	l.header.ttl = 20;
	l.header.last_fragment = true;
	l.header.transaction_id = 7;
	l.header.destination.n = 1;
	l.header.destination.at[0] = destination_node(&m->hit);
	return l;
}

size_t member_write(const struct letter *l, uint8_t *out, size_t cap)
{
	uint8_t tail[RELOAD_MESSAGE_MAX], identity[64];
	uint8_t value[SIGNATURE_LEN] = { 0 };
	const uint8_t hash[32] = { 0 };
	struct wr w = wr_init(tail, sizeof(tail));
	struct wr i = wr_init(identity, sizeof(identity));
	struct wr o = wr_init(out, cap);
	struct reload_signature s = { .hash_alg = 8,
				      .sig_alg = 7,
				      .identity = identity,
				      .value = value,
				      .value_len = sizeof(value) };

	memcpy(value, l->signer.bytes, ID_LEN);
	value[SPOILED_AT] = l->spoiled;
	signer_identity_write(&i, hash);
	s.identity_len = wr_len(&i);
	contents_write(&w, l->code, l->body.bytes, l->body.len);
	security_write(&w, NULL, 0, &s);
	forwarding_write(&o, &l->header, wr_len(&w));
	wr_bytes(&o, tail, wr_len(&w));
	assert(!wr_failed(&o));
	return wr_len(&o);
}

void member_post(struct member *m, const struct hit *from,
		 const struct letter *l)
{
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	size_t len = member_write(l, bytes, sizeof(bytes));

	member_receive(m, from, (struct span){ bytes, len });
}

void member_meet(struct member *m, const struct hit *peer)
{
	static struct chord_update u = { .type = CHORD_PEER_READY };
	uint8_t body[64];
	struct wr w = wr_init(body, sizeof(body));
	struct letter l;

	member_up(m, peer);
	chord_update_write(&w, &u);
	l = member_letter(m, RELOAD_UPDATE_REQ,
			  (struct span){ body, wr_len(&w) });
	l.signer = *peer;
	member_post(m, peer, &l);
}

bool member_sent(const struct member *m, const struct hit *to, size_t n,
		 struct message *out)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct overlay_output *o = m->out[i];

		if (o->type == OVERLAY_SEND && hit_equal(&o->peer, to) &&
		    n-- == 0)
			return message_parse(o->bytes, o->len, out) ==
			       MESSAGE_OK;
	}
	return false;
}

uint16_t member_answer(const struct member *m, const struct hit *to)
{
	struct message sent;

	return member_sent(m, to, 0, &sent) ? sent.code : 0;
}

uint16_t member_error(const struct member *m, const struct hit *to)
{
	struct message sent;
	struct error_body e;

	if (!member_sent(m, to, 0, &sent) || sent.code != RELOAD_ERROR ||
	    !error_parse(rd_init(sent.body.bytes, sent.body.len), &e))
		return 0;
	return e.code;
}

struct overlay_output *member_find(const struct member *m,
				   enum overlay_output_type type)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->out[i]->type == type)
			return m->out[i];
	}
	return NULL;
}

static size_t store_body(uint32_t kind, const struct hit *signer,
			 const struct resource_id *at, uint8_t replica,
			 uint64_t storage_time_ms, struct wr *w)
{
	enum data_model model =
		kind == MEMBER_DICTIONARY ? DATA_DICTIONARY : DATA_SINGLE;
	uint8_t value[128], identity[64], signature[SIGNATURE_LEN] = { 0 };
	const uint8_t hash[32] = { 0 };
	struct wr v = wr_init(value, sizeof(value));
	struct wr i = wr_init(identity, sizeof(identity));
	struct store_writer sw;
	struct stored s = { .storage_time_ms = storage_time_ms,
			    .lifetime_s = 3600,
			    .key = { signer->bytes, ID_LEN },
			    .exists = true,
			    .data = { signer->bytes, ID_LEN } };

	memcpy(signature, signer->bytes, ID_LEN);
	stored_value_write(&v, model, &s);
	s.value = (struct span){ value, wr_len(&v) };
	signer_identity_write(&i, hash);
	s.signature =
		(struct reload_signature){ .hash_alg = 8,
					   .sig_alg = 7,
					   .identity = identity,
					   .identity_len = wr_len(&i),
					   .value = signature,
					   .value_len = sizeof(signature) };
	sw = store_req_begin(w, at, replica, kind, 0);
	stored_write(w, &s);
	store_req_end(w, &sw);
	assert(!wr_failed(w));
	return wr_len(w);
}

size_t member_store_body(const struct hit *signer, const struct resource_id *at,
			 uint8_t replica, uint64_t storage_time_ms,
			 uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);

	return store_body(MEMBER_DICTIONARY, signer, at, replica,
			  storage_time_ms, &w);
}

size_t member_store_kind(uint32_t kind, const struct hit *signer,
			 const struct resource_id *at, uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);

	return store_body(kind, signer, at, 0, MEMBER_WALL_MS, &w);
}
