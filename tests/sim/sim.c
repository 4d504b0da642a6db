/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The world: its clock, its links, and what happens next.
 */
#include "tests/sim/sim.h"

#include "tests/sim/sim_impl.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIM_START_MS = 1000 * 1000 };

struct sim *sim_new(uint64_t seed)
{
	struct sim *s = calloc(1, sizeof(*s));

	assert(s);
	s->seed = seed;
	s->now_ms = SIM_START_MS;
	s->link.delay_ms = 10;
	prng_init(&s->hosts, seed);
	prng_init(&s->links, ~seed);
	prng_lend_to_openssl(&s->hosts);
	(void)crypto_generichash_init(&s->trace, NULL, 0, sizeof(uint64_t) * 2);
	return s;
}

void sim_free(struct sim *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_nodes; i++) {
		host_free(s->nodes[i]->host);
		free(s->nodes[i]);
	}
	for (size_t i = 0; i < s->n_events; i++)
		free(s->heap[i]);
	free(s->heap);
	prng_lend_to_openssl(NULL);
	free(s);
}

uint64_t sim_now(const struct sim *s)
{
	return s->now_ms;
}

void sim_set_link(struct sim *s, const struct sim_link *link)
{
	s->link = *link;
}

void sim_demand_order(struct sim *s)
{
	s->demands_order = true;
}

void sim_demand_sas(struct sim *s, bool is_so)
{
	s->demands_sas = is_so;
}

void sim_jump(struct sim *s, uint64_t ms)
{
	s->now_ms += ms;
	s->settled_ms = s->now_ms + SIM_SETTLE_MS;
}

const char *sim_failure(const struct sim *s)
{
	return s->failure[0] ? s->failure : NULL;
}

void sim_fail(struct sim *s, const char *text)
{
	if (s->failure[0])
		return; /* the first one counts */
	(void)snprintf(s->failure, sizeof(s->failure), "at %.3f s: %s",
		       (double)(s->now_ms - SIM_START_MS) / 1000, text);
}

uint64_t sim_seed(const struct sim *s)
{
	return s->seed;
}

void sim_trace_add(struct sim *s, const void *bytes, size_t len)
{
	(void)crypto_generichash_update(&s->trace, bytes, len);
}

uint64_t sim_trace(const struct sim *s)
{
	crypto_generichash_state copy = s->trace;
	uint64_t out[2];

	(void)crypto_generichash_final(&copy, (uint8_t *)out, sizeof(out));
	return out[0];
}

struct sim_event *sim_event_new(enum sim_event_kind kind, size_t to,
				const void *bytes, size_t len)
{
	struct sim_event *e = calloc(1, sizeof(*e) + len);

	assert(e);
	e->kind = kind;
	e->to = to;
	e->len = len;
	if (len > 0)
		memcpy(e->bytes, bytes, len);
	return e;
}

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ms < b->at_ms ||
	       (a->at_ms == b->at_ms && a->order < b->order);
}

static void swap(struct sim *s, size_t a, size_t b)
{
	struct sim_event *e = s->heap[a];

	s->heap[a] = s->heap[b];
	s->heap[b] = e;
}

