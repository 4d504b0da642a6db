/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/r1.h"

#include "daemon/hip/protect.h"
#include "daemon/hip/suite.h"
#include "tests/unit/hosts.h"

#include "daemon/hip/host_impl.h"

#include <criterion/criterion.h>
#include <string.h>

enum { NOW_MS = 77777 };

static struct hosts t;
static struct r1_pool *pool; /* B's */
static struct r1_for who;
static struct hit initiator;

static void make(void)
{
	hosts_make(&t);
	pool = &t.h[B]->r1;
	initiator = t.hit[A];
	who = (struct r1_for){ .initiator = &initiator,
			       .from = &t.at[A],
			       .to = &t.at[B],
			       .now_ms = NOW_MS };
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(r1, .init = make, .fini = clear);

static struct bytes write_first(void)
{
	struct bytes r1;

	r1.len = r1_write(pool, &pool->current->packets[0], &who, r1.b);
	return r1;
}

/* The I2 that would answer an R1, as far as the puzzle goes. */
static struct msg_i2 answer(const struct bytes *r1)
{
	struct msg_i2 i2 = { 0 };
	struct msg_r1 parsed;
	struct packet p;

	cr_assert_eq(packet_parse(r1->b, r1->len, &p, NULL), DROP_NONE);
	cr_assert_eq(msg_r1_parse(&p, &parsed), DROP_NONE);
	i2.counter = parsed.counter;
	i2.solution.k = parsed.puzzle.k;
	memcpy(i2.solution.i, parsed.puzzle.i, sizeof(i2.solution.i));
	return i2;
}

static enum drop check(const struct msg_i2 *i2)
{
	struct r1_checked checked;

	return r1_check(pool, i2, &who, &checked);
}

Test(r1, there_is_one_per_group_and_it_verifies)
{
	struct hi_public *pub = NULL;

	cr_assert_eq(r1_pool_size(pool), t.conf[B].n_dh);
	for (size_t n = 0; n < r1_pool_size(pool); n++) {
		struct msg_r1 r1;
		struct packet p;
		struct bytes b;

		b.len = r1_write(pool, &pool->current->packets[n], &who, b.b);
		cr_assert_eq(packet_parse(b.b, b.len, &p, NULL), DROP_NONE);
		cr_assert_eq(msg_r1_parse(&p, &r1), DROP_NONE);
		cr_expect_eq(r1.dh.group, t.conf[B].dh[n]);
		cr_expect(hit_equal(&p.receiver, &initiator));
		cr_assert_eq(hi_public_parse(r1.host_id.algorithm,
					     r1.host_id.hi, r1.host_id.hi_len,
					     &pub),
			     DROP_NONE);
		cr_expect_eq(protect_check_signature_2(&p, pub), DROP_NONE);
		hi_public_free(pub);
	}
}

Test(r1, its_lists_are_those_of_the_configuration)
{
	struct bytes b = write_first();
	struct msg_r1 r1;
	struct packet p;

	cr_assert_eq(packet_parse(b.b, b.len, &p, NULL), DROP_NONE);
	cr_assert_eq(msg_r1_parse(&p, &r1), DROP_NONE);
	cr_expect_eq(r1.groups.n, 2);
	cr_expect_eq(r1.ciphers.n, 2);
	cr_expect_eq(r1.esp.n, 3);
	cr_expect_eq(r1.esp.ids[0], ESP_AES_GCM_16);
	cr_expect_eq(r1.transports.n, 1);
	cr_expect_eq(r1.transports.ids[0], PARAM_ESP_TRANSFORM);
	cr_expect_eq(r1.suites.n, 3);
	cr_expect_eq(r1.suites.ids[0], HIT_SUITE_ECDSA, "our own first");
	cr_expect_eq(r1.counter.counter, pool->current->counter);
	cr_expect_eq(r1.puzzle.lifetime, PUZZLE_LIFETIME);
}

Test(r1, its_own_puzzle_is_known_again)
{
	struct bytes b = write_first();
	struct msg_i2 i2 = answer(&b);
	struct r1_checked c;

	who.now_ms += 5000;
	cr_expect_eq(r1_check(pool, &i2, &who, &c), DROP_NONE);
	cr_expect_eq(c.generation, pool->current);
	cr_expect_eq(c.issued_ms, NOW_MS);
	cr_expect(c.is_hashed);
}

Test(r1, every_bit_of_i_counts)
{
	struct bytes b = write_first();
	struct msg_i2 i2 = answer(&b);

	for (size_t n = 0; n < suite_rhash_len(HIT_SUITE_ECDSA) * 8; n++) {
		i2.solution.i[n / 8] ^= 1 << n % 8;
		cr_expect_eq(check(&i2), DROP_PUZZLE_STALE, "bit %zu", n);
		i2.solution.i[n / 8] ^= 1 << n % 8;
	}
	cr_expect_eq(check(&i2), DROP_NONE);
}

Test(r1, a_puzzle_is_good_for_one_initiator_at_one_place)
{
	struct bytes b = write_first();
	struct msg_i2 i2 = answer(&b);

	initiator.bytes[15] ^= 1;
	cr_expect_eq(check(&i2), DROP_PUZZLE_STALE);
	initiator.bytes[15] ^= 1;
	t.at[A].port++;
	cr_expect_eq(check(&i2), DROP_PUZZLE_STALE);
	t.at[A].port--;
	t.at[B].addr[15]++;
	cr_expect_eq(check(&i2), DROP_PUZZLE_STALE);
	t.at[B].addr[15]--;
	cr_expect_eq(check(&i2), DROP_NONE);
}

/* RFC 7401 4.1.2. */
Test(r1, the_same_initiator_gets_another_i_later)
{
	struct bytes first = write_first(), second;

	who.now_ms++;
	second = write_first();
	cr_expect_arr_neq(answer(&first).solution.i, answer(&second).solution.i,
			  RHASH_MAX);
}

Test(r1, the_time_in_i_does_not_show)
{
	struct bytes b = write_first();
	struct msg_i2 i2 = answer(&b);
	struct rd r = rd_init(i2.solution.i, 8);

	cr_expect_gt(rd_u64(&r) ^ NOW_MS, UINT32_MAX);
}

Test(r1, a_used_puzzle_is_known)
{
	struct bytes b = write_first();
	struct msg_i2 i2 = answer(&b);

	cr_expect(r1_use(pool->current, HIT_SUITE_ECDSA, &i2.solution));
	cr_expect_eq(check(&i2), DROP_SOLUTION_USED);
	cr_expect_not(r1_use(pool->current, HIT_SUITE_ECDSA, &i2.solution));
}

Test(r1, two_generations_are_taken_and_the_third_is_not)
{
	struct bytes b = write_first();
	struct msg_i2 i2 = answer(&b);
	struct r1_checked c;

	cr_assert_eq(r1_pool_renew(pool), 0);
	cr_expect_eq(r1_check(pool, &i2, &who, &c), DROP_NONE);
	cr_expect_eq(c.generation, pool->previous);
	cr_assert_eq(r1_pool_renew(pool), 0);
	cr_expect_eq(check(&i2), DROP_R1_COUNTER);
}

Test(r1, generations_differ_in_all_that_is_secret)
{
	struct r1_generation *first = pool->current;
	size_t a_len, b_len;
	const uint8_t *a, *b;

	cr_assert_eq(r1_pool_renew(pool), 0);
	cr_expect_eq(pool->current->counter, first->counter + 1);
	cr_expect_arr_neq(pool->current->secret, first->secret,
			  sizeof(first->secret));
	a = dh_public(first->packets[0].dh, &a_len);
	b = dh_public(pool->current->packets[0].dh, &b_len);
	cr_assert_eq(a_len, b_len);
	cr_expect_arr_neq(a, b, a_len);
}

Test(r1, a_group_has_its_key_pair)
{
	cr_expect_eq(dh_group(r1_dh(pool->current, DH_NIST_P256)),
		     DH_NIST_P256);
	cr_expect_eq(dh_group(r1_dh(pool->current, DH_NIST_P384)),
		     DH_NIST_P384);
	cr_expect_null(r1_dh(pool->current, DH_MODP_1536));
}

Test(r1, an_easier_puzzle_counts_for_its_lifetime)
{
	struct bytes easy = write_first(), hard;
	struct msg_i2 i2 = answer(&easy);

	cr_expect_eq(r1_pool_set_k(pool, 8), pool->current->n);
	cr_expect_eq(r1_pool_set_k(pool, 8), 0, "kept");
	hard = write_first();
	cr_expect_eq(answer(&hard).solution.k, 8);
	cr_expect_eq(check(&i2), DROP_NONE);
	who.now_ms += puzzle_lifetime_ms(PUZZLE_LIFETIME);
	cr_expect_eq(check(&i2), DROP_NONE);
	who.now_ms++;
	cr_expect_eq(check(&i2), DROP_PUZZLE_STALE);
	(void)r1_pool_set_k(pool, 0);
	cr_expect_eq(check(&i2), DROP_NONE);
}

Test(r1, k_is_part_of_the_puzzle)
{
	struct bytes r1;
	struct msg_i2 i2;

	(void)r1_pool_set_k(pool, 8);
	r1 = write_first();
	i2 = answer(&r1);
	i2.solution.k = 0;
	cr_expect_eq(check(&i2), DROP_PUZZLE_STALE);
}

Test(r1, difficulty_stays_between_the_configured_and_the_hardest)
{
	(void)r1_pool_set_k(pool, 255);
	cr_expect_eq(pool->k, PUZZLE_K_LOAD_MAX);
	(void)r1_pool_set_k(pool, 0);
	cr_expect_eq(pool->k, t.conf[B].puzzle_k);
}
