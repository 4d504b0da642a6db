/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* ICMPv6 errors: their bytes, and about what none is sent. */
#include "tests/unit/hex.h"
#include "tun/icmp6.h"
#include "tun/pkt.h"

#include <criterion/criterion.h>

static const uint8_t app[16] = { 0x20, 0x01, 0x00, 0x22, [15] = 1 };
static const uint8_t far[16] = { 0x20, 0x01, 0x00, 0x22, [15] = 2 };

enum { INNER = 2000 };

/* An inner packet from app to far; its payload counts up. */
static void put(uint8_t *inner, uint8_t next_header, size_t len)
{
	memset(inner, 0, INNER);
	inner[0] = 0x60;
	store_be16(inner + 4, (uint16_t)(len - 40));
	inner[6] = next_header;
	inner[7] = 64;
	memcpy(inner + 8, app, 16);
	memcpy(inner + 24, far, 16);
	for (size_t i = 40; i < len; i++)
		inner[i] = (uint8_t)i;
}

static size_t write_about(const uint8_t *inner, size_t len)
{
	uint8_t out[ICMP6_ERROR_MAX];

	return icmp6_error_write(ICMP6_NO_ROUTE, 0, inner, len, out);
}

/* What a receiver computes over a good packet: RFC 4443 2.3. */
static bool checksum_is_right(const uint8_t *packet, size_t len)
{
	return ipv6_checksum(packet + 8, packet + 24, 58, packet + 40,
			     len - 40) == 0;
}

/* RFC 7401 appendix C.3: a TCP SYN between two HITs. */
Test(icmp6, the_checksum_is_that_of_rfc_7401)
{
	uint8_t source[16], destination[16], tcp[20];

	hex("20010020000000000000000000000001", source, 16);
	hex("20010020000000000000000000000002", destination, 16);
	hex("ffdc0016 00000001 00000000 5002ffff 00000000", tcp, 20);
	cr_assert_eq(ipv6_checksum(source, destination, 6, tcp, 20), 0x6faa);
}

Test(icmp6, the_checksum_takes_odd_lengths_and_carries)
{
	uint8_t bytes[2001], even[2002];

	memset(bytes, 0xff, sizeof(bytes));
	memcpy(even, bytes, sizeof(bytes));
	even[2001] = 0;
	cr_assert_eq(ipv6_checksum(app, far, 17, bytes, 0),
		     (uint16_t) ~(2 * 0x2001 + 2 * 0x22 + 3 + 17));
	/* A zero behind an odd length changes the length in the sum only. */
	cr_assert_eq((uint16_t)(ipv6_checksum(app, far, 17, bytes, 2001) -
				ipv6_checksum(app, far, 17, even, 2002)),
		     1);
}

/* Computed by hand from RFC 4443 3.1 and 2.3. */
Test(icmp6, an_error_has_these_bytes)
{
	static const struct {
		enum icmp6_error error;
		uint32_t mtu;
		uint8_t type;
		uint8_t code;
		uint32_t word;
	} cases[] = {
		{ ICMP6_NO_ROUTE, 1400, 1, 0, 0 },
		{ ICMP6_ADMIN, 0, 1, 1, 0 },
		{ ICMP6_ADDRESS, 0, 1, 3, 0 },
		{ ICMP6_PACKET_TOO_BIG, 1400, 2, 0, 1400 },
		{ ICMP6_PACKET_TOO_BIG, 0x12345678, 2, 0, 0x12345678 },
	};
	uint8_t inner[INNER], out[ICMP6_ERROR_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(out, 0xee, sizeof(out));
		put(inner, 17, 100);
		cr_assert_eq(icmp6_error_write(cases[i].error, cases[i].mtu,
					       inner, 100, out),
			     148);
		cr_assert_eq(load_be32(out), 0x60000000);
		cr_assert_eq(load_be16(out + 4), 108);
		cr_assert_eq(out[6], 58);
		cr_assert_eq(out[7], 64);
		cr_assert_arr_eq(out + 8, far, 16);
		cr_assert_arr_eq(out + 24, app, 16);
		cr_assert_eq(out[40], cases[i].type);
		cr_assert_eq(out[41], cases[i].code);
		cr_assert_eq(load_be32(out + 44), cases[i].word);
		cr_assert_arr_eq(out + 48, inner, 100);
		cr_assert(checksum_is_right(out, 148));
		cr_assert_eq(out[148], 0xee);
	}
}

Test(icmp6, a_packet_of_any_length_is_quoted_as_far_as_it_fits)
{
	uint8_t inner[INNER], out[ICMP6_ERROR_MAX];

	for (size_t len = 40; len <= INNER; len++) {
		size_t want =
			len + 48 < ICMP6_ERROR_MAX ? len + 48 : ICMP6_ERROR_MAX;

		put(inner, 17, len);
		cr_assert_eq(icmp6_error_write(ICMP6_PACKET_TOO_BIG, 1280,
					       inner, len, out),
			     want);
		cr_assert_eq(load_be16(out + 4), want - 40);
		cr_assert_arr_eq(out + 48, inner, want - 48);
		cr_assert(checksum_is_right(out, want));
	}
}

