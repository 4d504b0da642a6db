/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Two indexes with chained buckets under a keyed hash (SipHash), so that
 * nobody outside can choose SPIs or HITs that meet in one bucket: inbound
 * SAs by SPI, outbound ones by the peer's HIT, the current one and those
 * that it replaced in the same chain.
 */
#include "tun/sa_state.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum {
	BUCKETS_FIRST = 16, /* a power of two, like every later size */
	SPI_MIN = 256,	    /* RFC 4303 2.1: 0 is local, 1 to 255 reserved */
};

struct index {
	struct sa **buckets;
	size_t mask;
	size_t count;
};

struct sa_table {
	pthread_rwlock_t lock;
	struct index in;
	struct index out;
	uint8_t seed[crypto_shorthash_KEYBYTES];
};

static_assert(sizeof(((struct sa_table *)0)->seed) == 16,
	      "sa_table_new takes 16 bytes");
static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "");

static uint64_t hash(const struct sa_table *t, const void *bytes, size_t len)
{
	uint64_t h;

	crypto_shorthash((uint8_t *)&h, bytes, len, t->seed);
	return h;
}

static void sa_free(struct sa *sa)
{
	cipher_free(sa->cipher);
	pthread_mutex_destroy(&sa->held);
	free(sa);
}

static bool index_init(struct index *x)
{
	x->buckets = calloc(BUCKETS_FIRST, sizeof(struct sa *));
	x->mask = BUCKETS_FIRST - 1;
	x->count = 0;
	return x->buckets != NULL;
}

static struct sa *index_first(const struct index *x, uint64_t h)
{
	return x->buckets[h & x->mask];
}

/* Doubles the buckets; without memory for that, chains just grow longer. */
static void index_grow(struct index *x)
{
	size_t n = (x->mask + 1) * 2;
	struct sa **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return;
	for (size_t i = 0; i <= x->mask; i++) {
		struct sa *l = x->buckets[i];

		while (l) {
			struct sa *next = l->next;

			l->next = buckets[l->hash & (n - 1)];
			buckets[l->hash & (n - 1)] = l;
			l = next;
		}
	}
	free(x->buckets);
	x->buckets = buckets;
	x->mask = n - 1;
}

static void index_insert(struct index *x, struct sa *l, uint64_t h)
{
	if (x->count > x->mask)
		index_grow(x);
	l->hash = h;
	l->next = x->buckets[h & x->mask];
	x->buckets[h & x->mask] = l;
	x->count++;
}

static void index_remove(struct index *x, struct sa *l)
{
	struct sa **p = &x->buckets[l->hash & x->mask];

	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	x->count--;
}

static void index_clear(struct index *x)
{
	for (size_t i = 0; x->buckets && i <= x->mask; i++) {
		while (x->buckets[i]) {
			struct sa *sa = x->buckets[i];

			x->buckets[i] = sa->next;
			sa_free(sa);
		}
	}
	free(x->buckets);
}

/* The SA of one direction around what both have, which is its beginning. */
static struct sa_in *in_of(struct sa *sa)
{
	return (struct sa_in *)(void *)sa;
}

static struct sa_out *out_of(struct sa *sa)
{
	return (struct sa_out *)(void *)sa;
}

static_assert(offsetof(struct sa_in, sa) == 0, "in_of");
static_assert(offsetof(struct sa_out, sa) == 0, "out_of");

struct sa_table *sa_table_new(const uint8_t seed[16])
{
	struct sa_table *t = calloc(1, sizeof(*t));
	pthread_rwlockattr_t attr;
	bool ok;

