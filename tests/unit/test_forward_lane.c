/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The fast lane without its descriptors: what the TUN device of alice gave
 * becomes runs of datagrams, and those bundles for the device of bob.
 */
#include "tun/forward.h"

#include "tests/unit/inner.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { MTU = 1400, SPI = 1000, DATA = 1300, TCP_HEADERS = 60 };

static struct forward alice, bob;
static struct intake intake;
static struct burst burst;
static struct forward_out out;
static struct coalesce coalesce;
static struct pkt run;
static const union tun_addr outside = { .in = { .sin_family = AF_INET,
						.sin_port = 1 } };
static unsigned ifindex = 2;
static const uint8_t hit_a[16] = { 0x20, 0x01, 0x00, 0x22, 0xaa, [15] = 1 };
static const uint8_t hit_b[16] = { 0x20, 0x01, 0x00, 0x22, 0xbb, [15] = 2 };

static void host(struct forward *f, const uint8_t hit[16],
		 const uint8_t peer[16])
{
	static const uint8_t seed[16] = { 1 }, key[20] = { 5 };
	struct sa_conf conf = { .spi = SPI,
				.suite = 13,
				.key = key,
				.key_len = sizeof(key),
				.path.remote = outside };

	memset(f, 0, sizeof(*f));
	f->conf.mtu = MTU;
	f->conf.tun_ifindex = 7;
	f->conf.sas = sa_table_new(seed);
	memcpy(f->conf.hit, hit, 16);
	f->control = ring_new(64, FORWARD_CONTROL_MAX);
	f->data = ring_new(64, MTU);
	cr_assert(f->conf.sas && f->control && f->data);
	memcpy(conf.local, hit, 16);
	memcpy(conf.peer, peer, 16);
	if (f == &alice)
		cr_assert_eq(sa_out_add(f->conf.sas, &conf), 0);
	else
		cr_assert_eq(sa_in_add(f->conf.sas, &conf), 0);
}

static void setup(void)
{
	host(&alice, hit_a, hit_b);
	host(&bob, hit_b, hit_a);
	cr_assert(intake_init(&intake, 4 * 65536));
	burst.buf = malloc(BURST_ROOM);
	run.cap = BURST_ROOM + PKT_HEAD_ROOM;
	run.buf = malloc(run.cap);
	cr_assert(burst.buf && run.buf);
	burst_reset(&burst);
	coalesce_init(&coalesce, true);
}

static void host_free(struct forward *f)
{
	sa_table_free(f->conf.sas);
	ring_free(f->control);
	ring_free(f->data);
}

static void teardown(void)
{
	host_free(&alice);
	host_free(&bob);
	intake_clear(&intake);
	free(burst.buf);
	free(run.buf);
}

TestSuite(forward_lane, .init = setup, .fini = teardown);

/* A super-packet of TCP from alice to bob. */
static void give_super(uint32_t data_len, uint16_t size, uint8_t class)
{
	struct inner_conf c = { .protocol = INNER_TCP,
				.traffic_class = class,
				.flags = INNER_ACK,
				.data_len = data_len };
	struct vnet v = { .flags = VNET_NEEDS_CSUM,
			  .gso_type = VNET_GSO_TCPV6,
			  .gso_size = size,
			  .csum_start = 40,
			  .csum_offset = 16 };

	cr_assert(intake_has_room(&intake));
	intake_add(&intake, &v, inner_make(intake_place(&intake), &c));
}

static void give_udp(uint32_t data_len, uint32_t seed)
{
	static const struct vnet none;
	struct inner_conf c = { .protocol = INNER_UDP,
				.data_len = data_len,
				.seed = seed };

	intake_add(&intake, &none, inner_make(intake_place(&intake), &c));
}

static bool down(void)
{
	bool done;

	sa_table_rdlock(alice.conf.sas);
	done = forward_down_intake(&alice, &intake, &burst, &out);
	sa_table_unlock(alice.conf.sas);
	return done;
}

