/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Base exchanges and UPDATEs that others made, judged with the secrets of
 * their runs: every HIT, puzzle, key, MAC, signature and ESP packet. What
 * differs from RFC 7401 in cutehip-rsa is refused.
 */
#include "daemon/hip/dh.h"
#include "daemon/hip/protect.h"
#include "daemon/hip/puzzle.h"
#include "daemon/hip/suite.h"
#include "tests/unit/pcap.h"
#include "tun/cipher.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
	"cutehip-7401-udp",
	"cutehip-7401-raw",
	"cutehip-7401-ecdsa-udp",
};

enum { N_NAMES = sizeof(names) / sizeof(names[0]), PACKETS_MAX = 32 };

/* One capture, and what follows from its secrets. */
struct run {
	const char *name;
	struct pcap pcap;
	struct packet hip[PACKETS_MAX];
	struct pcap_packet esp[PACKETS_MAX];
	size_t n_hip, n_esp;
	const struct packet *r1, *i2, *r2;
	uint8_t suite;
	struct hit initiator, responder;
	struct hi_public *initiator_pub, *responder_pub;
	struct puzzle puzzle;
	struct solution_param solution;
	struct keymat keymat;
	struct hip_keys keys; /* of the Initiator */
	size_t index;	      /* where ESP's begin */
};

static void read_packets(struct run *run)
{
	struct pcap_packet packet;

	cr_assert(pcap_open(&run->pcap, run->name));
	while (pcap_next(&run->pcap, &packet)) {
		cr_assert(run->n_hip < PACKETS_MAX && run->n_esp < PACKETS_MAX);
		if (packet.kind == PCAP_ESP)
			run->esp[run->n_esp++] = packet;
		else
			cr_assert_eq(packet_parse(packet.bytes, packet.len,
						  &run->hip[run->n_hip++],
						  NULL),
				     DROP_NONE);
	}
	cr_assert(run->n_hip == 8 && run->n_esp >= 8);
	run->r1 = &run->hip[1];
	run->i2 = &run->hip[2];
	run->r2 = &run->hip[3];
	cr_assert(run->r1->type == HIP_R1 && run->i2->type == HIP_I2 &&
		  run->r2->type == HIP_R2);
}

static struct rd contents(const struct packet *p, uint16_t type)
{
	const struct param *param = packet_find(p, type);

	cr_assert_not_null(param, "parameter %u", type);
	return param_rd(param);
}

/* The sender's HOST_ID as a key; its HIT must be the sender's (T5). */
static struct hi_public *public_of_sender(const struct packet *p)
{
	struct hi_public *pub = NULL;
	struct host_id id;
	struct hit hit;

	cr_assert_eq(host_id_parse(contents(p, PARAM_HOST_ID), &id), DROP_NONE);
	cr_assert_eq(hit_from_hi(suite_of_algorithm(id.algorithm), id.hi,
				 id.hi_len, &hit),
		     0);
	cr_expect(hit_equal(&hit, &p->sender));
	cr_assert_eq(hi_public_parse(id.algorithm, id.hi, id.hi_len, &pub),
		     DROP_NONE);
	return pub;
}

static struct hit hit_of_key(const char *name, const char *key)
{
	char text[HIT_TEXT_MAX];
	struct hit hit;

	cr_assert(pcap_key_text(name, key, text, sizeof(text)));
	cr_assert_eq(hit_from_text(text, &hit), 0);
	return hit;
}

static void read_puzzle(struct run *run)
{
	size_t len = suite_rhash_len(run->suite);
	struct puzzle_param v;

	cr_assert_eq(
		puzzle_param_parse(contents(run->r1, PARAM_PUZZLE), len, &v),
		DROP_NONE);
	cr_assert_eq(solution_param_parse(contents(run->i2, PARAM_SOLUTION),
					  len, &run->solution),
		     DROP_NONE);
	run->puzzle = (struct puzzle){ .k = v.k,
				       .hit_suite = run->suite,
				       .initiator = run->initiator,
				       .responder = run->responder };
	memcpy(run->puzzle.i, v.i, len);
}

