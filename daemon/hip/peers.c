/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The peers that this host was told of. Where two of them claim the same
 * locator, it leads to the one that came first.
 */
#include "daemon/hip/peers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The key is the locator as it lies there: it must have no holes. */
static_assert(sizeof(struct locator) == 18, "a locator has no padding");

void peers_init(struct peers *ps, const uint8_t seed[TABLE_SEED_LEN])
{
	table_init(&ps->by_hit, sizeof(struct hit), PEERS_MAX, seed);
	table_init(&ps->by_locator, sizeof(struct locator),
		   (size_t)PEERS_MAX * LOCATORS_MAX, seed);
}

static void drop_locators(struct peers *ps, struct peer_locator *locators,
			  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (locators[i].is_indexed)
			table_remove(&ps->by_locator, &locators[i].node);
	}
	free(locators);
}

static void peer_free(struct peers *ps, struct peer *p)
{
	drop_locators(ps, p->locators, p->n_locators);
	free(p->servers);
	free(p);
}

void peers_clear(struct peers *ps)
{
	struct table_iter it = table_iterate(&ps->by_hit);
	struct peer *p;

	while ((p = table_next(&it))) {
		table_remove(&ps->by_hit, &p->node);
		peer_free(ps, p);
	}
	table_clear(&ps->by_hit);
	table_clear(&ps->by_locator);
}

static struct peer *peer_new(struct peers *ps, const struct hit *hit, int *err)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p) {
		*err = -ENOMEM;
		return NULL;
	}
	p->hit = *hit;
	*err = table_add(&ps->by_hit, &p->node, &p->hit, p);
	if (*err) {
		free(p);
		return NULL;
	}
	return p;
}

static struct peer_locator *find_locator(struct peer *p,
					 const struct locator *locator)
{
	for (size_t i = 0; p && i < p->n_locators; i++)
		if (locator_equal(&p->locators[i].locator, locator))
			return &p->locators[i];
	return NULL;
}

bool peer_is_worth_it(const struct peer_locator *l, uint64_t now_ms)
{
	return !l->is_unproven || l->sends < UNPROVEN_SENDS_MAX ||
	       now_ms >= l->again_ms;
}

void peers_on_sent(struct peers *ps, const struct hit *hit,
		   const struct locator *locator, uint64_t now_ms)
{
	struct peer_locator *l = find_locator(peers_find(ps, hit), locator);

	if (!l || !l->is_unproven)
		return;
	if (l->sends < UNPROVEN_SENDS_MAX)
		l->sends++;
	l->again_ms = now_ms + UNPROVEN_AGAIN_MS;
}

void peers_on_heard(struct peers *ps, const struct hit *hit,
		    const struct locator *locator)
{
	struct peer_locator *l = find_locator(peers_find(ps, hit), locator);

	if (l)
		l->is_unproven = false;
}

/* That it is said once more says nothing new of it. */
static void judge_locator(struct peer_locator *l, bool is_unproven,
			  const struct peer_locator *before)
{
	if (!is_unproven)
		return;
	l->is_unproven = !before || before->is_unproven;
	l->sends = before ? before->sends : 0;
	l->again_ms = before ? before->again_ms : 0;
}

int peers_set(struct peers *ps, const struct hit *hit,
	      const struct locator *locators, size_t n, size_t n_unproven)
{
	struct peer *p = peers_find(ps, hit);
	struct peer_locator *fresh = NULL;
	size_t n_proven = n > n_unproven ? n - n_unproven : 0;
	int err;

	if (n > LOCATORS_MAX)
		n = LOCATORS_MAX;
	if (n > 0) {
		fresh = calloc(n, sizeof(*fresh));
		if (!fresh)
			return -ENOMEM;
	}
	if (!p)
		p = peer_new(ps, hit, &err);
	if (!p) {
		free(fresh);
		return err;
	}
	for (size_t i = 0; i < n; i++)
		judge_locator(&fresh[i], i >= n_proven,
			      find_locator(p, &locators[i]));
	drop_locators(ps, p->locators, p->n_locators);
	p->locators = fresh;
	p->n_locators = n;
	for (size_t i = 0; i < n; i++) {
		fresh[i].locator = locators[i];
		/* Not found by it: only unknown SPIs look it up. */
		fresh[i].is_indexed = !table_add(
			&ps->by_locator, &fresh[i].node, &fresh[i].locator, p);
	}
	return 0;
}

int peers_add_servers(struct peers *ps, const struct hit *hit,
		      const struct locator *servers, size_t n)
{
	struct peer *p = peers_find(ps, hit);
	struct locator *all;
	size_t n_all = 0;

	if (!p)
		return -ENOENT;
	if (n == 0)
		return 0;
	all = calloc(RENDEZVOUS_MAX, sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		locator_add(all, &n_all, RENDEZVOUS_MAX, &servers[i]);
	for (size_t i = 0; i < p->n_servers; i++)
		locator_add(all, &n_all, RENDEZVOUS_MAX, &p->servers[i]);
	free(p->servers);
	p->servers = all;
	p->n_servers = n_all;
	return 0;
}

bool peers_remove(struct peers *ps, const struct hit *hit)
{
	struct peer *p = peers_find(ps, hit);

	if (!p)
		return false;
	table_remove(&ps->by_hit, &p->node);
	peer_free(ps, p);
	return true;
}

struct peer *peers_find(const struct peers *ps, const struct hit *hit)
{
	return table_find(&ps->by_hit, hit);
}

struct peer *peers_find_by_locator(const struct peers *ps,
				   const struct locator *locator)
{
	return table_find(&ps->by_locator, locator);
}
