/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The pool of pre-signed R1s. HIP_SIGNATURE_2 leaves out the Receiver HIT,
 * I and Opaque (RFC 7401 5.2.15), so that the first two are filled in per
 * I1. I begins with the time when it was made, masked, and goes on with a
 * keyed hash of that time and the Initiator: the same one gets different Is
 * (4.1.2), and it shows which of two I2s answers the newer R1.
 */
#include "daemon/hip/r1.h"

#include "daemon/hip/inside.h"
#include "daemon/hip/protect.h"
#include "daemon/hip/suite.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Offsets in the header and in PUZZLE's contents (RFC 7401 5.1, 5.2.4). */
enum {
	OFFSET_RECEIVER = 24,
	OFFSET_I = 4,
	PARAM_HEADER_LEN = 4,
};

static_assert(sizeof(uint64_t) < PUZZLE_SECRET_LEN,
	      "time and K go into the key");

static const struct hit no_hit;

static struct id_list id_list_of(const uint16_t *ids, size_t n)
{
	struct id_list list = { .n = n };

	memcpy(list.ids, ids, n * sizeof(*ids));
	return list;
}

/* All suites that we can verify, our own first (RFC 7401 5.2.10). */
static struct id_list suites_of(uint8_t own)
{
	static const uint16_t all[] = { HIT_SUITE_ECDSA, HIT_SUITE_RSA,
					HIT_SUITE_EDDSA };
	struct id_list list = { .ids = { own }, .n = 1 };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i] != own)
			list.ids[list.n++] = all[i];
	}
	return list;
}

/* RFC 7401 5.3.2, in the order of types; RFC 7402 5.2.1.1. */
static int write_r1(const struct r1_pool *pool, const struct r1_generation *g,
		    struct r1_packet *r1, uint8_t k, struct packet_out *p)
{
	const struct host_conf *conf = pool->conf;
	const struct hit *hit = identity_hit(conf->id);
	size_t rhash_len = suite_rhash_len(hit_suite(hit));
	struct r1_counter counter = { .counter = g->counter };
	struct puzzle_param puzzle = { .k = k, .lifetime = PUZZLE_LIFETIME };
	struct id_list groups = id_list_of(conf->dh, conf->n_dh);
	struct id_list ciphers = id_list_of(conf->cipher, conf->n_cipher);
	struct id_list esp = id_list_of(conf->esp, conf->n_esp);
	struct id_list suites = suites_of(hit_suite(hit));
	struct id_list formats = { .ids = { PARAM_ESP_TRANSFORM }, .n = 1 };
	struct dh_param dh = { .group = dh_group(r1->dh) };
	struct transport_mode mode = inside_offer();

	dh.value = dh_public(r1->dh, &dh.len);
	packet_begin(p, HIP_R1, 0, hit, &no_hit);
	r1_counter_write(p, &counter);
	r1->puzzle = packet_len(p) + PARAM_HEADER_LEN;
	puzzle_param_write(p, rhash_len, &puzzle);
	dh_group_list_write(p, &groups);
	dh_param_write(p, &dh);
	hip_cipher_write(p, &ciphers);
	packet_param(p, PARAM_HOST_ID, pool->host_id.bytes + PARAM_HEADER_LEN,
		     (size_t)pool->host_id.bytes[2] << 8 |
			     pool->host_id.bytes[3]);
	hit_suite_list_write(p, &suites);
	transport_format_list_write(p, &formats);
	esp_transform_write(p, &esp);
	if (conf->inside)
		transport_mode_write(p, &mode);
	return protect_add_signature_2(p, conf->id);
}

/* The R1 of a group with puzzles of difficulty k. 0, -EIO or -ENOMEM. */
static int make_packet(const struct r1_pool *pool,
		       const struct r1_generation *g, struct r1_packet *r1,
		       uint8_t k)
{
	struct packet_out p;
	int err = write_r1(pool, g, r1, k, &p);

	if (err)
		return err;
	if (!packet_fix_length(&p))
		return -EIO;
	r1->len = packet_len(&p);
	r1->bytes[k] = malloc(r1->len);
	if (!r1->bytes[k])
		return -ENOMEM;
	memcpy(r1->bytes[k], p.bytes, r1->len);
	return 0;
}

static void generation_free(struct r1_generation *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++) {
		dh_free(g->packets[i].dh);
		for (size_t k = 0; k <= PUZZLE_K_LOAD_MAX; k++)
			free(g->packets[i].bytes[k]);
	}
	solutions_clear(&g->used);
	sodium_memzero(g, sizeof(*g));
	free(g);
}

static int generation_new(const struct r1_pool *pool, uint64_t counter,
			  struct r1_generation **out)
{
	const struct host_conf *conf = pool->conf;
	struct r1_generation *g = calloc(1, sizeof(*g));
	uint8_t seed[SOLUTIONS_SEED_LEN];
	int err;

	if (!g)
		return -ENOMEM;
	g->counter = counter;
	env_random(&conf->env, g->secret, sizeof(g->secret));
	env_random(&conf->env, &g->mask, sizeof(g->mask));
	env_random(&conf->env, seed, sizeof(seed));
	err = solutions_init(&g->used, seed);
	while (!err && g->n < conf->n_dh) {
		size_t i = g->n++; /* also freed when it is half made */

		err = dh_new((uint8_t)conf->dh[i], &g->packets[i].dh);
		if (!err)
			err = make_packet(pool, g, &g->packets[i], pool->k);
	}
	if (err) {
		generation_free(g);
		return err;
	}
	*out = g;
	return 0;
}

