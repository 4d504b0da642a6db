/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Being in one overlay: its authority, the judge of what its members say,
 * and the node of the protocol.
 */
#include "resolver/check.h"
#include "resolver/node_impl.h"

#include <stdlib.h>

enum { ALONE_AGAIN_MS = 5000 };

static void give_bootstrap(const struct node *n, struct session *s,
			   const struct hit *at)
{
	const struct overlay_input in = { .type = OVERLAY_BOOTSTRAP,
					  .peer = *at };

	peer_input(s->peer, &in, n->now_ms);
}

/* As many as the overlay keeps: the bootstraps, then members from before. */
static void give_bootstraps(const struct node *n, struct session *s,
			    const struct resolve_overlay *o)
{
	size_t given = 0;
	struct hit at;

	for (size_t i = 0;
	     i < o->n_bootstraps && given < OVERLAY_BOOTSTRAPS_MAX; i++) {
		memcpy(at.bytes, o->bootstraps[i], sizeof(at.bytes));
		give_bootstrap(n, s, &at);
		s->bootstraps[given++] = at;
	}
	s->n_bootstraps = given;
	for (size_t i = 0; i < n->n_members && given < OVERLAY_BOOTSTRAPS_MAX;
	     i++, given++)
		give_bootstrap(n, s, &n->members[i]);
}

/* Takes the certificate when it is ours, and of this authority. */
static bool take_certificate(const struct node *n, struct session *s,
			     const struct resolve_overlay *o)
{
	struct certificate c;

	if (certificate_verify(&s->authority, o->certificate,
			       o->certificate_len, n->wall_ms / 1000,
			       &c) != CERTIFICATE_OK ||
	    memcmp(c.hit.bytes, o->hit, sizeof(c.hit.bytes)) != 0)
		return false;
	memcpy(s->name, c.name, sizeof(s->name));
	s->hit = c.hit;
	memcpy(s->certificate, o->certificate, o->certificate_len);
	s->certificate_len = o->certificate_len;
	return true;
}

static bool set_up(struct node *n, struct session *s,
		   const struct resolve_overlay *o)
{
	/* Who was in a ring before must not begin another beside it. */
	bool alone = o->is_founder && o->n_bootstraps == 0 && n->n_members == 0;
	uint8_t seed[TABLE_SEED_LEN];

	env_random(&n->conf.env, seed, sizeof(seed));
	s->judge = judge_new(&s->authority, seed);
	if (!s->judge || !take_certificate(n, s, o))
		return false;
	judge_set_time(s->judge, n->wall_ms / 1000);
	s->config = (struct overlay_config){
		.overlay = id_overlay(o->name, strlen(o->name)),
		.configuration_sequence = (uint16_t)o->configuration,
		.kinds = overlay_kinds,
		.n_kinds = KINDS,
		.mtu = n->conf.mtu,
		.env = n->conf.env,
		.check = check_by_judge(s->judge),
	};
	s->peer = peer_new(&s->config, &s->hit,
			   (struct span){ s->certificate, s->certificate_len },
			   alone, n->wall_ms, n->now_ms);
	if (!s->peer)
		return false;
	store_begin_journal(overlay_store(peer_overlay(s->peer)));
	s->is_founder = o->is_founder;
	s->alone_ms = NODE_NEVER;
	if (!alone)
		s->alone_ms = n->now_ms +
			      (o->is_founder ? NODE_ALONE_MS : NODE_ORPHANS_MS);
	give_bootstraps(n, s, o);
	return true;
}

struct session *session_new(struct node *n, const struct resolve_overlay *o)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->serial = n->next_serial++;
	if (o->certificate_len > CERTIFICATE_MAX ||
	    authority_init(&s->authority, o->name, o->authority_algorithm,
			   o->authority, o->authority_len) < 0) {
		free(s);
		return NULL;
	}
	if (!set_up(n, s, o)) {
		session_free(s);
		return NULL;
	}
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	peer_free(s->peer);
	judge_free(s->judge);
	authority_clear(&s->authority);
	free(s);
}

bool session_is_of(const struct session *s, const struct resolve_overlay *o)
{
	return strcmp(s->authority.overlay, o->name) == 0 &&
	       memcmp(s->hit.bytes, o->hit, sizeof(s->hit.bytes)) == 0 &&
	       s->authority.algorithm == o->authority_algorithm &&
	       s->authority.hi_len == o->authority_len &&
	       memcmp(s->authority.hi, o->authority, o->authority_len) == 0;
}

bool session_renew(struct node *n, struct session *s,
		   const struct resolve_overlay *o)
{
	s->config.configuration_sequence = (uint16_t)o->configuration;
	give_bootstraps(n, s, o);
	if (o->certificate_len == s->certificate_len &&
	    memcmp(o->certificate, s->certificate, s->certificate_len) == 0)
		return true;
	if (o->certificate_len > CERTIFICATE_MAX || !take_certificate(n, s, o))
		return false;
	peer_set_certificate(
		s->peer, (struct span){ s->certificate, s->certificate_len });
	saying_again(n);
	return true;
}

/* One of before; other links may be with anybody. */
static bool is_member(const struct node *n, const struct session *s,
		      const struct hit *hit)
{
	for (size_t i = 0; i < s->n_bootstraps; i++)
		if (hit_equal(&s->bootstraps[i], hit))
			return true;
	return node_has_member(n, hit);
}

/*
 * Where the founder is gone for good, of members that have met each other and
 * nobody in a ring one begins: the first by its HIT of all that it is linked
 * with. Who has met nobody does not, as the ring may be where it is not.
 */
static bool may_begin(const struct node *n, const struct session *s)
{
	const struct route *r = overlay_route(peer_overlay(s->peer));
	size_t met = 0;

	if (s->is_founder)
		return true;
	for (size_t i = 0; i < r->n; i++) {
		const struct hit *hit = &r->links[i].node;

		if (!is_member(n, s, hit))
			continue;
		if (memcmp(hit->bytes, s->hit.bytes, ID_LEN) < 0)
			return false;
		met++;
	}
	return met > 0;
}

void session_tick(struct node *n, struct session *s)
{
	peer_tick(s->peer, n->now_ms);
	if (s->alone_ms > n->now_ms)
		return;
	if (!may_begin(n, s)) {
		s->alone_ms = n->now_ms + ALONE_AGAIN_MS;
		return;
	}
	s->alone_ms = overlay_begin_alone(peer_overlay(s->peer), n->now_ms)
			      ? NODE_NEVER
			      : n->now_ms + ALONE_AGAIN_MS;
}

uint64_t session_deadline(const struct session *s)
{
	uint64_t due = peer_deadline(s->peer);

	return s->alone_ms < due ? s->alone_ms : due;
}