	if (!t)
		return NULL;
	memcpy(t->seed, seed, sizeof(t->seed));
	/* Busy workers must not keep the control thread waiting for ever. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
		&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	ok = pthread_rwlock_init(&t->lock, &attr) == 0;
	pthread_rwlockattr_destroy(&attr);
	if (!ok) {
		free(t);
		return NULL;
	}
	if (!index_init(&t->in) || !index_init(&t->out)) {
		sa_table_free(t);
		return NULL;
	}
	return t;
}

void sa_table_free(struct sa_table *t)
{
	if (!t)
		return;
	index_clear(&t->in);
	index_clear(&t->out);
	pthread_rwlock_destroy(&t->lock);
	sodium_memzero(t->seed, sizeof(t->seed));
	free(t);
}

/* The three fail only when used wrongly, which would be a bug of ours. */
void sa_table_rdlock(struct sa_table *t)
{
	int e = pthread_rwlock_rdlock(&t->lock);

	assert(e == 0);
}

void sa_table_wrlock(struct sa_table *t)
{
	int e = pthread_rwlock_wrlock(&t->lock);

	assert(e == 0);
}

void sa_table_unlock(struct sa_table *t)
{
	int e = pthread_rwlock_unlock(&t->lock);

	assert(e == 0);
}

static void hold(struct sa *sa)
{
	int e = pthread_mutex_lock(&sa->held);

	assert(e == 0);
}

static void release(struct sa *sa)
{
	int e = pthread_mutex_unlock(&sa->held);

	assert(e == 0);
}

void sa_in_hold(struct sa_in *sa)
{
	hold(&sa->sa);
}

void sa_in_release(struct sa_in *sa)
{
	release(&sa->sa);
}

void sa_out_hold(struct sa_out *sa)
{
	hold(&sa->sa);
}

void sa_out_release(struct sa_out *sa)
{
	release(&sa->sa);
}

/* 0 when an SA can be made from it, memory permitting. */
static int conf_check(const struct sa_conf *conf)
{
	const struct cipher_suite *s = cipher_suite_find(conf->suite);

	if (conf->spi < SPI_MIN || !s || conf->key_len != s->key_len)
		return -EINVAL;
	return cipher_backend_works(conf->backend) ? 0 : -EINVAL;
}

/* What both directions have, in zeroed memory for the whole of one. */
static struct sa *sa_new(const struct sa_conf *conf, size_t size,
			 enum cipher_direction direction)
{
	struct sa *sa = calloc(1, size);

	if (!sa)
		return NULL;
	sa->cipher = cipher_new(conf->suite, conf->backend, direction,
				conf->key, conf->key_len);
	if (!sa->cipher) {
		free(sa);
		return NULL;
	}
	(void)pthread_mutex_init(&sa->held, NULL); /* cannot fail on Linux */
	sa->spi = conf->spi;
	memcpy(sa->local, conf->local, sizeof(sa->local));
	memcpy(sa->peer, conf->peer, sizeof(sa->peer));
	return sa;
}

int sa_in_add(struct sa_table *t, const struct sa_conf *conf)
{
	int e = conf_check(conf);
	struct sa *sa;

	if (e < 0)
		return e;
	if (sa_in_find(t, conf->spi))
		return -EEXIST;
	sa = sa_new(conf, sizeof(struct sa_in), CIPHER_OPEN);
	if (!sa)
		return -ENOMEM;
	replay_init(&in_of(sa)->replay);
	index_insert(&t->in, sa, hash(t, &sa->spi, sizeof(sa->spi)));
	return 0;
}

/* The peer's SA of that SPI, current or not. */
static struct sa_out *out_find_spi(struct sa_table *t, uint32_t spi,
				   const uint8_t peer[16])
{
	uint64_t h = hash(t, peer, 16);

	for (struct sa *sa = index_first(&t->out, h); sa; sa = sa->next) {
		if (sa->spi == spi && memcmp(sa->peer, peer, 16) == 0)
			return out_of(sa);
	}
	return NULL;
}

/* The inner packets that fit into IP packets of at most `outer` bytes. */
static void set_limit(struct sa_out *out, uint32_t outer)
{
	const struct cipher_suite *s = cipher_suite(out->sa.cipher);
	uint32_t headers = out->path.remote.family == AF_INET ? IPV4_HEADER_LEN
							      : IPV6_HEADER_LEN;

	if (!path_is_raw(&out->path))
		headers += UDP_HEADER_LEN;
	if (outer != 0 && outer < SA_OUTER_MIN)
		outer = SA_OUTER_MIN;
	out->outer_max = outer;
	out->inner_max = outer ? (uint32_t)cipher_inner_max(s, outer - headers)
			       : UINT32_MAX;
}

/* RFC 7739 5.3: begins where nobody can tell, and then counts. */
static uint32_t first_fragment_id(const struct sa_table *t,
				  const struct sa_conf *conf)
{
	uint8_t bytes[16 + sizeof(conf->spi)];

	memcpy(bytes, conf->peer, 16);
	memcpy(bytes + 16, &conf->spi, sizeof(conf->spi));
	return (uint32_t)hash(t, bytes, sizeof(bytes));
}

int sa_out_add(struct sa_table *t, const struct sa_conf *conf)
{
	int e = conf_check(conf);
	struct sa_out *out, *old;
	struct sa *sa;

	if (e < 0)
		return e;
	if (out_find_spi(t, conf->spi, conf->peer))
		return -EEXIST;
	sa = sa_new(conf, sizeof(struct sa_out), CIPHER_SEAL);
	if (!sa)
		return -ENOMEM;
	out = out_of(sa);
	out->path = conf->path;
	atomic_init(&out->next_seq, 1);
	atomic_init(&out->large, false);
	atomic_init(&out->fragment_id, first_fragment_id(t, conf));
	old = sa_out_find(t, conf->peer);
	if (old)
		old->current = false;
	set_limit(out,
		  old && memcmp(&old->path, &conf->path, sizeof(old->path)) == 0
			  ? old->outer_max
			  : 0);
	out->current = true;
	index_insert(&t->out, sa, hash(t, sa->peer, sizeof(sa->peer)));
	return 0;
}

bool sa_in_narrow(struct sa_table *t, uint32_t spi, uint16_t port)
{
	struct sa_in *in = sa_in_find(t, spi);

	if (!in)
		return false;
	in->only_port = port;
	return true;
}

bool sa_out_narrow(struct sa_table *t, const uint8_t peer[16], uint16_t port)
{
	struct sa_out *out = sa_out_find(t, peer);

	if (!out)
		return false;
	out->only_port = port;
	return true;
}

bool sa_in_delete(struct sa_table *t, uint32_t spi)
{
	struct sa_in *in = sa_in_find(t, spi);

	if (!in)
		return false;
	index_remove(&t->in, &in->sa);
	sa_free(&in->sa);
	return true;
}

bool sa_out_delete(struct sa_table *t, uint32_t spi, const uint8_t peer[16])
{
	struct sa_out *out = out_find_spi(t, spi, peer);

	if (!out)
		return false;
	index_remove(&t->out, &out->sa);
	sa_free(&out->sa);
	return true;
}

bool sa_out_move(struct sa_table *t, const uint8_t peer[16],
		 const struct path *path)
{
	struct sa_out *out = sa_out_find(t, peer);

	if (!out)
		return false;
	out->path = *path;
	set_limit(out, 0);
	return true;
}

bool sa_out_limit(struct sa_table *t, const uint8_t peer[16], uint32_t outer)
{
	struct sa_out *out = sa_out_find(t, peer);

	if (!out)
		return false;
	set_limit(out, outer);
	return true;
}

struct sa_in *sa_in_find(struct sa_table *t, uint32_t spi)
{
	uint64_t h = hash(t, &spi, sizeof(spi));

