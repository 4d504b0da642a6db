/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/pki/hiprr.h"

#include "daemon/base/dnsreply.h"
#include "daemon/hip/identity.h"
#include "tests/unit/hex.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <sodium.h>

/* RFC 8005 7: a host of HIPv1, with an RSA key of 1024 bits. */
#define RFC_HIT "200100107b1a74df365639cc39f1d578"
#define RFC_KEY                                                                \
	"AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p9+LrV4e19WzK00+CI6zBCQTdtWsu" \
	"xKbWIy87UOoJTwkUs7lBu+Upr1gsNrut79ryra+bSRGQb1slImA8YVJyuIDsj7kwzG7j" \
	"nERNqnWxZ48AWkskmdHaVDP4BcelrTI3rMXdXF5D"
#define RVS1 "\4rvs1\7example\3com"
#define RVS2 "\4rvs2\7example\3com"

static uint8_t rdata[1200];
static size_t rdata_len;

/* The record of the RFC with these servers. */
static void make_rfc(const void *servers, size_t len)
{
	struct wr w = wr_init(rdata, sizeof(rdata));
	uint8_t hit[16], key[256];
	size_t key_len;

	cr_assert_eq(hex(RFC_HIT, hit, sizeof(hit)), 16);
	cr_assert_eq(sodium_base642bin(key, sizeof(key), RFC_KEY,
				       strlen(RFC_KEY), NULL, &key_len, NULL,
				       sodium_base64_VARIANT_ORIGINAL),
		     0);
	wr_u8(&w, 16);
	wr_u8(&w, HIPRR_RSA);
	wr_u16(&w, (uint16_t)key_len);
	wr_bytes(&w, hit, sizeof(hit));
	wr_bytes(&w, key, key_len);
	wr_bytes(&w, servers, len);
	rdata_len = wr_len(&w);
}

static enum drop parse(struct hiprr *rr)
{
	return hiprr_parse(rd_init(rdata, rdata_len), rr);
}

/* The record of an identity. */
static struct identity *make_own(const char *pem, struct hiprr *rr)
{
	struct wr w = wr_init(rdata, sizeof(rdata));
	struct identity *id;
	const uint8_t *hi;
	size_t len;

	cr_assert_eq(identity_from_pem(pem, strlen(pem), &id), 0);
	hi = identity_hi(id, &len);
	cr_assert(hiprr_of(identity_hit(id), hi, len, rr));
	hiprr_write(rr, &w);
	rdata_len = wr_len(&w);
	cr_assert_eq(parse(rr), DROP_NONE);
	return id;
}

Test(hiprr, the_rfc_s_record_is_read_with_its_servers_in_order)
{
	char name[NAME_DOMAIN_MAX + 1];
	struct hiprr rr;

	make_rfc(RVS1 "\0" RVS2, sizeof(RVS1 "\0" RVS2));
	cr_assert_eq(parse(&rr), DROP_NONE);
	cr_expect_eq(rr.algorithm, 2);
	cr_expect_eq(rr.hit.len, 16);
	cr_expect_eq(rr.key.len, 132); /* RFC 3110: 1 + 3 + 128 */
	cr_assert_eq(rr.n_servers, 2);
	cr_expect(hiprr_server(&rr, 0, name));
	cr_expect_str_eq(name, "rvs1.example.com");
	cr_expect(hiprr_server(&rr, 1, name));
	cr_expect_str_eq(name, "rvs2.example.com");
}

Test(hiprr, the_rfc_s_record_is_written_as_it_stands_there)
{
	char text[HIPRR_TEXT_MAX];
	struct hiprr rr;

	make_rfc(NULL, 0);
	cr_assert_eq(parse(&rr), DROP_NONE);
	cr_assert(hiprr_text(&rr, text));
	cr_expect_str_eq(text, "IN HIP ( 2 " RFC_HIT " " RFC_KEY " )");
}

Test(hiprr, the_rfc_s_hit_is_one_of_hipv1_and_refused)
{
	struct hit untouched = { "untouched......" }, hit = untouched;
	struct hiprr rr;

	make_rfc(NULL, 0);
	cr_assert_eq(parse(&rr), DROP_NONE);
	cr_expect_eq(hiprr_verify(&rr, &hit), HIPRR_NO_HIT);
	cr_expect(hit_equal(&hit, &untouched));
}

