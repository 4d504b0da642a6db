/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The configuration: what it means, and every way to be wrong with its line.
 */
#include "daemon/config.h"
#include "daemon/config_check.h"
#include "daemon/config_keys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HIT_A "2001:22:f065:b1f0:b663:57f7:ac17:831"
#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"

static char error[CONFIG_ERROR_MAX];

static struct config parse(const char *text)
{
	struct config c = { 0 };

	cr_assert_eq(config_parse("t.conf", text, strlen(text), &c, error), 0,
		     "%s: %s", text, error);
	return c;
}

/* It is refused at that line, and the message speaks of that. */
static void refused(const char *text, int line, const char *about)
{
	struct config c = { .port = 77 };
	char begin[32];

	cr_assert_eq(config_parse("t.conf", text, strlen(text), &c, error),
		     -EINVAL, "%s", text);
	(void)snprintf(begin, sizeof(begin), "t.conf:%d: ", line);
	cr_expect_eq(strncmp(error, begin, strlen(begin)), 0, "%s: %s", text,
		     error);
	cr_expect_not_null(strstr(error, about), "%s: %s", text, error);
	cr_expect_eq(c.port, 77);
}

/* Keys of one name stand in several sections. */
Test(config, an_error_says_in_which_section)
{
	refused("host {\n port = 0\n}\n", 2, ": host port cannot be '0'");
	refused("host {\n log = loud\n}\n", 2, ": host log cannot be 'loud'");
	refused("host {\n}\npeer bob {\n hit = ::1\n}\n", 4,
		": peer bob hit cannot be '::1'");
	refused("peer bob {\n hit = 2001:21::1\n}\ndns {\n listen = { x }\n}\n",
		5, ": dns listen cannot be 'x'");
}

Test(config, an_empty_one_means_the_defaults)
{
	struct config c = parse("");

	cr_expect_str_eq(c.identity, LOCALSTATEDIR "/lib/hipline/identity.pem");
	cr_expect_eq(c.algorithm, IDENTITY_ECDSA_P256);
	cr_expect_not(c.algorithm_set);
	cr_expect_str_eq(c.interface, "hip0");
	cr_expect_eq(c.port, 10500);
	cr_expect_str_eq(c.control, RUNSTATEDIR "/hipline/control.sock");
	cr_expect_str_eq(c.state, LOCALSTATEDIR "/lib/hipline");
	cr_expect_eq(c.users.n, 3);
	cr_expect_str_eq(c.users.items[0].text, USERS);
	cr_expect_str_eq(c.users.items[2].text, USERS "-sip");
	cr_expect_eq(c.accept, CONFIG_ACCEPT_KNOWN);
	cr_expect_eq(c.bind.n, 0);
	cr_expect_eq(c.exclude.n, 2);
	cr_expect_str_eq(c.exclude.items[1].text, "virbr*");
	cr_expect_eq(c.mtu, 0);
	cr_expect_eq(c.aead, CIPHER_AUTO);
	cr_expect_eq(c.workers, 0);
	cr_expect_eq(c.offload, CONFIG_OFFLOAD_AUTO);
	cr_expect_eq(c.firewall, CONFIG_FIREWALL_AUTO);
	cr_expect(c.dh.n == 2 && c.dh.ids[0] == 7 && c.dh.ids[1] == 8);
	cr_expect(c.cipher.n == 2 && c.cipher.ids[0] == 4);
	cr_expect(c.esp.n == 3 && c.esp.ids[0] == 13 && c.esp.ids[2] == 8);
	cr_expect_eq(c.rekey_s, 120);
	cr_expect_eq(c.rekey_packets, 0);
	cr_expect_eq(c.rekey_bytes, 0);
	cr_expect_eq(c.rekey_quiet_bytes, 65536);
	cr_expect_eq(c.idle_s, 900);
	cr_expect_eq(c.association_max, 4096);
	cr_expect_eq(c.log, LOG_LEVEL_INFO);
	cr_expect_str_eq(c.suffix, "hip.internal");
	cr_expect_eq(c.n_peers, 0);
	cr_expect_eq(c.unsupported.n, 0);
	config_clear(&c);
}

