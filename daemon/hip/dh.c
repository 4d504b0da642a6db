/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Diffie-Hellman by group number over OpenSSL: RFC 7401 5.2.7, 5.3.2; the
 * MODP groups of RFC 3526, the curves of RFC 5903. Group 10 (SECP160R1) is
 * left out: 80 bits of strength.
 *
 * The parameters of each group are made once, before their first use, and
 * never change after that.
 */
#include "daemon/hip/dh.h"

#include "daemon/hip/group_key.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct group {
	uint8_t id;
	const char *type; /* OpenSSL's names */
	const char *name;
	size_t public_len;
	size_t secret_len;
	int curve;		    /* its NID, or 0: MODP */
	BIGNUM *(*prime)(BIGNUM *); /* MODP only */
};

static const struct group groups[] = {
	{ DH_MODP_1536, "DH", "modp_1536", 192, 192, 0,
	  BN_get_rfc3526_prime_1536 },
	{ DH_MODP_3072, "DH", "modp_3072", 384, 384, 0,
	  BN_get_rfc3526_prime_3072 },
	{ DH_NIST_P256, "EC", "P-256", 64, 32, NID_X9_62_prime256v1, NULL },
	{ DH_NIST_P384, "EC", "P-384", 96, 48, NID_secp384r1, NULL },
	{ DH_NIST_P521, "EC", "P-521", 132, 66, NID_secp521r1, NULL },
	{ DH_MODP_2048, "DH", "modp_2048", 256, 256, 0,
	  BN_get_rfc3526_prime_2048 },
};

enum { N_GROUPS = sizeof(groups) / sizeof(groups[0]) };

struct dh {
	const struct group *group;
	EVP_PKEY *key;
	uint8_t pub[DH_PUBLIC_MAX];
};

/* Keys without any number but the group's; NULL when that failed. */
static EVP_PKEY *templates[N_GROUPS];
static pthread_once_t templates_once = PTHREAD_ONCE_INIT;

static void templates_make(void)
{
	for (size_t i = 0; i < N_GROUPS; i++)
		templates[i] = group_key_make(groups[i].type, groups[i].name);
}

static const struct group *group_find(uint8_t id)
{
	for (size_t i = 0; i < N_GROUPS; i++)
		if (groups[i].id == id)
			return &groups[i];
	return NULL;
}

static EVP_PKEY *group_template(const struct group *g)
{
	(void)pthread_once(&templates_once, templates_make); /* cannot fail */
	return templates[g - groups];
}

bool dh_group_is_known(uint8_t group)
{
	return group_find(group) != NULL;
}

size_t dh_public_len(uint8_t group)
{
	const struct group *g = group_find(group);

	return g ? g->public_len : 0;
}

size_t dh_secret_len(uint8_t group)
{
	const struct group *g = group_find(group);

	return g ? g->secret_len : 0;
}

/* Takes key, also on failure. `pub` is as OpenSSL has it. */
static int dh_wrap(const struct group *g, EVP_PKEY *key, const uint8_t *pub,
		   size_t pub_len, struct dh **out)
{
	size_t form = g->curve ? 1 : 0;
	struct dh *dh = NULL;
	int err = -EIO;

	if (!pub || pub_len != form + g->public_len)
		goto out;
	dh = calloc(1, sizeof(*dh));
	err = -ENOMEM;
	if (!dh)
		goto out;
	/* RFC 5903 7: a point goes without the octet that names its form. */
	memcpy(dh->pub, pub + form, g->public_len);
	dh->group = g;
	dh->key = key;
	*out = dh;
	return 0;
out:
	EVP_PKEY_free(key);
	return err;
}

int dh_new(uint8_t group, struct dh **out)
{
	const struct group *g = group_find(group);
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key = NULL;
	unsigned char *pub = NULL;
	size_t pub_len = 0;
	int err;

	if (!g)
		return -ENOTSUP;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, group_template(g), NULL);
	if (ctx && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_keygen(ctx, &key) == 1)
		pub_len = EVP_PKEY_get1_encoded_public_key(key, &pub);
	EVP_PKEY_CTX_free(ctx);
	err = dh_wrap(g, key, pub, pub_len, out);
	OPENSSL_free(pub);
	return err;
}

/* The public value of a private one as OpenSSL has it; its length or 0. */
static size_t modp_public(const struct group *g, const BIGNUM *priv,
			  uint8_t *out)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = g->prime(NULL);
	BIGNUM *y = BN_new();
	size_t len = 0;

	if (ctx && p && y && BN_set_word(y, 2) &&
	    BN_mod_exp(y, y, priv, p, ctx) &&
	    BN_bn2binpad(y, out, (int)g->public_len) > 0)
		len = g->public_len;
	BN_free(y);
	BN_free(p);
	BN_CTX_free(ctx);
	return len;
}

