/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the engine does under the overlay, whose node is the resolver's
 * process: it tells it what we are and where, makes the associations that it
 * asks for and keeps them, asks it where hosts are, signs for it, and has it
 * publish and look up names. Who comes back after a crash is told all again.
 */
#ifndef HIPLINE_UNDERLAY_H
#define HIPLINE_UNDERLAY_H

#include "daemon/base/ipc.h"
#include "daemon/hip/host.h"
#include "daemon/published.h"

#include <jansson.h>

struct engine;
struct underlay;

/* For the membership in *e, with its host; NULL for want of memory. */
struct underlay *underlay_new(struct engine *e);
void underlay_free(struct underlay *u);

/* host_conf.admit; ctx is the engine. */
uint64_t underlay_admit(void *ctx, const struct hit *hit,
			const uint8_t *certificate, size_t len);

/* The membership is another; the hook of the engine. */
void underlay_on_membership(struct engine *e);

/* A resolver has begun, and knows its configuration; or it has ended. */
void underlay_on_resolver(struct underlay *u);
void underlay_on_resolver_gone(struct underlay *u);

/*
 * We are about to stop: the overlay's neighbours are told, so that none looks
 * for us. False when there is none to tell; else engine_on_left says when.
 */
bool underlay_stop(struct underlay *u);

/* There may be others to begin with. */
void underlay_on_bootstraps(struct underlay *u);

/* The configuration was read again. */
void underlay_configure(struct underlay *u);

/* A message of the resolver: 0, or -EPROTO. */
__attribute__((warn_unused_result)) int
underlay_on_message(struct underlay *u, const struct ipc_message *m);

/*
 * A revocation list: when it is newer and the authority's, those whose
 * certificates are on it have no business here any more.
 */
void underlay_take_list(struct underlay *u, const uint8_t *list, size_t len);

/*
 * Before the membership ends: the names that we publish are taken away, then
 * the neighbours are told. False when there is nobody to tell; else
 * command_on_left says when that is done, or was not within 15 seconds. u
 * may be NULL.
 */
bool underlay_leave(struct underlay *u);

/* Whether that is going on. u may be NULL. */
bool underlay_is_leaving(const struct underlay *u);

/* There is no more time for it: it is left as things are. u may be NULL. */
void underlay_end_leaving(struct underlay *u);

/* Whether our own certificate is on the list. u may be NULL. */
bool underlay_is_revoked(const struct underlay *u);

/* What the operator can do about a host that was not reached for that reason:
 * as unreached_remedy, unless no member lets us in. u may be NULL. */
const char *underlay_remedy(const struct underlay *u, const struct hit *hit,
			    const char *reason);

/* A certificate that the authority here has just given: its holder is known by
 * it from now on, and not by one that was revoked. u may be NULL. */
void underlay_vouch(struct underlay *u, const struct hit *hit,
		    const struct span *certificate);

/* Whether the host is of those whose certificate is revoked, and nothing else
 * speaks for it here. u may be NULL. */
bool underlay_refuses(const struct underlay *u, const struct hit *hit);

/* Whether a certificate that holds now is known of the host. */
bool underlay_is_vouched(const struct underlay *u, const struct hit *hit);

/* For how long that certificate holds; 0: there is none. */
uint64_t underlay_vouched_ms(const struct underlay *u, const struct hit *hit);

/* That list: its number (0: there is none) and how many are on it. */
uint64_t underlay_list(const struct underlay *u, size_t *entries);

/*
 * Outputs of the host, which may not have inputs now: a state, and true says
 * that the association is to be kept; and a host that is wanted, of which
 * false says that nobody is asked.
 */
bool underlay_on_peer(struct underlay *u, const struct hip_output *o);
bool underlay_on_want(struct underlay *u, const struct hit *hit);

/* An association that is to be kept stands. */
void underlay_keep(struct underlay *u, const struct hit *hit);

/* Whether the overlay wants that association kept. u may be NULL. */
bool underlay_keeps(const struct underlay *u, const struct hit *hit);

/* Each second. */
void underlay_tick(struct underlay *u, uint64_t now_ms);

/* Whether a canonical name is the overlay's to tell, and whether it can. */
bool underlay_has_name(const struct underlay *u, const char *name);

/* The overlay that we are joining, when it can tell of that name; or NULL. */
const char *underlay_awaited(const struct engine *e, const char *name);
bool underlay_can_ask(const struct underlay *u);

/* Whether this host is in the ring, as far as was shown. u may be NULL. */
bool underlay_is_joined(const struct underlay *u);

/* Looks a name up: command_on_found hears of it. False when it cannot. */
bool underlay_lookup(struct underlay *u, uint64_t id, const char *name);

/* Publishes a name, or takes it away: 0, or as published_add. */
__attribute__((warn_unused_result)) int underlay_publish(struct underlay *u,
							 const char *name);
__attribute__((warn_unused_result)) int underlay_unpublish(struct underlay *u,
							   const char *name);
struct published *underlay_published(struct underlay *u);

/* The overlay has found that host under that name. */
void underlay_note(struct underlay *u, const char *name,
		   const struct resolve_hit *found);

/* A name of that host, or NULL. */
const char *underlay_name(const struct underlay *u, const struct hit *hit);

/* `overlay` of status, null when this host is in none, and its names; NULL for
 * want of memory. */
json_t *underlay_report(const struct underlay *u);
/* The same of a host that is only joining it: takes what enrol_report says. */
json_t *underlay_report_joining(const struct underlay *u, json_t *joining);
json_t *underlay_names(const struct underlay *u);

/* What names were at their first use: name and HIT of each. NULL for want of
 * memory. */
json_t *underlay_seen(const struct underlay *u);

/* Has the resolver forget what a name was; false when nothing is known. */
bool underlay_forget(struct underlay *u, const char *name);

/* What was said against that is over: the operator has decided. */
void underlay_settle(struct underlay *u, const char *name);

#endif
