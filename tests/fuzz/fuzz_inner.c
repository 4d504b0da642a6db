/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Inner packets from the TUN device. What is sealed comes out at the other
 * end with the same contents; an ICMPv6 error about it is one, and draws no
 * other.
 */
#include "tests/fuzz/fuzz.h"
#include "tun/beet.h"
#include "tun/esp.h"
#include "tun/icmp6.h"
#include "tun/sa_state.h"

#include <stdlib.h>

enum { SPI = 0x10000 };

static struct sa_table *table;
static struct sa_out *out;
static struct sa_in *in;

static void make_sas(void)
{
	static const uint8_t key[20] = { 1, 2, 3 };
	struct sa_conf conf = {
		.spi = SPI, .suite = 13, .key = key, .key_len = sizeof(key)
	};

	table = sa_table_new(key);
	if (!table || sa_out_add(table, &conf) < 0 ||
	    sa_in_add(table, &conf) < 0)
		abort();
	out = sa_out_find(table, conf.peer);
	in = sa_in_find(table, SPI);
}

static void seal_and_open(const uint8_t *inner, size_t len)
{
	uint32_t cap = (uint32_t)(PKT_HEAD_ROOM + len + PKT_TAIL_ROOM);
	struct pkt pkt = { .buf = malloc(cap),
			   .cap = cap,
			   .off = PKT_HEAD_ROOM,
			   .len = (uint32_t)len };
	const uint8_t *ip;

	if (!pkt.buf)
		abort();
	memcpy(pkt_data(&pkt), inner, len);
	if (!beet_check(&pkt)) {
		assert(esp_seal(out, &pkt) == ESP_SHORT);
		free(pkt.buf);
		return;
	}
	assert(esp_seal(out, &pkt) == ESP_OK);
	assert(cipher_inner_max(cipher_suite(out->sa.cipher), pkt.len) >= len);
	assert(esp_open(in, &pkt) == ESP_OK);
	ip = pkt_data(&pkt);
	assert(pkt.len == len);
	/* The flow label and the hop limit are not carried. */
	assert(ip[0] == inner[0] && (ip[1] ^ inner[1]) < 0x10);
	assert(memcmp(ip + 4, inner + 4, 3) == 0);
	assert(memcmp(ip + 40, inner + 40, len - 40) == 0);
	free(pkt.buf);
}

static void answer(const uint8_t *inner, size_t len)
{
	uint8_t error[ICMP6_ERROR_MAX], again[ICMP6_ERROR_MAX];

	for (int e = ICMP6_NO_ROUTE; e <= ICMP6_PACKET_TOO_BIG; e++) {
		size_t n = icmp6_error_write((enum icmp6_error)e, 1400, inner,
					     len, error);

		if (n == 0)
			continue;
		assert(n > 48 && n <= ICMP6_ERROR_MAX);
		assert(ipv6_checksum(error + 8, error + 24, 58, error + 40,
				     n - 40) == 0);
		assert(icmp6_error_write(ICMP6_NO_ROUTE, 0, error, n, again) ==
		       0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!out)
		make_sas();
	seal_and_open(data, size);
	answer(data, size);
	return 0;
}
