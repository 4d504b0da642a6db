/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a node keeps between two lives of its process: one founder, alone,
 * that holds its own records, and a file.
 */
#include "resolver/keeping.h"

#include "resolver/judge.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char name[] = "alice@example.com";

static struct enrolled_authority authority;
static struct identity *key;
static uint8_t certificate[CERTIFICATE_MAX];
static size_t certificate_len;
static struct tempdir dir;
static char path[512];
static struct keeping keeping;
static struct node *node;
static uint64_t now;
static uint32_t drawn;
static enum resolve_result result;
static size_t published;

static void draw(void *ctx, void *buf, size_t len)
{
	uint8_t *at = buf;

	(void)ctx;
	for (size_t i = 0; i < len; i++) {
		drawn = drawn * 1664525 + 1013904223;
		at[i] = (uint8_t)(drawn >> 24);
	}
}

static uint64_t wall(void)
{
	return ENROLLED_NOW_S * 1000 + now;
}

static void sign(const struct node_output *out)
{
	struct resolve_signed s = { .id = out->id };
	uint8_t raw[SIGNATURE_MAX], value[2 * SIGNATURE_MAX];
	struct wr w = wr_init(value, sizeof(value));
	size_t len;

	cr_assert_eq(
		identity_sign(key, out->bytes.bytes, out->bytes.len, raw, &len),
		0);
	spki_value_write(&w, identity_algorithm(key), raw, len);
	judge_algorithms(identity_algorithm(key), &s.hash_alg, &s.sig_alg);
	s.signature = value;
	s.len = wr_len(&w);
	node_on_signed(node, &s, now);
}

static void drain(void)
{
	struct node_output out;

	while (node_output(node, &out, now)) {
		keeping_on_output(&keeping, &out, wall());
		if (out.type == NODE_SIGN)
			sign(&out);
		else if (out.type == NODE_FOUND)
			result = out.found->result;
		else if (out.type == NODE_PUBLISHED)
			published += out.state == RESOLVE_NAME_PUBLISHED;
	}
}

static void run(uint64_t ms)
{
	uint64_t end = now + ms;

	while (now < end) {
		uint64_t due = node_deadline(node);

		drain();
		now = due > now ? (due < end ? due : end) : now + 1;
		node_set_wall(node, wall(), now);
		node_tick(node, now);
	}
	drain();
}

/* A life of the process begins. */
static void begin(const char *overlay)
{
	const struct node_conf conf = { .env = { .random = draw },
					.mtu = 1200,
					.first_use = keeping_first_use,
					.ctx = &keeping };
	struct resolve_overlay o = {
		.name = "example.com",
		.is_founder = true,
		.authority_algorithm = authority.public.algorithm,
		.authority = authority.public.hi,
		.authority_len = authority.public.hi_len,
		.certificate = certificate,
		.certificate_len = certificate_len,
	};

	memcpy(o.hit, identity_hit(key)->bytes, sizeof(o.hit));
	keeping_open(&keeping, path);
	node = node_new(&conf);
	cr_assert(node);
	node_set_wall(node, wall(), now);
	keeping_begin(&keeping, node, overlay, now);
	cr_assert_eq(node_on_overlay(node, &o, now), 0);
	keeping_restore(&keeping, node, wall());
}

static void end(void)
{
	node_free(node);
	keeping_close(&keeping);
}

static void set_up(void)
{
	now = 1000;
	published = 0;
	result = RESOLVE_UNREACHABLE;
	tempdir_make(&dir);
	strcpy(path, tempdir_path(&dir, "overlay.db"));
	enrolled_authority_make(&authority, "example.com", KEY_P256);
	key = enrolled_key(KEY_P384);
	certificate_len = enrolled_issue(&authority, name, key, 1,
					 ENROLLED_NOW_S, certificate);
	begin("example.com");
}

static void tear_down(void)
{
	end();
	identity_free(key);
	enrolled_authority_free(&authority);
	tempdir_remove(&dir);
}

TestSuite(keeping, .init = set_up, .fini = tear_down);

static void publish(void)
{
	const struct resolve_publish p = { .name = name, .exists = true };

	node_on_publish(node, &p, now);
	run(10000);
	cr_assert_eq(published, 1);
}

static void flush(void)
{
	cr_assert(keeping_is_due(&keeping, node));
	keeping_flush(&keeping, node, wall());
}

static void look_up(void)
{
	result = RESOLVE_UNREACHABLE;
	node_on_lookup(node, 1, name, now);
	run(10000);
}

Test(keeping, records_come_back)
{
	uint64_t storage_ms;

	publish();
	flush();
	cr_expect_not(keeping_is_due(&keeping, node));
	storage_ms = node_storage_time(node);
	end();
	begin("example.com");
	cr_expect_eq(node_storage_time(node), storage_ms);
	look_up();
	cr_expect_eq(result, RESOLVE_FOUND);
}

Test(keeping, what_was_not_written_does_not)
{
	publish();
	end();
	begin("example.com");
	look_up();
	cr_expect_eq(result, RESOLVE_ABSENT);
}

/* Something outside has its hands in the file. */
static void run_sql(const char *sql)
{
	sqlite3 *other = NULL;

	cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(other, sql, NULL, NULL, NULL), SQLITE_OK,
		     "%s", sqlite3_errmsg(other));
	(void)sqlite3_close(other);
}

Test(keeping, what_the_disk_refused_is_written_later)
{
	uint64_t storage_ms;

	publish();
	storage_ms = node_storage_time(node);
	run_sql("CREATE TRIGGER full BEFORE INSERT ON records"
		" BEGIN SELECT RAISE(ABORT, 'full'); END");
	flush();
	cr_expect(keeping_is_due(&keeping, node));
	cr_expect_neq(keeping.storage_ms, storage_ms);
	run_sql("DROP TRIGGER full");
	flush();
	cr_expect_not(keeping_is_due(&keeping, node));
	end();
	begin("example.com");
	cr_expect_eq(node_storage_time(node), storage_ms);
	look_up();
	cr_expect_eq(result, RESOLVE_FOUND);
}

