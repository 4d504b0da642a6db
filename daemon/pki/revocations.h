/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What is revoked by all the lists of an authority that have come, whole ones
 * and parts. Of each of the REVOCATION_PARTS_MAX smallest parts the newest
 * list that covers it counts, and no other says anything of it: neither an
 * older one of the same part, nor an older one of more or of fewer parts. What
 * is missing is as it was: what an older list says of it still counts.
 */
#ifndef HIPLINE_REVOCATIONS_H
#define HIPLINE_REVOCATIONS_H

#include "daemon/pki/revocation.h"

enum { REVOCATIONS_MAX = 65536 }; /* serial numbers */

struct revocations {
	uint64_t number; /* the highest of any list; 0: none has come */
	uint64_t top;	 /* of the last head or whole list */
	uint8_t depth;	 /* by that one */
	uint64_t wanted[REVOCATION_PARTS_MAX]; /* numbers, by that one */
	uint64_t taken[REVOCATION_PARTS_MAX];
	size_t n;
	uint8_t (*serials)[CERTIFICATE_SERIAL_LEN]; /* in order; owned */
};

enum revocations_news {
	REVOCATIONS_OLD,   /* nothing in it counts */
	REVOCATIONS_NEWER, /* with nothing more on it */
	REVOCATIONS_ADDS,
};

/* All zeros is an empty one. */
void revocations_clear(struct revocations *r);

/* What a list that was verified would change. */
enum revocations_news revocations_weigh(const struct revocations *r,
					const struct revocation *v);

/* The same, and takes it. REVOCATIONS_OLD also for want of memory or room:
 * then nothing is changed. */
enum revocations_news revocations_take(struct revocations *r,
				       const struct revocation *v);

bool revocations_has(const struct revocations *r,
		     const uint8_t serial[CERTIFICATE_SERIAL_LEN]);

/* Whether it is outdated where it is published, so that nobody may put it
 * there: one that is known already is not, one is of which the head knows a
 * newer. */
bool revocations_is_past(const struct revocations *r,
			 const struct revocation *v);

/* Whether it is still the one that counts somewhere. */
bool revocations_counts(const struct revocations *r,
			const struct revocation *v);

/* The first part from *index on of which the head knows a newer one; false
 * when there is none. Its depth is r->depth. */
bool revocations_next_missing(const struct revocations *r, uint16_t *index);

/* How many parts are missing. */
size_t revocations_missing(const struct revocations *r);

#endif
