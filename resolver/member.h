/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The process's side of a node of the overlay (node.h): its UDP socket, its
 * timer, what it keeps on disk, and its messages with the engine.
 */
#ifndef HIPLINE_MEMBER_H
#define HIPLINE_MEMBER_H

#include "daemon/base/ipc.h"
#include "resolver/node.h"

struct ev_loop;
struct member;

struct member_conf {
	struct ev_loop *loop;
	/* UDP, bound to [own HIT]:6084 and to the HIP interface; taken. -1:
	 * there is none, and we are in no overlay. */
	int socket;
	const char *database; /* a file's name; NULL: nothing is kept */
	/* To the engine. */
	void (*send)(void *ctx, enum resolve_type type, const uint8_t *body,
		     size_t len);
	/* The answer to member_look_up; borrowed. */
	void (*found)(void *ctx, uint64_t id, const struct node_found *found);
	void *ctx;
};

/* NULL without memory. */
struct member *member_new(const struct member_conf *conf);
/* Writes what is not on disk yet. */
void member_free(struct member *m);

/* Whether that type of message is for the member. */
bool member_takes(enum resolve_type type);
/* 0, or -EPROTO when it is not in the form. */
__attribute__((warn_unused_result)) int
member_on_message(struct member *m, const struct ipc_message *msg);

/* For DNS: a canonical name; `found` answers, maybe from within. */
void member_look_up(struct member *m, uint64_t id, const char *name);

#endif
