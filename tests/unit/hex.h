/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Test vectors as hexadecimal text; white space between digits is skipped. */
#ifndef HIPLINE_HEX_H
#define HIPLINE_HEX_H

#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The bytes of text into out, which holds cap; returns how many. */
static inline size_t hex(const char *text, uint8_t *out, size_t cap)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0; /* half bytes */

	for (; *text; text++) {
		const char *at;

		if (isspace((unsigned char)*text))
			continue;
		at = strchr(digits, tolower((unsigned char)*text));
		assert(at && n / 2 < cap);
		if (n % 2 == 0)
			out[n / 2] = (uint8_t)((at - digits) << 4);
		else
			out[n / 2] |= (uint8_t)(at - digits);
		n++;
	}
	assert(n % 2 == 0);
	return n / 2;
}

#endif