void sim_schedule(struct sim *s, struct sim_event *e, uint64_t at_ms)
{
	size_t i = s->n_events;

	e->at_ms = at_ms;
	e->order = s->order++;
	if (s->n_events == s->cap_events) {
		s->cap_events = s->cap_events ? 2 * s->cap_events : 64;
		s->heap = realloc(s->heap, s->cap_events * sizeof(*s->heap));
		assert(s->heap);
	}
	s->heap[s->n_events++] = e;
	while (i > 0 && is_before(s->heap[i], s->heap[(i - 1) / 2])) {
		swap(s, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static struct sim_event *next_event(struct sim *s)
{
	struct sim_event *first = s->heap[0];
	size_t i = 0;

	s->heap[0] = s->heap[--s->n_events];
	for (;;) {
		size_t least = i;

		for (size_t c = 2 * i + 1; c <= 2 * i + 2; c++) {
			if (c < s->n_events &&
			    is_before(s->heap[c], s->heap[least]))
				least = c;
		}
		if (least == i)
			return first;
		swap(s, i, least);
		i = least;
	}
}

static bool find_node(const struct sim *s, const struct locator *at,
		      size_t *out)
{
	for (size_t i = 0; i < s->n_nodes; i++) {
		if (locator_equal(&s->nodes[i]->locator, at)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool chance(struct sim *s, uint32_t permille)
{
	return prng_below(&s->links, 1000) < permille;
}

static uint64_t arrival_ms(struct sim *s)
{
	uint64_t at = s->now_ms + s->link.delay_ms;

	if (s->link.jitter_ms > 0)
		at += prng_below(&s->links, s->link.jitter_ms + 1);
	return at;
}

/* Is it one of those that the test wants lost? */
static bool is_chosen(struct sim_node *n, const struct sim_event *e)
{
	unsigned int *left;

	if (e->kind != SIM_HIP)
		return false;
	left = &n->lose[e->bytes[2] % 32];
	if (*left == 0)
		return false;
	(*left)--;
	return true;
}

void sim_transmit(struct sim *s, size_t from, struct sim_event *e)
{
	struct sim_node *n = s->nodes[from];
	struct sim_event *again;

	e->from = n->locator;
	if (n->is_cut || is_chosen(n, e) || !find_node(s, &e->at, &e->to) ||
	    s->nodes[e->to]->is_cut || chance(s, s->link.loss_permille)) {
		free(e);
		return;
	}
	if (chance(s, s->link.double_permille)) {
		again = sim_event_new(e->kind, e->to, e->bytes, e->len);
		again->from = e->from;
		again->at = e->at;
		again->sa = e->sa;
		sim_schedule(s, again, arrival_ms(s));
	}
	sim_schedule(s, e, arrival_ms(s));
}

/* When something happens next. */
static uint64_t next_ms(const struct sim *s)
{
	uint64_t next = s->n_events > 0 ? s->heap[0]->at_ms : HOST_NEVER;

	for (size_t i = 0; i < s->n_nodes; i++) {
		uint64_t due = host_deadline(s->nodes[i]->host);

		if (due < next)
			next = due;
	}
	return next;
}

/* One event, or all timers of one moment. */
static void step(struct sim *s)
{
	if (s->n_events > 0 && s->heap[0]->at_ms <= s->now_ms) {
		struct sim_event *e = next_event(s);

		node_on_event(s, e);
		free(e);
		return;
	}
	for (size_t i = 0; i < s->n_nodes; i++)
		node_tick(s, i);
}

/* Runs until `done` says so, or until the clock shows until_ms. */
static void run(struct sim *s, uint64_t until_ms,
		bool (*done)(const struct sim *s, const void *arg),
		const void *arg)
{
	while (!sim_failure(s) && !(done && done(s, arg))) {
		uint64_t next = next_ms(s);

		if (next > until_ms) {
			if (until_ms > s->now_ms)
				s->now_ms = until_ms;
			return;
		}
		if (next > s->now_ms)
			s->now_ms = next;
		step(s);
	}
}

void sim_run(struct sim *s, uint64_t until_ms)
{
	run(s, until_ms, NULL, NULL);
}

struct wanted {
	size_t a, b, n;
};

static bool are_established(const struct sim *s, const void *arg)
{
	const struct wanted *w = arg;

	return sim_state(s, w->a, w->b) == ASSOC_ESTABLISHED &&
	       sim_state(s, w->b, w->a) == ASSOC_ESTABLISHED;
}

static bool is_delivered(const struct sim *s, const void *arg)
{
	const struct wanted *w = arg;

	return sim_delivered(s, w->a, w->b) >= w->n;
}

bool sim_run_until_established(struct sim *s, size_t a, size_t b,
			       uint64_t limit_ms)
{
	struct wanted w = { .a = a, .b = b };

	run(s, s->now_ms + limit_ms, are_established, &w);
	return !sim_failure(s) && are_established(s, &w);
}

bool sim_run_until_delivered(struct sim *s, size_t a, size_t b, size_t n,
			     uint64_t limit_ms)
{
	struct wanted w = { .a = a, .b = b, .n = n };

	run(s, s->now_ms + limit_ms, is_delivered, &w);
	return !sim_failure(s) && is_delivered(s, &w);
}
