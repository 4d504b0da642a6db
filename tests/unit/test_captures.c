/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Packets that others sent: all of them parse, down to every parameter, and
 * writing what was parsed gives the same bytes (T4). HIPv1 is refused.
 */
#include "daemon/hip/param.h"
#include "tests/unit/pcap.h"

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

/*
 * Parses one parameter and writes it again. RHASH has 48 bytes where the
 * puzzle says so. MACs and echoes have no structure.
 */
static enum drop rewrite(const struct param *p, struct packet_out *out)
{
	size_t rhash_len = p->type == PARAM_SOLUTION ? (size_t)(p->len - 4) / 2
						     : (size_t)(p->len - 4);
	struct rd r = param_rd(p);
	struct signature_param sig;
	struct encrypted encrypted;
	struct r1_counter counter;
	struct solution_param sol;
	struct puzzle_param puz;
	struct notification note;
	struct host_id host_id;
	struct id_list list;
	struct esp_info esp;
	struct dh_param dh;
	struct ack_list ack;
	uint32_t seq;
	enum drop d;

	switch (p->type) {
#define REWRITE(TYPE, name, v)                                                 \
	case TYPE:                                                             \
		d = name##_parse(r, &(v));                                     \
		if (d == DROP_NONE)                                            \
			name##_write(out, &(v));                               \
		return d
		REWRITE(PARAM_ESP_INFO, esp_info, esp);
		REWRITE(PARAM_R1_COUNTER, r1_counter, counter);
		REWRITE(PARAM_DH_GROUP_LIST, dh_group_list, list);
		REWRITE(PARAM_HIP_CIPHER, hip_cipher, list);
		REWRITE(PARAM_HIT_SUITE_LIST, hit_suite_list, list);
		REWRITE(PARAM_TRANSPORT_FORMAT_LIST, transport_format_list,
			list);
		REWRITE(PARAM_ESP_TRANSFORM, esp_transform, list);
		REWRITE(PARAM_DIFFIE_HELLMAN, dh_param, dh);
		REWRITE(PARAM_HOST_ID, host_id, host_id);
		REWRITE(PARAM_ACK, ack, ack);
		REWRITE(PARAM_NOTIFICATION, notification, note);
#undef REWRITE
	case PARAM_SEQ:
		d = seq_parse(r, &seq);
		if (d == DROP_NONE)
			seq_write(out, seq);
		return d;
	case PARAM_PUZZLE:
		d = puzzle_param_parse(r, rhash_len, &puz);
		if (d == DROP_NONE)
			puzzle_param_write(out, rhash_len, &puz);
		return d;
	case PARAM_SOLUTION:
		d = solution_param_parse(r, rhash_len, &sol);
		if (d == DROP_NONE)
			solution_param_write(out, rhash_len, &sol);
		return d;
	case PARAM_ENCRYPTED:
		d = encrypted_parse(r, &encrypted);
		packet_param(out, p->type, p->body, p->len);
		return d;
	case PARAM_HIP_SIGNATURE:
	case PARAM_HIP_SIGNATURE_2:
		d = signature_parse(r, &sig);
		packet_param(out, p->type, p->body, p->len);
		return d;
	default:
		packet_param(out, p->type, p->body, p->len);
		return DROP_NONE;
	}
}

/* T4 */
static void expect_round_trip(const struct pcap_packet *c, const char *name)
{
	struct packet_out out;
	struct packet p;

	cr_assert_eq(packet_parse(c->bytes, c->len, &p, NULL), DROP_NONE, "%s",
		     name);
	cr_expect_eq(p.len, c->len);
	packet_begin(&out, p.type, p.controls, &p.sender, &p.receiver);
	for (size_t i = 0; i < p.n_params; i++)
		cr_assert_eq(rewrite(&p.params[i], &out), DROP_NONE,
			     "%s: packet %u, parameter %u", name, p.type,
			     p.params[i].type);
	cr_assert(packet_fix_length(&out));
	out.bytes[4] = (uint8_t)(p.checksum >> 8);
	out.bytes[5] = (uint8_t)p.checksum;
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