Test(icmp6, none_is_sent_about_what_is_no_ipv6_packet)
{
	uint8_t inner[INNER];

	put(inner, 17, 100);
	for (size_t len = 0; len < 40; len++)
		cr_assert_eq(write_about(inner, len), 0);
	cr_assert_neq(write_about(inner, 40), 0);
	inner[0] = 0x45;
	cr_assert_eq(write_about(inner, 100), 0);
}

/* RFC 4443 2.4 (e.1), (e.2) */
Test(icmp6, none_is_sent_about_errors_and_redirects)
{
	uint8_t inner[INNER];

	for (unsigned type = 0; type < 256; type++) {
		put(inner, 58, 100);
		inner[40] = (uint8_t)type;
		cr_assert_eq(write_about(inner, 100) != 0,
			     type >= 128 && type != 137, "type %u", type);
	}
}

/* RFC 4443 2.4 (e.3), (e.6) */
Test(icmp6, none_is_sent_about_multicast_and_the_unspecified_address)
{
	static const uint8_t unspecified[16], multicast[16] = { 0xff, 2 };
	uint8_t inner[INNER];

	for (int at = 8; at <= 24; at += 16) {
		put(inner, 17, 100);
		memcpy(inner + at, unspecified, 16);
		cr_assert_eq(write_about(inner, 100), 0);
		inner[at + 15] = 1;
		cr_assert_neq(write_about(inner, 100), 0);
		memcpy(inner + at, multicast, 16);
		cr_assert_eq(write_about(inner, 100), 0);
	}
}

/* A chain of headers of 8 bytes each, then ICMPv6 of that type. */
static size_t put_chain(uint8_t *inner, const uint8_t *kinds, size_t n,
			uint8_t type)
{
	size_t len = 40 + n * 8 + 8;

	put(inner, n ? kinds[0] : 58, len);
	memset(inner + 40, 0, len - 40);
	for (size_t i = 0; i < n; i++)
		inner[40 + i * 8] = i + 1 < n ? kinds[i + 1] : 58;
	inner[40 + n * 8] = type;
	return len;
}

Test(icmp6, errors_are_found_behind_extension_headers)
{
	static const uint8_t kinds[] = { 0, 60, 43, 44, 51, 60, 60, 60, 60 };
	uint8_t inner[INNER];

	for (size_t n = 0; n <= 8; n++) {
		size_t len = put_chain(inner, kinds, n, 1);

		cr_assert_eq(write_about(inner, len), 0, "%zu headers", n);
		len = put_chain(inner, kinds, n, 128);
		cr_assert_neq(write_about(inner, len), 0, "%zu headers", n);
	}
	/* One header more than we look behind. */
	cr_assert_eq(write_about(inner, put_chain(inner, kinds, 9, 128)), 0);
}

Test(icmp6, an_extension_header_may_be_long)
{
	uint8_t inner[INNER];

	put(inner, 60, 600);
	memset(inner + 40, 0, 560);
	inner[40] = 58;
	inner[41] = 10; /* 88 bytes */
	inner[40 + 88] = 128;
	cr_assert_neq(write_about(inner, 600), 0);
	inner[40 + 88] = 4;
	cr_assert_eq(write_about(inner, 600), 0);
	/* The authentication header counts in words of 4. */
	inner[6] = 51;
	inner[40 + 48] = 128;
	cr_assert_neq(write_about(inner, 600), 0);
}

Test(icmp6, none_is_sent_where_the_headers_do_not_end)
{
	static const uint8_t kinds[] = { 60, 60 };
	uint8_t inner[INNER];
	size_t len = put_chain(inner, kinds, 2, 128);

	cr_assert_neq(write_about(inner, len), 0);
	for (size_t n = 40; n <= 56; n++)
		cr_assert_eq(write_about(inner, n), 0, "%zu bytes", n);
	cr_assert_neq(write_about(inner, 57), 0);
	inner[41] = 2; /* 24 bytes, of which all 24 are there, and no type */
	cr_assert_eq(write_about(inner, len), 0);
	inner[41] = 255;
	cr_assert_eq(write_about(inner, len), 0);
}

Test(icmp6, a_later_fragment_of_icmp_is_not_answered_but_one_of_udp_is)
{
	static const uint8_t kinds[] = { 44 };
	uint8_t inner[INNER];
	size_t len = put_chain(inner, kinds, 1, 128);

	store_be16(inner + 42, 1); /* more fragments, the first */
	cr_assert_neq(write_about(inner, len), 0);
	store_be16(inner + 42, 8); /* the second */
	cr_assert_eq(write_about(inner, len), 0);
	inner[40] = 60;
	cr_assert_eq(write_about(inner, len), 0);
	inner[40] = 17;
	cr_assert_neq(write_about(inner, len), 0);
}
