/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Certificates that bind a name to a host: X.509 version 3 (RFC 5280) as
 * RFC 6940 11.3 wants them, signed by the overlay's authority. There is one
 * form, and the writer defines it: what is read is written again and must be
 * the same bytes. Issuer: the overlay's name as domainComponents. Subject:
 * empty; a critical subjectAltName has the name (rfc822Name) and the HIT (a
 * reload URI), nothing else. Key: the host's identity. No private key comes
 * in here: the caller has the part that is signed signed elsewhere.
 */
#ifndef HIPLINE_CERTIFICATE_H
#define HIPLINE_CERTIFICATE_H

#include "daemon/pki/authority.h"

enum {
	CERTIFICATE_MAX = 2048, /* bytes, whole */
	CERTIFICATE_SERIAL_LEN = 16,
	CERTIFICATE_LIFETIME_S = 30 * 86400,
	CERTIFICATE_RENEW_S = 20 * 86400, /* after it began */
	CERTIFICATE_GRACE_S = 30 * 86400, /* after it has ended, to renew it */
	CERTIFICATE_SKEW_S = 300,	  /* how wrong clocks may be */
};

struct certificate {
	uint8_t serial[CERTIFICATE_SERIAL_LEN];
	uint64_t not_before_s, not_after_s; /* since 1970 */
	char name[NAME_LEN_MAX + 1];	    /* canonical, user@domain */
	struct hit hit;
	uint16_t algorithm;
	size_t hi_len;
	uint8_t hi[HI_MAX];
};

enum certificate_result {
	CERTIFICATE_OK,
	CERTIFICATE_MALFORMED, /* or another form than ours */
	CERTIFICATE_SIGNATURE, /* of another authority, or altered */
	CERTIFICATE_NOT_YET,
	CERTIFICATE_EXPIRED,
};

/*
 * Whether this authority can certify that canonical name: a user and the
 * overlay's own domain, in ASCII (rfc822Name has no more), the user a
 * Dot-string (RFC 5321 4.1.2).
 */
bool certificate_name_is_fit(const struct authority *a, const char *name);

/*
 * A new one for a name and a Host Identity, from now_s on; `random` becomes
 * its serial number. 0; -EINVAL when the name is not fit or the key none.
 */
__attribute__((warn_unused_result)) int
certificate_init(struct certificate *c, const struct authority *a,
		 const char *name, uint64_t now_s,
		 const uint8_t random[CERTIFICATE_SERIAL_LEN]);
__attribute__((warn_unused_result)) int
certificate_set_key(struct certificate *c, uint16_t algorithm,
		    const uint8_t *hi, size_t len);

/* TBSCertificate, which the authority's key signs. */
void certificate_tbs_write(struct wr *w, const struct authority *a,
			   const struct certificate *c);

/*
 * The whole of it, with the signature over TBSCertificate as identity_sign
 * gives it; w fails when that is over its room or CERTIFICATE_MAX.
 */
void certificate_write(struct wr *w, const struct authority *a,
		       const struct certificate *c, const uint8_t *sig,
		       size_t sig_len);

/*
 * Verifies all that can be known without a revocation list: form, signature,
 * time, that the name is one of this overlay, and that the HIT is the key's.
 * *out is set when it is CERTIFICATE_OK, CERTIFICATE_NOT_YET or
 * CERTIFICATE_EXPIRED.
 */
enum certificate_result certificate_verify(const struct authority *a,
					   const uint8_t *bytes, size_t len,
					   uint64_t now_s,
					   struct certificate *out);

/* Time to ask for the next one. */
bool certificate_is_due(const struct certificate *c, uint64_t now_s);

/* The serial number alone; false when there is none where it should be. */
bool certificate_serial(const uint8_t *bytes, size_t len,
			uint8_t out[CERTIFICATE_SERIAL_LEN]);

/* SHA-256 of a whole certificate: SignerIdentity (RFC 6940 6.3.4). */
void certificate_hash(const uint8_t *bytes, size_t len, uint8_t out[32]);

#endif
