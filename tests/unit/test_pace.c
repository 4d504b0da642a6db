/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/pace.h"

#include <criterion/criterion.h>

enum { AT_ONCE = 3, EACH_MS = 100 };

static size_t allowed(struct pace *p, uint64_t now_ms)
{
	size_t n = 0;

	while (n < 100 && pace_allow(p, AT_ONCE, EACH_MS, now_ms))
		n++;
	return n;
}

Test(pace, so_many_at_once_and_then_one_each_so_often)
{
	struct pace p = { 0 };

	cr_expect_eq(allowed(&p, 0), AT_ONCE);
	cr_expect_eq(allowed(&p, EACH_MS - 1), 0);
	cr_expect_eq(allowed(&p, EACH_MS), 1);
	cr_expect_eq(allowed(&p, 2 * EACH_MS + EACH_MS / 2), 1);
	cr_expect_eq(allowed(&p, 3 * EACH_MS), 1);
	cr_expect_eq(allowed(&p, 100000), AT_ONCE, "not more after a rest");
}
