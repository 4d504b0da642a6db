/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Enrolment where the authority is on this host: who gets a certificate,
 * who comes in to ask for one, and the list of those that hold no more.
 */
#include "daemon/enrol_impl.h"

#include "daemon/base/log.h"
#include "daemon/base/overlay_ipc.h"
#include "daemon/naming.h"
#include "daemon/recovery.h"
#include "daemon/statefile.h"
#include "daemon/underlay.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LIST_MS = REVOCATION_PERIOD_S / 2 * 1000,
	GIVE_MS = 3600 * 1000, /* all parts once more */
	LISTS_AT_ONCE = 16,    /* parts, of at most 3,000 bytes */
	ENDED_S = 60, /* between looks for certificates that have ended */
	ISSUES_AT_ONCE = 32, /* then one each: */
	ISSUES_MS = 50,
	LOOKED_AT = 64, /* associations, for members */
};

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

/* The engine's own host as somebody who may get a certificate. */
struct issuer_host enrol_own_host(const struct engine *e)
{
	struct issuer_host host = {
		.hit = *identity_hit(e->id),
		.algorithm = identity_algorithm(e->id),
	};

	host.hi.bytes = identity_hi(e->id, &host.hi.len);
	return host;
}

bool enrol_has_member(const struct enrol *en, const struct hit *hit)
{
	return en->issuer && issuer_has_host(en->issuer, hit, now_s());
}

bool enrol_may_come_back(const struct enrol *en, const struct hit *hit)
{
	return en->issuer && issuer_may_renew(en->issuer, hit, now_s());
}

/* Others may have more to say of it. */
static void tell_member(void *ctx, const struct hit *hit)
{
	struct enrol *en = ctx;
	struct locator locators[LOCATORS_MAX];
	size_t n;

	if (!engine_has_peer(en->e, hit) &&
	    !hit_equal(hit, identity_hit(en->e->id)) &&
	    !enrol_names(en, hit, locators, &n))
		recovery_tell_peer(en->e, hit, NULL, 0);
}

void enrol_tell_members(struct enrol *en)
{
	if (en->issuer &&
	    issuer_hosts(en->issuer, now_s(), tell_member, en) < 0)
		log_error("authority", "its members cannot be read");
}

/*
 * Strangers come in while an invitation can be spent; and some while longer,
 * so that who comes with one that was spent hears it. For that nobody is let
 * in who shows a certificate that was taken back.
 */
void enrol_judge_guests(struct enrol *en)
{
	enum host_guests guests = HOST_GUESTS_NONE;
	uint64_t now = now_s();

	if (en->issuer && guests_have_room(&en->guests))
		guests = issuer_open_invitations(en->issuer, now) > 0
				 ? HOST_GUESTS_ALL
			 : issuer_expects_to_refuse(en->issuer, now)
				 ? HOST_GUESTS_FRESH
				 : HOST_GUESTS_NONE;
	host_let_guests_in(en->e->host, guests);
}

bool enrol_is_guest(const struct enrol *en, const struct hit *hit)
{
	const struct engine *e = en ? en->e : NULL;
	struct locator locators[LOCATORS_MAX];
	size_t n;

	return e && en->issuer && e->config.accept != CONFIG_ACCEPT_ANY &&
	       !engine_has_peer(e, hit) && !pins_has_hit(e->pins, hit) &&
	       !enrol_names(en, hit, locators, &n) &&
	       !enrol_has_member(en, hit) &&
	       !underlay_is_vouched(e->underlay, hit) &&
	       !(e->config.unverified == CONFIG_UNVERIFIED_FIRST_USE &&
		 e->seen && pins_has_hit(e->seen, hit));
}

void enrol_judge_guest(struct enrol *en, const struct hip_output *o)
{
	if (!enrol_is_guest(en, &o->hit))
		return;
	guests_on_peer(&en->guests, &o->hit, o->state, engine_now_ms());
	enrol_judge_guests(en);
}

static void close_guests(struct enrol *en, uint64_t now_ms)
{
	struct hip_input in = { .kind = HIP_IN_CLOSE };
	struct host_assoc_info a;

	while (guests_take_late(&en->guests, now_ms, &in.hit))
		if (host_assoc_find(en->e->host, &in.hit, &a))
			engine_input(en->e, &in);
}

