/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Scenarios of lost state: RFC 7401 4.3, 4.5.4. A host dies without a word
 * and comes back; traffic works again whoever speaks first (T38).
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

static void restarted_speaks(struct sim *s)
{
	for (size_t who = 0; who < 2; who++) {
		size_t got;

		if (who == 0)
			establish(s);
		sim_restart(s, who);
		got = sim_delivered(s, who, 1 - who);
		sim_send(s, who, 1 - who);
		want(s, sim_run_until_delivered(s, who, 1 - who, got + 1, 1000),
		     "what the restarted host sends arrives");
		want(s, sim_run_until_established(s, 0, 1, 15 * 1000),
		     "both are established");
		sim_run(s, sim_now(s) + SA_OLD_MS);
		want(s, sim_sas(s, 0) == 1 && sim_sas(s, 1) == 1,
		     "the old SAs are gone");
	}
}

static void survivor_speaks(struct sim *s)
{
	for (size_t who = 0; who < 2; who++) {
		size_t got;

		if (who == 0)
			establish(s);
		sim_restart(s, who);
		got = sim_delivered(s, 1 - who, who);
		for (int i = 0; i < 100; i++) {
			sim_send(s, 1 - who, who);
			sim_run(s, sim_now(s) + 50);
		}
		want(s, sim_delivered(s, 1 - who, who) >= got + 95,
		     "what the survivor sends arrives soon");
		want(s, sim_run_until_established(s, 0, 1, 15 * 1000),
		     "both are established");
		want(s, sim_counters(s, who)->sent[HIP_I1] == 1,
		     "one exchange was enough");
		sim_run(s, sim_now(s) + 10 * 1000);
	}
}

static void both_speak(struct sim *s)
{
	struct sim_link link = { .delay_ms = 20,
				 .jitter_ms = 30,
				 .loss_permille = 100 };

	size_t all = 0, poor = 0;

	establish(s);
	for (size_t round = 0; round < 10; round++) {
		size_t got = sim_delivered(s, 0, 1) + sim_delivered(s, 1, 0);

		sim_set_link(s, &link);
		sim_restart(s, round % 2);
		for (int i = 0; i < 200; i++) {
			sim_send(s, 0, 1);
			sim_send(s, 1, 0);
			sim_run(s, sim_now(s) + 50);
		}
		got = sim_delivered(s, 0, 1) + sim_delivered(s, 1, 0) - got;
		all += got;
		poor += got < 200;
	}
	/* Of ten thousand exchanges one loses six packets in a row. */
	want(s, poor <= 1, "at least half arrives, but for one time");
	want(s, all >= 2800, "seven of ten arrive in all");
}

static void both_restart(struct sim *s)
{
	establish(s);
	sim_restart(s, 0);
	sim_restart(s, 1);
	sim_send(s, 0, 1);
	sim_send(s, 1, 0);
	want(s, sim_run_until_delivered(s, 0, 1, 2, 2000), "one way");
	want(s, sim_run_until_delivered(s, 1, 0, 1, 2000), "the other way");
}

/* The Responder dies between R1 and I2: its puzzle is nobody's. */
static void responder_restarts_amidst(struct sim *s)
{
	struct sim_link link = { .delay_ms = 100 };

	two_hosts(s);
	sim_set_link(s, &link);
	sim_send(s, 0, 1);
	sim_run(s, sim_now(s) + 250);
	sim_restart(s, 1);
	want(s, sim_run_until_delivered(s, 0, 1, 1, 8000),
	     "a new R1 is asked for");
}

/* The R1s change between R1 and I2; the old ones still count. */
static void r1_grows_old_amidst(struct sim *s)
{
	struct sim_link link = { .delay_ms = 1000 };

	two_hosts(s);
	sim_set_link(s, &link);
	sim_run(s, sim_now(s) + R1_LIFETIME_MS - 1500);
	sim_send(s, 0, 1);
	want(s, sim_run_until_delivered(s, 0, 1, 1, 12000), "it arrives");
	want(s, sim_counters(s, 1)->drops[DROP_R1_COUNTER] == 0,
	     "its R1 is still good");
}

const struct scenario restart_scenarios[] = {
	{ "restart-and-speak", restarted_speaks, 2 },
	{ "restart-and-listen", survivor_speaks, 2 },
	{ "restart-under-traffic", both_speak, 5 },
	{ "restart-of-both", both_restart, 2 },
	{ "restart-amidst", responder_restarts_amidst, 1 },
	{ "restart-of-r1", r1_grows_old_amidst, 1 },
	{ NULL, NULL, 0 },
};
