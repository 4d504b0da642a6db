/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Fragments: RFC 6940 6.7. */
#include "resolver/fragment.h"
#include "tests/unit/reload_samples.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MTU = 1000, BODY = 3000, NOW = 5000000 };

static uint8_t message[RELOAD_MESSAGE_MAX], joined[RELOAD_MESSAGE_MAX];
static uint8_t pieces[32][RELOAD_MESSAGE_MAX];
static size_t lens[32];
static struct reassembly *waiting;

static size_t make(size_t body, uint64_t transaction_id)
{
	struct hit node = sample_hit(3);
	struct forwarding f = {
		.ttl = 9,
		.last_fragment = true,
		.transaction_id = transaction_id,
		.destination = { .at = { destination_node(&node) }, .n = 1 },
	};
	struct wr w = wr_init(message, sizeof(message));

	forwarding_write(&w, &f, body);
	for (size_t i = 0; i < body; i++)
		wr_u8(&w, (uint8_t)(i * 7 + (i >> 8)));
	cr_assert(!wr_failed(&w));
	return wr_len(&w);
}

static size_t split(const uint8_t *bytes, size_t len, size_t mtu)
{
	struct fragmenter f;
	size_t n = 0;

	if (!fragment_begin(&f, bytes, len, mtu))
		return 0;
	for (;;) {
		struct wr w = wr_init(pieces[n], sizeof(pieces[n]));

		if (!fragment_next(&f, &w))
			return n;
		cr_assert(!wr_failed(&w) && n < 31);
		lens[n++] = wr_len(&w);
	}
}

static enum reassembly_result add_from(uint8_t from, size_t i, uint64_t now_ms)
{
	struct wr w = wr_init(joined, sizeof(joined));
	struct hit hit = sample_hit(from);
	struct forwarding f;
	struct span rest;

	cr_assert_eq(forwarding_parse(pieces[i], lens[i], &f, &rest),
		     MESSAGE_OK);
	return reassembly_add(waiting, &hit, &f, rest, &w, now_ms);
}

static enum reassembly_result add(size_t i)
{
	return add_from(1, i, NOW);
}

static void set_up(void)
{
	waiting = reassembly_new();
	cr_assert(waiting);
}

static void tear_down(void)
{
	reassembly_free(waiting);
}

TestSuite(fragment, .init = set_up, .fini = tear_down);

Test(fragment, what_fits_is_not_split)
{
	size_t len = make(BODY, 1);
	struct fragmenter f;

	cr_expect_not(fragment_begin(&f, message, len, len));
	cr_expect(fragment_begin(&f, message, len, len - 1));
}

Test(fragment, pieces_join_to_the_same_message_in_any_order)
{
	static const size_t orders[][4] = { { 0, 1, 2, 3 },
					    { 3, 2, 1, 0 },
					    { 2, 0, 3, 1 } };
	size_t len = make(BODY, 1), n = split(message, len, MTU);

	cr_assert_eq(n, 4);
	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < 3; j++)
			cr_expect_eq(add(orders[i][j]), REASSEMBLY_WAITS);
		cr_expect_eq(add(orders[i][3]), REASSEMBLY_WHOLE);
		cr_expect_arr_eq(joined, message, len);
		cr_expect_eq(reassembly_count(waiting), 0);
	}
}

Test(fragment, pieces_leave_room_for_the_via_list_and_are_equal)
{
	size_t n = split(message, make(BODY, 1), MTU);

	for (size_t i = 0; i < n; i++)
		cr_expect(lens[i] <= MTU - FRAGMENT_VIA_ROOM);
	cr_expect_eq(lens[0], lens[1]);
	cr_expect(lens[0] - lens[n - 1] < n);
}

Test(fragment, a_piece_can_be_split_again)
{
	size_t len = make(BODY, 1), n = split(message, len, 2000);
	uint8_t first[RELOAD_MESSAGE_MAX];
	size_t first_len = lens[0];

	cr_assert_eq(n, 2);
	memcpy(first, pieces[0], first_len);
	cr_expect_eq(add(1), REASSEMBLY_WAITS);
	n = split(first, first_len, MTU);
	cr_assert_eq(n, 2);
	cr_expect_eq(add(1), REASSEMBLY_WAITS);
	cr_expect_eq(add(0), REASSEMBLY_WHOLE);
	cr_expect_arr_eq(joined, message, len);
}

Test(fragment, no_room_for_256_bytes_means_that_it_goes_whole)
{
	size_t len = make(BODY, 1), lists = 38 + 18;
	struct fragmenter f;

	cr_expect_not(fragment_begin(&f, message, len, lists + 32 + 255));
	cr_expect(fragment_begin(&f, message, len, lists + 32 + 256));
}

Test(fragment, the_same_piece_again_changes_nothing)
{
	size_t len = make(BODY, 1);

	cr_assert_eq(split(message, len, MTU), 4);
	for (size_t i = 0; i < 3; i++) {
		cr_expect_eq(add(i), REASSEMBLY_WAITS);
		cr_expect_eq(add(i), REASSEMBLY_WAITS);
	}
	cr_expect_eq(add(3), REASSEMBLY_WHOLE);
	cr_expect_arr_eq(joined, message, len);
}

