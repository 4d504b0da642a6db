/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The tests' own reader of captures: it sees every packet that is there.
 */
#include "tests/unit/pcap.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_counts(const char *name, size_t hip, size_t esp, bool raw)
{
	size_t n[2] = { 0, 0 };
	struct pcap_packet packet;
	struct pcap p;

	cr_assert(pcap_open(&p, name), "%s", name);
	while (pcap_next(&p, &packet)) {
		n[packet.kind]++;
		cr_expect_eq(packet.raw, raw);
		cr_expect_eq(packet.from.port, raw ? 0 : 10500);
	}
	cr_expect_eq(n[PCAP_HIP], hip, "%s: %zu HIP", name, n[PCAP_HIP]);
	cr_expect_eq(n[PCAP_ESP], esp, "%s: %zu ESP", name, n[PCAP_ESP]);
	pcap_close(&p);
}

Test(pcap, every_packet_of_the_captures_is_seen)
{
	expect_counts("cutehip-7401-udp", 8, 14, false);
	expect_counts("cutehip-7401-raw", 8, 14, true);
	expect_counts("cutehip-7401-ecdsa-udp", 8, 12, false);
	expect_counts("cutehip-rsa", 8, 12, true);
	expect_counts("openhip2-rsa-udp", 4, 10, false);
	expect_counts("openhip2-rsa-raw", 4, 10, true);
	expect_counts("openhip2-eddsa25519-udp", 6, 10, false);
}

Test(pcap, the_first_packet_is_an_i1_with_its_addresses)
{
	struct pcap_packet packet;
	char from[LOCATOR_TEXT_MAX], to[LOCATOR_TEXT_MAX];
	struct pcap p;

	cr_assert(pcap_open(&p, "cutehip-7401-udp"));
	cr_assert(pcap_next(&p, &packet));
	locator_text(&packet.from, from);
	locator_text(&packet.to, to);
	cr_expect_str_eq(from, "10.66.1.1:10500");
	cr_expect_str_eq(to, "10.66.1.2:10500");
	cr_assert_eq(packet.len, 56);
	cr_expect_eq(packet.bytes[0], 59);
	cr_expect_eq(packet.bytes[2], 1);
	cr_expect_eq(packet.hop_limit, 64);
	cr_expect_eq(packet.traffic_class, 0);
	pcap_close(&p);
}

Test(pcap, keys_are_found_by_their_whole_name)
{
	uint8_t bytes[48];
	char text[64];

	cr_expect(pcap_key_text("cutehip-7401-udp", "rhash", text, 64));
	cr_expect_str_eq(text, "sha256");
	cr_expect_eq(pcap_key_bytes("cutehip-7401-ecdsa-udp", "kij", bytes, 48),
		     48);
	cr_expect_eq(bytes[0], 0x54);
	cr_expect_eq(pcap_key_bytes("cutehip-7401-ecdsa-udp", "kij", bytes, 47),
		     0);
	cr_expect(!pcap_key_text("cutehip-7401-udp", "rhas", text, 64));
	cr_expect(!pcap_key_text("cutehip-7401-udp", "rhash", text, 6));
	cr_expect(!pcap_key_text("no-such-capture", "rhash", text, 64));
}

Test(pcap, a_file_that_is_not_there_is_not_opened)
{
	struct pcap p;

	cr_expect(!pcap_open(&p, "no-such-capture"));
}
