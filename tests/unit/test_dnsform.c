/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* The forms of names and HITs in DNS. */
#include "resolver/dnsform.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char suffix[] = "hip.internal";
static const char hit_example[] = "2001:22:1:2:3:4:5:6";
static const char reverse_example[] =
	"6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.2.2.0.0.1.0.0.2."
	"ip6.arpa";

static struct dnsform parse(const char *text)
{
	struct dnsname n;
	struct dnsform f;

	cr_assert_eq(dnsname_from_text(text, &n), 0, "%s", text);
	dnsform_parse(&n, suffix, &f);
	return f;
}

Test(dnsform, a_name_is_found_in_every_form)
{
	static const struct {
		const char *text, *name;
		bool is_open, is_service;
	} cases[] = {
		{ "bob@example.com", "bob@example.com", true, false },
		{ "BoB@Example.COM", "bob@example.com", true, false },
		{ "john.smith@example.com", "john.smith@example.com", true,
		  false },
		{ "b%6fb@example.com", "bob@example.com", true, false },
		{ "bob.at.example.com.hip.internal", "bob@example.com", false,
		  false },
		{ "john.smith.at.example.com.HIP.internal",
		  "john.smith@example.com", false, false },
		{ "bob.at.at.example.hip.internal", "bob@at.example", false,
		  false },
		{ "bob0x2bwork0x5f1.at.example.com.hip.internal",
		  "bob+work_1@example.com", false, false },
		{ "alice0x30x1.at.example.com.hip.internal",
		  "alice0x1@example.com", false, false },
		{ "hub.example.com.hip.internal", "hub.example.com", false,
		  false },
		{ "_sip._udp.bob.at.example.com.hip.internal",
		  "bob@example.com", false, true },
		{ "_sip._tcp.bob.at.example.com.hip.internal",
		  "bob@example.com", false, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dnsform f = parse(cases[i].text);

		cr_assert_eq(f.kind, DNSFORM_NAME, "%s", cases[i].text);
		cr_assert_str_eq(f.name, cases[i].name);
		cr_assert_eq(f.is_open, cases[i].is_open, "%s", cases[i].text);
		cr_assert_eq(f.is_service, cases[i].is_service);
	}
}

Test(dnsform, a_hit_is_found_in_every_form)
{
	char label[HIT_SELF_LABEL_LEN + 1], text[256];
	struct dnsform f;
	struct hit hit;

	cr_assert_eq(hit_from_text(hit_example, &hit), 0);
	hit_self_label(&hit, label);
	f = parse("2001-22-1-2-3-4-5-6.hip.internal");
	cr_assert_eq(f.kind, DNSFORM_HIT);
	cr_assert(hit_equal(&f.hit, &hit));
	for (int i = 0; i < 3; i++) {
		static const char *const forms[] = {
			"%s.hip.internal",
			"bob@%s.hip.internal",
			"bob.at.%s.hip.internal.hip.internal",
		};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(text, sizeof(text), forms[i], label);
#pragma GCC diagnostic pop
		f = parse(text);
		cr_assert_eq(f.kind, DNSFORM_HIT, "%s", text);
		cr_assert(hit_equal(&f.hit, &hit), "%s", text);
	}
	cr_assert_eq(parse("2001-22--1.hip.internal").kind, DNSFORM_HIT);
	cr_assert_neq(parse("2001-db8--1.hip.internal").kind, DNSFORM_HIT,
		      "no HIT");
}

Test(dnsform, a_reverse_name_gives_its_hit)
{
	struct dnsform f = parse(reverse_example);
	struct hit hit;

	cr_assert_eq(hit_from_text(hit_example, &hit), 0);
	cr_assert_eq(f.kind, DNSFORM_REVERSE);
	cr_assert(hit_equal(&f.hit, &hit));
	cr_assert_eq(f.zone_at, 50);
}

Test(dnsform, above_names_there_is_something_and_beside_them_nothing)
{
	cr_assert_eq(parse("hip.internal").kind, DNSFORM_PART);
	cr_assert_eq(parse("2.0.0.1.0.0.2.ip6.arpa").kind, DNSFORM_PART);
	cr_assert_eq(parse("1.2.2.0.0.1.0.0.2.ip6.arpa").kind, DNSFORM_PART);
	cr_assert_eq(parse("g.2.0.0.1.0.0.2.ip6.arpa").kind, DNSFORM_NOTHING);
	cr_assert_eq(parse("10.2.0.0.1.0.0.2.ip6.arpa").kind, DNSFORM_NOTHING);
	cr_assert_eq(parse("b%40b.at.example.com.hip.internal").kind,
		     DNSFORM_NOTHING);
	cr_assert_eq(parse("b0x00b.at.example.com.hip.internal").kind,
		     DNSFORM_NOTHING);
	cr_assert_eq(parse("b0x40b.at.example.com.hip.internal").kind,
		     DNSFORM_NOTHING);
}

Test(dnsform, one_half_byte_too_many_is_nothing)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "1.%s", reverse_example);
	cr_assert_eq(parse(text).kind, DNSFORM_NOTHING);
	cr_assert_eq(parse(reverse_example + 2).kind, DNSFORM_PART);
}

