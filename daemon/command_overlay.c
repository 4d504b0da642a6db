/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Commands on names of the overlay: resolve and connect where nobody here
 * knows the name, publish, unpublish, names, overlay. What the resolver has
 * to be asked is answered later.
 */
#include "daemon/command_impl.h"

#include "daemon/base/name.h"
#include "daemon/contacting.h"
#include "daemon/disputes.h"
#include "daemon/enrol.h"
#include "daemon/naming.h"
#include "daemon/report.h"
#include "daemon/underlay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { AGAINST_MS = 3000 }; /* a pin has its answer all the same */

static void connect_to_one(struct engine *e, struct waiter *w,
			   const struct resolve_answer *a)
{
	struct hit hits[RESOLVE_HITS_MAX];

	for (size_t i = 0; i < a->n_hits; i++)
		memcpy(hits[i].bytes, a->hits[i].hit, sizeof(hits[i].bytes));
	w->lookup = 0;
	command_connect_waiter(e, w, hits, a->n_hits);
}

/* At once: whoever were asked would not answer. */
static void say_revoked(const struct command_call *c, const char *name)
{
	command_say(c->answer, API_FAILED,
		    "%s is not looked up: the authority of %s has revoked this "
		    "host's certificate, so no member answers it; ask for a "
		    "new invitation, then hipline leave and join",
		    name, c->e->membership.overlay);
}

bool command_ask(const struct command_call *c, const char *name, bool connects,
		 uint64_t timeout_ms)
{
	struct engine *e = c->e;
	struct resolve_answer known;
	struct waiter *w;

	if (!underlay_has_name(e->underlay, name))
		return false;
	w = command_free_waiter(e);
	*w = (struct waiter){ .client = c->client,
			      .lookup = ++e->last_lookup,
			      .connects = connects,
			      .timeout_ms = timeout_ms,
			      .end_ms = engine_now_ms() + timeout_ms };
	(void)snprintf(w->name, sizeof(w->name), "%s", name);
	if (connects && contacting_answer(e->contacting, name, &known)) {
		c->answer->later = true; /* it may be answered at once */
		connect_to_one(e, w, &known);
		engine_schedule(e);
		return true;
	}
	if (underlay_is_revoked(e->underlay)) {
		w->client = NULL;
		say_revoked(c, name);
		return true;
	}
	c->answer->later = underlay_lookup(e->underlay, w->lookup, name);
	if (c->answer->later) {
		engine_schedule(e);
		return true;
	}
	w->client = NULL;
	command_say(c->answer, API_FAILED,
		    "%s is a name of the overlay, which cannot be asked: "
		    "hipline-resolver does not run; see hipline status",
		    name);
	return true;
}

void command_answer_pinned(struct engine *e, struct waiter *w)
{
	struct command_answer out = { .json = NULL };
	struct hit against[RESOLVE_HITS_MAX];
	size_t n = disputes_against(e->disputes, w->name, against);

	out.json = report_resolution(w->name, &w->hit, "pin", against, n);
	if (!out.json)
		command_say(&out, API_FAILED, "out of memory");
	command_answer_waiter(w, &out);
}

bool command_ask_against(const struct command_call *c, const char *name,
			 const struct hit *pin)
{
	struct engine *e = c->e;
	struct waiter *w;

	if (!disputes_has_name(e->disputes, name) ||
	    !underlay_is_joined(e->underlay) ||
	    !underlay_lookup(e->underlay, e->last_lookup + 1, name))
		return false;
	w = command_free_waiter(e);
	*w = (struct waiter){ .client = c->client,
			      .lookup = ++e->last_lookup,
			      .is_pinned = true,
			      .hit = *pin,
			      .timeout_ms = AGAINST_MS,
			      .end_ms = engine_now_ms() + AGAINST_MS };
	(void)snprintf(w->name, sizeof(w->name), "%s", name);
	c->answer->later = true;
	engine_schedule(e);
	return true;
}

/* Nobody whom it believes has it. */
static void explain_absent(const struct waiter *w,
			   const struct resolve_answer *a,
			   struct command_answer *out)
{
	char text[HIT_TEXT_MAX];
	struct hit hit;