void enrol_renew_own(struct enrol *en)
{
	struct engine *e = en->e;
	const struct issuer_host host = enrol_own_host(e);
	struct membership m = e->membership;
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len = 0;
	int err = issuer_issue(en->issuer, m.name, &host, now_s(), bytes, &len);

	if (err == 0)
		err = membership_take_certificate(&m, identity_hit(e->id),
						  bytes, len, now_s());
	if (err == 0)
		err = enrol_take(en, &m);
	if (err < 0)
		log_error("authority", "our own certificate is not renewed: %s",
			  strerror(-err));
}

/* Who has got the last one is told no more. */
static void warn_list(struct enrol *en, int err)
{
	struct engine *e = en->e;

	warnings_remove(&e->warnings, "revocations-too-many");
	if (err < 0)
		log_error("authority", "no revocation list is made: %s",
			  strerror(-err));
	if (err == -ENOSPC)
		warnings_add(&e->warnings, "revocations-too-many",
			     "revoke no more of them; the first of them go "
			     "from the list when their certificates end, 30 "
			     "days after they were given; until then tell "
			     "the members who is not to be let in",
			     "the revocation list has no room for all that "
			     "are revoked: the last one stays as it is");
	en->list_err = err;
}

bool enrol_list_is_too_long(const struct enrol *en)
{
	return en->list_err == -ENOSPC;
}

/* Where there are many parts, by and by. */
static void make_list(struct enrol *en)
{
	int err = issuer_make_list(en->issuer, now_s());

	if (err == -EAGAIN)
		en->list_ms = 0; /* in the next second */
	else
		warn_list(en, err);
}

/* The resolver takes so many at once as its socket holds. */
static void give_list(struct enrol *en)
{
	struct span list;

	while (issuer_next_list(en->issuer, PARTS_HERE, &list))
		underlay_take_list(en->e->underlay, list.bytes, list.len);
	for (int i = 0; i < LISTS_AT_ONCE && naming_has_resolver(en->e->naming);
	     i++) {
		if (!issuer_next_list(en->issuer, PARTS_OVERLAY, &list))
			return;
		(void)naming_send(en->e->naming, RESOLVE_REVOKED, list.bytes,
				  list.len);
	}
}

static void tell_again(void *ctx, const struct hit *hit)
{
	enrol_tell_peer(ctx, hit);
}

/* It may come again, but for nothing else than to renew. */
static void tell_ended(void *ctx, const struct hit *hit)
{
	struct enrol *en = ctx;
	const struct hip_input in = { .kind = HIP_IN_PEER_REMOVE, .hit = *hit };

	if (enrol_is_guest(en, hit))
		engine_input(en->e, &in);
	enrol_tell_peer(en, hit);
}

/* Whose certificate has ended is known no more, unless it has another. */
static void end_members(struct enrol *en)
{
	uint64_t now = now_s();

	if (en->ended_s == 0)
		en->ended_s = now; /* only members were told of so far */
	if (now < en->ended_s + ENDED_S)
		return;
	if (issuer_ended_hosts(en->issuer, en->ended_s, now, tell_ended, en) <
	    0)
		log_error("authority", "its members cannot be read");
	en->ended_s = now;
}

static void on_issued(struct enrol *en, const struct hit *to,
		      const struct span *certificate)
{
	char hit[HIT_TEXT_MAX];
	struct certificate c;

	hit_text(to, hit);
	if (certificate_verify(issuer_authority(en->issuer), certificate->bytes,
			       certificate->len, now_s(), &c) != CERTIFICATE_OK)
		c.name[0] = '\0'; /* nobody's doing but ours */
	log_limited(&en->issued_log, engine_now_ms(), LOG_LEVEL_INFO,
		    "authority", "gave a certificate to %s, name=%s", hit,
		    c.name);
	guests_remove(&en->guests, to);
	underlay_vouch(en->e->underlay, to, certificate);
	enrol_tell_peer(en, to);
	enrol_judge_guests(en);
}

/* Each takes a look into the registry, and some a signature. */
static bool may_answer(struct enrol *en)
{
	uint64_t now_ms = engine_now_ms();

	if (pace_allow(&en->issues, ISSUES_AT_ONCE, ISSUES_MS, now_ms))
		return true;
	log_limited(&en->issues_log, now_ms, LOG_LEVEL_WARNING, "authority",
		    "too many hosts ask for a certificate at once");
	return false;
}

