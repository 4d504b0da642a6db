/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The rendezvous servers that a host's HIP record names (RFC 8005 4.2, RFC
 * 8004): asks DNS where they are, and tells the host of it.
 */
#ifndef HIPLINE_RVS_H
#define HIPLINE_RVS_H

#include "daemon/engine.h"
#include "daemon/hostrecords.h"

/*
 * All were asked for; n locators of them are known, which the host has been
 * told. is_ended: with the engine, so that nothing may be done but to release
 * what is ctx's.
 */
typedef void rvs_fn(void *ctx, size_t n, bool is_ended);

/* Whether a record of this HIT is there that names servers. */
bool rvs_are_named(const struct hostrecords *records, const struct hit *hit);

/*
 * Tells the host, which knows the peer, where the servers of this HIT's
 * record are, in front of those that it knew; where none is found those stay.
 * Records of others change nothing. `done` (NULL: nobody waits) is called once,
 * and maybe from within this call.
 */
void rvs_ask(struct engine *e, const struct hit *hit,
	     const struct hostrecords *records, rvs_fn *done, void *ctx);

#endif
