/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host Identities (RFC 7401 5.2.9) as X.509 has public keys and signatures:
 * RFC 3279 2.3.1, 2.2.3 (RSA keys, ECDSA), RFC 4055 3.1 (RSASSA-PSS), RFC
 * 5480 2.1 (curves), RFC 8410 4 (Ed25519). Algorithms and hashes are those
 * of the identity: SHA-384 with ECDSA, SHA-256 and a salt of 32 with RSA.
 */
#ifndef HIPLINE_SPKI_H
#define HIPLINE_SPKI_H

#include "daemon/hip/identity.h"
#include "daemon/pki/der.h"

/* The SubjectPublicKeyInfo of a well-formed Host Identity field. */
void spki_write(struct wr *w, uint16_t algorithm, const uint8_t *hi,
		size_t len);

/*
 * The Host Identity field of the next element of r, into hi; its length and
 * algorithm. r fails when it is no key in exactly our form. Whether a key of
 * that form is one is hi_public_parse's to say.
 */
void spki_read(struct rd *r, uint16_t *algorithm, uint8_t hi[HI_MAX],
	       size_t *len);

/* AlgorithmIdentifier of signatures by identities of an algorithm. */
void spki_algorithm_write(struct wr *w, uint16_t algorithm);

/*
 * A signature as identity_sign gives it to the form of X.509 and of TLS:
 * ECDSA's as a SEQUENCE of two numbers, the others as they are. The reverse
 * takes all of v and is false when it is none of the key of that field.
 */
void spki_value_write(struct wr *w, uint16_t algorithm, const uint8_t *sig,
		      size_t len);
bool spki_value_read(struct rd v, uint16_t algorithm, size_t hi_len,
		     uint8_t sig[SIGNATURE_MAX], size_t *len);

/* The same in a BIT STRING. */
void spki_signature_write(struct wr *w, uint16_t algorithm, const uint8_t *sig,
			  size_t len);

void spki_signature_read(struct rd *r, uint16_t algorithm, size_t hi_len,
			 uint8_t sig[SIGNATURE_MAX], size_t *len);

#endif
