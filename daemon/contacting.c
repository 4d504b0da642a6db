/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Pins and names that certify themselves are looked at each second, here, as
 * they may change; the overlay is asked at a pace.
 */
#include "daemon/contacting_impl.h"

#include "daemon/aside.h"
#include "daemon/command.h"
#include "daemon/disputes.h"
#include "daemon/kept.h"
#include "daemon/underlay.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DOUBLINGS_MAX = 5,
	ABOUT_MAX = 256, /* of a name, in a warning */
};

static_assert((CONTACTING_AGAIN_MS << DOUBLINGS_MAX) >= CONTACTING_FRESH_MAX_MS,
	      "more doublings change nothing");

/* Warnings of these are about one contact each. */
static const char conflict_code[] = "contact-conflict";
static const char disputed_code[] = "contact-disputed";
/* And this is about all of them. */
static const char unknown_code[] = "contact-unknown";

static void load(struct contacting *x)
{
	struct engine *e = x->e;
	bool broken = false;
	int err = e->state_dir < 0
			  ? -EROFS
			  : contacts_load(x->contacts, e->state_dir, &broken);

	x->writable = err == 0;
	if (err == 0 && broken) {
		aside_warn(e, "contacts-broken");
		err = contacting_save(x);
	}
	if (err < 0 && e->state_dir >= 0)
		warnings_add(&e->warnings, "state-not-written",
			     "make room there, or look after its permissions, "
			     "and restart hiplined",
			     "contacts.json in %s: %s", e->config.state,
			     strerror(-err));
}

struct contacting *contacting_new(struct engine *e)
{
	struct contacting *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->e = e;
	x->contacts = contacts_new();
	if (!x->contacts) {
		free(x);
		return NULL;
	}
	load(x);
	return x;
}

void contacting_free(struct contacting *x)
{
	if (!x)
		return;
	contacts_free(x->contacts);
	free(x);
}

int contacting_save(const struct contacting *x)
{
	return x->writable ? contacts_save(x->contacts, x->e->state_dir)
			   : -EROFS;
}

bool contacting_keeps(const struct contacting *x, const struct hit *hit)
{
	return x && contacts_keep(x->contacts, hit);
}

/* What a warning about it begins with. */
static void about(const struct contact *c, char out[ABOUT_MAX + 3])
{
	(void)snprintf(out, ABOUT_MAX + 3, "%.*s: ", (int)ABOUT_MAX, c->name);
}

/* In place of all others about it. NULL: nothing is wrong with it. */
static void warn(struct contacting *x, const struct contact *c,
		 const char *code, const char *what, const char *remedy)
{
	struct warnings *w = &x->e->warnings;
	char name[ABOUT_MAX + 3], text[WARNING_TEXT_MAX];

	about(c, name);
	(void)snprintf(text, sizeof(text), "%s%s", name, what ? what : "");
	warnings_remove_about(w, conflict_code, name,
			      code == conflict_code ? text : NULL);
	warnings_remove_about(w, disputed_code, name,
			      code == disputed_code ? text : NULL);
	if (code)
		warnings_add(w, code, remedy, "%s", text);
}

static void no_warning(struct contacting *x, const struct contact *c)
{
	warn(x, c, NULL, NULL, NULL);
}

/* Of hosts that were behind it, who is not any more is not kept for it. */
static void judge(struct contacting *x, const struct hit *were, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!contacts_keep(x->contacts, &were[i])) {
			kept_judge(x->e, &were[i]);
			if (!engine_has_peer(x->e, &were[i]))
				unreached_remove(&x->e->unreached, &were[i]);
		}
}

static size_t copy_hits(const struct contact *c, struct hit out[])
{
	size_t n = 0;

	while (n < c->n_hits && n < RESOLVE_HITS_MAX) {
		out[n] = c->hits[n].hit;
		n++;
	}
	return n;
}

/* 0 or -ENOMEM: then it is as before. */
static int replace(struct contacting *x, struct contact *c,
		   const struct resolve_hit *hits, size_t n)
{
	struct hit were[RESOLVE_HITS_MAX];
	size_t n_were = copy_hits(c, were);
	int err = contact_set_hits(c, hits, n);

	if (err == 0 && c->keep)
		judge(x, were, n_were);
	return err;
}

/* As if it had just been added. */
static void forget(struct contacting *x, struct contact *c)
{
	if (replace(x, c, NULL, 0) < 0)
		return; /* the next second */
	no_warning(x, c);
	c->state = CONTACT_LOOKING;
	c->until_ms = c->due_ms = 0;
	c->lookup = 0;
	c->failures = 0;
}

/* The answer that stands here, by a pin or the name itself. */
static bool is_known_here(const struct contacting *x, const struct contact *c,
			  struct resolve_hit *out)
{
	char canonical[NAME_LEN_MAX + 1];
	const char *proof;
	struct hit hit;

