/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Strangers choose names: the key is a keyed hash of 128 bits, which nobody
 * can make two names share.
 */
#include "resolver/cache.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	LIFETIME_MIN_S = 1, /* a burst of one question is asked once */
	ABSENT_MAX_S = 10,
	UNREACHABLE_S = 1, /* RFC 2308 7 */
	ENTRIES_MAX = CACHE_FOUND_MAX + CACHE_ABSENT_MAX + CACHE_OPEN_MAX,
};

static_assert((int)CACHE_KEY_LEN == (int)crypto_generichash_BYTES_MIN &&
		      (int)CACHE_KEY_LEN ==
			      (int)crypto_generichash_KEYBYTES_MIN,
	      "hash and key as libsodium has them");

void cache_init(struct cache *a, const struct env *env)
{
	uint8_t seed[TABLE_SEED_LEN];

	*a = (struct cache){ .next_id = 1 };
	env_random(env, a->seed, sizeof(a->seed));
	env_random(env, seed, sizeof(seed));
	table_init(&a->all, CACHE_KEY_LEN, ENTRIES_MAX, seed);
	TAILQ_INIT(&a->found);
	TAILQ_INIT(&a->absent);
	TAILQ_INIT(&a->open);
}

static void free_entry(struct cache_entry *e)
{
	free(e->kept);
	free(e->name);
	free(e);
}

void cache_clear(struct cache *a)
{
	struct table_iter it = table_iterate(&a->all);
	struct cache_entry *e;

	while ((e = table_next(&it))) {
		table_remove(&a->all, &e->node);
		free_entry(e);
	}
	table_clear(&a->all);
}

static void make_key(const struct cache *a, const struct cache_what *what,
		     uint8_t key[CACHE_KEY_LEN])
{
	const uint8_t kind = what->is_reverse;
	crypto_generichash_state s;

	/* Cannot fail with these lengths. */
	(void)crypto_generichash_init(&s, a->seed, sizeof(a->seed),
				      CACHE_KEY_LEN);
	(void)crypto_generichash_update(&s, &kind, 1);
	if (what->is_reverse)
		(void)crypto_generichash_update(&s, what->hit.bytes,
						sizeof(what->hit.bytes));
	else
		(void)crypto_generichash_update(
			&s, (const unsigned char *)what->name,
			strlen(what->name));
	(void)crypto_generichash_final(&s, key, CACHE_KEY_LEN);
}

static bool is_absent(const struct cache_entry *e)
{
	return e->answer.result != CACHE_FOUND;
}

static void know_no_more(struct cache *a, struct cache_entry *e)
{
	if (!e->is_known)
		return;
	if (is_absent(e)) {
		TAILQ_REMOVE(&a->absent, e, use);
		a->n_absent--;
	} else {
		TAILQ_REMOVE(&a->found, e, use);
		a->n_found--;
	}
	e->is_known = false;
	free(e->kept);
	e->kept = NULL;
}

/* Lets go of an entry that nobody needs. */
static void drop_if_idle(struct cache *a, struct cache_entry *e)
{
	if (e->is_known || e->is_open || e->users > 0)
		return;
	table_remove(&a->all, &e->node);
	free_entry(e);
}

/* Makes room by what was not used for longest and nobody points to. */
static void make_room(struct cache *a, struct cache_list *list, size_t *n,
		      size_t max)
{
	struct cache_entry *e = TAILQ_LAST(list, cache_list), *before;

	for (; e && *n > max; e = before) {
		before = TAILQ_PREV(e, cache_list, use);
		if (e->users > 0)
			continue;
		know_no_more(a, e);
		drop_if_idle(a, e);
	}
}

static struct cache_entry *make_entry(struct cache *a,
				      const struct cache_what *what,
				      const uint8_t key[CACHE_KEY_LEN])
{
	struct cache_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	memcpy(e->key, key, sizeof(e->key));
	e->is_reverse = what->is_reverse;
	e->hit = what->hit;
	e->name = what->is_reverse ? NULL : strdup(what->name);
	if ((!what->is_reverse && !e->name) ||
	    table_add(&a->all, &e->node, e->key, e) < 0) {
		free_entry(e);
		return NULL;
	}
	return e;
}

struct cache_entry *cache_find(struct cache *a, const struct cache_what *what,
			       uint64_t now_ms)
{
	uint8_t key[CACHE_KEY_LEN];
	struct cache_entry *e;
	struct cache_list *list;

	make_key(a, what, key);
	e = table_find(&a->all, key);
	if (!e)
		return make_entry(a, what, key);
	if (e->is_known && now_ms >= e->expires_ms && e->users == 0)
		know_no_more(a, e);
	if (e->is_known) {
		list = is_absent(e) ? &a->absent : &a->found;
		TAILQ_REMOVE(list, e, use);
		TAILQ_INSERT_HEAD(list, e, use);
	}
	return e;
}

