/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Peers that could not be reached: each once, the last reason, a bounded
 * number.
 */
#include "daemon/unreached.h"

#include <criterion/criterion.h>
#include <string.h>

static struct hit hit_of(uint8_t n)
{
	return (struct hit){ { 0x20, 0x01, 0x00, 0x22, [15] = n } };
}

Test(unreached, each_is_there_once_with_its_last_reason)
{
	struct unreached u = { 0 };
	struct hit a = hit_of(1), b = hit_of(2);

	unreached_add(&u, &a, "one");
	unreached_add(&u, &b, "two");
	unreached_add(&u, &a, "three");
	cr_assert_eq(u.n, 2);
	cr_expect(hit_equal(&u.all[0].hit, &b));
	cr_expect(hit_equal(&u.all[1].hit, &a));
	cr_expect_str_eq(u.all[1].reason, "three");
}

Test(unreached, one_that_was_reached_is_gone)
{
	struct unreached u = { 0 };
	struct hit a = hit_of(1), b = hit_of(2), c = hit_of(3);

	unreached_add(&u, &a, "x");
	unreached_add(&u, &b, "x");
	unreached_remove(&u, &a);
	cr_assert_eq(u.n, 1);
	cr_expect(hit_equal(&u.all[0].hit, &b));
	unreached_remove(&u, &c);
	cr_expect_eq(u.n, 1);
}

Test(unreached, the_oldest_makes_room)
{
	struct unreached u = { 0 };

	for (uint8_t i = 0; i <= UNREACHED_MAX; i++) {
		struct hit hit = hit_of(i);

		unreached_add(&u, &hit, "x");
	}
	cr_assert_eq(u.n, UNREACHED_MAX);
	for (uint8_t i = 0; i < UNREACHED_MAX; i++) {
		struct hit hit = hit_of(i + 1);

		cr_expect(hit_equal(&u.all[i].hit, &hit));
	}
}

Test(unreached, a_reason_has_a_remedy)
{
	const char *silence = unreached_remedy("the peer does not answer");

	cr_expect_not_null(strstr(silence, "UDP port"));
	cr_expect_not_null(
		strstr(unreached_remedy("no ESP suite in common"), "esp"));
	cr_expect_not_null(
		strstr(unreached_remedy("no DH group in common"), "dh"));
	cr_expect_not_null(strstr(unreached_remedy("out of memory"), "log"));
}
