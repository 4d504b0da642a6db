/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A short array of warnings.
 */
#include "daemon/warnings.h"

#include "daemon/base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void warnings_clear(struct warnings *w)
{
	free(w->all);
	*w = (struct warnings){ 0 };
}

static bool is_there(const struct warnings *w, const struct warning *one)
{
	for (size_t i = 0; i < w->n; i++)
		if (!strcmp(w->all[i].code, one->code) &&
		    !strcmp(w->all[i].text, one->text))
			return true;
	return false;
}

void warnings_add(struct warnings *w, const char *code, const char *remedy,
		  const char *format, ...)
{
	struct warning one = { .code = code, .remedy = remedy };
	struct warning *all;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(one.text, sizeof(one.text), format,
			args); /* cut short it still tells */
	va_end(args);
	if (is_there(w, &one))
		return;
	log_warning(code, "%s; %s", one.text, remedy);
	if (w->n == WARNINGS_MAX)
		return;
	all = realloc(w->all, (w->n + 1) * sizeof(*all));
	if (!all)
		return; /* it is in the log */
	w->all = all;
	w->all[w->n++] = one;
}

void warnings_remove_about(struct warnings *w, const char *code,
			   const char *about, const char *but)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->all[i].code, code) != 0 ||
		    strncmp(w->all[i].text, about, strlen(about)) != 0 ||
		    (but && strcmp(w->all[i].text, but) == 0))
			w->all[kept++] = w->all[i];
	w->n = kept;
}

void warnings_remove(struct warnings *w, const char *code)
{
	warnings_remove_about(w, code, "", NULL);
}
