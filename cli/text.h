/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Text for people: numbers with units, messages of the form
 * "hipline: what: cause. Remedy.", and the reverse for arguments. What comes
 * from elsewhere is printed without control characters, so that no name can
 * play with a terminal.
 */
#ifndef HIPLINE_TEXT_H
#define HIPLINE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { TEXT_MAX = 32 };

/* "999 B", "1.0 kB", "12.3 MB": powers of 1000. */
void text_bytes(uint64_t bytes, char out[TEXT_MAX]);

/* "5 s", "3 min", "2 h 5 min", "3 d 4 h". */
void text_duration(uint64_t seconds, char out[TEXT_MAX]);

/* Decimal digits only. False on anything else, or above 2^63 - 1. */
bool text_number_parse(const char *text, uint64_t *out);

/* Seconds with up to six decimals, as microseconds. */
bool text_seconds_parse(const char *text, uint64_t *out_us);

/* Characters (not bytes) of UTF-8 text. */
size_t text_width(const char *text);

/* Writes UTF-8 text; every control character becomes '?'. */
void text_put(FILE *out, const char *text);

/* Writes "hipline: ", the message and a newline. */
__attribute__((format(printf, 2, 3))) void
text_complain(FILE *err, const char *format, ...);

#endif
