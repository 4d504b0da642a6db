/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The peers that this host was told of: who is let in, and where they may
 * be found. An association needs none of this once it is up.
 */
#ifndef HIPLINE_PEERS_H
#define HIPLINE_PEERS_H

#include "daemon/base/locator.h"
#include "daemon/base/table.h"
#include "daemon/hip/hit.h"
#include "daemon/hip/limits.h"

/* A locator of a peer, found by itself. */
struct peer_locator {
	struct locator locator;
	struct table_node node;
	bool is_indexed;   /* not when another peer has the same one */
	bool is_unproven;  /* nobody vouches for it, and it has never worked */
	uint8_t sends;	   /* of I1s to one that is unproven */
	uint64_t again_ms; /* when it is tried again after so many */
};

struct peer {
	struct hit hit;
	struct table_node node;
	struct peer_locator *locators;
	size_t n_locators;
	struct locator *servers; /* its rendezvous servers, or NULL */
	size_t n_servers;
	uint64_t unknown_spi_ms; /* strange ESP counts again from then on */
};

struct peers {
	struct table by_hit, by_locator;
};

/* `seed` is 16 random bytes, for the hash. */
void peers_init(struct peers *ps, const uint8_t seed[TABLE_SEED_LEN]);

void peers_clear(struct peers *ps);

/*
 * A peer is known, with these locators (at most LOCATORS_MAX are kept) in
 * place of those before; the last n_unproven of them are so unless one was
 * known as better before. 0, -ENOSPC or -ENOMEM: then nothing changed.
 */
__attribute__((warn_unused_result)) int
peers_set(struct peers *ps, const struct hit *hit,
	  const struct locator *locators, size_t n, size_t n_unproven);

/*
 * Whether it is worth an I1 while there are others: when it is unproven and
 * UNPROVEN_SENDS_MAX I1s were not answered, once in UNPROVEN_AGAIN_MS.
 */
bool peer_is_worth_it(const struct peer_locator *l, uint64_t now_ms);

/* An I1 went there; the peer was heard from there. */
void peers_on_sent(struct peers *ps, const struct hit *hit,
		   const struct locator *locator, uint64_t now_ms);
void peers_on_heard(struct peers *ps, const struct hit *hit,
		    const struct locator *locator);

/*
 * Where a known peer's rendezvous servers are, too: the newest come first, and
 * RENDEZVOUS_MAX are kept, for another name's record may name a peer's HIT. It
 * is not found by them. 0, -ENOENT or -ENOMEM: then nothing changed.
 */
__attribute__((warn_unused_result)) int
peers_add_servers(struct peers *ps, const struct hit *hit,
		  const struct locator *servers, size_t n);

/* False when it was not known. */
bool peers_remove(struct peers *ps, const struct hit *hit);

/* NULL when unknown. */
struct peer *peers_find(const struct peers *ps, const struct hit *hit);

/* The peer with this locator, or NULL. */
struct peer *peers_find_by_locator(const struct peers *ps,
				   const struct locator *locator);

#endif
