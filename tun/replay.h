/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Anti-replay window and 64-bit sequence numbers: RFC 4303 3.4.3, 2.2.1 and
 * appendix A. The window moves only after the ICV was verified:
 * replay_guess before, replay_accept after.
 */
#ifndef HIPLINE_REPLAY_H
#define HIPLINE_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

enum { REPLAY_WINDOW_BITS = 2048 };

struct replay {
	uint64_t top; /* the highest sequence number accepted; 0 at first */
	uint64_t bits[REPLAY_WINDOW_BITS / 64 + 1];
};

void replay_init(struct replay *r);

/*
 * The 64-bit sequence number that the low 32 bits from the wire stand for
 * (RFC 4303 A2.2), and whether it is worth verifying: false when it is 0,
 * left of the window or seen before.
 */
bool replay_guess(const struct replay *r, uint32_t low, uint64_t *seq);

/* Marks a verified one. False when it was seen meanwhile. */
bool replay_accept(struct replay *r, uint64_t seq);

#endif
