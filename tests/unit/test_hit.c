/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/hit.h"

#include "tests/unit/hex.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hit parse(const char *text)
{
	struct hit h;

	cr_assert_eq(hit_from_text(text, &h), 0, "%s", text);
	return h;
}

Test(hit, text_goes_both_ways_as_rfc_5952)
{
	char text[HIT_TEXT_MAX];
	struct hit h = parse("2001:0022:F065:B1F0:B663:57F7:AC17:0831");

	hit_text(&h, text);
	cr_expect_str_eq(text, "2001:22:f065:b1f0:b663:57f7:ac17:831");
	h = parse("2001:20:0:0:0:0:0:1");
	hit_text(&h, text);
	cr_expect_str_eq(text, "2001:20::1");
}

Test(hit, text_outside_the_prefix_or_of_no_address_is_refused)
{
	static const char *const bad[] = {
		"2001:1f:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:30::",
		"2001:10::1", /* ORCHIDv1 */
		"::",
		"192.0.2.1",
		"2001:20::1%lo",
		"2001:20::1/28",
		"2001:20::g",
		" 2001:20::1",
		"",
	};
	struct hit untouched = { "untouched......" }, h = untouched;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(hit_from_text(bad[i], &h), -EINVAL, "%s", bad[i]);
	cr_expect(hit_equal(&h, &untouched));
}

Test(hit, the_prefix_is_28_bits_and_the_next_4_are_the_suite)
{
	struct hit h = parse("2001:20::");

	cr_expect(hit_is_hit(&h));
	cr_expect_eq(hit_suite(&h), 0);
	h = parse("2001:2f:ffff:ffff:ffff:ffff:ffff:ffff");
	cr_expect_eq(hit_suite(&h), 15);
	for (int bit = 0; bit < 28; bit++) {
		struct hit off = h;

		off.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		cr_expect_not(hit_is_hit(&off), "bit %d", bit);
	}
}

Test(hit, order_is_that_of_unsigned_numbers)
{
	struct hit a = parse("2001:20::7fff"), b = parse("2001:20::8000");
	struct hit c = parse("2001:22::"), d = parse("2001:21:ffff::");

	cr_expect_lt(hit_compare(&a, &b), 0);
	cr_expect_gt(hit_compare(&b, &a), 0);
	cr_expect_gt(hit_compare(&c, &d), 0);
	cr_expect_eq(hit_compare(&a, &a), 0);
	cr_expect(hit_equal(&a, &a));
	cr_expect_not(hit_equal(&a, &b));
}

static const struct {
	const char *text, *label;
} labels[] = {
	{ "2001:20::", "aaaaaaaaaaaaaaaaaaaa" },
	{ "2001:20::1", "aaaaaaaaaaaaaaaaaaab" },
	{ "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "77777777777777777777" },
	{ "2001:22:f065:b1f0:b663:57f7:ac17:831", "f4dfwhylmy2x66wbocbr" },
};

Test(hit, self_labels_go_both_ways)
{
	char label[HIT_SELF_LABEL_LEN + 1];

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		struct hit h = parse(labels[i].text), back;

		hit_self_label(&h, label);
		cr_expect_str_eq(label, labels[i].label);
		cr_assert_eq(hit_from_self_label(label, &back), 0);
		cr_expect(hit_equal(&h, &back));
	}
}

Test(hit, self_labels_are_read_in_either_case)
{
	struct hit h, want = parse(labels[3].text);

	cr_assert_eq(hit_from_self_label("F4DFWHYLMY2x66wbocbr", &h), 0);
	cr_expect(hit_equal(&h, &want));
}

Test(hit, a_wrong_self_label_is_refused)
{
	static const char *const bad[] = {
		"",
		"aaaaaaaaaaaaaaaaaaa",	 /* 19 */
		"aaaaaaaaaaaaaaaaaaaaa", /* 21 */
		"aaaaaaaaa1aaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaa8",
		"aaaaaaaaaaaaaaaaaaa=",
		"aaaaaaaaaaaaaaaaaa\xc3\xa4",
		"aaaaaaaaaaaaaaaaaaa@",
		"aaaaaaaaaaaaaaaaaaa[",
		"aaaaaaaaaaaaaaaaaaa`",
		"aaaaaaaaaaaaaaaaaaa{",
	};
	struct hit untouched = { "untouched......" }, h = untouched;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(hit_from_self_label(bad[i], &h), -EINVAL, "%s",
			     bad[i]);
	cr_expect(hit_equal(&h, &untouched));
}

