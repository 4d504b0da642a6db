/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Batches through forward, from alice to bob: what is sealed and opened, what
 * goes to the control thread, what is refused and how that is counted.
 */
#include "tun/forward.h"

#include "tun/esp.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/icmp6.h>
#include <stdlib.h>

enum {
	MTU = 1400,
	CAP = 4096,
	TUN_IFINDEX = 7,
	ETH_IFINDEX = 2,
	SPI = 0x12345678,
	RING_ENTRIES = 128
};

static const char alice[] = "2001:22:aaaa::1", bob[] = "2001:22:bbbb::2";

/* A host's forward, its rings, and one batch of buffers. */
struct side {
	struct forward f;
	struct forward_out out;
	struct pkt pkts[PKT_BATCH];
	unsigned ifindex[PKT_BATCH];
	struct pkt *inner[PKT_BATCH];
};

static void addr_from(const char *text, uint8_t addr[16])
{
	cr_assert_eq(inet_pton(AF_INET6, text, addr), 1, "%s", text);
}

static struct side *side_new(const char *hit)
{
	static const uint8_t seed[16] = { 1 };
	struct side *s = calloc(1, sizeof(*s));

	cr_assert_not_null(s);
	s->f.conf.mtu = MTU;
	s->f.conf.tun_ifindex = TUN_IFINDEX;
	s->f.conf.sas = sa_table_new(seed);
	addr_from(hit, s->f.conf.hit);
	s->f.control = ring_new(RING_ENTRIES, FORWARD_CONTROL_MAX);
	s->f.data = ring_new(RING_ENTRIES, MTU);
	s->f.inject = ring_new(RING_ENTRIES, MTU);
	cr_assert(s->f.conf.sas && s->f.control && s->f.data && s->f.inject);
	for (int i = 0; i < PKT_BATCH; i++) {
		s->pkts[i].buf = calloc(1, CAP);
		s->pkts[i].cap = CAP;
		s->pkts[i].off = PKT_HEAD_ROOM;
		s->ifindex[i] = ETH_IFINDEX;
		cr_assert_not_null(s->pkts[i].buf);
	}
	return s;
}

static void side_free(struct side *s)
{
	sa_table_free(s->f.conf.sas);
	ring_free(s->f.control);
	ring_free(s->f.data);
	ring_free(s->f.inject);
	for (int i = 0; i < PKT_BATCH; i++)
		free(s->pkts[i].buf);
	free(s);
}

static union tun_addr outer(const char *text)
{
	union tun_addr a = { .family = AF_UNSPEC };

	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons(10500);
		return a;
	}
	cr_assert_eq(inet_pton(AF_INET6, text, &a.in6.sin6_addr), 1);
	a.in6.sin6_family = AF_INET6;
	a.in6.sin6_port = htons(10500);
	return a;
}

/* An SA from alice to bob, whom she reaches at `remote`. */
static void associate(struct side *a, struct side *b, const char *remote)
{
	uint8_t key[20] = { 1, 2, 3 };
	struct sa_conf conf = {
		.spi = SPI,
		.suite = 13,
		.backend = CIPHER_OPENSSL,
		.key = key,
		.key_len = sizeof(key),
		.path.remote = outer(remote),
	};

	if (a) {
		memcpy(conf.local, a->f.conf.hit, 16);
		addr_from(bob, conf.peer);
		sa_table_wrlock(a->f.conf.sas);
		cr_assert_eq(sa_out_add(a->f.conf.sas, &conf), 0);
		sa_table_unlock(a->f.conf.sas);
	}
	if (b) {
		memcpy(conf.local, b->f.conf.hit, 16);
		addr_from(alice, conf.peer);
		sa_table_wrlock(b->f.conf.sas);
		cr_assert_eq(sa_in_add(b->f.conf.sas, &conf), 0);
		sa_table_unlock(b->f.conf.sas);
	}
}

