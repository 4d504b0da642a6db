/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * UDP sockets over loopback, on ports that the kernel chooses. What is sent
 * over loopback has arrived when the call returns; poll is only a bound.
 */
#include "tun/socket.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 2000, CAP = 2048, MANY = 200 };

static union tun_addr addr_of(const char *text, uint16_t port)
{
	union tun_addr a = { .family = AF_UNSPEC };

	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons(port);
		return a;
	}
	cr_assert_eq(inet_pton(AF_INET6, text, &a.in6.sin6_addr), 1);
	a.in6.sin6_family = AF_INET6;
	a.in6.sin6_port = htons(port);
	return a;
}

static uint16_t port_of(int fd)
{
	union tun_addr a;
	socklen_t len = sizeof(a);

	cr_assert_eq(getsockname(fd, &a.sa, &len), 0);
	return ntohs(a.family == AF_INET ? a.in.sin_port : a.in6.sin6_port);
}

/* A socket on any address, or the end of the test where this host lacks the
 * family. */
static int open_any(sa_family_t family)
{
	union tun_addr any = { .family = AF_UNSPEC };
	int fd = socket_open(family, &any, 0, false);

	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		cr_skip_test("no such address family here");
	cr_assert_geq(fd, 0);
	return fd;
}

static bool wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, WAIT_MS) == 1;
}

static struct pkt pkt_new(void)
{
	struct pkt p = { .buf = malloc(CAP), .cap = CAP, .off = 64 };

	cr_assert_not_null(p.buf);
	return p;
}

/* A packet of 4 bytes that say i. */
static struct pkt pkt_number(uint32_t i, const union tun_addr *remote)
{
	struct pkt p = pkt_new();

	store_be32(pkt_data(&p), i);
	p.len = 4;
	p.path.remote = *remote;
	return p;
}

static struct pkt receive_one(int fd, unsigned *ifindex)
{
	struct pkt p = pkt_new();

	cr_assert(wait_readable(fd));
	cr_assert_eq(socket_recv_batch(fd, &p, ifindex, 1), 1);
	return p;
}

static void send_and_receive(const char *loopback, const char *name)
{
	sa_family_t family = strchr(loopback, ':') ? AF_INET6 : AF_INET;
	int from = open_any(family), to = open_any(family);
	union tun_addr remote = addr_of(loopback, port_of(to));
	struct pkt out = pkt_number(7, &remote), *batch = &out, in;
	unsigned ifindex = 0;

	out.traffic_class = 0xb9; /* EF and ECT(1) */
	out.path.local = addr_of(loopback, 0);
	cr_assert_eq(socket_send_batch(from, &batch, 1, NULL), 1, "%s", name);
	in = receive_one(to, &ifindex);
	cr_assert_eq(in.len, 4);
	cr_assert_eq(load_be32(pkt_data(&in)), 7);
	cr_assert_eq(in.traffic_class, 0xb9);
	cr_assert_eq(ifindex, if_nametoindex("lo"));
	cr_assert_eq(in.path.local.family, family);
	cr_assert_eq(in.path.remote.family, family);
	if (family == AF_INET) {
		cr_assert_eq(in.path.local.in.sin_addr.s_addr,
			     remote.in.sin_addr.s_addr);
		cr_assert_eq(ntohs(in.path.remote.in.sin_port), port_of(from));
	} else {
		cr_assert_arr_eq(&in.path.local.in6.sin6_addr,
				 &remote.in6.sin6_addr, 16);
		cr_assert_eq(ntohs(in.path.remote.in6.sin6_port),
			     port_of(from));
	}
	free(out.buf);
	free(in.buf);
	close(from);
	close(to);
}

Test(socket, an_ipv4_datagram_tells_addresses_class_and_interface)
{
	send_and_receive("127.0.0.1", "ipv4");
}

Test(socket, an_ipv6_datagram_tells_addresses_class_and_interface)
{
	send_and_receive("::1", "ipv6");
}

