/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The R1 generation counter over restarts (RFC 7401 4.1.4): it never goes
 * back, or peers would take our R1s for replayed ones.
 */
#ifndef HIPLINE_GENERATION_H
#define HIPLINE_GENERATION_H

#include <stdint.h>

/*
 * Reads the generation that was in use last; 0 when there was none. Where
 * the file is broken it is set aside, and the time of day (s) stands for it,
 * which no counter has reached. 0 or a negative errno.
 */
__attribute__((warn_unused_result)) int
generation_load(int dir, uint64_t time_s, uint64_t *out);

/* Writes down the generation in use. 0 or a negative errno. */
__attribute__((warn_unused_result)) int generation_save(int dir,
							uint64_t generation);

#endif
