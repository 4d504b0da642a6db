/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Frames and what arrived: RFC 6940 6.6.2. */
#include "resolver/frame.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t data[] = { 0x80, 0, 0, 1, 2, 0, 0, 3, 'a', 'b', 'c' };
static const uint8_t ack[] = { 0x81, 0, 0, 1, 2, 0, 0, 0, 6 };

Test(frame, data_is_parsed_and_written)
{
	uint8_t out[sizeof(data)];
	struct wr w = wr_init(out, sizeof(out));
	struct frame f;

	cr_assert(frame_parse(data, sizeof(data), &f));
	cr_expect_eq(f.type, FRAME_DATA);
	cr_expect_eq(f.sequence, 258);
	cr_assert_eq(f.message.len, 3);
	cr_expect_arr_eq(f.message.bytes, "abc", 3);
	frame_data_write(&w, f.sequence, f.message.bytes, f.message.len);
	cr_assert_eq(wr_len(&w), sizeof(data));
	cr_expect_arr_eq(out, data, sizeof(data));
}

Test(frame, an_acknowledgement_is_parsed_and_written)
{
	uint8_t out[sizeof(ack)];
	struct wr w = wr_init(out, sizeof(out));
	struct frame f;

	cr_assert(frame_parse(ack, sizeof(ack), &f));
	cr_expect_eq(f.type, FRAME_ACK);
	cr_expect_eq(f.sequence, 258);
	cr_expect_eq(f.received, 6);
	frame_ack_write(&w, f.sequence, f.received);
	cr_assert_eq(wr_len(&w), sizeof(ack));
	cr_expect_arr_eq(out, ack, sizeof(ack));
}

Test(frame, a_truncated_frame_is_refused)
{
	struct frame f;

	for (size_t n = 0; n < sizeof(data); n++)
		cr_expect_not(frame_parse(data, n, &f), "%zu", n);
	for (size_t n = 0; n < sizeof(ack); n++)
		cr_expect_not(frame_parse(ack, n, &f), "%zu", n);
}

Test(frame, bytes_behind_a_frame_are_refused)
{
	uint8_t longer[sizeof(data) + 1] = { 0 };
	struct frame f;

	memcpy(longer, data, sizeof(data));
	cr_expect_not(frame_parse(longer, sizeof(longer), &f));
	memset(longer, 0, sizeof(longer));
	memcpy(longer, ack, sizeof(ack));
	cr_expect_not(frame_parse(longer, sizeof(ack) + 1, &f));
}

Test(frame, another_type_is_refused)
{
	uint8_t bytes[sizeof(ack)];
	struct frame f;

	memcpy(bytes, ack, sizeof(ack));
	for (unsigned int type = 0; type < 256; type++) {
		bytes[0] = (uint8_t)type;
		/* As data, its length is 0 and one byte is left over. */
		cr_expect_eq(frame_parse(bytes, sizeof(bytes), &f),
			     type == FRAME_ACK, "%u", type);
	}
}

Test(frame, a_bit_says_which_numbers_before_arrived)
{
	struct frame_window w = { 0 };

	cr_expect_eq(frame_window_on_data(&w, 0), 0);
	cr_expect_eq(frame_window_on_data(&w, 1), 1u << 1);
	cr_expect_eq(frame_window_on_data(&w, 3), 1u << 2 | 1u << 3);
	/* The late one sees only what is before it. */
	cr_expect_eq(frame_window_on_data(&w, 2), 1u << 1 | 1u << 2);
	cr_expect_eq(frame_window_on_data(&w, 4), 0x1e);
}

Test(frame, a_number_31_behind_has_a_bit_and_one_32_behind_has_none)
{
	struct frame_window w = { 0 };

	(void)frame_window_on_data(&w, 0); /* a first one */
	cr_expect_eq(frame_window_on_data(&w, 31), 1u << 31);
	w = (struct frame_window){ 0 };
	(void)frame_window_on_data(&w, 0); /* a first one */
	cr_expect_eq(frame_window_on_data(&w, 32), 0);
}

Test(frame, sequence_numbers_go_through_zero)
{
	struct frame_window w = { 0 };

	(void)frame_window_on_data(&w, UINT32_MAX); /* a first one */
	cr_expect_eq(frame_window_on_data(&w, 0), 1u << 1);
	cr_expect_eq(frame_window_on_data(&w, 1), 1u << 1 | 1u << 2);
}

Test(frame, what_is_far_behind_is_not_recorded)
{
	struct frame_window w = { 0 };

	(void)frame_window_on_data(&w, 1000);		/* a first one */
	cr_expect_eq(frame_window_on_data(&w, 936), 0); /* 64 behind */
	cr_expect_eq(w.seen, 1);
	(void)frame_window_on_data(&w, 937); /* 63 behind: its bit counts */
	cr_expect_eq(w.seen, 1ull << 63 | 1);
	cr_expect_eq(w.top, 1000);
}

Test(frame, a_jump_ahead_forgets_what_was)
{
	struct frame_window w = { 0 };

	(void)frame_window_on_data(&w, 5);		   /* a first one */
	cr_expect_eq(frame_window_on_data(&w, 5 + 64), 0); /* far ahead */
	cr_expect_eq(w.seen, 1);
}

Test(frame, an_acknowledgement_names_itself_and_those_of_its_bits)
{
	struct frame f = { .type = FRAME_ACK,
			   .sequence = 2,
			   .received = 1u << 3 };

	cr_expect(frame_acknowledges(&f, 2));
	cr_expect(frame_acknowledges(&f, UINT32_MAX));
	cr_expect_not(frame_acknowledges(&f, 1));
	cr_expect_not(frame_acknowledges(&f, 3));
	cr_expect_not(frame_acknowledges(&f, 2u - 32));
}
