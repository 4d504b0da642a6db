/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Whose signature is verified, and how often. Only a packet whose HIP_MAC is
 * right comes here, so its sender has the keys; but HIP_SIGNATURE stands
 * behind what HIP_MAC covers (RFC 7401 6.4.1), and whoever sees such a packet
 * can repeat it with any signature. Each packet, known by its HIP_MAC, has a
 * pace of its own: repeating one costs no other one its turn.
 */
#ifndef HIPLINE_CHECKS_H
#define HIPLINE_CHECKS_H

#include "daemon/hip/limits.h"
#include "daemon/hip/pace.h"
#include "daemon/hip/packet.h"

/* A packet that was verified, whatever came of it. */
struct check {
	uint64_t mac; /* the first bytes of its HIP_MAC */
	struct pace again;
};

/* All zeros: none yet. */
struct checks {
	struct pace first; /* of packets not seen before: the peer's own */
	struct check seen[CHECKS_MAX];
	uint8_t next; /* is forgotten next */
};

/* May the signature of p be verified? Its MAC, which is there, was right. */
bool checks_allow(struct checks *c, const struct packet *p, uint64_t now_ms);

#endif
