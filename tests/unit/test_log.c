/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What reaches stderr, byte for byte. Each test runs in a process of its
 * own, whose stderr is a pipe.
 */
#include "daemon/base/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int out[2];
static char got[8 * LOG_LINE_MAX];

static void redirect(void)
{
	cr_assert_eq(pipe(out), 0);
	cr_assert_eq(fcntl(out[0], F_SETFL, O_NONBLOCK), 0);
	cr_assert_eq(dup2(out[1], STDERR_FILENO), STDERR_FILENO);
}

TestSuite(log, .init = redirect);

/* What was written since the last time. */
static const char *lines(void)
{
	ssize_t n = read(out[0], got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	return got;
}

Test(log, a_line_is_what_colon_detail)
{
	log_error("identity", "cannot read path=%s errno=%d", "/x", 13);
	cr_expect_str_eq(lines(), "identity: cannot read path=/x errno=13\n");
}

Test(log, levels_above_the_set_one_are_silent)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERROR,
						 LOG_LEVEL_WARNING,
						 LOG_LEVEL_INFO,
						 LOG_LEVEL_DEBUG };
	static const char *const expected[] = { "a: e\n", "a: e\na: w\n",
						"a: e\na: w\na: i\n",
						"a: e\na: w\na: i\na: d\n" };

	for (size_t i = 0; i < 4; i++) {
		log_set_level(levels[i]);
		cr_expect_eq(log_level(), levels[i]);
		log_error("a", "e");
		log_warning("a", "w");
		log_info("a", "i");
		log_debug("a", "d");
		cr_expect_str_eq(lines(), expected[i]);
	}
}

Test(log, the_level_is_info_in_the_beginning)
{
	cr_expect_eq(log_level(), LOG_LEVEL_INFO);
}

Test(log, levels_have_names)
{
	enum log_level level = LOG_LEVEL_ERROR;

	cr_expect(log_level_from_text("debug", &level));
	cr_expect_eq(level, LOG_LEVEL_DEBUG);
	cr_expect(log_level_from_text("error", &level));
	cr_expect_eq(level, LOG_LEVEL_ERROR);
	cr_expect(!log_level_from_text("Info", &level));
	cr_expect(!log_level_from_text("", &level));
	cr_expect_eq(level, LOG_LEVEL_ERROR);
}

Test(log, control_characters_cannot_forge_a_line)
{
	log_error("a", "%s", "x\nroot: y\r\033[2J\t\x7f z");
	cr_expect_str_eq(lines(), "a: x?root: y??[2J?? z\n");
	log_error("a", "%s", "J\xc3\xbcrgen \xc2\x9b \xc2\xa0");
	cr_expect_str_eq(lines(), "a: J\xc3\xbcrgen \xc2? \xc2\xa0\n");
}

Test(log, the_longest_line_is_whole_and_a_longer_one_is_cut)
{
	char text[LOG_LINE_MAX];

	memset(text, 'x', sizeof(text));
	text[LOG_LINE_MAX - 3 - 2] = '\0'; /* "a: " before, NUL, one left */
	log_error("a", "%s", text);
	cr_expect_eq(strlen(lines()), LOG_LINE_MAX - 1);
	cr_expect_str_eq(got + LOG_LINE_MAX - 4, "xx\n");
	text[LOG_LINE_MAX - 3 - 2] = 'x';
	text[LOG_LINE_MAX - 1] = '\0';
	log_error("a", "%s", text);
	cr_expect_eq(strlen(lines()), LOG_LINE_MAX);
	cr_expect_str_eq(got + LOG_LINE_MAX - 4, "...\n");
}

Test(log, errno_stays_as_it_was)
{
	errno = ENOSPC;
	log_error("a", "b");
	cr_expect_eq(errno, ENOSPC);
	close(STDERR_FILENO);
	log_error("a", "b");
	cr_expect_eq(errno, ENOSPC);
}

Test(log, a_limited_place_makes_one_line_a_second_and_counts_the_rest)
{
	struct log_limit limit = { 0 };

	log_limited(&limit, 5000, LOG_LEVEL_INFO, "a", "first");
	log_limited(&limit, 5000, LOG_LEVEL_INFO, "a", "second");
	log_limited(&limit, 5000 + LOG_LIMIT_MS - 1, LOG_LEVEL_INFO, "a", "x");
	cr_expect_str_eq(lines(), "a: first\n");
	log_limited(&limit, 5000 + LOG_LIMIT_MS, LOG_LEVEL_INFO, "a", "fourth");
	cr_expect_str_eq(lines(), "a: fourth suppressed=2\n");
	log_limited(&limit, 9000, LOG_LEVEL_INFO, "a", "fifth");
	cr_expect_str_eq(lines(), "a: fifth\n");
}

Test(log, a_limited_place_does_not_count_what_its_level_hides)
{
	struct log_limit limit = { 0 };

	log_limited(&limit, 0, LOG_LEVEL_DEBUG, "a", "hidden");
	log_limited(&limit, 0, LOG_LEVEL_INFO, "a", "shown");
	cr_expect_str_eq(lines(), "a: shown\n");
	cr_expect_eq(limit.suppressed, 0);
}
