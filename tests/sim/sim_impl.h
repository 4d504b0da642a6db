/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The inside of a simulated world, for its own files.
 */
#ifndef HIPLINE_SIM_IMPL_H
#define HIPLINE_SIM_IMPL_H

#include "tests/sim/sim.h"

#include <sodium.h>

enum {
	SIM_SAS_MAX = 512,
	SIM_TICKS_MAX = 1000,	    /* in a row, at one moment */
	SIM_SETTLE_MS = 120 * 1000, /* after a jump of the clock */
	SIM_INNER_LEN = 16,	    /* sender, receiver, number */
};

/* An SA as the data plane would have it. */
struct sim_sa {
	uint32_t spi;
	uint16_t suite;
	struct hit peer;
	uint8_t key[ESP_KEY_MAX];
	size_t key_len;
	struct locator remote; /* outbound */
};

struct sim_node {
	struct sim_host made;
	struct host *host;
	struct hit hit;
	struct locator locator;
	bool is_cut;
	uint64_t started_ms;
	uint64_t generation; /* of R1, as if it were on disk */
	struct sim_sa in[SIM_SAS_MAX], out[SIM_SAS_MAX];
	size_t n_in, n_out;
	unsigned int lose[32]; /* by HIP type */
	uint64_t sent[SIM_NODES_MAX], got[SIM_NODES_MAX];
	uint64_t last[SIM_NODES_MAX], returned[SIM_NODES_MAX];
	size_t wrong_first[SIM_NODES_MAX]; /* wrong locators told before */
	bool knows[SIM_NODES_MAX];
};

enum sim_event_kind {
	SIM_HIP,
	SIM_ESP,
	SIM_SOLVED,
};

struct sim_event {
	uint64_t at_ms, order;
	enum sim_event_kind kind;
	size_t to;
	uint64_t born_ms; /* of the host that it is for */
	struct locator from, at;
	struct sim_sa sa; /* ESP: what sealed it */
	bool inside;	  /* HIP: it is in ESP of that SA */
	uint64_t job;	  /* SOLVED */
	struct hit hit;
	bool solved;
	uint8_t j[RHASH_MAX];
	size_t len;
	uint8_t bytes[];
};

struct sim {
	uint64_t seed, now_ms, order;
	struct prng hosts, links; /* apart: a link's dice change no key */
	struct sim_node *nodes[SIM_NODES_MAX];
	size_t n_nodes;
	struct sim_link link;
	struct sim_event **heap;
	size_t n_events, cap_events;
	bool demands_order, demands_sas;
	uint64_t settled_ms; /* until then timers of hosts contradict */
	crypto_generichash_state trace;
	char failure[SIM_TEXT_MAX];
};

/* Takes the event. */
void sim_schedule(struct sim *s, struct sim_event *e, uint64_t at_ms);
struct sim_event *sim_event_new(enum sim_event_kind kind, size_t to,
				const void *bytes, size_t len);

/* Gives a packet to the link from a host to whoever has the locator. */
void sim_transmit(struct sim *s, size_t from, struct sim_event *e);

void sim_trace_add(struct sim *s, const void *bytes, size_t len);

/* A host's new life; its input with all that follows; what is due. */
void node_start(struct sim *s, size_t node);
void node_input(struct sim *s, size_t node, const struct hip_input *in);
void node_tick(struct sim *s, size_t node);
void node_on_event(struct sim *s, struct sim_event *e);

/* Compares a host with its peers; fails the world where they differ. */
void check_node(struct sim *s, size_t node);

#endif
