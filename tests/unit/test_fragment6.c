/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What is cut is put together the plain way of RFC 8200 4.5, in any order, and
 * must be what it was.
 */
#include "tun/fragment6.h"

#include "tests/unit/inner.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { ID = 0x01020304, GUARD = 16, ROUNDS = 20000 };

struct part {
	uint8_t bytes[IPV6_MIN_MTU + GUARD];
	size_t len;
};

static struct part parts[FRAGMENT6_PARTS_MAX];
static size_t n_parts;

/* Cuts, and checks that nothing was written behind a part. */
static bool cut(const uint8_t *packet, size_t len, size_t mtu)
{
	struct fragment6 f;

	n_parts = 0;
	if (!fragment6_begin(&f, packet, len, mtu, ID))
		return false;
	for (;;) {
		uint8_t bytes[IPV6_MIN_MTU + GUARD];
		size_t got;

		memset(bytes, 0xa5, sizeof(bytes));
		got = fragment6_next(&f, bytes);
		if (got == 0)
			return true;
		cr_assert_lt(n_parts, FRAGMENT6_PARTS_MAX);
		cr_assert_leq(got, mtu);
		for (size_t i = got; i < sizeof(bytes); i++)
			cr_assert_eq(bytes[i], 0xa5);
		memcpy(parts[n_parts].bytes, bytes, sizeof(bytes));
		parts[n_parts++].len = got;
	}
}

/* Where the Fragment header of a part is; next_at: what names it. */
static size_t find_header(const uint8_t *p, size_t len, size_t *next_at)
{
	size_t at = 40;

	*next_at = 6;
	while (p[*next_at] != 44) {
		cr_assert_lt(at + 8, len);
		*next_at = at;
		at += (p[at + 1] + 1u) * 8;
	}
	return at;
}

/* The original of all parts, from wherever they begin. Its length. */
static size_t join(uint8_t *out, uint32_t *id)
{
	bool filled[2 * IPV6_MIN_MTU] = { false };
	size_t front = 0, end = 0, next_at;

	for (size_t i = 0; i < n_parts; i++) {
		const uint8_t *p = parts[i].bytes;
		size_t at = find_header(p, parts[i].len, &next_at);
		size_t data = parts[i].len - at - 8;
		uint16_t word = load_be16(p + at + 2);
		size_t offset = word & 0xfff8;

		cr_assert_eq(parts[i].len, 40u + load_be16(p + 4));
		cr_assert_eq(word & 6, 0, "reserved");
		cr_assert(data > 0 && (!(word & 1) || data % 8 == 0));
		*id = load_be32(p + at + 4);
		if (offset == 0) {
			memcpy(out, p, at);
			out[next_at] = p[at];
			front = at;
		}
		if (!(word & 1))
			end = offset + data;
		for (size_t k = 0; k < data; k++) {
			cr_assert_not(filled[offset + k], "no overlap");
			filled[offset + k] = true;
		}
		memcpy(out + at + offset, p + at + 8, data);
	}
	cr_assert(front > 0 && end > 0, "first and last are there");
	for (size_t k = 0; k < end; k++)
		cr_assert(filled[k]);
	store_be16(out + 4, (uint16_t)(front - 40 + end));
	return front + end;
}

static void shuffle(uint32_t *state)
{
	for (size_t i = n_parts; i > 1; i--) {
		size_t k = inner_random(state) % i;
		struct part t = parts[k];

		parts[k] = parts[i - 1];
		parts[i - 1] = t;
	}
}

static size_t make(uint8_t *p, size_t data_len, uint8_t extensions)
{
	struct inner_conf c = { .protocol = INNER_UDP,
				.traffic_class = 0x2e << 2,
				.extensions = extensions,
				.data_len = (uint32_t)data_len,
				.seed = (uint32_t)data_len };

	return inner_make(p, &c);
}

Test(fragment6, a_packet_is_cut_into_eights_that_fit)
{
	uint8_t packet[IPV6_MIN_MTU];
	size_t len = make(packet, 1280 - 48, 0);

	cr_assert_eq(len, 1280);
	cr_assert(cut(packet, len, 1230));
	cr_assert_eq(n_parts, 2);
	cr_assert_eq(parts[0].len, 40 + 8 + 1176);
	cr_assert_eq(parts[1].len, 40 + 8 + 1240 - 1176);
	cr_assert_eq(load_be16(parts[0].bytes + 40 + 2), 1, "offset 0, more");
	cr_assert_eq(load_be16(parts[1].bytes + 40 + 2), 1176, "the last");
	cr_assert_eq(load_be32(parts[1].bytes + 40 + 4), ID);
	cr_assert_arr_eq(parts[1].bytes, parts[0].bytes, 4, "its class too");
}

