/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A ring of packets from one thread to one other, without lock. A full ring
 * drops and counts: nothing waits for the other side.
 */
#ifndef HIPLINE_RING_H
#define HIPLINE_RING_H

#include "tun/pkt.h"

enum ring_kind {
	/* Worker to control: HIP packets, zero SPI taken off, by their type. */
	RING_I1,
	RING_R1,
	RING_I2,
	RING_R2,
	RING_UPDATE,
	RING_CLOSE,   /* CLOSE and CLOSE_ACK */
	RING_CONTROL, /* NOTIFY, and what we do not know */
	RING_INSIDE,  /* worker to control: HIP packet from inside ESP of its
			 sender, and the path of that */
	RING_NO_SA,   /* worker to control: inner packet without an SA */
	RING_NO_SPI,  /* worker to control: ESP for nobody's SPI; its first 8
			 bytes and its path */
	RING_LARGE,   /* worker to control: the header of a large inner packet,
			 the first one for its SA in a while */
	RING_INJECT,  /* control to worker: inner packet to seal and send */
	RING_KINDS
};

/* One entry's head; its bytes lie behind it. */
struct ring_entry {
	enum ring_kind kind;
	uint32_t len;
	struct path path;
	uint8_t bytes[];
};

struct ring;

/* `entries` is a power of two; each holds up to `entry_max` bytes. NULL for
 * want of memory. Pages not yet used cost nothing. */
struct ring *ring_new(size_t entries, size_t entry_max);
void ring_free(struct ring *r);

/* The writing side; path may be NULL (then all zero). False when full or too
 * long; that is counted. */
bool ring_push(struct ring *r, enum ring_kind kind, const uint8_t *bytes,
	       size_t len, const struct path *path);

/* The writing side: whether so many sixteenths of it wait to be read that are
 * all of this kind, so that another one should be left out. */
bool ring_has_share(const struct ring *r, enum ring_kind kind,
		    unsigned sixteenths);

/* The reading side: the oldest entry, or NULL. It is the reader's until
 * ring_pop, which must not be called on an empty ring. */
const struct ring_entry *ring_peek(struct ring *r);
void ring_pop(struct ring *r);

/* Pushes refused so far; any thread. */
uint64_t ring_dropped(const struct ring *r);

#endif
