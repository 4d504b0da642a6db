/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * An overlay's life in the engine: become its authority, ask one for a
 * certificate until it comes, have it renewed, leave. The network's side is
 * the resolver's (base/enrol.h); nothing of it is trusted before it has been
 * checked here.
 */
#ifndef HIPLINE_ENROLLING_H
#define HIPLINE_ENROLLING_H

#include "daemon/base/enrol.h"
#include "daemon/engine.h"
#include "daemon/issuer.h"

#include <jansson.h>

struct enrol;
struct ipc_message;

/*
 * After the membership was loaded: opens the authority that is here, and
 * goes on with a join that was interrupted. NULL for want of memory.
 */
struct enrol *enrol_new(struct engine *e);
void enrol_free(struct enrol *en);

/* There is a resolver, a new one. */
void enrol_on_resolver(struct enrol *en);

/* A message of the resolver. 0, or -EPROTO when it is none of enrolment. */
__attribute__((warn_unused_result)) int
enrol_on_message(struct enrol *en, const struct ipc_message *m);

/* An association's state has changed. */
void enrol_on_peer(struct enrol *en, const struct hip_output *o);

/* What is due; once a second. */
void enrol_tick(struct enrol *en, uint64_t now_ms);

/* A control client waits no longer. */
void enrol_on_gone(struct enrol *en, const struct control_client *client);

/* Tells the host of all those that enrolment speaks for. */
void enrol_tell_peers(struct enrol *en);

/*
 * Whether enrolment speaks for a HIT: the authority and the bootstraps of
 * our overlay or of the one we join; at the authority, every member. Where
 * they are said to be goes to out[LOCATORS_MAX].
 */
bool enrol_speaks_for(const struct enrol *en, const struct hit *hit,
		      struct locator out[], size_t *n);

/* Whether it is the host of the authority of our overlay, or of the one that
 * we join; its certificate may never have been seen here. */
bool enrol_is_authority(const struct enrol *en, const struct hit *hit);

/*
 * Whether a host with an association is let in for nothing but to enrol: it
 * is not known, and no certificate speaks for it.
 */
bool enrol_is_guest(const struct enrol *en, const struct hit *hit);

/* The authority that is on this host, or NULL. */
struct issuer *enrol_issuer(struct enrol *en);

/* A host has got a certificate, or lost it: it is known, or no more. */
void enrol_tell_peer(struct enrol *en, const struct hit *hit);

/* A host's certificate is revoked: we do not begin with it any more. */
void enrol_on_revoked(struct enrol *en, const struct hit *hit);

/* The revocation list has changed: makes the next one, for publication. */
void enrol_list_changed(struct enrol *en);

/* Whether there is no room on the list for all that are revoked. */
bool enrol_list_is_too_long(const struct enrol *en);

/* Warns while there is no backup of the authority, or while one is here that
 * this host has left. */
void enrol_warn_authority(struct enrol *en);

/*
 * A backup of an authority, part for part, then the whole of that length
 * becomes the authority of this host's files. 0; -EINVAL for a part that is
 * not the next one; -EFBIG; or as issuer_import.
 */
__attribute__((warn_unused_result)) int
enrol_import_part(struct enrol *en, size_t offset, const char *text);
__attribute__((warn_unused_result)) int enrol_import(struct enrol *en,
						     size_t len);

/* This host becomes its authority, under `name`; NULL: the one that an
 * authority which is there has given this host, else admin@. 0 or a negative
 * errno, as issuer_create and issuer_issue. */
__attribute__((warn_unused_result)) int
enrol_create(struct enrol *en, const char *overlay, const char *name);

/* Begins to join, or goes on. 0 or a negative errno: nothing was begun. */
__attribute__((warn_unused_result)) int enrol_join(struct enrol *en,
						   const struct token *t);

/* Whether the configuration names that overlay, or none. */
bool enrol_is_configured(const struct engine *e, const char *overlay);

/* The invitation with which we join just now, or NULL. */
const struct token *enrol_joining(const struct enrol *en);

/* Why the last attempt did not succeed; until the next, or NULL. */
const char *enrol_trouble(const struct enrol *en);

/* Why the last join has ended without success, or NULL. */
const char *enrol_refusal(const struct enrol *en);

/*
 * Answers this client when the join has ended, when it is in trouble that it
 * has not been told of, or after that time. False when too many wait.
 */
bool enrol_wait(struct enrol *en, struct control_client *client,
		uint64_t end_ms, bool knows_trouble);

/* Before an authority's overlay is left: where its members are. */
void enrol_note_members(struct enrol *en);

/* Forgets overlay, certificate, and a join that has not ended. */
__attribute__((warn_unused_result)) int enrol_leave(struct enrol *en);

/* JSON of where we stand: what create, join and the waiting answer. */
json_t *enrol_report(const struct enrol *en);

#endif
