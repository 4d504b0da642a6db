/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host Identities of others: from their fields (RFC 7401 5.2.9, RFC 3110 2,
 * RFC 9374 3.4.1.1) to keys that verify. RSA and ECDSA by OpenSSL, Ed25519 by
 * libsodium, which also refuses keys and signatures of small order.
 */
#include "daemon/hip/hi_public.h"

#include "daemon/base/cursor.h"
#include "daemon/hip/group_key.h"
#include "daemon/hip/suite.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum {
	RSA_BITS_MIN = 2048,
	RSA_BITS_MAX = 4096,
	RSA_E_LEN_MAX = 4,
	COORDINATE_MAX = 48, /* P-384 */
	/* A SEQUENCE of two INTEGERs, each with a zero octet in front. */
	ECDSA_DER_MAX = 3 + 2 * (2 + 1 + COORDINATE_MAX),
};

struct hi_public {
	uint16_t algorithm;
	size_t coordinate; /* ECDSA: bytes of r and of s */
	EVP_PKEY *key;	   /* RSA, ECDSA */
	uint8_t ed25519[crypto_sign_PUBLICKEYBYTES];
};

/* ECDSA's curves by label. */
static const struct {
	const char *name;
	size_t coordinate;
} curves[] = {
	[HI_CURVE_P256] = { "P-256", 32 },
	[HI_CURVE_P384] = { "P-384", 48 },
};

enum { N_CURVES = sizeof(curves) / sizeof(curves[0]) };

/* Made once, before their first use; never changed after that. */
static EVP_PKEY *curve_keys[N_CURVES];
static pthread_once_t curve_keys_once = PTHREAD_ONCE_INIT;

static void curve_keys_make(void)
{
	for (size_t i = HI_CURVE_P256; i < N_CURVES; i++)
		curve_keys[i] = group_key_make("EC", curves[i].name);
}

static enum drop ecdsa_parse(struct rd r, struct hi_public *pub)
{
	uint16_t label = rd_u16(&r);
	size_t len = rd_left(&r);
	const uint8_t *point = rd_bytes(&r, len);

	if (rd_failed(&r))
		return DROP_HOST_ID;
	if (label == 0 || label >= N_CURVES)
		return DROP_HI_ALGORITHM;
	if (len != 1 + 2 * curves[label].coordinate ||
	    point[0] != POINT_CONVERSION_UNCOMPRESSED)
		return DROP_HOST_ID;
	(void)pthread_once(&curve_keys_once, curve_keys_make); /* no failure */
	pub->coordinate = curves[label].coordinate;
	pub->key = group_key_public(curve_keys[label], point, len);
	return pub->key ? DROP_NONE : DROP_HOST_ID;
}

static EVP_PKEY *rsa_key(const BIGNUM *n, const BIGNUM *e)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (bld && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e))
		params = OSSL_PARAM_BLD_to_param(bld);
	if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY,
					params); /* leaves NULL on failure */
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* RFC 3110 2: no zero octets in front of either number. */
static enum drop rsa_parse(struct rd r, struct hi_public *pub)
{
	/* A zero means that two more octets hold the length: e is huge. */
	size_t e_len = rd_u8(&r);
	const uint8_t *e_bytes = rd_bytes(&r, e_len);
	size_t n_len = rd_left(&r);
	const uint8_t *n_bytes = rd_bytes(&r, n_len);
	enum drop drop = DROP_HOST_ID;
	BIGNUM *e, *n;

	if (rd_failed(&r) || n_len == 0)
		return DROP_HOST_ID;
	if (e_len == 0 || e_len > RSA_E_LEN_MAX || n_len > RSA_BITS_MAX / 8)
		return DROP_HI_ALGORITHM;
	e = BN_bin2bn(e_bytes, (int)e_len, NULL);
	n = BN_bin2bn(n_bytes, (int)n_len, NULL);
	if (!e || !n || e_bytes[0] == 0 || n_bytes[0] == 0 || !BN_is_odd(n))
		goto out;
	drop = DROP_HI_ALGORITHM;
	if (!BN_is_odd(e) || BN_is_one(e) || BN_num_bits(n) < RSA_BITS_MIN)
		goto out;
	pub->key = rsa_key(n, e);
	drop = pub->key ? DROP_NONE : DROP_HOST_ID;
out:
	BN_free(e);
	BN_free(n);
	return drop;
}

