/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Who went without a word may live. A neighbour is tried again soon, in case
 * that only packets were lost; all others of the ring now and then, and asked
 * who our successor is there: so two halves of a ring that was cut find each
 * other. RFC 6940 10.7.1, 10.7.4.4.
 */
#include "resolver/overlay_impl.h"

static struct missed *find_missed(struct overlay *o, const struct hit *node)
{
	for (size_t i = 0; i < OVERLAY_MISSED_MAX; i++)
		if (hit_equal(&o->missed[i].node, node))
			return &o->missed[i];
	return NULL;
}

static void try_missed(struct overlay *o, struct missed *m)
{
	m->due_ms = o->now_ms +
		    overlay_about(o, (uint64_t)HEAL_SOON_MS << m->tries);
	if (m->due_ms < o->miss_ms)
		o->miss_ms = m->due_ms;
}

void healing_miss(struct overlay *o, const struct hit *node)
{
	struct missed *m = find_missed(o, node);

	if (!m)
		m = &o->missed[o->next_missed++ % OVERLAY_MISSED_MAX];
	*m = (struct missed){ .node = *node };
	try_missed(o, m);
}

void healing_miss_again(struct overlay *o, const struct hit *node)
{
	struct missed *m = find_missed(o, node);

	if (m && ++m->tries < OVERLAY_MISSES_MAX)
		try_missed(o, m);
}

void healing_try_missed(struct overlay *o)
{
	o->miss_ms = UINT64_MAX;
	for (size_t i = 0; i < OVERLAY_MISSED_MAX; i++) {
		struct missed *m = &o->missed[i];

		if (m->due_ms == 0)
			continue;
		if (m->due_ms <= o->now_ms) {
			m->due_ms = 0;
			links_connect(o, &m->node, &o->route.node);
		} else if (m->due_ms < o->miss_ms) {
			o->miss_ms = m->due_ms;
		}
	}
}

/* One of those we lost, or of those that we know from elsewhere. */
void healing_try_lost(struct overlay *o)
{
	const struct hit *node = NULL;
	uint32_t draw = env_random_u32(&o->config->env);

	o->heal_ms = o->now_ms + overlay_about(o, HEAL_MS);
	for (size_t k = 0; k < o->n_lost && !node; k++) {
		const struct lost *l = &o->lost[(draw + k) % o->n_lost];

		if (l->member && !route_find(&o->route, &l->node))
			node = &l->node;
	}
	/* Together, the nodes ask a bootstrap about as often as 64 would. */
	if ((draw >> 8) % (uint32_t)(1.0 + route_size(&o->route)) >= 64)
		draw = 0;
	for (size_t k = 0; k < o->n_bootstraps && !node && draw != 0; k++) {
		const struct hit *b =
			&o->bootstraps[(draw + k) % o->n_bootstraps];

		if (!route_find(&o->route, b))
			node = b;
	}
	if (!node)
		return;
	o->healing = *node;
	links_connect(o, &o->healing, &o->route.node);
}
