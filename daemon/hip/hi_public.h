/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host Identities of others, to verify with: RFC 7401 5.2.9 and appendix B;
 * RFC 3110 2 (RSA), RFC 6090 (ECDSA), RFC 9374 3.4.1.1 (EdDSA). What the
 * standards leave open (docs/protocol.md): RSA signs with PSS, RHASH of the
 * signer's suite, a salt as long as the hash; ECDSA hashes with RHASH of
 * suite 2, SHA-384, on both curves, and writes r | s at fixed width; an ECDSA
 * key is curve label | 4 | x | y.
 */
#ifndef HIPLINE_HI_PUBLIC_H
#define HIPLINE_HI_PUBLIC_H

#include "daemon/hip/drop.h"
#include "daemon/hip/limits.h"

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Curve labels: RFC 7401 5.2.9, RFC 9374 3.4.1.1. */
enum {
	HI_CURVE_P256 = 1,
	HI_CURVE_P384 = 2,
	HI_CURVE_ED25519 = 1,
};

/* The public half of somebody's identity, ready to verify with. */
struct hi_public;

/*
 * From a Host Identity field; free *out with hi_public_free. Gives
 * DROP_HI_ALGORITHM for an algorithm, curve or size that we do not take (RSA
 * from 2048 to 4096 bits, exponent odd and under 2^32), DROP_HOST_ID for
 * bytes that are no such key, DROP_INTERNAL when memory ran out.
 */
enum drop hi_public_parse(uint16_t algorithm, const uint8_t *hi, size_t len,
			  struct hi_public **out);

void hi_public_free(struct hi_public *pub);

/* HOST_ID's Algorithm, which SIG alg must equal. */
uint16_t hi_public_algorithm(const struct hi_public *pub);

/* DROP_NONE or DROP_SIGNATURE. */
enum drop hi_public_verify(const struct hi_public *pub, const void *bytes,
			   size_t len, const uint8_t *sig, size_t sig_len);

/* For identity.c: RSA's padding, for signing as for verifying. */
bool hi_public_set_pss(EVP_PKEY_CTX *ctx);

#endif
