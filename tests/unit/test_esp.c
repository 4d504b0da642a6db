/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * ESP in BEET mode: known answers, what is refused, and when the replay
 * window moves (T23, T27).
 */
#include "tests/unit/esp_vectors.h"
#include "tests/unit/hex.h"
#include "tun/esp.h"
#include "tun/sa_state.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum {
	SPI = 0x4711,
	INNER_MAX = 1500,
	BUF = PKT_HEAD_ROOM + INNER_MAX + 100 + PKT_TAIL_ROOM,
};

static const uint8_t seed[16] = { 1 };
static const uint8_t key[CIPHER_KEY_MAX] = { 0x51, [19] = 3, [40] = 4 };

/* The HITs of esp.py: the sender's and the receiver's. */
static const uint8_t peer[16] = { 0x20, 0x01, 0x00, 0x22, 0xa1, 0xa1,
				  0xa1, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1,
				  0xa1, 0xa1, 0xa1, 0xa1 };
static const uint8_t local[16] = { 0x20, 0x01, 0x00, 0x22, 0xb2, 0xb2,
				   0xb2, 0xb2, 0xb2, 0xb2, 0xb2, 0xb2,
				   0xb2, 0xb2, 0xb2, 0xb2 };

/* Suite and backends of the sealing and of the opening side. */
struct combination {
	uint16_t suite;
	enum cipher_backend seal;
	enum cipher_backend open;
};

static const struct combination combinations[] = {
	{ 13, CIPHER_OPENSSL, CIPHER_OPENSSL },
	{ 13, CIPHER_OPENSSL, CIPHER_IPSEC_MB },
	{ 13, CIPHER_IPSEC_MB, CIPHER_OPENSSL },
	{ 13, CIPHER_IPSEC_MB, CIPHER_IPSEC_MB },
	{ 9, CIPHER_AUTO, CIPHER_AUTO },
	{ 8, CIPHER_AUTO, CIPHER_AUTO },
};

/* One sender's outbound SA and its receiver's inbound one. */
struct pair {
	struct sa_table *table;
	struct sa_out *out;
	struct sa_in *in;
	uint8_t *buf;
	struct pkt pkt;
};

static void pair_init_key(struct pair *p, const struct combination *c,
			  uint32_t spi, const uint8_t *k)
{
	struct sa_conf conf = {
		.spi = spi,
		.suite = c->suite,
		.backend = c->seal,
		.key = k,
		.key_len = cipher_suite_find(c->suite)->key_len,
	};

	if (!cipher_backend_works(conf.backend))
		conf.backend = CIPHER_AUTO;
	memcpy(conf.local, peer, 16);
	memcpy(conf.peer, local, 16);
	conf.path.remote.in.sin_family = AF_INET;
	conf.path.remote.in.sin_port = htons(10500);
	p->table = sa_table_new(seed);
	cr_assert_eq(sa_out_add(p->table, &conf), 0);
	p->out = sa_out_find(p->table, local);

	conf.backend = c->open;
	if (!cipher_backend_works(conf.backend))
		conf.backend = CIPHER_AUTO;
	memcpy(conf.local, local, 16);
	memcpy(conf.peer, peer, 16);
	cr_assert_eq(sa_in_add(p->table, &conf), 0);
	p->in = sa_in_find(p->table, spi);
	p->buf = malloc(BUF);
	cr_assert_not_null(p->buf);
}

static void pair_init(struct pair *p, const struct combination *c)
{
	pair_init_key(p, c, SPI, key);
}

static void pair_clear(struct pair *p)
{
	sa_table_free(p->table);
	free(p->buf);
}

/* Room for a packet of len bytes, and tail behind it, at the very end of the
 * buffer, so that a sanitizer sees every byte too many. */
static uint8_t *put(struct pair *p, uint32_t len, uint32_t tail)
{
	uint32_t cap = PKT_HEAD_ROOM + len + tail;

	cr_assert_leq(cap, BUF);
	p->pkt = (struct pkt){ .buf = p->buf + BUF - cap,
			       .cap = cap,
			       .off = PKT_HEAD_ROOM,
			       .len = len };
	return pkt_data(&p->pkt);
}

