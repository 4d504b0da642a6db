/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A channel of c-ares lives as long as questions are open, and a little
 * longer: the next one reads the resolver's settings anew. Until somebody
 * asks there is none.
 */
#include "daemon/asker.h"

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>

enum {
	TIMEOUT_MS = 2000,
	TRIES = 3,
	SOCKETS_MAX = 32,
	CHANNEL_MS = 5000, /* idle, it is not taken after that */
	CLASS_IN = 1,
};

struct socket {
	ev_io io;
	bool used;
};

struct asker {
	struct ev_loop *loop;
	ares_channel channel; /* NULL when there is none */
	uint64_t since_ms;    /* it is open */
	size_t open;	      /* questions */
	size_t within;	      /* callbacks of c-ares */
	ev_timer timeout;
	struct socket sockets[SOCKETS_MAX];
};

/* One question; gone with its answer. */
struct question {
	struct asker *asker;
	uint16_t port;
	asker_addresses_fn *addresses;
	asker_records_fn *records;
	void *ctx;
};

static void set_timeout(struct asker *a)
{
	struct timeval tv, *left = NULL;

	ev_timer_stop(a->loop, &a->timeout);
	if (a->channel && a->open > 0)
		left = ares_timeout(a->channel, NULL, &tv);
	if (!left)
		return;
	ev_timer_set(&a->timeout,
		     (double)left->tv_sec + (double)left->tv_usec / 1e6, 0);
	ev_timer_start(a->loop, &a->timeout);
}

static void on_timeout(struct ev_loop *loop, ev_timer *w, int events)
{
	struct asker *a = w->data;

	(void)loop;
	(void)events;
	if (a->channel)
		ares_process_fd(a->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timeout(a);
}

static void on_socket(struct ev_loop *loop, ev_io *w, int events)
{
	struct asker *a = w->data;

	(void)loop;
	if (a->channel)
		ares_process_fd(a->channel,
				events & EV_READ ? w->fd : ARES_SOCKET_BAD,
				events & EV_WRITE ? w->fd : ARES_SOCKET_BAD);
	set_timeout(a);
}

static struct socket *socket_for(struct asker *a, int fd)
{
	struct socket *free_one = NULL;

	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		if (a->sockets[i].used && a->sockets[i].io.fd == fd)
			return &a->sockets[i];
		if (!a->sockets[i].used)
			free_one = &a->sockets[i];
	}
	return free_one;
}

/* c-ares tells what it waits for on a socket; nothing: it is closed. */
static void on_socket_state(void *ctx, ares_socket_t fd, int readable,
			    int writable)
{
	struct asker *a = ctx;
	struct socket *s = socket_for(a, fd);
	int events = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

	if (!s)
		return; /* the question runs into its timeout */
	if (s->used)
		ev_io_stop(a->loop, &s->io);
	s->used = events != 0;
	if (!s->used)
		return;
	ev_io_init(&s->io, on_socket, fd, events);
	s->io.data = a;
	ev_io_start(a->loop, &s->io);
}

/* Outside of c-ares' own callbacks only. */
static void close_channel(struct asker *a)
{
	if (a->channel)
		ares_destroy(a->channel);
	a->channel = NULL;
	set_timeout(a);
}

static int open_channel(struct asker *a)
{
	struct ares_options o = { .timeout = TIMEOUT_MS,
				  .tries = TRIES,
				  .sock_state_cb = on_socket_state,
				  .sock_state_cb_data = a };
	uint64_t now_ms = clock_ms();
	int status;

	if (a->open == 0 && a->within == 0 &&
	    now_ms - a->since_ms >= CHANNEL_MS)
		close_channel(a);
	if (a->channel)
		return ARES_SUCCESS;
	status = ares_init_options(&a->channel, &o,
				   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					   ARES_OPT_SOCK_STATE_CB);
	if (status != ARES_SUCCESS)
		log_warning("resolver", "%s", ares_strerror(status));
	a->since_ms = now_ms;
	return status;
}