	if (a->n_against == 0) {
		command_say(out, API_NO_SUCH_NAME,
			    "no host of the overlay publishes %s", w->name);
		return;
	}
	memcpy(hit.bytes, a->against[0], sizeof(hit.bytes));
	hit_text(&hit, text);
	command_say(out, API_NO_SUCH_NAME,
		    "%s claims %s, which nothing proves: refused as "
		    "unverified (%zu claim%s). Have the authority invite that "
		    "host to the name, or compare the HIT with hipline id "
		    "there, then: hipline pin %s %s",
		    text, w->name, a->n_against, a->n_against == 1 ? "" : "s",
		    w->name, text);
}

/* Why there is no HIT. */
static void explain(const struct waiter *w, const struct resolve_answer *a,
		    struct command_answer *out)
{
	switch (a->result) {
	case RESOLVE_ABSENT:
		explain_absent(w, a, out);
		break;
	case RESOLVE_CONFLICT:
		command_say(out, API_FAILED,
			    "hosts contradict each other about %s, or what "
			    "was seen of it at first use; find out which is "
			    "right and bind it with hipline pin, or hipline "
			    "unpin forgets what was seen",
			    w->name);
		break;
	default:
		command_say(out, API_FAILED,
			    "the overlay does not answer for %s; see hipline "
			    "status",
			    w->name);
		break;
	}
}

static void on_answer(struct engine *e, struct waiter *w,
		      const struct resolve_answer *a)
{
	struct command_answer out = { .json = NULL };

	w->lookup = 0;
	if (w->is_pinned) {
		disputes_learn(e->disputes, w->name, a);
		command_answer_pinned(e, w);
		return;
	}
	if (a->result == RESOLVE_FOUND && a->n_hits > 0) {
		if (w->connects) {
			connect_to_one(e, w, a);
			return;
		}
		out.json = report_found(w->name, a);
		if (!out.json)
			command_say(&out, API_FAILED, "out of memory");
	} else {
		explain(w, a, &out);
	}
	command_answer_waiter(w, &out);
}

void command_on_found(struct engine *e, const struct resolve_answer *a)
{
	if (contacting_on_found(e->contacting, a) ||
	    disputes_on_found(e->disputes, a))
		return;
	for (size_t i = 0; i < WAITERS_MAX; i++) {
		struct waiter *w = &e->waiters[i];

		/* What DNS is asked is no word of the resolver's. */
		if (!w->client || w->lookup == 0 || w->lookup != a->id ||
		    w->is_host)
			continue;
		for (size_t j = 0; j < a->n_hits && !w->is_pinned; j++)
			underlay_note(e->underlay, w->name, &a->hits[j]);
		if (!w->is_pinned)
			contacting_learn(e->contacting, w->name, a);
		on_answer(e, w, a);
		return;
	}
}

void command_on_overlay_gone(struct engine *e)
{
	const struct resolve_answer a = { .result = RESOLVE_UNREACHABLE };

	for (size_t i = 0; i < WAITERS_MAX; i++)
		if (e->waiters[i].client && e->waiters[i].lookup &&
		    !e->waiters[i].is_host)
			on_answer(e, &e->waiters[i], &a);
}

static bool name_argument(const struct command_call *c, char name[])
{
	if (name_canonical(c->args[0], name) == 0 && strchr(name, '@'))
		return true;
	command_say(c->answer, API_USAGE,
		    "'%s' is no name that can be published; write USER@DOMAIN",
		    c->args[0]);
	return false;
}

static bool is_in_overlay(const struct command_call *c)
{
	if (membership_is_set(&c->e->membership))
		return true;
	command_say(c->answer, API_FAILED,
		    "this host is in no overlay; see hipline create and "
		    "hipline join");
	return false;
}

/* The answer to what came of a change. */
static void judge(const struct command_call *c, const char *name, int err)
{
	if (err == -ENOSPC)
		command_say(c->answer, API_FAILED,
			    "%s cannot be published: there may be %d names",
			    name, PUBLISHED_MAX);
	else if (err < 0)
		command_say(c->answer, API_FAILED,
			    "the names cannot be written to %s: %s; see "
			    "hipline status",
			    c->e->config.state, strerror(-err));
}

