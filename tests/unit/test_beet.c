/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* The inner header that is not sent, and the rule by which it comes back. */
#include "tun/beet.h"

#include <criterion/criterion.h>

static const uint8_t source[16] = { 0x20, 0x01, 0x00, 0x22, [15] = 1 };
static const uint8_t destination[16] = { 0x20, 0x01, 0x00, 0x22, [15] = 2 };

static void put(struct pkt *pkt, uint8_t *buf, uint32_t cap, uint32_t len)
{
	memset(buf, 0, cap);
	*pkt = (struct pkt){ .buf = buf, .cap = cap, .off = 64, .len = len };
	buf[64] = 0x60;
	store_be16(buf + 64 + 4, (uint16_t)(len - 40));
	buf[64 + 6] = 17;
}

Test(beet, a_packet_of_the_length_that_it_says_is_fit)
{
	uint8_t buf[256];
	struct pkt pkt;

	put(&pkt, buf, sizeof(buf), 100);
	cr_assert(beet_check(&pkt));
	put(&pkt, buf, sizeof(buf), 40);
	cr_assert(beet_check(&pkt));
}

Test(beet, a_packet_of_another_length_is_not)
{
	uint8_t buf[256];
	struct pkt pkt;

	put(&pkt, buf, sizeof(buf), 100);
	pkt.len--;
	cr_assert_not(beet_check(&pkt));
	pkt.len += 2;
	cr_assert_not(beet_check(&pkt));
	/* A jumbogram says 0 (RFC 2675). */
	store_be16(buf + 64 + 4, 0);
	cr_assert_not(beet_check(&pkt));
}

Test(beet, less_than_a_header_is_not_looked_at)
{
	uint8_t buf[256];
	struct pkt pkt;

	for (uint32_t len = 0; len < 40; len++) {
		put(&pkt, buf, sizeof(buf), len);
		store_be16(buf + 64 + 4, 0);
		cr_assert_not(beet_check(&pkt));
	}
}

Test(beet, only_version_6_is_fit)
{
	uint8_t buf[256];
	struct pkt pkt;

	for (unsigned v = 0; v < 256; v++) {
		put(&pkt, buf, sizeof(buf), 80);
		buf[64] = (uint8_t)v;
		cr_assert_eq(beet_check(&pkt), v >> 4 == 6);
	}
}

Test(beet, a_packet_that_would_look_like_a_dummy_is_not_fit)
{
	uint8_t buf[256];
	struct pkt pkt;

	put(&pkt, buf, sizeof(buf), 80);
	buf[64 + 6] = 59;
	cr_assert_not(beet_check(&pkt));
}

Test(beet, stripping_gives_next_header_and_traffic_class)
{
	uint8_t buf[256], traffic_class;
	struct pkt pkt;

	for (unsigned tc = 0; tc < 256; tc++) {
		put(&pkt, buf, sizeof(buf), 80);
		store_be32(buf + 64, (uint32_t)6 << 28 | tc << 20 | 0xfffff);
		buf[64 + 6] = (uint8_t)(tc + 1);
		cr_assert_eq(beet_strip(&pkt, &traffic_class),
			     (uint8_t)(tc + 1));
		cr_assert_eq(traffic_class, tc);
		cr_assert(pkt.off == 104 && pkt.len == 40);
	}
}

Test(beet, rebuilding_fills_every_byte_of_the_header)
{
	uint8_t buf[256];
	struct pkt pkt;
	uint8_t *ip;

	memset(buf, 0xee, sizeof(buf));
	pkt = (struct pkt){ .buf = buf,
			    .cap = sizeof(buf),
			    .off = 40,
			    .len = 130,
			    .traffic_class = 0xb8 };
	beet_rebuild(&pkt, 6, source, destination);
	cr_assert(pkt.off == 0 && pkt.len == 170);
	ip = pkt_data(&pkt);
	cr_assert_eq(load_be32(ip), 0x6b800000);
	cr_assert_eq(load_be16(ip + 4), 130);
	cr_assert_eq(ip[6], 6);
	cr_assert_eq(ip[7], BEET_HOP_LIMIT);
	cr_assert_arr_eq(ip + 8, source, 16);
	cr_assert_arr_eq(ip + 24, destination, 16);
	cr_assert_eq(ip[40], 0xee);
	cr_assert(beet_check(&pkt));
}

Test(beet, the_largest_payload_of_a_header_can_be_rebuilt)
{
	static uint8_t buf[40 + UINT16_MAX];
	struct pkt pkt = {
		.buf = buf, .cap = sizeof(buf), .off = 40, .len = UINT16_MAX
	};

	beet_rebuild(&pkt, 17, source, destination);
	cr_assert_eq(load_be16(buf + 4), UINT16_MAX);
	cr_assert(beet_check(&pkt));
}
