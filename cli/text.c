/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Text for people.
 */
#include "cli/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

enum {
	MINUTE_S = 60,
	HOUR_S = 60 * MINUTE_S,
	DAY_S = 24 * HOUR_S,
};

void text_bytes(uint64_t bytes, char out[TEXT_MAX])
{
	static const char *const units[] = {
		"kB", "MB", "GB", "TB", "PB", "EB"
	};
	size_t i = 0;
	uint64_t tenths = bytes / 100;

	if (bytes < 1000) {
		(void)snprintf(out, TEXT_MAX, "%" PRIu64 " B", bytes);
		return;
	}
	while (tenths >= 10000 && i + 1 < sizeof(units) / sizeof(units[0])) {
		tenths /= 1000;
		i++;
	}
	(void)snprintf(out, TEXT_MAX, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10,
		       tenths % 10, units[i]);
}

void text_duration(uint64_t seconds, char out[TEXT_MAX])
{
	const uint64_t s = seconds;

	if (s < MINUTE_S)
		(void)snprintf(out, TEXT_MAX, "%" PRIu64 " s", s);
	else if (s < HOUR_S)
		(void)snprintf(out, TEXT_MAX, "%" PRIu64 " min", s / MINUTE_S);
	else if (s < DAY_S)
		(void)snprintf(out, TEXT_MAX, "%" PRIu64 " h %" PRIu64 " min",
			       s / HOUR_S, s % HOUR_S / MINUTE_S);
	else
		(void)snprintf(out, TEXT_MAX, "%" PRIu64 " d %" PRIu64 " h",
			       s / DAY_S, s % DAY_S / HOUR_S);
}

/* Takes digits off *at onto *value; false above 2^63 - 1. */
static bool take_digits(const char **at, uint64_t *value)
{
	for (; **at >= '0' && **at <= '9'; (*at)++) {
		uint64_t digit = (uint64_t)(**at - '0');

		if (*value > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	return true;
}

bool text_number_parse(const char *text, uint64_t *out)
{
	const char *at = text;
	uint64_t value = 0;

	if (!take_digits(&at, &value) || at == text || *at != '\0')
		return false;
	*out = value;
	return true;
}

bool text_seconds_parse(const char *text, uint64_t *out_us)
{
	const char *at = text;
	uint64_t value = 0;
	int decimals = 6;

	if (!take_digits(&at, &value) || at == text)
		return false;
	if (*at == '.') {
		const char *point = at++;

		if (!take_digits(&at, &value) || at - point > 7 ||
		    at - point < 2)
			return false;
		decimals -= (int)(at - point - 1);
	}
	if (*at != '\0')
		return false;
	for (; decimals > 0; decimals--) {
		if (value > INT64_MAX / 10)
			return false;
		value *= 10;
	}
	*out_us = value;
	return true;
}

size_t text_width(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (((unsigned char)*text & 0xc0) != 0x80)
			n++;
	}
	return n;
}

void text_put(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0'; p++) {
		/* U+0080 to U+009F are control characters too. */
		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
			(void)fputc('?', out);
			p++;
		} else if (*p < 0x20 || *p == 0x7f) {
			(void)fputc('?', out);
		} else {
			(void)fputc(*p, out);
		}
	}
}

void text_complain(FILE *err, const char *format, ...)
{
	va_list args;
	char *message = NULL;
	int n;

	va_start(args, format);
	n = vasprintf(&message, format, args);
	va_end(args);
	(void)fputs("hipline: ", err);
	text_put(err, n < 0 ? "out of memory" : message);
	(void)fputc('\n', err);
	if (n >= 0)
		free(message);
}