/* An inner packet of len bytes into p->pkt, as the TUN device gives it. */
static void put_inner(struct pair *p, uint8_t traffic_class,
		      uint8_t next_header, uint32_t len)
{
	uint8_t *ip = put(p, len, PKT_TAIL_ROOM);

	memset(ip, 0, len < 40 ? len : 40);
	if (len < 40)
		return;
	store_be32(ip, (uint32_t)6 << 28 | (uint32_t)traffic_class << 20);
	store_be16(ip + 4, (uint16_t)(len - 40));
	ip[6] = next_header;
	ip[7] = 64;
	memcpy(ip + 8, peer, 16);
	memcpy(ip + 24, local, 16);
	for (uint32_t i = 40; i < len; i++)
		ip[i] = (uint8_t)(i * 31 + 5);
}

/* Gives bytes to the receiver the way the socket does. */
static void put_outer(struct pair *p, const uint8_t *esp, uint32_t len)
{
	memcpy(put(p, len, 0), esp, len);
}

/* A sealed packet of the given sequence number; its length. */
static uint32_t seal(struct pair *p, uint64_t seq, uint32_t inner_len,
		     uint8_t *esp)
{
	put_inner(p, 0, 17, inner_len);
	atomic_store(&p->out->next_seq, seq);
	cr_assert_eq(esp_seal(p->out, &p->pkt), ESP_OK);
	memcpy(esp, pkt_data(&p->pkt), p->pkt.len);
	return p->pkt.len;
}

static enum esp_result open_bytes(struct pair *p, const uint8_t *esp,
				  uint32_t len)
{
	put_outer(p, esp, len);
	return esp_open(p->in, &p->pkt);
}

/* Seals a body of our own making (payload, padding, trailer), which
 * esp_seal would not make; the length of the packet. */
static uint32_t seal_body(struct pair *p, uint64_t seq, const uint8_t *body,
			  uint32_t len, uint8_t *esp)
{
	struct cipher *c = p->out->sa.cipher;
	const struct cipher_suite *s = cipher_suite(c);

	store_be32(esp, SPI);
	store_be32(esp + 4, (uint32_t)seq);
	memcpy(esp + 8 + s->iv_len, body, len);
	cr_assert(cipher_seal(c, esp, len, seq));
	return 8u + s->iv_len + len + s->icv_len;
}

Test(esp, packets_with_known_answers_are_sealed_so)
{
	for (size_t i = 0; i < 2 * COUNT(esp_vectors); i++) {
		const struct esp_vector *v = &esp_vectors[i / 2];
		struct combination c = { v->suite, CIPHER_OPENSSL,
					 CIPHER_OPENSSL };
		uint8_t k[CIPHER_KEY_MAX], inner[256], esp[256];
		uint32_t inner_len =
			(uint32_t)hex(v->inner, inner, sizeof(inner));
		size_t esp_len = hex(v->esp, esp, sizeof(esp));
		struct pair p;

		if (v->foreign_iv)
			continue;
		if (i % 2)
			c.seal = CIPHER_AUTO;
		hex(v->key, k, sizeof(k));
		pair_init_key(&p, &c, v->spi, k);
		put_inner(&p, 0, 0, inner_len);
		memcpy(pkt_data(&p.pkt), inner, inner_len);
		atomic_store(&p.out->next_seq, v->seq);
		cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_OK);
		cr_assert_eq(p.pkt.len, esp_len, "vector %zu", i / 2);
		cr_assert_arr_eq(pkt_data(&p.pkt), esp, esp_len, "vector %zu",
				 i / 2);
		pair_clear(&p);
	}
}