Test(socket, a_class_of_zero_arrives_as_zero)
{
	int from = open_any(AF_INET), to = open_any(AF_INET);
	union tun_addr remote = addr_of("127.0.0.1", port_of(to));
	struct pkt out = pkt_number(7, &remote), *batch = &out, in;
	unsigned ifindex;

	cr_assert_eq(socket_send_batch(from, &batch, 1, NULL), 1);
	in = receive_one(to, &ifindex);
	cr_assert_eq(in.traffic_class, 0);
	free(out.buf);
	free(in.buf);
	close(from);
	close(to);
}

Test(socket, two_hundred_are_sent_in_one_call_and_arrive_in_order)
{
	int from = open_any(AF_INET), to = open_any(AF_INET);
	union tun_addr remote = addr_of("127.0.0.1", port_of(to));
	struct pkt out[MANY], *batch[MANY], in[PKT_BATCH];
	unsigned ifindex[PKT_BATCH];
	uint32_t got = 0;

	for (uint32_t i = 0; i < MANY; i++) {
		out[i] = pkt_number(i, &remote);
		batch[i] = &out[i];
	}
	for (int i = 0; i < PKT_BATCH; i++)
		in[i] = pkt_new();
	cr_assert_eq(socket_send_batch(from, batch, MANY, NULL), MANY);
	while (got < MANY) {
		int n;

		cr_assert(wait_readable(to));
		/* More than a batch is asked for, a batch is given. */
		n = socket_recv_batch(to, in, ifindex, PKT_BATCH + 1);
		cr_assert(n > 0 && n <= PKT_BATCH);
		for (int i = 0; i < n; i++)
			cr_assert_eq(load_be32(pkt_data(&in[i])), got++);
	}
	cr_assert_eq(socket_recv_batch(to, in, ifindex, 1), 0);
	for (int i = 0; i < MANY; i++)
		free(out[i].buf);
	for (int i = 0; i < PKT_BATCH; i++)
		free(in[i].buf);
	close(from);
	close(to);
}

Test(socket, each_datagram_has_its_own_path_and_class)
{
	int from = open_any(AF_INET), a = open_any(AF_INET);
	int b = open_any(AF_INET);
	union tun_addr to_a = addr_of("127.0.0.1", port_of(a));
	union tun_addr to_b = addr_of("127.0.0.2", port_of(b));
	struct pkt out[2] = { pkt_number(1, &to_a), pkt_number(2, &to_b) };
	struct pkt *batch[2] = { &out[0], &out[1] }, in;
	unsigned ifindex;

	out[1].traffic_class = 0x28;
	out[1].path.local = addr_of("127.0.0.9", 0);
	cr_assert_eq(socket_send_batch(from, batch, 2, NULL), 2);
	in = receive_one(a, &ifindex);
	cr_assert_eq(load_be32(pkt_data(&in)), 1);
	cr_assert_eq(in.traffic_class, 0);
	free(in.buf);
	in = receive_one(b, &ifindex);
	cr_assert_eq(load_be32(pkt_data(&in)), 2);
	cr_assert_eq(in.traffic_class, 0x28);
	cr_assert_eq(in.path.remote.in.sin_addr.s_addr, htonl(0x7f000009));
	cr_assert_eq(in.path.local.in.sin_addr.s_addr, htonl(0x7f000002));
	free(in.buf);
	free(out[0].buf);
	free(out[1].buf);
	close(from);
	close(a);
	close(b);
}

static void send_from_foreign(const char *loopback, const char *foreign)
{
	sa_family_t family = strchr(loopback, ':') ? AF_INET6 : AF_INET;
	int from = open_any(family), to = open_any(family);
	union tun_addr remote = addr_of(loopback, port_of(to));
	struct pkt out[3], *batch[3] = { &out[0], &out[1], &out[2] };
	unsigned ifindex;

	for (uint32_t i = 0; i < 3; i++)
		out[i] = pkt_number(i, &remote);
	out[1].path.local = addr_of(foreign, 0);
	cr_assert_eq(socket_send_batch(from, batch, 3, NULL), 3);
	for (uint32_t i = 0; i < 3; i++) {
		struct pkt in = receive_one(to, &ifindex);

		cr_assert_eq(load_be32(pkt_data(&in)), i);
		free(in.buf);
		free(out[i].buf);
	}
	close(from);
	close(to);
}

