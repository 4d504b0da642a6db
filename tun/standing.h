/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A queue of the kernel's (TUN device, socket) that a worker never finds
 * empty for a while: a standing queue. It makes every call wait, so from a
 * call's first packet that came while it stood, and as long as more follow, it
 * is kept short: TCP that begins when a call has just ended is left alone. The
 * cure is RFC 8289's: from time to time, the more often the longer it stands,
 * one segment of TCP is marked (ECN) or dropped, and its sender slows down a
 * little. The interval is for round trips through two hosts that are busy; a
 * queue that stands for want of a faster host is empty soon, however long the
 * path.
 */
#ifndef HIPLINE_STANDING_H
#define HIPLINE_STANDING_H

#include <stdbool.h>
#include <stdint.h>

enum {
	STANDING_INTERVAL_US = 2000,
	/* No more often than this part of the interval. */
	STANDING_COUNT_MAX = 64,
	/* So long after the last packet of a call there may be another. */
	STANDING_CALL_US = 500000,
};

struct standing {
	uint64_t since_us;  /* since when it stands; 0: it was empty */
	uint64_t signal_us; /* when the next signal is due; 0: there is no call
			     */
	uint32_t count;	    /* of signals since there was none */
};

/*
 * What a read from the queue has shown at `now_us` (microseconds of any clock
 * that does not go back, above 0); a call's last packet, in whichever queue,
 * came at `call_us`, 0 for none. True when a signal is due.
 */
bool standing_note(struct standing *s, bool empty, uint64_t call_us,
		   uint64_t now_us);

#endif
