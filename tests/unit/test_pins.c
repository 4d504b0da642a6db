/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Pins: what the configuration says holds, what was pinned is kept.
 */
#include "daemon/pins.h"

#include "daemon/statefile.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HIT_A "2001:22:f065:b1f0:b663:57f7:ac17:831"
#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"

static struct tempdir dir;
static struct pins *pins;
static struct hit a, b;

static void make(void)
{
	tempdir_make(&dir);
	pins = pins_new();
	cr_assert_not_null(pins);
	cr_assert_eq(hit_from_text(HIT_A, &a), 0);
	cr_assert_eq(hit_from_text(HIT_B, &b), 0);
}

static void take_away(void)
{
	pins_free(pins);
	tempdir_remove(&dir);
}

TestSuite(pins, .init = make, .fini = take_away);

/* A new set, as after a restart, with what the file has. */
static void restart(bool expect_broken)
{
	bool broken = !expect_broken;

	pins_free(pins);
	pins = pins_new();
	cr_assert_eq(pins_load(pins, dir.fd, &broken), 0);
	cr_assert_eq(broken, expect_broken);
}

static void expect_pin(const char *name, const struct hit *hit, int line)
{
	const struct pin *pin = pins_find(pins, name);

	cr_assert_not_null(pin, "%s", name);
	cr_expect_str_eq(pin->name, name);
	cr_expect(hit_equal(&pin->hit, hit));
	cr_expect_eq(pin->line, line);
}

Test(pins, what_was_added_is_found)
{
	cr_assert_eq(pins_add(pins, "bob@x", &a, 0), 0);
	cr_assert_eq(pins_add(pins, "alice@x", &b, 7), 0);
	expect_pin("bob@x", &a, 0);
	expect_pin("alice@x", &b, 7);
	cr_expect_null(pins_find(pins, "bob@"));
	cr_expect_null(pins_find(pins, "bob@xx"));
	cr_expect(pins_has_hit(pins, &a));
	cr_expect_eq(pins_count(pins), 2);
	cr_expect_str_eq(pins_at(pins, 0)->name, "alice@x");
	cr_expect_null(pins_at(pins, 2));
}

Test(pins, a_pin_of_run_time_can_be_changed_and_removed)
{
	cr_assert_eq(pins_add(pins, "bob@x", &a, 0), 0);
	cr_assert_eq(pins_add(pins, "bob@x", &b, 0), 0);
	expect_pin("bob@x", &b, 0);
	cr_expect_not(pins_has_hit(pins, &a));
	cr_assert_eq(pins_remove(pins, "bob@x"), 0);
	cr_expect_null(pins_find(pins, "bob@x"));
	cr_expect_eq(pins_remove(pins, "bob@x"), -ENOENT);
}

Test(pins, a_name_of_the_configuration_stays)
{
	cr_assert_eq(pins_add(pins, "bob@x", &a, 12), 0);
	cr_expect_eq(pins_add(pins, "bob@x", &b, 0), -EEXIST);
	cr_expect_eq(pins_add(pins, "bob@x", &a, 0), 0);
	cr_expect_eq(pins_remove(pins, "bob@x"), -EEXIST);
	expect_pin("bob@x", &a, 12);
}

Test(pins, many_are_found_and_stay_in_order)
{
	char name[32];

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "n%d@x", i * 7919 % 1000);
		cr_assert_eq(pins_add(pins, name, i % 2 ? &a : &b, 0), 0);
	}
	cr_expect_eq(pins_count(pins), 1000);
	for (size_t i = 1; i < 1000; i++)
		cr_assert_lt(strcmp(pins_at(pins, i - 1)->name,
				    pins_at(pins, i)->name),
			     0);
	for (int i = 0; i < 1000; i += 2) {
		(void)snprintf(name, sizeof(name), "n%d@x", i);
		cr_assert_eq(pins_remove(pins, name), 0);
	}
	cr_expect_eq(pins_count(pins), 500);
	cr_expect_null(pins_find(pins, "n998@x"));
	cr_expect_not_null(pins_find(pins, "n999@x"));
}