Test(config, host_keys_are_taken)
{
	struct config c = parse(
		"host {\n"
		"  identity = \"/tmp/a b.pem\"\n"
		"  algorithm = rsa-3072 interface = hip-1\n"
		"  port = 65535 control = /tmp/c state = /tmp/s\n"
		"  users = { nobody, nobody, nobody }\n"
		"  accept = any bind = { 192.0.2.1, 2001:db8::1 }\n"
		"  workers = 64 mtu = 1280 aead = ipsec-mb offload = off\n"
		"  firewall = off dh = { 8 } cipher = { 2 }\n"
		"  esp = { 8, 13 } idle_s = 0 rekey_s = 60\n"
		"  rekey_packets = 4294967295 rekey_bytes = 1\n"
		"  rekey_quiet_bytes = 0\n"
		"  association_max = 1 log = debug\n"
		"}\n"
		"dns { suffix = hip.example }\n");

	cr_expect_str_eq(c.identity, "/tmp/a b.pem");
	cr_expect_eq(c.algorithm, IDENTITY_RSA_3072);
	cr_expect(c.algorithm_set);
	cr_expect_str_eq(c.interface, "hip-1");
	cr_expect_eq(c.port, 65535);
	cr_expect_str_eq(c.users.items[0].text, "nobody");
	cr_expect_eq(c.accept, CONFIG_ACCEPT_ANY);
	cr_expect_eq(c.bind.n, 2);
	cr_expect_eq(c.mtu, 1280);
	cr_expect_eq(c.aead, CIPHER_IPSEC_MB);
	cr_expect_eq(c.workers, 64);
	cr_expect_eq(c.offload, CONFIG_OFFLOAD_OFF);
	cr_expect_eq(c.firewall, CONFIG_FIREWALL_OFF);
	cr_expect(c.dh.n == 1 && c.dh.ids[0] == 8);
	cr_expect(c.esp.n == 2 && c.esp.ids[0] == 8 && c.esp.ids[1] == 13);
	cr_expect_eq(c.rekey_s, 60);
	cr_expect_eq(c.rekey_packets, UINT32_MAX);
	cr_expect_eq(c.rekey_bytes, 1);
	cr_expect_eq(c.rekey_quiet_bytes, 0);
	cr_expect_eq(c.idle_s, 0);
	cr_expect_eq(c.association_max, 1);
	cr_expect_eq(c.log, LOG_LEVEL_DEBUG);
	cr_expect_str_eq(c.suffix, "hip.example");
	cr_expect_eq(c.unsupported.n, 0, "%s",
		     c.unsupported.n ? c.unsupported.items[0].text : "");
	config_clear(&c);
}

Test(config, peers_are_taken)
{
	struct config c = parse(
		"peer bob { # a comment\n"
		"  hit = " HIT_A "\n"
		"  locator = { 192.0.2.2:10500, # inside a list\n"
		"              hub.example.net:10501, \"[2001:db8::2]:1\" }\n"
		"  name = {\n    Bob@Example.com,\n    bobby@example.com }\n"
		"}\n"
		"peer carol { hit = " HIT_B " }\n");

	cr_assert_eq(c.n_peers, 2);
	cr_expect_str_eq(c.peers[0].title, "bob");
	cr_expect_eq(c.peers[0].locators.n, 3);
	cr_expect_str_eq(c.peers[0].locators.items[1].text,
			 "hub.example.net:10501");
	cr_expect_eq(c.peers[0].locators.items[1].line, 4);
	cr_expect_eq(c.peers[0].names.n, 2);
	cr_expect_str_eq(c.peers[0].names.items[0].text, "bob@example.com");
	cr_expect_eq(c.peers[0].names.items[0].line, 6);
	cr_expect_str_eq(c.peers[1].title, "carol");
	cr_expect_eq(c.peers[1].locators.n, 0);
	config_clear(&c);
}

