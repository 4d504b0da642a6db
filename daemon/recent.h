/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The peers that something was heard of lately, and where: the locator of
 * the last packet that proved itself. Kept in a file of the state directory
 * for the time after a crash. The file is written seldom: at most every
 * RECENT_PAUSE_MS, and only when a locator is new or a time is old.
 */
#ifndef HIPLINE_RECENT_H
#define HIPLINE_RECENT_H

#include "daemon/base/locator.h"
#include "daemon/hip/hit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RECENT_MAX = 16384,	/* further ones are not remembered */
	RECENT_S = 300,		/* that is lately */
	RECENT_REFRESH_S = 60,	/* so much older a time on the disk may be */
	RECENT_PAUSE_MS = 5000, /* from one write to the next */
};

struct recent;

struct recent_peer {
	struct hit hit;
	struct locator locator;
	uint64_t seen_s; /* time of day: it is for another run */
};

/* NULL for want of memory. `seed` is for a hash. */
struct recent *recent_new(const uint8_t seed[16]);
void recent_free(struct recent *r);

/*
 * The peer proved at `now_s` that it is at that locator. True when it was
 * somewhere else before, or nowhere.
 */
bool recent_saw(struct recent *r, const struct hit *hit,
		const struct locator *locator, uint64_t now_s);

/* Its association was closed: there is nothing to come back to. */
void recent_forget(struct recent *r, const struct hit *hit);

/* The peer, when it was seen lately; else NULL. Valid until the next change. */
const struct recent_peer *recent_find(const struct recent *r,
				      const struct hit *hit, uint64_t now_s);

/* Writes the HITs of all that were seen lately to out; returns how many. */
size_t recent_list(const struct recent *r, uint64_t now_s, struct hit *out,
		   size_t cap);

/*
 * Reads what is lately enough. A file that is broken is set aside, what can
 * be read of it is taken. 0, also when there is no file, or -errno.
 */
__attribute__((warn_unused_result)) int recent_load(struct recent *r, int dir,
						    uint64_t now_s);

/* Writes the file if that is due at now_ms (monotonic). 0 or -errno; then
 * it is due again after the pause. */
__attribute__((warn_unused_result)) int
recent_save(struct recent *r, int dir, uint64_t now_s, uint64_t now_ms);

#endif
