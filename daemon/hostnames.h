/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the engine makes of host names' HIP records (RFC 8005): what is
 * written down of a peer holds, and what DNS says against it is shown.
 */
#ifndef HIPLINE_HOSTNAMES_H
#define HIPLINE_HOSTNAMES_H

#include "daemon/engine.h"
#include "daemon/hostrecords.h"

/*
 * What DNS says now of a host that is held for this HIT: a warning when that
 * is another one, or nothing sound, in place of the one before.
 */
void hostnames_judge(struct engine *e, const struct hit *hit, const char *host,
		     const struct hostrecords *records);

/* The same, as the lookup_records_fn of an engine. */
void hostnames_on_records(void *ctx, const struct hit *hit, const char *host,
			  const struct hostrecords *records);

/* A host is this one at first use; in hosts.json, or there is a warning. */
void hostnames_remember(struct engine *e, const char *name,
			const struct hit *hit);

#endif
