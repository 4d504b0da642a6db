/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Clients on the engine's loop. One request is answered before the next one
 * is read.
 */
#include "daemon/control.h"

#include "daemon/base/clock.h"
#include "daemon/base/ipc.h"
#include "daemon/base/log.h"
#include "daemon/handover.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ACCEPT_BATCH = 16,
	ACCEPT_PAUSE_MS = 200, /* when no descriptor is left */
};

enum client_state {
	READING,
	ANSWERING, /* the request is with the caller */
	WRITING,
};

struct control_client {
	struct control *control;
	enum client_state state;
	int fd;
	ev_io io;
	ev_timer idle;
	enum control_right right;
	struct ipc_in in;
	uint8_t *out; /* the reply with its header */
	size_t out_len, out_sent;
};

struct control {
	struct control_conf conf;
	ev_io listener;
	ev_timer pause; /* until it listens again */
	struct control_client *clients[CONTROL_CLIENTS_MAX];
	struct log_limit limit;
};

enum control_right control_right_of(const struct control_rights *r, uid_t uid,
				    const gid_t *groups, size_t n)
{
	enum control_right right = CONTROL_ANYONE;

	if (uid == 0 || uid == r->owner)
		return CONTROL_CHANGE;
	for (size_t i = 0; i < n; i++) {
		if (groups[i] == (gid_t)HANDOVER_NO_GROUP)
			continue;
		if (groups[i] == r->gid_change)
			return CONTROL_CHANGE;
		if (groups[i] == r->gid_read)
			right = CONTROL_READ;
	}
	return right;
}

/* The right of who is on the other end. */
static enum control_right right_of(const struct control *c, int fd)
{
	gid_t groups[CONTROL_GROUPS_MAX + 1];
	socklen_t len = CONTROL_GROUPS_MAX * sizeof(groups[0]);
	struct ucred cred;
	socklen_t cred_len = sizeof(cred);
	size_t n;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len) < 0)
		return CONTROL_ANYONE;
	/* With more groups than we look at it counts as having none. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		len = 0;
	n = len / sizeof(groups[0]);
	groups[n++] = cred.gid;
	return control_right_of(&c->conf.rights, cred.uid, groups, n);
}

static void forget_reply(struct control_client *k)
{
	free(k->out);
	k->out = NULL;
	k->out_len = 0;
	k->out_sent = 0;
}

static void client_free(struct control_client *k)
{
	struct control *c = k->control;

	ev_io_stop(c->conf.loop, &k->io);
	ev_timer_stop(c->conf.loop, &k->idle);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (c->clients[i] == k)
			c->clients[i] = NULL;
	ipc_in_clear(&k->in);
	forget_reply(k);
	(void)close(k->fd); /* nothing is owed to it any more */
	free(k);
}

/* Cuts a client off. */
static void drop(struct control_client *k)
{
	const struct control_conf *conf = &k->control->conf;

	if (k->state == ANSWERING)
		conf->gone(conf->ctx, k);
	client_free(k);
}

static void watch(struct control_client *k, int events)
{
	struct ev_loop *loop = k->control->conf.loop;

	ev_io_stop(loop, &k->io);
	ev_io_set(&k->io, k->fd, events);
	ev_io_start(loop, &k->io);
}

/* The client has CONTROL_IDLE_S from now on. */
static void restart_idle(struct control_client *k)
{
	k->idle.repeat = CONTROL_IDLE_S;
	ev_timer_again(k->control->conf.loop, &k->idle);
}

static void on_idle(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	drop(w->data);
}

/* Hands the next request on. False when the client was dropped. */
static bool next_request(struct control_client *k)
{
	const struct control_conf *conf = &k->control->conf;
	struct ipc_message m;
	struct api_request r;
	int got = ipc_in_next(&k->in, &m);
	bool ok = got == 1 && m.type == API_REQUEST && m.n_fds == 0;

	if (got == 0)
		return true;
	for (size_t i = 0; got == 1 && i < m.n_fds; i++)
		(void)close(m.fds[i]); /* nobody asked for them */
	if (!ok || !api_request_parse(m.body, m.len, &r)) {
		drop(k);
		return false;
	}
	k->state = ANSWERING;
	ev_timer_stop(conf->loop, &k->idle);
	conf->request(conf->ctx, k, k->right, &r);
	return true;
}

/* Sends what the client takes. False when it was dropped. */
static bool send_some(struct control_client *k)
{
	ssize_t n = send(k->fd, k->out + k->out_sent, k->out_len - k->out_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0) {
		drop(k);
		return false;
	}
	k->out_sent += (size_t)n;
	return true;
}

