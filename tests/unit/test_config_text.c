/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The text of a configuration before libconfuse sees it.
 */
#include "daemon/config_text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void expect_text(const char *in, const char *out)
{
	struct config_fault fault;
	char *text = NULL;

	cr_assert_eq(config_text_prepare(in, strlen(in), &text, &fault), 0,
		     "%s", in);
	cr_expect_str_eq(text, out);
	free(text);
}

static void expect_fault(const char *in, size_t len, int line)
{
	struct config_fault fault;
	char *text = NULL;

	cr_assert_eq(config_text_prepare(in, len, &text, &fault), -EINVAL, "%s",
		     in);
	cr_expect_null(text);
	cr_expect_not_null(fault.what);
	cr_expect_eq(fault.line, line, "%s: line %d", in, fault.line);
}

#define FAULT(text, line) expect_fault(text, strlen(text), line)

Test(config_text, comments_become_blank_and_lines_stay)
{
	expect_text("# a\nb = 1 // c\n", "   \nb = 1     \n");
	expect_text("a /* b\nc */ d", "a     \n     d");
	expect_text("a = \"# // /* \" # x", "a = \"# // /* \"    ");
}

Test(config_text, an_empty_list_holds_an_empty_string)
{
	expect_text("a = {}", "a = {\"\"}");
	expect_text("a={ # none\n }", "a={       \n \"\"}");
	expect_text("a {}", "a {}");
	expect_text("a = { \"\" }", "a = { \"\" }");
}

Test(config_text, an_empty_text_is_fit)
{
	expect_text("", "");
}

Test(config_text, a_carriage_return_becomes_blank)
{
	expect_text("a = 1\r\n", "a = 1 \n");
}

Test(config_text, what_never_ends_is_told_where_it_begins)
{
	FAULT("a\n{\n\n", 2);
	FAULT("a {\n b = {\n }\n", 1);
	FAULT("a\n/* b\n\n", 2);
	FAULT("a\n\n= \"b\n\"", 3);
	FAULT("a = 'b", 1);
	FAULT("a = {}\n}", 2);
}

Test(config_text, what_libconfuse_would_skip_is_refused)
{
	FAULT("a = {\n docker* }", 2);
	FAULT("a = (b)", 1);
	FAULT("a\n\n+= {b}", 3);
	FAULT("a = b\\n", 1);
	FAULT("a = \"b\\n\"", 1);
	FAULT("a = \x01", 1);
	FAULT("a = \x1b", 1);
}

Test(config_text, environment_variables_are_refused)
{
	FAULT("a = ${HOME}", 1);
	FAULT("a = \"${HOME}\"", 1);
}

Test(config_text, a_nul_byte_is_refused)
{
	expect_fault("a = 1\0\n", 7, 1);
}

Test(config_text, braces_nest_four_deep_at_most)
{
	expect_text("a{a{a{a{}}}}", "a{a{a{a{}}}}");
	FAULT("a{a{a{a{\na{}}}}}", 2);
}

Test(config_text, a_mebibyte_is_the_longest)
{
	char *text = malloc(CONFIG_TEXT_MAX + 1);
	struct config_fault fault;
	char *out = NULL;

	cr_assert_not_null(text);
	memset(text, ' ', CONFIG_TEXT_MAX + 1);
	cr_expect_eq(config_text_prepare(text, CONFIG_TEXT_MAX, &out, &fault),
		     0);
	free(out);
	cr_expect_eq(
		config_text_prepare(text, CONFIG_TEXT_MAX + 1, &out, &fault),
		-EINVAL);
	free(text);
}
