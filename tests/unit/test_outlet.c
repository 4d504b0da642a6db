/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * HIP packets over loopback, by UDP and by IP protocol 139.
 */
#include "daemon/outlet.h"

#include "daemon/hip/packet.h"
#include "tun/raw.h"
#include "tun/socket.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 2000 };

static const struct hit us = { { 0x20, 0x01, 0, 0x22, 1 } };
static const struct hit peer = { { 0x20, 0x01, 0, 0x22, 2 } };
static struct packet_out packet;
static struct outlet outlet;

static struct locator locator(const char *text)
{
	struct locator l;

	cr_assert_eq(locator_from_text(text, 0, &l), 0);
	return l;
}

/* A NOTIFY without parameters to a locator. */
static struct hip_output to(const char *text)
{
	packet_begin(&packet, HIP_NOTIFY, 0, &us, &peer);
	cr_assert(packet_fix_length(&packet));
	return (struct hip_output){ .kind = HIP_OUT_SEND,
				    .bytes = packet.bytes,
				    .len = packet_len(&packet),
				    .remote = locator(text) };
}

static struct worker_raw open_raw_or_skip(void)
{
	union tun_addr any = { .family = AF_UNSPEC };
	int fd = socket_open_raw(AF_INET, HIP_PROTOCOL, &any);

	if (fd < 0)
		cr_skip_test("raw sockets need CAP_NET_RAW");
	return (struct worker_raw){ .is_open = true,
				    .fds = { -1, -1, fd, -1 } };
}

/* The next packet that comes in raw from us to `text`: is it right? */
static bool arrives(int fd, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t buf[HIP_PACKET_MAX];
	struct pkt in = { .buf = buf, .cap = sizeof(buf) };
	struct locator from, at = locator(text);
	struct packet got;
	unsigned ifindex;

	cr_assert_eq(poll(&p, 1, WAIT_MS), 1);
	cr_assert_eq(raw_recv_batch(fd, PKT_HIP, &in, &ifindex, 1), 1);
	from = outlet_locator(&in.path.remote);
	cr_expect_eq(from.port, 0);
	return packet_parse(pkt_data(&in), in.len, &got, NULL) == DROP_NONE &&
	       got.checksum ==
		       packet_checksum(pkt_data(&in), in.len, &from, &at);
}

Test(outlet, where_there_is_no_socket_nothing_goes)
{
	struct hip_output o = to("192.0.2.1:10500");

	outlet = (struct outlet){ .udp4_fd = -1, .udp6_fd = -1 };
	cr_expect_eq(outlet_send(&outlet, &o), -EAFNOSUPPORT);
	o = to("2001:db8::1");
	o.raw = true;
	cr_expect_eq(outlet_send(&outlet, &o), -EAFNOSUPPORT);
	o.remote = (struct locator){ .port = 0 };
	cr_expect_eq(outlet_send(&outlet, &o), -EAFNOSUPPORT);
}

Test(outlet, raw_the_checksum_is_for_the_address_that_it_leaves_from)
{
	struct hip_output o = to("127.0.0.1");

	outlet = (struct outlet){ .udp4_fd = -1,
				  .udp6_fd = -1,
				  .raw = open_raw_or_skip() };
	o.raw = true;
	cr_assert_eq(outlet_send(&outlet, &o), 0);
	cr_expect(arrives(outlet.raw.fds[RAW_HIP4], "127.0.0.1"));
	(void)close(outlet.raw.fds[RAW_HIP4]);
}

Test(outlet, an_address_that_is_gone_gives_way_to_another)
{
	struct hip_output o = to("127.0.0.1");

	outlet = (struct outlet){ .udp4_fd = -1,
				  .udp6_fd = -1,
				  .raw = open_raw_or_skip() };
	o.raw = true;
	o.local = locator("192.0.2.77");
	packet_set_checksum(packet.bytes, o.len, &o.local, &o.remote);
	cr_assert_eq(outlet_send(&outlet, &o), 0);
	cr_expect(arrives(outlet.raw.fds[RAW_HIP4], "127.0.0.1"));
	(void)close(outlet.raw.fds[RAW_HIP4]);
}

Test(outlet, an_address_that_is_there_is_kept)
{
	struct hip_output o = to("127.0.0.1");

	outlet = (struct outlet){ .udp4_fd = -1,
				  .udp6_fd = -1,
				  .raw = open_raw_or_skip() };
	o.raw = true;
	o.local = locator("127.0.0.9");
	packet_set_checksum(packet.bytes, o.len, &o.local, &o.remote);
	cr_assert_eq(outlet_send(&outlet, &o), 0);
	cr_expect(arrives(outlet.raw.fds[RAW_HIP4], "127.0.0.1"));
	(void)close(outlet.raw.fds[RAW_HIP4]);
}
