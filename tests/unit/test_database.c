/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What is kept on disk: it comes back, whole or not at all, also when the
 * process is killed half way or the file is damaged.
 */
#include "daemon/base/sql.h"
#include "resolver/database.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOST(n)                                                                \
	{                                                                      \
		{                                                              \
			0x20, 0x01, 0x00, 0x22, [15] = (n)                     \
		}                                                              \
	}

static const struct hit a = HOST(1), b = HOST(2);
static struct tempdir dir;
static char path[512];
static struct database *db;

static void reopen(void)
{
	bool aside;

	database_close(db);
	cr_assert_eq(database_open(path, &db, &aside), 0);
	cr_assert_not(aside);
}

static void setup(void)
{
	tempdir_make(&dir);
	strcpy(path, tempdir_path(&dir, "names.db"));
	reopen();
}

static void teardown(void)
{
	database_close(db);
	tempdir_remove(&dir);
}

TestSuite(database, .init = setup, .fini = teardown);

static struct database_record record(uint8_t n, const char *stored)
{
	static uint8_t slot[16];

	memset(slot, n, sizeof(slot));
	return (struct database_record){
		.resource = { { n } },
		.kind = 0xf0000001,
		.slot = { slot, sizeof(slot) },
		.generation = 1ull << 40,
		.expires_ms = 1000,
		.proven = true,
		.stored = { (const uint8_t *)stored, strlen(stored) },
	};
}

static struct {
	size_t n;
	struct database_record last;
	char stored[64];
	struct hit hits[4];
} seen;

static bool note_record(void *ctx, const struct database_record *r)
{
	(void)ctx; /* one place for all */
	seen.n++;
	seen.last = *r;
	memcpy(seen.stored, r->stored.bytes, r->stored.len);
	return true;
}

static size_t records(uint64_t now_ms)
{
	memset(&seen, 0, sizeof(seen));
	cr_assert_eq(database_records(db, now_ms, note_record, NULL), 0);
	return seen.n;
}

Test(database, the_file_is_for_nobody_else)
{
	struct stat st;

	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
}

Test(database, records_come_back)
{
	struct database_record r = record(1, "value");

	cr_assert_eq(database_put_record(db, &r), 0);
	reopen();
	cr_assert_eq(records(999), 1);
	cr_expect_eq(seen.last.kind, 0xf0000001);
	cr_expect_eq(seen.last.generation, 1ull << 40);
	cr_expect_eq(seen.last.expires_ms, 1000);
	cr_expect(seen.last.proven);
	cr_expect_eq(seen.last.certificate.len, 0);
	cr_expect_str_eq(seen.stored, "value");
}

Test(database, a_record_replaces_the_one_in_its_slot)
{
	struct database_record r = record(1, "old"), s = record(1, "new");

	cr_assert_eq(database_put_record(db, &r), 0);
	cr_assert_eq(database_put_record(db, &s), 0);
	cr_expect_eq(records(0), 1);
	cr_expect_str_eq(seen.stored, "new");
	cr_assert_eq(database_drop_record(db, &s), 0);
	cr_expect_eq(records(0), 0);
}

Test(database, records_expire)
{
	struct database_record r = record(1, "value");

	cr_assert_eq(database_put_record(db, &r), 0);
	cr_expect_eq(records(1000), 0);
	cr_expect_eq(records(0), 0);
}

static bool count_use(void *ctx, const char *name, const struct hit *hit)
{
	cr_expect_str_eq(name, "x@y");
	cr_expect(hit_equal(hit, &b));
	++*(size_t *)ctx;
	return true;
}

Test(database, a_host_of_first_use_is_remembered_and_forgotten)
{
	size_t uses = 0;
	struct hit found;

	cr_expect_eq(database_find_first_use(db, "x@y", &found), -ENOENT);
	cr_assert_eq(database_put_first_use(db, "x@y", &a), 0);
	cr_assert_eq(database_put_first_use(db, "x@y", &b), 0);
	reopen();
	cr_assert_eq(database_find_first_use(db, "x@y", &found), 0);
	cr_expect(hit_equal(&found, &b));
	cr_assert_eq(database_first_uses(db, count_use, &uses), 0);
	cr_expect_eq(uses, 1);
	cr_assert_eq(database_put_first_use(db, "x@y", NULL), 0);
	cr_expect_eq(database_find_first_use(db, "x@y", &found), -ENOENT);
}

static bool note_neighbour(void *ctx, const struct hit *hit,
			   const struct locator *at)
{
	(void)ctx; /* one place for all */
	cr_expect_eq(at->port, 10500);
	seen.hits[seen.n++] = *hit;
	return seen.n < 4;
}

Test(database, neighbours_come_back_the_last_seen_first)
{
	const struct locator at = { .addr = { 0x20, 1 }, .port = 10500 };

	memset(&seen, 0, sizeof(seen));
	cr_assert_eq(database_put_neighbour(db, &a, &at, 5), 0);
	cr_assert_eq(database_put_neighbour(db, &b, &at, 6), 0);
	cr_assert_eq(database_neighbours(db, note_neighbour, NULL), 0);
	cr_assert_eq(seen.n, 2);
	cr_expect(hit_equal(&seen.hits[0], &b));
}

