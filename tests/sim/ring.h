/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A world of overlay nodes on a virtual clock: the cores themselves, a stub
 * that signs, links with delay and loss, peers that die, leave, drop, lie or
 * answer late. One seed gives one run. In a full world every link has its
 * framing (hop.h); in a fast one, for many nodes, that a neighbour is dead
 * is an event, and signatures carry only who signed.
 */
#ifndef HIPLINE_SIM_RING_H
#define HIPLINE_SIM_RING_H

#include "resolver/peer.h"
#include "tests/sim/prng.h"

enum { RING_KIND = 1, RING_HOPS_MAX = 64, RING_CODES = 32 };

enum ring_badness {
	RING_GOOD,
	RING_DROPS, /* carries nothing for others, stores and answers nothing */
	RING_LIES,  /* denies, or gives itself for what was asked */
	RING_LATE,  /* by 2 to 4 seconds */
	RING_DENIES, /* takes what it is to store, and says that it has not */
	/* Lies, and has others for its neighbours in all that it says of them:
	 * made-up ones next to whoever hears it, and its like. */
	RING_MISLEADS,
};

struct ring_node {
	struct overlay *core; /* NULL: dead */
	struct peer *peer;    /* of a full world, around the core */
	struct hit hit;
	enum ring_badness bad;
	uint8_t side; /* of a ring that is cut */
	uint32_t lives;
	uint32_t exchanges; /* associations that it asked for */
	uint64_t born_ms, joined_ms;
	uint64_t tick_ms; /* of its next event that is a tick */
	uint64_t due_ms;  /* when the core has something to do, not before */
	bool joined;
};

struct ring_name {
	struct overlay_lookup key;
	struct hit owner;
	bool is_there; /* its publisher was told so */
};

struct ring_count {
	uint64_t lookups, right, wrong, absent, unreachable;
	uint64_t published, not_published;
	uint64_t names_there; /* as their publishers were told */
	uint64_t joins, join_exchanges, join_ms;
	uint64_t join_exchanges_most;
	uint64_t messages, bytes; /* on the wire, outer IP and all */
	uint64_t hops[RING_HOPS_MAX];
	uint64_t codes[RING_CODES]; /* messages by their code; [0]: errors */
	uint64_t lookup_ms, lookup_ms_most;
};

struct ring_options {
	size_t nodes, names;
	size_t later; /* nodes of these that ring_build leaves out */
	uint64_t seed;
	bool full;
	unsigned int loss_percent; /* of datagrams, in a full world */
	uint64_t session_ms;	   /* mean; 0: nobody goes by itself */
	uint32_t exchange_ms;	   /* that a base exchange may take longer */
	bool own_names; /* name i is that of node i, published as it joins */
	uint32_t lifetime_s; /* of records; 0: a day */
};

struct ring;

struct ring *ring_new(const struct ring_options *options);
void ring_free(struct ring *r);

/* Nodes with the links of perfect tables. */
void ring_build(struct ring *r);
/* Nodes that join one after the other, `gap_ms` apart. */
void ring_grow(struct ring *r, uint64_t gap_ms);

uint64_t ring_now(const struct ring *r);
void ring_run(struct ring *r, uint64_t ms);

/* Every name is published by a node of its own, evenly over `ms`. */
void ring_publish_all(struct ring *r, uint64_t ms);
/* Lookups of random names from random members, evenly over `ms`. */
void ring_lookups(struct ring *r, size_t n, uint64_t ms);
/* Every node that is alive asks for every name, all at once. */
void ring_all_ask_for_all(struct ring *r);
/* By the host that has published it. */
void ring_lookup_own(struct ring *r, size_t name);
/* A lookup of a name that nobody has. */
void ring_lookup_nobody(struct ring *r);

void ring_kill(struct ring *r, size_t i);
void ring_kill_percent(struct ring *r, unsigned int percent);
/* From now on nodes go and others come: they stay so long on average. */
void ring_begin_churn(struct ring *r, uint64_t session_ms);
/* Who has published it. */
void ring_kill_publisher(struct ring *r, size_t name);
void ring_leave(struct ring *r, size_t i);
/* In a fast world: bad nodes see messages, not frames. */
void ring_spoil_percent(struct ring *r, unsigned int percent);
/* The owner of the first key of every name, and its three copies, go bad. */
void ring_eclipse(struct ring *r, size_t name);
/* Nodes that were left out join, with HITs that were ground until each stands
 * between a key of a name and its owner; n of them, from node `first` on. */
void ring_join_sybils(struct ring *r, size_t first, size_t n,
		      const struct resource_id *key, enum ring_badness bad);
/* Nodes of different sides do not reach each other; all 0: healed. */
void ring_cut(struct ring *r, unsigned int percent_away);

/* Node i dies, comes back on a side of its own, tries its ways in for as long
 * as a founder does, and begins a ring there (resolver/session.c). */
void ring_begin_beside(struct ring *r, size_t i);

const struct resource_id *ring_key(const struct ring *r, size_t name,
				   size_t key);
struct ring_node *ring_at(struct ring *r, size_t i);
size_t ring_alive(const struct ring *r);
struct ring_count *ring_counts(struct ring *r);
/* What the world itself takes: nodes without cores, names, events. */
size_t ring_own_bytes(const struct ring *r);
struct prng *ring_prng(struct ring *r);
/* Members whose next successor is not the true one, on its own side. */
size_t ring_astray(struct ring *r);
/* Members without a link. */
size_t ring_alone(const struct ring *r);
/* Copies of records that an owner or one of its successors has not got. */
size_t ring_lacking(struct ring *r);
/* Names of which somebody has a record. */
size_t ring_held(const struct ring *r);
/* Copies of records that somebody else has. */
size_t ring_spare(struct ring *r);

/* ---- adversary.c ---- */

/* What a bad node does with a message; true: that was all. */
bool adversary_takes(struct ring *r, size_t i, const struct hit *from,
		     struct span bytes);
/* What it says itself, before it goes out. */
void adversary_spoils(struct ring *r, size_t i, struct overlay_output *out);
/* Sends a message to a neighbour, whatever the core thinks of it. */
void ring_inject(struct ring *r, size_t from, const struct hit *to,
		 struct span bytes);
/* A signature of the stub over a pre-image: what every node accepts. */
struct reload_signature ring_sign(const struct hit *signer, struct span bytes,
				  uint8_t value[64]);

#endif
