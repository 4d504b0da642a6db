/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Frames between neighbours (RFC 6940 6.6.2), with time passing. The input is a
 * script: a byte says what happens, a byte with which of four peers, two bytes
 * a number. A frame's sequence number counts from the last one that peer sent,
 * an acknowledgement's from the last one it was sent, so that windows, both
 * ends of a restart and answers that are late are reached without guessing. A
 * byte of 0x80 and more lets that much time pass.
 */
#include "tests/fuzz/fuzz.h"

#include "resolver/hop.h"
#include "resolver/limits.h"

#include <stdlib.h>
#include <string.h>

enum { PEERS = 4, STEPS_MAX = 500, TICK_MS = 100, RECORD = 64, FAR = 1024 };

struct other {
	struct hit hit;
	uint32_t said; /* its last sequence number */
	uint32_t told; /* ours */
	uint32_t owed; /* an acknowledgement of this one */
	uint32_t top;  /* its highest, since it came up or began anew */
	bool is_up, owes, was_told, has_top;
};

struct world {
	struct hop *hop;
	struct other others[PEERS];
	uint64_t now_ms;
	size_t given, lost;
};

static struct other *find(struct world *w, const struct hit *hit)
{
	for (size_t i = 0; i < PEERS; i++)
		if (hit_equal(&w->others[i].hit, hit))
			return &w->others[i];
	return NULL;
}

static void check_frame(struct other *o, const struct frame *f)
{
	if (f->type == FRAME_ACK) {
		assert(!o->owes || f->sequence == o->owed);
		o->owes = false;
		return;
	}
	assert(!o->was_told || f->sequence != o->told);
	o->told = f->sequence;
	o->was_told = true;
}

static void drain(struct world *w)
{
	struct overlay_output *out;
	struct span bytes;
	struct hit hit;
	struct frame f;

	while (hop_output(w->hop, &hit, &bytes, w->now_ms)) {
		struct other *o = find(w, &hit);

		assert(o && o->is_up && hop_has(w->hop, &hit));
		assert(frame_parse(bytes.bytes, bytes.len, &f));
		check_frame(o, &f);
	}
	while ((out = hop_lost(w->hop))) {
		assert(find(w, &out->peer));
		overlay_output_free(out);
		w->lost++;
	}
	while (hop_silent(w->hop, &hit))
		assert(find(w, &hit) && find(w, &hit)->is_up);
	for (size_t i = 0; i < PEERS; i++)
		assert(!w->others[i].owes); /* all is acknowledged */
	assert(w->lost <= w->given);
}

static void pass(struct world *w, uint64_t ms)
{
	uint64_t end = w->now_ms + ms, due;

	while ((due = hop_deadline(w->hop)) <= end) {
		if (w->now_ms < due)
			w->now_ms = due;
		hop_tick(w->hop, w->now_ms);
		drain(w);
		assert(hop_deadline(w->hop) > w->now_ms); /* it goes on */
	}
	w->now_ms = end;
}

static void say(struct world *w, struct other *o, size_t len)
{
	struct overlay_output *out = calloc(1, sizeof(*out) + len);

	assert(out);
	out->type = OVERLAY_SEND;
	out->peer = o->hit;
	out->len = len;
	w->given++;
	hop_send(w->hop, out, w->now_ms);
}

/* Its frame has come. Whether it is on record now. */
static bool note(struct other *o, uint32_t sequence)
{
	uint32_t back = o->top - sequence;
	bool is_old = o->has_top && back < FAR;

	o->said = o->owed = sequence;
	o->owes = true;
	if (!is_old && back != 0x80000000u)
		o->top = sequence;
	o->has_top = true;
	return !is_old || back < RECORD;
}

