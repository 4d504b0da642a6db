/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The host's outputs at the data plane, whose TUN device is a socket of ours
 * and which has no socket underneath. The worker does not run.
 */
#include "daemon/dataplane.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct hit us = { { 0x20, 0x01, 0, 0x22, 1 } };
static const struct hit peer = { { 0x20, 0x01, 0, 0x22, 2 } };
static struct dataplane *d;
static int tun[2];

static int tun2[2]; /* of a second worker */

static void make_with(int udp4_fd, size_t more, int more_udp4_fd)
{
	struct dataplane_conf conf = { .udp4_fd = udp4_fd,
				       .udp6_fd = -1,
				       .tun_ifindex = 99,
				       .mtu = 1400,
				       .hit = us,
				       .more = { .n = more, .queues = more },
				       .peers_max = 1 };

	cr_assert_geq(sodium_init(), 0);
	cr_assert_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, tun), 0);
	cr_assert_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, tun2),
		0);
	conf.tun_fd = tun[0];
	conf.more.fds[0] = (struct worker_fds){ tun2[0], more_udp4_fd, -1 };
	cr_assert_eq(dataplane_new(&conf, &d), 0);
}

static void make_over(int udp4_fd)
{
	make_with(udp4_fd, 0, -1);
}

static void make(void)
{
	make_over(-1);
}

static void take_away(void)
{
	dataplane_free(d);
	(void)close(tun[0]);
	(void)close(tun[1]);
	(void)close(tun2[0]);
	(void)close(tun2[1]);
}

TestSuite(dataplane, .init = make, .fini = take_away);

static struct hip_output sa(enum hip_output_kind kind, uint32_t spi)
{
	struct hip_output o = { .kind = kind,
				.hit = peer,
				.spi = spi,
				.esp_suite = ESP_AES_GCM_16,
				.key_len = 20 };

	memset(o.key, 0x55, o.key_len);
	return o;
}

static bool output(struct hip_output *o, uint64_t now_ms)
{
	bool ours = dataplane_output(d, o, now_ms);

	dataplane_flush(d);
	return ours;
}

/* An inner UDP packet to the peer, without payload. */
static void inner_packet(uint8_t out[48])
{
	memset(out, 0, 48);
	out[0] = 0x60;
	out[5] = 8;
	out[6] = 17;
	out[7] = 64;
	memcpy(out + 8, us.bytes, 16);
	memcpy(out + 24, peer.bytes, 16);
	out[45] = 8;
}

Test(dataplane, sas_make_a_flow_and_take_it_away)
{
	struct hip_output in = sa(HIP_OUT_SA_IN, 1000);
	struct hip_output out = sa(HIP_OUT_SA_OUT, 2000);
	struct hip_output gone = { .kind = HIP_OUT_SA_DELETE,
				   .hit = peer,
				   .spi = 1000,
				   .inbound = true };

	cr_expect(output(&in, 5));
	cr_expect(output(&out, 6));
	cr_assert_not_null(dataplane_flow(d, &peer));
	cr_expect_eq(dataplane_flow(d, &peer)->in.last_ms, 5);
	cr_expect(output(&gone, 7));
	cr_expect_not_null(dataplane_flow(d, &peer));
	gone.spi = 2000;
	gone.inbound = false;
	cr_expect(output(&gone, 8));
	cr_expect_null(dataplane_flow(d, &peer));
}

Test(dataplane, keys_are_wiped)
{
	struct hip_output in = sa(HIP_OUT_SA_IN, 1000);
	struct hip_output bad = sa(HIP_OUT_SA_OUT, 2000);

	bad.key_len = 7; /* it is wiped also when it is refused */
	cr_expect(output(&in, 0));
	cr_expect(output(&bad, 0));
	cr_expect(sodium_is_zero(in.key, sizeof(in.key)));
	cr_expect(sodium_is_zero(bad.key, sizeof(bad.key)));
}

Test(dataplane, nothing_has_passed_before_something_passes)
{
	struct hip_output in = sa(HIP_OUT_SA_IN, 1000);
	struct hip_input traffic;
	size_t at = 0;

	cr_expect(output(&in, 0));
	dataplane_count(d, 1);
	cr_expect_not(dataplane_traffic(d, &at, &traffic));
}

