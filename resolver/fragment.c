/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Splitting and joining: RFC 6940 6.7. A message is known by its transaction
 * and by the neighbour that handed over its pieces, so that one neighbour
 * cannot spoil what another brings.
 */
#include "resolver/fragment.h"

#include <assert.h>
#include <stdlib.h>

struct piece {
	uint32_t at, len;
};

struct partial {
	struct hit from;
	uint64_t transaction_id;
	uint64_t since_ms;
	uint32_t total; /* 0 while the last piece is missing */
	uint32_t have;
	size_t n_pieces;
	struct piece pieces[FRAGMENT_PIECES_MAX];
	uint8_t body[RELOAD_MESSAGE_MAX];
};

struct reassembly {
	struct partial *at[FRAGMENT_MESSAGES_MAX];
	size_t n;
};

bool fragment_begin(struct fragmenter *f, const uint8_t *bytes, size_t len,
		    size_t mtu)
{
	struct span rest = { 0 };
	struct forwarding header;
	size_t lists, room, n;

	if (len <= mtu)
		return false;
	if (forwarding_parse(bytes, len, &header, &rest) != MESSAGE_OK)
		return false;
	lists = len - rest.len;
	if (mtu < lists + FRAGMENT_VIA_ROOM + FRAGMENT_BODY_MIN)
		return false;
	room = mtu - lists - FRAGMENT_VIA_ROOM;
	n = (rest.len + room - 1) / room; /* equal pieces */
	f->header = header;
	f->rest = rest;
	f->piece = n == 0 ? 0 : (rest.len + n - 1) / n;
	if (f->piece < FRAGMENT_BODY_MIN)
		f->piece = FRAGMENT_BODY_MIN;
	f->at = 0;
	return rest.len > f->piece;
}

bool fragment_next(struct fragmenter *f, struct wr *w)
{
	struct forwarding header = f->header;
	size_t left = f->rest.len - f->at;
	size_t len = left < f->piece ? left : f->piece;

	if (left == 0)
		return false;
	header.fragment_offset += (uint32_t)f->at;
	header.last_fragment = f->header.last_fragment && len == left;
	forwarding_write(w, &header, len);
	wr_bytes(w, f->rest.bytes + f->at, len);
	f->at += len;
	return true;
}

struct reassembly *reassembly_new(void)
{
	return calloc(1, sizeof(struct reassembly));
}

static void drop_partial(struct reassembly *a, size_t i)
{
	free(a->at[i]);
	a->at[i] = a->at[--a->n];
}

void reassembly_free(struct reassembly *a)
{
	if (!a)
		return;
	while (a->n > 0)
		drop_partial(a, 0);
	free(a);
}

static size_t held_for(const struct reassembly *a, const struct hit *from)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += hit_equal(&a->at[i]->from, from);
	return n;
}

/* The neighbour for which most wait gives way to one that has fewer, with the
 * one that has waited longest: so none takes the room of all. */
static void make_room(struct reassembly *a, const struct hit *from)
{
	size_t most = held_for(a, from) + 1, oldest = a->n;

	for (size_t i = 0; i < a->n; i++) {
		size_t n = held_for(a, &a->at[i]->from);

		if (n < most || (n == most && oldest == a->n))
			continue;
		if (n > most || a->at[i]->since_ms < a->at[oldest]->since_ms)
			oldest = i;
		most = n;
	}
	if (oldest < a->n)
		drop_partial(a, oldest);
}

/* The index of what this piece belongs to, made when new; n when refused. */
static size_t find_partial(struct reassembly *a, const struct hit *from,
			   uint64_t transaction_id, uint64_t now_ms)
{
	struct partial *p;

	for (size_t i = 0; i < a->n; i++) {
		if (a->at[i]->transaction_id == transaction_id &&
		    hit_equal(&a->at[i]->from, from))
			return i;
	}
	if (a->n == FRAGMENT_MESSAGES_MAX)
		make_room(a, from);
	p = a->n < FRAGMENT_MESSAGES_MAX ? calloc(1, sizeof(*p)) : NULL;
	if (!p)
		return a->n;
	p->from = *from;
	p->transaction_id = transaction_id;
	p->since_ms = now_ms;
	a->at[a->n] = p;
	return a->n++;
}

/* The same piece once more is nothing new; one that overlaps is wrong. */
static bool is_repeated(const struct partial *p, uint32_t at, uint32_t len)
{
	for (size_t i = 0; i < p->n_pieces; i++) {
		if (p->pieces[i].at == at && p->pieces[i].len == len)
			return true;
	}
	return false;
}

static bool overlaps(const struct partial *p, uint32_t at, uint32_t len)
{
	for (size_t i = 0; i < p->n_pieces; i++) {
		const struct piece *q = &p->pieces[i];

		if (at < q->at + q->len && q->at < at + len)
			return true;
	}
	return p->total != 0 && at + len > p->total;
}

/* Whether a piece that was seen reaches beyond `total`. */
static bool reaches_beyond(const struct partial *p, uint32_t total)
{
	for (size_t i = 0; i < p->n_pieces; i++) {
		if (p->pieces[i].at + p->pieces[i].len > total)
			return true;
	}
	return false;
}

static enum reassembly_result
take_piece(struct partial *p, const struct forwarding *header, struct span rest)
{
	uint32_t at = header->fragment_offset, len = (uint32_t)rest.len;

	if (is_repeated(p, at, len))
		return REASSEMBLY_WAITS;
	if (overlaps(p, at, len) || p->n_pieces == FRAGMENT_PIECES_MAX)
		return REASSEMBLY_REFUSED;
	if (header->last_fragment) {
		if (p->total != 0 || reaches_beyond(p, at + len))
			return REASSEMBLY_REFUSED;
		p->total = at + len;
	}
	p->pieces[p->n_pieces++] = (struct piece){ at, len };
	memcpy(p->body + at, rest.bytes, len);
	p->have += len;
	return p->have == p->total ? REASSEMBLY_WHOLE : REASSEMBLY_WAITS;
}

enum reassembly_result reassembly_add(struct reassembly *a,
				      const struct hit *from,
				      const struct forwarding *header,
				      struct span rest, struct wr *whole,
				      uint64_t now_ms)
{
	struct forwarding joined = *header;
	enum reassembly_result res;
	size_t i;

	if (rest.len == 0 || rest.len > RELOAD_MESSAGE_MAX ||
	    header->fragment_offset > RELOAD_MESSAGE_MAX - rest.len ||
	    (!header->last_fragment && rest.len < FRAGMENT_BODY_MIN))
		return REASSEMBLY_REFUSED;
	i = find_partial(a, from, header->transaction_id, now_ms);
	if (i == a->n)
		return REASSEMBLY_REFUSED;
	res = take_piece(a->at[i], header, rest);
	if (res == REASSEMBLY_WHOLE) {
		joined.fragment_offset = 0;
		joined.last_fragment = true;
		forwarding_write(whole, &joined, a->at[i]->total);
		wr_bytes(whole, a->at[i]->body, a->at[i]->total);
		if (wr_failed(whole))
			res = REASSEMBLY_REFUSED;
	}
	if (res != REASSEMBLY_WAITS)
		drop_partial(a, i);
	return res;
}

void reassembly_expire(struct reassembly *a, uint64_t now_ms)
{
	for (size_t i = a->n; i-- > 0;) {
		if (now_ms - a->at[i]->since_ms >= FRAGMENT_WAIT_MS)
			drop_partial(a, i);
	}
}

size_t reassembly_count(const struct reassembly *a)
{
	return a->n;
}
