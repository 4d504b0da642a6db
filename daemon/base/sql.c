/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * SQLite with a write-ahead log that is synced at each commit: what was
 * killed half way is rolled back when the file is opened again.
 */
#include "daemon/base/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

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

int sql_run(sqlite3 *sql, const char *text)
{
	return error_of(sqlite3_exec(sql, text, NULL, NULL, NULL));
}

struct sql_query sql_prepare(sqlite3 *sql, const char *text)
{
	struct sql_query q = { 0 };

	q.rc = sqlite3_prepare_v2(sql, text, -1, &q.statement, NULL);
	return q;
}

void sql_bind_blob(struct sql_query *q, const void *bytes, size_t len)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_blob(q->statement, ++q->at,
					  bytes ? bytes : "", (int)len,
					  SQLITE_STATIC);
}

void sql_bind_number(struct sql_query *q, uint64_t v)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_int64(q->statement, ++q->at,
					   (sqlite3_int64)v);
}

void sql_bind_text(struct sql_query *q, const char *text)
{
	if (q->rc == SQLITE_OK)
		q->rc = sqlite3_bind_text(q->statement, ++q->at, text, -1,
					  SQLITE_STATIC);
}

/* True when there is a row. */
bool sql_step(struct sql_query *q)
{
	if (q->rc == SQLITE_OK || q->rc == SQLITE_ROW)
		q->rc = sqlite3_step(q->statement);
	return q->rc == SQLITE_ROW;
}

int sql_finish(struct sql_query *q)
{
	int err = error_of(q->rc);

	(void)sqlite3_finalize(q->statement); /* repeats the same error */
	return err;
}

/* Of a query without rows. */
int sql_run_query(struct sql_query *q)
{
	(void)sql_step(q); /* finish tells */
	return sql_finish(q);
}

uint64_t sql_number(const struct sql_query *q, int column)
{
	return (uint64_t)sqlite3_column_int64(q->statement, column);
}

struct span sql_blob(const struct sql_query *q, int column)
{
	struct span v = { sqlite3_column_blob(q->statement, column), 0 };

	v.len = (size_t)sqlite3_column_bytes(q->statement, column);
	return v;
}

/* Exactly len bytes; else the row was not written by us. */
bool sql_take_bytes(const struct sql_query *q, int column, void *out,
		    size_t len)
{
	struct span v = sql_blob(q, column);

	if (v.len != len || !v.bytes)
		return false;
	memcpy(out, v.bytes, len);
	return true;
}

bool sql_take_text(const struct sql_query *q, int column, char *out, size_t max)
{
	const unsigned char *text = sqlite3_column_text(q->statement, column);
	size_t len = (size_t)sqlite3_column_bytes(q->statement, column);

	if (!text || len > max)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

size_t sql_changes(sqlite3 *sql)
{
	return (size_t)sqlite3_changes(sql);
}

static int read_version(sqlite3 *sql, uint64_t *version)
{
	struct sql_query q = sql_prepare(sql, "PRAGMA user_version");

	if (sql_step(&q))
		*version = sql_number(&q, 0);
	return sql_finish(&q);
}

/* -EILSEQ when the file is not whole. */
static int check(sqlite3 *sql)
{
	struct sql_query q = sql_prepare(sql, "PRAGMA quick_check(1)");
	bool whole = sql_step(&q) && sql_blob(&q, 0).len == 2;
	int err = sql_finish(&q);

	return err ? err : whole ? 0 : -EILSEQ;
}

static int set_up(sqlite3 *sql, const struct sql_schema *schema)
{
	uint64_t version = 0;
	int err = sql_run(sql, "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = FULL;"
			       "PRAGMA cache_size = -256;" /* KiB */
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA secure_delete = ON;"
			       "PRAGMA trusted_schema = OFF");

	if (!err)
		err = check(sql);
	if (!err)
		err = read_version(sql, &version);
	if (err)
		return err;
	if (version > schema->version)
		return -EPROTO;
	if (version == schema->version)
		return 0;
	err = sql_run(sql, "BEGIN IMMEDIATE");
	if (!err)
		err = sql_run(sql, schema->text);
	return err ? err : sql_run(sql, "COMMIT");
}

/*
 * SQLite makes names absolute, and looks at each folder on the way; but who
 * stands in his folder need not have the right to pass those above it. So a
 * name stays as it is.
 */
static int keep_name(sqlite3_vfs *vfs, const char *name, int cap, char *out)
{
	int n = snprintf(out, (size_t)cap, "%s", name);

	(void)vfs;
	return n < 0 || n >= cap ? SQLITE_CANTOPEN : SQLITE_OK;
}

static const char vfs_name[] = "hipline";

static int register_vfs(void)
{
	static sqlite3_vfs vfs;
	const sqlite3_vfs *ordinary = sqlite3_vfs_find(NULL);

	if (sqlite3_vfs_find(vfs_name))
		return 0;
	if (!ordinary)
		return -EIO;
	vfs = *ordinary;
	vfs.pNext = NULL;
	vfs.zName = vfs_name;
	vfs.xFullPathname = keep_name;
	return error_of(sqlite3_vfs_register(&vfs, 0));
}

static int open_once(const char *path, const struct sql_schema *schema,
		     sqlite3 **out)
{
	/* SQLite would make it readable for all; its other files follow. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	sqlite3 *sql = NULL;
	int rc, err;

	if (fd < 0)
		return -errno;
	(void)close(fd); /* nothing was written */
	rc = sqlite3_open_v2(path, &sql, SQLITE_OPEN_READWRITE, vfs_name);
	err = rc == SQLITE_OK ? set_up(sql, schema) : error_of(rc);
	if (err)
		(void)sqlite3_close(sql); /* nothing is prepared */
	else
		*out = sql;
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

int sql_open(const char *path, const struct sql_schema *schema, sqlite3 **out,
	     bool *set_aside)
{
	int err = register_vfs();

	*set_aside = false;
	if (err)
		return err;
	err = open_once(path, schema, out);
	if (err != -EILSEQ)
		return err;
	err = set_aside_file(path);
	*set_aside = err == 0;
	return err ? err : open_once(path, schema, out);
}

void sql_close(sqlite3 *sql)
{
	(void)sqlite3_close(sql); /* every statement was finished */
}

int sql_limit(sqlite3 *sql, uint64_t bytes)
{
	struct sql_query q = sql_prepare(sql, "PRAGMA page_size");
	uint64_t page = sql_step(&q) ? sql_number(&q, 0) : 0;
	int err = sql_finish(&q);
	char text[64];

	if (err || page == 0)
		return err ? err : -EIO;
	(void)snprintf(text, sizeof(text), "PRAGMA max_page_count = %llu",
		       (unsigned long long)(bytes / page));
	return sql_run(sql, text);
}
