/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/keymat.h"

#include "daemon/hip/suite.h"
#include "tests/unit/hex.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* RFC 5869 A.1 to A.3: the cases with SHA-256. */
static const struct {
	const char *ikm, *salt, *info, *prk, *okm;
} rfc5869[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
	  "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
	  "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
	  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
	  "34007208d5b887185865" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	  "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
	  "404142434445464748494a4b4c4d4e4f",
	  "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
	  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
	  "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
	  "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
	  "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
	  "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
	  "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
	  "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
	  "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
	  "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
	  "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
	  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
	  "9d201395faa4b61a96c8" },
};

Test(keymat, hkdf_of_rfc_5869)
{
	for (size_t n = 0; n < sizeof(rfc5869) / sizeof(rfc5869[0]); n++) {
		uint8_t ikm[128], salt[128], info[128], want[128];
		uint8_t prk[RHASH_MAX], t[RHASH_MAX], number = 0;
		const struct piece salt_piece = {
			salt, hex(rfc5869[n].salt, salt, sizeof(salt))
		};
		const struct piece ikm_piece = { ikm, hex(rfc5869[n].ikm, ikm,
							  sizeof(ikm)) };
		const struct piece prk_piece = { prk, 32 };
		size_t info_len = hex(rfc5869[n].info, info, sizeof(info));
		size_t len;

		hex(rfc5869[n].prk, want, sizeof(want));
		cr_assert_eq(
			suite_hkdf_hmac(1, &salt_piece, &ikm_piece, 1, prk), 0);
		cr_expect_arr_eq(prk, want, 32);
		len = hex(rfc5869[n].okm, want, sizeof(want));
		for (size_t at = 0; at < len; at += 32) {
			const struct piece pieces[] = { { t, at ? 32 : 0 },
							{ info, info_len },
							{ &number, 1 } };

			number++;
			cr_assert_eq(
				suite_hkdf_hmac(1, &prk_piece, pieces, 3, t),
				0);
			cr_expect_arr_eq(t, want + at,
					 len - at < 32 ? len - at : 32);
		}
	}
}

static struct hit lesser, greater;

static void hits(void)
{
	cr_assert_eq(hit_from_text("2001:20::1", &lesser), 0);
	cr_assert_eq(hit_from_text("2001:20::2", &greater), 0);
}

/* Kij 00 01 ..., I 11 11 ..., J 22 22 ..., each as long as RHASH. */
static struct keymat make(uint8_t hit_suite)
{
	uint8_t kij[RHASH_MAX], i[RHASH_MAX], j[RHASH_MAX];
	struct keymat k;

	for (size_t n = 0; n < sizeof(kij); n++)
		kij[n] = (uint8_t)n;
	memset(i, 0x11, sizeof(i));
	memset(j, 0x22, sizeof(j));
	hits();
	cr_assert_eq(keymat_init(&k, hit_suite, i, j, kij,
				 suite_rhash_len(hit_suite), &greater, &lesser),
		     0);
	return k;
}

/* The beginning and the last 40 bytes of both, made elsewhere. */
static const char sha256_first[] =
	"266cfdac409129d911b3ca1c5383c7289b39a7f11490caf42ce6835d390f4cef"
	"7deddc4f0e43e4971fe9024a25efdaf35afe64d61e8fa987dafd9c47b268f568"
	"81f38896a8c85ba3d5698e733e261906dff445e5b8c1cb5fe515e4297ddabb7c";
static const char sha256_last[] =
	"42971dc37f3f98def54a0c846562c96dc5cd540baa668ceec3cf252598952bc4"
	"6c23be6ce95df76e";
static const char sha384_first[] =
	"d84c72095d3a2df34ac0909c7c8ea632a854644ba17a380efd03e0adc4b385b5"
	"14edccb384d63b6fcddfeb960596053cc845606f322217bcfa21b6bca0587a66"
	"eb8af60e27c5738e23753b4331de1c963378d139ca999045568c76021469f7d8"
	"2589ce086b96fd49c3fc01dcef925eb125be729bc7b42a99b97227cf9a1e1631"
	"0808c63ce3921d2bd59e78db5cda96f0a0b3c7fcde3614ba6768e39a7be79b2e"
	"7266f624285aaa7958220c0e0205c5e8fef8bdd1fca19eda3fd9c8fef43c0d7d"
	"5cac96e90aa1f25f12bbc1c1fb162e66";
