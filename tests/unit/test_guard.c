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

/* As nft 1.0.6 lists a table of ours. */
static const char listing[] =
	"table ip6 hipline_hip_0 {\n"
	"\tchain in {\n"
	"\t\ttype filter hook prerouting priority raw; policy accept;\n"
	"\t\tiifname \"hip-0\" accept\n"
	"\t\tiifname \"lo\" accept\n"
	"\t\tip6 saddr 2001:20::/28 counter packets 0 bytes 0 drop\n"
	"\t\tip6 daddr 2001:20::/28 counter packets 0 bytes 0 drop\n"
	"\t}\n"
	"\n"
	"\tchain out {\n"
	"\t\ttype filter hook postrouting priority raw; policy accept;\n"
	"\t\toifname \"hip-0\" accept\n"
	"\t\toifname \"lo\" accept\n"
	"\t\tip6 saddr 2001:20::/28 counter packets 2 bytes 160 drop\n"
	"\t\tip6 daddr 2001:20::/28 counter packets 0 bytes 0 drop\n"
	"\t}\n"
	"}\n";

Test(guard, a_table_of_ours_is_known_by_what_it_does)
{
	cr_expect(guard_is_ours("hipline_hip_0", listing));
	cr_expect_not(guard_is_ours("hipline_hip_1", listing),
		      "the interface in it makes its name");
	cr_expect_not(guard_is_ours("hipline_hip_0", ""));
}

Test(guard, a_table_that_only_has_such_a_name_is_not_ours)
{
	static const char *const others[] = { "chain in", "chain out", "saddr",
					      "iifname \"hip" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char changed[sizeof(listing)];
		char *at = changed;

		memcpy(changed, listing, sizeof(listing));
		while ((at = strstr(at, others[i])))
			*at = 'x';
		cr_expect_not(guard_is_ours("hipline_hip_0", changed), "%s",
			      others[i]);
	}
	cr_expect_not(guard_is_ours("hipline_hip_0",
				    "table ip6 hipline_hip_0 {\n}\n"));
}

Test(guard, the_longest_name_fits)
{
	char rules[GUARD_RULES_MAX];

	cr_expect_gt(guard_rules("abcdefghijklmno", rules), 0);
}
