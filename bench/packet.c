/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Nanoseconds per packet of the data plane's functions, without system
 * calls: best of several rounds on one core. Beside each the ratio to a
 * ceiling measured in the same run: the cipher alone for sealing and
 * opening, copying the bytes for what touches them all, one SA for looking
 * up and for the whole path. Fails when the path of an association beside
 * 9,999 idle ones takes more than a tenth longer than that of one alone.
 * Pin it: taskset -c 1 bench/packet
 */
#include "tests/unit/inner.h"
#include "tun/beet.h"
#include "tun/checksum.h"
#include "tun/coalesce.h"
#include "tun/esp.h"
#include "tun/segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	ROUNDS = 7,
	SEGMENT_LEN = 1400, /* of an inner packet */
	SUPER_SEGMENTS = 45,
	DATA = SEGMENT_LEN - 60,
	SUPER = 60 + SUPER_SEGMENTS * DATA,
	BUFFER = 1 << 17,
	SAS_MAX = 10000,
	PATH_ROUNDS = 2000,
};

static const double PATH_GROWTH_MAX = 1.1;

static uint8_t *source, *target;
static struct sa_table *sas;
static struct cipher *sealer, *opener;
static struct coalesce coalesce;
static struct segments segments;
static size_t size;	  /* of the packets at hand */
static uint32_t sa_count; /* SAs in the table */
static uint64_t sink;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* What is measured does so many packets in one call. */
typedef void (*work)(uint32_t packets);

static double measure(work f, uint32_t packets)
{
	double best = 1e18;

	for (int i = 0; i < ROUNDS; i++) {
		double start = now_ns(), each;

		f(packets);
		each = (now_ns() - start) / packets;
		best = each < best ? each : best;
	}
	return best;
}

static void peer_of(uint32_t i, uint8_t peer[16])
{
	static const uint8_t hit[12] = { 0x20, 0x01, 0x00, 0x22 };

	memcpy(peer, hit, sizeof(hit));
	store_be32(peer + 12, i);
}

static void die(const char *what)
{
	fprintf(stderr, "packet: %s\n", what);
	exit(1);
}

/* SAs both ways for peers from the first one to n - 1. */
static void add_sas(struct sa_table *t, uint32_t first, uint32_t n)
{
	static const uint8_t key[20] = { 1, 2, 3 };

	sa_table_wrlock(t);
	for (uint32_t i = first; i < n; i++) {
		struct sa_conf conf = { .spi = 1000 + i,
					.suite = 13,
					.key = key,
					.key_len = sizeof(key) };

		peer_of(i, conf.peer);
		if (sa_in_add(t, &conf) || sa_out_add(t, &conf))
			die("no SA");
	}
	sa_table_unlock(t);
}

static void grow_table(uint32_t n)
{
	add_sas(sas, sa_count, n);
	sa_count = n;
}

static void do_copy(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		memcpy(target, source, size);
		__asm__ volatile("" ::"r"(target) : "memory");
	}
}

static void do_cipher_seal(uint32_t n)
{
	static uint64_t seq;

	for (uint32_t i = 0; i < n; i++)
		sink += cipher_seal_from(sealer, target, source,
					 (size - 40 + 2 + 3) & ~(size_t)3,
					 ++seq);
}

static void do_cipher_open(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sink += cipher_open(opener, target,
				    (size - 40 + 2 + 3) & ~(size_t)3, i);
}

static void do_seal(uint32_t n)
{
	struct sa_out *sa;
	uint8_t peer[16];

	peer_of(0, peer);
	sa = sa_out_find(sas, peer);
	for (uint32_t i = 0; i < n; i++) {
		struct pkt to = { .buf = target, .cap = BUFFER };

		sink += esp_seal_to(sa, source, (uint32_t)size, &to);
	}
}

/* The ICV is wrong: all but the window's moving is done. */
static void do_open(uint32_t n)
{
	struct sa_in *sa = sa_in_find(sas, 1000);
	struct pkt to = { .buf = target, .cap = BUFFER };
	struct sa_out *out;
	uint8_t peer[16], next;

	peer_of(0, peer);
	out = sa_out_find(sas, peer);
	(void)esp_seal_to(out, source, (uint32_t)size, &to);
	target[to.len - 1] ^= 1;
	for (uint32_t i = 0; i < n; i++) {
		struct pkt p = to;

		sink += esp_open_payload(sa, &p, &next);
	}
}

