/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * How busy strangers keep a Responder, and how hard its puzzles should be
 * for that: RFC 7401 4.1.1, 7. What came is forgotten within seconds.
 */
#ifndef HIPLINE_LOAD_H
#define HIPLINE_LOAD_H

#include <stdint.h>

/* What one of these counts; a signature check is 100 us or so. */
enum load_cost {
	LOAD_I1 = 1,
	LOAD_I2 = 50,	    /* its puzzle was solved: DH follows */
	LOAD_BAD_I2 = 1000, /* and it was not genuine */
};

/* All zeros: calm. */
struct load {
	uint64_t score;
	uint64_t at_ms;
};

void load_add(struct load *l, enum load_cost cost, uint64_t now_ms);

/* The difficulty that fits: 0 to PUZZLE_K_LOAD_MAX. */
uint8_t load_k(const struct load *l, uint64_t now_ms);

#endif
