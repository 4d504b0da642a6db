/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The ESP suites and their two backends against each other. Whole packets
 * with known answers are in test_esp.c.
 */
#include "tun/cipher.h"
#include "tun/pkt.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const uint16_t suites[] = { 13, 9, 8 };
static const enum cipher_backend backends[] = { CIPHER_OPENSSL,
						CIPHER_IPSEC_MB };

static const uint8_t key[CIPHER_KEY_MAX] = { 0x11, 0x22,
					     0x33, [20] = 0x44, [40] = 0x55 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { ROOM = 128 };

/* Backend b where it can be had, else the other. */
static struct cipher *make(uint16_t suite, size_t b, enum cipher_direction d)
{
	const struct cipher_suite *s = cipher_suite_find(suite);
	enum cipher_backend backend = backends[b];
	struct cipher *c;

	cr_assert_not_null(s);
	if (!cipher_backend_works(backend))
		backend = CIPHER_OPENSSL;
	c = cipher_new(suite, backend, d, key, s->key_len);
	cr_assert_not_null(c);
	cr_assert_eq(cipher_suite(c), s);
	return c;
}

static void fill(uint8_t *esp, const struct cipher_suite *s, size_t len,
		 uint64_t seq)
{
	store_be32(esp, 0x12345678);
	store_be32(esp + 4, (uint32_t)seq);
	for (size_t i = 0; i < len; i++)
		esp[8 + s->iv_len + i] = (uint8_t)(i * 7 + 1);
}

static bool is_filled(const uint8_t *esp, const struct cipher_suite *s,
		      size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (esp[8 + s->iv_len + i] != (uint8_t)(i * 7 + 1))
			return false;
	}
	return true;
}

Test(cipher, openssl_always_works_and_so_does_auto)
{
	cr_assert(cipher_backend_works(CIPHER_OPENSSL));
	cr_assert(cipher_backend_works(CIPHER_AUTO));
}

Test(cipher, auto_is_ipsec_mb_where_that_works)
{
	struct cipher *c = cipher_new(13, CIPHER_AUTO, CIPHER_SEAL, key, 20);
	bool mb = cipher_backend_works(CIPHER_IPSEC_MB);

	cr_assert_str_eq(cipher_backend_text(c), mb ? "ipsec-mb" : "openssl");
	cipher_free(c);
}

Test(cipher, openssl_is_openssl_when_asked_for)
{
	struct cipher *c = cipher_new(13, CIPHER_OPENSSL, CIPHER_SEAL, key, 20);

	cr_assert_str_eq(cipher_backend_text(c), "openssl");
	cipher_free(c);
	cipher_free(NULL);
}

Test(cipher, a_suite_that_ipsec_mb_lacks_is_done_by_openssl)
{
	for (size_t i = 1; i < COUNT(suites); i++) {
		struct cipher *c = make(suites[i], 1, CIPHER_SEAL);

		cr_assert_str_eq(cipher_backend_text(c), "openssl");
		cipher_free(c);
	}
}

Test(cipher, unknown_suites_and_wrong_key_lengths_give_none)
{
	static const uint16_t unknown[] = { 0,	1,  7,	10,  11,
					    12, 14, 15, 256, 65535 };

	for (size_t i = 0; i < COUNT(unknown); i++) {
		cr_assert_null(cipher_suite_find(unknown[i]));
		cr_assert_null(cipher_new(unknown[i], CIPHER_AUTO, CIPHER_SEAL,
					  key, 20));
	}
	for (size_t i = 0; i < COUNT(suites); i++) {
		const struct cipher_suite *s = cipher_suite_find(suites[i]);

		for (size_t n = 0; n <= sizeof(key); n++) {
			struct cipher *c = cipher_new(s->id, CIPHER_AUTO,
						      CIPHER_SEAL, key, n);

			cr_assert_eq(c != NULL, n == s->key_len);
			cipher_free(c);
		}
	}
}

/* RFC 7402 5.1.2, RFC 4106, RFC 3602, RFC 4868. */
Test(cipher, the_numbers_are_those_of_the_rfcs)
{
	const struct cipher_suite *s = cipher_suite_find(13);

	cr_assert(s->iv_len == 8 && s->icv_len == 16 && s->block == 4);
	cr_assert_eq(s->key_len, 20);
	s = cipher_suite_find(8);
	cr_assert(s->iv_len == 16 && s->icv_len == 16 && s->block == 16);
	cr_assert_eq(s->key_len, 48);
	s = cipher_suite_find(9);
	cr_assert(s->iv_len == 16 && s->icv_len == 16 && s->block == 16);
	cr_assert_eq(s->key_len, 64);
}

