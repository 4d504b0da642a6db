/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Messages of ours: RFC 6940 6.3.3, 6.3.4. Each waits here until the caller
 * has signed it. To a neighbour goes no certificate, because the association
 * says who we are, except with what claims to be of a member; to others goes
 * ours, and those of the values inside.
 */
#include "resolver/overlay_impl.h"

#include <assert.h>
#include <stdlib.h>

enum { SIGNED_HEAD_LEN = 12, LENGTH_AT = 18, TTL_KEEP_S = 10 };

struct draft {
	struct draft *next;
	uint64_t id;
	struct excluded tried;
	bool with_certificate;
	uint16_t code;
	uint8_t n_to;
	struct destination to; /* the first; of an answer, a neighbour */
	uint16_t header_len, contents_len, certificates_len;
	uint8_t bytes[]; /* header, contents, then certificates with lengths */
};

static bool is_direct(const struct overlay *o, const struct envelope *e)
{
	return e->n_to == 1 && e->to[0].type == DESTINATION_NODE &&
	       route_find(&o->route, &e->to[0].node);
}

/* An association is no proof that we are a member. */
static bool claims_membership(const struct overlay *o, const struct envelope *e)
{
	const struct link *l;

	if (e->code == RELOAD_JOIN_REQ)
		return true;
	if (e->code != RELOAD_UPDATE_REQ)
		return false;
	l = route_find(&o->route, &e->to[0].node);
	return l && !link_has(l, LINK_SHOWN);
}

/* The size of the ring does not change from one message to the next. */
static uint8_t first_ttl(struct overlay *o)
{
	int ttl = TTL_SLACK;
	double size;

	if (o->ttl != 0 && overlay_now_s(o) - o->ttl_s < TTL_KEEP_S)
		return o->ttl;
	size = route_size(&o->route);
	while (size > 1.0 && ttl < RELOAD_TTL_MAX) {
		size /= 2.0;
		ttl++;
	}
	o->ttl = (uint8_t)(ttl < TTL_MIN ? TTL_MIN : ttl);
	o->ttl_s = overlay_now_s(o);
	return o->ttl;
}

static void fill_header(struct overlay *o, const struct envelope *e,
			struct forwarding *f)
{
	f->overlay = o->config->overlay;
	f->configuration_sequence = o->config->configuration_sequence;
	f->ttl = first_ttl(o);
	f->last_fragment = true;
	f->fragment_offset = 0;
	f->transaction_id = e->transaction_id;
	/* 6.3.2: nobody answers an answer. */
	f->max_response_length =
		code_is_request(e->code) ? RELOAD_MESSAGE_MAX : 0;
	f->via.n = 0;
	f->destination.n = e->n_to;
	memcpy(f->destination.at, e->to, e->n_to * sizeof(e->to[0]));
	f->options = NULL;
	f->options_len = 0;
}

/* How long a draft becomes, at most. */
static size_t draft_len(const struct envelope *e)
{
	enum { CONTENTS_FRAME_LEN = 10 };
	size_t len = RELOAD_HEADER_LEN + CONTENTS_FRAME_LEN + e->body.len;

	for (size_t i = 0; i < e->n_to; i++)
		len += destination_len(&e->to[i]);
	for (size_t i = 0; i < e->n_certificates; i++)
		len += 2 + e->certificates[i].len;
	return len;
}

/* The draft without its first fields; NULL without memory or too long. */
static struct draft *write_draft(struct overlay *o, const struct envelope *e)
{
	size_t header, contents, room = draft_len(e);
	struct forwarding f;
	struct draft *d;
	struct wr w;

	assert(e->n_to > 0 && e->n_to <= DESTINATIONS_MAX);
	d = room <= RELOAD_MESSAGE_MAX ? malloc(sizeof(*d) + room) : NULL;
	if (!d)
		return NULL;
	w = wr_init(d->bytes, room);
	fill_header(o, e, &f);
	forwarding_write(&w, &f, 0);
	header = wr_len(&w);
	contents_write(&w, e->code, e->body.bytes, e->body.len);
	contents = wr_len(&w) - header;
	for (size_t i = 0; i < e->n_certificates; i++) {
		wr_u16(&w, (uint16_t)e->certificates[i].len);
		wr_bytes(&w, e->certificates[i].bytes, e->certificates[i].len);
	}
	assert(!wr_failed(&w));
	d->header_len = (uint16_t)header;
	d->contents_len = (uint16_t)contents;
	d->certificates_len = (uint16_t)(wr_len(&w) - header - contents);
	return d;
}

/* Whoever asks without end does not keep us from our own requests, nor
 * others from their answers. */
static bool has_room(const struct overlay *o, const struct envelope *e)
{
	size_t answers = 0, over_this = 0;

	if (o->n_drafts >= OVERLAY_DRAFTS_MAX)
		return false;
	if (code_is_request(e->code))
		return true;
	for (const struct draft *d = o->drafts; d; d = d->next) {
		if (code_is_request(d->code))
			continue;
		answers++;
		over_this += hit_equal(&d->to.node, &e->to[0].node);
	}
	return answers < OVERLAY_ANSWERS_MAX &&
	       over_this < OVERLAY_ANSWERS_EACH;
}

