/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a node tells of what it keeps for others: Fetch and Stat (RFC 6940
 * 7.4.2, 7.4.3). They are answered by whoever holds the place, so that a copy
 * can be asked when the owner is bad.
 */
#include "resolver/overlay_impl.h"

/* An answer to Fetch or Stat in the making. */
struct fetching {
	struct overlay *o;
	const struct delivery *d;
	struct wr w;
	struct span certificates[CERTIFICATES_MAX - 1];
	size_t n_certificates;
	bool stat, any;
};

static void add_certificate(struct fetching *f, struct span c)
{
	for (size_t i = 0; i < f->n_certificates; i++) {
		if (f->certificates[i].len == c.len &&
		    memcmp(f->certificates[i].bytes, c.bytes, c.len) == 0)
			return;
	}
	if (c.len == 0 || f->stat)
		return;
	if (f->n_certificates == CERTIFICATES_MAX - 1) {
		f->w.failed = true; /* too much for one answer */
		return;
	}
	f->certificates[f->n_certificates++] = c;
}

static void write_value(struct fetching *f, enum data_model model,
			const struct stored *v)
{
	uint8_t hash[32];

	if (!f->stat) {
		stored_write(&f->w, v);
		return;
	}
	/* 7.4.3.2: over the value with its length. */
	id_sha256(v->data.bytes - 4, v->data.len + 4, hash);
	stored_meta_write(&f->w, model, v, hash);
}

/* What a specifier asks for: keys of a dictionary, ranges of an array. */
struct selection {
	struct span keys[FETCH_KEYS_MAX];
	size_t n_keys;
	struct rd ranges;
};

static bool selects(const struct selection *s, enum data_model model,
		    const struct stored *v)
{
	struct rd ranges = s->ranges;
	uint32_t first, last;

	if (model == DATA_SINGLE)
		return true;
	if (model == DATA_ARRAY) {
		while (fetch_range_next(&ranges, &first, &last)) {
			if (v->index >= first && v->index <= last)
				return true;
		}
		return false;
	}
	for (size_t i = 0; i < s->n_keys; i++) {
		if (s->keys[i].len == v->key.len &&
		    memcmp(s->keys[i].bytes, v->key.bytes, v->key.len) == 0)
			return true;
	}
	return s->n_keys == 0;
}

static enum reload_error fetch_kind(struct fetching *f,
				    const struct resource_id *resource,
				    const struct fetch_specifier *spec)
{
	const struct kind *kind = store_kind(&f->o->store, spec->kind);
	struct selection s = { .n_keys = 0 };
	const struct place *p;
	struct store_writer at;

	if (!kind)
		return RELOAD_ERROR_UNKNOWN_KIND;
	if ((kind->model == DATA_DICTIONARY &&
	     !fetch_keys_parse(spec->model, s.keys, &s.n_keys)) ||
	    (kind->model == DATA_ARRAY &&
	     !fetch_ranges_parse(spec->model, &s.ranges)))
		return RELOAD_ERROR_INVALID_MESSAGE;
	p = store_find(&f->o->store, resource, spec->kind);
	at = fetch_ans_begin(&f->w, spec->kind, p ? p->generation : 0);
	for (const struct record *r = p ? p->records : NULL; r; r = r->next) {
		struct stored v;

		record_stored(p, r, overlay_wall_ms(f->o), &v);
		if (v.lifetime_s == 0 || !selects(&s, kind->model, &v))
			continue;
		write_value(f, kind->model, &v);
		add_certificate(f, record_certificate(r));
		f->any = true;
	}
	fetch_ans_end(&f->w, &at);
	return 0;
}

static size_t answer_len(const struct fetching *f)
{
	size_t len = wr_len(&f->w);

	for (size_t i = 0; i < f->n_certificates; i++)
		len += f->certificates[i].len;
	return len;
}

void fetching_on_fetch(struct overlay *o, const struct delivery *d)
{
	enum { ROOM = 1200 }; /* for lists, our certificate, a signature */
	uint8_t body[RELOAD_MESSAGE_MAX];
	struct fetching f = { .o = o,
			      .d = d,
			      .w = wr_init(body, sizeof(body)),
			      .stat = d->m.code == RELOAD_STAT_REQ };
	struct fetch_specifier spec;
	struct fetch_req req;
	enum reload_error error = 0;

	if (!fetch_req_parse(rd_init(d->m.body.bytes, d->m.body.len), &req)) {
		forward_refuse(o, d, RELOAD_ERROR_INVALID_MESSAGE);
		return;
	}
	while (!error && fetch_specifier_next(&req.specifiers, &spec))
		error = fetch_kind(&f, &req.resource, &spec);
	if (!error && !rd_done(&req.specifiers))
		error = RELOAD_ERROR_INVALID_MESSAGE;
	if (!error && !f.any)
		error = RELOAD_ERROR_NOT_FOUND;
	if (!error &&
	    (wr_failed(&f.w) || answer_len(&f) > RELOAD_MESSAGE_MAX - ROOM ||
	     (d->m.header.max_response_length != 0 &&
	      answer_len(&f) > d->m.header.max_response_length)))
		error = RELOAD_ERROR_RESPONSE_TOO_LARGE;
	if (error) {
		forward_refuse(o, d, error);
		return;
	}
	forward_answer_with(o, d, f.stat ? RELOAD_STAT_ANS : RELOAD_FETCH_ANS,
			    (struct span){ body, wr_len(&f.w) }, f.certificates,
			    f.n_certificates);
}
