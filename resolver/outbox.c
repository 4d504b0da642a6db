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

enum { SIGNED_HEAD_LEN = 12, LENGTH_AT = 18 };

struct draft {
	struct draft *next;
	uint64_t id;
	struct excluded tried;
	bool with_certificate, answer;
	struct hit first; /* hop of an answer */
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

static void fill_header(const struct overlay *o, const struct envelope *e,
			struct forwarding *f)
{
	f->overlay = o->config->overlay;
	f->configuration_sequence = o->config->configuration_sequence;
	f->ttl = forward_ttl(o);
	f->last_fragment = true;
	f->fragment_offset = 0;
	f->transaction_id = e->transaction_id;
	f->max_response_length = RELOAD_MESSAGE_MAX;
	f->via.n = 0;
	f->destination.n = e->n_to;
	memcpy(f->destination.at, e->to, e->n_to * sizeof(e->to[0]));
	f->options = NULL;
	f->options_len = 0;
}

/* The draft without its first fields; NULL without memory or too long. */
static struct draft *write_draft(const struct overlay *o,
				 const struct envelope *e)
{
	static const size_t cap = RELOAD_MESSAGE_MAX;
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(bytes, cap);
	struct forwarding f;
	struct draft *d;
	size_t header, contents;

	assert(e->n_to > 0 && e->n_to <= DESTINATIONS_MAX);
	fill_header(o, e, &f);
	forwarding_write(&w, &f, 0);
	header = wr_len(&w);
	contents_write(&w, e->code, e->body.bytes, e->body.len);
	contents = wr_len(&w) - header;
	for (size_t i = 0; i < e->n_certificates; i++) {
		wr_u16(&w, (uint16_t)e->certificates[i].len);
		wr_bytes(&w, e->certificates[i].bytes, e->certificates[i].len);
	}
	if (wr_failed(&w))
		return NULL;
	d = malloc(sizeof(*d) + wr_len(&w));
	if (!d)
		return NULL;
	d->header_len = (uint16_t)header;
	d->contents_len = (uint16_t)contents;
	d->certificates_len = (uint16_t)(wr_len(&w) - header - contents);
	memcpy(d->bytes, bytes, wr_len(&w));
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
		answers += d->answer;
		over_this += d->answer && hit_equal(&d->first, &e->to[0].node);
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
	d->answer = !code_is_request(e->code);
	if (d->answer)
		d->first = e->to[0].node; /* the way back begins there */
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

static void finish(struct overlay *o, const struct draft *d,
		   const struct overlay_input *in)
{
	struct span certificates[CERTIFICATES_MAX];
	size_t n = list_certificates(o, d, certificates);
	struct reload_signature signature = {
		.hash_alg = in->signature.hash_alg,
		.sig_alg = in->signature.sig_alg,
		.identity = o->identity,
		.identity_len = sizeof(o->identity),
		.value = in->signature.value.bytes,
		.value_len = in->signature.value.len,
	};
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));

	wr_bytes(&w, d->bytes, (size_t)d->header_len + d->contents_len);
	security_write(&w, certificates, n, &signature);
	wr_u16_at(&w, LENGTH_AT, (uint16_t)wr_len(&w)); /* low half of length */
	if (!wr_failed(&w))
		forward_own(o, (struct span){ bytes, wr_len(&w) }, &d->tried);
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
