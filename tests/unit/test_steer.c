/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The kernel's part in choosing a worker, asked for real: sockets of one port
 * over loopback, and a TUN device in a network namespace of the test's own.
 */
#include "tun/steer.h"

#include "tun/device.h"
#include "tun/netlink.h"
#include "tun/socket.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 2000, N = 3, QUEUE_PACKET_MAX = 2048 };

/* N sockets of one port on loopback; where to send to. */
static union tun_addr open_group(sa_family_t family, int fds[N])
{
	union tun_addr a = { .family = family };
	socklen_t len = sizeof(a);

	if (family == AF_INET)
		a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a.in6.sin6_addr = in6addr_loopback;
	fds[0] = socket_open(family, &a, 0, false);
	if (fds[0] == -EAFNOSUPPORT || fds[0] == -EADDRNOTAVAIL)
		cr_skip_test("no such address family here");
	cr_assert_geq(fds[0], 0);
	for (int i = 1; i < N; i++) {
		fds[i] = socket_twin(fds[0]);
		cr_assert_geq(fds[i], 0, "%s", strerror(-fds[i]));
	}
	cr_assert_eq(getsockname(fds[0], &a.sa, &len), 0);
	return a;
}

/* Which of them has something to read; it is read. */
static int where_it_arrived(const int *fds)
{
	struct pollfd p[N];
	char buf[QUEUE_PACKET_MAX];
	int at = -1;

	for (int i = 0; i < N; i++)
		p[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	cr_assert_eq(poll(p, N, WAIT_MS), 1, "it arrived nowhere, or twice");
	for (int i = 0; i < N; i++)
		at = p[i].revents ? i : at;
	cr_assert_gt(read(fds[at], buf, sizeof(buf)), 0);
	return at;
}

static void goes_to(const int *fds, const union tun_addr *to,
		    const uint8_t *bytes, size_t len, int wanted)
{
	int from = socket(to->family, SOCK_DGRAM, 0);

	cr_assert_eq(sendto(from, bytes, len, 0, &to->sa, sizeof(*to)),
		     (ssize_t)len);
	cr_expect_eq(where_it_arrived(fds), wanted);
	close(from);
}

static void spis_choose(sa_family_t family)
{
	int fds[N];
	const union tun_addr to = open_group(family, fds);
	uint8_t esp[40] = { 0 };

	cr_assert_eq(steer_sockets(fds[0], N), 0);
	for (uint32_t i = 0; i < 50; i++) {
		uint32_t spi = 256 + i * 0x05050507u;

		store_be32(esp, spi);
		goes_to(fds, &to, esp, sizeof(esp), (int)(spi % N));
		goes_to(fds, &to, esp, 4, (int)(spi % N));
	}
	store_be32(esp, UINT32_MAX);
	goes_to(fds, &to, esp, sizeof(esp), (int)(UINT32_MAX % N));
	for (int i = 0; i < N; i++)
		close(fds[i]);
}

Test(steer, an_spi_chooses_the_socket)
{
	spis_choose(AF_INET);
}

Test(steer, an_spi_chooses_the_socket_over_ipv6)
{
	spis_choose(AF_INET6);
}

Test(steer, what_is_no_esp_goes_to_the_first)
{
	int fds[N];
	const union tun_addr to = open_group(AF_INET, fds);
	uint8_t hip[40] = { 0, 0, 0, 0, 59, 4, 1, 0x21 };
	const uint8_t keepalive = 0xff;

	cr_assert_eq(steer_sockets(fds[0], N), 0);
	/* Each from a port of its own: a hash would spread them. */
	for (int i = 0; i < 20; i++) {
		goes_to(fds, &to, hip, sizeof(hip), 0);
		goes_to(fds, &to, &keepalive, 1, 0);
		goes_to(fds, &to, hip, 3, 0);
	}
	for (int i = 0; i < N; i++)
		close(fds[i]);
}

Test(steer, a_port_that_is_in_use_is_not_shared_by_accident)
{
	int fds[N];
	union tun_addr a = open_group(AF_INET, fds);

	/* The first socket of another daemon. */
	cr_expect_eq(socket_open(AF_INET, &a, ntohs(a.in.sin_port), false),
		     -EADDRINUSE);
	for (int i = 0; i < N; i++)
		close(fds[i]);
}

Test(steer, the_end_of_a_hit_names_its_owner)
{
	uint8_t hit[16] = { 0x20, 1, 0, 0x22 };

	store_be32(hit + 12, 40001);
	cr_expect_eq(steer_owner(hit, 1), 0);
	cr_expect_eq(steer_owner(hit, 2), 1);
	cr_expect_eq(steer_owner(hit, 3), 40001 % 3);
	hit[4] = 7;
	cr_expect_eq(steer_owner(hit, 3), 40001 % 3);
}

static const char device[IFNAMSIZ] = "steer0";
static const uint8_t prefix[16] = { 0x20, 0x01, 0, 0x20 };

/* Gives the device an address and the route to all HITs. */
static void set_up(void)
{
	struct netlink *n = netlink_new();
	uint8_t ours[16] = { 0x20, 0x01, 0, 0x22, 1 };
	unsigned ifindex = if_nametoindex(device);

	cr_assert_not_null(n);
	cr_assert_eq(netlink_link_up(n, ifindex, 1400), 0);
	cr_assert_eq(netlink_address_add(n, ifindex, ours, 128), 0);
	cr_assert_eq(netlink_route_add(n, ifindex, prefix, 28, 256, 0), 0);
	netlink_free(n);
}

static void open_queues(bool plain, int fds[N])
{
	int got;

	if (unshare(CLONE_NEWNET) < 0)
		cr_skip_test("needs root");
	got = device_open_queues(device, plain, fds, N);
	if (got == -ENOENT || got == -EPERM || got == 1)
		cr_skip_test("no TUN device, or no eBPF, here");
	cr_assert_eq(got, N, "%s", strerror(-got));
	set_up();
}

/* What the kernel says of its own accord (router solicitations). */
static void read_away(const int *fds)
{
	char buf[QUEUE_PACKET_MAX];

	for (int i = 0; i < N; i++)
		while (read(fds[i], buf, sizeof(buf)) > 0)
			;
}

static void hits_choose(bool plain)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
				   .sin6_port = htons(9) };
	uint8_t *hit = to.sin6_addr.s6_addr;
	int fds[N], from;

	open_queues(plain, fds);
	from = socket(AF_INET6, SOCK_DGRAM, 0);
	for (uint32_t i = 0; i < 60; i++) {
		memcpy(hit, prefix, 16);
		store_be32(hit + 12, i / 2 * 0x05050507u);
		read_away(fds);
		/* From another port each time: their hashes differ. */
		cr_assert_eq(sendto(from, "x", 1, 0,
				    (const struct sockaddr *)&to, sizeof(to)),
			     1);
		close(from);
		from = socket(AF_INET6, SOCK_DGRAM, 0);
		cr_expect_eq(where_it_arrived(fds), (int)steer_owner(hit, N));
	}
	close(from);
	for (int i = 0; i < N; i++)
		close(fds[i]);
}

Test(steer, a_hit_chooses_the_queue)
{
	hits_choose(false);
}

Test(steer, a_hit_chooses_the_queue_of_a_plain_device)
{
	hits_choose(true);
}

Test(steer, a_device_of_somebody_else_gets_no_more_queues)
{
	int fds[N], other[N];

	open_queues(false, fds);
	cr_expect_eq(device_open_queues(device, false, other, N), -EBUSY);
	for (int i = 0; i < N; i++)
		close(fds[i]);
}
