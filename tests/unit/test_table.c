/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The hash table against a plain array of the same entries.
 */
#include "daemon/base/table.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The linker puts this in calloc's place. */
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static bool no_memory;

void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : __real_calloc(n, size);
}

enum { MANY = 2000 };

struct entry {
	struct table_node node;
	uint8_t key[16];
	int seen;
};

static const uint8_t seed[TABLE_SEED_LEN] = { 1, 2, 3 };

static void set_key(struct entry *e, uint32_t i)
{
	memset(e->key, 0, sizeof(e->key));
	memcpy(e->key + 12, &i, sizeof(i));
}

static void add(struct table *t, struct entry *e, uint32_t i)
{
	set_key(e, i);
	cr_assert_eq(table_add(t, &e->node, e->key, e), 0);
}

Test(table, an_empty_one_finds_nothing)
{
	struct table t;
	struct table_iter it;
	uint8_t key[16] = { 0 };

	table_init(&t, sizeof(key), 1, seed);
	it = table_iterate(&t);
	cr_expect_null(table_find(&t, key));
	cr_expect_null(table_next(&it));
	cr_expect_eq(table_count(&t), 0);
	table_clear(&t);
}

Test(table, every_entry_is_found_while_it_is_in_and_only_then)
{
	static struct entry entries[MANY];
	struct table t;

	table_init(&t, 16, MANY, seed);
	for (uint32_t i = 0; i < MANY; i++)
		add(&t, &entries[i], i);
	cr_expect_eq(table_count(&t), MANY);
	for (uint32_t i = 0; i < MANY; i += 2)
		table_remove(&t, &entries[i].node);
	cr_expect_eq(table_count(&t), MANY / 2);
	for (uint32_t i = 0; i < MANY; i++)
		cr_assert_eq(table_find(&t, entries[i].key),
			     i % 2 == 0 ? NULL : &entries[i]);
	for (uint32_t i = 0; i < MANY; i += 2)
		add(&t, &entries[i], i);
	for (uint32_t i = 0; i < MANY; i++)
		cr_assert_eq(table_find(&t, entries[i].key), &entries[i]);
	table_clear(&t);
}

Test(table, a_key_can_be_in_only_once)
{
	struct entry a, b;
	struct table t;

	table_init(&t, 16, 2, seed);
	add(&t, &a, 7);
	set_key(&b, 7);
	cr_expect_eq(table_add(&t, &b.node, b.key, &b), -EEXIST);
	cr_expect_eq(table_find(&t, b.key), &a);
	table_remove(&t, &a.node);
	cr_expect_eq(table_add(&t, &b.node, b.key, &b), 0);
	table_clear(&t);
}

Test(table, the_limit_holds_and_frees_up_again)
{
	struct entry e[4];
	struct table t;

	table_init(&t, 16, 3, seed);
	for (uint32_t i = 0; i < 3; i++)
		add(&t, &e[i], i);
	set_key(&e[3], 3);
	cr_expect_eq(table_add(&t, &e[3].node, e[3].key, &e[3]), -ENOSPC);
	/* A key that is there is told as such, at the limit too. */
	cr_expect_eq(table_add(&t, &e[3].node, e[0].key, &e[3]), -EEXIST);
	table_remove(&t, &e[1].node);
	cr_expect_eq(table_add(&t, &e[3].node, e[3].key, &e[3]), 0);
	cr_expect_eq(table_count(&t), 3);
	table_clear(&t);
}

Test(table, keys_may_be_as_short_as_an_spi)
{
	static struct {
		struct table_node node;
		uint32_t spi;
	} e[100];
	struct table t;
	uint32_t other = 100;

	table_init(&t, sizeof(uint32_t), 100, seed);
	for (uint32_t i = 0; i < 100; i++) {
		e[i].spi = i;
		cr_assert_eq(table_add(&t, &e[i].node, &e[i].spi, &e[i]), 0);
	}
	for (uint32_t i = 0; i < 100; i++)
		cr_expect_eq(table_find(&t, &i), &e[i]);
	cr_expect_null(table_find(&t, &other));
	table_clear(&t);
}

Test(table, iterating_gives_each_entry_once)
{
	static struct entry entries[MANY];
	struct table_iter it;
	struct table t;
	struct entry *e;

	table_init(&t, 16, MANY, seed);
	for (uint32_t i = 0; i < MANY; i++)
		add(&t, &entries[i], i);
	it = table_iterate(&t);
	while ((e = table_next(&it)))
		e->seen++;
	for (uint32_t i = 0; i < MANY; i++)
		cr_assert_eq(entries[i].seen, 1);
	table_clear(&t);
}

Test(table, iterating_survives_the_removal_of_what_it_gave)
{
	static struct entry entries[MANY];
	struct table_iter it;
	struct table t;
	struct entry *e;
	size_t n = 0;

	table_init(&t, 16, MANY, seed);
	for (uint32_t i = 0; i < MANY; i++)
		add(&t, &entries[i], i);
	it = table_iterate(&t);
	while ((e = table_next(&it))) {
		n++;
		table_remove(&t, &e->node);
		memset(e, 0xa5, sizeof(*e)); /* as if it were freed */
	}
	cr_expect_eq(n, MANY);
	cr_expect_eq(table_count(&t), 0);
	table_clear(&t);
}

Test(table, the_seed_decides_where_keys_lie)
{
	static struct entry one[64], two[64];
	uint8_t other[TABLE_SEED_LEN] = { 9 };
	struct table_iter it, jt;
	struct table a, b;
	size_t same = 0;

	table_init(&a, 16, 64, seed);
	table_init(&b, 16, 64, other);
	for (uint32_t i = 0; i < 64; i++) {
		add(&a, &one[i], i);
		add(&b, &two[i], i);
	}
	it = table_iterate(&a);
	jt = table_iterate(&b);
	for (size_t i = 0; i < 64; i++) {
		struct entry *e = table_next(&it), *f = table_next(&jt);

		same += memcmp(e->key, f->key, sizeof(e->key)) == 0;
	}
	cr_expect_lt(same, 32);
	table_clear(&a);
	table_clear(&b);
}

Test(table, without_memory_the_first_entry_is_refused)
{
	struct entry e;
	struct table t;

	table_init(&t, 16, 1, seed);
	set_key(&e, 1);
	no_memory = true;
	cr_expect_eq(table_add(&t, &e.node, e.key, &e), -ENOMEM);
	cr_expect_eq(table_count(&t), 0);
	cr_expect_null(table_find(&t, e.key));
	no_memory = false;
	cr_expect_eq(table_add(&t, &e.node, e.key, &e), 0);
	table_clear(&t);
}

Test(table, without_memory_to_grow_it_still_takes_entries)
{
	static struct entry entries[MANY];
	struct table t;

	table_init(&t, 16, MANY, seed);
	add(&t, &entries[0], 0);
	no_memory = true;
	for (uint32_t i = 1; i < 200; i++)
		add(&t, &entries[i], i);
	no_memory = false;
	for (uint32_t i = 200; i < MANY; i++)
		add(&t, &entries[i], i);
	for (uint32_t i = 0; i < MANY; i++)
		cr_assert_eq(table_find(&t, entries[i].key), &entries[i]);
	table_clear(&t);
}
