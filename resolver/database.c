/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * SQLite with a write-ahead log that is synced at each commit: what was
 * killed half way is rolled back when the file is opened again.
 */
#include "resolver/database.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct database {
	sqlite3 *sql;
};

static const char schema[] =
	"CREATE TABLE records(resource BLOB, kind INTEGER, slot BLOB,"
	" generation INTEGER, expires_ms INTEGER, proven INTEGER,"
	" stored BLOB, certificate BLOB,"
	" PRIMARY KEY(resource, kind, slot)) WITHOUT ROWID;"
	"CREATE TABLE invitations(id BLOB PRIMARY KEY, name TEXT,"
	" expires_s INTEGER, device INTEGER, spent_by BLOB) WITHOUT ROWID;"
	"CREATE TABLE grants(serial BLOB PRIMARY KEY, name TEXT, hit BLOB,"
	" not_after_s INTEGER, revoked_s INTEGER) WITHOUT ROWID;"
	"CREATE INDEX grants_name ON grants(name);"
	"CREATE TABLE first_use(name TEXT PRIMARY KEY, hit BLOB)"
	" WITHOUT ROWID;"
	"CREATE TABLE neighbours(hit BLOB PRIMARY KEY, address BLOB,"
	" port INTEGER, seen_s INTEGER) WITHOUT ROWID;"
	"PRAGMA user_version = 1;";
static_assert(DATABASE_VERSION == 1, "the schema says so, too");

static int error_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EILSEQ;
	default:
		return -EIO;
	}
}

static int run(struct database *db, const char *text)
{
	return error_of(sqlite3_exec(db->sql, text, NULL, NULL, NULL));
}

/* A statement with its parameters bound one after the other. */
struct query {
	sqlite3_stmt *statement;
	int rc, at;
};

static struct query prepare(struct database *db, const char *text)
{
	struct query q = { 0 };

	q.rc = sqlite3_prepare_v2(db->sql, text, -1, &q.statement, NULL);
	return q;
}

static void bind_blob(struct query *q, const void *bytes, size_t len)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_blob(q->statement, ++q->at,
					  bytes ? bytes : "", (int)len,
					  SQLITE_STATIC);
}

static void bind_number(struct query *q, uint64_t v)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_int64(q->statement, ++q->at,
					   (sqlite3_int64)v);
}

static void bind_text(struct query *q, const char *text)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_text(q->statement, ++q->at, text, -1,
					  SQLITE_STATIC);
}

/* True when there is a row. */
static bool step(struct query *q)
{
	if (q->rc == SQLITE_OK || q->rc == SQLITE_ROW)
		q->rc = sqlite3_step(q->statement);
	return q->rc == SQLITE_ROW;
}

static int finish(struct query *q)
{
	int err = error_of(q->rc);

	(void)sqlite3_finalize(q->statement); /* repeats the same error */
	return err;
}

/* Of a query without rows. */
static int run_query(struct query *q)
{
	(void)step(q); /* finish tells */
	return finish(q);
}

static uint64_t number(const struct query *q, int column)
{
	return (uint64_t)sqlite3_column_int64(q->statement, column);
}

static struct span blob(const struct query *q, int column)
{
	struct span v = { sqlite3_column_blob(q->statement, column), 0 };

	v.len = (size_t)sqlite3_column_bytes(q->statement, column);
	return v;
}

/* Exactly len bytes; else the row was not written by us. */
static bool take_bytes(const struct query *q, int column, void *out, size_t len)
{
	struct span v = blob(q, column);

	if (v.len != len || !v.bytes)
		return false;
	memcpy(out, v.bytes, len);
	return true;
}