Test(cipher, the_largest_inner_packet_is_the_one_that_just_fits)
{
	const struct cipher_suite *gcm = cipher_suite_find(13);

	/* 1500 less IPv4 or IPv6 and UDP. */
	cr_assert_eq(cipher_inner_max(gcm, 1472), 1478);
	cr_assert_eq(cipher_inner_max(gcm, 1452), 1458);
	cr_assert_eq(cipher_inner_max(cipher_suite_find(9), 1472), 1462);
	for (size_t i = 0; i < COUNT(suites); i++) {
		const struct cipher_suite *s = cipher_suite_find(suites[i]);
		size_t fixed = 8u + s->iv_len + s->icv_len;

		for (size_t max = 0; max < 2000; max++) {
			size_t inner = cipher_inner_max(s, max);
			size_t body = inner - 40 + 2;

			if (inner == 0) {
				cr_assert_lt(max, fixed + s->block);
				continue;
			}
			cr_assert_eq(body % s->block, 0);
			cr_assert_leq(fixed + body, max);
			cr_assert_gt(fixed + body + s->block, max);
		}
	}
}

Test(cipher, what_one_backend_seals_the_other_opens)
{
	static const uint64_t numbers[] = { 1, 0xffffffff, 0x100000000,
					    0xfedcba9876543210, UINT64_MAX };

	for (size_t i = 0; i < COUNT(suites); i++) {
		const struct cipher_suite *s = cipher_suite_find(suites[i]);

		for (size_t b = 0; b < 4; b++) {
			struct cipher *seal = make(s->id, b / 2, CIPHER_SEAL);
			struct cipher *open = make(s->id, b % 2, CIPHER_OPEN);

			for (size_t n = 0; n < COUNT(numbers); n++) {
				uint8_t p[ROOM];

				fill(p, s, 48, numbers[n]);
				cr_assert(cipher_seal(seal, p, 48, numbers[n]));
				cr_assert_not(is_filled(p, s, 48));
				cr_assert(cipher_open(open, p, 48, numbers[n]));
				cr_assert(is_filled(p, s, 48));
			}
			cipher_free(seal);
			cipher_free(open);
		}
	}
}

Test(cipher, backends_make_the_same_bytes_of_every_length)
{
	uint8_t *a = malloc(4096), *b = malloc(4096);
	struct cipher *one = make(13, 0, CIPHER_SEAL);
	struct cipher *two = make(13, 1, CIPHER_SEAL);
	struct cipher *open = make(13, 1, CIPHER_OPEN);
	const struct cipher_suite *s = cipher_suite(one);

	cr_assert(a && b);
	for (size_t len = 0; len <= 2048; len += 4) {
		fill(a, s, len, len + 1);
		fill(b, s, len, len + 1);
		cr_assert(cipher_seal(one, a, len, len + 1));
		cr_assert(cipher_seal(two, b, len, len + 1));
		cr_assert_arr_eq(a, b, 8 + s->iv_len + len + s->icv_len);
		cr_assert(cipher_open(open, a, len, len + 1));
		cr_assert(is_filled(a, s, len));
	}
	cipher_free(one);
	cipher_free(two);
	cipher_free(open);
	free(a);
	free(b);
}

Test(cipher, nothing_behind_the_icv_is_touched)
{
	for (size_t i = 0; i < COUNT(suites); i++) {
		const struct cipher_suite *s = cipher_suite_find(suites[i]);

		for (size_t b = 0; b < COUNT(backends); b++) {
			struct cipher *c = make(s->id, b, CIPHER_SEAL);
			size_t end = 8u + s->iv_len + 32 + s->icv_len;
			uint8_t p[ROOM];

			memset(p, 0xa5, sizeof(p));
			cr_assert(cipher_seal(c, p, 32, 1));
			for (size_t n = end; n < sizeof(p); n++)
				cr_assert_eq(p[n], 0xa5);
			cipher_free(c);
		}
	}
}

Test(cipher, a_length_that_is_no_whole_block_or_too_long_is_refused)
{
	uint8_t *p = calloc(1, CIPHER_LEN_MAX + 4096);

	cr_assert_not_null(p);
	for (size_t i = 0; i < COUNT(suites); i++) {
		const struct cipher_suite *s = cipher_suite_find(suites[i]);
		struct cipher *seal = make(s->id, 1, CIPHER_SEAL);
		struct cipher *open = make(s->id, 1, CIPHER_OPEN);

		for (size_t len = 0; len < 70; len++)
			cr_assert_eq(cipher_seal(seal, p, len, 1),
				     len % s->block == 0);
		for (size_t len = 1; len < s->block; len++)
			cr_assert_not(cipher_open(open, p, 64 + len, 1));
		cr_assert(cipher_seal(seal, p, CIPHER_LEN_MAX, 1));
		cr_assert_not(
			cipher_seal(seal, p, CIPHER_LEN_MAX + s->block, 1));
		cr_assert_not(
			cipher_open(open, p, CIPHER_LEN_MAX + s->block, 1));
		cipher_free(seal);
		cipher_free(open);
	}
	free(p);
}