static const char sha384_last[] =
	"3a65b17e67f9e2c704c394291f085100298411ea483bf77d8b10933b1b3a6686"
	"0cfffabb8bf93640";

static void expect_draw(const struct keymat *k, size_t index, const char *text)
{
	uint8_t want[256], got[256];
	size_t len = hex(text, want, sizeof(want));

	cr_assert_eq(keymat_draw(k, index, got, len), 0);
	cr_expect_arr_eq(got, want, len);
}

Test(keymat, the_vector_of_docs_protocol)
{
	struct keymat k = make(1);

	expect_draw(&k, 0, sha256_first);
	expect_draw(&k, 255 * 32 - 40, sha256_last);
}

Test(keymat, suite_2_draws_with_sha_384)
{
	struct keymat k = make(2);

	expect_draw(&k, 0, sha384_first);
	expect_draw(&k, 255 * 48 - 40, sha384_last);
}

Test(keymat, suite_5_draws_with_sha_256)
{
	struct keymat k = make(5);

	expect_draw(&k, 0, sha256_first);
	expect_draw(&k, 255 * 32 - 40, sha256_last);
}

Test(keymat, which_side_asks_makes_no_difference)
{
	struct keymat a = make(1), b;
	const uint8_t i[32] = { 1 }, j[32] = { 2 }, kij[] = { 3 };

	cr_assert_eq(keymat_init(&a, 1, i, j, kij, 1, &lesser, &greater), 0);
	cr_assert_eq(keymat_init(&b, 1, i, j, kij, 1, &greater, &lesser), 0);
	cr_expect_arr_eq(a.prk, b.prk, 32);
	cr_expect(hit_equal(&a.smaller, &b.smaller));
	cr_expect(hit_equal(&b.greater, &greater));
}

Test(keymat, an_unknown_suite_gives_none)
{
	const uint8_t i[RHASH_MAX] = { 0 };
	struct keymat k;

	hits();
	cr_expect_eq(keymat_init(&k, 3, i, i, i, 1, &lesser, &greater),
		     -ENOTSUP);
}

Test(keymat, any_range_is_a_part_of_the_whole)
{
	struct keymat k = make(2);
	uint8_t whole[400], part[400];

	cr_assert_eq(keymat_draw(&k, 0, whole, sizeof(whole)), 0);
	for (size_t from = 0; from < 200; from += 7)
		for (size_t len = 0; from + len <= sizeof(whole); len += 11) {
			memset(part, 0xee, sizeof(part));
			cr_assert_eq(keymat_draw(&k, from, part, len), 0);
			cr_assert_arr_eq(part, whole + from, len);
			cr_assert(len == sizeof(part) || part[len] == 0xee);
		}
}

Test(keymat, it_ends_after_255_hashes)
{
	uint8_t out[2];

	for (uint8_t s = 1; s <= 2; s++) {
		struct keymat k = make(s);
		size_t end = 255 * suite_rhash_len(s);

		cr_expect_eq(keymat_draw(&k, end - 2, out, 2), 0);
		cr_expect_eq(keymat_draw(&k, end - 1, out, 2), -ERANGE);
		cr_expect_eq(keymat_draw(&k, end, out, 0), 0);
		cr_expect_eq(keymat_draw(&k, end + 1, out, 0), -ERANGE);
		cr_expect_eq(keymat_draw(&k, 0, out, SIZE_MAX), -ERANGE);
		cr_expect_eq(keymat_draw(&k, SIZE_MAX, out, 2), -ERANGE);
	}
}

