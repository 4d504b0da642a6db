/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Scenarios of negotiation: every identity, DH group, HIP cipher and ESP
 * suite with every other one in pairs, and hosts that have nothing in common.
 */
#include "tests/sim/scenario.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const enum identity_kind kinds[] = {
	IDENTITY_ECDSA_P256, IDENTITY_ECDSA_P384, IDENTITY_RSA_2048,
	IDENTITY_RSA_3072,   IDENTITY_RSA_4096,	  IDENTITY_ED25519,
};
static const uint16_t groups[] = { DH_NIST_P256, DH_NIST_P384, DH_NIST_P521,
				   DH_MODP_1536, DH_MODP_2048, DH_MODP_3072 };
static const uint16_t ciphers[] = { HIP_CIPHER_AES_128_CBC,
				    HIP_CIPHER_AES_256_CBC };
static const uint16_t suites[] = { ESP_AES_GCM_16, ESP_AES_256_CBC_SHA256,
				   ESP_AES_128_CBC_SHA256 };

struct choice {
	enum identity_kind a, b;
	uint16_t dh, cipher, esp;
};

static void run_choice(uint64_t seed, struct sim *outer, const struct choice *c)
{
	struct sim *s = sim_new(seed);
	struct sim_host host = sim_host_default();
	struct host_assoc_info info;

	host.conf.dh[0] = c->dh;
	host.conf.cipher[0] = c->cipher;
	host.conf.esp[0] = c->esp;
	host.conf.n_dh = host.conf.n_cipher = host.conf.n_esp = 1;
	host.kind = c->a;
	(void)sim_add(s, &host);
	host.kind = c->b;
	(void)sim_add(s, &host);
	sim_tell(s, 0, 1);
	sim_tell(s, 1, 0);
	sim_send(s, 0, 1);
	sim_send(s, 1, 0);
	want(s, sim_run_until_delivered(s, 0, 1, 1, 3000), "there");
	want(s, sim_run_until_delivered(s, 1, 0, 1, 3000), "and back");
	want(s,
	     sim_info(s, 0, 1, &info) && info.dh_group == c->dh &&
		     info.hip_cipher == c->cipher && info.esp_suite == c->esp,
	     "with what was asked for");
	if (sim_failure(s))
		sim_fail(outer, sim_failure(s));
	sim_free(s);
}

/* Each value of each list meets each value of each other one. */
static void pairwise(struct sim *outer)
{
	size_t n = 0;

	for (size_t a = 0; a < COUNT(kinds); a++) {
		for (size_t b = 0; b < COUNT(kinds); b++, n++) {
			struct choice c = {
				.a = kinds[a],
				.b = kinds[b],
				.dh = groups[(a + b) % COUNT(groups)],
				.cipher = ciphers[n % COUNT(ciphers)],
				.esp = suites[(n / 2 + b) % COUNT(suites)]
			};

			run_choice(n + 1, outer, &c);
			if (sim_failure(outer))
				return;
		}
	}
}

/* Two that have one list without a common member. */
static const struct {
	uint16_t dh[2], cipher[2], esp[2];
	const char *reason;
} apart[] = {
	{ { DH_NIST_P256, DH_NIST_P384 },
	  { HIP_CIPHER_AES_128_CBC, HIP_CIPHER_AES_128_CBC },
	  { ESP_AES_GCM_16, ESP_AES_GCM_16 },
	  "no DH group in common" },
	{ { DH_NIST_P256, DH_NIST_P256 },
	  { HIP_CIPHER_AES_128_CBC, HIP_CIPHER_AES_256_CBC },
	  { ESP_AES_GCM_16, ESP_AES_GCM_16 },
	  "no HIP cipher in common" },
	{ { DH_NIST_P256, DH_NIST_P256 },
	  { HIP_CIPHER_AES_128_CBC, HIP_CIPHER_AES_128_CBC },
	  { ESP_AES_GCM_16, ESP_AES_128_CBC_SHA256 },
	  "no ESP suite in common" },
};

static void nothing_in_common(struct sim *s)
{
	struct host_assoc_info info;

	for (size_t i = 0; i < 2 * COUNT(apart); i++) {
		struct sim_host host = sim_host_default();

		host.conf.dh[0] = apart[i / 2].dh[i % 2];
		host.conf.cipher[0] = apart[i / 2].cipher[i % 2];
		host.conf.esp[0] = apart[i / 2].esp[i % 2];
		host.conf.n_dh = host.conf.n_cipher = host.conf.n_esp = 1;
		(void)sim_add(s, &host);
	}
	for (size_t i = 0; i < COUNT(apart); i++) {
		size_t a = 2 * i, b = a + 1;

		sim_tell(s, a, b);
		sim_tell(s, b, a);
		sim_send(s, a, b);
		sim_run(s, sim_now(s) + 2000);
		want(s,
		     sim_info(s, a, b, &info) && info.state == ASSOC_FAILED &&
			     strcmp(info.reason, apart[i].reason) == 0,
		     "what is not in common is the reason");
		want(s, sim_returned(s, a, b) == 1, "nothing waits");
		want(s, sim_counters(s, b)->received[HIP_NOTIFY] == 1,
		     "the Responder is told once");
		want(s, !sim_info(s, b, a, &info), "and keeps nothing");
	}
}

const struct scenario algorithm_scenarios[] = {
	{ "algorithms-pairwise", pairwise, 1 },
	{ "algorithms-apart", nothing_in_common, 1 },
	{ NULL, NULL, 0 },
};
