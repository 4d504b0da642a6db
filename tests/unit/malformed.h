/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Packets that are wrong in one way each (reliability test T1): a valid
 * packet of a capture, one change, and the reason for which it must be
 * dropped. HITs are those of the capture; who sends these to a host puts
 * its own into bytes 8 to 39 of those that are that long.
 */
#ifndef HIPLINE_TEST_MALFORMED_H
#define HIPLINE_TEST_MALFORMED_H

#include "daemon/hip/packet.h"

enum malformed_change {
	CUT,	/* the packet to a bytes */
	BYTE,	/* at offset a becomes b */
	TYPE,	/* of the parameter becomes a */
	LENGTH, /* of the parameter becomes a; its contents stay */
	SIZE,	/* of the parameter's contents becomes a; all else fits */
	BODY,	/* byte a of the parameter's contents becomes b */
	TWICE,	/* the parameter comes two times */
	SWAP,	/* the parameter and the one behind it */
	ADD,	/* a parameter of a bytes that are all b, where it belongs */
	APPEND, /* the same as the last one of the packet, wherever it belongs
		 */
	MANY,	/* a of these with b bytes each, where they belong */
};

struct malformed {
	const char *name;
	uint8_t packet; /* the type of the valid one */
	enum malformed_change change;
	uint16_t param;
	uint32_t a, b;
	enum drop reason;
};

extern const struct malformed malformed[];
extern const size_t malformed_count;

/*
 * Makes one into out (which has room for cap bytes); its length, or 0 when
 * the capture does not hold what is to be changed. A packet of 0 bytes is
 * the first in the table, and the only one.
 */
size_t malformed_make(const struct malformed *m, uint8_t *out, size_t cap);

/*
 * What becomes of a packet: its form, then all of its parameters, each by
 * its own parser.
 */
enum drop malformed_judge(const uint8_t *bytes, size_t len);

#endif
