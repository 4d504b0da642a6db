/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * resolve and connect for names of hosts, which DNS knows and no overlay:
 * addresses, and HIP records for who it is (RFC 8005 4.2). Each time DNS is
 * asked anew, so that no record outlives its time to live.
 */
#include "daemon/command_impl.h"

#include "daemon/asker.h"
#include "daemon/enrol.h"
#include "daemon/hostnames.h"
#include "daemon/naming.h"
#include "daemon/recovery.h"
#include "daemon/report.h"
#include "daemon/rvs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a waiter has asked DNS for; gone with the last answer. */
struct host_ask {
	struct engine *e;
	uint64_t id;	/* of the waiter */
	size_t open;	/* questions */
	bool ended;	/* with the engine */
	bool is_served; /* by a pin; what DNS says comes behind: */
	struct hit hit;
	char name[NAME_LEN_MAX + 1];
	const char *no_records, *no_address; /* why; static; NULL: answered */
	struct hostrecords records;
	struct locator addresses[ASKER_ADDRESSES_MAX];
	size_t n;
};

/* What a waiter still asks DNS for then: where the servers are. */
struct server_ask {
	struct engine *e;
	uint64_t id; /* of the waiter */
	struct hit hit;
	const char *no_address; /* of the host itself; static, or NULL */
};

static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n >= s && strcmp(name + n - s, suffix) == 0 &&
	       (n == s || name[n - s - 1] == '.');
}

bool command_is_host(const struct engine *e, const char *name)
{
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p > '~')
			return false; /* DNS would want it encoded */
	return e->asker && !strpbrk(name, "@:") && strchr(name, '.') &&
	       !ends_with(name, e->config.suffix);
}

static struct waiter *find_waiter(struct engine *e, uint64_t id)
{
	for (size_t i = 0; i < WAITERS_MAX; i++) {
		struct waiter *w = &e->waiters[i];

		if (w->client && w->lookup == id)
			return w;
	}
	return NULL; /* it has gone, or its time was over */
}

static struct hostrecords_question question_of(const struct host_ask *h,
					       const struct waiter *w)
{
	const struct engine *e = h->e;
	const struct pin *pin = pins_find(e->pins, w->name);
	const struct pin *seen = e->seen ? pins_find(e->seen, w->name) : NULL;

	return (struct hostrecords_question){
		.records = &h->records,
		.pin = pin ? &pin->hit : NULL,
		.remembered = seen ? &seen->hit : NULL,
		.first_use =
			e->config.unverified == CONFIG_UNVERIFIED_FIRST_USE,
	};
}

static void explain_conflict(const struct waiter *w,
			     const struct hostrecords_question *q,
			     const struct hostrecords_decision *d,
			     struct command_answer *a)
{
	char hit[HIT_TEXT_MAX], other[HIT_TEXT_MAX];

	hit_text(&d->hit, hit);
	hit_text(&d->other, other);
	if (q->remembered && q->first_use)
		command_say(a, API_FAILED,
			    "DNS says that %s is %s, while it was %s before: "
			    "refused. If it is another host now, hipline unpin "
			    "%s forgets the one before",
			    w->name, other, hit, w->name);
	else
		command_say(a, API_FAILED,
			    "DNS has HIP records of several hosts for %s, of "
			    "%s and of %s: refused; bind the right one with "
			    "hipline pin %s HIT",
			    w->name, hit, other, w->name);
}

static void explain_faulty(const struct waiter *w, const struct host_ask *h,
			   struct command_answer *a)
{
	const struct hostrecord *faulty = hostrecords_faulty(&h->records);

	command_say(a, API_FAILED,
		    "the HIP record of %s in DNS is refused: %s; have it "
		    "corrected (hipline id --rr on that host shows it), or "
		    "bind the name with hipline pin %s HIT",
		    w->name, hiprr_fault_text(faulty->fault), w->name);
}

/* Why there is no HIT. */
static void explain(const struct host_ask *h, const struct waiter *w,
		    const struct hostrecords_question *q,
		    const struct hostrecords_decision *d,
		    struct command_answer *a)
{
	char hit[HIT_TEXT_MAX];