/* The burst's run number i arrives at bob. */
static void carry(int i)
{
	const struct burst_run *r = &burst.runs[i];

	run.off = PKT_HEAD_ROOM;
	run.len = r->len;
	run.stride = r->count > 1 ? r->stride : 0;
	run.traffic_class = r->traffic_class;
	run.path = r->path;
	memcpy(pkt_data(&run), r->bytes, r->len);
}

static bool up(struct forward_at *at)
{
	bool done;

	sa_table_rdlock(bob.conf.sas);
	done = forward_up_runs(&bob, &run, &ifindex, 1, at, &coalesce);
	sa_table_unlock(bob.conf.sas);
	return done;
}

static uint64_t drops_all(const struct forward *f)
{
	uint64_t sum = 0;

	for (int i = 0; i < WORKER_DROP_COUNT; i++)
		sum += f->drops[i];
	return sum;
}

Test(forward_lane, a_super_packet_is_one_again_on_the_other_side)
{
	struct forward_at at = { 0 };

	give_super(40 * DATA, DATA, 0);
	intake_sort(&intake);
	cr_assert(down());
	cr_assert_eq(burst.run_count, 1);
	cr_assert_eq(burst.runs[0].count, 40);
	carry(0);
	cr_assert(up(&at));
	cr_assert_eq(coalesce.count, 1);
	cr_assert_eq(coalesce.bundles[0].piece_count, 41);
	cr_assert_eq(drops_all(&alice) + drops_all(&bob), 0);
}

Test(forward_lane, a_super_packet_larger_than_a_burst_is_sealed_in_turns)
{
	uint32_t packets = 0;
	int turns = 0;

	give_super(20000, 7, 0);
	intake_sort(&intake);
	for (bool done = false; !done; turns++) {
		done = down();
		for (int i = 0; i < burst.run_count; i++)
			packets += burst.runs[i].count;
		burst_reset(&burst);
		cr_assert_lt(turns, 1000);
	}
	cr_assert_gt(turns, 1);
	cr_assert_eq(packets, (20000 + 6) / 7);
	cr_assert_eq(drops_all(&alice), 0);
}

Test(forward_lane, segments_without_an_sa_go_to_the_control_thread)
{
	sa_table_wrlock(alice.conf.sas);
	cr_assert(sa_out_delete(alice.conf.sas, SPI, hit_b));
	sa_table_unlock(alice.conf.sas);
	give_super(3 * DATA, DATA, 0);
	intake_sort(&intake);
	cr_assert(down());
	cr_assert_eq(burst.run_count, 0);
	cr_assert(alice.told);
	for (int i = 0; i < 3; i++) {
		const struct ring_entry *e = ring_peek(alice.data);

		cr_assert_not_null(e);
		cr_assert_eq(e->kind, RING_NO_SA);
		cr_assert_eq(e->len, TCP_HEADERS + DATA);
		ring_pop(alice.data);
	}
	cr_assert_null(ring_peek(alice.data));
}

Test(forward_lane, a_wrong_packet_in_a_run_takes_no_other_with_it)
{
	struct forward_at at = { 0 };

	give_super(10 * DATA, DATA, 0);
	intake_sort(&intake);
	cr_assert(down());
	carry(0);
	pkt_data(&run)[4 * run.stride + 100] ^= 1;
	store_be32(pkt_data(&run) + 7 * run.stride, SPI + 1);
	cr_assert(up(&at));
	cr_assert_eq(bob.drops[WORKER_DROP_BAD_ICV], 1);
	cr_assert_eq(bob.drops[WORKER_DROP_NO_SPI], 1);
	cr_assert_eq(coalesce.count, 3);
	cr_assert_eq(coalesce.bundles[0].piece_count, 1 + 4);
	cr_assert_eq(coalesce.bundles[1].piece_count, 1 + 2);
	cr_assert_eq(coalesce.bundles[2].piece_count, 1 + 2);
}

