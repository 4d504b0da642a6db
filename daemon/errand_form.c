/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Each enumeration is one byte, and what it may be is checked.
 */
#include "daemon/errand_form.h"

#include "daemon/base/cursor.h"

size_t errand_write_question(const struct errand_question *q, uint8_t *out,
			     size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u8(&w, (uint8_t)q->kind);
	wr_u8(&w, (uint8_t)q->log);
	wr_u8(&w, (uint8_t)q->aead);
	wr_u8(&w, (uint8_t)q->algorithm);
	wr_u8(&w, q->algorithm_set);
	wr_bytes(&w, q->identity, strlen(q->identity) + 1); /* with its NUL */
	return wr_failed(&w) ? 0 : wr_len(&w);
}

bool errand_parse_question(const uint8_t *bytes, size_t len,
			   struct errand_question *out)
{
	struct rd r = rd_init(bytes, len);
	uint8_t kind = rd_u8(&r);
	uint8_t log = rd_u8(&r);
	uint8_t aead = rd_u8(&r);
	uint8_t algorithm = rd_u8(&r);
	uint8_t set = rd_u8(&r);
	size_t left = rd_left(&r);
	const uint8_t *identity = rd_bytes(&r, left);

	if (!rd_done(&r) || kind > ERRAND_MAKE || log > LOG_LEVEL_DEBUG ||
	    aead > CIPHER_IPSEC_MB || algorithm > IDENTITY_ED25519 || set > 1)
		return false;
	if (left < 2 || memchr(identity, 0, left) != identity + left - 1)
		return false;
	*out = (struct errand_question){
		.kind = (enum errand_kind)kind,
		.log = (enum log_level)log,
		.aead = (enum cipher_backend)aead,
		.algorithm = (enum identity_kind)algorithm,
		.algorithm_set = set == 1,
		.identity = (const char *)identity,
	};
	return true;
}

size_t errand_write_answer(int result, const struct errand_key *key,
			   uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u32(&w, (uint32_t)-result);
	if (result == 0) {
		wr_bytes(&w, key->hit.bytes, sizeof(key->hit.bytes));
		wr_bytes(&w, key->pem, key->len);
	}
	return wr_failed(&w) ? 0 : wr_len(&w);
}

bool errand_parse_answer(const uint8_t *bytes, size_t len, int *result,
			 struct errand_key *out)
{
	struct rd r = rd_init(bytes, len);
	uint32_t error = rd_u32(&r);
	struct hit hit;
	size_t left;

	if (rd_failed(&r) || error > ERRAND_ERRNO_MAX)
		return false;
	if (error > 0) {
		if (!rd_done(&r))
			return false;
		*result = -(int)error;
		return true;
	}
	rd_copy(&r, hit.bytes, sizeof(hit.bytes));
	left = rd_left(&r);
	if (!hit_is_hit(&hit) || left == 0 || left > sizeof(out->pem))
		return false;
	out->hit = hit;
	out->len = left;
	rd_copy(&r, out->pem, left);
	*result = 0;
	return true;
}