/* A UDP packet of `len` bytes in all, the last four of which say `number`. */
static size_t inner_write(uint8_t *p, const char *from, const char *to,
			  size_t len, uint32_t number)
{
	memset(p, 0, len);
	p[0] = 0x60;
	store_be16(p + 4, (uint16_t)(len - 40));
	p[6] = 17;
	p[7] = 64;
	addr_from(from, p + 8);
	addr_from(to, p + 24);
	store_be32(p + len - 4, number);
	return len;
}

static void put_inner(struct side *s, int i, const char *from, const char *to,
		      size_t len)
{
	struct pkt *p = &s->pkts[i];

	p->off = PKT_HEAD_ROOM;
	p->len = (uint32_t)inner_write(pkt_data(p), from, to, len, (uint32_t)i);
}

static void run_down(struct side *s, int n)
{
	memset(&s->out, 0, sizeof(s->out));
	sa_table_rdlock(s->f.conf.sas);
	forward_down(&s->f, s->pkts, n, &s->out);
	sa_table_unlock(s->f.conf.sas);
}

static int run_up(struct side *s, int n)
{
	int count;

	sa_table_rdlock(s->f.conf.sas);
	count = forward_up(&s->f, s->pkts, s->ifindex, n, s->inner);
	sa_table_unlock(s->f.conf.sas);
	return count;
}

static uint64_t drops(const struct side *s, enum worker_drop reason)
{
	return s->f.drops[reason];
}

static uint64_t drops_all(const struct side *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < WORKER_DROP_COUNT; i++)
		sum += s->f.drops[i];
	return sum;
}

/* A datagram from a host underneath. */
static void put_datagram(struct side *s, int i, const void *bytes, size_t len)
{
	struct pkt *p = &s->pkts[i];

	p->off = PKT_HEAD_ROOM;
	memcpy(pkt_data(p), bytes, len);
	p->len = (uint32_t)len;
	p->path.local = outer("192.0.2.1");
	p->path.remote = outer("192.0.2.2");
}

/* The datagram that s would have sent as number i arrives at t. */
static void carry(const struct side *s, struct side *t, int i)
{
	put_datagram(t, i, pkt_data(s->out.udp4[i]), s->out.udp4[i]->len);
}

Test(forward, what_alice_sends_bob_gets)
{
	struct side *a = side_new(alice), *b = side_new(bob);
	uint8_t sent[MTU];

	associate(a, b, "192.0.2.9");
	inner_write(sent, alice, bob, 100, 5);
	for (int i = 0; i < PKT_BATCH; i++)
		put_inner(a, i, alice, bob, 100);
	run_down(a, PKT_BATCH);
	cr_assert_eq(a->out.udp4_count, PKT_BATCH);
	cr_assert_eq(a->out.udp6_count + a->out.error_count, 0);
	cr_assert_eq(a->out.udp4[0]->path.remote.in.sin_addr.s_addr,
		     outer("192.0.2.9").in.sin_addr.s_addr);
	for (int i = 0; i < PKT_BATCH; i++)
		carry(a, b, i);
	cr_assert_eq(run_up(b, PKT_BATCH), PKT_BATCH);
	cr_assert_eq(b->inner[5]->len, 100);
	cr_assert_arr_eq(pkt_data(b->inner[5]), sent, 100);
	cr_assert_eq(drops_all(a) + drops_all(b), 0);
	cr_assert_not(a->f.told || b->f.told);
	side_free(a);
	side_free(b);
}

Test(forward, a_path_over_ipv6_goes_to_the_other_socket)
{
	struct side *a = side_new(alice);

	associate(a, NULL, "2001:db8::9");
	put_inner(a, 0, alice, bob, 100);
	run_down(a, 1);
	cr_assert_eq(a->out.udp4_count, 0);
	cr_assert_eq(a->out.udp6_count, 1);
	side_free(a);
}

