/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The algorithms by number: HIT suites (RFC 7401 5.2.10, RFC 9374 3.4.2)
 * with their hash (RHASH) and MAC, HIP ciphers (5.2.8), ESP suites
 * (RFC 7402 5.1.2), and the rule by which one of the other side's list is
 * chosen.
 */
#ifndef HIPLINE_SUITE_H
#define HIPLINE_SUITE_H

#include "daemon/hip/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One piece of a message that is hashed or MACed without being copied. */
struct piece {
	const void *bytes;
	size_t len;
};

/* True for the HIT suites that we can verify: 1, 2 and 5. */
bool suite_is_known(uint8_t hit_suite);

/* The HIT suite of host identities of an algorithm; 0 when unknown. */
uint8_t suite_of_algorithm(uint16_t hi_algorithm);

/* Bytes of RHASH, and of HIP_MAC's contents; 0 when unknown. */
size_t suite_rhash_len(uint8_t hit_suite);
size_t suite_mac_len(uint8_t hit_suite);

/* Key bytes that KEYMAT gives a MAC of the suite. */
size_t suite_mac_key_len(uint8_t hit_suite);

/*
 * RHASH over n pieces into out (suite_rhash_len bytes). 0, -ENOTSUP, or -EIO
 * when libcrypto fails.
 */
__attribute__((warn_unused_result)) int suite_rhash(uint8_t hit_suite,
						    const struct piece *pieces,
						    size_t n,
						    uint8_t out[RHASH_MAX]);

/*
 * The suite's MAC (HMAC, or KMAC128 for suite 5) over n pieces into out
 * (suite_mac_len bytes). 0, -ENOTSUP or -EIO.
 */
__attribute__((warn_unused_result)) int
suite_mac(uint8_t hit_suite, const uint8_t *key, const struct piece *pieces,
	  size_t n, uint8_t out[RHASH_MAX]);

/*
 * len bytes of the suite's RHASH where that is an extendable function
 * (suite 5's HITs: RFC 9374 3.5.2.1). 0, -EIO; -ENOTSUP for other suites.
 */
__attribute__((warn_unused_result)) int suite_xof(uint8_t hit_suite,
						  const struct piece *pieces,
						  size_t n, uint8_t *out,
						  size_t len);

/* Bytes of the hash under KEYMAT's HKDF (RFC 5869 2); 0 when unknown. */
size_t suite_hkdf_len(uint8_t hit_suite);

/*
 * The HMAC of that hash, with a key of any length, into out
 * (suite_hkdf_len bytes). 0, -ENOTSUP or -EIO.
 */
__attribute__((warn_unused_result)) int
suite_hkdf_hmac(uint8_t hit_suite, const struct piece *key,
		const struct piece *pieces, size_t n, uint8_t out[RHASH_MAX]);

/* Key bytes of a HIP cipher; 0 when unknown. */
size_t suite_cipher_key_len(uint16_t hip_cipher);

/*
 * Key bytes per direction of an ESP suite: encryption (with the salt of
 * suite 13: 16 + 4, docs/protocol.md) and authentication. False if unknown.
 */
bool suite_esp_key_len(uint16_t esp_suite, size_t *enc, size_t *auth);

/* Bytes of KEYMAT that the keys of both directions take; 0 when unknown. */
uint32_t suite_esp_keys_len(uint16_t esp_suite);

/* How long the ESP packet of an inner IPv6 packet is, from SPI to ICV; 0: the
 * suite is unknown. */
size_t suite_esp_len(uint16_t esp_suite, size_t inner_len);

/*
 * The first of ours that theirs also holds; 0 when there is none. `ours` is
 * in order of preference.
 */
uint16_t suite_choose(const uint16_t *ours, size_t n_ours,
		      const uint16_t *theirs, size_t n_theirs);

#endif
