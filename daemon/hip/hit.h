/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host identity tags: RFC 7401 3.1, 3.2; ORCHIDv2, RFC 7343 2. Suite 5
 * after RFC 9374 3.5.2.1.
 */
#ifndef HIPLINE_HIT_H
#define HIPLINE_HIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hit {
	uint8_t bytes[16]; /* network order */
};

enum {
	HIT_TEXT_MAX = 46,	 /* RFC 5952 text and the final NUL */
	HIT_SELF_LABEL_LEN = 20, /* base32 of the 100 bits after the prefix */
};

/* Inside 2001:20::/28 (RFC 7343 2); nothing else is ever a HIT here. */
bool hit_is_hit(const struct hit *h);

/* The OGA id: RFC 7401's HIT suite, 0 to 15. */
uint8_t hit_suite(const struct hit *h);

static inline bool hit_equal(const struct hit *a, const struct hit *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Unsigned 128-bit order (RFC 7401 6.5): below, equal, above 0. */
int hit_compare(const struct hit *a, const struct hit *b);

/* RFC 5952 text, NUL-terminated. */
void hit_text(const struct hit *h, char out[HIT_TEXT_MAX]);

/* Any IPv6 text inside the prefix. 0, or -EINVAL with *out untouched. */
__attribute__((warn_unused_result)) int hit_from_text(const char *text,
						      struct hit *out);

/*
 * The 20 characters of a self-certifying name: lower-case base32 (RFC 4648
 * 6, no padding) of the 100 bits after the constant prefix.
 */
void hit_self_label(const struct hit *h, char out[HIT_SELF_LABEL_LEN + 1]);

/* Case-blind reverse of it. 0, or -EINVAL with *out untouched. */
__attribute__((warn_unused_result)) int hit_from_self_label(const char *label,
							    struct hit *out);

/*
 * True when a canonical name certifies itself, user@LABEL.suffix or
 * LABEL.suffix: then its HIT.
 */
bool hit_from_self_name(const char *name, const char *suffix, struct hit *out);

/*
 * The HIT of a Host Identity field (the HI bytes, without HOST_ID's header)
 * under a HIT suite. 0, -ENOTSUP for a suite that we do not know, or -EIO.
 */
__attribute__((warn_unused_result)) int
hit_from_hi(uint8_t suite, const uint8_t *hi, size_t len, struct hit *out);

#endif