static size_t curve_public(const struct group *g, const BIGNUM *priv,
			   uint8_t *out)
{
	EC_GROUP *curve = EC_GROUP_new_by_curve_name(g->curve);
	EC_POINT *q = curve ? EC_POINT_new(curve) : NULL;
	size_t len = 0;

	if (q && EC_POINT_mul(curve, q, priv, NULL, NULL, NULL))
		len = EC_POINT_point2oct(curve, q,
					 POINT_CONVERSION_UNCOMPRESSED, out,
					 1 + g->public_len, NULL);
	EC_POINT_free(q);
	EC_GROUP_free(curve);
	return len;
}

/* A key that knows only its private value: enough to agree with. */
static EVP_PKEY *private_key(const struct group *g, const BIGNUM *priv)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, g->type, NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (bld &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
					    g->name, 0) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, priv))
		params = OSSL_PARAM_BLD_to_param(bld);
	if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR,
					params); /* leaves NULL on failure */
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

int dh_from_private(uint8_t group, const uint8_t *priv, size_t len,
		    struct dh **out)
{
	const struct group *g = group_find(group);
	uint8_t pub[1 + DH_PUBLIC_MAX];
	size_t pub_len = 0;
	EVP_PKEY *key = NULL;
	BIGNUM *x;

	if (!g || len > DH_PUBLIC_MAX)
		return -ENOTSUP;
	x = BN_secure_new();
	if (x && BN_bin2bn(priv, (int)len, x)) {
		key = private_key(g, x);
		pub_len = g->curve ? curve_public(g, x, pub)
				   : modp_public(g, x, pub);
	}
	BN_clear_free(x);
	ERR_clear_error();
	if (!key)
		return -EIO;
	return dh_wrap(g, key, pub, pub_len, out);
}

int dh_copy(const struct dh *dh, struct dh **out)
{
	struct dh *copy = malloc(sizeof(*copy));

	if (!copy || EVP_PKEY_up_ref(dh->key) != 1) {
		free(copy);
		return -ENOMEM;
	}
	*copy = *dh; /* the key itself is shared and never changes */
	*out = copy;
	return 0;
}

void dh_free(struct dh *dh)
{
	if (!dh)
		return;
	EVP_PKEY_free(dh->key); /* wipes the private value */
	free(dh);
}

uint8_t dh_group(const struct dh *dh)
{
	return dh->group->id;
}

const uint8_t *dh_public(const struct dh *dh, size_t *len)
{
	*len = dh->group->public_len;
	return dh->pub;
}

/*
 * 1 < y < p - 1, and y of the subgroup of prime order that 2 generates
 * (RFC 2785 3.1). As p is a safe prime, y^q mod p is the Legendre symbol.
 */
static bool modp_is_valid(const struct group *g, const uint8_t *peer)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = g->prime(NULL);
	BIGNUM *y = BN_bin2bn(peer, (int)g->public_len, NULL);
	bool valid = false;

	if (ctx && p && y && BN_cmp(y, BN_value_one()) > 0 && BN_cmp(y, p) < 0)
		valid = BN_kronecker(y, p, ctx) == 1; /* p - 1: -1 */
	BN_free(y);
	BN_free(p);
	BN_CTX_free(ctx);
	return valid;
}

/*
 * A key of the other side's value. Of a curve, OpenSSL refuses coordinates
 * above p and points off the curve; the form octet 4 leaves no way to write
 * the point at infinity, and with a cofactor of 1 nothing else can be wrong.
 */
static EVP_PKEY *peer_key(const struct group *g, const uint8_t *peer)
{
	uint8_t value[1 + DH_PUBLIC_MAX] = { POINT_CONVERSION_UNCOMPRESSED };
	size_t form = g->curve ? 1 : 0;

	if (!g->curve && !modp_is_valid(g, peer))
		return NULL;
	memcpy(value + form, peer, g->public_len);
	return group_key_public(group_template(g), value, form + g->public_len);
}

/* RFC 5903 7: x alone. MODP: at full width, with its leading zeros. */
static bool derive(const struct dh *dh, EVP_PKEY *peer, uint8_t *secret)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, dh->key, NULL);
	size_t len = DH_SECRET_MAX;
	bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1;

	if (ok && !dh->group->curve)
		ok = EVP_PKEY_CTX_set_dh_pad(ctx, 1) == 1;
	ok = ok && EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
	     EVP_PKEY_derive(ctx, secret, &len) == 1 &&
	     len == dh->group->secret_len;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

enum drop dh_agree(const struct dh *dh, const uint8_t *peer, size_t peer_len,
		   uint8_t secret[DH_SECRET_MAX], size_t *secret_len)
{
	uint8_t s[DH_SECRET_MAX];
	EVP_PKEY *key = NULL;
	enum drop drop = DROP_DH_PUBLIC;

	if (peer_len == dh->group->public_len)
		key = peer_key(dh->group, peer);
	if (key && derive(dh, key, s)) {
		memcpy(secret, s, dh->group->secret_len);
		*secret_len = dh->group->secret_len;
		drop = DROP_NONE;
	}
	EVP_PKEY_free(key);
	sodium_memzero(s, sizeof(s));
	ERR_clear_error(); /* a bad value leaves its trace in the queue */
	return drop;
}
