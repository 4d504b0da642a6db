/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What IP packets a path carries: RFC 8899 5 in short. Sizes are tried by
 * probes, several at once, in rounds; a probe that was answered has passed,
 * and one that was not, sent again and again, does not, as long as something
 * smaller did. A size counts until it is known to be wrong.
 *
 * Where nothing passes, one probe and a small one are all that is tried: their
 * ids run ahead of what the peer has seen, and it takes only so many. The
 * others follow once one of them was answered. Such ones are kept, and the next
 * search goes on with them. Whatever is lost, no more than MTU_IDS_MAX ids in a
 * row stay unseen.
 *
 * Who uses this sends the probes, and calls mtu_search_round when answers to a
 * round would have come.
 */
#ifndef HIPLINE_MTU_SEARCH_H
#define HIPLINE_MTU_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MTU_ASK_ROUNDS = 4,   /* sendings of what counts, for loss, */
	MTU_DOWN_ROUNDS = 3,  /* of others, */
	MTU_RAISE_ROUNDS = 2, /* and where failing costs nothing */
	MTU_PROBES_MAX = 8,   /* at once */
	MTU_IDS_MAX = 7,      /* that the peer may not have seen */
	MTU_PROBE_SMALL = 0,  /* size of one without padding */
	MTU_IPV6_MIN = 1280,  /* RFC 8200 5 */
	MTU_IPV4_MIN = 576,   /* RFC 791 3.2: assumed */
};

struct mtu_probe {
	uint16_t size;
	bool is_sent; /* `id` is set */
	bool is_due;  /* in this round */
	bool is_answered;
	uint32_t id; /* its sender's */
};

enum mtu_phase {
	MTU_IDLE,
	MTU_CONFIRM,  /* what counts is tried, then a small one, too */
	MTU_DOWN,     /* and what is between, down to MTU_IPV6_MIN */
	MTU_ASK_LOW,  /* a small one once more, as over IPv4 */
	MTU_LOW,      /* there is less still */
	MTU_ASK_MORE, /* what counts is tried, then */
	MTU_RAISE,    /* what is larger */
};

struct mtu_search {
	uint16_t ceiling; /* no more is needed, or can be tried */
	uint16_t floor;	  /* less is not believed */
	uint16_t size;	  /* what counts */
	enum mtu_phase phase;
	unsigned int rounds;
	struct mtu_probe probes[MTU_PROBES_MAX];
	size_t n;
};

/* The ceiling counts at first. */
void mtu_search_init(struct mtu_search *s, uint16_t ceiling, bool is_ipv6);

/* Begins to see whether what counts still passes, and what does if not; or
 * whether more than that does. Nothing else may be running. */
void mtu_search_confirm(struct mtu_search *s);
void mtu_search_raise(struct mtu_search *s);

static inline bool mtu_search_is_running(const struct mtu_search *s)
{
	return s->phase != MTU_IDLE;
}

/* Whether some are to be sent now. */
bool mtu_search_is_due(const struct mtu_search *s);

/* The next probe to be sent in this round, smallest first; NULL when there is
 * none. It is no longer due then; the caller sets is_sent and id. */
struct mtu_probe *mtu_search_next(struct mtu_search *s);

/* Whether a probe with this id waits for an answer. */
bool mtu_search_waits_for(const struct mtu_search *s, uint32_t id);

/* It was answered: the search may end, or others be due. */
void mtu_search_answer(struct mtu_search *s, uint32_t id);

/* The time of a round is over: another begins, or the search ends. */
void mtu_search_round(struct mtu_search *s);

/* Forgets what was sent; what counts stays. */
void mtu_search_stop(struct mtu_search *s);

#endif
