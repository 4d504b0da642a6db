/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One pass over the configuration's text. It knows comments, strings and
 * braces, and nothing of keys and values.
 */
#include "daemon/config_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	const char *p;
	const char *end;
	int line;
	char *out;
	size_t n;
	char before[2]; /* the last two characters that are not blank */
	int open[CONFIG_DEPTH_MAX]; /* lines of the braces that are open */
	size_t depth;
	const char *what;
	int what_line;
};

static bool fail(struct scan *s, int line, const char *what)
{
	s->what = what;
	s->what_line = line;
	return false;
}

static void put(struct scan *s, char c)
{
	s->out[s->n++] = c;
	if (c == ' ' || c == '\t' || c == '\n')
		return;
	s->before[0] = s->before[1];
	s->before[1] = c;
}

/* Takes one character over, or blanks it. */
static void take(struct scan *s, bool blank)
{
	char c = *s->p++;

	if (c == '\n')
		s->line++;
	put(s, blank && c != '\n' ? ' ' : c);
}

static bool at(const struct scan *s, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(s->end - s->p) >= len && !memcmp(s->p, text, len);
}

static bool line_comment(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		take(s, true);
	return true;
}

static bool block_comment(struct scan *s)
{
	int line = s->line;

	take(s, true);
	take(s, true);
	while (s->p < s->end && !at(s, "*/"))
		take(s, true);
	if (s->p == s->end)
		return fail(s, line, "this comment never ends");
	take(s, true);
	take(s, true);
	return true;
}

static bool string(struct scan *s)
{
	char quote = *s->p;
	int line = s->line;

	take(s, false);
	while (s->p < s->end && *s->p != quote) {
		if (*s->p == '\n')
			return fail(s, line,
				    "this string has no closing "
				    "quote on its line");
		if (*s->p == '\\')
			return fail(s, line, "a backslash cannot be used");
		if (at(s, "${"))
			return fail(s, line,
				    "environment variables cannot be "
				    "used");
		take(s, false);
	}
	if (s->p == s->end)
		return fail(s, line, "this string has no closing quote");
	take(s, false);
	return true;
}

static bool open_brace(struct scan *s)
{
	if (s->depth == CONFIG_DEPTH_MAX)
		return fail(s, s->line, "too many braces within braces");
	s->open[s->depth++] = s->line;
	take(s, false);
	return true;
}

static bool close_brace(struct scan *s)
{
	if (s->depth == 0)
		return fail(s, s->line, "this closing brace closes nothing");
	s->depth--;
	if (s->before[0] == '=' && s->before[1] == '{') {
		put(s, '"');
		put(s, '"');
	}
	take(s, false);
	return true;
}

static bool plain(struct scan *s)
{
	unsigned char c = (unsigned char)*s->p;

	if (c == '*' || c == '\\' || c == '(' || c == ')')
		return fail(s, s->line,
			    "* \\ ( and ) can be used only inside a string in "
			    "\"quotes\"");
	if (c == '$')
		return fail(s, s->line, "environment variables cannot be used");
	if (c == '+')
		return fail(s, s->line,
			    "+ can be used only inside a string in \"quotes\"; "
			    "a list is written whole");
	if (c < ' ' && c != '\n' && c != '\t' && c != '\r')
		return fail(s, s->line, "a control character");
	take(s, c == '\r');
	return true;
}

static bool step(struct scan *s)
{
	if (*s->p == '#' || at(s, "//"))
		return line_comment(s);
	if (at(s, "/*"))
		return block_comment(s);
	if (*s->p == '"' || *s->p == '\'')
		return string(s);
	if (*s->p == '{')
		return open_brace(s);
	if (*s->p == '}')
		return close_brace(s);
	return plain(s);
}

int config_text_prepare(const char *text, size_t len, char **out,
			struct config_fault *fault)
{
	/* Every empty list "={}" grows by two characters. */
	struct scan s = { .p = text, .end = text + len, .line = 1 };
	bool ok;

	*fault = (struct config_fault){ .line = 1 };
	if (len > CONFIG_TEXT_MAX) {
		fault->what = "the configuration is longer than 1 MiB";
		return -EINVAL;
	}
	if (memchr(text, '\0', len)) {
		fault->what = "this is no text: it holds a NUL byte";
		return -EINVAL;
	}
	s.out = malloc(2 * len + 1);
	if (!s.out)
		return -ENOMEM;
	do
		ok = s.p == s.end || step(&s);
	while (ok && s.p < s.end);
	if (ok && s.depth > 0)
		ok = fail(&s, s.open[s.depth - 1],
			  "this opening brace is never closed");
	if (!ok) {
		free(s.out);
		*fault = (struct config_fault){ s.what_line, s.what };
		return -EINVAL;
	}
	s.out[s.n] = '\0';
	*out = s.out;
	return 0;
}
