/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * From what is known of a name to DNS records: AAAA (RFC 3596), HIP
 * (RFC 8005), TXT, SRV (RFC 2782), NAPTR (RFC 3403, 3263 4.1), PTR, and the
 * SOA of negative answers (RFC 2308).
 */
#ifndef HIPLINE_DNSRECORD_H
#define HIPLINE_DNSRECORD_H

#include "resolver/dnsform.h"
#include "resolver/dnsmsg.h"

enum {
	DNSRECORD_TTL_MAX_S = 60,
	DNSRECORD_HITS_MAX = 16, /* devices of one name */
};

/* One HIT behind a name. */
struct dnsrecord_hit {
	struct hit hit;
	const char *proof; /* static: "pin", "self"... */
	const uint8_t *hi; /* its Host Identity field, or NULL */
	size_t hi_len;
};

/* What is known; all borrowed. */
struct dnsrecord_known {
	const struct dnsrecord_hit *hits;
	size_t n_hits;
	const char *name; /* canonical: what a HIT is called, or NULL */
};

/*
 * Writes the records of the question's type, or, where there are none, the
 * SOA. `ttl_s` is for all of them.
 */
void dnsrecord_write(struct dnsmsg_reply *r, const struct dnsform *f,
		     const struct dnsrecord_known *known, const char *suffix,
		     uint32_t ttl_s);

/* The SOA alone, as of NXDOMAIN. */
void dnsrecord_write_soa(struct dnsmsg_reply *r, const struct dnsform *f,
			 uint32_t ttl_s);

#endif
