/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Lines on stderr, one per event: `what: detail key=value`. Error: the
 * operator must act. Warning: something is degraded. Info: associations come
 * and go. Debug: everything else. Never keys, never payload.
 */
#ifndef HIPLINE_LOG_H
#define HIPLINE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum {
	LOG_LINE_MAX = 1024, /* a longer one is cut, and ends in "..." */
	LOG_LIMIT_MS = 1000, /* between lines of one struct log_limit */
};

/* Lines above this level are not written. Info in the beginning. */
void log_set_level(enum log_level level);
enum log_level log_level(void);

/* "error", "warning", "info", "debug". False, *out untouched, if another. */
bool log_level_from_text(const char *text, enum log_level *out);

/*
 * Write one line. `what` is the thing concerned; the rest is as with printf.
 * Control characters become '?'. errno stays as it was. Each line is one
 * write, so that processes that share stderr do not mix theirs.
 */
void log_error(const char *what, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_warning(const char *what, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_info(const char *what, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void log_debug(const char *what, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * For what strangers can cause: at most one line per LOG_LIMIT_MS, which
 * says how many were left out before it. One of these, all zeros at first,
 * for each place that logs; the caller keeps it.
 */
struct log_limit {
	uint64_t next_ms;
	uint64_t suppressed;
};

void log_limited(struct log_limit *limit, uint64_t now_ms, enum log_level level,
		 const char *what, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#endif
