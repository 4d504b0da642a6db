/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* DER: one form of each element, and no other is read. */
#include "daemon/pki/der.h"
#include "tests/unit/hex.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t bytes[70000];

/* What was written, as hexadecimal digits. */
static void expect(const struct wr *w, const char *digits)
{
	uint8_t want[64];
	size_t len = hex(digits, want, sizeof(want));

	cr_assert_not(wr_failed(w));
	cr_assert_eq(wr_len(w), len);
	cr_expect_arr_eq(w->start, want, len);
}

static struct rd reader(const char *digits)
{
	size_t len = hex(digits, bytes, sizeof(bytes));

	return rd_init(bytes, len);
}

Test(der, lengths_take_the_shortest_form)
{
	static const struct {
		size_t len, head;
		uint8_t first;
	} rows[] = { { 0, 2, 0 },      { 127, 2, 127 },	 { 128, 3, 0x81 },
		     { 255, 3, 0x81 }, { 256, 4, 0x82 }, { 65535, 4, 0x82 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wr w = wr_init(bytes, sizeof(bytes));
		size_t at = der_begin(&w);
		struct rd r, v;

		wr_zero(&w, rows[i].len);
		der_end(&w, at, DER_OCTETS);
		cr_assert_eq(wr_len(&w), rows[i].len + rows[i].head);
		cr_expect_eq(bytes[1], rows[i].first);
		r = rd_init(bytes, wr_len(&w));
		v = der_read(&r, DER_OCTETS);
		cr_expect(rd_done(&r));
		cr_expect_eq(rd_left(&v), rows[i].len);
	}
}

Test(der, contents_over_the_limit_fail)
{
	struct wr w = wr_init(bytes, sizeof(bytes));

	wr_zero(&w, DER_LEN_MAX + 1);
	der_end(&w, 0, DER_OCTETS);
	cr_assert(wr_failed(&w));
}

Test(der, an_element_without_room_fails)
{
	struct wr w = wr_init(bytes, 4);

	der_write(&w, DER_OCTETS, "abc", 3);
	cr_assert(wr_failed(&w));
}

Test(der, other_forms_of_a_length_are_refused)
{
	static const char *const forms[] = {
		"04 81 03 01 02 03",	   /* longer than needed */
		"04 82 00 03 01 02 03",	   /* longer still */
		"04 83 00 00 03 01 02 03", /* more than two bytes */
		"04 80 01 00 00",	   /* indefinite */
		"04 04 01 02 03",	   /* past the end */
		"05 03 01 02 03",	   /* another tag */
		"04",			   /* no length */
		"",
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct rd r = reader(forms[i]), v = der_read(&r, DER_OCTETS);

		cr_expect(rd_failed(&r), "%s", forms[i]);
		cr_expect_eq(rd_left(&v), 0);
	}
}

Test(der, integers_are_never_negative)
{
	struct wr w = wr_init(bytes, sizeof(bytes));

	der_integer_write(&w, (const uint8_t[]){ 0, 0, 0x80 }, 3);
	expect(&w, "02 02 00 80");
	w = wr_init(bytes, sizeof(bytes));
	der_integer_write(&w, (const uint8_t[]){ 0, 0x7f }, 2);
	expect(&w, "02 01 7f");
	w = wr_init(bytes, sizeof(bytes));
	der_integer_write(&w, (const uint8_t[]){ 0, 0 }, 2);
	expect(&w, "02 01 00");
}

Test(der, integers_are_read_at_their_width)
{
	struct rd r = reader("02 02 00 80");
	uint8_t v[3];

	der_integer_read(&r, v, sizeof(v));
	cr_assert(rd_done(&r));
	cr_expect_arr_eq(v, ((uint8_t[]){ 0, 0, 0x80 }), 3);
}

Test(der, other_forms_of_an_integer_are_refused)
{
	static const char *const forms[] = { "02 00", "02 01 80", "02 02 00 7f",
					     "02 03 01 00 00" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct rd r = reader(forms[i]);
		uint8_t v[2];

		der_integer_read(&r, v, sizeof(v));
		cr_expect(rd_failed(&r), "%s", forms[i]);
		cr_expect_eq(v[0] | v[1], 0);
	}
}

static const struct {
	uint64_t seconds;
	uint8_t tag;
	const char *text;
} dates[] = {
	{ 946684800, DER_UTC_TIME, "000101000000Z" },
	{ 951868799, DER_UTC_TIME, "000229235959Z" },
	{ 951868800, DER_UTC_TIME, "000301000000Z" },
	{ 1767225600, DER_UTC_TIME, "260101000000Z" },
	{ 2524607999, DER_UTC_TIME, "491231235959Z" },
	{ 2524608000, DER_TIME, "20500101000000Z" },
	{ 4107542400, DER_TIME, "21000301000000Z" }, /* no leap year */
	{ 253402300799, DER_TIME, "99991231235959Z" },
};

Test(der, dates_are_written_and_read)
{
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		struct wr w = wr_init(bytes, sizeof(bytes));
		struct rd r;

		der_date_write(&w, dates[i].seconds);
		cr_assert_eq(bytes[0], dates[i].tag, "%s", dates[i].text);
		cr_expect_eq(wr_len(&w), strlen(dates[i].text) + 2);
		cr_expect_arr_eq(bytes + 2, dates[i].text, wr_len(&w) - 2);
		r = rd_init(bytes, wr_len(&w));
		cr_expect_eq(der_date_read(&r), dates[i].seconds);
		cr_expect(rd_done(&r));
	}
}

Test(der, dates_outside_the_limits_fail)
{
	struct wr w = wr_init(bytes, sizeof(bytes));

	der_date_write(&w, 253402300800);
	cr_expect(wr_failed(&w));
	w = wr_init(bytes, sizeof(bytes));
	der_date_write(&w, 946684799);
	cr_expect(wr_failed(&w));
}

Test(der, dates_that_are_none_are_refused)
{
	static const char *const texts[] = {
		"260001000000Z", "261301000000Z", "260132000000Z",
		"260229000000Z", "260101240000Z", "260101006000Z",
		"260101000060Z", "2601010000Z",	  "260101000000+0000",
		"26010100000aZ", "500101000000Z",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct wr w = wr_init(bytes, sizeof(bytes));
		struct rd r;

		der_write(&w, DER_UTC_TIME, texts[i], strlen(texts[i]));
		r = rd_init(bytes, wr_len(&w));
		cr_expect_eq(der_date_read(&r), 0);
		cr_expect(rd_failed(&r), "%s", texts[i]);
	}
}

Test(der, a_generalized_time_that_could_be_the_other_is_refused)
{
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct rd r;

	der_write(&w, DER_TIME, "20491231235959Z", 15);
	r = rd_init(bytes, wr_len(&w));
	cr_expect_eq(der_date_read(&r), 0);
	cr_expect(rd_failed(&r));
}