static bool take_name(const struct query *q, int column,
		      char out[NAME_LEN_MAX + 1])
{
	const unsigned char *text = sqlite3_column_text(q->statement, column);
	size_t len = (size_t)sqlite3_column_bytes(q->statement, column);

	if (!text || len > NAME_LEN_MAX)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

static int read_version(struct database *db, uint64_t *version)
{
	struct query q = prepare(db, "PRAGMA user_version");

	if (step(&q))
		*version = number(&q, 0);
	return finish(&q);
}

/* -EILSEQ when the file is not whole. */
static int check(struct database *db)
{
	struct query q = prepare(db, "PRAGMA quick_check(1)");
	bool whole = step(&q) && blob(&q, 0).len == 2;
	int err = finish(&q);

	return err ? err : whole ? 0 : -EILSEQ;
}

static int set_up(struct database *db)
{
	uint64_t version = 0;
	int err = run(db, "PRAGMA journal_mode = WAL;"
			  "PRAGMA synchronous = FULL;"
			  "PRAGMA trusted_schema = OFF");

	if (!err)
		err = check(db);
	if (!err)
		err = read_version(db, &version);
	if (err)
		return err;
	if (version > DATABASE_VERSION)
		return -EPROTO;
	if (version == DATABASE_VERSION)
		return 0;
	err = run(db, "BEGIN IMMEDIATE");
	if (!err)
		err = run(db, schema);
	return err ? err : run(db, "COMMIT");
}

static int open_once(const char *path, struct database *db)
{
	/* SQLite would make it readable for all; its other files follow. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc, err;

	if (fd < 0)
		return -errno;
	(void)close(fd); /* nothing was written */
	rc = sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READWRITE, NULL);
	err = rc == SQLITE_OK ? set_up(db) : error_of(rc);
	if (err) {
		(void)sqlite3_close(db->sql); /* nothing is prepared */
		db->sql = NULL;
	}
	return err;
}

