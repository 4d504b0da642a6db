/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The resolver is not trusted: it chooses whom we associate with and what is
 * published, and nothing else. Who is let in is the authority's to say; what
 * is signed is read first (signer.h).
 */
#include "daemon/underlay_impl.h"

#include "daemon/addresses.h"
#include "daemon/base/log.h"
#include "daemon/base/overlay_ipc.h"
#include "daemon/bootstraps.h"
#include "daemon/command.h"
#include "daemon/contacting.h"
#include "daemon/disputes.h"
#include "daemon/enrol.h"
#include "daemon/kept.h"
#include "daemon/naming.h"
#include "daemon/pki/spki.h"
#include "daemon/reconfigure.h"
#include "daemon/recovery.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	WHERE_AT_ONCE = 32, /* then one each: */
	WHERE_MS = 100,
	LOCATORS_MS = 5000, /* between looks at our own */
	SHOW_MS = 5000,
	ASK_MS = 2000, /* between questions for certificates */
	/* RFC 5246 7.4.1.4.1, RFC 8422 5.1.3, RFC 8446 4.2.3; as judge.h of
	 * the resolver has them. */
	HASH_SHA384 = 5,
	HASH_INTRINSIC = 8,
	SIG_ECDSA = 3,
	SIG_PSS = 4,
	SIG_ED25519 = 7,
};

static_assert((int)RESOLVE_CERTIFICATE_MAX >= (int)CERTIFICATE_MAX,
	      "every certificate fits");

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

void underlay_send(struct underlay *u, enum resolve_type type, size_t len)
{
	if (len > 0)
		naming_send(u->e->naming, type, u->body, len);
}

static void send_hit(struct underlay *u, enum resolve_type type,
		     const struct hit *hit)
{
	uint8_t body[RESOLVE_HIT_LEN];

	naming_send(u->e->naming, type, body,
		    resolve_hit_write(hit->bytes, body, sizeof(body)));
}

bool underlay_is_member(const struct underlay *u)
{
	return u && membership_is_set(&u->e->membership);
}

bool underlay_can_ask(const struct underlay *u)
{
	return underlay_is_member(u) && naming_has_resolver(u->e->naming);
}

/* An invitation names one by each of its locators. */
static void add_bootstrap(const struct underlay *u, struct resolve_overlay *o,
			  const struct hit *hit)
{
	if (hit_equal(hit, identity_hit(u->e->id)))
		return;
	for (size_t i = 0; i < o->n_bootstraps; i++)
		if (memcmp(o->bootstraps[i], hit->bytes, RESOLVE_HIT_LEN) == 0)
			return;
	if (o->n_bootstraps < RESOLVE_BOOTSTRAPS_MAX)
		memcpy(o->bootstraps[o->n_bootstraps++], hit->bytes,
		       RESOLVE_HIT_LEN);
}

static void send_overlay(struct underlay *u)
{
	const struct membership *m = &u->e->membership;
	struct resolve_overlay o = {
		.name = m->overlay,
		.configuration = 1, /* RFC 6940 6.3.2.1: there is one form */
		.is_founder = m->founder,
		.first_use =
			u->e->config.unverified == CONFIG_UNVERIFIED_FIRST_USE,
		.authority_algorithm = m->authority_algorithm,
		.authority = m->authority_hi,
		.authority_len = m->authority_hi_len,
		.certificate = m->certificate,
		.certificate_len = m->certificate_len,
	};
	struct hit hits[RESOLVE_BOOTSTRAPS_MAX], named[BOOTSTRAPS_ALL_MAX];
	size_t n;

	memcpy(o.hit, identity_hit(u->e->id)->bytes, sizeof(o.hit));
	/* What DNS alone says comes last: it is to keep nobody else out. */
	n = bootstraps_named(u->e->bootstraps, named);
	for (size_t i = 0; i < n; i++)
		add_bootstrap(u, &o, &named[i]);
	for (size_t i = 0; i < m->n_bootstraps; i++)
		add_bootstrap(u, &o, &m->bootstraps[i].hit);
	n = bootstraps_hits(u->e->bootstraps, hits, RESOLVE_BOOTSTRAPS_MAX);
	for (size_t i = 0; i < n; i++)
		add_bootstrap(u, &o, &hits[i]);
	underlay_send(u, RESOLVE_OVERLAY,
		      resolve_overlay_write(&o, u->body, sizeof(u->body)));
	u->told_overlay = true;
}

void underlay_on_bootstraps(struct underlay *u)
{
	if (underlay_can_ask(u) && u->leaving_ms == 0)
		send_overlay(u);
}