/* A frame of `len` bytes behind its header; once more, it is a repetition. */
static void hear(struct world *w, struct other *o, uint32_t sequence,
		 size_t len)
{
	static const uint8_t zeros[FRAME_MAX];
	uint8_t bytes[FRAME_MAX];
	struct wr frame = wr_init(bytes, sizeof(bytes));
	struct span message, it;
	enum hop_result first;
	bool is_on_record;

	frame_data_write(&frame, sequence, zeros, len);
	it = (struct span){ bytes, wr_len(&frame) };
	first = hop_datagram(w->hop, &o->hit, it, &message, w->now_ms);
	assert((first == HOP_REFUSED) == !o->is_up);
	if (!o->is_up)
		return;
	if (first == HOP_MESSAGE) {
		assert(message.len == len);
		assert(message.bytes + len == bytes + it.len);
	}
	is_on_record = note(o, sequence);
	drain(w);
	/* The same once more is no message again, and is acknowledged again. */
	first = hop_datagram(w->hop, &o->hit, it, &message, w->now_ms);
	assert(first == HOP_HEARD || !is_on_record);
	o->owes = true;
}

static void acknowledge(struct world *w, struct other *o, uint32_t sequence,
			uint32_t received)
{
	uint8_t bytes[FRAME_ACK_LEN];
	struct wr frame = wr_init(bytes, sizeof(bytes));
	struct span message;

	frame_ack_write(&frame, sequence, received);
	assert(hop_datagram(w->hop, &o->hit,
			    (struct span){ bytes, wr_len(&frame) }, &message,
			    w->now_ms) == (o->is_up ? HOP_HEARD : HOP_REFUSED));
}

/* Bytes as they are. */
static void noise(struct world *w, struct other *o, struct rd *r, size_t len)
{
	struct rd bytes = rd_sub(r, len < rd_left(r) ? len : rd_left(r));
	struct span it = { bytes.p, rd_left(&bytes) }, message;
	struct frame f;
	enum hop_result got =
		hop_datagram(w->hop, &o->hit, it, &message, w->now_ms);

	assert(o->is_up || got == HOP_REFUSED);
	if (got == HOP_REFUSED || !frame_parse(it.bytes, it.len, &f) ||
	    f.type != FRAME_DATA)
		return;
	(void)note(o, f.sequence); /* it does not come again */
}

static void step(struct world *w, struct rd *r)
{
	uint8_t what = rd_u8(r);
	struct other *o = &w->others[rd_u8(r) % PEERS];
	uint16_t n = rd_u16(r);

	switch (what >= 0x80 ? 0xff : what % 8) {
	case 0:
		hop_up(w->hop, &o->hit, w->now_ms);
		o->is_up = true;
		o->owes = o->has_top = false;
		break;
	case 1:
		hop_down(w->hop, &o->hit);
		o->is_up = o->owes = false;
		break;
	case 2:
		say(w, o, n % (RELOAD_MESSAGE_MAX + 2));
		break;
	case 3: /* a little ahead, or behind */
		hear(w, o, o->said + n % 96 - 32, n % 64);
		break;
	case 4: /* anywhere */
		hear(w, o, o->said + ((uint32_t)n << 16 | 0x8000), n % 64);
		break;
	case 5:
		acknowledge(w, o, o->told - n % 40, 0);
		break;
	case 6:
		acknowledge(w, o, o->told - n % 4, n * 0x10001u);
		break;
	case 7:
		noise(w, o, r, n % 64);
		break;
	default:
		pass(w, (uint64_t)(what - 0x7f) * TICK_MS);
		break;
	}
	drain(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .now_ms = 1000 };
	struct rd r = rd_init(data, size);
	struct span bytes;
	struct hit hit;

	/* Near the end of all numbers, too. */
	w.hop = hop_new(rd_u8(&r) & 1 ? UINT32_MAX - 2 : 1);
	assert(w.hop);
	for (uint8_t i = 0; i < PEERS; i++)
		w.others[i].hit =
			(struct hit){ { 0x20, 1, 0, 0x22, [15] = i } };
	for (int i = 0; i < STEPS_MAX && rd_left(&r) >= 4; i++)
		step(&w, &r);
	/* Nothing waits for longer than that. */
	pass(&w, HOP_RTO_MAX_MS);
	for (size_t i = 0; i < PEERS; i++)
		hop_down(w.hop, &w.others[i].hit);
	assert(!hop_lost(w.hop) && !hop_output(w.hop, &hit, &bytes, w.now_ms));
	assert(hop_deadline(w.hop) == UINT64_MAX);
	hop_free(w.hop);
	return 0;
}