Test(forward_lane, hip_packets_in_a_run_go_to_the_control_thread)
{
	struct forward_at at = { 0 };

	run.off = PKT_HEAD_ROOM;
	run.len = 30;
	run.stride = 12;
	run.path.remote = outside;
	memset(pkt_data(&run), 0, run.len);
	cr_assert(up(&at));
	for (int i = 0; i < 3; i++) {
		const struct ring_entry *e = ring_peek(bob.control);

		cr_assert_not_null(e);
		cr_assert_eq(e->len, i < 2 ? 8 : 2);
		ring_pop(bob.control);
	}
	cr_assert_null(ring_peek(bob.control));
}

Test(forward_lane, an_empty_datagram_is_counted)
{
	struct forward_at at = { 0 };

	run.off = PKT_HEAD_ROOM;
	run.len = 0;
	run.path.remote = outside;
	cr_assert(up(&at));
	cr_assert_eq(bob.drops[WORKER_DROP_SHORT], 1);
}

Test(forward_lane, a_run_of_more_bundles_than_have_room_is_opened_in_turns)
{
	struct forward_at at = { 0 };
	int bundles = 0, turns = 0;

	coalesce_init(&coalesce, false); /* no UDP is joined */
	for (uint32_t i = 0; i < PKT_BATCH; i++)
		give_udp(100, i);
	intake_sort(&intake);
	cr_assert(down());
	carry(0);
	/* The same run twice as long; its second half is replayed. */
	memcpy(pkt_data(&run) + run.len, pkt_data(&run), run.len);
	run.len *= 2;
	for (bool done = false; !done; turns++) {
		done = up(&at);
		bundles += coalesce.count;
		coalesce_reset(&coalesce);
		cr_assert_lt(turns, 10);
	}
	cr_assert_eq(turns, 2);
	cr_assert_eq(bundles, PKT_BATCH);
	cr_assert_eq(bob.drops[WORKER_DROP_REPLAYED], PKT_BATCH);
}

Test(forward_lane, a_standing_queue_costs_tcp_one_segment)
{
	struct forward_at at = { 0 };

	alice.signal_down = true;
	give_udp(1000, 1); /* never of UDP */
	give_super(10 * DATA, DATA, 0);
	intake_sort(&intake);
	cr_assert(down());
	cr_assert_eq(alice.drops[WORKER_DROP_STANDING], 1);
	cr_assert_eq(burst.runs[0].count + burst.runs[1].count, 1 + 9);
	cr_assert_not(alice.signal_down);
	bob.signal_up = true;
	carry(1);
	cr_assert(up(&at));
	cr_assert_eq(bob.drops[WORKER_DROP_STANDING], 1);
	cr_assert_not(bob.signal_up);
}

Test(forward_lane, what_a_call_sends_is_noticed_on_both_sides)
{
	struct forward_at at = { 0 };

	give_udp(1000, 1); /* too long for one */
	give_super(10 * DATA, DATA, 0);
	intake_sort(&intake);
	cr_assert(down());
	carry(0);
	cr_assert(up(&at));
	cr_assert_not(alice.call);
	cr_assert_not(bob.call);
	coalesce_reset(&coalesce);
	burst_reset(&burst);
	intake_reset(&intake);
	give_udp(160, 1);
	intake_sort(&intake);
	cr_assert(down());
	carry(0);
	at = (struct forward_at){ 0 };
	cr_assert(up(&at));
	cr_assert(alice.call);
	cr_assert(bob.call);
}