/* Sends our locators when they are others, or whatever they are. */
static void send_locators(struct underlay *u, bool always)
{
	struct resolve_places p = { .n = 0 };

	memcpy(p.hit, identity_hit(u->e->id)->bytes, sizeof(p.hit));
	p.n = addresses_list(&u->e->config, p.locators, RESOLVE_LOCATORS_MAX);
	if (!always && p.n == u->places.n &&
	    memcmp(p.locators, u->places.locators,
		   p.n * sizeof(p.locators[0])) == 0)
		return;
	u->places = p;
	underlay_send(u, RESOLVE_LOCATORS,
		      resolve_places_write(&p, u->body, sizeof(u->body)));
}

void underlay_repeat_locators(struct underlay *u)
{
	send_locators(u, true);
}

static void send_ups(struct underlay *u)
{
	enum { FRAME_LEN = IPC_HEADER_LEN + RESOLVE_HIT_LEN };
	struct links_iter it = links_iterate(&u->links);
	struct hit hit;
	bool up, kept, more = true;

	/* When the resolver takes no more, the links change: that is the end.
	 */
	while (more && naming_has_resolver(u->e->naming)) {
		size_t len = 0;

		while (len + FRAME_LEN <= sizeof(u->body) &&
		       (more = links_next(&it, &hit, &up, &kept))) {
			if (!up)
				continue;
			ipc_header_write(u->body + len, RESOLVE_UP,
					 sizeof(hit));
			memcpy(u->body + len + IPC_HEADER_LEN, hit.bytes,
			       sizeof(hit));
			len += FRAME_LEN;
		}
		(void)naming_send_frames(u->e->naming, u->body, len);
	}
}

/* The next one says anew what it wants kept. */
static void release_all(struct underlay *u)
{
	size_t n = u->links.n_kept, i = 0;
	struct links_iter it = links_iterate(&u->links);
	struct hit *kept = calloc(n + 1, sizeof(*kept));
	bool is_up, is_kept;

	while (kept && i < n && links_next(&it, &kept[i], &is_up, &is_kept))
		if (is_kept)
			i++;
	while (i > 0) {
		links_release(&u->links, &kept[--i]);
		kept_judge(u->e, &kept[i]);
	}
	free(kept);
	u->must_release = false;
}

void underlay_on_resolver(struct underlay *u)
{
	if (u->must_release)
		release_all(u);
	if (underlay_is_leaving(u))
		return; /* in a moment we are of none */
	if (!underlay_is_member(u)) {
		/* A new one is in none; what the last one has kept of the
		 * overlay that we have left, it is to forget. */
		u->told_overlay = false;
		underlay_send_none(u);
		return;
	}
	send_overlay(u);
	send_locators(u, true);
	send_ups(u);
	underlay_publish_all(u);
}

void underlay_on_resolver_gone(struct underlay *u)
{
	json_decref(u->shown);
	u->shown = NULL;
	underlay_clear_seen(u);
	u->must_release = true; /* the host may not have inputs now */
	u->n_taking = 0;
	if (u->leaving_ms > 0)
		u->leaving_ms = 1; /* nobody is there to say it */
	published_again(&u->published);
	contacting_on_gone(u->e->contacting);
	disputes_on_gone(u->e->disputes);
	command_on_overlay_gone(u->e);
}

uint64_t underlay_admit(void *ctx, const struct hit *hit,
			const uint8_t *certificate, size_t len)
{
	const struct engine *e = ctx;

	return e->underlay ? vouch_for(e->underlay->vouch, hit, certificate,
				       len, now_s())
			   : 0;
}

static bool is_own(const struct underlay *u, const struct hit *hit)
{
	return hit_equal(hit, identity_hit(u->e->id));
}

int underlay_take_membership(struct underlay *u)
{
	const struct membership *m = &u->e->membership;
	struct host_membership hm = { .is_member = membership_is_set(m),
				      .certificate = m->certificate,
				      .certificate_len = m->certificate_len };
	uint64_t now_ms = engine_now_ms();
	uint8_t hash[SIGNER_CERT_HASH_LEN];
	int err = vouch_set(u->vouch, m, &hm.is_another);

	if (err == 0 && hm.is_member && (hm.is_another || !u->signs)) {
		err = signer_init(
			&u->signer, u->e->id,
			authority_overlay_hash(m->overlay, strlen(m->overlay)),
			now_ms);
		u->signs = err == 0;
	}
	if (hm.is_member && m->certificate_len > 0 && u->signs) {
		certificate_hash(m->certificate, m->certificate_len, hash);
		signer_set_certificate(&u->signer, hash);
	}
	u->signs = u->signs && hm.is_member;
	if (m->certificate_len > CERT_MAX) /* too long for any I2 */
		hm.certificate_len = 0;
	return err == 0 ? host_set_membership(u->e->host, &hm, now_ms) : err;
}

