/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * So many at once, and then one each so often.
 */
#include "daemon/hip/pace.h"

bool pace_allow(struct pace *p, unsigned int at_once, uint64_t each_ms,
		uint64_t now_ms)
{
	uint64_t full_ms = p->full_ms > now_ms ? p->full_ms : now_ms;

	if (full_ms - now_ms > (at_once - 1) * each_ms)
		return false;
	p->full_ms = full_ms + each_ms;
	return true;
}
