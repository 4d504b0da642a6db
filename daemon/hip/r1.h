/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The Responder before it knows anybody: R1s signed beforehand, one per DH
 * group and generation, and the puzzles in them: RFC 7401 4.1.1 to 4.1.4,
 * 5.3.2, 6.7, appendix A. No state is kept per I1. A generation is offered
 * for R1_LIFETIME_MS and its solutions are taken for one more.
 */
#ifndef HIPLINE_R1_H
#define HIPLINE_R1_H

#include "daemon/hip/dh.h"
#include "daemon/hip/host.h"
#include "daemon/hip/message.h"
#include "daemon/hip/solutions.h"

/* An R1 that lacks only the Initiator's HIT and I. */
struct r1_packet {
	struct dh *dh;
	uint8_t *bytes[PUZZLE_K_LOAD_MAX + 1]; /* by K; NULL: not made yet */
	size_t len;			       /* of each */
	size_t puzzle;			       /* offset of PUZZLE's contents */
};

struct r1_generation {
	uint64_t counter;
	uint8_t secret[PUZZLE_SECRET_LEN];
	uint64_t mask; /* hides the time that Is begin with */
	struct r1_packet packets[IDS_MAX]; /* in our order of groups */
	size_t n;
	struct solutions used;
};

struct r1_pool {
	const struct host_conf *conf;
	struct whole_param host_id;
	struct r1_generation *current, *previous;
	uint8_t k; /* how hard puzzles are now */
};

/* For whom an R1 is, and when it is made. */
struct r1_for {
	const struct hit *initiator;
	const struct locator *from, *to; /* of the I1 or I2 */
	uint64_t now_ms;
};

/*
 * Makes the first generation. Keeps conf (which it borrows) and the bytes of
 * host_id, our own HOST_ID. 0, -ENOMEM or -EIO.
 */
__attribute__((warn_unused_result)) int
r1_pool_init(struct r1_pool *pool, const struct host_conf *conf,
	     const struct whole_param *host_id);

/* Wipes secrets. */
void r1_pool_clear(struct r1_pool *pool);

/*
 * Begins the next generation, of which r1_pool_size R1s are signed. On
 * failure (-ENOMEM, -EIO) the pool stays as it is.
 */
__attribute__((warn_unused_result)) int r1_pool_renew(struct r1_pool *pool);

/*
 * Makes puzzles this hard from now on, but never easier than configured nor
 * harder than PUZZLE_K_LOAD_MAX. Returns how many R1s had to be signed. When
 * that fails nothing changes.
 */
size_t r1_pool_set_k(struct r1_pool *pool, uint8_t k);

static inline size_t r1_pool_size(const struct r1_pool *pool)
{
	return pool->current->n;
}

/*
 * The R1 for an Initiator that lists these groups: our first that it has,
 * else our first (RFC 7401 5.2.6, 6.7 step 4).
 */
const struct r1_packet *r1_choose(const struct r1_pool *pool,
				  const struct id_list *groups);

/*
 * A copy of it for this Initiator into out (HIP_PACKET_MAX bytes), with a
 * puzzle bound to both HITs and both locators. Returns its length.
 */
size_t r1_write(const struct r1_pool *pool, const struct r1_packet *r1,
		const struct r1_for *who, uint8_t *out);

/* What the check of a solution found out. */
struct r1_checked {
	struct r1_generation *generation;
	uint64_t issued_ms; /* when its R1 was made */
	bool is_hashed;	    /* J was looked at */
};

/*
 * Is this a fresh solution of a puzzle of ours? One keyed hash finds out
 * whether I is ours and was given with this K, one more whether J solves it.
 * A puzzle that is easier than those of now counts only for its lifetime.
 * Fills in *out as far as it came. DROP_NONE, DROP_R1_COUNTER,
 * DROP_PUZZLE_STALE, DROP_SOLUTION or DROP_SOLUTION_USED.
 */
enum drop r1_check(const struct r1_pool *pool, const struct msg_i2 *i2,
		   const struct r1_for *who, struct r1_checked *out);

/*
 * Marks the puzzle used. False when no room is left to remember it: then
 * it is time for a new generation.
 */
__attribute__((warn_unused_result)) bool
r1_use(struct r1_generation *g, uint8_t hit_suite,
       const struct solution_param *solution);

/* The key pair of a group, or NULL. */
const struct dh *r1_dh(const struct r1_generation *g, uint8_t group);

#endif
