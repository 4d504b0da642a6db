/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the files of the underlay share: underlay.c has associations and
 * messages, underlay_names.c names, warnings and what `status` shows.
 */
#ifndef HIPLINE_UNDERLAY_IMPL_H
#define HIPLINE_UNDERLAY_IMPL_H

#include "daemon/base/log.h"
#include "daemon/engine.h"
#include "daemon/hip/pace.h"
#include "daemon/links.h"
#include "daemon/signer.h"
#include "daemon/underlay.h"
#include "daemon/vouch.h"

struct underlay {
	struct engine *e;
	struct vouch *vouch;
	struct signer signer;
	bool signs; /* signer is of this membership, or of the last one: */
	uint64_t leaving_ms; /* until then its next step is awaited; 0: none */
	size_t n_taking;     /* names that are to be gone before */
	bool is_in;	     /* an overlay, as far as was told: */
	char overlay[NAME_DOMAIN_MAX + 1];
	bool told_overlay;
	struct links links;
	bool must_release; /* all: who wanted them is gone */
	struct pace wheres, lists;
	struct log_limit lists_log, names_log;
	struct resolve_places places;	   /* ours, as told last */
	uint64_t look_ms, show_ms, ask_ms; /* due then */
	bool revoked;	     /* something was, and nobody was told yet */
	uint64_t revoked_ms; /* not before: lists come in hundreds of parts */
	uint64_t close_ms;   /* then associations of who is; 0: of nobody */
	uint64_t watch_ms;   /* until then it is looked at each second */
	uint64_t again_ms;   /* all may be said again to who has no node */
	struct published published;
	bool names_writable;
	bool is_started; /* what is told from now on is news */
	uint64_t last_id;
	json_t *shown;	    /* the resolver's view, or NULL */
	struct pins *seen;  /* names, at first use; or NULL */
	uint64_t joined_ms; /* as far as was shown; 0: it is not */
	uint64_t since_ms;  /* not in the ring since then; 0: is in it */
	uint8_t body[RESOLVE_BODY_MAX];
};

bool underlay_is_member(const struct underlay *u);

/* Sends u->body to the resolver; nothing when len is 0. */
void underlay_send(struct underlay *u, enum resolve_type type, size_t len);

/* Takes what the engine has; 0, or a negative errno: then as if none. */
int underlay_take_membership(struct underlay *u);

/* underlay_leave.c */

/* A name is gone; false when that was not asked for by leaving. */
bool underlay_on_taken_away(struct underlay *u);
void underlay_tick_leaving(struct underlay *u, uint64_t now_ms);
/* To the node: we are of none. */
void underlay_send_none(struct underlay *u);
int underlay_on_left(struct underlay *u, const struct ipc_message *m);

/* Sends our locators as if they were new. */
void underlay_repeat_locators(struct underlay *u);

/* underlay_trust.c */

/* HINT: where a host is, and its certificate. */
int underlay_on_hint(struct underlay *u, const struct ipc_message *m);
/* REVOKED: verified at a pace. */
int underlay_on_revoked(struct underlay *u, const struct ipc_message *m);
/* Asks after one of those with an association of whom no certificate is
 * known that holds for long yet: what it publishes has one. */
void underlay_ask_for_certificate(struct underlay *u);
/* Tells the stub and the contacts that something was revoked, at a pace. */
void underlay_tell_revoked(struct underlay *u, uint64_t now_ms);
/* Closes the associations of who is revoked: a moment later, so that the node
 * can tell it first. Its certificate opens no other meanwhile. */
void underlay_close_revoked(struct underlay *u, uint64_t now_ms);

/* underlay_seen.c */

/* SEEN: what a name was at its first use. */
int underlay_on_seen(struct underlay *u, const struct ipc_message *m);
/* The resolver is another, or the overlay. */
void underlay_clear_seen(struct underlay *u);

/* underlay_names.c */
void underlay_load_names(struct underlay *u);
void underlay_publish_all(struct underlay *u);
void underlay_judge_join(struct underlay *u, bool was_in);
int underlay_on_published(struct underlay *u, const struct ipc_message *m);
int underlay_on_shown(struct underlay *u, const struct ipc_message *m);
void underlay_warn(struct underlay *u, uint64_t now_ms, uint64_t now_s);

#endif