/* RFC 7401 6.5: the order is HIP-gl, then HIP-lg. */
static void expect_hip_keys(uint8_t suite, uint16_t cipher, size_t enc,
			    size_t mac)
{
	struct keymat k = make(suite);
	struct hip_keys of_greater, of_lesser;
	uint8_t whole[256];
	size_t next = 0, lg = enc + mac;

	cr_assert_eq(keymat_draw(&k, 0, whole, sizeof(whole)), 0);
	cr_assert_eq(keymat_hip_keys(&k, cipher, &greater, &of_greater, &next),
		     0);
	cr_expect_eq(next, 2 * (enc + mac));
	cr_expect_eq(of_greater.enc_len, enc);
	cr_expect_eq(of_greater.mac_len, mac);
	cr_expect_arr_eq(of_greater.enc_out, whole, enc);
	cr_expect_arr_eq(of_greater.mac_out, whole + enc, mac);
	cr_expect_arr_eq(of_greater.enc_in, whole + lg, enc);
	cr_expect_arr_eq(of_greater.mac_in, whole + lg + enc, mac);
	cr_assert_eq(keymat_hip_keys(&k, cipher, &lesser, &of_lesser, &next),
		     0);
	cr_expect_arr_eq(of_lesser.enc_in, whole, enc);
	cr_expect_arr_eq(of_lesser.mac_in, whole + enc, mac);
	cr_expect_arr_eq(of_lesser.enc_out, whole + lg, enc);
	cr_expect_arr_eq(of_lesser.mac_out, whole + lg + enc, mac);
}

Test(keymat, hip_keys_come_in_the_order_of_rfc_7401)
{
	expect_hip_keys(1, HIP_CIPHER_AES_128_CBC, 16, 32);
	expect_hip_keys(1, HIP_CIPHER_AES_256_CBC, 32, 32);
	expect_hip_keys(2, HIP_CIPHER_AES_128_CBC, 16, 48);
	expect_hip_keys(2, HIP_CIPHER_AES_256_CBC, 32, 48);
	expect_hip_keys(5, HIP_CIPHER_AES_128_CBC, 16, 32);
}

static void expect_esp_keys(uint16_t esp, size_t len)
{
	struct keymat k = make(1);
	struct esp_keys of_greater, of_lesser;
	uint8_t whole[256];
	size_t next = 0, index = 97;

	cr_assert_eq(keymat_draw(&k, 0, whole, sizeof(whole)), 0);
	cr_assert_eq(
		keymat_esp_keys(&k, esp, index, &greater, &of_greater, &next),
		0);
	cr_expect_eq(next, index + 2 * len);
	cr_expect_eq(of_greater.len, len);
	cr_expect_arr_eq(of_greater.out, whole + index, len);
	cr_expect_arr_eq(of_greater.in, whole + index + len, len);
	cr_assert_eq(
		keymat_esp_keys(&k, esp, index, &lesser, &of_lesser, &next), 0);
	cr_expect_arr_eq(of_lesser.in, whole + index, len);
	cr_expect_arr_eq(of_lesser.out, whole + index + len, len);
}

Test(keymat, esp_keys_come_in_the_order_of_rfc_7402)
{
	expect_esp_keys(ESP_AES_128_CBC_SHA256, 16 + 32);
	expect_esp_keys(ESP_AES_256_CBC_SHA256, 32 + 32);
	expect_esp_keys(ESP_AES_GCM_16, 16 + 4);
}

Test(keymat, keys_of_unknown_algorithms_or_behind_the_end_are_not_drawn)
{
	struct keymat k = make(1);
	struct hip_keys hip;
	struct esp_keys esp;
	size_t next = 7;

	cr_expect_eq(keymat_hip_keys(&k, 1, &lesser, &hip, &next), -ENOTSUP);
	cr_expect_eq(keymat_esp_keys(&k, 7, 96, &lesser, &esp, &next),
		     -ENOTSUP);
	cr_expect_eq(
		keymat_esp_keys(&k, 13, 255 * 32 - 39, &lesser, &esp, &next),
		-ERANGE);
	cr_expect_eq(next, 7);
	cr_expect_eq(
		keymat_esp_keys(&k, 13, 255 * 32 - 40, &lesser, &esp, &next),
		0);
	cr_expect_eq(next, 255 * 32);
}

Test(keymat, cleared_means_zero)
{
	struct keymat k = make(2);
	const struct keymat zero = { .prk = { 0 } };

	keymat_clear(&k);
	cr_expect_arr_eq((uint8_t *)&k, (const uint8_t *)&zero, sizeof(k));
}
