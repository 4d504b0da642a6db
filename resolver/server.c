/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * An asker is a socket, or a connection and its turn: a reply for one that
 * is gone finds another turn there, and goes nowhere.
 */
#include "resolver/server.h"

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	QUERY_MAX = 4096, /* a question is shorter by far */
	BATCH = 64,	  /* datagrams before others have a turn */
	LENGTH_LEN = 2,	  /* RFC 1035 4.2.2 */
	IN_MAX = LENGTH_LEN + QUERY_MAX,
	OUT_MAX = 2 * (LENGTH_LEN + DNSMSG_MAX),
};

struct connection {
	struct server *server;
	ev_io io;
	ev_timer idle;
	int fd; /* -1: free */
	uint32_t turn;
	uint64_t since_ms; /* the last whole query */
	struct locator from;
	bool from_here;
	uint8_t *in; /* IN_MAX, while it is open */
	size_t in_len;
	uint8_t *out; /* NULL when all is written */
	size_t out_len, out_at;
};

struct listening {
	struct server *server;
	ev_io io;
	int fd;
	bool tcp;
	struct locator at;
};

struct server {
	struct ev_loop *loop;
	server_fn *query;
	void *ctx;
	struct listening sockets[SERVER_SOCKETS_MAX];
	size_t n_sockets;
	struct connection *connections;
};

static void close_connection(struct connection *c)
{
	struct server *s = c->server;

	if (c->fd < 0)
		return;
	ev_io_stop(s->loop, &c->io);
	ev_timer_stop(s->loop, &c->idle);
	(void)close(c->fd); /* nothing more to be written to it */
	c->fd = -1;
	c->turn++;
	free(c->out);
	free(c->in);
	c->out = c->in = NULL;
	c->in_len = 0;
}

static void wait_for(struct connection *c, int events)
{
	ev_io_stop(c->server->loop, &c->io);
	ev_io_set(&c->io, c->fd, events);
	ev_io_start(c->server->loop, &c->io);
}

/* Every whole query that has come. False when the connection is gone. */
static bool take_queries(struct connection *c)
{
	struct server *s = c->server;
	const uint32_t turn = c->turn;

	while (c->in_len >= LENGTH_LEN) {
		size_t len = (size_t)c->in[0] << 8 | c->in[1];
		struct stub_asker asker = { .from = c->from,
					    .via = (uint64_t)turn << 32 |
						   (uint64_t)(c -
							      s->connections),
					    .tcp = true,
					    .from_here = c->from_here };
		uint8_t query[QUERY_MAX];

		if (len == 0 || len > QUERY_MAX) {
			close_connection(c);
			return false;
		}
		if (c->in_len < LENGTH_LEN + len || c->out)
			return true; /* what is not read yet has to wait */
		memcpy(query, c->in + LENGTH_LEN, len);
		c->in_len -= LENGTH_LEN + len;
		memmove(c->in, c->in + LENGTH_LEN + len, c->in_len);
		c->since_ms = clock_ms();
		ev_timer_again(s->loop, &c->idle);
		s->query(s->ctx, &asker, query, len);
		if (c->fd < 0 || c->turn != turn)
			return false;
	}
	return true;
}

static void write_out(struct connection *c)
{
	ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		n = 0;
	if (n < 0) {
		close_connection(c);
		return;
	}
	c->out_at += (size_t)n;
	if (c->out_at < c->out_len) {
		wait_for(c, EV_WRITE); /* and nothing is read meanwhile */
		return;
	}
	free(c->out);
	c->out = NULL;
	wait_for(c, EV_READ);
	/* Queries that came meanwhile have waited; not from here, where a
	 * reply to one may be under way. */
	if (c->in_len >= LENGTH_LEN)
		ev_feed_event(c->server->loop, &c->io, EV_WRITE);
}

static void on_connection(struct ev_loop *loop, ev_io *w, int events)
{
	struct connection *c = w->data;
	ssize_t n;

	(void)loop;
	if (events & EV_WRITE) {
		if (c->out)
			write_out(c);
		if (c->fd >= 0 && !c->out)
			(void)take_queries(c); /* closed or not: we are done */
		return;
	}
	n = recv(c->fd, c->in + c->in_len, IN_MAX - c->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_connection(c);
		return;
	}
	c->in_len += (size_t)n;
	(void)take_queries(c); /* closed or not: we are done */
}

static void on_idle(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	close_connection(w->data);
}

/* A free one, or else the one that has asked nothing for longest. */
static struct connection *free_connection(struct server *s)
{
	struct connection *idlest = &s->connections[0];

	for (size_t i = 0; i < SERVER_CONNECTIONS_MAX; i++) {
		struct connection *c = &s->connections[i];

		if (c->fd < 0)
			return c;
		if (c->since_ms < idlest->since_ms)
			idlest = c;
	}
	close_connection(idlest);
	return idlest;
}

/* Whether it was sent by this host to an address of its own. From elsewhere
 * Linux takes no IPv4 packet that says so. One of IPv6 it does take, but what
 * answers it stays here: so a connection does not come about.
 */
static bool is_from_here(const struct listening *l, const struct locator *from)
{
	return memcmp(l->at.addr, from->addr, sizeof(from->addr)) == 0;
}

