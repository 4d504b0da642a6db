/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * ESP input. The first byte chooses suite and backend, and by its highest
 * bit what follows: a packet behind its SPI, or what a peer that has the keys
 * seals (payload, padding, trailer). A packet is opened once at most, and
 * gives a whole inner packet; a wrong ICV moves nothing.
 */
#include "tests/fuzz/fuzz.h"
#include "tun/beet.h"
#include "tun/esp.h"
#include "tun/sa_state.h"

#include <stdlib.h>

enum { SPI = 0x10000, SUITES = 4, TOP = 5000, LEN_MAX = 4096 };

static const struct {
	uint16_t suite;
	enum cipher_backend backend;
} suites[SUITES] = {
	{ 13, CIPHER_OPENSSL },
	{ 13, CIPHER_AUTO },
	{ 9, CIPHER_AUTO },
	{ 8, CIPHER_AUTO },
};

static struct sa_table *table;
static struct sa_in *in[SUITES];
static struct cipher *peer[SUITES];

static void make_sas(void)
{
	static const uint8_t bytes[CIPHER_KEY_MAX] = { 1, 2, 3 };

	table = sa_table_new(bytes);
	for (uint32_t i = 0; i < SUITES; i++) {
		struct sa_conf conf = {
			.spi = SPI + i,
			.suite = suites[i].suite,
			.backend = suites[i].backend,
			.key = bytes,
			.key_len = cipher_suite_find(suites[i].suite)->key_len,
		};

		if (!table || sa_in_add(table, &conf) < 0)
			abort();
		in[i] = sa_in_find(table, SPI + i);
		peer[i] = cipher_new(conf.suite, CIPHER_OPENSSL, CIPHER_SEAL,
				     conf.key, conf.key_len);
		if (!peer[i])
			abort();
	}
}

/* A packet just long enough, so that reading beyond it shows. */
static void put(struct pkt *pkt, const uint8_t *bytes, size_t len)
{
	uint8_t *buf = malloc(PKT_HEAD_ROOM + len);

	if (!buf)
		abort();
	if (len > 0)
		memcpy(buf + PKT_HEAD_ROOM, bytes, len);
	*pkt = (struct pkt){ .buf = buf,
			     .cap = (uint32_t)(PKT_HEAD_ROOM + len),
			     .off = PKT_HEAD_ROOM,
			     .len = (uint32_t)len };
}

static enum esp_result open_once(struct sa_in *sa, const uint8_t *esp,
				 size_t len)
{
	struct replay before = sa->replay;
	enum esp_result result;
	struct pkt pkt;

	put(&pkt, esp, len);
	result = esp_open(sa, &pkt);
	if (result == ESP_OK)
		assert(beet_check(&pkt));
	if (result == ESP_OK || result == ESP_DUMMY ||
	    result == ESP_BAD_PADDING)
		assert(memcmp(&before, &sa->replay, sizeof(before)) != 0);
	else
		assert(memcmp(&before, &sa->replay, sizeof(before)) == 0);
	free(pkt.buf);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t esp[LEN_MAX + 64];
	const struct cipher_suite *s;
	enum esp_result result;
	size_t i, len;

	if (!in[0])
		make_sas();
	if (size < 1 || size > LEN_MAX)
		return 0;
	i = data[0] % SUITES;
	s = cipher_suite_find(suites[i].suite);
	replay_init(&in[i]->replay);
	in[i]->replay.top = TOP;
	store_be32(esp, SPI + (uint32_t)i);
	len = size - 1;
	if ((data[0] & 0x80) == 0) {
		memcpy(esp + 4, data + 1, len);
		assert(open_once(in[i], esp, 4 + len) != ESP_NO_SA);
		return 0;
	}
	len -= len % s->block;
	store_be32(esp + 4, TOP + data[0]);
	memcpy(esp + 8 + s->iv_len, data + 1, len);
	if (!cipher_seal(peer[i], esp, len, TOP + data[0]))
		abort();
	len += 8u + s->iv_len + s->icv_len;
	result = open_once(in[i], esp, len);
	assert(result == ESP_OK || result == ESP_BAD_PADDING ||
	       result == ESP_DUMMY || result == ESP_SHORT);
	assert(open_once(in[i], esp, len) ==
	       (result == ESP_SHORT ? ESP_SHORT : ESP_REPLAYED));
	return 0;
}
