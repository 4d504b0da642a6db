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
	/* The first round through all servers, to a reply; the second one is
	 * twice as long. Who asks gives up after 5 s in all. */
	ROUND_MS = 1200,
	TRIES = 2,
	SOCKETS_MAX = 64,
	SERVERS_MAX = 16,
	WATCH_S = 1,  /* without any reply: then it is looked into */
	AGAIN_S = 10, /* as long as they are silent */
	CLASS_IN = 1,
	TYPE_NS = 2,
};

struct socket {
	ev_io io;
	bool used;
};

struct upstream {
	struct ev_loop *loop;
	upstream_fn *reply;
	upstream_silent_fn *silent;
	void *ctx;
	ares_channel channel; /* NULL: nobody to ask */
	struct locator servers[SERVERS_MAX];
	size_t n_servers;
	size_t first, wanted; /* of them: who is asked first, and should be */
	size_t open;	      /* questions, the own one too */
	ev_timer watch;
	bool heard;   /* a reply, since the watch or the probe began */
	bool probing; /* the own question is open */
	bool is_silent;
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

static void watch(struct upstream *u, ev_tstamp after_s)
{
	ev_timer_stop(u->loop, &u->watch);
	ev_timer_set(&u->watch, after_s, 0);
	ev_timer_start(u->loop, &u->watch);
}

static void tell(struct upstream *u, bool is_silent)
{
	if (u->is_silent == is_silent)
		return;
	u->is_silent = is_silent;
	u->silent(u->ctx, is_silent);
}

/* A question has ended. Each timeout was one server that did not answer. */
static void judge(struct upstream *u, int status, int timeouts, bool replied)
{
	u->open--;
	if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED)
		return; /* it is our doing */
	if (replied) {
		u->heard = true;
		if (timeouts > 0)
			u->wanted =
				(u->first + (size_t)timeouts) % u->n_servers;
		tell(u, false);
	} else if (!ev_is_active(&u->watch) && !u->probing) {
		u->heard = false;
		watch(u, 0);
	}
}

static void on_probed(void *ctx, int status, int timeouts, unsigned char *bytes,
		      int len)
{
	struct upstream *u = ctx;

	judge(u, status, timeouts, bytes && len > 0);
	u->probing = false;
	if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED ||
	    u->heard)
		return;
	tell(u, true);
	watch(u, AGAIN_S);
}

/* A name may have no reply because its own servers are gone; the root has. */
static void on_watch(struct ev_loop *loop, ev_timer *w, int events)
{
	struct upstream *u = w->data;

	(void)loop;
	(void)events;
	if (!u->channel || u->probing || (u->heard && !u->is_silent))
		return;
	u->probing = true;
	u->heard = false;
	u->open++;
	ares_query(u->channel, ".", CLASS_IN, TYPE_NS, on_probed, u);
	set_timeout(u);
}

static void on_reply(void *ctx, int status, int timeouts, unsigned char *bytes,
		     int len)
{
	struct question *q = ctx;
	struct upstream *u = q->upstream;

	/* A reply with an error is a reply. */
	judge(u, status, timeouts, bytes && len > 0);
	u->reply(u->ctx, q->id, bytes, bytes && len > 0 ? (size_t)len : 0);
	free(q);
}

int upstream_new(struct ev_loop *loop, upstream_fn *reply,
		 upstream_silent_fn *silent, void *ctx, struct upstream **out)
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
	u->silent = silent;
	u->ctx = ctx;
	ev_timer_init(&u->timeout, on_timeout, 0, 0);
	u->timeout.data = u;
	ev_timer_init(&u->watch, on_watch, 0, 0);
	u->watch.data = u;
	*out = u;
	return 0;
}

static void close_channel(struct upstream *u)
{
	if (u->channel)
		ares_destroy(u->channel);
	u->channel = NULL;
	u->probing = false;
	tell(u, false);
	ev_timer_stop(u->loop, &u->watch);
	set_timeout(u);
}

void upstream_free(struct upstream *u)
{
	if (!u)
		return;
	u->is_silent = false; /* nobody is told any more */
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
		.timeout = ROUND_MS / (int)u->n_servers,
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

/* Tells c-ares the servers, beginning with this one. */
static int set_servers(struct upstream *u, size_t first)
{
	struct ares_addr_port_node nodes[SERVERS_MAX];
	const size_t n = u->n_servers;

	for (size_t i = 0; i < n; i++) {
		nodes[i] = to_node(&u->servers[(first + i) % n]);
		nodes[i].next = i + 1 < n ? &nodes[i + 1] : NULL;
	}
	if (ares_set_servers_ports(u->channel, nodes) != ARES_SUCCESS)
		return -EINVAL;
	u->first = u->wanted = first;
	return 0;
}

int upstream_set(struct upstream *u, const struct locator *servers, size_t n)
{
	int err;

	if (n > SERVERS_MAX)
		return -E2BIG;
	close_channel(u);
	if (n == 0)
		return 0;
	memcpy(u->servers, servers, n * sizeof(servers[0]));
	u->n_servers = n;
	err = open_channel(u);
	if (err == 0)
		err = set_servers(u, 0);
	if (err < 0)
		close_channel(u);
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
	if (u->wanted != u->first && u->open == 0)
		(void)set_servers(u,
				  u->wanted); /* else they stay as they are */
	u->open++;
	if (!ev_is_active(&u->watch) && !u->probing) {
		u->heard = false;
		watch(u, WATCH_S);
	}
	ares_send(u->channel, query, (int)len, on_reply, q);
	set_timeout(u);
}
