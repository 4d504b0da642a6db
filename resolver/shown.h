/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A node as `status` and `overlay` show it (hipline(1)): JSON text.
 */
#ifndef HIPLINE_SHOWN_H
#define HIPLINE_SHOWN_H

#include "resolver/node.h"

/* The caller frees it; NULL without memory. At most RESOLVE_SHOWN_MAX. */
char *shown_json(const struct node *n);

#endif