Test(forward_lane, where_tcp_knows_ecn_it_costs_none)
{
	struct forward_at at = { 0 };

	alice.signal_down = true;
	give_super(10 * DATA, DATA, 2); /* ECT(0) */
	intake_sort(&intake);
	cr_assert(down());
	cr_assert_eq(burst.run_count, 2);
	cr_assert_eq(burst.runs[0].traffic_class, 3);
	cr_assert_eq(burst.runs[0].count, 1);
	cr_assert_eq(burst.runs[1].traffic_class, 2);
	cr_assert_eq(burst.runs[1].count, 9);
	bob.signal_up = true;
	carry(1);
	cr_assert(up(&at));
	cr_assert_eq(coalesce.count, 2);
	cr_assert_eq(coalesce.bundles[0].first.traffic_class, 3);
	cr_assert_eq(coalesce.bundles[1].first.traffic_class, 2);
	cr_assert_eq(drops_all(&alice) + drops_all(&bob), 0);
}

enum { FLOWS = 12, ORDER_PACKETS = 100000, ORDER_PACKETS_LONG = 10000000 };

/* What flows have sent and received, in bytes, which number their packets. */
static uint32_t sent[FLOWS], received[FLOWS];

/* Gives a small packet or a super-packet of a flow; its segments. */
static uint32_t give_any(uint32_t flow, uint32_t *state)
{
	struct inner_conf c = { .protocol = INNER_TCP,
				.flags = INNER_ACK,
				.port = (uint16_t)flow,
				.sequence = sent[flow],
				.data_len = 1 + inner_random(state) % 400 };
	struct vnet v = { .flags = 0 };

	if (flow % 3 == 0 && inner_random(state) % 2) {
		v.flags = VNET_NEEDS_CSUM;
		v.gso_type = VNET_GSO_TCPV6;
		v.gso_size = (uint16_t)(50 + inner_random(state) % 200);
		v.csum_start = 40;
		v.csum_offset = 16;
		c.data_len = v.gso_size + inner_random(state) % 3000;
	}
	if (inner_random(state) % 8 == 0)
		c.flags |= INNER_PSH;
	intake_add(&intake, &v, inner_make(intake_place(&intake), &c));
	sent[flow] += c.data_len;
	return v.gso_size ? (c.data_len + v.gso_size - 1u) / v.gso_size : 1;
}

/* Each begins where its flow had come to. */
static void take_bundles(void)
{
	for (int i = 0; i < coalesce.count; i++) {
		const struct bundle *b = &coalesce.bundles[i];
		const uint8_t *tcp = b->first.payload;
		uint16_t flow = load_be16(tcp);

		cr_assert_lt(flow, FLOWS);
		cr_assert_gt(b->transport_len, 0);
		cr_assert_eq(load_be32(tcp + 4), received[flow],
			     "flow %u: %u instead of %u", flow,
			     load_be32(tcp + 4), received[flow]);
		received[flow] += b->data_len;
	}
	coalesce_reset(&coalesce);
}

static void pass_all(void)
{
	bool done = false;

	while (!done) {
		done = down();
		for (int i = 0; i < burst.run_count; i++) {
			struct forward_at at = { 0 };
			bool taken = false;

			carry(i);
			while (!taken) {
				taken = up(&at);
				take_bundles();
			}
		}
		burst_reset(&burst);
	}
}

/* However small and super-packets of many flows are mixed. HIP_LONG: 10^7. */
Test(forward_lane, no_flow_loses_repeats_or_reorders_anything)
{
	const char *is_long = getenv("HIP_LONG");
	uint32_t packets = 0, state = 4711, wanted = ORDER_PACKETS;

	if (is_long && *is_long != '0')
		wanted = ORDER_PACKETS_LONG;
	while (packets < wanted) {
		uint32_t n = 1 + inner_random(&state) % PKT_BATCH;

		intake_reset(&intake);
		while (n-- > 0 && intake_has_room(&intake))
			packets +=
				give_any(inner_random(&state) % FLOWS, &state);
		intake_sort(&intake);
		pass_all();
	}
	cr_expect_arr_eq(received, sent, sizeof(sent));
	cr_expect_eq(drops_all(&alice) + drops_all(&bob), 0);
}