/* The log of a file that is set aside must not be applied to the next. */
static int set_aside_file(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char from[PATH_MAX], to[PATH_MAX];

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		int n = snprintf(from, sizeof(from), "%s%s", path, tails[i]);
		int m = snprintf(to, sizeof(to), "%s.broken%s", path, tails[i]);

		if (n < 0 || m < 0 || (size_t)n >= sizeof(from) ||
		    (size_t)m >= sizeof(to))
			return -ENAMETOOLONG;
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

int database_open(const char *path, struct database **out, bool *set_aside)
{
	struct database *db = calloc(1, sizeof(*db));
	int err;

	*set_aside = false;
	if (!db)
		return -ENOMEM;
	err = open_once(path, db);
	if (err == -EILSEQ) {
		err = set_aside_file(path);
		*set_aside = err == 0;
		if (!err)
			err = open_once(path, db);
	}
	if (err)
		free(db);
	else
		*out = db;
	return err;
}

void database_close(struct database *db)
{
	if (!db)
		return;
	(void)sqlite3_close(db->sql); /* every statement was finished */
	free(db);
}

int database_put_record(struct database *db, const struct database_record *r)
{
	struct query q = prepare(db, "INSERT OR REPLACE INTO records VALUES"
				     " (?, ?, ?, ?, ?, ?, ?, ?)");

	assert(r->slot.len <= DATABASE_SLOT_MAX);
	bind_blob(&q, r->resource.bytes, ID_LEN);
	bind_number(&q, r->kind);
	bind_blob(&q, r->slot.bytes, r->slot.len);
	bind_number(&q, r->generation);
	bind_number(&q, r->expires_ms);
	bind_number(&q, r->proven);
	bind_blob(&q, r->stored.bytes, r->stored.len);
	bind_blob(&q, r->certificate.bytes, r->certificate.len);
	return run_query(&q);
}

int database_drop_record(struct database *db, const struct database_record *r)
{
	struct query q = prepare(db, "DELETE FROM records WHERE resource = ?"
				     " AND kind = ? AND slot = ?");

	bind_blob(&q, r->resource.bytes, ID_LEN);
	bind_number(&q, r->kind);
	bind_blob(&q, r->slot.bytes, r->slot.len);
	return run_query(&q);
}

int database_records(struct database *db, uint64_t wall_ms,
		     bool (*fn)(void *ctx, const struct database_record *r),
		     void *ctx)
{
	struct query q = prepare(db, "DELETE FROM records WHERE"
				     " expires_ms <= ?");
	int err;

	bind_number(&q, wall_ms);
	err = run_query(&q);
	if (err)
		return err;
	q = prepare(db, "SELECT resource, kind, slot, generation, expires_ms,"
			" proven, stored, certificate FROM records");
	while (step(&q)) {
		struct database_record r = {
			.kind = (uint32_t)number(&q, 1),
			.slot = blob(&q, 2),
			.generation = number(&q, 3),
			.expires_ms = number(&q, 4),
			.proven = number(&q, 5) != 0,
			.stored = blob(&q, 6),
			.certificate = blob(&q, 7),
		};

		if (take_bytes(&q, 0, r.resource.bytes, ID_LEN) && !fn(ctx, &r))
			break;
	}
	return finish(&q);
}

int database_put_invitation(struct database *db,
			    const struct database_invitation *v)
{
	struct query q = prepare(db, "INSERT INTO invitations VALUES"
				     " (?, ?, ?, ?, ?)");

	bind_blob(&q, v->id, sizeof(v->id));
	bind_text(&q, v->name);
	bind_number(&q, v->expires_s);
	bind_number(&q, v->device);
	bind_blob(&q, v->spent_by.bytes,
		  v->spent ? sizeof(v->spent_by.bytes) : 0);
	return run_query(&q);
}

int database_find_invitation(struct database *db,
			     const uint8_t id[DATABASE_ID_LEN],
			     struct database_invitation *out)
{
	struct query q = prepare(db, "SELECT name, expires_s, device, spent_by"
				     " FROM invitations WHERE id = ?");
	struct database_invitation v = { .spent = false };
	bool found;
	int err;

	bind_blob(&q, id, DATABASE_ID_LEN);
	found = step(&q) && take_name(&q, 0, v.name);
	if (found) {
		v.expires_s = number(&q, 1);
		v.device = number(&q, 2) != 0;
		v.spent = take_bytes(&q, 3, v.spent_by.bytes,
				     sizeof(v.spent_by.bytes));
	}
	err = finish(&q);
	if (err || !found)
		return err ? err : -ENOENT;
	memcpy(v.id, id, sizeof(v.id));
	*out = v;
	return 0;
}

/* One that is there stays as it is: it may have been revoked since. */
static int put_grant(struct database *db, const struct database_grant *g)
{
	struct query q = prepare(db, "INSERT OR IGNORE INTO grants VALUES"
				     " (?, ?, ?, ?, ?)");

	bind_blob(&q, g->serial, sizeof(g->serial));
	bind_text(&q, g->name);
	bind_blob(&q, g->hit.bytes, sizeof(g->hit.bytes));
	bind_number(&q, g->not_after_s);
	bind_number(&q, g->revoked_s);
	return run_query(&q);
}

static int mark_spent(struct database *db, const uint8_t id[DATABASE_ID_LEN],
		      const struct hit *hit)
{
	struct query q = prepare(db, "UPDATE invitations SET spent_by = ?"
				     " WHERE id = ?");

	bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	bind_blob(&q, id, DATABASE_ID_LEN);
	return run_query(&q);
}

/* Was what it was spent for taken back? */
static int was_revoked(struct database *db, const struct database_grant *g,
		       bool *out)
{
	struct query q = prepare(db, "SELECT 1 FROM grants WHERE name = ? AND"
				     " hit = ? AND revoked_s <> 0 LIMIT 1");
	int err;

	bind_text(&q, g->name);
	bind_blob(&q, g->hit.bytes, sizeof(g->hit.bytes));
	*out = step(&q);
	err = finish(&q);
	return err;
}

/* Inside a transaction. */
static int spend(struct database *db, const uint8_t id[DATABASE_ID_LEN],
		 const struct database_grant *grant, uint64_t now_s)
{
	struct database_invitation v;
	int err = database_find_invitation(db, id, &v);

	if (err)
		return err;
	if (v.spent && !hit_equal(&v.spent_by, &grant->hit))
		return -EACCES;
	if (!v.spent && now_s >= v.expires_s)
		return -ETIMEDOUT;
	if (v.spent) {
		bool revoked = false;

		err = was_revoked(db, grant, &revoked);
		if (err || revoked)
			return err ? err : -EACCES;
	}
	err = mark_spent(db, id, &grant->hit);
	return err ? err : put_grant(db, grant);
}

int database_spend(struct database *db, const uint8_t id[DATABASE_ID_LEN],
		   const struct database_grant *grant, uint64_t now_s)
{
	int err = run(db, "BEGIN IMMEDIATE");

	if (err)
		return err;
	err = spend(db, id, grant, now_s);
	if (!err)
		err = run(db, "COMMIT");
	if (err)
		(void)run(db, "ROLLBACK"); /* the first error counts */
	return err;
}

int database_name_in_use(struct database *db, const char *name,
			 const struct hit *hit, uint64_t now_s, bool *in_use)
{
	struct query q = prepare(db, "SELECT 1 FROM grants WHERE name = ? AND"
				     " hit <> ? AND not_after_s > ? AND"
				     " revoked_s = 0 LIMIT 1");
	bool found;
	int err;

	bind_text(&q, name);
	bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	bind_number(&q, now_s);
	found = step(&q);
	err = finish(&q);
	if (!err)
		*in_use = found;
	return err;
}

int database_revoke_name(struct database *db, const char *name, uint64_t now_s,
			 size_t *n)
{
	struct query q = prepare(db, "UPDATE grants SET revoked_s = ?1 WHERE"
				     " name = ?2 AND revoked_s = 0 AND"
				     " not_after_s > ?1");
	int err;

	bind_number(&q, now_s);
	bind_text(&q, name);
	err = run_query(&q);
	if (!err)
		*n = (size_t)sqlite3_changes(db->sql);
	return err;
}

int database_revoked(struct database *db, uint64_t now_s,
		     bool (*fn)(void *ctx, const struct database_grant *g),
		     void *ctx)
{
	struct query q = prepare(db, "SELECT serial, name, hit, not_after_s,"
				     " revoked_s FROM grants WHERE"
				     " revoked_s > 0 AND not_after_s > ?");

	bind_number(&q, now_s);
	while (step(&q)) {
		struct database_grant g = { .not_after_s = number(&q, 3),
					    .revoked_s = number(&q, 4) };

		if (take_bytes(&q, 0, g.serial, sizeof(g.serial)) &&
		    take_name(&q, 1, g.name) &&
		    take_bytes(&q, 2, g.hit.bytes, sizeof(g.hit.bytes)) &&
		    !fn(ctx, &g))
			break;
	}
	return finish(&q);
}

int database_put_first_use(struct database *db, const char *name,
			   const struct hit *hit)
{
	struct query q =
		prepare(db, hit ? "INSERT OR REPLACE INTO first_use"
				  " VALUES (?, ?)"
				: "DELETE FROM first_use WHERE name = ?");

	bind_text(&q, name);
	if (hit)
		bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	return run_query(&q);
}

int database_find_first_use(struct database *db, const char *name,
			    struct hit *out)
{
	struct query q = prepare(db, "SELECT hit FROM first_use WHERE"
				     " name = ?");
	struct hit hit;
	bool found;
	int err;

	bind_text(&q, name);
	found = step(&q) && take_bytes(&q, 0, hit.bytes, sizeof(hit.bytes));
	err = finish(&q);
	if (err || !found)
		return err ? err : -ENOENT;
	*out = hit;
	return 0;
}

int database_put_neighbour(struct database *db, const struct hit *hit,
			   const struct locator *at, uint64_t seen_s)
{
	struct query q = prepare(db, "INSERT OR REPLACE INTO neighbours"
				     " VALUES (?, ?, ?, ?)");

	bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	bind_blob(&q, at->addr, sizeof(at->addr));
	bind_number(&q, at->port);
	bind_number(&q, seen_s);
	return run_query(&q);
}

int database_neighbours(struct database *db,
			bool (*fn)(void *ctx, const struct hit *hit,
				   const struct locator *at),
			void *ctx)
{
	struct query q = prepare(db, "SELECT hit, address, port FROM"
				     " neighbours ORDER BY seen_s DESC");

	while (step(&q)) {
		struct locator at = { .port = (uint16_t)number(&q, 2) };
		struct hit hit;

		if (take_bytes(&q, 0, hit.bytes, sizeof(hit.bytes)) &&
		    take_bytes(&q, 1, at.addr, sizeof(at.addr)) &&
		    !fn(ctx, &hit, &at))
			break;
	}
	return finish(&q);
}
