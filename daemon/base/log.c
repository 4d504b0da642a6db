/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One line, one write. The level is the only thing here that changes.
 */
#include "daemon/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static atomic_int highest = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&highest, (int)level);
}

enum log_level log_level(void)
{
	return (enum log_level)atomic_load(&highest);
}

bool log_level_from_text(const char *text, enum log_level *out)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* ASCII's control characters, and those of UTF-8 (U+0080 to U+009F). */
static void clean(char *line, size_t len)
{
	unsigned char last = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c < 0x20 || c == 0x7f || (last == 0xc2 && c < 0xa0))
			line[i] = '?';
		last = c;
	}
}

/* Appends formatted text to a line of *len bytes, cutting what is too long. */
__attribute__((format(printf, 3, 0))) static void
append(char line[LOG_LINE_MAX], size_t *len, const char *format, va_list args)
{
	size_t room = LOG_LINE_MAX - *len;
	int n = vsnprintf(line + *len, room, format, args);

	if (n < 0)
		return; /* a format that libc refuses says nothing */
	*len += (size_t)n < room ? (size_t)n : room - 1;
}

__attribute__((format(printf, 3, 4))) static void
append_text(char line[LOG_LINE_MAX], size_t *len, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(line, len, format, args);
	va_end(args);
}

__attribute__((format(printf, 3, 0))) static void
write_line(const char *what, uint64_t suppressed, const char *format,
	   va_list args)
{
	static const char cut[] = "...";
	char line[LOG_LINE_MAX];
	int saved = errno;
	size_t len = 0;

	append_text(line, &len, "%s: ", what);
	append(line, &len, format, args);
	if (suppressed > 0)
		append_text(line, &len, " suppressed=%" PRIu64, suppressed);
	clean(line, len);
	if (len == LOG_LINE_MAX - 1)
		memcpy(line + len - strlen(cut), cut, strlen(cut));
	line[len++] = '\n';
	/* Where stderr cannot be written, there is nobody left to tell. */
	if (write(STDERR_FILENO, line, len) < 0)
		errno = saved;
	errno = saved;
}

static bool is_on(enum log_level level)
{
	return level <= log_level();
}

void log_error(const char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_line(what, 0, format, args);
	va_end(args);
}

void log_warning(const char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (is_on(LOG_LEVEL_WARNING))
		write_line(what, 0, format, args);
	va_end(args);
}

void log_info(const char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (is_on(LOG_LEVEL_INFO))
		write_line(what, 0, format, args);
	va_end(args);
}

void log_debug(const char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (is_on(LOG_LEVEL_DEBUG))
		write_line(what, 0, format, args);
	va_end(args);
}

void log_limited(struct log_limit *limit, uint64_t now_ms, enum log_level level,
		 const char *what, const char *format, ...)
{
	va_list args;

	if (!is_on(level))
		return;
	if (now_ms < limit->next_ms) {
		limit->suppressed++;
		return;
	}
	va_start(args, format);
	write_line(what, limit->suppressed, format, args);
	va_end(args);
	limit->next_ms = now_ms + LOG_LIMIT_MS;
	limit->suppressed = 0;
}
