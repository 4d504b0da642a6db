/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a name means, from all that is known of it: a pin, the name itself,
 * verified records, what was seen at first use. In this order the first that
 * says anything answers; what contradicts it is given with the answer, or is
 * the reason that there is none. Nothing is stored here.
 */
#ifndef HIPLINE_DECIDE_H
#define HIPLINE_DECIDE_H

#include "resolver/registration.h"

/* In the words of the contract: pin, self, authority, first-use. */
enum proof {
	PROOF_PIN,
	PROOF_SELF,
	PROOF_AUTHORITY,
	PROOF_FIRST_USE,
};
const char *proof_text(enum proof proof);

enum verdict {
	VERDICT_FOUND,
	VERDICT_ABSENT,	  /* nobody says anything */
	VERDICT_UNPROVEN, /* only what is not proven: refused */
	VERDICT_CONFLICT, /* refused until somebody decides */
};

/* A record of the name, verified: not withdrawn, not expired. */
struct decide_record {
	struct hit hit;
	bool proven;
	uint32_t lifetime_s;
};

struct decide_question {
	const char *name;    /* canonical */
	const char *suffix;  /* of self-certifying names */
	const char *overlay; /* whose names have certificates; or NULL */
	const struct hit *pin;
	const struct hit *remembered; /* pinned at first use */
	bool first_use;		      /* `unverified = first-use` */
	const struct decide_record *records;
	size_t n_records;
};

struct decision {
	enum verdict verdict;
	enum proof proof; /* FOUND */
	struct decide_record at[REGISTRATION_DEVICES_MAX];
	size_t n;
	/* Hosts that somebody else names, who was not asked or not believed:
	 * to be displayed, also when the verdict is FOUND. */
	struct hit against[REGISTRATION_DEVICES_MAX];
	size_t n_against;
	bool remember; /* at[0] is to be pinned as seen at first use */
};

void decide(const struct decide_question *q, struct decision *out);

#endif
