/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Inner packets on their way to the TUN device: segments of one TCP or UDP
 * flow that follow each other become one super-packet, which is what a
 * network card's receive offload would do. Nothing is copied but headers;
 * the pieces of a bundle point into the packets.
 *
 * Checksums: the kernel does not verify that of a super-packet, so each
 * segment is verified here before it joins. One that is wrong goes alone and
 * as it came, for the kernel to refuse and count: it is never repaired. That
 * of a packet that stays alone is left for the kernel to verify.
 *
 * Order: bundles are to be written in the order in which they were begun.
 * Then packets of one flow, and all that are no TCP or UDP segments, stay in
 * order.
 */
#ifndef HIPLINE_COALESCE_H
#define HIPLINE_COALESCE_H

#include "tun/pkt.h"
#include "tun/vnet.h"

#include <sys/uio.h>

enum {
	COALESCE_BUNDLES = 64,
	COALESCE_PACKETS = 64, /* in one bundle, as the kernel does */
	/* Bundles that may still grow: flows that are told apart. */
	COALESCE_FLOWS = 8,
	COALESCE_TRANSPORT_MAX = 60, /* TCP with all its options */
};

/* An opened packet: what follows the inner IPv6 header, and what that is to
 * say. */
struct inner {
	uint8_t *payload;
	uint32_t len;
	uint8_t next_header;
	uint8_t traffic_class;
	const uint8_t *source; /* HITs, lent like the payload */
	const uint8_t *destination;
};

/* A packet or super-packet as the TUN device takes it. */
struct bundle {
	/* Headers, then pieces of payload. */
	struct iovec pieces[1 + COALESCE_PACKETS];
	int piece_count;
	uint8_t head[VNET_LEN + IPV6_HEADER_LEN + COALESCE_TRANSPORT_MAX];

	struct inner first;
	uint32_t data_len; /* in all pieces */
	uint32_t size;	   /* of each segment but the last */
	uint32_t next_sequence;
	uint8_t transport_len; /* 0: not a segment that others may join */
	uint8_t flags;	       /* of TCP: those of the first, and the last's */
	bool verified;	       /* the first one's checksum */
};

struct coalesce {
	bool udp; /* the kernel takes super-packets of UDP */
	int count;
	struct bundle *open[COALESCE_FLOWS]; /* the latest first */
	int open_count;
	struct bundle bundles[COALESCE_BUNDLES];
};

void coalesce_init(struct coalesce *c, bool udp);

/* Whether another packet has room, of whatever flow. When not: finish,
 * write, reset. */
static inline bool coalesce_has_room(const struct coalesce *c)
{
	return c->count < COALESCE_BUNDLES;
}

/* Adds a packet, which has room; it is lent until coalesce_reset. */
void coalesce_add(struct coalesce *c, const struct inner *inner);

/* Completes the headers of all bundles. They are the first c->count. */
void coalesce_finish(struct coalesce *c);

void coalesce_reset(struct coalesce *c);

#endif
