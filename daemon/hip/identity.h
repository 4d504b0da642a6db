/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host identities: RFC 7401 3, 5.2.9 and appendix B; RFC 3110 2 (RSA),
 * RFC 6090 (ECDSA), RFC 9374 3.4.1.1 (EdDSA). RSA signs with PSS, RHASH of
 * the signer's suite, salt as long as the hash; ECDSA with SHA-384 for
 * suite 2 and r | s at fixed width (constants section 20, points 7 and 8).
 */
#ifndef HIPLINE_IDENTITY_H
#define HIPLINE_IDENTITY_H

#include "daemon/hip/drop.h"
#include "daemon/hip/hit.h"
#include "daemon/hip/limits.h"

#include <stddef.h>
#include <stdint.h>

enum identity_kind {
	IDENTITY_ECDSA_P256,
	IDENTITY_ECDSA_P384,
	IDENTITY_RSA_2048,
	IDENTITY_RSA_3072,
	IDENTITY_RSA_4096,
	IDENTITY_ED25519,
};

/* A host identity with its private key. */
struct identity;

/* "ecdsa-p256" and so on, as the configuration writes it. */
const char *identity_kind_text(enum identity_kind kind);

/* 0, or -EINVAL. */
__attribute__((warn_unused_result)) int
identity_kind_from_text(const char *text, enum identity_kind *out);

/* Makes a new one; free it with identity_free. 0, -ENOMEM or -EIO. */
__attribute__((warn_unused_result)) int
identity_generate(enum identity_kind kind, struct identity **out);

/*
 * From PKCS#8 PEM text (len bytes, no passphrase). -EINVAL when it is not
 * one, -ENOTSUP when it is of a kind or size that we do not use.
 */
__attribute__((warn_unused_result)) int
identity_from_pem(const char *pem, size_t len, struct identity **out);

/* PKCS#8 PEM text into out, its length without NUL into *len. -ENOSPC. */
__attribute__((warn_unused_result)) int
identity_to_pem(const struct identity *id, char *out, size_t cap, size_t *len);

void identity_free(struct identity *id);

enum identity_kind identity_kind(const struct identity *id);
const struct hit *identity_hit(const struct identity *id);
uint16_t identity_algorithm(const struct identity *id);

/* The Host Identity field; borrowed from id. */
const uint8_t *identity_hi(const struct identity *id, size_t *len);

/* SHA-256 of the Host Identity field, for people to compare. */
void identity_fingerprint(const struct identity *id, uint8_t out[32]);

/* Signs; *sig_len is set. 0 or -EIO. */
__attribute__((warn_unused_result)) int
identity_sign(const struct identity *id, const void *bytes, size_t len,
	      uint8_t sig[SIGNATURE_MAX], size_t *sig_len);

/* The public half of somebody's identity, ready to verify with. */
struct hi_public;

/*
 * From a Host Identity field. Gives DROP_HI_ALGORITHM for an algorithm,
 * curve or size that we do not take (RSA from 2048 to 4096 bits, exponent
 * odd and under 2^32), DROP_HOST_ID for bytes that are no such key.
 */
enum drop hi_public_parse(uint16_t algorithm, const uint8_t *hi, size_t len,
			  struct hi_public **out);

void hi_public_free(struct hi_public *pub);

/* DROP_NONE or DROP_SIGNATURE. */
enum drop hi_public_verify(const struct hi_public *pub, const void *bytes,
			   size_t len, const uint8_t *sig, size_t sig_len);

#endif
