/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Frames over UNIX stream sockets. Reading never goes beyond the message at
 * hand: descriptors come with the bytes that were sent with them, so that
 * whatever came while a message was read belongs to that message.
 */
#include "daemon/base/ipc.h"

#include "daemon/base/cursor.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
	/* What Length counts beside the body: type and zero. */
	LENGTH_EXTRA = 4,
	BUFFER_FIRST = 4096,
	BUFFER_KEPT_MAX = 64 * 1024, /* a larger one goes when it is empty */
};

_Static_assert(IPC_HEADER_LEN == 4 + LENGTH_EXTRA, "the header as described");

/* Room for the descriptors of one message; aligned as cmsghdr must be. */
union control {
	char bytes[CMSG_SPACE(IPC_FDS_MAX * sizeof(int))];
	struct cmsghdr header;
};

void ipc_in_init(struct ipc_in *in, size_t body_max)
{
	assert(body_max <= IPC_BODY_MAX);
	*in = (struct ipc_in){ .body_max = body_max };
}

static void close_fds(struct ipc_in *in)
{
	for (size_t i = 0; i < in->n_fds; i++)
		close(in->fds[i]);
	in->n_fds = 0;
}

void ipc_in_clear(struct ipc_in *in)
{
	close_fds(in);
	free(in->buf);
	*in = (struct ipc_in){ 0 };
}

/*
 * How long the message at hand is, header included, as far as that is known.
 * -EPROTO when its header breaks the form.
 */
static ssize_t message_len(const struct ipc_in *in, uint16_t *type)
{
	struct rd r = rd_init(in->buf, in->len);
	uint32_t length;

	if (in->len < IPC_HEADER_LEN)
		return IPC_HEADER_LEN;
	length = rd_u32(&r);
	*type = rd_u16(&r);
	if (rd_u16(&r) != 0 || length < LENGTH_EXTRA ||
	    length - LENGTH_EXTRA > in->body_max)
		return -EPROTO;
	return (ssize_t)length - LENGTH_EXTRA + IPC_HEADER_LEN;
}

/* Drops the message that ipc_in_next gave. */
static void drop_taken(struct ipc_in *in)
{
	if (in->taken == 0)
		return;
	assert(in->taken == in->len); /* reading stops at a message's end */
	in->len = 0;
	in->taken = 0;
	if (in->cap > BUFFER_KEPT_MAX) {
		free(in->buf);
		in->buf = NULL;
		in->cap = 0;
	}
}

/*
 * Makes room to read on. Grows with what has come, not with what a header
 * promises.
 */
static int make_room(struct ipc_in *in)
{
	size_t cap = in->cap > 0 ? in->cap * 2 : BUFFER_FIRST;
	uint8_t *buf;

	if (in->len < in->cap)
		return 0;
	buf = realloc(in->buf, cap);
	if (!buf)
		return -ENOMEM;
	in->buf = buf;
	in->cap = cap;
	return 0;
}

/* Keeps the descriptors of a message; -EPROTO when there are too many. */
static int take_fds(struct ipc_in *in, struct msghdr *msg)
{
	struct cmsghdr *c;
	int err = msg->msg_flags & MSG_CTRUNC ? -EPROTO : 0;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (in->n_fds < IPC_FDS_MAX) {
				in->fds[in->n_fds++] = fd;
			} else {
				close(fd);
				err = -EPROTO;
			}
		}
	}
	return err;
}

int ipc_in_read(struct ipc_in *in, int fd)
{
	union control control;
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	uint16_t type;
	ssize_t want, n;
	int err;

	drop_taken(in);
	want = message_len(in, &type);
	if (want < 0)
		return (int)want;
	if ((size_t)want == in->len)
		return 1; /* whole, and not yet taken */
	err = make_room(in);
	if (err != 0)
		return err;
	iov.iov_base = in->buf + in->len;
	iov.iov_len = (size_t)want - in->len;
	if (iov.iov_len > in->cap - in->len)
		iov.iov_len = in->cap - in->len;
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	in->len += (size_t)n;
	err = take_fds(in, &msg);
	return err != 0 ? err : 1;
}

