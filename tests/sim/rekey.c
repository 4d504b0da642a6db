/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Scenarios of rekeying (RFC 7402 6.8 to 6.10): whatever links do, every
 * packet finds an SA that opens it, and one pair of SAs is left (T25, T26).
 */
#include "tests/sim/scenario.h"

/* A rekey may take its time, and then the old SA stays. */
enum { REST_MS = SA_OLD_MS + 20 * 1000 };

static void establish(struct sim *s)
{
	sim_send(s, 0, 1);
	want(s, sim_run_until_established(s, 0, 1, 60 * 1000),
	     "both are established");
	sim_demand_sas(s, true);
}

static uint64_t rekeys(const struct sim *s, size_t a, size_t b)
{
	struct host_assoc_info info;

	return sim_info(s, a, b, &info) ? info.rekeys : 0;
}

/* Packets both ways, 50 in a second. */
static void talk(struct sim *s, uint64_t for_ms)
{
	for (uint64_t i = 0; i < for_ms / 20; i++) {
		sim_send(s, 0, 1);
		sim_send(s, 1, 0);
		sim_run(s, sim_now(s) + 20);
	}
}

static void want_one_pair(struct sim *s)
{
	sim_run(s, sim_now(s) + REST_MS);
	want(s,
	     sim_state(s, 0, 1) == ASSOC_ESTABLISHED &&
		     sim_state(s, 1, 0) == ASSOC_ESTABLISHED,
	     "both are established still");
	want(s, sim_sas(s, 0) == 1 && sim_sas(s, 1) == 1, "one pair is left");
	want(s, rekeys(s, 0, 1) == rekeys(s, 1, 0), "both did the same");
}

/* On a good link nothing at all is lost, and all comes in order. */
static void one_side(struct sim *s)
{
	uint64_t agreements;

	two_hosts(s);
	sim_demand_order(s);
	establish(s);
	agreements = sim_counters(s, 0)->dh_agreements;
	for (uint64_t i = 0; i < 20; i++) {
		sim_rekey(s, i % 2, 1 - i % 2, i % 4 >= 2);
		talk(s, 200);
		want(s, rekeys(s, 0, 1) == i + 1, "one more");
	}
	want(s, sim_counters(s, 0)->dh_agreements == agreements + 10,
	     "every other one with new Diffie-Hellman values");
	want(s, sim_counters(s, 0)->retransmitted == 0, "nothing sent twice");
	want_one_pair(s);
}

/* T26: at the same moment, and with all that can happen to UPDATEs. */
static void both_sides(struct sim *s)
{
	struct sim_link link = { .delay_ms = 20, .jitter_ms = 50 };
	struct prng dice;

	two_hosts(s);
	sim_set_link(s, &link);
	establish(s);
	prng_init(&dice, sim_trace(s));
	for (uint64_t i = 0; i < 16; i++) {
		uint64_t before = rekeys(s, 0, 1);

		sim_lose(s, 0, HIP_UPDATE, (unsigned int)(i % 4));
		sim_lose(s, 1, HIP_UPDATE, (unsigned int)(i / 4));
		sim_rekey(s, 0, 1, prng_below(&dice, 2));
		sim_run(s, sim_now(s) + prng_below(&dice, 3) * 20);
		sim_rekey(s, 1, 0, prng_below(&dice, 2));
		talk(s, 12 * 1000);
		want(s, rekeys(s, 0, 1) > before, "there are new keys");
	}
	want_one_pair(s);
}

/* Both, at any time, a hundred times and more, on a link of some kind. */
static void often(struct sim *s, const struct sim_link *link)
{
	struct prng dice;

	two_hosts(s);
	sim_set_link(s, link);
	establish(s);
	prng_init(&dice, sim_trace(s));
	for (int i = 0; i < 100; i++) {
		if (prng_below(&dice, 3) > 0)
			sim_rekey(s, 0, 1, prng_below(&dice, 4) == 0);
		if (prng_below(&dice, 2))
			talk(s, 20 * prng_below(&dice, 10));
		if (prng_below(&dice, 3) > 0)
			sim_rekey(s, 1, 0, prng_below(&dice, 4) == 0);
		talk(s, 1000);
	}
	want(s, rekeys(s, 0, 1) >= 50, "many were done");
	want_one_pair(s);
}

static void often_on_a_link_with_loss(struct sim *s)
{
	struct sim_link link = { .delay_ms = 20, .loss_permille = 50 };

	often(s, &link);
}

static void often_on_a_bad_link(struct sim *s)
{
	struct sim_link link = { .delay_ms = 20,
				 .jitter_ms = 300,
				 .loss_permille = 200,
				 .double_permille = 100 };

	often(s, &link);
}

