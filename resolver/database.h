/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the resolver keeps on disk: records held for others, hosts
 * remembered from first use, neighbours to begin with. SQLite, in one file;
 * what a call has written is on the disk when it returns, whole or not at
 * all. This is an edge: it does I/O.
 */
#ifndef HIPLINE_DATABASE_H
#define HIPLINE_DATABASE_H

#include "daemon/base/locator.h"
#include "daemon/pki/certificate.h"
#include "resolver/id.h"

enum {
	DATABASE_VERSION = 1,
	DATABASE_BYTES_MAX = 256 * 1024 * 1024, /* as the store has room for */
	DATABASE_SLOT_MAX = 16,
};

struct database;

/*
 * Opens or makes a file, mode 0600. A file that is damaged is renamed to
 * PATH.broken, *set_aside set, and an empty one made. 0; -EPROTO when a newer
 * program has written it (it is left alone); or another negative errno.
 */
__attribute__((warn_unused_result)) int
database_open(const char *path, struct database **out, bool *set_aside);
void database_close(struct database *db);

/* One record; what is read is borrowed until the function returns. */
struct database_record {
	struct resource_id resource;
	uint32_t kind;
	struct span slot; /* dictionary key or index; at most SLOT_MAX */
	uint64_t generation, expires_ms;
	bool proven;
	struct span stored, certificate;
};

__attribute__((warn_unused_result)) int
database_put_record(struct database *db, const struct database_record *r);
__attribute__((warn_unused_result)) int
database_drop_record(struct database *db, const struct database_record *r);
/* All records of a Kind there. */
__attribute__((warn_unused_result)) int
database_drop_place(struct database *db, const struct resource_id *resource,
		    uint32_t kind);
/* What is written between is on the disk at the end, or not at all. */
__attribute__((warn_unused_result)) int database_begin(struct database *db);
__attribute__((warn_unused_result)) int database_end(struct database *db,
						     bool keep);
/* Forgets those that have expired, then gives each; stops when fn is false. */
__attribute__((warn_unused_result)) int
database_records(struct database *db, uint64_t wall_ms,
		 bool (*fn)(void *ctx, const struct database_record *r),
		 void *ctx);

/* Hosts remembered from first use. Putting another replaces; NULL forgets.
 * Finding: 0, or -ENOENT. */
__attribute__((warn_unused_result)) int
database_put_first_use(struct database *db, const char *name,
		       const struct hit *hit);
__attribute__((warn_unused_result)) int
database_find_first_use(struct database *db, const char *name, struct hit *out);

/* All of them, until fn is false. */
__attribute__((warn_unused_result)) int database_first_uses(
	struct database *db,
	bool (*fn)(void *ctx, const char *name, const struct hit *hit),
	void *ctx);

/* Anything else, by a key of its own: replaces. Reading: 0, -ENOENT, or
 * -E2BIG. */
__attribute__((warn_unused_result)) int database_put_about(struct database *db,
							   const char *key,
							   const void *value,
							   size_t len);
__attribute__((warn_unused_result)) int database_about(struct database *db,
						       const char *key,
						       void *out, size_t cap,
						       size_t *len);

/* Each of those whose keys begin so, until fn says false. */
__attribute__((warn_unused_result)) int
database_each_about(struct database *db, const char *prefix,
		    bool (*fn)(void *ctx, struct span key, struct span value),
		    void *ctx);
__attribute__((warn_unused_result)) int database_drop_about(struct database *db,
							    const char *key);

/* Records that have ended by then are not kept any more. */
__attribute__((warn_unused_result)) int database_expire(struct database *db,
							uint64_t wall_ms);

/* Everything that was kept of an overlay. */
__attribute__((warn_unused_result)) int
database_forget_overlay(struct database *db);

/* Neighbours to begin with, the last seen first. */
__attribute__((warn_unused_result)) int
database_put_neighbour(struct database *db, const struct hit *hit,
		       const struct locator *at, uint64_t seen_s);
__attribute__((warn_unused_result)) int database_neighbours(
	struct database *db,
	bool (*fn)(void *ctx, const struct hit *hit, const struct locator *at),
	void *ctx);

#endif
