/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/suite.h"

#include "tests/unit/hex.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

static const struct piece abc[] = { { "a", 1 }, { "", 0 }, { "bc", 2 } };

Test(suite, the_suites_that_we_verify_are_1_2_and_5)
{
	for (unsigned int id = 0; id < 256; id++)
		cr_expect_eq(suite_is_known((uint8_t)id),
			     id == 1 || id == 2 || id == 5, "suite %u", id);
}

Test(suite, an_algorithm_names_its_suite)
{
	cr_expect_eq(suite_of_algorithm(HI_RSA), HIT_SUITE_RSA);
	cr_expect_eq(suite_of_algorithm(HI_ECDSA), HIT_SUITE_ECDSA);
	cr_expect_eq(suite_of_algorithm(HI_EDDSA), HIT_SUITE_EDDSA);
	cr_expect_eq(suite_of_algorithm(3), 0);
	cr_expect_eq(suite_of_algorithm(9), 0);
	cr_expect_eq(suite_of_algorithm(0), 0);
}

Test(suite, lengths_follow_the_hash)
{
	cr_expect_eq(suite_rhash_len(1), 32);
	cr_expect_eq(suite_rhash_len(2), 48);
	cr_expect_eq(suite_rhash_len(5), 32);
	cr_expect_eq(suite_mac_len(2), 48);
	cr_expect_eq(suite_mac_key_len(5), 32);
	cr_expect_eq(suite_hkdf_len(5), 32);
	cr_expect_eq(suite_rhash_len(3), 0);
	cr_expect_eq(suite_mac_len(0), 0);
	cr_expect_eq(suite_hkdf_len(4), 0);
}

Test(suite, rhash_hashes_pieces_as_one)
{
	static const struct {
		uint8_t suite;
		const char *digest; /* of "abc" */
	} cases[] = {
		{ 1, "ba7816bf8f01cfea414140de5dae2223"
		     "b00361a396177a9cb410ff61f20015ad" },
		{ 2, "cb00753f45a35e8bb5a03d699ac65007"
		     "272c32ab0eded1631a8b605a43ff5bed"
		     "8086072ba1e7cc2358baeca134c825a7" },
		{ 5, "5881092dd818bf5cf8a3ddb793fbcba7"
		     "4097d5c526a6d35f97b83351940f2cc8" },
	};
	uint8_t want[RHASH_MAX], got[RHASH_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = hex(cases[i].digest, want, sizeof(want));

		cr_assert_eq(suite_rhash(cases[i].suite, abc, 3, got), 0);
		cr_assert_eq(len, suite_rhash_len(cases[i].suite));
		cr_expect_arr_eq(got, want, len, "suite %u", cases[i].suite);
	}
	cr_expect_eq(suite_rhash(3, abc, 3, got), -ENOTSUP);
}

/* RFC 4231 4.2, test case 1 begins with a key of 20 bytes: here by HKDF's. */
Test(suite, hmac_of_rfc_4231_case_1)
{
	uint8_t key[20], want[RHASH_MAX], got[RHASH_MAX];
	const struct piece k = { key, sizeof(key) };
	const struct piece hi[] = { { "Hi There", 8 } };

	memset(key, 0x0b, sizeof(key));
	cr_assert_eq(suite_hkdf_hmac(1, &k, hi, 1, got), 0);
	hex("b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7",
	    want, sizeof(want));
	cr_expect_arr_eq(got, want, 32);
	cr_assert_eq(suite_hkdf_hmac(2, &k, hi, 1, got), 0);
	hex("afd03944d84895626b0825f4ab46907f15f9dadbe4101ec6"
	    "82aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
	    want, sizeof(want));
	cr_expect_arr_eq(got, want, 48);
	cr_expect_eq(suite_hkdf_hmac(4, &k, hi, 1, got), -ENOTSUP);
}

Test(suite, the_mac_of_suites_1_and_2_is_hmac_with_a_key_as_long_as_the_hash)
{
	uint8_t key[RHASH_MAX] = "a key, then zeros";
	uint8_t want[RHASH_MAX], got[RHASH_MAX];

	for (uint8_t s = 1; s <= 2; s++) {
		const struct piece k = { key, suite_mac_key_len(s) };

		cr_assert_eq(suite_hkdf_hmac(s, &k, abc, 3, want), 0);
		cr_assert_eq(suite_mac(s, key, abc, 3, got), 0);
		cr_expect_arr_eq(got, want, suite_mac_len(s));
	}
	cr_expect_eq(suite_mac(3, key, abc, 3, got), -ENOTSUP);
}

