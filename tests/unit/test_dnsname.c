/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Names on the wire: RFC 1035 3.1, 4.1.4. */
#include "resolver/dnsname.h"

#include <criterion/criterion.h>
#include <string.h>

static bool read_at(const void *bytes, size_t len, size_t at,
		    struct dnsname *out, size_t *end)
{
	const struct rd message = rd_init(bytes, len);
	struct rd r = message;

	rd_skip(&r, at);
	dnsname_read(&r, &message, out);
	*end = (size_t)(r.p - message.p);
	return !rd_failed(&r);
}

/* RFC 1035 4.1.4: F.ISI.ARPA, FOO.F.ISI.ARPA, ARPA, the root. */
static const char message[] = "\1F\3ISI\4ARPA\0\3FOO\300\0\300\6\0";

Test(dnsname, a_name_that_stands_whole_is_read)
{
	struct dnsname n;
	char text[DNSNAME_TEXT_MAX];
	size_t end;

	cr_assert(read_at(message, sizeof(message) - 1, 0, &n, &end));
	cr_assert_eq(end, 12);
	cr_assert(dnsname_text(&n, text));
	cr_assert_str_eq(text, "f.isi.arpa");
	cr_assert_eq(memcmp(n.wire, message, 12), 0, "its case stays");
}

Test(dnsname, a_pointer_is_followed)
{
	struct dnsname n;
	char text[DNSNAME_TEXT_MAX];
	size_t end;

	cr_assert(read_at(message, sizeof(message) - 1, 12, &n, &end));
	cr_assert_eq(end, 18);
	cr_assert(dnsname_text(&n, text));
	cr_assert_str_eq(text, "foo.f.isi.arpa");
	cr_assert(read_at(message, sizeof(message) - 1, 18, &n, &end));
	cr_assert_eq(end, 20);
	cr_assert(dnsname_text(&n, text));
	cr_assert_str_eq(text, "arpa");
}

Test(dnsname, the_root_is_empty)
{
	struct dnsname n;
	char text[DNSNAME_TEXT_MAX];
	size_t end;

	cr_assert(read_at(message, sizeof(message) - 1, 20, &n, &end));
	cr_assert_eq(n.len, 1);
	cr_assert(dnsname_text(&n, text));
	cr_assert_str_eq(text, "");
}

Test(dnsname, what_is_broken_is_refused)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
	} cases[] = {
		{ "empty", "", 0 },
		{ "no end", "\1a", 2 },
		{ "short label", "\3ab", 3 },
		{ "half a pointer", "\300", 1 },
		{ "points to itself", "\300\0", 2 },
		{ "points forward", "\300\2\0", 3 },
		{ "points into itself", "\1a\300\0", 4 },
		{ "label type 1", "\100a\0", 3 },
		{ "label type 2", "\200a\0", 3 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dnsname n = { .len = 7 };
		size_t end;

		cr_assert_not(
			read_at(cases[i].bytes, cases[i].len, 0, &n, &end),
			"%s", cases[i].what);
		cr_assert_eq(n.len, 7, "%s", cases[i].what);
	}
}

Test(dnsname, two_pointers_do_not_make_a_loop)
{
	struct dnsname n;
	size_t end;

	cr_assert_not(read_at("\300\2\300\0", 4, 2, &n, &end));
}

Test(dnsname, the_longest_name_is_255_octets)
{
	uint8_t bytes[300];
	struct dnsname n;
	size_t end;

	memset(bytes, 0, sizeof(bytes));
	for (size_t i = 0; i < 254; i += 2) {
		bytes[i] = 1;
		bytes[i + 1] = 'a';
	}
	cr_assert(read_at(bytes, sizeof(bytes), 0, &n, &end));
	cr_assert_eq(n.len, DNSNAME_MAX);
	bytes[254] = 1;
	bytes[255] = 'a';
	cr_assert_not(read_at(bytes, sizeof(bytes), 0, &n, &end));
}

Test(dnsname, text_and_wire_give_each_other)
{
	struct dnsname n, back;
	char text[DNSNAME_TEXT_MAX];
	uint8_t bytes[DNSNAME_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	size_t end;

	cr_assert_eq(dnsname_from_text("bob@example.com", &n), 0);
	dnsname_write(&w, &n);
	cr_assert(read_at(bytes, wr_len(&w), 0, &back, &end));
	cr_assert(dnsname_equal(&n, &back));
	cr_assert(dnsname_text(&back, text));
	cr_assert_str_eq(text, "bob@example.com");
	cr_assert_eq(n.wire[0], strlen("bob@example"));
}

Test(dnsname, a_text_with_an_empty_or_long_label_is_none)
{
	struct dnsname n;
	char label[70];

	cr_assert_eq(dnsname_from_text("a..b", &n), -22);
	cr_assert_eq(dnsname_from_text(".", &n), -22);
	memset(label, 'a', sizeof(label));
	label[63] = '\0';
	cr_assert_eq(dnsname_from_text(label, &n), 0);
	label[63] = 'a';
	label[64] = '\0';
	cr_assert_eq(dnsname_from_text(label, &n), -22);
}

Test(dnsname, a_dot_or_a_nul_inside_a_label_has_no_text)
{
	struct dnsname n;
	char text[DNSNAME_TEXT_MAX];
	size_t end;

	cr_assert(read_at("\3a.b\0", 5, 0, &n, &end));
	cr_assert_not(dnsname_text(&n, text));
	cr_assert(read_at("\3a\0b\0", 5, 0, &n, &end));
	cr_assert_not(dnsname_text(&n, text));
}

Test(dnsname, case_makes_no_difference_and_length_does)
{
	struct dnsname a, b;

	cr_assert_eq(dnsname_from_text("EXAMPLE.com", &a), 0);
	cr_assert_eq(dnsname_from_text("example.COM", &b), 0);
	cr_assert(dnsname_equal(&a, &b));
	cr_assert_eq(dnsname_from_text("example.con", &b), 0);
	cr_assert_not(dnsname_equal(&a, &b));
	cr_assert_eq(dnsname_from_text("example", &b), 0);
	cr_assert_not(dnsname_equal(&a, &b));
}
