/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The queue of what a host wants done. Its room is allocated once; the
 * bytes of the first packet of a call lie in the queue itself, so that
 * answering one packet with one packet allocates nothing.
 */
#ifndef HIPLINE_OUTPUTS_H
#define HIPLINE_OUTPUTS_H

#include "daemon/hip/host.h"

/* One output and the memory that its bytes lie in, when that is its own. */
struct output_slot {
	struct hip_output out;
	void *owned;
};

struct outputs {
	struct output_slot *slots; /* OUTPUTS_MAX */
	size_t head, tail;
	void *lent; /* the memory of the output that was taken last */
	bool first_used;
	uint8_t first[HIP_PACKET_MAX];
};

/* 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int outputs_init(struct outputs *o);

/* Forgets what nobody took; wipes keys. */
void outputs_clear(struct outputs *o);

/* Begins a new call: nothing may be left from the last one (an assertion). */
void outputs_begin(struct outputs *o);

/* How many more may be added. */
size_t outputs_room(const struct outputs *o);

/* A new output, zeroed but for these; there must be room (an assertion). */
struct hip_output *outputs_add(struct outputs *o, enum hip_output_kind kind,
			       const struct hit *hit);

/*
 * Adds an output with a copy of bytes (at most HIP_PACKET_MAX, or any length
 * for other kinds than SEND). NULL, and nothing added, for want of memory.
 */
struct hip_output *outputs_add_bytes(struct outputs *o,
				     enum hip_output_kind kind,
				     const struct hit *hit, const void *bytes,
				     size_t len);

/* Gives the newest output bytes that lie in `owned`, from malloc (takes it). */
void outputs_own(struct outputs *o, void *owned, const uint8_t *bytes,
		 size_t len);

/* The oldest output; its bytes live until the next call. False: none. */
bool outputs_take(struct outputs *o, struct hip_output *out);

#endif