Test(cipher, both_halves_of_the_sequence_number_are_authenticated)
{
	for (size_t i = 0; i < COUNT(suites); i++) {
		const struct cipher_suite *s = cipher_suite_find(suites[i]);

		for (size_t b = 0; b < COUNT(backends); b++) {
			struct cipher *seal = make(s->id, b, CIPHER_SEAL);
			struct cipher *open = make(s->id, b, CIPHER_OPEN);

			for (int bit = 32; bit < 64; bit++) {
				uint8_t p[ROOM];

				fill(p, s, 16, 5);
				cr_assert(cipher_seal(seal, p, 16, 5));
				cr_assert_not(cipher_open(
					open, p, 16, 5 | (uint64_t)1 << bit));
			}
			cipher_free(seal);
			cipher_free(open);
		}
	}
}

Test(cipher, a_good_packet_is_opened_after_a_bad_one)
{
	for (size_t i = 0; i < COUNT(suites); i++) {
		const struct cipher_suite *s = cipher_suite_find(suites[i]);

		for (size_t b = 0; b < COUNT(backends); b++) {
			struct cipher *seal = make(s->id, b, CIPHER_SEAL);
			struct cipher *open = make(s->id, b, CIPHER_OPEN);
			uint8_t good[ROOM], bad[ROOM];

			fill(good, s, 32, 9);
			cr_assert(cipher_seal(seal, good, 32, 9));
			memcpy(bad, good, sizeof(bad));
			bad[8 + s->iv_len] ^= 1;
			cr_assert_not(cipher_open(open, bad, 32, 9));
			cr_assert(cipher_open(open, good, 32, 9));
			cr_assert(is_filled(good, s, 32));
			cipher_free(seal);
			cipher_free(open);
		}
	}
}

/* Every byte of the key and the salt matters, to both sides. */
Test(cipher, a_key_with_one_bit_changed_opens_nothing)
{
	for (size_t i = 0; i < COUNT(suites); i++) {
		const struct cipher_suite *s = cipher_suite_find(suites[i]);

		for (size_t n = 0; n < COUNT(backends) * s->key_len; n++) {
			struct cipher *seal = make(s->id, 0, CIPHER_SEAL);
			uint8_t other[CIPHER_KEY_MAX], p[ROOM];
			size_t b = n / s->key_len;
			struct cipher *open;

			if (!cipher_backend_works(backends[b]))
				b = 0;
			memcpy(other, key, sizeof(other));
			other[n % s->key_len] ^= 0x10;
			open = cipher_new(s->id, backends[b], CIPHER_OPEN,
					  other, s->key_len);
			fill(p, s, 16, 1);
			cr_assert(cipher_seal(seal, p, 16, 1));
			/* The cipher's own key is not in CBC's ICV. */
			if (cipher_open(open, p, 16, 1))
				cr_assert_not(is_filled(p, s, 16));
			else
				cr_assert(s->id == 13 ||
					  n % s->key_len >= s->key_len - 32u);
			cipher_free(seal);
			cipher_free(open);
		}
	}
}

/* RFC 3602 3: no low-Hamming-distance IVs, no counter in the clear. */
Test(cipher, the_ivs_of_cbc_look_random)
{
	struct cipher *c = make(8, 0, CIPHER_SEAL);
	const struct cipher_suite *s = cipher_suite(c);
	uint8_t last[16] = { 0 };
	unsigned total = 0;

	for (uint64_t seq = 1; seq <= 1000; seq++) {
		unsigned distance = 0;
		uint8_t p[ROOM];

		fill(p, s, 16, seq);
		cr_assert(cipher_seal(c, p, 16, seq));
		for (size_t i = 0; i < sizeof(last); i++)
			distance += (unsigned)__builtin_popcount(
				(unsigned)(p[8 + i] ^ last[i]));
		cr_assert_gt(distance, 20);
		total += distance;
		memcpy(last, p + 8, sizeof(last));
	}
	cr_assert(total > 62000 && total < 66000, "%u of 128000 bits", total);
	cipher_free(c);
}

/* RFC 4106 3.1: the IV of GCM must never repeat, and may be a counter. */
Test(cipher, the_iv_of_gcm_is_the_sequence_number)
{
	for (size_t b = 0; b < COUNT(backends); b++) {
		static const uint8_t iv[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
		struct cipher *c = make(13, b, CIPHER_SEAL);
		uint8_t p[ROOM];

		fill(p, cipher_suite(c), 16, 0x05060708);
		cr_assert(cipher_seal(c, p, 16, 0x0102030405060708));
		cr_assert_arr_eq(p + 8, iv, sizeof(iv));
		cipher_free(c);
	}
}
