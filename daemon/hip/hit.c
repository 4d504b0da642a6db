/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host identity tags: RFC 7401 3.2, RFC 7343 2, RFC 9374 3.5.2.1; their text
 * (RFC 5952, by inet_ntop) and their 20 characters of base32.
 */
#include "daemon/hip/hit.h"

#include "daemon/hip/suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* RFC 7343 2: 2001:20::/28. The low four bits of byte 3 are the OGA id. */
static const uint8_t prefix[4] = { 0x20, 0x01, 0x00, 0x20 };

/* RFC 7401 3.2. */
static const uint8_t context_id[16] = { 0xf0, 0xef, 0xf0, 0x2f, 0xbf, 0xf4,
					0x3d, 0x0f, 0xe7, 0x93, 0x0c, 0x3c,
					0x6e, 0x61, 0x74, 0xea };

enum { ENCODED_LEN = 12 }; /* RFC 7343 2: 96 bits of hash */

/* RFC 4648 6, in lower case. */
static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

bool hit_is_hit(const struct hit *h)
{
	return memcmp(h->bytes, prefix, 3) == 0 &&
	       (h->bytes[3] & 0xf0) == prefix[3];
}

uint8_t hit_suite(const struct hit *h)
{
	return h->bytes[3] & 0x0f;
}

int hit_compare(const struct hit *a, const struct hit *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

void hit_text(const struct hit *h, char out[HIT_TEXT_MAX])
{
	/* Cannot fail: the room is enough for every address. */
	if (!inet_ntop(AF_INET6, h->bytes, out, HIT_TEXT_MAX))
		out[0] = '\0';
}

int hit_from_text(const char *text, struct hit *out)
{
	struct hit h;

	if (inet_pton(AF_INET6, text, h.bytes) != 1 || !hit_is_hit(&h))
		return -EINVAL;
	*out = h;
	return 0;
}

/*
 * The 100 bits are the low half of byte 3 and bytes 4 to 15: 25 half bytes,
 * so that character i begins at bit 28 + 5 i.
 */
void hit_self_label(const struct hit *h, char out[HIT_SELF_LABEL_LEN + 1])
{
	for (size_t i = 0; i < HIT_SELF_LABEL_LEN; i++) {
		unsigned int v = 0;

		for (size_t bit = 28 + 5 * i; bit < 33 + 5 * i; bit++)
			v = v << 1 | (h->bytes[bit / 8] >> (7 - bit % 8) & 1u);
		out[i] = base32[v];
	}
	out[HIT_SELF_LABEL_LEN] = '\0';
}

/* The value of a base32 character in either case, or -1. */
static int base32_value(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

int hit_from_self_label(const char *label, struct hit *out)
{
	struct hit h = { { 0 } };

	if (strlen(label) != HIT_SELF_LABEL_LEN)
		return -EINVAL;
	memcpy(h.bytes, prefix, sizeof(prefix));
	for (size_t i = 0; i < HIT_SELF_LABEL_LEN; i++) {
		int v = base32_value(label[i]);

		if (v < 0)
			return -EINVAL;
		for (size_t k = 0; k < 5; k++) {
			size_t bit = 28 + 5 * i + k;

			if (v >> (4 - k) & 1)
				h.bytes[bit / 8] |= 0x80u >> bit % 8;
		}
	}
	*out = h;
	return 0;
}

bool hit_from_self_name(const char *name, const char *suffix, struct hit *out)
{
	const char *at = strchr(name, '@');
	const char *host = at ? at + 1 : name;
	char label[HIT_SELF_LABEL_LEN + 1];

	if (strlen(host) != HIT_SELF_LABEL_LEN + 1 + strlen(suffix) ||
	    host[HIT_SELF_LABEL_LEN] != '.' ||
	    strcmp(host + HIT_SELF_LABEL_LEN + 1, suffix) != 0)
		return false;
	memcpy(label, host, HIT_SELF_LABEL_LEN);
	label[HIT_SELF_LABEL_LEN] = '\0';
	return hit_from_self_label(label, out) == 0;
}

/*
 * RFC 7343 2: the middle 96 bits of the hash. RFC 9374 3.5.2.1: of an
 * extendable hash 96 bits are asked for instead.
 */
static int encode_96(uint8_t suite, const struct piece *pieces, size_t n,
		     uint8_t out[ENCODED_LEN])
{
	uint8_t hash[RHASH_MAX];
	int err;

	if (suite == HIT_SUITE_EDDSA)
		return suite_xof(suite, pieces, n, out, ENCODED_LEN);
	err = suite_rhash(suite, pieces, n, hash);
	if (err)
		return err;
	memcpy(out, hash + (suite_rhash_len(suite) - ENCODED_LEN) / 2,
	       ENCODED_LEN);
	return 0;
}

int hit_from_hi(uint8_t suite, const uint8_t *hi, size_t len, struct hit *out)
{
	const struct piece pieces[] = { { context_id, sizeof(context_id) },
					{ hi, len } };
	struct hit h;
	int err = encode_96(suite, pieces, 2, h.bytes + sizeof(prefix));

	if (err)
		return err;
	memcpy(h.bytes, prefix, sizeof(prefix));
	h.bytes[3] |= suite;
	*out = h;
	return 0;
}
