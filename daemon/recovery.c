/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What is known of the time before the start, and of silence.
 */
#include "daemon/recovery.h"

#include "daemon/base/log.h"
#include "daemon/bootstraps.h"
#include "daemon/enrol.h"
#include "daemon/recent.h"
#include "daemon/underlay.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	I1_PAUSE_MS = 20,  /* from one peer to the next */
	SILENCE_MS = 1000, /* then a peer that we send to is asked */
};

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

static void warn(struct engine *e, const char *what, int err)
{
	warnings_add(&e->warnings, "state-not-written",
		     "make room there, or look after its permissions, and "
		     "restart hiplined",
		     "%s in %s: %s", what, e->config.state, strerror(-err));
}

int recovery_load(struct engine *e)
{
	uint8_t seed[16];
	int err;

	randombytes_buf(seed, sizeof(seed));
	e->recent = recent_new(seed);
	if (!e->recent)
		return -ENOMEM;
	if (e->state_dir < 0)
		return 0;
	err = recent_load(e->recent, e->state_dir, now_s());
	if (err < 0)
		warn(e, "recent-peers cannot be read", err);
	return 0;
}

/* Is it somebody that we would let in? */
static bool is_let_in(const struct engine *e, const struct hit *hit)
{
	struct locator told[LOCATORS_MAX];
	size_t n;

	return e->config.accept == CONFIG_ACCEPT_ANY ||
	       engine_has_peer(e, hit) || pins_has_hit(e->pins, hit) ||
	       enrol_speaks_for(e->enrol, hit, told, &n);
}

/* Where the peer was seen that the raw host is no more is of no use. */
static const struct recent_peer *find(const struct engine *e,
				      const struct hit *hit)
{
	const struct recent_peer *p = recent_find(e->recent, hit, now_s());

	return p && p->locator.port == 0 &&
			       e->config.transport != CONFIG_TRANSPORT_RAW
		       ? NULL
		       : p;
}

void recovery_tell_heard(struct engine *e, const struct hit *hit,
			 const struct recovery_places *at)
{
	const struct recent_peer *p = find(e, hit);
	struct locator all[LOCATORS_MAX];
	struct hip_input in = { .kind = HIP_IN_PEER,
				.hit = *hit,
				.locators = all };
	size_t n_proven;

	/* Who changes the configuration knows better than we remember. */
	for (size_t i = 0; i < at->n; i++)
		locator_add(all, &in.n_locators, LOCATORS_MAX,
			    &at->locators[i]);
	if (p)
		locator_add(all, &in.n_locators, LOCATORS_MAX, &p->locator);
	n_proven = in.n_locators;
	for (size_t i = 0; i < at->n_unproven; i++)
		locator_add(all, &in.n_locators, LOCATORS_MAX,
			    &at->unproven[i]);
	in.n_unproven = in.n_locators - n_proven;
	engine_input(e, &in);
}

void recovery_tell_peer(struct engine *e, const struct hit *hit,
			const struct locator *locators, size_t n)
{
	const struct recovery_places at = { .locators = locators, .n = n };

	recovery_tell_heard(e, hit, &at);
}

static void associate(struct engine *e, const struct hit *hit)
{
	const struct hip_input in = { .kind = HIP_IN_ACQUIRE, .hit = *hit };
	struct host_assoc_info info;

	if (!is_let_in(e, hit) || host_assoc_find(e->host, hit, &info))
		return;
	if (!engine_has_peer(e, hit)) /* the others have been told of */
		recovery_tell_peer(e, hit, NULL, 0);
	engine_input(e, &in);
}

static void on_turn(struct ev_loop *loop, ev_timer *w, int events)
{
	struct engine *e = w->data;

	(void)events;
	if (e->n_lost > 0 && !e->stopping)
		associate(e, &e->lost[--e->n_lost]);
	if (e->n_lost == 0 || e->stopping)
		ev_timer_stop(loop, w);
}

void recovery_start(struct engine *e)
{
	ev_init(&e->recover, on_turn);
	e->recover.data = e;
	e->lost = calloc(RECENT_MAX, sizeof(*e->lost));
	if (!e->lost)
		return; /* then who speaks first associates */
	e->n_lost = recent_list(e->recent, now_s(), e->lost, RECENT_MAX);
	if (e->n_lost == 0)
		return;
	log_info("recovery", "peers=%zu", e->n_lost);
	ev_timer_set(&e->recover, 0, I1_PAUSE_MS / 1000.0);
	ev_timer_start(e->loop, &e->recover);
}

void recovery_clear(struct engine *e)
{
	recent_free(e->recent);
	e->recent = NULL;
	free(e->lost);
	e->lost = NULL;
	e->n_lost = 0;
}

static bool is_up(const struct host_assoc_info *a)
{
	return a->state == ASSOC_ESTABLISHED || a->state == ASSOC_R2_SENT;
}

bool recovery_knows(const struct engine *e, const struct hit *hit)
{
	return find(e, hit) != NULL;
}

void recovery_tell_found(struct engine *e, const struct hit *hit)
{
	const struct recent_peer *p = find(e, hit);
	struct locator all[LOCATORS_MAX];
	struct hip_input in = { .kind = HIP_IN_FOUND,
				.hit = *hit,
				.locators = all };

	if (p)
		all[in.n_locators++] = p->locator;
	bootstraps_locators(e->bootstraps, hit, all, LOCATORS_MAX,
			    &in.n_locators);
	engine_input(e, &in);
}

bool recovery_on_peer(struct engine *e, const struct hip_output *o)
{
	struct host_assoc_info a;

	/* Our own end closes them all, and they are to come back. Who is not
	 * where it was seen last may be found elsewhere by the overlay. */
	if (((o->state == ASSOC_CLOSING || o->state == ASSOC_CLOSED) &&
	     !e->stopping) ||
	    (o->state == ASSOC_FAILED && !engine_has_peer(e, &o->hit) &&
	     underlay_can_ask(e->underlay)))
		recent_forget(e->recent, &o->hit);
	return host_assoc_find(e->host, &o->hit, &a) && is_up(&a) &&
	       recent_saw(e->recent, &a.hit, &a.remote, now_s());
}

bool recovery_on_traffic(struct engine *e, const struct hip_input *in,
			 uint64_t now_ms)
{
	struct host_assoc_info a;

	if (!host_assoc_find(e->host, &in->hit, &a) || !is_up(&a))
		return false;
	if (in->in)
		(void)recent_saw(e->recent, &a.hit, &a.remote,
				 now_s()); /* told when it was adopted */
	return in->out && !in->in && a.state == ASSOC_ESTABLISHED &&
	       now_ms - a.heard_ms >= SILENCE_MS;
}

void recovery_save(struct engine *e, uint64_t now_ms)
{
	int err;

	if (e->state_dir < 0)
		return;
	err = recent_save(e->recent, e->state_dir, now_s(), now_ms);
	if (err < 0)
		warn(e, "recent-peers cannot be written", err);
}
