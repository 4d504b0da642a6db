/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Two workers, alice and bob, over loopback: their TUN devices are pairs of
 * local sockets that keep packets apart, as a TUN device does. Every wait is
 * a poll with a bound.
 */
#include "tun/worker.h"

#include "tests/unit/inner.h"
#include "tun/socket.h"
#include "tun/vnet.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 5000, MTU = 1400, SPI_A = 0xa1a2a3a4, SPI_B = 0xb1b2b3b4 };

/* Whether the TUN devices have the virtio header, and workers the lane. */
static bool vnet;
static unsigned without; /* offloads */

/*
 * Loopback keeps datagrams in order only as long as who sends them stays on
 * one processor: each has a queue of its own. Threads inherit this.
 */
static void stay_on_one_processor(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

TestSuite(worker, .init = stay_on_one_processor);
TestSuite(worker_lane, .init = stay_on_one_processor);

/* A test of both ways of working. */
#define BOTH(name)                                                             \
	static void name(void);                                                \
	Test(worker, name)                                                     \
	{                                                                      \
		name();                                                        \
	}                                                                      \
	Test(worker_lane, name)                                                \
	{                                                                      \
		vnet = true;                                                   \
		name();                                                        \
	}                                                                      \
	static void name(void)

static const char alice[] = "2001:22:aaaa::1", bob[] = "2001:22:bbbb::2";

struct host {
	struct worker *worker;
	struct sa_table *sas;
	uint8_t hit[16];
	int app; /* the kernel's side of the TUN device */
	int tun_fd;
	int udp_fd;
	union tun_addr addr;
};

static void addr_from(const char *text, uint8_t addr[16])
{
	cr_assert_eq(inet_pton(AF_INET6, text, addr), 1, "%s", text);
}

static struct host host_new(const char *hit)
{
	static const uint8_t seed[16] = { 1 };
	union tun_addr any = { .family = AF_UNSPEC };
	struct worker_conf conf = {
		.udp6_fd = -1, .mtu = MTU, .vnet = vnet, .without = without
	};
	struct host h = { 0 };
	socklen_t len = sizeof(h.addr);
	int pair[2];

	cr_assert_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair),
		0);
	h.app = pair[0];
	h.tun_fd = pair[1];
	h.udp_fd = socket_open(AF_INET, &any, 0, false);
	cr_assert_geq(h.udp_fd, 0);
	cr_assert_eq(getsockname(h.udp_fd, &h.addr.sa, &len), 0);
	h.addr.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	h.sas = sa_table_new(seed);
	cr_assert_not_null(h.sas);
	addr_from(hit, h.hit);
	conf.tun_fd = h.tun_fd;
	conf.udp4_fd = h.udp_fd;
	conf.tun_ifindex = 0xffff;
	conf.sas = h.sas;
	memcpy(conf.hit, h.hit, 16);
	h.worker = worker_new(&conf);
	cr_assert_not_null(h.worker);
	cr_assert_eq(worker_start(h.worker), 0);
	return h;
}

static void host_free(struct host *h)
{
	worker_stop(h->worker);
	worker_free(h->worker);
	sa_table_free(h->sas);
	if (h->app >= 0)
		close(h->app);
	close(h->tun_fd);
	close(h->udp_fd);
}

/* Under h's write lock: its SA to (or from) the peer. */
static void add_sa(struct host *h, const struct host *peer, uint32_t spi,
		   bool out)
{
	uint8_t key[20] = { 1, 2, 3, (uint8_t)spi };
	struct sa_conf conf = {
		.spi = spi,
		.suite = 13,
		.backend = CIPHER_OPENSSL,
		.key = key,
		.key_len = sizeof(key),
		.path.remote = peer->addr,
	};

	memcpy(conf.local, h->hit, 16);
	memcpy(conf.peer, peer->hit, 16);
	cr_assert_eq(out ? sa_out_add(h->sas, &conf) : sa_in_add(h->sas, &conf),
		     0);
}

