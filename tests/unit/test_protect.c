/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/protect.h"

#include "daemon/hip/suite.h"
#include "tests/unit/hex.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t suites[] = { 1, 2, 5 };
static const uint8_t key[RHASH_MAX] = { 1, 2, 3, [47] = 4 };

/* HOST_ID's Type, Length and 12 bytes of contents. */
static const uint8_t host_id[16] = { 0x02, 0xc1, 0, 12, 0, 2, 0,
				     0,	   0,	 7, 9,	9, 8, 8 };

/* An UPDATE, or an R1 with its PUZZLE, of suite 1's lengths. */
static void begin(struct packet_out *out, enum hip_packet_type type)
{
	const struct puzzle_param puzzle = { .k = 3,
					     .lifetime = 37,
					     .opaque = 0x1234,
					     .i = { 7, 7, [31] = 8 } };
	struct hit from, to;

	cr_assert_eq(hit_from_text("2001:21::1", &from), 0);
	cr_assert_eq(hit_from_text("2001:22::2", &to), 0);
	packet_begin(out, type, 0, &from, &to);
	if (type == HIP_R1)
		puzzle_param_write(out, 32, &puzzle);
	else
		seq_write(out, 5);
	packet_param(out, PARAM_ECHO_REQUEST_SIGNED, "echo me", 7);
}

/* Parses what was written, with another parameter behind everything. */
static struct packet finish(struct packet_out *out)
{
	struct packet p;

	packet_param(out, PARAM_ECHO_REQUEST_UNSIGNED, "not covered", 11);
	cr_assert(packet_fix_length(out));
	cr_assert_eq(packet_parse(out->bytes, packet_len(out), &p, NULL),
		     DROP_NONE);
	return p;
}

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

/* What a check is given. */
struct given {
	uint8_t suite;
	const struct hi_public *pub;
	uint8_t host_id[sizeof(host_id)];
};

typedef enum drop (*check_fn)(const struct packet *p, const struct given *g);

static enum drop check_mac(const struct packet *p, const struct given *g)
{
	return protect_check_mac(p, g->suite, key);
}

static enum drop check_mac_2(const struct packet *p, const struct given *g)
{
	return protect_check_mac_2(p, g->suite, key, g->host_id,
				   sizeof(g->host_id));
}

static enum drop check_signature(const struct packet *p, const struct given *g)
{
	return protect_check_signature(p, g->pub);
}

static enum drop check_signature_2(const struct packet *p,
				   const struct given *g)
{
	return protect_check_signature_2(p, g->pub);
}

/* RFC 7401 6.4: Header Length and Checksum are computed, not covered. */
static bool header_is_covered(size_t at)
{
	return at != 1 && at != 4 && at != 5;
}

/* RFC 7401 5.2.15: nor are the Receiver's HIT, and PUZZLE's Opaque and I. */
static bool r1_is_covered(size_t at)
{
	return header_is_covered(at) && !(at >= 24 && at < 40) &&
	       !(at >= 40 + 4 + 2 && at < 40 + 4 + 4 + 32);
}

/*
 * Flips each bit of a packet that was parsed before, and wants `bad` for
 * those that are covered and DROP_NONE for all others. The Type and Length
 * of the parameter itself belong to the parser.
 */
static void flip_each_bit(struct packet_out *out, uint16_t type, check_fn check,
			  const struct given *g, bool (*covered)(size_t))
{
	struct packet p = finish(out);
	const struct param *self = packet_find(&p, type);
	bool is_mac = type == PARAM_HIP_MAC || type == PARAM_HIP_MAC_2;
	enum drop bad = is_mac ? DROP_MAC : DROP_SIGNATURE;
	uint8_t before[HIP_PACKET_MAX];

	memcpy(before, out->bytes, p.len);
	cr_assert_eq(check(&p, g), DROP_NONE);
	for (size_t bit = 0; bit < 8 * p.len; bit++) {
		size_t at = bit / 8;
		bool counts =
			at < self->offset
				? covered(at)
				: at >= self->offset + 4 &&
					  at < self->offset + 4 + self->len;

		out->bytes[at] ^= (uint8_t)(0x80 >> bit % 8);
		cr_expect_eq(check(&p, g), counts ? bad : DROP_NONE,
			     "type %u, byte %zu", type, at);
		out->bytes[at] ^= (uint8_t)(0x80 >> bit % 8);
	}
	cr_expect_arr_eq(out->bytes, before, p.len, "the packet is unchanged");
}

