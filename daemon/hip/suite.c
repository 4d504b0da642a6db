/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Algorithms by number: RFC 7401 5.2.8, 5.2.10, 6.5; RFC 7402 5.1.2. RFC 9374
 * gives suite 5 no lengths, so we chose (docs/protocol.md): RHASH is SHAKE128
 * cut to 256 bits, which is cSHAKE128 with empty strings; the MAC is KMAC128
 * with key and output of 256 bits; HKDF runs over HMAC-SHA-256.
 *
 * OpenSSL 3 is slow to look an algorithm up by name. Each is looked up once,
 * before its first use; the table never changes after that.
 */
#include "daemon/hip/suite.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

struct suite {
	uint8_t id;
	uint16_t hi_algorithm;
	size_t len; /* of RHASH, of the MAC and of the MAC's key */
	const char *rhash;
	const char *mac_hash; /* HMAC's hash; NULL: the MAC is KMAC128 */
	const char *hkdf_hash;
	size_t hkdf_len;
};

static const struct suite suites[] = {
	{ HIT_SUITE_RSA, HI_RSA, 32, "SHA2-256", "SHA2-256", "SHA2-256", 32 },
	{ HIT_SUITE_ECDSA, HI_ECDSA, 48, "SHA2-384", "SHA2-384", "SHA2-384",
	  48 },
	{ HIT_SUITE_EDDSA, HI_EDDSA, 32, "SHAKE-128", NULL, "SHA2-256", 32 },
};

enum { N_SUITES = sizeof(suites) / sizeof(suites[0]) };

/* What OpenSSL gave for each suite; NULL where it gave nothing. */
static struct {
	EVP_MD *rhash;
	EVP_MAC_CTX *mac;  /* to be copied, then given a key */
	EVP_MAC_CTX *hkdf; /* the same for HKDF's HMAC */
} found[N_SUITES];

static pthread_once_t found_once = PTHREAD_ONCE_INIT;

