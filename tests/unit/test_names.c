/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Names: one canonical form or a refusal, never a different name.
 */
#include "daemon/names.h"

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

Test(names, domain_and_user_are_lower_cased)
{
	cr_assert_str_eq(canonical("Bob@Example.COM"), "bob@example.com");
	cr_assert_str_eq(canonical("Example.COM"), "example.com");
}

Test(names, scheme_is_taken_off)
{
	cr_assert_str_eq(canonical("sip:bob@example.com"), "bob@example.com");
	cr_assert_str_eq(canonical("SIPS:bob@example.com"), "bob@example.com");
	cr_assert_null(canonical("mailto:bob@example.com"));
	cr_assert_null(canonical("sip:"));
}

Test(names, escapes_are_decoded)
{
	cr_assert_str_eq(canonical("%62o%42@example.com"), "bob@example.com");
	cr_assert_str_eq(canonical("j%C3%BCrgen@example.com"),
			 "j\xc3\xbcrgen@example.com");
}

Test(names, broken_escapes_are_refused)
{
	static const char *const texts[] = { "b%@example.com",
					     "b%4@example.com",
					     "b%4g@example.com",
					     "b%%41@example.com" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_null(canonical(texts[i]), "%s", texts[i]);
}

Test(names, what_would_decode_twice_is_refused)
{
	cr_assert_null(canonical("b%2541@example.com"));
	cr_assert_null(canonical("b%40evil.example@example.com"));
}

Test(names, octets_that_nobody_sees_are_refused)
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

Test(names, what_is_not_utf8_is_refused)
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

Test(names, domains_that_are_none_are_refused)
{
	static const char *const texts[] = {
		"bob@",	   "bob@.com",	"bob@a..b",   "bob@a b", "bob@[::1]",
		"bob@a/b", "@a",	"",	      ".",	 "bob@a%62",
		"a@b@c",   "bob@a;x=y", "bob@a:5060",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_null(canonical(texts[i]), "%s", texts[i]);
}

Test(names, the_root_dot_is_taken_off)
{
	cr_assert_str_eq(canonical("bob@example.com."), "bob@example.com");
	cr_assert_null(canonical("bob@example.com.."));
}

Test(names, a_label_has_63_octets_at_most)
{
	cr_assert_not_null(canonical(repeated('a', 63, ".b")));
	cr_assert_null(canonical(repeated('a', 64, ".b")));
}

Test(names, a_domain_has_253_octets_at_most)
{
	char text[300] = "";

	for (size_t i = 0; i < 126; i++)
		strcat(text, "a.");
	strcat(text, "b"); /* 253 */
	cr_assert_not_null(canonical(text));
	strcat(text, "b"); /* 254 */
	cr_assert_null(canonical(text));
}

Test(names, a_name_has_1024_octets_at_most)
{
	cr_assert_not_null(canonical(repeated('a', 1022, "@b")));
	cr_assert_null(canonical(repeated('a', 1023, "@b")));
}

Test(names, what_is_canonical_gives_itself)
{
	static const char *const texts[] = { "Bob@Example.com", "j%C3%BC&=+@x",
					     "a;b@c-d.e_f" };
	char once[NAME_LEN_MAX + 1];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_assert_eq(name_canonical(texts[i], once), 0);
		cr_expect_str_eq(canonical(once), once);
	}
}

Test(names, a_refusal_leaves_the_output_alone)
{
	char name[NAME_LEN_MAX + 1] = "as it was";

	cr_assert_eq(name_canonical("bob@", name), -EINVAL);
	cr_assert_str_eq(name, "as it was");
}

Test(names, a_name_can_certify_itself)
{
	char label[HIT_SELF_LABEL_LEN + 1];
	char name[NAME_LEN_MAX + 1];
	struct hit hit, found = { { 0 } };

	cr_assert_eq(
		hit_from_text("2001:22:f065:b1f0:b663:57f7:ac17:831", &hit), 0);
	hit_self_label(&hit, label);
	(void)snprintf(name, sizeof(name), "bob@%s.hip.internal", label);
	cr_assert(name_self_hit(name, "hip.internal", &found));
	cr_assert(hit_equal(&hit, &found));
	cr_assert(name_self_hit(strchr(name, '@') + 1, "hip.internal", &found));
	cr_assert_not(name_self_hit(name, "hip.example", &found));
	cr_assert_not(
		name_self_hit("bob@hip.internal", "hip.internal", &found));
	(void)snprintf(name, sizeof(name), "bob@x%s.hip.internal", label);
	cr_assert_not(name_self_hit(name, "hip.internal", &found));
	(void)snprintf(name, sizeof(name), "%s.at.hip.internal", label);
	cr_assert_not(name_self_hit(name, "hip.internal", &found));
}
