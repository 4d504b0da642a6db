/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Sending HIP packets.
 */
#include "daemon/outlet.h"

#include "daemon/hip/packet.h"
#include "tun/raw.h"
#include "tun/socket.h"

#include <errno.h>
#include <string.h>

struct locator outlet_locator(const union tun_addr *a)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	struct locator l = { .port = 0 };

	memcpy(&sa, a, sizeof(*a));
	/* Of no family: it stays unspecified. */
	if (locator_from_sockaddr(&sa, &l) < 0)
		return (struct locator){ .port = 0 };
	return l;
}

static union tun_addr addr_of(const struct locator *l)
{
	union tun_addr a = { .family = AF_UNSPEC };
	struct sockaddr_storage sa;

	if (locator_is_unspecified(l))
		return a;
	(void)locator_to_sockaddr(l, &sa); /* its length goes by family */
	memcpy(&a, &sa, sizeof(a));
	return a;
}

struct path outlet_path(const struct hip_output *o)
{
	return (struct path){ .local = addr_of(&o->local),
			      .remote = addr_of(&o->remote) };
}

/* The socket for a family, or -1. */
static int socket_for(const struct outlet *outlet, sa_family_t family, bool raw)
{
	bool v4 = family == AF_INET;

	if (!v4 && family != AF_INET6)
		return -1;
	if (!raw)
		return v4 ? outlet->udp4_fd : outlet->udp6_fd;
	if (!outlet->raw.is_open)
		return -1;
	return outlet->raw.fds[v4 ? RAW_HIP4 : RAW_HIP6];
}

/* With a checksum for the address that the system would choose now. */
static int send_from_here(int fd, struct path *path, const struct hip_output *o)
{
	uint8_t bytes[HIP_PACKET_MAX];
	struct locator local;
	int err = raw_source(fd, &path->remote, &path->local);

	if (err < 0)
		return err;
	if (o->len > sizeof(bytes))
		return -EMSGSIZE;
	local = outlet_locator(&path->local);
	memcpy(bytes, o->bytes, o->len);
	packet_set_checksum(bytes, o->len, &local, &o->remote);
	return socket_send_from(fd, path, bytes, o->len);
}

static int send_raw(int fd, struct path *path, const struct hip_output *o)
{
	int err = -EADDRNOTAVAIL;

	if (path->local.family != AF_UNSPEC)
		err = socket_send_from(fd, path, o->bytes, o->len);
	return err == -EADDRNOTAVAIL ? send_from_here(fd, path, o) : err;
}

/* A packet that is larger than some paths, and has to arrive all the same. */
static bool may_be_fragmented(size_t len)
{
	return len > IPV6_MIN_MTU - IPV6_HEADER_LEN - UDP_HEADER_LEN;
}

int outlet_send(const struct outlet *outlet, const struct hip_output *o)
{
	static const uint8_t marker[4];
	struct path path = outlet_path(o);
	const sa_family_t family = path.remote.family;
	int fd = socket_for(outlet, family, o->raw);
	bool may = !o->whole && may_be_fragmented(sizeof(marker) + o->len);
	int err;

	if (fd < 0)
		return -EAFNOSUPPORT;
	if (may)
		socket_let_fragment(fd, family, true);
	if (o->raw)
		err = send_raw(fd, &path, o);
	else
		err = socket_send(fd, &path, marker, sizeof(marker), o->bytes,
				  o->len);
	if (may)
		socket_let_fragment(fd, family, false);
	return err;
}

int outlet_send_outside(const struct outlet *outlet, const struct hip_output *o)
{
	uint8_t bytes[HIP_PACKET_MAX];
	struct hip_output outside = *o;

	if (o->len > sizeof(bytes))
		return -EMSGSIZE;
	memcpy(bytes, o->bytes, o->len);
	if (o->raw)
		packet_set_checksum(bytes, o->len, &o->local, &o->remote);
	else
		packet_clear_checksum(bytes);
	outside.bytes = bytes;
	return outlet_send(outlet, &outside);
}

int outlet_send_esp(const struct outlet *outlet, struct pkt *p)
{
	bool v4 = p->path.remote.family == AF_INET;
	int fd = v4 ? outlet->udp4_fd : outlet->udp6_fd;
	int err;

	if (path_is_raw(&p->path))
		fd = outlet->raw.is_open
			     ? outlet->raw.fds[v4 ? RAW_ESP4 : RAW_ESP6]
			     : -1;
	if (fd < 0)
		return -EAFNOSUPPORT;
	if (may_be_fragmented(p->len))
		socket_let_fragment(fd, p->path.remote.family, true);
	err = socket_send(fd, &p->path, pkt_data(p), p->len, NULL, 0);
	if (may_be_fragmented(p->len))
		socket_let_fragment(fd, p->path.remote.family, false);
	return err;
}
