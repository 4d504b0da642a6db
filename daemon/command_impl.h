/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the files with commands share. Nobody else includes this.
 */
#ifndef HIPLINE_COMMAND_IMPL_H
#define HIPLINE_COMMAND_IMPL_H

#include "daemon/base/name.h"
#include "daemon/command.h"

/* What a command is given. */
struct command_call {
	struct engine *e;
	struct control_client *client;
	const char *const *args;
	size_t n_args;
	bool may_read; /* what is not for everybody */
	struct command_answer *answer;
};

/* Answers with a text. */
__attribute__((format(printf, 3, 4))) void command_say(struct command_answer *a,
						       enum api_exit exit,
						       const char *format, ...);

/*
 * What the first argument, a name or a HIT, stands for, as command_resolve
 * has it. False when it stands for nothing, which is answered.
 */
bool command_resolve_first(const struct command_call *c, char canonical[],
			   struct hit *out, const char **proof);

/* Answers with an object, which it takes; NULL: there was no memory. */
void command_answer_json(struct command_answer *a, json_t *json);

/* command_wait.c */

/* Whether packets to the peer go out from now on. */
bool command_is_up(const struct host_assoc_info *a);

/* That it is this host itself. */
void command_say_own(struct command_answer *a, const char *name);

/* A place for a client that waits; there is one, as each asks once. */
struct waiter *command_free_waiter(struct engine *e);

/* Answers it, and it waits no more. */
void command_answer_waiter(struct waiter *w, struct command_answer *a);

/*
 * Whom it wanted is found: it waits for an association with the first of the n
 * hosts (1 to RESOLVE_HITS_MAX) that has one.
 */
void command_connect_waiter(struct engine *e, struct waiter *w,
			    const struct hit hits[], size_t n);

/*
 * Looks a name up that nobody here knows, and answers later. False when it
 * is none of the overlay's.
 */
bool command_ask(const struct command_call *c, const char *name, bool connects,
		 uint64_t timeout_ms);

/*
 * Answers with a pin of that name, but asks the overlay first what stands
 * against it (disputes.h). False when that cannot say anything of it.
 */
bool command_ask_against(const struct command_call *c, const char *name,
			 const struct hit *pin);

/* It has waited for that long enough: the pin, with what was known before. */
void command_answer_pinned(struct engine *e, struct waiter *w);

/* Whether a canonical name may be that of a host in DNS. */
bool command_is_host(const struct engine *e, const char *name);

/* Asks DNS about such a host, and answers later. False without memory. */
bool command_ask_host(const struct command_call *c, const char *name,
		      bool connects, uint64_t timeout_ms);

/* The authority, when it is on this host; NULL: that is answered. */
struct issuer *command_issuer(const struct command_call *c);

/* command_overlay.c */
void command_publish(const struct command_call *c);
void command_unpublish(const struct command_call *c);
void command_names(const struct command_call *c);
void command_contacts(const struct command_call *c);
void command_overlay(const struct command_call *c);

/* command_known.c */
void command_pin(const struct command_call *c);
void command_unpin(const struct command_call *c);
void command_peer(const struct command_call *c);
void command_contact(const struct command_call *c);

/* command_join.c */
void command_create(const struct command_call *c);
void command_invite(const struct command_call *c);
void command_join(const struct command_call *c);
void command_joining(const struct command_call *c);
void command_leave(const struct command_call *c);
void command_revoke(const struct command_call *c);

/* command_authority.c */
void command_authority(const struct command_call *c);

#endif