Test(forward, what_is_repeated_or_changed_is_dropped_and_counted)
{
	struct side *a = side_new(alice), *b = side_new(bob);

	associate(a, b, "192.0.2.9");
	put_inner(a, 0, alice, bob, 100);
	put_inner(a, 1, alice, bob, 100);
	run_down(a, 2);
	carry(a, b, 0);
	carry(a, b, 1);
	pkt_data(&b->pkts[1])[20] ^= 1;
	cr_assert_eq(run_up(b, 2), 1);
	cr_assert_eq(drops(b, WORKER_DROP_BAD_ICV), 1);
	carry(a, b, 0);
	carry(a, b, 1);
	cr_assert_eq(run_up(b, 2), 1, "the changed one moved the window");
	cr_assert_eq(drops(b, WORKER_DROP_REPLAYED), 1);
	cr_assert_eq(drops_all(b), 2);
	side_free(a);
	side_free(b);
}

Test(forward, a_hip_packet_goes_to_the_control_ring_without_its_zeros)
{
	struct side *s = side_new(bob);
	const struct ring_entry *e;

	put_datagram(s, 0, "\0\0\0\0HIP", 7);
	cr_assert_eq(run_up(s, 1), 0);
	e = ring_peek(s->f.control);
	cr_assert_not_null(e);
	cr_assert_eq(e->kind, RING_CONTROL);
	cr_assert_eq(e->len, 3);
	cr_assert_arr_eq(e->bytes, "HIP", 3);
	cr_assert_eq(e->path.remote.in.sin_addr.s_addr,
		     outer("192.0.2.2").in.sin_addr.s_addr);
	cr_assert_eq(e->path.local.in.sin_addr.s_addr,
		     outer("192.0.2.1").in.sin_addr.s_addr);
	cr_assert(s->f.told);
	cr_assert_eq(drops_all(s), 0);
	side_free(s);
}

/* Alice's daemon seals a HIP packet of this sender for bob, as number i. */
static void put_hip_inside(struct side *a, struct side *b, int i,
			   const char *sender)
{
	struct pkt p = a->pkts[i];
	uint8_t *ip = pkt_data(&p);

	p.len = (uint32_t)inner_write(ip, alice, bob, 80, 7);
	ip[6] = 139;
	addr_from(sender, ip + 40 + 8);
	sa_table_wrlock(a->f.conf.sas);
	cr_assert_eq(esp_seal(sa_out_find(a->f.conf.sas, b->f.conf.hit), &p),
		     ESP_OK);
	sa_table_unlock(a->f.conf.sas);
	put_datagram(b, i, pkt_data(&p), p.len);
}

Test(forward, a_hip_packet_inside_goes_to_the_control_ring)
{
	struct side *a = side_new(alice), *b = side_new(bob);
	const struct ring_entry *e;

	associate(a, b, "192.0.2.9");
	put_hip_inside(a, b, 0, alice);
	cr_assert_eq(run_up(b, 1), 0);
	e = ring_peek(b->f.control);
	cr_assert_not_null(e);
	cr_assert_eq(e->kind, RING_INSIDE);
	cr_assert_eq(e->len, 40);
	cr_assert_eq(load_be32(e->bytes + 36), 7);
	cr_assert_eq(e->path.remote.in.sin_addr.s_addr,
		     outer("192.0.2.2").in.sin_addr.s_addr);
	cr_assert(b->f.told);
	cr_assert_eq(drops_all(b), 0);
	side_free(a);
	side_free(b);
}

Test(forward, one_from_somebody_else_inside_is_dropped)
{
	struct side *a = side_new(alice), *b = side_new(bob);

	associate(a, b, "192.0.2.9");
	put_hip_inside(a, b, 0, bob);
	cr_assert_eq(run_up(b, 1), 0);
	cr_assert_null(ring_peek(b->f.control));
	cr_assert_eq(drops(b, WORKER_DROP_INNER_HIP), 1);
	side_free(a);
	side_free(b);
}

Test(forward, an_application_sends_no_hip_packet_in_our_name)
{
	struct side *a = side_new(alice);

	associate(a, NULL, "192.0.2.9");
	put_inner(a, 0, alice, bob, 100);
	pkt_data(&a->pkts[0])[6] = 139;
	run_down(a, 1);
	cr_assert_eq(a->out.udp4_count + a->out.error_count, 0);
	cr_assert_eq(drops(a, WORKER_DROP_INNER_HIP), 1);
	side_free(a);
}

