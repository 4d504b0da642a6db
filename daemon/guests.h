/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Guests: hosts that the authority's host does not know and lets in all the
 * same while an invitation can be spent, so that they can enrol. Few at a
 * time, and each only for as long as that takes.
 */
#ifndef HIPLINE_GUESTS_H
#define HIPLINE_GUESTS_H

#include "daemon/hip/host.h"

enum {
	GUESTS_MAX = 8,
	GUEST_MS = 30000, /* for its enrolment */
};

struct guest {
	struct hit hit;
	uint64_t end_ms; /* 0: free */
};

struct guests {
	struct guest all[GUESTS_MAX];
};

/* One of whom nothing is known has, or has not, an association. */
void guests_on_peer(struct guests *g, const struct hit *hit,
		    enum assoc_state state, uint64_t now_ms);

/* Whether there is room for another. */
bool guests_have_room(const struct guests *g);

bool guests_has(const struct guests *g, const struct hit *hit);

/* It is a guest no longer. */
void guests_remove(struct guests *g, const struct hit *hit);

/* Takes out one whose time is over; false when there is none. */
bool guests_take_late(struct guests *g, uint64_t now_ms, struct hit *out);

#endif
