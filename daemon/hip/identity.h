/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host identities with their private keys: RFC 7401 3, 5.2.9 and appendix B.
 * The public half, and what signatures look like, is in hi_public.h.
 */
#ifndef HIPLINE_IDENTITY_H
#define HIPLINE_IDENTITY_H

#include "daemon/hip/hi_public.h"
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
 * From PKCS#8 PEM text (len bytes, no passphrase); free *out with
 * identity_free. -EINVAL when it is not one or its halves do not belong
 * together, -ENOTSUP when it is of a kind or size that we do not use; -ENOMEM
 * or -EIO.
 */
__attribute__((warn_unused_result)) int
identity_from_pem(const char *pem, size_t len, struct identity **out);

/*
 * PKCS#8 PEM text and a NUL into out (cap bytes), its length without NUL into
 * *len. 0, -ENOSPC or -EIO. The caller wipes out.
 */
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

#endif
