/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A handful of places.
 */
#include "daemon/guests.h"

static struct guest *find(const struct guests *g, const struct hit *hit)
{
	for (size_t i = 0; i < GUESTS_MAX; i++)
		if (g->all[i].end_ms > 0 && hit_equal(&g->all[i].hit, hit))
			return (struct guest *)(uintptr_t)&g->all[i];
	return NULL;
}

static struct guest *find_free(struct guests *g)
{
	for (size_t i = 0; i < GUESTS_MAX; i++)
		if (g->all[i].end_ms == 0)
			return &g->all[i];
	return NULL;
}

void guests_on_peer(struct guests *g, const struct hit *hit,
		    enum assoc_state state, uint64_t now_ms)
{
	struct guest *guest;

	if (state != ASSOC_R2_SENT && state != ASSOC_ESTABLISHED) {
		if (state == ASSOC_UNASSOCIATED || state == ASSOC_FAILED ||
		    state == ASSOC_CLOSED)
			guests_remove(g, hit);
		return;
	}
	if (find(g, hit))
		return; /* its time goes on */
	guest = find_free(g);
	if (guest)
		*guest = (struct guest){ *hit, now_ms + GUEST_MS };
}

bool guests_have_room(const struct guests *g)
{
	for (size_t i = 0; i < GUESTS_MAX; i++)
		if (g->all[i].end_ms == 0)
			return true;
	return false;
}

bool guests_has(const struct guests *g, const struct hit *hit)
{
	return find(g, hit) != NULL;
}

void guests_remove(struct guests *g, const struct hit *hit)
{
	struct guest *guest = find(g, hit);

	if (guest)
		guest->end_ms = 0;
}

bool guests_take_late(struct guests *g, uint64_t now_ms, struct hit *out)
{
	for (size_t i = 0; i < GUESTS_MAX; i++) {
		struct guest *guest = &g->all[i];

		if (guest->end_ms == 0 || now_ms < guest->end_ms)
			continue;
		*out = guest->hit;
		guest->end_ms = 0;
		return true;
	}
	return false;
}
