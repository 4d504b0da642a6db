/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The suites' numbers, and which backend does what. RFC 7402 leaves the key
 * length of suite 13 open: it is 128 bits here, with 4 bytes of salt.
 */
#include "tun/cipher_backend.h"
#include "tun/pkt.h"

static const struct cipher_suite suites[] = {
	{ CIPHER_AES_GCM_16, "AES-GCM-16", 8, 16, 4, 16 + CIPHER_SALT_LEN },
	{ CIPHER_AES_256_CBC, "AES-256-CBC-HMAC-SHA-256", 16, 16, 16, 32 + 32 },
	{ CIPHER_AES_128_CBC, "AES-128-CBC-HMAC-SHA-256", 16, 16, 16, 16 + 32 },
};

enum { TRAILER_LEN = 2 }; /* pad length and next header */

const struct cipher_suite *cipher_suite_find(uint16_t id)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (suites[i].id == id)
			return &suites[i];
	}
	return NULL;
}

size_t cipher_inner_max(const struct cipher_suite *s, size_t esp_max)
{
	size_t fixed = ESP_HEADER_LEN + s->iv_len + s->icv_len;
	size_t blocks;

	if (esp_max < fixed + s->block)
		return 0;
	blocks = (esp_max - fixed) / s->block;
	return IPV6_HEADER_LEN + blocks * s->block - TRAILER_LEN;
}

bool cipher_backend_works(enum cipher_backend backend)
{
	return backend != CIPHER_IPSEC_MB || cipher_mb_works();
}

struct cipher *cipher_new(uint16_t suite, enum cipher_backend backend,
			  enum cipher_direction direction, const uint8_t *key,
			  size_t key_len)
{
	const struct cipher_suite *s = cipher_suite_find(suite);

	if (!s || key_len != s->key_len || !cipher_backend_works(backend))
		return NULL;
	if (s->id == CIPHER_AES_GCM_16 && backend != CIPHER_OPENSSL &&
	    cipher_mb_works())
		return cipher_mb_new(s, direction, key);
	return cipher_openssl_new(s, direction, key);
}

void cipher_free(struct cipher *c)
{
	if (c)
		c->ops->free(c);
}

const struct cipher_suite *cipher_suite(const struct cipher *c)
{
	return c->suite;
}

const char *cipher_backend_text(const struct cipher *c)
{
	return c->ops->name;
}

/* Every block is a power of two. */
static bool len_fits(const struct cipher *c, size_t len)
{
	return len <= CIPHER_LEN_MAX && (len & (c->suite->block - 1u)) == 0;
}

bool cipher_seal(struct cipher *c, uint8_t *esp, size_t len, uint64_t seq)
{
	return cipher_seal_from(c, esp, esp + ESP_HEADER_LEN + c->suite->iv_len,
				len, seq);
}

bool cipher_seal_from(struct cipher *c, uint8_t *esp, const uint8_t *plain,
		      size_t len, uint64_t seq)
{
	assert(c->direction == CIPHER_SEAL);
	return len_fits(c, len) && c->ops->seal(c, esp, plain, len, seq);
}

bool cipher_open(struct cipher *c, uint8_t *esp, size_t len, uint64_t seq)
{
	assert(c->direction == CIPHER_OPEN);
	return len_fits(c, len) && c->ops->open(c, esp, len, seq);
}

void cipher_gcm_inputs(const uint8_t *esp, uint64_t seq, const uint8_t salt[4],
		       uint8_t nonce[CIPHER_NONCE_LEN],
		       uint8_t aad[CIPHER_AAD_LEN])
{
	memcpy(nonce, salt, CIPHER_SALT_LEN);
	memcpy(nonce + CIPHER_SALT_LEN, esp + ESP_HEADER_LEN, 8);
	memcpy(aad, esp, 4);
	store_be64(aad + 4, seq);
}
