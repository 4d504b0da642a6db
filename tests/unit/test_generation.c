/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The R1 generation on the disk never goes back.
 */
#include "daemon/generation.h"

#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
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

TestSuite(generation, .init = make, .fini = take_away);

static uint64_t load(uint64_t time_s)
{
	uint64_t n = 99;

	cr_assert_eq(generation_load(dir.fd, time_s, &n), 0);
	return n;
}

Test(generation, it_begins_at_zero)
{
	cr_expect_eq(load(1000), 0);
	cr_expect_eq(tempdir_count(&dir), 0);
}

Test(generation, what_was_saved_is_loaded)
{
	cr_assert_eq(generation_save(dir.fd, 1), 0);
	cr_expect_eq(load(1000), 1);
	cr_assert_eq(generation_save(dir.fd, UINT64_MAX - 1), 0);
	cr_expect_eq(load(1000), UINT64_MAX - 1);
	cr_expect_eq(tempdir_count(&dir), 1);
}

Test(generation, where_it_is_broken_the_time_stands_for_it)
{
	static const char *const texts[] = {
		"", "12", "\n", "1 2\n", "-1\n", "x\n", "18446744073709551616\n"
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		tempdir_put(&dir, "r1-generation", texts[i]);
		cr_expect_eq(load(1000 + i), 1000 + i, "%s", texts[i]);
		cr_expect_eq(load(1000), 0); /* it was set aside */
	}
}

Test(generation, a_directory_that_is_gone_is_an_error)
{
	int closed = dup(dir.fd);
	uint64_t n = 99;

	(void)close(closed);
	cr_expect_eq(generation_load(closed, 1000, &n), -EBADF);
	cr_expect_eq(n, 99);
	cr_expect_eq(generation_save(closed, 1), -EBADF);
}
