/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Files of the state directory (statefile.h) that are a JSON object with one
 * array: what the operator has added while we run.
 */
#ifndef HIPLINE_STATELIST_H
#define HIPLINE_STATELIST_H

#include <jansson.h>
#include <stdbool.h>

/* Takes one entry; false when it is none, or has no room. */
typedef bool statelist_take_fn(void *ctx, const json_t *entry);

/*
 * Gives the entries below `key` to `take`. Where one was not taken, or the
 * file is no such list, it is set aside, *broken is true, and what could be
 * taken stays taken. 0, also without a file; or a negative errno.
 */
__attribute__((warn_unused_result)) int
statelist_load(int dir, const char *name, const char *key,
	       statelist_take_fn *take, void *ctx, bool *broken);

/*
 * Replaces the file. Consumes the entries; NULL, where memory was out, gives
 * -ENOMEM. 0, when it is on the disk, or a negative errno.
 */
__attribute__((warn_unused_result)) int
statelist_save(int dir, const char *name, const char *key, json_t *entries);

#endif
