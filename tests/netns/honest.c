/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * honest - many hosts that each complete an exchange with one peer.
 *
 *   honest FIRST TO HIT exchanges N AT-ONCE
 *   honest FIRST TO HIT hold N AT-ONCE SECONDS
 *
 * FIRST is the IPv4 address of the first of them (crowd.h). `exchanges`
 * prints how many completed and how long they took from the first I1 on.
 * `hold` then sends an echo through each association, says "ready", stays for
 * so long without a word, and tells how late the peer's CLOSEs were repeated.
 */
#include "tests/netns/crowd.h"
#include "tun/checksum.h"
#include "tun/esp.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TURN_MS = 5,
	GIVE_UP_MS = 25 * 1000,
	ECHO_LEN = IPV6_HEADER_LEN + 8,
	ECHO_MS = 10 * 1000, /* for the answers to the last of them */
	ECHOES_PER_S = 1000,
	CLOSE_REPEATED_MS = 500, /* docs/protocol.md 6 */
	PACKET_LEN = 256,
	SPI_LEN = 4,
	TYPE_AT = SPI_LEN + 2,
	NEXT_HEADER_ICMP6 = 58,
	ECHO_REQUEST = 128,
	ECHO_REPLY = 129,
};

struct person {
	struct hit hit;
	bool echoed;
	uint64_t closed_ms; /* when the first CLOSE came */
};

struct honest {
	struct person *people;
	struct sa_table *sas;
	uint64_t *times; /* of those that completed */
	size_t completed, failed;
	size_t echoed, n_late;
	uint64_t *late; /* of CLOSEs */
};

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "honest: no memory\n");
		exit(2);
	}
	return p;
}

/* The table finds outbound SAs by the other end's HIT, which is the same for
 * all: ours takes its place, and nothing else looks at it. */
static void add_sa(struct crowd *c, size_t i, struct hip_output *o)
{
	struct honest *h = c->mine;
	const struct hit *hit = identity_hit(c->members[i].id);
	bool in = o->kind == HIP_OUT_SA_IN;
	struct sa_conf conf = { .spi = o->spi,
				.suite = o->esp_suite,
				.backend = CIPHER_OPENSSL,
				.key = o->key,
				.key_len = o->key_len };
	int err;

	memcpy(conf.local, in ? hit : &c->peer, sizeof(conf.local));
	memcpy(conf.peer, in ? &c->peer : hit, sizeof(conf.peer));
	err = in ? sa_in_add(h->sas, &conf) : sa_out_add(h->sas, &conf);
	sodium_memzero(o->key, sizeof(o->key));
	if (err)
		fprintf(stderr, "honest: SA: %s\n", strerror(-err));
}

static bool on_output(struct crowd *c, size_t i, struct hip_output *o)
{
	struct honest *h = c->mine;

	switch (o->kind) {
	case HIP_OUT_SA_IN:
	case HIP_OUT_SA_OUT:
		if (h->sas)
			add_sa(c, i, o);
		if (o->kind == HIP_OUT_SA_IN)
			return true;
		/* R2 came and was right. */
		h->times[h->completed++] =
			crowd_now_ms() - c->members[i].begun_ms;
		return true;
	case HIP_OUT_PEER:
		if (o->state == ASSOC_FAILED) {
			h->failed++;
			fprintf(stderr, "honest: failed: %s\n",
				o->reason ? o->reason : "?");
		}
		return true;
	case HIP_OUT_SEND:
		return false;
	default:
		return true;
	}
}

/* Those that are through, or have tried for long enough, go. Their identity
 * would be needed for nothing but their HIT, which the SAs have. */
static void reap(struct crowd *c)
{
	struct honest *h = c->mine;
	uint64_t now_ms = crowd_now_ms();

	for (size_t k = 0; k < c->n_alive;) {
		size_t i = c->alive[k];
		struct host_assoc_info info;
		bool has = host_assoc_find(c->members[i].host, &c->peer, &info);

		if (has && info.state != ASSOC_ESTABLISHED &&
		    info.state != ASSOC_FAILED &&
		    now_ms - c->members[i].begun_ms < GIVE_UP_MS) {
			k++;
			continue;
		}
		if (!has || (info.state != ASSOC_ESTABLISHED &&
			     info.state != ASSOC_FAILED))
			h->failed++;
		crowd_end(c, i);
	}
}

static void exchange_all(struct crowd *c, size_t n, size_t at_once)
{
	struct honest *h = c->mine;
	size_t begun = 0;

	while (begun < n || c->n_alive > 0) {
		while (begun < n && c->n_alive < at_once) {
			crowd_begin(c, begun);
			h->people[begun].hit =
				*identity_hit(c->members[begun].id);
			begun++;
		}
		crowd_turn(c, TURN_MS);
		reap(c);
	}
}

static size_t make_echo(const struct crowd *c, const struct hit *from,
			uint8_t *out)
{
	uint8_t *icmp = out + IPV6_HEADER_LEN;
	size_t len = ECHO_LEN - IPV6_HEADER_LEN;
	uint64_t sum;

	memset(out, 0, ECHO_LEN);
	out[0] = 0x60;
	store_be16(out + 4, (uint16_t)len);
	out[6] = NEXT_HEADER_ICMP6;
	out[7] = 64;
	memcpy(out + 8, from, sizeof(*from));
	memcpy(out + 24, &c->peer, sizeof(c->peer));
	icmp[0] = ECHO_REQUEST;
	sum = checksum_pseudo(from->bytes, c->peer.bytes, NEXT_HEADER_ICMP6,
			      (uint32_t)len);
	checksum_store(icmp + 2,
		       (uint16_t)~checksum_fold(checksum_add(sum, icmp, len)));
	return ECHO_LEN;
}

