/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A bad wire: frames read from one Ethernet interface are lost, repeated,
 * delayed, reordered, damaged, limited or swallowed, and the rest is written
 * to the other one. Two struct wire, one per direction, make a cable.
 */
#ifndef HIPLINE_TESTS_WIRE_H
#define HIPLINE_TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum only { ONLY_UDP, ONLY_IP, ONLY_ALL };

/* What is wrong with one direction. */
struct params {
	double loss, dup, corrupt, reorder; /* probabilities, 0..1 */
	double enter, leave;		    /* burst loss, 0..1 */
	int64_t delay_ns, jitter_ns, rgap_ns;
	uint64_t rate_bps, queue_bytes;
	unsigned mtu; /* of the IP packet; 0 = any */
	bool hole;    /* swallow everything */
	long dropnext;
	int mark_off; /* -1: no mark */
	unsigned mark_val, mark_mask;
	enum only only;
};

extern const struct params params_clean;

struct stats {
	uint64_t rx, tx, lost, dup, corrupted, reordered, toobig, hole;
	uint64_t tail, picked, sendfail, missed;
};

struct held;

struct wire {
	const char *name;
	int in, out; /* packet sockets */
	struct params p;
	struct stats s;
	struct held *heap; /* frames held back, earliest first */
	size_t n, cap;
	uint64_t seq;
	int64_t last_due, link_free;
	bool in_burst;
};

/* Monotonic time. */
int64_t now_ns(void);

/* Every fate comes from this seed: same packets, same order, same fate. */
void wire_seed(uint64_t seed);

/* A packet socket that sees every frame of an interface; exits on failure. */
int wire_open(const char *ifname);

/* Reads what is there and lets it meet its fate; false on a socket error. */
bool wire_pump(struct wire *d);

/* When the next held frame is due; INT64_MAX when none is held. */
int64_t wire_due(const struct wire *d);

/* Sends the held frames that were due by now. */
void wire_flush(struct wire *d, int64_t now);

/* Forgets the held frames. */
void wire_clear(struct wire *d);

/* Says what failed, with errno, and exits. */
__attribute__((noreturn)) void die(const char *what);

#endif
