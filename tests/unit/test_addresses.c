/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Which of our addresses are locators.
 */
#include "daemon/addresses.h"

#include <criterion/criterion.h>
#include <string.h>

static struct config parse(const char *text)
{
	char error[CONFIG_ERROR_MAX];
	struct config c = { 0 };

	cr_assert_eq(config_parse("t", text, strlen(text), &c, error), 0, "%s",
		     error);
	return c;
}

static bool fit(const char *text, const char *interface, const char *address)
{
	struct config c = parse(text);
	struct locator l;
	bool ok;

	cr_assert_eq(locator_from_text(address, 10500, &l), 0);
	ok = addresses_is_fit(&c, interface, &l);
	config_clear(&c);
	return ok;
}

Test(addresses, private_and_global_ones_are_fit)
{
	cr_expect(fit("", "eth0", "192.168.1.1"));
	cr_expect(fit("", "eth0", "9.9.9.9"));
	cr_expect(fit("", "eth0", "2001:db8::1"));
	cr_expect_not(fit("", "eth0", "127.0.0.1"));
	cr_expect_not(fit("", "eth0", "fe80::1"));
	cr_expect_not(fit("", "eth0", "2001:22::1"));
	cr_expect_not(fit("", "hip0", "192.168.1.1"));
}

Test(addresses, excluded_ones_are_not)
{
	cr_expect_not(fit("", "docker0", "192.168.1.1"));
	cr_expect_not(fit("", "virbr1", "192.168.1.1"));
	cr_expect(fit("host { exclude = {} }", "docker0", "192.168.1.1"));
	cr_expect_not(fit("host { exclude = { 192.168.1.1 } }", "eth0",
			  "192.168.1.1"));
	cr_expect(fit("host { exclude = { 192.168.1.1 } }", "eth0",
		      "192.168.1.2"));
	cr_expect_not(
		fit("host { exclude = { \"et?0\" } }", "eth0", "192.168.1.2"));
}

Test(addresses, only_bound_ones_are_when_some_are)
{
	cr_expect(
		fit("host { bind = { 192.168.1.1 } }", "eth0", "192.168.1.1"));
	cr_expect_not(
		fit("host { bind = { 192.168.1.1 } }", "eth0", "192.168.1.2"));
	cr_expect_not(
		fit("host { bind = { 192.168.1.1 } }", "eth0", "2001:db8::1"));
	cr_expect(fit("host { bind = { eth0 } }", "eth0", "192.168.1.2"));
	cr_expect_not(fit("host { bind = { eth0 } }", "eth1", "192.168.1.2"));
}

Test(addresses, the_list_keeps_to_its_room)
{
	struct config c = parse("");
	struct locator all[1];

	cr_expect_leq(addresses_list(&c, all, 1), 1);
	cr_expect_eq(addresses_list(&c, all, 0), 0);
	config_clear(&c);
}