static void make_keys(struct run *run)
{
	uint8_t kij[DH_SECRET_MAX];
	struct id_list cipher;
	size_t len = pcap_key_bytes(run->name, "kij", kij, sizeof(kij));

	cr_assert_neq(len, 0);
	cr_assert_eq(keymat_init(&run->keymat, run->suite, run->solution.i,
				 run->solution.j, kij, len, &run->initiator,
				 &run->responder),
		     0);
	cr_assert_eq(
		hip_cipher_parse(contents(run->i2, PARAM_HIP_CIPHER), &cipher),
		DROP_NONE);
	cr_assert_eq(keymat_hip_keys(&run->keymat, cipher.ids[0],
				     &run->initiator, &run->keys, &run->index),
		     0);
}

static void open_run(struct run *run, const char *name)
{
	*run = (struct run){ .name = name };
	read_packets(run);
	run->initiator = hit_of_key(name, "hit_i");
	run->responder = hit_of_key(name, "hit_r");
	run->suite = hit_suite(&run->responder);
	run->responder_pub = public_of_sender(run->r1);
	run->initiator_pub = public_of_sender(run->i2);
	read_puzzle(run);
	make_keys(run);
}

static void close_run(struct run *run)
{
	hi_public_free(run->initiator_pub);
	hi_public_free(run->responder_pub);
	pcap_close(&run->pcap);
}

static bool is_from_initiator(const struct run *run, const struct packet *p)
{
	return hit_equal(&p->sender, &run->initiator);
}

Test(captured_exchange, hits_are_those_of_the_keys_file)
{
	for (size_t n = 0; n < N_NAMES; n++) {
		struct run run;

		open_run(&run, names[n]);
		for (size_t i = 0; i < run.n_hip; i++) {
			const struct packet *p = &run.hip[i];
			bool out = is_from_initiator(&run, p);

			cr_expect(hit_equal(&p->sender, out ? &run.initiator
							    : &run.responder));
			cr_expect(
				hit_equal(&p->receiver, out ? &run.responder
							    : &run.initiator));
		}
		close_run(&run);
	}
}

Test(captured_exchange, the_puzzle_is_solved)
{
	for (size_t n = 0; n < N_NAMES; n++) {
		struct run run;
		size_t len;

		open_run(&run, names[n]);
		len = suite_rhash_len(run.suite);
		cr_expect_eq(run.solution.k, run.puzzle.k);
		cr_expect_gt(run.puzzle.k, 0);
		cr_expect_arr_eq(run.solution.i, run.puzzle.i, len);
		cr_expect(puzzle_verify(&run.puzzle, run.solution.j));
		run.solution.j[0] ^= 1;
		cr_expect_not(puzzle_verify(&run.puzzle, run.solution.j));
		close_run(&run);
	}
}

/* It hashes I, HIT-R, HIT-I, J. */
Test(captured_exchange, the_puzzle_of_cutehip_rsa_is_not_solved)
{
	struct run run;
	struct puzzle exchanged;

	open_run(&run, "cutehip-rsa");
	cr_expect_not(puzzle_verify(&run.puzzle, run.solution.j));
	exchanged = run.puzzle;
	exchanged.initiator = run.puzzle.responder;
	exchanged.responder = run.puzzle.initiator;
	cr_expect(puzzle_verify(&exchanged, run.solution.j));
	close_run(&run);
}

Test(captured_exchange, diffie_hellman_values_are_taken)
{
	for (size_t n = 0; n < N_NAMES; n++) {
		struct run run;
		struct dh *dh = NULL;
		struct dh_param v;
		uint8_t secret[DH_SECRET_MAX];
		size_t len;

		open_run(&run, names[n]);
		cr_assert_eq(
			dh_param_parse(contents(run.r1, PARAM_DIFFIE_HELLMAN),
				       &v),
			DROP_NONE);
		cr_assert_eq(dh_new(v.group, &dh), 0);
		cr_expect_eq(dh_agree(dh, v.value, v.len, secret, &len),
			     DROP_NONE);
		cr_assert_eq(
			dh_param_parse(contents(run.i2, PARAM_DIFFIE_HELLMAN),
				       &v),
			DROP_NONE);
		cr_expect_eq(dh_agree(dh, v.value, v.len, secret, &len),
			     DROP_NONE);
		dh_free(dh);
		close_run(&run);
	}
}

Test(captured_exchange, keymat_is_that_of_the_keys_file)
{
	for (size_t n = 0; n < N_NAMES; n++) {
		uint8_t want[1024], got[1024];
		struct run run;
		size_t len;

		open_run(&run, names[n]);
		len = pcap_key_bytes(run.name, "keymat", want, sizeof(want));
		cr_assert_geq(len, 256);
		cr_assert_eq(keymat_draw(&run.keymat, 0, got, len), 0);
		cr_expect_arr_eq(got, want, len);
		close_run(&run);
	}
}

