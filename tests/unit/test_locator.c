/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Locators: text both ways, scopes at their edges, socket addresses.
 */
#include "daemon/base/locator.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct locator from_text(const char *text)
{
	struct locator l;

	cr_assert_eq(locator_from_text(text, 10500, &l), 0, "%s", text);
	return l;
}

Test(locator, text_is_written_as_it_should_be_read)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1:10500" },
		{ "192.0.2.1:1", "192.0.2.1:1" },
		{ "192.0.2.1:65535", "192.0.2.1:65535" },
		{ "::ffff:192.0.2.1", "192.0.2.1:10500" },
		{ "[::ffff:c000:201]:7", "192.0.2.1:7" },
		{ "2001:DB8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:10500" },
		{ "[2001:db8::1]", "[2001:db8::1]:10500" },
		{ "[2001:db8::1]:5060", "[2001:db8::1]:5060" },
		{ "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
		  "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
		{ "::", "[::]:10500" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct locator l = from_text(cases[i].in);
		char text[LOCATOR_TEXT_MAX];

		locator_text(&l, text);
		cr_expect_str_eq(text, cases[i].out);
	}
}

Test(locator, where_there_is_no_port_none_is_written)
{
	char text[LOCATOR_TEXT_MAX];
	struct locator l;

	cr_assert_eq(locator_from_text("192.0.2.1", 0, &l), 0);
	locator_text(&l, text);
	cr_expect_str_eq(text, "192.0.2.1");
	cr_assert_eq(locator_from_text("2001:db8::1", 0, &l), 0);
	locator_text(&l, text);
	cr_expect_str_eq(text, "[2001:db8::1]");
}

Test(locator, what_is_no_locator_is_refused_and_changes_nothing)
{
	static const char *const cases[] = {
		"",
		":",
		"[",
		"[]",
		"[]:1",
		":10500",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.1:",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2.1:99999",
		"192.0.2.1:000001",
		"192.0.2.1:+1",
		"192.0.2.1: 1",
		"192.0.2.1:1 ",
		" 192.0.2.1",
		"192.0.2.01",
		"[192.0.2.1]:1",
		"[2001:db8::1",
		"2001:db8::1]",
		"[2001:db8::1]x",
		"[2001:db8::1]:",
		"[2001:db8::1]:0",
		"[2001:db8::1]]:1",
		"2001:db8::1::",
		"2001:db8:0:0:0:0:0:1:1",
		"fe80::1%eth0",
		"hub.example.net:10500",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct locator l, before;

		memset(&l, 0xa5, sizeof(l));
		before = l;
		cr_expect_eq(locator_from_text(cases[i], 1, &l), -EINVAL,
			     "accepted: '%s'", cases[i]);
		cr_expect(locator_equal(&l, &before));
	}
}