static void send_echo(struct crowd *c, size_t i, const struct hit *hit)
{
	struct honest *h = c->mine;
	uint8_t buf[PACKET_LEN];
	struct pkt p = { .buf = buf, .cap = sizeof(buf), .off = PKT_HEAD_ROOM };
	struct sa_out *sa = sa_out_find(h->sas, hit->bytes);

	p.len = (uint32_t)make_echo(c, hit, pkt_data(&p));
	if (sa && esp_seal(sa, &p) == ESP_OK)
		crowd_send(c, i, pkt_data(&p), p.len);
}

static void on_close(struct honest *h, struct person *p)
{
	uint64_t now_ms = crowd_now_ms();
	uint64_t gap = now_ms - p->closed_ms;

	if (p->closed_ms == 0) {
		p->closed_ms = now_ms;
		return;
	}
	if (p->closed_ms == UINT64_MAX)
		return; /* only the first repetition counts */
	p->closed_ms = UINT64_MAX;
	h->late[h->n_late++] =
		gap > CLOSE_REPEATED_MS ? gap - CLOSE_REPEATED_MS : 0;
}

static void on_esp(struct honest *h, struct person *p, uint8_t *bytes,
		   size_t len)
{
	struct sa_in *sa = sa_in_find(h->sas, load_be32(bytes));
	struct pkt pkt = { .buf = bytes,
			   .cap = (uint32_t)len,
			   .len = (uint32_t)len };
	uint8_t next_header;

	if (!sa || esp_open_payload(sa, &pkt, &next_header) != ESP_OK ||
	    next_header != NEXT_HEADER_ICMP6 || *pkt_data(&pkt) != ECHO_REPLY)
		return;
	h->echoed += !p->echoed;
	p->echoed = true;
}

static void on_datagram(struct crowd *c, size_t i, uint8_t *bytes, size_t len)
{
	struct honest *h = c->mine;
	struct person *p = &h->people[i];

	if (load_be32(bytes) != 0)
		on_esp(h, p, bytes, len);
	else if (len > TYPE_AT && bytes[TYPE_AT] == HIP_CLOSE)
		on_close(h, p);
}

static void hold(struct crowd *c, size_t n, size_t at_once, uint64_t seconds)
{
	static const uint8_t seed[16] = { 1 };
	struct honest *h = c->mine;
	size_t sent = 0;
	uint64_t start, end;

	h->sas = must(sa_table_new(seed));
	sa_table_wrlock(h->sas);
	exchange_all(c, n, at_once);
	start = crowd_now_ms();
	while (sent < n) {
		uint64_t due = (crowd_now_ms() - start) * ECHOES_PER_S / 1000;

		for (; sent <= due && sent < n; sent++)
			send_echo(c, sent, &h->people[sent].hit);
		crowd_turn(c, 1);
	}
	end = crowd_now_ms() + ECHO_MS;
	while (h->echoed < h->completed && crowd_now_ms() < end)
		crowd_turn(c, TURN_MS);
	printf("echoes: %zu of %zu\nready\n", h->echoed, n);
	(void)fflush(stdout); /* or the test waits in vain and fails */
	end = crowd_now_ms() + seconds * 1000;
	while (h->n_late < n && crowd_now_ms() < end)
		crowd_turn(c, TURN_MS);
	sa_table_unlock(h->sas);
	printf("closed: %zu of %zu\n", h->n_late, n);
	crowd_print_times("late", h->late, h->n_late);
	sa_table_free(h->sas);
}

static int usage(void)
{
	fprintf(stderr, "usage: honest FIRST TO HIT exchanges N AT-ONCE\n"
			"       honest FIRST TO HIT hold N AT-ONCE SECONDS\n");
	return 2;
}

int main(int argc, char **argv)
{
	bool holds = argc == 8 && strcmp(argv[4], "hold") == 0;
	struct crowd c = { .on_output = on_output, .on_datagram = on_datagram };
	struct honest h = { 0 };
	size_t n, at_once;

	if (!holds && (argc != 7 || strcmp(argv[4], "exchanges") != 0))
		return usage();
	n = strtoul(argv[5], NULL, 10);
	at_once = strtoul(argv[6], NULL, 10);
	if (n == 0 || at_once == 0)
		return usage();
	h.people = must(calloc(n, sizeof(*h.people)));
	h.times = must(calloc(n, sizeof(*h.times)));
	h.late = must(calloc(n, sizeof(*h.late)));
	c.mine = &h;
	crowd_open(&c, argv[1], argv[2], argv[3], n);
	if (holds)
		hold(&c, n, at_once, strtoull(argv[7], NULL, 10));
	else
		exchange_all(&c, n, at_once);
	printf("completed: %zu of %zu\n", h.completed, n);
	crowd_print_times("time", h.times, h.completed);
	crowd_close(&c);
	free(h.people);
	free(h.times);
	free(h.late);
	return h.completed == n ? 0 : 1;
}
