/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Packets that others sent: all of them parse, down to every parameter, and
 * writing what was parsed gives the same bytes (T4). HIPv1 is refused.
 */
#include "daemon/hip/packet.h"
#include "tests/unit/pcap.h"
#include "tests/unit/rewrite.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const conforming[] = {
	"cutehip-7401-udp",
	"cutehip-7401-raw",
	"cutehip-7401-ecdsa-udp",
	"cutehip-rsa",
};

static const char *const version_1[] = {
	"openhip2-rsa-udp",
	"openhip2-rsa-raw",
	"openhip2-eddsa25519-udp",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* T4 */
static void expect_round_trip(const struct pcap_packet *c, const char *name)
{
	struct packet_out out;
	struct packet p;

	cr_assert_eq(packet_parse(c->bytes, c->len, &p, NULL), DROP_NONE, "%s",
		     name);
	cr_expect_eq(p.len, c->len);
	cr_assert_eq(rewrite_packet(&p, &out), DROP_NONE, "%s: packet %u", name,
		     p.type);
	cr_assert_eq(packet_len(&out), c->len);
	cr_expect_arr_eq(out.bytes, c->bytes, c->len);
}

Test(captures, every_conforming_packet_parses_and_is_written_the_same)
{
	for (size_t i = 0; i < COUNT(conforming); i++) {
		struct pcap_packet packet;
		struct pcap cap;
		size_t n = 0;

		cr_assert(pcap_open(&cap, conforming[i]));
		while (pcap_next(&cap, &packet)) {
			if (packet.kind != PCAP_HIP)
				continue;
			expect_round_trip(&packet, conforming[i]);
			n++;
		}
		cr_expect_eq(n, 8, "%s", conforming[i]);
		pcap_close(&cap);
	}
}

Test(captures, checksums_are_right_when_raw_and_zero_in_udp)
{
	for (size_t i = 0; i < COUNT(conforming); i++) {
		struct pcap_packet c;
		struct pcap cap;

		cr_assert(pcap_open(&cap, conforming[i]));
		while (pcap_next(&cap, &c)) {
			struct packet p;
			uint16_t sum = 0;

			if (c.kind != PCAP_HIP)
				continue;
			cr_assert_eq(packet_parse(c.bytes, c.len, &p, NULL),
				     DROP_NONE);
			if (c.raw)
				sum = packet_checksum(p.bytes, p.len, &c.from,
						      &c.to);
			cr_expect_eq(p.checksum, sum, "%s", conforming[i]);
		}
		pcap_close(&cap);
	}
}

Test(captures, every_packet_of_version_1_is_refused_for_that)
{
	for (size_t i = 0; i < COUNT(version_1); i++) {
		struct pcap_packet packet;
		struct pcap cap;
		size_t n = 0;

		cr_assert(pcap_open(&cap, version_1[i]));
		while (pcap_next(&cap, &packet)) {
			struct packet p;

			if (packet.kind != PCAP_HIP)
				continue;
			cr_expect_eq(packet_parse(packet.bytes, packet.len, &p,
						  NULL),
				     DROP_VERSION);
			n++;
		}
		cr_expect_geq(n, 4, "%s", version_1[i]);
		pcap_close(&cap);
	}
}
