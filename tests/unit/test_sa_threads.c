/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A worker that looks SAs up, seals and counts while the control thread
 * adds, moves, deletes and reads counters; and sequence numbers taken by two
 * threads at once. For ThreadSanitizer, hence without a test framework.
 */
#include "tun/sa_state.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEERS = 16, ROUNDS = 2000, TAKES = 50000 };

static const uint8_t seed[16] = { 4 };
static const uint8_t key[20] = { 5 };

static struct sa_conf conf_of(uint32_t spi, uint8_t peer)
{
	return (struct sa_conf){
		.spi = spi,
		.suite = 13,
		.key = key,
		.key_len = sizeof(key),
		.peer = { 0x20, 0x01, 0x00, 0x22, peer },
	};
}

static void *work(void *arg)
{
	struct sa_table *t = arg;
	uint8_t packet[64] = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		sa_table_rdlock(t);
		for (uint8_t p = 0; p < PEERS; p++) {
			struct sa_conf c = conf_of(0, p);
			struct sa_out *out = sa_out_find(t, c.peer);
			uint64_t seq;

			if (!out || !sa_out_next_seq(out, &seq))
				continue;
			packet[0] ^= (uint8_t)out->path.remote.family;
			if (!cipher_seal(out->sa.cipher, packet, 16, seq))
				abort();
			sa_count(&out->sa.counters, 16);
		}
		sa_table_unlock(t);
	}
	return NULL;
}

/* One change to each peer: SPIs count up, so a new SA replaces the older. */
static bool change(struct sa_table *t, uint32_t spi)
{
	struct path path = { 0 };
	bool ok = true;

	path.remote.family = spi % 2 ? AF_INET : AF_INET6;
	for (uint8_t p = 0; p < PEERS; p++) {
		struct sa_conf c = conf_of(spi, p);

		sa_table_wrlock(t);
		ok = ok && sa_out_add(t, &c) == 0 &&
		     sa_out_move(t, c.peer, &path);
		if (spi > 1000)
			ok = ok && sa_out_delete(t, spi - 1, c.peer);
		sa_table_unlock(t);
	}
	return ok;
}

static uint64_t packets_now(struct sa_table *t)
{
	uint64_t sum = 0;

	sa_table_rdlock(t);
	for (uint8_t p = 0; p < PEERS; p++) {
		struct sa_conf c = conf_of(0, p);
		struct sa_out *out = sa_out_find(t, c.peer);

		if (out)
			sum += atomic_load(&sa_out_counters(out)->packets);
	}
	sa_table_unlock(t);
	return sum;
}

static void *take(void *arg)
{
	struct sa_out *out = arg;
	uint64_t last = 0, seq;

	for (int i = 0; i < TAKES; i++) {
		if (!sa_out_next_seq(out, &seq) || seq <= last)
			abort();
		last = seq;
	}
	return NULL;
}

/* Numbers are given out once each: as many as were asked for, no more. */
static bool takes_are_distinct(struct sa_table *t)
{
	struct sa_conf c = conf_of(99999, 1);
	struct sa_out *out;
	pthread_t other;
	uint64_t seq;

	if (sa_out_add(t, &c) < 0)
		return false;
	out = sa_out_find(t, c.peer);
	if (pthread_create(&other, NULL, take, out) != 0)
		return false;
	take(out);
	pthread_join(other, NULL);
	return sa_out_next_seq(out, &seq) && seq == 2 * TAKES + 1;
}

int main(void)
{
	struct sa_table *t = sa_table_new(seed);
	uint64_t packets = 0;
	pthread_t worker;
	bool ok;

	if (!t || pthread_create(&worker, NULL, work, t) != 0)
		return 1;
	ok = true;
	for (uint32_t i = 0; i < 500 && ok; i++) {
		ok = change(t, 1000 + i);
		packets += packets_now(t);
	}
	pthread_join(worker, NULL);
	ok = ok && sa_table_count(t) == PEERS && takes_are_distinct(t);
	printf("%s: %llu packets seen under way\n", ok ? "ok" : "FAILED",
	       (unsigned long long)packets);
	sa_table_free(t);
	return ok ? 0 : 1;
}
