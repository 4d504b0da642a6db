/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * As much of DER (X.690 10) as our certificates are made of. Reading takes
 * the shortest form of every length and nothing else; readers fail and stay
 * failed as in base/cursor.h.
 */
#ifndef HIPLINE_DER_H
#define HIPLINE_DER_H

#include "daemon/base/cursor.h"

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_OID = 0x06,
	DER_IA5 = 0x16,
	DER_UTC_TIME = 0x17,
	DER_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80,	  /* [n], primitive */
	DER_CONTEXT_BEGIN = 0xa0, /* [n], constructed */
	DER_LEN_MAX = 0xffff,	  /* of one element's contents */
};

/* Contents begin at the writer's place; der_end puts tag and length before
 * them. Contents over DER_LEN_MAX leave w failed. */
static inline size_t der_begin(const struct wr *w)
{
	return wr_len(w);
}
void der_end(struct wr *w, size_t begin, uint8_t tag);

/* One element whose contents are there. */
void der_write(struct wr *w, uint8_t tag, const void *bytes, size_t len);

/* A number of any length, as an INTEGER that is not negative. */
void der_integer_write(struct wr *w, const uint8_t *bytes, size_t len);

/* The contents of the next element, which must have that tag. */
struct rd der_read(struct rd *r, uint8_t tag);

/* The tag of the next element; 0 at the end. */
uint8_t der_peek(const struct rd *r);

/* An INTEGER that is not negative, at `width` bytes, zeros in front. */
void der_integer_read(struct rd *r, uint8_t *out, size_t width);

/* Seconds since 1970 as RFC 5280 4.1.2.5 wants them, UTCTime before 2050;
 * from 2000 to 9999, else w or r fails. */
void der_date_write(struct wr *w, uint64_t seconds);
uint64_t der_date_read(struct rd *r);

#endif
