/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/hi_public.h"

#include "daemon/hip/identity.h"
#include "tests/unit/hex.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

static enum drop parse(uint16_t algorithm, const uint8_t *hi, size_t len)
{
	struct hi_public *pub = NULL;
	enum drop drop = hi_public_parse(algorithm, hi, len, &pub);

	cr_expect_eq(drop == DROP_NONE, pub != NULL);
	cr_expect_eq(ERR_peek_error(), 0, "no error is left in the queue");
	hi_public_free(pub);
	return drop;
}

static struct hi_public *from_hex(uint16_t algorithm, const char *text)
{
	uint8_t hi[HI_MAX];
	size_t len = hex(text, hi, sizeof(hi));
	struct hi_public *pub = NULL;

	cr_assert_eq(hi_public_parse(algorithm, hi, len, &pub), DROP_NONE);
	return pub;
}

static enum drop verify(const struct hi_public *pub, const char *text,
			const uint8_t *sig, size_t len)
{
	enum drop drop = hi_public_verify(pub, text, strlen(text), sig, len);

	cr_expect_eq(ERR_peek_error(), 0, "no error is left in the queue");
	return drop;
}

/* RFC 6979 A.2.5, A.2.6: "sample" with SHA-384. */
static const struct {
	const char *hi, *sig;
} rfc6979[] = {
	{ "0001 04"
	  "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
	  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
	  "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719"
	  "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954" },
	{ "0002 04"
	  "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e"
	  "06aae5286b300c64def8f0ea9055866064a254515480bc13"
	  "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9"
	  "f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
	  "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa7"
	  "3d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
	  "99ef4aeb15f178cea1fe40db2603138f130e740a19624526"
	  "203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8" },
};

Test(hi_public, ecdsa_vectors_of_rfc_6979)
{
	for (size_t i = 0; i < 2; i++) {
		struct hi_public *pub = from_hex(HI_ECDSA, rfc6979[i].hi);
		uint8_t sig[96];
		size_t len = hex(rfc6979[i].sig, sig, sizeof(sig));

		cr_expect_eq(verify(pub, "sample", sig, len), DROP_NONE);
		cr_expect_eq(verify(pub, "Sample", sig, len), DROP_SIGNATURE);
		cr_expect_eq(verify(pub, "", sig, len), DROP_SIGNATURE);
		hi_public_free(pub);
	}
}

/* RFC 8032 7.1, tests 2 and 3. */
Test(hi_public, ed25519_vectors_of_rfc_8032)
{
	static const struct {
		const char *hi, *message, *sig;
	} cases[] = {
		{ "0001 0000 3d4017c3e843895a92b70aa74d1b7ebc"
		  "9c982ccf2ec4968cc0cd55f12af4660c",
		  "\x72",
		  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8f"
		  "b3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
		  "387b2eaeb4302aeeb00d291612bb0c00" },
		{ "0001 0000 fc51cd8e6218a1a38da47ed00230f058"
		  "0816ed13ba3303ac5deb911548908025",
		  "\xaf\x82",
		  "6291d657deec24024827e69c3abe01a30ce548a284743a44"
		  "5e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
		  "4a7c15e9716ed28dc027beceea1ec40a" },
	};

	for (size_t i = 0; i < 2; i++) {
		struct hi_public *pub = from_hex(HI_EDDSA, cases[i].hi);
		uint8_t sig[64];
		size_t len = hex(cases[i].sig, sig, sizeof(sig));

		cr_expect_eq(verify(pub, cases[i].message, sig, len),
			     DROP_NONE);
		cr_expect_eq(verify(pub, "x", sig, len), DROP_SIGNATURE);
		hi_public_free(pub);
	}
}

static const struct {
	const char *pem;
	size_t sig_len;
} signers[] = {
	{ KEY_P256, 64 },
	{ KEY_P384, 96 },
	{ KEY_RSA_2048, 256 },
	{ KEY_RFC8032, 64 },
};

enum { N_SIGNERS = sizeof(signers) / sizeof(signers[0]) };

static struct identity *identity(const char *pem)
{
	struct identity *id = NULL;

	cr_assert_eq(identity_from_pem(pem, strlen(pem), &id), 0);
	return id;
}

static struct hi_public *public_of(const struct identity *id)
{
	struct hi_public *pub = NULL;
	size_t len;
	const uint8_t *hi = identity_hi(id, &len);

	cr_assert_eq(hi_public_parse(identity_algorithm(id), hi, len, &pub),
		     DROP_NONE);
	return pub;
}

