/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Stored data and the messages that carry it: RFC 6940 7 (StoredData, Store,
 * Fetch, Stat, Find). Values are kept in the form in which they were signed;
 * parsers answer views that borrow, and iterate instead of making arrays.
 */
#ifndef HIPLINE_STORED_H
#define HIPLINE_STORED_H

#include "resolver/message.h"

/* RFC 6940 7.2. */
enum data_model {
	DATA_SINGLE = 1,
	DATA_ARRAY = 2,
	DATA_DICTIONARY = 3,
};

enum {
	STORED_APPEND = 0xffffffffu, /* array index: behind the last */
	FETCH_KEYS_MAX = 16,
};

/* One StoredData. */
struct stored {
	uint64_t storage_time_ms; /* since 1970 */
	uint32_t lifetime_s;
	uint32_t index;	 /* array */
	struct span key; /* dictionary */
	bool exists;
	struct span data;  /* DataValue's value */
	struct span value; /* StoredDataValue as it stands: it is signed */
	struct reload_signature signature;
	struct span whole; /* from its length field on */
};

/* The next StoredData of a list; false at its end (then rd_done) or when it
 * is malformed (then r has failed). */
bool stored_next(struct rd *r, enum data_model model, struct stored *out);

/* StoredDataValue for a model. */
void stored_value_write(struct wr *w, enum data_model model,
			const struct stored *v);

/* A StoredData around a StoredDataValue that is already written. */
void stored_write(struct wr *w, const struct stored *v);

/*
 * What the signature of a value covers (7.1): ResourceId with its length
 * byte | kind | storage_time | StoredDataValue | SignerIdentity; an array's
 * index counts as 0.
 */
void stored_signed_write(struct wr *w, const struct resource_id *resource,
			 uint32_t kind, enum data_model model,
			 const struct stored *v);

/* Store (7.4.1). */
struct store_req {
	struct resource_id resource;
	uint8_t replica_number;
	struct rd kinds; /* for store_kind_next */
};
struct store_kind {
	uint32_t kind;
	uint64_t generation;
	struct rd values; /* for stored_next */
};
bool store_req_parse(struct rd r, struct store_req *out);
bool store_kind_next(struct rd *r, struct store_kind *out);
/* Head of a request; then one kind: its values are written between. */
struct store_writer {
	size_t kinds_at, values_at;
};
struct store_writer store_req_begin(struct wr *w,
				    const struct resource_id *resource,
				    uint8_t replica_number, uint32_t kind,
				    uint64_t generation);
void store_req_end(struct wr *w, const struct store_writer *s);

/* StoreAns: one kind each; the replicas are Node-IDs. */
struct store_ans_kind {
	uint32_t kind;
	uint64_t generation;
	struct span replicas;
};
void store_ans_write(struct wr *w, const struct store_ans_kind *v, size_t n);
bool store_ans_parse(struct rd r, struct rd *kinds);
bool store_ans_next(struct rd *r, struct store_ans_kind *out);

/* Fetch and Stat (7.4.2, 7.4.3) ask alike. */
struct fetch_specifier {
	uint32_t kind;
	uint64_t generation;
	struct rd model; /* ranges or keys, as the Kind's model says */
};
struct fetch_req {
	struct resource_id resource;
	struct rd specifiers;
};
bool fetch_req_parse(struct rd r, struct fetch_req *out);
bool fetch_specifier_next(struct rd *r, struct fetch_specifier *out);
/* Keys of a dictionary specifier: false when malformed or over the limit. */
bool fetch_keys_parse(struct rd model, struct span keys[FETCH_KEYS_MAX],
		      size_t *n);
/* Ranges of an array specifier: the next one, first <= last. */
bool fetch_ranges_parse(struct rd model, struct rd *ranges);
bool fetch_range_next(struct rd *ranges, uint32_t *first, uint32_t *last);
/* One Kind. `keys` for a dictionary (none: all); an array range otherwise. */
void fetch_req_write_keys(struct wr *w, const struct resource_id *resource,
			  uint32_t kind, const struct span *keys, size_t n);
/* Of a single value there is nothing more to say (7.4.2.1). */
void fetch_req_write_single(struct wr *w, const struct resource_id *resource,
			    uint32_t kind);
void fetch_req_write_range(struct wr *w, const struct resource_id *resource,
			   uint32_t kind, uint32_t first, uint32_t last);

/* FetchAns: the same shape as kinds of a Store, under a length of 4. */
bool fetch_ans_parse(struct rd r, struct rd *kinds);
bool fetch_ans_next(struct rd *r, struct store_kind *out);
struct store_writer fetch_ans_begin(struct wr *w, uint32_t kind,
				    uint64_t generation);
void fetch_ans_end(struct wr *w, const struct store_writer *s);
/* A value that is not there: exists false and no signature (7.4.2.2). */
void stored_absent_write(struct wr *w, enum data_model model, uint32_t index,
			 struct span key);

/* Metadata of a value inside StatAns (7.4.3.2), which has FetchAns' frame;
 * the hash is SHA-256 of the value with its 4 length bytes. */
void stored_meta_write(struct wr *w, enum data_model model,
		       const struct stored *v, const uint8_t sha256[32]);

/* The next metadata of a list: place, times and whether it exists; the rest
 * of *out is zero. False as stored_next. */
bool stored_meta_next(struct rd *r, enum data_model model, struct stored *out);

/* Find (7.4.4). */
enum { FIND_KINDS_MAX = 8 };
struct find_req {
	struct resource_id resource;
	uint32_t kinds[FIND_KINDS_MAX];
	size_t n;
};
bool find_req_parse(struct rd r, struct find_req *out);
void find_req_write(struct wr *w, const struct find_req *v);
struct find_ans {
	struct {
		uint32_t kind;
		struct resource_id closest;
	} at[FIND_KINDS_MAX];
	size_t n;
};
bool find_ans_parse(struct rd r, struct find_ans *out);
void find_ans_write(struct wr *w, const struct find_ans *v);

#endif
