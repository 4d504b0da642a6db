/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Sealed packets on their way out, one behind the other. A run of packets
 * for one path, equal in length but for a shorter last one, can leave in one
 * call (UDP_SEGMENT).
 */
#ifndef HIPLINE_BURST_H
#define HIPLINE_BURST_H

#include "tun/pkt.h"

enum {
	BURST_RUNS = PKT_BATCH,
	/* The kernel takes so many at once (64 before Linux 6.9). */
	BURST_RUN_PACKETS = 64,
	BURST_RUN_BYTES = 65000, /* under a datagram's, of either family */
	/* From here on it is full: the next packet has room still. More than
	 * a run, which small packets may be in front of. */
	BURST_BYTES = 81920,
	BURST_ROOM = BURST_BYTES + 65535 + PKT_TAIL_ROOM,
};

struct burst_run {
	uint8_t *bytes;
	uint32_t len;
	uint32_t stride; /* of each packet but the last */
	uint32_t count;
	uint8_t traffic_class;
	struct path path;
};

struct burst {
	uint8_t *buf; /* BURST_ROOM */
	uint32_t len;
	int run_count;
	struct burst_run runs[BURST_RUNS];
};

void burst_reset(struct burst *b);

/* Whether what it holds is to be sent before more is added. */
bool burst_is_full(const struct burst *b);

/* Whether so many packets, of different lengths and so many bytes together,
 * have room before it is full. Nothing has behind a run that is as long as
 * can be: that is best sent alone. */
bool burst_has_room(const struct burst *b, int packets, uint32_t bytes);

/* A packet without data where the next sealed one goes. */
struct pkt burst_place(struct burst *b);

/* Takes a packet that was sealed there. */
void burst_add(struct burst *b, const struct pkt *p, const struct path *path);

#endif
