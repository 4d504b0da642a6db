/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The configuration's file.
 */
#include "daemon/config_file.h"

#include "daemon/config_text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char error[CONFIG_ERROR_MAX];

Test(config_file, a_file_is_read_whole)
{
	char path[] = "/tmp/hipline-test-XXXXXX";
	int fd = mkstemp(path);
	char *text = NULL;
	size_t len = 0;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "host {}\n", 8), 8);
	cr_expect_eq(config_file_read(path, &text, &len), 0);
	cr_expect_eq(len, 8);
	cr_expect_eq(memcmp(text, "host {}\n", 8), 0);
	free(text);
	cr_assert_eq(ftruncate(fd, CONFIG_TEXT_MAX), 0);
	cr_expect_eq(config_file_read(path, &text, &len), 0);
	free(text);
	cr_assert_eq(ftruncate(fd, CONFIG_TEXT_MAX + 1), 0);
	cr_expect_eq(config_file_read(path, &text, &len), -EFBIG);
	(void)close(fd);
	(void)unlink(path);
	cr_expect_eq(config_file_read(path, &text, &len), -ENOENT);
	cr_expect_eq(config_file_read("/tmp", &text, &len), -EISDIR);
}

Test(config_file, one_that_is_not_there_means_the_defaults)
{
	struct config_file f;

	cr_assert_eq(config_file_load("/nowhere/x.conf", false, &f, error), 0);
	cr_expect_eq(f.config.port, 10500);
	cr_expect_eq(f.len, 0);
	config_file_clear(&f);
}

Test(config_file, one_that_was_named_must_be_there)
{
	struct config_file f;

	cr_assert_eq(config_file_load("/nowhere/x.conf", true, &f, error),
		     -ENOENT);
	cr_expect_eq(strncmp(error, "/nowhere/x.conf: No such file", 29), 0);
}

Test(config_file, its_name_and_line_are_in_the_error)
{
	char path[] = "/tmp/hipline-test-XXXXXX";
	int fd = mkstemp(path);
	struct config_file f;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "\nx=1\n", 5), 5);
	cr_expect_eq(config_file_load(path, true, &f, error), -EINVAL);
	cr_expect_eq(strncmp(error, path, strlen(path)), 0);
	cr_expect_eq(strncmp(error + strlen(path), ":2: ", 4), 0);
	(void)close(fd);
	(void)unlink(path);
}
