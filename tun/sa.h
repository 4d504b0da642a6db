/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Security associations and their table: inbound by SPI, outbound by
 * destination HIT. Workers read it under a read lock taken once per batch;
 * only the control thread changes it, under the write lock. Counters are
 * atomic, so that anyone may read them at any time.
 *
 * An SA's cipher and replay window are for one thread at a time. With one
 * worker the worker is that thread. More workers each keep to their own SAs
 * (the receiver chooses SPIs accordingly, an outbound SA is sealed by one
 * worker: steer.h), and where a packet comes by another one all the same, a
 * lock in the SA, held for the SA's packets of a batch, keeps them apart.
 * That is the only lock that packets take besides the table's, and where there
 * is one worker, none; without the lane (lane.h) each packet takes it alone.
 */
#ifndef HIPLINE_SA_H
#define HIPLINE_SA_H

#include "tun/cipher.h"
#include "tun/pkt.h"
#include "tun/replay.h"

#include <stdatomic.h>

/* What an SA is made from. The key is copied; wipe yours. */
struct sa_conf {
	uint32_t spi;
	uint16_t suite;
	enum cipher_backend backend;
	const uint8_t *key;
	size_t key_len;
	uint8_t local[16]; /* our HIT */
	uint8_t peer[16];  /* theirs */
	struct path path;  /* outbound only */
};

/* Of packets between applications: HIP packets inside ESP do not count. */
struct sa_counters {
	_Atomic uint64_t packets;
	_Atomic uint64_t bytes; /* inner packets, IPv6 header included */
};

enum {
	/* RFC 791 3.2: every host takes so much, whatever the path. */
	SA_OUTER_MIN = 576,
	/* Inner packets over this may be too large for some path. */
	SA_LARGE_MIN = 1000,
};

struct sa_in;
struct sa_out;
struct sa_table;

/* NULL for want of memory. `seed` is 16 random bytes for the hash. */
struct sa_table *sa_table_new(const uint8_t seed[16]);
void sa_table_free(struct sa_table *t);

/* Not recursive: a waiting writer goes before new readers. */
void sa_table_rdlock(struct sa_table *t);
void sa_table_wrlock(struct sa_table *t);
void sa_table_unlock(struct sa_table *t);

/* Under the write lock. 0, -EEXIST (SPI in use), -EINVAL (SPI below 256, suite,
 * key length or backend) or -ENOMEM. */
__attribute__((warn_unused_result)) int sa_in_add(struct sa_table *t,
						  const struct sa_conf *conf);

/*
 * Makes it the SA for its peer; an older one stays known by its SPI until
 * it is deleted, but sends nothing any more.
 */
__attribute__((warn_unused_result)) int sa_out_add(struct sa_table *t,
						   const struct sa_conf *conf);

/*
 * Under the write lock: only HIP, and TCP for that port (0: everything), comes
 * in by it from now on. False when there is none.
 */
bool sa_in_narrow(struct sa_table *t, uint32_t spi, uint16_t port);
/* The same of the one that sends to this peer: TCP from that port. */
bool sa_out_narrow(struct sa_table *t, const uint8_t peer[16], uint16_t port);

/* Under the write lock. False when there is none. Wipes keys. */
bool sa_in_delete(struct sa_table *t, uint32_t spi);
bool sa_out_delete(struct sa_table *t, uint32_t spi, const uint8_t peer[16]);

/* Under the write lock: traffic to a peer goes another way from now on. */
bool sa_out_move(struct sa_table *t, const uint8_t peer[16],
		 const struct path *path);

/* Under either lock; NULL when there is none. */
struct sa_in *sa_in_find(struct sa_table *t, uint32_t spi);
struct sa_out *sa_out_find(struct sa_table *t, const uint8_t peer[16]);

/*
 * For one of several workers, under the read lock, around esp_open and
 * esp_seal: no other one has the SA meanwhile. One SA at a time.
 */
void sa_in_hold(struct sa_in *sa);
void sa_in_release(struct sa_in *sa);
void sa_out_hold(struct sa_out *sa);
void sa_out_release(struct sa_out *sa);

/* Where an outbound SA sends. Under a lock. */
const struct path *sa_out_path(const struct sa_out *sa);

/*
 * Under the write lock: the path to a peer carries IP packets of up to `outer`
 * bytes, headers underneath included (at least SA_OUTER_MIN counts); 0: of any
 * size. An SA that comes in place of this one on the same path inherits it.
 * False when there is no SA.
 */
bool sa_out_limit(struct sa_table *t, const uint8_t peer[16], uint32_t outer);

/* The largest inner packet that goes whole by this SA. Under a lock. */
uint32_t sa_out_inner_max(const struct sa_out *sa);

/*
 * A packet of more than SA_LARGE_MIN bytes goes by this SA: whether it is the
 * first since sa_out_expect_large, and for large packets thus of interest
 * whether the path carries them. Any thread, under a lock.
 */
bool sa_out_note_large(struct sa_out *sa);
void sa_out_expect_large(struct sa_out *sa);

/* An id for the fragments of one packet: RFC 8200 4.5. As above. */
uint32_t sa_out_fragment_id(struct sa_out *sa);

/* What the control side may read of an SA, any time under a lock. */
const struct sa_counters *sa_in_counters(const struct sa_in *sa);
const struct sa_counters *sa_out_counters(const struct sa_out *sa);
const uint8_t *sa_in_peer(const struct sa_in *sa);
const uint8_t *sa_out_peer(const struct sa_out *sa);

/* SAs of both directions, old ones too. Under either lock. */
size_t sa_table_count(const struct sa_table *t);

#endif