static void associate(struct host *a, struct host *b)
{
	sa_table_wrlock(a->sas);
	add_sa(a, b, SPI_A, false);
	add_sa(a, b, SPI_B, true);
	sa_table_unlock(a->sas);
	sa_table_wrlock(b->sas);
	add_sa(b, a, SPI_B, false);
	add_sa(b, a, SPI_A, true);
	sa_table_unlock(b->sas);
}

static void inner_write(uint8_t *p, const char *from, const char *to,
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
}

/* What the kernel does when an application sends. */
static void app_write(struct host *h, const struct vnet *v, const uint8_t *p,
		      size_t len)
{
	static uint8_t bytes[VNET_LEN + 65536];
	struct pollfd room = { .fd = h->app, .events = POLLOUT };
	size_t head = vnet ? VNET_LEN : 0;

	memset(bytes, 0, VNET_LEN);
	if (v)
		vnet_write(bytes, v);
	memcpy(bytes + head, p, len);
	cr_assert_eq(poll(&room, 1, WAIT_MS), 1);
	cr_assert_eq(write(h->app, bytes, head + len), (ssize_t)(head + len));
}

static void app_send(struct host *h, const char *from, const char *to,
		     uint32_t number)
{
	uint8_t p[100];

	inner_write(p, from, to, sizeof(p), number);
	app_write(h, NULL, p, sizeof(p));
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, WAIT_MS) == 1;
}

/* What it does when a packet or super-packet arrives; its length. */
static size_t app_read(struct host *h, struct vnet *v, uint8_t *p, size_t cap)
{
	static uint8_t bytes[VNET_LEN + 65536];
	size_t head = vnet ? VNET_LEN : 0;
	ssize_t len;

	cr_assert(readable(h->app), "nothing arrived");
	len = read(h->app, bytes, sizeof(bytes));
	cr_assert_gt(len, (ssize_t)head);
	cr_assert_leq((size_t)len - head, cap);
	if (v)
		vnet_read(v, bytes);
	memcpy(p, bytes + head, (size_t)len - head);
	return (size_t)len - head;
}

static uint32_t app_receive(struct host *h)
{
	uint8_t p[MTU];

	cr_assert_eq(app_read(h, NULL, p, sizeof(p)), 100);
	return load_be32(p + 96);
}

/* Waits for the worker's event, then takes the oldest entry of a ring. */
static const struct ring_entry *wait_entry(struct host *h, struct ring *ring)
{
	uint64_t count;

	while (!ring_peek(ring)) {
		cr_assert(readable(worker_event_fd(h->worker)), "no event");
		cr_assert_gt(read(worker_event_fd(h->worker), &count, 8), 0);
	}
	return ring_peek(ring);
}

BOTH(packets_go_both_ways)
{
	struct host a = host_new(alice), b = host_new(bob);

	associate(&a, &b);
	for (uint32_t i = 0; i < 100; i++) {
		app_send(&a, alice, bob, i);
		cr_assert_eq(app_receive(&b), i);
		app_send(&b, bob, alice, i);
		cr_assert_eq(app_receive(&a), i);
	}
	for (int i = 0; i < WORKER_DROP_COUNT; i++)
		cr_assert_eq(worker_drops(a.worker, i) +
				     worker_drops(b.worker, i),
			     0, "%s", worker_drop_name(i));
	host_free(&a);
	host_free(&b);
}

BOTH(what_waited_goes_before_what_comes_after)
{
	enum { WAITING = 200 };
	struct host a = host_new(alice), b = host_new(bob);
	struct ring *ring = worker_data_ring(a.worker);

	sa_table_wrlock(b.sas);
	add_sa(&b, &a, SPI_B, false);
	sa_table_unlock(b.sas);
	app_send(&a, alice, bob, 0);
	cr_assert_eq(wait_entry(&a, ring)->kind, RING_NO_SA);
	sa_table_wrlock(a.sas);
	/* The worker reads these, and waits for the lock. */
	app_send(&a, alice, bob, WAITING);
	add_sa(&a, &b, SPI_B, true);
	for (uint32_t i = 0; i < WAITING; i++) {
		uint8_t p[100];

		inner_write(p, alice, bob, sizeof(p), i);
		cr_assert(worker_inject(a.worker, p, sizeof(p)));
	}
	sa_table_unlock(a.sas);
	for (uint32_t i = 0; i <= WAITING; i++)
		cr_assert_eq(app_receive(&b), i);
	host_free(&a);
	host_free(&b);
}

