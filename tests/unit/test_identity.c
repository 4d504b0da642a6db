/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/identity.h"

#include "tests/unit/hex.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static const enum identity_kind kinds[] = {
	IDENTITY_ECDSA_P256, IDENTITY_ECDSA_P384, IDENTITY_RSA_2048,
	IDENTITY_RSA_3072,   IDENTITY_RSA_4096,	  IDENTITY_ED25519,
};

enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static struct identity *from_pem(const char *pem)
{
	struct identity *id = NULL;

	cr_assert_eq(identity_from_pem(pem, strlen(pem), &id), 0);
	return id;
}

static void expect_hit(const struct identity *id, const char *want)
{
	char text[HIT_TEXT_MAX];

	hit_text(identity_hit(id), text);
	cr_expect_str_eq(text, want);
}

static void expect_hi(const struct identity *id, const char *text)
{
	uint8_t want[HI_MAX];
	size_t want_len = hex(text, want, sizeof(want)), len;
	const uint8_t *hi = identity_hi(id, &len);

	cr_assert_eq(len, want_len);
	cr_expect_arr_eq(hi, want, len);
}

/* What `id` signs, the public half of `with` verifies or does not. */
static enum drop sign_and_verify(const struct identity *id,
				 const struct identity *with)
{
	struct hi_public *pub = NULL;
	uint8_t sig[SIGNATURE_MAX];
	size_t hi_len, sig_len = 0;
	const uint8_t *hi = identity_hi(with, &hi_len);
	enum drop drop;

	cr_assert_eq(identity_sign(id, "words", 5, sig, &sig_len), 0);
	cr_assert_eq(
		hi_public_parse(identity_algorithm(with), hi, hi_len, &pub),
		DROP_NONE);
	cr_expect_eq(hi_public_algorithm(pub), identity_algorithm(with));
	drop = hi_public_verify(pub, "words", 5, sig, sig_len);
	cr_expect_eq(hi_public_verify(pub, "word", 4, sig, sig_len),
		     DROP_SIGNATURE);
	hi_public_free(pub);
	return drop;
}

Test(identity, kinds_have_names)
{
	enum identity_kind kind = IDENTITY_RSA_4096;

	cr_expect_str_eq(identity_kind_text(IDENTITY_ECDSA_P256), "ecdsa-p256");
	cr_expect_str_eq(identity_kind_text(IDENTITY_ED25519), "ed25519");
	for (size_t i = 0; i < N_KINDS; i++) {
		cr_assert_eq(identity_kind_from_text(
				     identity_kind_text(kinds[i]), &kind),
			     0);
		cr_expect_eq(kind, kinds[i]);
	}
	kind = IDENTITY_RSA_4096;
	cr_expect_eq(identity_kind_from_text("ecdsa", &kind), -EINVAL);
	cr_expect_eq(identity_kind_from_text("rsa-1024", &kind), -EINVAL);
	cr_expect_eq(identity_kind_from_text("", &kind), -EINVAL);
	cr_expect_eq(kind, IDENTITY_RSA_4096);
}

Test(identity, each_kind_is_made_written_and_read_again)
{
	static const struct {
		uint16_t algorithm;
		uint8_t suite;
		size_t hi_len;
	} want[] = {
		{ HI_ECDSA, 2, 67 }, { HI_ECDSA, 2, 99 }, { HI_RSA, 1, 260 },
		{ HI_RSA, 1, 388 },  { HI_RSA, 1, 516 },  { HI_EDDSA, 5, 36 },
	};

	for (size_t i = 0; i < N_KINDS; i++) {
		struct identity *id = NULL, *again;
		char pem[8192];
		size_t len = 0;

		cr_assert_eq(identity_generate(kinds[i], &id), 0);
		cr_expect_eq(identity_kind(id), kinds[i]);
		cr_expect_eq(identity_algorithm(id), want[i].algorithm);
		cr_expect_eq(hit_suite(identity_hit(id)), want[i].suite);
		cr_expect(hit_is_hit(identity_hit(id)));
		(void)identity_hi(id, &len);
		cr_expect_eq(len, want[i].hi_len);

		cr_assert_eq(identity_to_pem(id, pem, sizeof(pem), &len), 0);
		cr_assert_eq(strlen(pem), len);
		again = from_pem(pem);
		cr_expect_eq(identity_kind(again), kinds[i]);
		cr_expect(hit_equal(identity_hit(id), identity_hit(again)));
		cr_expect_eq(sign_and_verify(id, again), DROP_NONE);
		cr_expect_eq(sign_and_verify(again, id), DROP_NONE);
		identity_free(id);
		identity_free(again);
	}
}

Test(identity, two_made_are_two)
{
	struct identity *a = NULL, *b = NULL;

	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(identity_generate(kinds[i], &a), 0);
		cr_assert_eq(identity_generate(kinds[i], &b), 0);
		cr_expect_not(hit_equal(identity_hit(a), identity_hit(b)));
		cr_expect_eq(sign_and_verify(a, b), DROP_SIGNATURE);
		identity_free(a);
		identity_free(b);
	}
}

/* HI and HIT computed with another implementation. */
Test(identity, a_p256_key_file_gives_its_hi_and_hit)
{
	static const char *const same[] = { KEY_P256, KEY_P256_COMPRESSED,
					    KEY_P256_PRIVATE_HALF };
	uint8_t want[32], fingerprint[32];

	hex("5fefbe623aa33b55cf176304f801d95ae89e27f047951b637fd318d045370e54",
	    want, sizeof(want));
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		struct identity *id = from_pem(same[i]);

		expect_hit(id, "2001:22:c858:c169:6f60:e3bc:835a:37ff");
		expect_hi(id, "0001 04"
			      "b3bdb6581138874b46d3d3392a3fd200"
			      "23bb293f5b846d588bf7552ac4767280"
			      "077763947de25478598af79c3e3eb901"
			      "77fef7804fa2e7773627c24dfc8377e2");
		identity_fingerprint(id, fingerprint);
		cr_expect_arr_eq(fingerprint, want, sizeof(want));
		identity_free(id);
	}
}

