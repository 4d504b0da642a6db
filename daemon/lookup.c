/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host names of peers. A channel of c-ares lives as long as questions are
 * open, so that the next round reads the resolver's settings anew; with
 * numeric locators only there never is one.
 */
#include "daemon/lookup.h"

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/base/name.h"
#include "daemon/base/table.h"
#include "daemon/config_check.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUND_S = 60,
	AGAIN_MS = 5000, /* not sooner after the last time */
	TIMEOUT_MS = 2000,
	TRIES = 3,
	ADDRESSES_MAX = 4, /* taken of one host name */
	SOCKETS_MAX = 32,
};

/* One locator as configured. */
struct entry {
	struct target *target;
	char *text; /* as it was written */
	char *host; /* NULL: numeric */
	uint16_t port;
	bool asked; /* a question is open */
	struct locator found[ADDRESSES_MAX];
	size_t n_found;
};

/* One peer. */
struct target {
	struct lookup *lookup;
	struct hit hit;
	struct table_node node;
	struct entry *entries;
	size_t n;
	size_t open; /* questions */
	bool has_names;
	bool is_gone;	  /* freed with its last answer */
	uint64_t last_ms; /* when it was last asked about */
};

struct socket {
	ev_io io;
	bool used;
};

struct lookup {
	struct lookup_conf conf;
	ares_channel channel; /* NULL when nothing is open */
	size_t open;	      /* questions */
	ev_timer round, timeout;
	struct socket sockets[SOCKETS_MAX];
	struct table targets; /* by HIT */
	struct log_limit limit;
};

/* Tells what is known of a peer's locators, in the order of the file. */
static void tell(const struct target *t)
{
	const struct lookup_conf *conf = &t->lookup->conf;
	struct locator all[LOCATORS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < t->entries[i].n_found; j++)
			if (n < LOCATORS_MAX)
				all[n++] = t->entries[i].found[j];
	conf->found(conf->ctx, &t->hit, all, n);
}

static void set_timeout(struct lookup *l)
{
	struct timeval tv, *left = NULL;

	ev_timer_stop(l->conf.loop, &l->timeout);
	if (l->channel && l->open > 0)
		left = ares_timeout(l->channel, NULL, &tv);
	if (!left)
		return;
	ev_timer_set(&l->timeout,
		     (double)left->tv_sec + (double)left->tv_usec / 1e6, 0);
	ev_timer_start(l->conf.loop, &l->timeout);
}

static void on_timeout(struct ev_loop *loop, ev_timer *w, int events)
{
	struct lookup *l = w->data;

	(void)loop;
	(void)events;
	if (l->channel)
		ares_process_fd(l->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timeout(l);
}

static void on_socket(struct ev_loop *loop, ev_io *w, int events)
{
	struct lookup *l = w->data;

	(void)loop;
	if (l->channel)
		ares_process_fd(l->channel,
				events & EV_READ ? w->fd : ARES_SOCKET_BAD,
				events & EV_WRITE ? w->fd : ARES_SOCKET_BAD);
	set_timeout(l);
}

static struct socket *socket_for(struct lookup *l, int fd)
{
	struct socket *free_one = NULL;

	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		if (l->sockets[i].used && l->sockets[i].io.fd == fd)
			return &l->sockets[i];
		if (!l->sockets[i].used)
			free_one = &l->sockets[i];
	}
	return free_one;
}

/* c-ares tells what it waits for on a socket; nothing: it is closed. */
static void on_socket_state(void *ctx, ares_socket_t fd, int readable,
			    int writable)
{
	struct lookup *l = ctx;
	struct socket *s = socket_for(l, fd);
	int events = (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0);

	if (!s)
		return; /* the question runs into its timeout */
	if (s->used)
		ev_io_stop(l->conf.loop, &s->io);
	s->used = events != 0;
	if (!s->used)
		return;
	ev_io_init(&s->io, on_socket, fd, events);
	s->io.data = l;
	ev_io_start(l->conf.loop, &s->io);
}

static int open_channel(struct lookup *l)
{
	struct ares_options o = { .timeout = TIMEOUT_MS,
				  .tries = TRIES,
				  .sock_state_cb = on_socket_state,
				  .sock_state_cb_data = l };
	int status;

	if (l->channel)
		return 0;
	status = ares_init_options(&l->channel, &o,
				   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					   ARES_OPT_SOCK_STATE_CB);
	if (status == ARES_SUCCESS)
		return 0;
	log_warning("resolver", "%s", ares_strerror(status));
	return -EIO;
}

static void keep_addresses(struct entry *e, const struct ares_addrinfo *ai)
{
	const struct ares_addrinfo_node *node = ai->nodes;

	e->n_found = 0;
	for (; node && e->n_found < ADDRESSES_MAX; node = node->ai_next) {
		struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
		struct locator l;

		if (node->ai_addrlen > sizeof(sa))
			continue;
		memcpy(&sa, node->ai_addr, node->ai_addrlen);
		if (locator_from_sockaddr(&sa, &l) < 0)
			continue;
		l.port = e->port;
		if (locator_scope(&l) != LOCATOR_SCOPE_NONE)
			e->found[e->n_found++] = l;
	}
}

static void free_target(struct target *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->entries[i].text);
		free(t->entries[i].host);
	}
	free(t->entries);
	free(t);
}

static void on_answer(void *ctx, int status, int timeouts,
		      struct ares_addrinfo *ai)
{
	struct entry *e = ctx;
	struct target *t = e->target;
	struct lookup *l = t->lookup;

