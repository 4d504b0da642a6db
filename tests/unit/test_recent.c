/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Peers that were seen lately: what is remembered, for how long, and how
 * often it is written down.
 */
#include "daemon/recent.h"

#include "daemon/statefile.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HIT_A "2001:22:f065:b1f0:b663:57f7:ac17:831"
#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"

static const uint64_t now_s = 1000000;

static struct tempdir dir;
static struct recent *recent;
static struct hit a, b;
static struct locator here, there;

static void start(uint64_t time_s)
{
	static const uint8_t seed[16];

	recent_free(recent);
	recent = recent_new(seed);
	cr_assert_not_null(recent);
	cr_assert_eq(recent_load(recent, dir.fd, time_s), 0);
}

static void make(void)
{
	tempdir_make(&dir);
	cr_assert_eq(hit_from_text(HIT_A, &a), 0);
	cr_assert_eq(hit_from_text(HIT_B, &b), 0);
	cr_assert_eq(locator_from_text("192.0.2.1:10500", 0, &here), 0);
	cr_assert_eq(locator_from_text("[2001:db8::1]:7", 0, &there), 0);
	start(now_s);
}

static void take_away(void)
{
	recent_free(recent);
	tempdir_remove(&dir);
}

TestSuite(recent, .init = make, .fini = take_away);

/* Removes the file; true when saving at that time makes it anew. */
static bool is_written(uint64_t time_s, uint64_t now_ms)
{
	char *text = NULL;
	size_t len;

	(void)remove(tempdir_path(&dir, "recent-peers"));
	cr_assert_eq(recent_save(recent, dir.fd, time_s, now_ms), 0);
	if (statefile_read(dir.fd, "recent-peers", &text, &len) < 0)
		return false;
	free(text);
	return true;
}

Test(recent, a_peer_is_found_where_it_was_seen_last)
{
	cr_expect(recent_saw(recent, &a, &here, now_s), "new");
	cr_expect_not(recent_saw(recent, &a, &here, now_s + 1), "the same");
	cr_expect(recent_saw(recent, &a, &there, now_s + 1), "moved");
	cr_assert_not_null(recent_find(recent, &a, now_s + 1));
	cr_expect(locator_equal(&recent_find(recent, &a, now_s + 1)->locator,
				&there));
	cr_expect_null(recent_find(recent, &b, now_s));
}

Test(recent, nowhere_is_no_place)
{
	static const struct locator unspecified;

	cr_expect_not(recent_saw(recent, &a, &unspecified, now_s));
	cr_expect_null(recent_find(recent, &a, now_s));
}

Test(recent, five_minutes_are_lately)
{
	struct hit list[2];

	(void)recent_saw(recent, &a, &here, now_s);
	cr_expect_not_null(recent_find(recent, &a, now_s + RECENT_S));
	cr_expect_eq(recent_list(recent, now_s + RECENT_S, list, 2), 1);
	cr_expect_null(recent_find(recent, &a, now_s + RECENT_S + 1));
	cr_expect_eq(recent_list(recent, now_s + RECENT_S + 1, list, 2), 0);
	cr_expect_not_null(recent_find(recent, &a, now_s - 999999),
			   "the clock was set back");
}

Test(recent, who_was_forgotten_is_not_found)
{
	(void)recent_saw(recent, &a, &here, now_s);
	recent_forget(recent, &a);
	recent_forget(recent, &a);
	cr_expect_null(recent_find(recent, &a, now_s));
}

Test(recent, they_are_there_after_a_restart)
{
	(void)recent_saw(recent, &a, &here, now_s);
	(void)recent_saw(recent, &b, &there, now_s - RECENT_S);
	cr_assert_eq(recent_save(recent, dir.fd, now_s, 0), 0);
	start(now_s);
	cr_assert_not_null(recent_find(recent, &b, now_s));
	cr_expect(
		locator_equal(&recent_find(recent, &a, now_s)->locator, &here));
	cr_expect(locator_equal(&recent_find(recent, &b, now_s)->locator,
				&there));
	start(now_s + 1);
	cr_expect_null(recent_find(recent, &b, now_s), "not read any more");
	cr_expect_not_null(recent_find(recent, &a, now_s + 1));
}

