/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Clients that wait: for what a name stands for, then for an association.
 */
#include "daemon/command_impl.h"
#include "daemon/disputes.h"
#include "daemon/engine.h"
#include "daemon/report.h"
#include "daemon/underlay.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool command_is_up(const struct host_assoc_info *a)
{
	return a->state == ASSOC_ESTABLISHED ||
	       (a->state == ASSOC_R2_SENT && a->spi_out != 0);
}

struct waiter *command_free_waiter(struct engine *e)
{
	size_t i = 0;

	while (i < WAITERS_MAX - 1 && e->waiters[i].client)
		i++;
	assert(!e->waiters[i].client);
	return &e->waiters[i];
}

void command_say_own(struct command_answer *a, const char *name)
{
	command_say(a, API_FAILED,
		    "%s is this host itself, which needs no association; name "
		    "another host",
		    name);
}

void command_answer_waiter(struct waiter *w, struct command_answer *a)
{
	struct control_client *client = w->client;

	w->client = NULL;
	command_send(client, a);
}

/* Why there is no association, and what to do. */
static void fail_waiter(const struct engine *e, struct waiter *w,
			const char *reason)
{
	const char *remedy = underlay_remedy(e->underlay, &w->hit, reason);
	struct command_answer a = { .json = NULL };
	char hit[HIT_TEXT_MAX];

	hit_text(&w->hit, hit);
	if (!strcmp(w->name, hit))
		command_say(&a, API_FAILED, "no association with %s: %s; %s",
			    hit, reason, remedy);
	else
		command_say(&a, API_FAILED,
			    "no association with %s (%s): %s; %s", w->name, hit,
			    reason, remedy);
	command_answer_waiter(w, &a);
}

/* Nothing has come of what it looked up. */
static void fail_lookup(struct waiter *w)
{
	struct command_answer a = { .json = NULL };

	command_say(&a, API_FAILED, "%s: %s does not answer within %.1f s; %s",
		    w->name, w->is_host ? "DNS" : "the overlay",
		    (double)w->timeout_ms / 1000,
		    w->is_host ? "see /etc/resolv.conf, or bind the name with "
				 "hipline pin"
			       : "see hipline overlay");
	command_answer_waiter(w, &a);
}

/* How far it has come until its time was over. */
static void fail_late(const struct engine *e, struct waiter *w)
{
	char at[LOCATOR_TEXT_MAX] = "", reason[LOCATOR_TEXT_MAX + 64];
	struct host_assoc_info a = { .state = ASSOC_UNASSOCIATED };

	if (host_assoc_find(e->host, &w->hit, &a) &&
	    !locator_is_unspecified(&a.remote))
		locator_text(&a.remote, at);
	(void)snprintf(reason, sizeof(reason), "the peer%s%s %s within %.1f s",
		       at[0] ? " at " : "", at,
		       a.state == ASSOC_I2_SENT ? "sends no R2"
						: "does not answer",
		       (double)w->timeout_ms / 1000); /* fits */
	fail_waiter(e, w, reason);
}

/* Whether it waits for that host. */
static bool waits_for(const struct waiter *w, const struct hit *hit)
{
	if (!w->client || w->lookup)
		return false;
	for (size_t i = 0; i < w->n_others; i++) {
		if (hit_equal(&w->others[i], hit))
			return true;
	}
	return hit_equal(&w->hit, hit);
}

/* One of those it waits for is less; false when it was the only one. */
static bool go_on_without(struct waiter *w, const struct hit *hit)
{
	size_t i = 0;

	if (w->n_others == 0)
		return false;
	if (hit_equal(&w->hit, hit)) {
		w->hit = w->others[--w->n_others];
		return true;
	}
	while (!hit_equal(&w->others[i], hit))
		i++;
	w->others[i] = w->others[--w->n_others];
	return true;
}

void command_on_peer(struct engine *e, const struct hip_output *o)
{
	struct host_assoc_info info;
	bool up = host_assoc_find(e->host, &o->hit, &info) &&
		  command_is_up(&info);

	for (size_t i = 0; i < WAITERS_MAX; i++) {
		struct waiter *w = &e->waiters[i];
		struct command_answer a = { .exit = API_DONE };

		if (!waits_for(w, &o->hit))
			continue;
		if (o->state == ASSOC_FAILED) {
			if (!go_on_without(w, &o->hit))
				fail_waiter(e, w,
					    o->reason ? o->reason
						      : "it failed");
		} else if (up) {
			command_answer_json(&a, report_connection(e, &info));
			command_answer_waiter(w, &a);
		}
	}
}

/* True when that answers it. */
static bool is_connected(const struct engine *e, struct waiter *w,
			 const struct hit *hit)
{
	struct command_answer a = { .exit = API_DONE };
	struct host_assoc_info info;

	if (!host_assoc_find(e->host, hit, &info) || !command_is_up(&info))
		return false;
	command_answer_json(&a, report_connection(e, &info));
	command_answer_waiter(w, &a);
	return true;
}

void command_connect_waiter(struct engine *e, struct waiter *w,
			    const struct hit hits[], size_t n)
{
	struct hip_input in = { .kind = HIP_IN_ACQUIRE };
	struct command_answer a = { .exit = API_DONE };
	struct hit wanted[RESOLVE_HITS_MAX];
	size_t n_wanted = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_connected(e, w, &hits[i]))
			return;
		if (!hit_equal(&hits[i], identity_hit(e->id)))
			wanted[n_wanted++] = hits[i];
	}
	if (n_wanted == 0) {
		command_say_own(&a, w->name);
		command_answer_waiter(w, &a);
		return;
	}
	w->hit = wanted[0];
	w->n_others = n_wanted - 1;
	memcpy(w->others, wanted + 1, w->n_others * sizeof(wanted[0]));
	for (size_t i = 0; i < n_wanted && w->client; i++) {
		in.hit = wanted[i];
		engine_input(e, &in); /* may answer it already */
	}
}

uint64_t command_deadline(const struct engine *e)
{
	uint64_t first = HOST_NEVER;

	for (size_t i = 0; i < WAITERS_MAX; i++)
		if (e->waiters[i].client && e->waiters[i].end_ms < first)
			first = e->waiters[i].end_ms;
	return first;
}

void command_tick(struct engine *e, uint64_t now_ms)
{
	for (size_t i = 0; i < WAITERS_MAX; i++) {
		struct waiter *w = &e->waiters[i];

		if (!w->client || now_ms < w->end_ms)
			continue;
		if (w->is_pinned) {
			disputes_on_use(e->disputes, w->name);
			command_answer_pinned(e, w);
		} else if (w->lookup)
			fail_lookup(w);
		else
			fail_late(e, w);
	}
}
