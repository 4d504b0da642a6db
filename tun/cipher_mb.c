/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * AES-GCM by the direct calls of libipsec-mb, which need no job queue. A
 * build without the library has this backend never working.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tun/cipher_backend.h"

#ifdef HAVE_IPSEC_MB

#include "tun/pkt.h"

#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum { KEY_ALIGN = 64, KEY_LEN = 16 };

struct cipher_mb {
	struct cipher base; /* first */
	uint8_t salt[CIPHER_SALT_LEN];
	struct gcm_context_data scratch; /* here, so that it is wiped */
	_Alignas(KEY_ALIGN) struct gcm_key_data key;
};

static_assert(offsetof(struct cipher_mb, base) == 0, "mb_of");

/*
 * The functions that the library's manager chose for this CPU, once per
 * process. The manager itself (200 kB) is not needed for them.
 */
static struct {
	bool works;
	aes_gcm_pre_t expand;
	aes_gcm_enc_dec_t encrypt;
	aes_gcm_enc_dec_t decrypt;
} gcm;
static pthread_once_t gcm_once = PTHREAD_ONCE_INIT;

static void gcm_choose(void)
{
	const uint64_t need = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
	IMB_MGR *m = alloc_mb_mgr(0);
	IMB_ARCH arch;

	if (!m)
		return;
	init_mb_mgr_auto(m, &arch);
	/* A self-test of the library that failed is an error of init. */
	gcm.works = imb_get_errno(m) == 0 && arch != IMB_ARCH_NOAESNI &&
		    (m->features & need) == need;
	gcm.expand = m->gcm128_pre;
	gcm.encrypt = m->gcm128_enc;
	gcm.decrypt = m->gcm128_dec;
	free_mb_mgr(m);
}

bool cipher_mb_works(void)
{
	pthread_once(&gcm_once, gcm_choose);
	return gcm.works;
}

static struct cipher_mb *mb_of(struct cipher *c)
{
	return (struct cipher_mb *)(void *)c;
}

static bool mb_seal(struct cipher *c, uint8_t *esp, const uint8_t *plain,
		    size_t len, uint64_t seq)
{
	struct cipher_mb *mb = mb_of(c);
	uint8_t *data = esp + ESP_HEADER_LEN + c->suite->iv_len;
	uint8_t nonce[CIPHER_NONCE_LEN], aad[CIPHER_AAD_LEN];

	store_be64(esp + ESP_HEADER_LEN, seq);
	cipher_gcm_inputs(esp, seq, mb->salt, nonce, aad);
	gcm.encrypt(&mb->key, &mb->scratch, data, plain, len, nonce, aad,
		    sizeof(aad), data + len, c->suite->icv_len);
	return true;
}

static bool mb_open(struct cipher *c, uint8_t *esp, size_t len, uint64_t seq)
{
	struct cipher_mb *mb = mb_of(c);
	uint8_t *data = esp + ESP_HEADER_LEN + c->suite->iv_len;
	uint8_t nonce[CIPHER_NONCE_LEN], aad[CIPHER_AAD_LEN];
	uint8_t icv[16];

	assert(c->suite->icv_len == sizeof(icv));
	cipher_gcm_inputs(esp, seq, mb->salt, nonce, aad);
	gcm.decrypt(&mb->key, &mb->scratch, data, data, len, nonce, aad,
		    sizeof(aad), icv, sizeof(icv));
	return CRYPTO_memcmp(icv, data + len, sizeof(icv)) == 0;
}

static void mb_free(struct cipher *c)
{
	struct cipher_mb *mb = mb_of(c);

	sodium_memzero(mb, sizeof(*mb));
	free(mb);
}

static const struct cipher_ops mb_ops = {
	.name = "ipsec-mb",
	.seal = mb_seal,
	.open = mb_open,
	.free = mb_free,
};

struct cipher *cipher_mb_new(const struct cipher_suite *suite,
			     enum cipher_direction direction,
			     const uint8_t *key)
{
	struct cipher_mb *mb;

	assert(suite->id == CIPHER_AES_GCM_16 && cipher_mb_works());
	mb = aligned_alloc(KEY_ALIGN, sizeof(*mb));
	if (!mb)
		return NULL;
	memset(mb, 0, sizeof(*mb));
	mb->base = (struct cipher){ suite, &mb_ops, direction };
	memcpy(mb->salt, key + KEY_LEN, sizeof(mb->salt));
	gcm.expand(key, &mb->key);
	return &mb->base;
}

#else

#include <assert.h>

bool cipher_mb_works(void)
{
	return false;
}

struct cipher *cipher_mb_new(const struct cipher_suite *suite,
			     enum cipher_direction direction,
			     const uint8_t *key)
{
	(void)suite;
	(void)direction;
	(void)key;
	assert(!"asked for a backend that does not work");
	return NULL;
}

#endif