Test(hiprr, a_key_of_1024_bits_is_refused)
{
	struct hiprr rr;
	struct hit hit;

	make_rfc(NULL, 0);
	memcpy(rdata + 4, "\x20\x01\x00\x21", 4); /* HIPv2, suite 1 */
	cr_assert_eq(parse(&rr), DROP_NONE);
	cr_expect_eq(hiprr_verify(&rr, &hit), HIPRR_KEY);
}

Test(hiprr, every_kind_of_key_goes_there_and_back)
{
	static const struct {
		const char *pem;
		uint8_t algorithm;
		size_t len;
	} keys[] = {
		{ KEY_P256, HIPRR_ECDSA, 64 },
		{ KEY_P384, HIPRR_ECDSA, 96 },
		{ KEY_RSA_2048, HIPRR_RSA, 260 },
		{ KEY_RFC8032, HIPRR_EDDSA, 32 },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct hiprr rr;
		struct identity *id = make_own(keys[i].pem, &rr);
		struct hit hit = { { 0 } };

		cr_expect_eq(rr.algorithm, keys[i].algorithm, "%zu", i);
		cr_expect_eq(rr.key.len, keys[i].len, "%zu", i);
		cr_expect_eq(hiprr_verify(&rr, &hit), HIPRR_SOUND, "%zu", i);
		cr_expect(hit_equal(&hit, identity_hit(id)), "%zu", i);
		identity_free(id);
	}
}

Test(hiprr, a_hit_of_another_key_is_refused)
{
	struct hiprr rr;
	struct identity *id = make_own(KEY_P256, &rr);
	struct hit hit;

	rdata[4 + 15] ^= 1; /* the HIT's last bit */
	cr_expect_eq(hiprr_verify(&rr, &hit), HIPRR_MISMATCH);
	rdata[4 + 15] ^= 1;
	rdata[4 + 3] = 0x21; /* another suite than the key's */
	cr_expect_eq(hiprr_verify(&rr, &hit), HIPRR_ALGORITHM);
	rdata[4 + 3] = 0x22;
	rdata[rdata_len - 1] ^= 1; /* off the curve */
	cr_expect_eq(hiprr_verify(&rr, &hit), HIPRR_KEY);
	identity_free(id);
}

Test(hiprr, an_unknown_algorithm_is_refused)
{
	struct hiprr rr;
	struct identity *id = make_own(KEY_P256, &rr);
	struct hit hit;

	for (unsigned algorithm = 0; algorithm < 256; algorithm++) {
		rr.algorithm = (uint8_t)algorithm;
		if (algorithm != HIPRR_ECDSA)
			cr_expect_eq(hiprr_verify(&rr, &hit), HIPRR_ALGORITHM);
	}
	identity_free(id);
}

Test(hiprr, each_length_but_the_right_ones_is_refused)
{
	struct hiprr rr = { .n_servers = 7 };

	make_rfc(RVS1, sizeof(RVS1));
	for (size_t len = 0; len <= rdata_len; len++) {
		bool whole = len == rdata_len || len == 4 + 16 + 132;

		cr_expect_eq(hiprr_parse(rd_init(rdata, len), &rr),
			     whole ? DROP_NONE : DROP_MALFORMED, "%zu", len);
	}
}

Test(hiprr, hit_and_key_are_required)
{
	static const uint8_t no_hit[] = { 0, 2, 0, 1, 9 };
	static const uint8_t no_key[] = { 1, 2, 0, 0, 9 };
	static const uint8_t both[] = { 1, 2, 0, 1, 9, 9 };
	struct hiprr rr;
	struct hit hit;

	cr_expect_eq(hiprr_parse(rd_init(no_hit, sizeof(no_hit)), &rr),
		     DROP_MALFORMED);
	cr_expect_eq(hiprr_parse(rd_init(no_key, sizeof(no_key)), &rr),
		     DROP_MALFORMED);
	cr_assert_eq(hiprr_parse(rd_init(both, sizeof(both)), &rr), DROP_NONE);
	cr_expect_eq(hiprr_verify(&rr, &hit), HIPRR_NO_HIT);
}