int r1_pool_init(struct r1_pool *pool, const struct host_conf *conf,
		 const struct whole_param *host_id)
{
	*pool = (struct r1_pool){ .conf = conf,
				  .host_id = *host_id,
				  .k = conf->puzzle_k };
	return generation_new(pool, conf->r1_generation, &pool->current);
}

void r1_pool_clear(struct r1_pool *pool)
{
	generation_free(pool->current);
	generation_free(pool->previous);
	*pool = (struct r1_pool){ 0 };
}

int r1_pool_renew(struct r1_pool *pool)
{
	struct r1_generation *next = NULL;
	int err = generation_new(pool, pool->current->counter + 1, &next);

	if (err)
		return err;
	generation_free(pool->previous);
	pool->previous = pool->current;
	pool->current = next;
	return 0;
}

size_t r1_pool_set_k(struct r1_pool *pool, uint8_t k)
{
	struct r1_generation *g = pool->current;
	size_t made = 0;

	if (k > PUZZLE_K_LOAD_MAX)
		k = PUZZLE_K_LOAD_MAX;
	if (k < pool->conf->puzzle_k)
		k = pool->conf->puzzle_k;
	for (size_t i = 0; i < g->n; i++) {
		if (g->packets[i].bytes[k])
			continue;
		if (make_packet(pool, g, &g->packets[i], k))
			return made; /* those before stay */
		made++;
	}
	pool->k = k;
	return made;
}

const struct r1_packet *r1_choose(const struct r1_pool *pool,
				  const struct id_list *groups)
{
	const struct host_conf *conf = pool->conf;

	for (size_t i = 0; i < conf->n_dh; i++) {
		if (id_list_has(groups, conf->dh[i]))
			return &pool->current->packets[i];
	}
	return &pool->current->packets[0];
}

/* When, masked, and with which K a puzzle is given. */
struct issue {
	uint64_t masked_ms;
	uint8_t k;
};

/* I for an Initiator. The time and K are a part of the key. */
static void make_i(const struct r1_generation *g, const struct issue *issue,
		   const struct hit *responder, const struct r1_for *who,
		   uint8_t i[RHASH_MAX])
{
	uint64_t masked_ms = issue->masked_ms;
	uint8_t secret[PUZZLE_SECRET_LEN];
	struct wr w = wr_init(i, sizeof(masked_ms));

	memcpy(secret, g->secret, sizeof(secret));
	for (size_t n = 0; n < sizeof(masked_ms); n++)
		secret[n] ^= (uint8_t)(masked_ms >> 8 * n);
	secret[sizeof(masked_ms)] ^= issue->k;
	puzzle_make_i(secret, hit_suite(responder), who->initiator, responder,
		      who->from, who->to, i);
	wr_u64(&w, masked_ms);
	sodium_memzero(secret, sizeof(secret));
}

size_t r1_write(const struct r1_pool *pool, const struct r1_packet *r1,
		const struct r1_for *who, uint8_t *out)
{
	const struct hit *hit = identity_hit(pool->conf->id);
	struct issue issue = { .masked_ms = who->now_ms + pool->current->mask,
			       .k = pool->k };
	uint8_t i[RHASH_MAX];

	make_i(pool->current, &issue, hit, who, i);
	memcpy(out, r1->bytes[pool->k], r1->len);
	memcpy(out + OFFSET_RECEIVER, who->initiator->bytes,
	       sizeof(who->initiator->bytes));
	memcpy(out + r1->puzzle + OFFSET_I, i, suite_rhash_len(hit_suite(hit)));
	return r1->len;
}

/* RFC 7401 6.9, step 7: this generation or the one before. */
static struct r1_generation *find_generation(const struct r1_pool *pool,
					     uint64_t counter)
{
	if (pool->current->counter == counter)
		return pool->current;
	if (pool->previous && pool->previous->counter == counter)
		return pool->previous;
	return NULL;
}

enum drop r1_check(const struct r1_pool *pool, const struct msg_i2 *i2,
		   const struct r1_for *who, struct r1_checked *out)
{
	const struct hit *hit = identity_hit(pool->conf->id);
	const struct solution_param *s = &i2->solution;
	struct r1_generation *g = find_generation(pool, i2->counter.counter);
	struct puzzle puzzle = { .hit_suite = hit_suite(hit),
				 .initiator = *who->initiator,
				 .responder = *hit };
	size_t len = suite_rhash_len(puzzle.hit_suite);
	struct rd r = rd_init(s->i, len);
	struct issue issue = { .masked_ms = rd_u64(&r), .k = s->k };

	*out = (struct r1_checked){ .generation = g };
	if (!g)
		return DROP_R1_COUNTER;
	make_i(g, &issue, hit, who, puzzle.i);
	if (sodium_memcmp(puzzle.i, s->i, len) != 0)
		return DROP_PUZZLE_STALE;
	out->issued_ms = issue.masked_ms - g->mask;
	if (s->k < pool->k &&
	    who->now_ms - out->issued_ms > puzzle_lifetime_ms(PUZZLE_LIFETIME))
		return DROP_PUZZLE_STALE;
	if (solutions_has(&g->used, s->i, len))
		return DROP_SOLUTION_USED;
	puzzle.k = s->k;
	out->is_hashed = true;
	return puzzle_verify(&puzzle, s->j) ? DROP_NONE : DROP_SOLUTION;
}

bool r1_use(struct r1_generation *g, uint8_t hit_suite,
	    const struct solution_param *solution)
{
	return solutions_add(&g->used, solution->i,
			     suite_rhash_len(hit_suite)) == 0;
}

const struct dh *r1_dh(const struct r1_generation *g, uint8_t group)
{
	for (size_t i = 0; i < g->n; i++) {
		if (dh_group(g->packets[i].dh) == group)
			return g->packets[i].dh;
	}
	return NULL;
}
