/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * RFC 6940 11.4 takes bootstraps by address or name, 7086 by HIT. What DNS
 * said last stays until it says otherwise; what it said first is kept, so that
 * another HIT is noticed: where first use is believed, over restarts.
 */
#include "daemon/bootstraps_impl.h"

#include "daemon/base/log.h"
#include "daemon/base/name.h"
#include "daemon/config_check.h"
#include "daemon/enrol.h"
#include "daemon/hostnames.h"
#include "daemon/reconfigure.h"
#include "daemon/underlay.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RETRY_MS = 5000, /* DNS does not know, then twice as long */
	RETRY_MAX_MS = 60 * 1000,
	AGAIN_MS = 60 * 1000, /* an answer counts for so long at least, */
	OLD_MS = 3600 * 1000, /* and at most; between by its time to live */
};

static_assert((int)BOOTSTRAPS_ALL_MAX >=
		      (int)BOOTSTRAPS_MAX + 2 * (int)TOKEN_BOOTSTRAPS_MAX,
	      "configuration, membership, invitation");
static_assert((int)BOOTSTRAPS_HITS_MAX <= (int)HOSTRECORDS_MAX,
	      "no more than are read");

static void free_one(struct bootstrap *b)
{
	free(b->text);
	free(b->host);
	free(b);
}

static void take_out(struct bootstrap *b)
{
	b->is_gone = true;
	if (b->open == 0)
		free_one(b);
}

bool bootstrap_has_hit(const struct bootstrap *b, const struct hit *hit)
{
	for (size_t i = 0; i < b->n_hits; i++)
		if (hit_equal(&b->hits[i], hit))
			return true;
	return false;
}

void bootstrap_add_hit(struct bootstrap *b, const struct hit *hit)
{
	if (b->n_hits < BOOTSTRAPS_HITS_MAX && !bootstrap_has_hit(b, hit))
		b->hits[b->n_hits++] = *hit;
}

static bool is_first_use(const struct engine *e)
{
	return e->config.unverified == CONFIG_UNVERIFIED_FIRST_USE;
}

/* NULL where nobody is believed at first use. */
static const struct pin *seen_of(const struct bootstrap *b)
{
	const struct engine *e = b->all->e;

	return e->seen && is_first_use(e) ? pins_find(e->seen, b->host) : NULL;
}

/* Until DNS answers: what it said before, or what holds against it. */
static void take_known(struct bootstrap *b)
{
	const struct pin *pin = pins_find(b->all->e->pins, b->host);
	const struct pin *known = pin ? pin : seen_of(b);

	if (!known)
		return;
	bootstrap_add_hit(b, &known->hit);
	b->first = known->hit;
	b->has_first = !pin;
}

/* "HIT", "HIT@LOCATOR" or "HOST[:PORT]"; the form was checked. */
static int take_text(struct bootstrap *b, const char *text, uint16_t port)
{
	const char *at = strchr(text, '@'), *place = at ? at + 1 : text;
	char host[NAME_DOMAIN_MAX + 1], hit[HIT_TEXT_MAX] = "";
	size_t len = at ? (size_t)(at - text) : strlen(text);

	if (len < sizeof(hit))
		memcpy(hit, text, len); /* its NUL is there */
	b->names_hit = hit_from_text(hit, &b->hits[0]) == 0;
	b->n_hits = b->names_hit ? 1 : 0;
	if (b->names_hit && !at)
		return 0;
	if (locator_from_text(place, port, &b->found[0]) == 0) {
		b->n_found = 1;
		return 0;
	}
	if (!config_split_host(place, port, host, &b->port))
		return 0; /* such a one is refused before */
	b->host = strdup(host);
	if (!b->host)
		return -ENOMEM;
	if (!b->names_hit)
		take_known(b);
	return 0;
}

/* NULL for want of memory. */
static struct bootstrap *make_one(struct bootstraps *all, const char *text)
{
	struct bootstrap *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->all = all;
	b->text = strdup(text);
	if (b->text && take_text(b, text, engine_locator_port(all->e)) == 0)
		return b;
	free_one(b);
	return NULL;
}

static void add_all(const struct bootstrap *b, struct hit out[], size_t cap,
		    size_t *n)
{
	const struct hit *own = identity_hit(b->all->e->id);

	for (size_t i = 0; i < b->n_hits && *n < cap; i++) {
		bool is_there = hit_equal(&b->hits[i], own);

		for (size_t j = 0; j < *n; j++)
			is_there |= hit_equal(&out[j], &b->hits[i]);
		if (!is_there)
			out[(*n)++] = b->hits[i];
	}
}

size_t bootstraps_hits(const struct bootstraps *b, struct hit out[], size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; b && i < b->n; i++)
		add_all(b->all[i], out, cap, &n);
	return n;
}

bool bootstraps_names(const struct bootstraps *b, const struct hit *hit)
{
	for (size_t i = 0; b && i < b->n; i++)
		if (b->all[i]->names_hit && bootstrap_has_hit(b->all[i], hit))
			return true;
	return false;
}

