/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Reading pre-images. A digest is too short for either form; what HIP signs
 * (RFC 7401 5.2.14: a packet) begins with 3b, has 21 as fourth byte, and is
 * refused whatever the rest says.
 */
#include "daemon/signer.h"

#include "daemon/base/cursor.h"

#include <errno.h>

enum {
	HIP_NEXT_HEADER = 0x3b,
	HIP_VERSION_BYTE = 0x21,
	RESOURCE_ID_LEN = 16,
	NODE_ID_LEN = 16,
	VALUE_MAX = 4096,
	KIND_SIP_REGISTRATION = 1,
	KIND_PRIVATE = 0xf0000001, /* RFC 6940 14.6: to fffffffe */
	KIND_PRIVATE_END = 0xfffffffe,
	IDENTITY_CERT_HASH = 1, /* RFC 6940 6.3.4 */
	HASH_SHA256 = 4,
	MESSAGE_CODES_MAX = 0x26, /* of RFC 6940 14.8 */
	MESSAGE_ERROR = 0xffff,
	COST_MS = 1000 / SIGNER_PER_SECOND,
	TOKENS_MAX_MS = COST_MS * SIGNER_BURST,
};

bool signer_overlay_is_unfit(uint32_t overlay)
{
	return overlay >> 24 == HIP_NEXT_HEADER &&
	       (overlay & 0xff) == HIP_VERSION_BYTE;
}

int signer_init(struct signer *s, const struct identity *identity,
		uint32_t overlay, uint64_t now_ms)
{
	if (signer_overlay_is_unfit(overlay))
		return -EINVAL;
	*s = (struct signer){ .identity = identity,
			      .overlay = overlay,
			      .tokens_ms = TOKENS_MAX_MS,
			      .last_ms = now_ms };
	return 0;
}

void signer_set_certificate(struct signer *s,
			    const uint8_t sha256[SIGNER_CERT_HASH_LEN])
{
	memcpy(s->certificate, sha256, SIGNER_CERT_HASH_LEN);
	s->certified = true;
}

/* SignerIdentity: cert_hash with SHA-256 of our certificate, and the end. */
static bool ends_in_us(const struct signer *s, struct rd *r)
{
	uint8_t hash[SIGNER_CERT_HASH_LEN];
	uint8_t type = rd_u8(r);
	uint16_t len = rd_u16(r);
	uint8_t alg = rd_u8(r);
	uint8_t hash_len = rd_u8(r);

	rd_copy(r, hash, sizeof(hash));
	return rd_done(r) && type == IDENTITY_CERT_HASH &&
	       len == 2 + sizeof(hash) && alg == HASH_SHA256 &&
	       hash_len == sizeof(hash) &&
	       memcmp(hash, s->certificate, sizeof(hash)) == 0;
}

/* overlay | transaction_id | MessageContents | SignerIdentity. */
static bool is_message(const struct signer *s, struct rd r)
{
	uint32_t overlay = rd_u32(&r), len;
	uint16_t code;
	struct rd extensions;

	rd_skip(&r, 8); /* transaction_id: of no form */
	code = rd_u16(&r);
	len = rd_u32(&r);
	rd_skip(&r, len);
	len = rd_u32(&r);
	extensions = rd_sub(&r, len);
	while (rd_left(&extensions) > 0) {
		rd_skip(&extensions, 2); /* type */
		if (rd_u8(&extensions) > 1)
			return false; /* critical: a Boolean */
		len = rd_u32(&extensions);
		rd_skip(&extensions, len);
	}
	return !rd_failed(&extensions) && overlay == s->overlay &&
	       ((code >= 1 && code <= MESSAGE_CODES_MAX) ||
		code == MESSAGE_ERROR) &&
	       ends_in_us(s, &r);
}

/* RFC 6940 7.2: DataValue. */
static bool skip_data(struct rd *r)
{
	uint8_t exists = rd_u8(r);
	uint32_t len = rd_u32(r);

	rd_skip(r, len);
	return exists <= 1 && len <= VALUE_MAX;
}

/* A single value, an array's entry, a dictionary's under our own Node-ID. */
static bool is_single(const struct signer *s, struct rd r)
{
	return skip_data(&r) && ends_in_us(s, &r);
}

static bool is_entry(const struct signer *s, struct rd r)
{
	return rd_u32(&r) == 0 && skip_data(&r) && ends_in_us(s, &r);
}

static bool is_ours(const struct signer *s, struct rd r)
{
	uint16_t len = rd_u16(&r);
	const uint8_t *key = rd_bytes(&r, NODE_ID_LEN);

	return key && len == NODE_ID_LEN &&
	       memcmp(key, identity_hit(s->identity)->bytes, len) == 0 &&
	       skip_data(&r) && ends_in_us(s, &r);
}

/* ResourceId | Kind | storage_time | StoredDataValue | SignerIdentity. */
static bool is_value(const struct signer *s, struct rd r)
{
	uint8_t len = rd_u8(&r);
	uint32_t kind;

	rd_skip(&r, RESOURCE_ID_LEN);
	kind = rd_u32(&r);
	rd_skip(&r, 8); /* storage_time */
	if (rd_failed(&r) || len != RESOURCE_ID_LEN)
		return false;
	if (kind == KIND_SIP_REGISTRATION)
		return is_ours(s, r);
	return kind >= KIND_PRIVATE && kind <= KIND_PRIVATE_END &&
	       (is_ours(s, r) || is_single(s, r) || is_entry(s, r));
}

static bool could_be_hip(const uint8_t *bytes, size_t len)
{
	return len >= 4 && bytes[0] == HIP_NEXT_HEADER &&
	       bytes[3] == HIP_VERSION_BYTE;
}

static bool take_token(struct signer *s, uint64_t now_ms)
{
	if (now_ms > s->last_ms) {
		s->tokens_ms += now_ms - s->last_ms;
		s->last_ms = now_ms;
	}
	if (s->tokens_ms > TOKENS_MAX_MS)
		s->tokens_ms = TOKENS_MAX_MS;
	if (s->tokens_ms < COST_MS)
		return false;
	s->tokens_ms -= COST_MS;
	return true;
}

int signer_sign(struct signer *s, const uint8_t *preimage, size_t len,
		uint64_t now_ms, uint8_t sig[SIGNATURE_MAX], size_t *sig_len)
{
	struct rd r = rd_init(preimage, len);

	/* What is refused costs, too: nobody may try without end. */
	if (!take_token(s, now_ms))
		return -EAGAIN;
	if (!s->certified || len > SIGNER_PREIMAGE_MAX ||
	    could_be_hip(preimage, len))
		return -EPERM;
	if (!is_message(s, r) && !is_value(s, r))
		return -EPERM;
	return identity_sign(s->identity, preimage, len, sig, sig_len);
}
