/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the TUN device gives becomes inner packets: super-packets of TCP and
 * UDP over IPv6 are cut into segments (what a network card would do), and
 * checksums that were left to us are completed. No other part of a packet
 * is changed.
 *
 * Nothing is copied but headers: each is written in front of its segment's
 * data, over data of the segment before, which must therefore be done with.
 */
#ifndef HIPLINE_SEGMENT_H
#define HIPLINE_SEGMENT_H

#include "tun/vnet.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	/* IPv6 and transport header together; the kernel's own limit for the
	 * headers of a super-packet is near. */
	SEGMENT_HEADER_MAX = 256,
};

/* A packet being cut. */
struct segments {
	uint8_t *packet;
	size_t len;
	size_t at;	  /* where the next segment's data begins */
	size_t size;	  /* of each segment's data but the last */
	size_t transport; /* where the transport header begins */
	size_t header_len;
	uint8_t protocol; /* 0: it is one packet */
	uint8_t flags;	  /* of TCP */
	uint32_t sequence;
	uint8_t header[SEGMENT_HEADER_MAX];
};

/*
 * Begins with a packet and what the TUN device says of it. False when that
 * does not fit together, or it is of a kind that was not asked for. The
 * packet is lent until the last segment was taken.
 */
bool segment_begin(struct segments *s, const struct vnet *v, uint8_t *packet,
		   size_t len);

/*
 * The next inner packet and its length, NULL when there is none. It may be
 * changed, and so may the bytes in front; the bytes behind may not.
 */
uint8_t *segment_next(struct segments *s, size_t *len);

/* Whether all have been taken. */
static inline bool segment_is_done(const struct segments *s)
{
	return s->at == s->len;
}

#endif