/* An address without a port, as raw sockets have it. */
static union tun_addr raw_outer(const char *text)
{
	union tun_addr a = outer(text);

	if (a.family == AF_INET)
		a.in.sin_port = 0;
	else
		a.in6.sin6_port = 0;
	return a;
}

Test(forward, a_hip_packet_by_its_own_protocol_goes_there_as_it_is)
{
	struct side *s = side_new(bob);
	const struct ring_entry *e;

	put_datagram(s, 0, "\0\0\0\0HIP", 7);
	s->pkts[0].from = PKT_HIP;
	s->pkts[0].path.remote = raw_outer("192.0.2.2");
	cr_assert_eq(run_up(s, 1), 0);
	e = ring_peek(s->f.control);
	cr_assert_not_null(e);
	cr_assert_eq(e->len, 7);
	cr_assert(path_is_raw(&e->path));
	side_free(s);
}

Test(forward, nobody_sends_from_port_zero_but_without_udp)
{
	struct side *s = side_new(bob);

	put_datagram(s, 0, "\0\0\0\0HIP", 7);
	s->pkts[0].path.remote = raw_outer("192.0.2.2");
	cr_assert_eq(run_up(s, 1), 0);
	cr_assert_eq(drops(s, WORKER_DROP_OUTER_ADDRESS), 1);
	cr_assert_null(ring_peek(s->f.control));
	side_free(s);
}

Test(forward, esp_by_its_own_protocol_is_never_of_spi_zero)
{
	struct side *s = side_new(bob);

	put_datagram(s, 0, "\0\0\0\0HIP", 7);
	put_datagram(s, 1, "\0\0\0", 3);
	put_datagram(s, 2, "\0\0\0\7\0\0\0\1", 8);
	for (int i = 0; i < 3; i++) {
		s->pkts[i].from = PKT_ESP;
		s->pkts[i].path.remote = raw_outer("192.0.2.2");
	}
	cr_assert_eq(run_up(s, 3), 0);
	cr_assert_eq(drops(s, WORKER_DROP_SHORT), 2);
	cr_assert_eq(drops(s, WORKER_DROP_NO_SPI), 1);
	cr_assert_null(ring_peek(s->f.control));
	cr_assert(path_is_raw(&ring_peek(s->f.data)->path));
	side_free(s);
}

Test(forward, a_path_without_a_port_leaves_by_the_socket_of_esp)
{
	struct worker_conf conf = { .udp4_fd = 4,
				    .udp6_fd = 6,
				    .raw = { .is_open = true,
					     .fds = { 54, 56, 84, 86 } } };
	struct path path = { .remote = outer("192.0.2.2") };

	cr_assert_eq(forward_socket(&conf, &path), 4);
	path.remote = raw_outer("192.0.2.2");
	cr_assert_eq(forward_socket(&conf, &path), 54);
	path.remote = outer("2001:db8::2");
	cr_assert_eq(forward_socket(&conf, &path), 6);
	path.remote = raw_outer("2001:db8::2");
	cr_assert_eq(forward_socket(&conf, &path), 56);
	conf.raw.is_open = false;
	cr_assert_eq(forward_socket(&conf, &path), -1);
}

Test(forward, a_hip_packet_has_a_greatest_length)
{
	static const uint8_t zeros[FORWARD_CONTROL_MAX + 5];
	struct side *s = side_new(bob);

	put_datagram(s, 0, zeros, FORWARD_CONTROL_MAX + 4);
	put_datagram(s, 1, zeros, FORWARD_CONTROL_MAX + 5);
	cr_assert_eq(run_up(s, 2), 0);
	cr_assert_eq(ring_peek(s->f.control)->len, FORWARD_CONTROL_MAX);
	ring_pop(s->f.control);
	cr_assert_null(ring_peek(s->f.control));
	cr_assert_eq(drops(s, WORKER_DROP_TOO_LONG), 1);
	cr_assert_eq(drops_all(s), 1);
	side_free(s);
}