Test(config, an_empty_list_takes_the_default_away)
{
	struct config c = parse("host {\n exclude = {}\n bind = { }\n}\n");

	cr_expect_eq(c.exclude.n, 0);
	cr_expect_eq(c.unsupported.n, 1);
	cr_expect_str_eq(c.unsupported.items[0].text, "host exclude");
	cr_expect_eq(c.unsupported.items[0].line, 2);
	config_clear(&c);
}

Test(config, what_is_not_acted_on_is_listed_once_per_key)
{
	struct config c = parse("host {\n"
				" keepalive = adaptive\n}\n"
				"overlay { exchange = overlay }\n"
				"dns { route = all }\n"
				"sip { rescue = on }\n"
				"relay { use = { " HIT_A "@192.0.2.1 } }\n");
	static const char *const pairs[] = {
		"host keepalive", "overlay exchange", "dns route",
		"sip rescue",	  "relay use",
	};

	cr_expect_eq(c.unsupported.n, sizeof(pairs) / sizeof(pairs[0]));
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		bool found = false;

		for (size_t j = 0; j < c.unsupported.n; j++)
			found |= !strcmp(c.unsupported.items[j].text, pairs[i]);
		cr_expect(found, "%s", pairs[i]);
	}
	config_clear(&c);
}

Test(config, the_transport_is_udp_where_nothing_is_said)
{
	struct config c = parse("host { transport = raw }\n");

	cr_expect_eq(c.transport, CONFIG_TRANSPORT_RAW);
	cr_expect_eq(c.unsupported.n, 0);
	config_clear(&c);
	c = parse("");
	cr_expect_eq(c.transport, CONFIG_TRANSPORT_UDP);
	config_clear(&c);
}

Test(config, defaults_written_down_are_acted_on)
{
	struct config c = parse(
		"host { transport = udp workers = 1 rekey_s = 120\n"
		"  exclude = { \"docker*\", \"virbr*\" } prefer = {}\n"
		"  keepalive = fixed rekey_packets = 0 rekey_bytes = 0 }\n"
		"overlay { name = \"\" bootstrap = {} admission = enrolled\n"
		"  exchange = race }\n"
		"names { publish = {} unverified = refuse }\n"
		"dns { listen = { 127.0.0.154:53 } suffix = hip.internal\n"
		"  upstream = {} resolved = auto route = contacts }\n"
		"sip { listen = auto claim_5060 = auto rescue = off\n"
		"  upstream = \"\" unknown_caller = mark }\n"
		"relay { serve = auto use = {} uptime_percent = 75\n"
		"  uptime_window_s = 604800 max_clients = 1000\n"
		"  bandwidth_kbit = 0 }\n");

	cr_expect_eq(c.unsupported.n, 0, "%s",
		     c.unsupported.n ? c.unsupported.items[0].text : "");
	config_clear(&c);
}

Test(config, unknown_keys_are_refused_and_the_known_ones_told)
{
	refused("host {\n\n prot = 1\n}", 3, "port");
	refused("# c\n# c\n\nhots {}\n", 4, "host");
	refused("peer bob {\n hit = " HIT_A "\n hitt = 1\n}", 3, "locator");
}