Test(protect, every_bit_before_hip_mac_counts)
{
	for (size_t i = 0; i < sizeof(suites); i++) {
		struct given g = { .suite = suites[i] };
		struct packet_out out;

		begin(&out, HIP_UPDATE);
		cr_assert_eq(protect_add_mac(&out, g.suite, key), 0);
		flip_each_bit(&out, PARAM_HIP_MAC, check_mac, &g,
			      header_is_covered);
	}
}

Test(protect, every_bit_before_hip_mac_2_counts)
{
	for (size_t i = 0; i < sizeof(suites); i++) {
		struct given g = { .suite = suites[i] };
		struct packet_out out;

		memcpy(g.host_id, host_id, sizeof(host_id));
		begin(&out, HIP_R2);
		cr_assert_eq(protect_add_mac_2(&out, g.suite, key, host_id,
					       sizeof(host_id)),
			     0);
		flip_each_bit(&out, PARAM_HIP_MAC_2, check_mac_2, &g,
			      header_is_covered);
	}
}

Test(protect, every_bit_of_the_host_id_behind_hip_mac_2_counts)
{
	struct given g = { .suite = 2 };
	struct packet_out out;
	struct packet p;

	memcpy(g.host_id, host_id, sizeof(host_id));
	begin(&out, HIP_R2);
	cr_assert_eq(protect_add_mac_2(&out, 2, key, host_id, sizeof(host_id)),
		     0);
	p = finish(&out);
	cr_expect_eq(check_mac_2(&p, &g), DROP_NONE);
	for (size_t bit = 0; bit < 8 * sizeof(host_id); bit++) {
		g.host_id[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		cr_expect_eq(check_mac_2(&p, &g), DROP_MAC);
		g.host_id[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	cr_expect_eq(protect_check_mac_2(&p, 2, key, host_id, 8), DROP_MAC);
	cr_expect_eq(protect_check_mac_2(&p, 2, key, NULL, 0), DROP_MAC);
}

static const char *const signers[] = { KEY_P256, KEY_P384, KEY_RSA_2048,
				       KEY_RFC8032 };

enum { N_SIGNERS = sizeof(signers) / sizeof(signers[0]) };

Test(protect, every_bit_before_hip_signature_counts)
{
	for (size_t i = 0; i < N_SIGNERS; i++) {
		struct identity *id = identity(signers[i]);
		struct hi_public *pub = public_of(id);
		const struct given g = { .pub = pub };
		struct packet_out out;

		begin(&out, HIP_UPDATE);
		cr_assert_eq(protect_add_mac(&out, 1, key), 0);
		cr_assert_eq(protect_add_signature(&out, id), 0);
		flip_each_bit(&out, PARAM_HIP_SIGNATURE, check_signature, &g,
			      header_is_covered);
		hi_public_free(pub);
		identity_free(id);
	}
}

Test(protect, hip_signature_2_leaves_out_what_an_r1_made_before_cannot_know)
{
	for (size_t i = 0; i < N_SIGNERS; i++) {
		struct identity *id = identity(signers[i]);
		struct hi_public *pub = public_of(id);
		const struct given g = { .pub = pub };
		struct packet_out out;

		begin(&out, HIP_R1);
		cr_assert_eq(protect_add_signature_2(&out, id), 0);
		flip_each_bit(&out, PARAM_HIP_SIGNATURE_2, check_signature_2,
			      &g, r1_is_covered);
		hi_public_free(pub);
		identity_free(id);
	}
}

/* RFC 7401 6.4.1, 6.4.2 done by hand over a packet of 48 bytes. */
Test(protect, what_is_covered_ends_before_the_parameter)
{
	struct identity *id = identity(KEY_P256);
	struct hi_public *pub = public_of(id);
	uint8_t form[56], mac[RHASH_MAX];
	const struct piece whole = { form, sizeof(form) };
	struct packet_out out;
	struct packet p;

	begin(&out, HIP_UPDATE);
	cr_assert_eq(packet_len(&out), 64);
	cr_assert_eq(protect_add_mac(&out, 1, key), 0);
	p = finish(&out);
	cr_expect_eq(out.bytes[1], p.len / 8 - 1);
	out.bytes[4] = 0x12; /* a checksum, as raw HIP has it */
	cr_expect_eq(protect_check_mac(&p, 1, key), DROP_NONE);

	begin(&out, HIP_UPDATE);
	memcpy(form, out.bytes, 48);
	form[1] = 56 / 8 - 1;
	packet_begin(&out, HIP_UPDATE, 0, &p.sender, &p.receiver);
	seq_write(&out, 5);
	memset(form + 48, 0x5a, 8); /* HOST_ID, as HIP_MAC_2 sees it */
	cr_assert_eq(suite_mac(1, key, &whole, 1, mac), 0);
	cr_assert_eq(protect_add_mac_2(&out, 1, key, form + 48, 8), 0);
	cr_expect_arr_eq(out.bytes + 48 + 4, mac, 32);

	form[1] = 48 / 8 - 1;
	packet_begin(&out, HIP_UPDATE, 0, &p.sender, &p.receiver);
	seq_write(&out, 5);
	cr_assert_eq(protect_add_signature(&out, id), 0);
	cr_expect_eq(hi_public_verify(pub, form, 48, out.bytes + 48 + 6, 64),
		     DROP_NONE);
	hi_public_free(pub);
	identity_free(id);
}

Test(protect, a_missing_parameter_is_told)
{
	struct identity *id = identity(KEY_P256);
	struct hi_public *pub = public_of(id);
	struct packet_out out;
	struct packet p;

	begin(&out, HIP_UPDATE);
	p = finish(&out);
	cr_expect_eq(protect_check_mac(&p, 1, key), DROP_PARAM_MISSING);
	cr_expect_eq(protect_check_mac_2(&p, 1, key, host_id, 16),
		     DROP_PARAM_MISSING);
	cr_expect_eq(protect_check_signature(&p, pub), DROP_PARAM_MISSING);
	cr_expect_eq(protect_check_signature_2(&p, pub), DROP_PARAM_MISSING);
	hi_public_free(pub);
	identity_free(id);
}

Test(protect, a_mac_of_a_wrong_length_is_malformed)
{
	for (size_t len = 0; len <= 64; len++) {
		const uint8_t zeros[64] = { 0 };
		struct packet_out out;
		struct packet p;

		begin(&out, HIP_UPDATE);
		packet_param(&out, PARAM_HIP_MAC, zeros, len);
		packet_param(&out, PARAM_HIP_MAC_2, zeros, len);
		p = finish(&out);
		cr_expect_eq(protect_check_mac(&p, 1, key),
			     len == 32 ? DROP_MAC : DROP_MALFORMED);
		cr_expect_eq(protect_check_mac_2(&p, 2, key, host_id, 16),
			     len == 48 ? DROP_MAC : DROP_MALFORMED);
		cr_expect_eq(protect_check_mac(&p, 3, key), DROP_MALFORMED);
	}
}

Test(protect, another_key_or_suite_is_another_mac)
{
	uint8_t other[RHASH_MAX];
	struct packet_out out;
	struct packet p;

	memcpy(other, key, sizeof(other));
	other[31] ^= 1;
	begin(&out, HIP_UPDATE);
	cr_assert_eq(protect_add_mac(&out, 1, key), 0);
	p = finish(&out);
	cr_expect_eq(protect_check_mac(&p, 1, other), DROP_MAC);
	cr_expect_eq(protect_check_mac(&p, 5, key), DROP_MAC);
}

Test(protect, another_signer_or_algorithm_is_refused)
{
	struct identity *id = identity(KEY_P256);
	struct identity *other = NULL;
	struct hi_public *pub = public_of(id), *other_pub;
	struct packet_out out;
	struct packet p;
	size_t at;

	cr_assert_eq(identity_generate(IDENTITY_ECDSA_P256, &other), 0);
	other_pub = public_of(other);
	begin(&out, HIP_UPDATE);
	at = packet_len(&out);
	cr_assert_eq(protect_add_signature(&out, id), 0);
	p = finish(&out);
	cr_expect_eq(protect_check_signature(&p, pub), DROP_NONE);
	cr_expect_eq(protect_check_signature(&p, other_pub), DROP_SIGNATURE);
	cr_expect_eq(out.bytes[at + 5], HI_ECDSA);
	out.bytes[at + 5] = HI_RSA;
	cr_expect_eq(protect_check_signature(&p, pub), DROP_SIGNATURE);
	hi_public_free(pub);
	hi_public_free(other_pub);
	identity_free(id);
	identity_free(other);
}

Test(protect, a_signature_cut_short_is_refused)
{
	struct identity *id = identity(KEY_P256);
	struct hi_public *pub = public_of(id);
	const uint8_t body[66] = { 0, HI_ECDSA, 1 };

	for (size_t len = 0; len <= sizeof(body); len++) {
		struct packet_out out;
		struct packet p;

		begin(&out, HIP_R1);
		packet_param(&out, PARAM_HIP_SIGNATURE_2, body, len);
		packet_param(&out, PARAM_HIP_SIGNATURE, body, len);
		p = finish(&out);
		cr_expect_eq(protect_check_signature(&p, pub),
			     len <= 2 ? DROP_MALFORMED : DROP_SIGNATURE);
		cr_expect_eq(protect_check_signature_2(&p, pub),
			     len <= 2 ? DROP_MALFORMED : DROP_SIGNATURE);
	}
	hi_public_free(pub);
	identity_free(id);
}

/* A packet with `len` bytes, which is a multiple of 8. */
static void begin_of_length(struct packet_out *out, size_t len)
{
	const uint8_t zeros[HIP_PACKET_MAX] = { 0 };
	const struct hit h = { { 0 } };

	packet_begin(out, HIP_UPDATE, 0, &h, &h);
	packet_param(out, PARAM_ECHO_REQUEST_SIGNED, zeros, len - 44);
	cr_assert_eq(packet_len(out), len);
}

Test(protect, what_does_not_fit_a_packet_is_not_added)
{
	struct identity *id = identity(KEY_P256);
	struct packet_out out;

	begin_of_length(&out, HIP_PACKET_MAX - 40);
	cr_expect_eq(protect_add_mac(&out, 1, key), 0);
	cr_expect(packet_fix_length(&out));
	begin_of_length(&out, HIP_PACKET_MAX - 32);
	cr_expect_eq(protect_add_mac(&out, 1, key), -EIO);
	cr_expect_not(packet_fix_length(&out));
	cr_expect_eq(protect_add_mac(&out, 1, key), -EIO, "stays failed");

	begin_of_length(&out, HIP_PACKET_MAX - 72);
	cr_expect_eq(protect_add_signature(&out, id), 0);
	begin_of_length(&out, HIP_PACKET_MAX - 64);
	cr_expect_eq(protect_add_signature(&out, id), -EIO);
	cr_expect_eq(protect_add_signature_2(&out, id), -EIO);
	identity_free(id);
}

Test(protect, hip_mac_2_counts_no_more_than_the_longest_packet)
{
	struct packet_out out;
	struct packet p;

	begin_of_length(&out, HIP_PACKET_MAX - 40);
	cr_expect_eq(protect_add_mac_2(&out, 1, key, host_id, 16), 0);
	cr_expect(packet_fix_length(&out));
	cr_assert_eq(packet_parse(out.bytes, packet_len(&out), &p, NULL),
		     DROP_NONE);
	cr_expect_eq(protect_check_mac_2(&p, 1, key, host_id, 16), DROP_NONE);
	for (size_t len = 48; len < SIZE_MAX / 2; len *= 2)
		cr_expect_eq(protect_check_mac_2(&p, 1, key, host_id, len),
			     DROP_MAC);
	begin_of_length(&out, HIP_PACKET_MAX - 40);
	cr_expect_eq(protect_add_mac_2(&out, 1, key, host_id, 48), -EIO);
	cr_expect_eq(protect_add_mac_2(&out, 1, key, host_id, 12), -EIO,
		     "a HOST_ID without its padding");
}

/* SP 800-38A F.2.1, F.2.5: the first block. */
static const struct {
	uint16_t cipher;
	const char *key, *first;
} ciphers[] = {
	{ HIP_CIPHER_AES_128_CBC, "2b7e151628aed2a6abf7158809cf4f3c",
	  "7649abac8119b246cee98e9b12e9197d" },
	{ HIP_CIPHER_AES_256_CBC,
	  "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	  "f58c4c04d6e5f1ba779eabfb5f7bfbd6" },
};

static const uint8_t iv[16] = { 0, 1, 2,  3,  4,  5,  6,  7,
				8, 9, 10, 11, 12, 13, 14, 15 };

/* Encrypts alone into a packet and gives back the parameter. */
static struct encrypted encrypt(struct packet_out *out, uint16_t cipher,
				const uint8_t *k, const uint8_t *plain,
				size_t len)
{
	const struct hit h = { { 0 } };
	struct encrypted e = { 0 };
	struct packet p;

	packet_begin(out, HIP_I2, 0, &h, &h);
	cr_assert_eq(protect_add_encrypted(out, cipher, k, iv, plain, len), 0);
	cr_assert(packet_fix_length(out));
	cr_assert_eq(packet_parse(out->bytes, packet_len(out), &p, NULL),
		     DROP_NONE);
	cr_assert_eq(encrypted_parse(param_rd(&p.params[0]), &e), DROP_NONE);
	return e;
}

Test(protect, encrypted_is_aes_cbc_with_pkcs_5_padding)
{
	uint8_t k[32], plain[16], want[16];

	hex("6bc1bee22e409f96e93d7e117393172a", plain, sizeof(plain));
	for (size_t i = 0; i < 2; i++) {
		struct packet_out out;
		struct encrypted e;

		hex(ciphers[i].key, k, sizeof(k));
		hex(ciphers[i].first, want, sizeof(want));
		e = encrypt(&out, ciphers[i].cipher, k, plain, sizeof(plain));
		cr_assert_eq(e.len, 32, "one block of padding");
		cr_expect_arr_eq(e.bytes, want, sizeof(want));
		cr_expect_arr_eq(e.iv, iv, sizeof(iv));
	}
}

/* Parameters with contents of 0 to 11 bytes. */
static size_t some_params(uint8_t *plain, size_t n)
{
	struct packet_out out;
	const struct hit h = { { 0 } };

	packet_begin(&out, HIP_I2, 0, &h, &h);
	for (size_t i = 0; i < n; i++)
		packet_param(&out, PARAM_HOST_ID, "eleven byte", i % 12);
	memcpy(plain, out.bytes + HIP_HEADER_LEN, packet_len(&out) - 40);
	return packet_len(&out) - HIP_HEADER_LEN;
}

Test(protect, encrypted_is_opened_again)
{
	for (size_t n = 1; n < 60; n++) {
		uint8_t plain[HIP_PACKET_MAX], opened[HIP_PACKET_MAX];
		size_t len = some_params(plain, n), opened_len = 0;
		uint16_t cipher = n % 2 ? 2 : 4;
		struct packet_out out;
		struct encrypted e = encrypt(&out, cipher, key, plain, len);

		cr_assert_eq(protect_open_encrypted(&e, cipher, key, opened,
						    len, &opened_len),
			     DROP_NONE);
		cr_assert_eq(opened_len, len);
		cr_expect_arr_eq(opened, plain, len);
		cr_expect_eq(protect_open_encrypted(&e, cipher, key, opened,
						    len - 1, &opened_len),
			     DROP_MALFORMED, "no room");
	}
}

Test(protect, encrypted_is_refused_with_another_key_or_cipher)
{
	uint8_t plain[HIP_PACKET_MAX], opened[HIP_PACKET_MAX];
	size_t len = some_params(plain, 9), opened_len = 77;
	struct packet_out out;
	struct encrypted e = encrypt(&out, 2, key, plain, len);

	for (size_t bit = 0; bit < 128; bit++) {
		uint8_t other[RHASH_MAX];
		enum drop drop;

		memcpy(other, key, sizeof(other));
		other[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		drop = protect_open_encrypted(&e, 2, other, opened,
					      sizeof(opened), &opened_len);
		cr_expect(drop == DROP_DECRYPT || drop == DROP_MALFORMED);
	}
	cr_expect_eq(protect_open_encrypted(&e, 1, key, opened, sizeof(opened),
					    &opened_len),
		     DROP_HIP_CIPHER);
	cr_expect_eq(protect_open_encrypted(&e, 3, key, opened, sizeof(opened),
					    &opened_len),
		     DROP_HIP_CIPHER);
	cr_expect_eq(opened_len, 77, "untouched on failure");
	cr_expect_eq(protect_add_encrypted(&out, 1, key, iv, plain, len), -EIO);
}

Test(protect, encrypted_with_wrong_padding_is_refused)
{
	uint8_t plain[HIP_PACKET_MAX], opened[HIP_PACKET_MAX];
	size_t len = some_params(plain, 1), opened_len;
	struct packet_out out;
	struct encrypted e;
	uint8_t *last_of_iv;

	/* One block: 8 bytes and 8 of padding, which the IV's end changes. */
	cr_assert_eq(len, 8);
	e = encrypt(&out, 2, key, plain, len);
	cr_assert_eq(e.len, 16);
	last_of_iv = out.bytes + HIP_HEADER_LEN + 8 + 15;
	cr_assert_eq(e.iv + 15, last_of_iv);
	for (unsigned int v = 0; v < 256; v++) {
		enum drop drop;

		*last_of_iv = (uint8_t)v;
		drop = protect_open_encrypted(&e, 2, key, opened,
					      sizeof(opened), &opened_len);
		/* 8 is right; 1 is right too, but leaves 15 bytes. */
		if (v == iv[15])
			cr_expect_eq(drop, DROP_NONE);
		else if (v == (iv[15] ^ 8 ^ 1))
			cr_expect_eq(drop, DROP_MALFORMED);
		else
			cr_expect_eq(drop, DROP_DECRYPT);
	}
}

Test(protect, what_was_encrypted_must_be_parameters)
{
	static const uint8_t bad[][16] = {
		{ 2, 0xc1, 0, 13 }, /* one byte longer than there is */
		{ 2, 0xc1, 0xff, 0xff },
		{ 2, 0xc1, 0, 4, 0, 0, 0, 0, 2, 0xc1, 0, 5 },
	};
	static const uint8_t good[16] = { 2, 0xc1, 0, 12 };
	uint8_t opened[HIP_PACKET_MAX];
	struct packet_out out;
	struct encrypted e;
	size_t len = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = encrypt(&out, 4, key, bad[i], sizeof(bad[i]));
		cr_expect_eq(protect_open_encrypted(&e, 4, key, opened,
						    sizeof(opened), &len),
			     DROP_MALFORMED, "%zu", i);
	}
	for (size_t n = 0; n < 16; n++) {
		e = encrypt(&out, 4, key, good, n);
		cr_expect_eq(protect_open_encrypted(&e, 4, key, opened,
						    sizeof(opened), &len),
			     DROP_MALFORMED, "%zu of 16 bytes", n);
	}
	e = encrypt(&out, 4, key, good, sizeof(good));
	cr_expect_eq(protect_open_encrypted(&e, 4, key, opened, sizeof(opened),
					    &len),
		     DROP_NONE);
}

Test(protect, encrypted_that_does_not_fit_is_not_added)
{
	const uint8_t zeros[HIP_PACKET_MAX + 1] = { 0 };
	const struct hit h = { { 0 } };
	struct packet_out out;

	packet_begin(&out, HIP_I2, 0, &h, &h);
	cr_expect_eq(protect_add_encrypted(&out, 2, key, iv, zeros,
					   2048 - 40 - 24 - 1),
		     0);
	packet_begin(&out, HIP_I2, 0, &h, &h);
	cr_expect_eq(
		protect_add_encrypted(&out, 2, key, iv, zeros, 2048 - 40 - 24),
		-EIO);
	cr_expect_not(packet_fix_length(&out));
	packet_begin(&out, HIP_I2, 0, &h, &h);
	cr_expect_eq(
		protect_add_encrypted(&out, 2, key, iv, zeros, sizeof(zeros)),
		-EIO);
}
