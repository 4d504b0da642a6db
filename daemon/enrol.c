/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A join lasts until the authority has said yes or no, over restarts: the
 * token stands in a file of the state directory until then.
 */
#include "daemon/enrol_impl.h"

#include "daemon/base/log.h"
#include "daemon/bootstraps.h"
#include "daemon/command.h"
#include "daemon/naming.h"
#include "daemon/statefile.h"
#include "daemon/underlay.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST_RETRY_MS = 2000, /* then doubled */
	LAST_RETRY_MS = 60000,
	SILENT_MS = 10000, /* of a request, until it counts as trouble */
};

static const char file_name[] = "joining";

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

const struct token *enrol_joining(const struct enrol *en)
{
	return en && en->joining ? &en->token : NULL;
}

struct issuer *enrol_issuer(struct enrol *en)
{
	return en->issuer;
}

static void answer(struct waiting *w, const struct enrol *en,
		   enum api_exit exit, const char *text)
{
	struct command_answer a = { .exit = exit };

	if (text)
		strncpy(a.text, text, sizeof(a.text) - 1);
	if (exit == API_DONE)
		a.json = enrol_report(en);
	command_send(w->client, &a);
	w->client = NULL;
}

static void answer_all(struct enrol *en, enum api_exit exit, const char *text)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (en->waiting[i].client)
			answer(&en->waiting[i], en, exit, text);
}

/* To those who were not told yet. */
static void tell_trouble(struct enrol *en)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (en->waiting[i].client && !en->waiting[i].knows_trouble)
			answer(&en->waiting[i], en, API_DONE, NULL);
}

static void has_trouble(struct enrol *en, enum enrol_result result)
{
	enrol_note_trouble(en, result);
	tell_trouble(en);
}

bool enrol_wait(struct enrol *en, struct control_client *client,
		uint64_t end_ms, bool knows_trouble)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (en->waiting[i].client)
			continue;
		en->waiting[i] =
			(struct waiting){ client, end_ms, knows_trouble };
		return true;
	}
	return false;
}

void enrol_on_gone(struct enrol *en, const struct control_client *client)
{
	for (size_t i = 0; en && i < CONTROL_CLIENTS_MAX; i++)
		if (en->waiting[i].client == client)
			en->waiting[i].client = NULL;
}

static void send_serve(struct enrol *en)
{
	struct engine *e = en->e;
	struct enrol_serve s = { .interface = e->config.interface,
				 .listen = en->issuer != NULL };
	uint8_t body[64];

	memcpy(s.hit, identity_hit(e->id)->bytes, sizeof(s.hit));
	(void)naming_send(e->naming, ENROL_SERVE, body,
			  enrol_serve_write(&s, body, sizeof(body)));
}

void enrol_send_request(struct enrol *en, const struct hit *to,
			const struct enrol_request *request)
{
	struct enrol_ask ask = { .id = ++en->last_id, .request = *request };
	uint8_t body[ENROL_MESSAGE_MAX];
	size_t len;

	memcpy(ask.hit, to->bytes, sizeof(ask.hit));
	len = enrol_ask_write(&ask, body, sizeof(body));
	/* Without a resolver it is tried again when there is one. */
	if (len > 0 && naming_send(en->e->naming, ENROL_SEND, body, len)) {
		en->id = ask.id;
		en->sent_ms = engine_now_ms();
	} else {
		en->trouble = "hipline-resolver does not run";
	}
	sodium_memzero(body, sizeof(body));
}

