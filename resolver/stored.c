/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Writing and parsing of stored data and of Store, Fetch, Stat and Find:
 * RFC 6940 7.1 to 7.4. Which Kind has which data model is the caller's
 * knowledge.
 */
#include "resolver/stored.h"

#include <assert.h>

enum {
	STORED_FIXED_LEN = 12, /* storage_time and lifetime */
	HASH_SHA256 = 4,       /* TLS HashAlgorithm */
};

/* Writes v over the four bytes at offset, which were written before. */
static void write_u32_at(struct wr *w, size_t offset, size_t v)
{
	assert(w->failed || v <= UINT32_MAX);
	wr_u16_at(w, offset, (uint16_t)(v >> 16));
	wr_u16_at(w, offset + 2, (uint16_t)v);
}

static void write_resource(struct wr *w, const struct resource_id *resource)
{
	wr_u8(w, ID_LEN);
	wr_bytes(w, resource->bytes, ID_LEN);
}

/* A ResourceId; another length fails the reader. */
static struct resource_id read_resource(struct rd *r)
{
	struct resource_id v = { 0 };
	uint8_t len = rd_u8(r);

	if (len != ID_LEN)
		r->failed = true;
	rd_copy(r, v.bytes, ID_LEN);
	return v;
}

/* What comes before the DataValue (7.2.2, 7.2.3). */
static void read_place(struct rd *r, enum data_model model, uint32_t *index,
		       struct span *key)
{
	if (model == DATA_ARRAY)
		*index = rd_u32(r);
	if (model == DATA_DICTIONARY) {
		key->len = rd_u16(r);
		key->bytes = rd_bytes(r, key->len);
	}
}

static void write_place(struct wr *w, enum data_model model, uint32_t index,
			struct span key)
{
	if (model == DATA_ARRAY)
		wr_u32(w, index);
	if (model == DATA_DICTIONARY) {
		assert(key.len <= UINT16_MAX);
		wr_u16(w, (uint16_t)key.len);
		wr_bytes(w, key.bytes, key.len);
	}
}

static bool parse_value(struct rd *r, enum data_model model, struct stored *v)
{
	uint8_t exists;

	v->value.bytes = r->p;
	read_place(r, model, &v->index, &v->key);
	exists = rd_u8(r);
	v->data.len = rd_u32(r);
	v->data.bytes = rd_bytes(r, v->data.len);
	if (rd_failed(r) || exists > 1)
		return false;
	v->exists = exists != 0;
	v->value.len = (size_t)(r->p - v->value.bytes);
	return true;
}

bool stored_next(struct rd *r, enum data_model model, struct stored *out)
{
	struct stored v = { 0 };
	struct rd inner;
	uint32_t len;

	if (rd_left(r) == 0)
		return false;
	v.whole.bytes = r->p;
	len = rd_u32(r);
	inner = rd_sub(r, len);
	if (rd_failed(r))
		return false;
	v.whole.len = (size_t)(r->p - v.whole.bytes);
	v.storage_time_ms = rd_u64(&inner);
	v.lifetime_s = rd_u32(&inner);
	if (!parse_value(&inner, model, &v) ||
	    signature_element_parse(&inner, &v.signature) != MESSAGE_OK ||
	    !rd_done(&inner)) {
		r->failed = true;
		return false;
	}
	*out = v;
	return true;
}

void stored_value_write(struct wr *w, enum data_model model,
			const struct stored *v)
{
	write_place(w, model, v->index, v->key);
	wr_u8(w, v->exists);
	wr_u32(w, (uint32_t)v->data.len);
	wr_bytes(w, v->data.bytes, v->data.len);
}

void stored_write(struct wr *w, const struct stored *v)
{
	size_t at = wr_len(w);

	wr_u32(w, 0);
	wr_u64(w, v->storage_time_ms);
	wr_u32(w, v->lifetime_s);
	wr_bytes(w, v->value.bytes, v->value.len);
	signature_element_write(w, &v->signature);
	write_u32_at(w, at, wr_len(w) - at - 4);
}

