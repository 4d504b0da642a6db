/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The puzzle: RFC 7401 4.1.2, 6.3 and appendix A. The Responder keeps no
 * state: I is a keyed hash of a secret, the HITs and the locators.
 */
#ifndef HIPLINE_PUZZLE_H
#define HIPLINE_PUZZLE_H

#include "daemon/base/env.h"
#include "daemon/base/locator.h"
#include "daemon/hip/hit.h"
#include "daemon/hip/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PUZZLE_SECRET_LEN = 32 };

/* One puzzle as both sides see it. */
struct puzzle {
	uint8_t i[RHASH_MAX];
	uint8_t k;
	uint8_t hit_suite; /* of the Responder */
	struct hit initiator, responder;
};

/*
 * The Responder's I (RHASH_len bytes) for this initiator under a secret: a
 * keyed hash of our own choice, which no other host ever computes
 * (appendix A). `from` is where the answer goes (docs/protocol.md says which
 * address counts behind relays); the port counts too.
 */
void puzzle_make_i(const uint8_t secret[PUZZLE_SECRET_LEN], uint8_t hit_suite,
		   const struct hit *initiator, const struct hit *responder,
		   const struct locator *from, const struct locator *to,
		   uint8_t i[RHASH_MAX]);

/* One hash: do the lowest k bits vanish (RFC 7401 6.3)? k 0 is always so. */
bool puzzle_verify(const struct puzzle *p, const uint8_t *j);

/*
 * Tries up to `tries` values beginning at *j (RHASH_len bytes, the caller
 * fills it at random the first time) and leaves the next one to try there.
 * True when *j is a solution.
 */
bool puzzle_solve_slice(const struct puzzle *p, uint8_t *j, size_t tries);

/* RFC 7401 5.2.4: 2^(value-32) seconds, in ms; saturates. */
uint64_t puzzle_lifetime_ms(uint8_t value);

#endif
