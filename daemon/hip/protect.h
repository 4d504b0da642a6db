/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * HIP_MAC, HIP_MAC_2, HIP_SIGNATURE, HIP_SIGNATURE_2 and ENCRYPTED:
 * RFC 7401 5.2.12 to 5.2.18 and 6.4. What each covers, with which Header
 * Length, and which fields count as zero, is written there. Verifying never
 * changes the packet.
 */
#ifndef HIPLINE_PROTECT_H
#define HIPLINE_PROTECT_H

#include "daemon/hip/identity.h"
#include "daemon/hip/keymat.h"
#include "daemon/hip/param.h"

/*
 * Append to a packet being written. `host_id` is the HOST_ID parameter,
 * whole (Type, Length, contents, padding), as sent in R1 (6.4.2). 0 or -EIO.
 */
__attribute__((warn_unused_result)) int
protect_add_mac(struct packet_out *p, uint8_t hit_suite, const uint8_t *key);
__attribute__((warn_unused_result)) int
protect_add_mac_2(struct packet_out *p, uint8_t hit_suite, const uint8_t *key,
		  const uint8_t *host_id, size_t host_id_len);
__attribute__((warn_unused_result)) int
protect_add_signature(struct packet_out *p, const struct identity *id);
__attribute__((warn_unused_result)) int
protect_add_signature_2(struct packet_out *p, const struct identity *id);

/* DROP_NONE, DROP_PARAM_MISSING, DROP_MALFORMED or DROP_MAC. */
enum drop protect_check_mac(const struct packet *p, uint8_t hit_suite,
			    const uint8_t *key);
enum drop protect_check_mac_2(const struct packet *p, uint8_t hit_suite,
			      const uint8_t *key, const uint8_t *host_id,
			      size_t host_id_len);

/* DROP_NONE, DROP_PARAM_MISSING, DROP_MALFORMED or DROP_SIGNATURE. */
enum drop protect_check_signature(const struct packet *p,
				  const struct hi_public *pub);
enum drop protect_check_signature_2(const struct packet *p,
				    const struct hi_public *pub);

/*
 * Appends ENCRYPTED around plain (parameters with their own padding, as
 * packet parameters are laid out). `iv` is 16 fresh random bytes. 0, -EIO.
 */
__attribute__((warn_unused_result)) int
protect_add_encrypted(struct packet_out *p, uint16_t hip_cipher,
		      const uint8_t *key, const uint8_t iv[16],
		      const uint8_t *plain, size_t len);

/*
 * Opens ENCRYPTED into plain (cap bytes) and checks that parameters lie in
 * it. DROP_NONE, DROP_DECRYPT, DROP_MALFORMED or DROP_HIP_CIPHER.
 */
enum drop protect_open_encrypted(const struct encrypted *e, uint16_t hip_cipher,
				 const uint8_t *key, uint8_t *plain, size_t cap,
				 size_t *len);

#endif
