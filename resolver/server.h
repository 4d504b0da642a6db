/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The sockets of the DNS stub, UDP and TCP (RFC 7766), on the resolver's
 * loop. Bounded connections, of which the idlest gives way; whoever reads or
 * writes slowly holds up nobody else and is cut off in time.
 */
#ifndef HIPLINE_SERVER_H
#define HIPLINE_SERVER_H

#include "resolver/stub.h"

struct ev_loop;
struct server;

/* A query has come: bytes are borrowed. */
typedef void server_fn(void *ctx, const struct stub_asker *asker,
		       const uint8_t *bytes, size_t len);

enum {
	SERVER_SOCKETS_MAX = 32,
	SERVER_CONNECTIONS_MAX = 128,
	SERVER_IDLE_MS = 10 * 1000,
};

/* NULL for want of memory. */
struct server *server_new(struct ev_loop *loop, server_fn *query, void *ctx);
void server_free(struct server *s);

/* Listens on it (UDP, or TCP that listens); takes it. 0 or -errno. */
__attribute__((warn_unused_result)) int server_listen(struct server *s, int fd);

/* Sends a reply to who has asked, if that one is still there. */
void server_reply(struct server *s, const struct stub_asker *to,
		  const uint8_t *bytes, size_t len);

#endif
