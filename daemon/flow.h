/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What passes through the SAs of each peer: their counters, summed over
 * rekeys, and when something last passed. Read out now and then, never per
 * packet.
 */
#ifndef HIPLINE_FLOW_H
#define HIPLINE_FLOW_H

#include "daemon/base/table.h"
#include "daemon/hip/hit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLOW_SAS_MAX = 8 }; /* of one direction: old and new at rekeys */

/* What has been counted of one SA. */
struct flow_sa {
	uint32_t spi;
	uint64_t packets, bytes;
};

struct flow_direction {
	struct flow_sa *sas; /* newest first */
	size_t n_sas;
	uint64_t packets, bytes; /* over all SAs so far */
	uint64_t last_ms;	 /* when something was seen to have passed */
	bool passed;		 /* since it was last told, and: */
	uint32_t spi;		 /* by this SA, the newest of those */
	uint64_t told_packets, told_bytes; /* as it was told */
};

struct flow {
	struct hit hit;
	struct flow_direction in, out;
	struct table_node node;
};

/* All flows, by HIT. */
struct flows {
	struct table table;
};

void flows_init(struct flows *f, const uint8_t seed[TABLE_SEED_LEN],
		size_t max);
void flows_clear(struct flows *f);

/* NULL when there is none. */
struct flow *flows_find(const struct flows *f, const struct hit *hit);

/*
 * An SA was installed: makes the flow when there is none, and forgets the
 * oldest SA when there are too many. 0, -ENOSPC or -ENOMEM.
 */
__attribute__((warn_unused_result)) int flows_sa_add(struct flows *f,
						     const struct hit *hit,
						     bool inbound, uint32_t spi,
						     uint64_t now_ms);

/* An SA is gone; the flow goes with its last one. */
void flows_sa_delete(struct flows *f, const struct hit *hit, bool inbound,
		     uint32_t spi);

/* It is told that something has passed. */
void flow_tell(struct flow_direction *d);

/* The counters of an SA, as they stand at now_ms. */
void flow_count(struct flow_direction *d, uint32_t spi, uint64_t packets,
		uint64_t bytes, uint64_t now_ms);

#endif