Test(hi_public, every_flipped_bit_of_a_signature_is_refused)
{
	for (size_t n = 0; n < N_SIGNERS; n++) {
		struct identity *id = identity(signers[n].pem);
		struct hi_public *pub = public_of(id);
		uint8_t sig[SIGNATURE_MAX];
		size_t len = 0;

		cr_assert_eq(identity_sign(id, "text", 4, sig, &len), 0);
		cr_assert_eq(len, signers[n].sig_len);
		cr_expect_eq(verify(pub, "text", sig, len), DROP_NONE);
		for (size_t bit = 0; bit < 8 * len; bit++) {
			sig[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			cr_expect_eq(verify(pub, "text", sig, len),
				     DROP_SIGNATURE, "signer %zu, bit %zu", n,
				     bit);
			sig[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		}
		hi_public_free(pub);
		identity_free(id);
	}
}

Test(hi_public, every_flipped_bit_of_a_message_is_refused)
{
	for (size_t n = 0; n < N_SIGNERS; n++) {
		struct identity *id = identity(signers[n].pem);
		struct hi_public *pub = public_of(id);
		uint8_t sig[SIGNATURE_MAX], text[20] = "some text of twenty";
		size_t len = 0;

		cr_assert_eq(identity_sign(id, text, sizeof(text), sig, &len),
			     0);
		for (size_t bit = 0; bit < 8 * sizeof(text); bit++) {
			text[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			cr_expect_eq(hi_public_verify(pub, text, sizeof(text),
						      sig, len),
				     DROP_SIGNATURE);
			text[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		}
		hi_public_free(pub);
		identity_free(id);
	}
}

Test(hi_public, signatures_of_a_wrong_length_are_refused)
{
	for (size_t n = 0; n < N_SIGNERS; n++) {
		struct identity *id = identity(signers[n].pem);
		struct hi_public *pub = public_of(id);
		uint8_t sig[SIGNATURE_MAX + 2] = { 0 };
		size_t len = 0;

		cr_assert_eq(identity_sign(id, "text", 4, sig + 1, &len), 0);
		for (size_t l = 0; l <= SIGNATURE_MAX; l++)
			cr_expect_eq(verify(pub, "text", sig + 1, l),
				     l == len ? DROP_NONE : DROP_SIGNATURE);
		cr_expect_eq(verify(pub, "text", sig, len + 1), DROP_SIGNATURE,
			     "a zero in front");
		hi_public_free(pub);
		identity_free(id);
	}
}

Test(hi_public, ecdsa_with_r_or_s_of_zero_or_the_order_is_refused)
{
	struct hi_public *pub = from_hex(HI_ECDSA, rfc6979[0].hi);
	uint8_t good[64], order[32], sig[64];

	hex(rfc6979[0].sig, good, sizeof(good));
	hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
	    order, sizeof(order));
	memset(sig, 0, sizeof(sig));
	cr_expect_eq(verify(pub, "sample", sig, 64), DROP_SIGNATURE);
	memcpy(sig, good, 32);
	cr_expect_eq(verify(pub, "sample", sig, 64), DROP_SIGNATURE);
	memcpy(sig + 32, order, 32);
	cr_expect_eq(verify(pub, "sample", sig, 64), DROP_SIGNATURE);
	memcpy(sig, good, 64);
	memset(sig, 0, 32);
	cr_expect_eq(verify(pub, "sample", sig, 64), DROP_SIGNATURE);
	memcpy(sig, order, 32);
	cr_expect_eq(verify(pub, "sample", sig, 64), DROP_SIGNATURE);
	hi_public_free(pub);
}

/* Signs with other paddings than ours. */
static size_t sign_rsa(int padding, int salt, uint8_t sig[256])
{
	uint8_t hash[32];
	size_t len = 256;
	BIO *bio = BIO_new_mem_buf(KEY_RSA_2048, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

	cr_assert_eq(EVP_Q_digest(NULL, "SHA256", NULL, "text", 4, hash, NULL),
		     1);
	cr_assert_eq(EVP_PKEY_sign_init(ctx), 1);
	cr_assert_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
	cr_assert_eq(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
	if (padding == RSA_PKCS1_PSS_PADDING)
		cr_assert_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt), 1);
	cr_assert_eq(EVP_PKEY_sign(ctx, sig, &len, hash, sizeof(hash)), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return len;
}

Test(hi_public, rsa_takes_pss_with_a_salt_as_long_as_the_hash_only)
{
	struct identity *id = identity(KEY_RSA_2048);
	struct hi_public *pub = public_of(id);
	uint8_t sig[256];
	size_t len = sign_rsa(RSA_PKCS1_PSS_PADDING, 32, sig);

	cr_expect_eq(verify(pub, "text", sig, len), DROP_NONE);
	len = sign_rsa(RSA_PKCS1_PSS_PADDING, 31, sig);
	cr_expect_eq(verify(pub, "text", sig, len), DROP_SIGNATURE);
	len = sign_rsa(RSA_PKCS1_PSS_PADDING, 0, sig);
	cr_expect_eq(verify(pub, "text", sig, len), DROP_SIGNATURE);
	len = sign_rsa(RSA_PKCS1_PADDING, 0, sig);
	cr_expect_eq(verify(pub, "text", sig, len), DROP_SIGNATURE);
	hi_public_free(pub);
	identity_free(id);
}

Test(hi_public, algorithms_that_we_do_not_take_are_refused)
{
	uint8_t hi[67];

	hex(rfc6979[0].hi, hi, sizeof(hi));
	for (unsigned int a = 0; a < 300; a++)
		if (a != HI_ECDSA && a != HI_RSA && a != HI_EDDSA)
			cr_expect_eq(parse((uint16_t)a, hi, sizeof(hi)),
				     DROP_HI_ALGORITHM);
}

Test(hi_public, an_ecdsa_key_of_another_curve_form_or_length_is_refused)
{
	for (size_t i = 0; i < 2; i++) {
		uint8_t hi[101] = { 0 };
		size_t len = hex(rfc6979[i].hi, hi, sizeof(hi));

		cr_expect_eq(parse(HI_ECDSA, hi, len), DROP_NONE);
		for (size_t l = 0; l < len; l++)
			cr_expect_eq(parse(HI_ECDSA, hi, l), DROP_HOST_ID);
		cr_expect_eq(parse(HI_ECDSA, hi, len + 1), DROP_HOST_ID);
		hi[1] ^= 3; /* the other curve */
		cr_expect_eq(parse(HI_ECDSA, hi, len), DROP_HOST_ID);
		hi[1] = 0;
		cr_expect_eq(parse(HI_ECDSA, hi, len), DROP_HI_ALGORITHM);
		hi[1] = 3;
		cr_expect_eq(parse(HI_ECDSA, hi, len), DROP_HI_ALGORITHM);
		hi[0] = 1;
		hi[1] = (uint8_t)(i + 1);
		cr_expect_eq(parse(HI_ECDSA, hi, len), DROP_HI_ALGORITHM);
		hi[0] = 0;
		for (unsigned int form = 0; form < 256; form++) {
			hi[2] = (uint8_t)form;
			cr_expect_eq(parse(HI_ECDSA, hi, len),
				     form == 4 ? DROP_NONE : DROP_HOST_ID);
		}
	}
}

Test(hi_public, an_ecdsa_point_off_the_curve_is_refused)
{
	for (size_t i = 0; i < 2; i++) {
		uint8_t hi[99], bad[99];
		size_t len = hex(rfc6979[i].hi, hi, sizeof(hi));

		for (size_t bit = 8 * 3; bit < 8 * len; bit += 7) {
			memcpy(bad, hi, len);
			bad[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			cr_expect_eq(parse(HI_ECDSA, bad, len), DROP_HOST_ID);
		}
		memset(bad + 3, 0, len - 3);
		cr_expect_eq(parse(HI_ECDSA, bad, len), DROP_HOST_ID);
		memset(bad + 3, 0xff, len - 3);
		cr_expect_eq(parse(HI_ECDSA, bad, len), DROP_HOST_ID);
	}
}

/* An RSA field with a modulus of ff ... ff, `bits` long. */
static size_t rsa_field(uint8_t hi[1200], const char *e, size_t bits)
{
	size_t e_len = hex(e, hi + 1, 256);
	size_t n_len = (bits + 7) / 8;

	hi[0] = (uint8_t)e_len;
	memset(hi + 1 + e_len, 0xff, n_len);
	if (bits % 8)
		hi[1 + e_len] >>= 8 - bits % 8;
	return 1 + e_len + n_len;
}

Test(hi_public, rsa_sizes_from_2048_to_4096_are_taken)
{
	static const struct {
		size_t bits;
		enum drop drop;
	} cases[] = {
		{ 8, DROP_HI_ALGORITHM },    { 1024, DROP_HI_ALGORITHM },
		{ 2047, DROP_HI_ALGORITHM }, { 2048, DROP_NONE },
		{ 3000, DROP_NONE },	     { 4096, DROP_NONE },
		{ 4097, DROP_HI_ALGORITHM }, { 8192, DROP_HI_ALGORITHM },
	};
	uint8_t hi[1200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = rsa_field(hi, "010001", cases[i].bits);

		cr_expect_eq(parse(HI_RSA, hi, len), cases[i].drop, "%zu bits",
			     cases[i].bits);
	}
}

Test(hi_public, rsa_exponents_are_odd_and_under_32_bits)
{
	static const struct {
		const char *e;
		enum drop drop;
	} cases[] = {
		{ "03", DROP_NONE },
		{ "ffffffff", DROP_NONE },
		{ "010001", DROP_NONE },
		{ "01", DROP_HI_ALGORITHM },
		{ "02", DROP_HI_ALGORITHM },
		{ "010000", DROP_HI_ALGORITHM },
		{ "0100000001", DROP_HI_ALGORITHM },
		{ "", DROP_HI_ALGORITHM }, /* two octets of length follow */
		{ "00", DROP_HOST_ID },
		{ "0003", DROP_HOST_ID }, /* RFC 3110 2: no zero in front */
	};
	uint8_t hi[1200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = rsa_field(hi, cases[i].e, 2048);

		cr_expect_eq(parse(HI_RSA, hi, len), cases[i].drop, "e %s",
			     cases[i].e);
	}
}

Test(hi_public, an_rsa_field_that_is_cut_even_or_padded_is_refused)
{
	uint8_t hi[1200];
	size_t len = rsa_field(hi, "010001", 2048);

	for (size_t l = 0; l <= 4; l++)
		cr_expect_eq(parse(HI_RSA, hi, l), DROP_HOST_ID, "%zu", l);
	for (size_t l = 5; l < len; l++)
		cr_expect_eq(parse(HI_RSA, hi, l), DROP_HI_ALGORITHM);
	hi[len - 1] = 0xfe;
	cr_expect_eq(parse(HI_RSA, hi, len), DROP_HOST_ID, "even");
	hi[len - 1] = 0xff;
	cr_expect_eq(parse(HI_RSA, hi, len), DROP_NONE);
	memmove(hi + 5, hi + 4, 256);
	hi[4] = 0;
	cr_expect_eq(parse(HI_RSA, hi, len + 1), DROP_HOST_ID, "padded");
	hi[0] = 255; /* the exponent ends behind the field */
	cr_expect_eq(parse(HI_RSA, hi, 255), DROP_HOST_ID);
}

Test(hi_public, an_eddsa_key_of_another_curve_or_length_is_refused)
{
	uint8_t hi[37] = { 0 };
	size_t len = hex("0001 0000 d75a980182b10ab7d54bfed3c964073a"
			 "0ee172f3daa62325af021a68f707511a",
			 hi, sizeof(hi));

	cr_expect_eq(parse(HI_EDDSA, hi, len), DROP_NONE);
	for (size_t l = 0; l < len; l++)
		cr_expect_eq(parse(HI_EDDSA, hi, l), DROP_HOST_ID);
	cr_expect_eq(parse(HI_EDDSA, hi, len + 1), DROP_HOST_ID);
	for (unsigned int label = 0; label < 512; label++) {
		hi[0] = (uint8_t)(label >> 8);
		hi[1] = (uint8_t)label;
		cr_expect_eq(parse(HI_EDDSA, hi, len),
			     label == 1 ? DROP_NONE : DROP_HI_ALGORITHM);
	}
	hi[0] = 0;
	hi[1] = 1;
	hi[3] = 1;
	cr_expect_eq(parse(HI_EDDSA, hi, len), DROP_HOST_ID, "NULL field");
}

Test(hi_public, ed25519_points_of_small_order_or_none_are_refused)
{
	static const char *const points[] = {
		/* order 1, 4, 8; y = p, which is 0 again; no point at all */
		"01000000000000000000000000000000000000000000000000000000000000"
		"00",
		"00000000000000000000000000000000000000000000000000000000000000"
		"00",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc"
		"05",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"7f",
		"02000000000000000000000000000000000000000000000000000000000000"
		"00",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"ff",
	};

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		uint8_t hi[36] = { 0, 1, 0, 0 };

		hex(points[i], hi + 4, 32);
		cr_expect_eq(parse(HI_EDDSA, hi, sizeof(hi)), DROP_HOST_ID,
			     "%s", points[i]);
	}
}