	if (h->no_records) {
		command_say(a, API_FAILED,
			    "no HIT is known for %s, and DNS does not answer: "
			    "%s; see /etc/resolv.conf, or bind the name with "
			    "hipline pin %s HIT",
			    w->name, h->no_records, w->name);
	} else if (d->verdict == HOSTRECORDS_NONE) {
		command_say(a, API_NO_SUCH_NAME,
			    "no HIT is known for %s: it has no HIP record in "
			    "DNS (hipline id --rr on that host shows one); "
			    "bind it with hipline pin %s HIT",
			    w->name, w->name);
	} else if (d->verdict == HOSTRECORDS_UNPROVEN) {
		hit_text(&d->hit, hit);
		command_say(a, API_FAILED,
			    "DNS says that %s is %s, which nothing proves. "
			    "Compare it with hipline id there, then: hipline "
			    "pin %s %s. Or believe DNS at first use: names { "
			    "unverified = first-use } in %s",
			    w->name, hit, w->name, hit, h->e->file);
	} else if (d->verdict == HOSTRECORDS_CONFLICT) {
		explain_conflict(w, q, d, a);
	} else {
		explain_faulty(w, h, a);
	}
}

/* Whether there is any way to it but by what DNS said. */
static bool is_found_elsewhere(const struct engine *e, const struct hit *hit)
{
	struct host_assoc_info a;

	return engine_has_peer(e, hit) || membership_is_set(&e->membership) ||
	       recovery_knows(e, hit) || host_assoc_find(e->host, hit, &a);
}

/* DNS may name any HIT: what else is known of this one comes before. */
static void tell_peer(const struct host_ask *h, const struct hit *hit)
{
	struct engine *e = h->e;
	struct locator told[LOCATORS_MAX];
	struct recovery_places at = { .locators = told,
				      .unproven = h->addresses,
				      .n_unproven = h->n };

	if (engine_has_peer(e, hit) ||
	    (h->n == 0 && (host_knows_peer(e->host, hit) ||
			   !rvs_are_named(&h->records, hit))))
		return; /* what is known holds */
	(void)enrol_speaks_for(e->enrol, hit, told, &at.n); /* gives n */
	recovery_tell_heard(e, hit, &at);
}

/* An exchange that runs by then takes them up. */
static void ask_servers(const struct host_ask *h, const struct hit *hit)
{
	if (!engine_has_peer(h->e, hit))
		rvs_ask(h->e, hit, &h->records, NULL, NULL);
}

static void explain_no_address(struct waiter *w, const char *whose,
			       const char *why)
{
	struct command_answer a = { .json = NULL };

	command_say(&a, API_FAILED,
		    "no address is known for %s%s: DNS says: %s; give it one "
		    "there, or with hipline peer add",
		    w->name, whose, why ? why : "none");
	command_answer_waiter(w, &a);
}

/* Without an address of the host itself, those of its servers are needed. */
static void on_servers(void *ctx, size_t n, bool is_ended)
{
	struct server_ask *s = ctx;
	struct waiter *w = is_ended ? NULL : find_waiter(s->e, s->id);

	if (w) {
		w->lookup = 0;
		if (n > 0)
			command_connect_waiter(s->e, w, &s->hit, 1);
		else
			explain_no_address(w,
					   ", nor for its rendezvous servers",
					   s->no_address);
	}
	free(s);
}

static void wait_for_servers(const struct host_ask *h, struct waiter *w,
			     const struct hit *hit)
{
	struct server_ask *s = calloc(1, sizeof(*s));

	if (!s) {
		explain_no_address(w, "", "out of memory");
		return;
	}
	*s = (struct server_ask){
		.e = h->e, .id = h->id, .hit = *hit, .no_address = h->no_address
	};
	w->lookup = h->id; /* it may be answered before we return */
	rvs_ask(h->e, hit, &h->records, on_servers, s);
}

static void connect_to(const struct host_ask *h, struct waiter *w,
		       const struct hit *hit)
{
	bool by_server = rvs_are_named(&h->records, hit);
	bool is_known = h->n > 0 || is_found_elsewhere(h->e, hit);

	if (!is_known && !by_server) {
		explain_no_address(w, "", h->no_address);
		return;
	}
	tell_peer(h, hit);
	if (!is_known) {
		wait_for_servers(h, w, hit);
		return;
	}
	ask_servers(h, hit);
	command_connect_waiter(h->e, w, hit, 1);
}

static void show(struct waiter *w, const struct hostrecords_decision *d)
{
	struct command_answer a = { .json = NULL };
	struct resolve_answer found = { .lifetime_s = d->lifetime_s,
					.n_hits = 1 };

	memcpy(found.hits[0].hit, d->hit.bytes, sizeof(d->hit.bytes));
	found.hits[0].proof = RESOLVE_PROOF_FIRST_USE;
	a.json = d->is_pin ? report_resolution(w->name, &d->hit, "pin", NULL, 0)
			   : report_found(w->name, &found);
	if (!a.json)
		command_say(&a, API_FAILED, "out of memory");
	command_answer_waiter(w, &a);
}

