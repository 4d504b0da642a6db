/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Scenarios of UPDATE (RFC 7401 6.11, 6.12): a peer is asked whether it is
 * there.
 */
#include "tests/sim/scenario.h"

static void establish(struct sim *s)
{
	two_hosts(s);
	sim_send(s, 0, 1);
	want(s, sim_run_until_established(s, 0, 1, 15 * 1000),
	     "both are established");
	sim_run(s, sim_now(s) + 10 * 1000);
}

static uint64_t heard_ms(const struct sim *s, size_t a, size_t b)
{
	struct host_assoc_info info;

	return sim_info(s, a, b, &info) ? info.heard_ms : 0;
}

static void probe_is_answered(struct sim *s)
{
	uint64_t before;

	establish(s);
	for (size_t i = 0; i < 100; i++) {
		before = sim_now(s);
		sim_probe(s, i % 2, 1 - i % 2);
		sim_run(s, sim_now(s) + 100);
		want(s, heard_ms(s, i % 2, 1 - i % 2) >= before,
		     "the peer is heard");
	}
	want(s, sim_counters(s, 0)->retransmitted == 0, "at once");
	want(s, sim_counters(s, 0)->sent[HIP_I1] == 1, "nothing begins anew");
}

static void probe_is_lost_once(struct sim *s)
{
	uint64_t before;

	establish(s);
	before = sim_now(s);
	sim_lose(s, 0, HIP_UPDATE, 1);
	sim_probe(s, 0, 1);
	sim_run(s, sim_now(s) + 1000);
	want(s, heard_ms(s, 0, 1) > before, "the second one is answered");
	before = sim_now(s);
	sim_lose(s, 1, HIP_UPDATE, 1);
	sim_probe(s, 0, 1);
	sim_run(s, sim_now(s) + 1000);
	want(s, heard_ms(s, 0, 1) > before, "its answer comes again");
	want(s, sim_counters(s, 0)->sent[HIP_I1] == 1, "nothing begins anew");
}

static void probe_finds_a_restarted_peer(struct sim *s)
{
	size_t got;

	establish(s);
	sim_restart(s, 1);
	got = sim_delivered(s, 0, 1);
	sim_probe(s, 0, 1);
	sim_run(s, sim_now(s) + 2000);
	want(s, sim_state(s, 0, 1) == ASSOC_ESTABLISHED, "anew");
	sim_send(s, 0, 1);
	want(s, sim_run_until_delivered(s, 0, 1, got + 1, 1000), "and used");
}

static void probe_finds_nobody(struct sim *s)
{
	establish(s);
	sim_cut(s, 1, true);
	sim_probe(s, 0, 1);
	sim_run(s, sim_now(s) + 5000);
	want(s, sim_state(s, 0, 1) == ASSOC_ESTABLISHED && sim_sas(s, 0) == 1,
	     "while a new exchange is tried the old SAs stay");
	sim_run(s, sim_now(s) + 15 * 1000);
	want(s, sim_state(s, 0, 1) == ASSOC_CLOSING && sim_sas(s, 0) == 0,
	     "then it is broken");
}

const struct scenario update_scenarios[] = {
	{ "probe-is-answered", probe_is_answered, 2 },
	{ "probe-is-lost-once", probe_is_lost_once, 2 },
	{ "probe-finds-a-restarted-peer", probe_finds_a_restarted_peer, 2 },
	{ "probe-finds-nobody", probe_finds_nobody, 1 },
	{ NULL, NULL, 0 },
};
