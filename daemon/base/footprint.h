/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Memory that only the start needed: self-tests, tables of algorithms, code
 * that runs once. Libraries touch megabytes of it, and we run for months.
 */
#ifndef HIPLINE_FOOTPRINT_H
#define HIPLINE_FOOTPRINT_H

/*
 * Lets go of it. Pages of programs and libraries come back from the page
 * cache when they are used again.
 */
void footprint_shrink(void);

#endif
