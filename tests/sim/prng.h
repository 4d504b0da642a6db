/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The simulator's only source of randomness: one seed gives one run. While
 * a simulation runs, OpenSSL draws from it as well, so that key pairs and
 * signatures repeat.
 */
#ifndef HIPLINE_SIM_PRNG_H
#define HIPLINE_SIM_PRNG_H

#include "daemon/base/env.h"

#include <stdint.h>

struct prng {
	uint64_t seed;
	uint64_t drawn; /* blocks so far */
	uint8_t block[64];
	size_t left;
};

void prng_init(struct prng *p, uint64_t seed);

void prng_bytes(struct prng *p, void *out, size_t len);

/* Evenly from 0 to n - 1; n is not 0. */
uint32_t prng_below(struct prng *p, uint32_t n);

/* What cores take; borrows p. */
struct env prng_env(struct prng *p);

/* From now on OpenSSL draws from p (borrowed), or, with NULL, as always. */
void prng_lend_to_openssl(struct prng *p);

#endif
