/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * T40: each allocation of two hosts fails in turn, in a world where they
 * meet, close, restart and meet again. Nothing breaks, and in the end they
 * are associated: what failed once is as a packet that was lost.
 */
#include "tests/sim/sim.h"

#include <criterion/criterion.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void __real_host_input(struct host *h, const struct hip_input *in,
		       uint64_t now_ms);
void __real_host_tick(struct host *h, uint64_t now_ms);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void __wrap_host_input(struct host *h, const struct hip_input *in,
		       uint64_t now_ms);
void __wrap_host_tick(struct host *h, uint64_t now_ms);

static bool armed;	    /* while a host runs */
static size_t seen, victim; /* which one fails; 0: none */

static bool fails(void)
{
	return armed && ++seen == victim;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, n, size);
}

void __wrap_host_input(struct host *h, const struct hip_input *in,
		       uint64_t now_ms)
{
	armed = true;
	__real_host_input(h, in, now_ms);
	armed = false;
}

void __wrap_host_tick(struct host *h, uint64_t now_ms)
{
	armed = true;
	__real_host_tick(h, now_ms);
	armed = false;
}

static void talk(struct sim *s, int times)
{
	for (int n = 0; n < times; n++) {
		sim_send(s, 0, 1);
		sim_send(s, 1, 0);
		sim_run(s, sim_now(s) + 1000);
	}
}

/*
 * Everything that a host allocates for; says how often it did. As strangers:
 * the first is not told of the second, and lets it in all the same.
 */
static size_t live(size_t which, bool strangers)
{
	struct sim_host host = sim_host_default();
	struct sim *s = sim_new(1);
	const char *failure;

	seen = 0;
	victim = which;
	host.conf.accept_any = strangers;
	(void)sim_add(s, &host);
	host.conf.puzzle_k = 1;
	(void)sim_add(s, &host);
	if (!strangers)
		sim_tell(s, 0, 1);
	sim_tell(s, 1, 0);
	talk(s, 2);
	sim_probe(s, 1, 0);
	sim_rekey(s, 0, 1, true);
	talk(s, 2);
	sim_rekey(s, 1, 0, false);
	sim_rekey(s, 0, 1, true);
	talk(s, 5);
	sim_close(s, 0, 1);
	talk(s, 2);
	sim_restart(s, 0);
	talk(s, 2);
	sim_close_all(s, 1);
	sim_run(s, sim_now(s) + R1_LIFETIME_MS);
	if (!strangers) /* should this be what had failed */
		sim_tell(s, 0, 1);
	sim_tell(s, 1, 0);
	talk(s, 60);
	failure = sim_failure(s);
	cr_expect_null(failure, "allocation %zu: %s", which, failure);
	cr_expect_eq(sim_state(s, 0, 1), ASSOC_ESTABLISHED, "allocation %zu",
		     which);
	cr_expect_eq(sim_state(s, 1, 0), ASSOC_ESTABLISHED, "allocation %zu",
		     which);
	sim_run(s, sim_now(s) + SA_OLD_MS + 1);
	cr_expect_eq(sim_sas(s, 0), 1, "allocation %zu", which);
	sim_free(s);
	return seen;
}

Test(host_memory, any_allocation_may_fail_once)
{
	size_t n = live(0, false);

	cr_assert_gt(n, 50, "only %zu", n);
	for (size_t which = 1; which <= n; which++)
		(void)live(which, false);
}

Test(host_memory, any_allocation_may_fail_once_between_strangers)
{
	size_t n = live(0, true);

	cr_assert_gt(n, 50, "only %zu", n);
	for (size_t which = 1; which <= n; which++)
		(void)live(which, true);
}
