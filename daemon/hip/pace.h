/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * So many at once, and then one each so often.
 */
#ifndef HIPLINE_PACE_H
#define HIPLINE_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* All zeros: none yet. */
struct pace {
	uint64_t full_ms; /* then all of them may come at once again */
};

/* May one more come now? Then it counts. */
bool pace_allow(struct pace *p, unsigned int at_once, uint64_t each_ms,
		uint64_t now_ms);

#endif
