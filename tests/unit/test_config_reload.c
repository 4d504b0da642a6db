/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A configuration in place of another: each key either takes effect or is
 * named, and none does both.
 */
#include "daemon/config_reload.h"

#include "daemon/config_keys.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define HIT_A "2001:22:f065:b1f0:b663:57f7:ac17:831"
#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"

static struct config running, fresh;
static char restart[CONFIG_RESTART_MAX];

static void take_away(void)
{
	config_clear(&running);
	config_clear(&fresh);
}

TestSuite(config_reload, .fini = take_away);

static void reload(const char *old, const char *text)
{
	char error[CONFIG_ERROR_MAX];

	config_clear(&running);
	config_clear(&fresh);
	cr_assert_eq(config_parse("old", old, strlen(old), &running, error), 0,
		     "%s", error);
	cr_assert_eq(config_parse("new", text, strlen(text), &fresh, error), 0,
		     "%s", error);
	config_reload(&running, &fresh, restart);
}

Test(config_reload, the_same_text_names_nothing)
{
	reload("host { port = 500 bind = { 192.0.2.1 } dh = { 8, 7 } }",
	       "host { dh = { 8, 7 } port = 500 bind = { 192.0.2.1 } }");
	cr_expect_str_empty(restart);
}

Test(config_reload, what_takes_effect_goes_over)
{
	reload("host { log = info }",
	       "host { log = error }\ndns { suffix = hip.example }");
	cr_expect_str_empty(restart);
	cr_expect_eq(running.log, LOG_LEVEL_ERROR);
	cr_expect_str_eq(running.suffix, "hip.example");
	cr_expect_eq(fresh.log, LOG_LEVEL_INFO, "the old value, to be cleared");
}

Test(config_reload, what_needs_a_restart_is_named_and_stays)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{ "identity = /a", "host identity" },
		{ "algorithm = rsa-3072", "host algorithm" },
		{ "interface = hip7", "host interface" },
		{ "port = 500", "host port" },
		{ "control = /a", "host control" },
		{ "state = /a", "host state" },
		{ "users = { a, b, c }", "host users" },
		{ "accept = any", "host accept" },
		{ "bind = { 192.0.2.1 }", "host bind" },
		{ "exclude = {}", "host exclude" },
		{ "mtu = 1280", "host mtu" },
		{ "aead = openssl", "host aead" },
		{ "offload = off", "host offload" },
		{ "firewall = off", "host firewall" },
		{ "dh = { 8 }", "host dh" },
		{ "cipher = { 2 }", "host cipher" },
		{ "esp = { 8 }", "host esp" },
		{ "idle_s = 1", "host idle_s" },
		{ "association_max = 1", "host association_max" },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), "host { %s }",
			       cases[i].text);
		reload("", text);
		cr_expect_str_eq(restart, cases[i].name);
		reload(text, "");
		cr_expect_str_eq(restart, cases[i].name);
	}
	reload("", "host { port = 500 mtu = 1280 }");
	cr_expect_str_eq(restart, "host port, host mtu");
	cr_expect_eq(running.port, 10500);
}

Test(config_reload, peers_and_their_index_go_over)
{
	struct hit a, b;

	cr_assert_eq(hit_from_text(HIT_A, &a), 0);
	cr_assert_eq(hit_from_text(HIT_B, &b), 0);
	reload("peer a { hit = " HIT_A " }",
	       "peer x { hit = " HIT_A " }\npeer y { hit = " HIT_B " }");
	cr_expect_str_empty(restart);
	cr_assert_eq(running.n_peers, 2);
	cr_expect_str_eq(config_peer_find(&running, &a)->title, "x");
	cr_expect_str_eq(config_peer_find(&running, &b)->title, "y");
	cr_expect_null(config_peer_find(&fresh, &b));
	cr_expect_str_eq(config_peer_find(&fresh, &a)->title, "a");
}

Test(config_reload, every_name_of_the_table_fits)
{
	size_t len = 0;

	for (size_t i = 0; i < config_n_sections; i++)
		for (size_t j = 0; j < config_sections[i].n_keys; j++)
			len += strlen(config_sections[i].name) +
			       strlen(config_sections[i].keys[j].name) + 3;
	cr_expect_lt(len, CONFIG_RESTART_MAX);
}