int enrol_on_issue(struct enrol *en, const struct ipc_message *m)
{
	struct enrol_reply r = { .answer = { .result = ENROL_UNKNOWN } };
	uint8_t bytes[CERTIFICATE_MAX], body[ENROL_MESSAGE_MAX];
	struct enrol_ask ask;
	struct hit from;

	if (!enrol_ask_parse(m->body, m->len, &ask))
		return -EPROTO;
	memcpy(from.bytes, ask.hit, sizeof(from.bytes));
	r.id = ask.id;
	if (en->issuer && !may_answer(en))
		r.answer.result = ENROL_LATER;
	else if (en->issuer)
		issuer_answer(en->issuer, &from, &ask.request, now_s(), bytes,
			      &r.answer);
	if (r.answer.result == ENROL_OK)
		on_issued(en, &from, &r.answer.certificate);
	(void)naming_send(en->e->naming, ENROL_ISSUED, body,
			  enrol_reply_write(&r, body, sizeof(body)));
	return 0;
}

void enrol_open_issuer(struct enrol *en)
{
	struct engine *e = en->e;
	int err = e->membership.founder
			  ? issuer_open(e->config.state, e->membership.overlay,
					&en->issuer)
			  : 0;

	if (err < 0)
		warnings_add(&e->warnings, "authority-missing",
			     "hipline authority import FILE, with what hipline "
			     "authority export has written",
			     "the authority of %s cannot be used: %s",
			     e->membership.overlay, strerror(-err));
	enrol_warn_authority(en);
}

void enrol_note_members(struct enrol *en)
{
	static struct host_assoc_info all[LOOKED_AT];
	size_t n = host_assoc_list(en->e->host, all, LOOKED_AT);

	if (!en->issuer)
		return; /* of the one that was left before */
	en->n_members = 0;
	for (size_t i = 0; i < n && i < LOOKED_AT &&
			   en->n_members < MEMBERSHIP_BOOTSTRAPS_MAX;
	     i++)
		if (all[i].state == ASSOC_ESTABLISHED &&
		    enrol_has_member(en, &all[i].hit))
			en->members[en->n_members++] = (struct token_bootstrap){
				.hit = all[i].hit,
				.locator = all[i].remote,
			};
}

/* Of this host, when it says none. */
static int choose_name(struct issuer *is, const char *overlay,
		       const struct hit *hit, char out[NAME_LEN_MAX + 1])
{
	int err = issuer_name_of(is, hit, now_s(), out);

	if (err == -ENOENT) {
		(void)snprintf(out, NAME_LEN_MAX + 1, "admin@%s",
			       overlay); /* a domain is shorter by far */
		err = 0;
	}
	return err;
}

int enrol_create(struct enrol *en, const char *overlay, const char *name)
{
	struct engine *e = en->e;
	const struct issuer_host host = enrol_own_host(e);
	struct membership m = { .founder = true };
	const struct authority *a;
	struct issuer *is = NULL;
	char chosen[NAME_LEN_MAX + 1];
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len = 0;
	int err = issuer_create(e->config.state, overlay, &is);

	if (err < 0)
		return err;
	a = issuer_authority(is);
	memcpy(m.overlay, a->overlay, sizeof(m.overlay));
	m.authority_host = host.hit;
	m.authority_algorithm = a->algorithm;
	m.authority_hi_len = a->hi_len;
	memcpy(m.authority_hi, a->hi, a->hi_len);
	for (size_t i = 0; i < en->n_members; i++) /* of this authority? */
		if (issuer_has_host(is, &en->members[i].hit, now_s()))
			m.bootstraps[m.n_bootstraps++] = en->members[i];
	if (!name)
		err = choose_name(is, overlay, &host.hit, chosen);
	if (err == 0)
		err = issuer_issue(is, name ? name : chosen, &host, now_s(),
				   bytes, &len);
	if (err == 0)
		err = membership_take_certificate(&m, &host.hit, bytes, len,
						  now_s());
	if (err == 0)
		err = enrol_take(en, &m);
	if (err < 0) {
		issuer_close(is);
		return err;
	}
	en->issuer = is;
	enrol_warn_authority(en);
	enrol_tell_peers(en);
	enrol_on_resolver(en);
	return 0;
}

