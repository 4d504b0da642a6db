/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The host's identity in its file: read by the monitor at each start, made
 * at the first one. What is wrong is logged with its remedy.
 */
#ifndef HIPLINE_HOSTKEY_H
#define HIPLINE_HOSTKEY_H

#include "daemon/config.h"

/*
 * Reads the file. 0, -ENOENT (not logged) when there is none, or another
 * negative errno: unreadable, no key of a kind that we use, or not of the
 * algorithm that the configuration asks for.
 */
__attribute__((warn_unused_result)) int hostkey_load(const struct config *c,
						     struct identity **out);

/* Makes one and writes the file. 0 or a negative errno. */
__attribute__((warn_unused_result)) int hostkey_make(const struct config *c,
						     struct identity **out);

#endif
