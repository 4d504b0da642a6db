/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What becomes of packets that are larger than the path to the peer carries,
 * with and without the fast lane.
 */
#include "tun/outgoing.h"

#include "tests/unit/inner.h"

#include <criterion/criterion.h>
#include <netinet/icmp6.h>
#include <stdlib.h>

/* Over IPv4 with suite 13 an outer packet is 22 bytes longer. */
enum { MTU = 1478, OVERHEAD = 22, SPI = 1000, CAP = 4096 };

static struct forward f;
static struct forward_out out;
static struct intake intake;
static struct burst burst;
static struct pkt pkts[PKT_BATCH];
static const uint8_t hit_a[16] = { 0x20, 0x01, 0x00, 0x22, 0xaa, [15] = 1 };
static const uint8_t hit_b[16] = { 0x20, 0x01, 0x00, 0x22, 0xbb, [15] = 2 };

static void setup(void)
{
	static const uint8_t seed[16] = { 1 }, key[20] = { 5 };
	struct sa_conf conf = {
		.spi = SPI, .suite = 13, .key = key, .key_len = sizeof(key)
	};

	f.conf.mtu = MTU;
	f.conf.sas = sa_table_new(seed);
	memcpy(f.conf.hit, hit_a, 16);
	memcpy(conf.local, hit_a, 16);
	memcpy(conf.peer, hit_b, 16);
	conf.path.remote.in = (struct sockaddr_in){ .sin_family = AF_INET,
						    .sin_port = htons(10500) };
	f.data = ring_new(8, MTU);
	cr_assert(intake_init(&intake, 4 * 65536));
	burst.buf = malloc(BURST_ROOM);
	cr_assert(f.conf.sas && f.data && burst.buf);
	cr_assert_eq(sa_out_add(f.conf.sas, &conf), 0);
	for (int i = 0; i < PKT_BATCH; i++) {
		pkts[i].buf = calloc(1, CAP);
		pkts[i].cap = CAP;
		cr_assert_not_null(pkts[i].buf);
	}
	intake_reset(&intake);
	burst_reset(&burst);
}

static void teardown(void)
{
	sa_table_free(f.conf.sas);
	ring_free(f.data);
	intake_clear(&intake);
	free(burst.buf);
	for (int i = 0; i < PKT_BATCH; i++)
		free(pkts[i].buf);
}

TestSuite(outgoing, .init = setup, .fini = teardown);

static void limit(uint32_t inner)
{
	sa_table_wrlock(f.conf.sas);
	cr_assert(sa_out_limit(f.conf.sas, hit_b, inner + OVERHEAD));
	sa_table_unlock(f.conf.sas);
}

static void put(int i, uint32_t len)
{
	struct inner_conf c = { .protocol = INNER_UDP, .data_len = len - 48 };

	pkts[i].off = PKT_HEAD_ROOM;
	pkts[i].len = inner_make(pkt_data(&pkts[i]), &c);
	cr_assert_eq(pkts[i].len, len);
}

static void down(int n)
{
	memset(&out, 0, sizeof(out));
	sa_table_rdlock(f.conf.sas);
	forward_down(&f, pkts, n, &out);
	sa_table_unlock(f.conf.sas);
}

/* A packet, or a super-packet of TCP when `size` is one, through the lane. */
static void give(uint32_t len, uint16_t size)
{
	struct inner_conf c = { .protocol = size ? INNER_TCP : INNER_UDP,
				.flags = INNER_ACK };
	struct vnet v = { .flags = 0 };

	c.data_len = len - (size ? 60 : 48);
	if (size)
		v = (struct vnet){ .flags = VNET_NEEDS_CSUM,
				   .gso_type = VNET_GSO_TCPV6,
				   .gso_size = size,
				   .csum_start = 40,
				   .csum_offset = 16 };
	intake_add(&intake, &v, inner_make(intake_place(&intake), &c));
}

static uint32_t lane(void)
{
	uint32_t packets = 0;
	bool done = false;

	intake_sort(&intake);
	while (!done) {
		sa_table_rdlock(f.conf.sas);
		done = forward_down_intake(&f, &intake, &burst, &out);
		sa_table_unlock(f.conf.sas);
		for (int i = 0; i < burst.run_count; i++)
			packets += burst.runs[i].count;
		burst_reset(&burst);
	}
	intake_reset(&intake);
	return packets;
}

static uint32_t told_mtu(int i)
{
	cr_assert_eq(out.errors[i].bytes[40], ICMP6_PACKET_TOO_BIG);
	return load_be32(out.errors[i].bytes + 44);
}

Test(outgoing, what_the_path_carries_goes_and_one_byte_more_is_told)
{
	limit(1402);
	put(0, 1402);
	put(1, 1403);
	down(2);
	cr_assert_eq(out.udp4_count, 1);
	cr_assert_eq(out.udp4[0]->len + 28, 1402 + OVERHEAD);
	cr_assert_eq(f.drops[WORKER_DROP_TOO_BIG], 1);
	cr_assert_eq(out.error_count, 1);
	cr_assert_eq(told_mtu(0), 1402);
	limit(MTU);
	put(0, MTU);
	down(1);
	cr_assert_eq(out.udp4_count, 1);
}