Test(forward, short_datagrams_are_counted)
{
	struct side *s = side_new(bob);

	put_datagram(s, 0, "", 0);
	put_datagram(s, 1, "\xfe", 1);
	put_datagram(s, 2, "\xff\xff", 2);
	put_datagram(s, 3, "\0\0\0", 3);
	put_datagram(s, 4, "\0\0\0\0", 4);	 /* no HIP packet */
	put_datagram(s, 5, "\1\2\3\4\0\0\0", 7); /* no sequence number */
	cr_assert_eq(run_up(s, 6), 0);
	cr_assert_eq(drops(s, WORKER_DROP_SHORT), 6);
	cr_assert_eq(drops_all(s), 6);
	cr_assert_not(s->f.told);
	side_free(s);
}

Test(forward, the_keepalive_of_other_ipsec_is_ignored)
{
	struct side *s = side_new(bob);

	put_datagram(s, 0, "\xff", 1);
	cr_assert_eq(run_up(s, 1), 0);
	cr_assert_eq(drops(s, WORKER_DROP_KEEPALIVE), 1);
	cr_assert_eq(drops_all(s), 1);
	cr_assert_not(s->f.told);
	side_free(s);
}

Test(forward, esp_for_nobody_is_told_with_its_first_eight_bytes)
{
	struct side *s = side_new(bob);
	const struct ring_entry *e;

	put_datagram(s, 0, "\1\2\3\4\0\0\0\5payload", 15);
	cr_assert_eq(run_up(s, 1), 0);
	e = ring_peek(s->f.data);
	cr_assert_not_null(e);
	cr_assert_eq(e->kind, RING_NO_SPI);
	cr_assert_eq(e->len, 8);
	cr_assert_arr_eq(e->bytes, "\1\2\3\4\0\0\0\5", 8);
	cr_assert_eq(e->path.remote.in.sin_addr.s_addr,
		     outer("192.0.2.2").in.sin_addr.s_addr);
	cr_assert(s->f.told);
	cr_assert_eq(drops(s, WORKER_DROP_NO_SPI), 1);
	side_free(s);
}

Test(forward, a_flood_of_esp_for_nobody_leaves_room_for_our_own_packets)
{
	struct side *s = side_new(bob);

	for (int i = 0; i < RING_ENTRIES; i++) {
		put_datagram(s, 0, "\1\2\3\4\0\0\0\5", 8);
		cr_assert_eq(run_up(s, 1), 0);
	}
	cr_assert_eq(drops(s, WORKER_DROP_NO_SPI), RING_ENTRIES);
	cr_assert_eq(drops(s, WORKER_DROP_RING_FULL), RING_ENTRIES / 2);
	for (int i = 0; i < RING_ENTRIES / 2; i++) {
		put_inner(s, 0, bob, alice, 100);
		run_down(s, 1);
	}
	cr_assert_eq(drops(s, WORKER_DROP_RING_FULL), RING_ENTRIES / 2);
	side_free(s);
}

/* As many HIP packets of a type as the control ring has entries: how many of
 * them it takes. */
static uint64_t flood_control(struct side *s, uint8_t type)
{
	char packet[] = "\0\0\0\0\73\4\0";
	uint64_t before = drops(s, WORKER_DROP_RING_FULL);

	packet[6] = (char)type;
	for (int i = 0; i < RING_ENTRIES; i++) {
		put_datagram(s, 0, packet, 7);
		cr_assert_eq(run_up(s, 1), 0);
	}
	return RING_ENTRIES - (drops(s, WORKER_DROP_RING_FULL) - before);
}

