/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The path MTU of an association, without ICMP that anybody may forge: RFC
 * 8899 with UPDATEs as probes. A probe is an UPDATE with nothing but a SEQ and
 * PADDING, which has to be acknowledged (RFC 7401 6.12), whoever made the peer;
 * unlike an echo the answer is small, so that only our own direction is tried.
 * It goes outside ESP, and may not be fragmented.
 *
 * The largest size counts until probes say otherwise. They go only while large
 * ESP packets go, so that an idle association costs nothing.
 */
#ifndef HIPLINE_PATHMTU_H
#define HIPLINE_PATHMTU_H

#include "daemon/base/timers.h"
#include "daemon/hip/mtu_search.h"

struct assoc;
struct host;

/* What is known of a path. Made for the first large packet: most hosts that
 * have many associations send only small ones. */
struct pathmtu {
	struct timer timer;
	struct mtu_search search;
	size_t bare_len;       /* of a probe without PADDING; 0: unknown */
	uint64_t asked_ms;     /* whether anything passes */
	uint64_t round_ms;     /* for answers */
	uint64_t confirmed_ms; /* when the last search ended */
	uint64_t raise_ms;     /* from one try for more to the next */
};

/* Lets go of all. */
void pathmtu_free(struct host *h, struct assoc *a);

/* Has a new path, or the same (nothing is forgotten then), and new keys. */
void pathmtu_start(struct host *h, struct assoc *a, bool is_same_path);

/* What was sent is of no use any more: update ids begin anew. */
void pathmtu_stop(struct host *h, struct assoc *a);

/* Large ESP packets go to the peer: does what counts still pass? */
void pathmtu_on_large(struct host *h, struct assoc *a);

/* Whether it is a probe that waits. And: it was acknowledged. */
bool pathmtu_waits_for(const struct assoc *a, uint32_t id);
void pathmtu_on_ack(struct host *h, struct assoc *a, uint32_t id);

void pathmtu_on_timer(struct host *h, struct assoc *a);

#endif
