/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Each parameter of RFC 7401 5.2 and RFC 7402 5.1: written as the RFC draws
 * it, read back, and refused when it is short, long or against a MUST.
 */
#include "daemon/hip/param.h"
#include "tests/unit/rewrite.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Contents of at most 16 bytes, as in a packet. */
#define BODY(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })

static struct packet_out out;

static void begin(void)
{
	static const struct hit a = { { 0x20, 0x01, 0, 0x21, [15] = 1 } };

	packet_begin(&out, HIP_I1, 0, &a, &a);
}

TestSuite(param, .init = begin);

/* The parameter that was written alone: type, length, contents, padding. */
static void expect_written(uint16_t type, const uint8_t *body, size_t len)
{
	const uint8_t *at = out.bytes + HIP_HEADER_LEN;

	cr_assert(packet_fix_length(&out));
	cr_assert_eq(packet_len(&out),
		     HIP_HEADER_LEN + 11 + len - (len + 3) % 8);
	cr_expect_eq(at[0] << 8 | at[1], type);
	cr_expect_eq((size_t)(at[2] << 8 | at[3]), len);
	cr_expect_eq(memcmp(at + 4, body, len), 0);
	begin();
}

static struct rd reader(const uint8_t *body, size_t len)
{
	return rd_init(body, len);
}

Test(param, esp_info)
{
	static const uint8_t body[] = { 0, 0, 0x01, 0x02, /* reserved, index */
					3, 4, 5,    6,	  /* old SPI */
					7, 8, 9,    10 }; /* new SPI */
	struct esp_info v;

	cr_assert_eq(esp_info_parse(reader(body, sizeof(body)), &v), DROP_NONE);
	cr_expect_eq(v.keymat_index, 0x0102);
	cr_expect_eq(v.old_spi, 0x03040506);
	cr_expect_eq(v.new_spi, 0x0708090a);
	esp_info_write(&out, &v);
	expect_written(PARAM_ESP_INFO, body, sizeof(body));
}

Test(param, r1_counter_keeps_its_reserved_field)
{
	static const uint8_t body[] = { 1, 2, 3, 4, /* reserved */
					5, 6, 7, 8, 9, 10, 11, 12 };
	struct r1_counter v;

	cr_assert_eq(r1_counter_parse(reader(body, sizeof(body)), &v),
		     DROP_NONE);
	cr_expect_eq(v.reserved, 0x01020304);
	cr_expect_eq(v.counter, 0x05060708090a0b0c);
	r1_counter_write(&out, &v);
	expect_written(PARAM_R1_COUNTER, body, sizeof(body));
}

Test(param, puzzle_has_the_length_of_the_hash)
{
	static const size_t lens[] = { 32, 48 };
	uint8_t body[4 + RHASH_MAX] = { 10, 37, 0xab, 0xcd };
	struct puzzle_param v;

	for (size_t i = 0; i < sizeof(body) - 4; i++)
		body[4 + i] = (uint8_t)i;
	for (size_t i = 0; i < COUNT(lens); i++) {
		size_t n = lens[i];

		cr_assert_eq(puzzle_param_parse(reader(body, 4 + n), n, &v),
			     DROP_NONE);
		cr_expect_eq(v.k, 10);
		cr_expect_eq(v.lifetime, 37);
		cr_expect_eq(v.opaque, 0xabcd);
		cr_expect_arr_eq(v.i, body + 4, n);
		puzzle_param_write(&out, n, &v);
		expect_written(PARAM_PUZZLE, body, 4 + n);
		cr_expect_eq(puzzle_param_parse(reader(body, 3 + n), n, &v),
			     DROP_MALFORMED);
	}
	cr_expect_eq(puzzle_param_parse(reader(body, 4 + 48), 32, &v),
		     DROP_MALFORMED);
	cr_expect_eq(puzzle_param_parse(reader(body, 0), 32, &v),
		     DROP_MALFORMED);
}