bool cache_open(struct cache *a, struct cache_entry *e, uint64_t now_ms)
{
	assert(!e->is_open);
	if (a->n_open == CACHE_OPEN_MAX)
		return false;
	e->is_open = true;
	e->is_sent = false;
	e->id = a->next_id++;
	e->asked_ms = now_ms;
	TAILQ_INSERT_TAIL(&a->open, e, open);
	a->n_open++;
	return true;
}

struct cache_entry *cache_find_open(const struct cache *a, uint64_t id)
{
	struct cache_entry *e;

	TAILQ_FOREACH(e, &a->open, open)
	if (e->id == id)
		return e;
	return NULL;
}

static uint32_t lifetime_s(const struct cache_answer *answer)
{
	uint32_t most = answer->result == CACHE_FOUND ? DNSRECORD_TTL_MAX_S
			: answer->result == CACHE_UNREACHABLE ? UNREACHABLE_S
							      : ABSENT_MAX_S;
	uint32_t s = answer->lifetime_s < most ? answer->lifetime_s : most;

	return s < LIFETIME_MIN_S ? LIFETIME_MIN_S : s;
}

/* Copies what the answer borrows into one piece of memory. */
static bool keep(struct cache_entry *e, const struct cache_answer *answer)
{
	const struct dnsrecord_known *k = &answer->known;
	size_t n = answer->result == CACHE_FOUND ? k->n_hits : 0;
	size_t name_len = k->name ? strlen(k->name) + 1 : 0;
	size_t len = n * sizeof(*k->hits) + name_len;
	struct dnsrecord_hit *hits;
	uint8_t *p;

	assert(n <= DNSRECORD_HITS_MAX);
	for (size_t i = 0; i < n; i++)
		len += k->hits[i].hi ? k->hits[i].hi_len : 0;
	hits = malloc(len + 1);
	if (!hits)
		return false;
	p = (uint8_t *)(hits + n);
	for (size_t i = 0; i < n; i++) {
		hits[i] = k->hits[i];
		if (!hits[i].hi)
			continue;
		memcpy(p, k->hits[i].hi, hits[i].hi_len);
		hits[i].hi = p;
		p += hits[i].hi_len;
	}
	if (name_len > 0)
		memcpy(p, k->name, name_len);
	e->answer = *answer;
	e->answer.known = (struct dnsrecord_known){
		.hits = hits,
		.n_hits = n,
		.name = name_len > 0 ? (const char *)p : NULL,
	};
	e->kept = hits;
	return true;
}

static void learn(struct cache *a, struct cache_entry *e,
		  const struct cache_answer *answer, uint64_t now_ms)
{
	uint32_t s = lifetime_s(answer);

	know_no_more(a, e);
	if (!keep(e, answer))
		return; /* it is asked for again */
	e->is_known = true;
	e->expires_ms = now_ms + (uint64_t)s * 1000;
	e->prefetch_ms = e->expires_ms - (uint64_t)s * 1000 / 4;
	if (is_absent(e)) {
		TAILQ_INSERT_HEAD(&a->absent, e, use);
		a->n_absent++;
	} else {
		TAILQ_INSERT_HEAD(&a->found, e, use);
		a->n_found++;
	}
}

void cache_answer(struct cache *a, struct cache_entry *e,
		  const struct cache_answer *answer, uint64_t now_ms)
{
	assert(e->is_open);
	TAILQ_REMOVE(&a->open, e, open);
	a->n_open--;
	e->is_open = false;
	if (answer->result != CACHE_UNREACHABLE || !e->is_known ||
	    now_ms >= e->expires_ms)
		learn(a, e, answer, now_ms);
	make_room(a, &a->absent, &a->n_absent, CACHE_ABSENT_MAX);
	make_room(a, &a->found, &a->n_found, CACHE_FOUND_MAX);
}

void cache_release(struct cache *a, struct cache_entry *e)
{
	drop_if_idle(a, e);
}

void cache_forget(struct cache *a)
{
	struct table_iter it = table_iterate(&a->all);
	struct cache_entry *e;

	while ((e = table_next(&it))) {
		if (e->users == 0)
			know_no_more(a, e);
		else
			e->expires_ms = 0; /* for those who have asked only */
		drop_if_idle(a, e);
	}
}