BOTH(the_inject_ring_says_when_it_is_full)
{
	struct host a = host_new(alice);
	uint8_t p[100];
	int taken = 0;

	inner_write(p, alice, bob, sizeof(p), 0);
	sa_table_wrlock(a.sas); /* the worker waits */
	while (taken < 100000 && worker_inject(a.worker, p, sizeof(p)))
		taken++;
	sa_table_unlock(a.sas);
	cr_assert_eq(taken, 256);
	host_free(&a);
}

BOTH(a_hip_packet_reaches_the_control_thread)
{
	struct host a = host_new(alice), b = host_new(bob);
	struct path path = { .remote = a.addr };
	const struct ring_entry *e;

	cr_assert_eq(socket_send(b.udp_fd, &path, "\0\0\0\0", 4, "HIP", 3), 0);
	e = wait_entry(&a, worker_control_ring(a.worker));
	cr_assert_eq(e->kind, RING_CONTROL);
	cr_assert_eq(e->len, 3);
	cr_assert_arr_eq(e->bytes, "HIP", 3);
	cr_assert_eq(e->path.remote.in.sin_port, b.addr.in.sin_port);
	host_free(&a);
	host_free(&b);
}

BOTH(a_wrong_source_is_answered_to_the_application)
{
	struct host a = host_new(alice);
	uint8_t p[MTU];

	app_send(&a, "2001:db8::1", bob, 0);
	cr_assert_eq(app_read(&a, NULL, p, sizeof(p)), 40 + 8 + 100);
	cr_assert_eq(p[6], 58);
	cr_assert_eq(worker_drops(a.worker, WORKER_DROP_INNER_SOURCE), 1);
	host_free(&a);
}

BOTH(the_control_thread_delivers_to_applications)
{
	struct host a = host_new(alice);
	uint8_t p[100];

	inner_write(p, bob, alice, sizeof(p), 77);
	cr_assert(worker_deliver(a.worker, p, sizeof(p)));
	cr_assert_eq(app_receive(&a), 77);
	host_free(&a);
}

BOTH(a_peer_over_a_family_without_a_socket_is_counted)
{
	struct host a = host_new(alice), b = host_new(bob);

	b.addr = (union tun_addr){ .in6.sin6_family = AF_INET6 };
	sa_table_wrlock(a.sas);
	add_sa(&a, &b, SPI_B, true);
	sa_table_unlock(a.sas);
	app_send(&a, alice, bob, 0);
	/* Its like, refused behind it, tells that the first one is done. */
	app_send(&a, "2001:db8::1", bob, 0);
	cr_assert(readable(a.app));
	cr_assert_eq(worker_drops(a.worker, WORKER_DROP_SEND), 1);
	host_free(&a);
	host_free(&b);
}

BOTH(a_path_that_is_refused_takes_no_other_with_it)
{
	struct host a = host_new(alice), b = host_new(bob);
	struct host nobody = { .addr = { .in.sin_family = AF_INET } };

	associate(&a, &b);
	addr_from("2001:22:cccc::3", nobody.hit);
	sa_table_wrlock(a.sas);
	add_sa(&a, &nobody, SPI_B + 1, true); /* 0.0.0.0, port 0 */
	for (uint32_t i = 0; i < 10; i++)
		app_send(&a, alice, i % 2 ? bob : "2001:22:cccc::3", i);
	sa_table_unlock(a.sas);
	for (uint32_t i = 1; i < 10; i += 2)
		cr_assert_eq(app_receive(&b), i);
	/* The error for one that comes later tells that all were tried. */
	app_send(&a, "2001:db8::1", bob, 0);
	cr_assert(readable(a.app));
	cr_assert_eq(worker_drops(a.worker, WORKER_DROP_SEND), 5);
	host_free(&a);
	host_free(&b);
}

