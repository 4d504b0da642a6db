/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Our own addresses underneath, as others might reach them.
 */
#ifndef HIPLINE_ADDRESSES_H
#define HIPLINE_ADDRESSES_H

#include "daemon/base/locator.h"
#include "daemon/config.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Fills up to cap locators with the addresses of links that are up, on the
 * configured port: no loopback, link-local, HIT, excluded interface, and no
 * address that `bind` leaves out. Returns how many.
 */
size_t addresses_list(const struct config *c, struct locator *out, size_t cap);

/* Whether this interface with this address is to be used underneath. */
bool addresses_is_fit(const struct config *c, const char *interface,
		      const struct locator *l);

#endif