Test(esp, packets_with_known_answers_are_opened_so)
{
	for (size_t i = 0; i < 2 * COUNT(esp_vectors); i++) {
		const struct esp_vector *v = &esp_vectors[i / 2];
		struct combination c = { v->suite, CIPHER_OPENSSL,
					 CIPHER_OPENSSL };
		uint8_t k[CIPHER_KEY_MAX], inner[256], esp[256];
		size_t inner_len = hex(v->inner, inner, sizeof(inner));
		uint32_t esp_len = (uint32_t)hex(v->esp, esp, sizeof(esp));
		struct pair p;

		if (i % 2)
			c.open = CIPHER_AUTO;
		hex(v->key, k, sizeof(k));
		pair_init_key(&p, &c, v->spi, k);
		p.in->replay.top = v->seq - 1;
		put_outer(&p, esp, esp_len);
		p.pkt.traffic_class = (uint8_t)(load_be16(inner) >> 4);
		cr_assert_eq(esp_open(p.in, &p.pkt), ESP_OK, "vector %zu",
			     i / 2);
		cr_assert_eq(p.pkt.len, inner_len);
		cr_assert_arr_eq(pkt_data(&p.pkt), inner, inner_len);
		cr_assert_eq(p.in->replay.top, v->seq);
		pair_clear(&p);
	}
}

Test(esp, inner_packets_of_every_size_come_out_as_they_went_in)
{
	for (size_t i = 0; i < COUNT(combinations); i++) {
		const struct cipher_suite *s =
			cipher_suite_find(combinations[i].suite);
		uint8_t inner[INNER_MAX];
		struct pair p;

		pair_init(&p, &combinations[i]);
		for (uint32_t len = 40; len <= INNER_MAX; len++) {
			put_inner(&p, 0, 6, len);
			memcpy(inner, pkt_data(&p.pkt), len);
			cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_OK);
			cr_assert_geq(cipher_inner_max(s, p.pkt.len), len);
			cr_assert_lt(cipher_inner_max(s, p.pkt.len - 1), len);
			cr_assert_eq(esp_open(p.in, &p.pkt), ESP_OK);
			cr_assert_eq(p.pkt.len, len);
			cr_assert_arr_eq(pkt_data(&p.pkt), inner, len);
		}
		cr_assert_eq(p.in->replay.top, INNER_MAX - 39);
		pair_clear(&p);
	}
}

/* Whatever follows the IPv6 header, extension headers and fragments too. */
Test(esp, every_next_header_is_carried_but_that_of_dummies)
{
	struct pair p;

	pair_init(&p, &combinations[0]);
	for (unsigned n = 0; n < 256; n++) {
		put_inner(&p, 0, (uint8_t)n, 100);
		if (n == 59) {
			cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_SHORT);
			continue;
		}
		cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_OK);
		cr_assert_eq(esp_open(p.in, &p.pkt), ESP_OK);
		cr_assert_eq(pkt_data(&p.pkt)[6], n);
		cr_assert_eq(p.pkt.len, 100);
	}
	pair_clear(&p);
}

Test(esp, the_traffic_class_goes_by_the_packet_both_ways)
{
	struct pair p;

	pair_init(&p, &combinations[0]);
	for (unsigned tc = 0; tc < 256; tc++) {
		put_inner(&p, (uint8_t)tc, 17, 60);
		cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_OK);
		cr_assert_eq(p.pkt.traffic_class, tc);
		/* A router marked congestion on the way: RFC 3168. */
		p.pkt.traffic_class |= 3;
		cr_assert_eq(esp_open(p.in, &p.pkt), ESP_OK);
		cr_assert_eq(load_be16(pkt_data(&p.pkt)) >> 4 & 0xff, tc | 3);
		cr_assert_eq(load_be32(pkt_data(&p.pkt)) & 0xf00fffff,
			     0x60000000);
	}
	pair_clear(&p);
}

Test(esp, the_rebuilt_header_has_the_hits_of_the_sa)
{
	struct pair p;
	uint8_t *ip;

	pair_init(&p, &combinations[0]);
	put_inner(&p, 0, 17, 60);
	ip = pkt_data(&p.pkt);
	store_be32(ip, 0x600abcde); /* a flow label, which is not carried */
	ip[7] = 1;		    /* a hop limit, which is not carried */
	cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_OK);
	cr_assert_eq(esp_open(p.in, &p.pkt), ESP_OK);
	ip = pkt_data(&p.pkt);
	cr_assert_eq(load_be32(ip), 0x60000000);
	cr_assert_eq(load_be16(ip + 4), 20);
	cr_assert_eq(ip[7], 64);
	cr_assert_arr_eq(ip + 8, peer, 16);
	cr_assert_arr_eq(ip + 24, local, 16);
	pair_clear(&p);
}

