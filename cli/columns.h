/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Columns for people: cells are collected, then printed with every column as
 * wide as its widest cell.
 */
#ifndef HIPLINE_COLUMNS_H
#define HIPLINE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct columns;

enum { COLUMNS_MAX = 16 };

/*
 * Columns whose bit is set in `right` are aligned to the right. NULL for
 * want of memory.
 */
struct columns *columns_new(size_t per_row, unsigned right);
void columns_free(struct columns *t);

/* The next cell, from left to right, row by row. Takes NULL. */
__attribute__((format(printf, 2, 3))) void
columns_cell(struct columns *t, const char *format, ...);

/* Prints every whole row. False when memory ran out before; nothing is
 * printed then. */
bool columns_print(const struct columns *t, FILE *out);

#endif
