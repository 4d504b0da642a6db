/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The names of the reasons why packets are dropped.
 */
#include "daemon/hip/drop.h"

#include <stddef.h>

static const char *const names[] = {
#define DROP_NAME(name, text) text,
	DROP_LIST(DROP_NAME)
#undef DROP_NAME
};

_Static_assert(sizeof(names) / sizeof(names[0]) == DROP_COUNT,
	       "every reason has a name");

const char *drop_name(enum drop reason)
{
	if ((size_t)reason >= DROP_COUNT)
		return "unknown";
	return names[reason];
}
