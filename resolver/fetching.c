/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a node tells of what it keeps for others: Fetch and Stat (RFC 6940
 * 7.4.2, 7.4.3). They are answered by whoever holds the place, so that a copy
 * can be asked when the owner is bad. That something is not there (7.4.2.2)
 * says only who owns the place or is to hold a copy; anybody else has not
 * found it.
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
	bool is_ours; /* the place: what is not here is not there */
	struct unknown_kinds unknown;
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
	enum data_model model;
	struct span keys[FETCH_KEYS_MAX];
	size_t n_keys;
	struct rd ranges;
	uint32_t end; /* of the array: behind its last element */
};

static bool selection_parse(const struct kind *kind, struct rd model,
			    struct selection *s)
{
	*s = (struct selection){ .model = kind->model };
	if (kind->model == DATA_DICTIONARY)
		return fetch_keys_parse(model, s->keys, &s->n_keys);
	return kind->model != DATA_ARRAY ||
	       fetch_ranges_parse(model, &s->ranges);
}

static bool is_same_key(struct span a, struct span b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

static bool selects(const struct selection *s, const struct stored *v)
{
	struct rd ranges = s->ranges;
	uint32_t first, last;

	if (s->model == DATA_SINGLE)
		return true;
	if (s->model == DATA_ARRAY) {
		while (fetch_range_next(&ranges, &first, &last)) {
			/* 7.4.2.1: the highest number is the last element. */
			if (v->index >= first && v->index <= last &&
			    (last != UINT32_MAX || v->index < s->end))
				return true;
		}
		return false;
	}
	for (size_t i = 0; i < s->n_keys; i++) {
		if (is_same_key(s->keys[i], v->key))
			return true;
	}
	return s->n_keys == 0;
}

/* The value of a record; false when its time is over. */
static bool is_live(const struct overlay *o, const struct place *p,
		    const struct record *r, struct stored *out)
{
	record_stored(p, r, overlay_wall_ms(o), out);
	return out->lifetime_s > 0;
}

/* Whether there is a value where *v would stand. */
static bool is_held(const struct overlay *o, const struct place *p,
		    const struct stored *v)
{
	struct stored have;

	for (const struct record *r = p ? p->records : NULL; r; r = r->next) {
		if (is_live(o, p, r, &have) && have.index == v->index &&
		    is_same_key(have.key, v->key))
			return true;
	}
	return false;
}

/* How many elements could be named that are not there. */
static size_t n_named(const struct selection *s, const struct kind *kind)
{
	if (kind->model == DATA_DICTIONARY)
		return s->n_keys;
	return kind->model == DATA_ARRAY ? kind->entries_max : 1;
}

/* The i-th of those. */
static struct stored named(const struct selection *s, size_t i)
{
	struct stored v = { .exists = false };

	if (s->model == DATA_DICTIONARY)
		v.key = s->keys[i];
	if (s->model == DATA_ARRAY)
		v.index = (uint32_t)i;
	return v;
}

/* 7.4.2.2: a synthetic value for what was asked for and is not there. */
static void write_absent(struct fetching *f, enum data_model model,
			 const struct stored *v)
{
	static const uint8_t none[4] = { 0 }; /* no value, with its length */
	uint8_t hash[32];

	if (!f->stat) {
		stored_absent_write(&f->w, model, v->index, v->key);
		return;
	}
	id_sha256(none, sizeof(none), hash);
	stored_meta_write(&f->w, model, v, hash);
}

static void write_values(struct fetching *f, const struct place *p,
			 struct selection *s)
{
	struct stored v;

	for (const struct record *r = p ? p->records : NULL; r; r = r->next) {
		if (!is_live(f->o, p, r, &v))
			continue;
		if (v.index >= s->end)
			s->end = v.index + 1;
		if (!selects(s, &v))
			continue;
		write_value(f, s->model, &v);
		add_certificate(f, record_certificate(r));
		f->any = true;
	}
}

static enum reload_error fetch_kind(struct fetching *f,
				    const struct resource_id *resource,
				    const struct fetch_specifier *spec)
{
	const struct kind *kind = store_kind(&f->o->store, spec->kind);
	const struct place *p;
	struct store_writer at;
	struct selection s;

	if (!kind) {
		unknown_kinds_add(&f->unknown, spec->kind);
		return 0;
	}
	if (!selection_parse(kind, spec->model, &s))
		return RELOAD_ERROR_INVALID_MESSAGE;
	p = store_find(&f->o->store, resource, spec->kind);
	at = fetch_ans_begin(&f->w, spec->kind, p ? p->generation : 0);
	/* 7.4.2.1: who knows that generation has all of it. */
	if (p && spec->generation == p->generation) {
		fetch_ans_end(&f->w, &at);
		f->any = true;
		return 0;
	}
	write_values(f, p, &s);
	for (size_t i = 0; f->is_ours && i < n_named(&s, kind); i++) {
		struct stored v = named(&s, i);

		if (selects(&s, &v) && !is_held(f->o, p, &v))
			write_absent(f, s.model, &v);
	}
	fetch_ans_end(&f->w, &at);
	return 0;
}

/* All that one specifier asks for, as far as one can know who does not own
 * the place: of an array, nothing. */
static bool has_all(const struct overlay *o, const struct fetch_req *req,
		    const struct fetch_specifier *spec)
{
	const struct kind *kind = store_kind(&o->store, spec->kind);
	const struct place *p =
		store_find(&o->store, &req->resource, spec->kind);
	struct selection s;
	struct stored v;

	if (!p || kind->model == DATA_ARRAY ||
	    !selection_parse(kind, spec->model, &s))
		return false;
	for (size_t i = 0; i < n_named(&s, kind); i++) {
		v = named(&s, i);
		if (!is_held(o, p, &v))
			return false;
	}
	for (const struct record *r = p->records; r; r = r->next) {
		if (is_live(o, p, r, &v))
			return true;
	}
	return false;
}

bool fetching_has(const struct overlay *o, struct fetch_req req)
{
	struct fetch_specifier spec;
	size_t n = 0;

	for (; fetch_specifier_next(&req.specifiers, &spec); n++) {
		if (!has_all(o, &req, &spec))
			return false;
	}
	return n > 0 && rd_done(&req.specifiers);
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
	f.is_ours = overlay_is_joined(o) && storing_is_ours(o, &req.resource);
	while (!error && !wr_failed(&f.w) &&
	       fetch_specifier_next(&req.specifiers, &spec))
		error = fetch_kind(&f, &req.resource, &spec);
	if (!error && !wr_failed(&f.w) && !rd_done(&req.specifiers))
		error = RELOAD_ERROR_INVALID_MESSAGE;
	if (!error && f.unknown.n > 0) {
		forward_refuse_kinds(o, d, &f.unknown);
		return;
	}
	if (!error && !f.any && !f.is_ours)
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