Test(keeping, records_of_another_overlay_are_forgotten)
{
	publish();
	flush();
	end();
	begin("example.org");
	look_up();
	cr_expect_eq(result, RESOLVE_ABSENT);
}

Test(keeping, what_was_left_is_forgotten)
{
	publish();
	flush();
	keeping_forget(&keeping);
	end();
	begin("example.com");
	look_up();
	cr_expect_eq(result, RESOLVE_ABSENT);
}

Test(keeping, the_revocation_list_comes_back)
{
	static uint8_t list[REVOCATION_MAX];
	static struct revocation v;
	uint8_t serial[CERTIFICATE_SERIAL_LEN] = { 0x40, [15] = 1 };
	size_t len;

	publish();
	flush();
	v = (struct revocation){ .number = 1,
				 .this_update_s = ENROLLED_NOW_S,
				 .next_update_s = ENROLLED_NOW_S + 3600 };
	cr_assert_eq(revocation_add(&v, serial, ENROLLED_NOW_S), 0);
	len = enrolled_revoke(&authority, &v, list);
	cr_assert(node_on_revoked(node, (struct span){ list, len }, now));
	drain();
	flush();
	end();
	begin("example.com");
	look_up();
	cr_expect_neq(result, RESOLVE_FOUND, "it was revoked");
}

static void say(struct revocation *v, uint64_t number)
{
	static uint8_t list[REVOCATION_MAX];

	v->number = number;
	v->this_update_s = wall() / 1000;
	v->next_update_s = v->this_update_s + 3600;
	cr_assert(node_on_revoked(
		node,
		(struct span){ list, enrolled_revoke(&authority, v, list) },
		now));
	drain();
}

static bool count_one(void *ctx, struct span about, struct span value)
{
	(void)about;
	(void)value;
	++*(size_t *)ctx;
	return true;
}

static size_t lists_on_disk(void)
{
	size_t n = 0;

	cr_assert_eq(
		database_each_about(keeping.db, "revocations", count_one, &n),
		0);
	return n;
}

Test(keeping, all_parts_of_a_list_come_back_while_they_count)
{
	static struct revocation v;
	uint8_t serial[CERTIFICATE_SERIAL_LEN] = { 0x40, [15] = 9 };
	size_t entries;

	v = (struct revocation){ .number = 0 };
	cr_assert_eq(revocation_add(&v, serial, ENROLLED_NOW_S), 0);
	serial[15] = 12;
	cr_assert_eq(revocation_add(&v, serial, ENROLLED_NOW_S), 0);
	say(&v, 1);
	/* There are two parts now, of which one has come. */
	v = (struct revocation){ .depth = 1, .is_head = true };
	v.numbers[0] = v.numbers[1] = 2;
	say(&v, 2);
	v = (struct revocation){ .depth = 1 };
	serial[15] = 14;
	cr_assert_eq(revocation_add(&v, serial, ENROLLED_NOW_S), 0);
	say(&v, 2);
	flush();
	end();
	begin("example.com");
	cr_expect_eq(node_list(node, &entries), 2);
	cr_expect_eq(entries, 2, "9 by the whole list, 14 by the part");
	cr_expect_eq(node_missing_parts(node), 1);
	v = (struct revocation){ .depth = 1, .index = 1 };
	say(&v, 3);
	flush();
	cr_expect_eq(lists_on_disk(), 4);
	end();
	begin("example.com");
	(void)node_list(node, &entries);
	cr_expect_eq(entries, 1);
	cr_expect_eq(node_missing_parts(node), 0);
	cr_expect_eq(lists_on_disk(), 3, "the whole one counts no more");
}

Test(keeping, a_list_outlives_a_start_with_a_slow_clock)
{
	enum { SLOW_MS = 600 * 1000 };
	static struct revocation v;
	const uint8_t serial[CERTIFICATE_SERIAL_LEN] = { 0x40, [15] = 9 };
	size_t entries;

	now += SLOW_MS;
	node_set_wall(node, wall(), now);
	v = (struct revocation){ .number = 0 };
	cr_assert_eq(revocation_add(&v, serial, ENROLLED_NOW_S), 0);
	say(&v, 1);
	flush();
	end();
	now -= SLOW_MS;
	begin("example.com");
	cr_expect_eq(node_list(node, &entries), 0, "it is not of now");
	end();
	now += SLOW_MS;
	begin("example.com");
	cr_expect_eq(node_list(node, &entries), 1);
	cr_expect_eq(lists_on_disk(), 1);
}

Test(keeping, without_a_database_all_goes_on)
{
	struct hit at;

	cr_expect_eq(keeping_first_use(&keeping, "x@y", &at), -ENOENT);
	end();
	strcpy(path, "/nowhere/at/all.db");
	begin("example.com");
	publish();
	cr_expect_eq(keeping_first_use(&keeping, "x@y", &at), -EIO,
		     "nothing is believed at first use");
	cr_expect_not(keeping_is_due(&keeping, node));
	look_up();
	cr_expect_eq(result, RESOLVE_FOUND);
}

Test(keeping, a_name_without_folders_is_opened_where_we_stand)
{
	char here[512];

	cr_assert(getcwd(here, sizeof(here)));
	end();
	cr_assert_eq(chdir(dir.path), 0);
	strcpy(path, "overlay.db");
	begin("example.com");
	publish();
	flush();
	cr_expect_eq(access("overlay.db", R_OK), 0);
	cr_assert_eq(chdir(here), 0);
}
