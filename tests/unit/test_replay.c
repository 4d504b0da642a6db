/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The replay window (T22). Each vector is run from several first numbers,
 * as a receiver does: the low half from the wire is completed by a guess,
 * and a wrong guess fails like a wrong ICV would.
 */
#include "tun/replay.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define W ((uint64_t)REPLAY_WINDOW_BITS)
#define TWO_32 ((uint64_t)1 << 32)

/* One packet arrives whose true number is seq. Whether it is let through. */
static bool offer(struct replay *r, uint64_t seq)
{
	uint64_t guess;

	if (!replay_guess(r, (uint32_t)seq, &guess) || guess != seq)
		return false;
	return replay_accept(r, seq);
}

/* Numbers are counted from a base that was accepted before. */
struct step {
	uint64_t n;
	bool ok;
};

static const struct step vector[] = {
	{ 0, false },	      /* the base itself, again */
	{ 1, true },	      /* the next */
	{ 1, false },	      /* twice */
	{ 9, true },	      /* ahead */
	{ 8, true },	      /* late */
	{ 7, true },	      /* later */
	{ 7, false },	      /* late and twice */
	{ 9, false },	      /* the top, twice */
	{ 2, true },	      /* far behind, within the window */
	{ 2, false },	      /* and again */
	{ 63, true },	      /* the last bit of a word, from an aligned base */
	{ 64, true },	      /* the first of the next */
	{ 63, false },	      /* again */
	{ 64, false },	      /* again */
	{ 65, true },	      /* on */
	{ W, true },	      /* to the window's width */
	{ 3, true },	      /* still within */
	{ 1, false },	      /* seen, last within the window but one */
	{ W - 1, true },      /* beside the top */
	{ W + 1, true },      /* the window moves by one */
	{ 2, false },	      /* the leftmost, seen */
	{ 1, false },	      /* just left of it */
	{ 0, false },	      /* further left */
	{ W + 4, true },      /* moves by three */
	{ 4, false },	      /* left, never seen */
	{ 5, true },	      /* leftmost, not seen */
	{ 5, false },	      /* again */
	{ W + 2, true },      /* late, beside the top */
	{ W + 3, true },      /* late */
	{ W + 2, false },     /* again */
	{ 2 * W, true },      /* a jump of nearly a window */
	{ W, false },	      /* left of it */
	{ W + 1, false },     /* leftmost, seen before the jump */
	{ W + 5, true },      /* within, not seen */
	{ 3 * W - 1, true },  /* a jump of a window less one */
	{ 2 * W, false },     /* leftmost, seen */
	{ 2 * W + 1, true },  /* beside it, not seen */
	{ 4 * W - 1, true },  /* a jump of a whole window */
	{ 3 * W - 1, false }, /* the top before, now just left */
	{ 3 * W, true },      /* leftmost */
	{ 3 * W, false },     /* again */
	{ 6 * W, true },      /* a jump of more than a window */
	{ 5 * W, false },     /* just left */
	{ 5 * W + 1, true },  /* leftmost */
	{ 6 * W - 1, true },  /* beside the top */
	{ 6 * W, false },     /* the top again */
	{ 40 * W + 17, true },	/* far ahead, everything before is forgotten */
	{ 39 * W + 17, false }, /* just left */
	{ 39 * W + 18, true },	/* leftmost */
	{ 40 * W + 16, true },	/* beside the top */
	{ 40 * W + 18, true },	/* on */
};

static const uint64_t bases[] = {
	1,
	63,
	64,
	W - 1,
	W,
	W + 1,
	TWO_32 - 41 * W,
	TWO_32 - 40 * W - 17,
	TWO_32 - 40 * W,
	TWO_32 - 3 * W,
	TWO_32 - 2 * W,
	TWO_32 - W - 1,
	TWO_32 - W,
	TWO_32 - W + 1,
	TWO_32 - 2,
	TWO_32 - 1,
	TWO_32,
	TWO_32 + 1,
	TWO_32 + W,
	7 * TWO_32 - 5,
	UINT64_MAX / 2 - 100,
	(UINT64_MAX - TWO_32) - 20 * W,
	UINT64_MAX - 40 * W - 18,
};