Test(outgoing, segments_of_a_super_packet_are_told_as_one)
{
	limit(1402);
	give(60 + 4 * 1342, 1342);
	cr_assert_eq(lane(), 4);
	give(60 + 4 * 1343, 1343);
	give(1403, 0);
	cr_assert_eq(lane(), 0);
	cr_assert_eq(f.drops[WORKER_DROP_TOO_BIG], 2);
	cr_assert_eq(out.error_count, 2);
	cr_assert_eq(told_mtu(0), 1402);
}

Test(outgoing, under_1280_nobody_is_told_less_and_the_rest_is_cut)
{
	limit(1202);
	for (int i = 0; i < 2; i++)
		put(i, 1280 + (uint32_t)i);
	down(2);
	cr_assert_eq(out.udp4_count, 2, "two parts of the first");
	cr_assert_eq(out.error_count, 1);
	cr_assert_eq(told_mtu(0), 1280);
	for (int i = 0; i < out.udp4_count; i++)
		cr_assert_leq(out.udp4[i]->len + 28, 1202 + OVERHEAD);
	put(0, 1202);
	down(1);
	cr_assert_eq(out.udp4_count, 1, "it fits");
}

Test(outgoing, over_ipv6_parts_go_to_the_other_socket)
{
	struct path path = { .remote.in6 = { .sin6_family = AF_INET6,
					     .sin6_port = htons(10500) } };

	sa_table_wrlock(f.conf.sas);
	cr_assert(sa_out_move(f.conf.sas, hit_b, &path));
	cr_assert(sa_out_limit(f.conf.sas, hit_b, 1280));
	sa_table_unlock(f.conf.sas);
	put(0, 1280);
	down(1);
	cr_assert_eq(out.udp6_count, 2);
	cr_assert_leq(out.udp6[0]->len + 48, 1280);
	cr_assert_gt(out.udp6[0]->len + 48, 1264);
}

Test(outgoing, segments_are_cut_in_the_lane)
{
	limit(702);
	give(60 + 30 * 1220 + 300, 1220);
	cr_assert_eq(lane(), 30 * 2 + 1, "the last one fits");
	cr_assert_eq(out.error_count, 0);
	/* Of which a burst is full in the midst of a packet. */
	give(60 + 53 * 1220, 1220);
	cr_assert_eq(lane(), 53 * 2);
	/* More parts than one burst has runs for, of any length. */
	for (uint32_t i = 0; i < PKT_BATCH; i++)
		give(1100 + i, 0);
	cr_assert_eq(lane(), 2 * PKT_BATCH);
	cr_assert_eq(f.drops[WORKER_DROP_TOO_BIG], 0);
}

Test(outgoing, without_the_lane_a_batch_has_so_many_parts_and_no_half_packets)
{
	limit(602);
	for (int i = 0; i < PKT_BATCH; i++)
		put(i, 1280);
	down(PKT_BATCH);
	cr_assert_eq(out.udp4_count % 3, 0);
	cr_assert_eq(out.udp4_count, out.part_count);
	cr_assert_gt(out.part_count, FORWARD_PARTS_MAX - FRAGMENT6_PARTS_MAX);
	cr_assert_eq(f.drops[WORKER_DROP_TOO_BIG],
		     (uint64_t)(PKT_BATCH - out.part_count / 3));
}

Test(outgoing, what_cannot_be_cut_is_counted)
{
	limit(702);
	put(0, 1280);
	pkt_data(&pkts[0])[6] = 60; /* destination options without an end */
	pkt_data(&pkts[0])[41] = 255;
	down(1);
	cr_assert_eq(out.udp4_count, 0);
	cr_assert_eq(f.drops[WORKER_DROP_TOO_BIG], 1);
}

/* The next entry of the ring is about a large packet to b. */
static bool is_told(void)
{
	const struct ring_entry *e = ring_peek(f.data);

	if (!e)
		return false;
	cr_assert_eq(e->kind, RING_LARGE);
	cr_assert_eq(e->len, 40);
	cr_assert_arr_eq(e->bytes + 24, hit_b, 16);
	ring_pop(f.data);
	return true;
}

Test(outgoing, the_first_large_packet_is_told_of_each_time_it_is_expected)
{
	put(0, SA_LARGE_MIN);
	down(1);
	cr_assert_not(is_told());
	for (int turn = 0; turn < 2; turn++) {
		for (int i = 0; i < 3; i++)
			put(i, SA_LARGE_MIN + 1);
		down(3);
		give(60 + 4 * 1342, 1342);
		cr_assert_eq(lane(), 4);
		cr_assert(is_told());
		cr_assert_not(is_told());
		cr_assert(f.told);
		sa_out_expect_large(sa_out_find(f.conf.sas, hit_b));
	}
	give(60 + 4 * 1342, 1342);
	cr_assert_eq(lane(), 4);
	cr_assert(is_told());
}
