/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/puzzle.h"

#include "daemon/hip/suite.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* The HITs of all puzzles here; I is 5a 5a ... */
static struct puzzle make(uint8_t hit_suite, uint8_t k)
{
	struct puzzle p = { .k = k, .hit_suite = hit_suite };

	memset(p.i, 0x5a, sizeof(p.i));
	cr_assert_eq(hit_from_text("2001:20::1", &p.initiator), 0);
	cr_assert_eq(hit_from_text("2001:20::2", &p.responder), 0);
	return p;
}

static void set_j(uint8_t j[RHASH_MAX], uint8_t suite, uint32_t value)
{
	size_t len = suite_rhash_len(suite);

	memset(j, 0, RHASH_MAX);
	j[len - 3] = (uint8_t)(value >> 16);
	j[len - 2] = (uint8_t)(value >> 8);
	j[len - 1] = (uint8_t)value;
}

/* Solutions found with another implementation of the hashes. */
static const struct {
	uint8_t suite;
	uint8_t k; /* the hardest that it solves */
	uint16_t j;
} solutions[] = { { 1, 14, 4203 }, { 2, 13, 275 }, { 5, 12, 14128 } };

enum { N = sizeof(solutions) / sizeof(solutions[0]) };

Test(puzzle, a_solution_holds_up_to_its_number_of_zero_bits)
{
	uint8_t j[RHASH_MAX];

	for (size_t n = 0; n < N; n++) {
		set_j(j, solutions[n].suite, solutions[n].j);
		for (unsigned int k = 0; k < 256; k++) {
			struct puzzle p = make(solutions[n].suite, (uint8_t)k);

			cr_expect_eq(puzzle_verify(&p, j), k <= solutions[n].k,
				     "suite %u, k %u", p.hit_suite, k);
		}
	}
}

Test(puzzle, a_slice_finds_the_first_solution_and_no_earlier)
{
	for (size_t n = 0; n < N; n++) {
		struct puzzle p = make(solutions[n].suite, 12);
		uint8_t j[RHASH_MAX], want[RHASH_MAX];

		set_j(j, p.hit_suite, 0);
		set_j(want, p.hit_suite, solutions[n].j);
		cr_expect_not(puzzle_solve_slice(&p, j, solutions[n].j));
		cr_expect_arr_eq(j, want, RHASH_MAX, "continues there");
		cr_expect(puzzle_solve_slice(&p, j, 1));
		cr_expect_arr_eq(j, want, RHASH_MAX);
	}
}

Test(puzzle, a_slice_begins_where_it_is_told)
{
	struct puzzle p = make(1, 14);
	uint8_t j[RHASH_MAX], want[RHASH_MAX];

	set_j(j, 1, 4000);
	set_j(want, 1, 4203);
	cr_expect(puzzle_solve_slice(&p, j, 1000));
	cr_expect_arr_eq(j, want, RHASH_MAX);
	cr_expect_not(puzzle_solve_slice(&p, j, 0));
}

Test(puzzle, j_wraps_around_its_end)
{
	struct puzzle p = make(1, 14);
	uint8_t j[RHASH_MAX], want[RHASH_MAX] = { 0 };

	set_j(want, 1, 4203);
	memset(j, 0xff, sizeof(j));
	cr_expect(puzzle_solve_slice(&p, j, 5000));
	cr_expect_arr_eq(j, want, 32);
	cr_expect_eq(j[32], 0xff, "nothing behind RHASH_len");
}

Test(puzzle, every_bit_of_i_j_and_the_hits_counts)
{
	const struct puzzle good = make(1, 20);
	uint8_t j[RHASH_MAX];
	unsigned int passed = 0;

	set_j(j, 1, 1089308);
	cr_assert(puzzle_verify(&good, j));
	for (size_t bit = 0; bit < 8 * 32; bit++) {
		struct puzzle p = good;
		uint8_t flip = (uint8_t)(0x80 >> bit % 8);

		p.i[bit / 8] ^= flip;
		passed += puzzle_verify(&p, j);
		j[bit / 8] ^= flip;
		passed += puzzle_verify(&good, j);
		j[bit / 8] ^= flip;
	}
	for (size_t bit = 0; bit < 8 * 16; bit++) {
		struct puzzle p = good;
		uint8_t flip = (uint8_t)(0x80 >> bit % 8);

		p.initiator.bytes[bit / 8] ^= flip;
		passed += puzzle_verify(&p, j);
		p = good;
		p.responder.bytes[bit / 8] ^= flip;
		passed += puzzle_verify(&p, j);
	}
	cr_expect_eq(passed, 0);
}

