/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/checksum.h"

#include "tests/unit/inner.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static uint16_t as_be16(uint16_t sum)
{
	uint8_t bytes[2];

	checksum_store(bytes, sum);
	return load_be16(bytes);
}

Test(checksum, it_is_that_of_the_example_of_RFC_1071)
{
	/* RFC 1071 3. */
	static const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03,
					 0xf4, 0xf5, 0xf6, 0xf7 };

	cr_assert_eq(as_be16(checksum_fold(checksum_add(0, bytes, 8))), 0xddf2);
}

Test(checksum, both_ways_give_what_the_plain_way_gives)
{
	static const uint8_t zero[32];
	uint8_t *bytes = malloc(4096);
	uint32_t state = 1;

	cr_assert_not_null(bytes);
	for (int i = 0; i < 4096; i++)
		bytes[i] = (uint8_t)inner_random(&state);
	for (size_t len = 0; len < 2000; len++) {
		const uint8_t *p = bytes + len % 61;
		uint64_t pseudo =
			checksum_pseudo(zero, zero + 16, 6, (uint32_t)len);
		uint16_t plain = ipv6_checksum(zero, zero + 16, 6, p, len);
		uint64_t fast = checksum_add(pseudo, p, len);
		uint64_t portable = checksum_add_portable(pseudo, p, len);

		cr_assert_eq(as_be16((uint16_t)~checksum_fold(fast)), plain,
			     "%zu bytes", len);
		cr_assert_eq(as_be16((uint16_t)~checksum_fold(portable)), plain,
			     "%zu bytes, portable", len);
	}
	free(bytes);
}

Test(checksum, carries_of_the_largest_sum_are_kept)
{
	uint8_t *bytes = malloc(65536);

	cr_assert_not_null(bytes);
	memset(bytes, 0xff, 65536);
	cr_assert_eq(checksum_fold(checksum_add(0, bytes, 65536)), 0xffff);
	bytes[65535] = 0xfe;
	cr_assert_eq(as_be16(checksum_fold(checksum_add(0, bytes, 65536))),
		     0xfffe);
	cr_assert_eq(checksum_fold(UINT64_MAX), 0xffff);
	cr_assert_eq(checksum_fold(0), 0);
	free(bytes);
}

Test(checksum, pieces_of_even_length_add_up)
{
	uint8_t bytes[600];
	uint32_t state = 7;
	uint64_t whole;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)inner_random(&state);
	whole = checksum_fold(checksum_add(0, bytes, 599));
	for (size_t cut = 0; cut < 599; cut += 2) {
		uint64_t sum = checksum_add(0, bytes, cut);

		sum = checksum_add(sum, bytes + cut, 599 - cut);
		cr_assert_eq(checksum_fold(sum), whole, "%zu", cut);
	}
}

Test(checksum, it_says_what_runs)
{
	cr_assert(strcmp(checksum_text(), "avx2") == 0 ||
		  strcmp(checksum_text(), "portable") == 0);
}
