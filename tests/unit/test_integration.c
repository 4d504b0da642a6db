/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* What resolv.conf says about who is asked. */
#include "daemon/integration.h"

#include <criterion/criterion.h>
#include <string.h>

static const char ours[] = "127.0.0.154";

static bool has_upstream, is_silent;

static struct integration judge(const char *resolv_conf, const char *listen,
				bool resolvconf)
{
	const struct integration_system s = {
		.resolv_conf = resolv_conf,
		.nsswitch = "hosts: files dns\n",
		.resolvconf = resolvconf,
		.listen = listen,
		.has_upstream = has_upstream,
		.is_silent = is_silent,
		.interface = "hip7",
		.suffix = "names.internal",
	};
	struct integration i;

	integration_judge(&s, &i);
	return i;
}

Test(integration, a_line_that_names_us_is_enough)
{
	static const char *const texts[] = {
		"nameserver 127.0.0.154",
		"search x\n  nameserver\t127.0.0.154 # ours\n",
		"nameserver 192.0.2.1\nnameserver 127.0.0.154\n",
	};
	struct integration i;

	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++) {
		i = judge(texts[n], ours, 0);
		cr_assert_str_eq(i.active, "resolv.conf", "%s", texts[n]);
	}
}

Test(integration, other_lines_are_not)
{
	static const char *const texts[] = {
		"",
		"nameserver 127.0.0.15",
		"nameserver 127.0.0.1540",
		"# nameserver 127.0.0.154",
		"nameserver127.0.0.154",
		"options nameserver 127.0.0.154",
	};
	struct integration i;

	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++) {
		i = judge(texts[n], ours, 0);
		cr_assert_str_eq(i.active, "none", "%s", texts[n]);
		cr_assert_str_eq(i.system, "none");
		cr_assert(strstr(i.next, ours));
	}
}

Test(integration, who_writes_the_file_decides_the_next_step)
{
	struct integration i;

	i = judge("nameserver 127.0.0.53\n", ours, 1);
	cr_assert_str_eq(i.system, "systemd-resolved");
	cr_assert(strstr(i.next, "resolvectl dns hip7 127.0.0.154"));
	cr_assert(strstr(i.next, "domain hip7 '~names.internal'"));
	i = judge("nameserver 192.0.2.1\n", ours, 1);
	cr_assert_str_eq(i.system, "resolvconf");
	cr_assert(strstr(i.next, "by resolvconf"));
}

Test(integration, without_an_upstream_that_is_the_step)
{
	cr_assert(strstr(judge("nameserver 127.0.0.154\n", ours, 0).next,
			 "upstream = { ADDRESS }"));
	cr_assert(strstr(judge("", ours, 0).next, "upstream = { ADDRESS }"));
	has_upstream = true;
	cr_assert(strstr(judge("nameserver 127.0.0.154\n", ours, 0).next,
			 "nothing"));
	cr_assert_not(strstr(judge("", ours, 0).next, "upstream"));
}

Test(integration, one_that_is_asked_before_us_is_named)
{
	struct integration i;

	has_upstream = true;
	i = judge("nameserver 192.0.2.1\nnameserver 127.0.0.154\n", ours, 0);
	cr_assert_null(strstr(i.next, "nothing"), "%s", i.next);
	cr_assert(strstr(i.next, "before the others"), "%s", i.next);
	cr_assert(strstr(i.next, "ask 192.0.2.1 first"), "%s", i.next);
	i = judge("nameserver 127.0.0.154\nnameserver 192.0.2.1\n", ours, 0);
	cr_assert(strstr(i.next, "nothing"), "%s", i.next);
	i = judge("nameserver 192.0.2.1\n", ours, 0);
	cr_assert(strstr(i.next, "before the others"), "%s", i.next);
	i = judge("", ours, 0);
	cr_assert_null(strstr(i.next, "before"), "%s", i.next);
}

Test(integration, where_no_upstream_answers_another_one_comes_first)
{
	static const char *const texts[] = {
		"",
		"nameserver 127.0.0.154\n",
		"nameserver 192.0.2.1\nnameserver 127.0.0.154\n",
	};
	struct integration i;

	has_upstream = true;
	is_silent = true;
	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++) {
		i = judge(texts[n], ours, 1);
		cr_assert(strstr(i.next, "that answers"), "%s", i.next);
		cr_assert_null(strstr(i.next, "nothing"), "%s", i.next);
		cr_assert_lt(strlen(i.next), sizeof(i.next) - 1);
	}
}

Test(integration, without_an_address_the_step_is_to_name_one)
{
	struct integration i;

	i = judge("nameserver 127.0.0.154", "", 0);
	cr_assert_str_eq(i.active, "none");
	cr_assert(strstr(i.next, "listen"));
}

Test(integration, the_name_service_switch_has_us_or_not)
{
	static const struct {
		const char *text;
		bool has;
	} cases[] = {
		{ "", false },
		{ "hosts: files hipline dns\n", true },
		{ "passwd: files\n\thosts:\thipline", true },
		{ "hosts: files hipline [NOTFOUND=return] dns\n", true },
		{ "hosts: files dns # hipline\n", false },
		{ "hosts: files hipline2 dns\n", false },
		{ "networks: hipline\nhosts: files\n", false },
		{ "#hosts: hipline\n", false },
		{ "hosts:", false },
	};
	struct integration_system s = { .resolv_conf = "",
					.listen = ours,
					.interface = "hip0",
					.suffix = "hip.internal" };
	struct integration i;

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		s.nsswitch = cases[n].text;
		integration_judge(&s, &i);
		cr_assert_eq(i.nss, cases[n].has, "%s", cases[n].text);
		cr_assert_eq(strstr(i.next, "nsswitch") == NULL, i.nss);
	}
}