/* Whichever comes first, and all of them together. */
Test(forward, a_flood_of_one_type_of_hip_packet_leaves_room_for_the_others)
{
	static const struct {
		uint8_t type;
		enum ring_kind kind;
		unsigned share;
	} row[] = {
		{ 1, RING_I1, 3 },	{ 2, RING_R1, 2 },
		{ 3, RING_I2, 2 },	{ 4, RING_R2, 2 },
		{ 16, RING_UPDATE, 2 }, { 17, RING_CONTROL, 1 },
		{ 18, RING_CLOSE, 1 },
	};
	enum { ROWS = sizeof(row) / sizeof(row[0]) };

	for (size_t first = 0; first < ROWS; first++) {
		struct side *s = side_new(bob);

		for (size_t n = 0; n < ROWS; n++) {
			size_t i = (first + n) % ROWS;

			cr_expect_eq(flood_control(s, row[i].type),
				     row[i].share * RING_ENTRIES / 16,
				     "%zu after %zu", i, first);
			if (n == 0)
				cr_expect_eq(ring_peek(s->f.control)->kind,
					     row[i].kind);
		}
		cr_expect_eq(flood_control(s, 19), 0, "as CLOSE");
		cr_expect_eq(flood_control(s, 5), 0, "as NOTIFY");
		cr_expect_eq(flood_control(s, 127), 0, "as NOTIFY");
		side_free(s);
	}
}

/* An associated peer does not take the room of those that are not yet. */
Test(forward, a_flood_inside_esp_leaves_room_for_what_comes_outside)
{
	struct side *a = side_new(alice), *b = side_new(bob);

	associate(a, b, "192.0.2.9");
	for (int i = 0; i < RING_ENTRIES; i++) {
		put_hip_inside(a, b, 0, alice);
		cr_assert_eq(run_up(b, 1), 0);
	}
	cr_expect_eq(drops(b, WORKER_DROP_RING_FULL),
		     RING_ENTRIES - 3 * RING_ENTRIES / 16);
	cr_expect_eq(flood_control(b, 1), 3 * RING_ENTRIES / 16);
	cr_expect_eq(flood_control(b, 3), 2 * RING_ENTRIES / 16);
	cr_expect_eq(flood_control(b, 17), RING_ENTRIES / 16);
	side_free(a);
	side_free(b);
}

Test(forward, what_came_in_by_the_tun_device_is_refused)
{
	struct side *s = side_new(bob);

	put_datagram(s, 0, "\0\0\0\0HIP", 7);
	s->ifindex[0] = TUN_IFINDEX;
	cr_assert_eq(run_up(s, 1), 0);
	cr_assert_eq(drops(s, WORKER_DROP_OUTER_ADDRESS), 1);
	cr_assert_null(ring_peek(s->f.control));
	side_free(s);
}

Test(forward, a_hit_is_no_address_underneath)
{
	static const struct {
		const char *addr;
		bool refused;
	} row[] = {
		{ "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", false },
		{ "2001:20::", true },
		{ "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", true },
		{ "2001:30::", false },
		{ "2001:120::", false },
		{ "2002:20::", false },
		{ "3001:20::", false },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct side *s = side_new(bob);
		uint64_t refused = row[i].refused ? 2 : 0;

		put_datagram(s, 0, "\0\0\0\0HIP", 7);
		put_datagram(s, 1, "\0\0\0\0HIP", 7);
		s->pkts[0].path.remote = outer(row[i].addr);
		s->pkts[0].path.local = outer("2001:db8::1");
		s->pkts[1].path.remote = outer("2001:db8::1");
		s->pkts[1].path.local = outer(row[i].addr);
		run_up(s, 2);
		cr_assert_eq(drops(s, WORKER_DROP_OUTER_ADDRESS), refused, "%s",
			     row[i].addr);
		cr_assert_eq(ring_peek(s->f.control) == NULL, row[i].refused);
		side_free(s);
	}
}

Test(forward, a_packet_without_an_sa_is_told_whole)
{
	struct side *s = side_new(alice);
	const struct ring_entry *e;
	uint8_t sent[MTU];

	inner_write(sent, alice, bob, MTU, 0);
	put_inner(s, 0, alice, bob, MTU);
	s->pkts[0].path.remote = outer("192.0.2.2"); /* of a former use */
	run_down(s, 1);
	e = ring_peek(s->f.data);
	cr_assert_not_null(e);
	cr_assert_eq(e->kind, RING_NO_SA);
	cr_assert_eq(e->len, MTU);
	cr_assert_arr_eq(e->bytes, sent, MTU);
	cr_assert_eq(e->path.remote.family, AF_UNSPEC);
	cr_assert(s->f.told);
	cr_assert_eq(drops_all(s), 0);
	side_free(s);
}

