/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "cli/echo.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static const struct echo echo = { .fd = -1, .id = 0x1234, .token = "hipline" };

/* A reply as the other side makes it from our request. */
static void make_reply(uint8_t out[ECHO_LEN])
{
	cr_assert(eq(sz, echo_write(&echo, 0x0102, out, ECHO_LEN), ECHO_LEN));
	out[0] = 129;
}

Test(echo, a_request_has_the_form_of_rfc_4443)
{
	static const uint8_t head[] = { 128, 0, 0, 0, 0x12, 0x34, 1, 2 };
	uint8_t out[ECHO_LEN];

	cr_assert(eq(sz, echo_write(&echo, 0x0102, out, sizeof(out)), 64));
	cr_assert(memcmp(out, head, sizeof(head)) == 0);
}

Test(echo, a_request_needs_its_room)
{
	uint8_t out[ECHO_LEN];

	cr_assert(eq(sz, echo_write(&echo, 1, out, sizeof(out) - 1), 0));
}

Test(echo, the_reply_to_a_request_is_taken)
{
	uint8_t reply[ECHO_LEN];
	uint16_t seq = 0;

	make_reply(reply);
	cr_assert(echo_parse(&echo, reply, sizeof(reply), &seq));
	cr_assert(eq(u16, seq, 0x0102));
}

Test(echo, data_cut_off_behind_the_number_does_no_harm)
{
	uint8_t reply[ECHO_LEN];
	uint16_t seq = 0;

	make_reply(reply);
	cr_assert(echo_parse(&echo, reply, 18, &seq));
	for (size_t len = 0; len < 18; len++)
		cr_assert(not(echo_parse(&echo, reply, len, &seq)));
}

Test(echo, what_is_no_reply_to_us_is_refused)
{
	/* Type, code, number, token and its end, the number once more. */
	static const size_t at[] = { 0, 1, 6, 7, 8, 15, 16, 17 };
	uint8_t reply[ECHO_LEN];
	uint16_t seq = 77;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		make_reply(reply);
		reply[at[i]] ^= 1;
		cr_assert(not(echo_parse(&echo, reply, sizeof(reply), &seq)));
	}
	cr_assert(eq(u16, seq, 77));
}