/* A MAC with everything set but its key; NULL on failure. */
static EVP_MAC_CTX *mac_prepare(const char *hmac_hash, size_t len)
{
	/* A context without any key cannot be copied. */
	static const uint8_t no_key[RHASH_MAX];
	char hash[16] = { 0 };
	OSSL_PARAM params[2] = { OSSL_PARAM_END, OSSL_PARAM_END };
	EVP_MAC *mac =
		EVP_MAC_fetch(NULL, hmac_hash ? "HMAC" : "KMAC-128", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac); /* the context has its own hold on it */
	if (hmac_hash) {
		strncpy(hash, hmac_hash, sizeof(hash) - 1);
		params[0] = OSSL_PARAM_construct_utf8_string(
			OSSL_MAC_PARAM_DIGEST, hash, 0);
	} else {
		params[0] =
			OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &len);
	}
	if (!ctx || EVP_MAC_init(ctx, no_key, len, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static void find_all(void)
{
	for (size_t i = 0; i < N_SUITES; i++) {
		const struct suite *s = &suites[i];

		found[i].rhash = EVP_MD_fetch(NULL, s->rhash, NULL);
		found[i].mac = mac_prepare(s->mac_hash, s->len);
		found[i].hkdf = mac_prepare(s->hkdf_hash, s->hkdf_len);
	}
}

/* The suite's place in the tables, or N_SUITES. */
static size_t suite_index(uint8_t hit_suite)
{
	size_t i = 0;

	while (i < N_SUITES && suites[i].id != hit_suite)
		i++;
	if (i < N_SUITES)
		(void)pthread_once(&found_once, find_all); /* cannot fail */
	return i;
}

bool suite_is_known(uint8_t hit_suite)
{
	return suite_rhash_len(hit_suite) > 0;
}

uint8_t suite_of_algorithm(uint16_t hi_algorithm)
{
	for (size_t i = 0; i < N_SUITES; i++)
		if (suites[i].hi_algorithm == hi_algorithm)
			return suites[i].id;
	return 0;
}

size_t suite_rhash_len(uint8_t hit_suite)
{
	for (size_t i = 0; i < N_SUITES; i++)
		if (suites[i].id == hit_suite)
			return suites[i].len;
	return 0;
}

size_t suite_mac_len(uint8_t hit_suite)
{
	return suite_rhash_len(hit_suite);
}

size_t suite_mac_key_len(uint8_t hit_suite)
{
	return suite_rhash_len(hit_suite);
}

size_t suite_hkdf_len(uint8_t hit_suite)
{
	for (size_t i = 0; i < N_SUITES; i++)
		if (suites[i].id == hit_suite)
			return suites[i].hkdf_len;
	return 0;
}

static bool digest(const EVP_MD *md, const struct piece *pieces, size_t n,
		   uint8_t *out, size_t out_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && md && EVP_DigestInit_ex2(ctx, md, NULL) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(ctx, pieces[i].bytes, pieces[i].len) == 1;
	if (ok && (EVP_MD_get_flags(md) & EVP_MD_FLAG_XOF))
		ok = EVP_DigestFinalXOF(ctx, out, out_len) == 1;
	else if (ok)
		ok = EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

int suite_rhash(uint8_t hit_suite, const struct piece *pieces, size_t n,
		uint8_t out[RHASH_MAX])
{
	size_t i = suite_index(hit_suite);

	if (i == N_SUITES)
		return -ENOTSUP;
	if (!digest(found[i].rhash, pieces, n, out, suites[i].len))
		return -EIO;
	return 0;
}

int suite_xof(uint8_t hit_suite, const struct piece *pieces, size_t n,
	      uint8_t *out, size_t len)
{
	size_t i = suite_index(hit_suite);

	if (i == N_SUITES || suites[i].mac_hash)
		return -ENOTSUP;
	if (!digest(found[i].rhash, pieces, n, out, len))
		return -EIO;
	return 0;
}

static int mac(const EVP_MAC_CTX *prepared, const uint8_t *key, size_t key_len,
	       const struct piece *pieces, size_t n, uint8_t out[RHASH_MAX])
{
	EVP_MAC_CTX *ctx = prepared ? EVP_MAC_CTX_dup(prepared) : NULL;
	size_t out_len = 0;
	bool ok = ctx && EVP_MAC_init(ctx, key, key_len, NULL) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_MAC_update(ctx, pieces[i].bytes, pieces[i].len) == 1;
	ok = ok && EVP_MAC_final(ctx, out, &out_len, RHASH_MAX) == 1;
	EVP_MAC_CTX_free(ctx); /* wipes the key */
	return ok ? 0 : -EIO;
}

int suite_mac(uint8_t hit_suite, const uint8_t *key, const struct piece *pieces,
	      size_t n, uint8_t out[RHASH_MAX])
{
	size_t i = suite_index(hit_suite);

	if (i == N_SUITES)
		return -ENOTSUP;
	return mac(found[i].mac, key, suites[i].len, pieces, n, out);
}

int suite_hkdf_hmac(uint8_t hit_suite, const struct piece *key,
		    const struct piece *pieces, size_t n,
		    uint8_t out[RHASH_MAX])
{
	size_t i = suite_index(hit_suite);

	if (i == N_SUITES)
		return -ENOTSUP;
	return mac(found[i].hkdf, key->bytes, key->len, pieces, n, out);
}

size_t suite_cipher_key_len(uint16_t hip_cipher)
{
	switch (hip_cipher) {
	case HIP_CIPHER_AES_128_CBC:
		return 16;
	case HIP_CIPHER_AES_256_CBC:
		return 32;
	default:
		return 0;
	}
}

bool suite_esp_key_len(uint16_t esp_suite, size_t *enc, size_t *auth)
{
	switch (esp_suite) {
	case ESP_AES_128_CBC_SHA256:
		*enc = 16;
		*auth = 32;
		return true;
	case ESP_AES_256_CBC_SHA256:
		*enc = 32;
		*auth = 32;
		return true;
	case ESP_AES_GCM_16:
		*enc = 16 + 4; /* RFC 4106 8.1: the salt follows the key */
		*auth = 0;
		return true;
	default:
		return false;
	}
}

static bool list_has(const uint16_t *list, size_t n, uint16_t id)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == id)
			return true;
	return false;
}

uint32_t suite_esp_keys_len(uint16_t esp_suite)
{
	size_t enc, auth;

	if (!suite_esp_key_len(esp_suite, &enc, &auth))
		return 0;
	return (uint32_t)(2 * (enc + auth));
}

size_t suite_esp_len(uint16_t esp_suite, size_t inner_len)
{
	/* BEET sends no IPv6 header; RFC 4303 2: trailer, header and ICV. */
	size_t body = inner_len - 40 + 2, before = 8, icv = 16;

	switch (esp_suite) {
	case ESP_AES_128_CBC_SHA256: /* RFC 3602, RFC 4868 */
	case ESP_AES_256_CBC_SHA256:
		return before + 16 + (body + 15) / 16 * 16 + icv;
	case ESP_AES_GCM_16: /* RFC 4106 */
		return before + 8 + (body + 3) / 4 * 4 + icv;
	default:
		return 0;
	}
}

uint16_t suite_choose(const uint16_t *ours, size_t n_ours,
		      const uint16_t *theirs, size_t n_theirs)
{
	for (size_t i = 0; i < n_ours; i++)
		if (list_has(theirs, n_theirs, ours[i]))
			return ours[i];
	return 0;
}