Test(dataplane, applications_hear_that_a_peer_is_unreachable)
{
	uint8_t inner[48], got[1500];
	struct hip_output o = { .kind = HIP_OUT_UNREACHABLE,
				.hit = peer,
				.bytes = inner,
				.len = sizeof(inner) };
	ssize_t n;

	inner_packet(inner);
	cr_expect(output(&o, 0));
	n = read(tun[1], got, sizeof(got));
	cr_assert_eq(n, 40 + 8 + 48);
	cr_expect_eq(got[6], 58); /* ICMPv6 */
	cr_expect_eq(got[40], 1); /* destination unreachable */
	cr_expect_eq(memcmp(got + 24, us.bytes, 16), 0);
	cr_expect_eq(memcmp(got + 48, inner, 48), 0);
}

Test(dataplane, a_packet_that_cannot_go_is_counted)
{
	struct hip_output o = { .kind = HIP_OUT_SEND, .hit = peer };

	o.bytes = (const uint8_t *)"packet";
	o.len = 6;
	cr_assert_eq(locator_from_text("192.0.2.1:10500", 0, &o.remote), 0);
	cr_expect(output(&o, 0));
	cr_expect_eq(dataplane_send_failures(d), 1);
	cr_assert_eq(locator_from_text("[2001:db8::1]:1", 0, &o.remote), 0);
	cr_expect(output(&o, 0));
	cr_expect_eq(dataplane_send_failures(d), 2);
}

Test(dataplane, puzzles_and_peers_are_not_its_business)
{
	struct hip_output o = { .kind = HIP_OUT_SOLVE };

	cr_expect_not(output(&o, 0));
	o.kind = HIP_OUT_PEER;
	cr_expect_not(output(&o, 0));
}

Test(dataplane, a_quiet_worker_gives_nothing)
{
	struct hip_input in;

	dataplane_woken(d);
	cr_expect_not(dataplane_take(d, &in));
	cr_expect_eq(dataplane_failed(d), 0);
	cr_expect_eq(dataplane_drops(d, WORKER_DROP_TUN), 0);
}

/* Until the worker tells of something, which stays where it is. */
static void wait_for_worker(void)
{
	struct pollfd p = { dataplane_event_fd(d), POLLIN, 0 };

	cr_assert_eq(poll(&p, 1, 10000), 1);
	dataplane_woken(d);
}

/* A UDP socket of the loopback, and its address. */
static int open_udp(struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	*a = (struct sockaddr_in){ .sin_family = AF_INET,
				   .sin_addr = { htonl(INADDR_LOOPBACK) } };
	cr_assert_eq(bind(fd, (struct sockaddr *)a, sizeof(*a)), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)a, &len), 0);
	return fd;
}

/* An ESP packet at a socket: its sequence number. */
static uint32_t receive_esp(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	uint8_t esp[200];

	cr_assert_eq(poll(&p, 1, 10000), 1);
	cr_assert_gt(recv(fd, esp, sizeof(esp), 0), 8);
	return (uint32_t)esp[6] << 8 | esp[7];
}

/* They would come behind what the worker seals once the SA is there. */
Test(dataplane_turns, packets_that_came_while_an_sa_was_made_follow_it)
{
	struct sockaddr_in at, from;
	int udp = open_udp(&from), there = open_udp(&at);
	struct hip_output out = sa(HIP_OUT_SA_OUT, 2000);
	uint8_t inner[48];
	struct hip_input in;

	memset(out.remote.addr + 10, 0xff, 2);
	memcpy(out.remote.addr + 12, &at.sin_addr, 4);
	out.remote.port = ntohs(at.sin_port);
	make_over(udp);
	inner_packet(inner);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(write(tun[1], inner, sizeof(inner)),
			     sizeof(inner));
	cr_assert_eq(dataplane_start(d), 0);
	wait_for_worker();
	cr_assert(output(&out, 0));
	for (uint32_t i = 1; i <= 3; i++)
		cr_expect_eq(receive_esp(there), i);
	cr_expect_not(dataplane_take(d, &in));
	take_away();
	(void)close(udp);
	(void)close(there);
}

