/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * ESP packets that another implementation sent (suite 9, BEET). It numbers
 * with 32 bits, and so its ICV lacks the high half of the sequence number,
 * which RFC 7402 3.3.6 with RFC 4303 2.2.1 wants in it. So its ICV is verified
 * here and replaced by the right one. Then every packet opens with the secrets
 * of its run, and the checksum inside is right under the HITs, thus they were
 * put back in the right places.
 */
#include "tests/unit/hex.h"
#include "tests/unit/pcap.h"
#include "tun/esp.h"
#include "tun/icmp6.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { ESP_KEY_LEN = 32 + 32, ICV_LEN = 16 };

static const uint8_t seed[16] = { 7 };

/* Both directions of a capture, by the keys of its text file. */
struct run {
	struct sa_table *table;
	uint8_t hit_i[16];
	uint8_t hit_r[16];
	size_t esp_at; /* the first ESP key's place in KEYMAT */
	uint8_t keymat[1024];
};

static void read_hit(const char *name, const char *key, uint8_t hit[16])
{
	char text[64];

	cr_assert(pcap_key_text(name, key, text, sizeof(text)));
	cr_assert_eq(inet_pton(AF_INET6, text, hit), 1);
}

static uint32_t read_spi(const char *name, const char *key)
{
	uint8_t bytes[4];

	cr_assert_eq(pcap_key_bytes(name, key, bytes, sizeof(bytes)), 4);
	return load_be32(bytes);
}

/* The key for what `from` sends: RFC 7402 7. */
static const uint8_t *key_of(const struct run *r, const uint8_t from[16],
			     const uint8_t to[16])
{
	bool from_greater = memcmp(from, to, 16) > 0;

	return r->keymat + r->esp_at + (from_greater ? 0 : ESP_KEY_LEN);
}

/* The receiver's SA for what `from` sends. */
static void add(struct run *r, uint32_t spi, const uint8_t from[16],
		const uint8_t to[16])
{
	struct sa_conf conf = {
		.spi = spi,
		.suite = 9,
		.key = key_of(r, from, to),
		.key_len = ESP_KEY_LEN,
	};

	memcpy(conf.local, to, 16);
	memcpy(conf.peer, from, 16);
	cr_assert_eq(sa_in_add(r->table, &conf), 0);
}

static void run_init(struct run *r, const char *name)
{
	char order[512];
	const char *at;

	r->table = sa_table_new(seed);
	read_hit(name, "hit_i", r->hit_i);
	read_hit(name, "hit_r", r->hit_r);
	cr_assert(pcap_key_text(name, "keymat order", order, sizeof(order)));
	at = strstr(order, "at index ");
	cr_assert_not_null(at);
	r->esp_at = strtoul(at + strlen("at index "), NULL, 10);
	cr_assert_geq(
		pcap_key_bytes(name, "keymat", r->keymat, sizeof(r->keymat)),
		r->esp_at + 2 * ESP_KEY_LEN);
	add(r, read_spi(name, "spi initiator->responder"), r->hit_i, r->hit_r);
	add(r, read_spi(name, "spi responder->initiator"), r->hit_r, r->hit_i);
}

/* An ICMPv6 echo request or answer between the two HITs. */
static void check_inner(const struct run *r, struct pkt *pkt)
{
	const uint8_t *ip = pkt_data(pkt);
	bool from_i = memcmp(ip + 8, r->hit_i, 16) == 0;

	cr_expect_arr_eq(ip + 8, from_i ? r->hit_i : r->hit_r, 16);
	cr_expect_arr_eq(ip + 24, from_i ? r->hit_r : r->hit_i, 16);
	cr_expect_eq(ip[6], 58);
	cr_expect(ip[40] == 128 || ip[40] == 129);
	cr_expect_eq(ipv6_checksum(ip + 8, ip + 24, 58, ip + 40, pkt->len - 40),
		     0);
}

/*
 * Verifies the ICV without the high half, and writes the one with it, which
 * is zero in so short a run. False when it is wrong.
 */
static bool replace_icv(const struct run *r, const struct sa_in *in,
			struct pkt *pkt)
{
	bool from_i = memcmp(sa_in_peer(in), r->hit_i, 16) == 0;
	const uint8_t *key = key_of(r, from_i ? r->hit_i : r->hit_r,
				    from_i ? r->hit_r : r->hit_i);
	uint8_t *icv = pkt_data(pkt) + pkt->len - ICV_LEN;
	uint8_t text[2048] = { 0 }, mac[crypto_auth_hmacsha256_BYTES];
	size_t len = pkt->len - ICV_LEN;

	cr_assert_leq(len + 4, sizeof(text));
	memcpy(text, pkt_data(pkt), len);
	crypto_auth_hmacsha256(mac, text, len, key + 32);
	if (memcmp(mac, icv, ICV_LEN) != 0)
		return false;
	crypto_auth_hmacsha256(mac, text, len + 4, key + 32);
	memcpy(icv, mac, ICV_LEN);
	return true;
}

/* Opens every ESP packet of a capture, its ICV replaced or not; how many
 * were there, and how many opened. */
static void open_all(const char *name, bool replace, size_t *seen,
		     size_t *opened)
{
	struct pcap_packet c;
	struct run r;
	struct pcap cap;

	run_init(&r, name);
	cr_assert(pcap_open(&cap, name));
	while (pcap_next(&cap, &c)) {
		uint8_t buf[2048];
		struct pkt pkt = { .buf = buf,
				   .cap = sizeof(buf),
				   .off = PKT_HEAD_ROOM,
				   .len = (uint32_t)c.len };
		struct sa_in *in;

		if (c.kind != PCAP_ESP)
			continue;
		(*seen)++;
		cr_assert(c.len > ICV_LEN &&
			  PKT_HEAD_ROOM + c.len <= sizeof(buf));
		memcpy(pkt_data(&pkt), c.bytes, c.len);
		in = sa_in_find(r.table, load_be32(c.bytes));
		cr_assert_not_null(in);
		if (replace && !replace_icv(&r, in, &pkt))
			continue;
		if (esp_open(in, &pkt) != ESP_OK)
			continue;
		check_inner(&r, &pkt);
		(*opened)++;
	}
	pcap_close(&cap);
	sa_table_free(r.table);
}

static const char *const conforming[] = {
	"cutehip-7401-udp",
	"cutehip-7401-raw",
	"cutehip-7401-ecdsa-udp",
};

Test(esp_captures, every_packet_of_another_implementation_opens)
{
	for (size_t i = 0; i < 3; i++) {
		size_t seen = 0, opened = 0;

		open_all(conforming[i], true, &seen, &opened);
		cr_expect_geq(seen, 12, "%s: %zu", conforming[i], seen);
		cr_expect_eq(opened, seen, "%s: %zu of %zu", conforming[i],
			     opened, seen);
	}
}

Test(esp_captures, an_icv_without_the_high_half_is_refused)
{
	for (size_t i = 0; i < 3; i++) {
		size_t seen = 0, opened = 0;

		open_all(conforming[i], false, &seen, &opened);
		cr_expect_geq(seen, 12);
		cr_expect_eq(opened, 0, "%s: %zu", conforming[i], opened);
	}
}

/* One program of theirs sends an ICV of 32 bytes instead of 16. */
Test(esp_captures, a_longer_icv_is_refused)
{
	size_t seen = 0, opened = 0;

	open_all("cutehip-rsa", true, &seen, &opened);
	open_all("cutehip-rsa", false, &seen, &opened);
	cr_expect_geq(seen, 4);
	cr_expect_eq(opened, 0);
}
