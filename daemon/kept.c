/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the host knows is whether an association is kept; who wants it is
 * known here.
 */
#include "daemon/kept.h"

#include "daemon/contacting.h"
#include "daemon/engine.h"
#include "daemon/underlay.h"

#include <sodium.h>

enum { DOUBLINGS_MAX = 8 };

static_assert((uint64_t)KEPT_AGAIN_MS << DOUBLINGS_MAX >= KEPT_AGAIN_MAX_MS,
	      "more doublings change nothing");

void kept_judge(struct engine *e, const struct hit *hit)
{
	const struct hip_input in = {
		.kind = HIP_IN_KEEP,
		.hit = *hit,
		.keep = underlay_keeps(e->underlay, hit) ||
			contacting_keeps(e->contacting, hit)
	};

	engine_input(e, &in);
}

static bool is_up(const struct host_assoc_info *a)
{
	return a->state == ASSOC_ESTABLISHED || a->state == ASSOC_R2_SENT;
}

/* It stands: whether it does so for long, and whether the peer is there. */
static void look_after(struct engine *e, struct contact_hit *h,
		       const struct host_assoc_info *a, uint64_t now_ms)
{
	const struct hip_input probe = { .kind = HIP_IN_PROBE, .hit = h->hit };

	h->was_up = true;
	if (a->since_ms > 0 && now_ms >= a->since_ms + KEPT_SETTLED_MS) {
		h->tries = 0;
		h->try_ms = 0;
	}
	if (!a->is_kept)
		kept_judge(e, &h->hit);
	if (now_ms < a->heard_ms + KEPT_SILENT_MS ||
	    now_ms < h->asked_ms + KEPT_SILENT_MS)
		return;
	h->asked_ms = now_ms;
	engine_input(e, &probe);
}

/* Many that were lost at once do not come back all in one moment. */
static uint64_t about(uint64_t ms)
{
	return ms + randombytes_uniform((uint32_t)ms / 4 + 1);
}

static void on_lost(struct contact_hit *h, uint64_t now_ms)
{
	uint64_t soon_ms = now_ms + about(KEPT_LOST_MS);

	h->was_up = false;
	if (h->try_ms < soon_ms)
		h->try_ms = soon_ms;
}

static void try(struct engine *e, struct contact_hit *h, uint64_t now_ms)
{
	const struct hip_input in = { .kind = HIP_IN_ACQUIRE, .hit = h->hit };
	uint64_t pause_ms = (uint64_t)KEPT_AGAIN_MS << h->tries;

	if (pause_ms > KEPT_AGAIN_MAX_MS)
		pause_ms = KEPT_AGAIN_MAX_MS;
	if (h->tries < DOUBLINGS_MAX)
		h->tries++;
	h->try_ms = now_ms + about(pause_ms);
	engine_input(e, &in);
}

/* E_FAILED passes by itself, and refuses every try before. */
static void keep(struct engine *e, struct contact_hit *h, uint64_t now_ms)
{
	struct host_assoc_info a;
	bool is_there = host_assoc_find(e->host, &h->hit, &a);

	if (is_there && is_up(&a)) {
		look_after(e, h, &a, now_ms);
		return;
	}
	if (h->was_up)
		on_lost(h, now_ms);
	if (now_ms < h->try_ms ||
	    (is_there && (a.state == ASSOC_FAILED || a.state == ASSOC_I1_SENT ||
			  a.state == ASSOC_I2_SENT)))
		return;
	try(e, h, now_ms);
}

void kept_tick(struct engine *e, struct contact *c, uint64_t now_ms)
{
	for (size_t i = 0; i < c->n_hits; i++)
		if (!hit_equal(&c->hits[i].hit, identity_hit(e->id)))
			keep(e, &c->hits[i], now_ms);
}