static enum asker_status status_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return ASKER_DONE;
	case ARES_EDESTRUCTION:
	case ARES_ECANCELLED:
		return ASKER_ENDED;
	default:
		return ASKER_FAILED;
	}
}

static size_t take_addresses(const struct ares_addrinfo *ai, uint16_t port,
			     struct locator out[ASKER_ADDRESSES_MAX])
{
	const struct ares_addrinfo_node *node = ai->nodes;
	size_t n = 0;

	for (; node && n < ASKER_ADDRESSES_MAX; node = node->ai_next) {
		struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
		struct locator l;

		if (node->ai_addrlen > sizeof(sa))
			continue;
		memcpy(&sa, node->ai_addr, node->ai_addrlen);
		if (locator_from_sockaddr(&sa, &l) < 0)
			continue;
		l.port = port;
		if (locator_scope(&l) != LOCATOR_SCOPE_NONE)
			out[n++] = l;
	}
	return n;
}

static void on_addresses(void *ctx, int status, int timeouts,
			 struct ares_addrinfo *ai)
{
	struct question *q = ctx;
	struct locator all[ASKER_ADDRESSES_MAX];
	size_t n = 0;

	(void)timeouts;
	if (status == ARES_SUCCESS && ai)
		n = take_addresses(ai, q->port, all);
	if (ai)
		ares_freeaddrinfo(ai);
	q->asker->open--;
	q->asker->within++;
	q->addresses(q->ctx, status_of(status), ares_strerror(status), all, n);
	q->asker->within--;
	free(q);
}

static void on_records(void *ctx, int status, int timeouts,
		       unsigned char *bytes, int len)
{
	struct question *q = ctx;
	struct hostrecords records = { .n = 0 };

	(void)timeouts;
	if (status == ARES_SUCCESS && bytes && len > 0)
		hostrecords_read(bytes, (size_t)len, &records);
	/* Both say that there is none. */
	if (status == ARES_ENODATA || status == ARES_ENOTFOUND)
		status = ARES_SUCCESS;
	q->asker->open--;
	q->asker->within++;
	q->records(q->ctx, status_of(status), ares_strerror(status), &records);
	q->asker->within--;
	free(q);
}

static struct question *make_question(struct asker *a, int *status)
{
	struct question *q = NULL;

	*status = open_channel(a);
	if (*status == ARES_SUCCESS) {
		q = calloc(1, sizeof(*q));
		*status = ARES_ENOMEM;
	}
	if (q) {
		q->asker = a;
		a->open++;
	}
	return q;
}

void asker_addresses(struct asker *a, const char *host, uint16_t port,
		     asker_addresses_fn *fn, void *ctx)
{
	const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
						   .ai_socktype = SOCK_DGRAM };
	int status;
	struct question *q = make_question(a, &status);

	if (!q) {
		fn(ctx, ASKER_FAILED, ares_strerror(status), NULL, 0);
		return;
	}
	q->port = port;
	q->addresses = fn;
	q->ctx = ctx;
	/* May answer at once, from /etc/hosts. */
	ares_getaddrinfo(a->channel, host, NULL, &hints, on_addresses, q);
	set_timeout(a);
}

void asker_records(struct asker *a, const char *host, asker_records_fn *fn,
		   void *ctx)
{
	const struct hostrecords none = { .n = 0 };
	int status;
	struct question *q = make_question(a, &status);

	if (!q) {
		fn(ctx, ASKER_FAILED, ares_strerror(status), &none);
		return;
	}
	q->records = fn;
	q->ctx = ctx;
	ares_query(a->channel, host, CLASS_IN, HIPRR_TYPE, on_records, q);
	set_timeout(a);
}

int asker_new(struct ev_loop *loop, struct asker **out)
{
	struct asker *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		free(a);
		return -EIO;
	}
	a->loop = loop;
	ev_timer_init(&a->timeout, on_timeout, 0, 0);
	a->timeout.data = a;
	*out = a;
	return 0;
}

void asker_free(struct asker *a)
{
	if (!a)
		return;
	close_channel(a); /* open questions end with ARES_EDESTRUCTION */
	assert(a->open == 0);
	free(a);
}
