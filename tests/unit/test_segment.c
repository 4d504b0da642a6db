/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/segment.h"

#include "tests/unit/inner.h"
#include "tun/checksum.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static uint8_t packet[INNER_MAX], expected[INNER_MAX], pristine[INNER_MAX];

/* The virtio header of a super-packet, and its checksum field as it comes:
 * the pseudo header's sum. */
static struct vnet super(const struct inner_conf *c, uint16_t size,
			 uint32_t len)
{
	uint16_t start = (uint16_t)(40 + c->extensions * 8);
	uint16_t offset = c->protocol == INNER_TCP ? 16 : 6;
	struct vnet v = {
		.flags = VNET_NEEDS_CSUM,
		.gso_type = c->protocol == INNER_TCP ? VNET_GSO_TCPV6
						     : VNET_GSO_UDP_L4,
		.hdr_len = (uint16_t)(start + inner_transport_len(c)),
		.gso_size = size,
		.csum_start = start,
		.csum_offset = offset,
	};
	uint64_t sum = checksum_pseudo(packet + 8, packet + 24, c->protocol,
				       len - start);

	if (c->flags & INNER_CWR)
		v.gso_type |= VNET_GSO_ECN;
	checksum_store(packet + start + offset, checksum_fold(sum));
	return v;
}

/* The segment that begins at `at` of a super-packet's data, the plain way. */
static uint32_t reference(const struct inner_conf *c, uint32_t at, uint32_t len)
{
	struct inner_conf s = *c;
	uint32_t header = 40 + c->extensions * 8u + inner_transport_len(c);
	uint32_t n, start = 40 + c->extensions * 8u;
	uint8_t *t = expected + start;
	uint32_t field = c->protocol == INNER_TCP ? 16 : 6;
	uint16_t sum;

	s.sequence += at;
	s.data_len = len;
	if (at > 0)
		s.flags &= (uint8_t)~INNER_CWR;
	if (at + len < c->data_len)
		s.flags &= (uint8_t) ~(INNER_FIN | INNER_PSH);
	n = inner_make(expected, &s);
	memcpy(expected + header, pristine + header + at, len);
	store_be16(t + field, 0);
	sum = ipv6_checksum(expected + 8, expected + 24, c->protocol, t,
			    n - start);
	store_be16(t + field, sum || c->protocol == INNER_TCP ? sum : 0xffff);
	return n;
}

static void check_super(const struct inner_conf *c, uint16_t size)
{
	uint32_t n = inner_make(packet, c), at = 0;
	struct segments s;
	struct vnet v;
	uint8_t *inner;
	size_t len;

	memcpy(pristine, packet, n);
	v = super(c, size, n);
	cr_assert(segment_begin(&s, &v, packet, n));
	while ((inner = segment_next(&s, &len)) != NULL) {
		uint32_t data =
			c->data_len - at < size ? c->data_len - at : size;

		cr_assert_eq(len, reference(c, at, data));
		cr_assert_arr_eq(inner, expected, len);
		memset(inner, 0xee, 40); /* the user may */
		at += data;
		cr_assert_eq(segment_is_done(&s), at == c->data_len);
	}
	cr_assert_eq(at, c->data_len);
	cr_assert_null(segment_next(&s, &len));
}

Test(segment, random_super_packets_become_what_the_plain_way_makes)
{
	uint32_t state = 42;

	for (int i = 0; i < 2000; i++) {
		uint16_t size = (uint16_t)(1 + inner_random(&state) % 1460);
		struct inner_conf c = {
			.protocol = inner_random(&state) % 3 ? INNER_TCP
							     : INNER_UDP,
			.traffic_class = (uint8_t)inner_random(&state),
			.flags = (uint8_t)inner_random(&state),
			.options = (uint8_t)(inner_random(&state) % 11),
			.extensions = (uint8_t)(inner_random(&state) % 3),
			.port = (uint16_t)inner_random(&state),
			.window = (uint16_t)inner_random(&state),
			.sequence = inner_random(&state),
			.acknowledgement = inner_random(&state),
			.data_len = 1 + inner_random(&state) %
						(i % 50 ? 9000 : 65000),
			.seed = inner_random(&state),
		};

		if (c.protocol == INNER_UDP)
			c.flags = 0;
		check_super(&c, size);
	}
}

Test(segment, edges_of_size)
{
	struct inner_conf c = { .protocol = INNER_TCP, .flags = 0x99 };
	static const uint32_t lens[] = { 1, 99, 100, 101, 200, 201, 65000 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		c.data_len = lens[i];
		check_super(&c, 100);
		check_super(&c, 65000);
	}
}

Test(segment, the_sequence_number_wraps)
{
	struct inner_conf c = { .protocol = INNER_TCP,
				.sequence = UINT32_MAX - 150,
				.data_len = 1000 };

	check_super(&c, 100);
}

