/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * SQLite as our files use it: one process, a schema with a version, and
 * statements whose parameters are bound one after the other. What a call has
 * written is on the disk when it returns, whole or not at all. This is an
 * edge: it does I/O.
 */
#ifndef HIPLINE_SQL_H
#define HIPLINE_SQL_H

#include "daemon/base/cursor.h"

#include <sqlite3.h>

/* A file's schema, run when it is made, and what version that is. */
struct sql_schema {
	const char *text;
	uint64_t version;
};

/*
 * Opens or makes a file, mode 0600. A file that is damaged is renamed to
 * PATH.broken, *set_aside set, and an empty one made. PATH may be relative:
 * of the folders above the one we are in nothing is needed. 0; -EPROTO when a
 * newer program has written it (it is left alone); or another negative errno.
 */
__attribute__((warn_unused_result)) int
sql_open(const char *path, const struct sql_schema *schema, sqlite3 **out,
	 bool *set_aside);
void sql_close(sqlite3 *sql);

/* A file grows to so many bytes and no further: then -ENOSPC. */
__attribute__((warn_unused_result)) int sql_limit(sqlite3 *sql, uint64_t bytes);

/* Statements without parameters or rows. 0 or a negative errno. */
int sql_run(sqlite3 *sql, const char *text);

/* A statement; an error stays in it until sql_finish gives it. */
struct sql_query {
	sqlite3_stmt *statement;
	int rc, at;
};

struct sql_query sql_prepare(sqlite3 *sql, const char *text);

/* The next parameter; what is bound is borrowed until sql_finish. */
void sql_bind_blob(struct sql_query *q, const void *bytes, size_t len);
void sql_bind_number(struct sql_query *q, uint64_t v);
void sql_bind_text(struct sql_query *q, const char *text);

/* True when there is a row. */
bool sql_step(struct sql_query *q);

/* Columns of the row; bytes and text are borrowed until the next step. */
uint64_t sql_number(const struct sql_query *q, int column);
struct span sql_blob(const struct sql_query *q, int column);

/* Exactly len bytes; false when the row was not written by us. */
bool sql_take_bytes(const struct sql_query *q, int column, void *out,
		    size_t len);

/* Text of at most max bytes and a NUL behind it; the same. */
bool sql_take_text(const struct sql_query *q, int column, char *out,
		   size_t max);

/* Ends it. 0, -EEXIST for a key that is there, or another negative errno. */
int sql_finish(struct sql_query *q);

/* Step and finish, for a statement without rows. */
__attribute__((warn_unused_result)) int sql_run_query(struct sql_query *q);

/* Rows that the last statement has changed. */
size_t sql_changes(sqlite3 *sql);

#endif