/* Vectors of docs/protocol.md: HI bytes 00 01 ... 3f. */
Test(hit, the_hit_of_64_bytes_under_suites_1_and_2)
{
	uint8_t hi[64];
	struct hit h, want;

	for (size_t i = 0; i < sizeof(hi); i++)
		hi[i] = (uint8_t)i;
	cr_assert_eq(hit_from_hi(1, hi, sizeof(hi), &h), 0);
	want = parse("2001:21:48c9:1c1c:a192:acad:79b:5c81");
	cr_expect(hit_equal(&h, &want));
	cr_assert_eq(hit_from_hi(2, hi, sizeof(hi), &h), 0);
	want = parse("2001:22:f065:b1f0:b663:57f7:ac17:831");
	cr_expect(hit_equal(&h, &want));
}

/* The Ed25519 key of RFC 8032 7.1, test 1; RFC 9374 3.5.2.1. */
Test(hit, the_hit_of_an_ed25519_key_under_suite_5)
{
	uint8_t hi[36];
	struct hit h, want;

	hex("00010000 d75a980182b10ab7d54bfed3c964073a"
	    "0ee172f3daa62325af021a68f707511a",
	    hi, sizeof(hi));
	cr_assert_eq(hit_from_hi(5, hi, sizeof(hi), &h), 0);
	want = parse("2001:25:94f8:6e7a:36ad:d203:ed89:625f");
	cr_expect(hit_equal(&h, &want));
}

Test(hit, an_unknown_suite_gives_no_hit)
{
	struct hit untouched = { "untouched......" }, h = untouched;

	for (unsigned int s = 0; s < 256; s++)
		if (s != 1 && s != 2 && s != 5)
			cr_expect_eq(hit_from_hi((uint8_t)s, h.bytes, 16, &h),
				     -ENOTSUP);
	cr_expect(hit_equal(&h, &untouched));
}

/* What T5 stands on: a HIT that does not belong to the HI is seen. */
Test(hit, every_bit_of_the_hi_counts)
{
	static const uint8_t suites[] = { 1, 2, 5 };
	uint8_t hi[67] = { 0, 1, 4 };
	struct hit good, other;

	for (size_t s = 0; s < sizeof(suites); s++) {
		cr_assert_eq(hit_from_hi(suites[s], hi, sizeof(hi), &good), 0);
		cr_expect_eq(hit_suite(&good), suites[s]);
		for (size_t bit = 0; bit < 8 * sizeof(hi); bit++) {
			hi[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			cr_assert_eq(
				hit_from_hi(suites[s], hi, sizeof(hi), &other),
				0);
			cr_expect_not(hit_equal(&good, &other));
			hi[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		}
		cr_assert_eq(hit_from_hi(suites[s], hi, sizeof(hi) - 1, &other),
			     0);
		cr_expect_not(hit_equal(&good, &other));
	}
}

Test(hit, a_name_can_certify_itself)
{
	char label[HIT_SELF_LABEL_LEN + 1];
	char name[128];
	struct hit hit, found = { { 0 } };

	cr_assert_eq(
		hit_from_text("2001:22:f065:b1f0:b663:57f7:ac17:831", &hit), 0);
	hit_self_label(&hit, label);
	(void)snprintf(name, sizeof(name), "bob@%s.hip.internal", label);
	cr_assert(hit_from_self_name(name, "hip.internal", &found));
	cr_assert(hit_equal(&hit, &found));
	cr_assert(hit_from_self_name(strchr(name, '@') + 1, "hip.internal",
				     &found));
	cr_assert_not(hit_from_self_name(name, "hip.example", &found));
	cr_assert_not(
		hit_from_self_name("bob@hip.internal", "hip.internal", &found));
	(void)snprintf(name, sizeof(name), "bob@x%s.hip.internal", label);
	cr_assert_not(hit_from_self_name(name, "hip.internal", &found));
	(void)snprintf(name, sizeof(name), "%s.at.hip.internal", label);
	cr_assert_not(hit_from_self_name(name, "hip.internal", &found));
}
