/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What was asked of the source of names, and what it answered: one entry for
 * each name, however many ask for it. Bounded; what was not used for longest
 * goes first, and what there is not before what there is.
 */
#ifndef HIPLINE_CACHE_H
#define HIPLINE_CACHE_H

#include "daemon/base/env.h"
#include "daemon/base/name.h"
#include "daemon/base/table.h"
#include "resolver/dnsrecord.h"

#include <sys/queue.h>

enum {
	CACHE_KEY_LEN = 16,
	CACHE_FOUND_MAX = 2048, /* names that there are */
	CACHE_ABSENT_MAX = 1024,
	CACHE_OPEN_MAX = 512, /* lookups in flight */
};

enum cache_result {
	CACHE_FOUND,
	CACHE_ABSENT,	   /* there is no such name, and it would be ours */
	CACHE_FOREIGN,	   /* it is a name of ordinary DNS, if any */
	CACHE_UNREACHABLE, /* nobody can tell now */
};

/* What the source says. */
struct cache_answer {
	enum cache_result result;
	uint32_t lifetime_s;
	struct dnsrecord_known known; /* of FOUND */
};

/* What is asked for: the name of a HIT (reverse), or the HITs of a name. */
struct cache_what {
	bool is_reverse;
	const char *name;
	struct hit hit;
};

struct cache_entry {
	struct table_node node;
	TAILQ_ENTRY(cache_entry) use;  /* latest first, while known */
	TAILQ_ENTRY(cache_entry) open; /* oldest first, while looked up */
	uint8_t key[CACHE_KEY_LEN];
	uint64_t id; /* of the lookup */
	bool is_open, is_known;
	bool is_sent; /* the lookup was given out */
	bool is_reverse;
	struct hit hit;
	char *name;
	uint64_t asked_ms, expires_ms, prefetch_ms;
	unsigned users; /* who points here */
	struct cache_answer answer;
	void *kept; /* what the answer points into */
};

TAILQ_HEAD(cache_list, cache_entry);

struct cache {
	struct table all;
	struct cache_list found, absent, open;
	size_t n_found, n_absent, n_open;
	uint64_t next_id;
	uint8_t seed[CACHE_KEY_LEN];
};

void cache_init(struct cache *a, const struct env *env);
void cache_clear(struct cache *a);

/*
 * The entry of what is asked for, made when there is none; NULL when there
 * is no room. An answer that is too old is not known any more.
 */
struct cache_entry *cache_find(struct cache *a, const struct cache_what *what,
			       uint64_t now_ms);

/* Begins a lookup of it. False when too many are open. */
bool cache_open(struct cache *a, struct cache_entry *e, uint64_t now_ms);

/* The open lookup of that id, or NULL. */
struct cache_entry *cache_find_open(const struct cache *a, uint64_t id);

/*
 * Ends its lookup with an answer (copied). One that could not be asked for
 * again keeps what it knew until that is too old.
 */
void cache_answer(struct cache *a, struct cache_entry *e,
		  const struct cache_answer *answer, uint64_t now_ms);

/* Nobody points to it any more; it may go. */
void cache_release(struct cache *a, struct cache_entry *e);

/* Nothing is known any more; lookups go on. */
void cache_forget(struct cache *a);

#endif
