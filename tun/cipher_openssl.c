/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * All suites by OpenSSL's EVP. Contexts are keyed once; a packet sets the IV
 * only. (OpenSSL before 3.2 allocates a digest's state anew for each HMAC.)
 *
 * The IV of CBC has to be unpredictable (RFC 3602 3). It is the sequence
 * number, which never repeats, encrypted under the same key: NIST SP 800-38A
 * appendix C. That is what CBC with a zero IV makes of one block in front of
 * the payload, so the IV's place is filled with that block and encrypted
 * together with the rest.
 */
#include "tun/cipher_backend.h"
#include "tun/pkt.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>

enum {
	GCM_KEY_LEN = 16,
	MAC_KEY_LEN = 32, /* RFC 4868 2.1.1 */
	MAC_LEN = 32,
};

struct cipher_evp {
	struct cipher base; /* first */
	EVP_CIPHER_CTX *crypt;
	EVP_MAC_CTX *mac; /* NULL for AES-GCM */
	uint8_t salt[CIPHER_SALT_LEN];
};

static_assert(offsetof(struct cipher_evp, base) == 0, "evp_of");

static struct cipher_evp *evp_of(struct cipher *c)
{
	return (struct cipher_evp *)(void *)c;
}

/* Nonce, additional data and then len bytes to their place. */
static bool gcm_run(struct cipher_evp *e, uint8_t *esp, const uint8_t *from,
		    size_t len, uint64_t seq)
{
	uint8_t *data = esp + ESP_HEADER_LEN + e->base.suite->iv_len;
	uint8_t nonce[CIPHER_NONCE_LEN], aad[CIPHER_AAD_LEN];
	int n;

	cipher_gcm_inputs(esp, seq, e->salt, nonce, aad);
	return EVP_CipherInit_ex(e->crypt, NULL, NULL, NULL, nonce, -1) &&
	       EVP_CipherUpdate(e->crypt, NULL, &n, aad, sizeof(aad)) &&
	       EVP_CipherUpdate(e->crypt, data, &n, from, (int)len);
}

static bool gcm_seal(struct cipher *c, uint8_t *esp, const uint8_t *plain,
		     size_t len, uint64_t seq)
{
	struct cipher_evp *e = evp_of(c);
	uint8_t *icv = esp + ESP_HEADER_LEN + c->suite->iv_len + len;
	int n;

	store_be64(esp + ESP_HEADER_LEN, seq);
	return gcm_run(e, esp, plain, len, seq) &&
	       EVP_CipherFinal_ex(e->crypt, icv, &n) &&
	       EVP_CIPHER_CTX_ctrl(e->crypt, EVP_CTRL_AEAD_GET_TAG,
				   c->suite->icv_len, icv);
}

static bool gcm_open(struct cipher *c, uint8_t *esp, size_t len, uint64_t seq)
{
	struct cipher_evp *e = evp_of(c);
	uint8_t *data = esp + ESP_HEADER_LEN + c->suite->iv_len;
	uint8_t *icv = data + len;
	int n;

	/* The last call compares, in constant time. */
	if (gcm_run(e, esp, data, len, seq) &&
	    EVP_CIPHER_CTX_ctrl(e->crypt, EVP_CTRL_AEAD_SET_TAG,
				c->suite->icv_len, icv) &&
	    EVP_CipherFinal_ex(e->crypt, icv, &n))
		return true;
	ERR_clear_error(); /* a forged packet leaves an entry there */
	return false;
}

/*
 * HMAC-SHA-256 over n bytes from the SPI on and the high half of the
 * sequence number, which is not sent: RFC 4303 2.2.1.
 */
static bool cbc_mac(struct cipher_evp *e, const uint8_t *esp, size_t n,
		    uint64_t seq, uint8_t mac[MAC_LEN])
{
	uint8_t high[4];
	size_t mac_len;

	store_be32(high, (uint32_t)(seq >> 32));
	return EVP_MAC_init(e->mac, NULL, 0, NULL) &&
	       EVP_MAC_update(e->mac, esp, n) &&
	       EVP_MAC_update(e->mac, high, sizeof(high)) &&
	       EVP_MAC_final(e->mac, mac, &mac_len, MAC_LEN) &&
	       mac_len == MAC_LEN;
}

static bool cbc_seal(struct cipher *c, uint8_t *esp, const uint8_t *plain,
		     size_t len, uint64_t seq)
{
	static const uint8_t zero[16];
	struct cipher_evp *e = evp_of(c);
	uint8_t *iv = esp + ESP_HEADER_LEN;
	size_t crypt_len = c->suite->iv_len + len;
	uint8_t mac[MAC_LEN];
	int n;

	if (plain != iv + c->suite->iv_len)
		memcpy(iv + c->suite->iv_len, plain, len);
	memset(iv, 0, 8);
	store_be64(iv + 8, seq);
	if (!EVP_CipherInit_ex(e->crypt, NULL, NULL, NULL, zero, -1) ||
	    !EVP_CipherUpdate(e->crypt, iv, &n, iv, (int)crypt_len) ||
	    !cbc_mac(e, esp, ESP_HEADER_LEN + crypt_len, seq, mac))
		return false;
	memcpy(iv + crypt_len, mac, c->suite->icv_len);
	return true;
}

static bool cbc_open(struct cipher *c, uint8_t *esp, size_t len, uint64_t seq)
{
	struct cipher_evp *e = evp_of(c);
	uint8_t *iv = esp + ESP_HEADER_LEN;
	uint8_t *data = iv + c->suite->iv_len;
	uint8_t mac[MAC_LEN];
	int n;

	if (!cbc_mac(e, esp, (size_t)(data - esp) + len, seq, mac) ||
	    CRYPTO_memcmp(mac, data + len, c->suite->icv_len) != 0)
		return false;
	return EVP_CipherInit_ex(e->crypt, NULL, NULL, NULL, iv, -1) &&
	       EVP_CipherUpdate(e->crypt, data, &n, data, (int)len);
}

static void evp_free(struct cipher *c)
{
	struct cipher_evp *e = evp_of(c);

	EVP_CIPHER_CTX_free(e->crypt); /* both wipe their keys */
	EVP_MAC_CTX_free(e->mac);
	sodium_memzero(e, sizeof(*e));
	free(e);
}

static const struct cipher_ops gcm_ops = {
	.name = "openssl",
	.seal = gcm_seal,
	.open = gcm_open,
	.free = evp_free,
};

static const struct cipher_ops cbc_ops = {
	.name = "openssl",
	.seal = cbc_seal,
	.open = cbc_open,
	.free = evp_free,
};

static EVP_MAC_CTX *mac_new(const uint8_t *key)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[2] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
						 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac);
	if (ctx && !EVP_MAC_init(ctx, key, MAC_KEY_LEN, params)) {
		EVP_MAC_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

static bool crypt_init(struct cipher_evp *e, const EVP_CIPHER *type,
		       const uint8_t *key)
{
	int enc = e->base.direction == CIPHER_SEAL ? 1 : 0;

	e->crypt = EVP_CIPHER_CTX_new();
	return e->crypt &&
	       EVP_CipherInit_ex(e->crypt, type, NULL, key, NULL, enc) &&
	       EVP_CIPHER_CTX_set_padding(e->crypt, 0);
}

static bool evp_init(struct cipher_evp *e, const uint8_t *key)
{
	size_t enc_len = e->base.suite->key_len - MAC_KEY_LEN;

	switch (e->base.suite->id) {
	case CIPHER_AES_GCM_16:
		memcpy(e->salt, key + GCM_KEY_LEN, sizeof(e->salt));
		return crypt_init(e, EVP_aes_128_gcm(), key);
	case CIPHER_AES_128_CBC:
		e->mac = mac_new(key + enc_len);
		return e->mac && crypt_init(e, EVP_aes_128_cbc(), key);
	case CIPHER_AES_256_CBC:
		e->mac = mac_new(key + enc_len);
		return e->mac && crypt_init(e, EVP_aes_256_cbc(), key);
	default:
		return false;
	}
}

struct cipher *cipher_openssl_new(const struct cipher_suite *suite,
				  enum cipher_direction direction,
				  const uint8_t *key)
{
	bool gcm = suite->id == CIPHER_AES_GCM_16;
	struct cipher_evp *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->base =
		(struct cipher){ suite, gcm ? &gcm_ops : &cbc_ops, direction };
	if (!evp_init(e, key)) {
		ERR_clear_error();
		evp_free(&e->base);
		return NULL;
	}
	return &e->base;
}
