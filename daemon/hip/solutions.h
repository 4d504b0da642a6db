/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Puzzles whose solution was taken: RFC 7401 8 asks that a solution is good
 * for few I2s; here each I is good for one. Bounded by SOLUTIONS_MAX; the
 * holder begins a new generation of puzzles when this is full.
 */
#ifndef HIPLINE_SOLUTIONS_H
#define HIPLINE_SOLUTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOLUTIONS_SEED_LEN = 16 };

struct solutions {
	uint64_t *slots;
	size_t n;
	uint8_t seed[SOLUTIONS_SEED_LEN];
};

/* `seed` is random, for the hash. 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int
solutions_init(struct solutions *s, const uint8_t seed[SOLUTIONS_SEED_LEN]);

void solutions_clear(struct solutions *s);

/* Was this I used before? */
bool solutions_has(const struct solutions *s, const uint8_t *i, size_t len);

/* Remembers it. 0, -EEXIST or -ENOSPC. */
__attribute__((warn_unused_result)) int
solutions_add(struct solutions *s, const uint8_t *i, size_t len);

#endif