Test(puzzle, exchanged_hits_are_another_puzzle)
{
	struct puzzle p = make(1, 14);
	struct hit initiator = p.initiator;
	uint8_t j[RHASH_MAX];

	set_j(j, 1, 4203);
	p.initiator = p.responder;
	p.responder = initiator;
	cr_expect_not(puzzle_verify(&p, j));
}

static const struct locator from = { { [10] = 0xff, 0xff, 192, 0, 2, 1 },
				     10500 };
static const struct locator to = { { [10] = 0xff, 0xff, 192, 0, 2, 2 }, 10500 };
static const uint8_t secret[PUZZLE_SECRET_LEN] = { 1, 2, 3 };

Test(puzzle, i_repeats_for_the_same_question)
{
	struct puzzle p = make(1, 0);
	uint8_t one[RHASH_MAX] = { 0 }, two[RHASH_MAX] = { 0 };

	puzzle_make_i(secret, 2, &p.initiator, &p.responder, &from, &to, one);
	puzzle_make_i(secret, 2, &p.initiator, &p.responder, &from, &to, two);
	cr_expect_arr_eq(one, two, RHASH_MAX);
}

Test(puzzle, i_fills_rhash_len_and_no_more)
{
	struct puzzle p = make(1, 0);
	uint8_t i[RHASH_MAX];

	memset(i, 0xee, sizeof(i));
	puzzle_make_i(secret, 1, &p.initiator, &p.responder, &from, &to, i);
	cr_expect_eq(i[32], 0xee);
	cr_expect_neq(i[31] + i[30] + i[29] + i[28], 4 * 0xee);
}

Test(puzzle, i_depends_on_secret_suite_hits_addresses_and_ports)
{
	struct puzzle p = make(1, 0);
	struct locator from2 = from, to2 = to;
	uint8_t secret2[PUZZLE_SECRET_LEN];
	uint8_t i[9][RHASH_MAX] = { 0 };

	memcpy(secret2, secret, sizeof(secret2));
	secret2[PUZZLE_SECRET_LEN - 1] ^= 1;
	puzzle_make_i(secret, 1, &p.initiator, &p.responder, &from, &to, i[0]);
	puzzle_make_i(secret2, 1, &p.initiator, &p.responder, &from, &to, i[1]);
	puzzle_make_i(secret, 2, &p.initiator, &p.responder, &from, &to, i[2]);
	puzzle_make_i(secret, 1, &p.responder, &p.initiator, &from, &to, i[3]);
	puzzle_make_i(secret, 1, &p.initiator, &p.responder, &to, &from, i[4]);
	from2.port = 10501;
	puzzle_make_i(secret, 1, &p.initiator, &p.responder, &from2, &to, i[5]);
	from2 = from;
	from2.addr[15] ^= 1;
	puzzle_make_i(secret, 1, &p.initiator, &p.responder, &from2, &to, i[6]);
	to2.port = 10501;
	puzzle_make_i(secret, 1, &p.initiator, &p.responder, &from, &to2, i[7]);
	to2 = to;
	to2.addr[0] ^= 0x80;
	puzzle_make_i(secret, 1, &p.initiator, &p.responder, &from, &to2, i[8]);
	for (size_t a = 0; a < 9; a++)
		for (size_t b = 0; b < a; b++)
			cr_expect_arr_neq(i[a], i[b], 32, "%zu and %zu", a, b);
}

Test(puzzle, lifetime_is_a_power_of_two_in_seconds)
{
	cr_expect_eq(puzzle_lifetime_ms(32), 1000);
	cr_expect_eq(puzzle_lifetime_ms(33), 2000);
	cr_expect_eq(puzzle_lifetime_ms(37), 32000);
	cr_expect_eq(puzzle_lifetime_ms(31), 500);
	cr_expect_eq(puzzle_lifetime_ms(23), 1);
	cr_expect_eq(puzzle_lifetime_ms(22), 0);
	cr_expect_eq(puzzle_lifetime_ms(0), 0);
	cr_expect_eq(puzzle_lifetime_ms(86), (uint64_t)1000 << 54);
	cr_expect_eq(puzzle_lifetime_ms(87), UINT64_MAX);
	cr_expect_eq(puzzle_lifetime_ms(255), UINT64_MAX);
}