size_t bootstraps_named(const struct bootstraps *b, struct hit out[])
{
	size_t n = 0;

	for (size_t i = 0; b && i < b->n; i++)
		if (b->all[i]->names_hit)
			out[n++] = b->all[i]->hits[0];
	return n;
}

void bootstraps_locators(const struct bootstraps *b, const struct hit *hit,
			 struct locator out[], size_t cap, size_t *n)
{
	for (size_t i = 0; b && i < b->n; i++) {
		const struct bootstrap *one = b->all[i];

		for (size_t j = 0;
		     bootstrap_has_hit(one, hit) && j < one->n_found; j++)
			if (*n < cap)
				out[(*n)++] = one->found[j];
	}
}

bool bootstraps_on_want(struct bootstraps *b, const struct hit *hit)
{
	for (size_t i = 0; b && i < b->n; i++) {
		struct bootstrap *one = b->all[i];

		if (!bootstrap_has_hit(one, hit) || one->n_found == 0)
			continue;
		one->is_tried = !one->is_tried;
		return one->is_tried;
	}
	return false;
}

void bootstraps_on_failed(struct bootstraps *b, const struct hit *hit)
{
	for (size_t i = 0; b && i < b->n; i++)
		if (bootstrap_has_hit(b->all[i], hit) &&
		    b->all[i]->due_ms > b->all[i]->asked_ms + RETRY_MS)
			b->all[i]->due_ms = b->all[i]->asked_ms + RETRY_MS;
}

/* The overlay's node, and the host, are to know. */
static void tell(struct bootstraps *b)
{
	struct engine *e = b->e;
	struct hit hits[BOOTSTRAPS_ALL_MAX * BOOTSTRAPS_HITS_MAX];
	size_t n = bootstraps_hits(b, hits, sizeof(hits) / sizeof(hits[0]));
	size_t n_told;
	struct locator told[LOCATORS_MAX];

	for (size_t i = 0; i < n; i++)
		if (enrol_speaks_for(e->enrol, &hits[i], told, &n_told))
			reconfigure_tell_again(e, &hits[i]);
	if (e->underlay)
		underlay_on_bootstraps(e->underlay);
}

/* What has a pin holds against DNS (RFC 8005 8.1). */
static void take_records(struct bootstrap *b, const struct hostrecords *records)
{
	struct engine *e = b->all->e;
	const struct pin *pin = pins_find(e->pins, b->host);
	const struct hostrecord *faulty = hostrecords_faulty(records);

	b->fault = faulty ? faulty->fault : HIPRR_SOUND;
	if (b->names_hit || pin) {
		b->hits[0] = pin && !b->names_hit ? pin->hit : b->hits[0];
		b->n_hits = 1;
		hostnames_judge(e, &b->hits[0], b->host, records);
		return;
	}
	if (!hostrecords_sound(records))
		return; /* who it was before it may still be */
	b->n_hits = 0;
	for (size_t i = 0; i < records->n; i++)
		if (records->all[i].fault == HIPRR_SOUND)
			bootstrap_add_hit(b, &records->all[i].hit);
	if (!b->has_first)
		b->first = b->hits[0];
	b->has_first = true;
	/* What is in that file is let in: only where that is wanted. */
	if (is_first_use(e) && !seen_of(b))
		hostnames_remember(e, b->host, &b->first);
	bootstrap_judge_first(b, records);
}

/* The time to live of the records, within limits. */
static uint64_t lifetime_ms(const struct hostrecords *records)
{
	const struct hostrecord *sound = hostrecords_sound(records);
	uint64_t ms = sound ? (uint64_t)sound->ttl_s * 1000 : 0;

	if (ms > OLD_MS)
		return OLD_MS;
	return ms < AGAIN_MS ? AGAIN_MS : ms;
}

static void hear(struct bootstrap *b, const struct bootstraps_answer *a)
{
	bool is_done = a->status == ASKER_DONE;
	uint64_t now_ms = engine_now_ms();

	b->is_tried = false; /* it may be where it was not */
	if (a->records) {
		b->no_records = is_done ? NULL : a->error;
		if (is_done) {
			take_records(b, a->records);
			b->due_ms = now_ms + lifetime_ms(a->records);
		}
	} else {
		b->no_address = is_done ? NULL : a->error;
		for (size_t i = 0; is_done && i < a->n; i++)
			b->found[i] = a->addresses[i];
		b->n_found = is_done ? a->n : b->n_found;
	}
	/* The first half of an answer is no reason to complain. */
	if (b->open > 0)
		return;
	if (b->no_records || b->no_address || b->n_hits == 0 ||
	    b->n_found == 0) {
		b->pause_ms = b->pause_ms ? 2 * b->pause_ms : RETRY_MS;
		if (b->pause_ms > RETRY_MAX_MS)
			b->pause_ms = RETRY_MAX_MS;
		b->due_ms = now_ms + b->pause_ms;
	} else {
		b->pause_ms = 0;
	}
	bootstrap_judge_trouble(b);
	tell(b->all);
}

