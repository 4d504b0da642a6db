/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What goes into the TUN device, cut again as a network card would, is what
 * came: every packet byte for byte, in the order of its flow.
 */
#include "tun/coalesce.h"
#include "tun/segment.h"

#include "tests/unit/inner.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { PACKETS = 200, FLOWS = 12, SLOT = 2048 };

static struct coalesce c;
static uint8_t memory[PACKETS][SLOT]; /* inner packets, headers and all */
static uint32_t lens[PACKETS];
static int added;
static bool taken[PACKETS];
static uint8_t flat[INNER_MAX];

static void setup(void)
{
	coalesce_init(&c, true);
	added = 0;
	memset(taken, 0, sizeof(taken));
}

TestSuite(coalesce, .init = setup);

/* Adds a packet that lies in memory[added]. */
static void add(void)
{
	uint8_t *p = memory[added];
	struct inner inner = {
		.payload = p + 40,
		.len = lens[added] - 40,
		.next_header = p[6],
		.traffic_class = (uint8_t)(load_be16(p) >> 4),
		.source = p + 8,
		.destination = p + 24,
	};

	cr_assert_lt(++added, PACKETS + 1);
	coalesce_add(&c, &inner);
}

static uint8_t *put(const struct inner_conf *conf)
{
	lens[added] = inner_make(memory[added], conf);
	add();
	return memory[added - 1];
}

/* A segment of a TCP flow. */
static struct inner_conf tcp(uint32_t sequence, uint32_t len)
{
	return (struct inner_conf){
		.protocol = INNER_TCP,
		.flags = INNER_ACK,
		.options = 3,
		.port = 1000,
		.window = 500,
		.sequence = sequence,
		.acknowledgement = 7,
		.data_len = len,
		.seed = sequence,
	};
}

static struct inner_conf udp(uint32_t seed, uint32_t len)
{
	return (struct inner_conf){
		.protocol = INNER_UDP,
		.port = 2000,
		.data_len = len,
		.seed = seed,
	};
}

/* Two packets that follow each other go as one. */
static bool join(const struct inner_conf *a, const struct inner_conf *b)
{
	setup();
	put(a);
	put(b);
	coalesce_finish(&c);
	return c.count == 1;
}

static uint32_t flatten(const struct bundle *b, struct vnet *v)
{
	uint32_t n = 0;

	for (int i = 0; i < b->piece_count; i++) {
		memcpy(flat + n, b->pieces[i].iov_base, b->pieces[i].iov_len);
		n += (uint32_t)b->pieces[i].iov_len;
	}
	vnet_read(v, flat);
	return n - VNET_LEN;
}

/* Packets of one flow have protocol and port in common. */
static bool is_one_flow(const uint8_t *a, const uint8_t *b)
{
	return a[6] == b[6] && memcmp(a + 40, b + 40, 2) == 0;
}

/* The packet is the first of its flow that has not come out yet. */
static void take(const uint8_t *p, size_t len)
{
	for (int i = 0; i < added; i++) {
		if (taken[i] || !is_one_flow(memory[i], p))
			continue;
		cr_assert_eq(lens[i], len, "%d", i);
		cr_assert_arr_eq(memory[i], p, len, "%d", i);
		taken[i] = true;
		return;
	}
	cr_assert(false, "a packet that nobody sent");
}

static void take_bundles(void)
{
	coalesce_finish(&c);
	for (int i = 0; i < c.count; i++) {
		struct segments s;
		struct vnet v;
		uint32_t len = flatten(&c.bundles[i], &v);
		uint8_t *p;
		size_t n;

		cr_assert(segment_begin(&s, &v, flat + VNET_LEN, len));
		while ((p = segment_next(&s, &n)) != NULL)
			take(p, n);
	}
	coalesce_reset(&c);
}

static void all_taken(void)
{
	for (int i = 0; i < added; i++)
		cr_assert(taken[i], "%d is lost", i);
}

/* What may happen to the next packet of a flow. */
static void disturb(struct inner_conf *f, uint32_t *state)
{
	switch (inner_random(state) % 24) {
	case 0:
		f->sequence += 1000; /* one is missing */
		break;
	case 1:
		f->sequence -= 500; /* an old one */
		break;
	case 2:
		f->window++;
		break;
	case 3:
		f->acknowledgement++;
		break;
	case 4:
		f->traffic_class ^= 3; /* ECN */
		break;
	case 5:
		f->options = (uint8_t)(inner_random(state) % 11);
		break;
	case 6:
		f->data_len = 1 + inner_random(state) % 1200;
		break;
	case 7:
		f->data_len = 0;
		break;
	case 8:
		f->extensions = (uint8_t)(inner_random(state) % 2);
		break;
	case 9:
		f->flags = (uint8_t)inner_random(state);
		break;
	default:
		if (f->protocol == INNER_TCP)
			f->flags = INNER_ACK;
		f->data_len = 700;
	}
}

