/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Where a peer was asked for an R1, and so from where one may come. Neither
 * signature nor MAC covers the addresses of a packet: whoever sees an R1 or
 * an R2 pass can send a copy of it from elsewhere.
 */
#ifndef HIPLINE_ASKED_H
#define HIPLINE_ASKED_H

#include "daemon/base/locator.h"
#include "daemon/hip/limits.h"

#include <stdbool.h>
#include <stddef.h>

/* All zeros: nobody was asked. */
struct asked {
	struct locator at[ASKED_MAX];
	size_t n, next;
};

/* Remembers a place; when there are too many, in place of the oldest. */
void asked_add(struct asked *a, const struct locator *place);

bool asked_has(const struct asked *a, const struct locator *place);

#endif