Test(socket, a_local_address_that_is_gone_is_left_to_the_kernel_ipv4)
{
	send_from_foreign("127.0.0.1", "192.0.2.77");
}

Test(socket, a_local_address_that_is_gone_is_left_to_the_kernel_ipv6)
{
	send_from_foreign("::1", "2001:db8::77");
}

Test(socket, one_datagram_of_two_parts_from_an_address_that_is_gone)
{
	int from = open_any(AF_INET), to = open_any(AF_INET);
	struct path path = { .local = addr_of("192.0.2.77", 0),
			     .remote = addr_of("127.0.0.1", port_of(to)) };
	unsigned ifindex;
	struct pkt in;

	cr_assert_eq(socket_send(from, &path, "\0\0\0\0", 4, "body", 4), 0);
	in = receive_one(to, &ifindex);
	cr_assert_eq(in.len, 8);
	cr_assert_arr_eq(pkt_data(&in), "\0\0\0\0body", 8);
	cr_assert_eq(in.path.remote.in.sin_addr.s_addr, htonl(0x7f000001));
	free(in.buf);
	close(from);
	close(to);
}

Test(socket, a_local_address_of_the_other_family_is_not_used)
{
	int from = open_any(AF_INET), to = open_any(AF_INET);
	struct path path = { .local = addr_of("::1", 0),
			     .remote = addr_of("127.0.0.1", port_of(to)) };

	cr_assert_eq(socket_send(from, &path, "", 0, "body", 4), 0);
	cr_assert(wait_readable(to));
	close(from);
	close(to);
}

Test(socket, sending_stops_at_the_datagram_that_is_refused)
{
	int from = open_any(AF_INET), to = open_any(AF_INET);
	union tun_addr good = addr_of("127.0.0.1", port_of(to));
	/* Port 0 is nobody's. */
	union tun_addr bad = addr_of("127.0.0.1", 0);
	struct pkt out[3] = { pkt_number(1, &good), pkt_number(2, &bad),
			      pkt_number(3, &good) };
	struct pkt *batch[3] = { &out[0], &out[1], &out[2] };
	int error = 0;

	cr_assert_eq(socket_send_batch(from, batch, 3, &error), 1);
	cr_assert_eq(error, -EINVAL);
	cr_assert_eq(socket_send_batch(from, batch + 2, 1, &error), 1);
	for (int i = 0; i < 3; i++)
		free(out[i].buf);
	close(from);
	close(to);
}

Test(socket, a_datagram_that_nobody_took_does_not_stop_the_next)
{
	int fd = open_any(AF_INET), gone = open_any(AF_INET);
	union tun_addr self = addr_of("127.0.0.1", port_of(fd));
	union tun_addr nobody = addr_of("127.0.0.1", port_of(gone));
	struct pkt out[2] = { pkt_number(1, &nobody), pkt_number(2, &self) };
	struct pkt *batch[2] = { &out[0], &out[1] }, in;
	unsigned ifindex;
	int on = 1;

	close(gone);
	/* So that the refusal is reported, as it may be on other systems. */
	cr_assert_eq(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)),
		     0);
	cr_assert_eq(socket_send_batch(fd, &batch[0], 1, NULL), 1);
	cr_assert_geq(socket_send_batch(fd, &batch[1], 1, NULL), 0);
	cr_assert_eq(socket_send_batch(fd, &batch[1], 1, NULL), 1);
	in = receive_one(fd, &ifindex);
	cr_assert_eq(load_be32(pkt_data(&in)), 2);
	free(in.buf);
	free(out[0].buf);
	free(out[1].buf);
	close(fd);
}

