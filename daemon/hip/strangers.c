/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Associations with peers that this host was not told of.
 */
#include "daemon/hip/strangers.h"

#include "daemon/hip/host_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	PREFIX_LEN = 16,
	V6_PREFIX_LEN = 6, /* a /48: what one site is given */
};

/* Where strangers come from. It is there while there are any. */
struct source {
	uint8_t prefix[PREFIX_LEN];
	struct table_node node;
	size_t n;
};

static void prefix_of(const struct locator *l, uint8_t out[PREFIX_LEN])
{
	memset(out, 0, PREFIX_LEN);
	memcpy(out, l->addr, locator_is_v4(l) ? PREFIX_LEN : V6_PREFIX_LEN);
}

void strangers_init(struct strangers *s, size_t places,
		    const uint8_t seed[TABLE_SEED_LEN])
{
	TAILQ_INIT(&s->queue);
	table_init(&s->sources, PREFIX_LEN, places + 1, seed); /* one moves */
	s->per_source_max = places / STRANGER_SOURCES_MIN;
	if (s->per_source_max == 0)
		s->per_source_max = 1;
}

void strangers_clear(struct strangers *s)
{
	table_clear(&s->sources);
}

struct assoc *strangers_find_idlest(const struct host *h, bool for_known)
{
	struct assoc *a = TAILQ_FIRST(&h->strangers.queue);

	if (a && !for_known && h->now_ms - a->heard_ms < STRANGER_IDLE_MS)
		return NULL;
	return a;
}

bool strangers_have_room(const struct host *h, const struct assoc *a,
			 const struct locator *from)
{
	const struct source *source;
	uint8_t prefix[PREFIX_LEN];

	prefix_of(from, prefix);
	source = table_find(&h->strangers.sources, prefix);
	if (source && source->n >= h->strangers.per_source_max)
		return a && a->stranger.source == source;
	return a || table_count(&h->assocs) < h->conf.assoc_max ||
	       !TAILQ_EMPTY(&h->dead) || strangers_find_idlest(h, false);
}

static struct source *find_source(struct strangers *s,
				  const struct locator *from)
{
	uint8_t prefix[PREFIX_LEN];
	struct source *source;

	prefix_of(from, prefix);
	source = table_find(&s->sources, prefix);
	if (source)
		return source;
	source = calloc(1, sizeof(*source));
	if (!source)
		return NULL;
	memcpy(source->prefix, prefix, sizeof(prefix));
	if (table_add(&s->sources, &source->node, source->prefix, source)) {
		free(source);
		return NULL;
	}
	return source;
}

void strangers_remove(struct host *h, struct assoc *a)
{
	struct source *source = a->stranger.source;

	if (!source)
		return;
	TAILQ_REMOVE(&h->strangers.queue, a, stranger.next);
	a->stranger.source = NULL;
	if (--source->n > 0)
		return;
	table_remove(&h->strangers.sources, &source->node);
	free(source);
}

int strangers_count(struct host *h, struct assoc *a, const struct locator *from)
{
	struct source *source = find_source(&h->strangers, from);

	if (!source)
		return -ENOMEM;
	source->n++; /* first: it may be the same one */
	strangers_remove(h, a);
	a->stranger.source = source;
	TAILQ_INSERT_TAIL(&h->strangers.queue, a, stranger.next);
	return 0;
}

void strangers_hear(struct host *h, struct assoc *a)
{
	if (!a->stranger.source)
		return;
	TAILQ_REMOVE(&h->strangers.queue, a, stranger.next);
	TAILQ_INSERT_TAIL(&h->strangers.queue, a, stranger.next);
}