void underlay_on_membership(struct engine *e)
{
	struct underlay *u = e->underlay;
	bool was_in;
	int err;

	if (!u)
		return;
	was_in = u->is_in;
	u->is_in = membership_is_set(&e->membership);
	err = underlay_take_membership(u);
	if (err < 0)
		log_error("overlay", "%s: %s", e->membership.overlay,
			  strerror(-err));
	underlay_judge_join(u, was_in);
	/* Who leaves is of none there, whatever it is now. */
	if (underlay_is_member(u) && !underlay_is_leaving(u)) {
		send_overlay(u);
		if (!was_in) {
			send_locators(u, true);
			send_ups(u);
		}
		underlay_publish_all(u);
	} else if (!underlay_is_member(u) && u->told_overlay) {
		send_overlay(u);
	}
	u->is_started = true; /* the first time it was none */
	naming_changed(e->naming);
	engine_schedule(e);
}

static int on_connect(struct underlay *u, const struct hit *hit)
{
	const struct hip_input in = { .kind = HIP_IN_ACQUIRE, .hit = *hit };

	if (!hit_is_hit(hit) || is_own(u, hit) || !underlay_is_member(u) ||
	    !links_keep(&u->links, hit)) {
		send_hit(u, RESOLVE_DOWN, hit);
		return 0;
	}
	if (links_is_up(&u->links, hit)) {
		underlay_keep(u, hit);
		send_hit(u, RESOLVE_UP, hit);
		return 0;
	}
	engine_input(u->e, &in);
	return 0;
}

void underlay_keep(struct underlay *u, const struct hit *hit)
{
	const struct hip_input in = { .kind = HIP_IN_KEEP,
				      .hit = *hit,
				      .keep = true };

	if (links_is_kept(&u->links, hit) && links_is_up(&u->links, hit))
		engine_input(u->e, &in);
}

bool underlay_keeps(const struct underlay *u, const struct hit *hit)
{
	return u && links_is_kept(&u->links, hit);
}

static int on_release(struct underlay *u, const struct hit *hit)
{
	links_release(&u->links, hit);
	kept_judge(u->e, hit);
	return 0;
}

/* In the form of RFC 6940 6.3.4, which is TLS's and X.509's. */
static void sign(struct underlay *u, const struct resolve_sign *s,
		 struct resolve_signed *out, uint8_t value[], size_t cap)
{
	uint16_t algorithm = identity_algorithm(u->e->id);
	uint8_t sig[SIGNATURE_MAX];
	struct wr w = wr_init(value, cap);
	size_t len;

	out->hash_alg = algorithm == HI_ECDSA ? HASH_SHA384 : HASH_INTRINSIC;
	out->sig_alg = algorithm == HI_ECDSA ? SIG_ECDSA
		       : algorithm == HI_RSA ? SIG_PSS
					     : SIG_ED25519;
	if (!u->signs || signer_sign(&u->signer, s->preimage, s->len,
				     engine_now_ms(), sig, &len) < 0)
		return; /* refused */
	spki_value_write(&w, algorithm, sig, len);
	if (wr_failed(&w))
		return;
	out->signature = value;
	out->len = wr_len(&w);
}

static int on_sign(struct underlay *u, const struct ipc_message *m)
{
	uint8_t value[RESOLVE_SIGNATURE_MAX];
	struct resolve_signed out = { .len = 0 };
	struct resolve_sign s;

	if (!resolve_sign_parse(m->body, m->len, &s))
		return -EPROTO;
	out.id = s.id;
	sign(u, &s, &out, value, sizeof(value));
	underlay_send(u, RESOLVE_SIGNED,
		      resolve_signed_write(&out, u->body, sizeof(u->body)));
	return 0;
}

static int on_found(struct underlay *u, const struct ipc_message *m)
{
	struct resolve_answer a;
	struct hit hit;

	if (!resolve_answer_parse(m->body, m->len, &a))
		return -EPROTO;
	for (size_t i = 0; i < a.n_hits; i++) {
		memcpy(hit.bytes, a.hits[i].hit, sizeof(hit.bytes));
		if (!hit_is_hit(&hit))
			return -EPROTO;
	}
	command_on_found(u->e, &a);
	return 0;
}

static int on_hit(struct underlay *u, const struct ipc_message *m,
		  int (*act)(struct underlay *u, const struct hit *hit))
{
	struct hit hit;

	return resolve_hit_parse(m->body, m->len, hit.bytes) ? act(u, &hit)
							     : -EPROTO;
}

