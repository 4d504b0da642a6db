/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the engine says of itself, as the JSON of hipline(1): every documented
 * key is there, null when there is nothing to say.
 */
#ifndef HIPLINE_REPORT_H
#define HIPLINE_REPORT_H

#include "daemon/base/resolve.h"
#include "daemon/engine.h"

#include <jansson.h>

/* Each gives a new reference, or NULL for want of memory. */
json_t *report_id(const struct engine *e);
json_t *report_status(const struct engine *e);
json_t *report_peers(const struct engine *e);
json_t *report_counters(const struct engine *e);
json_t *report_dns(const struct engine *e);

/* {hit, path, state} of one association, for `connect`. */
json_t *report_connection(const struct engine *e,
			  const struct host_assoc_info *a);

/* {name, hits[{hit, proof, lifetime_s}], against[]} with one HIT, and n that
 * others say it were. */
json_t *report_resolution(const char *name, const struct hit *hit,
			  const char *proof, const struct hit *against,
			  size_t n);

/* `resolve` of a name that the overlay has found. */
json_t *report_found(const char *name, const struct resolve_answer *a);

#endif
