/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Scenarios without a story: hosts of any kind, and whatever can happen to
 * them in any order. After all that, on a good link, everybody can talk to
 * everybody, and one pair of SAs is left. `sim_hosts -n 100000 anything`
 * tries as many.
 */
#include "tests/sim/scenario.h"

enum {
	HOSTS_MAX = 4,
	EVENTS = 60,
	/* A CLOSE is repeated ever more seldom; the peer may wait for it. */
	CALM_MS = 60 * 1000,
};

struct play {
	struct sim *s;
	struct prng dice;
	size_t hosts;
	bool is_cut[HOSTS_MAX];
};

static uint32_t below(struct play *p, uint32_t n)
{
	return prng_below(&p->dice, n);
}

static bool chance(struct play *p, uint32_t percent)
{
	return below(p, 100) < percent;
}

/* One of the cheaper kinds: RSA keys take long to sign with. */
static struct sim_host any_host(struct play *p)
{
	static const enum identity_kind kinds[] = { IDENTITY_ECDSA_P256,
						    IDENTITY_ECDSA_P384,
						    IDENTITY_ED25519 };
	static const uint64_t periods[] = { 0, 2000, 10000, 120000 };
	struct sim_host host = sim_host_default();

	host.kind = kinds[below(p, 3)];
	host.v6 = chance(p, 30);
	host.conf.puzzle_k = chance(p, 30) ? (uint8_t)below(p, 10) : 0;
	host.conf.rekey_ms = periods[below(p, 4)];
	host.conf.rekey_packets = chance(p, 30) ? 5 + below(p, 100) : 0;
	host.conf.rekey_quiet_bytes = chance(p, 50) ? 5000 : 0;
	host.conf.idle_ms = chance(p, 30) ? 20000 : UAL_DEFAULT_MS;
	return host;
}

static void any_link(struct play *p)
{
	struct sim_link link = { .delay_ms = 1 + below(p, 200) };

	if (chance(p, 60))
		link.jitter_ms = below(p, 400);
	if (chance(p, 60))
		link.loss_permille = below(p, 400);
	if (chance(p, 40))
		link.double_permille = below(p, 300);
	sim_set_link(p->s, &link);
}

/* Packets for a while, one way or both. */
static void talk(struct play *p, size_t a, size_t b)
{
	uint32_t n = 1 + below(p, 40), gap = below(p, 60);
	bool both = chance(p, 60);

	for (uint32_t i = 0; i < n; i++) {
		sim_send(p->s, a, b);
		if (both)
			sim_send(p->s, b, a);
		sim_run(p->s, sim_now(p->s) + gap);
	}
}

/* What changes hosts for good. */
static void something_rare(struct play *p, size_t a, size_t b)
{
	switch (below(p, 6)) {
	case 0:
		sim_restart(p->s, a);
		break;
	case 1:
		sim_close(p->s, a, b);
		break;
	case 2:
		sim_close_all(p->s, a);
		break;
	case 3:
		p->is_cut[a] = !p->is_cut[a];
		sim_cut(p->s, a, p->is_cut[a]);
		break;
	case 4:
		sim_jump(p->s, below(p, chance(p, 10) ? 3600000 : 60000));
		break;
	case 5:
		sim_tell(p->s, a, b);
		break;
	}
}

static void something(struct play *p)
{
	static const uint8_t types[] = { HIP_I1, HIP_R1,     HIP_I2,
					 HIP_R2, HIP_UPDATE, HIP_CLOSE_ACK };
	size_t a = below(p, (uint32_t)p->hosts);
	size_t b = (a + 1 + below(p, (uint32_t)p->hosts - 1)) % p->hosts;

	switch (below(p, 12)) {
	case 0:
		any_link(p);
		break;
	case 1:
	case 2:
		sim_rekey(p->s, a, b, chance(p, 50));
		break;
	case 3:
		sim_rekey(p->s, a, b, chance(p, 50));
		sim_rekey(p->s, b, a, chance(p, 50));
		break;
	case 4:
		sim_probe(p->s, a, b);
		break;
	case 5:
		sim_lose(p->s, a, types[below(p, sizeof(types))], below(p, 4));
		break;
	case 6:
		something_rare(p, a, b);
		break;
	default:
		talk(p, a, b);
		break;
	}
	sim_run(p->s, sim_now(p->s) + below(p, chance(p, 20) ? 20000 : 300));
}

static void calm_down(struct play *p)
{
	static const struct sim_link good = { .delay_ms = 10 };
	static const uint8_t types[] = { HIP_I1, HIP_R1,     HIP_I2,
					 HIP_R2, HIP_UPDATE, HIP_CLOSE_ACK };

	sim_set_link(p->s, &good);
	for (size_t i = 0; i < p->hosts; i++) {
		sim_cut(p->s, i, false);
		for (size_t n = 0; n < sizeof(types); n++)
			sim_lose(p->s, i, types[n], 0);
	}
	sim_run(p->s, sim_now(p->s) + CALM_MS);
}

static void want_all_well(struct play *p, size_t a, size_t b)
{
	struct sim *s = p->s;
	size_t got = sim_delivered(s, a, b);

	/* What the other believes to have may be known to be gone only now. */
	for (int i = 0; i < 20; i++) {
		sim_send(s, a, b);
		sim_run(s, sim_now(s) + 1000);
	}
	want(s, sim_delivered(s, a, b) >= got + 10, "they can talk");
	want(s, sim_state(s, a, b) == ASSOC_ESTABLISHED, "one is established");
	want(s, sim_state(s, b, a) == ASSOC_ESTABLISHED, "so is the other");
}

static void anything(struct sim *s)
{
	struct play p = { .s = s };

	prng_init(&p.dice, sim_trace(s) ^ sim_seed(s));
	p.hosts = 2 + below(&p, HOSTS_MAX - 1);
	for (size_t i = 0; i < p.hosts; i++) {
		struct sim_host host = any_host(&p);

		(void)sim_add(s, &host);
	}
	for (size_t a = 0; a < p.hosts; a++) {
		for (size_t b = 0; b < p.hosts; b++) {
			if (a != b)
				sim_tell_late(s, a, b, below(&p, 10) / 8);
		}
	}
	any_link(&p);
	for (int i = 0; i < EVENTS && !sim_failure(s); i++)
		something(&p);
	calm_down(&p);
	for (size_t a = 0; a < p.hosts && !sim_failure(s); a++) {
		for (size_t b = a + 1; b < p.hosts && !sim_failure(s); b++)
			want_all_well(&p, a, b);
	}
}

const struct scenario random_scenarios[] = {
	{ "anything", anything, 60 },
	{ NULL, NULL, 0 },
};
