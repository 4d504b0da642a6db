/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Buckets with chains. The array doubles when there are as many entries as
 * buckets, so that adding costs a constant time on average; it never
 * shrinks, for a table that was full once may be so again.
 */
#include "daemon/base/table.h"

#include <assert.h>
#include <errno.h>
#include <sodium/crypto_shorthash.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 16 };

_Static_assert(TABLE_SEED_LEN == crypto_shorthash_KEYBYTES,
	       "the seed is SipHash's key");
_Static_assert(sizeof(uint64_t) == crypto_shorthash_BYTES,
	       "a hash fits a node");

static uint64_t hash_key(const struct table *t, const void *key)
{
	uint64_t hash;
	uint8_t bytes[sizeof(hash)];

	crypto_shorthash(bytes, key, t->key_len, t->seed);
	memcpy(&hash, bytes, sizeof(hash));
	return hash;
}

static struct table_node **bucket_of(const struct table *t, uint64_t hash)
{
	return &t->buckets[hash & (t->n_buckets - 1)];
}

void table_init(struct table *t, size_t key_len, size_t limit,
		const uint8_t seed[TABLE_SEED_LEN])
{
	*t = (struct table){ .limit = limit, .key_len = key_len };
	memcpy(t->seed, seed, sizeof(t->seed));
}

void table_clear(struct table *t)
{
	free(t->buckets);
	*t = (struct table){ 0 };
}

/* Doubles the buckets. Without memory, chains become longer instead. */
static int grow(struct table *t)
{
	struct table old = *t;
	size_t n = old.n_buckets > 0 ? old.n_buckets * 2 : BUCKETS_FIRST;
	struct table_node **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return old.n_buckets > 0 ? 0 : -ENOMEM;
	t->buckets = buckets;
	t->n_buckets = n;
	for (size_t i = 0; i < old.n_buckets; i++) {
		struct table_node *next;

		for (struct table_node *e = old.buckets[i]; e; e = next) {
			struct table_node **b = bucket_of(t, e->hash);

			next = e->next;
			e->next = *b;
			*b = e;
		}
	}
	free(old.buckets);
	return 0;
}

static struct table_node *find_node(const struct table *t, const void *key,
				    uint64_t hash)
{
	struct table_node *e = t->n_buckets > 0 ? *bucket_of(t, hash) : NULL;

	while (e && (e->hash != hash || memcmp(e->key, key, t->key_len) != 0))
		e = e->next;
	return e;
}

int table_add(struct table *t, struct table_node *node, const void *key,
	      void *owner)
{
	uint64_t hash = hash_key(t, key);
	struct table_node **b;
	int err;

	if (find_node(t, key, hash))
		return -EEXIST;
	if (t->n >= t->limit)
		return -ENOSPC;
	if (t->n >= t->n_buckets) {
		err = grow(t);
		if (err != 0)
			return err;
	}
	b = bucket_of(t, hash);
	*node = (struct table_node){
		.next = *b, .key = key, .owner = owner, .hash = hash
	};
	*b = node;
	t->n++;
	return 0;
}

void *table_find(const struct table *t, const void *key)
{
	struct table_node *e = find_node(t, key, hash_key(t, key));

	return e ? e->owner : NULL;
}

void table_remove(struct table *t, struct table_node *node)
{
	struct table_node **at;

	assert(t->n > 0);
	at = bucket_of(t, node->hash);
	while (*at && *at != node)
		at = &(*at)->next;
	assert(*at == node);
	*at = node->next;
	node->next = NULL;
	t->n--;
}

struct table_iter table_iterate(const struct table *t)
{
	return (struct table_iter){ .t = t };
}

void *table_next(struct table_iter *it)
{
	struct table_node *e;

	while (!it->next && it->bucket < it->t->n_buckets)
		it->next = it->t->buckets[it->bucket++];
	e = it->next;
	if (!e)
		return NULL;
	it->next = e->next; /* now, while e is still there */
	return e->owner;
}
