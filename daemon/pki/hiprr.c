/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * HIP resource records (RFC 8005 5, 6). A key in DNS lacks what stands before
 * it in a Host Identity field (RFC 7401 5.2.9, RFC 9374 3.4.1.1): the label of
 * its curve, and of a point that it is not compressed (RFC 6605 4).
 */
#include "daemon/pki/hiprr.h"

#include "daemon/hip/suite.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
	CURVE_LEN = 2,
	EDDSA_HEAD = 4, /* curve, NULL */
	POINT_UNCOMPRESSED = 4,
	P256_LEN = 64,
	P384_LEN = 96,
	LABEL_MAX = 63,
	NAME_WIRE_MAX = 255, /* RFC 1035 2.3.4 */
	/* "IN HIP ( 255 ", 32 digits, base64 of the key, " )" */
	TEXT_KEY_MAX = 1400,
};

/* One name, uncompressed (RFC 8005 5.6). False when it is none. */
static bool take_name(struct rd *r, struct span *out)
{
	const uint8_t *begin = r->p;
	size_t len;

	do {
		len = rd_u8(r);
		if (len > LABEL_MAX)
			return false;
		rd_skip(r, len);
	} while (len > 0 && !rd_failed(r));
	if (rd_failed(r))
		return false;
	*out = (struct span){ begin, (size_t)(r->p - begin) };
	return out->len > 1 && out->len <= NAME_WIRE_MAX;
}

enum drop hiprr_parse(struct rd r, struct hiprr *out)
{
	struct hiprr rr = { .n_servers = 0 };
	struct span name;

	rr.hit.len = rd_u8(&r);
	rr.algorithm = rd_u8(&r);
	rr.key.len = rd_u16(&r);
	rr.hit.bytes = rd_bytes(&r, rr.hit.len);
	rr.key.bytes = rd_bytes(&r, rr.key.len);
	if (rd_failed(&r) || rr.hit.len == 0 || rr.key.len == 0)
		return DROP_MALFORMED; /* RFC 8005 5: both are REQUIRED */
	rr.servers = (struct span){ r.p, rd_left(&r) };
	for (; rd_left(&r) > 0; rr.n_servers++)
		if (!take_name(&r, &name))
			return DROP_MALFORMED;
	*out = rr;
	return DROP_NONE;
}

/* HOST_ID's algorithm of a record's; 0: none that we verify. */
static uint16_t hi_algorithm(uint8_t algorithm)
{
	switch (algorithm) {
	case HIPRR_RSA:
		return HI_RSA;
	case HIPRR_ECDSA:
		return HI_ECDSA;
	case HIPRR_EDDSA:
		return HI_EDDSA;
	default:
		return 0;
	}
}

/* The Host Identity field of a record's key; its length, 0 for none. */
static size_t host_identity(const struct hiprr *rr, uint8_t out[HI_MAX])
{
	struct wr w = wr_init(out, HI_MAX);

	if (rr->algorithm == HIPRR_ECDSA) {
		if (rr->key.len != P256_LEN && rr->key.len != P384_LEN)
			return 0;
		wr_u16(&w,
		       rr->key.len == P256_LEN ? HI_CURVE_P256 : HI_CURVE_P384);
		wr_u8(&w, POINT_UNCOMPRESSED);
	} else if (rr->algorithm == HIPRR_EDDSA) {
		wr_u16(&w, HI_CURVE_ED25519);
		wr_u16(&w, 0);
	}
	wr_bytes(&w, rr->key.bytes, rr->key.len);
	return wr_failed(&w) ? 0 : wr_len(&w);
}

/* Whether such a key exists, and is one that we take. */
static enum hiprr_fault judge_key(uint16_t algorithm, const uint8_t *hi,
				  size_t len)
{
	struct hi_public *pub;
	enum drop drop = hi_public_parse(algorithm, hi, len, &pub);

	if (drop == DROP_INTERNAL)
		return HIPRR_INTERNAL;
	if (drop != DROP_NONE)
		return HIPRR_KEY;
	hi_public_free(pub);
	return HIPRR_SOUND;
}

enum hiprr_fault hiprr_verify(const struct hiprr *rr, struct hit *out)
{
	uint16_t algorithm = hi_algorithm(rr->algorithm);
	uint8_t suite = suite_of_algorithm(algorithm);
	enum hiprr_fault fault;
	struct hit claimed, hit;
	uint8_t hi[HI_MAX];
	size_t len;