void enrol_close_issuer(struct enrol *en)
{
	struct issuer *is = en->issuer;

	if (!is)
		return;
	en->issuer = NULL;
	en->guests = (struct guests){ 0 };
	enrol_judge_guests(en);
	if (issuer_hosts(is, now_s(), tell_again, en) < 0)
		log_error("authority", "its members cannot be read");
	issuer_close(is);
}

static void warn_backup(struct enrol *en)
{
	struct engine *e = en->e;

	warnings_remove(&e->warnings, "authority-not-exported");
	if (en->issuer && !issuer_is_exported(en->issuer))
		warnings_add(&e->warnings, "authority-not-exported",
			     "hipline authority export FILE, and keep it "
			     "elsewhere",
			     "there is no backup of the authority of %s",
			     e->membership.overlay);
}

void enrol_warn_authority(struct enrol *en)
{
	struct engine *e = en->e;

	warn_backup(en);
	warnings_remove(&e->warnings, "authority-left");
	if (e->membership.founder || e->state_dir < 0 ||
	    !issuer_overlay(e->config.state, en->left) ||
	    strcmp(en->left, e->membership.overlay) == 0) {
		en->left[0] = '\0';
		return;
	}
	warnings_add(&e->warnings, "authority-left",
		     "hipline create with the name of that overlay takes it up "
		     "again, after hipline leave where this host is in another "
		     "one or joins it; if it is not needed any more, move "
		     "authority.pem and authority.db away",
		     "the authority of %s is on this host, in %s, but this "
		     "host is no member of %s: nobody is invited, and no "
		     "certificate is renewed",
		     en->left, e->config.state, en->left);
}

/* It was moved away, or we have joined its overlay. */
static void look_after_left(struct enrol *en)
{
	const struct engine *e = en->e;

	if (en->left[0] != '\0' &&
	    (faccessat(e->state_dir, "authority.pem", F_OK, 0) < 0 ||
	     strcmp(en->left, e->membership.overlay) == 0))
		enrol_warn_authority(en);
}

void enrol_tick_authority(struct enrol *en, uint64_t now_ms)
{
	look_after_left(en);
	if (!en->issuer)
		return;
	close_guests(en, now_ms);
	enrol_judge_guests(en);
	end_members(en);
	if (now_ms >= en->list_ms) {
		/* Not at first: the clock may be set only now. */
		if (en->list_ms > 0 && issuer_purge(en->issuer, now_s()) < 0)
			log_error("authority", "what is over is not purged");
		en->list_ms = now_ms + LIST_MS;
		make_list(en);
	}
	if (now_ms >= en->give_ms) { /* some may have found no room there */
		en->give_ms = now_ms + GIVE_MS;
		issuer_list_again(en->issuer, PARTS_OVERLAY);
	}
	give_list(en);
}

static void drop_import(struct enrol *en)
{
	if (en->import)
		sodium_memzero(en->import, en->import_len);
	free(en->import);
	en->import = NULL;
	en->import_len = 0;
}

int enrol_import_part(struct enrol *en, size_t offset, const char *text)
{
	size_t len = strlen(text);
	char *all;

	if (offset == 0)
		drop_import(en);
	if (offset != en->import_len)
		return -EINVAL;
	if (len > STATEFILE_MAX - en->import_len)
		return -EFBIG;
	all = malloc(en->import_len + len + 1);
	if (!all)
		return -ENOMEM;
	if (en->import)
		memcpy(all, en->import, en->import_len);
	memcpy(all + en->import_len, text, len + 1);
	len += en->import_len;
	drop_import(en);
	en->import = all;
	en->import_len = len;
	return 0;
}

int enrol_import(struct enrol *en, size_t len)
{
	struct engine *e = en->e;
	int err = -EINVAL;

	if (en->import && len == en->import_len)
		err = issuer_import(e->config.state, en->import, len);
	drop_import(en);
	if (err == 0 && e->membership.founder && !en->issuer) {
		warnings_remove(&e->warnings, "authority-missing");
		enrol_open_issuer(en);
		enrol_tell_members(en);
		enrol_on_resolver(en);
	}
	if (err == 0)
		enrol_warn_authority(en);
	return err;
}
