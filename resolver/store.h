/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The records that a node keeps for others: RFC 6940 7.2, 7.4.1. Signatures
 * and access have been verified by the caller; here are times, generations,
 * sizes and quotas. Time is the wall clock's, because records carry it. What
 * shall survive a restart is written elsewhere and put in again.
 */
#ifndef HIPLINE_STORE_H
#define HIPLINE_STORE_H

#include "daemon/base/table.h"
#include "resolver/stored.h"

enum {
	STORE_RECORDS_MAX = 65536,
	STORE_PER_SIGNER_MAX = 64,
	STORE_KINDS_MAX = 8,
	STORE_UNPROVEN_MAX = 2, /* of a name */
	STORE_CERTIFICATE_MAX = 2048,
	STORE_LIFETIME_MAX_S = 86400,
	STORE_SKEW_MS = 300000, /* how wrong clocks may be */
	STORE_KEY_LEN = ID_LEN + 4,
};

/* RFC 6940 7.3.2, 7.3.3. */
enum access_policy {
	ACCESS_NODE_MATCH,
	ACCESS_USER_NODE_MATCH,
	ACCESS_AUTHORITY, /* ours: what the authority has signed itself */
};

struct kind {
	uint32_t id;
	enum data_model model;
	enum access_policy access;
	uint16_t entries_max; /* at one Resource-ID */
	uint16_t bytes_max;   /* of one value, without its signature */
};

/* One value. */
struct record {
	struct record *next;
	struct signer *signer;
	uint64_t storage_time_ms, expires_ms;
	uint16_t whole_len, certificate_len;
	bool proven;
	bool with_owner; /* of a stray: that one has answered that it has it */
	uint8_t bytes[]; /* StoredData, then the signer's certificate */
};

/* All values of one Kind at one Resource-ID. */
struct place {
	struct table_node node;
	uint8_t key[STORE_KEY_LEN];
	const struct kind *kind;
	uint64_t generation;
	struct record *records;
	size_t n;
	bool noted;  /* among the changes */
	bool given;  /* by another, or not taken: copies may be anywhere */
	bool handed; /* to its new owner, as that one joined */
	bool stray;  /* its owner is not known to have it */
	uint16_t unanswered; /* Stores of it that are under way */
	uint8_t copy_failures;
};

struct store {
	struct table places, signers;
	struct kind kinds[STORE_KINDS_MAX];
	size_t n_kinds, n_records;
	uint64_t next_expiry_ms;
	bool journal; /* changes are noted: store_take_change */
	uint8_t (*changes)[STORE_KEY_LEN];
	size_t n_changes, changes_cap;
};

/* Copies the kinds, at most STORE_KINDS_MAX. Allocates nothing yet. */
void store_init(struct store *s, const struct kind *kinds, size_t n,
		const uint8_t seed[TABLE_SEED_LEN]);
void store_clear(struct store *s);

const struct kind *store_kind(const struct store *s, uint32_t id);

/* A verified value on its way in; borrows everything. */
struct store_put {
	struct resource_id resource;
	const struct kind *kind;
	struct stored value;
	struct hit signer;
	struct span certificate;
	bool proven;  /* the certificate binds the name */
	bool replica; /* from another holder: may be what we have */
	/* What would be taken before it, into slots that are free: of this
	 * Kind, and in all. It counts as if it were there (store_check). */
	uint16_t beside, beside_all;
};

enum store_result {
	STORE_TAKEN,
	STORE_SAME,	  /* a replica that we have already */
	STORE_TOO_OLD,	  /* not newer than what it would replace */
	STORE_WRONG_TIME, /* expired, or from the future */
	STORE_TOO_LARGE,
	STORE_QUOTA, /* of the signer, of the name, or of the store */
	STORE_NO_MEMORY,
};

/* What store_put would answer; changes nothing. */
enum store_result store_check(const struct store *s, const struct store_put *p,
			      uint64_t wall_ms);

/* Whether a value stands where this one would. */
bool store_has(const struct store *s, const struct store_put *p);

/*
 * Takes a copy. Raises the generation of its place, but not for a replica:
 * its generation is the message's (store_set_generation).
 */
enum store_result store_put(struct store *s, const struct store_put *p,
			    uint64_t wall_ms);

struct place *store_find(const struct store *s,
			 const struct resource_id *resource, uint32_t kind);
void store_set_generation(struct place *p, uint64_t generation);
void store_resource(const struct place *p, struct resource_id *out);

/* The value of a record, its lifetime what is left of it (7.4.1.1). */
void record_stored(const struct place *p, const struct record *r,
		   uint64_t wall_ms, struct stored *out);
struct span record_certificate(const struct record *r);

/* Forgets a place with all its records. */
void store_drop(struct store *s, struct place *p);

/* Forgets the records whose certificates are such, as a word of `fn`. */
void store_drop_if(struct store *s, bool (*fn)(void *ctx, struct span c),
		   void *ctx);

/* From now on it is noted which places change or go. */
void store_begin_journal(struct store *s);

/* One place that has changed, or is gone, since it was last taken. */
struct store_change {
	struct resource_id resource;
	uint32_t kind;
};
bool store_take_change(struct store *s, struct store_change *out);
/* One that was taken is to be taken again. */
void store_return_change(struct store *s, const struct store_change *c);

/* Forgets what has expired; cheap when there is nothing. */
void store_expire(struct store *s, uint64_t wall_ms);

size_t store_count(const struct store *s);

/* All places in no order; the one given last may be dropped meanwhile. */
struct table_iter store_iterate(const struct store *s);

#endif
