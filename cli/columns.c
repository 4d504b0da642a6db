/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Columns for people.
 */
#include "cli/columns.h"

#include "cli/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

enum { GAP = 2 };

struct columns {
	size_t per_row;
	unsigned right;
	char **cells;
	size_t n, cap;
	size_t width[COLUMNS_MAX];
	bool failed;
};

struct columns *columns_new(size_t per_row, unsigned right)
{
	struct columns *t;

	assert(per_row > 0 && per_row <= COLUMNS_MAX);
	t = calloc(1, sizeof(*t));
	if (t) {
		t->per_row = per_row;
		t->right = right;
	}
	return t;
}

void columns_free(struct columns *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}

static bool grow(struct columns *t)
{
	size_t cap = t->cap ? 2 * t->cap : 64;
	char **cells = realloc(t->cells, cap * sizeof(*cells));

	if (!cells)
		return false;
	t->cells = cells;
	t->cap = cap;
	return true;
}

void columns_cell(struct columns *t, const char *format, ...)
{
	size_t column, width;
	va_list args;
	char *cell;
	int n;

	if (!t || t->failed)
		return;
	if (t->n == t->cap && !grow(t)) {
		t->failed = true;
		return;
	}
	va_start(args, format);
	n = vasprintf(&cell, format, args);
	va_end(args);
	if (n < 0) {
		t->failed = true;
		return;
	}
	column = t->n % t->per_row;
	width = text_width(cell);
	if (width > t->width[column])
		t->width[column] = width;
	t->cells[t->n++] = cell;
}

static void pad(FILE *out, size_t n)
{
	for (; n > 0; n--)
		(void)fputc(' ', out);
}

static void print_row(const struct columns *t, char *const *row, FILE *out)
{
	size_t last = t->per_row;
	size_t owed = 0; /* blanks, written only in front of something */

	while (last > 0 && row[last - 1][0] == '\0')
		last--;
	for (size_t i = 0; i < last; i++) {
		size_t rest = t->width[i] - text_width(row[i]);
		bool right = t->right & 1U << i;

		pad(out, owed + (right ? rest : 0));
		text_put(out, row[i]);
		owed = GAP + (right ? 0 : rest);
	}
	(void)fputc('\n', out);
}

bool columns_print(const struct columns *t, FILE *out)
{
	if (!t || t->failed)
		return false;
	for (size_t i = 0; i + t->per_row <= t->n; i += t->per_row)
		print_row(t, t->cells + i, out);
	return true;
}
