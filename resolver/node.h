/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * This host as a node of its overlay, without I/O: what to ask of the
 * overlay and when to say again what we have said. The node of the protocol
 * (peer.h) is inside, with the judge of its values; here is what the engine
 * tells and asks (overlay_ipc.h), and what becomes of it:
 *
 *	our locators		published at the first link, and kept so
 *	names to publish	the same, until told otherwise
 *	LOOKUP of a name	a lookup, and what its values mean (decide.h)
 *	WHERE is a host?	a lookup of its HOST-LOCATORS (kinds.h)
 *	the revocation list	told by others, and fetched from time to time;
 *				published by the authority
 *
 *	node_on_...(n, ..., now); while (node_output(n, &out, now)) ...;
 *	node_tick(n, now) at node_deadline(n)
 */
#ifndef HIPLINE_NODE_H
#define HIPLINE_NODE_H

#include "daemon/base/overlay_ipc.h"
#include "resolver/decide.h"
#include "resolver/kinds.h"
#include "resolver/peer.h"

struct node;

enum {
	NODE_LOOKUPS_MAX = 256,
	NODE_LOOKUPS_PER_S = 50, /* that begin; in a burst ten times that */
	NODE_NAMES_MAX = 24,	 /* published: each signs two records */
	NODE_MEMBERS_MAX = 8,	 /* remembered to begin with */
	NODE_LEAVE_MS = 4000,
	NODE_ALONE_MS = 15000,	 /* a founder that finds nobody begins anew */
	NODE_ORPHANS_MS = 90000, /* so do others, that have met each other */
	NODE_FETCH_MIN_MS = 300 * 1000, /* the list; in a small ring */
	NODE_FETCH_MS = 3600 * 1000,	/* in any */
};

#define NODE_NEVER UINT64_MAX

struct node_conf {
	struct env env;
	size_t mtu; /* of a message on a link */
	/*
	 * Whom a name stood for when it was first used. 0; -ENOENT: for nobody
	 * yet; another negative errno, or no function: nothing is remembered,
	 * and so nothing is believed at first use.
	 */
	int (*first_use)(void *ctx, const char *name, struct hit *out);
	void *ctx;
};

/* NULL without memory. In no overlay yet. */
struct node *node_new(const struct node_conf *conf);
void node_free(struct node *n);

/* The wall clock, to be told before each of the following. */
void node_set_wall(struct node *n, uint64_t wall_ms, uint64_t now_ms);

/*
 * What we are now; changes nothing when it is what we were. Another overlay,
 * or none, leaves the one before: NODE_LEFT tells when that is done, and
 * inputs until then are of the new one. 0, -EINVAL when the authority is
 * none, or -ENOMEM: then we are in none.
 */
__attribute__((warn_unused_result)) int
node_on_overlay(struct node *n, const struct resolve_overlay *o,
		uint64_t now_ms);

void node_on_locators(struct node *n, const struct resolve_places *p,
		      uint64_t now_ms);
void node_on_up(struct node *n, const struct hit *peer, uint64_t now_ms);
void node_on_down(struct node *n, const struct hit *peer, uint64_t now_ms);
void node_on_where(struct node *n, const struct hit *host, uint64_t now_ms);
void node_on_signed(struct node *n, const struct resolve_signed *s,
		    uint64_t now_ms);
/* A canonical name; the id is given back with NODE_FOUND. */
void node_on_lookup(struct node *n, uint64_t id, const char *name,
		    uint64_t now_ms);
void node_on_publish(struct node *n, const struct resolve_publish *p,
		     uint64_t now_ms);
/* The authority's list, ours to publish. False when it does not hold. */
bool node_on_revoked(struct node *n, struct span list, uint64_t now_ms);
void node_on_datagram(struct node *n, const struct hit *from, struct span bytes,
		      uint64_t now_ms);

/* ---- What was kept on disk; to be put in after node_on_overlay. ---- */

/* A record held for others; false when it does not hold any more. */
struct node_record {
	struct resource_id resource;
	uint32_t kind;
	uint64_t generation, expires_ms;
	struct span stored, certificate;
};
bool node_restore_record(struct node *n, const struct node_record *r);
/* The last revocation list, or a part or the head of it. */
void node_restore_revocations(struct node *n, struct span list);
/* Of one, after all of them were given: whether it counts no more. */
bool node_revocations_are_over(const struct node *n, struct span list);
/* A member to begin with, besides the bootstraps. */
void node_restore_member(struct node *n, const struct hit *member,
			 uint64_t now_ms);
/* The latest storage time that we have used: the next ones are later. */
void node_restore_storage_time(struct node *n, uint64_t wall_ms);
uint64_t node_storage_time(const struct node *n);

uint64_t node_deadline(const struct node *n);
void node_tick(struct node *n, uint64_t now_ms);

enum node_output_type {
	NODE_CONNECT,	  /* hit */
	NODE_RELEASE,	  /* hit */
	NODE_SIGN,	  /* id, bytes: the pre-image */
	NODE_DATAGRAM,	  /* bytes for hit */
	NODE_HINT,	  /* hit, locators, bytes: their certificate */
	NODE_FOUND,	  /* id, found */
	NODE_PUBLISHED,	  /* id, name, state, reason */
	NODE_REMEMBER,	  /* name stood for hit at its first use */
	NODE_SEEN,	  /* as before; others say now what found has against */
	NODE_MEMBER,	  /* hit is a member, to begin with next time */
	NODE_REVOCATIONS, /* bytes: a newer list; name: which part of it, or
			     "head", or "" of a whole one */
	NODE_JOINED,
	NODE_LEFT,
};

/* What a name means, in the words of the engine. */
struct node_found {
	enum resolve_result result;
	uint32_t lifetime_s;
	struct resolve_hit hits[RESOLVE_HITS_MAX];
	size_t n_hits;
	struct hit against[REGISTRATION_DEVICES_MAX]; /* not believed */
	size_t n_against;
};

/* Pointers are good until the next call. */
struct node_output {
	enum node_output_type type;
	struct hit hit;
	uint64_t id;
	const char *name;
	struct span bytes;
	struct locator locators[KIND_LOCATORS_MAX];
	size_t n_locators;
	enum resolve_name_state state;
	const char *reason;
	const struct node_found *found;
};
bool node_output(struct node *n, struct node_output *out, uint64_t now_ms);

/* The node of the protocol, or NULL; for its records and for status. */
struct overlay *node_core(const struct node *n);

/* The newest revocation list: its number (0: none); how many are revoked. */
uint64_t node_list(const struct node *n, size_t *entries);

/* How many parts of it are missing. */
size_t node_missing_parts(const struct node *n);

/* The names that are published: the i-th, or NULL. */
const char *node_name(const struct node *n, size_t i,
		      enum resolve_name_state *state, bool *proven);

#endif
