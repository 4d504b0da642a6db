/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the engine signs for the resolver with the host's identity: pre-images
 * that it reads whole and hashes itself, of two forms and no other, so that a
 * resolver that was taken over gets no signature that means anything in HIP.
 * (a) RELOAD messages of our overlay: RFC 6940 6.3.4; (b) stored values:
 * 7.1. In both the end names the signer by the hash of its certificate.
 */
#ifndef HIPLINE_SIGNER_H
#define HIPLINE_SIGNER_H

#include "daemon/hip/identity.h"

#include <stdbool.h>

enum {
	SIGNER_PREIMAGE_MAX = 5120, /* a message of RFC 6940's 5,000 bytes */
	SIGNER_PER_SECOND = 500,
	SIGNER_BURST = 1000,
	SIGNER_CERT_HASH_LEN = 32,
};

struct signer {
	const struct identity *identity;
	uint32_t overlay; /* RFC 6940 6.3.2 */
	bool certified;	  /* `certificate` is set */
	uint8_t certificate[SIGNER_CERT_HASH_LEN];
	uint64_t tokens_ms; /* each signature costs 1000 / SIGNER_PER_SECOND */
	uint64_t last_ms;
};

/* Whether the hash of an overlay's name could begin a HIP packet (RFC 7401
 * 5.1: next header 59 first, version 2 in the fourth byte). */
bool signer_overlay_is_unfit(uint32_t overlay);

/*
 * For an identity, borrowed for life, and an overlay. 0, or -EINVAL for one
 * that is unfit.
 */
__attribute__((warn_unused_result)) int
signer_init(struct signer *s, const struct identity *identity, uint32_t overlay,
	    uint64_t now_ms);

/* The hash of our certificate, which every pre-image must end in. */
void signer_set_certificate(struct signer *s,
			    const uint8_t sha256[SIGNER_CERT_HASH_LEN]);

/*
 * Signs a pre-image. 0; -EPERM when it is of neither form, or does not name
 * us as the signer; -EAGAIN when there were too many; -EIO.
 */
__attribute__((warn_unused_result)) int
signer_sign(struct signer *s, const uint8_t *preimage, size_t len,
	    uint64_t now_ms, uint8_t sig[SIGNATURE_MAX], size_t *sig_len);

#endif
