/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A set of 64-bit keyed hashes with open addressing, at most half full.
 * Two Is fall together once in 2^51 full sets; then one I2 is repeated with
 * a fresh puzzle.
 */
#include "daemon/hip/solutions.h"

#include "daemon/hip/limits.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 2 * SOLUTIONS_MAX };

static_assert((SLOTS & (SLOTS - 1)) == 0, "slots are masked");
static_assert((int)SOLUTIONS_SEED_LEN == (int)crypto_shorthash_KEYBYTES,
	      "one SipHash key");

int solutions_init(struct solutions *s, const uint8_t seed[SOLUTIONS_SEED_LEN])
{
	*s = (struct solutions){ 0 };
	s->slots = calloc(SLOTS, sizeof(*s->slots));
	if (!s->slots)
		return -ENOMEM;
	memcpy(s->seed, seed, sizeof(s->seed));
	return 0;
}

void solutions_clear(struct solutions *s)
{
	free(s->slots);
	*s = (struct solutions){ 0 };
}

static uint64_t fingerprint(const struct solutions *s, const uint8_t *i,
			    size_t len)
{
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t v;

	(void)crypto_shorthash(hash, i, len, s->seed); /* cannot fail */
	memcpy(&v, hash, sizeof(v));
	return v ? v : 1; /* 0 marks a free slot */
}

/* Where it is, or the free slot where it would be. */
static size_t find(const struct solutions *s, uint64_t v)
{
	size_t at = v & (SLOTS - 1);

	while (s->slots[at] != 0 && s->slots[at] != v)
		at = (at + 1) & (SLOTS - 1); /* half of them are free */
	return at;
}

bool solutions_has(const struct solutions *s, const uint8_t *i, size_t len)
{
	return s->slots[find(s, fingerprint(s, i, len))] != 0;
}

int solutions_add(struct solutions *s, const uint8_t *i, size_t len)
{
	uint64_t v = fingerprint(s, i, len);
	size_t at = find(s, v);

	if (s->slots[at] != 0)
		return -EEXIST;
	if (s->n >= SOLUTIONS_MAX)
		return -ENOSPC;
	s->slots[at] = v;
	s->n++;
	return 0;
}
