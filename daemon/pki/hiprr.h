/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * HIP resource records, RFC 8005 5 and 6: a host's HIT, its public key and
 * its rendezvous servers, as DNS has them. Numbers of algorithms are those of
 * IPSECKEY (RFC 4025 2.4, RFC 8005 9, RFC 9373).
 */
#ifndef HIPLINE_HIPRR_H
#define HIPLINE_HIPRR_H

#include "daemon/base/cursor.h"
#include "daemon/base/name.h"
#include "daemon/hip/hi_public.h"
#include "daemon/hip/hit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HIPRR_TYPE = 55,
	HIPRR_TEXT_MAX = 2048, /* of a record without servers; its NUL, too */
};

enum hiprr_algorithm {
	HIPRR_RSA = 2,	 /* RFC 3110 */
	HIPRR_ECDSA = 3, /* RFC 6605 4: the point's two numbers */
	HIPRR_EDDSA = 4, /* RFC 9373, RFC 8080 3 */
};

/* One record's data; all spans are borrowed. */
struct hiprr {
	uint8_t algorithm;
	struct span hit;     /* as long as it says */
	struct span key;     /* never empty */
	struct span servers; /* whole names, none compressed, none the root */
	size_t n_servers;
};

/* Why a record gives no HIT. */
enum hiprr_fault {
	HIPRR_SOUND,
	HIPRR_NO_HIT,	 /* outside 2001:20::/28, as those of HIPv1 are */
	HIPRR_ALGORITHM, /* none that we verify, or none of the HIT's suite */
	HIPRR_KEY,	 /* no key of that algorithm, or of a size refused */
	HIPRR_MISMATCH,	 /* the key has another HIT */
	HIPRR_MALFORMED, /* it could not be taken apart */
	HIPRR_INTERNAL,	 /* want of memory */
};

/* Takes a record's data apart. DROP_NONE, or DROP_MALFORMED with *out as it
 * was. What it claims is not believed yet: hiprr_verify. */
enum drop hiprr_parse(struct rd rdata, struct hiprr *out);

/*
 * The HIT of a record's key (RFC 8005 4.1: always calculated), *out, when it
 * is the record's HIT, too.
 */
enum hiprr_fault hiprr_verify(const struct hiprr *rr, struct hit *out);

/* "the HIT is not the key's"... */
const char *hiprr_fault_text(enum hiprr_fault fault);

/* The i-th rendezvous server's name, canonical; false when it is no host
 * name that can be asked for. i is below n_servers. */
bool hiprr_server(const struct hiprr *rr, size_t i,
		  char out[NAME_DOMAIN_MAX + 1]);

/* The record, without servers, of a HIT and its Host Identity field (both
 * borrowed). False when there is none for such a key. */
bool hiprr_of(const struct hit *hit, const uint8_t *hi, size_t len,
	      struct hiprr *out);

/* Writes a record's data. */
void hiprr_write(const struct hiprr *rr, struct wr *w);

/* What stands behind the owner in a zone file (RFC 8005 6), on one line and
 * without servers. False when it does not fit. */
bool hiprr_text(const struct hiprr *rr, char out[HIPRR_TEXT_MAX]);

#endif
