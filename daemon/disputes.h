/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Pins against certificates. A pin is the operator's word: it answers at once,
 * whatever others say. A name of our overlay's domain is looked up there
 * beside it, and when certificates bind it to other hosts only, that is shown
 * with the answer and warned of, until a lookup or the operator ends it: a
 * conflict is never resolved in silence (docs/protocol.md, 7).
 */
#ifndef HIPLINE_DISPUTES_H
#define HIPLINE_DISPUTES_H

#include "daemon/base/resolve.h"
#include "daemon/hip/hit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct disputes;

enum {
	DISPUTES_MAX = 64,     /* names; another takes the place of the one
				* that was used longest ago */
	DISPUTES_OPEN_MAX = 8, /* lookups under way */
	DISPUTES_OPEN_MS = 20 * 1000,
	DISPUTES_FRESH_MS = 60 * 1000, /* from one lookup to the next */
};

/* NULL for want of memory. */
struct disputes *disputes_new(struct engine *e);
void disputes_free(struct disputes *d);

/* Whether certificates of our overlay could speak of that canonical name. */
bool disputes_has_name(const struct disputes *d, const char *name);

/*
 * A pin of this canonical name has answered: the overlay is asked soon, unless
 * it was asked just now. No name of the overlay: nothing. d may be NULL.
 */
void disputes_on_use(struct disputes *d, const char *name);

/* The same for what is looked at all the time: nothing is displaced by it. */
void disputes_watch(struct disputes *d, const char *name);

/* Each second: asks, when the overlay can be asked. d may be NULL. */
void disputes_tick(struct disputes *d, uint64_t now_ms);

/* The overlay's answer to a lookup; false when it was none of these. */
bool disputes_on_found(struct disputes *d, const struct resolve_answer *a);

/* What a lookup of a pinned name has given, whoever asked. */
void disputes_learn(struct disputes *d, const char *name,
		    const struct resolve_answer *a);

/* Nobody is there any more who was asked. */
void disputes_on_gone(struct disputes *d);

/* The name was pinned, or is not any more: what was known is over. */
void disputes_forget(struct disputes *d, const char *name);

/* The other hosts that certificates bind a pinned name to, up to
 * RESOLVE_HITS_MAX; gives their number. d may be NULL. */
size_t disputes_against(const struct disputes *d, const char *name,
			struct hit out[RESOLVE_HITS_MAX]);

#endif
