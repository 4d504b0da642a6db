/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * ChaCha20 under a key made of the seed. OpenSSL 3 still asks a method set
 * by RAND_set_rand_method, which is deprecated, before its own generators;
 * that is the shortest way to repeat what it draws.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tests/sim/prng.h"

#include <assert.h>
#include <openssl/rand.h>
#include <sodium.h>
#include <string.h>

static struct prng *lent;

void prng_init(struct prng *p, uint64_t seed)
{
	*p = (struct prng){ .seed = seed };
}

static void refill(struct prng *p)
{
	uint8_t key[crypto_stream_chacha20_KEYBYTES] = "hipline simulation";
	uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

	static_assert(sizeof(nonce) == sizeof(p->drawn), "one block a nonce");
	memcpy(key + sizeof(key) - sizeof(p->seed), &p->seed, sizeof(p->seed));
	memcpy(nonce, &p->drawn, sizeof(nonce));
	(void)crypto_stream_chacha20(p->block, sizeof(p->block), nonce, key);
	p->drawn++;
	p->left = sizeof(p->block);
}

void prng_bytes(struct prng *p, void *out, size_t len)
{
	uint8_t *at = out;

	while (len > 0) {
		size_t n;

		if (p->left == 0)
			refill(p);
		n = len < p->left ? len : p->left;
		memcpy(at, p->block + sizeof(p->block) - p->left, n);
		p->left -= n;
		at += n;
		len -= n;
	}
}

uint32_t prng_below(struct prng *p, uint32_t n)
{
	uint64_t v;

	prng_bytes(p, &v, sizeof(v));
	return (uint32_t)(v % n); /* off by less than 2^-32 */
}

static void env_draw(void *ctx, void *buf, size_t len)
{
	prng_bytes(ctx, buf, len);
}

struct env prng_env(struct prng *p)
{
	return (struct env){ .random = env_draw, .ctx = p };
}

static int rand_bytes(unsigned char *buf, int num)
{
	prng_bytes(lent, buf, (size_t)num);
	return 1;
}

static int rand_status(void)
{
	return 1;
}

void prng_lend_to_openssl(struct prng *p)
{
	static const RAND_METHOD method = { .bytes = rand_bytes,
					    .pseudorand = rand_bytes,
					    .status = rand_status };

	lent = p;
	(void)RAND_set_rand_method(p ? &method : NULL); /* always 1 */
}
