/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What an association costs that is idle. B has many; A is each of its peers
 * in turn.
 */
#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <malloc.h>

enum { PEERS = 100, BYTES_MAX = 4096 };

static struct hosts t;

static void become_another(struct identity **id)
{
	identity_free(*id);
	cr_assert_eq(identity_generate(IDENTITY_ED25519, id), 0);
	t.id[A] = *id;
	t.conf[A].id = *id;
	t.hit[A] = *identity_hit(*id);
	t.at[A].addr[14]++;
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	hosts_tell(&t, B);
}

/* Bytes that are allocated, B having n more. */
static size_t add_some(struct identity **id, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		become_another(id);
		hosts_establish(&t);
		t.now_ms += 10;
	}
	hosts_remake(&t, A); /* A has none of its own */
	return mallinfo2().uordblks;
}

Test(idle, an_association_takes_little_memory)
{
	struct identity *first, *id = NULL;
	size_t before, after;

	hosts_make(&t);
	first = t.id[A];
	before = add_some(&id, 10);
	after = add_some(&id, PEERS);
	cr_log_info("%zu bytes for each", (after - before) / PEERS);
	cr_expect_eq(host_assoc_list(t.h[B], NULL, 0), 10 + PEERS);
	cr_expect_leq(after - before, (size_t)PEERS * BYTES_MAX);
	t.id[A] = first;
	hosts_clear(&t);
	identity_free(id);
}
