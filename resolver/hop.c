/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Sending, acknowledging and waiting: RFC 6940 6.6.2 with the timer of RFC
 * 6298. Every frame has a sequence number of its own, so each acknowledgement
 * gives a sound measure of the round trip.
 */
#include "resolver/hop.h"
#include "resolver/limits.h"

#include <stdlib.h>

enum {
	LINK_STRIDE = 1 << 20, /* between the first numbers of two links */
	FAR_BEHIND = 1 << 10,  /* no network delays a frame by so many */
};

struct peer {
	struct hit hit;
	struct frame_window window; /* what we received */
	uint32_t next_sequence;
	uint32_t srtt_ms, rttvar_ms;
	uint64_t heard_ms, said_ms, complain_ms;
	uint32_t ack_sequence, ack_received;
	bool owes_ack, silent;
};

struct waiting {
	struct waiting *next;
	struct overlay_output *out;
	uint64_t sent_ms, due_ms;
	uint32_t sequence;
	bool sent;
};

struct hop {
	struct peer *peers;
	size_t n, cap;
	struct waiting *waiting; /* the oldest first */
	struct waiting **last;
	size_t n_waiting;
	struct overlay_output *lost;
	uint32_t first;	 /* sequence number of the next link */
	size_t next_ack; /* peers before it owe none */
	uint8_t frame[FRAME_MAX];
};

struct hop *hop_new(uint32_t first)
{
	struct hop *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->last = &h->waiting;
	h->first = first;
	return h;
}

static struct peer *find_peer(const struct hop *h, const struct hit *hit)
{
	for (size_t i = 0; i < h->n; i++) {
		if (hit_equal(&h->peers[i].hit, hit))
			return &h->peers[i];
	}
	return NULL;
}

static void lose(struct hop *h, struct overlay_output *out)
{
	out->next = h->lost;
	h->lost = out;
}

static struct overlay_output *take_waiting(struct hop *h, struct waiting **at)
{
	struct waiting *w = *at;
	struct overlay_output *out = w->out;

	*at = w->next;
	if (!*at)
		h->last = at;
	h->n_waiting--;
	free(w);
	return out;
}

void hop_free(struct hop *h)
{
	if (!h)
		return;
	while (h->waiting)
		overlay_output_free(take_waiting(h, &h->waiting));
	while (h->lost)
		overlay_output_free(hop_lost(h));
	free(h->peers);
	free(h);
}

static struct peer *make_peer(struct hop *h, const struct hit *hit)
{
	if (h->n == h->cap) {
		size_t cap = h->cap + 16;
		struct peer *peers =
			h->n < HOP_PEERS_MAX
				? reallocarray(h->peers, cap, sizeof(*peers))
				: NULL;

		if (!peers)
			return NULL;
		h->peers = peers;
		h->cap = cap;
	}
	h->peers[h->n] = (struct peer){ .hit = *hit };
	return &h->peers[h->n++];
}

bool hop_has(const struct hop *h, const struct hit *hit)
{
	return find_peer(h, hit) != NULL;
}

void hop_down(struct hop *h, const struct hit *hit)
{
	struct peer *p = find_peer(h, hit);
	struct waiting **at = &h->waiting;

	if (!p)
		return;
	while (*at) {
		if (hit_equal(&(*at)->out->peer, hit))
			lose(h, take_waiting(h, at));
		else
			at = &(*at)->next;
	}
	*p = h->peers[--h->n];
	h->next_ack = 0;
}

static uint64_t timeout_ms(const struct peer *p)
{
	uint64_t rto = p->srtt_ms + 4ull * p->rttvar_ms;

	if (rto < HOP_RTO_MIN_MS)
		return HOP_RTO_MIN_MS;
	return rto > HOP_RTO_MAX_MS ? HOP_RTO_MAX_MS : rto;
}

void hop_up(struct hop *h, const struct hit *hit, uint64_t now_ms)
{
	struct peer *p = find_peer(h, hit);

	if (!p)
		p = make_peer(h, hit);
	if (!p)
		return;
	*p = (struct peer){ .hit = *hit,
			    .next_sequence = h->first,
			    .heard_ms = now_ms,
			    .said_ms = now_ms };
	h->first += LINK_STRIDE;
	/* What went over the association before may have gone with it. */
	for (struct waiting *w = h->waiting; w; w = w->next) {
		if (!hit_equal(&w->out->peer, hit))
			continue;
		w->sent = false;
		w->sequence = p->next_sequence++;
		w->sent_ms = now_ms;
		w->due_ms = now_ms + timeout_ms(p);
	}
}

void hop_send(struct hop *h, struct overlay_output *out, uint64_t now_ms)
{
	struct peer *p = find_peer(h, &out->peer);
	struct waiting *w = NULL;

	if (p && h->n_waiting < HOP_WAITING_MAX &&
	    out->len <= RELOAD_MESSAGE_MAX)
		w = malloc(sizeof(*w));
	if (!w) {
		lose(h, out);
		return;
	}
	*w = (struct waiting){ .out = out,
			       .sent_ms = now_ms,
			       .due_ms = now_ms + timeout_ms(p),
			       .sequence = p->next_sequence++ };
	*h->last = w;
	h->last = &w->next;
	h->n_waiting++;
}

/* RFC 6298 2. */
static void measure(struct peer *p, uint64_t rtt_ms)
{
	uint32_t r = (uint32_t)rtt_ms;
	uint32_t off;

	if (p->srtt_ms == 0) {
		p->srtt_ms = r > 0 ? r : 1;
		p->rttvar_ms = r / 2;
		return;
	}
	off = p->srtt_ms > r ? p->srtt_ms - r : r - p->srtt_ms;
	p->rttvar_ms = (3 * p->rttvar_ms + off) / 4;
	p->srtt_ms = (7 * p->srtt_ms + r) / 8;
	if (p->srtt_ms == 0)
		p->srtt_ms = 1;
}

