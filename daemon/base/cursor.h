/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One reader and one writer for every wire format of the project. Both fail
 * once and stay failed: a failed reader gives zeros, a failed writer writes
 * nothing more, and the caller asks once, at the end. All integers on the
 * wire are big-endian. A length inside a packet makes a sub-reader, so that
 * an inner parser cannot leave its parameter.
 */
#ifndef HIPLINE_CURSOR_H
#define HIPLINE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that stand elsewhere. */
struct span {
	const uint8_t *bytes;
	size_t len;
};

/* A reader over bytes that it borrows. Pass it by value to look ahead. */
struct rd {
	const uint8_t *p;
	const uint8_t *end;
	bool failed;
};

/* A writer into bytes that it borrows. */
struct wr {
	uint8_t *start;
	uint8_t *p;
	uint8_t *end;
	bool failed;
};

static inline struct rd rd_init(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	return (struct rd){ .p = p, .end = p ? p + len : p, .failed = false };
}

/* Bytes not read yet; 0 after a failure. */
static inline size_t rd_left(const struct rd *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->p);
}

static inline bool rd_failed(const struct rd *r)
{
	return r->failed;
}

/* True when nothing failed and nothing is left over. */
static inline bool rd_done(const struct rd *r)
{
	return !r->failed && r->p == r->end;
}

/*
 * Takes len bytes and answers where they begin, borrowed from the buffer
 * under the reader; NULL when there are not that many.
 */
static inline const uint8_t *rd_bytes(struct rd *r, size_t len)
{
	const uint8_t *at = r->p;

	if (rd_left(r) < len || r->failed) {
		r->failed = true;
		return NULL;
	}
	if (len > 0)
		r->p += len;
	return at;
}

static inline void rd_skip(struct rd *r, size_t len)
{
	(void)rd_bytes(r, len); /* a failure stays in the reader */
}

/* Copies len bytes to out; zeros when there are not that many. */
static inline void rd_copy(struct rd *r, void *out, size_t len)
{
	const uint8_t *at = rd_bytes(r, len);

	if (len == 0)
		return;
	if (at)
		memcpy(out, at, len);
	else
		memset(out, 0, len);
}

static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *at = rd_bytes(r, 1);

	return at ? at[0] : 0;
}

static inline uint16_t rd_u16(struct rd *r)
{
	const uint8_t *at = rd_bytes(r, 2);

	return at ? (uint16_t)(at[0] << 8 | at[1]) : 0;
}

static inline uint32_t rd_u32(struct rd *r)
{
	const uint8_t *at = rd_bytes(r, 4);

	if (!at)
		return 0;
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t rd_u64(struct rd *r)
{
	uint64_t high = rd_u32(r);
	uint64_t low = rd_u32(r);

	return high << 32 | low;
}

/*
 * A reader over the next len bytes, which this one skips. When there are not
 * that many, both have failed.
 */
static inline struct rd rd_sub(struct rd *r, size_t len)
{
	const uint8_t *at = rd_bytes(r, len);

	if (r->failed)
		return (struct rd){ .p = r->p, .end = r->p, .failed = true };
	return rd_init(at, len);
}

static inline struct wr wr_init(void *bytes, size_t cap)
{
	uint8_t *p = bytes;

	return (struct wr){ .start = p, .p = p, .end = p + cap };
}

/* Bytes written so far. */
static inline size_t wr_len(const struct wr *w)
{
	return (size_t)(w->p - w->start);
}

static inline size_t wr_left(const struct wr *w)
{
	return w->failed ? 0 : (size_t)(w->end - w->p);
}

static inline bool wr_failed(const struct wr *w)
{
	return w->failed;
}

/*
 * Takes len bytes of room and answers where they begin, for the caller to
 * fill at once; NULL when there is no such room.
 */
static inline uint8_t *wr_room(struct wr *w, size_t len)
{
	uint8_t *at = w->p;

	if (w->failed || (size_t)(w->end - w->p) < len) {
		w->failed = true;
		return NULL;
	}
	w->p += len;
	return at;
}

static inline void wr_bytes(struct wr *w, const void *bytes, size_t len)
{
	uint8_t *at = wr_room(w, len);

	if (at && len > 0)
		memcpy(at, bytes, len);
}

static inline void wr_zero(struct wr *w, size_t len)
{
	uint8_t *at = wr_room(w, len);

	if (at && len > 0)
		memset(at, 0, len);
}

static inline void wr_u8(struct wr *w, uint8_t v)
{
	wr_bytes(w, &v, 1);
}

static inline void wr_u16(struct wr *w, uint16_t v)
{
	const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	wr_bytes(w, b, sizeof(b));
}

static inline void wr_u32(struct wr *w, uint32_t v)
{
	const uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
			       (uint8_t)(v >> 8), (uint8_t)v };

	wr_bytes(w, b, sizeof(b));
}

static inline void wr_u64(struct wr *w, uint64_t v)
{
	wr_u32(w, (uint32_t)(v >> 32));
	wr_u32(w, (uint32_t)v);
}

/* Writes v over the two bytes at offset, which were written before. */
static inline void wr_u16_at(struct wr *w, size_t offset, uint16_t v)
{
	if (w->failed || wr_len(w) < 2 || offset > wr_len(w) - 2) {
		w->failed = true;
		return;
	}
	w->start[offset] = (uint8_t)(v >> 8);
	w->start[offset + 1] = (uint8_t)v;
}

#endif
