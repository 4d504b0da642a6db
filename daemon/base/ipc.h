/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Framed messages between our own processes, with descriptors, over UNIX
 * sockets: length (4, of what follows), type (2), zero (2), body. Lengths
 * are checked before anything is used; a peer that breaks the form is cut
 * off. The stream form (struct ipc_in) takes bytes as they come.
 */
#ifndef HIPLINE_IPC_H
#define HIPLINE_IPC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	IPC_HEADER_LEN = 8,
	IPC_BODY_MAX = 8 * 1024 * 1024, /* a status of 10,000 associations */
	IPC_FDS_MAX = 200,		/* the kernel takes 253 */
};

/* A whole message; body is borrowed from the reader. */
struct ipc_message {
	uint16_t type;
	const uint8_t *body;
	size_t len;
	int fds[IPC_FDS_MAX]; /* the receiver owns them */
	size_t n_fds;
};

/* Collects a stream. Embedded; clear it in the end. */
struct ipc_in {
	uint8_t *buf;
	size_t len, cap, body_max, taken;
	int fds[IPC_FDS_MAX];
	size_t n_fds;
};

/* Messages with a body over body_max are refused. */
void ipc_in_init(struct ipc_in *in, size_t body_max);
void ipc_in_clear(struct ipc_in *in);

/*
 * Reads once from fd. Returns 1 when something came, 0 at the end of the
 * stream, or a negative errno (-EAGAIN: nothing there; -ENOMEM).
 */
int ipc_in_read(struct ipc_in *in, int fd);

/*
 * The next whole message: 1, 0 when there is none yet, or -EPROTO for a
 * broken form. Valid until the next call.
 */
int ipc_in_next(struct ipc_in *in, struct ipc_message *out);

/*
 * Sends one message whole, waiting while fd is full (blocking or not), at
 * most timeout_ms. 0 or a negative errno (-ETIMEDOUT, -EPIPE; never SIGPIPE).
 */
__attribute__((warn_unused_result)) int ipc_send(int fd, uint16_t type,
						 const void *body, size_t len,
						 const int *fds, size_t n_fds,
						 int timeout_ms);

/*
 * The same for many messages in one piece, each with its header: a socket
 * holds far more bytes than messages.
 */
__attribute__((warn_unused_result)) int
ipc_send_frames(int fd, const uint8_t *frames, size_t len, int timeout_ms);

/* Writes a header into out[IPC_HEADER_LEN], for callers with own buffers. */
void ipc_header_write(uint8_t out[IPC_HEADER_LEN], uint16_t type, size_t len);

#endif
