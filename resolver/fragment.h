/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Fragments of messages: RFC 6940 6.7. Whoever sends may split; only the
 * destination joins. What waits to be joined is bounded in number, in bytes
 * and in time.
 */
#ifndef HIPLINE_FRAGMENT_H
#define HIPLINE_FRAGMENT_H

#include "resolver/message.h"

enum {
	FRAGMENT_BODY_MIN = 256, /* 6.7, but for the last one */
	FRAGMENT_VIA_ROOM = 32,	 /* what the Via List may grow by */
	FRAGMENT_WAIT_MS = 15000,
	FRAGMENT_PIECES_MAX = 20,
	FRAGMENT_MESSAGES_MAX = 16,
};

/* A message (or a fragment that is too long) on its way out in pieces. */
struct fragmenter {
	struct forwarding header; /* of the message; borrows its bytes */
	struct span rest;
	size_t piece, at;
};

/*
 * Prepares to send `bytes` in datagrams of at most mtu bytes. False when it
 * goes whole: it fits, or lists and options leave no room for 256 bytes
 * (then IP fragments), or it is no message.
 */
bool fragment_begin(struct fragmenter *f, const uint8_t *bytes, size_t len,
		    size_t mtu);

/* Writes the next piece; false when there is none left. */
bool fragment_next(struct fragmenter *f, struct wr *w);

/* Messages of which not all pieces are here. */
struct reassembly;

/* NULL without memory. */
struct reassembly *reassembly_new(void);
void reassembly_free(struct reassembly *a);

enum reassembly_result {
	REASSEMBLY_WHOLE,   /* written to the writer */
	REASSEMBLY_WAITS,   /* for more */
	REASSEMBLY_REFUSED, /* malformed, contradictory, or no room */
};

/*
 * Takes a piece (its header and what follows) that came from a neighbour.
 * The last missing one makes the message, with this piece's lists. Pieces
 * that overlap make the whole message void. Where no more messages may wait,
 * one of the neighbour that has most gives way to one that has fewer.
 */
enum reassembly_result reassembly_add(struct reassembly *a,
				      const struct hit *from,
				      const struct forwarding *header,
				      struct span rest, struct wr *whole,
				      uint64_t now_ms);

/* Gives up what waited too long. */
void reassembly_expire(struct reassembly *a, uint64_t now_ms);

/* How many messages wait. */
size_t reassembly_count(const struct reassembly *a);

#endif