Test(forward, a_full_ring_is_counted)
{
	struct side *s = side_new(alice);

	for (int round = 0; round < RING_ENTRIES / PKT_BATCH; round++) {
		for (int i = 0; i < PKT_BATCH; i++)
			put_inner(s, i, alice, bob, 100);
		run_down(s, PKT_BATCH);
	}
	cr_assert_eq(drops_all(s), 0);
	put_inner(s, 0, alice, bob, 100);
	run_down(s, 1);
	cr_assert_eq(drops(s, WORKER_DROP_RING_FULL), 1);
	side_free(s);
}

/* Sends one packet down and expects it to be answered with an error. */
static void expect_error(const char *from, const char *to,
			 enum worker_drop reason, uint8_t type, uint8_t code)
{
	struct side *s = side_new(alice);
	uint8_t addr[16];

	associate(s, NULL, "192.0.2.9");
	put_inner(s, 0, from, to, 100);
	run_down(s, 1);
	cr_assert_eq(drops(s, reason), 1, "%s to %s", from, to);
	cr_assert_eq(drops_all(s), 1);
	cr_assert_eq(s->out.udp4_count + s->out.udp6_count, 0);
	cr_assert_eq(s->out.error_count, 1);
	cr_assert_gt(s->out.errors[0].len, 48);
	cr_assert_eq(s->out.errors[0].bytes[40], type);
	cr_assert_eq(s->out.errors[0].bytes[41], code);
	addr_from(from, addr);
	cr_assert_arr_eq(s->out.errors[0].bytes + 24, addr, 16);
	cr_assert_null(ring_peek(s->f.data));
	side_free(s);
}

Test(forward, a_source_that_is_not_our_hit_is_refused)
{
	expect_error("2001:db8::1", bob, WORKER_DROP_INNER_SOURCE,
		     ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN);
	expect_error("2001:22:aaaa::2", bob, WORKER_DROP_INNER_SOURCE,
		     ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN);
}

Test(forward, a_destination_that_is_no_peers_hit_is_refused)
{
	expect_error(alice, "2001:db8::1", WORKER_DROP_INNER_DESTINATION,
		     ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR);
	expect_error(alice, "2001:30::1", WORKER_DROP_INNER_DESTINATION,
		     ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR);
	expect_error(alice, alice, WORKER_DROP_INNER_DESTINATION,
		     ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR);
}

Test(forward, what_the_kernel_says_by_itself_is_passed_over)
{
	static const char *const pairs[][2] = {
		{ "::", "ff02::16" },	     { "fe80::1", "ff02::2" },
		{ alice, "ff02::fb" },	     { "fe80::1", bob },
		{ alice, "fe80::2" },	     { "febf::1", bob },
		{ "::", "2001:22:bbbb::2" },
	};
	struct side *s = side_new(alice);
	int n = sizeof(pairs) / sizeof(pairs[0]);

	for (int i = 0; i < n; i++)
		put_inner(s, i, pairs[i][0], pairs[i][1], 100);
	run_down(s, n);
	cr_assert_eq(drops_all(s), 0);
	cr_assert_eq(s->out.error_count, 0);
	cr_assert_eq(s->out.udp4_count + s->out.udp6_count, 0);
	cr_assert_null(ring_peek(s->f.data));
	side_free(s);
}

Test(forward, a_packet_of_the_mtu_passes_and_one_byte_more_is_too_big)
{
	struct side *s = side_new(alice);
	const uint8_t *error = s->out.errors[0].bytes;

	associate(s, NULL, "192.0.2.9");
	put_inner(s, 0, alice, bob, MTU);
	put_inner(s, 1, alice, bob, MTU + 1);
	run_down(s, 2);
	cr_assert_eq(s->out.udp4_count, 1);
	cr_assert_eq(drops(s, WORKER_DROP_TOO_BIG), 1);
	cr_assert_eq(s->out.error_count, 1);
	cr_assert_eq(error[40], ICMP6_PACKET_TOO_BIG);
	cr_assert_eq(load_be32(error + 44), MTU);
	side_free(s);
}

