/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The control socket: takes clients in, tells who they are, collects their
 * requests, and sends replies as the clients take them. What a request means
 * is not its business. A client that is slow, idle, or breaks the form is
 * cut off.
 */
#ifndef HIPLINE_CONTROL_H
#define HIPLINE_CONTROL_H

#include "daemon/base/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	CONTROL_CLIENTS_MAX = 64,
	CONTROL_GROUPS_MAX = 256, /* of one client; further ones do not count */
	CONTROL_IDLE_S = 30,	  /* for a whole request, and for its reply */
};

/* What a client may do; each includes those before it. */
enum control_right {
	CONTROL_ANYONE, /* id, status, resolve */
	CONTROL_READ,	/* all that only shows */
	CONTROL_CHANGE,
};

/* Who may do what. A group of HANDOVER_NO_GROUP is nobody's. */
struct control_rights {
	uid_t owner; /* who started us */
	gid_t gid_read, gid_change;
};

/* The right of a user with these groups. */
enum control_right control_right_of(const struct control_rights *r, uid_t uid,
				    const gid_t *groups, size_t n);

struct ev_loop;
struct control;
struct control_client;

/* A request came. It is answered by control_reply, now or later. */
typedef void control_request_fn(void *ctx, struct control_client *client,
				enum control_right right,
				const struct api_request *request);

/* A client is gone that had not got its answer. */
typedef void control_gone_fn(void *ctx, struct control_client *client);

struct control_conf {
	struct ev_loop *loop;
	int listen_fd; /* borrowed */
	struct control_rights rights;
	control_request_fn *request;
	control_gone_fn *gone;
	void *ctx;
};

/* NULL for want of memory. */
struct control *control_new(const struct control_conf *conf);

/* Cuts everybody off; nobody is told by `gone`. */
void control_free(struct control *c);

/* Answers the client's request; the texts are copied. */
void control_reply(struct control_client *client,
		   const struct api_reply *reply);

#endif