Test(config, values_out_of_range_are_refused)
{
	static const struct {
		const char *text, *about;
	} cases[] = {
		{ "port = 0", "1 to 65535" },
		{ "port = 65536", "1 to 65535" },
		{ "port = 010", "number" },
		{ "port = -1", "number" },
		{ "port = 1x", "number" },
		{ "port = \"\"", "number" },
		{ "port = 99999999999999999999999", "number" },
		{ "workers = 65", "0 to 64" },
		{ "mtu = 1279", "1280 to 9000" },
		{ "mtu = 9001", "1280 to 9000" },
		{ "rekey_s = 604801", "604800" },
		{ "idle_s = 31536001", "31536000" },
		{ "association_max = 0", "1 to 65536" },
		{ "association_max = 65537", "1 to 65536" },
		{ "algorithm = dsa", "ecdsa-p256" },
		{ "algorithm = \"rsa-2048 rsa-3072\"", "ecdsa-p256" },
		{ "transport = tcp", "udp raw" },
		{ "accept = all", "known any" },
		{ "aead = fast", "ipsec-mb" },
		{ "offload = on", "auto off" },
		{ "firewall = on", "auto off" },
		{ "keepalive = none", "adaptive" },
		{ "log = loud", "debug" },
		{ "identity = key.pem", "absolute path" },
		{ "state = \"\"", "absolute path" },
		{ "interface = lo", "15 letters" },
		{ "interface = abcdefghijklmnop", "15 letters" },
		{ "interface = \"a b\"", "15 letters" },
		{ "interface = \"a;b\"", "15 letters" },
		{ "interface = ..", "15 letters" },
		{ "users = { a, b }", "three users" },
		{ "users = { a, b, c, d }", "three users" },
		{ "users = {}", "three users" },
		{ "users = { a, b, \"c d\" }", "three users" },
		{ "dh = {}", "groups" },
		{ "dh = { 7, 7 }", "groups" },
		{ "dh = { 10 }", "groups" },
		{ "dh = { 263 }", "groups" }, /* 7 in the low octet */
		{ "cipher = { 1 }", "ciphers" },
		{ "esp = { 12 }", "suites" },
		{ "esp = { x }", "suites" },
		{ "bind = { 192.0.2.1:5 }", "without port" },
		{ "bind = { 192.0.2.1, 192.0.2.2 }", "one IPv4" },
		{ "bind = { eth0, eth1 }", "one interface" },
		{ "bind = { eth0, 192.0.2.1 }", "one interface" },
		{ "prefer = { \"a b\" }", "interfaces" },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), "host { # c\n\n %s\n}",
			       cases[i].text);
		refused(text, 3, cases[i].about);
	}
}

Test(config, values_of_other_sections_are_checked_too)
{
	static const struct {
		const char *text, *about;
	} cases[] = {
		{ "overlay { name = \"a b\" }", "a domain" },
		{ "overlay { bootstrap = { bob } }", "HIT" },
		{ "overlay { admission = open }", "enrolled" },
		{ "overlay { exchange = slow }", "race overlay" },
		{ "names { publish = { \"bob@\" } }", "USER@DOMAIN" },
		{ "names { publish = { example.com } }", "USER@DOMAIN" },
		{ "names { publish = { a@example.com, \"A@EXAMPLE.com\" } }",
		  "published twice" },
		{ "names { unverified = accept }", "refuse first-use" },
		{ "dns { listen = { localhost } }", "addresses" },
		{ "dns { suffix = \"\" }", "a domain" },
		{ "dns { upstream = { x } }", "addresses" },
		{ "dns { resolved = on }", "auto off" },
		{ "dns { route = none }", "contacts all" },
		{ "sip { listen = on }", "auto, off" },
		{ "sip { claim_5060 = always }", "auto never" },
		{ "sip { rescue = auto }", "off on" },
		{ "sip { upstream = \"a b\" }", "host" },
		{ "sip { unknown_caller = shout }", "mark" },
		{ "relay { serve = always }", "auto never" },
		{ "relay { use = { 192.0.2.1 } }", "HIT" },
		{ "relay { uptime_percent = 101 }", "0 to 100" },
		{ "relay { uptime_window_s = 0 }", "1 to" },
		{ "relay { max_clients = 65537 }", "65536" },
		{ "relay { bandwidth_kbit = 4294967296 }", "4294967295" },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), "\n%s\n", cases[i].text);
		refused(text, 2, cases[i].about);
	}
}

Test(config, an_upstream_that_is_this_host_is_refused)
{
	refused("dns { listen = { 127.0.0.154, 127.0.0.155:5353 }\n"
		"upstream = { 192.0.2.53, 127.0.0.154:53 } }\n",
		2, "listen on ourselves");
	refused("dns { upstream = { 127.0.0.154 } }\n", 1, "127.0.0.154");
}

