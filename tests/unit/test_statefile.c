/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * State files: replaced whole, and set aside when they are broken.
 */
#include "daemon/statefile.h"

#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tempdir dir;

static void make(void)
{
	tempdir_make(&dir);
}

static void take_away(void)
{
	tempdir_remove(&dir);
}

TestSuite(statefile, .init = make, .fini = take_away);

static void expect_content(const char *name, const char *content)
{
	char *text = NULL;
	size_t len = 0;

	cr_assert_eq(statefile_read(dir.fd, name, &text, &len), 0);
	cr_expect_eq(len, strlen(content));
	cr_expect_str_eq(text, content);
	free(text);
}

Test(statefile, what_was_written_is_read)
{
	cr_assert_eq(statefile_write(dir.fd, "f", "one", 3), 0);
	expect_content("f", "one");
	cr_assert_eq(statefile_write(dir.fd, "f", "", 0), 0);
	expect_content("f", "");
}

Test(statefile, a_write_replaces_the_file)
{
	struct stat before, after;

	cr_assert_eq(statefile_write(dir.fd, "f", "one", 3), 0);
	cr_assert_eq(fstatat(dir.fd, "f", &before, 0), 0);
	cr_assert_eq(statefile_write(dir.fd, "f", "two", 3), 0);
	cr_assert_eq(fstatat(dir.fd, "f", &after, 0), 0);
	expect_content("f", "two");
	cr_expect_neq(before.st_ino, after.st_ino);
	cr_expect_eq(after.st_mode & 07777, 0600);
	cr_expect_eq(tempdir_count(&dir), 1);
}

Test(statefile, a_rest_of_a_crash_is_no_hindrance)
{
	tempdir_put(&dir, ".f.new", "half of it, and much too long");
	cr_assert_eq(statefile_write(dir.fd, "f", "one", 3), 0);
	expect_content("f", "one");
	cr_expect_eq(tempdir_count(&dir), 1);
}

Test(statefile, a_write_that_fails_leaves_the_old_file)
{
	cr_assert_eq(statefile_write(dir.fd, "f", "one", 3), 0);
	cr_assert_eq(mkdirat(dir.fd, ".f.new", 0700), 0);
	cr_expect_eq(statefile_write(dir.fd, "f", "two", 3), -EISDIR);
	expect_content("f", "one");
	cr_assert_eq(unlinkat(dir.fd, ".f.new", AT_REMOVEDIR), 0);
}

Test(statefile, what_is_no_file_is_not_read)
{
	char *text = NULL;
	size_t len = 0;

	cr_expect_eq(statefile_read(dir.fd, "f", &text, &len), -ENOENT);
	cr_assert_eq(mkfifoat(dir.fd, "fifo", 0600), 0);
	cr_expect_eq(statefile_read(dir.fd, "fifo", &text, &len), -ENXIO);
	cr_assert_eq(symlinkat("/etc/passwd", dir.fd, "link"), 0);
	cr_expect_eq(statefile_read(dir.fd, "link", &text, &len), -ELOOP);
}

Test(statefile, four_mebibytes_are_the_most)
{
	char *text = NULL;
	size_t len = 0;

	tempdir_put(&dir, "f", "");
	cr_assert_eq(truncate(tempdir_path(&dir, "f"), STATEFILE_MAX), 0);
	cr_expect_eq(statefile_read(dir.fd, "f", &text, &len), 0);
	cr_expect_eq(len, STATEFILE_MAX);
	free(text);
	cr_assert_eq(truncate(tempdir_path(&dir, "f"), STATEFILE_MAX + 1), 0);
	cr_expect_eq(statefile_read(dir.fd, "f", &text, &len), -EFBIG);
}

Test(statefile, broken_ones_are_set_aside_one_beside_the_other)
{
	tempdir_put(&dir, "f", "a");
	cr_assert_eq(statefile_set_aside(dir.fd, "f"), 0);
	tempdir_put(&dir, "f", "b");
	cr_assert_eq(statefile_set_aside(dir.fd, "f"), 0);
	expect_content("f.broken", "a");
	expect_content("f.broken.1", "b");
	for (int i = 0; i < 20; i++) {
		tempdir_put(&dir, "f", "c");
		cr_assert_eq(statefile_set_aside(dir.fd, "f"), 0);
	}
	cr_expect_eq(tempdir_count(&dir), 10);
	expect_content("f.broken", "a");
	cr_expect_eq(statefile_set_aside(dir.fd, "f"), -ENOENT);
}
