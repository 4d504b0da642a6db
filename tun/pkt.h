/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A packet with room before and behind it, the path it takes underneath,
 * and the data plane's own unaligned loads and stores. Headers are pushed
 * and pulled without copying.
 */
#ifndef HIPLINE_PKT_H
#define HIPLINE_PKT_H

#include <assert.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	PKT_HEAD_ROOM = 64,   /* for IPv6 rebuilt, ESP header and IV */
	PKT_TAIL_ROOM = 64,   /* for ESP padding, trailer and ICV */
	PKT_BATCH = 64,	      /* packets handled in one go */
	IPV4_HEADER_LEN = 20, /* without options */
	IPV6_HEADER_LEN = 40,
	UDP_HEADER_LEN = 8,
	IPV6_MIN_MTU = 1280,
};

/* An address underneath; family AF_UNSPEC leaves the choice to the kernel. */
union tun_addr {
	sa_family_t family;
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/*
 * Where a packet goes or came from. Ports in network order, as in the socket
 * addresses; local's port is not used for sending. No port of remote: it goes
 * as an IP protocol of its own, without UDP.
 */
struct path {
	union tun_addr local;
	union tun_addr remote;
};

/* What a packet from underneath is. */
enum pkt_from {
	PKT_UDP, /* a datagram: RFC 9028 5.1 says what is in it */
	PKT_ESP, /* IP protocol 50 */
	PKT_HIP, /* IP protocol 139 */
};

struct pkt {
	uint8_t *buf; /* start of the memory; borrowed from a slab or ring */
	uint32_t cap;
	uint32_t off; /* where the data begins */
	uint32_t len;
	uint32_t stride;       /* received in one: 0, or datagrams of so many
				  bytes one behind the other */
	uint8_t traffic_class; /* of the outer header: DSCP and ECN */
	enum pkt_from from;    /* received as */
	struct path path;
};

/* Whether packets of a path go without UDP. */
static inline bool path_is_raw(const struct path *p)
{
	return p->remote.family == AF_INET ? p->remote.in.sin_port == 0
					   : p->remote.in6.sin6_port == 0;
}

static inline uint8_t *pkt_data(struct pkt *p)
{
	return p->buf + p->off;
}

/* Makes room for n bytes in front; the caller has checked that it is there. */
static inline uint8_t *pkt_push(struct pkt *p, uint32_t n)
{
	assert(p->off >= n);
	p->off -= n;
	p->len += n;
	return p->buf + p->off;
}

/* Takes n bytes off the front; the caller has checked that they are there. */
static inline void pkt_pull(struct pkt *p, uint32_t n)
{
	assert(p->len >= n);
	p->off += n;
	p->len -= n;
}

static inline uint32_t pkt_tail_room(const struct pkt *p)
{
	return p->cap - p->off - p->len;
}

static inline uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static inline void store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void store_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline void store_be64(uint8_t *p, uint64_t v)
{
	store_be32(p, (uint32_t)(v >> 32));
	store_be32(p + 4, (uint32_t)v);
}

#endif