Test(config, wrong_peers_are_refused)
{
	refused("peer bob {\n}\n", 2, "no hit");
	refused("peer {\n}\n", 1, "title");
	refused("peer bob { hit = " HIT_A " }\npeer bob {}\n", 2, "bob");
	refused("peer a { hit = " HIT_A " }\npeer b { hit = " HIT_A " }\n", 2,
		"same hit");
	refused("peer a {\n hit = 2001:db8::1\n}", 2, "2001:20::/28");
	refused("peer a {\n hit = \"" HIT_A " \"\n}", 2, "2001:20::/28");
	refused("peer a {\n hit = " HIT_A "\n locator = { 1.2.3 }\n}", 3,
		"host names");
	refused("peer a {\n hit = " HIT_A "\n locator = { 1.2.3.4:0 }\n}", 3,
		"host names");
	refused("peer a {\n hit = " HIT_A "\n locator = { " HIT_B " }\n}", 3,
		"host names");
	refused("peer a {\n hit = " HIT_A "\n locator = { \"x y\" }\n}", 3,
		"host names");
	refused("peer a {\n hit = " HIT_A "\n name = { \"a@\" }\n}", 3,
		"USER@DOMAIN");
}

Test(config, a_name_stands_for_one_peer)
{
	refused("peer a { hit = " HIT_A "\n name = { bob@x } }\n"
		"peer b { hit = " HIT_B "\n name = { BOB@X } }\n",
		4, "line 2");
}

Test(config, a_peer_has_16_locators_at_most)
{
	char text[512] = "peer a {\n hit = " HIT_A "\n locator = { a";

	for (int i = 1; i < 16; i++)
		strcat(text, ", a");
	strcat(text, " }\n}");
	struct config c = parse(text);

	cr_expect_eq(c.peers[0].locators.n, 16);
	config_clear(&c);
	strcpy(strrchr(text, ' '), ", a }\n}");
	refused(text, 3, "17 items");
}

Test(config, nothing_is_set_twice)
{
	refused("host {\n port = 1\n port = 2\n}", 3, "twice");
	refused("host {\n dh = { 7 }\n dh = { 8 }\n}", 3, "twice");
	refused("host {\n exclude = {}\n exclude = { a }\n}", 3, "twice");
	refused("host { }\nhost {\n}\n", 3, "second");
}

Test(config, broken_forms_are_refused)
{
	refused("host {\n port 1\n}", 2, "equal sign");
	refused("host\nport = 1", 2, "brace");
	refused("host {\n port = 1\n", 1, "never closed");
	refused("host {\n dh = { 7 8 }\n}", 2, "8");
	refused("host {\n port = {1}\n}", 2, "{");
	refused("host {\n interface = hip0, port = 1\n}", 2, ",");
	refused("host = 1", 1, "host");
	refused("= 1", 1, "=");
}

Test(config, of_a_broken_form_it_is_told_how_to_write_it)
{
	static const struct {
		const char *text, *about;
	} cases[] = {
		{ "peer { hit = 1 }", "write peer NAME { hit = ... }" },
		{ "peer a = 5", "write peer NAME { hit = ... }" },
		{ "peer a b { }", "write peer NAME { hit = ... }" },
		{ "host = 5", "write host { KEY = VALUE ... }" },
		{ "host x { port = 5 }", "section host has no opening brace" },
		{ "sip { listen = { \"x\" } }",
		  "sip listen takes one value, without { }: auto, off, or "
		  "an address" },
		{ "host { port = 5 mtu = { 1400 } }",
		  "host mtu takes one value, without { }: 0 (from" },
		{ "host { rekey_s = { } }",
		  "host rekey_s takes one value, without { }: a number "
		  "from 0 to 604800" },
		{ "host { log = }",
		  "host log has '}' where its value belongs; it takes one of: "
		  "error" },
		{ "host { bind = { { x } } }",
		  "host bind has '{' where its value belongs; it takes one" },
		{ "host { dh = { 7 8 } }", "KEY = { VALUE, VALUE }" },
		{ "dns { upstream = 192.0.2.1, 192.0.2.2 }",
		  "',' cannot stand here" },
		{ "host { port }",
		  "no equal sign behind 'port'; write KEY = VALUE" },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text), "\n%s\n", cases[i].text);
		refused(text, 2, cases[i].about);
	}
}