int ipc_in_next(struct ipc_in *in, struct ipc_message *out)
{
	uint16_t type = 0;
	ssize_t whole;

	drop_taken(in);
	whole = message_len(in, &type);
	if (whole < 0)
		return (int)whole;
	if (in->len < IPC_HEADER_LEN || in->len < (size_t)whole)
		return 0;
	*out = (struct ipc_message){
		.type = type,
		.body = in->buf + IPC_HEADER_LEN,
		.len = (size_t)whole - IPC_HEADER_LEN,
		.n_fds = in->n_fds,
	};
	memcpy(out->fds, in->fds, sizeof(out->fds[0]) * in->n_fds);
	in->n_fds = 0;
	in->taken = (size_t)whole;
	return 1;
}

void ipc_header_write(uint8_t out[IPC_HEADER_LEN], uint16_t type, size_t len)
{
	struct wr w = wr_init(out, IPC_HEADER_LEN);

	assert(len <= IPC_BODY_MAX);
	wr_u32(&w, (uint32_t)len + LENGTH_EXTRA);
	wr_u32(&w, (uint32_t)type << 16); /* and zero */
}

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits until fd takes more. 0 or a negative errno. */
static int wait_writable(int fd, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int64_t left;
	int n;

	do {
		left = deadline_ms - now_ms();
		n = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == 0 ? -ETIMEDOUT : 0; /* sending tells of POLLERR */
}

/* Puts descriptors beside the first bytes. */
static void attach_fds(struct msghdr *msg, union control *control,
		       const int *fds, size_t n_fds)
{
	struct cmsghdr *c;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
}

/* Moves what is still to be sent on by n bytes. */
static void advance(struct msghdr *msg, size_t n)
{
	while (msg->msg_iovlen > 0 && n >= msg->msg_iov->iov_len) {
		n -= msg->msg_iov->iov_len;
		msg->msg_iov++;
		msg->msg_iovlen--;
	}
	if (msg->msg_iovlen > 0) {
		msg->msg_iov->iov_base = (uint8_t *)msg->msg_iov->iov_base + n;
		msg->msg_iov->iov_len -= n;
	}
}

/* All of msg, its descriptors with the first bytes. */
static int send_all(int fd, struct msghdr *msg, int timeout_ms)
{
	int64_t deadline_ms = now_ms() + timeout_ms;
	ssize_t n;
	int err;

	while (msg->msg_iovlen > 0) {
		n = sendmsg(fd, msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			advance(msg, (size_t)n);
			msg->msg_control = NULL; /* they went with these */
			msg->msg_controllen = 0;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			err = wait_writable(fd, deadline_ms);
			if (err != 0)
				return err;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

int ipc_send_frames(int fd, const uint8_t *frames, size_t len, int timeout_ms)
{
	struct iovec iov = { .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = len > 0 ? 1 : 0 };

	memcpy(&iov.iov_base, &frames, sizeof(frames));
	return send_all(fd, &msg, timeout_ms);
}

int ipc_send(int fd, uint16_t type, const void *body, size_t len,
	     const int *fds, size_t n_fds, int timeout_ms)
{
	uint8_t header[IPC_HEADER_LEN];
	struct iovec iov[2] = { { header, sizeof(header) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = len > 0 ? 2 : 1 };
	union control control;

	if (len > IPC_BODY_MAX || n_fds > IPC_FDS_MAX)
		return -EMSGSIZE;
	ipc_header_write(header, type, len);
	/* sendmsg does not write to what iov_base points to. */
	memcpy(&iov[1].iov_base, &body, sizeof(body));
	iov[1].iov_len = len;
	if (n_fds > 0)
		attach_fds(&msg, &control, fds, n_fds);
	return send_all(fd, &msg, timeout_ms);
}