Test(param, solution_has_twice_the_length_of_the_hash)
{
	static const size_t lens[] = { 32, 48 };
	uint8_t body[4 + 2 * RHASH_MAX] = { 10, 0, 0xab, 0xcd };
	struct solution_param v;

	for (size_t i = 0; i < sizeof(body) - 4; i++)
		body[4 + i] = (uint8_t)i;
	for (size_t i = 0; i < COUNT(lens); i++) {
		size_t n = lens[i];

		cr_assert_eq(
			solution_param_parse(reader(body, 4 + 2 * n), n, &v),
			DROP_NONE);
		cr_expect_eq(v.k, 10);
		cr_expect_eq(v.opaque, 0xabcd);
		cr_expect_arr_eq(v.i, body + 4, n);
		cr_expect_arr_eq(v.j, body + 4 + n, n);
		solution_param_write(&out, n, &v);
		expect_written(PARAM_SOLUTION, body, 4 + 2 * n);
		cr_expect_eq(
			solution_param_parse(reader(body, 3 + 2 * n), n, &v),
			DROP_MALFORMED);
	}
	cr_expect_eq(solution_param_parse(reader(body, 4 + 96), 32, &v),
		     DROP_MALFORMED);
	body[1] = 0xff; /* reserved: ignored */
	cr_expect_eq(solution_param_parse(reader(body, 4 + 64), 32, &v),
		     DROP_NONE);
}

Test(param, dh_group_list)
{
	static const uint8_t body[] = { 3, 4, 8 };
	struct id_list v;

	cr_assert_eq(dh_group_list_parse(reader(body, sizeof(body)), &v),
		     DROP_NONE);
	cr_assert_eq(v.n, 3);
	cr_expect_eq(v.ids[2], 8);
	cr_expect(id_list_has(&v, 4));
	cr_expect(!id_list_has(&v, 7));
	dh_group_list_write(&out, &v);
	expect_written(PARAM_DH_GROUP_LIST, body, sizeof(body));
}

Test(param, hit_suite_list_has_its_ids_in_the_upper_half)
{
	static const uint8_t body[] = { 0x20, 0x10, 0x50 };
	static const uint8_t lower[] = { 0x20, 0x11 };
	struct id_list v;

	cr_assert_eq(hit_suite_list_parse(reader(body, sizeof(body)), &v),
		     DROP_NONE);
	cr_assert_eq(v.n, 3);
	cr_expect_eq(v.ids[0], HIT_SUITE_ECDSA);
	cr_expect_eq(v.ids[1], HIT_SUITE_RSA);
	cr_expect_eq(v.ids[2], HIT_SUITE_EDDSA);
	hit_suite_list_write(&out, &v);
	expect_written(PARAM_HIT_SUITE_LIST, body, sizeof(body));
	cr_expect_eq(hit_suite_list_parse(reader(lower, sizeof(lower)), &v),
		     DROP_HIT_SUITE);
}

Test(param, ids_of_one_byte_beyond_what_we_look_at_are_left_out)
{
	uint8_t body[IDS_MAX + 1];
	struct id_list v;

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i << 4);
	cr_assert_eq(dh_group_list_parse(reader(body, IDS_MAX), &v), DROP_NONE);
	cr_expect_eq(v.n, IDS_MAX);
	cr_assert_eq(dh_group_list_parse(reader(body, IDS_MAX + 1), &v),
		     DROP_NONE);
	cr_expect_eq(v.n, IDS_MAX);
	cr_assert_eq(hit_suite_list_parse(reader(body, IDS_MAX + 1), &v),
		     DROP_NONE);
	cr_expect_eq(v.n, IDS_MAX);
	body[IDS_MAX] = 0x01; /* looked at, though left out */
	cr_expect_eq(hit_suite_list_parse(reader(body, IDS_MAX + 1), &v),
		     DROP_HIT_SUITE);
}

Test(param, transport_format_list)
{
	static const uint8_t body[] = { 0x0f, 0xff, 0x08, 0x02 };
	uint8_t many[2 * IDS_MAX + 2] = { 0 };
	struct id_list v;

	cr_assert_eq(
		transport_format_list_parse(reader(body, sizeof(body)), &v),
		DROP_NONE);
	cr_assert_eq(v.n, 2);
	cr_expect_eq(v.ids[0], PARAM_ESP_TRANSFORM);
	cr_expect_eq(v.ids[1], 2050);
	transport_format_list_write(&out, &v);
	expect_written(PARAM_TRANSPORT_FORMAT_LIST, body, sizeof(body));
	cr_assert_eq(
		transport_format_list_parse(reader(many, sizeof(many)), &v),
		DROP_NONE);
	cr_expect_eq(v.n, IDS_MAX);
}

