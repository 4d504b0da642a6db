/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host names among the locators of peers, resolved at the start, each minute
 * while the caller wants it, and when the caller asks. Numeric locators need
 * no resolving and are kept beside them.
 */
#ifndef HIPLINE_LOOKUP_H
#define HIPLINE_LOOKUP_H

#include "daemon/asker.h"
#include "daemon/base/locator.h"
#include "daemon/config.h"

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct lookup;

/* Told whenever the locators of a peer are known anew. Borrowed. */
typedef void lookup_fn(void *ctx, const struct hit *hit,
		       const struct locator *locators, size_t n);

/* What DNS says of who the host with a peer's host name is. Borrowed. */
typedef void lookup_records_fn(void *ctx, const struct hit *hit,
			       const char *host,
			       const struct hostrecords *records);

/* Whether this peer's host names should be resolved again now. */
typedef bool lookup_wanted_fn(void *ctx, const struct hit *hit);

struct lookup_conf {
	struct ev_loop *loop;
	struct asker *asker; /* borrowed, and freed first; NULL: no host name
			      * is resolved */
	size_t peers_max;
	uint16_t port; /* of locators that name none */
	lookup_fn *found;
	lookup_records_fn *records;
	lookup_wanted_fn *wanted;
	void *ctx;
};

/* One without peers. 0 or a negative errno. */
__attribute__((warn_unused_result)) int
lookup_new(const struct lookup_conf *conf, struct lookup **out);

void lookup_free(struct lookup *l);

/*
 * Looks after a peer with these locators (copied) from now on: tells the
 * numeric ones at once, and begins to resolve host names. Does nothing when
 * it has just these already. 0, -ENOSPC or -ENOMEM.
 */
__attribute__((warn_unused_result)) int
lookup_set(struct lookup *l, const struct hit *hit,
	   const struct config_list *locators);

/* Does so no longer; an answer on its way is not told any more. */
void lookup_remove(struct lookup *l, const struct hit *hit);

/* Tells once more what is known of a peer. False when it is none of ours. */
bool lookup_tell(const struct lookup *l, const struct hit *hit);

/* Resolves this peer's host names again, unless that was just done. */
void lookup_again(struct lookup *l, const struct hit *hit);

#endif