/* Writes over a part of the file, as a disk may. */
static void damage(off_t at, size_t len)
{
	uint8_t bytes[4096];
	int fd = open(path, O_WRONLY);

	memset(bytes, 0x5a, sizeof(bytes));
	cr_assert(fd >= 0 && len <= sizeof(bytes));
	cr_assert_eq(pwrite(fd, bytes, len, at), (ssize_t)len);
	cr_assert_eq(close(fd), 0);
}

Test(database, a_damaged_file_is_set_aside)
{
	static const off_t places[] = { 0, 100, 4096, 8192 };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct database_record r = record(1, "value");
		bool aside = false;

		cr_assert_eq(database_put_record(db, &r), 0);
		database_close(db); /* writes the log back */
		db = NULL;
		damage(places[i], 512);
		cr_assert_eq(database_open(path, &db, &aside), 0);
		cr_expect(aside, "at %ld", (long)places[i]);
		cr_expect_eq(records(0), 0);
		cr_expect_eq(
			access(tempdir_path(&dir, "names.db.broken"), F_OK), 0);
	}
}

Test(database, a_file_that_is_none_is_set_aside)
{
	bool aside = false;

	database_close(db);
	db = NULL;
	tempdir_put(&dir, "names.db",
		    "this is no database, and it is long enough to be seen so");
	cr_assert_eq(database_open(path, &db, &aside), 0);
	cr_expect(aside);
}

Test(database, a_file_of_a_newer_program_is_left_alone)
{
	struct database *other = NULL;
	bool aside = false;
	sqlite3 *sql;

	cr_assert_eq(sqlite3_open(path, &sql), SQLITE_OK);
	cr_assert_eq(
		sqlite3_exec(sql, "PRAGMA user_version = 2", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(sql);
	cr_expect_eq(database_open(path, &other, &aside), -EPROTO);
	cr_expect_not(aside);
}

Test(database, a_folder_that_is_not_there_is_an_error)
{
	struct database *other;
	bool aside;

	cr_expect_eq(database_open("/nonexistent/names.db", &other, &aside),
		     -ENOENT);
}

/*
 * Killed at the n-th page that is written: whatever was answered with success
 * before is there, and what was not is there whole or not at all.
 */
Test(database, a_process_that_is_killed_leaves_whole_rows)
{
	for (unsigned int round = 0; round < 12; round++) {
		unsigned int done = 0;
		int fds[2];
		pid_t pid;

		cr_assert_eq(pipe(fds), 0);
		database_close(db);
		db = NULL;
		pid = fork();
		if (pid == 0) {
			bool aside;

			if (database_open(path, &db, &aside) != 0)
				_exit(1);
			for (unsigned int i = 0;; i++) {
				struct database_record r =
					record((uint8_t)i, "v");

				if (database_put_record(db, &r) != 0 ||
				    write(fds[1], "", 1) != 1)
					_exit(1);
			}
		}
		cr_assert_eq(close(fds[1]), 0);
		while (done <= round + 2) {
			char byte;

			cr_assert_eq(read(fds[0], &byte, 1), 1);
			done++;
		}
		cr_assert_eq(kill(pid, SIGKILL), 0);
		cr_assert_eq(waitpid(pid, NULL, 0), pid);
		cr_assert_eq(close(fds[0]), 0);
		reopen();
		cr_expect_geq(records(0), done);
	}
}

/* The files as they stand in the middle of a transaction. */
Test(database, a_half_written_transaction_is_rolled_back)
{
	struct database_record r = record(1, "whole");
	struct database *copy = NULL;
	bool aside = true;
	char command[4096];
	sqlite3 *sql;

	cr_assert_eq(database_put_record(db, &r), 0);
	cr_assert_eq(sqlite3_open(path, &sql), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(sql,
				  "PRAGMA cache_size = 1; PRAGMA cache_spill ="
				  " 1; BEGIN IMMEDIATE; DELETE FROM records;"
				  " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
				  " SELECT i + 1 FROM n WHERE i < 500) INSERT"
				  " INTO first_use SELECT 'u' || i || '@x',"
				  " zeroblob(16) FROM n;",
				  NULL, NULL, NULL),
		     SQLITE_OK);
	(void)snprintf(command, sizeof(command),
		       "cp %s %s.2 && cp %s-wal %s.2-wal", path, path, path,
		       path);
	cr_assert_eq(system(command), 0);
	sqlite3_close(sql);
	database_close(db);
	strcat(path, ".2");
	cr_assert_eq(database_open(path, &copy, &aside), 0);
	db = copy;
	cr_expect_not(aside);
	cr_expect_eq(records(0), 1);
	cr_expect_str_eq(seen.stored, "whole");
}

Test(database, a_file_grows_to_its_limit)
{
	static const struct sql_schema schema = {
		"CREATE TABLE t(b BLOB); PRAGMA user_version = 1;", 1
	};
	char small[600];
	struct stat st;
	sqlite3 *sql;
	bool aside;
	int err = 0;

	(void)snprintf(small, sizeof(small), "%s.small", path);
	cr_assert_eq(sql_open(small, &schema, &sql, &aside), 0);
	cr_assert_eq(sql_limit(sql, 256 * 1024), 0);
	for (int i = 0; i < 1000 && err == 0; i++)
		err = sql_run(sql, "INSERT INTO t VALUES(zeroblob(8000))");
	cr_expect_eq(err, -ENOSPC);
	sql_close(sql);
	cr_assert_eq(stat(small, &st), 0);
	cr_expect_leq(st.st_size, 256 * 1024);
	cr_expect_geq(st.st_size, 128 * 1024);
}
