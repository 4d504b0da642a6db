/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host identities with their private keys: made, read from and written to
 * PKCS#8 PEM (RFC 5958, RFC 7468 10), written as Host Identity fields
 * (RFC 7401 5.2.9), signing. hi_public.c reads the fields and verifies.
 */
#include "daemon/hip/identity.h"

#include "daemon/base/cursor.h"
#include "daemon/hip/suite.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct kind {
	const char *text;
	uint16_t algorithm;
	const char *group; /* ECDSA: OpenSSL's name of the curve */
	uint16_t label;	   /* ECDSA, EdDSA */
	size_t size;	   /* RSA: bits; ECDSA: bytes of a coordinate */
};

static const struct kind kinds[] = {
	[IDENTITY_ECDSA_P256] = { "ecdsa-p256", HI_ECDSA, "prime256v1",
				  HI_CURVE_P256, 32 },
	[IDENTITY_ECDSA_P384] = { "ecdsa-p384", HI_ECDSA, "secp384r1",
				  HI_CURVE_P384, 48 },
	[IDENTITY_RSA_2048] = { "rsa-2048", HI_RSA, NULL, 0, 2048 },
	[IDENTITY_RSA_3072] = { "rsa-3072", HI_RSA, NULL, 0, 3072 },
	[IDENTITY_RSA_4096] = { "rsa-4096", HI_RSA, NULL, 0, 4096 },
	[IDENTITY_ED25519] = { "ed25519", HI_EDDSA, NULL, HI_CURVE_ED25519, 0 },
};

enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct identity {
	enum identity_kind kind;
	EVP_PKEY *key;
	uint8_t ed25519[crypto_sign_SECRETKEYBYTES]; /* Ed25519 only */
	struct hit hit;
	size_t hi_len;
	uint8_t hi[HI_MAX];
};

const char *identity_kind_text(enum identity_kind kind)
{
	assert((size_t)kind < N_KINDS);
	return kinds[kind].text;
}

