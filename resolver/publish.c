/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Records of ours: RFC 6940 7.4.1. A record stands under both keys of its
 * name, signed for each. It is given to the owner of each place, and to a
 * holder of copies besides, so that no single node can make it vanish. Who
 * waits for it need not wait for one that never answers: enough is one of each
 * key, of which an owner is one, or what there is when the first have had time
 * to answer.
 */
#include "resolver/overlay_impl.h"

#include <assert.h>
#include <stdlib.h>

enum { KEYS = 2, AIMS = 2, TARGETS = KEYS * AIMS, ARG_SHIFT = 2 };

static_assert((int)TARGETS == (int)OVERLAY_COPIES_MAX, "all are counted");

enum target_state {
	TARGET_OPEN,
	TARGET_WAITS,
	TARGET_STORED,
	TARGET_REFUSED,
};

struct publish {
	struct publish *next;
	uint64_t id, serial, sign_id[KEYS];
	struct overlay_publish what; /* its spans point below */
	uint64_t storage_time_ms;
	struct excluded firsts;
	uint8_t rounds, signatures, waiting;
	bool is_enough; /* and that was told */
	enum target_state target[TARGETS];
	size_t whole_len[KEYS]; /* 0: not signed yet */
	uint8_t whole[KEYS][OVERLAY_VALUE_MAX + RELOAD_SIGNATURE_MAX + 128];
	uint8_t key[ID_LEN], data[OVERLAY_VALUE_MAX];
};

static bool is_stored(const struct publish *p, unsigned int key)
{
	for (unsigned int i = key; i < TARGETS; i += KEYS)
		if (p->target[i] == TARGET_STORED)
			return true;
	return false;
}

static void end(struct overlay *o, struct publish *p)
{
	struct overlay_output *out = output_new(o, OVERLAY_STORED, 0);
	struct publish **at = &o->publishes;
	bool refused = false;

	if (out) {
		out->id = p->id;
		for (size_t i = 0; i < TARGETS; i++) {
			out->copies += p->target[i] == TARGET_STORED;
			refused |= p->target[i] == TARGET_REFUSED;
		}
		out->is_whole = is_stored(p, 0) && is_stored(p, 1);
		out->result = out->copies > 0 ? OVERLAY_FOUND
			      : refused	      ? OVERLAY_ABSENT
					      : OVERLAY_UNREACHABLE;
		output_push(o, out);
	}
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	o->n_publishes--;
	free(p);
}

/* The value in the form that is signed; its parts are in p. */
static struct stored write_value(const struct overlay *o,
				 const struct publish *p,
				 const struct kind *kind, struct wr *w)
{
	struct stored v = { .storage_time_ms = p->storage_time_ms,
			    .lifetime_s = p->what.lifetime_s,
			    .key = p->what.key,
			    .exists = p->what.exists,
			    .data = p->what.data };

	stored_value_write(w, kind->model, &v);
	v.value = (struct span){ w->start, wr_len(w) };
	v.signature.identity = o->identity;
	v.signature.identity_len = sizeof(o->identity);
	return v;
}

static bool ask_signature(struct overlay *o, struct publish *p,
			  unsigned int key)
{
	const struct kind *kind = store_kind(&o->store, p->what.kind);
	uint8_t value[OVERLAY_VALUE_MAX + 64];
	uint8_t signed_part[sizeof(value) + 128];
	struct wr w = wr_init(value, sizeof(value));
	struct overlay_output *out;
	struct stored v = write_value(o, p, kind, &w);

	if (wr_failed(&w))
		return false;
	w = wr_init(signed_part, sizeof(signed_part));
	stored_signed_write(&w, &p->what.resource[key], kind->id, kind->model,
			    &v);
	out = output_new(o, OVERLAY_SIGN, wr_len(&w));
	if (!out || wr_failed(&w)) {
		overlay_output_free(out);
		return false;
	}
	memcpy(out->bytes, signed_part, wr_len(&w));
	out->id = p->sign_id[key] = o->next_id++;
	output_push(o, out);
	return true;
}

