/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What DNS says of a host's identity (HIP records, RFC 8005), and what may be
 * believed of it. DNSSEC is not assumed: a record proves nothing by itself. A
 * pin holds against it; else it counts as first use does.
 */
#ifndef HIPLINE_HOSTRECORDS_H
#define HIPLINE_HOSTRECORDS_H

#include "daemon/pki/hiprr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HOSTRECORDS_MAX = 8,	    /* taken of one name; the others are left */
	HOSTRECORD_SERVERS_MAX = 4, /* of one record; the first ones */
};

struct hostrecord {
	enum hiprr_fault fault;
	struct hit hit; /* when it is sound */
	uint32_t ttl_s;
	/* Its rendezvous servers, when it is sound; none that cannot be asked
	 * for. */
	char servers[HOSTRECORD_SERVERS_MAX][NAME_DOMAIN_MAX + 1];
	size_t n_servers;
};

struct hostrecords {
	struct hostrecord all[HOSTRECORDS_MAX];
	size_t n;
};

/* The HIP records in a reply of DNS, each verified; none in what is no reply
 * or has an error. */
void hostrecords_read(const uint8_t *reply, size_t len,
		      struct hostrecords *out);

/* The first sound one, the first that is not; or NULL. */
const struct hostrecord *hostrecords_sound(const struct hostrecords *r);
const struct hostrecord *hostrecords_faulty(const struct hostrecords *r);

/* The first sound one with this HIT, or NULL; whether there is one. */
const struct hostrecord *hostrecords_find(const struct hostrecords *r,
					  const struct hit *hit);
bool hostrecords_has(const struct hostrecords *r, const struct hit *hit);

struct hostrecords_question {
	const struct hostrecords *records;
	const struct hit *pin;	      /* by the operator's word, or NULL */
	const struct hit *remembered; /* from first use, or NULL */
	bool first_use;		      /* it is believed, when always the same */
};

enum hostrecords_verdict {
	HOSTRECORDS_FOUND,
	HOSTRECORDS_NONE,     /* there is no record */
	HOSTRECORDS_FAULTY,   /* there is none that is sound */
	HOSTRECORDS_UNPROVEN, /* one is, and first use is not believed */
	HOSTRECORDS_CONFLICT, /* several, or another than before */
};

struct hostrecords_decision {
	enum hostrecords_verdict verdict;
	struct hit hit;	     /* found; or what a record says */
	bool is_pin;	     /* found, and not by a record */
	bool remember;	     /* found for the first time */
	bool contradicts;    /* found, while the records name others only: */
	struct hit other;    /* the first of them; of a conflict, too */
	uint32_t lifetime_s; /* of what a record says */
};

void hostrecords_decide(const struct hostrecords_question *q,
			struct hostrecords_decision *out);

#endif