	if (command_resolve(x->e, c->name, canonical, &hit, &proof) < 0)
		return false;
	*out = (struct resolve_hit){ .proof = strcmp(proof, "pin") == 0
						      ? RESOLVE_PROOF_PIN
						      : RESOLVE_PROOF_SELF };
	memcpy(out->hit, hit.bytes, sizeof(out->hit));
	return true;
}

static bool has_just(const struct contact *c, const struct resolve_hit *h)
{
	return c->n_hits == 1 && c->hits[0].proof == h->proof &&
	       memcmp(c->hits[0].hit.bytes, h->hit, sizeof(h->hit)) == 0;
}

/* What needs nobody to be asked. */
static void look_here(struct contacting *x, struct contact *c)
{
	struct resolve_hit h;

	if (is_known_here(x, c, &h)) {
		if (h.proof == RESOLVE_PROOF_PIN)
			disputes_watch(x->e->disputes, c->name);
		if (c->until_ms == CONTACT_FOREVER && has_just(c, &h))
			return;
		if (replace(x, c, &h, 1) < 0)
			return; /* the next second */
		no_warning(x, c);
		c->state = CONTACT_FOUND;
		c->until_ms = CONTACT_FOREVER;
		c->lookup = 0;
		c->failures = 0;
		return;
	}
	if (c->until_ms == CONTACT_FOREVER)
		forget(x, c); /* it was bound here until now */
	if (underlay_has_name(x->e->underlay, c->name))
		return;
	if (c->n_hits > 0)
		forget(x, c);
	c->state = CONTACT_ABSENT;
}

/* Kept, and nobody can be asked for it, nor soon: as it stands it never comes
 * about. */
static bool is_unknowable(const struct contacting *x, const struct contact *c)
{
	return c->keep && c->until_ms != CONTACT_FOREVER &&
	       !underlay_has_name(x->e->underlay, c->name) &&
	       !underlay_awaited(x->e, c->name);
}

/* One warning for all of them, as there may be more than there are places. */
static void warn_unknowable(struct contacting *x)
{
	struct warnings *w = &x->e->warnings;
	char text[WARNING_TEXT_MAX], others[48] = "";
	const struct contact *c, *first = NULL;
	size_t n = 0;

	for (size_t i = 0; (c = contacts_at(x->contacts, i)); i++) {
		if (!is_unknowable(x, c))
			continue;
		if (n++ == 0)
			first = c;
	}
	if (n > 1)
		(void)snprintf(others, sizeof(others), " (and so for %zu more)",
			       n - 1); /* fits */
	if (n > 0)
		(void)snprintf(text, sizeof(text),
			       "%.*s is to be kept, and the HIT of it is not "
			       "known: no overlay of this host has names of "
			       "its domain%s",
			       (int)ABOUT_MAX, first->name, others); /* fits */
	warnings_remove_about(w, unknown_code, "", n > 0 ? text : NULL);
	if (n > 0)
		warnings_add(w, unknown_code,
			     "hipline join its overlay, bind the name with "
			     "hipline pin, or hipline contact remove it",
			     "%s", text);
}

static void look_all_here(struct contacting *x)
{
	const char *overlay = x->e->membership.overlay;
	bool is_another = strcmp(x->overlay, overlay) != 0;
	struct contact *c;

	for (size_t i = 0; (c = contacts_at(x->contacts, i)); i++) {
		if (is_another)
			forget(x, c);
		look_here(x, c);
	}
	warn_unknowable(x);
	if (is_another)
		(void)snprintf(x->overlay, sizeof(x->overlay), "%s", overlay);
}

/* A tenth more or less, so that not all have one moment. */
static uint64_t some(uint64_t ms)
{
	return ms - ms / 10 + randombytes_uniform((uint32_t)ms / 5 + 1);
}

static void fail(struct contact *c, enum contact_state state, uint64_t now_ms)
{
	unsigned int n =
		c->failures < DOUBLINGS_MAX ? c->failures : DOUBLINGS_MAX;
	uint64_t pause_ms = (uint64_t)CONTACTING_AGAIN_MS << n;

	if (pause_ms > CONTACTING_FRESH_MAX_MS)
		pause_ms = CONTACTING_FRESH_MAX_MS;
	c->failures++;
	c->due_ms = now_ms + some(pause_ms);
	/* What was found holds for its time, when nobody can be asked. */
	if (state == CONTACT_UNREACHABLE && c->state == CONTACT_FOUND &&
	    c->until_ms > now_ms)
		return;
	c->state = state;
	c->until_ms = 0;
}

