/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The inside of a world of overlay nodes (ring.h): what every file of it
 * needs.
 */
#ifndef HIPLINE_SIM_RING_IMPL_H
#define HIPLINE_SIM_RING_IMPL_H

#include "tests/sim/queue.h"
#include "tests/sim/ring.h"

enum { RING_SIGNATURE_LEN = 64 };

struct ring_search {
	uint32_t name;
	uint64_t since_ms;
};

struct ring {
	struct ring_options options;
	struct prng prng;
	struct overlay_config config;
	struct kind kind;
	struct ring_node *nodes;
	struct ring_name *names;
	uint32_t *index; /* of names, by their keys */
	size_t index_n;
	uint64_t now_ms;
	struct queue queue;
	struct ring_count count;
	struct ring_search *searches;
	size_t n_searches, cap_searches;
	unsigned int growing;
	bool is_ground; /* HITs that are made now: between these places */
	ring_t ground_after, ground_upto;
};

/* Carries out what a node's core and framing have to say. */
void ring_drain(struct ring *r, size_t i);
void ring_input(struct ring *r, size_t i, const struct overlay_input *in);
void ring_bury(struct ring_node *n);
void ring_make(struct ring *r, size_t i, bool founder);
/* An event's peer. */
struct overlay_output *ring_carry(const struct hit *peer);
uint64_t ring_delay(const struct ring *r, size_t a, size_t b);
bool ring_reaches(const struct ring *r, size_t a, size_t b);
size_t ring_index_of(const struct hit *hit);
/* The name with that key, or SIZE_MAX. */
size_t ring_name_of(const struct ring *r, const struct resource_id *key);
size_t ring_random_member(struct ring *r);
void ring_on_result(struct ring *r, size_t i, struct overlay_output *out);
void ring_on_event(struct ring *r, const struct ring_event *e);
/* A node is in the ring: it may have something to publish. */
void ring_on_joined(struct ring *r, size_t i);
/* 1 to -log(u), scaled to a mean. */
uint64_t ring_exponential(struct ring *r, uint64_t mean_ms);

#endif
