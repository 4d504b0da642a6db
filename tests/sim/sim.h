/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A world of hosts on a virtual clock: each is the real HIP core with a
 * table of the SAs that it asked for; between them are links that delay,
 * lose, double and reorder. After every step the invariants are checked; a
 * world that broke one is failed and goes no further.
 */
#ifndef HIPLINE_SIM_H
#define HIPLINE_SIM_H

#include "daemon/hip/host.h"
#include "tests/sim/prng.h"

enum { SIM_NODES_MAX = 64, SIM_TEXT_MAX = 200 };

struct sim;

/* How a link treats a packet; the same both ways. */
struct sim_link {
	uint32_t delay_ms;
	uint32_t jitter_ms; /* more than the gap between packets reorders */
	uint32_t loss_permille;
	uint32_t double_permille;
};

/*
 * A host of one's own making. The configuration's id and env are filled in
 * by the simulator.
 */
struct sim_host {
	enum identity_kind kind;
	struct host_conf conf; /* begin with host_conf_defaults */
	bool v6;	       /* its locator */
};

struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *s);

/* Adds a host, answers its number. */
size_t sim_add(struct sim *s, const struct sim_host *host);

/* The defaults of it all. */
struct sim_host sim_host_default(void);

/* All links from now on. */
void sim_set_link(struct sim *s, const struct sim_link *link);

/* Loses the next n packets of a HIP type that a host sends. */
void sim_lose(struct sim *s, size_t from, uint8_t hip_type, unsigned int n);

/* Cuts a host off, or joins it again. */
void sim_cut(struct sim *s, size_t node, bool cut);

/* Tells host a of host b: its HIT and its locator. */
void sim_tell(struct sim *s, size_t a, size_t b);

/* The same, with other locators tried before the right one. */
void sim_tell_late(struct sim *s, size_t a, size_t b, size_t wrong);

/* Host a has one more packet for host b. */
void sim_send(struct sim *s, size_t a, size_t b);

/* Host a wants an association with b, and has no packet for it. */
void sim_meet(struct sim *s, size_t a, size_t b);

/* Host a closes its association with b, or all. */
void sim_close(struct sim *s, size_t a, size_t b);
void sim_close_all(struct sim *s, size_t a);

/* Host a asks b whether it is there. */
void sim_probe(struct sim *s, size_t a, size_t b);

/* Host a wants new keys with b. */
void sim_rekey(struct sim *s, size_t a, size_t b, bool new_dh);

/* The host dies without a word and starts anew, knowing the same peers. */
void sim_restart(struct sim *s, size_t node);

/* The clock jumps: what was due comes late, all at once. */
void sim_jump(struct sim *s, uint64_t ms);

/* Runs until the clock shows this. */
void sim_run(struct sim *s, uint64_t until_ms);
uint64_t sim_now(const struct sim *s);

/* Runs until it is so, at most this long; false when it is not. */
bool sim_run_until_established(struct sim *s, size_t a, size_t b,
			       uint64_t limit_ms);
bool sim_run_until_delivered(struct sim *s, size_t a, size_t b, size_t n,
			     uint64_t limit_ms);

enum assoc_state sim_state(const struct sim *s, size_t a, size_t b);
bool sim_info(const struct sim *s, size_t a, size_t b,
	      struct host_assoc_info *out);
const struct host_counters *sim_counters(const struct sim *s, size_t node);

/* Packets from a that b got, and how many a was given back. */
size_t sim_delivered(const struct sim *s, size_t a, size_t b);
size_t sim_returned(const struct sim *s, size_t a, size_t b);

/* How many inbound SAs a host has. */
size_t sim_sas(const struct sim *s, size_t node);

/* Out-of-order or doubled deliveries are failures from now on. */
void sim_demand_order(struct sim *s);

/* ESP that its receiver cannot open is a failure from now on, or not. */
void sim_demand_sas(struct sim *s, bool is_so);

/* NULL, or what went wrong. */
const char *sim_failure(const struct sim *s);
void sim_fail(struct sim *s, const char *text);

uint64_t sim_seed(const struct sim *s);

/* A number that two runs share only if they were the same. */
uint64_t sim_trace(const struct sim *s);

#endif
