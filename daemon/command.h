/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The commands of the control socket: a table of name, right, arguments and
 * function. Most answer at once; `connect` answers when an association is
 * up, has failed, or the time is over.
 */
#ifndef HIPLINE_COMMAND_H
#define HIPLINE_COMMAND_H

#include "daemon/base/resolve.h"
#include "daemon/engine.h"

#include <jansson.h>

enum {
	COMMAND_TEXT_MAX = 1536, /* a name and what is wrong with it */
	CONNECT_TIMEOUT_MAX_MS = 3600 * 1000,
};

/* What a command answers. */
struct command_answer {
	enum api_exit exit;
	char text[COMMAND_TEXT_MAX];
	json_t *json; /* NULL for none; taken by whoever sends it */
	bool later;   /* nothing yet: the client waits */
};

/*
 * Does what a request says for a client with this right. `client` is kept
 * only when the answer comes later.
 */
void command_run(struct engine *e, struct control_client *client,
		 enum control_right right, const struct api_request *r,
		 struct command_answer *out);

/* Sends an answer and lets go of its JSON. */
void command_send(struct control_client *client, struct command_answer *a);

/* The functions of struct control_conf; ctx is the engine. */
void command_on_request(void *ctx, struct control_client *client,
			enum control_right right, const struct api_request *r);
void command_on_gone(void *ctx, struct control_client *client);

/* An association's state has changed: answers those who wait for it. */
void command_on_peer(struct engine *e, const struct hip_output *o);

/* The resolver's answer to a LOOKUP; or there is no resolver any more. */
void command_on_found(struct engine *e, const struct resolve_answer *a);
void command_on_overlay_gone(struct engine *e);

/* Those who had to know that we leave the overlay know it, as far as that is
 * possible: it is left, and whoever wanted that is answered. */
void command_on_left(struct engine *e);

/* When command_tick is next due, or HOST_NEVER. */
uint64_t command_deadline(const struct engine *e);

/* Answers those whose time is over. */
void command_tick(struct engine *e, uint64_t now_ms);

/*
 * What a name or a HIT stands for. 0 with *out and *proof ("pin" or "self")
 * set, -EINVAL when it is neither, -ENOENT when it is not known. A name is
 * written to `canonical`.
 */
int command_resolve(const struct engine *e, const char *text, char canonical[],
		    struct hit *out, const char **proof);

#endif
