/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The list of certificates that hold no longer, signed by the authority: an
 * X.509 CRL (RFC 5280 5) in one form, which the writer defines. Any serial
 * number on it is out, whatever the reason (RFC 8002 4). A member asks for
 * the next one each hour, and keeps the last where the authority cannot be
 * reached: a list that is late is better than none.
 *
 * Where one list would be too long, there are 2^depth of them, by the lowest
 * bits of the serial number, each with a critical issuingDistributionPoint
 * (RFC 5280 5.2.5) that says which it is. A head, which has no entries, says
 * the number of the newest of each. A list of depth 0 is the whole.
 */
#ifndef HIPLINE_REVOCATION_H
#define HIPLINE_REVOCATION_H

#include "daemon/pki/certificate.h"

enum {
	REVOCATION_ENTRIES_MAX = 1024,
	REVOCATION_MAX = 40960, /* bytes, whole */
	REVOCATION_PERIOD_S = 3600,
	REVOCATION_PART_LEN = 3000, /* bytes of what is published */
	REVOCATION_DEPTH_MAX = 9,
	REVOCATION_PARTS_MAX = 1 << REVOCATION_DEPTH_MAX,
	REVOCATION_TEXT_MAX = 16, /* with its NUL */
};

struct revoked {
	uint8_t serial[CERTIFICATE_SERIAL_LEN];
	uint64_t when_s;
};

struct revocation {
	uint64_t number; /* each list's is higher */
	uint64_t this_update_s, next_update_s;
	bool is_head;
	uint8_t depth;	/* at most REVOCATION_DEPTH_MAX; of a head over 0 */
	uint16_t index; /* which of the parts; below 2^depth */
	uint64_t numbers[REVOCATION_PARTS_MAX]; /* of a head: each part's */
	size_t n;
	struct revoked at[REVOCATION_ENTRIES_MAX]; /* by serial */
};

/* Adds one in its place. 0, -EEXIST, or -ENOSPC. */
__attribute__((warn_unused_result)) int
revocation_add(struct revocation *v, const uint8_t serial[16], uint64_t when_s);

/* In which part at that depth a serial number is. */
uint16_t revocation_part(const uint8_t serial[CERTIFICATE_SERIAL_LEN],
			 uint8_t depth);

/* Which part it is, as it stands in the name of its place: "DEPTH/INDEX"; ""
 * for a whole list and for a head. */
void revocation_text(const struct revocation *v, char out[REVOCATION_TEXT_MAX]);

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

bool revocation_has(const struct revocation *v,
		    const uint8_t serial[CERTIFICATE_SERIAL_LEN]);

#endif