static double cpu_seconds(void)
{
	struct timespec t;

	cr_assert_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

BOTH(a_tun_device_that_goes_away_is_reported_and_ends_the_thread)
{
	struct host a = host_new(alice);
	uint64_t count;
	double before;

	cr_assert_eq(worker_failed(a.worker), 0);
	signal(SIGPIPE, SIG_IGN); /* a TUN device has none */
	close(a.app);
	a.app = -1;
	cr_assert(readable(worker_event_fd(a.worker)));
	cr_assert_eq(read(worker_event_fd(a.worker), &count, 8), 8);
	cr_assert_eq(worker_failed(a.worker), EBADFD);
	before = cpu_seconds();
	(void)poll(NULL, 0, 200);
	cr_assert_lt(cpu_seconds() - before, 0.1, "it is busy");
	cr_assert_not(worker_deliver(a.worker, (const uint8_t *)"", 1));
	host_free(&a);
}

BOTH(it_starts_again_after_it_was_stopped)
{
	struct host a = host_new(alice), b = host_new(bob);

	associate(&a, &b);
	worker_stop(a.worker);
	app_send(&a, alice, bob, 1);
	cr_assert_eq(worker_start(a.worker), 0);
	cr_assert_eq(app_receive(&b), 1);
	worker_stop(b.worker);
	worker_stop(b.worker);
	host_free(&a);
	host_free(&b);
}

Test(worker, every_reason_has_a_name_of_its_own)
{
	for (int i = 0; i < WORKER_DROP_COUNT; i++) {
		cr_assert_not_null(worker_drop_name(i));
		for (int j = 0; j < i; j++)
			cr_assert_str_neq(worker_drop_name(i),
					  worker_drop_name(j));
	}
}

/* A super-packet of TCP, as the kernel gives it; its length. */
static uint32_t super_write(uint8_t *p, struct vnet *v)
{
	struct inner_conf c = { .protocol = INNER_TCP,
				.flags = INNER_ACK | INNER_PSH,
				.data_len = 45 * 1300 + 1 };
	uint32_t len = inner_make(p, &c);

	addr_from(alice, p + 8);
	addr_from(bob, p + 24);
	*v = (struct vnet){ .flags = VNET_NEEDS_CSUM,
			    .gso_type = VNET_GSO_TCPV6,
			    .hdr_len = 60,
			    .gso_size = 1300,
			    .csum_start = 40,
			    .csum_offset = 16 };
	return len;
}

/* Payload of super-packets crosses whole, in however many pieces. */
static void super_packets_cross(unsigned without_a, unsigned without_b)
{
	static uint8_t sent[INNER_MAX], got[INNER_MAX], data[INNER_MAX];
	struct host a, b;
	struct vnet v;
	uint32_t len, at = 0;

	vnet = true;
	without = without_a;
	a = host_new(alice);
	without = without_b;
	b = host_new(bob);
	associate(&a, &b);
	len = super_write(sent, &v);
	app_write(&a, &v, sent, len);
	while (at < len - 60) {
		size_t n = app_read(&b, &v, got, sizeof(got));

		cr_assert_eq(load_be32(got + 44), at, "%u, where %u is next",
			     load_be32(got + 44), at);
		memcpy(data + at, got + 60, n - 60);
		at += (uint32_t)n - 60;
	}
	cr_assert_arr_eq(data, sent + 60, len - 60);
	for (int i = 0; i < WORKER_DROP_COUNT; i++)
		cr_assert_eq(worker_drops(a.worker, i) +
				     worker_drops(b.worker, i),
			     0, "%s", worker_drop_name(i));
	host_free(&a);
	host_free(&b);
}

Test(worker_lane, super_packets_cross_with_every_offload_or_without)
{
	static const unsigned some[] = { 0, WORKER_SEGMENT, WORKER_GRO,
					 WORKER_SEGMENT | WORKER_GRO,
					 WORKER_OFFLOADS };

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		for (size_t j = 0; j < sizeof(some) / sizeof(some[0]); j++)
			super_packets_cross(some[i], some[j]);
}

/* A super-packet of UDP crosses whole; a host without USO gets datagrams. */
static void datagrams_cross(unsigned without_b)
{
	static uint8_t sent[INNER_MAX], got[INNER_MAX];
	struct inner_conf c = { .protocol = INNER_UDP,
				.data_len = 40 * 1300 + 1,
				.seed = 7 };
	struct vnet v = { .flags = VNET_NEEDS_CSUM,
			  .gso_type = VNET_GSO_UDP_L4,
			  .hdr_len = 48,
			  .gso_size = 1300,
			  .csum_start = 40,
			  .csum_offset = 6 };
	struct host a, b;
	uint32_t at = 0;

	vnet = true;
	without = 0;
	a = host_new(alice);
	without = without_b;
	b = host_new(bob);
	associate(&a, &b);
	(void)inner_make(sent, &c);
	addr_from(alice, sent + 8);
	addr_from(bob, sent + 24);
	app_write(&a, &v, sent, 48 + c.data_len);
	while (at < c.data_len) {
		size_t n = app_read(&b, &v, got, sizeof(got)) - 48;

		cr_assert_leq(n, c.data_len - at);
		cr_assert_arr_eq(got + 48, sent + 48 + at, n, "at %u", at);
		if (without_b & WORKER_USO) {
			cr_assert_eq(v.gso_type, VNET_GSO_NONE);
			cr_assert_leq(n, 1300);
		}
		at += (uint32_t)n;
	}
	for (int i = 0; i < WORKER_DROP_COUNT; i++)
		cr_assert_eq(worker_drops(a.worker, i) +
				     worker_drops(b.worker, i),
			     0, "%s", worker_drop_name(i));
	host_free(&a);
	host_free(&b);
}

Test(worker_lane, datagrams_cross_where_one_host_cannot_take_them_as_one)
{
	datagrams_cross(0);
	datagrams_cross(WORKER_USO);
	datagrams_cross(WORKER_USO | WORKER_GRO);
	datagrams_cross(WORKER_OFFLOADS);
}

Test(worker_lane, segments_larger_than_the_mtu_are_answered)
{
	static uint8_t p[INNER_MAX];
	struct host a, b;
	struct vnet v;
	uint32_t len;

	vnet = true;
	a = host_new(alice);
	b = host_new(bob);
	associate(&a, &b);
	len = super_write(p, &v);
	v.gso_size = MTU - 60 + 1;
	app_write(&a, &v, p, len);
	cr_assert_eq(app_read(&a, NULL, p, sizeof(p)), 1280);
	cr_assert_eq(p[40], 2, "packet too big");
	cr_assert_eq(worker_drops(a.worker, WORKER_DROP_TOO_BIG), 1);
	host_free(&a);
	host_free(&b);
}

Test(worker_lane, a_super_packet_that_lies_is_dropped)
{
	static uint8_t p[INNER_MAX];
	struct host a, b;
	struct vnet v;
	uint32_t len;

	vnet = true;
	a = host_new(alice);
	b = host_new(bob);
	associate(&a, &b);
	len = super_write(p, &v);
	v.csum_start = UINT16_MAX;
	app_write(&a, &v, p, len);
	app_send(&a, alice, bob, 5);
	cr_assert_eq(app_receive(&b), 5);
	cr_assert_eq(worker_drops(a.worker, WORKER_DROP_INNER), 1);
	host_free(&a);
	host_free(&b);
}

Test(worker, it_says_which_offloads_are_in_use)
{
	struct host a = host_new(alice);

	cr_assert_eq(worker_offloads(a.worker), 0);
	cr_assert_str_eq(worker_offload_text(a.worker), "none");
	host_free(&a);
	vnet = true;
	without = WORKER_OFFLOADS;
	a = host_new(alice);
	cr_assert_str_eq(worker_offload_text(a.worker), "vnet");
	host_free(&a);
	without = 0;
	a = host_new(alice);
	cr_assert_str_eq(worker_offload_text(a.worker),
			 "vnet uso udp-segment udp-gro");
	host_free(&a);
}
