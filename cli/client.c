/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The control socket, from the side of `hipline`.
 */
#include "cli/client.h"

#include "cli/text.h"
#include "daemon/base/ipc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* What it is instead of a socket; NULL when it is one, or nothing. */
static const char *other_kind(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || S_ISSOCK(st.st_mode))
		return NULL;
	return S_ISREG(st.st_mode)   ? "a file"
	       : S_ISDIR(st.st_mode) ? "a directory"
				     : "something else";
}

static int complain_connect(const char *path, int err)
{
	const char *kind = other_kind(path);

	if (kind) {
		text_complain(stderr,
			      "%s: this is %s, not a socket. Name the control "
			      "socket of hiplined with -s, or leave it out.",
			      path, kind);
		return API_USAGE;
	}
	switch (err) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		text_complain(stderr,
			      "%s: hiplined is not running. Start it "
			      "(hiplined, as root), or name the socket "
			      "of a running one with -s.",
			      path);
		return API_NOT_RUNNING;
	case EACCES:
	case EPERM:
		text_complain(stderr,
			      "%s: permission denied. Run as root, or as a "
			      "member of the group hipline (to read) or "
			      "hipline-admin (to change).",
			      path);
		return API_FAILED;
	default:
		text_complain(stderr, "%s: %s.", path, strerror(err));
		return API_FAILED;
	}
}

/* The connected socket, or minus an exit code. */
static int open_socket(const char *path, int timeout_ms)
{
	const struct timeval tv = { .tv_sec = timeout_ms / 1000,
				    .tv_usec = timeout_ms % 1000 * 1000 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(un.sun_path)) {
		text_complain(stderr,
			      "%s: a socket's path has at most %zu bytes. "
			      "Name a shorter one with -s.",
			      path, sizeof(un.sun_path) - 1);
		return -API_USAGE;
	}
	memcpy(un.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		text_complain(stderr, "socket: %s.", strerror(errno));
		return -API_FAILED;
	}
	/* connect waits while the daemon's queue is full: not for ever. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	err = errno;
	(void)close(fd); /* nothing was sent */
	return -complain_connect(path, err);
}

static int send_request(int fd, const char *path, const struct api_request *r,
			int timeout_ms)
{
	uint8_t *body = malloc(API_REQUEST_MAX);
	size_t len;
	int err;

	if (!body) {
		text_complain(stderr, "out of memory.");
		return API_FAILED;
	}
	len = api_request_write(r, body, API_REQUEST_MAX);
	if (len == 0) {
		text_complain(stderr,
			      "%s: an argument is too long or no UTF-8 "
			      "text.",
			      r->command);
		free(body);
		return API_USAGE;
	}
	err = ipc_send(fd, API_REQUEST, body, len, NULL, 0, timeout_ms);
	free(body);
	if (err == -EPIPE || err == -ECONNRESET)
		return complain_connect(path, ECONNREFUSED);
	if (err < 0)
		return complain_connect(path, -err);
	return API_DONE;
}

static int complain_receive(const char *path, int err)
{
	if (err == 0 || err == -ECONNRESET) {
		text_complain(stderr,
			      "%s: hiplined ended before it answered. Look "
			      "at its log and start it again.",
			      path);
		return API_NOT_RUNNING;
	}
	if (err == -ETIMEDOUT)
		text_complain(stderr,
			      "%s: hiplined did not answer in time. Look at "
			      "its log.",
			      path);
	else if (err == -EPROTO)
		text_complain(stderr,
			      "%s: the answer was not understood. Are hipline "
			      "and hiplined of one version?",
			      path);
	else
		text_complain(stderr, "%s: %s.", path, strerror(-err));
	return API_FAILED;
}

/* 1 with a whole message, 0 at the end of the stream, or negative errno. */
static int receive(int fd, struct ipc_in *in, int timeout_ms,
		   struct ipc_message *out)
{
	const uint64_t deadline = clock_ms() + (uint64_t)timeout_ms;

	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		uint64_t now = clock_ms();
		int n = ipc_in_next(in, out);

		if (n != 0)
			return n;
		if (now >= deadline)
			return -ETIMEDOUT;
		n = poll(&pfd, 1, (int)(deadline - now));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		n = ipc_in_read(in, fd);
		if (n == 0 || (n < 0 && n != -EAGAIN && n != -EINTR))
			return n;
	}
}

/* Says what the daemon says; fills *out on success. */
static int take_reply(const char *path, const struct ipc_message *m,
		      struct client_answer *out)
{
	struct client_answer a = { 0 };
	struct api_reply reply;

	if (m->type != API_REPLY || m->n_fds != 0 ||
	    !api_reply_parse(m->body, m->len, &reply))
		return complain_receive(path, -EPROTO);
	if (reply.exit != API_DONE) {
		text_complain(stderr, "%s",
			      reply.text[0] ? reply.text : "failed.");
		return reply.exit;
	}
	if (reply.json[0] != '\0') {
		a.root = json_loads(reply.json, JSON_REJECT_DUPLICATES, NULL);
		a.json = strdup(reply.json);
		if (!a.root || !a.json) {
			client_answer_clear(&a);
			return complain_receive(path, -EPROTO);
		}
	}
	if (reply.text[0] != '\0')
		text_complain(stderr, "%s", reply.text);
	*out = a;
	return API_DONE;
}

int client_ask(const char *socket_path, const struct api_request *request,
	       int timeout_ms, struct client_answer *out)
{
	struct ipc_message m;
	struct ipc_in in;
	int fd, n, code;

	*out = (struct client_answer){ 0 };
	fd = open_socket(socket_path, timeout_ms);
	if (fd < 0)
		return -fd;
	ipc_in_init(&in, IPC_BODY_MAX);
	code = send_request(fd, socket_path, request, timeout_ms);
	if (code == API_DONE) {
		n = receive(fd, &in, timeout_ms, &m);
		code = n == 1 ? take_reply(socket_path, &m, out)
			      : complain_receive(socket_path, n);
	}
	ipc_in_clear(&in);
	(void)close(fd); /* nothing is left to be sent */
	return code;
}

void client_answer_clear(struct client_answer *a)
{
	free(a->json);
	json_decref(a->root);
	*a = (struct client_answer){ 0 };
}

int client_ask_words(const struct options *o, struct client_answer *out)
{
	struct api_request r = { .command = o->words[0],
				 .n_args = o->n_words - 1 };

	for (size_t i = 0; i < r.n_args; i++)
		r.args[i] = o->words[i + 1];
	return client_ask(o->socket, &r, CLIENT_TIMEOUT_MS, out);
}