static void ask_to_join(struct enrol *en)
{
	const struct issuer_host host = enrol_own_host(en->e);
	uint8_t bytes[TOKEN_BYTES_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct enrol_request q = { .kind = ENROL_JOIN,
				   .algorithm = host.algorithm,
				   .hi = host.hi };

	token_write(&w, &en->token);
	q.proof = (struct span){ bytes, wr_len(&w) };
	enrol_send_request(en, &en->token.authority, &q);
	sodium_memzero(bytes, sizeof(bytes));
}

static void complain_state(struct enrol *en, const char *what, int err)
{
	warnings_add(&en->e->warnings, "state-not-written",
		     "make room there, or look after its permissions, and "
		     "restart hiplined",
		     "%s cannot be written to %s: %s", what,
		     en->e->config.state, strerror(-err));
}

/* The certificate of *m is ours from now on. */
int enrol_take(struct enrol *en, const struct membership *m)
{
	struct engine *e = en->e;
	int err = e->membership_writable ? membership_save(m, e->state_dir)
					 : -EROFS;

	if (err < 0) {
		complain_state(en, "membership.json", err);
		return err;
	}
	e->membership = *m;
	bootstraps_configure(en->e->bootstraps);
	engine_membership_changed(e);
	return 0;
}

void enrol_on_revoked(struct enrol *en, const struct hit *hit)
{
	struct membership m;
	size_t n = 0;

	if (!en)
		return;
	m = en->e->membership;
	for (size_t i = 0; i < m.n_bootstraps; i++)
		if (!hit_equal(&m.bootstraps[i].hit, hit))
			m.bootstraps[n++] = m.bootstraps[i];
	if (n == m.n_bootstraps)
		return;
	m.n_bootstraps = n;
	if (enrol_take(en, &m) < 0) /* which warns; for this run it holds */
		en->e->membership = m;
}

/* Asks when it is time and no request is out. */
static void attempt(struct enrol *en, uint64_t now_ms)
{
	if (en->id != 0)
		return;
	if (!en->joining) {
		enrol_attempt_renewal(en, now_ms);
	} else if (now_ms >= en->next_ms) {
		ask_to_join(en);
		en->pause_ms = en->pause_ms ? 2 * en->pause_ms : FIRST_RETRY_MS;
		if (en->pause_ms > LAST_RETRY_MS)
			en->pause_ms = LAST_RETRY_MS;
		en->next_ms = now_ms + en->pause_ms;
	}
}

void enrol_on_peer(struct enrol *en, const struct hip_output *o)
{
	if (o->kind != HIP_OUT_PEER)
		return;
	enrol_judge_guest(en, o);
	enrol_look_for_authority(en, o);
}

void enrol_list_changed(struct enrol *en)
{
	en->list_ms = 0;
	enrol_tick(en, engine_now_ms());
}

void enrol_on_resolver(struct enrol *en)
{
	if (!en)
		return;
	send_serve(en);
	en->id = 0; /* the old one's requests are gone with it */
	en->next_ms = 0;
	en->pause_ms = 0;
	en->list_ms = 0;
	issuer_list_again(en->issuer, PARTS_OVERLAY);
	attempt(en, engine_now_ms());
}

static void answer_late(struct enrol *en, uint64_t now_ms)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (en->waiting[i].client && now_ms >= en->waiting[i].end_ms)
			answer(&en->waiting[i], en, API_DONE, NULL);
}

/* The resolver waits longer; who waits for a join should know by now. */
static void judge_silence(struct enrol *en, uint64_t now_ms)
{
	if (en->joining && en->id != 0 && !en->trouble &&
	    naming_has_resolver(en->e->naming) &&
	    now_ms >= en->sent_ms + SILENT_MS)
		has_trouble(en, ENROL_UNREACHABLE);
}

void enrol_tick(struct enrol *en, uint64_t now_ms)
{
	judge_silence(en, now_ms);
	answer_late(en, now_ms);
	attempt(en, now_ms);
	enrol_tick_authority(en, now_ms);
}

/* The token is of no more use. */
static void end_join(struct enrol *en)
{
	const struct token t = en->token;

	if (!en->joining)
		return;
	en->joining = false;
	en->id = 0;
	en->next_ms = 0;
	en->pause_ms = 0;
	sodium_memzero(&en->token, sizeof(en->token));
	if (unlinkat(en->e->state_dir, file_name, 0) < 0 && errno != ENOENT)
		complain_state(en, file_name, -errno);
	warnings_remove(&en->e->warnings, "joining");
	enrol_tell_bootstraps(en, t.bootstraps, t.n_bootstraps);
}

/* Is the answer the certificate that the token promises? */
static int check_joined(struct enrol *en, const struct enrol_answer *a,
			struct membership *m)
{
	const struct token *t = &en->token;
	uint8_t hash[KEY_HASH_LEN];

	(void)crypto_hash_sha256(hash, a->hi.bytes, a->hi.len); /* always 0 */
	if (a->hi.len > HI_MAX || memcmp(hash, t->key_hash, sizeof(hash)) != 0)
		return -EINVAL;
	*m = (struct membership){ .authority_host = t->authority,
				  .authority_algorithm = a->algorithm,
				  .authority_hi_len = a->hi.len,
				  .n_bootstraps = t->n_bootstraps };
	memcpy(m->overlay, t->overlay, sizeof(m->overlay));
	memcpy(m->authority_hi, a->hi.bytes, a->hi.len);
	memcpy(m->bootstraps, t->bootstraps, sizeof(m->bootstraps));
	return membership_take_certificate(m, identity_hit(en->e->id),
					   a->certificate.bytes,
					   a->certificate.len, now_s());
}

static void on_joined(struct enrol *en, const struct enrol_answer *a)
{
	struct membership m;
	int err = check_joined(en, a, &m);

	if (err < 0) {
		en->trouble = enrol_result_text(ENROL_BROKEN);
		tell_trouble(en);
		return;
	}
	if (enrol_take(en, &m) < 0) {
		en->trouble = "the certificate cannot be written down";
		tell_trouble(en);
		return; /* the authority gives the same one again */
	}
	log_info("overlay", "joined %s as %s", m.overlay, m.name);
	end_join(en);
	answer_all(en, API_DONE, NULL);
}

bool enrol_is_passing(enum enrol_result result)
{
	return result == ENROL_LATER || result == ENROL_UNREACHABLE ||
	       result == ENROL_BROKEN;
}

