/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Which inner packets may go: RFC 7402 3 says from and to whom, the MTU of the
 * TUN device and of the path how large they may be. Who sent one that may not
 * hears so by ICMPv6.
 */
#ifndef HIPLINE_OUTGOING_H
#define HIPLINE_OUTGOING_H

#include "tun/forward.h"

/* 2001:20::/28, RFC 7343 2. */
static inline bool outgoing_is_hit(const uint8_t addr[16])
{
	return addr[0] == 0x20 && addr[1] == 0x01 && addr[2] == 0x00 &&
	       (addr[3] & 0xf0) == 0x20;
}

/* True when p is an inner packet that may be sealed; when not, what is due
 * has been done. Of a super-packet, segment_len is that of its segments. */
bool outgoing_packet(struct forward *f, struct pkt *p, size_t segment_len,
		     struct forward_out *out);

/*
 * How long the packets may be that this SA sends of p. Where p (each segment)
 * is longer it has to be cut into fragments, which goes up to IPV6_MIN_MTU; for
 * 0 it may not go, and what is due has been done.
 */
uint32_t outgoing_size(struct forward *f, struct sa_out *sa, struct pkt *p,
		       size_t segment_len, struct forward_out *out);

#endif
