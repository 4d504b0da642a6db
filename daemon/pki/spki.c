/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Public keys and signatures of X.509, to and from the forms of HIP. There
 * is one encoding for each, and the readers take no other.
 */
#include "daemon/pki/spki.h"

#include <assert.h>

enum {
	HI_CURVE_LEN = 2,
	HI_EDDSA_HEAD_LEN = 4, /* curve and a null */
	RSA_NUMBER_MAX = 512,
	POINT_P256_LEN = 65,
	POINT_P384_LEN = 97,
	ED25519_LEN = 32,
	COORDINATE_MAX = 48,
};

/* AlgorithmIdentifiers of keys, whole. */
static const uint8_t key_rsa[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a,
				   0x86, 0x48, 0x86, 0xf7, 0x0d,
				   0x01, 0x01, 0x01, 0x05, 0x00 };
static const uint8_t key_p256[] = { 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
				    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const uint8_t key_p384[] = { 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
				    0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
				    0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const uint8_t key_ed25519[] = {
	0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70
};

/* Of signatures. */
static const uint8_t sign_ecdsa[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
				      0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 };
static const uint8_t sign_pss[] = {
	0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
	0x0a, 0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
	0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a,
	0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30,
	0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
	0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20,
};

/* A key that stands in its BIT STRING as in the Host Identity field. */
static const struct plain_key {
	uint16_t algorithm, curve;
	const uint8_t *id;
	size_t id_len, head_len, key_len;
} plain_keys[] = {
	{ HI_ECDSA, HI_CURVE_P256, key_p256, sizeof(key_p256), HI_CURVE_LEN,
	  POINT_P256_LEN },
	{ HI_ECDSA, HI_CURVE_P384, key_p384, sizeof(key_p384), HI_CURVE_LEN,
	  POINT_P384_LEN },
	{ HI_EDDSA, HI_CURVE_ED25519, key_ed25519, sizeof(key_ed25519),
	  HI_EDDSA_HEAD_LEN, ED25519_LEN },
};

enum { N_PLAIN_KEYS = sizeof(plain_keys) / sizeof(plain_keys[0]) };

/* BIT STRING without unused bits. */
static size_t begin_bits(struct wr *w)
{
	size_t at = der_begin(w);

	wr_u8(w, 0);
	return at;
}

static struct rd read_bits(struct rd *r)
{
	struct rd v = der_read(r, DER_BITS);

	if (rd_u8(&v) != 0)
		v.failed = true;
	return v;
}

/* RFC 3110 2 to RFC 3279 2.3.1; e's length is one byte in our identities. */
static void rsa_write(struct wr *w, struct rd hi)
{
	size_t e_len = rd_u8(&hi);
	const uint8_t *e = rd_bytes(&hi, e_len);
	size_t n_len = rd_left(&hi);
	const uint8_t *n = rd_bytes(&hi, n_len);
	size_t at, inner;

	if (rd_failed(&hi) || e_len == 0 || n_len == 0) {
		w->failed = true;
		return;
	}
	wr_bytes(w, key_rsa, sizeof(key_rsa));
	at = begin_bits(w);
	inner = der_begin(w);
	der_integer_write(w, n, n_len);
	der_integer_write(w, e, e_len);
	der_end(w, inner, DER_SEQUENCE);
	der_end(w, at, DER_BITS);
}

static void plain_write(struct wr *w, uint16_t algorithm, const uint8_t *hi,
			size_t len)
{
	struct rd r = rd_init(hi, len);
	uint16_t curve = rd_u16(&r);

	for (size_t i = 0; i < N_PLAIN_KEYS; i++) {
		const struct plain_key *k = &plain_keys[i];
		size_t at;

		if (k->algorithm != algorithm || k->curve != curve ||
		    len != k->head_len + k->key_len)
			continue;
		wr_bytes(w, k->id, k->id_len);
		at = begin_bits(w);
		wr_bytes(w, hi + k->head_len, k->key_len);
		der_end(w, at, DER_BITS);
		return;
	}
	w->failed = true;
}

void spki_write(struct wr *w, uint16_t algorithm, const uint8_t *hi, size_t len)
{
	size_t at = der_begin(w);

	if (algorithm == HI_RSA)
		rsa_write(w, rd_init(hi, len));
	else
		plain_write(w, algorithm, hi, len);
	der_end(w, at, DER_SEQUENCE);
}

/* True, and passed over, when r goes on with exactly these bytes. */
static bool take(struct rd *r, const uint8_t *bytes, size_t len)
{
	if (rd_left(r) < len || memcmp(r->p, bytes, len) != 0)
		return false;
	rd_skip(r, len);
	return true;
}

static void rsa_read(struct rd *r, struct wr *hi)
{
	uint8_t n[RSA_NUMBER_MAX], e[sizeof(uint32_t)];
	struct rd bits = read_bits(r);
	struct rd key = der_read(&bits, DER_SEQUENCE);
	size_t n_zeros = 0, e_zeros = 0;

	der_integer_read(&key, n, sizeof(n));
	der_integer_read(&key, e, sizeof(e));
	if (!rd_done(&key) || !rd_done(&bits)) {
		r->failed = true;
		return;
	}
	while (n_zeros < sizeof(n) && n[n_zeros] == 0)
		n_zeros++;
	while (e_zeros < sizeof(e) && e[e_zeros] == 0)
		e_zeros++;
	wr_u8(hi, (uint8_t)(sizeof(e) - e_zeros));
	wr_bytes(hi, e + e_zeros, sizeof(e) - e_zeros);
	wr_bytes(hi, n + n_zeros, sizeof(n) - n_zeros);
}

static void plain_read(struct rd *r, const struct plain_key *k, struct wr *hi)
{
	struct rd bits = read_bits(r);
	const uint8_t *key = rd_bytes(&bits, k->key_len);

	if (!rd_done(&bits)) {
		r->failed = true;
		return;
	}
	wr_u16(hi, k->curve);
	wr_zero(hi, k->head_len - HI_CURVE_LEN);
	wr_bytes(hi, key, k->key_len);
}

void spki_read(struct rd *r, uint16_t *algorithm, uint8_t hi[HI_MAX],
	       size_t *len)
{
	struct rd v = der_read(r, DER_SEQUENCE);
	struct wr w = wr_init(hi, HI_MAX);
	uint16_t found = 0;

	if (take(&v, key_rsa, sizeof(key_rsa))) {
		found = HI_RSA;
		rsa_read(&v, &w);
	}
	for (size_t i = 0; found == 0 && i < N_PLAIN_KEYS; i++) {
		if (take(&v, plain_keys[i].id, plain_keys[i].id_len)) {
			found = plain_keys[i].algorithm;
			plain_read(&v, &plain_keys[i], &w);
		}
	}
	if (found == 0 || !rd_done(&v) || wr_failed(&w)) {
		r->failed = true;
		return;
	}
	*algorithm = found;
	*len = wr_len(&w);
}

void spki_algorithm_write(struct wr *w, uint16_t algorithm)
{
	if (algorithm == HI_RSA)
		wr_bytes(w, sign_pss, sizeof(sign_pss));
	else if (algorithm == HI_ECDSA)
		wr_bytes(w, sign_ecdsa, sizeof(sign_ecdsa));
	else
		wr_bytes(w, key_ed25519, sizeof(key_ed25519));
}

void spki_value_write(struct wr *w, uint16_t algorithm, const uint8_t *sig,
		      size_t len)
{
	size_t at = der_begin(w);

	if (algorithm != HI_ECDSA) {
		wr_bytes(w, sig, len);
		return;
	}
	der_integer_write(w, sig, len / 2);
	der_integer_write(w, sig + len / 2, len / 2);
	der_end(w, at, DER_SEQUENCE);
}

bool spki_value_read(struct rd v, uint16_t algorithm, size_t hi_len,
		     uint8_t sig[SIGNATURE_MAX], size_t *len)
{
	size_t n = rd_left(&v);
	struct rd pair;

	if (algorithm == HI_ECDSA) {
		n = (hi_len - HI_CURVE_LEN - 1) / 2;
		assert(n <= COORDINATE_MAX); /* of a field that was parsed */
		pair = der_read(&v, DER_SEQUENCE);
		der_integer_read(&pair, sig, n);
		der_integer_read(&pair, sig + n, n);
		if (!rd_done(&pair))
			return false;
		n *= 2;
	} else if (n <= SIGNATURE_MAX) {
		rd_copy(&v, sig, n);
	}
	if (!rd_done(&v))
		return false;
	*len = n;
	return true;
}

void spki_signature_write(struct wr *w, uint16_t algorithm, const uint8_t *sig,
			  size_t len)
{
	size_t at = begin_bits(w);

	spki_value_write(w, algorithm, sig, len);
	der_end(w, at, DER_BITS);
}

void spki_signature_read(struct rd *r, uint16_t algorithm, size_t hi_len,
			 uint8_t sig[SIGNATURE_MAX], size_t *len)
{
	struct rd bits = read_bits(r);

	if (!spki_value_read(bits, algorithm, hi_len, sig, len))
		r->failed = true;
}