Test(hiprr, servers_are_whole_names_without_pointers)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool good;
	} cases[] = {
		{ "\3rvs", 5, true },
		{ "\3rvs", 4, false },	  /* without its end */
		{ "", 1, false },	  /* the root */
		{ "\xc0\x0c", 2, false }, /* RFC 8005 5.6: MUST NOT */
		{ "\1a\xc0\x0c", 4, false },
		{ "\x40", 2, false }, /* a label of 64 octets, as it were */
		{ "\1a\0\1b", 6, true },
	};
	struct hiprr rr;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_rfc(cases[i].bytes, cases[i].len);
		cr_expect_eq(parse(&rr),
			     cases[i].good ? DROP_NONE : DROP_MALFORMED, "%zu",
			     i);
	}
}

Test(hiprr, a_server_that_is_no_host_is_not_asked_for)
{
	char name[NAME_DOMAIN_MAX + 1] = "untouched";
	struct hiprr rr;

	make_rfc("\3a.b\0\3a\0b", 10);
	cr_assert_eq(parse(&rr), DROP_NONE);
	cr_assert_eq(rr.n_servers, 2);
	cr_expect_not(hiprr_server(&rr, 0, name));
	cr_expect_not(hiprr_server(&rr, 1, name));
	cr_expect_str_eq(name, "untouched");
}

Test(hiprr, a_name_has_255_octets_and_no_more)
{
	uint8_t name[257] = { 0 };
	struct hiprr rr;

	for (size_t i = 0; i < 4; i++) {
		name[64 * i] = 63;
		memset(name + 64 * i + 1, 'a', 63);
	}
	name[192] = 61; /* 3 * 64 + 62 + 1 */
	name[254] = 0;
	make_rfc(name, 255);
	cr_expect_eq(parse(&rr), DROP_NONE);
	name[192] = 62;
	name[254] = 'a';
	name[255] = 0;
	make_rfc(name, 256);
	cr_expect_eq(parse(&rr), DROP_MALFORMED);
}

/* A reply: the question, an alias, then a HIP record of two octets. */
static const uint8_t reply[] = "\x12\x34\x81\x80\0\1\0\2\0\0\0\0"
			       "\4host\7example\0\0\x37\0\1"
			       "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1h\xc0\x11"
			       "\xc0\x2b\0\x37\0\1\0\0\0\x1e\0\2xy";
enum { REPLY_LEN = sizeof(reply) - 1 };

Test(hiprr, a_reply_s_records_are_found_behind_an_alias)
{
	struct dnsreply it;
	struct rd data;
	uint32_t ttl_s;

	cr_assert(dnsreply_begin(reply, REPLY_LEN, HIPRR_TYPE, &it));
	cr_assert(dnsreply_next(&it, &data, &ttl_s));
	cr_expect_eq(rd_left(&data), 2);
	cr_expect_eq(data.p[0], 'x');
	cr_expect_eq(ttl_s, 30);
	cr_expect_not(dnsreply_next(&it, &data, &ttl_s));
	cr_expect_not(dnsreply_next(&it, &data, &ttl_s));
}

Test(hiprr, a_reply_cut_short_gives_no_record)
{
	struct dnsreply it;
	struct rd data;
	uint32_t ttl_s;

	for (size_t len = 0; len < REPLY_LEN; len++)
		cr_expect_not(dnsreply_begin(reply, len, HIPRR_TYPE, &it) &&
				      dnsreply_next(&it, &data, &ttl_s),
			      "%zu", len);
}

Test(hiprr, a_query_or_an_error_is_no_reply)
{
	uint8_t copy[REPLY_LEN];
	struct dnsreply it;

	memcpy(copy, reply, sizeof(copy));
	copy[2] &= 0x7f; /* QR */
	cr_expect_not(dnsreply_begin(copy, sizeof(copy), HIPRR_TYPE, &it));
	copy[2] |= 0x80;
	copy[3] |= 3; /* NXDOMAIN */
	cr_expect_not(dnsreply_begin(copy, sizeof(copy), HIPRR_TYPE, &it));
}