/* Brings the window to base: as if all went well up to there. */
static void start_at(struct replay *r, uint64_t base)
{
	replay_init(r);
	r->top = base - 1;
	cr_assert(replay_accept(r, base));
	cr_assert_eq(r->top, base);
}

Test(replay, vectors_hold_from_every_base)
{
	cr_assert_geq(sizeof(vector) / sizeof(vector[0]), 34);
	for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]); b++) {
		struct replay r;

		start_at(&r, bases[b]);
		for (size_t i = 0; i < sizeof(vector) / sizeof(vector[0]); i++)
			cr_expect_eq(
				offer(&r, bases[b] + vector[i].n), vector[i].ok,
				"base %#" PRIx64 ", step %zu", bases[b], i);
	}
}

Test(replay, zero_is_never_a_number)
{
	struct replay r;
	uint64_t seq = 77;

	replay_init(&r);
	cr_assert_not(replay_guess(&r, 0, &seq));
	cr_assert_not(replay_accept(&r, 0));
	cr_assert(offer(&r, 1));
	cr_assert_not(replay_guess(&r, 0, &seq));
	cr_assert_not(replay_accept(&r, 0));
	cr_assert_eq(seq, 77, "untouched on failure");
}

Test(replay, the_first_packet_need_not_be_the_first_sent)
{
	struct replay r;

	replay_init(&r);
	cr_assert(offer(&r, 1000000));
	cr_assert(offer(&r, 1000000 - W + 1));
	cr_assert_not(offer(&r, 1000000 - W));
}

Test(replay, nothing_comes_before_the_first_subspace)
{
	struct replay r;
	uint64_t seq;

	replay_init(&r);
	cr_assert_not(replay_guess(&r, UINT32_MAX, &seq));
	cr_assert_not(replay_guess(&r, UINT32_MAX - (uint32_t)W + 2, &seq));
	cr_assert(replay_guess(&r, UINT32_MAX - (uint32_t)W + 1, &seq));
	cr_assert_eq(seq, UINT32_MAX - W + 1);
}

Test(replay, nothing_comes_after_the_last_number)
{
	struct replay r;
	uint64_t seq;

	start_at(&r, UINT64_MAX - 5);
	cr_assert(offer(&r, UINT64_MAX - 4));
	cr_assert(offer(&r, UINT64_MAX));
	cr_assert_not(offer(&r, UINT64_MAX));
	cr_assert(offer(&r, UINT64_MAX - 1));
	cr_assert_not(replay_guess(&r, 0, &seq));
	cr_assert_not(replay_guess(&r, 1, &seq));
	cr_assert_not(replay_guess(&r, UINT32_MAX - (uint32_t)W, &seq));
	cr_assert(replay_guess(&r, UINT32_MAX - (uint32_t)W + 1, &seq));
	cr_assert_eq(seq, UINT64_MAX - W + 1);
	cr_assert_eq(r.top, UINT64_MAX);
}

