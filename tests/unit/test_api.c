/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Requests and replies of the control socket, whole and broken.
 */
#include "daemon/base/api.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static uint8_t buf[2 * API_REQUEST_MAX];
static char text[API_TEXT_MAX + 2];

static const struct api_request ping = {
	.command = "ping",
	.args = { "2001:22::1", "-c", "", "J\xc3\xbcrgen" },
	.n_args = 4,
};

/* A text of len characters. */
static const char *long_text(size_t len)
{
	memset(text, 'x', len);
	text[len] = '\0';
	return text;
}

Test(api, a_request_is_parsed_as_it_was_written)
{
	size_t len = api_request_write(&ping, buf, sizeof(buf));
	struct api_request r;

	cr_assert_gt(len, 0);
	cr_assert(api_request_parse(buf, len, &r));
	cr_expect_str_eq(r.command, "ping");
	cr_assert_eq(r.n_args, 4);
	for (size_t i = 0; i < 4; i++)
		cr_expect_str_eq(r.args[i], ping.args[i]);
}

Test(api, the_form_of_a_request_is_fixed)
{
	static const uint8_t expected[] = { 0, 0, 0, 2, 'i', 'd', 0, /**/
					    0, 1,		     /**/
					    0, 0, 0, 1, 'x', 0 };
	struct api_request r = { .command = "id",
				 .args = { "x" },
				 .n_args = 1 };

	cr_assert_eq(api_request_write(&r, buf, sizeof(buf)), sizeof(expected));
	cr_expect_arr_eq(buf, expected, sizeof(expected));
}

Test(api, a_request_fits_exactly_or_not_at_all)
{
	size_t len = api_request_write(&ping, buf, sizeof(buf));

	cr_expect_eq(api_request_write(&ping, buf, len), len);
	for (size_t cap = 0; cap < len; cap++)
		cr_assert_eq(api_request_write(&ping, buf, cap), 0);
}

Test(api, a_request_cut_short_or_prolonged_is_refused)
{
	size_t len = api_request_write(&ping, buf, sizeof(buf));
	struct api_request r;

	for (size_t n = 0; n < len; n++)
		cr_assert(!api_request_parse(buf, n, &r));
	buf[len] = 0;
	cr_expect(!api_request_parse(buf, len + 1, &r));
	cr_expect(api_request_parse(buf, len, &r));
}

Test(api, the_limits_of_a_request_hold_at_both_ends)
{
	struct api_request r = { .command = long_text(API_TEXT_MAX) }, got;
	size_t len;

	len = api_request_write(&r, buf, sizeof(buf));
	cr_assert_gt(len, 0);
	cr_expect(api_request_parse(buf, len, &got));
	r.command = long_text(API_TEXT_MAX + 1);
	cr_expect_eq(api_request_write(&r, buf, sizeof(buf)), 0);
	r.command = "x";
	r.n_args = API_ARGS_MAX;
	for (size_t i = 0; i < API_ARGS_MAX; i++)
		r.args[i] = "y";
	len = api_request_write(&r, buf, sizeof(buf));
	cr_assert_gt(len, 0);
	cr_assert(api_request_parse(buf, len, &got));
	cr_expect_eq(got.n_args, API_ARGS_MAX);
	buf[6 + 1]++; /* one more argument than there may be */
	memcpy(buf + len, buf + len - 6, 6);
	cr_expect(!api_request_parse(buf, len + 6, &got));
	r.n_args = API_ARGS_MAX + 1;
	cr_expect_eq(api_request_write(&r, buf, sizeof(buf)), 0);
}

Test(api, a_request_over_its_limit_is_refused_however_it_is_made)
{
	struct api_request r = { .command = "x", .n_args = 17 };

	long_text(API_TEXT_MAX);
	for (size_t i = 0; i < r.n_args; i++)
		r.args[i] = text;
	cr_expect_eq(api_request_write(&r, buf, sizeof(buf)), 0);
	r.n_args = 15;
	cr_expect_gt(api_request_write(&r, buf, sizeof(buf)), 0);
	cr_expect(!api_request_parse(buf, API_REQUEST_MAX + 1, &r));
}

Test(api, too_long_an_argument_is_refused)
{
	struct api_request r;
	size_t len = 0;

	memset(buf, 'x', sizeof(buf));
	memcpy(buf, "\0\0\x10\x01", 4); /* 4097 */
	len = 4 + API_TEXT_MAX + 1;
	memcpy(buf + len, "\0\0\0", 3);
	cr_expect(!api_request_parse(buf, len + 3, &r));
	memcpy(buf, "\0\0\x10\0", 4);
	memcpy(buf + len - 1, "\0\0\0", 3);
	cr_expect(api_request_parse(buf, len + 2, &r));
}

