/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Parts of an engine without a monitor, a TUN device or a network. */
#ifndef HIPLINE_TESTS_BARE_ENGINE_H
#define HIPLINE_TESTS_BARE_ENGINE_H

#include "daemon/base/ipc.h"
#include "daemon/engine.h"
#include "daemon/lookup.h"

enum { BARE_PEERS_MAX = 16, BARE_MTU = 1400 };

/* With a loop, a configuration of that text, and the state directory `dir`;
 * what the test makes for itself besides (identity, host, ...) is its own. */
void bare_engine_make(struct engine *e, const char *text, int dir);
/* With its identity, host, data plane and host names, where it has them. */
void bare_engine_free(struct engine *e);

/* For e->id; nobody is let in but who is known. */
void bare_host(struct engine *e);

/* env.random, of libsodium. */
void bare_random(void *ctx, void *buf, size_t len);

/* A data plane for e->id whose TUN device is tun[0]; the test has tun[1] and
 * closes both. */
void bare_dataplane(struct engine *e, int tun[2]);

/* Host names, of which none is looked up again; tells `found`. */
void bare_lookup(struct engine *e, lookup_fn *found);

/* lookup_fn as the engine's own. */
void bare_on_locators(void *ctx, const struct hit *hit,
		      const struct locator *locators, size_t n);

/* As if the monitor had started a resolver, whose end of the socket is *ours
 * now and what it hears is read by `in`. One of before has gone: -1 for none.
 */
void bare_resolver(struct engine *e, int *ours, struct ipc_in *in);

#endif