/* SP 800-185, KMAC sample 1: 256 bits of KMAC128 of 00010203, S empty. */
Test(suite, the_mac_of_suite_5_is_kmac128)
{
	static const uint8_t message[] = { 0, 1, 2, 3 };
	const struct piece pieces[] = { { message, 3 }, { message + 3, 1 } };
	uint8_t key[32], want[32], got[RHASH_MAX];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(0x40 + i);
	hex("e5780b0d3ea6f7d3a429c5706aa43a00"
	    "fadbd7d49628839e3187243f456ee14e",
	    want, sizeof(want));
	cr_assert_eq(suite_mac(5, key, pieces, 2, got), 0);
	cr_expect_arr_eq(got, want, sizeof(want));
}

Test(suite, a_mac_does_not_remember_the_key_before)
{
	uint8_t one[RHASH_MAX] = { 1 }, two[RHASH_MAX] = { 2 };
	uint8_t first[RHASH_MAX], other[RHASH_MAX], again[RHASH_MAX];

	for (uint8_t s = 1; s <= 5; s = s == 2 ? 5 : s + 1) {
		cr_assert_eq(suite_mac(s, one, abc, 3, first), 0);
		cr_assert_eq(suite_mac(s, two, abc, 3, other), 0);
		cr_assert_eq(suite_mac(s, one, abc, 3, again), 0);
		cr_expect_arr_eq(first, again, suite_mac_len(s));
		cr_expect_arr_neq(first, other, suite_mac_len(s));
	}
}

Test(suite, only_suite_5_gives_as_many_bytes_as_asked)
{
	uint8_t long_one[40], short_one[12];

	cr_assert_eq(suite_xof(5, abc, 3, long_one, sizeof(long_one)), 0);
	cr_assert_eq(suite_xof(5, abc, 3, short_one, sizeof(short_one)), 0);
	cr_expect_arr_eq(long_one, short_one, sizeof(short_one));
	cr_expect_eq(suite_xof(1, abc, 3, short_one, 12), -ENOTSUP);
	cr_expect_eq(suite_xof(2, abc, 3, short_one, 12), -ENOTSUP);
	cr_expect_eq(suite_xof(3, abc, 3, short_one, 12), -ENOTSUP);
}

Test(suite, cipher_and_esp_key_lengths)
{
	size_t enc = 7, auth = 7;

	cr_expect_eq(suite_cipher_key_len(2), 16);
	cr_expect_eq(suite_cipher_key_len(4), 32);
	cr_expect_eq(suite_cipher_key_len(1), 0); /* NULL is never spoken */
	cr_expect_eq(suite_cipher_key_len(3), 0);

	cr_expect_not(suite_esp_key_len(12, &enc, &auth));
	cr_expect_not(suite_esp_key_len(0, &enc, &auth));
	cr_expect(enc == 7 && auth == 7, "untouched on failure");
	cr_expect(suite_esp_key_len(8, &enc, &auth));
	cr_expect(enc == 16 && auth == 32);
	cr_expect(suite_esp_key_len(9, &enc, &auth));
	cr_expect(enc == 32 && auth == 32);
	cr_expect(suite_esp_key_len(13, &enc, &auth));
	cr_expect(enc == 20 && auth == 0);
}

Test(suite, our_first_that_they_also_have_is_chosen)
{
	static const uint16_t ours[] = { 13, 9, 8 };
	static const uint16_t theirs[] = { 1, 8, 9 };

	cr_expect_eq(suite_choose(ours, 3, theirs, 3), 9);
	cr_expect_eq(suite_choose(theirs, 3, ours, 3), 8);
	cr_expect_eq(suite_choose(ours, 1, theirs, 3), 0);
	cr_expect_eq(suite_choose(ours, 3, theirs, 0), 0);
	cr_expect_eq(suite_choose(ours, 0, theirs, 3), 0);
}

/* 22 bytes more than the inner packet over IPv4 with suite 13, UDP included. */
Test(suite, esp_packets_have_the_length_of_their_blocks)
{
	cr_expect_eq(suite_esp_len(ESP_AES_GCM_16, 1478), 1500 - 28);
	cr_expect_eq(suite_esp_len(ESP_AES_GCM_16, 1477), 1500 - 28);
	cr_expect_eq(suite_esp_len(ESP_AES_GCM_16, 1479), 1504 - 28);
	cr_expect_eq(suite_esp_len(ESP_AES_256_CBC_SHA256, 1462), 1464);
	cr_expect_eq(suite_esp_len(ESP_AES_128_CBC_SHA256, 1463), 1480);
	cr_expect_eq(suite_esp_len(99, 1478), 0);
}