/* A request of one word, which stands there with `len` bytes. */
static bool parses(const void *word, size_t len)
{
	struct api_request r;
	uint8_t *p = buf;

	memcpy(p, "\0\0\0", 3);
	p[3] = (uint8_t)len;
	memcpy(p + 4, word, len);
	memcpy(p + 4 + len, "\0\0\0", 3);
	return api_request_parse(buf, 4 + len + 3, &r);
}

Test(api, text_is_utf8_without_nul)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool good;
	} cases[] = {
		{ "", 0, true },
		{ "abc", 3, true },
		{ "a\0c", 3, false },
		{ "ab\0", 3, false },
		{ "\x7f", 1, true },
		{ "\x80", 1, false },
		{ "\xc1\xbf", 2, false }, /* overlong */
		{ "\xc2\x80", 2, true },
		{ "\xc2", 1, false },
		{ "\xc2\x7f", 2, false },
		{ "\xc2\xc0", 2, false },
		{ "\xdf\xbf", 2, true },
		{ "\xe0\x9f\xbf", 3, false }, /* overlong */
		{ "\xe0\xa0\x80", 3, true },
		{ "\xed\x9f\xbf", 3, true },
		{ "\xed\xa0\x80", 3, false }, /* surrogate */
		{ "\xed\xbf\xbf", 3, false },
		{ "\xee\x80\x80", 3, true },
		{ "\xef\xbf", 2, false },
		{ "\xf0\x8f\xbf\xbf", 4, false }, /* overlong */
		{ "\xf0\x90\x80\x80", 4, true },
		{ "\xf4\x8f\xbf\xbf", 4, true },
		{ "\xf4\x90\x80\x80", 4, false }, /* beyond U+10FFFF */
		{ "\xf5\x80\x80\x80", 4, false },
		{ "\xf0\x90\x80", 3, false },
		{ "\xff", 1, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(parses(cases[i].bytes, cases[i].len),
			     cases[i].good, "case %zu", i);
}

Test(api, a_text_without_its_nul_is_refused)
{
	struct api_request r;

	cr_expect(!api_request_parse((const uint8_t *)"\0\0\0\1xy\0\0", 8, &r));
	cr_expect(api_request_parse((const uint8_t *)"\0\0\0\1x\0\0\0", 8, &r));
}

Test(api, what_would_not_be_parsed_is_not_written)
{
	struct api_request r = { .command = "\xff" };
	struct api_reply reply = { .text = "\xff", .json = "" };

	cr_expect_eq(api_request_write(&r, buf, sizeof(buf)), 0);
	cr_expect_eq(api_reply_write(&reply, buf, sizeof(buf)), 0);
}

Test(api, a_reply_is_parsed_as_it_was_written)
{
	struct api_reply r = { .exit = API_NO_SUCH_NAME,
			       .text = "no such name",
			       .json = "{\"hit\": null}" },
			 got;
	size_t len = api_reply_len(&r);

	cr_assert_eq(api_reply_write(&r, buf, sizeof(buf)), len);
	cr_expect_eq(api_reply_write(&r, buf, len), len);
	cr_expect_eq(api_reply_write(&r, buf, len - 1), 0);
	cr_assert_eq(api_reply_write(&r, buf, len), len);
	cr_assert(api_reply_parse(buf, len, &got));
	cr_expect_eq(got.exit, API_NO_SUCH_NAME);
	cr_expect_str_eq(got.text, r.text);
	cr_expect_str_eq(got.json, r.json);
	for (size_t n = 0; n < len; n++)
		cr_assert(!api_reply_parse(buf, n, &got));
	cr_expect(!api_reply_parse(buf, len + 1, &got));
}

Test(api, only_the_exit_codes_of_the_contract_are_taken)
{
	struct api_reply r = { .exit = 0, .text = "", .json = "" }, got;
	size_t len = api_reply_write(&r, buf, sizeof(buf));

	for (unsigned int code = 0; code < 256; code++) {
		buf[0] = (uint8_t)code;
		cr_expect_eq(api_reply_parse(buf, len, &got), code <= 4);
	}
}

Test(api, a_refused_message_leaves_the_result_untouched)
{
	struct api_request r = { .command = "before" };
	struct api_reply reply = { .text = "before" };

	cr_expect(!api_request_parse(buf, 0, &r));
	cr_expect_str_eq(r.command, "before");
	cr_expect(!api_reply_parse(buf, 0, &reply));
	cr_expect_str_eq(reply.text, "before");
}
