/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What an association costs that is idle. B has many; A is each of its peers
 * in turn.
 */
#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <malloc.h>

enum { PEERS = 100, BYTES_MAX = 4096, CLOSED_PEERS = 30 };

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

/* B sends nothing of itself but CLOSEs. Gives A's first identity. */
static struct identity *make_without_rekeys(void)
{
	hosts_make(&t);
	t.conf[B].rekey_ms = 0;
	hosts_remake(&t, B);
	return t.id[A];
}

/* Something passed for all of them at one moment. */
static void use_all(void)
{
	struct host_assoc_info all[CLOSED_PEERS];
	size_t n = host_assoc_list(t.h[B], all, CLOSED_PEERS);

	cr_assert_eq(n, CLOSED_PEERS);
	for (size_t i = 0; i < n; i++) {
		struct hip_input in = { .kind = HIP_IN_TRAFFIC,
					.hit = all[i].hit,
					.in = true };

		hosts_input(&t, B, &in);
	}
}

Test(idle, many_that_are_idle_at_once_are_closed_one_after_the_other)
{
	struct identity *first, *id = NULL;
	size_t closes = 0;
	uint64_t idle_ms;

	first = make_without_rekeys();
	(void)add_some(&id, CLOSED_PEERS);
	use_all();
	idle_ms = t.now_ms + t.conf[B].idle_ms;
	t.now_ms = idle_ms - 1;
	hosts_tick(&t, B);
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SEND), 0);
	while (closes < CLOSED_PEERS) {
		size_t n;

		t.now_ms = host_deadline(t.h[B]);
		hosts_tick(&t, B);
		n = hosts_count(&t, B, HIP_OUT_SEND);
		cr_assert_leq(n, IDLE_CLOSES_PER_MS);
		closes += n;
	}
	cr_expect_leq(t.now_ms, idle_ms + CLOSED_PEERS / IDLE_CLOSES_PER_MS);
	t.id[A] = first;
	hosts_clear(&t);
	identity_free(id);
}

Test(idle, what_is_used_again_before_its_turn_stays)
{
	struct identity *first, *id = NULL;
	size_t closes;

	first = make_without_rekeys();
	(void)add_some(&id, CLOSED_PEERS);
	use_all();
	t.now_ms += t.conf[B].idle_ms;
	hosts_tick(&t, B);
	closes = hosts_count(&t, B, HIP_OUT_SEND);
	cr_expect_eq(closes, IDLE_CLOSES_PER_MS);
	use_all();
	t.now_ms += CLOSED_PEERS;
	hosts_tick(&t, B);
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SEND), 0);
	t.id[A] = first;
	hosts_clear(&t);
	identity_free(id);
}
