/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The puzzle: RFC 7401 6.3. Where appendix A makes I with RHASH over a
 * secret, we take keyed BLAKE2b: nobody but the Responder ever computes I,
 * and this one needs no memory and cannot fail, also under a flood of I1s.
 */
#include "daemon/hip/puzzle.h"

#include "daemon/hip/suite.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static void hash_locator(crypto_generichash_state *st, const struct locator *l)
{
	const uint8_t port[2] = { (uint8_t)(l->port >> 8), (uint8_t)l->port };

	/* These never fail: libsodium only checks the lengths at init. */
	(void)crypto_generichash_update(st, l->addr, sizeof(l->addr));
	(void)crypto_generichash_update(st, port, sizeof(port));
}

void puzzle_make_i(const uint8_t secret[PUZZLE_SECRET_LEN], uint8_t hit_suite,
		   const struct hit *initiator, const struct hit *responder,
		   const struct locator *from, const struct locator *to,
		   uint8_t i[RHASH_MAX])
{
	size_t len = suite_rhash_len(hit_suite);
	crypto_generichash_state st;
	int err = crypto_generichash_init(&st, secret, PUZZLE_SECRET_LEN, len);

	assert(!err); /* the caller chose a known suite */
	(void)crypto_generichash_update(&st, initiator->bytes,
					sizeof(initiator->bytes));
	(void)crypto_generichash_update(&st, responder->bytes,
					sizeof(responder->bytes));
	hash_locator(&st, from);
	hash_locator(&st, to);
	(void)crypto_generichash_final(&st, i, len);
	sodium_memzero(&st, sizeof(st));
}

/* RFC 7401 2.2: Ltrunc(digest, k) == 0, that is, the end of the digest. */
static bool low_bits_vanish(const uint8_t *digest, size_t len, uint8_t k)
{
	size_t whole = k / 8;
	uint8_t seen = 0;

	assert(whole < len); /* k is 8 bits, no digest is shorter than 256 */
	for (size_t n = 0; n < whole; n++)
		seen |= digest[len - 1 - n];
	seen |= digest[len - 1 - whole] & ((1u << k % 8) - 1);
	return seen == 0;
}

bool puzzle_verify(const struct puzzle *p, const uint8_t *j)
{
	size_t len = suite_rhash_len(p->hit_suite);
	const struct piece pieces[] = {
		{ p->i, len },
		{ p->initiator.bytes, sizeof(p->initiator.bytes) },
		{ p->responder.bytes, sizeof(p->responder.bytes) },
		{ j, len },
	};
	uint8_t digest[RHASH_MAX];

	if (p->k == 0)
		return true;
	if (suite_rhash(p->hit_suite, pieces, 4, digest))
		return false;
	return low_bits_vanish(digest, len, p->k);
}

/* J counts up as one big-endian number and wraps. */
static void next_j(uint8_t *j, size_t len)
{
	while (len > 0 && ++j[--len] == 0)
		;
}

bool puzzle_solve_slice(const struct puzzle *p, uint8_t *j, size_t tries)
{
	size_t len = suite_rhash_len(p->hit_suite);

	for (size_t n = 0; n < tries; n++) {
		if (puzzle_verify(p, j))
			return true;
		next_j(j, len);
	}
	return false;
}

uint64_t puzzle_lifetime_ms(uint8_t value)
{
	const int exponent = value - 32; /* of a power of two, in seconds */

	if (exponent < -9)
		return 0; /* under a millisecond */
	if (exponent < 0)
		return 1000u >> -exponent;
	if (exponent > 54)
		return UINT64_MAX;
	return (uint64_t)1000 << exponent;
}
