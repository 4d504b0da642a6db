/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * KEYMAT: RFC 7401 6.5, RFC 7402 7, HKDF of RFC 5869. Both sides draw the
 * same keys; which one is "ours" depends on whose HIT is greater.
 */
#ifndef HIPLINE_KEYMAT_H
#define HIPLINE_KEYMAT_H

#include "daemon/hip/hit.h"
#include "daemon/hip/limits.h"

#include <stddef.h>
#include <stdint.h>

/* What KEYMAT is made of; kept by an association for its rekeys. */
struct keymat {
	uint8_t prk[RHASH_MAX]; /* after HKDF-Extract; a secret */
	uint8_t hit_suite;	/* of the Responder: names RHASH */
	struct hit smaller, greater;
};

/* The four HIP keys, as seen by one side. Secrets: wipe them. */
struct hip_keys {
	uint8_t enc_out[HIP_CIPHER_KEY_MAX];
	uint8_t enc_in[HIP_CIPHER_KEY_MAX];
	uint8_t mac_out[RHASH_MAX];
	uint8_t mac_in[RHASH_MAX];
	size_t enc_len;
	size_t mac_len;
};

/* ESP keys of both directions, as seen by one side. Secrets. */
struct esp_keys {
	uint8_t out[ESP_KEY_MAX]; /* encryption, then authentication */
	uint8_t in[ESP_KEY_MAX];
	size_t len; /* of each */
};

/*
 * HKDF-Extract: salt I | J (rhash_len each), input key Kij. The hash is
 * RHASH, but SHA-256 for suite 5. 0, -ENOTSUP or -EIO.
 */
__attribute__((warn_unused_result)) int
keymat_init(struct keymat *k, uint8_t hit_suite, const uint8_t *i,
	    const uint8_t *j, const uint8_t *kij, size_t kij_len,
	    const struct hit *a, const struct hit *b);

/*
 * len bytes of KEYMAT from byte index on. -ERANGE past 255 hash lengths
 * (RFC 5869 2.3). 0 or -EIO otherwise.
 */
__attribute__((warn_unused_result)) int
keymat_draw(const struct keymat *k, size_t index, uint8_t *out, size_t len);

/* How many bytes can be drawn, and named by a KEYMAT Index, at most. */
uint32_t keymat_end(const struct keymat *k);

/*
 * Keys 1 to 4 for `self`, one of the two HITs; *next is the first byte not
 * drawn, which is where the ESP keys begin (RFC 7402 7). 0, -ENOTSUP for an
 * unknown cipher, or -EIO.
 */
__attribute__((warn_unused_result)) int
keymat_hip_keys(const struct keymat *k, uint16_t hip_cipher,
		const struct hit *self, struct hip_keys *out, size_t *next);

/*
 * Keys 5 to 8 from index on for `self`; *next and errors as above, and
 * -ERANGE.
 */
__attribute__((warn_unused_result)) int
keymat_esp_keys(const struct keymat *k, uint16_t esp_suite, size_t index,
		const struct hit *self, struct esp_keys *out, size_t *next);

/* Wipes it. */
void keymat_clear(struct keymat *k);

#endif
