/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/solutions.h"

#include "daemon/hip/limits.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct solutions s;

static void make(void)
{
	static const uint8_t seed[SOLUTIONS_SEED_LEN] = "sixteen bytes..";

	cr_assert_eq(solutions_init(&s, seed), 0);
}

static void clear(void)
{
	solutions_clear(&s);
}

TestSuite(solutions, .init = make, .fini = clear);

static void make_i(uint32_t n, uint8_t i[RHASH_MAX])
{
	memset(i, 0, RHASH_MAX);
	memcpy(i + RHASH_MAX - sizeof(n), &n, sizeof(n));
}

Test(solutions, what_was_added_is_there_and_nothing_else)
{
	uint8_t i[RHASH_MAX];

	make_i(1, i);
	cr_expect_not(solutions_has(&s, i, sizeof(i)));
	cr_expect_eq(solutions_add(&s, i, sizeof(i)), 0);
	cr_expect(solutions_has(&s, i, sizeof(i)));
	cr_expect_eq(solutions_add(&s, i, sizeof(i)), -EEXIST);
	make_i(2, i);
	cr_expect_not(solutions_has(&s, i, sizeof(i)));
}

Test(solutions, they_are_bounded_and_none_is_forgotten)
{
	uint8_t i[RHASH_MAX];

	for (uint32_t n = 0; n < SOLUTIONS_MAX; n++) {
		make_i(n, i);
		cr_assert_eq(solutions_add(&s, i, sizeof(i)), 0);
	}
	make_i(SOLUTIONS_MAX, i);
	cr_expect_eq(solutions_add(&s, i, sizeof(i)), -ENOSPC);
	cr_expect_not(solutions_has(&s, i, sizeof(i)));
	for (uint32_t n = 0; n < SOLUTIONS_MAX; n++) {
		make_i(n, i);
		cr_assert(solutions_has(&s, i, sizeof(i)));
	}
}