static void do_beet(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct pkt p = { .buf = source,
				 .cap = BUFFER,
				 .len = (uint32_t)size };
		uint8_t class, next;

		sink += beet_check(&p);
		next = beet_strip(&p, &class);
		beet_rebuild(&p, next, source + 8, source + 24);
	}
}

static void do_checksum(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sink += checksum_add(i, source, size);
}

static void do_checksum_portable(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sink += checksum_add_portable(i, source, size);
}

/* Header and data of a super-packet of TCP; segmenting keeps its length and
 * what it needs of it. */
static void do_segment(uint32_t n)
{
	const struct vnet v = { .gso_type = VNET_GSO_TCPV6,
				.gso_size = DATA,
				.csum_start = 40,
				.csum_offset = 16 };
	size_t len;

	for (uint32_t i = 0; i < n; i += SUPER_SEGMENTS) {
		memcpy(source, target, 60);
		if (!segment_begin(&segments, &v, source, SUPER))
			die("no super-packet");
		while (segment_next(&segments, &len))
			sink += len;
	}
}

static void do_coalesce(uint32_t n)
{
	for (uint32_t i = 0; i < n; i += SUPER_SEGMENTS) {
		for (uint32_t j = 0; j < SUPER_SEGMENTS; j++) {
			uint8_t *p = target + j * SEGMENT_LEN;
			struct inner inner = { .payload = p + 40,
					       .len = SEGMENT_LEN - 40,
					       .next_header = 6,
					       .source = p + 8,
					       .destination = p + 24 };

			coalesce_add(&coalesce, &inner);
		}
		coalesce_finish(&coalesce);
		sink += (uint64_t)coalesce.count;
		coalesce_reset(&coalesce);
	}
}

static void do_replay(uint32_t n)
{
	static struct replay replay;
	static uint64_t next;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t seq = 0;

		next++;
		if (!replay_guess(&replay, (uint32_t)next, &seq) ||
		    !replay_accept(&replay, seq))
			die("a replay");
	}
}

static void do_lookup(uint32_t n)
{
	uint8_t peer[16];
	uint32_t state = 1;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t which = inner_random(&state) % sa_count;

		peer_of(which, peer);
		sink += sa_out_find(sas, peer) != NULL;
		sink += sa_in_find(sas, 1000 + which) != NULL;
	}
}

/* One packet after the other from its HITs to what is in it again: both SAs
 * looked up, sealed, opened, its number taken. */
static void do_path(uint32_t n)
{
	uint8_t peer[16], next;

	peer_of(0, peer);
	sa_table_rdlock(sas);
	for (uint32_t i = 0; i < n; i++) {
		struct pkt p = { .buf = target, .cap = BUFFER };
		struct sa_out *out = sa_out_find(sas, peer);
		struct sa_in *in;

		if (esp_seal_to(out, source, (uint32_t)size, &p) != ESP_OK)
			die("not sealed");
		in = sa_in_find(sas, load_be32(pkt_data(&p)));
		if (!in || esp_open_payload(in, &p, &next) != ESP_OK)
			die("not opened");
		sink += next;
	}
	sa_table_unlock(sas);
}

static void line(const char *what, size_t bytes, double ns, double ceiling)
{
	printf("%-24s %6zu B %9.1f ns  %5.2f x ceiling\n", what, bytes, ns,
	       ns / ceiling);
}

static void by_size(void)
{
	static const size_t sizes[] = { 100, 208, 1400 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct inner_conf c = { .protocol = INNER_UDP };
		double copy, seal, open;

		size = sizes[i];
		c.data_len = (uint32_t)size - 48;
		inner_make(source, &c);
		copy = measure(do_copy, 1000000);
		line("copy (ceiling)", size, copy, copy);
		line("checksum", size, measure(do_checksum, 1000000), copy);
		line("checksum, portable", size,
		     measure(do_checksum_portable, 1000000), copy);
		line("beet", size, measure(do_beet, 1000000), copy);
		seal = measure(do_cipher_seal, 300000);
		open = measure(do_cipher_open, 300000);
		line("cipher seal (ceiling)", size, seal, seal);
		line("seal", size, measure(do_seal, 300000), seal);
		line("cipher open (ceiling)", size, open, open);
		line("open", size, measure(do_open, 300000), open);
	}
}