Test(locator, scopes_change_exactly_at_the_edges_of_their_ranges)
{
	static const struct {
		const char *text;
		enum locator_scope scope;
	} cases[] = {
		{ "0.0.0.0", LOCATOR_SCOPE_NONE },
		{ "0.255.255.255", LOCATOR_SCOPE_NONE },
		{ "1.0.0.0", LOCATOR_SCOPE_GLOBAL },
		{ "9.255.255.255", LOCATOR_SCOPE_GLOBAL },
		{ "10.0.0.0", LOCATOR_SCOPE_PRIVATE },
		{ "10.255.255.255", LOCATOR_SCOPE_PRIVATE },
		{ "11.0.0.0", LOCATOR_SCOPE_GLOBAL },
		{ "100.63.255.255", LOCATOR_SCOPE_GLOBAL },
		{ "100.64.0.0", LOCATOR_SCOPE_PRIVATE },
		{ "100.127.255.255", LOCATOR_SCOPE_PRIVATE },
		{ "100.128.0.0", LOCATOR_SCOPE_GLOBAL },
		{ "126.255.255.255", LOCATOR_SCOPE_GLOBAL },
		{ "127.0.0.1", LOCATOR_SCOPE_LOOPBACK },
		{ "127.255.255.255", LOCATOR_SCOPE_LOOPBACK },
		{ "128.0.0.0", LOCATOR_SCOPE_GLOBAL },
		{ "169.253.255.255", LOCATOR_SCOPE_GLOBAL },
		{ "169.254.0.0", LOCATOR_SCOPE_LINK },
		{ "169.255.0.0", LOCATOR_SCOPE_GLOBAL },
		{ "172.15.255.255", LOCATOR_SCOPE_GLOBAL },
		{ "172.16.0.0", LOCATOR_SCOPE_PRIVATE },
		{ "172.31.255.255", LOCATOR_SCOPE_PRIVATE },
		{ "172.32.0.0", LOCATOR_SCOPE_GLOBAL },
		{ "192.167.255.255", LOCATOR_SCOPE_GLOBAL },
		{ "192.168.0.0", LOCATOR_SCOPE_PRIVATE },
		{ "192.169.0.0", LOCATOR_SCOPE_GLOBAL },
		{ "223.255.255.255", LOCATOR_SCOPE_GLOBAL },
		{ "224.0.0.1", LOCATOR_SCOPE_NONE },
		{ "255.255.255.255", LOCATOR_SCOPE_NONE },
		{ "::", LOCATOR_SCOPE_NONE },
		{ "::1", LOCATOR_SCOPE_LOOPBACK },
		{ "2001:db8::1", LOCATOR_SCOPE_GLOBAL },
		{ "2001:1f:ffff::", LOCATOR_SCOPE_GLOBAL },
		{ "2001:20::", LOCATOR_SCOPE_NONE },
		{ "2001:2f:ffff::", LOCATOR_SCOPE_NONE },
		{ "2001:30::", LOCATOR_SCOPE_GLOBAL },
		{ "fbff::1", LOCATOR_SCOPE_GLOBAL },
		{ "fc00::1", LOCATOR_SCOPE_PRIVATE },
		{ "fdff::1", LOCATOR_SCOPE_PRIVATE },
		{ "fe7f::1", LOCATOR_SCOPE_GLOBAL },
		{ "fe80::1", LOCATOR_SCOPE_LINK },
		{ "febf::1", LOCATOR_SCOPE_LINK },
		{ "fec0::1", LOCATOR_SCOPE_GLOBAL },
		{ "ff02::1", LOCATOR_SCOPE_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct locator l = from_text(cases[i].text);

		cr_expect_eq(locator_scope(&l), cases[i].scope, "%s",
			     cases[i].text);
	}
}

Test(locator, order_is_by_address_then_by_port)
{
	struct locator a = from_text("192.0.2.1:2");
	struct locator b = from_text("192.0.2.1:3");
	struct locator c = from_text("192.0.2.2:1");

	cr_expect_lt(locator_compare(&a, &b), 0);
	cr_expect_lt(locator_compare(&b, &c), 0);
	cr_expect_gt(locator_compare(&c, &a), 0);
	cr_expect_eq(locator_compare(&a, &a), 0);
	cr_expect(!locator_equal(&a, &b));
	cr_expect(locator_equal(&b, &b));
}

Test(locator, only_all_zeros_is_unspecified)
{
	struct locator l = { 0 };

	cr_expect(locator_is_unspecified(&l));
	l.port = 1;
	cr_expect(!locator_is_unspecified(&l));
	l = from_text("0.0.0.0");
	cr_expect(!locator_is_unspecified(&l));
}

Test(locator, socket_addresses_carry_it_there_and_back)
{
	struct locator v4 = from_text("192.0.2.1:10500"), back;
	struct locator v6 = from_text("[2001:db8::1]:10500");
	struct sockaddr_storage sa;

	cr_expect_eq(locator_to_sockaddr(&v4, &sa), sizeof(struct sockaddr_in));
	cr_expect_eq(sa.ss_family, AF_INET);
	cr_expect_eq(((struct sockaddr_in *)&sa)->sin_port, htons(10500));
	cr_assert_eq(locator_from_sockaddr(&sa, &back), 0);
	cr_expect(locator_equal(&back, &v4));

	cr_expect_eq(locator_to_sockaddr(&v6, &sa),
		     sizeof(struct sockaddr_in6));
	cr_expect_eq(sa.ss_family, AF_INET6);
	cr_assert_eq(locator_from_sockaddr(&sa, &back), 0);
	cr_expect(locator_equal(&back, &v6));
}

Test(locator, a_mapped_socket_address_is_the_same_as_ipv4)
{
	struct sockaddr_storage sa = { 0 };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sa;
	struct locator l, v4 = from_text("192.0.2.1:7");

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(7);
	memcpy(&in6->sin6_addr, v4.addr, 16);
	cr_assert_eq(locator_from_sockaddr(&sa, &l), 0);
	cr_expect(locator_is_v4(&l));
	cr_expect(locator_equal(&l, &v4));
}

Test(locator, other_families_are_refused)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNIX };
	struct locator l = from_text("192.0.2.1"), before = l;

	cr_expect_eq(locator_from_sockaddr(&sa, &l), -EAFNOSUPPORT);
	cr_expect(locator_equal(&l, &before));
}
