/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * IPv6 fragments: RFC 8200 4.5. For a path that does not carry 1,280 bytes
 * of inner packet: no application has to send less than that (RFC 8200 5), so
 * whoever makes the link smaller has to cut, and as the source's own host we
 * may. The peer's kernel puts them together again. A packet that is a
 * fragment already is cut further, as its sender might have.
 */
#ifndef HIPLINE_FRAGMENT6_H
#define HIPLINE_FRAGMENT6_H

#include "tun/pkt.h"

enum {
	FRAGMENT6_HEADER_LEN = 8,
	FRAGMENT6_PARTS_MAX = 8, /* of one packet */
};

/* A packet being cut. */
struct fragment6 {
	const uint8_t *packet; /* borrowed until the last part was taken */
	size_t len;
	size_t front;	 /* bytes that each part begins with */
	size_t next_at;	 /* in front: what follows, which is now a fragment */
	size_t at;	 /* where the next part's data begins */
	size_t part;	 /* data of each part but the last: eights */
	uint8_t next;	 /* header behind the Fragment header */
	uint16_t offset; /* of the first part in the original */
	uint16_t more;	 /* M of the last part */
	uint32_t id;
};

/*
 * Begins to cut a packet of at most IPV6_MIN_MTU bytes, whose length field is
 * right, into parts of at most `mtu` bytes; id is what tells its fragments from
 * those of others. False when it cannot be cut so: its extension headers do not
 * let it, or it would be more than FRAGMENT6_PARTS_MAX.
 */
bool fragment6_begin(struct fragment6 *f, const uint8_t *packet, size_t len,
		     size_t mtu, uint32_t id);

/* Writes the next part (at most `mtu` bytes) and returns its length; 0 when
 * there is none. */
size_t fragment6_next(struct fragment6 *f, uint8_t *out);

#endif