static enum drop eddsa_parse(struct rd r, struct hi_public *pub)
{
	uint16_t label = rd_u16(&r);
	uint16_t null = rd_u16(&r);

	if (!rd_failed(&r) && label != HI_CURVE_ED25519)
		return DROP_HI_ALGORITHM;
	rd_copy(&r, pub->ed25519, sizeof(pub->ed25519));
	if (!rd_done(&r) || null != 0 ||
	    !crypto_core_ed25519_is_valid_point(pub->ed25519))
		return DROP_HOST_ID;
	return DROP_NONE;
}

enum drop hi_public_parse(uint16_t algorithm, const uint8_t *hi, size_t len,
			  struct hi_public **out)
{
	struct hi_public *pub = calloc(1, sizeof(*pub));
	enum drop drop = DROP_HI_ALGORITHM;

	if (!pub)
		return DROP_INTERNAL;
	pub->algorithm = algorithm;
	if (algorithm == HI_ECDSA)
		drop = ecdsa_parse(rd_init(hi, len), pub);
	else if (algorithm == HI_RSA)
		drop = rsa_parse(rd_init(hi, len), pub);
	else if (algorithm == HI_EDDSA)
		drop = eddsa_parse(rd_init(hi, len), pub);
	if (drop == DROP_NONE) {
		*out = pub;
		return DROP_NONE;
	}
	hi_public_free(pub);
	ERR_clear_error(); /* a bad key leaves its trace in the queue */
	return drop;
}

void hi_public_free(struct hi_public *pub)
{
	if (!pub)
		return;
	EVP_PKEY_free(pub->key);
	free(pub);
}

uint16_t hi_public_algorithm(const struct hi_public *pub)
{
	return pub->algorithm;
}

bool hi_public_set_pss(EVP_PKEY_CTX *ctx)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) ==
		       1;
}

/* r | s as OpenSSL has them; the length, or 0. */
static size_t ecdsa_der(const uint8_t *sig, size_t coordinate,
			uint8_t der[ECDSA_DER_MAX])
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *r_number = BN_bin2bn(sig, (int)coordinate, NULL);
	BIGNUM *s_number = BN_bin2bn(sig + coordinate, (int)coordinate, NULL);
	int len = 0;

	if (!s || !r_number || !s_number ||
	    ECDSA_SIG_set0(s, r_number, s_number) != 1) {
		BN_free(r_number);
		BN_free(s_number);
	} else {
		len = i2d_ECDSA_SIG(s, &der);
	}
	ECDSA_SIG_free(s);
	return len > 0 ? (size_t)len : 0;
}

static bool verify_hash(const struct hi_public *pub, const uint8_t *hash,
			size_t hash_len, const uint8_t *sig, size_t sig_len)
{
	uint8_t der[ECDSA_DER_MAX];
	EVP_PKEY_CTX *ctx;
	bool ok;

	if (pub->algorithm == HI_ECDSA) {
		if (sig_len != 2 * pub->coordinate)
			return false;
		sig_len = ecdsa_der(sig, pub->coordinate, der);
		sig = der;
	}
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pub->key, NULL);
	ok = ctx && EVP_PKEY_verify_init(ctx) == 1;
	if (ok && pub->algorithm == HI_RSA)
		ok = hi_public_set_pss(ctx);
	ok = ok && EVP_PKEY_verify(ctx, sig, sig_len, hash, hash_len) == 1;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error(); /* a bad signature leaves its trace in the queue */
	return ok;
}

enum drop hi_public_verify(const struct hi_public *pub, const void *bytes,
			   size_t len, const uint8_t *sig, size_t sig_len)
{
	uint8_t suite = suite_of_algorithm(pub->algorithm);
	const struct piece whole = { bytes, len };
	uint8_t hash[RHASH_MAX];
	bool ok;

	if (pub->algorithm == HI_EDDSA)
		ok = sig_len == crypto_sign_BYTES &&
		     crypto_sign_verify_detached(sig, bytes, len,
						 pub->ed25519) == 0;
	else
		ok = suite_rhash(suite, &whole, 1, hash) == 0 &&
		     verify_hash(pub, hash, suite_rhash_len(suite), sig,
				 sig_len);
	return ok ? DROP_NONE : DROP_SIGNATURE;
}