	for (struct sa *sa = index_first(&t->in, h); sa; sa = sa->next) {
		if (sa->spi == spi)
			return in_of(sa);
	}
	return NULL;
}

struct sa_out *sa_out_find(struct sa_table *t, const uint8_t peer[16])
{
	uint64_t h = hash(t, peer, 16);

	for (struct sa *sa = index_first(&t->out, h); sa; sa = sa->next) {
		if (out_of(sa)->current && memcmp(sa->peer, peer, 16) == 0)
			return out_of(sa);
	}
	return NULL;
}

bool sa_out_next_seq(struct sa_out *sa, uint64_t *seq)
{
	/* RFC 4303 3.3.3: the counter must not cycle. */
	if (atomic_load_explicit(&sa->next_seq, memory_order_relaxed) >
	    SA_SEQ_LAST)
		return false;
	*seq = atomic_fetch_add_explicit(&sa->next_seq, 1,
					 memory_order_relaxed);
	return true;
}

const struct sa_counters *sa_in_counters(const struct sa_in *sa)
{
	return &sa->sa.counters;
}

const struct sa_counters *sa_out_counters(const struct sa_out *sa)
{
	return &sa->sa.counters;
}

const struct path *sa_out_path(const struct sa_out *sa)
{
	return &sa->path;
}

uint32_t sa_out_inner_max(const struct sa_out *sa)
{
	return sa->inner_max;
}

bool sa_out_note_large(struct sa_out *sa)
{
	return !atomic_load_explicit(&sa->large, memory_order_relaxed) &&
	       !atomic_exchange_explicit(&sa->large, true,
					 memory_order_relaxed);
}

void sa_out_expect_large(struct sa_out *sa)
{
	atomic_store_explicit(&sa->large, false, memory_order_relaxed);
}

uint32_t sa_out_fragment_id(struct sa_out *sa)
{
	return atomic_fetch_add_explicit(&sa->fragment_id, 1,
					 memory_order_relaxed);
}

const uint8_t *sa_in_peer(const struct sa_in *sa)
{
	return sa->sa.peer;
}

const uint8_t *sa_out_peer(const struct sa_out *sa)
{
	return sa->sa.peer;
}

size_t sa_table_count(const struct sa_table *t)
{
	return t->in.count + t->out.count;
}
