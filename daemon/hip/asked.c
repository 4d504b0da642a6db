/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Where a peer was asked for an R1.
 */
#include "daemon/hip/asked.h"

void asked_add(struct asked *a, const struct locator *place)
{
	if (asked_has(a, place))
		return;
	a->at[a->next] = *place;
	a->next = (a->next + 1) % ASKED_MAX;
	if (a->n < ASKED_MAX)
		a->n++;
}

bool asked_has(const struct asked *a, const struct locator *place)
{
	for (size_t i = 0; i < a->n; i++) {
		if (locator_equal(&a->at[i], place))
			return true;
	}
	return false;
}
