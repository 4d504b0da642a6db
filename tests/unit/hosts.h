/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Two hosts, A and B, that a test moves by hand: it passes each packet on,
 * or not, and steps the clock. What the last call of a host gave is kept
 * with its bytes.
 */
#ifndef HIPLINE_TEST_HOSTS_H
#define HIPLINE_TEST_HOSTS_H

#include "daemon/hip/host.h"
#include "daemon/hip/message.h"
#include "tests/sim/prng.h"

enum { A, B, HOSTS };

enum { GOT_MAX = 600, HOSTS_START_MS = 5000 };

struct bytes {
	uint8_t b[HIP_PACKET_MAX];
	size_t len;
};

struct got {
	struct hip_output out;
	struct bytes bytes;
};

struct hosts {
	struct prng dice;
	uint64_t now_ms;
	struct identity *id[HOSTS];
	struct hit hit[HOSTS];
	struct locator at[HOSTS];
	struct host_conf conf[HOSTS];
	struct host *h[HOSTS];
	struct got *got[HOSTS]; /* of the last call */
	size_t n_got[HOSTS];
};

/*
 * Makes both with default configurations, P-256 and P-384 identities, and
 * tells them of each other. Never fails otherwise than by assertion.
 */
void hosts_make(struct hosts *t);
void hosts_clear(struct hosts *t);

/* Makes one anew from t->conf, knowing nobody; or knowing the other. */
void hosts_remake(struct hosts *t, int who);
void hosts_tell(struct hosts *t, int who);

void hosts_input(struct hosts *t, int who, const struct hip_input *in);
void hosts_tick(struct hosts *t, int who);

/* A packet from the other's locator; raw where that has no port. */
void hosts_deliver(struct hosts *t, int to, const struct bytes *packet);

/* The same, as if it had come inside ESP of the other's SA. */
void hosts_deliver_inside(struct hosts *t, int to, const struct bytes *packet);

/* The first, and why it was dropped: the one counter that moved. */
enum drop hosts_judge(struct hosts *t, int to, const struct bytes *packet);

/* One has a packet of this one byte for the other. */
void hosts_acquire(struct hosts *t, int who, uint8_t byte);
void hosts_traffic(struct hosts *t, int who, bool in);
void hosts_close(struct hosts *t, int who);

/* Outputs of the last call: how many of a kind, and the n-th of them. */
size_t hosts_count(const struct hosts *t, int who, enum hip_output_kind kind);
const struct got *hosts_get(const struct hosts *t, int who,
			    enum hip_output_kind kind, size_t n);

/* The packet of a HIP type that the last call sent, which must be there. */
struct bytes hosts_packet(const struct hosts *t, int who, uint8_t type);
bool hosts_has_packet(const struct hosts *t, int who, uint8_t type);

/*
 * Begins an exchange at A and passes packets until one of this type is made,
 * which it returns undelivered: I1, R1, I2 or R2.
 */
struct bytes hosts_run_to(struct hosts *t, uint8_t type);

/* A whole exchange from A; B is in R2-SENT, or both are ESTABLISHED. */
void hosts_associate(struct hosts *t);
void hosts_establish(struct hosts *t);

enum assoc_state hosts_state(const struct hosts *t, int who);
uint64_t hosts_dropped(const struct hosts *t, int who, enum drop reason);
const struct host_counters *hosts_counters(const struct hosts *t, int who);

/* One change to a packet that is written anew. */
struct edit {
	uint16_t type;
	const void *body; /* NULL: leave the parameter out */
	size_t len;
};

/* Who protects it anew; NULL leaves MAC or signature out. */
struct remake {
	const struct edit *edits;
	size_t n_edits;
	const uint8_t *mac_key; /* HIP_MAC */
	uint8_t hit_suite;	/* of the Responder, for the MAC */
	const struct identity *signer;
};

/*
 * The packet with parameters replaced, added or left out, with MAC and
 * signature of its type made new. Parameters behind the signature are kept.
 */
struct bytes remake_packet(const struct bytes *from, const struct remake *how);

/* The contents of a parameter, which must be there. */
struct bytes packet_body(const struct bytes *packet, uint16_t type);

/* Flips the lowest bit of the last byte of a parameter's contents. */
struct bytes spoil_param(const struct bytes *packet, uint16_t type);

#endif
