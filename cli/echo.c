/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * ICMPv6 echo by a datagram socket, which needs no rights where
 * net.ipv4.ping_group_range holds one of our groups, else by a raw one.
 */
#include "cli/echo.h"

#include "daemon/base/cursor.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

size_t echo_write(const struct echo *e, uint16_t seq, void *out, size_t cap)
{
	static const uint8_t padding[ECHO_LEN - 8 - ECHO_TOKEN_LEN - 2];
	struct wr w = wr_init(out, cap);

	wr_u16(&w, ICMP6_ECHO_REQUEST << 8); /* type, code 0 */
	wr_u16(&w, 0);			     /* checksum */
	wr_u16(&w, e->id);
	wr_u16(&w, seq);
	wr_bytes(&w, e->token, sizeof(e->token));
	wr_u16(&w, seq); /* the header's is ours, too: this is a check */
	wr_bytes(&w, padding, sizeof(padding));
	return wr_failed(&w) ? 0 : wr_len(&w);
}

bool echo_parse(const struct echo *e, const uint8_t *bytes, size_t len,
		uint16_t *seq)
{
	struct rd r = rd_init(bytes, len);
	uint8_t type = rd_u8(&r);
	uint8_t code = rd_u8(&r);
	uint16_t in_header, in_data;
	const uint8_t *token;

	rd_skip(&r, 4); /* checksum and identifier: the kernel looked */
	in_header = rd_u16(&r);
	token = rd_bytes(&r, ECHO_TOKEN_LEN);
	in_data = rd_u16(&r);
	if (rd_failed(&r) || type != ICMP6_ECHO_REPLY || code != 0 ||
	    in_header != in_data ||
	    memcmp(token, e->token, ECHO_TOKEN_LEN) != 0)
		return false;
	*seq = in_header;
	return true;
}

/* A raw socket sees every ICMPv6 packet of the host unless told. */
static int open_raw(void)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_ICMPV6);
	struct icmp6_filter filter;

	if (fd < 0)
		return -errno;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
	/* Only spares us packets that echo_parse would refuse. */
	(void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter,
			 sizeof(filter));
	return fd;
}

static int open_any(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_ICMPV6);

	if (fd >= 0)
		return fd;
	fd = open_raw();
	return fd == -EPERM ? -EACCES : fd;
}

int echo_open(const struct in6_addr *local, const struct in6_addr *peer,
	      struct echo *out)
{
	const struct sockaddr_in6 from = { .sin6_family = AF_INET6,
					   .sin6_addr = *local };
	const struct sockaddr_in6 to = { .sin6_family = AF_INET6,
					 .sin6_addr = *peer };
	struct echo e = { .fd = -1 };
	const int on = 1;
	int err;

	if (getrandom(e.token, sizeof(e.token), 0) != sizeof(e.token) ||
	    getrandom(&e.id, sizeof(e.id), 0) != sizeof(e.id))
		return -EIO;
	e.fd = open_any();
	if (e.fd < 0)
		return e.fd;
	/* Without it replies lack a hop limit, which only is not shown. */
	(void)setsockopt(e.fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on,
			 sizeof(on));
	/* Bound to the own HIT: without hip0 nothing may leave elsewhere. */
	if (bind(e.fd, (const struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(e.fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		err = -errno;
		echo_close(&e);
		return err;
	}
	*out = e;
	return 0;
}

void echo_close(struct echo *e)
{
	if (e->fd >= 0)
		(void)close(e->fd); /* nothing is owed to anyone */
	e->fd = -1;
}

int echo_send(const struct echo *e, uint16_t seq)
{
	uint8_t packet[ECHO_LEN];
	size_t len = echo_write(e, seq, packet, sizeof(packet));

	return send(e->fd, packet, len, 0) < 0 ? -errno : 0;
}

static int hop_limit_of(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		int limit;

		if (c->cmsg_level != IPPROTO_IPV6 ||
		    c->cmsg_type != IPV6_HOPLIMIT ||
		    c->cmsg_len < CMSG_LEN(sizeof(limit)))
			continue;
		memcpy(&limit, CMSG_DATA(c), sizeof(limit));
		return limit;
	}
	return -1;
}

int echo_receive(const struct echo *e, struct echo_reply *out)
{
	uint8_t packet[2048], control[256];
	struct iovec iov = { .iov_base = packet, .iov_len = sizeof(packet) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct echo_reply reply;
	ssize_t n = recvmsg(e->fd, &m, 0);

	if (n < 0)
		return -errno;
	if (!echo_parse(e, packet, (size_t)n, &reply.seq))
		return 0;
	reply.len = (size_t)n;
	reply.hop_limit = hop_limit_of(&m);
	*out = reply;
	return 1;
}