/* Of any length, with any extension headers, cut twice. */
Test(fragment6, what_is_cut_and_put_together_is_what_it_was)
{
	static uint8_t packet[IPV6_MIN_MTU], again[4 * IPV6_MIN_MTU];
	uint32_t state = 4711, id = 0, cuts = 0;

	for (int i = 0; i < ROUNDS; i++) {
		uint8_t extensions = (uint8_t)(inner_random(&state) % 5);
		size_t room = 1280 - 48 - extensions * 8u;
		size_t len = make(packet, 1 + inner_random(&state) % room,
				  extensions);
		size_t mtu = 200 + inner_random(&state) % 1100;

		/* RFC 8200 4.1: the first may be for nodes on the way. */
		if (extensions && inner_random(&state) % 2)
			packet[6] = 0;
		if (extensions > 1 && inner_random(&state) % 2)
			packet[40] = 43;
		if (!cut(packet, len, mtu)) {
			cr_assert_gt(len / (mtu - 100), 6, "only very small");
			continue;
		}
		shuffle(&state);
		cr_assert_eq(join(again, &id), len);
		cr_assert_arr_eq(again, packet, len);
		cr_assert_eq(id, ID);
		cuts += n_parts > 1;
	}
	cr_assert_gt(cuts, ROUNDS / 4);
}

Test(fragment6, a_fragment_is_cut_further_and_keeps_its_place)
{
	static uint8_t packet[IPV6_MIN_MTU], first[IPV6_MIN_MTU];
	static uint8_t again[4 * IPV6_MIN_MTU];
	size_t len = make(packet, 1000, 1), first_len;
	struct part other;
	uint32_t id;

	cr_assert(cut(packet, len, 900));
	cr_assert_eq(n_parts, 2);
	other = parts[1];
	first_len = parts[0].len;
	memcpy(first, parts[0].bytes, first_len);
	store_be32(first + 40 + 4, 0xfeedbeef);
	store_be32(other.bytes + 40 + 4, 0xfeedbeef);
	cr_assert(cut(first, first_len, 400));
	cr_assert_eq(n_parts, 3);
	parts[n_parts++] = other;
	cr_assert_eq(join(again, &id), len);
	cr_assert_arr_eq(again, packet, len);
	cr_assert_eq(id, 0xfeedbeef, "the sender's own");
}

Test(fragment6, what_cannot_be_cut_is_refused)
{
	uint8_t packet[IPV6_MIN_MTU] = { 0 };
	size_t len = make(packet, 1000, 2);
	struct fragment6 f;

	cr_assert(fragment6_begin(&f, packet, len, 600, ID));
	cr_assert_not(fragment6_begin(&f, packet, len - 1, 600, ID), "length");
	cr_assert_not(fragment6_begin(&f, packet, 39, 600, ID));
	cr_assert_not(fragment6_begin(&f, packet, len, 48 + 7, ID));
	cr_assert_not(fragment6_begin(&f, packet, len, 48 + 120, ID), "parts");
	packet[41] = 255; /* an extension header longer than the packet */
	cr_assert_not(fragment6_begin(&f, packet, len, 600, ID));
	make(packet, 1000, 2);
	packet[48] = 60; /* headers without end */
	for (size_t at = 40; at + 8 <= len; at += 8) {
		packet[at] = 60;
		packet[at + 1] = 0;
	}
	cr_assert_not(fragment6_begin(&f, packet, len, 600, ID));
}

Test(fragment6, a_fragment_of_odd_length_or_none_is_refused)
{
	uint8_t packet[IPV6_MIN_MTU] = { 0 };
	struct fragment6 f;
	size_t len = make(packet, 100, 1);

	packet[6] = 44;
	packet[40] = INNER_UDP;
	store_be16(packet + 42, 8 | 1);
	cr_assert_neq((len - 48) % 8, 0);
	cr_assert_not(fragment6_begin(&f, packet, len, 100, ID));
	store_be16(packet + 42, 8);
	cr_assert(fragment6_begin(&f, packet, len, 100, ID));
	store_be16(packet + 4, 8);
	cr_assert_not(fragment6_begin(&f, packet, 48, 100, ID), "no data");
	store_be16(packet + 4, 7);
	cr_assert_not(fragment6_begin(&f, packet, 47, 100, ID));
}