Test(esp, a_sealed_packet_has_the_path_of_its_sa_and_is_counted)
{
	struct pair p;

	pair_init(&p, &combinations[0]);
	put_inner(&p, 0, 17, 100);
	cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_OK);
	cr_assert_eq(memcmp(&p.pkt.path, &p.out->path, sizeof(struct path)), 0);
	cr_assert_eq(esp_open(p.in, &p.pkt), ESP_OK);
	cr_assert_eq(esp_open(p.in, &p.pkt), ESP_NO_SA);
	cr_assert_eq(atomic_load(&sa_out_counters(p.out)->packets), 1);
	cr_assert_eq(atomic_load(&sa_out_counters(p.out)->bytes), 100);
	cr_assert_eq(atomic_load(&sa_in_counters(p.in)->packets), 1);
	cr_assert_eq(atomic_load(&sa_in_counters(p.in)->bytes), 100);
	pair_clear(&p);
}

/* RFC 6261 4.1. The last packet that does count shows that it is not odd. */
Test(esp, hip_inside_is_sealed_and_opened_but_not_counted)
{
	struct pair p;

	pair_init(&p, &combinations[0]);
	put_inner(&p, 0, 139, 100);
	cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_OK);
	cr_assert_eq(esp_open(p.in, &p.pkt), ESP_OK);
	cr_assert_eq(pkt_data(&p.pkt)[6], 139);
	cr_assert_eq(atomic_load(&sa_out_counters(p.out)->packets), 0);
	cr_assert_eq(atomic_load(&sa_in_counters(p.in)->packets), 0);
	put_inner(&p, 0, 17, 100);
	cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_OK);
	cr_assert_eq(esp_open(p.in, &p.pkt), ESP_OK);
	cr_assert_eq(atomic_load(&sa_out_counters(p.out)->bytes), 100);
	cr_assert_eq(atomic_load(&sa_in_counters(p.in)->bytes), 100);
	pair_clear(&p);
}

/* What comes of an inner packet of that protocol for that port. */
static enum esp_result pass(struct pair *p, uint8_t next_header, uint16_t port,
			    uint32_t len)
{
	put_inner(p, 0, next_header, len);
	if (len >= 44)
		store_be16(pkt_data(&p->pkt) + 42, port);
	cr_assert_eq(esp_seal(p->out, &p->pkt), ESP_OK);
	return esp_open(p->in, &p->pkt);
}

/* Seals a packet of that protocol whose source has that port. */
static enum esp_result leave(struct pair *p, uint8_t next_header, uint16_t port)
{
	uint8_t inner[200], room[400];
	struct pkt to = { .buf = room, .cap = sizeof(room) };
	enum esp_result result;

	put_inner(p, 0, next_header, 100);
	store_be16(pkt_data(&p->pkt) + 40, port);
	memcpy(inner, pkt_data(&p->pkt), 100);
	result = esp_seal(p->out, &p->pkt);
	cr_expect_eq(esp_seal_to(p->out, inner, 100, &to), result);
	return result;
}

Test(esp, by_a_narrow_one_goes_what_it_is_for)
{
	struct pair p;

	pair_init(&p, &combinations[0]);
	cr_expect_eq(leave(&p, 17, 80), ESP_OK);
	cr_assert(sa_out_narrow(p.table, local, 6084));
	cr_expect_eq(leave(&p, 6, 6084), ESP_OK);
	cr_expect_eq(leave(&p, 139, 80), ESP_OK, "HIP");
	cr_expect_eq(leave(&p, 6, 80), ESP_NARROW);
	cr_expect_eq(leave(&p, 17, 6084), ESP_NARROW, "UDP");
	cr_expect_eq(leave(&p, 44, 6084), ESP_NARROW, "a fragment");
	cr_assert(sa_out_narrow(p.table, local, 0));
	cr_expect_eq(leave(&p, 58, 0), ESP_OK);
	pair_clear(&p);
}