void stored_signed_write(struct wr *w, const struct resource_id *resource,
			 uint32_t kind, enum data_model model,
			 const struct stored *v)
{
	write_resource(w, resource);
	wr_u32(w, kind);
	wr_u64(w, v->storage_time_ms);
	if (model == DATA_ARRAY) {
		/* 7.4.2.2: the index is taken as zero. */
		assert(v->value.len >= 4);
		wr_u32(w, 0);
		wr_bytes(w, v->value.bytes + 4, v->value.len - 4);
	} else {
		wr_bytes(w, v->value.bytes, v->value.len);
	}
	wr_bytes(w, v->signature.identity, v->signature.identity_len);
}

bool store_req_parse(struct rd r, struct store_req *out)
{
	struct store_req v = { 0 };
	uint32_t len;

	v.resource = read_resource(&r);
	v.replica_number = rd_u8(&r);
	len = rd_u32(&r);
	v.kinds = rd_sub(&r, len);
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

bool store_kind_next(struct rd *r, struct store_kind *out)
{
	struct store_kind v = { 0 };
	uint32_t len;

	if (rd_left(r) == 0)
		return false;
	v.kind = rd_u32(r);
	v.generation = rd_u64(r);
	len = rd_u32(r);
	v.values = rd_sub(r, len);
	if (rd_failed(r))
		return false;
	*out = v;
	return true;
}

/* One Kind's head, with the two lengths still to be set. */
static struct store_writer begin_kind(struct wr *w, uint32_t kind,
				      uint64_t generation)
{
	struct store_writer s;

	s.kinds_at = wr_len(w);
	wr_u32(w, 0);
	wr_u32(w, kind);
	wr_u64(w, generation);
	s.values_at = wr_len(w);
	wr_u32(w, 0);
	return s;
}

static void end_kind(struct wr *w, const struct store_writer *s)
{
	write_u32_at(w, s->values_at, wr_len(w) - s->values_at - 4);
	write_u32_at(w, s->kinds_at, wr_len(w) - s->kinds_at - 4);
}

struct store_writer store_req_begin(struct wr *w,
				    const struct resource_id *resource,
				    uint8_t replica_number, uint32_t kind,
				    uint64_t generation)
{
	write_resource(w, resource);
	wr_u8(w, replica_number);
	return begin_kind(w, kind, generation);
}

void store_req_end(struct wr *w, const struct store_writer *s)
{
	end_kind(w, s);
}

void store_ans_write(struct wr *w, const struct store_ans_kind *v, size_t n)
{
	size_t at = wr_len(w);

	wr_u16(w, 0);
	for (size_t i = 0; i < n; i++) {
		assert(v[i].replicas.len <= UINT16_MAX);
		wr_u32(w, v[i].kind);
		wr_u64(w, v[i].generation);
		wr_u16(w, (uint16_t)v[i].replicas.len);
		wr_bytes(w, v[i].replicas.bytes, v[i].replicas.len);
	}
	if (wr_len(w) - at - 2 > UINT16_MAX)
		w->failed = true;
	wr_u16_at(w, at, (uint16_t)(wr_len(w) - at - 2));
}

bool store_ans_parse(struct rd r, struct rd *kinds)
{
	size_t len = rd_u16(&r);
	struct rd list = rd_sub(&r, len);

	if (!rd_done(&r))
		return false;
	*kinds = list;
	return true;
}

bool store_ans_next(struct rd *r, struct store_ans_kind *out)
{
	struct store_ans_kind v = { 0 };

	if (rd_left(r) == 0)
		return false;
	v.kind = rd_u32(r);
	v.generation = rd_u64(r);
	v.replicas.len = rd_u16(r);
	v.replicas.bytes = rd_bytes(r, v.replicas.len);
	if (v.replicas.len % ID_LEN != 0)
		r->failed = true;
	if (rd_failed(r))
		return false;
	*out = v;
	return true;
}

bool fetch_req_parse(struct rd r, struct fetch_req *out)
{
	struct fetch_req v = { 0 };
	size_t len;

	v.resource = read_resource(&r);
	len = rd_u16(&r);
	v.specifiers = rd_sub(&r, len);
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

bool fetch_specifier_next(struct rd *r, struct fetch_specifier *out)
{
	struct fetch_specifier v = { 0 };
	size_t len;

	if (rd_left(r) == 0)
		return false;
	v.kind = rd_u32(r);
	v.generation = rd_u64(r);
	len = rd_u16(r);
	v.model = rd_sub(r, len);
	if (rd_failed(r))
		return false;
	*out = v;
	return true;
}

/* The vector of 2^16-1 bytes that a model specifier is; else failed. */
static struct rd specifier_list(struct rd model)
{
	size_t len = rd_u16(&model);
	struct rd list = rd_sub(&model, len);

	if (!rd_done(&model))
		list.failed = true;
	return list;
}

bool fetch_keys_parse(struct rd model, struct span keys[FETCH_KEYS_MAX],
		      size_t *n)
{
	struct rd list = specifier_list(model);
	size_t count = 0;

	while (rd_left(&list) > 0) {
		size_t len = rd_u16(&list);
		const uint8_t *bytes = rd_bytes(&list, len);

		if (rd_failed(&list) || count == FETCH_KEYS_MAX)
			return false;
		keys[count++] = (struct span){ .bytes = bytes, .len = len };
	}
	if (rd_failed(&list))
		return false;
	*n = count;
	return true;
}

bool fetch_ranges_parse(struct rd model, struct rd *ranges)
{
	struct rd list = specifier_list(model);

	if (rd_failed(&list))
		return false;
	*ranges = list;
	return true;
}

bool fetch_range_next(struct rd *ranges, uint32_t *first, uint32_t *last)
{
	uint32_t a, b;

	if (rd_left(ranges) == 0)
		return false;
	a = rd_u32(ranges);
	b = rd_u32(ranges);
	if (a > b)
		ranges->failed = true;
	if (rd_failed(ranges))
		return false;
	*first = a;
	*last = b;
	return true;
}

/* A FetchReq of one specifier whose list is written between. */
static size_t fetch_begin(struct wr *w, const struct resource_id *resource,
			  uint32_t kind)
{
	write_resource(w, resource);
	wr_u16(w, 0);
	wr_u32(w, kind);
	wr_u64(w, 0); /* any generation */
	wr_u16(w, 0);
	wr_u16(w, 0);
	return wr_len(w);
}

static void fetch_end(struct wr *w, size_t list_at)
{
	size_t list = wr_len(w) - list_at;

	if (list + 2 + 14 > UINT16_MAX) {
		w->failed = true;
		return;
	}
	wr_u16_at(w, list_at - 2, (uint16_t)list);
	wr_u16_at(w, list_at - 4, (uint16_t)(list + 2));
	wr_u16_at(w, list_at - 18, (uint16_t)(list + 2 + 14));
}

void fetch_req_write_keys(struct wr *w, const struct resource_id *resource,
			  uint32_t kind, const struct span *keys, size_t n)
{
	size_t at = fetch_begin(w, resource, kind);

	for (size_t i = 0; i < n; i++)
		write_place(w, DATA_DICTIONARY, 0, keys[i]);
	fetch_end(w, at);
}

void fetch_req_write_single(struct wr *w, const struct resource_id *resource,
			    uint32_t kind)
{
	enum { SPECIFIER_LEN = 4 + 8 + 2 };

	write_resource(w, resource);
	wr_u16(w, SPECIFIER_LEN);
	wr_u32(w, kind);
	wr_u64(w, 0);
	wr_u16(w, 0); /* of what follows: nothing */
}

void fetch_req_write_range(struct wr *w, const struct resource_id *resource,
			   uint32_t kind, uint32_t first, uint32_t last)
{
	size_t at = fetch_begin(w, resource, kind);

	wr_u32(w, first);
	wr_u32(w, last);
	fetch_end(w, at);
}

bool fetch_ans_parse(struct rd r, struct rd *kinds)
{
	uint32_t len = rd_u32(&r);
	struct rd list = rd_sub(&r, len);

	if (!rd_done(&r))
		return false;
	*kinds = list;
	return true;
}

bool fetch_ans_next(struct rd *r, struct store_kind *out)
{
	return store_kind_next(r, out);
}

struct store_writer fetch_ans_begin(struct wr *w, uint32_t kind,
				    uint64_t generation)
{
	return begin_kind(w, kind, generation);
}

void fetch_ans_end(struct wr *w, const struct store_writer *s)
{
	end_kind(w, s);
}

void stored_absent_write(struct wr *w, enum data_model model, uint32_t index,
			 struct span key)
{
	static const uint8_t none[3] = { SIGNER_NONE, 0, 0 };
	const struct reload_signature nobody = {
		.identity_type = SIGNER_NONE,
		.identity = none,
		.identity_len = sizeof(none),
	};
	size_t at = wr_len(w);

	wr_zero(w, 4 + STORED_FIXED_LEN);
	write_place(w, model, index, key);
	wr_u8(w, false);
	wr_u32(w, 0);
	signature_element_write(w, &nobody);
	write_u32_at(w, at, wr_len(w) - at - 4);
}

void stored_meta_write(struct wr *w, enum data_model model,
		       const struct stored *v, const uint8_t sha256[32])
{
	size_t at = wr_len(w);

	wr_u32(w, 0);
	wr_u64(w, v->storage_time_ms);
	wr_u32(w, v->lifetime_s);
	write_place(w, model, v->index, v->key);
	wr_u8(w, v->exists);
	wr_u32(w, (uint32_t)v->data.len);
	wr_u8(w, HASH_SHA256);
	wr_u8(w, 32);
	wr_bytes(w, sha256, 32);
	write_u32_at(w, at, wr_len(w) - at - 4);
}

bool stored_meta_next(struct rd *r, enum data_model model, struct stored *out)
{
	struct stored v = { 0 };
	struct rd inner;
	uint32_t len;
	uint8_t exists, hash_len;

	if (rd_left(r) == 0)
		return false;
	len = rd_u32(r);
	inner = rd_sub(r, len);
	v.storage_time_ms = rd_u64(&inner);
	v.lifetime_s = rd_u32(&inner);
	read_place(&inner, model, &v.index, &v.key);
	exists = rd_u8(&inner);
	rd_skip(&inner, 4 + 1); /* the value's length, the hash's algorithm */
	hash_len = rd_u8(&inner);
	rd_skip(&inner, hash_len);
	if (!rd_done(&inner) || exists > 1) {
		r->failed = true;
		return false;
	}
	v.exists = exists != 0;
	*out = v;
	return true;
}

bool find_req_parse(struct rd r, struct find_req *out)
{
	struct find_req v = { 0 };
	size_t len;

	v.resource = read_resource(&r);
	len = rd_u8(&r);
	if (len % 4 != 0 || len / 4 > FIND_KINDS_MAX)
		return false;
	v.n = len / 4;
	for (size_t i = 0; i < v.n; i++) {
		v.kinds[i] = rd_u32(&r);
		for (size_t j = 0; j < i; j++) {
			if (v.kinds[j] == v.kinds[i])
				return false; /* 7.4.4.1: only once */
		}
	}
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

void find_req_write(struct wr *w, const struct find_req *v)
{
	assert(v->n <= FIND_KINDS_MAX);
	write_resource(w, &v->resource);
	wr_u8(w, (uint8_t)(v->n * 4));
	for (size_t i = 0; i < v->n; i++)
		wr_u32(w, v->kinds[i]);
}

bool find_ans_parse(struct rd r, struct find_ans *out)
{
	struct find_ans v = { 0 };
	size_t len = rd_u16(&r);
	struct rd list = rd_sub(&r, len);

	while (rd_left(&list) > 0) {
		if (v.n == FIND_KINDS_MAX)
			return false;
		v.at[v.n].kind = rd_u32(&list);
		v.at[v.n].closest = read_resource(&list);
		v.n++;
	}
	if (rd_failed(&list) || !rd_done(&r))
		return false;
	*out = v;
	return true;
}

void find_ans_write(struct wr *w, const struct find_ans *v)
{
	assert(v->n <= FIND_KINDS_MAX);
	wr_u16(w, (uint16_t)(v->n * (4 + 1 + ID_LEN)));
	for (size_t i = 0; i < v->n; i++) {
		wr_u32(w, v->at[i].kind);
		write_resource(w, &v->at[i].closest);
	}
}
