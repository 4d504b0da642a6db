/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What one turn has read from the TUN device, and in which order it is
 * sealed: small packets of flows that send nothing large go first, so that a
 * call does not wait behind a file transfer.
 */
#ifndef HIPLINE_INTAKE_H
#define HIPLINE_INTAKE_H

#include "tun/pkt.h"
#include "tun/segment.h"

enum {
	/* The largest super-packet. */
	INTAKE_PACKET_MAX = 65535,
	/* Where its memory begins, and each packet's data behind the IPv6
	 * header: on a cache line. */
	INTAKE_ALIGN = 64,
	/* In front of each: room for its virtio header, and what it takes to
	 * begin so. */
	INTAKE_LEAD = 24,
	/* Room kept behind the last packet. */
	INTAKE_TAIL_ROOM = PKT_TAIL_ROOM,
	/* Up to this long, a packet may be one of a call. */
	INTAKE_SMALL_MAX = 512,
};

struct intake_packet {
	struct vnet vnet;
	uint32_t at;
	uint32_t len;
};

struct intake {
	uint8_t *buf;
	uint32_t cap;
	uint32_t limit; /* what it takes at once, at most cap */
	uint32_t len;	/* of buf in use */
	int count;
	struct intake_packet packets[PKT_BATCH];

	/* How far sealing has come. */
	int next;
	uint8_t order[PKT_BATCH]; /* small flows, then the others */
	int small_count;
	bool cutting;
	uint32_t part_max; /* packets of that length may go whole */
	struct segments cut;
};

/* An empty one with so many bytes of memory, a multiple of INTAKE_ALIGN.
 * False for want of that; intake_clear is allowed all the same. */
bool intake_init(struct intake *in, uint32_t cap);
void intake_clear(struct intake *in);

/* Empties it. */
void intake_reset(struct intake *in);

/* How many bytes an empty one takes from now on, at most its memory. */
void intake_limit(struct intake *in, uint32_t limit);

/* Whether another packet of any size has room. */
bool intake_has_room(const struct intake *in);

/* Where the next one is to be read to, with VNET_LEN bytes free in front;
 * intake_add then takes it. */
uint8_t *intake_place(struct intake *in);
void intake_add(struct intake *in, const struct vnet *v, uint32_t len);

/* Puts the packets in order. Within a flow they keep theirs. */
void intake_sort(struct intake *in);

#endif