Test(socket, an_error_reported_on_reading_does_not_hide_the_datagram)
{
	int fd = open_any(AF_INET), gone = open_any(AF_INET);
	struct path self = { .remote = addr_of("127.0.0.1", port_of(fd)) };
	struct path nobody = { .remote = addr_of("127.0.0.1", port_of(gone)) };
	unsigned ifindex;
	struct pkt in;
	int on = 1;

	close(gone);
	cr_assert_eq(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)),
		     0);
	cr_assert_eq(socket_send(fd, &self, "", 0, "body", 4), 0);
	cr_assert_eq(socket_send(fd, &nobody, "", 0, "body", 4), 0);
	in = receive_one(fd, &ifindex);
	cr_assert_eq(in.len, 4);
	free(in.buf);
	close(fd);
}

Test(socket, a_datagram_longer_than_the_room_is_given_empty)
{
	int from = open_any(AF_INET), to = open_any(AF_INET);
	struct path path = { .remote = addr_of("127.0.0.1", port_of(to)) };
	uint8_t bytes[CAP] = { 0 };
	unsigned ifindex;
	struct pkt in;

	cr_assert_eq(socket_send(from, &path, "", 0, bytes, CAP - 64), 0);
	in = receive_one(to, &ifindex);
	cr_assert_eq(in.len, CAP - 64);
	free(in.buf);
	cr_assert_eq(socket_send(from, &path, "", 0, bytes, CAP - 63), 0);
	in = receive_one(to, &ifindex);
	cr_assert_eq(in.len, 0);
	free(in.buf);
	close(from);
	close(to);
}

Test(socket, a_port_is_shared_only_when_asked)
{
	union tun_addr any = { .family = AF_UNSPEC };
	int alone = socket_open(AF_INET, &any, 0, false);
	int first = socket_open(AF_INET, &any, 0, true);
	int second = socket_open(AF_INET, &any, port_of(first), true);

	cr_assert_geq(alone, 0);
	cr_assert_geq(first, 0);
	cr_assert_geq(second, 0);
	cr_assert_eq(socket_open(AF_INET, &any, port_of(alone), false),
		     -EADDRINUSE);
	cr_assert_eq(socket_open(AF_INET, &any, port_of(first), false),
		     -EADDRINUSE);
	close(alone);
	close(first);
	close(second);
}

Test(socket, both_families_have_the_same_port)
{
	union tun_addr any = { .family = AF_UNSPEC };
	int six = open_any(AF_INET6);
	int four = socket_open(AF_INET, &any, port_of(six), false);

	cr_assert_geq(four, 0, "an IPv6 socket took the IPv4 port");
	close(four);
	close(six);
}

Test(socket, an_address_to_bind_of_the_other_family_is_refused)
{
	union tun_addr four = addr_of("127.0.0.1", 0);

	cr_assert_eq(socket_open(AF_INET6, &four, 0, false), -EAFNOSUPPORT);
	cr_assert_eq(socket_open(AF_UNIX, &four, 0, false), -EAFNOSUPPORT);
}

Test(socket, a_bound_address_is_kept)
{
	union tun_addr local = addr_of("127.0.0.5", 0);
	int fd = socket_open(AF_INET, &local, 0, false);
	union tun_addr got;
	socklen_t len = sizeof(got);

	cr_assert_geq(fd, 0);
	cr_assert_eq(getsockname(fd, &got.sa, &len), 0);
	cr_assert_eq(got.in.sin_addr.s_addr, htonl(0x7f000005));
	cr_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

Test(socket, only_from_that_address_or_not_at_all)
{
	int fd = open_any(AF_INET);
	struct path path = { .local = addr_of("192.0.2.1", 0),
			     .remote = addr_of("127.0.0.1", port_of(fd)) };

	cr_expect_eq(socket_send_from(fd, &path, "x", 1), -EADDRNOTAVAIL);
	close(fd);
}