static void decide(const struct host_ask *h, struct waiter *w)
{
	struct command_answer a = { .json = NULL };
	struct hostrecords_question q = question_of(h, w);
	struct hostrecords_decision d;
	const struct hit *held = q.pin	       ? q.pin
				 : q.first_use ? q.remembered
					       : NULL;

	w->lookup = 0;
	hostrecords_decide(&q, &d);
	if (held && !h->no_records)
		hostnames_judge(h->e, held, w->name, &h->records);
	if (d.verdict != HOSTRECORDS_FOUND) {
		explain(h, w, &q, &d, &a);
		command_answer_waiter(w, &a);
		return;
	}
	if (d.remember)
		hostnames_remember(h->e, w->name, &d.hit);
	if (w->connects)
		connect_to(h, w, &d.hit);
	else
		show(w, &d);
}

/* Whether it was seen somewhere, so that no address is waited for. */
static bool was_seen(const struct engine *e, const struct hit *hit)
{
	struct host_assoc_info a;

	return recovery_knows(e, hit) || host_assoc_find(e->host, hit, &a);
}

/* A pin does not wait for what DNS says of who it is. */
static void serve_pin(struct host_ask *h)
{
	struct waiter *w = h->ended ? NULL : find_waiter(h->e, h->id);
	const struct pin *pin =
		w && w->connects ? pins_find(h->e->pins, w->name) : NULL;

	if (!pin || (h->n == 0 && !was_seen(h->e, &pin->hit)))
		return;
	h->is_served = true;
	h->hit = pin->hit;
	memcpy(h->name, w->name, sizeof(h->name));
	w->lookup = 0;
	connect_to(h, w, &h->hit);
}

/* What has come since the pin was served. */
static void follow(const struct host_ask *h)
{
	const struct pin *pin = pins_find(h->e->pins, h->name);

	if (!pin || !hit_equal(&pin->hit, &h->hit))
		return; /* it is another by now */
	if (!h->no_records)
		hostnames_judge(h->e, &h->hit, h->name, &h->records);
	tell_peer(h, &h->hit);
	ask_servers(h, &h->hit);
}

/* One answer less to wait for. */
static void settle(struct host_ask *h)
{
	struct waiter *w;

	if (--h->open > 0)
		return;
	w = h->ended || h->is_served ? NULL : find_waiter(h->e, h->id);
	if (w)
		decide(h, w);
	else if (h->is_served && !h->ended)
		follow(h);
	free(h);
}

static void on_records(void *ctx, enum asker_status status, const char *error,
		       const struct hostrecords *records)
{
	struct host_ask *h = ctx;

	h->ended |= status == ASKER_ENDED;
	h->records = *records;
	h->no_records = status == ASKER_DONE ? NULL : error;
	settle(h);
}

static void on_addresses(void *ctx, enum asker_status status, const char *error,
			 const struct locator *addresses, size_t n)
{
	struct host_ask *h = ctx;

	h->ended |= status == ASKER_ENDED;
	h->no_address = status == ASKER_DONE ? NULL : error;
	for (h->n = 0; h->n < n; h->n++)
		h->addresses[h->n] = addresses[h->n];
	if (!h->is_served)
		serve_pin(h);
	settle(h);
}

bool command_ask_host(const struct command_call *c, const char *name,
		      bool connects, uint64_t timeout_ms)
{
	struct engine *e = c->e;
	struct host_ask *h = calloc(1, sizeof(*h));
	struct waiter *w;

	if (!h)
		return false;
	w = command_free_waiter(e);
	*w = (struct waiter){ .client = c->client,
			      .lookup = ++e->last_lookup,
			      .is_host = true,
			      .connects = connects,
			      .timeout_ms = timeout_ms,
			      .end_ms = engine_now_ms() + timeout_ms };
	(void)snprintf(w->name, sizeof(w->name), "%s", name);
	c->answer->later = true; /* it may be answered before we return */
	*h = (struct host_ask){ .e = e, .id = w->lookup, .open = 3 };
	asker_records(e->asker, name, on_records, h);
	if (connects)
		asker_addresses(e->asker, name, engine_locator_port(e),
				on_addresses, h);
	else
		settle(h);
	if (h->open > 1 && !h->is_served)
		serve_pin(h);
	settle(h);
	engine_schedule(e);
	return true;
}