static void random_world(uint32_t seed)
{
	struct inner_conf flows[FLOWS];
	uint32_t state = seed;

	setup();
	for (int i = 0; i < FLOWS; i++) {
		flows[i] = i % 3 ? tcp(inner_random(&state), 700)
				 : udp(inner_random(&state), 700);
		flows[i].port = (uint16_t)(3000 + i);
	}
	while (added < PACKETS) {
		int i = (int)(inner_random(&state) % (seed % 2 ? FLOWS : 3u));
		struct inner_conf *f = &flows[i];
		int run = 1 + (int)(inner_random(&state) % 20);

		for (; run > 0 && added < PACKETS; run--) {
			if (!coalesce_has_room(&c))
				take_bundles();
			disturb(f, &state);
			f->seed = inner_random(&state);
			lens[added] = inner_make(memory[added], f);
			if (inner_random(&state) % 40 == 0)
				memory[added][lens[added] - 1] ^= 0x10;
			add();
			f->sequence += f->data_len;
		}
	}
	take_bundles();
	all_taken();
}

Test(coalesce, random_traffic_cut_again_is_what_came)
{
	for (uint32_t seed = 1; seed <= 300; seed++)
		random_world(seed);
}

Test(coalesce, a_super_packet_cut_and_joined_is_the_same_again)
{
	static uint8_t super[INNER_MAX];
	struct inner_conf conf = tcp(UINT32_MAX - 3000, 30 * 1200 + 17);
	struct segments s;
	struct vnet v = { .flags = VNET_NEEDS_CSUM,
			  .gso_type = VNET_GSO_TCPV6 | VNET_GSO_ECN,
			  .hdr_len = 40 + 32,
			  .gso_size = 1200,
			  .csum_start = 40,
			  .csum_offset = 16 };
	struct vnet again;
	uint32_t n;
	uint8_t *p;
	size_t len;

	conf.flags = INNER_ACK | INNER_PSH | INNER_CWR;
	n = inner_make(super, &conf);
	memcpy(flat, super, n);
	cr_assert(segment_begin(&s, &v, flat, n));
	while ((p = segment_next(&s, &len)) != NULL) {
		memcpy(memory[added], p, len);
		lens[added] = (uint32_t)len;
		add();
	}
	coalesce_finish(&c);
	cr_assert_eq(c.count, 1);
	cr_assert_eq(flatten(&c.bundles[0], &again), n);
	cr_assert_arr_eq(&again, &v, sizeof(v));
	memset(flat + VNET_LEN + 40 + 16, 0, 2);
	memset(super + 40 + 16, 0, 2);
	cr_assert_arr_eq(flat + VNET_LEN, super, n);
}

Test(coalesce, the_next_segment_joins)
{
	struct inner_conf a = tcp(100, 700), b = tcp(800, 700);
	struct vnet v;

	cr_assert(join(&a, &b));
	flatten(&c.bundles[0], &v);
	cr_assert_eq(v.gso_type, VNET_GSO_TCPV6);
	cr_assert_eq(v.gso_size, 700);
	cr_assert_eq(v.flags, VNET_NEEDS_CSUM);
	a = udp(1, 700);
	b = udp(2, 700);
	cr_assert(join(&a, &b));
	flatten(&c.bundles[0], &v);
	cr_assert_eq(v.gso_type, VNET_GSO_UDP_L4);
}

