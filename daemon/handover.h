/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the monitor hands to the engine, in two messages: first the private
 * key, alone, so that no buffer with it is ever moved; then everything else
 * with the descriptors. Later, when the configuration was read again: its
 * text, or why it is refused.
 */
#ifndef HIPLINE_HANDOVER_H
#define HIPLINE_HANDOVER_H

#include "daemon/base/ipc.h"
#include "daemon/guard.h"
#include "tun/crew.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum handover_type {
	HANDOVER_KEY = 1,
	HANDOVER_ALL = 2,
	HANDOVER_TEXT = 3,    /* to the engine: a configuration that is right */
	HANDOVER_REFUSED = 4, /* to the engine: what is wrong with it */
	HANDOVER_RELOAD = 5,  /* to the monitor: read it again */
	HANDOVER_RESOLVER = 6, /* to the engine: a resolver was started */
};

enum {
	/* Fits the first buffer of an ipc_in. */
	HANDOVER_KEY_MAX = 4096 - IPC_HEADER_LEN,
	HANDOVER_TIMEOUT_MS = 5000,
	HANDOVER_NO_GROUP = 0xffffffff,
};

struct handover {
	const char *file; /* the configuration's name and text */
	const char *text;
	size_t text_len;
	uint32_t uid, gid;   /* who the engine becomes */
	uint32_t owner;	     /* who started us: may change things */
	uint32_t gid_read;   /* group hipline, or HANDOVER_NO_GROUP */
	uint32_t gid_change; /* group hipline-admin, or the same */
	uint32_t mtu;	     /* of the TUN device */
	uint32_t tun_ifindex;
	enum guard_firewall firewall;
	bool verbose;
	int tun_fd, udp4_fd, udp6_fd, listen_fd; /* udp: -1 for none */
	struct worker_raw raw;
	struct worker_more more; /* families as the first worker has them */
};

/* Sends one of them; the descriptors stay ours. 0 or a negative errno. */
__attribute__((warn_unused_result)) int
handover_send_key(int fd, const char *pem, size_t len);
__attribute__((warn_unused_result)) int handover_send(int fd,
						      const struct handover *h);

/*
 * Reads the next message, waiting for it. 0, -EPROTO when it is of another
 * type or broken, -ECONNRESET when the other side is gone, or -errno.
 */
__attribute__((warn_unused_result)) int
handover_receive(struct ipc_in *in, int fd, uint16_t type,
		 struct ipc_message *out);

/* Asks the monitor to read the configuration again. 0 or a negative errno. */
__attribute__((warn_unused_result)) int handover_ask_reload(int fd);

/*
 * What came of reading it: HANDOVER_TEXT or HANDOVER_REFUSED. `asked`: by
 * HANDOVER_RELOAD, each of which is answered in turn. The text is borrowed.
 */
struct handover_reload {
	bool asked;
	const char *text;
	size_t len;
};

__attribute__((warn_unused_result)) int
handover_send_reload(int fd, enum handover_type type,
		     const struct handover_reload *r);

/* False when it is broken. */
bool handover_parse_reload(const struct ipc_message *m,
			   struct handover_reload *out);

/*
 * The resolver as the engine hears of it: the engine's end of their socket
 * (-1 when there is none), how many sockets it listens on, and what it does
 * not listen on, or "".
 */
struct handover_resolver {
	const char *trouble; /* borrowed */
	size_t n_sockets;
	int channel_fd;
};

__attribute__((warn_unused_result)) int
handover_send_resolver(int fd, const struct handover_resolver *r);

/* The descriptor is the caller's. False when it is broken. */
bool handover_parse_resolver(const struct ipc_message *m,
			     struct handover_resolver *out);

/*
 * Parses HANDOVER_ALL. Texts are borrowed from the message; descriptors are
 * the caller's from now on. False when it is broken: they are then closed.
 */
bool handover_parse(const struct ipc_message *m, struct handover *out);

#endif
