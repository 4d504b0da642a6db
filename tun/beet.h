/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The inner IPv6 header of BEET mode: RFC 7402 appendix B. It is not sent;
 * the receiver makes it again from the SA's two HITs. The rule for what is
 * not in the SA: hop limit 64, flow label 0, traffic class = that of the
 * outer header, which the sender filled from the inner one.
 */
#ifndef HIPLINE_BEET_H
#define HIPLINE_BEET_H

#include "tun/pkt.h"

enum { BEET_HOP_LIMIT = 64 };

/*
 * Checks an inner packet from the TUN device: IPv6, exactly as long as it
 * says, with something in it (next header 59 would arrive as a dummy). False
 * when it is not fit to be sent.
 */
bool beet_check(const struct pkt *pkt);

/* Takes the IPv6 header off a checked packet; gives its next header and
 * traffic class. */
uint8_t beet_strip(struct pkt *pkt, uint8_t *traffic_class);

/* Writes one but for the two addresses, which are the caller's to fill in.
 * payload_len is at most 65,535. */
void beet_header_write(uint8_t ip[IPV6_HEADER_LEN], uint32_t payload_len,
		       uint8_t next_header, uint8_t traffic_class);

/* Puts one in front; the traffic class is pkt's. pkt needs 40 bytes of head
 * room, and at most 65,535 in it. */
void beet_rebuild(struct pkt *pkt, uint8_t next_header,
		  const uint8_t source[16], const uint8_t destination[16]);

#endif
