/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Round trips of a `hipline ping`: what was sent when, what came back, and
 * the numbers of the summary. No clock of its own.
 */
#ifndef HIPLINE_RTT_H
#define HIPLINE_RTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtt_slot;

/* Embedded; clear it in the end. */
struct rtt {
	struct rtt_slot *slots; /* by number, from 1 on */
	uint32_t count;
	uint32_t sent, received;
};

struct rtt_summary {
	uint64_t min_us, median_us, max_us;
};

/* For `count` requests. 0 or -ENOMEM. */
__attribute__((warn_unused_result)) int rtt_init(struct rtt *r, uint32_t count);
void rtt_clear(struct rtt *r);

/* The next request leaves; gives its number. Not more than count times. */
uint32_t rtt_on_send(struct rtt *r, uint64_t now_us);

/*
 * The reply to a number came: true with its round trip in *us, false when
 * it was never sent or has been answered before.
 */
bool rtt_on_reply(struct rtt *r, uint32_t seq, uint64_t now_us, uint64_t *us);

/* False when nothing came back. An even number's median is the mean of the
 * middle two. Reorders the slots: only when all is over. */
bool rtt_summarise(struct rtt *r, struct rtt_summary *out);

#endif