Test(param, transport_mode)
{
	static const uint8_t body[] = { 0x12, 0x34, 0, 2, 0, 1 };
	struct transport_mode v;

	cr_assert_eq(transport_mode_parse(reader(body, sizeof(body)), &v),
		     DROP_NONE);
	cr_expect_eq(v.port, 0x1234);
	cr_expect_eq(v.modes.n, 2);
	cr_expect_eq(v.modes.ids[0], TRANSPORT_MODE_ESP);
	cr_expect_eq(v.modes.ids[1], TRANSPORT_MODE_DEFAULT);
	transport_mode_write(&out, &v);
	expect_written(PARAM_HIP_TRANSPORT_MODE, body, sizeof(body));
	cr_expect_eq(transport_mode_parse(reader(body, 2), &v), DROP_NONE);
	cr_expect_eq(v.modes.n, 0, "no mode at all");
	cr_expect_eq(transport_mode_parse(reader(body, 0), &v), DROP_MALFORMED);
	cr_expect_eq(transport_mode_parse(reader(body, 1), &v), DROP_MALFORMED);
	cr_expect_eq(transport_mode_parse(reader(body, 3), &v), DROP_MALFORMED);
}

/* RFC 7401 5.2.8: "accepting the first six and dropping the rest". */
Test(param, hip_cipher_has_six_ids_and_more_are_dropped)
{
	static const uint8_t body[] = {
		0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7
	};
	struct id_list v;

	cr_assert_eq(hip_cipher_parse(reader(body, 12), &v), DROP_NONE);
	cr_assert_eq(v.n, 6);
	cr_expect_eq(v.ids[5], 6);
	hip_cipher_write(&out, &v);
	expect_written(PARAM_HIP_CIPHER, body, 12);
	cr_assert_eq(hip_cipher_parse(reader(body, 14), &v), DROP_NONE);
	cr_expect_eq(v.n, 6);
	v.ids[v.n++] = 7; /* the sender MUST NOT */
	hip_cipher_write(&out, &v);
	expect_written(PARAM_HIP_CIPHER, body, 12);
}

Test(param, esp_transform_has_six_ids_behind_a_reserved_field)
{
	static const uint8_t body[] = { 0, 0, 0, 13, 0, 9, 0, 8,
					0, 1, 0, 2,  0, 3, 0, 4 };
	uint8_t reserved[] = { 0xff, 0xff, 0, 13 };
	struct id_list v;

	cr_assert_eq(esp_transform_parse(reader(body, 14), &v), DROP_NONE);
	cr_assert_eq(v.n, 6);
	cr_expect_eq(v.ids[0], ESP_AES_GCM_16);
	esp_transform_write(&out, &v);
	expect_written(PARAM_ESP_TRANSFORM, body, 14);
	cr_assert_eq(esp_transform_parse(reader(body, 16), &v), DROP_NONE);
	cr_expect_eq(v.n, 6);
	v.ids[v.n++] = 4; /* the sender MUST NOT */
	esp_transform_write(&out, &v);
	expect_written(PARAM_ESP_TRANSFORM, body, 14);
	cr_assert_eq(esp_transform_parse(reader(reserved, 4), &v), DROP_NONE);
	cr_expect_eq(v.ids[0], ESP_AES_GCM_16);
}

Test(param, diffie_hellman)
{
	static const uint8_t body[] = { 7, 0, 4, 'a', 'b', 'c', 'd' };
	struct dh_param v;

	cr_assert_eq(dh_param_parse(reader(body, sizeof(body)), &v), DROP_NONE);
	cr_expect_eq(v.group, 7);
	cr_assert_eq(v.len, 4);
	cr_expect_eq(v.value, body + 3);
	dh_param_write(&out, &v);
	expect_written(PARAM_DIFFIE_HELLMAN, body, sizeof(body));
}

Test(param, host_id)
{
	static const uint8_t body[] = { 0,   4,	  0x20, 3,   /* lengths */
					0,   7,	  'h',	'o', /* algorithm, HI */
					's', 't', 'a',	'@', 'b' };
	static const uint8_t bare[] = { 0, 1, 0, 0, 0, 5, 'h' };
	struct host_id v;

	cr_assert_eq(host_id_parse(reader(body, sizeof(body)), &v), DROP_NONE);
	cr_expect_eq(v.algorithm, HI_ECDSA);
	cr_assert_eq(v.hi_len, 4);
	cr_expect_eq(v.hi, body + 6);
	cr_expect_eq(v.di_type, 2);
	cr_assert_eq(v.di_len, 3);
	cr_expect_eq(v.di, body + 10);
	host_id_write(&out, &v);
	expect_written(PARAM_HOST_ID, body, sizeof(body));
	cr_assert_eq(host_id_parse(reader(bare, sizeof(bare)), &v), DROP_NONE);
	cr_expect_eq(v.di_type, 0);
	cr_expect_eq(v.di_len, 0);
	host_id_write(&out, &v);
	expect_written(PARAM_HOST_ID, bare, sizeof(bare));
}

