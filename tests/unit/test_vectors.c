/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The test vectors of docs/protocol.md: what the code makes must stand
 * there, so that the page cannot say anything else.
 */
#include "daemon/hip/hi_public.h"
#include "daemon/hip/keymat.h"
#include "daemon/hip/puzzle.h"
#include "daemon/hip/suite.h"
#include "tests/unit/hex.h"
#include "tun/cipher.h"
#include "tun/pkt.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	PAGE_MAX = 65536,
	SPI = 0x12345678,
};

static char page[PAGE_MAX + 1]; /* without white space */
static struct hit a, b;

static void read_page(void)
{
	FILE *f = fopen(PROTOCOL_MD, "r");
	size_t n = 0;
	int c;

	cr_assert_not_null(f);
	while ((c = fgetc(f)) != EOF) {
		cr_assert(n < PAGE_MAX);
		if (!isspace(c))
			page[n++] = (char)c;
	}
	(void)fclose(f);
	cr_assert_eq(hit_from_text("2001:20::1", &a), 0);
	cr_assert_eq(hit_from_text("2001:20::2", &b), 0);
}

TestSuite(vectors, .init = read_page);

static void expect_text(const char *text)
{
	cr_expect(strstr(page, text), "%s is missing", text);
}

static void expect_bytes(const uint8_t *bytes, size_t len)
{
	char text[1024];

	cr_assert(2 * len < sizeof(text));
	for (size_t i = 0; i < len; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	expect_text(text);
}

static void expect_hit(uint8_t suite, const uint8_t *hi, size_t len)
{
	char text[HIT_TEXT_MAX], label[HIT_SELF_LABEL_LEN + 1];
	struct hit hit;

	cr_assert_eq(hit_from_hi(suite, hi, len, &hit), 0);
	hit_text(&hit, text);
	expect_text(text);
	hit_self_label(&hit, label);
	if (suite == HIT_SUITE_ECDSA && len == 64)
		expect_text(label);
}

Test(vectors, hits)
{
	uint8_t hi[64], ed25519[36];

	for (size_t i = 0; i < sizeof(hi); i++)
		hi[i] = (uint8_t)i;
	expect_hit(HIT_SUITE_RSA, hi, sizeof(hi));
	expect_hit(HIT_SUITE_ECDSA, hi, sizeof(hi));
	(void)hex("00010000d75a980182b10ab7d54bfed3c964073a"
		  "0ee172f3daa62325af021a68f707511a",
		  ed25519, sizeof(ed25519));
	expect_bytes(ed25519, sizeof(ed25519));
	expect_hit(HIT_SUITE_EDDSA, ed25519, sizeof(ed25519));
}

Test(vectors, ecdsa)
{
	static const char p256[] =
		"000104"
		"60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29f"
		"b67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d446"
		"2299";
	static const char p384[] =
		"000204"
		"ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c"
		"64def8f0ea9055866064a254515480bc138015d9b72d7d57244ea8ef9ac0c6"
		"21896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533"
		"264720";
	static const char sig_text[] =
		"0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef77"
		"194861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde94"
		"0954";
	uint8_t hi[99], sig[64];
	struct hi_public *pub;
	size_t len = hex(p256, hi, sizeof(hi));

	(void)hex(sig_text, sig, sizeof(sig));
	expect_hit(HIT_SUITE_ECDSA, hi, len);
	expect_bytes(hi, len);
	expect_bytes(sig, sizeof(sig));
	cr_assert_eq(hi_public_parse(HI_ECDSA, hi, len, &pub), DROP_NONE);
	cr_expect_eq(hi_public_verify(pub, "sample", 6, sig, sizeof(sig)),
		     DROP_NONE);
	hi_public_free(pub);
	expect_hit(HIT_SUITE_ECDSA, hi, hex(p384, hi, sizeof(hi)));
}

Test(vectors, puzzles)
{
	static const uint8_t suites[] = { 1, 2, 5 };

	for (size_t n = 0; n < 3; n++) {
		struct puzzle p = { .k = 12,
				    .hit_suite = suites[n],
				    .initiator = a,
				    .responder = b };
		size_t len = suite_rhash_len(suites[n]);
		uint8_t j[RHASH_MAX] = { 0 }, digest[RHASH_MAX];
		const struct piece pieces[] = {
			{ p.i, len }, { &a, 16 }, { &b, 16 }, { j, len }
		};
		char row[64];
		unsigned int k = 12;

		memset(p.i, 0x5a, len);
		cr_assert(puzzle_solve_slice(&p, j, 20000));
		cr_assert_eq(suite_rhash(suites[n], pieces, 4, digest), 0);
		while (puzzle_verify(&p, j))
			p.k = (uint8_t)++k;
		(void)snprintf(row, sizeof(row), "|%u|%u|%02x%02x%02x%02x|%u|",
			       suites[n], j[len - 2] * 256u + j[len - 1],
			       digest[len - 4], digest[len - 3],
			       digest[len - 2], digest[len - 1], k - 1);
		expect_text(row);
	}
}

static void make_keymat(struct keymat *k, uint8_t suite)
{
	size_t len = suite_rhash_len(suite);
	uint8_t i[RHASH_MAX], j[RHASH_MAX], kij[RHASH_MAX];

	memset(i, 0x11, sizeof(i));
	memset(j, 0x22, sizeof(j));
	for (size_t n = 0; n < sizeof(kij); n++)
		kij[n] = (uint8_t)n;
	cr_assert_eq(keymat_init(k, suite, i, j, kij, len, &a, &b), 0);
}

Test(vectors, keymat)
{
	static const size_t lengths[] = { [1] = 96, [2] = 128, [5] = 96 };
	uint8_t bytes[128];

	for (uint8_t suite = 1; suite <= 5; suite++) {
		struct keymat k;

		if (!suite_is_known(suite))
			continue;
		make_keymat(&k, suite);
		cr_assert_eq(keymat_draw(&k, 0, bytes, lengths[suite]), 0);
		expect_bytes(bytes, lengths[suite]);
	}
}

/* The keys of A, which is the smaller HIT: what it sends goes "lg". */
static void draw_esp_keys(uint16_t suite, struct esp_keys *keys)
{
	struct hip_keys hip_keys;
	struct keymat k;
	size_t next;

	make_keymat(&k, HIT_SUITE_RSA);
	cr_assert_eq(keymat_hip_keys(&k, HIP_CIPHER_AES_128_CBC, &a, &hip_keys,
				     &next),
		     0);
	cr_assert_eq(next, 96);
	cr_assert_eq(keymat_esp_keys(&k, suite, next, &a, keys, &next), 0);
}

static void expect_esp(uint16_t suite, uint64_t seq)
{
	static const uint8_t payload[] = { 0x80, 0,   0x98, 8,	 0,   1,
					   0,	 1,   'h',  'i', 'p', 'l',
					   'i',	 'n', 'e',  '!' };
	const struct cipher_suite *s = cipher_suite_find(suite);
	size_t rest = (sizeof(payload) + 2) % s->block;
	size_t pad = rest ? s->block - rest : 0;
	size_t len = sizeof(payload) + pad + 2;
	uint8_t esp[128] = { 0 };
	uint8_t *at = esp + 8 + s->iv_len;
	struct esp_keys keys;
	struct cipher *c;
	size_t enc, auth;

	draw_esp_keys(suite, &keys);
	cr_assert(suite_esp_key_len(suite, &enc, &auth));
	enc -= auth == 0 ? 4 : 0; /* the salt stands in a column of its own */
	expect_bytes(keys.out, enc);
	expect_bytes(keys.out + enc, keys.len - enc);
	store_be32(esp, SPI);
	store_be32(esp + 4, (uint32_t)seq);
	memcpy(at, payload, sizeof(payload));
	expect_bytes(payload, sizeof(payload));
	for (size_t i = 0; i < pad; i++)
		at[sizeof(payload) + i] = (uint8_t)(i + 1);
	at[len - 2] = (uint8_t)pad;
	at[len - 1] = 58; /* ICMPv6 */
	c = cipher_new(suite, CIPHER_OPENSSL, CIPHER_SEAL, keys.out, keys.len);
	cr_assert_not_null(c);
	cr_assert(cipher_seal(c, esp, len, seq));
	cipher_free(c);
	expect_bytes(esp, 8u + s->iv_len + len + s->icv_len);
}

Test(vectors, esp)
{
	struct esp_keys keys;

	expect_esp(ESP_AES_GCM_16, 1);
	expect_esp(ESP_AES_GCM_16, ((uint64_t)1 << 32) + 1);
	expect_esp(ESP_AES_128_CBC_SHA256, 1);
	expect_esp(ESP_AES_256_CBC_SHA256, 1);
	draw_esp_keys(ESP_AES_GCM_16, &keys);
	expect_bytes(keys.in, 16);
	expect_bytes(keys.in + 16, 4);
}
