/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/mtu_search.h"

#include <assert.h>

/*
 * Sizes that links have, about: Ethernet with PPPoE or in tunnels of several
 * kinds, one in the other, and what IPv6 promises.
 */
static const uint16_t steps[] = { MTU_IPV6_MIN, 1340, 1400, 1420, 1480 };
static const uint16_t low_steps[] = { MTU_IPV4_MIN, 768, 1024, 1200 };

enum {
	STEPS = sizeof(steps) / sizeof(steps[0]),
	LOW_STEPS = sizeof(low_steps) / sizeof(low_steps[0]),
};

static_assert((int)STEPS + 2 <= (int)MTU_PROBES_MAX, "");
static_assert((int)LOW_STEPS + 1 <= (int)MTU_PROBES_MAX, "");

void mtu_search_init(struct mtu_search *s, uint16_t ceiling, bool is_ipv6)
{
	*s = (struct mtu_search){ .ceiling = ceiling,
				  .floor =
					  is_ipv6 ? MTU_IPV6_MIN : MTU_IPV4_MIN,
				  .size = ceiling };
	if (s->floor > ceiling)
		s->floor = ceiling;
}

static void add(struct mtu_search *s, uint16_t size)
{
	assert(s->n < MTU_PROBES_MAX);
	s->probes[s->n++] = (struct mtu_probe){ .size = size, .is_due = true };
}

/* Only those over `from` and under `to`. */
static void add_steps(struct mtu_search *s, const uint16_t *all, size_t n,
		      uint16_t from, uint16_t to)
{
	for (size_t i = 0; i < n && s->n < MTU_PROBES_MAX - 1; i++) {
		if (all[i] > from && all[i] < to)
			add(s, all[i]);
	}
}

static void enter(struct mtu_search *s, enum mtu_phase phase)
{
	s->phase = phase;
	s->rounds = 1;
}

/* What counts is the first probe, with the id that it had when the last search
 * has found out nothing. */
static void begin(struct mtu_search *s, enum mtu_phase phase)
{
	assert(s->phase == MTU_IDLE);
	enter(s, phase);
	if (s->n == 0)
		add(s, s->size);
	for (size_t i = 0; i < s->n; i++)
		s->probes[i].is_due = i == 0;
}

void mtu_search_confirm(struct mtu_search *s)
{
	begin(s, MTU_CONFIRM);
}

void mtu_search_raise(struct mtu_search *s)
{
	assert(s->size < s->ceiling);
	begin(s, MTU_ASK_MORE);
}

bool mtu_search_is_due(const struct mtu_search *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->probes[i].is_due)
			return true;
	}
	return false;
}

struct mtu_probe *mtu_search_next(struct mtu_search *s)
{
	struct mtu_probe *next = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct mtu_probe *p = &s->probes[i];

		if (p->is_due && (!next || p->size < next->size))
			next = p;
	}
	if (next)
		next->is_due = false;
	return next;
}

static size_t index_of(const struct mtu_search *s, uint32_t id)
{
	size_t i = 0;

	while (i < s->n && (!s->probes[i].is_sent || s->probes[i].is_answered ||
			    s->probes[i].id != id))
		i++;
	return i;
}

bool mtu_search_waits_for(const struct mtu_search *s, uint32_t id)
{
	return index_of(s, id) < s->n;
}

/* The largest that was answered; -1: none, which is less than a small one. */
static int best_of(const struct mtu_search *s)
{
	int best = -1;

	for (size_t i = 0; i < s->n; i++) {
		if (s->probes[i].is_answered && s->probes[i].size > best)
			best = s->probes[i].size;
	}
	return best;
}

void mtu_search_stop(struct mtu_search *s)
{
	s->phase = MTU_IDLE;
	s->n = 0;
}

static void end(struct mtu_search *s, uint16_t size)
{
	s->size = size;
	mtu_search_stop(s);
}

/* Sent with the others, if it was not answered. */
static void make_due(struct mtu_search *s)
{
	int best = best_of(s);

	for (size_t i = 0; i < s->n; i++)
		s->probes[i].is_due = s->probes[i].size > best;
}

/* A small one passes: what is between? */
static void on_small(struct mtu_search *s)
{
	if (s->phase == MTU_CONFIRM) {
		enter(s, MTU_DOWN);
		add_steps(s, steps, STEPS, s->floor - 1, s->size);
	} else if (s->phase == MTU_ASK_LOW) {
		enter(s, MTU_LOW);
		add_steps(s, low_steps, LOW_STEPS, s->floor - 1, s->size);
	}
}

static void on_enough(struct mtu_search *s)
{
	if (s->phase != MTU_ASK_MORE) {
		end(s, s->size);
		return;
	}
	enter(s, MTU_RAISE);
	add_steps(s, steps, STEPS, s->size, s->ceiling);
	add(s, s->ceiling);
}

void mtu_search_answer(struct mtu_search *s, uint32_t id)
{
	size_t i = index_of(s, id);
	struct mtu_probe *p = &s->probes[i];

	if (i == s->n)
		return;
	p->is_answered = true;
	if (s->phase == MTU_IDLE)
		mtu_search_stop(s); /* late; the next one begins anew */
	else if (s->phase == MTU_RAISE && p->size == s->ceiling)
		end(s, s->ceiling);
	else if (p->size == s->size)
		on_enough(s);
	else if (p->size == MTU_PROBE_SMALL)
		on_small(s);
}

/* All rounds are over. */
static void conclude(struct mtu_search *s)
{
	int best = best_of(s);

	if (best > MTU_PROBE_SMALL) {
		end(s, (uint16_t)best);
	} else if (best < 0) {
		s->phase = MTU_IDLE; /* nothing passes: no word about sizes */
	} else if (s->phase == MTU_DOWN && s->floor < MTU_IPV6_MIN) {
		s->n = 1; /* that of what counts keeps its id */
		enter(s, MTU_ASK_LOW);
		add(s, MTU_PROBE_SMALL);
	} else if (s->phase == MTU_ASK_MORE) {
		enter(s, MTU_DOWN); /* small ones pass: what is between? */
		add_steps(s, steps, STEPS, s->floor - 1, s->size);
	} else {
		end(s, s->floor);
	}
}

static unsigned int rounds_of(enum mtu_phase phase)
{
	switch (phase) {
	case MTU_DOWN:
	case MTU_LOW:
		return MTU_DOWN_ROUNDS;
	case MTU_RAISE:
		return MTU_RAISE_ROUNDS;
	default:
		return MTU_ASK_ROUNDS;
	}
}

void mtu_search_round(struct mtu_search *s)
{
	assert(s->phase != MTU_IDLE);
	if (s->rounds == rounds_of(s->phase)) {
		conclude(s);
		return;
	}
	s->rounds++;
	if (s->phase == MTU_CONFIRM && s->n == 1)
		add(s, MTU_PROBE_SMALL);
	make_due(s);
}