Test(captured_exchange, every_hip_mac_is_right)
{
	for (size_t n = 0; n < N_NAMES; n++) {
		struct run run;
		size_t checked = 0;

		open_run(&run, names[n]);
		for (size_t i = 0; i < run.n_hip; i++) {
			const struct packet *p = &run.hip[i];
			bool out = is_from_initiator(&run, p);
			const uint8_t *right =
				out ? run.keys.mac_out : run.keys.mac_in;
			const uint8_t *wrong =
				out ? run.keys.mac_in : run.keys.mac_out;

			if (!packet_find(p, PARAM_HIP_MAC))
				continue;
			cr_expect_eq(protect_check_mac(p, run.suite, right),
				     DROP_NONE, "%s: type %u", run.name,
				     p->type);
			cr_expect_eq(protect_check_mac(p, run.suite, wrong),
				     DROP_MAC);
			checked++;
		}
		cr_expect_eq(checked, 5, "I2 and four UPDATEs");
		close_run(&run);
	}
}

Test(captured_exchange, hip_mac_2_is_right_with_the_host_id_of_r1)
{
	for (size_t n = 0; n < N_NAMES; n++) {
		struct run run;
		const struct param *host_id;
		const uint8_t *whole;
		size_t len;

		open_run(&run, names[n]);
		host_id = packet_find(run.r1, PARAM_HOST_ID);
		whole = run.r1->bytes + host_id->offset;
		len = host_id[1].offset - host_id->offset;
		cr_expect_eq(protect_check_mac_2(run.r2, run.suite,
						 run.keys.mac_in, whole, len),
			     DROP_NONE);
		cr_expect_eq(protect_check_mac_2(run.r2, run.suite,
						 run.keys.mac_out, whole, len),
			     DROP_MAC);
		host_id = packet_find(run.i2, PARAM_HOST_ID);
		cr_expect_eq(protect_check_mac_2(
				     run.r2, run.suite, run.keys.mac_in,
				     run.i2->bytes + host_id->offset, len),
			     DROP_MAC, "the other's HOST_ID");
		close_run(&run);
	}
}

Test(captured_exchange, every_signature_is_right)
{
	for (size_t n = 0; n < N_NAMES; n++) {
		struct run run;
		size_t checked = 0;

		open_run(&run, names[n]);
		cr_expect_eq(
			protect_check_signature_2(run.r1, run.responder_pub),
			DROP_NONE);
		cr_expect_eq(
			protect_check_signature_2(run.r1, run.initiator_pub),
			DROP_SIGNATURE);
		for (size_t i = 2; i < run.n_hip; i++) {
			const struct packet *p = &run.hip[i];
			bool out = is_from_initiator(&run, p);

			cr_expect_eq(protect_check_signature(
					     p, out ? run.initiator_pub
						    : run.responder_pub),
				     DROP_NONE, "%s: type %u", run.name,
				     p->type);
			cr_expect_eq(protect_check_signature(
					     p, out ? run.responder_pub
						    : run.initiator_pub),
				     DROP_SIGNATURE);
			checked++;
		}
		cr_expect_eq(checked, 6, "I2, R2 and four UPDATEs");
		close_run(&run);
	}
}

static uint32_t spi_of_key(const char *name, const char *key)
{
	uint8_t b[4];
	struct rd r;

	cr_assert_eq(pcap_key_bytes(name, key, b, sizeof(b)), sizeof(b));
	r = rd_init(b, sizeof(b));
	return rd_u32(&r);
}

/* One direction of ESP. */
struct direction {
	uint32_t spi;
	struct cipher *cipher;
	struct piece auth; /* the key of HMAC-SHA-256 */
};

/*
 * RFC 7402 3.3.6 wants 64-bit sequence numbers, whose high half the ICV
 * covers though it is not sent (RFC 4303 2.2.1). The other program counts in
 * 32 bits: its ICV is judged without that half, and made anew with it for
 * our cipher to open.
 */
