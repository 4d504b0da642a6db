/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* The ring between two threads: order, limits, and what a full one does. */
#include "tun/ring.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static bool push_number(struct ring *r, uint32_t n)
{
	uint8_t bytes[4];

	store_be32(bytes, n);
	return ring_push(r, RING_CONTROL, bytes, sizeof(bytes), NULL);
}

Test(ring, a_new_one_is_empty)
{
	struct ring *r = ring_new(4, 16);

	cr_assert_not_null(r);
	cr_assert_null(ring_peek(r));
	cr_assert_eq(ring_dropped(r), 0);
	ring_free(r);
}

Test(ring, freeing_none_is_allowed)
{
	ring_free(NULL);
}

Test(ring, an_entry_comes_out_as_it_went_in)
{
	struct ring *r = ring_new(4, 16);
	struct path path = { 0 };
	const struct ring_entry *e;

	path.remote.in.sin_family = AF_INET;
	path.remote.in.sin_port = htons(10500);
	path.remote.in.sin_addr.s_addr = htonl(0xc0000201);
	cr_assert(
		ring_push(r, RING_NO_SA, (const uint8_t *)"packet", 6, &path));

	e = ring_peek(r);
	cr_assert_not_null(e);
	cr_assert_eq(e->kind, RING_NO_SA);
	cr_assert_eq(e->len, 6);
	cr_assert_arr_eq(e->bytes, "packet", 6);
	cr_assert_eq(memcmp(&e->path, &path, sizeof(path)), 0);
	ring_pop(r);
	cr_assert_null(ring_peek(r));
	ring_free(r);
}

Test(ring, a_push_without_a_path_does_not_keep_the_slots_old_one)
{
	struct ring *r = ring_new(1, 16);
	struct path path, none = { 0 };

	memset(&path, 0x55, sizeof(path));
	cr_assert(ring_push(r, RING_CONTROL, (const uint8_t *)"a", 1, &path));
	ring_pop(r);
	cr_assert(ring_push(r, RING_INJECT, (const uint8_t *)"b", 1, NULL));
	cr_assert_eq(memcmp(&ring_peek(r)->path, &none, sizeof(none)), 0);
	ring_free(r);
}

Test(ring, a_peek_does_not_take)
{
	struct ring *r = ring_new(4, 16);

	cr_assert(push_number(r, 7));
	cr_assert_eq(ring_peek(r), ring_peek(r));
	cr_assert_not_null(ring_peek(r));
	ring_free(r);
}

Test(ring, the_last_entry_fits_and_the_next_is_dropped_and_counted)
{
	struct ring *r = ring_new(8, 16);

	for (uint32_t i = 0; i < 8; i++)
		cr_assert(push_number(r, i));
	cr_assert_not(push_number(r, 8));
	cr_assert_not(push_number(r, 9));
	cr_assert_eq(ring_dropped(r), 2);
	for (uint32_t i = 0; i < 8; i++) {
		cr_assert_eq(load_be32(ring_peek(r)->bytes), i);
		ring_pop(r);
	}
	cr_assert_null(ring_peek(r));
	cr_assert(push_number(r, 10));
	ring_free(r);
}

Test(ring, the_longest_entry_fits_and_one_byte_more_is_dropped)
{
	struct ring *r = ring_new(2, 100);
	uint8_t bytes[101];

	memset(bytes, 0xab, sizeof(bytes));
	cr_assert(ring_push(r, RING_CONTROL, bytes, 100, NULL));
	cr_assert_not(ring_push(r, RING_CONTROL, bytes, 101, NULL));
	cr_assert_eq(ring_dropped(r), 1);
	cr_assert_eq(ring_peek(r)->len, 100);
	cr_assert_arr_eq(ring_peek(r)->bytes, bytes, 100);
	ring_free(r);
}

Test(ring, an_entry_may_be_empty)
{
	struct ring *r = ring_new(2, 0);

	cr_assert(ring_push(r, RING_CONTROL, NULL, 0, NULL));
	cr_assert_eq(ring_peek(r)->len, 0);
	ring_free(r);
}

Test(ring, a_ring_of_one_works_round_after_round)
{
	struct ring *r = ring_new(1, 4);

	for (uint32_t i = 0; i < 1000; i++) {
		cr_assert(push_number(r, i));
		cr_assert_not(push_number(r, i));
		cr_assert_eq(load_be32(ring_peek(r)->bytes), i);
		ring_pop(r);
		cr_assert_null(ring_peek(r));
	}
	ring_free(r);
}

Test(ring, entries_of_odd_sizes_do_not_touch_their_neighbours)
{
	for (size_t max = 1; max < 40; max++) {
		struct ring *r = ring_new(4, max);
		uint8_t bytes[40];

		for (int i = 0; i < 4; i++) {
			memset(bytes, i, sizeof(bytes));
			cr_assert(ring_push(r, RING_CONTROL, bytes, max, NULL));
		}
		for (int i = 0; i < 4; i++) {
			memset(bytes, i, sizeof(bytes));
			cr_assert_eq(ring_peek(r)->len, max);
			cr_assert_arr_eq(ring_peek(r)->bytes, bytes, max);
			ring_pop(r);
		}
		ring_free(r);
	}
}

Test(ring, a_size_beyond_memory_gives_none)
{
	cr_assert_null(ring_new((size_t)1 << 62, 2048));
	cr_assert_null(ring_new(2, SIZE_MAX - 8));
}

Test(ring, eight_sixteenths_are_half_of_it_and_one_less_is_not)
{
	struct ring *r = ring_new(8, 1);

	for (int i = 0; i < 3; i++)
		cr_assert(ring_push(r, RING_I1, NULL, 0, NULL));
	cr_assert_not(ring_has_share(r, RING_I1, 8));
	cr_assert(ring_push(r, RING_I1, NULL, 0, NULL));
	cr_assert(ring_has_share(r, RING_I1, 8));
	cr_assert_not(ring_has_share(r, RING_I1, 10));
	cr_assert_not_null(ring_peek(r));
	ring_pop(r);
	cr_assert_not(ring_has_share(r, RING_I1, 8));
	ring_free(r);
}

Test(ring, a_share_is_of_one_kind)
{
	struct ring *r = ring_new(8, 1);

	for (int i = 0; i < 7; i++)
		cr_assert(ring_push(r, RING_I1, NULL, 0, NULL));
	cr_assert_not(ring_has_share(r, RING_R1, 2));
	cr_assert(ring_push(r, RING_R1, NULL, 0, NULL));
	cr_assert(ring_has_share(r, RING_R1, 2));
	cr_assert_not(ring_push(r, RING_R1, NULL, 0, NULL), "full");
	for (int i = 0; i < 7; i++) {
		cr_assert_not_null(ring_peek(r));
		ring_pop(r);
	}
	cr_assert_not(ring_has_share(r, RING_I1, 2));
	cr_assert(ring_has_share(r, RING_R1, 2));
	ring_free(r);
}
