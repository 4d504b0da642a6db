/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the resolver keeps, table by table.
 */
#include "resolver/database.h"

#include "daemon/base/sql.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct database {
	sqlite3 *sql;
};

static const char tables[] =
	"CREATE TABLE records(resource BLOB, kind INTEGER, slot BLOB,"
	" generation INTEGER, expires_ms INTEGER, proven INTEGER,"
	" stored BLOB, certificate BLOB,"
	" PRIMARY KEY(resource, kind, slot)) WITHOUT ROWID;"
	"CREATE TABLE first_use(name TEXT PRIMARY KEY, hit BLOB)"
	" WITHOUT ROWID;"
	"CREATE TABLE about(key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;"
	"CREATE TABLE neighbours(hit BLOB PRIMARY KEY, address BLOB,"
	" port INTEGER, seen_s INTEGER) WITHOUT ROWID;"
	"PRAGMA user_version = 1;";
static_assert(DATABASE_VERSION == 1, "the schema says so, too");

int database_open(const char *path, struct database **out, bool *set_aside)
{
	static const struct sql_schema schema = { tables, DATABASE_VERSION };
	struct database *db = calloc(1, sizeof(*db));
	int err;

	*set_aside = false;
	if (!db)
		return -ENOMEM;
	err = sql_open(path, &schema, &db->sql, set_aside);
	if (!err) {
		err = sql_limit(db->sql, DATABASE_BYTES_MAX);
		if (err)
			sql_close(db->sql);
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
	sql_close(db->sql);
	free(db);
}

int database_put_record(struct database *db, const struct database_record *r)
{
	struct sql_query q =
		sql_prepare(db->sql, "INSERT OR REPLACE INTO records VALUES"
				     " (?, ?, ?, ?, ?, ?, ?, ?)");

	assert(r->slot.len <= DATABASE_SLOT_MAX);
	sql_bind_blob(&q, r->resource.bytes, ID_LEN);
	sql_bind_number(&q, r->kind);
	sql_bind_blob(&q, r->slot.bytes, r->slot.len);
	sql_bind_number(&q, r->generation);
	sql_bind_number(&q, r->expires_ms);
	sql_bind_number(&q, r->proven);
	sql_bind_blob(&q, r->stored.bytes, r->stored.len);
	sql_bind_blob(&q, r->certificate.bytes, r->certificate.len);
	return sql_run_query(&q);
}

int database_drop_record(struct database *db, const struct database_record *r)
{
	struct sql_query q =
		sql_prepare(db->sql, "DELETE FROM records WHERE resource = ?"
				     " AND kind = ? AND slot = ?");

	sql_bind_blob(&q, r->resource.bytes, ID_LEN);
	sql_bind_number(&q, r->kind);
	sql_bind_blob(&q, r->slot.bytes, r->slot.len);
	return sql_run_query(&q);
}

int database_drop_place(struct database *db, const struct resource_id *resource,
			uint32_t kind)
{
	struct sql_query q =
		sql_prepare(db->sql, "DELETE FROM records WHERE resource = ?"
				     " AND kind = ?");

	sql_bind_blob(&q, resource->bytes, ID_LEN);
	sql_bind_number(&q, kind);
	return sql_run_query(&q);
}

int database_begin(struct database *db)
{
	return sql_run(db->sql, "BEGIN IMMEDIATE");
}

int database_end(struct database *db, bool keep)
{
	return sql_run(db->sql, keep ? "COMMIT" : "ROLLBACK");
}

int database_forget_overlay(struct database *db)
{
	/* The log of changes has it, too, until it is cut. */
	return sql_run(db->sql, "DELETE FROM records; DELETE FROM neighbours;"
				"DELETE FROM about; DELETE FROM first_use;"
				"PRAGMA wal_checkpoint(TRUNCATE)");
}

int database_put_about(struct database *db, const char *key, const void *value,
		       size_t len)
{
	struct sql_query q = sql_prepare(
		db->sql, "INSERT OR REPLACE INTO about VALUES (?, ?)");

	sql_bind_text(&q, key);
	sql_bind_blob(&q, value, len);
	return sql_run_query(&q);
}

int database_about(struct database *db, const char *key, void *out, size_t cap,
		   size_t *len)
{
	struct sql_query q =
		sql_prepare(db->sql, "SELECT value FROM about WHERE key = ?");
	struct span v = { NULL, 0 };
	bool found;
	int err;

	sql_bind_text(&q, key);
	found = sql_step(&q);
	if (found)
		v = sql_blob(&q, 0);
	if (v.len > 0 && v.len <= cap)
		memcpy(out, v.bytes, v.len);
	err = sql_finish(&q);
	if (err || !found || v.len > cap)
		return err ? err : found ? -E2BIG : -ENOENT;
	*len = v.len;
	return 0;
}

int database_each_about(struct database *db, const char *prefix,
			bool (*fn)(void *ctx, struct span key,
				   struct span value),
			void *ctx)
{
	struct sql_query q = sql_prepare(
		db->sql, "SELECT key, value FROM about WHERE"
			 " substr(key, 1, length(?1)) = ?1 ORDER BY key");

	sql_bind_text(&q, prefix);
	while (sql_step(&q))
		if (!fn(ctx, sql_blob(&q, 0), sql_blob(&q, 1)))
			break;
	return sql_finish(&q);
}

int database_drop_about(struct database *db, const char *key)
{
	struct sql_query q =
		sql_prepare(db->sql, "DELETE FROM about WHERE key = ?");

	sql_bind_text(&q, key);
	return sql_run_query(&q);
}

int database_expire(struct database *db, uint64_t wall_ms)
{
	struct sql_query q = sql_prepare(db->sql, "DELETE FROM records WHERE"
						  " expires_ms <= ?");

	sql_bind_number(&q, wall_ms);
	return sql_run_query(&q);
}

int database_records(struct database *db, uint64_t wall_ms,
		     bool (*fn)(void *ctx, const struct database_record *r),
		     void *ctx)
{
	struct sql_query q;
	int err = database_expire(db, wall_ms);

	if (err)
		return err;
	q = sql_prepare(db->sql,
			"SELECT resource, kind, slot, generation, expires_ms,"
			" proven, stored, certificate FROM records");
	while (sql_step(&q)) {
		struct database_record r = {
			.kind = (uint32_t)sql_number(&q, 1),
			.slot = sql_blob(&q, 2),
			.generation = sql_number(&q, 3),
			.expires_ms = sql_number(&q, 4),
			.proven = sql_number(&q, 5) != 0,
			.stored = sql_blob(&q, 6),
			.certificate = sql_blob(&q, 7),
		};

		if (sql_take_bytes(&q, 0, r.resource.bytes, ID_LEN) &&
		    !fn(ctx, &r))
			break;
	}
	return sql_finish(&q);
}

int database_put_first_use(struct database *db, const char *name,
			   const struct hit *hit)
{
	struct sql_query q = sql_prepare(
		db->sql, hit ? "INSERT OR REPLACE INTO first_use"
			       " VALUES (?, ?)"
			     : "DELETE FROM first_use WHERE name = ?");

	sql_bind_text(&q, name);
	if (hit)
		sql_bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	return sql_run_query(&q);
}

int database_first_uses(struct database *db,
			bool (*fn)(void *ctx, const char *name,
				   const struct hit *hit),
			void *ctx)
{
	struct sql_query q =
		sql_prepare(db->sql, "SELECT name, hit FROM first_use");
	char name[NAME_LEN_MAX + 1];
	struct hit hit;

	while (sql_step(&q))
		if (sql_take_text(&q, 0, name, NAME_LEN_MAX) &&
		    sql_take_bytes(&q, 1, hit.bytes, sizeof(hit.bytes)) &&
		    !fn(ctx, name, &hit))
			break;
	return sql_finish(&q);
}

int database_find_first_use(struct database *db, const char *name,
			    struct hit *out)
{
	struct sql_query q =
		sql_prepare(db->sql, "SELECT hit FROM first_use WHERE"
				     " name = ?");
	struct hit hit;
	bool found;
	int err;

	sql_bind_text(&q, name);
	found = sql_step(&q) &&
		sql_take_bytes(&q, 0, hit.bytes, sizeof(hit.bytes));
	err = sql_finish(&q);
	if (err || !found)
		return err ? err : -ENOENT;
	*out = hit;
	return 0;
}

int database_put_neighbour(struct database *db, const struct hit *hit,
			   const struct locator *at, uint64_t seen_s)
{
	struct sql_query q =
		sql_prepare(db->sql, "INSERT OR REPLACE INTO neighbours"
				     " VALUES (?, ?, ?, ?)");

	sql_bind_blob(&q, hit->bytes, sizeof(hit->bytes));
	sql_bind_blob(&q, at->addr, sizeof(at->addr));
	sql_bind_number(&q, at->port);
	sql_bind_number(&q, seen_s);
	return sql_run_query(&q);
}

int database_neighbours(struct database *db,
			bool (*fn)(void *ctx, const struct hit *hit,
				   const struct locator *at),
			void *ctx)
{
	struct sql_query q =
		sql_prepare(db->sql, "SELECT hit, address, port FROM"
				     " neighbours ORDER BY seen_s DESC");

	while (sql_step(&q)) {
		struct locator at = { .port = (uint16_t)sql_number(&q, 2) };
		struct hit hit;

		if (sql_take_bytes(&q, 0, hit.bytes, sizeof(hit.bytes)) &&
		    sql_take_bytes(&q, 1, at.addr, sizeof(at.addr)) &&
		    !fn(ctx, &hit, &at))
			break;
	}
	return sql_finish(&q);
}
