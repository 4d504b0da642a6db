/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host names of peers. What is not answered stays as it was found before.
 */
#include "daemon/lookup.h"

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/base/name.h"
#include "daemon/base/table.h"
#include "daemon/config_check.h"

#include <errno.h>
#include <ev.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUND_S = 60,
	AGAIN_MS = 5000, /* not sooner after the last time */
};

/* One locator as configured. */
struct entry {
	struct target *target;
	char *text; /* as it was written */
	char *host; /* NULL: numeric */
	uint16_t port;
	bool asked, asked_records; /* a question is open */
	struct locator found[ASKER_ADDRESSES_MAX];
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

struct lookup {
	struct lookup_conf conf;
	ev_timer round;
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

static void free_target(struct target *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->entries[i].text);
		free(t->entries[i].host);
	}
	free(t->entries);
	free(t);
}

/* One question less; false when nobody wants the answer any more. */
static bool settle(struct target *t, enum asker_status status)
{
	t->open--;
	if (!t->is_gone)
		return status != ASKER_ENDED;
	if (t->open == 0)
		free_target(t);
	return false;
}

static void on_addresses(void *ctx, enum asker_status status, const char *error,
			 const struct locator *addresses, size_t n)
{
	struct entry *e = ctx;
	struct target *t = e->target;

	e->asked = false;
	if (!settle(t, status))
		return;
	if (status == ASKER_DONE) {
		e->n_found = n;
		for (size_t i = 0; i < n; i++)
			e->found[i] = addresses[i];
		tell(t);
	} else {
		/* What was found before still counts. */
		log_limited(&t->lookup->limit, clock_ms(), LOG_LEVEL_WARNING,
			    "resolver", "host=%s: %s", e->host, error);
	}
}

/* That there is no answer to this question is no news: most have none. */
static void on_records(void *ctx, enum asker_status status, const char *error,
		       const struct hostrecords *records)
{
	struct entry *e = ctx;
	struct target *t = e->target;
	const struct lookup_conf *conf = &t->lookup->conf;

	(void)error;
	e->asked_records = false;
	if (settle(t, status) && status == ASKER_DONE)
		conf->records(conf->ctx, &t->hit, e->host, records);
}

/* Answers may come at once, and take the target away. */
static void ask_entry(struct lookup *l, struct entry *e)
{
	struct target *t = e->target;
	bool address = !e->asked, records = !e->asked_records;

	e->asked = e->asked_records = true;
	t->open += (size_t)address + (size_t)records;
	if (address)
		asker_addresses(l->conf.asker, e->host, e->port, on_addresses,
				e);
	if (records)
		asker_records(l->conf.asker, e->host, on_records, e);
}

static void ask(struct lookup *l, struct target *t)
{
	if (!t->has_names || !l->conf.asker)
		return;
	t->last_ms = clock_ms();
	t->open++; /* so that it stays */
	for (size_t i = 0; i < t->n && !t->is_gone; i++)
		if (t->entries[i].host)
			ask_entry(l, &t->entries[i]);
	(void)settle(t, ASKER_DONE); /* nobody asked */
}

static void on_round(struct ev_loop *loop, ev_timer *w, int events)
{
	struct lookup *l = w->data;
	struct table_iter it = table_iterate(&l->targets);
	struct target *t;

	(void)loop;
	(void)events;
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

/* What was said against this peer's HIT. */
static void forget_records(const struct target *t)
{
	const struct lookup_conf *conf = &t->lookup->conf;
	const struct hostrecords none = { .n = 0 };

	for (size_t i = 0; i < t->n; i++)
		if (t->entries[i].host && conf->asker)
			conf->records(conf->ctx, &t->hit, t->entries[i].host,
				      &none);
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
	if (old) {
		forget_records(old);
		take_out(l, old);
	}
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

	if (t) {
		forget_records(t);
		take_out(l, t);
	}
}

int lookup_new(const struct lookup_conf *conf, struct lookup **out)
{
	uint8_t seed[TABLE_SEED_LEN];
	struct lookup *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->conf = *conf;
	ev_timer_init(&l->round, on_round, ROUND_S, ROUND_S);
	l->round.data = l;
	randombytes_buf(seed, sizeof(seed));
	table_init(&l->targets, sizeof(struct hit), conf->peers_max, seed);
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
