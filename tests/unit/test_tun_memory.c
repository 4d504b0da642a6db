/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Each allocation of the data plane and of libcrypto below it fails in turn
 * (T40): nothing is half made, nothing leaks (under a sanitizer), and the
 * next attempt succeeds.
 */
#include "tun/ring.h"
#include "tun/sa_state.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>

enum { NEVER = -1, ALLOCATIONS_MAX = 500 };

static const uint8_t seed[16] = { 1 };
static const uint8_t key[CIPHER_KEY_MAX] = { 2 };

/* Allocations until the one that fails. */
static long until_failure = NEVER;

static bool fails_now(void)
{
	if (until_failure == NEVER)
		return false;
	return until_failure-- == 0;
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return fails_now() ? NULL : __real_aligned_alloc(align, size);
}

static void *failing_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails_now() ? NULL : malloc(len);
}

static void *failing_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails_now() ? NULL : realloc(p, len);
}

static void plain_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static bool allocator_is_set;

/* libcrypto takes no other allocator once it has allocated something. */
__attribute__((constructor)) static void set_allocator(void)
{
	allocator_is_set =
		CRYPTO_set_mem_functions(failing_malloc, failing_realloc,
					 plain_free) == 1;
}

static const struct {
	uint16_t suite;
	enum cipher_backend backend;
} kinds[] = {
	{ 13, CIPHER_OPENSSL },
	{ 13, CIPHER_AUTO },
	{ 9, CIPHER_AUTO },
	{ 8, CIPHER_AUTO },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct sa_conf conf_of(size_t kind, uint32_t spi)
{
	return (struct sa_conf){
		.spi = spi,
		.suite = kinds[kind].suite,
		.backend = kinds[kind].backend,
		.key = key,
		.key_len = cipher_suite_find(kinds[kind].suite)->key_len,
		.peer = { 0x20, 0x01, 0x00, 0x22 },
	};
}

/* What a library makes once per process is made before. */
static void warm_up(void)
{
	cr_assert(allocator_is_set);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct sa_conf c = conf_of(i, 1000);

		cipher_free(cipher_new(c.suite, c.backend, CIPHER_SEAL, c.key,
				       c.key_len));
	}
}

Test(tun_memory, a_ring_is_whole_or_none)
{
	for (long n = 0; n < 2; n++) {
		until_failure = n;
		cr_assert_null(ring_new(4, 100));
	}
	until_failure = 2;
	ring_free(ring_new(4, 100));
	cr_assert_eq(until_failure, 0, "there are two allocations");
}

Test(tun_memory, a_table_is_whole_or_none)
{
	for (long n = 0; n < 3; n++) {
		until_failure = n;
		cr_assert_null(sa_table_new(seed));
	}
	until_failure = 3;
	sa_table_free(sa_table_new(seed));
	cr_assert_eq(until_failure, 0, "there are three allocations");
}

Test(tun_memory, an_sa_is_there_whole_or_not_at_all)
{
	warm_up();
	for (size_t i = 0; i < COUNT(kinds) * 2; i++) {
		struct sa_conf c = conf_of(i / 2, 1000);
		struct sa_table *t = sa_table_new(seed);
		int result = -ENOMEM;
		long n;

		for (n = 0; n < ALLOCATIONS_MAX && result < 0; n++) {
			until_failure = n;
			result = i % 2 ? sa_in_add(t, &c) : sa_out_add(t, &c);
			until_failure = NEVER;
			cr_assert(result == 0 || result == -ENOMEM);
			cr_assert_eq(sa_table_count(t), result == 0 ? 1 : 0);
		}
		cr_assert_eq(result, 0);
		cr_assert_geq(n, 3, "the SA and its cipher were refused");
		sa_table_free(t);
	}
}

Test(tun_memory, a_failed_replacement_leaves_the_sa_that_sends)
{
	struct sa_conf c = conf_of(0, 1000);
	struct sa_table *t = sa_table_new(seed);

	warm_up();
	cr_assert_eq(sa_out_add(t, &c), 0);
	c.spi = 1001;
	until_failure = 0;
	cr_assert_eq(sa_out_add(t, &c), -ENOMEM);
	until_failure = 1;
	cr_assert_eq(sa_out_add(t, &c), -ENOMEM);
	until_failure = NEVER;
	cr_assert_eq(sa_out_find(t, c.peer)->sa.spi, 1000);
	sa_table_free(t);
}

/* All are found, though the buckets never grow. */
Test(tun_memory, an_index_that_cannot_grow_still_finds)
{
	enum { N = 300, ALLOCATIONS_OF_AN_SA = 2 };
	struct sa_conf c = conf_of(1, 1000);
	struct sa_table *t = sa_table_new(seed);

	warm_up();
	if (!cipher_backend_works(CIPHER_IPSEC_MB))
		cr_skip_test("another number of allocations");
	for (uint32_t i = 0; i < N; i++) {
		c.spi = 1000 + i;
		until_failure = ALLOCATIONS_OF_AN_SA;
		cr_assert_eq(sa_in_add(t, &c), 0);
	}
	until_failure = NEVER;
	for (uint32_t i = 0; i < N; i++)
		cr_assert_not_null(sa_in_find(t, 1000 + i));
	cr_assert_eq(sa_table_count(t), N);
	sa_table_free(t);
}

/* Seals and opens, where libcrypto may want memory for each packet. */
static bool seal_and_open(struct cipher *seal, struct cipher *open)
{
	uint8_t esp[128] = { 0 };

	return cipher_seal(seal, esp, 32, 1) && cipher_open(open, esp, 32, 1);
}

Test(tun_memory, a_cipher_works_on_after_a_failed_packet)
{
	warm_up();
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct sa_conf c = conf_of(i, 1000);
		struct cipher *seal = cipher_new(c.suite, c.backend,
						 CIPHER_SEAL, key, c.key_len);
		struct cipher *open = cipher_new(c.suite, c.backend,
						 CIPHER_OPEN, key, c.key_len);
		bool good = false;

		cr_assert(seal_and_open(seal, open));
		for (long n = 0; n < ALLOCATIONS_MAX && !good; n++) {
			until_failure = n;
			good = seal_and_open(seal, open);
			until_failure = NEVER;
			cr_assert(seal_and_open(seal, open), "suite %u, %ld",
				  c.suite, n);
		}
		cr_assert(good);
		cipher_free(seal);
		cipher_free(open);
	}
}