Test(param, host_id_may_be_as_long_as_our_limits)
{
	static uint8_t body[6 + HI_MAX + 1 + DI_MAX + 1];
	struct host_id v;

	body[0] = HI_MAX >> 8;
	body[1] = HI_MAX & 0xff;
	body[2] = 0x10;
	body[3] = DI_MAX;
	cr_assert_eq(host_id_parse(reader(body, 6 + HI_MAX + DI_MAX), &v),
		     DROP_NONE);
	host_id_write(&out, &v);
	expect_written(PARAM_HOST_ID, body, 6 + HI_MAX + DI_MAX);
	body[1]++;
	cr_expect_eq(host_id_parse(reader(body, 7 + HI_MAX + DI_MAX), &v),
		     DROP_LIMIT);
	body[1]--;
	body[2] = 0x11;
	body[3] = (DI_MAX + 1) & 0xff;
	cr_expect_eq(host_id_parse(reader(body, 7 + HI_MAX + DI_MAX), &v),
		     DROP_LIMIT);
}

Test(param, seq)
{
	static const uint8_t body[] = { 1, 2, 3, 4 };
	uint32_t id = 0;

	cr_assert_eq(seq_parse(reader(body, sizeof(body)), &id), DROP_NONE);
	cr_expect_eq(id, 0x01020304);
	seq_write(&out, id);
	expect_written(PARAM_SEQ, body, sizeof(body));
}

Test(param, ack_has_one_id_or_more)
{
	static uint8_t body[4 * IDS_MAX + 4] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ack_list v;

	cr_assert_eq(ack_parse(reader(body, 8), &v), DROP_NONE);
	cr_assert_eq(v.n, 2);
	cr_expect_eq(v.ids[1], 0x05060708);
	ack_write(&out, &v);
	expect_written(PARAM_ACK, body, 8);
	cr_assert_eq(ack_parse(reader(body, 4 * IDS_MAX), &v), DROP_NONE);
	cr_expect_eq(v.n, IDS_MAX);
	ack_write(&out, &v);
	expect_written(PARAM_ACK, body, 4 * IDS_MAX);
	cr_assert_eq(ack_parse(reader(body, 4 * IDS_MAX + 4), &v), DROP_NONE);
	cr_expect_eq(v.n, IDS_MAX);
}

Test(param, encrypted_is_iv_and_whole_blocks)
{
	static uint8_t body[4 + 16 + 33] = { 0xff }; /* reserved: ignored */
	struct encrypted v;

	for (size_t len = 0; len <= sizeof(body); len++) {
		bool good = len == 4 + 16 + 16 || len == 4 + 16 + 32;

		cr_expect_eq(encrypted_parse(reader(body, len), &v),
			     good ? DROP_NONE : DROP_MALFORMED, "%zu", len);
	}
	cr_expect_eq(v.iv, body + 4);
	cr_expect_eq(v.bytes, body + 20);
	cr_expect_eq(v.len, 32);
}

Test(param, notification)
{
	static const uint8_t body[] = { 0, 0, 0x40, 0x00, 'd', 'a', 't', 'a' };
	struct notification v;

	cr_assert_eq(notification_parse(reader(body, sizeof(body)), &v),
		     DROP_NONE);
	cr_expect_eq(v.type, NOTIFY_I2_ACKNOWLEDGEMENT);
	cr_assert_eq(v.len, 4);
	cr_expect_eq(v.data, body + 4);
	notification_write(&out, &v);
	expect_written(PARAM_NOTIFICATION, body, sizeof(body));
	cr_assert_eq(notification_parse(reader(body, 4), &v), DROP_NONE);
	cr_expect_eq(v.len, 0);
}

Test(param, signature)
{
	static const uint8_t body[] = { 0, 7, 's', 'i', 'g' };
	struct signature_param v;

	cr_assert_eq(signature_parse(reader(body, sizeof(body)), &v),
		     DROP_NONE);
	cr_expect_eq(v.algorithm, HI_ECDSA);
	cr_assert_eq(v.len, 3);
	cr_expect_eq(v.sig, body + 2);
	cr_expect_eq(signature_parse(reader(body, 2), &v), DROP_MALFORMED);
}

