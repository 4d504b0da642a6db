/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Scenarios of closing: from one side, from both, on bad links, by idleness.
 */
#include "tests/sim/scenario.h"

static void establish(struct sim *s)
{
	sim_send(s, 0, 1);
	want(s, sim_run_until_established(s, 0, 1, 60 * 1000),
	     "both are established");
}

static void want_gone(struct sim *s)
{
	want(s, sim_sas(s, 0) == 0 && sim_sas(s, 1) == 0, "no SA is left");
}

static void by_one(struct sim *s)
{
	two_hosts(s);
	establish(s);
	sim_close(s, 0, 1);
	want(s, sim_state(s, 0, 1) == ASSOC_CLOSING, "closing");
	sim_run(s, sim_now(s) + 1000);
	want(s, sim_state(s, 0, 1) == ASSOC_UNASSOCIATED, "acknowledged");
	want(s, sim_state(s, 1, 0) == ASSOC_CLOSED, "closed");
	want_gone(s);
	sim_run(s, sim_now(s) + UAL_DEFAULT_MS + 2 * MSL_MS);
	want(s, sim_state(s, 1, 0) == ASSOC_UNASSOCIATED, "forgotten");
}

/* RFC 6261: CLOSE and its answer go inside the SAs that they end. */
static void inside(struct sim *s)
{
	two_hosts(s);
	establish(s);
	sim_run(s, sim_now(s) + 1000);
	sim_close(s, 0, 1);
	sim_run(s, sim_now(s) + 300);
	want(s, sim_state(s, 0, 1) == ASSOC_UNASSOCIATED, "acknowledged");
	want(s, sim_counters(s, 0)->sent_inside == 1, "CLOSE went inside");
	want(s, sim_counters(s, 1)->sent_inside == 1, "CLOSE_ACK too");
	want_gone(s);
}

static void inside_lost(struct sim *s)
{
	two_hosts(s);
	establish(s);
	sim_lose(s, 0, HIP_CLOSE, 1);
	sim_close(s, 0, 1);
	sim_run(s, sim_now(s) + 2000);
	want(s, sim_state(s, 0, 1) == ASSOC_UNASSOCIATED, "acknowledged");
	want(s, sim_counters(s, 0)->sent_inside == 1, "then outside");
	want(s, sim_counters(s, 1)->sent_inside == 0, "as the answer");
	want_gone(s);
}

static void by_both(struct sim *s)
{
	two_hosts(s);
	establish(s);
	sim_close(s, 0, 1);
	sim_close(s, 1, 0);
	sim_run(s, sim_now(s) + 1000);
	want(s, sim_state(s, 0, 1) == ASSOC_UNASSOCIATED, "one is done");
	want(s, sim_state(s, 1, 0) == ASSOC_UNASSOCIATED, "so is the other");
	want_gone(s);
}

static void acknowledgement_lost(struct sim *s)
{
	two_hosts(s);
	establish(s);
	sim_lose(s, 1, HIP_CLOSE_ACK, 3);
	sim_close(s, 0, 1);
	sim_run(s, sim_now(s) + 3000);
	want(s, sim_state(s, 0, 1) == ASSOC_CLOSING, "still closing");
	sim_run(s, sim_now(s) + 1000);
	want(s, sim_state(s, 0, 1) == ASSOC_UNASSOCIATED, "acknowledged");
	want_gone(s);
}

static void peer_is_gone(struct sim *s)
{
	two_hosts(s);
	establish(s);
	sim_cut(s, 1, true);
	sim_close(s, 0, 1);
	sim_run(s, sim_now(s) + UAL_DEFAULT_MS + MSL_MS - 1000);
	want(s, sim_state(s, 0, 1) == ASSOC_CLOSING, "patient");
	sim_run(s, sim_now(s) + 2000);
	want(s, sim_state(s, 0, 1) == ASSOC_UNASSOCIATED, "but not for ever");
	want(s, sim_counters(s, 0)->sent[HIP_CLOSE] < 16, "and not noisy");
}

static void idle(struct sim *s)
{
	two_hosts(s);
	establish(s);
	sim_run(s, sim_now(s) + UAL_DEFAULT_MS / 2);
	sim_send(s, 0, 1);
	sim_run(s, sim_now(s) + UAL_DEFAULT_MS - 1000);
	want(s, sim_state(s, 0, 1) == ASSOC_ESTABLISHED, "used so far");
	sim_run(s, sim_now(s) + 2000);
	want_gone(s);
	sim_send(s, 0, 1);
	want(s, sim_run_until_delivered(s, 0, 1, 3, 1000), "up again on use");
}

static void closed_and_used_again(struct sim *s)
{
	struct sim_link link = { .delay_ms = 20,
				 .jitter_ms = 50,
				 .loss_permille = 200 };

	two_hosts(s);
	for (size_t i = 0; i < 20; i++) {
		struct sim_link good = { .delay_ms = 10 };
		size_t a = i % 2, b = 1 - a;
		size_t got = sim_delivered(s, a, b);

		sim_set_link(s, &link);
		sim_send(s, a, b);
		sim_run(s, sim_now(s) + 30);
		sim_close(s, b, a);
		sim_run(s, sim_now(s) + 3000);
		sim_set_link(s, &good);
		for (int n = 0; n < 30 && sim_delivered(s, a, b) == got; n++) {
			sim_send(s, a, b);
			sim_run(s, sim_now(s) + 1000);
		}
		want(s, sim_delivered(s, a, b) > got, "it works again");
		sim_close(s, a, b);
		sim_run(s, sim_now(s) + 2000);
		want_gone(s);
	}
}

/* While an exchange is on its way, at any point. */
static void during_the_exchange(struct sim *s)
{
	struct sim_link link = { .delay_ms = 50 };
	struct prng dice;

	prng_init(&dice, sim_trace(s));
	two_hosts(s);
	sim_set_link(s, &link);
	prng_init(&dice, sim_trace(s));
	sim_send(s, 0, 1);
	sim_run(s, sim_now(s) + prng_below(&dice, 300));
	sim_close(s, prng_below(&dice, 2), 0);
	sim_close(s, 0, 1);
	sim_run(s, sim_now(s) + 30 * 1000);
	want(s, sim_state(s, 0, 1) != ASSOC_ESTABLISHED, "it is not up");
	sim_send(s, 0, 1);
	sim_run(s, sim_now(s) + 30 * 1000);
	sim_send(s, 0, 1);
	sim_send(s, 1, 0);
	sim_run(s, sim_now(s) + 30 * 1000);
	want(s, sim_state(s, 0, 1) == ASSOC_ESTABLISHED, "it can be again");
}

const struct scenario close_scenarios[] = {
	{ "close-by-one", by_one, 2 },
	{ "close-inside", inside, 2 },
	{ "close-inside-lost", inside_lost, 2 },
	{ "close-by-both", by_both, 2 },
	{ "close-ack-lost", acknowledgement_lost, 2 },
	{ "close-peer-is-gone", peer_is_gone, 1 },
	{ "close-idle", idle, 1 },
	{ "close-and-use-again", closed_and_used_again, 5 },
	{ "close-during-the-exchange", during_the_exchange, 20 },
	{ NULL, NULL, 0 },
};
