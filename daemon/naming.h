/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The engine's side of the resolver: what it asks for is answered from pins
 * and peer sections, and it hears of changes. It is not trusted: what breaks
 * the form cuts it off, and the monitor starts another.
 */
#ifndef HIPLINE_NAMING_H
#define HIPLINE_NAMING_H

#include "daemon/base/ipc.h"
#include "daemon/base/resolve.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct engine;
struct naming;

/* One without a resolver. NULL for want of memory. */
struct naming *naming_new(struct engine *e);
void naming_free(struct naming *n);

/* HANDOVER_RESOLVER of the monitor. 0, or -EPROTO when it is none. */
__attribute__((warn_unused_result)) int
naming_on_message(struct naming *n, const struct ipc_message *m);

/* Sends it a message. False when there is no resolver now. */
bool naming_send(struct naming *n, uint16_t type, const uint8_t *body,
		 size_t len);

/* The same with many in one piece (ipc_send_frames). */
bool naming_send_frames(struct naming *n, const uint8_t *frames, size_t len);

/* Names are bound otherwise than before. */
void naming_changed(struct naming *n);

/* The configuration is another. */
void naming_configure(struct naming *n);

/* Whether there is one, though it may listen nowhere. */
bool naming_has_resolver(const struct naming *n);

/* What `status` and `dns` say of it; NULL for want of memory. */
json_t *naming_report(const struct naming *n);

/* Whether queries are answered. */
bool naming_is_up(const struct naming *n);

#endif
