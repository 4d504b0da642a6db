/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Questions to ordinary DNS, by c-ares on the resolver's loop: it repeats,
 * goes over to TCP, and takes replies only from whom it asked, to the port,
 * id and question that it asked with. Of several servers the next is asked
 * when one does not answer in time, and the one that answered is asked first
 * from when no question is open: c-ares takes no other order before.
 */
#ifndef HIPLINE_UPSTREAM_H
#define HIPLINE_UPSTREAM_H

#include "daemon/base/locator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct upstream;

/* A reply, borrowed; bytes is NULL when there is none. */
typedef void upstream_fn(void *ctx, uint64_t id, const uint8_t *bytes,
			 size_t len);

/*
 * None of the servers answers, not even a question about the root, which each
 * of them knows; or one does again. At first, and after upstream_set, they
 * are taken to answer.
 */
typedef void upstream_silent_fn(void *ctx, bool silent);

/* 0 or a negative errno. `reply` may be called from within upstream_ask. */
__attribute__((warn_unused_result)) int
upstream_new(struct ev_loop *loop, upstream_fn *reply,
	     upstream_silent_fn *silent, void *ctx, struct upstream **out);
void upstream_free(struct upstream *u);

/* Whom to ask from now on. 0 or a negative errno. */
__attribute__((warn_unused_result)) int
upstream_set(struct upstream *u, const struct locator *servers, size_t n);

/* Sends a whole query, whose id is its own. */
void upstream_ask(struct upstream *u, uint64_t id, const uint8_t *query,
		  size_t len);

#endif
