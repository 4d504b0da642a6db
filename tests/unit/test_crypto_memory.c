/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Each allocation of libcrypto fails in turn (T40): what we build on it then
 * fails too, or gives what it gives with memory enough. Above all, nothing
 * wrong is ever taken as right.
 */
#include "daemon/hip/dh.h"
#include "daemon/hip/identity.h"
#include "daemon/hip/keymat.h"
#include "daemon/hip/protect.h"
#include "daemon/hip/suite.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { NEVER = -1, ALLOCATIONS_MAX = 2000 };

/* Allocations until the one that fails. */
static long until_failure = NEVER;

static bool fails_now(void)
{
	if (until_failure == NEVER)
		return false;
	return until_failure-- == 0;
}

static void *failing_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails_now() ? NULL : malloc(len);
}

static void *failing_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails_now() ? NULL : realloc(p, len);
}

static void plain_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static bool allocator_is_set;

/* libcrypto takes no other allocator once it has allocated something. */
__attribute__((constructor)) static void set_allocator(void)
{
	allocator_is_set =
		CRYPTO_set_mem_functions(failing_malloc, failing_realloc,
					 plain_free) == 1;
}

/* What a step works on, and the bytes that it gives. */
struct work {
	struct identity *id;
	struct dh *ours, *theirs;
	uint8_t sig[SIGNATURE_MAX];
	size_t sig_len;
	uint8_t out[HIP_PACKET_MAX];
	size_t out_len;
};

/* True when it succeeded. */
typedef bool (*step)(struct work *w);

static bool verify(struct work *w)
{
	struct hi_public *pub = NULL;
	size_t len;
	const uint8_t *hi = identity_hi(w->id, &len);
	bool good;

	if (hi_public_parse(identity_algorithm(w->id), hi, len, &pub))
		return false;
	good = hi_public_verify(pub, "text", 4, w->sig, w->sig_len) ==
	       DROP_NONE;
	hi_public_free(pub);
	return good;
}

/* The signature is not one of this text. */
static bool verify_wrong(struct work *w)
{
	struct hi_public *pub = NULL;
	size_t len;
	const uint8_t *hi = identity_hi(w->id, &len);

	if (hi_public_parse(identity_algorithm(w->id), hi, len, &pub))
		return false;
	cr_assert_eq(hi_public_verify(pub, "Text", 4, w->sig, w->sig_len),
		     DROP_SIGNATURE);
	hi_public_free(pub);
	return true;
}

static bool sign(struct work *w)
{
	struct work again = *w;
	long left;

	if (identity_sign(w->id, "text", 4, again.sig, &again.sig_len))
		return false;
	left = until_failure;
	until_failure = NEVER;
	cr_assert(verify(&again));
	until_failure = left;
	return true;
}

static bool agree(struct work *w)
{
	size_t len;
	const uint8_t *pub = dh_public(w->theirs, &len);

	return dh_agree(w->ours, pub, len, w->out, &w->out_len) == DROP_NONE;
}

/* 2^521 - 1 and so on: no point, and no MODP value. */
static bool agree_wrong(struct work *w)
{
	uint8_t bad[DH_PUBLIC_MAX], secret[DH_SECRET_MAX];
	size_t len = dh_public_len(dh_group(w->ours)), secret_len;

	memset(bad, 0xff, sizeof(bad));
	cr_assert_eq(dh_agree(w->ours, bad, len, secret, &secret_len),
		     DROP_DH_PUBLIC);
	return true;
}

static bool make_dh(struct work *w)
{
	struct dh *dh = NULL;

	if (dh_new(dh_group(w->ours), &dh))
		return false;
	dh_free(dh);
	return true;
}

static bool draw_keys(struct work *w)
{
	static const struct hit a = { { 1 } }, b = { { 2 } };
	uint8_t i[RHASH_MAX] = { 1 }, j[RHASH_MAX] = { 2 };
	struct keymat k;

	w->out_len = 300;
	return keymat_init(&k, hit_suite(identity_hit(w->id)), i, j, i, 32, &a,
			   &b) == 0 &&
	       keymat_draw(&k, 0, w->out, w->out_len) == 0;
}

static bool mac(struct work *w)
{
	const struct piece text = { "text", 4 };
	uint8_t suite = hit_suite(identity_hit(w->id));
	uint8_t key[RHASH_MAX] = { 1 };

	w->out_len = suite_mac_len(suite);
	return suite_mac(suite, key, &text, 1, w->out) == 0;
}

static bool encrypt_and_open(struct work *w)
{
	static const uint8_t plain[16] = { 2, 0xc1, 0, 12 }, key[16], iv[16];
	const struct hit h = { { 0 } };
	struct encrypted e = { .iv = iv, .len = 32 };
	struct packet_out p;

	packet_begin(&p, HIP_I2, 0, &h, &h);
	if (protect_add_encrypted(&p, HIP_CIPHER_AES_128_CBC, key, iv, plain,
				  sizeof(plain)))
		return false;
	e.bytes = p.bytes + HIP_HEADER_LEN + 4 + 4 + sizeof(iv);
	return protect_open_encrypted(&e, HIP_CIPHER_AES_128_CBC, key, w->out,
				      sizeof(w->out), &w->out_len) == DROP_NONE;
}

/* Runs a step with each of its allocations failing. */
static void fail_each(struct work *w, step s)
{
	struct work want = *w;
	long n = 0;

	cr_assert(s(&want), "with memory enough");
	for (bool reached = true; reached; n++) {
		struct work got = *w;
		bool done;

		cr_assert_lt(n, ALLOCATIONS_MAX);
		until_failure = n;
		done = s(&got);
		reached = until_failure == NEVER;
		until_failure = NEVER;
		if (!done)
			continue;
		cr_assert_eq(got.out_len, want.out_len);
		cr_assert_arr_eq(got.out, want.out, want.out_len);
	}
}

static const struct {
	const char *pem;
	uint8_t group;
} works[] = {
	{ KEY_P256, DH_NIST_P256 },
	{ KEY_P384, DH_NIST_P384 },
	{ KEY_RSA_2048, DH_MODP_1536 },
	{ KEY_RFC8032, DH_NIST_P521 },
};

static const step steps[] = {
	verify, verify_wrong,	  sign, agree, agree_wrong, make_dh, draw_keys,
	mac,	encrypt_and_open,
};

Test(crypto_memory, no_failing_allocation_makes_right_of_wrong)
{
	cr_assert(allocator_is_set);
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		struct work w = { 0 };

		cr_assert_eq(identity_from_pem(works[i].pem,
					       strlen(works[i].pem), &w.id),
			     0);
		cr_assert_eq(identity_sign(w.id, "text", 4, w.sig, &w.sig_len),
			     0);
		cr_assert_eq(dh_new(works[i].group, &w.ours), 0);
		cr_assert_eq(dh_new(works[i].group, &w.theirs), 0);
		for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++)
			fail_each(&w, steps[s]);
		identity_free(w.id);
		dh_free(w.ours);
		dh_free(w.theirs);
	}
}