static void of_supers(void)
{
	struct inner_conf c = { .protocol = INNER_TCP,
				.flags = INNER_ACK,
				.data_len = SUPER_SEGMENTS * DATA };
	double copy;

	size = SEGMENT_LEN;
	copy = measure(do_copy, 1000000);
	inner_make(source, &c);
	memcpy(target, source, 60);
	line("segment, per segment", size, measure(do_segment, 450000), copy);
	for (uint32_t i = 0; i < SUPER_SEGMENTS; i++) {
		struct inner_conf s = { .protocol = INNER_TCP,
					.flags = INNER_ACK,
					.sequence = i * DATA,
					.data_len = DATA };

		inner_make(target + i * SEGMENT_LEN, &s);
	}
	coalesce_init(&coalesce, true);
	line("coalesce, per segment", size, measure(do_coalesce, 450000), copy);
}

static void of_tables(void)
{
	static const uint32_t counts[] = { 1, 100, SAS_MAX };
	double one = 0;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		char what[32];
		double ns;

		grow_table(counts[i]);
		ns = measure(do_lookup, 300000);
		one = i == 0 ? ns : one;
		snprintf(what, sizeof(what), "lookups, %u SAs", counts[i]);
		line(what, 0, ns, one);
	}
	line("replay window", 0, measure(do_replay, 3000000), one);
}

/* The path beside idle SAs: rounds go round the tables, so that what the
 * machine does meanwhile meets them alike. Whether it stays as it is. */
static bool of_paths(void)
{
	enum { TABLES = 3, EACH = 1000 };
	static const uint32_t counts[TABLES] = { 1, 100, SAS_MAX };
	static const uint8_t seed[16] = { 2 };
	struct sa_table *const before = sas, *tables[TABLES];
	double best[TABLES] = { 1e18, 1e18, 1e18 };
	struct inner_conf c = { .protocol = INNER_UDP, .data_len = 160 };

	size = inner_make(source, &c);
	for (size_t i = 0; i < TABLES; i++) {
		tables[i] = sa_table_new(seed);
		if (!tables[i])
			die("no memory");
		add_sas(tables[i], 0, counts[i]);
	}
	for (size_t round = 0; round < PATH_ROUNDS; round++) {
		for (size_t i = 0; i < TABLES; i++) {
			double start = now_ns(), each;

			sas = tables[i];
			do_path(EACH);
			each = (now_ns() - start) / EACH;
			best[i] = each < best[i] ? each : best[i];
		}
	}
	sas = before;
	for (size_t i = 0; i < TABLES; i++) {
		char what[32];

		snprintf(what, sizeof(what), "path, %u SAs", counts[i]);
		line(what, size, best[i], best[0]);
		sa_table_free(tables[i]);
	}
	return best[TABLES - 1] <= PATH_GROWTH_MAX * best[0];
}

int main(void)
{
	static const uint8_t seed[16] = { 1 }, key[20] = { 1, 2, 3 };
	bool flat;

	source = malloc(BUFFER);
	target = malloc(BUFFER);
	sas = sa_table_new(seed);
	sealer = cipher_new(13, CIPHER_AUTO, CIPHER_SEAL, key, sizeof(key));
	opener = cipher_new(13, CIPHER_AUTO, CIPHER_OPEN, key, sizeof(key));
	if (!source || !target || !sas || !sealer || !opener)
		die("no memory");
	memset(source, 0, BUFFER);
	memset(target, 0, BUFFER);
	grow_table(1);
	printf("cipher: %s, checksum: %s\n", cipher_backend_text(sealer),
	       checksum_text());
	by_size();
	of_supers();
	of_tables();
	flat = of_paths();
	if (!flat)
		fprintf(stderr, "packet: idle SAs slow the others down\n");
	cipher_free(sealer);
	cipher_free(opener);
	sa_table_free(sas);
	free(source);
	free(target);
	return !flat || sink == 0; /* it is used */
}