void outbox_send(struct overlay *o, const struct envelope *e)
{
	struct overlay_output *sign;
	struct draft *d;
	struct wr w;
	size_t len;

	if (!has_room(o, e))
		return;
	d = write_draft(o, e);
	if (!d)
		return;
	d->code = e->code;
	d->n_to = (uint8_t)e->n_to;
	d->to = e->to[0];
	len = SIGNED_HEAD_LEN + d->contents_len + SIGNER_IDENTITY_LEN;
	sign = output_new(o, OVERLAY_SIGN, len);
	if (!sign) {
		free(d);
		return;
	}
	d->id = o->next_id++;
	d->with_certificate = !is_direct(o, e) || claims_membership(o, e);
	d->tried = e->tried ? *e->tried : (struct excluded){ .n = 0 };
	d->next = o->drafts;
	o->drafts = d;
	o->n_drafts++;
	sign->id = d->id;
	/* message_signed_write, without a parsed header. */
	w = wr_init(sign->bytes, len);
	wr_u32(&w, o->config->overlay);
	wr_u64(&w, e->transaction_id);
	wr_bytes(&w, d->bytes + d->header_len, d->contents_len);
	wr_bytes(&w, o->identity, sizeof(o->identity));
	assert(wr_len(&w) == len);
	output_push(o, sign);
}

/* The certificates of a draft; ours first. */
static size_t list_certificates(const struct overlay *o, const struct draft *d,
				struct span out[CERTIFICATES_MAX])
{
	struct rd r = rd_init(d->bytes + d->header_len + d->contents_len,
			      d->certificates_len);
	size_t n = 0;

	if (d->with_certificate && o->certificate.len > 0)
		out[n++] = o->certificate;
	while (rd_left(&r) > 0 && n < CERTIFICATES_MAX) {
		out[n].len = rd_u16(&r);
		out[n].bytes = rd_bytes(&r, out[n].len);
		n++;
	}
	return n;
}

/* All that a signed message is made of. */
struct sealed {
	const struct draft *d;
	struct span certificates[CERTIFICATES_MAX];
	size_t n_certificates, len;
	struct reload_signature signature;
};

static void write_sealed(struct wr *w, const struct sealed *s)
{
	wr_bytes(w, s->d->bytes, (size_t)s->d->header_len + s->d->contents_len);
	security_write(w, s->certificates, s->n_certificates, &s->signature);
	wr_u16_at(w, LENGTH_AT, (uint16_t)wr_len(w)); /* low half of length */
	assert(!wr_failed(w) && wr_len(w) == s->len);
}

static void send_sealed(struct overlay *o, const struct sealed *s,
			const struct link *l)
{
	struct overlay_output *out = output_new(o, OVERLAY_SEND, s->len);
	struct wr w;

	if (!out)
		return;
	w = wr_init(out->bytes, s->len);
	write_sealed(&w, s);
	out->peer = l->node;
	out->tried = s->d->tried;
	output_push(o, out);
}

/* What does not go over a link as it is; without a link, to ourselves. */
static void send_otherwise(struct overlay *o, const struct sealed *s,
			   const struct link *l)
{
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct span whole = { bytes, s->len };

	write_sealed(&w, s);
	if (l)
		forward_pieces(o, &l->node, whole, &s->d->tried);
	else
		forward_home(o, whole);
}

static void finish(struct overlay *o, const struct draft *d,
		   const struct overlay_input *in)
{
	struct link *l = forward_first(o, &d->to, &d->tried);
	struct sealed s = { .d = d };

	s.n_certificates = list_certificates(o, d, s.certificates);
	s.signature = (struct reload_signature){
		.hash_alg = in->signature.hash_alg,
		.sig_alg = in->signature.sig_alg,
		.identity = o->identity,
		.identity_len = sizeof(o->identity),
		.value = in->signature.value.bytes,
		.value_len = in->signature.value.len,
	};
	s.len = (size_t)d->header_len + d->contents_len +
		security_len(s.certificates, s.n_certificates, &s.signature);
	if (s.len > RELOAD_MESSAGE_MAX ||
	    (!l && (d->n_to != 1 || !forward_is_home(o, &d->to))))
		return;
	if (l && code_is_request(d->code))
		link_on_request(l);
	if (l && s.len <= o->config->mtu)
		send_sealed(o, &s, l);
	else
		send_otherwise(o, &s, l);
}

bool outbox_on_signed(struct overlay *o, const struct overlay_input *in)
{
	struct draft **at = &o->drafts, *d;

	while (*at && (*at)->id != in->id)
		at = &(*at)->next;
	d = *at;
	if (!d)
		return false;
	*at = d->next;
	o->n_drafts--;
	if (in->signature.value.len > 0 &&
	    in->signature.value.len <= RELOAD_SIGNATURE_MAX)
		finish(o, d, in);
	free(d);
	return true;
}

void outbox_clear(struct overlay *o)
{
	while (o->drafts) {
		struct draft *d = o->drafts;

		o->drafts = d->next;
		free(d);
	}
	o->n_drafts = 0;
}