Test(esp, by_a_narrow_one_comes_what_it_is_for)
{
	struct pair p;

	pair_init(&p, &combinations[0]);
	cr_assert_eq(pass(&p, 6, 80, 100), ESP_OK);
	cr_assert(sa_in_narrow(p.table, SPI, 6084));
	cr_expect_eq(pass(&p, 6, 6084, 100), ESP_OK);
	cr_expect_eq(pass(&p, 139, 80, 100), ESP_OK, "HIP");
	cr_expect_eq(pass(&p, 6, 80, 100), ESP_NARROW);
	cr_expect_eq(pass(&p, 17, 6084, 100), ESP_NARROW, "UDP");
	cr_expect_eq(pass(&p, 58, 6084, 100), ESP_NARROW, "ICMPv6");
	cr_expect_eq(pass(&p, 44, 6084, 100), ESP_NARROW, "a fragment");
	cr_expect_eq(pass(&p, 0, 6084, 100), ESP_NARROW, "options");
	cr_expect_eq(pass(&p, 6, 6084, 44), ESP_OK);
	cr_expect_eq(pass(&p, 6, 6084, 43), ESP_NARROW, "half a port");
	cr_assert(sa_in_narrow(p.table, SPI, 0));
	cr_expect_eq(pass(&p, 58, 0, 100), ESP_OK);
	cr_expect_not(sa_in_narrow(p.table, SPI + 1, 0));
	pair_clear(&p);
}

Test(esp, what_is_no_whole_ipv6_packet_is_not_sealed)
{
	struct pair p;
	uint64_t seq;

	pair_init(&p, &combinations[0]);
	for (uint32_t len = 0; len < 40; len++) {
		put_inner(&p, 0, 17, len);
		cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_SHORT);
	}
	put_inner(&p, 0, 17, 100);
	pkt_data(&p.pkt)[0] = 0x45;
	cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_SHORT);
	put_inner(&p, 0, 17, 100);
	pkt_data(&p.pkt)[5]++;
	cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_SHORT);
	put_inner(&p, 0, 17, 100);
	pkt_data(&p.pkt)[5]--;
	cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_SHORT);
	/* None of them took a sequence number. */
	cr_assert(sa_out_next_seq(p.out, &seq));
	cr_assert_eq(seq, 1);
	cr_assert_eq(atomic_load(&sa_out_counters(p.out)->packets), 0);
	pair_clear(&p);
}

/* Sizes that no datagram has; the last one that the cipher takes, too. */
Test(esp, the_longest_inner_packets_are_refused)
{
	enum { CAP = PKT_HEAD_ROOM + 40 + UINT16_MAX + PKT_TAIL_ROOM };
	uint8_t *buf = calloc(1, CAP);
	struct pair p;

	cr_assert_not_null(buf);
	pair_init(&p, &combinations[0]);
	for (uint32_t payload = UINT16_MAX - 1; payload <= UINT16_MAX;
	     payload++) {
		p.pkt = (struct pkt){ .buf = buf,
				      .cap = CAP,
				      .off = PKT_HEAD_ROOM,
				      .len = 40 + payload };
		buf[PKT_HEAD_ROOM] = 0x60;
		store_be16(buf + PKT_HEAD_ROOM + 4, (uint16_t)payload);
		buf[PKT_HEAD_ROOM + 6] = 17;
		cr_assert_eq(esp_seal(p.out, &p.pkt),
			     payload == UINT16_MAX ? ESP_SHORT : ESP_OK);
	}
	pair_clear(&p);
	free(buf);
}

