/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Frames and the record of those that arrived: RFC 6940 6.6.2. Sequence
 * numbers are compared modulo 2^32, because a link may live for months.
 */
#include "resolver/frame.h"

#include <assert.h>

enum { WINDOW_BITS = 64 };

static uint32_t rd_u24(struct rd *r)
{
	uint32_t high = rd_u8(r);
	uint32_t low = rd_u16(r);

	return high << 16 | low;
}

bool frame_parse(const uint8_t *bytes, size_t len, struct frame *out)
{
	struct rd r = rd_init(bytes, len);
	struct frame f = { 0 };
	uint8_t type = rd_u8(&r);

	f.sequence = rd_u32(&r);
	if (type == FRAME_DATA) {
		f.type = FRAME_DATA;
		f.message.len = rd_u24(&r);
		f.message.bytes = rd_bytes(&r, f.message.len);
	} else if (type == FRAME_ACK) {
		f.type = FRAME_ACK;
		f.received = rd_u32(&r);
	} else {
		return false;
	}
	if (!rd_done(&r))
		return false;
	*out = f;
	return true;
}

void frame_data_write(struct wr *w, uint32_t sequence, const uint8_t *message,
		      size_t len)
{
	assert(len <= RELOAD_MESSAGE_MAX);
	wr_u8(w, FRAME_DATA);
	wr_u32(w, sequence);
	wr_u8(w, (uint8_t)(len >> 16));
	wr_u16(w, (uint16_t)len);
	wr_bytes(w, message, len);
}

void frame_ack_write(struct wr *w, uint32_t sequence, uint32_t received)
{
	wr_u8(w, FRAME_ACK);
	wr_u32(w, sequence);
	wr_u32(w, received);
}

/* Bits 1 to 31: what arrived of the 31 numbers before the one `back`
 * behind the top. Bit 0 would be the number itself and stays 0. */
static uint32_t bits_before(const struct frame_window *w, uint32_t back)
{
	return (uint32_t)(w->seen >> back) & ~1u;
}

uint32_t frame_window_on_data(struct frame_window *w, uint32_t sequence)
{
	uint32_t ahead = sequence - w->top;
	uint32_t back = w->top - sequence;

	if (w->seen == 0 || (ahead != 0 && ahead < 0x80000000u)) {
		w->seen = w->seen == 0 || ahead >= WINDOW_BITS
				  ? 1
				  : w->seen << ahead | 1;
		w->top = sequence;
		return bits_before(w, 0);
	}
	if (back >= WINDOW_BITS)
		return 0;
	w->seen |= 1ull << back;
	return bits_before(w, back);
}

bool frame_acknowledges(const struct frame *ack, uint32_t sequence)
{
	uint32_t back = ack->sequence - sequence;

	if (back == 0)
		return true;
	return back < FRAME_RECEIVED_BITS && (ack->received >> back & 1) != 0;
}
