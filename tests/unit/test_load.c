/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/load.h"

#include "daemon/hip/limits.h"

#include <criterion/criterion.h>

static void add(struct load *l, enum load_cost cost, int n)
{
	for (int i = 0; i < n; i++)
		load_add(l, cost, 5000);
}

Test(load, calm_wants_no_puzzles)
{
	struct load l = { 0 };

	cr_expect_eq(load_k(&l, 0), 0);
	add(&l, LOAD_I1, 19999);
	cr_expect_eq(load_k(&l, 5000), 0);
	add(&l, LOAD_I1, 1);
	cr_expect_eq(load_k(&l, 5000), 4);
}

Test(load, twice_as_much_is_two_bits_up_to_the_hardest)
{
	struct load l = { 0 };
	uint8_t k = 4;

	for (int n = 20; n < 20 * 1024; n *= 2) {
		l = (struct load){ 0 };
		add(&l, LOAD_BAD_I2, n);
		cr_expect_eq(load_k(&l, 5000), k, "%d", n);
		k = k < PUZZLE_K_LOAD_MAX ? k + 2 : k;
	}
	cr_expect_eq(k, PUZZLE_K_LOAD_MAX);
}

Test(load, it_fades)
{
	struct load l = { 0 };

	add(&l, LOAD_BAD_I2, 160);
	cr_expect_eq(load_k(&l, 5000), 10);
	cr_expect_eq(load_k(&l, 5700), 8);
	cr_expect_eq(load_k(&l, 6400), 6);
	cr_expect_eq(load_k(&l, 7100), 4);
	cr_expect_eq(load_k(&l, 7101), 0);
	cr_expect_eq(load_k(&l, UINT64_MAX), 0);
}

/* A rate that lasts is felt as 1.4 times what comes in a second. */
Test(load, a_steady_rate_has_a_steady_score)
{
	struct load l = { 0 };

	for (uint64_t ms = 0; ms < 60 * 1000; ms += 10)
		load_add(&l, LOAD_BAD_I2, ms);
	cr_expect_eq(load_k(&l, 60 * 1000), 8);
}