static void store_at(struct overlay *o, struct publish *p, unsigned int i)
{
	unsigned int key = i % KEYS, aim = i / KEYS;
	uint8_t body[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(body, sizeof(body));
	struct resource_id place;
	struct store_writer s;
	struct link *first;
	struct asking a = { .purpose = PURPOSE_STORE,
			    .arg = p->serial << ARG_SHIFT | i,
			    .tries = 1,
			    .wait_ms = 2 * REQUEST_FIRST_MS,
			    .code = RELOAD_STORE_REQ,
			    .n_to = 1,
			    .tried = &p->firsts };

	id_to_resource(search_aim(o, &p->what.resource[key], aim), &place);
	a.to[0] = destination_resource(&place);
	s = store_req_begin(&w, &p->what.resource[key], 0, p->what.kind, 0);
	wr_bytes(&w, p->whole[key], p->whole_len[key]);
	store_req_end(&w, &s);
	a.body = (struct span){ body, wr_len(&w) };
	first = forward_first(o, &a.to[0], &p->firsts);
	if (!first || p->firsts.n == ROUTE_EXCLUDED_MAX)
		p->firsts.n = 0;
	if (wr_failed(&w) || !request_start(o, &a))
		return;
	if (first && p->rounds > 1)
		(void)excluded_add(&p->firsts, &first->node); /* has room */
	p->target[i] = TARGET_WAITS;
	p->waiting++;
}

/* To all that we are linked with, under the first key. */
static void spread(struct overlay *o, const struct publish *p)
{
	uint8_t body[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(body, sizeof(body));
	struct store_writer s =
		store_req_begin(&w, &p->what.resource[0], 0, p->what.kind, 0);

	wr_bytes(&w, p->whole[0], p->whole_len[0]);
	store_req_end(&w, &s);
	if (!wr_failed(&w) && p->whole_len[0] > 0)
		news_spread(o, (struct span){ body, wr_len(&w) },
			    o->certificate, &o->route.node);
}

static void begin_round(struct overlay *o, struct publish *p)
{
	p->rounds++;
	if (p->rounds == 1 && p->what.is_news)
		spread(o, p);
	for (unsigned int i = 0; i < TARGETS; i++) {
		if (p->target[i] == TARGET_OPEN && p->whole_len[i % KEYS] > 0)
			store_at(o, p, i);
	}
	if (p->waiting == 0)
		end(o, p);
}

static bool is_acceptable(const struct overlay *o,
			  const struct overlay_publish *what)
{
	const struct kind *kind = store_kind(&o->store, what->kind);

	return kind && kind->model != DATA_ARRAY &&
	       what->data.len <= OVERLAY_VALUE_MAX && what->key.len <= ID_LEN;
}

void publish_start(struct overlay *o, const struct overlay_input *in)
{
	struct overlay_output *out;
	struct publish *p = NULL;

	if (o->n_publishes < OVERLAY_PUBLISHES_MAX &&
	    is_acceptable(o, &in->publish))
		p = calloc(1, sizeof(*p));
	if (!p) {
		out = output_new(o, OVERLAY_STORED, 0);
		if (!out)
			return;
		out->id = in->id;
		out->result = OVERLAY_ABSENT;
		output_push(o, out);
		return;
	}
	p->id = in->id;
	p->serial = o->next_id++;
	p->what = in->publish;
	if (p->what.key.len > 0)
		memcpy(p->key, p->what.key.bytes, p->what.key.len);
	if (p->what.data.len > 0)
		memcpy(p->data, p->what.data.bytes, p->what.data.len);
	p->what.key.bytes = p->key;
	p->what.data.bytes = p->data;
	p->storage_time_ms = in->publish.storage_time_ms;
	if (p->storage_time_ms == 0)
		p->storage_time_ms = overlay_wall_ms(o);
	p->next = o->publishes;
	o->publishes = p;
	o->n_publishes++;
	for (unsigned int key = 0; key < KEYS; key++)
		p->signatures += ask_signature(o, p, key);
	if (p->signatures == 0)
		end(o, p);
}

static void keep_signed(struct overlay *o, struct publish *p, unsigned int key,
			const struct overlay_input *in)
{
	const struct kind *kind = store_kind(&o->store, p->what.kind);
	uint8_t value[OVERLAY_VALUE_MAX + 64];
	struct wr w = wr_init(value, sizeof(value));
	struct stored v = write_value(o, p, kind, &w);

	v.signature.hash_alg = in->signature.hash_alg;
	v.signature.sig_alg = in->signature.sig_alg;
	v.signature.value = in->signature.value.bytes;
	v.signature.value_len = in->signature.value.len;
	w = wr_init(p->whole[key], sizeof(p->whole[key]));
	stored_write(&w, &v);
	if (!wr_failed(&w))
		p->whole_len[key] = wr_len(&w);
}

bool publish_on_signed(struct overlay *o, const struct overlay_input *in)
{
	for (struct publish *p = o->publishes; p; p = p->next) {
		for (unsigned int key = 0; key < KEYS; key++) {
			if (p->sign_id[key] != in->id ||
			    p->whole_len[key] > 0 || p->signatures == 0)
				continue;
			if (in->signature.value.len > 0 &&
			    in->signature.value.len <= RELOAD_SIGNATURE_MAX)
				keep_signed(o, p, key, in);
			if (--p->signatures == 0)
				begin_round(o, p);
			return true;
		}
	}
	return false;
}

/* Once, and while it goes on. */
static void tell_enough(struct overlay *o, struct publish *p)
{
	bool first = is_stored(p, 0), second = is_stored(p, 1);
	bool by_owner =
		p->target[0] == TARGET_STORED || p->target[1] == TARGET_STORED;
	struct overlay_output *out;

	if (p->is_enough || !(first || second) ||
	    (!(first && second && by_owner) && p->waiting > 0))
		return;
	out = output_new(o, OVERLAY_STORED_ENOUGH, 0);
	if (!out)
		return; /* at a limit: what comes at the end says it */
	out->id = p->id;
	output_push(o, out);
	p->is_enough = true;
}

/* Those of the authority have the times of their making, so it is there. */
static bool has_it_already(const struct overlay *o, const struct publish *p,
			   const struct reply *r)
{
	const struct kind *kind = store_kind(&o->store, p->what.kind);

	return r->error == RELOAD_ERROR_DATA_TOO_OLD && kind &&
	       kind->access == ACCESS_AUTHORITY;
}

void publish_on_reply(struct overlay *o, const struct reply *r)
{
	unsigned int i = r->arg & (TARGETS - 1);
	struct publish *p = o->publishes;
	bool open = false;

	while (p && p->serial != r->arg >> ARG_SHIFT)
		p = p->next;
	if (!p)
		return;
	p->waiting--;
	if (r->d && (r->error == 0 || has_it_already(o, p, r)))
		p->target[i] = TARGET_STORED;
	else if (r->d &&
		 (r->error == RELOAD_ERROR_FORBIDDEN ||
		  r->error == RELOAD_ERROR_DATA_TOO_LARGE ||
		  r->error == RELOAD_ERROR_DATA_TOO_OLD) &&
		 i < KEYS)
		p->target[i] = TARGET_REFUSED; /* by the owner itself */
	else
		p->target[i] = TARGET_OPEN;
	if (p->waiting > 0) {
		tell_enough(o, p);
		return;
	}
	for (unsigned int k = 0; k < TARGETS; k++)
		open |= p->target[k] == TARGET_OPEN;
	if (!open || p->rounds == PUBLISH_ROUNDS_MAX) {
		end(o, p);
		return;
	}
	tell_enough(o, p);
	begin_round(o, p);
}

void publish_clear(struct overlay *o)
{
	while (o->publishes) {
		struct publish *p = o->publishes;

		o->publishes = p->next;
		free(p);
	}
	o->n_publishes = 0;
}
