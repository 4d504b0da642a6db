/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The rules that keep HITs off other interfaces, as text.
 */
#include "daemon/guard.h"

#include <criterion/criterion.h>
#include <string.h>

Test(guard, rules_name_the_interface_and_its_table)
{
	char rules[GUARD_RULES_MAX];
	size_t len = guard_rules("hip0", rules);

	cr_assert_eq(len, strlen(rules));
	cr_expect_not_null(strstr(rules, "table ip6 hipline_hip0 {"));
	cr_expect_not_null(strstr(rules, "iifname \"hip0\" accept"));
	cr_expect_not_null(strstr(rules, "oifname \"hip0\" accept"));
	cr_expect_not_null(strstr(rules, "ip6 saddr 2001:20::/28"));
	cr_expect_not_null(strstr(rules, "ip6 daddr 2001:20::/28"));
}

Test(guard, a_table_has_no_signs_that_nft_refuses)
{
	char rules[GUARD_RULES_MAX];

	cr_assert_gt(guard_rules("hip-0.a", rules), 0);
	cr_expect_not_null(strstr(rules, "table ip6 hipline_hip_0_a {"));
	cr_expect_not_null(strstr(rules, "\"hip-0.a\""));
}

Test(guard, the_longest_name_fits)
{
	char rules[GUARD_RULES_MAX];

	cr_expect_gt(guard_rules("abcdefghijklmno", rules), 0);
}
