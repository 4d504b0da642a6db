/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Requests and replies of the control socket. Every text is its length (4),
 * its bytes, and a NUL that the length does not count: what was parsed can
 * be used where it lies.
 */
#include "daemon/base/api.h"

#include "daemon/base/cursor.h"

#include <string.h>

/*
 * One character of UTF-8 (RFC 3629 4) at p, of which `left` bytes are there:
 * its length, or 0. Overlong forms, surrogates and what lies beyond U+10FFFF
 * are none.
 */
static size_t utf8_char(const uint8_t *p, size_t left)
{
	uint32_t c = p[0], least;
	size_t n;

	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c < 0xe0) {
		n = 2;
		least = 0x80;
	} else if (c >= 0xe0 && c < 0xf0) {
		n = 3;
		least = 0x800;
	} else if (c >= 0xf0 && c < 0xf5) {
		n = 4;
		least = 0x10000;
	} else {
		return 0;
	}
	if (left < n)
		return 0;
	c &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

static bool is_utf8(const uint8_t *p, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_char(p + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

/* The text at r, of at most max bytes; NULL, and r failed, if there is none. */
static const char *read_text(struct rd *r, size_t max)
{
	size_t len = rd_u32(r);
	const uint8_t *text = NULL;

	if (len <= max)
		text = rd_bytes(r, len);
	if (!text || rd_u8(r) != 0 || rd_failed(r) || memchr(text, '\0', len) ||
	    !is_utf8(text, len)) {
		r->failed = true;
		return NULL;
	}
	return (const char *)text;
}

/* Fails the writer when the text would not be parsed. */
static void write_text(struct wr *w, const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len > max || !is_utf8((const uint8_t *)text, len)) {
		w->failed = true;
		return;
	}
	wr_u32(w, (uint32_t)len);
	wr_bytes(w, text, len + 1);
}

static size_t written(const struct wr *w)
{
	return wr_failed(w) ? 0 : wr_len(w);
}

size_t api_request_write(const struct api_request *r, uint8_t *out, size_t cap)
{
	struct wr w =
		wr_init(out, cap < API_REQUEST_MAX ? cap : API_REQUEST_MAX);

	if (r->n_args > API_ARGS_MAX)
		return 0;
	write_text(&w, r->command, API_TEXT_MAX);
	wr_u16(&w, (uint16_t)r->n_args);
	for (size_t i = 0; i < r->n_args; i++)
		write_text(&w, r->args[i], API_TEXT_MAX);
	return written(&w);
}

bool api_request_parse(const uint8_t *body, size_t len, struct api_request *out)
{
	struct rd r = rd_init(body, len);
	struct api_request v = { 0 };

	if (len > API_REQUEST_MAX)
		return false;
	v.command = read_text(&r, API_TEXT_MAX);
	v.n_args = rd_u16(&r);
	if (rd_failed(&r) || v.n_args > API_ARGS_MAX)
		return false;
	for (size_t i = 0; i < v.n_args; i++)
		v.args[i] = read_text(&r, API_TEXT_MAX);
	if (!rd_done(&r))
		return false;
	*out = v;
	return true;
}

size_t api_reply_len(const struct api_reply *r)
{
	return 1 + 4 + strlen(r->text) + 1 + 4 + strlen(r->json) + 1;
}

size_t api_reply_write(const struct api_reply *r, uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u8(&w, r->exit);
	write_text(&w, r->text, UINT32_MAX);
	write_text(&w, r->json, UINT32_MAX);
	return written(&w);
}

bool api_reply_parse(const uint8_t *body, size_t len, struct api_reply *out)
{
	struct rd r = rd_init(body, len);
	struct api_reply v = { 0 };

	v.exit = rd_u8(&r);
	v.text = read_text(&r, len);
	v.json = read_text(&r, len);
	if (!rd_done(&r) || v.exit > API_NO_SUCH_NAME)
		return false;
	*out = v;
	return true;
}
