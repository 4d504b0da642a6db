/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Peers added at run time: what was told is kept over restarts.
 */
#include "daemon/added.h"

#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HIT_A "2001:22:f065:b1f0:b663:57f7:ac17:831"
#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"

static struct tempdir dir;
static struct added *added;
static struct hit a, b;
static const char *const two[] = { "192.0.2.1", "hub.example.net:10501" };

static void make(void)
{
	tempdir_make(&dir);
	added = added_new();
	cr_assert_not_null(added);
	cr_assert_eq(hit_from_text(HIT_A, &a), 0);
	cr_assert_eq(hit_from_text(HIT_B, &b), 0);
}

static void take_away(void)
{
	added_free(added);
	tempdir_remove(&dir);
}

TestSuite(added, .init = make, .fini = take_away);

/* A new set, as after a restart, with what the file has. */
static void restart(bool expect_broken)
{
	bool broken = !expect_broken;

	added_free(added);
	added = added_new();
	cr_assert_eq(added_load(added, dir.fd, &broken), 0);
	cr_assert_eq(broken, expect_broken);
}

Test(added, what_was_added_is_found)
{
	cr_assert_eq(added_set(added, &a, two, 2), 0);
	cr_assert_eq(added_set(added, &b, two, 1), 0);
	cr_assert_eq(added_count(added), 2);
	cr_expect(hit_equal(&added_at(added, 0)->hit, &b), "in order");
	cr_expect_null(added_at(added, 2));
	cr_expect_eq(added_find(added, &a)->locators.n, 2);
	cr_expect_str_eq(added_find(added, &a)->locators.items[1].text, two[1]);
}

Test(added, adding_again_replaces_the_locators)
{
	cr_assert_eq(added_set(added, &a, two, 2), 0);
	cr_assert_eq(added_set(added, &a, two + 1, 1), 0);
	cr_assert_eq(added_count(added), 1);
	cr_expect_str_eq(added_find(added, &a)->locators.items[0].text, two[1]);
}

Test(added, removing_says_whether_it_was_there)
{
	cr_expect_not(added_remove(added, &a));
	cr_assert_eq(added_set(added, &a, two, 2), 0);
	cr_expect(added_remove(added, &a));
	cr_expect_null(added_find(added, &a));
}

Test(added, no_more_locators_are_taken_than_a_set_has)
{
	const char *many[LOCATORS_MAX + 1];

	for (size_t i = 0; i < LOCATORS_MAX + 1; i++)
		many[i] = two[0];
	cr_expect_eq(added_set(added, &a, many, LOCATORS_MAX), 0);
	cr_expect_eq(added_set(added, &b, many, LOCATORS_MAX + 1), -ENOSPC);
	cr_expect_null(added_find(added, &b));
}

Test(added, there_is_a_limit)
{
	struct hit hit = a;

	for (unsigned i = 0; i < ADDED_MAX; i++) {
		hit.bytes[14] = (uint8_t)(i >> 8);
		hit.bytes[15] = (uint8_t)i;
		cr_assert_eq(added_set(added, &hit, two, 1), 0);
	}
	cr_expect_eq(added_set(added, &b, two, 1), -ENOSPC);
	cr_expect_eq(added_set(added, &hit, two, 2), 0, "it is there");
}

Test(added, they_are_there_after_a_restart)
{
	restart(false);
	cr_expect_eq(added_count(added), 0);
	cr_assert_eq(added_set(added, &a, two, 2), 0);
	cr_assert_eq(added_set(added, &b, two, 0), 0);
	cr_assert_eq(added_save(added, dir.fd), 0);
	restart(false);
	cr_assert_eq(added_count(added), 2);
	cr_expect_str_eq(added_find(added, &a)->locators.items[0].text, two[0]);
	cr_expect_str_eq(added_find(added, &a)->locators.items[1].text, two[1]);
	cr_expect_eq(added_find(added, &b)->locators.n, 0);
}

Test(added, of_a_broken_file_the_good_entries_are_taken)
{
	static const char *const wrong[] = {
		"{\"hit\": \"2001:db8::1\", \"locators\": []}",
		"{\"hit\": \"" HIT_B "\", \"locators\": [\"a b\"]}",
		"{\"hit\": \"" HIT_B "\", \"locators\": [1]}",
		"{\"hit\": \"" HIT_B "\", \"locators\": \"192.0.2.1\"}",
		"{\"hit\": \"" HIT_B "\"}",
		"{\"hit\": \"" HIT_A "\", \"locators\": []}", /* twice */
		"3",
	};
	char text[512];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		(void)snprintf(text, sizeof(text),
			       "{\"peers\": [{\"hit\": \"" HIT_A
			       "\", \"locators\": [\"192.0.2.1\"]}, %s]}",
			       wrong[i]);
		tempdir_put(&dir, "peers.json", text);
		restart(true);
		cr_expect_eq(added_count(added), 1, "%s", wrong[i]);
		cr_expect_eq(added_find(added, &a)->locators.n, 1);
	}
}

Test(added, a_file_that_is_no_json_is_set_aside)
{
	tempdir_put(&dir, "peers.json", "{");
	restart(true);
	cr_expect_eq(tempdir_count(&dir), 1);
	restart(false);
}