static void on_accept(struct ev_loop *loop, ev_io *w, int events)
{
	struct listening *l = w->data;
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int fd = accept4(w->fd, (struct sockaddr *)&sa, &len,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct locator from;
	struct connection *c;

	(void)events;
	if (fd < 0)
		return; /* it is gone already, or there is no descriptor */
	if (locator_from_sockaddr(&sa, &from) < 0 ||
	    (locator_scope(&from) != LOCATOR_SCOPE_LOOPBACK &&
	     !is_from_here(l, &from))) {
		(void)close(fd); /* only this host asks */
		return;
	}
	c = free_connection(l->server);
	c->from = from;
	c->from_here = is_from_here(l, &from);
	c->in = malloc(IN_MAX);
	if (!c->in) {
		(void)close(fd);
		return;
	}
	c->fd = fd;
	c->since_ms = clock_ms();
	ev_io_init(&c->io, on_connection, fd, EV_READ);
	c->io.data = c;
	ev_io_start(loop, &c->io);
	ev_timer_again(loop, &c->idle);
}

static void on_datagram(struct ev_loop *loop, ev_io *w, int events)
{
	struct listening *l = w->data;
	struct server *s = l->server;
	uint8_t bytes[QUERY_MAX];

	(void)loop;
	(void)events;
	for (int i = 0; i < BATCH; i++) {
		struct stub_asker asker = { .via = (uint64_t)(l - s->sockets) };
		struct sockaddr_storage sa;
		socklen_t len = sizeof(sa);
		ssize_t n = recvfrom(w->fd, bytes, sizeof(bytes),
				     MSG_DONTWAIT | MSG_TRUNC,
				     (struct sockaddr *)&sa, &len);

		if (n < 0)
			return; /* none there, or an error of an earlier one */
		if ((size_t)n > sizeof(bytes) ||
		    locator_from_sockaddr(&sa, &asker.from) < 0)
			continue;
		asker.from_here = locator_is_v4(&asker.from) &&
				  is_from_here(l, &asker.from);
		s->query(s->ctx, &asker, bytes, (size_t)n);
	}
}

struct server *server_new(struct ev_loop *loop, server_fn *query, void *ctx)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->loop = loop;
	s->query = query;
	s->ctx = ctx;
	s->connections =
		calloc(SERVER_CONNECTIONS_MAX, sizeof(*s->connections));
	if (!s->connections) {
		free(s);
		return NULL;
	}
	for (size_t i = 0; i < SERVER_CONNECTIONS_MAX; i++) {
		struct connection *c = &s->connections[i];

		c->server = s;
		c->fd = -1;
		ev_init(&c->idle, on_idle);
		c->idle.repeat = SERVER_IDLE_MS / 1000.0;
		c->idle.data = c;
	}
	return s;
}

void server_free(struct server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SERVER_CONNECTIONS_MAX; i++)
		close_connection(&s->connections[i]);
	for (size_t i = 0; i < s->n_sockets; i++) {
		ev_io_stop(s->loop, &s->sockets[i].io);
		(void)close(s->sockets[i].fd); /* only listened on */
	}
	free(s->connections);
	free(s);
}

int server_listen(struct server *s, int fd)
{
	struct listening *l = &s->sockets[s->n_sockets];
	int type = 0;
	socklen_t len = sizeof(type);
	struct sockaddr_storage sa;
	socklen_t sa_len = sizeof(sa);
	struct locator at;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &sa_len) < 0)
		return -errno;
	if (locator_from_sockaddr(&sa, &at) < 0)
		return -EAFNOSUPPORT;
	if (s->n_sockets == SERVER_SOCKETS_MAX)
		return -ENOSPC;
	*l = (struct listening){
		.server = s, .fd = fd, .at = at, .tcp = type == SOCK_STREAM
	};
	ev_io_init(&l->io, l->tcp ? on_accept : on_datagram, fd, EV_READ);
	l->io.data = l;
	ev_io_start(s->loop, &l->io);
	s->n_sockets++;
	return 0;
}

static void reply_tcp(struct connection *c, const uint8_t *bytes, size_t len)
{
	size_t more = LENGTH_LEN + len;
	uint8_t *out =
		c->out_len - c->out_at + more <= OUT_MAX || !c->out
			? realloc(c->out, (c->out ? c->out_len : 0) + more)
			: NULL;

	if (!out) {
		close_connection(c);
		return;
	}
	if (!c->out)
		c->out_len = c->out_at = 0;
	c->out = out;
	out[c->out_len] = (uint8_t)(len >> 8);
	out[c->out_len + 1] = (uint8_t)len;
	memcpy(out + c->out_len + LENGTH_LEN, bytes, len);
	c->out_len += more;
	write_out(c);
}

void server_reply(struct server *s, const struct stub_asker *to,
		  const uint8_t *bytes, size_t len)
{
	size_t i = (uint32_t)to->via;
	struct sockaddr_storage sa;
	socklen_t sa_len;

	if (to->tcp) {
		struct connection *c = &s->connections[i];

		if (c->fd >= 0 && c->turn == (uint32_t)(to->via >> 32))
			reply_tcp(c, bytes, len);
		return;
	}
	sa_len = locator_to_sockaddr(&to->from, &sa);
	/* Where it is not taken the asker asks again. */
	(void)sendto(s->sockets[i].fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL,
		     (const struct sockaddr *)&sa, sa_len);
}
