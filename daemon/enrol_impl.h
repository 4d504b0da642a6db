/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the files of enrolment share. Nobody else includes this.
 */
#ifndef HIPLINE_ENROL_IMPL_H
#define HIPLINE_ENROL_IMPL_H

#include "daemon/base/log.h"
#include "daemon/enrol.h"
#include "daemon/guests.h"
#include "daemon/hip/pace.h"

struct waiting {
	struct control_client *client; /* NULL: free */
	uint64_t end_ms;
	bool knows_trouble;
};

struct enrol {
	struct engine *e;
	struct issuer *issuer;		/* of the authority that is here */
	char left[NAME_DOMAIN_MAX + 1]; /* of one that is here, unused; or "" */
	/* Members when it was left: the way in when it is taken up again. */
	struct token_bootstrap members[MEMBERSHIP_BOOTSTRAPS_MAX];
	size_t n_members;
	struct guests guests;
	struct pace issues; /* requests that it answers */
	struct log_limit issues_log, issued_log;
	bool joining;
	struct token token;
	const char *trouble; /* of the last attempt */
	char unreached[384]; /* this, when nobody has answered it */
	char refusal[256];   /* why the last join has ended; or "" */
	uint64_t id;	     /* of the request that is out; 0: none is */
	uint64_t last_id;
	uint64_t sent_ms; /* when that request went out */
	uint64_t next_ms; /* when to ask again */
	uint64_t pause_ms;
	uint64_t asked_s;  /* when a renewal was asked for, by the wall clock */
	uint64_t asked_ms; /* the same by the other one */
	uint64_t list_ms;  /* when to make the next revocation list */
	uint64_t give_ms;  /* when the resolver gets all of it again */
	int list_err;	   /* of that one */
	uint64_t ended_s;  /* who was a member then was told of */
	char *import;	   /* of a backup, what has come */
	size_t import_len;
	struct waiting waiting[CONTROL_CLIENTS_MAX];
};

/* enrol.c */

/* *m is what we are from now on. 0, or a negative errno: it was before. */
__attribute__((warn_unused_result)) int enrol_take(struct enrol *en,
						   const struct membership *m);

/* As enrol_speaks_for, without what the authority here has given. */
bool enrol_names(const struct enrol *en, const struct hit *hit,
		 struct locator out[], size_t *n);

/* Sends it by the resolver; en->id is its number when that was possible. */
void enrol_send_request(struct enrol *en, const struct hit *to,
			const struct enrol_request *request);

/* Whether asking again may help. */
bool enrol_is_passing(enum enrol_result result);

/* enrol_report.c */

/* Why a join has not come about so far: in en->trouble, and as a warning. */
void enrol_note_trouble(struct enrol *en, enum enrol_result result);

/* enrol_renew.c */

/* Asks for another certificate where that is due and no request is out. */
void enrol_attempt_renewal(struct enrol *en, uint64_t now_ms);

/* The authority's host may be back: it is asked again soon, to join or for
 * another certificate. */
void enrol_look_for_authority(struct enrol *en, const struct hip_output *o);

/* What the authority has answered to that. */
void enrol_on_renewed(struct enrol *en, const struct enrol_answer *a);

/* enrol_authority.c; each does nothing where there is no authority. */

/* The engine's own host as somebody who may get a certificate. */
struct issuer_host enrol_own_host(const struct engine *e);

/* Where we have founded the overlay. */
void enrol_open_issuer(struct enrol *en);

/* Its members are known no more. */
void enrol_close_issuer(struct enrol *en);

/* Our own certificate, without asking anybody. */
void enrol_renew_own(struct enrol *en);

bool enrol_has_member(const struct enrol *en, const struct hit *hit);

/* Whether its certificate has ended, and may still be renewed. */
bool enrol_may_come_back(const struct enrol *en, const struct hit *hit);

/* An association's state has changed: is it a guest's? */
void enrol_judge_guest(struct enrol *en, const struct hip_output *o);

void enrol_tell_members(struct enrol *en);
void enrol_judge_guests(struct enrol *en);
void enrol_tick_authority(struct enrol *en, uint64_t now_ms);

/* ENROL_ISSUE. 0, or -EPROTO. */
__attribute__((warn_unused_result)) int
enrol_on_issue(struct enrol *en, const struct ipc_message *m);

/* enrol_peers.c: these are others now, or are peers no more. */
void enrol_tell_bootstraps(struct enrol *en, const struct token_bootstrap *all,
			   size_t n);

#endif