Test(segment, a_plain_packet_stays_as_it_is)
{
	struct inner_conf c = { .protocol = INNER_UDP, .data_len = 33 };
	uint32_t n = inner_make(packet, &c);
	struct vnet v = { .flags = 0 };
	struct segments s;
	size_t len;

	memcpy(expected, packet, n);
	cr_assert(segment_begin(&s, &v, packet, n));
	cr_assert_eq(segment_next(&s, &len), packet);
	cr_assert_eq(len, n);
	cr_assert_arr_eq(packet, expected, n);
	cr_assert_null(segment_next(&s, &len));
}

Test(segment, a_checksum_that_was_left_to_us_is_completed)
{
	uint32_t state = 5;

	for (uint32_t i = 0; i < 500; i++) {
		struct inner_conf c = {
			.protocol = i % 2 ? INNER_UDP : INNER_TCP,
			.data_len = i,
			.seed = inner_random(&state),
		};
		uint32_t n = inner_make(packet, &c);
		struct vnet v = super(&c, 0, n);
		struct segments s;

		inner_make(expected, &c);
		v.gso_type = VNET_GSO_NONE;
		cr_assert(segment_begin(&s, &v, packet, n));
		cr_assert_arr_eq(packet, expected, n);
	}
}

Test(segment, a_checksum_of_zero_is_sent_as_all_ones)
{
	/* Data chosen so that the sum comes out as zero. */
	struct inner_conf c = { .protocol = INNER_UDP, .data_len = 2 };
	uint32_t n = inner_make(packet, &c);
	uint8_t *udp = packet + 40;
	struct segments s;
	struct vnet v;

	store_be16(udp + 6, 0);
	store_be16(udp + 8, 0);
	store_be16(udp + 8,
		   ipv6_checksum(packet + 8, packet + 24, 17, udp, 10));
	v = super(&c, 2, n);
	v.gso_type = VNET_GSO_NONE;
	cr_assert(segment_begin(&s, &v, packet, n));
	cr_assert_eq(load_be16(udp + 6), 0xffff);
}

Test(segment, what_does_not_fit_together_is_refused)
{
	struct inner_conf c = { .protocol = INNER_TCP, .data_len = 500 };
	uint32_t n = inner_make(packet, &c);
	const struct vnet good = super(&c, 100, n);
	struct segments s;
	struct vnet v;

#define REFUSED(change)                                                        \
	do {                                                                   \
		v = good;                                                      \
		change;                                                        \
		cr_assert_not(segment_begin(&s, &v, packet, n), #change);      \
	} while (0)
	v = good;
	cr_assert(segment_begin(&s, &v, packet, n));
	REFUSED(v.gso_size = 0);
	REFUSED(v.gso_type = VNET_GSO_TCPV4);
	REFUSED(v.gso_type = 3); /* UFO */
	REFUSED(v.gso_type = 77);
	REFUSED(v.csum_start = 39);
	REFUSED(v.csum_start = (uint16_t)(n - 19));
	REFUSED(v.csum_start = UINT16_MAX);
	REFUSED((v.gso_type = VNET_GSO_UDP_L4,
		 v.csum_start = (uint16_t)(n - 7)));
	REFUSED((v.gso_type = VNET_GSO_UDP_L4,
		 v.csum_start = (uint16_t)(n - 8))); /* no data */
	REFUSED((v.gso_type = VNET_GSO_NONE, v.csum_start = 39));
	REFUSED((v.gso_type = VNET_GSO_NONE,
		 v.csum_offset = (uint16_t)(n - 41)));
	REFUSED((v.gso_type = VNET_GSO_NONE, v.csum_offset = UINT16_MAX));
	packet[40 + 12] = 0x40; /* a TCP header of 16 bytes */
	REFUSED((void)v);
	packet[40 + 12] = 0x50;
	packet[0] = 0x45;
	REFUSED((void)v);
	packet[0] = 0x60;
	v = good;
	cr_assert_not(segment_begin(&s, &v, packet, 60)); /* no data */
	cr_assert(segment_begin(&s, &v, packet, 61));
	v.gso_type = v.flags = 0;
	cr_assert_not(segment_begin(&s, &v, packet, 0));
#undef REFUSED
}

Test(segment, headers_longer_than_the_limit_are_refused)
{
	/* 40 + 8 * 24 + 20 = 252; with one option word 256. */
	struct inner_conf c = { .protocol = INNER_TCP,
				.extensions = 24,
				.options = 1,
				.data_len = 300 };
	uint32_t n;
	struct segments s;
	struct vnet v;

	check_super(&c, 100);
	c.options = 2;
	n = inner_make(packet, &c);
	v = super(&c, 100, n);
	cr_assert_not(segment_begin(&s, &v, packet, n));
}