	(void)timeouts;
	e->asked = false;
	t->open--;
	l->open--;
	if (t->is_gone) {
		if (t->open == 0)
			free_target(t);
	} else if (status == ARES_SUCCESS && ai) {
		keep_addresses(e, ai);
		tell(t);
	} else if (status != ARES_EDESTRUCTION && status != ARES_ECANCELLED) {
		/* What was found before still counts. */
		log_limited(&l->limit, clock_ms(), LOG_LEVEL_WARNING,
			    "resolver", "host=%s: %s", e->host,
			    ares_strerror(status));
	}
	if (ai)
		ares_freeaddrinfo(ai);
}

static void ask(struct lookup *l, struct target *t)
{
	const struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC,
						   .ai_socktype = SOCK_DGRAM };

	if (!t->has_names || open_channel(l) < 0)
		return;
	t->last_ms = clock_ms();
	for (size_t i = 0; i < t->n; i++) {
		struct entry *e = &t->entries[i];

		if (!e->host || e->asked)
			continue;
		e->asked = true;
		t->open++;
		l->open++;
		/* May answer at once, from /etc/hosts. */
		ares_getaddrinfo(l->channel, e->host, NULL, &hints, on_answer,
				 e);
	}
	set_timeout(l);
}

/* Outside of c-ares' own callbacks only. */
static void close_channel(struct lookup *l)
{
	if (l->channel)
		ares_destroy(l->channel);
	l->channel = NULL;
	set_timeout(l);
}

static void on_round(struct ev_loop *loop, ev_timer *w, int events)
{
	struct lookup *l = w->data;
	struct table_iter it = table_iterate(&l->targets);
	struct target *t;

	(void)loop;
	(void)events;
	if (l->open == 0)
		close_channel(l);
	/* What is found changes the host, not the targets. */
	while ((t = table_next(&it)))
		if (t->has_names && l->conf.wanted(l->conf.ctx, &t->hit))
			ask(l, t);
}

static int add_entry(struct target *t, const char *text, uint16_t port)
{
	struct entry *e = &t->entries[t->n++];
	char host[NAME_DOMAIN_MAX + 1];

	e->target = t;
	e->text = strdup(text);
	if (!e->text)
		return -ENOMEM;
	if (locator_from_text(text, port, &e->found[0]) == 0) {
		e->n_found = 1;
	} else if (config_split_host(text, port, host, &e->port)) {
		e->host = strdup(host);
		if (!e->host)
			return -ENOMEM;
		t->has_names = true;
	}
	return 0;
}

/* NULL for want of memory. */
static struct target *make_target(struct lookup *l, const struct hit *hit,
				  const struct config_list *locators)
{
	struct target *t = calloc(1, sizeof(*t));
	int err = 0;

	if (!t)
		return NULL;
	t->lookup = l;
	t->hit = *hit;
	t->entries = calloc(locators->n + 1, sizeof(*t->entries));
	if (!t->entries)
		err = -ENOMEM;
	for (size_t i = 0; i < locators->n && err == 0; i++)
		err = add_entry(t, locators->items[i].text, l->conf.port);
	if (err < 0) {
		free_target(t);
		return NULL;
	}
	return t;
}

static bool has_these(const struct target *t,
		      const struct config_list *locators)
{
	if (t->n != locators->n)
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->entries[i].text, locators->items[i].text) != 0)
			return false;
	return true;
}

static void take_out(struct lookup *l, struct target *t)
{
	table_remove(&l->targets, &t->node);
	t->is_gone = true;
	if (t->open == 0)
		free_target(t);
}

int lookup_set(struct lookup *l, const struct hit *hit,
	       const struct config_list *locators)
{
	struct target *old = table_find(&l->targets, hit->bytes);
	struct target *t;
	int err;

	if (old && has_these(old, locators))
		return 0;
	t = make_target(l, hit, locators);
	if (!t)
		return -ENOMEM;
	if (old)
		take_out(l, old);
	err = table_add(&l->targets, &t->node, t->hit.bytes, t);
	if (err < 0) {
		free_target(t);
		return err;
	}
	tell(t);
	ask(l, t);
	return 0;
}

void lookup_remove(struct lookup *l, const struct hit *hit)
{
	struct target *t = table_find(&l->targets, hit->bytes);

	if (t)
		take_out(l, t);
}

int lookup_new(const struct lookup_conf *conf, struct lookup **out)
{
	uint8_t seed[TABLE_SEED_LEN];
	struct lookup *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->conf = *conf;
	ev_timer_init(&l->timeout, on_timeout, 0, 0);
	ev_timer_init(&l->round, on_round, ROUND_S, ROUND_S);
	l->timeout.data = l;
	l->round.data = l;
	randombytes_buf(seed, sizeof(seed));
	table_init(&l->targets, sizeof(struct hit), conf->peers_max, seed);
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		free(l);
		return -EIO;
	}
	ev_timer_start(conf->loop, &l->round);
	*out = l;
	return 0;
}

void lookup_free(struct lookup *l)
{
	struct table_iter it;
	struct target *t;

	if (!l)
		return;
	ev_timer_stop(l->conf.loop, &l->round);
	close_channel(l); /* open questions end with ARES_EDESTRUCTION */
	assert(l->open == 0);
	it = table_iterate(&l->targets);
	while ((t = table_next(&it)))
		take_out(l, t);
	table_clear(&l->targets);
	free(l);
}

bool lookup_tell(const struct lookup *l, const struct hit *hit)
{
	const struct target *t = table_find(&l->targets, hit->bytes);

	if (t)
		tell(t);
	return t != NULL;
}

void lookup_again(struct lookup *l, const struct hit *hit)
{
	struct target *t = table_find(&l->targets, hit->bytes);

	if (t && clock_ms() - t->last_ms >= AGAIN_MS)
		ask(l, t);
}
