/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Reasons have names that differ.
 */
#include "daemon/hip/drop.h"

#include <criterion/criterion.h>

Test(drop, every_reason_has_a_name_of_its_own)
{
	for (int i = 0; i < DROP_COUNT; i++) {
		for (int j = 0; j < i; j++)
			cr_expect_str_neq(drop_name((enum drop)i),
					  drop_name((enum drop)j));
	}
	cr_expect_str_eq(drop_name(DROP_NONE), "none");
	cr_expect_str_eq(drop_name(DROP_INTERNAL), "internal");
}

Test(drop, what_is_no_reason_is_unknown)
{
	cr_expect_str_eq(drop_name(DROP_COUNT), "unknown");
}