int underlay_on_message(struct underlay *u, const struct ipc_message *m)
{
	switch (m->type) {
	case RESOLVE_CONNECT:
		return on_hit(u, m, on_connect);
	case RESOLVE_RELEASE:
		return on_hit(u, m, on_release);
	case RESOLVE_HINT:
		return underlay_on_hint(u, m);
	case RESOLVE_SIGN:
		return on_sign(u, m);
	case RESOLVE_FOUND_NAME:
		return on_found(u, m);
	case RESOLVE_PUBLISHED:
		return underlay_on_published(u, m);
	case RESOLVE_SHOWN:
		return underlay_on_shown(u, m);
	case RESOLVE_LEFT:
		return underlay_on_left(u, m);
	case RESOLVE_REVOKED:
		return underlay_on_revoked(u, m);
	case RESOLVE_SEEN:
		return underlay_on_seen(u, m);
	default:
		return -EPROTO;
	}
}

bool underlay_on_peer(struct underlay *u, const struct hip_output *o)
{
	enum links_news news = links_on_state(&u->links, &o->hit, o->state);

	if (news == LINKS_NOTHING || !underlay_is_member(u))
		return false;
	if (news != LINKS_UP)
		send_hit(u, RESOLVE_DOWN, &o->hit);
	if (news != LINKS_DOWN)
		send_hit(u, RESOLVE_UP, &o->hit);
	return news != LINKS_DOWN && links_is_kept(&u->links, &o->hit);
}

bool underlay_on_want(struct underlay *u, const struct hit *hit)
{
	if (!underlay_can_ask(u) ||
	    !pace_allow(&u->wheres, WHERE_AT_ONCE, WHERE_MS, engine_now_ms()))
		return false;
	send_hit(u, RESOLVE_WHERE, hit);
	return true;
}

void underlay_tick(struct underlay *u, uint64_t now_ms)
{
	if (u->must_release)
		release_all(u);
	underlay_tick_leaving(u, now_ms);
	underlay_warn(u, now_ms, now_s());
	underlay_tell_revoked(u, now_ms);
	underlay_close_revoked(u, now_ms);
	if (!underlay_can_ask(u))
		return;
	if (now_ms >= u->ask_ms) {
		u->ask_ms = now_ms + ASK_MS;
		underlay_ask_for_certificate(u);
	}
	if (now_ms >= u->look_ms) {
		u->look_ms = now_ms + LOCATORS_MS;
		send_locators(u, false);
	}
	if (now_ms < u->show_ms && now_ms >= u->watch_ms)
		return;
	u->show_ms = now_ms + SHOW_MS;
	underlay_send(u, RESOLVE_SHOW,
		      resolve_id_write(1, u->body, sizeof(u->body)));
}

bool underlay_has_name(const struct underlay *u, const char *name)
{
	if (!underlay_is_member(u) || !strchr(name, '@'))
		return false;
	return strcmp(name_domain(name), u->e->membership.overlay) == 0 ||
	       u->e->config.unverified == CONFIG_UNVERIFIED_FIRST_USE;
}

const char *underlay_awaited(const struct engine *e, const char *name)
{
	const struct token *t = enrol_joining(e->enrol);

	if (!t || !strchr(name, '@'))
		return NULL;
	return strcmp(name_domain(name), t->overlay) == 0 ||
			       e->config.unverified ==
				       CONFIG_UNVERIFIED_FIRST_USE
		       ? t->overlay
		       : NULL;
}

bool underlay_lookup(struct underlay *u, uint64_t id, const char *name)
{
	const struct resolve_publish p = { .id = id,
					   .name = name,
					   .exists = true };

	if (!underlay_can_ask(u))
		return false;
	underlay_send(u, RESOLVE_LOOKUP,
		      resolve_publish_write(&p, u->body, sizeof(u->body)));
	return true;
}

void underlay_note(struct underlay *u, const char *name,
		   const struct resolve_hit *found)
{
	struct hit hit;

	memcpy(hit.bytes, found->hit, sizeof(hit.bytes));
	if (u && found->proof == RESOLVE_PROOF_AUTHORITY)
		vouch_note(u->vouch, &hit, name);
}

const char *underlay_name(const struct underlay *u, const struct hit *hit)
{
	return u ? vouch_name(u->vouch, hit) : NULL;
}

struct underlay *underlay_new(struct engine *e)
{
	struct underlay *u = calloc(1, sizeof(*u));
	uint8_t seed[TABLE_SEED_LEN];

	if (!u)
		return NULL;
	u->e = e;
	u->since_ms = engine_now_ms();
	randombytes_buf(seed, sizeof(seed));
	links_init(&u->links, e->config.association_max, seed);
	u->vouch = vouch_new(seed);
	if (!u->vouch) {
		underlay_free(u);
		return NULL;
	}
	underlay_load_names(u);
	return u;
}

void underlay_free(struct underlay *u)
{
	if (!u)
		return;
	links_clear(&u->links);
	vouch_free(u->vouch);
	published_clear(&u->published);
	json_decref(u->shown);
	pins_free(u->seen);
	free(u);
}
