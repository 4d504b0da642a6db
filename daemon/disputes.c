/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Only names that are used are looked up, and only a few of them are
 * remembered: a host may have thousands of pins.
 */
#include "daemon/disputes.h"

#include "daemon/base/name.h"
#include "daemon/engine.h"
#include "daemon/pins.h"
#include "daemon/underlay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEVER UINT64_MAX

static const char code[] = "pin-contradicted";

struct dispute {
	char name[NAME_LEN_MAX + 1];
	struct hit pin; /* when it was used */
	uint64_t used_ms;
	uint64_t lookup; /* its id; 0: none is under way */
	uint64_t lookup_ms;
	uint64_t due_ms; /* of the next lookup */
	struct hit against[RESOLVE_HITS_MAX];
	size_t n_against;
};

struct disputes {
	struct engine *e;
	struct dispute *all[DISPUTES_MAX]; /* made when they are needed */
	size_t n;
};

struct disputes *disputes_new(struct engine *e)
{
	struct disputes *d = calloc(1, sizeof(*d));

	if (d)
		d->e = e;
	return d;
}

void disputes_free(struct disputes *d)
{
	for (size_t i = 0; d && i < d->n; i++)
		free(d->all[i]);
	free(d);
}

bool disputes_has_name(const struct disputes *d, const char *name)
{
	return d && underlay_has_name(d->e->underlay, name) &&
	       strcmp(name_domain(name), d->e->membership.overlay) == 0;
}

static struct dispute *find(const struct disputes *d, const char *name)
{
	for (size_t i = 0; d && i < d->n; i++)
		if (strcmp(d->all[i]->name, name) == 0)
			return d->all[i];
	return NULL;
}

/* The one that was used longest ago; those with something to warn of stay as
 * long as there is another. */
static size_t oldest(const struct disputes *d)
{
	size_t best = 0;

	for (size_t i = 1; i < d->n; i++) {
		const struct dispute *p = d->all[i], *b = d->all[best];
		bool warns = p->n_against > 0, best_warns = b->n_against > 0;

		if (warns != best_warns ? best_warns : p->used_ms < b->used_ms)
			best = i;
	}
	return best;
}

/* In place of what was warned of before; nothing when there is nothing. */
static void warn(const struct disputes *d, const struct dispute *p)
{
	char about[WARNING_TEXT_MAX], text[WARNING_TEXT_MAX];
	char ours[HIT_TEXT_MAX], theirs[HIT_TEXT_MAX];
	bool is_contradicted = p->n_against > 0;

	(void)snprintf(about, sizeof(about), "%.300s is bound ", p->name);
	if (is_contradicted) {
		hit_text(&p->pin, ours);
		hit_text(&p->against[0], theirs);
		(void)snprintf(text, sizeof(text),
			       "%.300s is bound here to %s, and a certificate "
			       "in the overlay is for %s: the pin counts",
			       p->name, ours, theirs);
	}
	warnings_remove_about(&d->e->warnings, code, about,
			      is_contradicted ? text : NULL);
	if (is_contradicted)
		warnings_add(&d->e->warnings, code,
			     "first compare with hipline id on that host; then "
			     "hipline pin NAME HIT binds the name anew, and "
			     "hipline unpin NAME (or its peer section) leaves "
			     "it to the certificate",
			     "%s", text);
}

static void clear(struct disputes *d, size_t i)
{
	struct dispute *p = d->all[i];

	p->n_against = 0;
	warn(d, p);
	d->all[i] = d->all[--d->n];
	free(p);
}

/* For want of memory NULL: it is not looked up this time. */
static struct dispute *add(struct disputes *d, const char *name)
{
	struct dispute *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	if (d->n == DISPUTES_MAX)
		clear(d, oldest(d));
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	d->all[d->n++] = p;
	return p;
}

/* The pin of a name that certificates could speak of; else NULL. */
static const struct pin *pin_of(const struct disputes *d, const char *name)
{
	return disputes_has_name(d, name) ? pins_find(d->e->pins, name) : NULL;
}

static void use(struct disputes *d, const char *name, bool displaces)
{
	uint64_t now_ms = engine_now_ms();
	const struct pin *pin = pin_of(d, name);
	struct dispute *p;

	if (!pin)
		return;
	p = find(d, name);
	if (!p && (displaces || d->n < DISPUTES_MAX))
		p = add(d, name); /* which is due at once */
	if (!p)
		return;
	p->pin = pin->hit;
	p->used_ms = now_ms;
	if (p->due_ms == NEVER && p->lookup == 0 &&
	    now_ms - p->lookup_ms >= DISPUTES_FRESH_MS)
		p->due_ms = now_ms;
}