/* RFC 4303 A2.2, both cases, at both sides of each bound. */
Test(replay, the_high_half_is_the_one_of_the_appendix)
{
	static const struct {
		uint64_t top;
		uint32_t low;
		uint64_t seq;
	} cases[] = {
		/* Case A: the window lies within one subspace. */
		{ 5 * TWO_32 + W - 1, 1, 5 * TWO_32 + 1 },
		{ 5 * TWO_32 + W - 1, 0, 5 * TWO_32 },
		{ 5 * TWO_32 + W - 1, UINT32_MAX, 5 * TWO_32 + UINT32_MAX },
		{ 5 * TWO_32 + W, 1, 5 * TWO_32 + 1 },
		{ 5 * TWO_32 + W, 0, 6 * TWO_32 },
		{ 6 * TWO_32 - 1, (uint32_t)(0 - W), 6 * TWO_32 - W },
		{ 6 * TWO_32 - 1, (uint32_t)(0 - W) - 1, 7 * TWO_32 - W - 1 },
		{ 6 * TWO_32 - 1, 0, 6 * TWO_32 },
		/* Case B: it reaches into the one before. */
		{ 5 * TWO_32 + W - 2, UINT32_MAX, 5 * TWO_32 - 1 },
		{ 5 * TWO_32 + W - 2, UINT32_MAX - 1, 6 * TWO_32 - 2 },
		{ 5 * TWO_32, (uint32_t)(0 - W) + 1, 5 * TWO_32 - W + 1 },
		{ 5 * TWO_32, (uint32_t)(0 - W), 6 * TWO_32 - W },
		{ 5 * TWO_32, 1, 5 * TWO_32 + 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct replay r;
		uint64_t seq = 0;

		replay_init(&r);
		r.top = cases[i].top;
		cr_expect(replay_guess(&r, cases[i].low, &seq), "case %zu", i);
		cr_expect_eq(seq, cases[i].seq, "case %zu: %#" PRIx64, i, seq);
	}
}

Test(replay, a_guess_moves_nothing)
{
	struct replay r, before;
	uint64_t seq;

	start_at(&r, 1000);
	before = r;
	cr_assert(replay_guess(&r, 4000000000u, &seq));
	cr_assert(replay_guess(&r, 999, &seq));
	cr_assert_not(replay_guess(&r, 1000, &seq));
	cr_assert_eq(memcmp(&r, &before, sizeof(r)), 0);
}

Test(replay, accepting_twice_is_refused_whatever_was_guessed)
{
	struct replay r;

	start_at(&r, 1000);
	cr_assert(replay_accept(&r, 1005));
	cr_assert_not(replay_accept(&r, 1005));
	cr_assert(replay_accept(&r, 1001));
	cr_assert_not(replay_accept(&r, 1001));
	cr_assert(replay_accept(&r, 1000 + 2 * W));
	cr_assert_not(replay_accept(&r, 1000 + W));
	cr_assert(replay_accept(&r, 1001 + W));
}

/* Bulk, in WireGuard's manner: whole windows forwards, backwards, shifted. */
Test(replay, whole_windows_pass_once_in_any_direction)
{
	for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]) - 1; b++) {
		const uint64_t base = bases[b];
		struct replay r;

		start_at(&r, base);
		for (uint64_t i = 1; i <= W; i++)
			cr_assert(offer(&r, base + i));
		for (uint64_t i = 0; i <= W; i++)
			cr_assert_not(offer(&r, base + i));

		start_at(&r, base);
		for (uint64_t i = W; i > 0; i--)
			cr_assert(offer(&r, base + i));
		for (uint64_t i = W + 1; i > 0; i--)
			cr_assert_not(offer(&r, base + i - 1));

		start_at(&r, base);
		for (uint64_t i = W + 1; i > 1; i--)
			cr_assert(offer(&r, base + i));
		cr_assert_not(offer(&r, base + 1), "just left");
	}
}

/* A model without cleverness: the numbers seen so far, one byte each. */
enum { MODEL = 200000 };

static bool model_offer(uint8_t *seen, uint64_t *top, uint64_t n)
{
	if (n + W <= *top || seen[n])
		return false;
	seen[n] = 1;
	if (n > *top)
		*top = n;
	return true;
}

Test(replay, long_random_runs_agree_with_a_plain_model)
{
	uint8_t *seen = malloc(MODEL);

	cr_assert_not_null(seen);
	for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]) - 2; b++) {
		uint32_t random = 1 + (uint32_t)b;
		struct replay r;
		uint64_t top = 0;

		memset(seen, 0, MODEL);
		seen[0] = 1;
		start_at(&r, bases[b]);
		for (int i = 0; i < 100000; i++) {
			uint64_t n;

			random = random * 1664525 + 1013904223;
			/* Around the top, now and then a leap. */
			n = top + W / 4 - (random >> 16) % (3 * W / 2 + 40);
			if (n > top + W)
				n = top + 1;
			if ((random >> 8) % 4096 == 0)
				n = top + (random >> 20) % (2 * W);
			if (n >= MODEL)
				break;
			cr_assert_eq(offer(&r, bases[b] + n),
				     model_offer(seen, &top, n),
				     "base %#" PRIx64 " number %" PRIu64
				     " top %" PRIu64,
				     bases[b], n, top);
		}
	}
	free(seen);
}