Test(config, a_single_value_is_a_list_of_one)
{
	struct config c = parse("host { dh = 7 bind = eth0 }");

	cr_expect(c.dh.n == 1 && c.dh.ids[0] == 7);
	cr_expect_eq(c.bind.n, 1);
	config_clear(&c);
}

Test(config, parsing_again_gives_the_same)
{
	for (int i = 0; i < 3; i++) {
		refused("host { port = x }", 1, "port");
		struct config c = parse("host { port = 5 }");

		cr_expect_eq(c.port, 5);
		config_clear(&c);
	}
}

Test(config, words_have_places)
{
	cr_expect_eq(config_word_place("auto off", "auto"), 0);
	cr_expect_eq(config_word_place("auto off", "off"), 1);
	cr_expect_eq(config_word_place("auto off", "of"), -1);
	cr_expect_eq(config_word_place("auto off", "auto off"), -1);
	cr_expect_eq(config_word_place("auto off", ""), -1);
}

Test(config, host_names_split_from_ports)
{
	char host[256];
	uint16_t port = 0;

	cr_expect(config_split_host("Hub.example:7", 5, host, &port));
	cr_expect_str_eq(host, "hub.example");
	cr_expect_eq(port, 7);
	cr_expect(config_split_host("hub", 5, host, &port));
	cr_expect_eq(port, 5);
	cr_expect_not(config_split_host("hub:", 5, host, &port));
	cr_expect_not(config_split_host("hub:65536", 5, host, &port));
	cr_expect_not(config_split_host("hub:0", 5, host, &port));
	cr_expect_not(config_split_host("1.2.3", 5, host, &port));
	cr_expect_not(config_split_host("a:b:c", 5, host, &port));
	cr_expect_not(config_split_host("", 5, host, &port));
}

Test(config, numbers_are_decimal_and_fit_64_bits)
{
	uint64_t n = 7;

	cr_expect(config_number("0", &n));
	cr_expect_eq(n, 0);
	cr_expect(config_number("18446744073709551615", &n));
	cr_expect_eq(n, UINT64_MAX);
	n = 7;
	cr_expect_not(config_number("18446744073709551616", &n));
	cr_expect_not(config_number("99999999999999999999", &n));
	cr_expect_not(config_number("", &n));
	cr_expect_not(config_number("01", &n));
	cr_expect_not(config_number("+1", &n));
	cr_expect_not(config_number("1 ", &n));
	cr_expect_not(config_number("0x1", &n));
	cr_expect_eq(n, 7);
}

Test(config, dns_listens_and_asks_where_it_is_told)
{
	static const char text[] =
		"dns { listen = { 127.0.0.1:5353, \"[::1]:53\" }\n"
		"upstream = { 192.0.2.53 } }";
	struct config c;

	cr_assert_eq(config_parse("f", "", 0, &c, error), 0);
	cr_assert_eq(c.dns_listen.n, 1);
	cr_assert_str_eq(c.dns_listen.items[0].text, "127.0.0.154:53");
	cr_assert_eq(c.upstream.n, 0);
	config_clear(&c);
	cr_assert_eq(config_parse("f", text, sizeof(text) - 1, &c, error), 0,
		     "%s", error);
	cr_assert_eq(c.dns_listen.n, 2);
	cr_assert_str_eq(c.dns_listen.items[1].text, "[::1]:53");
	cr_assert_str_eq(c.upstream.items[0].text, "192.0.2.53");
	config_clear(&c);
}
