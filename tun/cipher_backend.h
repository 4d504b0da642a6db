/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a backend of cipher.c provides. Its own struct begins with a struct
 * cipher. len is a number of whole blocks within CIPHER_LEN_MAX.
 */
#ifndef HIPLINE_CIPHER_BACKEND_H
#define HIPLINE_CIPHER_BACKEND_H

#include "tun/cipher.h"

struct cipher_ops {
	const char *name;
	bool (*seal)(struct cipher *c, uint8_t *esp, const uint8_t *plain,
		     size_t len, uint64_t seq);
	bool (*open)(struct cipher *c, uint8_t *esp, size_t len, uint64_t seq);
	void (*free)(struct cipher *c); /* wipes the keys */
};

struct cipher {
	const struct cipher_suite *suite;
	const struct cipher_ops *ops;
	enum cipher_direction direction;
};

enum {
	CIPHER_AES_128_CBC = 8,
	CIPHER_AES_256_CBC = 9,
	CIPHER_AES_GCM_16 = 13,

	ESP_HEADER_LEN = 8, /* SPI and sequence number */
	CIPHER_SALT_LEN = 4,
	CIPHER_NONCE_LEN = 12, /* RFC 4106 4: salt, then the IV */
	CIPHER_AAD_LEN = 12,   /* RFC 4106 5: SPI, then 64-bit sequence */
};

/* All suites. NULL for want of memory. key is suite->key_len bytes. */
struct cipher *cipher_openssl_new(const struct cipher_suite *suite,
				  enum cipher_direction direction,
				  const uint8_t *key);

/* Whether libipsec-mb was built in and the CPU is one that it is fast on. */
bool cipher_mb_works(void);

/* Suite 13 only, and only when it works. NULL for want of memory. */
struct cipher *cipher_mb_new(const struct cipher_suite *suite,
			     enum cipher_direction direction,
			     const uint8_t *key);

/* Nonce and additional data of AES-GCM, the IV being in place. */
void cipher_gcm_inputs(const uint8_t *esp, uint64_t seq, const uint8_t salt[4],
		       uint8_t nonce[CIPHER_NONCE_LEN],
		       uint8_t aad[CIPHER_AAD_LEN]);

#endif
