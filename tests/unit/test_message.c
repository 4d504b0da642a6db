/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/message.h"

#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <string.h>

static struct hosts t;

static void make(void)
{
	hosts_make(&t);
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(message, .init = make, .fini = clear);

static struct packet parse(const struct bytes *b)
{
	struct packet p;

	cr_assert_eq(packet_parse(b->b, b->len, &p, NULL), DROP_NONE);
	return p;
}

/* The packet without a parameter that stands before MAC and signature. */
static struct bytes without(const struct bytes *b, uint16_t type)
{
	struct edit e = { .type = type };
	struct remake how = { .edits = &e, .n_edits = 1, .signer = t.id[B] };

	return remake_packet(b, &how);
}

Test(message, an_r1_needs_all_but_its_counter)
{
	static const uint16_t types[] = {
		PARAM_PUZZLE,	      PARAM_DH_GROUP_LIST,
		PARAM_DIFFIE_HELLMAN, PARAM_HIP_CIPHER,
		PARAM_HOST_ID,	      PARAM_HIT_SUITE_LIST,
		PARAM_ESP_TRANSFORM,  PARAM_TRANSPORT_FORMAT_LIST,
	};
	struct bytes r1 = hosts_run_to(&t, HIP_R1), cut;
	struct packet p = parse(&r1);
	struct msg_r1 out;

	cr_expect_eq(msg_r1_parse(&p, &out), DROP_NONE);
	cr_expect(out.has_counter);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		cut = without(&r1, types[i]);
		p = parse(&cut);
		cr_expect_eq(msg_r1_parse(&p, &out), DROP_PARAM_MISSING, "%u",
			     types[i]);
	}
	cut = without(&r1, PARAM_R1_COUNTER);
	p = parse(&cut);
	cr_expect_eq(msg_r1_parse(&p, &out), DROP_NONE);
	cr_expect_not(out.has_counter);
}

Test(message, an_r1_must_be_signed)
{
	struct remake how = { .n_edits = 0 };
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct msg_r1 out;
	struct packet p;

	r1 = remake_packet(&r1, &how);
	p = parse(&r1);
	cr_expect_eq(msg_r1_parse(&p, &out), DROP_PARAM_MISSING);
}

Test(message, the_host_id_is_given_as_it_lies_there)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct packet p = parse(&r1);
	struct msg_r1 out;
	struct host_id id;

	cr_assert_eq(msg_r1_parse(&p, &out), DROP_NONE);
	cr_expect_eq(out.host_id_param.len % 8, 0);
	cr_expect_eq(out.host_id_param.bytes[0] << 8 |
			     out.host_id_param.bytes[1],
		     PARAM_HOST_ID);
	cr_assert_eq(msg_host_id_parse(&out.host_id_param, &id), DROP_NONE);
	cr_expect_eq(id.hi, out.host_id.hi);
	cr_expect_eq(id.hi_len, out.host_id.hi_len);
}

Test(message, an_unknown_suite_says_nothing_about_lengths)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct msg_r1 out;
	struct packet p;

	r1.b[8 + 3] = 0x23; /* the sender's OGA id: ECDSA_LOW */
	p = parse(&r1);
	cr_expect_eq(msg_r1_parse(&p, &out), DROP_HIT_SUITE);
}

Test(message, a_host_id_is_found_among_others)
{
	static const uint8_t plain[] = {
		0x02, 0x00, 0x00, 0x03, 1,    2,    3,	  0,	/* another */
		0x02, 0xc1, 0x00, 0x07, 0x00, 0x01, 0x00, 0x00, /* HOST_ID */
		0x00, 0x07, 0xaa, 0,	0,    0,    0,	  0,
	};
	struct whole_param w;
	struct host_id id;

	cr_assert_eq(msg_find_host_id(plain, sizeof(plain), &w), DROP_NONE);
	cr_expect_eq(w.bytes, plain + 8);
	cr_expect_eq(w.len, 16);
	cr_assert_eq(msg_host_id_parse(&w, &id), DROP_NONE);
	cr_expect_eq(id.hi[0], 0xaa);
	cr_expect_eq(msg_find_host_id(plain, 8, &w), DROP_PARAM_MISSING);
	cr_expect_eq(msg_find_host_id(plain, 0, &w), DROP_PARAM_MISSING);
	for (size_t n = 9; n < sizeof(plain); n++)
		cr_expect_eq(msg_find_host_id(plain, n, &w), DROP_MALFORMED,
			     "%zu", n);
}
