/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Host Identities in X.509's forms: what we write, libcrypto's own reader
 * takes, and the signatures verify with it.
 */
#include "daemon/pki/spki.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

static const char *const keys[] = { KEY_P256, KEY_P384, KEY_RSA_2048,
				    KEY_RFC8032 };

enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

static uint8_t bytes[2048];

static size_t write_key(const struct identity *id)
{
	struct wr w = wr_init(bytes, sizeof(bytes));
	size_t len;
	const uint8_t *hi = identity_hi(id, &len);

	spki_write(&w, identity_algorithm(id), hi, len);
	cr_assert_not(wr_failed(&w));
	return wr_len(&w);
}

Test(spki, each_kind_of_key_is_read_back)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct identity *id = enrolled_key(keys[i]);
		struct rd r = rd_init(bytes, write_key(id));
		size_t len, want_len;
		const uint8_t *want = identity_hi(id, &want_len);
		uint8_t hi[HI_MAX];
		uint16_t algorithm;

		spki_read(&r, &algorithm, hi, &len);
		cr_assert(rd_done(&r), "key %zu", i);
		cr_expect_eq(algorithm, identity_algorithm(id));
		cr_assert_eq(len, want_len);
		cr_expect_arr_eq(hi, want, len);
		identity_free(id);
	}
}

Test(spki, libcrypto_verifies_with_the_key_the_algorithm_and_the_signature)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct identity *id = enrolled_key(keys[i]);
		const unsigned char *p = bytes;
		size_t len = write_key(id), sig_len;
		EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)len);
		uint8_t sig[SIGNATURE_MAX], wire[1024];
		struct wr w = wr_init(wire, sizeof(wire));
		ASN1_BIT_STRING *bits;
		X509_ALGOR *algorithm;
		ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

		cr_assert(key && p == bytes + len, "key %zu", i);
		cr_assert_eq(identity_sign(id,
					   "\x04\x03"
					   "abc",
					   5, sig, &sig_len),
			     0);
		spki_algorithm_write(&w, identity_algorithm(id));
		p = wire;
		algorithm = d2i_X509_ALGOR(NULL, &p, (long)wr_len(&w));
		cr_assert(algorithm);
		w = wr_init(wire, sizeof(wire));
		spki_signature_write(&w, identity_algorithm(id), sig, sig_len);
		p = wire;
		bits = d2i_ASN1_BIT_STRING(NULL, &p, (long)wr_len(&w));
		cr_assert(bits);
		/* Its DER is what was signed. */
		cr_assert(ASN1_OCTET_STRING_set(
			octets, (const unsigned char *)"abc", 3));
		cr_expect_eq(ASN1_item_verify(ASN1_ITEM_rptr(ASN1_OCTET_STRING),
					      algorithm, bits, octets, key),
			     1, "key %zu", i);
		ASN1_OCTET_STRING_free(octets);
		ASN1_BIT_STRING_free(bits);
		X509_ALGOR_free(algorithm);
		EVP_PKEY_free(key);
		identity_free(id);
	}
}

Test(spki, each_truncation_of_a_key_is_refused)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct identity *id = enrolled_key(keys[i]);
		size_t len = write_key(id), n;
		uint8_t hi[HI_MAX];
		uint16_t algorithm;

		for (size_t cut = 0; cut < len; cut++) {
			struct rd r = rd_init(bytes, cut);

			spki_read(&r, &algorithm, hi, &n);
			cr_expect(rd_failed(&r), "key %zu at %zu", i, cut);
		}
		identity_free(id);
	}
}

Test(spki, a_key_of_another_algorithm_or_with_unused_bits_is_refused)
{
	struct identity *id = enrolled_key(KEY_P256);
	size_t len = write_key(id), n;
	uint8_t hi[HI_MAX];
	uint16_t algorithm;
	struct rd r;

	bytes[10] ^= 1; /* the algorithm's OID */
	r = rd_init(bytes, len);
	spki_read(&r, &algorithm, hi, &n);
	cr_expect(rd_failed(&r));
	bytes[10] ^= 1;
	bytes[25] = 1; /* the BIT STRING's unused bits */
	r = rd_init(bytes, len);
	spki_read(&r, &algorithm, hi, &n);
	cr_expect(rd_failed(&r));
	identity_free(id);
}

Test(spki, a_field_that_is_no_key_fails_the_writer)
{
	struct wr w = wr_init(bytes, sizeof(bytes));

	spki_write(&w, HI_ECDSA, (const uint8_t *)"\0\1\4", 3);
	cr_expect(wr_failed(&w));
	w = wr_init(bytes, sizeof(bytes));
	spki_write(&w, HI_RSA, (const uint8_t *)"\3\1", 2);
	cr_expect(wr_failed(&w));
}

Test(spki, signatures_are_read_back)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct identity *id = enrolled_key(keys[i]);
		uint8_t sig[SIGNATURE_MAX], again[SIGNATURE_MAX];
		struct wr w = wr_init(bytes, sizeof(bytes));
		size_t len, again_len = 0, hi_len;
		struct rd r;

		(void)identity_hi(id, &hi_len); /* only its length */
		cr_assert_eq(identity_sign(id, "abc", 3, sig, &len), 0);
		spki_signature_write(&w, identity_algorithm(id), sig, len);
		r = rd_init(bytes, wr_len(&w));
		spki_signature_read(&r, identity_algorithm(id), hi_len, again,
				    &again_len);
		cr_assert(rd_done(&r));
		cr_assert_eq(len, again_len);
		cr_expect_arr_eq(sig, again, len);
		identity_free(id);
	}
}
