/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What an SA holds: for sa.c, which owns it, and esp.c, which works with it.
 * Everyone else goes through sa.h.
 */
#ifndef HIPLINE_SA_STATE_H
#define HIPLINE_SA_STATE_H

#include "tun/sa.h"

#include <pthread.h>

/* What both directions have, first in each, and an entry of an index. */
struct sa {
	struct sa *next;
	uint64_t hash;
	struct cipher *cipher;
	struct sa_counters counters;
	uint32_t spi;
	uint8_t local[16];
	uint8_t peer[16];
	pthread_mutex_t held; /* by one of several workers */
};

struct sa_in {
	struct sa sa; /* found by its SPI */
	struct replay replay;
	uint16_t only_port; /* TCP for it, and HIP, comes in; 0: all */
};

struct sa_out {
	struct sa sa;		   /* found by the peer's HIT */
	_Atomic uint64_t next_seq; /* 1 at first: RFC 4303 3.3.3 */
	bool current;		   /* the one that sends to this peer */
	struct path path;
	uint16_t only_port; /* TCP from it, and HIP, goes out; 0: all */
	uint32_t outer_max; /* of the path; 0: no limit */
	uint32_t inner_max; /* what that comes to */
	_Atomic bool large; /* such a packet went: sa_out_note_large */
	_Atomic uint32_t fragment_id; /* the next one */
};

/*
 * The last sequence number that an SA sends. Some stay unused, so that
 * threads that ask at the same moment cannot make the counter wrap.
 */
#define SA_SEQ_LAST (UINT64_MAX - 256)

/* Takes the next sequence number; false when none is left. */
bool sa_out_next_seq(struct sa_out *sa, uint64_t *seq);

/* Counts one packet of len inner bytes. */
static inline void sa_count(struct sa_counters *c, uint32_t len)
{
	atomic_fetch_add_explicit(&c->packets, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->bytes, len, memory_order_relaxed);
}

#endif