void disputes_on_use(struct disputes *d, const char *name)
{
	use(d, name, true);
}

void disputes_watch(struct disputes *d, const char *name)
{
	use(d, name, false);
}

/* Neither our overlay nor the pin is what it was. */
static bool is_over(const struct disputes *d, const struct dispute *p)
{
	const struct pin *pin = pin_of(d, p->name);

	return !pin || !hit_equal(&pin->hit, &p->pin);
}

static void look_up(struct disputes *d, struct dispute *p, uint64_t now_ms)
{
	p->lookup = ++d->e->last_lookup;
	if (!underlay_lookup(d->e->underlay, p->lookup, p->name)) {
		p->lookup = 0; /* the next second */
		return;
	}
	p->lookup_ms = now_ms;
	p->due_ms = NEVER;
}

void disputes_tick(struct disputes *d, uint64_t now_ms)
{
	size_t open = 0;

	for (size_t i = d ? d->n : 0; i-- > 0;) {
		struct dispute *p = d->all[i];

		if (p->lookup != 0 && now_ms >= p->lookup_ms + DISPUTES_OPEN_MS)
			p->lookup = 0; /* it is old: the next use asks again */
		open += p->lookup != 0;
		if (is_over(d, p))
			clear(d, i);
	}
	if (!d || !underlay_is_joined(d->e->underlay))
		return;
	for (size_t i = 0; i < d->n && open < DISPUTES_OPEN_MAX; i++) {
		struct dispute *p = d->all[i];

		if (p->lookup != 0 || p->due_ms > now_ms)
			continue;
		look_up(d, p, now_ms);
		open += p->lookup != 0;
	}
}

/* Certificates that bind it to other hosts, and none to the pinned one. */
static void judge(const struct disputes *d, struct dispute *p,
		  const struct resolve_answer *a)
{
	size_t same = 0;

	p->n_against = 0;
	for (size_t i = 0; i < a->n_hits; i++) {
		struct hit hit;

		memcpy(hit.bytes, a->hits[i].hit, sizeof(hit.bytes));
		same += hit_equal(&hit, &p->pin);
		if (a->hits[i].proof == RESOLVE_PROOF_AUTHORITY &&
		    p->n_against < RESOLVE_HITS_MAX)
			p->against[p->n_against++] = hit;
	}
	if (same > 0)
		p->n_against = 0;
	warn(d, p);
}

/* What came to nothing is not an answer: the next use asks again. */
static void take(const struct disputes *d, struct dispute *p,
		 const struct resolve_answer *a, uint64_t now_ms)
{
	p->lookup_ms = now_ms;
	if (a->result == RESOLVE_FOUND || a->result == RESOLVE_ABSENT)
		judge(d, p, a);
	else
		p->lookup_ms -= DISPUTES_FRESH_MS;
}

bool disputes_on_found(struct disputes *d, const struct resolve_answer *a)
{
	for (size_t i = 0; d && i < d->n; i++) {
		struct dispute *p = d->all[i];

		if (p->lookup == 0 || p->lookup != a->id)
			continue;
		p->lookup = 0;
		take(d, p, a, engine_now_ms());
		return true;
	}
	return false;
}

void disputes_learn(struct disputes *d, const char *name,
		    const struct resolve_answer *a)
{
	struct dispute *p;

	disputes_on_use(d, name);
	p = find(d, name);
	if (!p)
		return;
	if (p->lookup == 0)
		p->due_ms = NEVER;
	take(d, p, a, engine_now_ms());
}

void disputes_on_gone(struct disputes *d)
{
	for (size_t i = 0; d && i < d->n; i++) {
		struct dispute *p = d->all[i];

		if (p->lookup != 0)
			p->lookup_ms -= DISPUTES_FRESH_MS; /* not an answer */
		p->lookup = 0;
	}
}

void disputes_forget(struct disputes *d, const char *name)
{
	for (size_t i = d ? d->n : 0; i-- > 0;)
		if (strcmp(d->all[i]->name, name) == 0)
			clear(d, i);
}

size_t disputes_against(const struct disputes *d, const char *name,
			struct hit out[RESOLVE_HITS_MAX])
{
	const struct dispute *p = find(d, name);

	if (!p)
		return 0;
	memcpy(out, p->against, p->n_against * sizeof(out[0]));
	return p->n_against;
}
