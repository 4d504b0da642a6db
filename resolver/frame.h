/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The framing header of a link: RFC 6940 6.6.2. One datagram carries one
 * frame, data or acknowledgement. What is retransmitted gets a new sequence
 * number; whose turn that is, is not known here.
 */
#ifndef HIPLINE_FRAME_H
#define HIPLINE_FRAME_H

#include "resolver/message.h"

enum {
	FRAME_DATA_HEADER_LEN = 8,
	FRAME_ACK_LEN = 9,
	FRAME_MAX = FRAME_DATA_HEADER_LEN + RELOAD_MESSAGE_MAX,
	FRAME_RECEIVED_BITS = 32,
};

enum frame_type {
	FRAME_DATA = 128,
	FRAME_ACK = 129,
};

struct frame {
	enum frame_type type;
	uint32_t sequence;   /* of the data, or of what is acknowledged */
	uint32_t received;   /* ack: bit N-M says that M arrived before N */
	struct span message; /* data; borrowed */
};

/* A datagram that is one frame, no more; else false and *out untouched. */
bool frame_parse(const uint8_t *bytes, size_t len, struct frame *out);

void frame_data_write(struct wr *w, uint32_t sequence, const uint8_t *message,
		      size_t len);
void frame_ack_write(struct wr *w, uint32_t sequence, uint32_t received);

/* Which sequence numbers arrived on a link; all zeros at its start. */
struct frame_window {
	uint32_t top;  /* the highest */
	uint64_t seen; /* bit i: top - i arrived */
};

/*
 * Takes the sequence number of a data frame and answers the bits that its
 * acknowledgement carries. What is far behind the window is not recorded,
 * and its bits are 0: "unknown", as the RFC allows.
 */
uint32_t frame_window_on_data(struct frame_window *w, uint32_t sequence);

/* Whether an acknowledgement speaks of this sequence number. */
bool frame_acknowledges(const struct frame *ack, uint32_t sequence);

#endif
