/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The window is a ring of words, one more than it has to cover: it moves by
 * clearing whole words ahead of it, and nothing is ever shifted.
 */
#include "tun/replay.h"

#include <string.h>

enum {
	WORD_BITS = 64,
	WORDS = REPLAY_WINDOW_BITS / WORD_BITS + 1,
};

static uint64_t *word(struct replay *r, uint64_t seq)
{
	return &r->bits[seq / WORD_BITS % WORDS];
}

static uint64_t mask(uint64_t seq)
{
	return (uint64_t)1 << seq % WORD_BITS;
}

/* Whether seq, not right of the window, is left of it or was seen. */
static bool is_old(const struct replay *r, uint64_t seq)
{
	if (r->top - seq >= REPLAY_WINDOW_BITS)
		return true;
	return (r->bits[seq / WORD_BITS % WORDS] & mask(seq)) != 0;
}

void replay_init(struct replay *r)
{
	memset(r, 0, sizeof(*r));
}

bool replay_guess(const struct replay *r, uint32_t low, uint64_t *seq)
{
	const uint32_t top_low = (uint32_t)r->top;
	/* Low half of the window's lower bound; it may wrap (case B). */
	const uint32_t bottom_low = top_low - REPLAY_WINDOW_BITS + 1;
	uint32_t high = (uint32_t)(r->top >> 32);
	uint64_t guess;

	if (top_low >= REPLAY_WINDOW_BITS - 1) { /* case A */
		if (low < bottom_low && high++ == UINT32_MAX)
			return false; /* the numbers have come to their end */
	} else { /* case B: the window reaches into the subspace before */
		if (low >= bottom_low && high-- == 0)
			return false; /* there is none before the first */
	}
	guess = (uint64_t)high << 32 | low;
	if (guess == 0 || (guess <= r->top && is_old(r, guess)))
		return false;
	*seq = guess;
	return true;
}

/* Moves the window's right edge to seq, which is right of it. */
static void advance(struct replay *r, uint64_t seq)
{
	uint64_t words = seq / WORD_BITS - r->top / WORD_BITS;

	if (words > WORDS)
		words = WORDS;
	for (uint64_t i = 0; i < words; i++)
		*word(r, seq - i * WORD_BITS) = 0;
	r->top = seq;
}

bool replay_accept(struct replay *r, uint64_t seq)
{
	if (seq == 0)
		return false;
	if (seq > r->top)
		advance(r, seq);
	else if (is_old(r, seq))
		return false;
	*word(r, seq) |= mask(seq);
	return true;
}