Test(coalesce, what_is_not_the_next_segment_does_not_join)
{
	const struct inner_conf a = tcp(100, 700), next = tcp(800, 700);
	struct inner_conf b;

#define APART(change)                                                          \
	do {                                                                   \
		b = next;                                                      \
		change;                                                        \
		cr_assert_not(join(&a, &b), #change);                          \
	} while (0)
	APART(b.sequence++);
	APART(b.sequence--);
	APART(b.sequence = a.sequence);
	APART(b.acknowledgement++);
	APART(b.window++);
	APART(b.options = 2);
	APART(b.options = 4);
	APART(b.port++);
	APART(b.protocol = INNER_UDP);
	APART(b.traffic_class = 1);
	APART(b.data_len = 701);
	APART(b.data_len = 0);
	APART(b.extensions = 1);
	APART(b.flags |= INNER_ECE);
	APART(b.flags |= INNER_CWR);
	APART(b.flags |= INNER_SYN);
	APART(b.flags |= 0x04); /* RST */
	APART(b.flags |= 0x20); /* URG */
	APART(b.flags = 0);
#undef APART
	b = next;
	cr_assert(join(&a, &b));
}

Test(coalesce, options_of_equal_length_must_be_equal)
{
	struct inner_conf a = tcp(100, 700), b = tcp(800, 700);

	put(&a);
	lens[1] = inner_make(memory[1], &b);
	/* Two words swapped: the checksum stays right. */
	memory[1][40 + 20] = 2;
	memory[1][40 + 22] = 0;
	add();
	cr_assert_eq(c.count, 2);
}

Test(coalesce, push_and_fin_end_a_bundle_and_stay)
{
	static const uint8_t ends[] = { INNER_PSH, INNER_FIN };

	for (int i = 0; i < 2; i++) {
		struct inner_conf x = tcp(100, 700), y = tcp(800, 700);
		struct inner_conf z = tcp(1500, 700);

		y.flags |= ends[i];
		setup();
		put(&x);
		put(&y);
		put(&z);
		cr_assert_eq(c.count, 2);
		take_bundles();
		all_taken();
	}
}

Test(coalesce, a_smaller_segment_ends_a_bundle)
{
	struct inner_conf x = tcp(100, 700), y = tcp(800, 699);
	struct inner_conf z = tcp(1499, 699);

	put(&x);
	put(&y);
	put(&z);
	cr_assert_eq(c.count, 2);
	take_bundles();
	all_taken();
}

Test(coalesce, a_wrong_checksum_is_never_repaired)
{
	for (uint32_t wrong = 0; wrong < 4; wrong++) {
		setup();
		for (uint32_t i = 0; i < 4; i++) {
			struct inner_conf f = tcp(100 + 700 * i, 700);

			lens[i] = inner_make(memory[i], &f);
			if (i == wrong)
				memory[i][lens[i] - 5] ^= 1;
			add();
		}
		cr_assert_gt(c.count, 1);
		coalesce_finish(&c);
		for (int i = 0; i < c.count; i++)
			if (c.bundles[i].first.payload == memory[wrong] + 40)
				cr_assert_eq(c.bundles[i].head[0], 0,
					     "the kernel is to verify it");
		take_bundles();
		all_taken();
	}
}

Test(coalesce, a_packet_alone_is_left_for_the_kernel_to_verify)
{
	struct inner_conf a = tcp(100, 700);
	struct vnet v;

	put(&a);
	coalesce_finish(&c);
	flatten(&c.bundles[0], &v);
	cr_assert_eq(v.flags, 0);
	cr_assert_eq(v.gso_type, VNET_GSO_NONE);
}

Test(coalesce, a_udp_checksum_of_zero_is_not_joined)
{
	struct inner_conf a = udp(1, 700);

	put(&a);
	lens[1] = inner_make(memory[1], &a);
	store_be16(memory[1] + 46, 0);
	add();
	cr_assert_eq(c.count, 2);
}

Test(coalesce, udp_is_not_joined_where_the_kernel_cannot_cut_it)
{
	struct inner_conf a = udp(1, 700), b = udp(2, 700);

	coalesce_init(&c, false);
	put(&a);
	put(&b);
	cr_assert_eq(c.count, 2);
}

Test(coalesce, a_fragment_lets_nothing_overtake_it)
{
	struct inner_conf a = udp(1, 700), b = udp(2, 700);

	put(&a);
	lens[1] = inner_make(memory[1], &b);
	memory[1][6] = 44;
	add();
	put(&b);
	cr_assert_eq(c.count, 3);
}

Test(coalesce, an_echo_request_does_not_end_a_bundle)
{
	struct inner_conf a = tcp(100, 700), b = tcp(800, 700);

	put(&a);
	lens[1] = inner_make(memory[1], &b);
	memory[1][6] = 58;
	add();
	put(&b);
	cr_assert_eq(c.count, 2);
}

Test(coalesce, two_peers_with_the_same_ports_are_two_flows)
{
	struct inner_conf a = udp(1, 700);

	put(&a);
	lens[1] = inner_make(memory[1], &a);
	memory[1][10] ^= 1; /* the two changes cancel out in the sum */
	memory[1][12] ^= 1;
	add();
	cr_assert_eq(c.count, 2);
}

Test(coalesce, a_bundle_holds_so_many_packets_and_no_more)
{
	for (uint32_t i = 0; i < COALESCE_PACKETS + 1; i++) {
		struct inner_conf f = udp(i, 100);

		put(&f);
		cr_assert_eq(c.count, i < COALESCE_PACKETS ? 1 : 2);
	}
	take_bundles();
	all_taken();
}

Test(coalesce, a_bundle_is_no_longer_than_an_IPv6_packet)
{
	/* 65,535 of payload: 46 * 1,423 + 20 = 65,478; one more is over. */
	for (uint32_t i = 0; i < 47; i++) {
		struct inner_conf f = tcp(i * 1423, 1423);

		f.options = 0;
		put(&f);
		cr_assert_eq(c.count, i < 46 ? 1 : 2, "%u", i);
	}
	take_bundles();
	all_taken();
}

Test(coalesce, so_many_bundles_have_room_and_no_more)
{
	for (uint32_t i = 0; i < COALESCE_BUNDLES; i++) {
		struct inner_conf f = tcp(0, 0); /* an acknowledgement */

		cr_assert(coalesce_has_room(&c));
		put(&f);
	}
	cr_assert_not(coalesce_has_room(&c));
	take_bundles();
	all_taken();
	cr_assert(coalesce_has_room(&c));
}