static bool is_same(const struct contact *c, const struct resolve_answer *a)
{
	for (size_t i = 0; i < a->n_hits; i++) {
		struct hit hit;

		memcpy(hit.bytes, a->hits[i].hit, sizeof(hit.bytes));
		if (!contact_find_hit(c, &hit))
			return false;
	}
	return a->n_hits == c->n_hits;
}

/* A host that claims the name, too: shown, as `resolve` does. */
static void warn_disputed(struct contacting *x, const struct contact *c,
			  const struct resolve_answer *a)
{
	char what[HIT_TEXT_MAX + 64], text[HIT_TEXT_MAX];
	struct hit hit;

	if (a->n_against == 0) {
		no_warning(x, c);
		return;
	}
	memcpy(hit.bytes, a->against[0], sizeof(hit.bytes));
	hit_text(&hit, text);
	(void)snprintf(what, sizeof(what),
		       "%s claims the name, too, and is not believed", text);
	warn(x, c, disputed_code, what,
	     "find out whose host that is; hipline resolve shows all of them");
}

static void on_found(struct contacting *x, struct contact *c,
		     const struct resolve_answer *a, uint64_t now_ms)
{
	uint64_t fresh_ms = (uint64_t)a->lifetime_s * 1000 / 2;
	bool changes = c->n_hits > 0 && !is_same(c, a);

	if (replace(x, c, a->hits, a->n_hits) < 0) {
		fail(c, CONTACT_UNREACHABLE, now_ms);
		return;
	}
	if (changes) /* as often as certificates change */
		log_limited(&x->log, now_ms, LOG_LEVEL_INFO, "contact",
			    "%s: other hosts than before, hits=%zu", c->name,
			    c->n_hits);
	warn_disputed(x, c, a);
	if (fresh_ms < CONTACTING_FRESH_MIN_MS)
		fresh_ms = CONTACTING_FRESH_MIN_MS;
	if (fresh_ms > CONTACTING_FRESH_MAX_MS)
		fresh_ms = CONTACTING_FRESH_MAX_MS;
	c->state = CONTACT_FOUND;
	c->failures = 0;
	c->until_ms = now_ms + (uint64_t)a->lifetime_s * 1000;
	c->due_ms = now_ms + some(fresh_ms);
}

/* Whoever was there before may just not have been found this time. */
static void on_absent(struct contacting *x, struct contact *c,
		      const struct resolve_answer *a, uint64_t now_ms)
{
	fail(c, a->n_against > 0 ? CONTACT_REFUSED : CONTACT_ABSENT, now_ms);
	if (a->n_against > 0)
		warn(x, c, conflict_code,
		     "a host claims the name, and nothing proves it: refused",
		     "have the authority invite that host to the name, or bind "
		     "it with hipline pin");
	else
		no_warning(x, c);
	if (c->failures >= CONTACTING_DENIALS_MAX)
		(void)replace(x, c, NULL, 0); /* or the next time */
}

static void take(struct contacting *x, struct contact *c,
		 const struct resolve_answer *a)
{
	uint64_t now_ms = engine_now_ms();

	switch (a->result) {
	case RESOLVE_FOUND:
		if (a->n_hits > 0)
			on_found(x, c, a, now_ms);
		else
			fail(c, CONTACT_UNREACHABLE, now_ms);
		break;
	case RESOLVE_ABSENT:
		on_absent(x, c, a, now_ms);
		break;
	case RESOLVE_CONFLICT: /* who was there before stays, and is kept */
		fail(c, CONTACT_CONFLICT, now_ms);
		warn(x, c, conflict_code,
		     "hosts contradict each other about it: refused",
		     "find out which is right and bind it with hipline pin");
		break;
	default:
		fail(c, CONTACT_UNREACHABLE, now_ms);
		break;
	}
}

static void note(struct contacting *x, const struct contact *c,
		 const struct resolve_answer *a)
{
	for (size_t i = 0; i < a->n_hits; i++)
		underlay_note(x->e->underlay, c->name, &a->hits[i]);
}

bool contacting_on_found(struct contacting *x, const struct resolve_answer *a)
{
	struct contact *c;

	for (size_t i = 0; x && (c = contacts_at(x->contacts, i)); i++) {
		if (c->lookup == 0 || c->lookup != a->id)
			continue;
		c->lookup = 0;
		note(x, c, a);
		take(x, c, a);
		return true;
	}
	return false;
}

void contacting_learn(struct contacting *x, const char *name,
		      const struct resolve_answer *a)
{
	struct contact *c = x ? contacts_find(x->contacts, name) : NULL;

	if (c && c->until_ms != CONTACT_FOREVER)
		take(x, c, a);
}

void contacting_on_gone(struct contacting *x)
{
	struct contact *c;

	for (size_t i = 0; x && (c = contacts_at(x->contacts, i)); i++)
		c->lookup = 0;
}

