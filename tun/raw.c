/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Raw sockets: what comes in, and where it leaves from.
 */
#include "tun/raw.h"

#include "tun/socket.h"

#include <errno.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANY_PORT = 9 }; /* discard: nobody who hears it */

/*
 * Takes the IPv4 header off, which raw sockets give too (ip(7)); over IPv6
 * there is none (RFC 3542 3). A header that is not whole leaves nothing.
 */
static void strip_header4(struct pkt *p)
{
	uint32_t header_len = p->len > 0 ? (*pkt_data(p) & 0x0fu) * 4 : 0;

	if (header_len < IPV4_HEADER_LEN || header_len > p->len)
		p->len = 0;
	else
		pkt_pull(p, header_len);
}

int raw_recv_batch(int fd, enum pkt_from from, struct pkt *pkts,
		   unsigned *ifindex, int n)
{
	int got = socket_recv_batch(fd, pkts, ifindex, n);

	for (int i = 0; i < got; i++) {
		pkts[i].from = from;
		if (pkts[i].path.remote.family == AF_INET)
			strip_header4(&pkts[i]);
	}
	return got;
}

static socklen_t address_len(sa_family_t family)
{
	return family == AF_INET ? sizeof(struct sockaddr_in)
				 : sizeof(struct sockaddr_in6);
}

static void clear_port(union tun_addr *a)
{
	if (a->family == AF_INET)
		a->in.sin_port = 0;
	else
		a->in6.sin6_port = 0;
}

/* Connecting a datagram socket sends nothing, but chooses a source. */
static int choose_source(int probe, int fd, const union tun_addr *remote,
			 union tun_addr *out)
{
	union tun_addr bound = { .family = AF_UNSPEC }, to = *remote;
	socklen_t len = sizeof(bound), name_len = IFNAMSIZ;
	char name[IFNAMSIZ] = "";

	if (to.family == AF_INET)
		to.in.sin_port = htons(ANY_PORT);
	else
		to.in6.sin6_port = htons(ANY_PORT);
	if (getsockname(fd, &bound.sa, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &name_len) < 0)
		return -errno;
	if (name_len > 0 &&
	    setsockopt(probe, SOL_SOCKET, SO_BINDTODEVICE, name, name_len) < 0)
		return -errno;
	clear_port(&bound);
	if (bind(probe, &bound.sa, address_len(bound.family)) < 0 ||
	    connect(probe, &to.sa, address_len(to.family)) < 0)
		return -errno;
	len = sizeof(*out);
	if (getsockname(probe, &out->sa, &len) < 0)
		return -errno;
	clear_port(out);
	return 0;
}

int raw_source(int fd, const union tun_addr *remote, union tun_addr *out)
{
	union tun_addr source = { .family = AF_UNSPEC };
	int probe = socket(remote->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (probe < 0)
		return -errno;
	err = choose_source(probe, fd, remote, &source);
	close(probe);
	if (err == 0)
		*out = source;
	return err;
}
