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

/* RFC 6261: the first time inside ESP, then outside. */
static void probe_goes_inside(struct sim *s)
{
	uint64_t before;

	establish(s);
	sim_probe(s, 0, 1);
	sim_run(s, sim_now(s) + 1000);
	want(s, sim_counters(s, 0)->sent_inside == 1, "the question inside");
	want(s, sim_counters(s, 1)->sent_inside == 1, "and the answer");
	before = sim_now(s);
	sim_lose(s, 0, HIP_UPDATE, 1);
	sim_probe(s, 0, 1);
	sim_run(s, sim_now(s) + 1000);
	want(s, heard_ms(s, 0, 1) > before, "the second one is answered");
	want(s, sim_counters(s, 0)->sent_inside == 2, "it went outside");
	want(s, sim_counters(s, 1)->sent_inside == 1, "and so its answer");
	want(s, sim_counters(s, 0)->sent[HIP_I1] == 1, "nothing begins anew");
}

static void keys_are_made_outside(struct sim *s)
{
	establish(s);
	sim_demand_sas(s, true);
	for (int i = 0; i < 20; i++) {
		sim_rekey(s, (size_t)i % 2, 1 - (size_t)i % 2, i % 3 == 0);
		sim_probe(s, 1 - (size_t)i % 2, (size_t)i % 2);
		sim_run(s, sim_now(s) + 2000);
	}
	want(s, sim_counters(s, 0)->rekeys == 20, "all of them");
	want(s, sim_counters(s, 0)->sent_inside > 0, "probes went inside");
	want(s, sim_counters(s, 0)->sent[HIP_I1] == 1, "nothing begins anew");
}

static void peer_cannot(struct sim *s)
{
	struct sim_host without = sim_host_default();

	without.conf.inside = false;
	two_hosts(s);
	(void)sim_add(s, &without);
	sim_tell(s, 0, 2);
	sim_tell(s, 2, 0);
	sim_send(s, 0, 2);
	want(s, sim_run_until_established(s, 0, 2, 15 * 1000),
	     "both are established");
	sim_run(s, sim_now(s) + 10 * 1000);
	sim_probe(s, 0, 2);
	sim_run(s, sim_now(s) + 1000);
	sim_close(s, 2, 0);
	sim_run(s, sim_now(s) + 1000);
	want(s, sim_state(s, 2, 0) == ASSOC_UNASSOCIATED, "closed");
	want(s, sim_counters(s, 0)->sent_inside == 0, "none inside");
	want(s, sim_counters(s, 2)->sent_inside == 0, "nor back");
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
	/* Either begins anew: one lost an SA, the other misses an answer. */
	want(s,
	     sim_state(s, 0, 1) == ASSOC_ESTABLISHED ||
		     sim_state(s, 0, 1) == ASSOC_R2_SENT,
	     "anew");
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
	{ "probe-goes-inside", probe_goes_inside, 2 },
	{ "keys-are-made-outside", keys_are_made_outside, 2 },
	{ "peer-cannot-inside", peer_cannot, 2 },
	{ "probe-is-lost-once", probe_is_lost_once, 2 },
	{ "probe-finds-a-restarted-peer", probe_finds_a_restarted_peer, 2 },
	{ "probe-finds-nobody", probe_finds_nobody, 1 },
	{ NULL, NULL, 0 },
};