Test(forward, a_packet_that_reading_has_cut_is_too_big)
{
	struct side *s = side_new(alice);

	put_inner(s, 0, alice, bob, MTU + 1000);
	s->pkts[0].len = MTU;
	run_down(s, 1);
	cr_assert_eq(drops(s, WORKER_DROP_TOO_BIG), 1);
	cr_assert_eq(s->out.error_count, 1);
	side_free(s);
}

Test(forward, what_is_not_ipv6_or_has_a_wrong_length_is_counted)
{
	struct side *s = side_new(alice);

	for (int i = 0; i < 4; i++)
		put_inner(s, i, alice, bob, 100);
	pkt_data(&s->pkts[0])[0] = 0x45;
	s->pkts[1].len = 39;
	s->pkts[2].len = 99;
	s->pkts[3].len = 0;
	run_down(s, 4);
	cr_assert_eq(drops(s, WORKER_DROP_INNER), 4);
	cr_assert_eq(drops_all(s), 4);
	cr_assert_eq(s->out.error_count, 0);
	side_free(s);
}

Test(forward, a_batch_is_answered_with_few_errors)
{
	struct side *s = side_new(alice);

	for (int i = 0; i < PKT_BATCH; i++)
		put_inner(s, i, "2001:db8::1", bob, 100);
	run_down(s, PKT_BATCH);
	cr_assert_eq(s->out.error_count, FORWARD_ERRORS_MAX);
	cr_assert_eq(drops(s, WORKER_DROP_INNER_SOURCE), PKT_BATCH);
	side_free(s);
}

static int run_injected(struct side *s)
{
	int n;

	memset(&s->out, 0, sizeof(s->out));
	for (int i = 0; i < PKT_BATCH; i++)
		s->pkts[i].off = PKT_HEAD_ROOM;
	sa_table_rdlock(s->f.conf.sas);
	n = forward_injected(&s->f, s->pkts, &s->out);
	sa_table_unlock(s->f.conf.sas);
	return n;
}

Test(forward, injected_packets_are_sealed_in_their_order)
{
	struct side *a = side_new(alice), *b = side_new(bob);
	uint8_t bytes[100];

	associate(a, b, "192.0.2.9");
	for (uint32_t i = 0; i < PKT_BATCH + 1; i++) {
		inner_write(bytes, alice, bob, sizeof(bytes), i);
		cr_assert(ring_push(a->f.inject, RING_INJECT, bytes,
				    sizeof(bytes), NULL));
	}
	cr_assert_eq(run_injected(a), PKT_BATCH);
	cr_assert_eq(a->out.udp4_count, PKT_BATCH);
	for (int i = 0; i < PKT_BATCH; i++)
		carry(a, b, i);
	cr_assert_eq(run_up(b, PKT_BATCH), PKT_BATCH);
	for (uint32_t i = 0; i < PKT_BATCH; i++)
		cr_assert_eq(load_be32(pkt_data(b->inner[i]) + 96), i);
	cr_assert_eq(run_injected(a), 1);
	cr_assert_eq(run_injected(a), 0);
	side_free(a);
	side_free(b);
}

Test(forward, an_injected_packet_without_an_sa_goes_back)
{
	struct side *s = side_new(alice);
	uint8_t bytes[MTU];

	inner_write(bytes, alice, bob, MTU, 0);
	cr_assert(ring_push(s->f.inject, RING_INJECT, bytes, MTU, NULL));
	cr_assert_eq(run_injected(s), 1);
	cr_assert_eq(s->out.udp4_count, 0);
	cr_assert_eq(ring_peek(s->f.data)->kind, RING_NO_SA);
	cr_assert_eq(ring_peek(s->f.data)->len, MTU);
	side_free(s);
}