void contacting_forget(struct contacting *x, const char *name)
{
	struct contact *c = x ? contacts_find(x->contacts, name) : NULL;

	if (!c)
		return;
	(void)replace(x, c, NULL, 0); /* out of memory: as before */
	c->until_ms = c->due_ms = 0;
	c->lookup = 0; /* it may have been answered before */
}

void contacting_on_revoked(struct contacting *x)
{
	struct contact *c;

	for (size_t i = 0; x && (c = contacts_at(x->contacts, i)); i++) {
		if (c->until_ms == CONTACT_FOREVER)
			continue;
		c->until_ms = c->due_ms = 0;
		c->lookup = 0; /* it may have been answered before */
	}
}

/* How many are under way; what takes too long is not. */
static size_t count_open(struct contacting *x, uint64_t now_ms)
{
	struct contact *c;
	size_t open = 0;

	for (size_t i = 0; (c = contacts_at(x->contacts, i)); i++) {
		if (c->lookup == 0)
			continue;
		if (now_ms < c->lookup_ms + CONTACTING_OPEN_MS) {
			open++;
			continue;
		}
		c->lookup = 0;
		fail(c, CONTACT_UNREACHABLE, now_ms);
	}
	return open;
}

/* Asks the overlay when it is time. False when it was not asked. */
static bool look_up(struct contacting *x, struct contact *c, uint64_t now_ms)
{
	struct engine *e = x->e;

	if (c->lookup != 0 || c->until_ms == CONTACT_FOREVER ||
	    now_ms < c->due_ms || !underlay_has_name(e->underlay, c->name))
		return false;
	c->lookup = ++e->last_lookup;
	c->lookup_ms = now_ms;
	if (underlay_lookup(e->underlay, c->lookup, c->name))
		return true;
	c->lookup = 0;
	return false;
}

static void look_some_up(struct contacting *x, uint64_t now_ms)
{
	size_t n = contacts_count(x->contacts);
	size_t open = count_open(x, now_ms), begun = 0;

	if (!underlay_is_joined(x->e->underlay))
		return;
	for (size_t i = 0; i < n && begun < CONTACTING_PER_TICK &&
			   open + begun < CONTACTING_OPEN_MAX;
	     i++) {
		size_t at = x->next % n;

		x->next = at + 1;
		if (look_up(x, contacts_at(x->contacts, at), now_ms))
			begun++;
	}
}

void contacting_tick(struct contacting *x, uint64_t now_ms)
{
	struct contact *c;

	if (!x || x->e->stopping)
		return;
	look_all_here(x);
	look_some_up(x, now_ms);
	for (size_t i = 0; (c = contacts_at(x->contacts, i)); i++)
		if (c->keep)
			kept_tick(x->e, c, now_ms);
}

int contacting_add(struct contacting *x, const char *name, bool keep)
{
	int err = contacts_set(x->contacts, name, keep);
	struct hit hits[RESOLVE_HITS_MAX];
	struct contact *c;

	if (err < 0)
		return err;
	c = contacts_find(x->contacts, name);
	if (!keep)
		judge(x, hits, copy_hits(c, hits));
	contacting_tick(x, engine_now_ms());
	return 0;
}

int contacting_remove(struct contacting *x, const char *name)
{
	struct contact *c = contacts_find(x->contacts, name);
	struct hit hits[RESOLVE_HITS_MAX];
	size_t n;
	int err;

	if (!c)
		return -ENOENT;
	n = copy_hits(c, hits);
	no_warning(x, c);
	err = contacts_remove(x->contacts, name);
	judge(x, hits, n);
	warn_unknowable(x);
	return err;
}

bool contacting_answer(const struct contacting *x, const char *name,
		       struct resolve_answer *out)
{
	const struct contact *c = x ? contacts_find(x->contacts, name) : NULL;
	uint64_t now_ms = engine_now_ms();

	if (!c || c->state != CONTACT_FOUND || c->until_ms <= now_ms ||
	    c->until_ms == CONTACT_FOREVER || c->n_hits == 0)
		return false;
	out->result = RESOLVE_FOUND;
	out->lifetime_s = (uint32_t)((c->until_ms - now_ms) / 1000);
	out->n_hits = 0;
	for (size_t i = 0; i < c->n_hits && i < RESOLVE_HITS_MAX; i++) {
		const struct contact_hit *h = &c->hits[i];
		struct resolve_hit *to = &out->hits[out->n_hits++];

		*to = (struct resolve_hit){ .proof = h->proof,
					    .hi = h->hi,
					    .hi_len = h->hi_len };
		memcpy(to->hit, h->hit.bytes, sizeof(to->hit));
	}
	return true;
}
