/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Names: one canonical form or a refusal, never a different name.
 */
#include "daemon/base/name.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *canonical(const char *text)
{
	static char name[NAME_LEN_MAX + 1];

	return name_canonical(text, name) == 0 ? name : NULL;
}

/* n times c, then `tail`. */
static const char *repeated(char c, size_t n, const char *tail)
{
	static char text[4096];

	memset(text, c, n);
	(void)snprintf(text + n, sizeof(text) - n, "%s", tail);
	return text;
}

Test(name, domain_and_user_are_lower_cased)
{
	cr_assert_str_eq(canonical("Bob@Example.COM"), "bob@example.com");
	cr_assert_str_eq(canonical("Example.COM"), "example.com");
}

Test(name, scheme_is_taken_off)
{
	cr_assert_str_eq(canonical("sip:bob@example.com"), "bob@example.com");
	cr_assert_str_eq(canonical("SIPS:bob@example.com"), "bob@example.com");
	cr_assert_null(canonical("mailto:bob@example.com"));
	cr_assert_null(canonical("sip:"));
}

Test(name, escapes_are_decoded)
{
	cr_assert_str_eq(canonical("%62o%42@example.com"), "bob@example.com");
	cr_assert_str_eq(canonical("j%C3%BCrgen@example.com"),
			 "j\xc3\xbcrgen@example.com");
}

Test(name, broken_escapes_are_refused)
{
	static const char *const texts[] = { "b%@example.com",
					     "b%4@example.com",
					     "b%4g@example.com",
					     "b%%41@example.com" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_null(canonical(texts[i]), "%s", texts[i]);
}

Test(name, what_would_decode_twice_is_refused)
{
	cr_assert_null(canonical("b%2541@example.com"));
	cr_assert_null(canonical("b%40evil.example@example.com"));
}

Test(name, octets_that_nobody_sees_are_refused)
{
	static const char *const texts[] = {
		"b%00b@example.com", "b%0Ab@example.com", "b%20b@example.com",
		"b b@example.com",   "b%7fb@example.com", "b\x01@example.com",
		"b%3Ab@example.com", "b:b@example.com",	  "\"b\"@example.com",
		"<b@example.com>",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_null(canonical(texts[i]), "%s", texts[i]);
}

Test(name, what_is_not_utf8_is_refused)
{
	static const char *const texts[] = {
		"b%ff@example.com",
		"b%C3@example.com",
		"b%C0%80@example.com",	     /* NUL, overlong */
		"b%ED%A0%80@example.com",    /* a surrogate */
		"b%F4%90%80%80@example.com", /* past the last */
		"b@ex\xff.com",
		"b%E2%82@example.com",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_null(canonical(texts[i]), "%s", texts[i]);
	cr_expect_str_eq(canonical("%F4%8F%BF%BF@example.com"),
			 "\xf4\x8f\xbf\xbf@example.com");
}

Test(name, domains_that_are_none_are_refused)
{
	static const char *const texts[] = {
		"bob@",	   "bob@.com",	"bob@a..b",   "bob@a b", "bob@[::1]",
		"bob@a/b", "@a",	"",	      ".",	 "bob@a%62",
		"a@b@c",   "bob@a;x=y", "bob@a:5060",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_null(canonical(texts[i]), "%s", texts[i]);
}

Test(name, the_root_dot_is_taken_off)
{
	cr_assert_str_eq(canonical("bob@example.com."), "bob@example.com");
	cr_assert_null(canonical("bob@example.com.."));
}

Test(name, a_label_has_63_octets_at_most)
{
	cr_assert_not_null(canonical(repeated('a', 63, ".b")));
	cr_assert_null(canonical(repeated('a', 64, ".b")));
}

Test(name, a_domain_has_253_octets_at_most)
{
	char text[300] = "";

	for (size_t i = 0; i < 126; i++)
		strcat(text, "a.");
	strcat(text, "b"); /* 253 */
	cr_assert_not_null(canonical(text));
	strcat(text, "b"); /* 254 */
	cr_assert_null(canonical(text));
}

Test(name, a_name_has_1024_octets_at_most)
{
	cr_assert_not_null(canonical(repeated('a', 1022, "@b")));
	cr_assert_null(canonical(repeated('a', 1023, "@b")));
}

Test(name, what_is_canonical_gives_itself)
{
	static const char *const texts[] = { "Bob@Example.com", "j%C3%BC&=+@x",
					     "a;b@c-d.e_f" };
	char once[NAME_LEN_MAX + 1];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_assert_eq(name_canonical(texts[i], once), 0);
		cr_expect_str_eq(canonical(once), once);
	}
}

Test(name, a_refusal_leaves_the_output_alone)
{
	char name[NAME_LEN_MAX + 1] = "as it was";

	cr_assert_eq(name_canonical("bob@", name), -EINVAL);
	cr_assert_str_eq(name, "as it was");
}

Test(name, bytes_with_a_nul_are_refused)
{
	char name[NAME_LEN_MAX + 1];

	cr_assert_eq(name_canonical_bytes("sip:Bob@x", 9, name), 0);
	cr_assert_str_eq(name, "bob@x");
	cr_assert_eq(name_canonical_bytes("bob@x\0y", 7, name), -EINVAL);
	cr_assert_eq(name_canonical_bytes("bob@x\0", 6, name), -EINVAL);
	cr_assert_eq(name_canonical_bytes("bob@x", 4, name), -EINVAL);
}

Test(name, bytes_are_limited_like_text)
{
	char name[NAME_LEN_MAX + 1];

	cr_assert_eq(
		name_canonical_bytes(repeated('a', 1022, "@b"), 1024, name), 0);
	cr_assert_eq(
		name_canonical_bytes(repeated('a', 1023, "@b"), 1025, name),
		-EINVAL);
	cr_assert_eq(
		name_canonical_bytes(repeated('a', 3000, "@b"), 3002, name),
		-EINVAL);
}

Test(name, some_domains_are_nobodys)
{
	static const char *const nobodys[] = {
		"office",	 "a.internal", "x.y.internal", "home.arpa",
		"me.home.arpa",	 "our.test",   "a.localhost",  "b.alt",
		"printer.local", "c.example",  "d.invalid",    "e.onion"
	};
	static const char *const publics[] = { "example.com", "internal.com",
					       "ainternal.x", "x.xinternal",
					       "in-addr.arpa" };

	for (size_t i = 0; i < sizeof(nobodys) / sizeof(nobodys[0]); i++)
		cr_expect_not(name_domain_may_be_public(nobodys[i]), "%s",
			      nobodys[i]);
	for (size_t i = 0; i < sizeof(publics) / sizeof(publics[0]); i++)
		cr_expect(name_domain_may_be_public(publics[i]), "%s",
			  publics[i]);
}

Test(name, the_domain_is_what_follows_the_user)
{
	cr_assert_str_eq(name_domain("bob@example.com"), "example.com");
	cr_assert_str_eq(name_domain("example.com"), "example.com");
}
