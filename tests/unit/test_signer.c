/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the engine signs for the resolver, and what it never signs: packets
 * of HIP, digests, messages and values that are not its own.
 */
#include "daemon/signer.h"
#include "resolver/stored.h"
#include "tests/unit/keys.h"
#include "tests/unit/pcap.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const uint8_t hash[32] = { 7, [31] = 9 };
static struct identity *us;
static struct signer signer;
static uint8_t bytes[2 * SIGNER_PREIMAGE_MAX], identity[64];
static struct span ours;

static void setup(void)
{
	struct wr w = wr_init(identity, sizeof(identity));

	cr_assert_eq(identity_from_pem(KEY_RFC8032, strlen(KEY_RFC8032), &us),
		     0);
	cr_assert_eq(signer_init(&signer, us, id_overlay("example.com", 11), 0),
		     0);
	signer_set_certificate(&signer, hash);
	signer_identity_write(&w, hash);
	ours = (struct span){ identity, wr_len(&w) };
}

static void teardown(void)
{
	identity_free(us);
}

TestSuite(signer, .init = setup, .fini = teardown);

static int sign(size_t len)
{
	uint8_t sig[SIGNATURE_MAX];
	size_t sig_len;

	return signer_sign(&signer, bytes, len, 0, sig, &sig_len);
}

static size_t message(const char *overlay, uint16_t code, size_t body)
{
	struct forwarding f = { .overlay = id_overlay(overlay, strlen(overlay)),
				.transaction_id = 5 };
	static uint8_t contents[SIGNER_PREIMAGE_MAX],
		zeros[SIGNER_PREIMAGE_MAX];
	struct wr c = wr_init(contents, sizeof(contents));
	struct wr w = wr_init(bytes, sizeof(bytes));

	contents_write(&c, code, zeros, body);
	message_signed_write(&w, &f, (struct span){ contents, wr_len(&c) },
			     ours);
	cr_assert_not(wr_failed(&w) || wr_failed(&c));
	return wr_len(&w);
}

static size_t value(uint32_t kind, enum data_model model, const uint8_t *key)
{
	const struct resource_id at = { { 0x3b, 0, 0, 0x21 } };
	static uint8_t stored[256];
	struct wr s = wr_init(stored, sizeof(stored));
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct stored v = { .storage_time_ms = 1,
			    .key = { key, key ? ID_LEN : 0 },
			    .exists = true,
			    .data = { hash, sizeof(hash) } };

	stored_value_write(&s, model, &v);
	v.value = (struct span){ stored, wr_len(&s) };
	v.signature.identity = ours.bytes;
	v.signature.identity_len = ours.len;
	stored_signed_write(&w, &at, kind, model, &v);
	cr_assert_not(wr_failed(&w));
	return wr_len(&w);
}

Test(signer, a_message_of_our_overlay_is_signed)
{
	uint8_t sig[SIGNATURE_MAX];
	struct hi_public *pub;
	const uint8_t *hi;
	size_t len = message("example.com", RELOAD_PING_REQ, 2), n, hi_len;

	cr_assert_eq(signer_sign(&signer, bytes, len, 0, sig, &n), 0);
	hi = identity_hi(us, &hi_len);
	cr_assert_eq(hi_public_parse(identity_algorithm(us), hi, hi_len, &pub),
		     DROP_NONE);
	cr_expect_eq(hi_public_verify(pub, bytes, len, sig, n), DROP_NONE);
	hi_public_free(pub);
	cr_expect_eq(sign(message("example.com", RELOAD_ERROR, 4)), 0);
	cr_expect_eq(sign(message("example.com", 0x26, 4)), 0);
}

Test(signer, a_message_of_another_overlay_is_not)
{
	cr_expect_eq(sign(message("example.org", RELOAD_PING_REQ, 2)), -EPERM);
}

Test(signer, a_code_that_is_none_is_not)
{
	cr_expect_eq(sign(message("example.com", 0, 2)), -EPERM);
	cr_expect_eq(sign(message("example.com", 0x27, 2)), -EPERM);
}

Test(signer, a_message_that_is_too_long_is_not)
{
	size_t head = message("example.com", RELOAD_PING_REQ, 0);
	size_t most = SIGNER_PREIMAGE_MAX - head;

	cr_expect_eq(sign(message("example.com", RELOAD_PING_REQ, most)), 0);
	cr_expect_eq(sign(message("example.com", RELOAD_PING_REQ, most + 1)),
		     -EPERM);
}

Test(signer, each_truncation_and_a_byte_too_many_are_refused)
{
	size_t len = message("example.com", RELOAD_PING_REQ, 20);

	for (size_t cut = 0; cut < len; cut++)
		cr_expect_eq(sign(cut), -EPERM);
	bytes[len] = 0;
	cr_expect_eq(sign(len + 1), -EPERM);
	len = value(1, DATA_DICTIONARY, identity_hit(us)->bytes);
	for (size_t cut = 0; cut < len; cut++)
		cr_expect_eq(sign(cut), -EPERM);
	bytes[len] = 0;
	cr_expect_eq(sign(len + 1), -EPERM);
}

