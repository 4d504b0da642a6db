/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Known peers, and contacts to be kept, with which no association could be made
 * when that was tried last, and why: for `hipline status`. A peer leaves with
 * its association.
 */
#ifndef HIPLINE_UNREACHED_H
#define HIPLINE_UNREACHED_H

#include "daemon/hip/hit.h"

#include <stddef.h>

enum { UNREACHED_MAX = 16 };

struct unreached_peer {
	struct hit hit;
	const char *reason; /* static */
};

/* The one that failed last comes last. */
struct unreached {
	struct unreached_peer all[UNREACHED_MAX];
	size_t n;
};

/* It failed, for a static reason; where there is no room the oldest goes. */
void unreached_add(struct unreached *u, const struct hit *hit,
		   const char *reason);

/* It was reached, or is no peer any more. */
void unreached_remove(struct unreached *u, const struct hit *hit);

/* Why it was not reached; NULL when it is none of them. */
const char *unreached_reason(const struct unreached *u, const struct hit *hit);

/* What the operator can do about a reason. */
const char *unreached_remedy(const char *reason);

#endif
