/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What renegade sends too long, cut off, or never to its end: RFC 6940 6.3.2,
 * 6.7. After each of it Pings are answered as before.
 */
#include "tests/netns/renegade.h"

#include "resolver/fragment.h"

enum {
	LENGTH_AT = 16, /* of the whole message, in the forwarding header */
	IN_A_ROW = 32,	/* frames before we wait, or they are not heard */
	TRIES = 100,
	UNFINISHED = 2000,
};

static struct letter padded_ping(struct work *w, size_t padding)
{
	static uint8_t body[SPEAKER_LETTER_MAX];
	struct wr b = wr_init(body, sizeof(body));

	ping_req_write(&b, padding);
	return speaker_letter(&w->s, RELOAD_PING_REQ,
			      (struct span){ body, wr_len(&b) });
}

/* What comes of a Ping of so many bytes in all. Signatures differ in length,
 * so it may take some tries to make one. */
static int ping_of(struct work *w, size_t want)
{
	uint8_t bytes[SPEAKER_LETTER_MAX];
	size_t padding = 0, len = 0;
	struct letter l;

	for (int i = 0; i < TRIES && len != want; i++) {
		padding += want - len - (len == 0 ? want : 0);
		l = padded_ping(w, padding);
		len = speaker_write(bytes, &l);
	}
	if (len != want)
		speaker_give_up("length");
	speaker_send_bytes(&w->s, bytes, len);
	return renegade_await(w, l.header.transaction_id);
}

/* Each truncation of a message, of which the header tells, or does not: the
 * first thing that comes of one. */
static int cut(struct work *w, const struct letter *l, bool told)
{
	uint8_t bytes[SPEAKER_LETTER_MAX];
	size_t len = speaker_write(bytes, l);
	int got = SILENCE;

	for (size_t i = 0; i < len && got == SILENCE; i++) {
		struct wr length = wr_init(bytes + LENGTH_AT, 4);

		if (told)
			wr_u32(&length, (uint32_t)i);
		speaker_send_bytes(&w->s, bytes, i);
		if (i % IN_A_ROW == 0 || i + 1 == len)
			got = renegade_await(w, l->header.transaction_id);
	}
	return got;
}

static void cut_each(struct work *w)
{
	uint8_t body[RELOAD_MESSAGE_MAX];
	struct letter ping = padded_ping(w, 0), store;

	renegade_tell(w, "each truncation of a Ping", SILENCE,
		      cut(w, &ping, false));
	renegade_tell(w, "  of which it tells", SILENCE, cut(w, &ping, true));
	store = renegade_letter(w, body);
	renegade_tell(w, "each truncation of a Store", SILENCE,
		      cut(w, &store, false));
	renegade_tell(w, "  of which it tells", SILENCE, cut(w, &store, true));
	speaker_send(&w->s, &store);
	renegade_tell(w, "the whole of it", STORED,
		      renegade_await(w, store.header.transaction_id));
}

/* The first piece of a message; the rest of it never comes. */
static void begin_one(struct work *w)
{
	static const uint8_t zeros[RELOAD_MESSAGE_MAX / 2];
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	struct wr b = wr_init(bytes, sizeof(bytes));
	struct letter l = padded_ping(w, 0);

	l.header.last_fragment = false;
	forwarding_write(&b, &l.header, sizeof(zeros));
	wr_bytes(&b, zeros, sizeof(zeros));
	speaker_send_bytes(&w->s, bytes, wr_len(&b));
}

static void begin_many(struct work *w)
{
	int got = SILENCE;

	for (int i = 0; i < UNFINISHED && got == SILENCE; i++) {
		begin_one(w);
		if (i % IN_A_ROW == 0)
			got = renegade_await(w, UINT64_MAX);
	}
	renegade_tell(w, "2,000 messages that are begun and never end", SILENCE,
		      got);
	renegade_tell(w, "a whole one beside them", STORED,
		      ping_of(w, RELOAD_MESSAGE_MAX));
}

void renegade_size_all(struct work *w)
{
	renegade_tell(w, "a Ping of 5,000 bytes", STORED,
		      ping_of(w, RELOAD_MESSAGE_MAX));
	renegade_tell(w, "one of 5,001", SILENCE,
		      ping_of(w, RELOAD_MESSAGE_MAX + 1));
	cut_each(w);
	begin_many(w);
}
