/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Locators as values: what is written is read again, and each way in which
 * a value can be wrong is refused.
 */
#include "resolver/kinds.h"

#include <criterion/criterion.h>

static struct locator at(const char *text)
{
	struct locator l = { .port = 0 };

	cr_assert_eq(locator_from_text(text, 10500, &l), 0);
	return l;
}

static bool parse(const uint8_t *bytes, size_t len)
{
	struct locator out[KIND_LOCATORS_MAX];
	size_t n;

	return kinds_locators_parse((struct span){ bytes, len }, out, &n);
}

Test(kinds, locators_are_read_as_they_were_written)
{
	const struct locator in[] = { at("192.0.2.1:4711"), at("2001:db8::1") };
	struct locator out[KIND_LOCATORS_MAX];
	uint8_t bytes[128];
	struct wr w = wr_init(bytes, sizeof(bytes));
	size_t n = 0;

	kinds_locators_write(&w, in, 2);
	cr_assert_not(wr_failed(&w));
	cr_expect_eq(wr_len(&w), 2 + 8 + 20);
	cr_assert(kinds_locators_parse((struct span){ bytes, wr_len(&w) }, out,
				       &n));
	cr_assert_eq(n, 2);
	cr_expect(locator_equal(&in[0], &out[0]));
	cr_expect(locator_equal(&in[1], &out[1]));
}

Test(kinds, the_form_is_that_of_rfc_6940_6_5_1_1)
{
	static const uint8_t want[] = { 0, 8, 1, 6, 192, 0, 2, 1, 0x29, 0x04 };
	const struct locator in = at("192.0.2.1:10500");
	uint8_t bytes[128];
	struct wr w = wr_init(bytes, sizeof(bytes));

	kinds_locators_write(&w, &in, 1);
	cr_assert_eq(wr_len(&w), sizeof(want));
	cr_expect_eq(memcmp(bytes, want, sizeof(want)), 0);
}

Test(kinds, none_at_all_is_a_value)
{
	cr_expect(parse((const uint8_t[]){ 0, 0 }, 2));
}

Test(kinds, eight_are_taken_and_nine_are_not)
{
	struct locator in[KIND_LOCATORS_MAX + 1];
	uint8_t bytes[256];
	struct wr w = wr_init(bytes, sizeof(bytes));

	for (size_t i = 0; i <= KIND_LOCATORS_MAX; i++)
		in[i] = at("192.0.2.1");
	kinds_locators_write(&w, in, KIND_LOCATORS_MAX);
	cr_assert_not(wr_failed(&w));
	cr_expect(parse(bytes, wr_len(&w)));
	w = wr_init(bytes, sizeof(bytes));
	kinds_locators_write(&w, in, KIND_LOCATORS_MAX + 1);
	cr_expect(wr_failed(&w));
	/* One more, by hand. */
	w = wr_init(bytes, sizeof(bytes));
	kinds_locators_write(&w, in, KIND_LOCATORS_MAX);
	memcpy(bytes + wr_len(&w), bytes + 2, 8);
	bytes[1] = (uint8_t)(bytes[1] + 8);
	cr_expect_not(parse(bytes, wr_len(&w) + 8));
}

Test(kinds, what_is_broken_is_refused)
{
	static const struct {
		uint8_t bytes[24];
		size_t len;
	} bad[] = {
		{ { 0 }, 0 },
		{ { 0 }, 1 },
		{ { 0, 1, 1 }, 3 },				/* cut off */
		{ { 0, 7, 1, 6, 192, 0, 2, 1, 0x29 }, 9 },	/* the same */
		{ { 0, 0, 1 }, 3 },				/* left over */
		{ { 0, 8, 3, 6, 192, 0, 2, 1, 0x29, 4 }, 10 },	/* type */
		{ { 0, 8, 1, 18, 192, 0, 2, 1, 0x29, 4 }, 10 }, /* length */
		{ { 0, 20, 2, 18,   0,	  0,   0, 0, 0, 0,    0,
		    0, 0,  0, 0xff, 0xff, 192, 0, 2, 1, 0x29, 4 },
		  22 }, /* IPv4 in the form of IPv6 */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_not(parse(bad[i].bytes, bad[i].len), "%zu", i);
}

Test(kinds, two_hosts_have_no_place_in_common)
{
	const struct hit a = { { 0x20, 0x01, 0x00, 0x22, [15] = 1 } };
	const struct hit b = { { 0x20, 0x01, 0x00, 0x22, [15] = 2 } };
	struct resource_id of_a[REGISTRATION_KEYS], of_b[REGISTRATION_KEYS];
	struct resource_id node;

	kinds_locator_resources(&a, of_a);
	kinds_locator_resources(&b, of_b);
	id_resource(a.bytes, sizeof(a.bytes), &node);
	cr_expect_eq(memcmp(&node, &of_a[0], ID_LEN), 0, "RFC 6940 7.3.2");
	for (size_t i = 0; i < REGISTRATION_KEYS; i++)
		for (size_t k = 0; k < REGISTRATION_KEYS; k++)
			cr_expect_neq(memcmp(&of_a[i], &of_b[k], ID_LEN), 0);
	cr_expect_neq(memcmp(&of_a[0], &of_a[1], ID_LEN), 0);
}