static void on_writable(struct control_client *k)
{
	if (!send_some(k) || k->out_sent < k->out_len)
		return;
	forget_reply(k);
	k->state = READING;
	restart_idle(k);
	watch(k, EV_READ);
}

static void on_readable(struct control_client *k)
{
	int n = ipc_in_read(&k->in, k->fd);

	if (n == -EAGAIN)
		return;
	/* While its answer is made a client may only leave; descriptors, of
	 * which there is none in any request, are not even kept. */
	if (n <= 0 || k->state != READING || k->in.n_fds > 0) {
		drop(k);
		return;
	}
	(void)next_request(k); /* a dropped client is not touched again */
}

static void on_client(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop;
	if (events & EV_WRITE)
		on_writable(w->data);
	else
		on_readable(w->data);
}

void control_reply(struct control_client *client, const struct api_reply *reply)
{
	size_t len = api_reply_len(reply);
	const struct api_reply too_long = {
		.exit = API_FAILED,
		.text = "the answer is too long",
		.json = "",
	};

	assert(client->state == ANSWERING);
	if (len > IPC_BODY_MAX) {
		reply = &too_long;
		len = api_reply_len(reply);
	}
	client->state = WRITING;
	restart_idle(client);
	client->out = malloc(IPC_HEADER_LEN + len);
	if (client->out &&
	    api_reply_write(reply, client->out + IPC_HEADER_LEN, len) == len) {
		ipc_header_write(client->out, API_REPLY, len);
		client->out_len = IPC_HEADER_LEN + len;
	} else {
		/* Let it go: it sees the end of the stream. */
		(void)shutdown(client->fd, SHUT_RDWR);
	}
	watch(client, EV_WRITE);
}

static struct control_client *client_new(struct control *c, int fd,
					 enum control_right right)
{
	struct control_client *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->control = c;
	k->fd = fd;
	k->right = right;
	ipc_in_init(&k->in, API_REQUEST_MAX);
	ev_io_init(&k->io, on_client, fd, EV_READ);
	k->io.data = k;
	ev_io_start(c->conf.loop, &k->io);
	ev_init(&k->idle, on_idle);
	k->idle.data = k;
	restart_idle(k);
	return k;
}

/* A place for a new client, or CONTROL_CLIENTS_MAX. Half of them are kept for
 * those who may change things, whoever else comes. */
static size_t find_place(const struct control *c, enum control_right right)
{
	size_t place = CONTROL_CLIENTS_MAX, others = 0;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (!c->clients[i])
			place = i;
		else if (c->clients[i]->right != CONTROL_CHANGE)
			others++;
	}
	if (right != CONTROL_CHANGE && others >= CONTROL_CLIENTS_MAX / 2)
		return CONTROL_CLIENTS_MAX;
	return place;
}

static void take_client(struct control *c, int fd)
{
	enum control_right right = right_of(c, fd);
	size_t place = find_place(c, right);

	if (place < CONTROL_CLIENTS_MAX)
		c->clients[place] = client_new(c, fd, right);
	if (place == CONTROL_CLIENTS_MAX || !c->clients[place])
		(void)close(fd); /* too many: it may try again */
}

static void on_pause(struct ev_loop *loop, ev_timer *w, int events)
{
	struct control *c = w->data;

	(void)events;
	ev_io_start(loop, &c->listener);
}

static void on_listener(struct ev_loop *loop, ev_io *w, int events)
{
	struct control *c = w->data;

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(w->fd, NULL, NULL,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			take_client(c, fd);
			continue;
		}
		if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
			return;
		/* It stays readable: do not turn in circles. */
		log_limited(&c->limit, clock_ms(), LOG_LEVEL_WARNING, "control",
			    "accept: %s", strerror(errno));
		ev_io_stop(loop, &c->listener);
		ev_timer_set(&c->pause, ACCEPT_PAUSE_MS / 1000.0, 0);
		ev_timer_start(loop, &c->pause);
		return;
	}
}

struct control *control_new(const struct control_conf *conf)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->conf = *conf;
	ev_init(&c->pause, on_pause);
	c->pause.data = c;
	ev_io_init(&c->listener, on_listener, conf->listen_fd, EV_READ);
	c->listener.data = c;
	ev_io_start(conf->loop, &c->listener);
	return c;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	ev_io_stop(c->conf.loop, &c->listener);
	ev_timer_stop(c->conf.loop, &c->pause);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (c->clients[i])
			client_free(c->clients[i]);
	free(c);
}
