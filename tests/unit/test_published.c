/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/published.h"

#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct tempdir dir;
static struct published p;

static void make(void)
{
	tempdir_make(&dir);
	p = (struct published){ .n = 0 };
}

static void take_away(void)
{
	published_clear(&p);
	tempdir_remove(&dir);
}

TestSuite(published, .init = make, .fini = take_away);

/* These names are the configuration's; how many go for it. */
static size_t configure(const char *one, const char *two)
{
	struct config_item items[2] = {
		{ .text = (char *)(uintptr_t)one, .line = 4 },
		{ .text = (char *)(uintptr_t)two, .line = 5 }
	};
	const struct config_list list = { items, two ? 2 : one ? 1 : 0 };
	char *gone[PUBLISHED_MAX];
	size_t n;

	cr_assert_eq(published_configure(&p, &list, gone, &n), 0);
	for (size_t i = 0; i < n; i++)
		free(gone[i]);
	return n;
}

Test(published, names_of_both_kinds_are_published)
{
	cr_assert_eq(published_add(&p, "bob@example.com"), 0);
	cr_expect_eq(published_add(&p, "bob@example.com"), -EEXIST);
	cr_expect_eq(configure("Bob@EXAMPLE.com", "work@example.com"), 0);
	cr_expect_eq(p.n, 2);
	cr_expect_eq(published_find(&p, "bob@example.com")->line, 4);
	cr_expect_eq(published_find(&p, "work@example.com")->line, 5);
	cr_expect_eq(published_find(&p, "work@example.com")->state,
		     RESOLVE_NAME_PUBLISHING);
}

Test(published, what_the_configuration_drops_goes)
{
	cr_assert_eq(published_add(&p, "bob@example.com"), 0);
	cr_assert_eq(configure("bob@example.com", "work@example.com"), 0);
	cr_expect_eq(configure(NULL, NULL), 1);
	cr_expect_eq(p.n, 1);
	cr_expect_not_null(published_find(&p, "bob@example.com"));
}

Test(published, only_names_of_run_time_can_be_taken_away)
{
	cr_assert_eq(published_add(&p, "bob@example.com"), 0);
	cr_assert_eq(configure("work@example.com", NULL), 0);
	cr_expect_eq(published_remove(&p, "work@example.com"), -EEXIST);
	cr_expect_eq(published_remove(&p, "eve@example.com"), -ENOENT);
	cr_expect_eq(published_remove(&p, "bob@example.com"), 0);
	cr_expect_eq(p.n, 1);
}

Test(published, there_is_room_for_so_many)
{
	char name[64];

	for (int i = 0; i < PUBLISHED_MAX; i++) {
		(void)snprintf(name, sizeof(name), "bob%d@example.com", i);
		cr_assert_eq(published_add(&p, name), 0);
	}
	cr_expect_eq(published_add(&p, "eve@example.com"), -ENOSPC);
	cr_expect_eq(p.n, PUBLISHED_MAX);
}

Test(published, those_of_run_time_survive)
{
	struct published again = { .n = 0 };
	bool broken = false;

	cr_assert_eq(published_add(&p, "bob@example.com"), 0);
	cr_assert_eq(configure("work@example.com", NULL), 0);
	cr_assert_eq(published_save(&p, dir.fd), 0);
	cr_assert_eq(published_load(&again, dir.fd, &broken), 0);
	cr_expect_not(broken);
	cr_expect_eq(again.n, 1);
	cr_expect(again.all[0].added);
	cr_expect_str_eq(again.all[0].name, "bob@example.com");
	published_clear(&again);
}

Test(published, without_a_file_there_are_none)
{
	bool broken = false;

	cr_expect_eq(published_load(&p, dir.fd, &broken), 0);
	cr_expect_not(broken);
	cr_expect_eq(p.n, 0);
}

Test(published, a_broken_file_is_set_aside)
{
	bool broken = false;

	tempdir_put(&dir, "names.json",
		    "{\"names\": [\"bob@example.com\", 7, \"@\"]}");
	cr_expect_eq(published_load(&p, dir.fd, &broken), 0);
	cr_expect(broken);
	cr_expect_eq(p.n, 1, "what can be read is taken");
	cr_expect_eq(faccessat(dir.fd, "names.json", F_OK, 0), -1);
	cr_expect_eq(faccessat(dir.fd, "names.json.broken", F_OK, 0), 0);
}

Test(published, all_may_begin_anew)
{
	cr_assert_eq(published_add(&p, "bob@example.com"), 0);
	p.all[0].state = RESOLVE_NAME_CONFLICT;
	memcpy(p.all[0].reason, "why", 4);
	published_again(&p);
	cr_expect_eq(p.all[0].state, RESOLVE_NAME_PUBLISHING);
	cr_expect_str_eq(p.all[0].reason, "");
}