Test(signer, the_signer_must_be_us)
{
	size_t len = message("example.com", RELOAD_PING_REQ, 2);

	bytes[len - 1] ^= 1;
	cr_expect_eq(sign(len), -EPERM);
	bytes[len - 1] ^= 1;
	cr_expect_eq(sign(len), 0);
	signer.certified = false;
	cr_expect_eq(sign(len), -EPERM);
}

Test(signer, values_under_our_key_are_signed)
{
	const uint8_t *key = identity_hit(us)->bytes;

	cr_expect_eq(sign(value(1, DATA_DICTIONARY, key)), 0);
	cr_expect_eq(sign(value(0xf0000001, DATA_DICTIONARY, key)), 0);
	cr_expect_eq(sign(value(0xf0000001, DATA_SINGLE, NULL)), 0);
	cr_expect_eq(sign(value(0xf0000001, DATA_ARRAY, NULL)), 0);
}

Test(signer, values_of_others_or_of_unknown_kinds_are_not)
{
	const uint8_t other[16] = { 0x20, 0x01, 0x00, 0x22, [15] = 1 };

	cr_expect_eq(sign(value(1, DATA_DICTIONARY, other)), -EPERM);
	cr_expect_eq(sign(value(1, DATA_SINGLE, NULL)), -EPERM);
	cr_expect_eq(sign(value(1, DATA_ARRAY, NULL)), -EPERM);
	cr_expect_eq(sign(value(3, DATA_SINGLE, NULL)), -EPERM);
	cr_expect_eq(sign(value(0xffffffff, DATA_SINGLE, NULL)), -EPERM);
	cr_expect_eq(sign(value(0xf0000001, DATA_DICTIONARY, other)), -EPERM);
}

/* Each packet of real exchanges: I1, R1, I2, R2, UPDATE, NOTIFY, CLOSE. */
Test(signer, no_packet_of_hip_is_signed)
{
	static const char *const captures[] = { "cutehip-7401-udp",
						"cutehip-7401-raw",
						"cutehip-7401-ecdsa-udp" };
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		struct pcap_packet c;
		struct pcap p;

		cr_assert(pcap_open(&p, captures[i]));
		while (pcap_next(&p, &c)) {
			if (c.kind != PCAP_HIP || c.len > sizeof(bytes))
				continue;
			memcpy(bytes, c.bytes, c.len);
			cr_expect_eq(sign(c.len), -EPERM);
			/* And with our name as the end. */
			memcpy(bytes + c.len, ours.bytes, ours.len);
			cr_expect_eq(sign(c.len + ours.len), -EPERM);
			n++;
		}
		pcap_close(&p);
	}
	cr_expect_geq(n, 10);
}

Test(signer, what_begins_as_hip_is_refused_whatever_follows)
{
	static const uint8_t types[] = { 1, 2, 3, 4, 16, 17, 18, 19 };

	for (size_t i = 0; i < sizeof(types); i++) {
		size_t len = message("example.com", RELOAD_PING_REQ, 2);

		bytes[0] = 0x3b;
		bytes[2] = types[i];
		bytes[3] = 0x21;
		/* As if the overlay had that hash. */
		signer.overlay = 0x3b000021u | (uint32_t)bytes[1] << 16 |
				 (uint32_t)types[i] << 8;
		cr_expect_eq(sign(len), -EPERM);
	}
}

Test(signer, an_overlay_whose_hash_could_begin_a_packet_is_refused)
{
	cr_expect_eq(signer_init(&signer, us, 0x3b000021, 0), -EINVAL);
	cr_expect_eq(signer_init(&signer, us, 0x3bffff21, 0), -EINVAL);
	cr_expect_eq(signer_init(&signer, us, 0x3b000011, 0), 0);
	cr_expect_eq(signer_init(&signer, us, 0x3a000021, 0), 0);
}

Test(signer, no_digest_is_signed)
{
	static const size_t lengths[] = { 16, 20, 28, 32, 48, 64 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (unsigned int fill = 0; fill < 256; fill++) {
			memset(bytes, (int)fill, lengths[i]);
			signer.tokens_ms = 1000;
			cr_expect_eq(sign(lengths[i]), -EPERM);
		}
	}
}

Test(signer, it_signs_at_a_bounded_rate)
{
	size_t len = message("example.com", RELOAD_PING_REQ, 2), n;
	uint8_t sig[SIGNATURE_MAX];

	for (size_t i = 0; i < SIGNER_BURST; i++)
		cr_assert_eq(sign(len), 0);
	cr_expect_eq(sign(len), -EAGAIN);
	cr_expect_eq(signer_sign(&signer, bytes, len, 1, sig, &n), -EAGAIN);
	cr_expect_eq(signer_sign(&signer, bytes, len, 2, sig, &n), 0);
	cr_expect_eq(signer_sign(&signer, bytes, len, 3, sig, &n), -EAGAIN);
}
