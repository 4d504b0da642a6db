/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * KEYMAT: HKDF (RFC 5869) as RFC 7401 6.5 uses it, and the order in which
 * keys are drawn (RFC 7401 6.5, RFC 7402 7). The greater HIT's keys come
 * first.
 */
#include "daemon/hip/keymat.h"

#include "daemon/hip/suite.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

enum { HKDF_BLOCKS_MAX = 255 }; /* RFC 5869 2.3 */

int keymat_init(struct keymat *k, uint8_t hit_suite, const uint8_t *i,
		const uint8_t *j, const uint8_t *kij, size_t kij_len,
		const struct hit *a, const struct hit *b)
{
	size_t n = suite_rhash_len(hit_suite);
	uint8_t salt_bytes[2 * RHASH_MAX];
	const struct piece salt = { salt_bytes, 2 * n };
	const struct piece secret = { kij, kij_len };
	bool a_first = hit_compare(a, b) < 0;
	int err;

	if (n == 0)
		return -ENOTSUP;
	memcpy(salt_bytes, i, n);
	memcpy(salt_bytes + n, j, n);
	err = suite_hkdf_hmac(hit_suite, &salt, &secret, 1, k->prk);
	if (err)
		return err;
	k->hit_suite = hit_suite;
	k->smaller = a_first ? *a : *b;
	k->greater = a_first ? *b : *a;
	return 0;
}

/* RFC 5869 2.3: T(n) = HMAC(PRK, T(n-1) | info | n), in place of T(n-1). */
static int next_block(const struct keymat *k, uint8_t number,
		      uint8_t t[RHASH_MAX])
{
	size_t len = suite_hkdf_len(k->hit_suite);
	const struct piece prk = { k->prk, len };
	const struct piece pieces[] = {
		{ t, number > 1 ? len : 0 },
		{ k->smaller.bytes, sizeof(k->smaller.bytes) },
		{ k->greater.bytes, sizeof(k->greater.bytes) },
		{ &number, 1 },
	};

	return suite_hkdf_hmac(k->hit_suite, &prk, pieces, 4, t);
}

int keymat_draw(const struct keymat *k, size_t index, uint8_t *out, size_t len)
{
	size_t hash_len = suite_hkdf_len(k->hit_suite);
	size_t end = HKDF_BLOCKS_MAX * hash_len;
	uint8_t t[RHASH_MAX];
	uint8_t number = 1;
	int err = 0;

	if (index > end || len > end - index)
		return -ERANGE;
	end = index + len;
	for (size_t at = 0; !err && at < end; at += hash_len) {
		size_t from = at > index ? at : index;
		size_t to = at + hash_len < end ? at + hash_len : end;

		err = next_block(k, number++, t);
		if (!err && from < to)
			memcpy(out + (from - index), t + (from - at),
			       to - from);
	}
	sodium_memzero(t, sizeof(t));
	return err;
}

uint32_t keymat_end(const struct keymat *k)
{
	size_t end = HKDF_BLOCKS_MAX * suite_hkdf_len(k->hit_suite);

	return end < UINT16_MAX ? (uint32_t)end : UINT16_MAX;
}

/* Is `self` the greater of the two? It must be one of them. */
static bool is_greater(const struct keymat *k, const struct hit *self)
{
	assert(hit_equal(self, &k->greater) || hit_equal(self, &k->smaller));
	return hit_equal(self, &k->greater);
}

int keymat_hip_keys(const struct keymat *k, uint16_t hip_cipher,
		    const struct hit *self, struct hip_keys *out, size_t *next)
{
	bool greater = is_greater(k, self);
	size_t enc = suite_cipher_key_len(hip_cipher);
	size_t mac = suite_mac_key_len(k->hit_suite);
	uint8_t drawn[2 * (HIP_CIPHER_KEY_MAX + RHASH_MAX)];
	const uint8_t *ours = greater ? drawn : drawn + enc + mac;
	const uint8_t *theirs = greater ? drawn + enc + mac : drawn;
	int err;

	if (enc == 0)
		return -ENOTSUP;
	err = keymat_draw(k, 0, drawn, 2 * (enc + mac));
	if (!err) {
		memcpy(out->enc_out, ours, enc);
		memcpy(out->mac_out, ours + enc, mac);
		memcpy(out->enc_in, theirs, enc);
		memcpy(out->mac_in, theirs + enc, mac);
		out->enc_len = enc;
		out->mac_len = mac;
		*next = 2 * (enc + mac);
	}
	sodium_memzero(drawn, sizeof(drawn));
	return err;
}

int keymat_esp_keys(const struct keymat *k, uint16_t esp_suite, size_t index,
		    const struct hit *self, struct esp_keys *out, size_t *next)
{
	bool greater = is_greater(k, self);
	uint8_t drawn[2 * ESP_KEY_MAX];
	size_t enc, auth, len;
	int err;

	if (!suite_esp_key_len(esp_suite, &enc, &auth))
		return -ENOTSUP;
	len = enc + auth;
	err = keymat_draw(k, index, drawn, 2 * len);
	if (!err) {
		memcpy(out->out, greater ? drawn : drawn + len, len);
		memcpy(out->in, greater ? drawn + len : drawn, len);
		out->len = len;
		*next = index + 2 * len;
	}
	sodium_memzero(drawn, sizeof(drawn));
	return err;
}

void keymat_clear(struct keymat *k)
{
	sodium_memzero(k, sizeof(*k));
}