static void on_ack(struct hop *h, struct peer *p, const struct frame *ack,
		   uint64_t now_ms)
{
	struct waiting **at = &h->waiting;

	while (*at) {
		struct waiting *w = *at;

		if (!w->sent || !hit_equal(&w->out->peer, &p->hit) ||
		    !frame_acknowledges(ack, w->sequence)) {
			at = &w->next;
			continue;
		}
		if (w->sequence == ack->sequence)
			measure(p, now_ms - w->sent_ms);
		overlay_output_free(take_waiting(h, at));
	}
}

/* A datagram that the network delivered twice. */
static bool is_repeated(const struct frame_window *w, uint32_t sequence)
{
	uint32_t back = w->top - sequence;

	return w->seen != 0 && back < 64 && (w->seen >> back & 1) != 0;
}

/* The peer has begun anew, and we have not noticed. */
static bool has_restarted(const struct frame_window *w, uint32_t sequence)
{
	uint32_t back = w->top - sequence;

	return w->seen != 0 && back >= FAR_BEHIND && back < 0x80000000u;
}

enum hop_result hop_datagram(struct hop *h, const struct hit *hit,
			     struct span bytes, struct span *message,
			     uint64_t now_ms)
{
	struct peer *p = find_peer(h, hit);
	struct frame f;
	bool repeated;

	if (!p || !frame_parse(bytes.bytes, bytes.len, &f))
		return HOP_REFUSED;
	p->heard_ms = p->complain_ms = now_ms;
	p->silent = false;
	if (f.type == FRAME_ACK) {
		on_ack(h, p, &f, now_ms);
		return HOP_HEARD;
	}
	if (has_restarted(&p->window, f.sequence))
		p->window = (struct frame_window){ .seen = 0 };
	repeated = is_repeated(&p->window, f.sequence);
	p->ack_received = frame_window_on_data(&p->window, f.sequence);
	p->ack_sequence = f.sequence;
	p->owes_ack = true;
	h->next_ack = 0;
	if (repeated)
		return HOP_HEARD;
	*message = f.message;
	return HOP_MESSAGE;
}

static uint64_t silence_ms(const struct peer *p)
{
	uint64_t since =
		p->heard_ms > p->complain_ms ? p->heard_ms : p->complain_ms;

	return since + HOP_SILENCE_MS;
}

uint64_t hop_deadline(const struct hop *h)
{
	uint64_t due = UINT64_MAX;

	for (const struct waiting *w = h->waiting; w; w = w->next) {
		if (w->due_ms < due)
			due = w->due_ms;
	}
	for (size_t i = 0; i < h->n; i++) {
		const struct peer *p = &h->peers[i];

		if (p->said_ms + HOP_KEEPALIVE_MS < due)
			due = p->said_ms + HOP_KEEPALIVE_MS;
		if (silence_ms(p) < due)
			due = silence_ms(p);
	}
	return due;
}

void hop_tick(struct hop *h, uint64_t now_ms)
{
	struct waiting **at = &h->waiting;

	while (*at) {
		if ((*at)->due_ms <= now_ms)
			lose(h, take_waiting(h, at));
		else
			at = &(*at)->next;
	}
	for (size_t i = 0; i < h->n; i++) {
		struct peer *p = &h->peers[i];

		if (p->said_ms + HOP_KEEPALIVE_MS <= now_ms && !p->owes_ack) {
			p->owes_ack = true;
			p->ack_sequence = p->window.top;
			p->ack_received = 0;
			h->next_ack = 0;
		}
		if (silence_ms(p) <= now_ms) {
			p->complain_ms = now_ms;
			p->silent = true;
		}
	}
}

static bool next_ack(struct hop *h, struct wr *w, struct hit *peer,
		     uint64_t now_ms)
{
	for (; h->next_ack < h->n; h->next_ack++) {
		struct peer *p = &h->peers[h->next_ack];

		if (!p->owes_ack)
			continue;
		p->owes_ack = false;
		p->said_ms = now_ms;
		*peer = p->hit;
		frame_ack_write(w, p->ack_sequence, p->ack_received);
		return true;
	}
	return false;
}

/* Acknowledgements go first: they reach back to 32 frames only. */
bool hop_output(struct hop *h, struct hit *peer, struct span *bytes,
		uint64_t now_ms)
{
	struct wr w = wr_init(h->frame, sizeof(h->frame));
	struct waiting *next = h->waiting;

	if (!next_ack(h, &w, peer, now_ms)) {
		struct peer *p;

		while (next && next->sent)
			next = next->next;
		if (!next)
			return false;
		p = find_peer(h, &next->out->peer);
		next->sent = true;
		*peer = next->out->peer;
		if (p)
			p->said_ms = now_ms;
		frame_data_write(&w, next->sequence, next->out->bytes,
				 next->out->len);
	}
	*bytes = (struct span){ h->frame, wr_len(&w) };
	return true;
}

struct overlay_output *hop_lost(struct hop *h)
{
	struct overlay_output *out = h->lost;

	if (out) {
		h->lost = out->next;
		out->next = NULL;
	}
	return out;
}

bool hop_silent(struct hop *h, struct hit *peer)
{
	for (size_t i = 0; i < h->n; i++) {
		if (h->peers[i].silent) {
			h->peers[i].silent = false;
			*peer = h->peers[i].hit;
			return true;
		}
	}
	return false;
}