Test(dataplane_turns, hip_packets_and_our_own_are_taken_in_turn)
{
	struct sockaddr_in a;
	int udp = open_udp(&a);
	uint8_t inner[48];
	struct hip_input in;

	make_over(udp);
	inner_packet(inner);
	cr_assert_eq(write(tun[1], inner, sizeof(inner)), sizeof(inner));
	cr_assert_eq(dataplane_start(d), 0);
	wait_for_worker();
	for (int i = 0; i < 3; i++)
		cr_assert_eq(sendto(udp, "\0\0\0\0hip", 7, 0,
				    (struct sockaddr *)&a, sizeof(a)),
			     7);
	wait_for_worker();
	cr_assert(dataplane_take(d, &in));
	cr_expect_eq(in.kind, HIP_IN_PACKET);
	cr_assert(dataplane_take(d, &in));
	cr_expect_eq(in.kind, HIP_IN_ACQUIRE);
	take_away();
	(void)close(udp);
}

/* The port that an ESP packet came from, and its sequence number. */
static uint32_t receive_esp_from(int fd, uint16_t *port)
{
	struct pollfd p = { fd, POLLIN, 0 };
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t esp[200];

	cr_assert_eq(poll(&p, 1, 10000), 1);
	cr_assert_gt(recvfrom(fd, esp, sizeof(esp), 0, (struct sockaddr *)&from,
			      &len),
		     8);
	*port = from.sin_port;
	return (uint32_t)esp[6] << 8 | esp[7];
}

/* It goes by the same worker as what comes after, or they would race. */
Test(dataplane_turns, what_waited_goes_by_the_worker_that_reads_for_the_peer)
{
	struct sockaddr_in at, first, second;
	int udp = open_udp(&first), udp2 = open_udp(&second);
	int there = open_udp(&at);
	struct hip_output out = sa(HIP_OUT_SA_OUT, 2000);
	struct hip_output inject = { .kind = HIP_OUT_INJECT };
	uint8_t inner[48];
	uint16_t port;

	memset(out.remote.addr + 10, 0xff, 2);
	memcpy(out.remote.addr + 12, &at.sin_addr, 4);
	out.remote.port = ntohs(at.sin_port);
	out.hit.bytes[15] = 1; /* odd: the second one's */
	make_with(udp, 1, udp2);
	inner_packet(inner);
	inner[39] = 1;
	inject.bytes = inner;
	inject.len = sizeof(inner);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(write(tun2[1], inner, sizeof(inner)),
			     sizeof(inner));
	cr_assert_eq(dataplane_start(d), 0);
	wait_for_worker();
	cr_assert(dataplane_output(d, &out, 0));
	cr_assert(dataplane_output(d, &inject, 0));
	dataplane_flush(d);
	for (uint32_t i = 1; i <= 4; i++) {
		cr_expect_eq(receive_esp_from(there, &port), i);
		cr_expect_eq(port, second.sin_port);
	}
	cr_expect_eq(worker_packets_out(crew_worker(dataplane_crew(d), 0)), 0);
	cr_expect_eq(worker_packets_out(crew_worker(dataplane_crew(d), 1)), 4);
	take_away();
	(void)close(udp);
	(void)close(udp2);
	(void)close(there);
}

/* A HIP packet may come to any of them, behind ESP in one run. */
Test(dataplane_turns, hip_packets_of_any_worker_are_taken)
{
	struct sockaddr_in first, second;
	int udp = open_udp(&first), udp2 = open_udp(&second);
	struct hip_input in;

	make_with(udp, 1, udp2);
	cr_assert_eq(dataplane_start(d), 0);
	cr_assert_eq(sendto(udp, "\0\0\0\0hip", 7, 0,
			    (struct sockaddr *)&second, sizeof(second)),
		     7);
	wait_for_worker();
	cr_assert(dataplane_take(d, &in));
	cr_expect_eq(in.kind, HIP_IN_PACKET);
	cr_expect_eq(in.len, 3);
	cr_expect_not(dataplane_take(d, &in));
	take_away();
	(void)close(udp);
	(void)close(udp2);
}

Test(dataplane_turns, a_queue_of_any_worker_that_is_gone_is_reported)
{
	make_with(-1, 1, -1);
	cr_assert_eq(dataplane_start(d), 0);
	cr_expect_eq(dataplane_failed(d), 0);
	(void)close(tun2[1]);
	wait_for_worker();
	cr_expect_eq(dataplane_failed(d), EBADFD);
	tun2[1] = -1;
	take_away();
}
