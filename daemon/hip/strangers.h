/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Associations with peers that this host was not told of (accept = any).
 * They may take all places that are free, but never from a known peer: for
 * one the idlest of them goes. Another stranger gets the place of one that
 * has been silent for STRANGER_IDLE_MS. Strangers of one source (an IPv4
 * address or an IPv6 /48) have a STRANGER_SOURCES_MIN-th of all places.
 */
#ifndef HIPLINE_STRANGERS_H
#define HIPLINE_STRANGERS_H

#include "daemon/base/locator.h"
#include "daemon/base/table.h"

#include <sys/queue.h>

struct assoc;
struct host;
struct source;

TAILQ_HEAD(stranger_queue, assoc);

struct strangers {
	struct stranger_queue queue; /* silent for longest first */
	struct table sources;
	size_t per_source_max;
};

/* What an association has to do with it; all zeros: it is of a known peer. */
struct stranger {
	TAILQ_ENTRY(assoc) next;
	struct source *source; /* NULL: not in the queue */
};

/* `places` are the associations that there may be. */
void strangers_init(struct strangers *s, size_t places,
		    const uint8_t seed[TABLE_SEED_LEN]);

/* Its associations are gone already. */
void strangers_clear(struct strangers *s);

/*
 * May a stranger from there have an association? `a` is what it has already,
 * or NULL.
 */
bool strangers_have_room(const struct host *h, const struct assoc *a,
			 const struct locator *from);

/* The one that makes room, for a known peer or for another stranger; NULL. */
struct assoc *strangers_find_idlest(const struct host *h, bool for_known);

/*
 * The association is a stranger's, who is there: it counts from now on, or
 * counts elsewhere. 0, or -ENOMEM: then it does not count.
 */
__attribute__((warn_unused_result)) int
strangers_count(struct host *h, struct assoc *a, const struct locator *from);

/* It was heard of: others go before it. */
void strangers_hear(struct host *h, struct assoc *a);

/* It counts no more: the peer is known now, or it ends. */
void strangers_remove(struct host *h, struct assoc *a);

#endif