Test(esp, missing_room_behind_is_noticed)
{
	for (size_t i = 0; i < COUNT(combinations); i++) {
		struct pair p;

		pair_init(&p, &combinations[i]);
		for (uint32_t len = 40; len < 60; len++) {
			const struct cipher_suite *s =
				cipher_suite(p.out->sa.cipher);
			uint32_t body = len - 40 + 2;
			uint32_t need =
				(body + s->block - 1) / s->block * s->block -
				body + 2 + s->icv_len;

			put_inner(&p, 0, 17, len);
			p.pkt.cap = p.pkt.off + len + need - 1;
			cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_SHORT);
			p.pkt.cap++;
			cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_OK);
		}
		pair_clear(&p);
	}
}

Test(esp, every_flipped_bit_is_refused_and_moves_nothing)
{
	for (size_t i = 0; i < COUNT(combinations); i++) {
		uint8_t esp[128];
		struct pair p;
		uint32_t len;

		pair_init(&p, &combinations[i]);
		len = seal(&p, 70, 61, esp);
		for (uint32_t bit = 0; bit < len * 8; bit++) {
			struct replay before = p.in->replay;
			enum esp_result result;

			esp[bit / 8] ^= (uint8_t)(1 << bit % 8);
			result = open_bytes(&p, esp, len);
			cr_assert_eq(result,
				     bit < 32 ? ESP_NO_SA : ESP_BAD_ICV);
			cr_assert_eq(
				memcmp(&p.in->replay, &before, sizeof(before)),
				0);
			esp[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		cr_assert_eq(open_bytes(&p, esp, len), ESP_OK);
		pair_clear(&p);
	}
}

Test(esp, every_length_but_the_right_one_is_refused)
{
	for (size_t i = 0; i < COUNT(combinations); i++) {
		const struct cipher_suite *s =
			cipher_suite_find(combinations[i].suite);
		uint32_t fixed = 8u + s->iv_len + s->icv_len;
		uint8_t esp[400] = { 0 };
		struct pair p;
		uint32_t right;

		pair_init(&p, &combinations[i]);
		right = seal(&p, 1, 200, esp);
		for (uint32_t len = 0; len < sizeof(esp); len++) {
			enum esp_result result;

			if (len == right)
				continue;
			result = open_bytes(&p, esp, len);
			cr_assert_eq(result,
				     len < fixed + s->block ||
						     (len - fixed) % s->block
					     ? ESP_SHORT
					     : ESP_BAD_ICV);
		}
		cr_assert_eq(open_bytes(&p, esp, right), ESP_OK);
		pair_clear(&p);
	}
}

Test(esp, a_packet_longer_than_a_datagram_is_refused)
{
	struct pair p;
	uint8_t *buf = calloc(1, 66000);

	cr_assert_not_null(buf);
	pair_init(&p, &combinations[0]);
	p.pkt = (struct pkt){ .buf = buf, .cap = 66000, .off = 64 };
	store_be32(buf + 64, SPI);
	buf[64 + 7] = 1;
	p.pkt.len = 8 + 8 + 65532 + 16;
	cr_assert_eq(esp_open(p.in, &p.pkt), ESP_BAD_ICV);
	p.pkt.len += 4;
	cr_assert_eq(esp_open(p.in, &p.pkt), ESP_SHORT);
	pair_clear(&p);
	free(buf);
}

Test(esp, a_packet_opens_once)
{
	for (size_t i = 0; i < COUNT(combinations); i++) {
		uint8_t esp[128];
		struct pair p;
		uint32_t len;

		pair_init(&p, &combinations[i]);
		len = seal(&p, 1, 61, esp);
		cr_assert_eq(open_bytes(&p, esp, len), ESP_OK);
		cr_assert_eq(open_bytes(&p, esp, len), ESP_REPLAYED);
		pair_clear(&p);
	}
}

/* T23 */
Test(esp, a_forged_high_sequence_number_does_not_move_the_window)
{
	for (size_t i = 0; i < COUNT(combinations); i++) {
		uint8_t first[128], second[128], forged[128];
		uint32_t len;
		struct pair p;

		pair_init(&p, &combinations[i]);
		len = seal(&p, 1, 61, first);
		seal(&p, 2, 61, second);
		cr_assert_eq(open_bytes(&p, second, len), ESP_OK);

		memcpy(forged, first, sizeof(forged));
		store_be32(forged + 4, 0x7fffffff);
		cr_assert_eq(open_bytes(&p, forged, len), ESP_BAD_ICV);
		store_be32(forged + 4, UINT32_MAX);
		cr_assert_neq(open_bytes(&p, forged, len), ESP_OK);
		store_be32(forged + 4, 0);
		cr_assert_neq(open_bytes(&p, forged, len), ESP_OK);

		cr_assert_eq(p.in->replay.top, 2);
		cr_assert_eq(open_bytes(&p, first, len), ESP_OK);
		pair_clear(&p);
	}
}

/* T27 */
Test(esp, numbers_run_on_past_two_to_the_32)
{
	for (size_t i = 0; i < COUNT(combinations); i++) {
		uint8_t late[128], esp[128];
		uint32_t len, late_len;
		struct pair p;

		pair_init(&p, &combinations[i]);
		p.in->replay.top = UINT32_MAX - 20;
		late_len = seal(&p, UINT32_MAX - 3, 61, late);
		for (uint64_t n = UINT32_MAX - (uint64_t)2;
		     n < UINT32_MAX + (uint64_t)2000; n++) {
			len = seal(&p, n, 61, esp);
			cr_assert_eq(load_be32(esp + 4), (uint32_t)n);
			cr_assert_eq(open_bytes(&p, esp, len), ESP_OK);
			cr_assert_eq(p.in->replay.top, n);
			cr_assert_eq(open_bytes(&p, esp, len), ESP_REPLAYED);
		}
		/* One of the subspace before, within the window. */
		cr_assert_eq(open_bytes(&p, late, late_len), ESP_OK);
		cr_assert_eq(open_bytes(&p, late, late_len), ESP_REPLAYED);
		pair_clear(&p);
	}
}

/* T27 */
Test(esp, numbers_end_before_they_would_wrap)
{
	static const uint8_t body[16] = { [14] = 0, [15] = 6 };

	for (size_t i = 0; i < COUNT(combinations); i++) {
		uint8_t esp[128];
		struct pair p;
		uint32_t len;

		pair_init(&p, &combinations[i]);
		p.in->replay.top = SA_SEQ_LAST - 1;
		len = seal(&p, SA_SEQ_LAST, 61, esp);
		cr_assert_eq(open_bytes(&p, esp, len), ESP_OK);
		for (int n = 0; n < 600; n++) {
			put_inner(&p, 0, 17, 61);
			cr_assert_eq(esp_seal(p.out, &p.pkt), ESP_EXHAUSTED);
		}
		/* Another implementation may go to the very end. */
		p.in->replay.top = UINT64_MAX - 1;
		len = seal_body(&p, UINT64_MAX, body, sizeof(body), esp);
		cr_assert_eq(open_bytes(&p, esp, len), ESP_OK);
		cr_assert_eq(open_bytes(&p, esp, len), ESP_REPLAYED);
		pair_clear(&p);
	}
}

Test(esp, a_wrong_spi_is_nobodys)
{
	uint8_t esp[128];
	struct pair p;
	uint32_t len;

	pair_init(&p, &combinations[0]);
	len = seal(&p, 1, 61, esp);
	store_be32(esp, SPI + 1);
	cr_assert_eq(open_bytes(&p, esp, len), ESP_NO_SA);
	pair_clear(&p);
}

Test(esp, a_key_of_another_sa_opens_nothing)
{
	for (size_t i = 0; i < COUNT(combinations); i++) {
		uint8_t other[CIPHER_KEY_MAX], esp[128];
		struct pair p, q;
		uint32_t len;

		memset(other, 0x77, sizeof(other));
		pair_init(&p, &combinations[i]);
		pair_init_key(&q, &combinations[i], SPI, other);
		len = seal(&p, 1, 61, esp);
		cr_assert_eq(open_bytes(&q, esp, len), ESP_BAD_ICV);
		cr_assert_eq(q.in->replay.top, 0);
		pair_clear(&p);
		pair_clear(&q);
	}
}

/* RFC 4303 2.4. GCM, whose blocks of 4 let bodies of any length be made. */
Test(esp, padding_is_one_two_three_or_refused)
{
	static const struct {
		uint8_t body[8];
		enum esp_result result;
		uint32_t payload; /* when that is ESP_OK */
	} cases[] = {
		{ { 9, 9, 9, 9, 9, 9, 0, 17 }, ESP_OK, 6 },
		{ { 9, 9, 9, 9, 9, 1, 1, 17 }, ESP_OK, 5 },
		{ { 9, 9, 1, 2, 3, 4, 4, 17 }, ESP_OK, 2 },
		{ { 1, 2, 3, 4, 5, 6, 6, 17 }, ESP_OK, 0 },
		{ { 1, 2, 3, 4, 5, 6, 7, 17 }, ESP_BAD_PADDING, 0 },
		{ { 1, 2, 3, 4, 5, 6, 255, 17 }, ESP_BAD_PADDING, 0 },
		{ { 9, 9, 9, 9, 9, 0, 1, 17 }, ESP_BAD_PADDING, 0 },
		{ { 9, 9, 9, 9, 9, 2, 1, 17 }, ESP_BAD_PADDING, 0 },
		{ { 9, 9, 2, 2, 3, 4, 4, 17 }, ESP_BAD_PADDING, 0 },
		{ { 9, 9, 1, 2, 3, 5, 4, 17 }, ESP_BAD_PADDING, 0 },
		{ { 9, 9, 0, 0, 0, 0, 4, 17 }, ESP_BAD_PADDING, 0 },
		{ { 9, 9, 4, 3, 2, 1, 4, 17 }, ESP_BAD_PADDING, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t esp[64];
		struct pair p;
		uint32_t len;

		pair_init(&p, &combinations[0]);
		len = seal_body(&p, 5, cases[i].body, 8, esp);
		cr_assert_eq(open_bytes(&p, esp, len), cases[i].result,
			     "case %zu", i);
		if (cases[i].result == ESP_OK) {
			cr_assert_eq(p.pkt.len, 40 + cases[i].payload);
			cr_assert_arr_eq(pkt_data(&p.pkt) + 40, cases[i].body,
					 cases[i].payload);
		}
		/* The packet was authentic: it has been seen. */
		cr_assert_eq(open_bytes(&p, esp, len), ESP_REPLAYED);
		pair_clear(&p);
	}
}

/* RFC 4303 2.4: a sender may add up to 255 bytes. */
Test(esp, the_longest_padding_is_taken)
{
	uint8_t body[260] = { 9, 9, 9 }, esp[320];
	struct pair p;
	uint32_t len;

	for (unsigned i = 0; i < 255; i++)
		body[3 + i] = (uint8_t)(i + 1);
	body[258] = 255;
	body[259] = 17;
	pair_init(&p, &combinations[0]);
	len = seal_body(&p, 1, body, sizeof(body), esp);
	cr_assert_eq(open_bytes(&p, esp, len), ESP_OK);
	cr_assert_eq(p.pkt.len, 43);
	pair_clear(&p);
}

/* RFC 4303 2.6: discarded without an error, whatever they hold. */
Test(esp, dummy_packets_are_dropped_and_seen)
{
	static const uint8_t bodies[][4] = { { 1, 2, 2, 59 },
					     { 7, 7, 0, 59 },
					     { 7, 7, 200, 59 } };

	for (size_t i = 0; i < COUNT(bodies); i++) {
		uint8_t esp[64];
		struct pair p;
		uint32_t len;

		pair_init(&p, &combinations[0]);
		len = seal_body(&p, 9, bodies[i], 4, esp);
		cr_assert_eq(open_bytes(&p, esp, len), ESP_DUMMY);
		cr_assert_eq(p.in->replay.top, 9);
		cr_assert_eq(open_bytes(&p, esp, len), ESP_REPLAYED);
		cr_assert_eq(atomic_load(&sa_in_counters(p.in)->packets), 0);
		pair_clear(&p);
	}
}