Test(dnsform, everything_else_is_foreign)
{
	static const char *const texts[] = {
		"example.com",
		"xhip.internal",
		"internal",
		"ip6.arpa",
		"3.0.0.1.0.0.2.ip6.arpa",
		"b%40b@example.com",
		"a@b@example.com",
		"a b@example.com",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(parse(texts[i]).kind, DNSFORM_FOREIGN, "%s",
			     texts[i]);
}

Test(dnsform, a_dot_inside_a_label_is_nobodys_name)
{
	struct dnsname n = { .wire = "\5b.b@x\3com", .len = 11 };
	struct dnsform f;

	dnsform_parse(&n, suffix, &f);
	cr_assert_eq(f.kind, DNSFORM_FOREIGN);
}

Test(dnsform, the_host_form_of_a_name_leads_back_to_it)
{
	static const char *const names[] = {
		"bob@example.com",	   "john.smith@example.com",
		"at@example.com",	   "a.at.b@at.example",
		"0x@example.com",	   "-x-@example.com",
		"a..b.@example.com",	   "bob+work_1@example.com",
		"j\303\266rg@example.com", "hub.example.com",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct dnsname n;
		struct dnsform f;

		cr_assert_eq(dnsform_host(names[i], suffix, &n), 0, "%s",
			     names[i]);
		for (size_t j = 0; j < n.len; j++)
			cr_assert_neq(n.wire[j], '@');
		dnsform_parse(&n, suffix, &f);
		cr_assert_eq(f.kind, DNSFORM_NAME, "%s", names[i]);
		cr_assert_str_eq(f.name, names[i]);
	}
}

Test(dnsform, a_name_too_long_for_a_host_has_no_such_form)
{
	char name[NAME_LEN_MAX + 1];
	struct dnsname n;

	memset(name, '+', sizeof(name));
	strcpy(name + 16, "@example.com"); /* 64 octets when escaped */
	cr_assert_eq(dnsform_host(name, suffix, &n), -22);
	memset(name, '+', sizeof(name));
	strcpy(name + 900, "@example.com");
	cr_assert_eq(dnsform_host(name, suffix, &n), -22);
}

Test(dnsform, a_hit_always_has_a_host_form)
{
	struct hit hit;
	struct dnsname n;
	struct dnsform f;

	cr_assert_eq(hit_from_text(hit_example, &hit), 0);
	dnsform_host_of_hit(&hit, suffix, &n);
	dnsform_parse(&n, suffix, &f);
	cr_assert_eq(f.kind, DNSFORM_HIT);
	cr_assert(hit_equal(&f.hit, &hit));
}