static void on_join_answer(struct enrol *en, const struct enrol_answer *a)
{
	if (a->result == ENROL_OK) {
		on_joined(en, a);
	} else if (enrol_is_passing(a->result) &&
		   now_s() < en->token.expires_s) {
		has_trouble(en, a->result);
	} else {
		(void)snprintf(en->refusal, sizeof(en->refusal),
			       "the invitation is refused: %s; ask for "
			       "another one",
			       enrol_result_text(enrol_is_passing(a->result)
							 ? ENROL_EXPIRED
							 : a->result));
		log_warning("overlay", "joining %s: %s", en->token.overlay,
			    en->refusal);
		end_join(en);
		answer_all(en, API_FAILED, en->refusal);
	}
}

static int on_got(struct enrol *en, const struct ipc_message *m)
{
	struct enrol_reply r;

	if (!enrol_reply_parse(m->body, m->len, &r))
		return -EPROTO;
	if (en->id == 0 || r.id != en->id)
		return 0; /* of something that was given up */
	en->id = 0;
	if (en->joining)
		on_join_answer(en, &r.answer);
	else if (membership_is_set(&en->e->membership))
		enrol_on_renewed(en, &r.answer);
	return 0;
}

int enrol_on_message(struct enrol *en, const struct ipc_message *m)
{
	if (!en)
		return -EPROTO;
	switch (m->type) {
	case ENROL_GOT:
		return on_got(en, m);
	case ENROL_ISSUE:
		return enrol_on_issue(en, m);
	default:
		return -EPROTO;
	}
}

bool enrol_is_configured(const struct engine *e, const char *overlay)
{
	char canonical[NAME_DOMAIN_MAX + 1];

	return e->config.overlay[0] == '\0' ||
	       (name_domain_canonical(e->config.overlay, canonical) == 0 &&
		strcmp(canonical, overlay) == 0);
}

static int keep_token(const struct engine *e, const struct token *t)
{
	char text[TOKEN_TEXT_MAX];
	int err;

	token_text(t, text);
	err = statefile_write(e->state_dir, file_name, text, strlen(text));
	sodium_memzero(text, sizeof(text));
	return err;
}

int enrol_join(struct enrol *en, const struct token *t)
{
	int err = keep_token(en->e, t);

	if (err < 0)
		return err;
	en->token = *t;
	en->joining = true;
	en->trouble = NULL;
	en->refusal[0] = '\0';
	en->id = 0;
	en->pause_ms = 0;
	en->next_ms = 0;
	enrol_tell_bootstraps(en, t->bootstraps, t->n_bootstraps);
	attempt(en, engine_now_ms());
	return 0;
}

int enrol_leave(struct enrol *en)
{
	struct engine *e = en->e;
	const struct membership old = e->membership;
	int err = e->state_dir < 0
			  ? -EROFS
			  : membership_forget(&e->membership, e->state_dir);

	if (err < 0)
		return err;
	end_join(en);
	(void)snprintf(en->refusal, sizeof(en->refusal),
		       "it was given up by hipline leave");
	answer_all(en, API_FAILED, en->refusal);
	en->id = 0;
	enrol_close_issuer(en);
	warnings_remove(&e->warnings, "authority-missing");
	enrol_warn_authority(en);
	warnings_remove(&e->warnings, "not-renewed");
	enrol_tell_bootstraps(en, old.bootstraps, old.n_bootstraps);
	send_serve(en); /* what is on its way is taken back */
	if (membership_is_set(&old))
		engine_membership_changed(e);
	return 0;
}

/* A join that was interrupted by a restart. */
static void load_join(struct enrol *en)
{
	char *text = NULL;
	size_t len = 0;

	if (en->e->state_dir < 0 ||
	    statefile_read(en->e->state_dir, file_name, &text, &len) < 0)
		return;
	if (membership_is_set(&en->e->membership) ||
	    !token_from_text(text, &en->token))
		(void)unlinkat(en->e->state_dir, file_name, 0); /* or later */
	else
		en->joining = true;
	sodium_memzero(text, len);
	free(text);
}

struct enrol *enrol_new(struct engine *e)
{
	struct enrol *en = calloc(1, sizeof(*en));

	if (!en)
		return NULL;
	en->e = e;
	load_join(en);
	if (membership_is_set(&e->membership) &&
	    !enrol_is_configured(e, e->membership.overlay))
		warnings_add(&e->warnings, "overlay-differs",
			     "change the configuration, or hipline leave with "
			     "the name taken out there",
			     "%s says overlay { name = %s }, but this host is "
			     "a member of %s, which holds",
			     e->file, e->config.overlay, e->membership.overlay);
	enrol_open_issuer(en);
	return en;
}

void enrol_free(struct enrol *en)
{
	if (!en)
		return;
	issuer_close(en->issuer);
	free(en->import);
	sodium_memzero(en, sizeof(*en));
	free(en);
}
