/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A set-associative table under a secret hash. Where a set is full, the
 * source that was answered longest ago makes room: a flood from many
 * addresses may so forget one that was limited, but cannot choose which,
 * and never shuts out a newcomer.
 */
#include "daemon/hip/quota.h"

#include "daemon/hip/limits.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAYS = 4,
	SETS = R1_SOURCES_MAX / WAYS,
	CREDIT_MAX = HIP_PACKET_MAX, /* bytes that may be saved up */
};

static_assert((SETS & (SETS - 1)) == 0, "sets are masked");
static_assert((int)QUOTA_SEED_LEN == (int)crypto_shorthash_KEYBYTES,
	      "one SipHash key");

/* One source. The times are a ring: `next` is the oldest. */
struct quota_entry {
	uint32_t tag; /* 0: free */
	uint16_t credit;
	uint8_t next;
	uint32_t sent_ms[R1_PER_SOURCE_MAX]; /* 0: never */
};

int quota_init(struct quota *q, const uint8_t seed[QUOTA_SEED_LEN])
{
	*q = (struct quota){ 0 };
	q->entries = calloc(R1_SOURCES_MAX, sizeof(*q->entries));
	if (!q->entries)
		return -ENOMEM;
	memcpy(q->seed, seed, sizeof(q->seed));
	return 0;
}

void quota_clear(struct quota *q)
{
	free(q->entries);
	*q = (struct quota){ 0 };
}

static uint64_t source_hash(const struct quota *q, const struct locator *from)
{
	size_t len = locator_is_v4(from) ? 16 : 8; /* /32 or /64 */
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t v;

	/* It cannot fail. */
	(void)crypto_shorthash(hash, from->addr, len, q->seed);
	memcpy(&v, hash, sizeof(v));
	return v;
}

/* The newest time in the ring, or 0. */
static uint32_t newest(const struct quota_entry *e)
{
	return e->sent_ms[(e->next + R1_PER_SOURCE_MAX - 1) %
			  R1_PER_SOURCE_MAX];
}

/* Milliseconds since a time of the ring; differences survive a wrap. */
static uint32_t age(uint32_t sent_ms, uint32_t now_ms)
{
	return now_ms - sent_ms;
}

/* This source's entry, made anew where it has none. */
static struct quota_entry *find(struct quota *q, uint64_t hash, uint32_t now_ms)
{
	struct quota_entry *set = &q->entries[(hash & (SETS - 1)) * WAYS];
	uint32_t tag = (uint32_t)(hash >> 32) | 1;
	struct quota_entry *victim = set;

	for (size_t i = 0; i < WAYS; i++) {
		struct quota_entry *e = &set[i];

		if (e->tag == tag)
			return e;
		if (victim->tag == 0)
			continue;
		if (e->tag == 0 ||
		    age(newest(e), now_ms) > age(newest(victim), now_ms))
			victim = e;
	}
	*victim = (struct quota_entry){ .tag = tag };
	return victim;
}

bool quota_allow(struct quota *q, const struct locator *from, size_t in_len,
		 size_t out_len, uint64_t now_ms)
{
	uint32_t now = (uint32_t)now_ms ? (uint32_t)now_ms : 1;
	struct quota_entry *e = find(q, source_hash(q, from), now);
	uint32_t oldest = e->sent_ms[e->next];
	size_t credit = e->credit + in_len * R1_BYTES_PER_BYTE;

	if (oldest == 0 || age(oldest, now) >= R1_PER_SOURCE_MS) {
		e->credit = 0;
		e->sent_ms[e->next] = now;
		e->next = (e->next + 1) % R1_PER_SOURCE_MAX;
		return true;
	}
	if (credit < out_len) {
		e->credit =
			(uint16_t)(credit < CREDIT_MAX ? credit : CREDIT_MAX);
		return false;
	}
	credit -= out_len;
	e->credit = (uint16_t)(credit < CREDIT_MAX ? credit : CREDIT_MAX);
	return true;
}