void bootstraps_hear(struct bootstraps *b, const char *host,
		     const struct bootstraps_answer *a)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->all[i]->host && strcmp(b->all[i]->host, host) == 0)
			hear(b->all[i], a);
}

/* One question less; false when nobody wants the answer any more. */
static bool settle(struct bootstrap *b, enum asker_status status)
{
	b->open--;
	if (!b->is_gone)
		return status != ASKER_ENDED;
	if (b->open == 0)
		free_one(b);
	return false;
}

static void on_records(void *ctx, enum asker_status status, const char *error,
		       const struct hostrecords *records)
{
	const struct bootstraps_answer a = { .status = status,
					     .error = error,
					     .records = records };

	if (settle(ctx, status))
		hear(ctx, &a);
}

static void on_addresses(void *ctx, enum asker_status status, const char *error,
			 const struct locator *addresses, size_t n)
{
	const struct bootstraps_answer a = {
		.status = status, .error = error, .addresses = addresses, .n = n
	};

	if (settle(ctx, status))
		hear(ctx, &a);
}

/* Answers may come at once. */
static void ask(struct bootstrap *b, uint64_t now_ms)
{
	struct asker *asker = b->all->e->asker;

	b->asked_ms = now_ms;
	b->due_ms = now_ms + RETRY_MAX_MS; /* unless the answer says more */
	b->open += 2;
	asker_records(asker, b->host, on_records, b);
	asker_addresses(asker, b->host, b->port, on_addresses, b);
}

void bootstraps_tick(struct bootstraps *b, uint64_t now_ms)
{
	if (!b || !b->e->asker)
		return;
	for (size_t i = 0; i < b->n; i++) {
		struct bootstrap *one = b->all[i];

		if (one->host && one->open == 0 && now_ms >= one->due_ms)
			ask(one, now_ms);
	}
}

void bootstraps_on_pin(struct bootstraps *b, const char *name)
{
	for (size_t i = 0; b && i < b->n; i++) {
		struct bootstrap *one = b->all[i];

		if (!one->host || one->names_hit ||
		    strcmp(one->host, name) != 0)
			continue;
		bootstrap_forget(one);
		one->n_hits = 0;
		one->has_first = false;
		take_known(one);
		one->due_ms = 0;
		tell(b);
	}
}

/* Takes the one of this text out of what there was, or NULL. */
static struct bootstrap *take_old(struct bootstraps *b, const char *text)
{
	for (size_t i = 0; i < b->n; i++) {
		struct bootstrap *one = b->all[i];

		if (strcmp(one->text, text) != 0)
			continue;
		b->all[i] = b->all[--b->n];
		return one;
	}
	return NULL;
}

/* What there will be. */
struct fresh {
	struct bootstraps *b;
	struct bootstrap *all[BOOTSTRAPS_ALL_MAX];
	size_t n;
};

static void take_one(struct fresh *f, const char *text)
{
	struct bootstrap *one;

	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->all[i]->text, text) == 0)
			return;
	if (f->n == BOOTSTRAPS_ALL_MAX)
		return;
	one = take_old(f->b, text);
	if (!one)
		one = make_one(f->b, text);
	if (one)
		f->all[f->n++] = one;
	else
		log_error("bootstrap", "out of memory");
}

static void take_invited(struct fresh *f, const struct token_bootstrap *all,
			 size_t n)
{
	char text[HIT_TEXT_MAX + NAME_DOMAIN_MAX + 8], hit[HIT_TEXT_MAX];

	for (size_t i = 0; i < n; i++) {
		if (all[i].host[0] == '\0')
			continue; /* enrolment knows where it is */
		hit_text(&all[i].hit, hit);
		(void)snprintf(text, sizeof(text), "%s@%s:%u", hit, all[i].host,
			       all[i].locator.port); /* fits */
		take_one(f, text);
	}
}

void bootstraps_configure(struct bootstraps *b)
{
	struct fresh f = { .b = b };
	const struct config_list *list;
	const struct token *t;

	if (!b)
		return;
	list = &b->e->config.bootstrap;
	for (size_t i = 0; i < list->n; i++)
		take_one(&f, list->items[i].text);
	take_invited(&f, b->e->membership.bootstraps,
		     b->e->membership.n_bootstraps);
	t = enrol_joining(b->e->enrol);
	if (t)
		take_invited(&f, t->bootstraps, t->n_bootstraps);
	while (b->n > 0) {
		bootstrap_forget(b->all[--b->n]);
		take_out(b->all[b->n]);
	}
	memcpy(b->all, f.all, sizeof(b->all));
	b->n = f.n;
}

struct bootstraps *bootstraps_new(struct engine *e)
{
	struct bootstraps *b = calloc(1, sizeof(*b));

	if (b) {
		b->e = e;
		bootstraps_configure(b);
	}
	return b;
}

void bootstraps_free(struct bootstraps *b)
{
	for (size_t i = 0; b && i < b->n; i++)
		take_out(b->all[i]);
	free(b);
}
