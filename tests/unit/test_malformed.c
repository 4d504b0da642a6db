/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * T1: packets that are wrong in one way each are dropped for that reason.
 */
#include "tests/unit/malformed.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static uint8_t bytes[2 * HIP_PACKET_MAX];

Test(malformed, there_are_at_least_seventy_with_names_of_their_own)
{
	cr_expect_geq(malformed_count, 70);
	for (size_t i = 0; i < malformed_count; i++) {
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(malformed[i].name, malformed[j].name);
	}
}

Test(malformed, each_is_dropped_for_its_reason)
{
	for (size_t i = 0; i < malformed_count; i++) {
		const struct malformed *m = &malformed[i];
		size_t len = malformed_make(m, bytes, sizeof(bytes));
		enum drop d = malformed_judge(bytes, len);

		cr_expect(len > 0 || i == 0, "cannot make: %s", m->name);
		cr_expect_eq(d, m->reason, "%s: %s, not %s", m->name,
			     drop_name(d), drop_name(m->reason));
	}
}

/* Else a packet could be refused for being laid out again. */
Test(malformed, without_the_change_each_packet_is_good)
{
	for (size_t i = 0; i < malformed_count; i++) {
		struct malformed m = malformed[i];
		size_t len;

		m.change = BYTE;
		m.a = 0;
		m.b = HIP_NEXT_HEADER_NONE;
		len = malformed_make(&m, bytes, sizeof(bytes));
		cr_assert_gt(len, 0);
		cr_expect_eq(malformed_judge(bytes, len), DROP_NONE, "%s",
			     m.name);
	}
}

/* A parser that reads behind the packet shows under AddressSanitizer. */
Test(malformed, no_cut_of_any_packet_is_read_beyond)
{
	for (size_t i = 0; i < malformed_count; i++) {
		size_t len =
			malformed_make(&malformed[i], bytes, sizeof(bytes));

		for (size_t n = 0; n < len; n++) {
			uint8_t *piece = malloc(n > 0 ? n : 1);

			memcpy(piece, bytes, n);
			cr_assert_neq(malformed_judge(piece, n), DROP_NONE);
			free(piece);
		}
	}
}
