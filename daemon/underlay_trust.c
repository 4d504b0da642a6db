/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * By what the hosts of our overlay are members of it: certificates that come
 * with what the overlay has found, and revocation lists. Every association
 * of a member shall have a certificate, whoever opened it, so that it ends
 * when that one does (RFC 8002 4).
 */
#include "daemon/underlay_impl.h"

#include "daemon/base/log.h"
#include "daemon/base/overlay_ipc.h"
#include "daemon/contacting.h"
#include "daemon/enrol.h"
#include "daemon/naming.h"

#include <errno.h>
#include <sodium.h>
#include <time.h>

enum {
	/* That are verified: all parts twice; then one each: */
	LISTS_AT_ONCE = 2 * REVOCATION_PARTS_MAX,
	LISTS_MS = 500,
	WATCH_MS = 10000,  /* how a new list gets about */
	REVOKED_MS = 1000, /* between two times that others hear of it */
	CLOSE_MS = 1000,   /* for the node, to tell who is revoked */
	AHEAD_S = 86400,   /* before one ends there should be another */
};

static_assert((int)RESOLVE_HINT_MAX <= (int)HINTS_MAX, "all are looked at");

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

/* Of locators that anybody may have published: none of our own machine. */
static bool is_usable(const struct underlay *u, const struct locator *l)
{
	enum locator_scope scope = locator_scope(l);
	bool raw = u->e->config.transport == CONFIG_TRANSPORT_RAW;

	return (scope == LOCATOR_SCOPE_PRIVATE ||
		scope == LOCATOR_SCOPE_GLOBAL) &&
	       (l->port != 0 || raw);
}

/* Only members publish where they are: one that is none is nowhere. */
int underlay_on_hint(struct underlay *u, const struct ipc_message *m)
{
	struct resolve_places p;
	struct hip_input in = { .kind = HIP_IN_FOUND };
	size_t n = 0;

	if (!resolve_places_parse(m->body, m->len, RESOLVE_HINT_MAX, &p))
		return -EPROTO;
	memcpy(in.hit.bytes, p.hit, sizeof(in.hit.bytes));
	if (p.certificate_len > 0)
		in.known_ms = vouch_for(u->vouch, &in.hit, p.certificate,
					p.certificate_len, now_s());
	for (size_t i = 0; i < p.n && in.known_ms > 0; i++)
		if (is_usable(u, &p.locators[i]))
			p.locators[n++] = p.locators[i];
	in.locators = p.locators;
	in.n_locators = n;
	engine_input(u->e, &in);
	return 0;
}

static bool is_told(const struct underlay *u, const struct hit *hit)
{
	return engine_has_peer(u->e, hit) || pins_has_hit(u->e->pins, hit);
}

/* Each has the same chance. */
void underlay_ask_for_certificate(struct underlay *u)
{
	struct links_iter it = links_iterate(&u->links);
	struct hit hit, chosen;
	uint64_t until_s = now_s() + AHEAD_S;
	bool up, kept;
	uint32_t n = 0;

	if (u->e->config.accept == CONFIG_ACCEPT_ANY)
		return; /* nothing follows from it */
	while (links_next(&it, &hit, &up, &kept))
		if (up && vouch_until_s(u->vouch, &hit) < until_s &&
		    !is_told(u, &hit) && randombytes_uniform(++n) == 0)
			chosen = hit;
	if (n > 0)
		(void)underlay_on_want(u, &chosen); /* or the next time */
}

void underlay_tell_revoked(struct underlay *u, uint64_t now_ms)
{
	if (!u->revoked || now_ms < u->revoked_ms)
		return;
	u->revoked = false;
	u->revoked_ms = now_ms + REVOKED_MS;
	naming_changed(u->e->naming); /* what was found, too */
	contacting_on_revoked(u->e->contacting);
}

void underlay_close_revoked(struct underlay *u, uint64_t now_ms)
{
	struct hit hit;

	if (u->close_ms == 0 || now_ms < u->close_ms)
		return;
	u->close_ms = 0;
	while (vouch_next_revoked(u->vouch, &hit)) {
		const struct hip_input in = { .kind = HIP_IN_PEER_REMOVE,
					      .hit = hit };

		enrol_on_revoked(u->e->enrol, &hit);
		if (!is_told(u, &hit))
			engine_input(u->e, &in);
	}
}

void underlay_take_list(struct underlay *u, const uint8_t *list, size_t len)
{
	bool adds;

	if (!u || !vouch_take_list(u->vouch, list, len, now_s(), &adds))
		return; /* no newer one */
	if (adds) {
		u->revoked = true;
		u->watch_ms = engine_now_ms() + WATCH_MS;
		u->show_ms = 0;
		underlay_tell_revoked(u, engine_now_ms());
	}
	if (u->close_ms == 0)
		u->close_ms = engine_now_ms() + CLOSE_MS;
}

void underlay_vouch(struct underlay *u, const struct hit *hit,
		    const struct span *certificate)
{
	/* The holder itself asks for nothing here: until when it holds, what
	 * comes over its association will say. */
	if (u)
		(void)vouch_for(u->vouch, hit, certificate->bytes,
				certificate->len, now_s());
}

bool underlay_refuses(const struct underlay *u, const struct hit *hit)
{
	return u && vouch_was_revoked(u->vouch, hit) && !is_told(u, hit);
}

bool underlay_is_vouched(const struct underlay *u, const struct hit *hit)
{
	return u && vouch_until_s(u->vouch, hit) > now_s();
}

uint64_t underlay_vouched_ms(const struct underlay *u, const struct hit *hit)
{
	uint64_t now = now_s(), end = u ? vouch_until_s(u->vouch, hit) : 0;

	return end > now ? (end - now) * 1000 : 0;
}

uint64_t underlay_list(const struct underlay *u, size_t *entries)
{
	return vouch_list(u->vouch, entries);
}

int underlay_on_revoked(struct underlay *u, const struct ipc_message *m)
{
	uint64_t now_ms = engine_now_ms();

	if (pace_allow(&u->lists, LISTS_AT_ONCE, LISTS_MS, now_ms))
		underlay_take_list(u, m->body, m->len);
	else
		log_limited(&u->lists_log, now_ms, LOG_LEVEL_WARNING, "overlay",
			    "the resolver has too many revocation lists");
	return 0;
}

bool underlay_is_revoked(const struct underlay *u)
{
	uint8_t serial[CERTIFICATE_SERIAL_LEN];
	const struct membership *m;

	if (!underlay_is_member(u) || !u->vouch)
		return false;
	m = &u->e->membership;
	return certificate_serial(m->certificate, m->certificate_len, serial) &&
	       vouch_is_revoked(u->vouch, serial);
}

const char *underlay_remedy(const struct underlay *u, const struct hit *hit,
			    const char *reason)
{
	/* A peer that is known by hand does not ask for a certificate. */
	if (underlay_is_revoked(u) && !engine_has_peer(u->e, hit))
		return "this host's certificate is revoked, so no member lets "
		       "it in: ask for a new invitation, then hipline leave "
		       "and join";
	return unreached_remedy(reason);
}
