/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "cli/columns.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

static char *print(const struct columns *t)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cr_assert(columns_print(t, f));
	(void)fclose(f);
	return text;
}

Test(columns, each_is_as_wide_as_its_widest_cell)
{
	struct columns *t = columns_new(3, 1U << 1);
	char *text;

	columns_cell(t, "a");
	columns_cell(t, "%d", 1);
	columns_cell(t, "x");
	columns_cell(t, "\xc3\xbcml");
	columns_cell(t, "%d", 1000);
	columns_cell(t, "y");
	text = print(t);
	cr_assert(strcmp(text, "a       1  x\n"
			       "\xc3\xbcml  1000  y\n") == 0);
	free(text);
	columns_free(t);
}

Test(columns, no_line_ends_in_blanks)
{
	struct columns *t = columns_new(2, 0);
	char *text;

	columns_cell(t, "a");
	columns_cell(t, "%s", "");
	columns_cell(t, "b");
	columns_cell(t, "long");
	text = print(t);
	cr_assert(strcmp(text, "a\nb  long\n") == 0);
	free(text);
	columns_free(t);
}

Test(columns, control_characters_take_one_place)
{
	struct columns *t = columns_new(2, 0);
	char *text;

	columns_cell(t, "a\nb");
	columns_cell(t, "x");
	columns_cell(t, "abcd");
	columns_cell(t, "y");
	text = print(t);
	cr_assert(strcmp(text, "a?b   x\nabcd  y\n") == 0);
	free(text);
	columns_free(t);
}

Test(columns, many_rows_are_kept)
{
	struct columns *t = columns_new(1, 0);
	char *text;

	for (int i = 0; i < 1000; i++)
		columns_cell(t, "%03d", i);
	text = print(t);
	cr_assert(eq(sz, strlen(text), 4000));
	cr_assert(strcmp(text + 3996, "999\n") == 0);
	free(text);
	columns_free(t);
}

Test(columns, none_print_nothing)
{
	struct columns *t = columns_new(2, 0);
	char *text = print(t);

	cr_assert(strcmp(text, "") == 0);
	free(text);
	columns_free(t);
}

Test(columns, want_of_memory_shows_at_the_end)
{
	columns_cell(NULL, "x");
	cr_assert(not(columns_print(NULL, stdout)));
	columns_free(NULL);
}