/* Contents that are one byte away from good ones, or against a MUST. */
Test(param, wrong_contents_are_refused)
{
	static const struct {
		uint16_t type;
		uint8_t body[16];
		size_t len;
	} cases[] = {
		{ PARAM_ESP_INFO, BODY(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) },
		{ PARAM_ESP_INFO, BODY(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) },
		{ PARAM_ESP_INFO, { 0 }, 0 },
		{ PARAM_R1_COUNTER, BODY(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) },
		{ PARAM_R1_COUNTER,
		  BODY(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) },
		{ PARAM_R1_COUNTER, { 0 }, 0 },
		{ PARAM_SEQ, BODY(0, 0, 1) },
		{ PARAM_SEQ, BODY(0, 0, 0, 0, 1) },
		{ PARAM_SEQ, { 0 }, 0 },
		{ PARAM_ACK, { 0 }, 0 },
		{ PARAM_ACK, BODY(0, 0, 1) },
		{ PARAM_ACK, BODY(0, 0, 0, 0, 1) },
		{ PARAM_DH_GROUP_LIST, { 0 }, 0 },
		{ PARAM_HIT_SUITE_LIST, { 0 }, 0 },
		{ PARAM_HIP_CIPHER, { 0 }, 0 },
		{ PARAM_HIP_CIPHER, BODY(0) },
		{ PARAM_HIP_CIPHER, BODY(0, 2, 0) },
		{ PARAM_TRANSPORT_FORMAT_LIST, { 0 }, 0 },
		{ PARAM_TRANSPORT_FORMAT_LIST, BODY(0x0f, 0xff, 0) },
		{ PARAM_ESP_TRANSFORM, { 0 }, 0 },
		{ PARAM_ESP_TRANSFORM, BODY(0) },
		{ PARAM_ESP_TRANSFORM, BODY(0, 0) },
		{ PARAM_ESP_TRANSFORM, BODY(0, 0, 0) },
		{ PARAM_ESP_TRANSFORM, BODY(0, 0, 0, 13, 0) },
		{ PARAM_DIFFIE_HELLMAN, { 0 }, 0 },
		{ PARAM_DIFFIE_HELLMAN, BODY(7, 0) },
		{ PARAM_DIFFIE_HELLMAN, BODY(7, 0, 0) }, /* no value */
		{ PARAM_DIFFIE_HELLMAN, BODY(7, 0, 2, 1) },
		{ PARAM_DIFFIE_HELLMAN, BODY(7, 0, 2, 1, 2, 3) },
		{ PARAM_DIFFIE_HELLMAN, BODY(7, 255, 255, 1, 2, 3) },
		{ PARAM_HOST_ID, { 0 }, 0 },
		{ PARAM_HOST_ID, BODY(0, 0, 0, 0, 0) },
		{ PARAM_HOST_ID, BODY(0, 0, 0, 0, 0, 7) }, /* no HI */
		{ PARAM_HOST_ID, BODY(0, 2, 0, 0, 0, 7, 1) },
		{ PARAM_HOST_ID, BODY(0, 2, 0, 0, 0, 7, 1, 2, 3) },
		{ PARAM_HOST_ID, BODY(0, 2, 0x10, 2, 0, 7, 1, 2, 3) },
		{ PARAM_HOST_ID, BODY(0, 1, 0x10, 1, 0, 7, 1, 2, 3) },
		{ PARAM_HOST_ID, BODY(0, 1, 0, 1, 0, 7, 1, 2) }, /* no type */
		{ PARAM_HOST_ID, BODY(255, 255, 0, 0, 0, 7, 1, 2) },
		{ PARAM_HOST_ID, BODY(0, 1, 0x1f, 255, 0, 7, 1, 2) },
		{ PARAM_ENCRYPTED, { 0 }, 0 },
		{ PARAM_NOTIFICATION, { 0 }, 0 },
		{ PARAM_NOTIFICATION, BODY(0, 0, 1) },
		{ PARAM_HIP_SIGNATURE, { 0 }, 0 },
		{ PARAM_HIP_SIGNATURE, BODY(7) },
		{ PARAM_HIP_SIGNATURE_2, BODY(0, 7) },
		{ PARAM_VIA_RVS, { 0 }, 0 },
		{ PARAM_VIA_RVS,
		  BODY(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2) },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct param p = { .type = cases[i].type,
				   .len = (uint16_t)cases[i].len,
				   .body = cases[i].body };

		begin();
		cr_expect_eq(rewrite_param(&p, &out), DROP_MALFORMED,
			     "case %zu, type %u", i, p.type);
	}
}

