/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Raw sockets over loopback, where we may open them.
 */
#include "tun/raw.h"

#include "tun/socket.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 2000, CAP = 2048 };

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

/* A raw socket of a protocol that nobody else speaks here, on loopback, or the
 * end of the test where that takes rights that we lack. */
static int open_raw_or_skip(const char *address)
{
	union tun_addr at = addr_of(address, 0);
	int fd = socket_open_raw(at.family, 253, &at); /* RFC 3692: for tests */

	if (fd == -EPERM || fd == -EACCES)
		cr_skip_test("raw sockets need CAP_NET_RAW");
	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		cr_skip_test("no such address family here");
	cr_assert_geq(fd, 0);
	return fd;
}

static void raw_round(const char *address)
{
	int fd = open_raw_or_skip(address);
	struct pkt in = pkt_new();
	struct path path = { .local = addr_of(address, 0),
			     .remote = addr_of(address, 0) };
	unsigned ifindex = 0;

	cr_assert_eq(socket_send_from(fd, &path, "payload", 7), 0);
	cr_assert(wait_readable(fd));
	cr_assert_eq(raw_recv_batch(fd, PKT_ESP, &in, &ifindex, 1), 1);
	cr_expect_eq(in.len, 7);
	cr_expect_eq(memcmp(pkt_data(&in), "payload", 7), 0);
	cr_expect_eq(in.from, PKT_ESP);
	cr_expect(path_is_raw(&in.path));
	cr_expect_eq(in.path.local.family, path.local.family);
	cr_expect_eq(ifindex, if_nametoindex("lo"));
	free(in.buf);
	close(fd);
}

Test(raw, what_comes_raw_begins_behind_the_ipv4_header)
{
	raw_round("127.0.0.1");
}

Test(raw, and_over_ipv6_where_there_is_none)
{
	raw_round("::1");
}

Test(raw, ipv4_options_are_taken_off_too)
{
	static const uint8_t options[] = { 1, 1, 1, 1, 1, 1, 1, 0 };
	int fd = open_raw_or_skip("127.0.0.1");
	struct path path = { .remote = addr_of("127.0.0.1", 0) };
	struct pkt in = pkt_new();
	unsigned ifindex;

	cr_assert_eq(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, options,
				sizeof(options)),
		     0);
	cr_assert_eq(socket_send_from(fd, &path, "abc", 3), 0);
	cr_assert(wait_readable(fd));
	cr_assert_eq(raw_recv_batch(fd, PKT_HIP, &in, &ifindex, 1), 1);
	cr_expect_eq(in.len, 3);
	cr_expect_eq(memcmp(pkt_data(&in), "abc", 3), 0);
	free(in.buf);
	close(fd);
}

Test(raw, the_source_is_what_the_routes_say)
{
	union tun_addr remote = addr_of("127.0.0.1", 0), source;
	union tun_addr first = addr_of("0.0.0.0", 0);
	union tun_addr second = addr_of("127.0.0.2", 0);
	int fd = socket_open(AF_INET, &first, 0, false);
	int bound = socket_open(AF_INET, &second, 0, false);

	cr_assert_geq(fd, 0);
	cr_assert_geq(bound, 0);
	cr_assert_eq(raw_source(fd, &remote, &source), 0);
	cr_expect_eq(source.in.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	cr_expect_eq(source.in.sin_port, 0);
	cr_assert_eq(raw_source(bound, &remote, &source), 0);
	cr_expect_eq(source.in.sin_addr.s_addr, second.in.sin_addr.s_addr,
		     "as it is bound");
	close(bound);
	close(fd);
}