Test(fragment, pieces_that_overlap_void_the_message)
{
	size_t len = make(BODY, 1);

	cr_assert_eq(split(message, len, MTU), 4);
	cr_expect_eq(add(0), REASSEMBLY_WAITS);
	pieces[1][15]--; /* begins one byte early */
	cr_expect_eq(add(1), REASSEMBLY_REFUSED);
	cr_expect_eq(reassembly_count(waiting), 0);
}

Test(fragment, nothing_comes_behind_the_last_piece)
{
	size_t len = make(BODY, 1);

	cr_assert_eq(split(message, len, MTU), 4);
	pieces[1][12] |= 0x40; /* says that it is the last */
	cr_expect_eq(add(1), REASSEMBLY_WAITS);
	cr_expect_eq(add(2), REASSEMBLY_REFUSED);
	cr_expect_eq(add(2), REASSEMBLY_WAITS);
	cr_expect_eq(add(1), REASSEMBLY_REFUSED);
}

Test(fragment, a_piece_beyond_the_largest_message_is_refused)
{
	size_t len = make(BODY, 1);

	cr_assert_eq(split(message, len, MTU), 4);
	pieces[3][13] = 1; /* an offset of 65,536 and more */
	cr_expect_eq(add(3), REASSEMBLY_REFUSED);
	cr_expect_eq(reassembly_count(waiting), 0);
}

Test(fragment, a_short_piece_that_is_not_the_last_is_refused)
{
	size_t len = make(BODY, 1);
	struct hit hit = sample_hit(1);
	struct forwarding f;
	struct span rest;
	struct wr w = wr_init(joined, sizeof(joined));

	cr_assert_eq(split(message, len, MTU), 4);
	cr_assert_eq(forwarding_parse(pieces[0], lens[0], &f, &rest),
		     MESSAGE_OK);
	rest.len = 255;
	cr_expect_eq(reassembly_add(waiting, &hit, &f, rest, &w, NOW),
		     REASSEMBLY_REFUSED);
	rest.len = 256;
	cr_expect_eq(reassembly_add(waiting, &hit, &f, rest, &w, NOW),
		     REASSEMBLY_WAITS);
}

Test(fragment, pieces_of_different_neighbours_do_not_mix)
{
	size_t len = make(BODY, 1);

	cr_assert_eq(split(message, len, MTU), 4);
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(add_from(1, i, NOW), REASSEMBLY_WAITS);
	cr_expect_eq(add_from(2, 3, NOW), REASSEMBLY_WAITS);
	cr_expect_eq(reassembly_count(waiting), 2);
	cr_expect_eq(add_from(1, 3, NOW), REASSEMBLY_WHOLE);
}

Test(fragment, sixteen_messages_wait_and_a_seventeenth_is_refused)
{
	for (uint64_t id = 1; id <= 17; id++) {
		cr_assert_eq(split(message, make(BODY, id), MTU), 4);
		cr_expect_eq(add(0),
			     id <= 16 ? REASSEMBLY_WAITS : REASSEMBLY_REFUSED);
	}
	cr_expect_eq(reassembly_count(waiting), 16);
}

Test(fragment, a_neighbour_that_begins_many_does_not_keep_others_out)
{
	for (uint64_t id = 1; id <= 20; id++) {
		cr_assert_eq(split(message, make(BODY, id), MTU), 4);
		(void)add_from(1, 0, NOW + id); /* 16 of them wait */
	}
	for (uint64_t id = 100; id < 104; id++) {
		cr_assert_eq(split(message, make(BODY, id), MTU), 4);
		for (size_t i = 0; i < 3; i++)
			cr_expect_eq(add_from(2, i, NOW + 100),
				     REASSEMBLY_WAITS);
		cr_expect_eq(reassembly_count(waiting), 16);
		cr_expect_eq(add_from(2, 3, NOW + 100), REASSEMBLY_WHOLE);
		cr_expect_eq(add_from(1, 0, NOW + 200), REASSEMBLY_WAITS);
	}
	/* The four oldest have made way, and no other. */
	cr_assert_eq(split(message, make(BODY, 5), MTU), 4);
	for (size_t i = 1; i < 4; i++)
		cr_expect_eq(add_from(1, i, NOW + 300),
			     i < 3 ? REASSEMBLY_WAITS : REASSEMBLY_WHOLE);
}

Test(fragment, where_others_have_no_more_a_newcomer_is_refused)
{
	for (uint64_t id = 1; id <= 16; id++) {
		cr_assert_eq(split(message, make(BODY, id), MTU), 4);
		cr_expect_eq(add_from((uint8_t)(1 + id), 0, NOW),
			     REASSEMBLY_WAITS);
	}
	cr_assert_eq(split(message, make(BODY, 17), MTU), 4);
	cr_expect_eq(add_from(1, 0, NOW), REASSEMBLY_REFUSED);
}

Test(fragment, what_waits_15_seconds_is_given_up)
{
	cr_assert_eq(split(message, make(BODY, 1), MTU), 4);
	cr_expect_eq(add(0), REASSEMBLY_WAITS);
	reassembly_expire(waiting, NOW + 14999);
	cr_expect_eq(reassembly_count(waiting), 1);
	reassembly_expire(waiting, NOW + 15000);
	cr_expect_eq(reassembly_count(waiting), 0);
}