	if (rr->hit.len != sizeof(claimed.bytes))
		return HIPRR_NO_HIT;
	memcpy(claimed.bytes, rr->hit.bytes, sizeof(claimed.bytes));
	if (!hit_is_hit(&claimed))
		return HIPRR_NO_HIT;
	if (algorithm == 0 || hit_suite(&claimed) != suite)
		return HIPRR_ALGORITHM;
	len = host_identity(rr, hi);
	if (len == 0)
		return HIPRR_KEY;
	fault = judge_key(algorithm, hi, len);
	if (fault != HIPRR_SOUND)
		return fault;
	if (hit_from_hi(suite, hi, len, &hit) < 0)
		return HIPRR_INTERNAL;
	if (!hit_equal(&hit, &claimed))
		return HIPRR_MISMATCH;
	*out = hit;
	return HIPRR_SOUND;
}

const char *hiprr_fault_text(enum hiprr_fault fault)
{
	static const char *const texts[] = {
		[HIPRR_SOUND] = "it is sound",
		[HIPRR_NO_HIT] = "its HIT is not inside 2001:20::/28",
		[HIPRR_ALGORITHM] = "its algorithm is none, or not its HIT's",
		[HIPRR_KEY] = "its key is none, or too short",
		[HIPRR_MISMATCH] = "its HIT is not that of its key",
		[HIPRR_MALFORMED] = "it is not of the form of one",
		[HIPRR_INTERNAL] = "there is too little memory to verify it",
	};

	return texts[fault];
}

bool hiprr_server(const struct hiprr *rr, size_t i,
		  char out[NAME_DOMAIN_MAX + 1])
{
	struct rd r = rd_init(rr->servers.bytes, rr->servers.len);
	char text[NAME_WIRE_MAX + 1];
	struct span name = { NULL, 0 };
	size_t n = 0;

	assert(i < rr->n_servers);
	for (size_t j = 0; j <= i; j++)
		if (!take_name(&r, &name))
			return false; /* never of one that was parsed */
	r = rd_init(name.bytes, name.len);
	for (size_t len = rd_u8(&r); len > 0; len = rd_u8(&r)) {
		const uint8_t *label = rd_bytes(&r, len);

		/* Such a label would read as two, or as none. */
		if (!label || memchr(label, '.', len) || memchr(label, 0, len))
			return false;
		if (n > 0)
			text[n++] = '.';
		memcpy(text + n, label, len);
		n += len;
	}
	text[n] = '\0';
	return name_domain_canonical(text, out) == 0;
}

bool hiprr_of(const struct hit *hit, const uint8_t *hi, size_t len,
	      struct hiprr *out)
{
	uint8_t suite = hit_suite(hit);
	struct rd key = rd_init(hi, len);
	struct hiprr rr = { .hit = { hit->bytes, sizeof(hit->bytes) } };

	if (suite == suite_of_algorithm(HI_ECDSA)) {
		rr.algorithm = HIPRR_ECDSA;
		rd_skip(&key, CURVE_LEN);
		if (rd_left(&key) % 2 == 1 && key.p[0] == POINT_UNCOMPRESSED)
			rd_skip(&key, 1);
	} else if (suite == suite_of_algorithm(HI_EDDSA)) {
		rr.algorithm = HIPRR_EDDSA;
		rd_skip(&key, EDDSA_HEAD);
	} else if (suite == suite_of_algorithm(HI_RSA)) {
		rr.algorithm = HIPRR_RSA;
	}
	rr.key = (struct span){ key.p, rd_left(&key) };
	if (rr.algorithm == 0 || rr.key.len == 0 || rr.key.len > UINT16_MAX)
		return false;
	*out = rr;
	return true;
}

void hiprr_write(const struct hiprr *rr, struct wr *w)
{
	wr_u8(w, (uint8_t)rr->hit.len);
	wr_u8(w, rr->algorithm);
	wr_u16(w, (uint16_t)rr->key.len);
	wr_bytes(w, rr->hit.bytes, rr->hit.len);
	wr_bytes(w, rr->key.bytes, rr->key.len);
	wr_bytes(w, rr->servers.bytes, rr->servers.len);
}

bool hiprr_text(const struct hiprr *rr, char out[HIPRR_TEXT_MAX])
{
	char hit[2 * sizeof(struct hit) + 1], key[TEXT_KEY_MAX];

	if (rr->hit.len != sizeof(struct hit) ||
	    sodium_base64_encoded_len(
		    rr->key.len, sodium_base64_VARIANT_ORIGINAL) > sizeof(key))
		return false;
	(void)sodium_bin2hex(hit, sizeof(hit), rr->hit.bytes, rr->hit.len);
	(void)sodium_bin2base64(key, sizeof(key), rr->key.bytes, rr->key.len,
				sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(out, HIPRR_TEXT_MAX, "IN HIP ( %u %s %s )",
		       (unsigned)rr->algorithm, hit, key); /* fits */
	return true;
}