static void by_time(struct sim *s)
{
	two_hosts(s);
	establish(s);
	talk(s, 10 * REKEY_DEFAULT_MS + 1000);
	want(s, rekeys(s, 0, 1) == 10, "every two minutes");
	sim_run(s, sim_now(s) + 5 * REKEY_DEFAULT_MS);
	want(s, rekeys(s, 0, 1) <= 11, "but not for nothing");
	want_one_pair(s);
}

static void by_use(struct sim *s)
{
	struct sim_host host = sim_host_default();

	host.conf.rekey_ms = 0;
	host.conf.rekey_packets = 100;
	(void)sim_add(s, &host);
	host.conf.rekey_packets = 0;
	host.conf.rekey_bytes = 1000; /* 63 packets of the simulator's */
	(void)sim_add(s, &host);
	sim_tell(s, 0, 1);
	sim_tell(s, 1, 0);
	sim_demand_order(s);
	establish(s);
	talk(s, 20 * 1000); /* 2000 packets */
	want(s, rekeys(s, 0, 1) >= 28 && rekeys(s, 0, 1) <= 32,
	     "every 63 packets or some more");
	want_one_pair(s);
}

/* RFC 5869 2.3: no more than 255 hashes of KEYMAT, then a new one. */
static void keymat_used_up(struct sim *s)
{
	struct sim_host host = sim_host_default();
	uint64_t agreements;

	host.conf.esp[0] = ESP_AES_256_CBC_SHA256;
	host.conf.n_esp = 1;
	host.conf.rekey_ms = 0;
	(void)sim_add(s, &host);
	(void)sim_add(s, &host);
	sim_tell(s, 0, 1);
	sim_tell(s, 1, 0);
	sim_demand_order(s);
	establish(s);
	agreements = sim_counters(s, 1)->dh_agreements;
	for (uint64_t i = 0; i < 200; i++) {
		sim_rekey(s, i % 2, 1 - i % 2, false);
		talk(s, 100);
		want(s, rekeys(s, 0, 1) == i + 1, "one more");
	}
	want(s, sim_counters(s, 1)->dh_agreements == agreements + 2,
	     "twice there was a new KEYMAT");
}

/* One end closes or dies while the other rekeys. */
static void and_the_end(struct sim *s)
{
	struct sim_link link = { .delay_ms = 30,
				 .jitter_ms = 60,
				 .loss_permille = 100 };
	struct prng dice;

	two_hosts(s);
	sim_set_link(s, &link);
	prng_init(&dice, sim_trace(s));
	for (int i = 0; i < 20; i++) {
		size_t got;

		establish(s);
		sim_demand_sas(s, false); /* CLOSE is not gentle */
		sim_rekey(s, 0, 1, prng_below(&dice, 2));
		sim_rekey(s, 1, 0, prng_below(&dice, 2));
		sim_run(s, sim_now(s) + prng_below(&dice, 200));
		if (i % 2)
			sim_restart(s, prng_below(&dice, 2));
		else
			sim_close(s, i % 4 / 2, 1 - i % 4 / 2);
		sim_run(s, sim_now(s) + prng_below(&dice, 2) * 30000);
		got = sim_delivered(s, 0, 1);
		talk(s, 30 * 1000);
		want(s, sim_delivered(s, 0, 1) > got + 500, "it goes on");
	}
}

/* The peer does not answer: RFC 7401 6.11, step 4. */
static void with_nobody(struct sim *s)
{
	two_hosts(s);
	establish(s);
	sim_cut(s, 1, true);
	sim_rekey(s, 0, 1, false);
	sim_run(s, sim_now(s) + 10 * 1000);
	want(s, sim_state(s, 0, 1) == ASSOC_ESTABLISHED, "patient");
	sim_run(s, sim_now(s) + 30 * 1000);
	want(s, sim_state(s, 0, 1) == ASSOC_CLOSING, "broken");
	want(s, sim_sas(s, 0) == 0, "and no SA is left");
}

const struct scenario rekey_scenarios[] = {
	{ "rekey-by-one", one_side, 3 },
	{ "rekey-by-both", both_sides, 20 },
	{ "rekey-with-loss", often_on_a_link_with_loss, 10 },
	{ "rekey-on-a-bad-link", often_on_a_bad_link, 10 },
	{ "rekey-by-time", by_time, 1 },
	{ "rekey-by-use", by_use, 2 },
	{ "rekey-of-keymat", keymat_used_up, 1 },
	{ "rekey-and-the-end", and_the_end, 10 },
	{ "rekey-with-nobody", with_nobody, 2 },
	{ NULL, NULL, 0 },
};
