/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * c-ares is told everything, so that it reads no file of the system.
 */
#include "resolver/upstream.h"

#include "daemon/base/log.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>

enum {
	TIMEOUT_MS = 1500,
	TRIES = 3,
	SOCKETS_MAX = 64,
	SERVERS_MAX = 16,
};

struct socket {
	ev_io io;
	bool used;
};

struct upstream {
	struct ev_loop *loop;
	upstream_fn *reply;
	void *ctx;
	ares_channel channel; /* NULL: nobody to ask */
	ev_timer timeout;
	struct socket sockets[SOCKETS_MAX];
};

struct question {
	struct upstream *upstream;
	uint64_t id;
};

static void set_timeout(struct upstream *u)
{
	struct timeval tv, *left;

	ev_timer_stop(u->loop, &u->timeout);
	left = u->channel ? ares_timeout(u->channel, NULL, &tv) : NULL;
	if (!left)
		return;
	ev_timer_set(&u->timeout,
		     (double)left->tv_sec + (double)left->tv_usec / 1e6, 0);
	ev_timer_start(u->loop, &u->timeout);
}

static void on_timeout(struct ev_loop *loop, ev_timer *w, int events)
{
	struct upstream *u = w->data;

	(void)loop;
	(void)events;
	if (u->channel)
		ares_process_fd(u->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timeout(u);
}

static void on_socket(struct ev_loop *loop, ev_io *w, int events)
{
	struct upstream *u = w->data;

	(void)loop;
	if (u->channel)
		ares_process_fd(u->channel,
				events & EV_READ ? w->fd : ARES_SOCKET_BAD,
				events & EV_WRITE ? w->fd : ARES_SOCKET_BAD);
	set_timeout(u);
}

static struct socket *socket_for(struct upstream *u, int fd)
{
	struct socket *free_one = NULL;

	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		if (u->sockets[i].used && u->sockets[i].io.fd == fd)
			return &u->sockets[i];
		if (!u->sockets[i].used)
			free_one = &u->sockets[i];
	}
	return free_one;
}

/* c-ares tells what it waits for on a socket; nothing: it is closed. */
static void on_socket_state(void *ctx, ares_socket_t fd, int readable,
			    int writable)
{
	struct upstream *u = ctx;
	struct socket *s = socket_for(u, fd);
	int events = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

	if (!s)
		return; /* the question runs into its timeout */
	if (s->used)
		ev_io_stop(u->loop, &s->io);
	s->used = events != 0;
	if (!s->used)
		return;
	ev_io_init(&s->io, on_socket, fd, events);
	s->io.data = u;
	ev_io_start(u->loop, &s->io);
}

static void on_reply(void *ctx, int status, int timeouts, unsigned char *bytes,
		     int len)
{
	struct question *q = ctx;
	struct upstream *u = q->upstream;

	(void)status; /* a reply with an error is a reply */
	(void)timeouts;
	u->reply(u->ctx, q->id, bytes, bytes && len > 0 ? (size_t)len : 0);
	free(q);
}

int upstream_new(struct ev_loop *loop, upstream_fn *reply, void *ctx,
		 struct upstream **out)
{
	struct upstream *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		free(u);
		return -EIO;
	}
	u->loop = loop;
	u->reply = reply;
	u->ctx = ctx;
	ev_timer_init(&u->timeout, on_timeout, 0, 0);
	u->timeout.data = u;
	*out = u;
	return 0;
}

static void close_channel(struct upstream *u)
{
	if (u->channel)
		ares_destroy(u->channel);
	u->channel = NULL;
	set_timeout(u);
}

void upstream_free(struct upstream *u)
{
	if (!u)
		return;
	close_channel(u);
	ares_library_cleanup();
	free(u);
}

static int open_channel(struct upstream *u)
{
	char lookups[] = "b"; /* never /etc/hosts */
	char *domains[] = { lookups };
	struct ares_options o = {
		/* Replies with an error are for the asker to see. */
		.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH |
			 ARES_FLAG_NOALIASES,
		.timeout = TIMEOUT_MS,
		.tries = TRIES,
		.ndots = 1,
		.domains = domains,
		.ndomains = 0,
		.lookups = lookups,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = u,
	};
	int status = ares_init_options(
		&u->channel, &o,
		ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
			ARES_OPT_NDOTS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
			ARES_OPT_SOCK_STATE_CB);

	if (status == ARES_SUCCESS)
		return 0;
	log_warning("upstream", "%s", ares_strerror(status));
	return -EIO;
}

static struct ares_addr_port_node to_node(const struct locator *l)
{
	struct ares_addr_port_node n = { .udp_port = l->port,
					 .tcp_port = l->port };

	if (locator_is_v4(l)) {
		n.family = AF_INET;
		memcpy(&n.addr.addr4, l->addr + 12, 4);
	} else {
		n.family = AF_INET6;
		memcpy(&n.addr.addr6, l->addr, 16);
	}
	return n;
}

int upstream_set(struct upstream *u, const struct locator *servers, size_t n)
{
	struct ares_addr_port_node nodes[SERVERS_MAX];
	int err;

	if (n > SERVERS_MAX)
		return -E2BIG;
	close_channel(u);
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		nodes[i] = to_node(&servers[i]);
	for (size_t i = 0; i + 1 < n; i++)
		nodes[i].next = &nodes[i + 1];
	err = open_channel(u);
	if (err == 0 &&
	    ares_set_servers_ports(u->channel, nodes) != ARES_SUCCESS) {
		close_channel(u);
		err = -EINVAL;
	}
	return err;
}

void upstream_ask(struct upstream *u, uint64_t id, const uint8_t *query,
		  size_t len)
{
	struct question *q = u->channel ? malloc(sizeof(*q)) : NULL;

	if (!q) {
		u->reply(u->ctx, id, NULL, 0);
		return;
	}
	*q = (struct question){ .upstream = u, .id = id };
	ares_send(u->channel, query, (int)len, on_reply, q);
	set_timeout(u);
}