static void judge_icv(const struct direction *d, uint8_t *esp, size_t len)
{
	static const uint8_t high[4];
	const struct piece pieces[] = { { esp, len }, { high, sizeof(high) } };
	uint8_t mac[RHASH_MAX];

	cr_assert_eq(suite_hkdf_hmac(1, &d->auth, pieces, 1, mac), 0);
	cr_expect_arr_eq(esp + len, mac, cipher_suite(d->cipher)->icv_len);
	cr_assert_eq(suite_hkdf_hmac(1, &d->auth, pieces, 2, mac), 0);
	memcpy(esp + len, mac, cipher_suite(d->cipher)->icv_len);
}

/* Opens one packet in a copy and looks into the trailer (RFC 4303 2.4). */
static void expect_esp(const struct direction *d,
		       const struct pcap_packet *packet, uint32_t seq)
{
	const struct cipher_suite *s = cipher_suite(d->cipher);
	size_t overhead = 8 + s->iv_len + s->icv_len;
	uint8_t bytes[2048];
	const uint8_t *last;

	cr_assert(packet->len > overhead && packet->len <= sizeof(bytes));
	memcpy(bytes, packet->bytes, packet->len);
	judge_icv(d, bytes, packet->len - s->icv_len);
	cr_assert(cipher_open(d->cipher, bytes, packet->len - overhead, seq));
	last = bytes + packet->len - s->icv_len - 1;
	cr_expect_eq(last[0], 58, "an echo by ICMPv6");
	cr_assert_eq(last[-1], 14);
	for (size_t i = 0; i < 14; i++)
		cr_expect_eq(last[-15 + (long)i], i + 1);
	/* BEET: the payload begins behind the inner IPv6 header. */
	cr_expect(bytes[8 + s->iv_len] == 128 || bytes[8 + s->iv_len] == 129);
}

static struct direction direction_open(const struct run *run, uint16_t suite,
				       const char *spi, const uint8_t *key,
				       size_t len)
{
	struct direction d = { .spi = spi_of_key(run->name, spi) };
	size_t enc, auth;

	cr_assert(suite_esp_key_len(suite, &enc, &auth));
	d.auth = (struct piece){ key + enc, auth };
	d.cipher = cipher_new(suite, CIPHER_AUTO, CIPHER_OPEN, key, len);
	cr_assert_not_null(d.cipher);
	return d;
}

Test(captured_exchange, every_esp_packet_opens)
{
	for (size_t n = 0; n < N_NAMES; n++) {
		struct run run;
		struct esp_keys k;
		struct id_list esp;
		struct direction out, in;
		size_t next;

		open_run(&run, names[n]);
		cr_assert_eq(
			esp_transform_parse(
				contents(run.i2, PARAM_ESP_TRANSFORM), &esp),
			DROP_NONE);
		cr_assert_eq(keymat_esp_keys(&run.keymat, esp.ids[0], run.index,
					     &run.initiator, &k, &next),
			     0);
		out = direction_open(&run, esp.ids[0],
				     "spi initiator->responder", k.out, k.len);
		in = direction_open(&run, esp.ids[0],
				    "spi responder->initiator", k.in, k.len);
		for (size_t i = 0; i < run.n_esp; i++) {
			struct rd r = rd_init(run.esp[i].bytes, 8);
			uint32_t spi = rd_u32(&r);
			uint32_t seq = rd_u32(&r);

			cr_assert(spi == out.spi || spi == in.spi);
			expect_esp(spi == out.spi ? &out : &in, &run.esp[i],
				   seq);
		}
		cipher_free(out.cipher);
		cipher_free(in.cipher);
		close_run(&run);
	}
}

/* RFC 7402 5.1.1: SPIs and the index where ESP's keys begin. */
Test(captured_exchange, esp_info_names_spi_and_keymat_index)
{
	for (size_t n = 0; n < N_NAMES; n++) {
		struct run run;
		struct esp_info v;

		open_run(&run, names[n]);
		cr_assert_eq(
			esp_info_parse(contents(run.i2, PARAM_ESP_INFO), &v),
			DROP_NONE);
		cr_expect_eq(v.keymat_index, run.index);
		cr_expect_eq(v.new_spi,
			     spi_of_key(run.name, "spi responder->initiator"));
		cr_assert_eq(
			esp_info_parse(contents(run.r2, PARAM_ESP_INFO), &v),
			DROP_NONE);
		cr_expect_eq(v.keymat_index, run.index);
		cr_expect_eq(v.new_spi,
			     spi_of_key(run.name, "spi initiator->responder"));
		close_run(&run);
	}
}
