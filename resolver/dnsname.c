/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A pointer must lead to before the piece of the name that it ends, so that
 * reading comes to an end whatever stands there.
 */
#include "resolver/dnsname.h"

#include <errno.h>
#include <string.h>

enum {
	POINTER = 0xc0, /* RFC 1035 4.1.4: both bits set */
	POINTER_MASK = 0x3fff,
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* One label, its length read already. False when there is no room. */
static bool take_label(struct rd *r, uint8_t n, struct dnsname *name)
{
	/* The root's octet must still fit. */
	if (n > DNSNAME_LABEL_MAX || name->len + n + 2 > DNSNAME_MAX)
		return false;
	name->wire[name->len++] = n;
	rd_copy(r, name->wire + name->len, n);
	name->len += n;
	return !rd_failed(r);
}

void dnsname_read(struct rd *r, const struct rd *message, struct dnsname *out)
{
	const uint8_t *start = message->p;
	struct dnsname name = { .len = 0 };
	struct rd at = *r;
	const uint8_t *piece = at.p; /* pointers lead to before this */
	bool jumped = false;
	uint8_t n;

	while ((n = rd_u8(&at)) != 0) {
		size_t to;

		if (n < POINTER) {
			if (!take_label(&at, n, &name))
				break;
			continue;
		}
		to = (size_t)(n << 8 | rd_u8(&at)) & POINTER_MASK;
		if (!jumped)
			*r = at;
		jumped = true;
		if (rd_failed(&at) || to >= (size_t)(piece - start))
			break;
		at = *message;
		rd_skip(&at, to);
		piece = at.p;
	}
	if (n != 0 || rd_failed(&at)) {
		r->failed = true;
		return;
	}
	name.wire[name.len++] = 0;
	if (!jumped)
		*r = at;
	*out = name;
}

void dnsname_write(struct wr *w, const struct dnsname *name)
{
	wr_bytes(w, name->wire, name->len);
}

int dnsname_from_text(const char *text, struct dnsname *out)
{
	struct dnsname name = { .len = 0 };

	while (*text) {
		size_t n = strcspn(text, ".");

		if (n == 0 || n > DNSNAME_LABEL_MAX ||
		    name.len + n + 2 > DNSNAME_MAX)
			return -EINVAL;
		name.wire[name.len++] = (uint8_t)n;
		memcpy(name.wire + name.len, text, n);
		name.len += n;
		text += n;
		text += *text == '.';
	}
	name.wire[name.len++] = 0;
	*out = name;
	return 0;
}

bool dnsname_text(const struct dnsname *name, char out[DNSNAME_TEXT_MAX])
{
	size_t len = 0;

	for (size_t at = 0; name->wire[at] != 0; at += name->wire[at] + 1u) {
		if (len > 0)
			out[len++] = '.';
		for (size_t i = 1; i <= name->wire[at]; i++) {
			uint8_t c = lower(name->wire[at + i]);

			if (c == '.' || c == '\0')
				return false;
			out[len++] = (char)c;
		}
	}
	out[len] = '\0';
	return true;
}

bool dnsname_equal(const struct dnsname *a, const struct dnsname *b)
{
	if (a->len != b->len)
		return false;
	/* Lengths are below 'A': they stay what they are. */
	for (size_t i = 0; i < a->len; i++)
		if (lower(a->wire[i]) != lower(b->wire[i]))
			return false;
	return true;
}
