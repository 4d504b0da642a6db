/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Makes the corpora from what the unit tests use: seeds FOLDER writes
 * FOLDER/TARGET/NAME. Texts and frames stand below; packets are those of the
 * captures, of the table of malformed ones, and those with known answers.
 */
#include "tests/fuzz/seeds.h"

#include "daemon/base/api.h"
#include "daemon/base/ipc.h"
#include "daemon/hip/param.h"
#include "resolver/dnsmsg.h"
#include "resolver/frame.h"
#include "tests/unit/esp_vectors.h"
#include "tests/unit/hex.h"
#include "tests/unit/keys.h"
#include "tests/unit/malformed.h"
#include "tests/unit/pcap.h"
#include "tests/unit/reload_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *top;

void seeds_save(const char *target, const char *name, const void *bytes,
		size_t len)
{
	char path[1024];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", top, target);
	(void)mkdir(path, 0777); /* may be there; fopen tells if not */
	(void)snprintf(path, sizeof(path), "%s/%s/%s", top, target, name);
	f = fopen(path, "w");
	if (!f || fwrite(bytes, 1, len, f) != len || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static void save_texts(const char *target, const char *const *texts, size_t n)
{
	char name[32];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "text-%zu", i);
		seeds_save(target, name, texts[i], strlen(texts[i]));
	}
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void save_all_texts(void)
{
	static const char *const locators[] = {
		"192.0.2.1",
		"192.0.2.1:65535",
		"2001:db8::1",
		"[2001:db8::1]:5060",
		"[::]",
		"::ffff:192.0.2.1",
		"[fe80::1%eth0]:1",
		"192.0.2.1:",
		"[2001:db8::1",
	};
	static const char *const hits[] = {
		"2001:22:ffe7:d9fb:334b:ea53:7f3a:f173",
		"2001:21::",
		"2001:2f:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:30::1",
		"abcdefghijklmnopqrst",
		"77777777777777777777",
	};

	static const char *const keys[] = { KEY_P256, KEY_RFC8032,
					    KEY_P256_PRIVATE_HALF,
					    KEY_RSA_2048 };

	save_texts("key", keys, COUNT(keys));
	save_texts("locator", locators, COUNT(locators));
	save_texts("hit", hits, COUNT(hits));
}

/* What other targets need of the packets: values and identities. */
static void save_params(const char *capture, int n, const struct pcap_packet *c)
{
	uint8_t value[1 + DH_PUBLIC_MAX];
	const struct param *param;
	struct dh_param dh;
	struct packet p;
	char name[64];

	if (packet_parse(c->bytes, c->len, &p, NULL) != DROP_NONE)
		return;
	(void)snprintf(name, sizeof(name), "%s-%d", capture, n);
	param = packet_find(&p, PARAM_HOST_ID);
	if (param) {
		seeds_save("hi", name, param->body, param->len);
		/* Whole, with its padding (RFC 7401 5.2.1). */
		seeds_save("encrypted", name, param->body - 4,
			   11u + param->len - (param->len + 3u) % 8);
	}
	param = packet_find(&p, PARAM_DIFFIE_HELLMAN);
	if (param && dh_param_parse(param_rd(param), &dh) == DROP_NONE &&
	    dh.len < sizeof(value)) {
		value[0] = dh.group == DH_NIST_P256 ? 2 : 3; /* see fuzz_dh.c */
		memcpy(value + 1, dh.value, dh.len);
		seeds_save("dh", name, value, 1 + dh.len);
	}
}

static void save_packets(void)
{
	static const char *const captures[] = { "cutehip-7401-udp",
						"cutehip-7401-raw",
						"cutehip-7401-ecdsa-udp",
						"openhip2-rsa-udp",
						"openhip2-eddsa25519-udp" };
	static uint8_t bytes[2 * HIP_PACKET_MAX];
	char name[64];

	for (size_t i = 0; i < COUNT(captures); i++) {
		struct pcap_packet c;
		struct pcap p;
		int n = 0;

		if (!pcap_open(&p, captures[i]))
			exit(1);
		while (pcap_next(&p, &c)) {
			if (c.kind != PCAP_HIP)
				continue;
			(void)snprintf(name, sizeof(name), "%s-%d", captures[i],
				       ++n);
			seeds_save("packet", name, c.bytes, c.len);
			save_params(captures[i], n, &c);
		}
		pcap_close(&p);
	}
	for (size_t i = 0; i < malformed_count; i++) {
		size_t len =
			malformed_make(&malformed[i], bytes, sizeof(bytes));

		(void)snprintf(name, sizeof(name), "malformed-%zu", i);
		seeds_save("packet", name, bytes, len);
	}
}

/* What rendezvous servers and those behind them add (RFC 8004 4.2). */
static void save_relayed(void)
{
	static const struct hit from = { { 0x20, 1, 0, 0x21, [15] = 1 } };
	static const struct hit to = { { 0x20, 1, 0, 0x22, [15] = 2 } };
	static const uint8_t body[(VIA_RVS_MAX + 1) * 16] = {
		[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1
	};
	static const size_t lens[] = { 0, 15, 16, 17, 32, sizeof(body) };
	static struct packet_out p;
	char name[32];

	packet_begin(&p, HIP_I1, 0, &from, &to);
	packet_param(&p, PARAM_DH_GROUP_LIST, "\7\10", 2);
	packet_param(&p, PARAM_FROM, body, 16);
	packet_param(&p, PARAM_FROM, body, 16);
	packet_param(&p, PARAM_RVS_HMAC, body, 48);
	if (packet_fix_length(&p))
		seeds_save("packet", "relayed-i1", p.bytes, packet_len(&p));
	for (size_t i = 0; i < COUNT(lens); i++) {
		packet_begin(&p, HIP_R1, 0, &to, &from);
		packet_param(&p, PARAM_VIA_RVS, body, lens[i]);
		(void)snprintf(name, sizeof(name), "via-rvs-%zu", i);
		if (packet_fix_length(&p))
			seeds_save("packet", name, p.bytes, packet_len(&p));
	}
}

/* Inner packets, and ESP packets as fuzz_esp.c takes them. */
static void save_esp(void)
{
	static const char *const bodies[] = {
		"83 0102020b", /* suite 8, half a block */
		"81 13c413c4000a0000 010202 11",
		"81 800000000000 0006",	 /* no padding */
		"81 0909 01020304 0411", /* padding of 4 */
		"81 0909 01020305 0411", /* wrong padding */
		"81 0909 01020304 ff11", /* more than there is */
		"81 0102023b",		 /* a dummy */
		"82 01020304050607080910111213140006",
		"83 0102030405060708090a0b0c0d0e0e3a",
	};
	static const char chain[] = "60000000 0028 00 40"
				    "20010022000000000000000000000001"
				    "20010022000000000000000000000002"
				    "3c00010400000000 2b00010400000000"
				    "2c00000000000000 3a00000100000001"
				    "8000 0000 00000000";
	uint8_t bytes[256];
	char name[32];

	for (size_t i = 0; i < COUNT(bodies); i++) {
		(void)snprintf(name, sizeof(name), "body-%zu", i);
		seeds_save("esp", name, bytes,
			   hex(bodies[i], bytes, sizeof(bytes)));
	}
	for (size_t i = 0; i < COUNT(esp_vectors); i++) {
		const struct esp_vector *v = &esp_vectors[i];
		size_t len = hex(v->inner, bytes, sizeof(bytes));

		(void)snprintf(name, sizeof(name), "packet-%zu", i);
		seeds_save("inner", name, bytes, len);
		/* The choice takes the place of the last byte of the SPI. */
		len = hex(v->esp, bytes, sizeof(bytes));
		bytes[3] = v->suite == 13 ? 1 : (uint8_t)(11 - v->suite);
		seeds_save("esp", name, bytes + 3, len - 3);
	}
	seeds_save("inner", "chain", bytes, hex(chain, bytes, sizeof(bytes)));
}

/* Exchanges as fuzz_host.c takes them: 00 delivers, 0101 has a packet. */
static void save_hosts(void)
{
	static const char *const runs[] = {
		"0101 00 00 0a00 00 00 0901 9501 0801 00 00",
		"8d01 00 00 00 00 0901 9501 9401 00 00",
		"0101 8d01 00 00 00 00 00 00 0a00 00 00 00 00",
		"0101 02ffff00 02ffff00 02ffff01 02ffff02 02ffff07",
		"0101 00 00 0a00 03 02020000 00 00 0400 0901",
		"0101 00 00 0a01 02ffff00 0101 00 00 0a00 0500002a01 00",
		"8d01 00 00 0600010c000000e00000000000000aff 00",
		"8d01 00 00 00 00 99 9701 00 00 00 00 0901",
		"8d01 00 00 00 00 0901 02ffff00 0b01 00 00 0a00 00 00",
		"8d01 00 00 00 00 0901 0c04 9804 00 00 00",
		"8d01 00 00 00 00 07000008 3b04100100000000 00",
		"0c85 8a81 8a04 0101 00 00 0a00 00 00 00",
		"0c85 0c04 8a81 0101 0c21 00 00 0a00 00 00 00 0c41 02ffff07",
		"0c00 0c11 0101 00 00 0a00 00 00 0901 0c10 0801 0c11 02ffff07",
	};
	uint8_t bytes[64];
	char name[32];

	for (size_t i = 0; i < COUNT(runs); i++) {
		(void)snprintf(name, sizeof(name), "run-%zu", i);
		seeds_save("host", name, bytes,
			   hex(runs[i], bytes, sizeof(bytes)));
	}
}

static void save_requests(void)
{
	static const struct api_request requests[] = {
		{ .command = "id" },
		{ .command = "peers", .args = { "-j" }, .n_args = 1 },
		{ .command = "pin",
		  .args = { "j\xc3\xbcrgen@example.com", "2001:22::1" },
		  .n_args = 2 },
	};
	static const struct api_reply replies[] = {
		{ API_DONE, "", "{\"hit\": \"2001:22::1\"}" },
		{ API_NO_SUCH_NAME, "no such name: bob@example.com", "" },
	};
	uint8_t stream[1024] = { 6 }; /* pieces of 7 bytes */
	size_t at = 1, len;
	char name[32];

	for (size_t i = 0; i < COUNT(requests); i++) {
		uint8_t *body = stream + at + IPC_HEADER_LEN;

		len = api_request_write(&requests[i], body, 256);
		ipc_header_write(stream + at, API_REQUEST, len);
		at += IPC_HEADER_LEN + len;
		(void)snprintf(name, sizeof(name), "request-%zu", i);
		seeds_save("api", name, body, len);
	}
	for (size_t i = 0; i < COUNT(replies); i++) {
		uint8_t *body = stream + at + IPC_HEADER_LEN;

		len = api_reply_write(&replies[i], body, 256);
		ipc_header_write(stream + at, API_REPLY, len);
		at += IPC_HEADER_LEN + len;
		(void)snprintf(name, sizeof(name), "reply-%zu", i);
		seeds_save("api", name, body, len);
	}
	seeds_save("ipc", "whole", stream, at);
	seeds_save("ipc", "cut", stream, at - 5);
	stream[0] = 255;
	seeds_save("ipc", "in-one", stream, at);
	stream[1] = 0xff;
	seeds_save("ipc", "too-long", stream, 100);
}

/* Frames; and bodies behind the choice of dictionaries (fuzz_stored.c). */
static void save_reload(void)
{
	for (size_t i = 0; i < reload_samples_count; i++) {
		const struct reload_sample *s = &reload_samples[i];
		uint8_t bytes[RELOAD_MESSAGE_MAX], out[FRAME_MAX];
		struct wr w = wr_init(out, sizeof(out));
		size_t len = reload_sample_make(s, bytes, sizeof(bytes));

		frame_data_write(&w, (uint32_t)i, bytes, len);
		seeds_save("reload", s->name, out, wr_len(&w));
		out[0] = 2;
		len = reload_sample_body(s, out + 1, sizeof(out) - 1);
		seeds_save("stored", s->name, out, 1 + len);
	}
}

/* A script's step: what happens, with which peer, and a message. */
static void put_step(struct wr *w, uint8_t what, uint8_t peer,
		     const uint8_t *bytes, size_t len)
{
	wr_u8(w, what);
	wr_u8(w, peer);
	wr_u16(w, (uint16_t)len);
	wr_bytes(w, bytes, len);
}

/* Scripts of fuzz_overlay.c: two members come, and bodies of each kind. */
static void save_overlay(void)
{
	static const uint8_t ready[] = { 0, 0x13, 0, 0, 0, 1, 1 };

	for (size_t i = 0; i < reload_samples_count; i++) {
		const struct reload_sample *s = &reload_samples[i];
		uint8_t body[RELOAD_MESSAGE_MAX], out[2 * RELOAD_MESSAGE_MAX];
		struct wr w = wr_init(out, sizeof(out));
		size_t len;

		wr_u8(&w, (uint8_t)(i % 2)); /* a founder, or not */
		for (uint8_t peer = 0; peer < 2; peer++) {
			put_step(&w, 7, peer, NULL, 0);
			put_step(&w, 0, peer, NULL, 0);
			put_step(&w, 3, peer, ready, sizeof(ready));
		}
		put_step(&w, (uint8_t)(4 + i % 2), 0, ready, sizeof(ready));
		body[0] = (uint8_t)(s->code >> 8);
		body[1] = (uint8_t)s->code;
		len = reload_sample_body(s, body + 2, sizeof(body) - 2);
		put_step(&w, 3, 1, body, len + 2);
		put_step(&w, 6, 1, NULL, 0);
		put_step(&w, 0x90, 0, NULL, 0);
		len = reload_sample_make(s, body, sizeof(body));
		memcpy(body + 4, (const uint8_t[]){ 1, 2, 3, 4 }, 4);
		put_step(&w, 2, 0, body, len); /* of the fuzzed overlay */
		put_step(&w, 1, 1, NULL, 0);
		put_step(&w, 0xff, 0, NULL, 0);
		put_step(&w, 8, 0, NULL, 0);
		seeds_save("overlay", s->name, out, wr_len(&w));
	}
}

/* Scripts of fuzz_hop.c: {what, peer, number} each. */
static void save_hop(void)
{
	static const struct {
		const char *name;
		uint8_t first;
		uint8_t steps[12][3];
	} scripts[] = {
		{ "window",
		  0,
		  { { 0, 0, 0 },
		    { 3, 0, 33 },
		    { 3, 0, 35 },
		    { 3, 0, 31 },
		    { 3, 0, 95 },
		    { 3, 0, 0 },
		    { 3, 0, 34 },
		    { 0x80, 0, 0 } } },
		{ "restart",
		  0,
		  { { 0, 0, 0 },
		    { 3, 0, 33 },
		    { 4, 0, 0 },
		    { 3, 0, 33 },
		    { 4, 0, 0xff },
		    { 3, 0, 33 },
		    { 0, 0, 0 },
		    { 3, 0, 33 } } },
		{ "acknowledged",
		  1,
		  { { 0, 1, 0 },
		    { 2, 1, 9 },
		    { 2, 1, 10 },
		    { 0x80, 0, 0 },
		    { 5, 1, 1 },
		    { 6, 1, 3 },
		    { 2, 1, 11 },
		    { 0x82, 0, 0 },
		    { 5, 1, 0 },
		    { 5, 1, 0 } } },
		{ "lost",
		  1,
		  { { 0, 1, 0 },
		    { 2, 1, 9 },
		    { 0, 1, 0 },
		    { 0xa0, 0, 0 },
		    { 2, 1, 10 },
		    { 2, 2, 7 },
		    { 1, 1, 0 },
		    { 2, 1, 1 } } },
		{ "silent",
		  0,
		  { { 0, 0, 0 },
		    { 0, 3, 0 },
		    { 0xff, 0, 0 },
		    { 0xff, 0, 0 },
		    { 0xff, 0, 0 },
		    { 3, 3, 40 },
		    { 0xff, 0, 0 } } },
	};

	for (size_t i = 0; i < COUNT(scripts); i++) {
		uint8_t out[128];
		struct wr w = wr_init(out, sizeof(out));

		wr_u8(&w, scripts[i].first);
		for (size_t k = 0; k < COUNT(scripts[i].steps); k++) {
			wr_u8(&w, scripts[i].steps[k][0]);
			wr_u8(&w, scripts[i].steps[k][1]);
			wr_u16(&w, scripts[i].steps[k][2]);
		}
		seeds_save("hop", scripts[i].name, out, wr_len(&w));
	}
}

/* Queries, and the same as events of the stub (fuzz_stub.c). */
static void save_dns(void)
{
	static const struct {
		const char *file, *name;
		uint16_t type;
	} queries[] = {
		{ "name", "Bob@Example.com", DNSMSG_AAAA },
		{ "escape", "bob0x2bwork.at.example.com.hip.internal",
		  DNSMSG_HIP },
		{ "service", "_sip._udp.bob.at.example.com.hip.internal",
		  DNSMSG_SRV },
		{ "hit", "2001-22--5.hip.internal", DNSMSG_TXT },
		{ "self", "abcdefghijklmnopqrst.hip.internal", DNSMSG_NAPTR },
		{ "reverse",
		  "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.2.0.0."
		  "1.0.0.2.ip6.arpa",
		  DNSMSG_PTR },
		{ "foreign", "example.com", 1 },
	};

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		const struct dnsmsg_query q = { .flags = DNSMSG_RD,
						.type = queries[i].type,
						.class = DNSMSG_CLASS_IN,
						.edns = i % 2 == 0 };
		struct dnsmsg_query whole = q;
		uint8_t out[2 * (DNSNAME_MAX + 64)];
		struct wr w = wr_init(out, sizeof(out));
		uint8_t query[DNSNAME_MAX + 32];
		size_t len;

		if (dnsname_from_text(queries[i].name, &whole.name) < 0)
			continue;
		len = dnsmsg_forward(&whole, 0x1234, query, sizeof(query));
		seeds_save("dns", queries[i].file, query, len);
		wr_u8(&w, 0); /* the query, an answer, the query again */
		wr_u8(&w, 1);
		wr_u8(&w, (uint8_t)len);
		wr_bytes(&w, query, len);
		wr_bytes(&w, "\1\1\0\0\1", 5);
		wr_u8(&w, (uint8_t)len);
		wr_bytes(&w, query, len);
		seeds_save("stub", queries[i].file, out, wr_len(&w));
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	top = argv[1];
	save_all_texts();
	save_packets();
	save_relayed();
	save_requests();
	save_esp();
	save_hosts();
	save_reload();
	seeds_enrolled();
	seeds_hiprr();
	seeds_resolve();
	save_overlay();
	save_hop();
	save_dns();
	return 0;
}