Test(pins, they_survive_a_restart)
{
	struct stat st;

	cr_assert_eq(pins_add(pins, "bob@x", &a, 0), 0);
	cr_assert_eq(pins_add(pins, "j\xc3\xbcrgen@x", &b, 0), 0);
	cr_assert_eq(pins_add(pins, "carol@x", &b, 3), 0);
	cr_assert_eq(pins_save(pins, dir.fd), 0);
	cr_assert_eq(fstatat(dir.fd, "pins.json", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	restart(false);
	expect_pin("bob@x", &a, 0);
	expect_pin("j\xc3\xbcrgen@x", &b, 0);
	cr_expect_null(pins_find(pins, "carol@x"));
}

Test(pins, no_file_means_no_pins)
{
	restart(false);
	cr_expect_eq(pins_count(pins), 0);
	cr_expect_eq(tempdir_count(&dir), 0);
}

Test(pins, the_configuration_overrides_the_file_and_loses_nothing)
{
	bool broken;

	cr_assert_eq(pins_add(pins, "bob@x", &a, 0), 0);
	cr_assert_eq(pins_save(pins, dir.fd), 0);
	pins_free(pins);
	pins = pins_new();
	cr_assert_eq(pins_add(pins, "bob@x", &b, 4), 0);
	cr_assert_eq(pins_load(pins, dir.fd, &broken), 0);
	cr_expect_not(broken);
	expect_pin("bob@x", &b, 4);
	cr_assert_eq(pins_overridden(pins), 1);
	cr_expect(hit_equal(&pins_overridden_at(pins, 0)->hit, &a));
	cr_assert_eq(pins_save(pins, dir.fd), 0);
	restart(false);
	expect_pin("bob@x", &a, 0);
}

Test(pins, what_is_overridden_can_be_removed)
{
	bool broken;

	cr_assert_eq(pins_add(pins, "bob@x", &a, 0), 0);
	cr_assert_eq(pins_save(pins, dir.fd), 0);
	pins_free(pins);
	pins = pins_new();
	cr_assert_eq(pins_add(pins, "bob@x", &b, 4), 0);
	cr_assert_eq(pins_load(pins, dir.fd, &broken), 0);
	cr_expect_eq(pins_remove(pins, "bob@x"), 0);
	cr_expect_eq(pins_overridden(pins), 0);
	expect_pin("bob@x", &b, 4);
	cr_expect_eq(pins_remove(pins, "bob@x"), -EEXIST);
}

Test(pins, a_broken_file_is_set_aside)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"pins\": 1}",
		"{\"pins\": [1]}",
		"\xff",
		"{\"pins\": [{\"name\": \"bob@x\"}]}",
		"{\"pins\": [{\"name\": \"bob@\", \"hit\": \"" HIT_A "\"}]}",
		"{\"pins\": [{\"name\": \"bob@x\", \"hit\": \"::1\"}]}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *text = NULL;
		size_t len = 0;

		tempdir_put(&dir, "pins.json", texts[i]);
		restart(true);
		cr_expect_eq(pins_count(pins), 0, "%s", texts[i]);
		cr_assert_eq(
			statefile_read(dir.fd, "pins.json.broken", &text, &len),
			0);
		cr_expect_str_eq(text, texts[i]);
		free(text);
		cr_assert_eq(unlinkat(dir.fd, "pins.json.broken", 0), 0);
	}
}

Test(pins, what_can_be_read_of_a_broken_file_is_taken)
{
	tempdir_put(&dir, "pins.json",
		    "{\"pins\": [{\"name\": \"bob@x\", \"hit\": \"" HIT_A
		    "\"}, {\"name\": 5},"
		    "{\"name\": \"bob@x\", \"hit\": \"" HIT_B "\"},"
		    "{\"name\": \"Carol@X\", \"hit\": \"" HIT_B "\"}]}");
	restart(true);
	expect_pin("bob@x", &a, 0);
	expect_pin("carol@x", &b, 0);
	cr_expect_eq(pins_count(pins), 2);
}

Test(pins, a_file_that_cannot_be_read_is_an_error)
{
	bool broken;
	int closed = dup(dir.fd);

	(void)close(closed);
	cr_expect_eq(pins_load(pins, closed, &broken), -EBADF);
}