/* In the overlay's own domain a name is published by whom it was granted. */
static bool is_granted(const struct command_call *c, const char *name)
{
	const struct membership *m = &c->e->membership;

	if (strcmp(name, m->name) == 0 ||
	    strcmp(name_domain(name), m->overlay) != 0)
		return true;
	command_say(c->answer, API_FAILED,
		    "%s is not published: no certificate of this host is for "
		    "it, and the members of %s refuse names of their domain "
		    "without one. This host is %s; %s%s%s",
		    name, m->overlay, m->name,
		    m->founder ? "hipline leave, then hipline create with "
				 "--name "
			       : "under another name it becomes a member by "
				 "another invitation, after hipline leave (at "
				 "the authority: hipline invite ",
		    name, m->founder ? " changes that" : ")");
	return false;
}

/* It is written down; whether that is all that can be done just now. */
static void note_published(const struct command_call *c, const char *name)
{
	const struct engine *e = c->e;
	const struct membership *m = &e->membership;
	bool waits = !underlay_is_joined(e->underlay);
	bool is_foreign = strcmp(name_domain(name), m->overlay) != 0;

	if (waits || is_foreign)
		command_say(c->answer, API_DONE, "%s%s%s%s%s%s", name,
			    waits ? " will be published when this host is in "
				    "the ring of "
				  : "",
			    waits ? m->overlay : "",
			    waits ? " (hipline overlay)" : "",
			    waits && is_foreign ? "; it" : "",
			    is_foreign ? " is of another domain, so no "
					 "certificate proves it: only hosts "
					 "with unverified = first-use believe "
					 "it, or those that bind it with "
					 "hipline pin"
				       : "");
}

/* It is published already, or that was tried. */
static void judge_again(const struct command_call *c, const char *name)
{
	const struct published_name *n =
		published_find(underlay_published(c->e->underlay), name);

	if (n->state == RESOLVE_NAME_REFUSED ||
	    n->state == RESOLVE_NAME_CONFLICT)
		command_say(c->answer, API_FAILED,
			    "%s is not published: %s; see hipline status", name,
			    n->reason[0] ? n->reason
					 : resolve_name_state_text(n->state));
	else if (n->state != RESOLVE_NAME_PUBLISHED)
		note_published(c, name);
}

void command_publish(const struct command_call *c)
{
	char name[NAME_LEN_MAX + 1];
	int err;

	if (!name_argument(c, name) || !is_in_overlay(c) ||
	    !is_granted(c, name))
		return;
	err = underlay_publish(c->e->underlay, name);
	if (err == -EEXIST)
		judge_again(c, name);
	else if (err < 0)
		judge(c, name, err);
	else
		note_published(c, name);
}

void command_unpublish(const struct command_call *c)
{
	struct engine *e = c->e;
	char name[NAME_LEN_MAX + 1];
	int err;

	if (!name_argument(c, name))
		return;
	err = underlay_unpublish(e->underlay, name);
	if (err == -EEXIST)
		command_say(
			c->answer, API_FAILED,
			"%s is published by %s:%d; change it there", name,
			e->file,
			published_find(underlay_published(e->underlay), name)
				->line);
	else if (err == -ENOENT)
		command_say(c->answer, API_NO_SUCH_NAME, "%s is not published",
			    name);
	else
		judge(c, name, err);
}

static void answer(struct command_answer *a, json_t *json)
{
	a->json = json;
	if (!json)
		command_say(a, API_FAILED, "out of memory");
}

void command_names(const struct command_call *c)
{
	json_t *o = json_object();

	if (json_object_set_new(o, "names", underlay_names(c->e->underlay)) <
		    0 ||
	    json_object_set_new(o, "contacts",
				contacting_report(c->e->contacting)) < 0 ||
	    json_object_set_new(o, "seen", underlay_seen(c->e->underlay)) < 0) {
		json_decref(o);
		o = NULL;
	}
	answer(c->answer, o);
}

void command_contacts(const struct command_call *c)
{
	json_t *o = json_object();

	if (json_object_set_new(o, "contacts",
				contacting_report(c->e->contacting)) < 0) {
		json_decref(o);
		o = NULL;
	}
	answer(c->answer, o);
}

void command_overlay(const struct command_call *c)
{
	const struct engine *e = c->e;

	if (enrol_joining(e->enrol))
		answer(c->answer, underlay_report_joining(
					  e->underlay, enrol_report(e->enrol)));
	else if (is_in_overlay(c))
		answer(c->answer, underlay_report(e->underlay));
}