/* RFC 8004 4.2.3. */
Test(param, via_rvs)
{
	static const uint8_t body[] = { 0x20, 1, 13,  184, 0,	0, 0, 0,
					0,    0, 0,   0,   0,	0, 0, 1,
					0,    0, 0,   0,   0,	0, 0, 0,
					0,    0, 255, 255, 192, 0, 2, 1 };
	uint8_t many[(VIA_RVS_MAX + 1) * 16] = { 0 };
	struct via_rvs v;

	cr_assert_eq(via_rvs_parse(reader(body, sizeof(body)), &v), DROP_NONE);
	cr_expect_eq(v.n, 2);
	cr_expect_arr_eq(v.servers[0].addr, body, 16);
	cr_expect(locator_is_v4(&v.servers[1]));
	cr_expect_eq(v.servers[1].port, 0);
	via_rvs_write(&out, &v);
	expect_written(PARAM_VIA_RVS, body, sizeof(body));
	cr_expect_eq(via_rvs_parse(reader(body, sizeof(body) - 1), &v),
		     DROP_MALFORMED);
	cr_expect_eq(via_rvs_parse(reader(many, sizeof(many)), &v), DROP_NONE);
	cr_expect_eq(v.n, VIA_RVS_MAX, "the others are not looked at");
	cr_expect_eq(via_rvs_parse(reader(many, sizeof(many) - 1), &v),
		     DROP_MALFORMED, "but counted");
}

Test(param, a_refused_parameter_leaves_the_result_untouched)
{
	static const uint8_t none[1];
	struct rd r = reader(none, sizeof(none));
	union {
		struct esp_info esp_info;
		struct r1_counter r1_counter;
		struct puzzle_param puzzle;
		struct solution_param solution;
		struct id_list list;
		struct dh_param dh;
		struct host_id host_id;
		struct ack_list ack;
		struct encrypted encrypted;
		struct notification notification;
		struct signature_param signature;
		uint32_t seq;
	} v, before;

	memset(&v, 0xa5, sizeof(v));
	memset(&before, 0xa5, sizeof(before));
	cr_expect_neq(esp_info_parse(r, &v.esp_info), DROP_NONE);
	cr_expect_neq(r1_counter_parse(r, &v.r1_counter), DROP_NONE);
	cr_expect_neq(puzzle_param_parse(r, 32, &v.puzzle), DROP_NONE);
	cr_expect_neq(solution_param_parse(r, 32, &v.solution), DROP_NONE);
	cr_expect_neq(hip_cipher_parse(r, &v.list), DROP_NONE);
	cr_expect_neq(transport_format_list_parse(r, &v.list), DROP_NONE);
	cr_expect_neq(esp_transform_parse(r, &v.list), DROP_NONE);
	cr_expect_neq(dh_param_parse(r, &v.dh), DROP_NONE);
	cr_expect_neq(host_id_parse(r, &v.host_id), DROP_NONE);
	cr_expect_neq(ack_parse(r, &v.ack), DROP_NONE);
	cr_expect_neq(encrypted_parse(r, &v.encrypted), DROP_NONE);
	cr_expect_neq(notification_parse(r, &v.notification), DROP_NONE);
	cr_expect_neq(signature_parse(r, &v.signature), DROP_NONE);
	cr_expect_neq(seq_parse(r, &v.seq), DROP_NONE);
	r = reader(none, 0);
	cr_expect_neq(dh_group_list_parse(r, &v.list), DROP_NONE);
	cr_expect_neq(hit_suite_list_parse(r, &v.list), DROP_NONE);
	cr_expect_eq(memcmp(&v, &before, sizeof(v)), 0);
}

Test(param, a_failed_reader_is_refused)
{
	static const uint8_t body[16];
	struct rd r = reader(body, 1);
	struct id_list list;
	struct ack_list ack;

	rd_skip(&r, 2);
	cr_expect_eq(dh_group_list_parse(r, &list), DROP_MALFORMED);
	cr_expect_eq(hit_suite_list_parse(r, &list), DROP_MALFORMED);
	cr_expect_eq(hip_cipher_parse(r, &list), DROP_MALFORMED);
	cr_expect_eq(ack_parse(r, &ack), DROP_MALFORMED);
}