int identity_kind_from_text(const char *text, enum identity_kind *out)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (strcmp(kinds[i].text, text) == 0) {
			*out = (enum identity_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

static bool key_is_of_kind(const EVP_PKEY *key, const struct kind *k)
{
	char group[32];

	switch (k->algorithm) {
	case HI_RSA:
		return EVP_PKEY_is_a(key, "RSA") &&
		       EVP_PKEY_get_bits(key) == (int)k->size;
	case HI_ECDSA:
		return EVP_PKEY_is_a(key, "EC") &&
		       EVP_PKEY_get_group_name(key, group, sizeof(group),
					       NULL) == 1 &&
		       strcmp(group, k->group) == 0;
	default:
		return EVP_PKEY_is_a(key, "ED25519");
	}
}

/* One of a key's numbers; the caller frees it. NULL on failure. */
static BIGNUM *key_number(const EVP_PKEY *key, const char *name)
{
	BIGNUM *n = NULL;

	return EVP_PKEY_get_bn_param(key, name, &n) == 1 ? n : NULL;
}

/* At `width` octets, zeros in front. False when it does not fit. */
static bool number_write(struct wr *w, const BIGNUM *n, size_t width)
{
	uint8_t *room = wr_room(w, width);

	return n && room && BN_bn2binpad(n, room, (int)width) >= 0;
}

/* RFC 3110 2. */
static bool rsa_write(struct wr *w, const EVP_PKEY *key)
{
	BIGNUM *e = key_number(key, OSSL_PKEY_PARAM_RSA_E);
	BIGNUM *n = key_number(key, OSSL_PKEY_PARAM_RSA_N);
	bool ok = false;

	if (e && n && BN_num_bytes(e) < 256) {
		wr_u8(w, (uint8_t)BN_num_bytes(e));
		ok = number_write(w, e, (size_t)BN_num_bytes(e)) &&
		     number_write(w, n, (size_t)BN_num_bytes(n));
	}
	BN_free(e);
	BN_free(n);
	return ok;
}

/* RFC 7401 5.2.9; RFC 6090 leaves the form to us: all of the point. */
static bool ecdsa_write(struct wr *w, const EVP_PKEY *key, const struct kind *k)
{
	BIGNUM *x = key_number(key, OSSL_PKEY_PARAM_EC_PUB_X);
	BIGNUM *y = key_number(key, OSSL_PKEY_PARAM_EC_PUB_Y);
	bool ok;

	wr_u16(w, k->label);
	wr_u8(w, POINT_CONVERSION_UNCOMPRESSED);
	ok = number_write(w, x, k->size) && number_write(w, y, k->size);
	BN_free(x);
	BN_free(y);
	return ok;
}

/* RFC 9374 3.4.1.1. */
static bool eddsa_write(struct wr *w, const uint8_t secret[64])
{
	uint8_t pub[crypto_sign_PUBLICKEYBYTES];

	(void)crypto_sign_ed25519_sk_to_pk(pub, secret); /* always 0 */
	wr_u16(w, HI_CURVE_ED25519);
	wr_u16(w, 0);
	wr_bytes(w, pub, sizeof(pub));
	return true;
}

static bool hi_write(struct identity *id)
{
	const struct kind *k = &kinds[id->kind];
	struct wr w = wr_init(id->hi, sizeof(id->hi));
	bool ok = false;

	if (k->algorithm == HI_RSA)
		ok = rsa_write(&w, id->key);
	else if (k->algorithm == HI_ECDSA)
		ok = ecdsa_write(&w, id->key, k);
	else if (k->algorithm == HI_EDDSA)
		ok = eddsa_write(&w, id->ed25519);
	id->hi_len = wr_len(&w);
	return ok && !wr_failed(&w);
}

/* Ed25519 signs by libsodium, which wants seed and public key in one piece. */
static bool ed25519_expand(struct identity *id)
{
	uint8_t seed[crypto_sign_SEEDBYTES];
	uint8_t pub[crypto_sign_PUBLICKEYBYTES];
	size_t len = sizeof(seed);
	bool ok = EVP_PKEY_get_raw_private_key(id->key, seed, &len) == 1 &&
		  len == sizeof(seed) &&
		  crypto_sign_seed_keypair(pub, id->ed25519, seed) == 0;

	sodium_memzero(seed, sizeof(seed));
	return ok;
}

/*
 * Others must be able to read our field and to verify with it; a key file
 * may also hold halves that do not belong together. 0, -ENOTSUP, -EINVAL.
 */
static int check_halves(const struct identity *id)
{
	static const char text[] = "Do both halves belong together?";
	struct hi_public *pub;
	uint8_t sig[SIGNATURE_MAX];
	enum drop drop;
	size_t len;
	bool ok;

	drop = hi_public_parse(identity_algorithm(id), id->hi, id->hi_len,
			       &pub);
	if (drop != DROP_NONE)
		return drop == DROP_HI_ALGORITHM ? -ENOTSUP : -EINVAL;
	ok = identity_sign(id, text, sizeof(text), sig, &len) == 0 &&
	     hi_public_verify(pub, text, sizeof(text), sig, len) == DROP_NONE;
	hi_public_free(pub);
	return ok ? 0 : -EINVAL;
}

/* From id's key on. 0, -ENOTSUP, -EINVAL or -EIO. */
static int identity_fill(struct identity *id)
{
	size_t kind = 0;
	int err;

	while (kind < N_KINDS && !key_is_of_kind(id->key, &kinds[kind]))
		kind++;
	if (kind == N_KINDS)
		return -ENOTSUP;
	id->kind = (enum identity_kind)kind;
	if (id->kind == IDENTITY_ED25519 && !ed25519_expand(id))
		return -EINVAL;
	if (!hi_write(id))
		return -EINVAL;
	err = check_halves(id);
	if (err)
		return err;
	return hit_from_hi(suite_of_algorithm(identity_algorithm(id)), id->hi,
			   id->hi_len, &id->hit);
}

/* Takes key, also on failure. As identity_fill, or -ENOMEM. */
static int identity_wrap(EVP_PKEY *key, struct identity **out)
{
	struct identity *id = calloc(1, sizeof(*id));
	int err;

	if (!id) {
		EVP_PKEY_free(key);
		return -ENOMEM;
	}
	id->key = key;
	err = identity_fill(id);
	if (err)
		identity_free(id);
	else
		*out = id;
	return err;
}

int identity_generate(enum identity_kind kind, struct identity **out)
{
	EVP_PKEY *key;
	int err;

	assert((size_t)kind < N_KINDS);
	switch (kinds[kind].algorithm) {
	case HI_RSA:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", kinds[kind].size);
		break;
	case HI_ECDSA:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[kind].group);
		break;
	default:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	}
	if (!key)
		return -EIO;
	err = identity_wrap(key, out);
	return err && err != -ENOMEM ? -EIO : err;
}

/* The DER inside "PRIVATE KEY" text to a key; NULL when it is none. */
static EVP_PKEY *key_from_der(const unsigned char *der, long len)
{
	const unsigned char *end = der;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &end, len);
	EVP_PKEY *key = NULL;

	if (info && end == der + len)
		key = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info); /* wipes */
	return key;
}