Test(recent, so_is_one_who_is_reached_without_udp)
{
	struct locator raw = there;

	raw.port = 0;
	(void)recent_saw(recent, &a, &raw, now_s);
	cr_assert_eq(recent_save(recent, dir.fd, now_s, 0), 0);
	start(now_s);
	cr_assert_not_null(recent_find(recent, &a, now_s));
	cr_expect(
		locator_equal(&recent_find(recent, &a, now_s)->locator, &raw));
}

Test(recent, after_the_clock_was_set_back_they_age_from_then)
{
	(void)recent_saw(recent, &a, &here, now_s);
	cr_assert_eq(recent_save(recent, dir.fd, now_s, 0), 0);
	start(1000);
	cr_expect_not_null(recent_find(recent, &a, 1000 + RECENT_S));
	cr_expect_null(recent_find(recent, &a, 1001 + RECENT_S));
}

Test(recent, nothing_new_writes_nothing)
{
	cr_expect_not(is_written(now_s, 0));
	(void)recent_saw(recent, &a, &here, now_s);
	cr_expect(is_written(now_s, 0));
	(void)recent_saw(recent, &a, &here, now_s + RECENT_REFRESH_S - 1);
	cr_expect_not(is_written(now_s, 100000));
	(void)recent_saw(recent, &a, &here, now_s + RECENT_REFRESH_S);
	cr_expect(is_written(now_s, 100000));
}

Test(recent, there_is_a_pause_between_writes)
{
	(void)recent_saw(recent, &a, &here, now_s);
	cr_expect(is_written(now_s, 10));
	(void)recent_saw(recent, &a, &there, now_s);
	cr_expect_not(is_written(now_s, 9 + RECENT_PAUSE_MS));
	cr_expect(is_written(now_s, 10 + RECENT_PAUSE_MS));
}

Test(recent, what_cannot_be_written_is_tried_again)
{
	(void)recent_saw(recent, &a, &here, now_s);
	cr_expect_lt(recent_save(recent, -1, now_s, 0), 0);
	cr_expect(is_written(now_s, RECENT_PAUSE_MS));
}

Test(recent, of_a_broken_file_the_good_lines_before_are_taken)
{
	static const char *const wrong[] = {
		"2001:db8::1 192.0.2.1:7 1000000\n",
		HIT_B "\n",
		HIT_B " 192.0.2.1:7\n",
		HIT_B " 0.0.0.0:7 1000000\n",
		HIT_B " 192.0.2.1:7 -1\n",
		HIT_B " 192.0.2.1:7 1000000",
		"\n",
	};
	char text[256];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(text, sizeof(text),
			       HIT_A " 192.0.2.1:10500 1000000\n%s", wrong[i]);
		tempdir_put(&dir, "recent-peers", text);
		start(now_s);
		cr_expect_not_null(recent_find(recent, &a, now_s), "%s",
				   wrong[i]);
		cr_expect_null(recent_find(recent, &b, now_s), "%s", wrong[i]);
		start(now_s);
		cr_expect_null(recent_find(recent, &a, now_s), "set aside: %s",
			       wrong[i]);
	}
}

Test(recent, there_is_a_limit)
{
	struct hit hit = a;

	for (unsigned i = 0; i < RECENT_MAX; i++) {
		hit.bytes[14] = (uint8_t)(i >> 8);
		hit.bytes[15] = (uint8_t)i;
		cr_assert(recent_saw(recent, &hit, &here, now_s));
	}
	cr_expect_not(recent_saw(recent, &b, &here, now_s));
	cr_assert_eq(recent_save(recent, dir.fd, now_s, 0), 0);
	start(now_s);
	cr_expect_not_null(recent_find(recent, &hit, now_s));
}
