/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Diffie-Hellman by group number: RFC 7401 5.2.7; MODP groups of RFC 3526,
 * curves of RFC 5903 (public value x | y, secret x, both at full width).
 */
#ifndef HIPLINE_DH_H
#define HIPLINE_DH_H

#include "daemon/hip/drop.h"
#include "daemon/hip/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key pair of one group. */
struct dh;

bool dh_group_is_known(uint8_t group);

/* Bytes of a public value, and of a shared secret; 0 when unknown. */
size_t dh_public_len(uint8_t group);
size_t dh_secret_len(uint8_t group);

/* A new key pair; free it with dh_free. 0, -ENOTSUP, -ENOMEM or -EIO. */
__attribute__((warn_unused_result)) int dh_new(uint8_t group, struct dh **out);

/* For test vectors: a key pair from a private value (big-endian). */
__attribute__((warn_unused_result)) int dh_from_private(uint8_t group,
							const uint8_t *priv,
							size_t len,
							struct dh **out);

/* The same key pair once more, to be freed apart. 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int dh_copy(const struct dh *dh,
						struct dh **out);

void dh_free(struct dh *dh);

uint8_t dh_group(const struct dh *dh);

/* Our public value; borrowed from dh. */
const uint8_t *dh_public(const struct dh *dh, size_t *len);

/*
 * The shared secret Kij. Validates the other side's value (RFC 7401 5.3.2:
 * length, range, on the curve, not the identity; MODP: not 0, 1, p-1 or
 * above). DROP_NONE or DROP_DH_PUBLIC. The caller wipes secret.
 */
enum drop dh_agree(const struct dh *dh, const uint8_t *peer, size_t peer_len,
		   uint8_t secret[DH_SECRET_MAX], size_t *secret_len);

#endif