int identity_from_pem(const char *pem, size_t len, struct identity **out)
{
	BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	EVP_PKEY *key = NULL;
	long der_len = 0;

	if (bio &&
	    PEM_read_bio_ex(bio, &name, &header, &der, &der_len,
			    PEM_FLAG_SECURE) == 1 &&
	    strcmp(name, PEM_STRING_PKCS8INF) == 0 && header[0] == '\0')
		key = key_from_der(der, der_len);
	OPENSSL_secure_clear_free(der, (size_t)der_len);
	OPENSSL_secure_free(header);
	OPENSSL_secure_free(name);
	BIO_free(bio);
	ERR_clear_error();
	return key ? identity_wrap(key, out) : -EINVAL;
}

int identity_to_pem(const struct identity *id, char *out, size_t cap,
		    size_t *len)
{
	BIO *bio = BIO_new(BIO_s_secmem()); /* wipes its memory */
	char *text = NULL;
	long n = 0;
	int err = -EIO;

	if (bio && PEM_write_bio_PKCS8PrivateKey(bio, id->key, NULL, NULL, 0,
						 NULL, NULL) == 1)
		n = BIO_get_mem_data(bio, &text);
	if (n > 0) {
		err = -ENOSPC;
		if ((size_t)n < cap) {
			memcpy(out, text, (size_t)n);
			out[n] = '\0';
			*len = (size_t)n;
			err = 0;
		}
	}
	BIO_free(bio);
	ERR_clear_error();
	return err;
}

void identity_free(struct identity *id)
{
	if (!id)
		return;
	EVP_PKEY_free(id->key); /* wipes the private numbers */
	sodium_memzero(id->ed25519, sizeof(id->ed25519));
	free(id);
}

enum identity_kind identity_kind(const struct identity *id)
{
	return id->kind;
}

const struct hit *identity_hit(const struct identity *id)
{
	return &id->hit;
}

uint16_t identity_algorithm(const struct identity *id)
{
	return kinds[id->kind].algorithm;
}

const uint8_t *identity_hi(const struct identity *id, size_t *len)
{
	*len = id->hi_len;
	return id->hi;
}

void identity_fingerprint(const struct identity *id, uint8_t out[32])
{
	(void)crypto_hash_sha256(out, id->hi, id->hi_len); /* always 0 */
}

/* r | s, each as wide as a coordinate, from OpenSSL's form. */
static bool ecdsa_fixed(const uint8_t *der, size_t len, size_t coordinate,
			uint8_t *sig)
{
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool ok = s &&
		  BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, (int)coordinate) > 0 &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + coordinate,
			       (int)coordinate) > 0;

	ECDSA_SIG_free(s);
	return ok;
}

static bool sign_hash(const struct identity *id, const uint8_t *hash,
		      size_t hash_len, uint8_t sig[SIGNATURE_MAX], size_t *len)
{
	const struct kind *k = &kinds[id->kind];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, id->key, NULL);
	uint8_t raw[SIGNATURE_MAX];
	size_t raw_len = sizeof(raw);
	bool ok = ctx && EVP_PKEY_sign_init(ctx) == 1;

	if (ok && k->algorithm == HI_RSA)
		ok = hi_public_set_pss(ctx);
	ok = ok && EVP_PKEY_sign(ctx, raw, &raw_len, hash, hash_len) == 1;
	EVP_PKEY_CTX_free(ctx);
	if (ok && k->algorithm == HI_ECDSA) {
		*len = 2 * k->size;
		return ecdsa_fixed(raw, raw_len, k->size, sig);
	}
	if (ok) {
		memcpy(sig, raw, raw_len);
		*len = raw_len;
	}
	return ok;
}

int identity_sign(const struct identity *id, const void *bytes, size_t len,
		  uint8_t sig[SIGNATURE_MAX], size_t *sig_len)
{
	uint8_t suite = suite_of_algorithm(identity_algorithm(id));
	const struct piece whole = { bytes, len };
	uint8_t hash[RHASH_MAX];

	if (id->kind == IDENTITY_ED25519) {
		(void)crypto_sign_detached(sig, NULL, bytes, len,
					   id->ed25519); /* always 0 */
		*sig_len = crypto_sign_BYTES;
		return 0;
	}
	if (suite_rhash(suite, &whole, 1, hash) ||
	    !sign_hash(id, hash, suite_rhash_len(suite), sig, sig_len))
		return -EIO;
	return 0;
}
