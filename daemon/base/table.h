/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A hash table keyed by byte strings of one fixed length, such as a HIT or
 * an SPI. Strangers choose keys, so the hash is SipHash under a seed that
 * the caller draws at random. Nodes are embedded in what they find: adding
 * one allocates nothing but, now and then, the array of buckets.
 */
#ifndef HIPLINE_TABLE_H
#define HIPLINE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TABLE_SEED_LEN = 16 };

/* Embedded in what the table holds; belongs to the table while in it. */
struct table_node {
	struct table_node *next;
	const void *key;
	void *owner;
	uint64_t hash;
};

struct table {
	struct table_node **buckets;
	size_t n_buckets; /* 0 or a power of two */
	size_t n, limit, key_len;
	uint8_t seed[TABLE_SEED_LEN];
};

/* Never more than `limit` entries. Allocates nothing yet. */
void table_init(struct table *t, size_t key_len, size_t limit,
		const uint8_t seed[TABLE_SEED_LEN]);

/* Lets go of all nodes, which it does not touch, and of its own memory. */
void table_clear(struct table *t);

/*
 * Adds a node that finds `owner` under the key_len bytes at `key`, which
 * must stay as they are while it is in (keeps both pointers). 0, -EEXIST,
 * -ENOSPC at the limit, or -ENOMEM.
 */
__attribute__((warn_unused_result)) int table_add(struct table *t,
						  struct table_node *node,
						  const void *key, void *owner);

/* The owner under that key, or NULL. */
void *table_find(const struct table *t, const void *key);

/* Takes a node out that is in. */
void table_remove(struct table *t, struct table_node *node);

static inline size_t table_count(const struct table *t)
{
	return t->n;
}

/*
 * Goes through all entries in no order that means anything. The entry that
 * was given last may be removed (and freed) meanwhile; no other may, and
 * none may be added.
 */
struct table_iter {
	const struct table *t;
	size_t bucket;
	struct table_node *next;
};

struct table_iter table_iterate(const struct table *t);

/* The next owner, or NULL at the end. */
void *table_next(struct table_iter *it);

#endif
