/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Warnings: each once, a bounded number.
 */
#include "daemon/warnings.h"

#include <criterion/criterion.h>

Test(warnings, each_is_there_once)
{
	struct warnings w = { 0 };

	warnings_add(&w, "code", "do this", "it is %d", 1);
	warnings_add(&w, "code", "do this", "it is %d", 1);
	warnings_add(&w, "code", "do this", "it is %d", 2);
	cr_assert_eq(w.n, 2);
	cr_expect_str_eq(w.all[0].code, "code");
	cr_expect_str_eq(w.all[0].text, "it is 1");
	cr_expect_str_eq(w.all[0].remedy, "do this");
	warnings_clear(&w);
	cr_expect_eq(w.n, 0);
}

Test(warnings, those_of_a_code_can_be_taken_away)
{
	struct warnings w = { 0 };

	warnings_add(&w, "a", "x", "1");
	warnings_add(&w, "b", "x", "2");
	warnings_add(&w, "a", "x", "3");
	warnings_remove(&w, "a");
	cr_assert_eq(w.n, 1);
	cr_expect_str_eq(w.all[0].text, "2");
	warnings_remove(&w, "c");
	cr_expect_eq(w.n, 1);
	warnings_clear(&w);
}

Test(warnings, there_are_no_more_than_the_limit)
{
	struct warnings w = { 0 };

	for (int i = 0; i < WARNINGS_MAX + 1; i++)
		warnings_add(&w, "a", "x", "%d", i);
	cr_expect_eq(w.n, WARNINGS_MAX);
	warnings_clear(&w);
}
