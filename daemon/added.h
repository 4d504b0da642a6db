/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Peers that `hipline peer add` has told of: a HIT and its locators, as they
 * were written, kept in a file of the state directory. Those of the
 * configuration are not among them.
 */
#ifndef HIPLINE_ADDED_H
#define HIPLINE_ADDED_H

#include "daemon/config.h"

#include <stdbool.h>
#include <stddef.h>

enum { ADDED_MAX = CONFIG_PEERS_MAX };

struct added_peer {
	struct hit hit;
	struct config_list locators; /* fit for `locator` of a peer section */
};

struct added;

/* NULL for want of memory. */
struct added *added_new(void);
void added_free(struct added *a);

/*
 * Adds a peer, or gives it other locators (at most LOCATORS_MAX, copied). 0,
 * -ENOSPC or -ENOMEM: then nothing changed.
 */
__attribute__((warn_unused_result)) int added_set(struct added *a,
						  const struct hit *hit,
						  const char *const *locators,
						  size_t n);

/* False when it was not there. */
bool added_remove(struct added *a, const struct hit *hit);

/* NULL when it is not there; valid until the next change. */
const struct added_peer *added_find(const struct added *a,
				    const struct hit *hit);

/* All of them in the order of their HITs. */
size_t added_count(const struct added *a);
const struct added_peer *added_at(const struct added *a, size_t i);

/*
 * Reads the file of the state directory. One that is broken in any way is
 * set aside, what can be read of it is taken, and *broken set. Returns 0
 * (also when there is no file), or a negative errno when the file could not
 * be read or not be set aside: then it must not be written either.
 */
__attribute__((warn_unused_result)) int added_load(struct added *a, int dir,
						   bool *broken);

/* Writes it. 0 or a negative errno. */
__attribute__((warn_unused_result)) int added_save(const struct added *a,
						   int dir);

#endif
