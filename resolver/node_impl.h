/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The inside of a node, for the files that make it up: node (what comes in
 * and goes out), session (one overlay), asking (lookups), saying
 * (publications).
 */
#ifndef HIPLINE_NODE_IMPL_H
#define HIPLINE_NODE_IMPL_H

#include "resolver/judge.h"
#include "resolver/limits.h"
#include "resolver/node.h"

/* All that goes with being in one overlay. */
struct session {
	uint16_t serial; /* of whom a signature is */
	bool is_founder;
	size_t n_bootstraps; /* that we were told of */
	struct hit bootstraps[OVERLAY_BOOTSTRAPS_MAX];
	uint64_t alone_ms; /* then it does */
	struct authority authority;
	struct judge *judge;
	struct overlay_config config;
	struct peer *peer;
	char name[NAME_LEN_MAX + 1]; /* of our certificate */
	struct hit hit;
	size_t certificate_len;
	uint8_t certificate[CERTIFICATE_MAX];
};

/* Something to say to the caller, with what it points to. */
struct event {
	struct event *next;
	struct node_output out;
	struct node_found found;
	char *name;
	uint8_t *bytes;
};

/* What a lookup is for. */
enum asked {
	ASKED_NAME,
	ASKED_WHERE,
	ASKED_LIST, /* the revocation list, or a part of it */
	ASKED_OWN,  /* whether our name is found, and who else has it */
};

struct lookup {
	struct lookup *next;
	enum asked what;
	uint64_t id, core_id; /* the caller's, the overlay's */
	uint64_t again_ms;    /* then it is asked again */
	uint8_t tries;
	struct hit host;
	char name[];
};

enum said { SAID_LOCATORS, SAID_LIST, SAID_NAME };

/* A record of ours, to be kept in the overlay. */
struct publication {
	struct publication *next;
	enum said what;
	bool exists, running, changed; /* changed: while it ran */
	enum resolve_name_state state;
	const char *reason; /* static, or the next */
	char device[HIT_TEXT_MAX + 39];
	struct hit other; /* that device */
	uint64_t id, core_id;
	uint64_t due_ms, wait_ms;
	uint64_t late_ms;   /* others have it by then: running */
	uint64_t answer_ms; /* the caller has to have one by then */
	uint64_t ends_ms;   /* what is stored, when it is not renewed */
	uint8_t *list;	    /* the authority's, or a part of it; owned */
	size_t list_len;
	uint64_t list_number;
	uint8_t list_depth;
	bool is_news;	 /* when it is said next */
	bool is_tried;	 /* this list was said to who was there to hear it */
	uint8_t unfound; /* how often in a row a lookup of our own missed it */
	char name[];	 /* of SAID_LIST: which part (revocation_text) */
};

struct node {
	struct node_conf conf;
	struct session *session, *leaving;
	uint64_t leaving_ms; /* it waits until then */
	bool first_use;
	uint16_t next_serial;
	uint64_t now_ms, wall_ms, next_id;
	uint64_t storage_ms; /* the latest that was used */
	uint64_t tokens_ms;
	uint32_t tokens; /* lookups that may begin */
	uint64_t fetch_ms;
	size_t n_lookups, n_names, n_members, n_locators;
	struct hit members[NODE_MEMBERS_MAX];
	struct locator locators[KIND_LOCATORS_MAX];
	uint16_t part_at;   /* the next part of the list to look at */
	size_t parts_asked; /* that are asked for now */
	uint64_t parts_ms;  /* when to ask for more of them */
	uint64_t parts_wait_ms;
	uint64_t review_ms; /* when links of who is revoked are let go */
	bool head_is_news;  /* parts were said that add something */
	struct lookup *lookups;
	struct publication *publications;
	struct event *events, **last, *given;
	struct overlay_output *given_out; /* an output of the overlay */
	size_t n_events;
};

/* A queued event, or NULL at the limit; the caller fills it. */
struct event *node_event(struct node *n, enum node_output_type type);

/* Whether there is anybody to ask, or we are the ring. */
bool node_is_linked(const struct node *n);

/* A time between 9/10 and 11/10 of that. */
uint64_t node_about(struct node *n, uint64_t ms);

/* ---- restore.c ---- */

/* Whether it is one of those to begin with. */
bool node_has_member(const struct node *n, const struct hit *hit);

/* ---- session.c ---- */

struct session *session_new(struct node *n, const struct resolve_overlay *o);
void session_free(struct session *s);
/* The same overlay, authority and host; maybe another certificate. */
bool session_is_of(const struct session *s, const struct resolve_overlay *o);
/* False when the certificate does not hold: nothing is changed. */
bool session_renew(struct node *n, struct session *s,
		   const struct resolve_overlay *o);
void session_tick(struct node *n, struct session *s);
uint64_t session_deadline(const struct session *s);

/* ---- asking.c ---- */

/* False when it could not begin. */
bool asking_start(struct node *n, enum asked what, uint64_t id,
		  const char *name, const struct hit *host);
void asking_on_result(struct node *n, const struct overlay_output *out);
/* What is to be asked again. */
void asking_tick(struct node *n);
uint64_t asking_deadline(const struct node *n);
/* Those that are open get no answer any more. */
void asking_clear(struct node *n);

/* ---- lists.c ---- */

/* What a list is, and whether it took back something more. */
struct taken_list {
	char part[REVOCATION_TEXT_MAX]; /* revocation_text */
	uint64_t number;
	uint8_t depth;
	bool adds;
};

/* False when it is none of the authority's. */
bool lists_take(struct node *n, struct span list, struct taken_list *out);

/* A list that has come, from wherever. */
void lists_on_news(struct node *n, struct span list);

/* What the overlay has at the place of one. */
void lists_on_result(struct node *n, const char *part,
		     const struct overlay_output *out);

/* Asks for what is due; needs a link. */
void lists_fetch(struct node *n);
/* Lets go of who is revoked; needs a session. */
void lists_tick(struct node *n);
uint64_t lists_deadline(const struct node *n);

/* In a new overlay. */
void lists_begin(struct node *n);

/* ---- saying.c ---- */

/* All is to be said anew, soon. */
void saying_again(struct node *n);
void saying_changed(struct node *n, enum said what);
/* A list that was taken. False without memory. */
bool saying_list(struct node *n, struct span list, const struct taken_list *t);
void saying_on_publish(struct node *n, const struct resolve_publish *p);
void saying_on_enough(struct node *n, const struct overlay_output *out);
void saying_on_stored(struct node *n, const struct overlay_output *out);
/* A record of the name by another host was seen. */
void saying_on_conflict(struct node *n, const char *name);
/* Which other host has a certificate for it; NULL: none. */
void saying_on_device(struct node *n, const char *name,
		      const struct hit *device);
/* Whether a lookup of ours found what was stored of a name. */
void saying_on_seen(struct node *n, const char *name, bool found);
/* The one that was said last; NULL: none. */
const struct hit *saying_device(const struct node *n, const char *name);
/* What is due; needs a link. */
void saying_run(struct node *n);
/* To those who have waited long enough. */
void saying_answer(struct node *n);
uint64_t saying_deadline(const struct node *n);
/* What was said in an overlay that is left; our locators are ours. */
void saying_forget(struct node *n);
void saying_clear(struct node *n);

#endif
