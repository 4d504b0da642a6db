/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A score that halves every HALF_MS. Twice the score means two bits more, so
 * that a flood of I2s costs its sender four times the work.
 */
#include "daemon/hip/load.h"

#include "daemon/hip/limits.h"

enum {
	HALF_MS = 700,
	CALM = 20000, /* below that puzzles are not needed */
	K_FIRST = 4,
	K_STEP = 2,
	SCORE_BITS = 64,
};

static uint64_t faded(const struct load *l, uint64_t now_ms)
{
	uint64_t halves = (now_ms - l->at_ms) / HALF_MS;
	uint64_t rest = (now_ms - l->at_ms) % HALF_MS;
	uint64_t score = halves < SCORE_BITS ? l->score >> halves : 0;

	return score - score * rest / (2 * HALF_MS);
}

void load_add(struct load *l, enum load_cost cost, uint64_t now_ms)
{
	l->score = faded(l, now_ms) + cost;
	l->at_ms = now_ms;
}

uint8_t load_k(const struct load *l, uint64_t now_ms)
{
	uint64_t score = faded(l, now_ms);
	uint8_t k = K_FIRST;

	if (score < CALM)
		return 0;
	while (score >= 2 * CALM && k < PUZZLE_K_LOAD_MAX) {
		score /= 2;
		k += K_STEP;
	}
	return k;
}
