/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the resolver keeps on disk: records held for others, invitations and
 * certificates of the authority, hosts remembered from first use, neighbours
 * to begin with. SQLite, in one file; what a call has written is on the disk
 * when it returns, whole or not at all. This is an edge: it does I/O.
 */
#ifndef HIPLINE_DATABASE_H
#define HIPLINE_DATABASE_H

#include "daemon/base/locator.h"
#include "daemon/pki/certificate.h"
#include "resolver/id.h"

enum {
	DATABASE_VERSION = 1,
	DATABASE_SLOT_MAX = 16,
	DATABASE_ID_LEN = 32, /* of an invitation: token_id */
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
/* Forgets those that have expired, then gives each; stops when fn is false. */
__attribute__((warn_unused_result)) int
database_records(struct database *db, uint64_t wall_ms,
		 bool (*fn)(void *ctx, const struct database_record *r),
		 void *ctx);

struct database_invitation {
	uint8_t id[DATABASE_ID_LEN];
	char name[NAME_LEN_MAX + 1];
	uint64_t expires_s;
	bool device; /* beside others that have the name */
	bool spent;
	struct hit spent_by;
};

/* 0, or -EEXIST. */
__attribute__((warn_unused_result)) int
database_put_invitation(struct database *db,
			const struct database_invitation *v);
/* 0, or -ENOENT. */
__attribute__((warn_unused_result)) int
database_find_invitation(struct database *db, const uint8_t id[DATABASE_ID_LEN],
			 struct database_invitation *out);

/* A certificate that was issued; `revoked_s` is 0 while it holds. */
struct database_grant {
	uint8_t serial[CERTIFICATE_SERIAL_LEN];
	char name[NAME_LEN_MAX + 1];
	struct hit hit;
	uint64_t not_after_s, revoked_s;
};

/*
 * Spends an invitation for a host and notes the certificate that it gets, in
 * one step. 0, also when the same host has spent it before; -ENOENT,
 * -EACCES when another host has, or it was revoked since, -ETIMEDOUT when it
 * has expired: then nothing is written.
 */
__attribute__((warn_unused_result)) int
database_spend(struct database *db, const uint8_t id[DATABASE_ID_LEN],
	       const struct database_grant *grant, uint64_t now_s);

/* Whether anybody but `hit` has a certificate for a name that holds now. */
__attribute__((warn_unused_result)) int
database_name_in_use(struct database *db, const char *name,
		     const struct hit *hit, uint64_t now_s, bool *in_use);
/* Those of a name are revoked; how many held until then. */
__attribute__((warn_unused_result)) int
database_revoke_name(struct database *db, const char *name, uint64_t now_s,
		     size_t *n);
/* Revoked certificates that have not expired, for the list. */
__attribute__((warn_unused_result)) int
database_revoked(struct database *db, uint64_t now_s,
		 bool (*fn)(void *ctx, const struct database_grant *g),
		 void *ctx);

/* Hosts remembered from first use. Putting another replaces; NULL forgets.
 * Finding: 0, or -ENOENT. */
__attribute__((warn_unused_result)) int
database_put_first_use(struct database *db, const char *name,
		       const struct hit *hit);
__attribute__((warn_unused_result)) int
database_find_first_use(struct database *db, const char *name, struct hit *out);

/* Neighbours to begin with, the last seen first. */
__attribute__((warn_unused_result)) int
database_put_neighbour(struct database *db, const struct hit *hit,
		       const struct locator *at, uint64_t seen_s);
__attribute__((warn_unused_result)) int database_neighbours(
	struct database *db,
	bool (*fn)(void *ctx, const struct hit *hit, const struct locator *at),
	void *ctx);

#endif
