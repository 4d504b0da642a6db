/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Readers and writers: the byte order, the last byte, and that a failure
 * stays.
 */
#include "daemon/base/cursor.h"

#include <criterion/criterion.h>

static const uint8_t bytes[] = { 1, 2,	3,  4,	5,  6,	7, 8,
				 9, 10, 11, 12, 13, 14, 15 };

Test(cursor, integers_are_big_endian)
{
	struct rd r = rd_init(bytes, sizeof(bytes));

	cr_expect_eq(rd_u8(&r), 0x01);
	cr_expect_eq(rd_u16(&r), 0x0203);
	cr_expect_eq(rd_u32(&r), 0x04050607);
	cr_expect_eq(rd_u64(&r), 0x08090a0b0c0d0e0f);
	cr_expect(rd_done(&r));
	cr_expect(!rd_failed(&r));
}

Test(cursor, the_writer_is_the_readers_reverse)
{
	uint8_t buf[sizeof(bytes)];
	struct wr w = wr_init(buf, sizeof(buf));

	wr_u8(&w, 0x01);
	wr_u16(&w, 0x0203);
	wr_u32(&w, 0x04050607);
	wr_u64(&w, 0x08090a0b0c0d0e0f);
	cr_expect(!wr_failed(&w));
	cr_expect_eq(wr_len(&w), sizeof(buf));
	cr_expect_eq(wr_left(&w), 0);
	cr_expect_arr_eq(buf, bytes, sizeof(buf));
}

Test(cursor, a_reader_that_failed_gives_zeros_for_ever)
{
	struct rd r = rd_init(bytes, 3);
	uint8_t copy[2] = { 0xff, 0xff };

	cr_expect_eq(rd_u32(&r), 0);
	cr_expect(rd_failed(&r));
	cr_expect(!rd_done(&r));
	cr_expect_eq(rd_left(&r), 0);
	cr_expect_eq(rd_u8(&r), 0);
	cr_expect_eq(rd_u16(&r), 0);
	cr_expect_eq(rd_u64(&r), 0);
	cr_expect_null(rd_bytes(&r, 0));
	rd_copy(&r, copy, sizeof(copy));
	cr_expect_eq(copy[0] | copy[1], 0);
}

Test(cursor, the_last_byte_is_read_and_the_one_behind_is_not)
{
	for (size_t len = 1; len <= 8; len++) {
		struct rd r = rd_init(bytes, len);

		cr_expect_eq(rd_bytes(&r, len), bytes);
		cr_expect(rd_done(&r));
		r = rd_init(bytes, len - 1);
		cr_expect_null(rd_bytes(&r, len));
		cr_expect(rd_failed(&r));
	}
}

Test(cursor, lengths_as_large_as_they_get_do_not_wrap)
{
	struct rd r = rd_init(bytes, sizeof(bytes));
	uint8_t buf[4];
	struct wr w = wr_init(buf, sizeof(buf));

	cr_expect_null(rd_bytes(&r, SIZE_MAX));
	cr_expect_null(wr_room(&w, SIZE_MAX));
	cr_expect(rd_failed(&r));
	cr_expect(wr_failed(&w));
}

Test(cursor, an_empty_reader_is_done)
{
	struct rd r = rd_init(NULL, 0);
	uint8_t copy = 7;

	cr_expect(rd_done(&r));
	rd_copy(&r, &copy, 0);
	cr_expect_eq(copy, 7);
	cr_expect(rd_done(&r));
	cr_expect_eq(rd_u8(&r), 0);
	cr_expect(rd_failed(&r));
}

Test(cursor, a_sub_reader_cannot_leave_its_part)
{
	struct rd r = rd_init(bytes, sizeof(bytes));
	struct rd sub = rd_sub(&r, 2);

	cr_expect_eq(rd_u16(&sub), 0x0102);
	cr_expect(rd_done(&sub));
	cr_expect_eq(rd_u8(&sub), 0);
	cr_expect(rd_failed(&sub));
	cr_expect(!rd_failed(&r));
	cr_expect_eq(rd_u8(&r), 3);
}

Test(cursor, a_sub_reader_that_is_too_long_fails_both)
{
	struct rd r = rd_init(bytes, 4);
	struct rd sub = rd_sub(&r, 5);

	cr_expect(rd_failed(&sub));
	cr_expect(rd_failed(&r));
	cr_expect_eq(rd_left(&sub), 0);
}

Test(cursor, looking_ahead_changes_nothing)
{
	struct rd r = rd_init(bytes, sizeof(bytes));
	struct rd look = r;

	rd_skip(&look, sizeof(bytes) + 1);
	cr_expect(rd_failed(&look));
	cr_expect_eq(rd_u8(&r), 1);
}

Test(cursor, a_writer_that_failed_writes_nothing_more)
{
	uint8_t buf[4] = { 0 };
	struct wr w = wr_init(buf, 3);

	wr_u16(&w, 0x0102);
	wr_u16(&w, 0x0304);
	cr_expect(wr_failed(&w));
	wr_u8(&w, 5);
	cr_expect_eq(wr_left(&w), 0);
	cr_expect_eq(wr_len(&w), 2);
	cr_expect_arr_eq(buf, "\1\2\0\0", 4);
}

Test(cursor, zeros_and_nothing_can_be_written)
{
	uint8_t buf[4] = { 9, 9, 9, 9 };
	struct wr w = wr_init(buf, sizeof(buf));

	wr_bytes(&w, NULL, 0);
	wr_zero(&w, 0);
	wr_zero(&w, 3);
	cr_expect_eq(wr_left(&w), 1);
	wr_bytes(&w, bytes, 1);
	cr_expect_arr_eq(buf, "\0\0\0\1", 4);
}

Test(cursor, two_bytes_are_overwritten_only_where_something_was_written)
{
	uint8_t buf[8] = { 0 };
	struct wr w = wr_init(buf, sizeof(buf));

	wr_zero(&w, 4);
	wr_u16_at(&w, 2, 0xabcd);
	cr_expect(!wr_failed(&w));
	cr_expect_arr_eq(buf, "\0\0\xab\xcd\0\0\0\0", 8);
	wr_u16_at(&w, 3, 1);
	cr_expect(wr_failed(&w));
	w = wr_init(buf, sizeof(buf));
	wr_u8(&w, 0);
	wr_u16_at(&w, 0, 1);
	cr_expect(wr_failed(&w));
	wr_u16_at(&w, 0, 1);
	cr_expect(wr_failed(&w));
}