Test(identity, a_p384_key_file_gives_its_hi_and_hit)
{
	struct identity *id = from_pem(KEY_P384);

	expect_hit(id, "2001:22:cf5e:b4c0:c945:7785:113e:aa04");
	expect_hi(id, "0002 04"
		      "d4e1e9c3a18c20d1c1f4b792fa31519e95bb051a6580a34e"
		      "02aeeb2459306b22454ddd37407f24301cf07b281329a8ff"
		      "f02f8fa57ffb34b50fe95080a7d84fe954396aa3150e656b"
		      "7fcea9183dbfe9a57c001572a49f7d85c18aef5151f080fe");
	identity_free(id);
}

Test(identity, an_rsa_key_file_gives_its_hi_and_hit)
{
	struct identity *id = from_pem(KEY_RSA_2048);
	static const uint8_t begin[] = { 3, 1, 0, 1, 0x85, 0xc6, 0xa1 };
	size_t len;
	const uint8_t *hi = identity_hi(id, &len);

	expect_hit(id, "2001:21:bf9c:d376:909b:12a2:c09:45d2");
	cr_assert_eq(len, 260);
	cr_expect_arr_eq(hi, begin, sizeof(begin));
	identity_free(id);
}

/* RFC 8032 7.1, test 1; its HIT is the vector of docs/protocol.md. */
Test(identity, the_ed25519_key_of_rfc_8032)
{
	struct identity *id = from_pem(KEY_RFC8032);
	uint8_t want[64], sig[SIGNATURE_MAX];
	size_t len = 0;

	expect_hit(id, "2001:25:94f8:6e7a:36ad:d203:ed89:625f");
	expect_hi(id, "0001 0000 d75a980182b10ab7d54bfed3c964073a"
		      "0ee172f3daa62325af021a68f707511a");
	hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
	    want, sizeof(want));
	cr_assert_eq(identity_sign(id, "", 0, sig, &len), 0);
	cr_assert_eq(len, sizeof(want));
	cr_expect_arr_eq(sig, want, sizeof(want));
	identity_free(id);
}

Test(identity, pem_text_needs_room_for_its_nul)
{
	struct identity *id = from_pem(KEY_P256);
	char pem[512];
	size_t len = 0;

	cr_assert_eq(identity_to_pem(id, pem, sizeof(pem), &len), 0);
	cr_expect_str_eq(pem, KEY_P256);
	cr_expect_eq(len, strlen(KEY_P256));
	cr_expect_eq(identity_to_pem(id, pem, len, &len), -ENOSPC);
	cr_expect_eq(identity_to_pem(id, pem, 0, &len), -ENOSPC);
	cr_expect_eq(identity_to_pem(id, pem, len + 1, &len), 0);
	identity_free(id);
}

static const struct {
	const char *what, *pem;
	int err;
} bad_keys[] = {
	{ "nothing", "", -EINVAL },
	{ "no PEM", "hello\n", -EINVAL },
	{ "header alone", "-----BEGIN PRIVATE KEY-----\n", -EINVAL },
	{ "empty body",
	  "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", -EINVAL },
	{ "no base64",
	  "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n",
	  -EINVAL },
	{ "SEC 1", KEY_P256_SEC1, -EINVAL },
	{ "with a passphrase", KEY_P256_ENCRYPTED, -EINVAL },
	{ "public", KEY_P256_PUBLIC, -EINVAL },
	{ "octets behind", KEY_P256_TRAILING, -EINVAL },
	{ "another key's public half", KEY_P256_OTHER_PUBLIC, -EINVAL },
	{ "public half off the curve", KEY_P256_OFF_CURVE, -EINVAL },
	{ "P-521", KEY_P521, -ENOTSUP },
	{ "RSA too small", KEY_RSA_1024, -ENOTSUP },
	{ "RSA for PSS only", KEY_RSA_PSS, -ENOTSUP },
	{ "X25519", KEY_X25519, -ENOTSUP },
};

Test(identity, a_key_file_that_is_not_ours_is_refused)
{
	for (size_t i = 0; i < sizeof(bad_keys) / sizeof(bad_keys[0]); i++) {
		struct identity *id = NULL;

		cr_expect_eq(identity_from_pem(bad_keys[i].pem,
					       strlen(bad_keys[i].pem), &id),
			     bad_keys[i].err, "%s", bad_keys[i].what);
		cr_expect_null(id);
		cr_expect_eq(ERR_peek_error(), 0);
	}
}

Test(identity, a_key_file_cut_anywhere_is_refused)
{
	/* The END line may go without its last newline. */
	for (size_t len = 0; len + 1 < strlen(KEY_P256); len++) {
		struct identity *id = NULL;

		cr_expect_eq(identity_from_pem(KEY_P256, len, &id), -EINVAL,
			     "at %zu", len);
	}
}

Test(identity, a_key_file_needs_no_nul)
{
	char pem[sizeof(KEY_P256)];
	struct identity *id = NULL;

	memcpy(pem, KEY_P256, sizeof(pem));
	pem[sizeof(pem) - 1] = 'x';
	cr_assert_eq(identity_from_pem(pem, sizeof(pem) - 1, &id), 0);
	identity_free(id);
	identity_free(NULL);
}
