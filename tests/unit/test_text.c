/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "cli/text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static bool bytes_are(uint64_t n, const char *text)
{
	char out[TEXT_MAX];

	text_bytes(n, out);
	return strcmp(out, text) == 0;
}

static bool duration_is(uint64_t s, const char *text)
{
	char out[TEXT_MAX];

	text_duration(s, out);
	return strcmp(out, text) == 0;
}

Test(text, bytes_have_units_of_a_thousand)
{
	cr_assert(bytes_are(0, "0 B"));
	cr_assert(bytes_are(999, "999 B"));
	cr_assert(bytes_are(1000, "1.0 kB"));
	cr_assert(bytes_are(999999, "999.9 kB"));
	cr_assert(bytes_are(1000000, "1.0 MB"));
	cr_assert(bytes_are(12345678901, "12.3 GB"));
	cr_assert(bytes_are(UINT64_MAX, "18.4 EB"));
}

Test(text, durations_have_two_units_at_most)
{
	cr_assert(duration_is(0, "0 s"));
	cr_assert(duration_is(59, "59 s"));
	cr_assert(duration_is(60, "1 min"));
	cr_assert(duration_is(3599, "59 min"));
	cr_assert(duration_is(3600, "1 h 0 min"));
	cr_assert(duration_is(86399, "23 h 59 min"));
	cr_assert(duration_is(86400, "1 d 0 h"));
	cr_assert(duration_is(UINT64_MAX, "213503982334601 d 7 h"));
}

Test(text, numbers_are_digits_alone)
{
	static const char *const bad[] = { "",	 " 1", "1 ", "+1",
					   "-1", "1.", "0x1" };
	uint64_t n = 77;

	cr_assert(text_number_parse("0", &n));
	cr_assert(eq(u64, n, 0));
	cr_assert(text_number_parse("9223372036854775807", &n));
	cr_assert(eq(u64, n, INT64_MAX));
	n = 77;
	cr_assert(not(text_number_parse("9223372036854775808", &n)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(not(text_number_parse(bad[i], &n)));
	cr_assert(eq(u64, n, 77));
}

Test(text, seconds_may_have_decimals)
{
	uint64_t us = 0;

	cr_assert(text_seconds_parse("15", &us));
	cr_assert(eq(u64, us, 15000000));
	cr_assert(text_seconds_parse("0.01", &us));
	cr_assert(eq(u64, us, 10000));
	cr_assert(text_seconds_parse("1.5", &us));
	cr_assert(eq(u64, us, 1500000));
	cr_assert(text_seconds_parse("0.000001", &us));
	cr_assert(eq(u64, us, 1));
	cr_assert(text_seconds_parse("9223372036854.775807", &us));
	cr_assert(eq(u64, us, INT64_MAX));
}

Test(text, wrong_seconds_are_refused)
{
	static const char *const bad[] = {
		"",   ".5",  "1.",	  "1.2.3",	   "1,5",
		"-1", "nan", "inf",	  "1e3",	   "0x10",
		" 1", "1 ",  "0.0000001", "9223372036855",
	};
	uint64_t us = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(not(text_seconds_parse(bad[i], &us)));
	cr_assert(eq(u64, us, 77));
}

Test(text, the_width_counts_characters)
{
	cr_assert(eq(sz, text_width(""), 0));
	cr_assert(eq(sz, text_width("abc"), 3));
	cr_assert(eq(sz, text_width("\xc3\xbc\xe2\x82\xac"), 2));
}

Test(text, control_characters_do_not_reach_the_terminal)
{
	char out[64] = { 0 };
	FILE *f = fmemopen(out, sizeof(out), "w");

	text_put(f, "a\033[31m\n\x7f\xc2\x9b"
		    "\xc3\xbc\xc2\xa0z");
	(void)fclose(f);
	cr_assert(strcmp(out, "a?[31m???\xc3\xbc\xc2\xa0z") == 0);
}

Test(text, a_complaint_is_one_line)
{
	char out[64] = { 0 };
	FILE *f = fmemopen(out, sizeof(out), "w");

	text_complain(f, "%s: cause.\nRemedy %d.", "what", 1);
	(void)fclose(f);
	cr_assert(strcmp(out, "hipline: what: cause.?Remedy 1.\n") == 0);
}
