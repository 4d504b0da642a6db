/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The list of certificates that hold no longer, signed by the authority: an
 * X.509 CRL (RFC 5280 5) in one form, which the writer defines. Any serial
 * number on it is out, whatever the reason (RFC 8002 4). A member asks for
 * the next one each hour, and keeps the last where the authority cannot be
 * reached: a list that is late is better than none.
 */
#ifndef HIPLINE_REVOCATION_H
#define HIPLINE_REVOCATION_H

#include "daemon/pki/certificate.h"

enum {
	REVOCATION_ENTRIES_MAX = 1024,
	REVOCATION_MAX = 40960, /* bytes, whole */
	REVOCATION_PERIOD_S = 3600,
};

struct revoked {
	uint8_t serial[CERTIFICATE_SERIAL_LEN];
	uint64_t when_s;
};

struct revocation {
	uint64_t number; /* each list's is higher */
	uint64_t this_update_s, next_update_s;
	size_t n;
	struct revoked at[REVOCATION_ENTRIES_MAX]; /* by serial */
};

/* Adds one in its place. 0, -EEXIST, or -ENOSPC. */
__attribute__((warn_unused_result)) int
revocation_add(struct revocation *v, const uint8_t serial[16], uint64_t when_s);

/* TBSCertList, and the whole of it, as in certificate.h. */
void revocation_tbs_write(struct wr *w, const struct authority *a,
			  const struct revocation *v);
void revocation_write(struct wr *w, const struct authority *a, struct span tbs,
		      const uint8_t *sig, size_t sig_len);

/*
 * CERTIFICATE_OK, also when it is late; CERTIFICATE_NOT_YET when it is from
 * the future; otherwise *out means nothing.
 */
enum certificate_result revocation_verify(const struct authority *a,
					  const uint8_t *bytes, size_t len,
					  uint64_t now_s,
					  struct revocation *out);

/* Whether a list has any that the one before it had not. */
bool revocation_adds(const struct revocation *v,
		     const struct revocation *before);

bool revocation_has(const struct revocation *v,
		    const uint8_t serial[CERTIFICATE_SERIAL_LEN]);

#endif
