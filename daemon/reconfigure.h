/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The engine's side of a reload: a configuration that the monitor has read
 * takes the place of the one that runs. And what the configuration says of
 * peers is told to those who need it, at the start as well.
 */
#ifndef HIPLINE_RECONFIGURE_H
#define HIPLINE_RECONFIGURE_H

#include "daemon/engine.h"

struct ipc_message;

/*
 * Asks the monitor to read the configuration; the client (kept) is answered
 * when it has. 0 or a negative errno (-EBUSY: too many wait).
 */
__attribute__((warn_unused_result)) int
reconfigure_ask(struct engine *e, struct control_client *client);

/* That client waits no longer. */
void reconfigure_on_gone(struct engine *e, const struct control_client *client);

/* The monitor's word. 0, or -EPROTO when it is none. */
__attribute__((warn_unused_result)) int
reconfigure_on_message(struct engine *e, const struct ipc_message *m);

/* Binds the names of the peer sections. 0 or a negative errno. */
__attribute__((warn_unused_result)) int
reconfigure_names(const struct engine *e, struct pins *pins);

/*
 * Whoever speaks for this HIT, the configuration, `peer add` or a pin: the
 * host lets it in, its locators are looked after; or no longer.
 */
void reconfigure_peer(struct engine *e, const struct hit *hit);

/* The same, without a pin from now on: a member whose certificate is known
 * keeps its association. */
void reconfigure_unpinned(struct engine *e, const struct hit *hit);

/* The same for everybody whom something speaks for. */
void reconfigure_peers(struct engine *e);

/* It turned up at a new place: the host hears of all its locators again. */
void reconfigure_tell_again(struct engine *e, const struct hit *hit);

/* Warnings about what the configuration says, in place of older ones. */
void reconfigure_warnings(struct engine *e);

#endif
