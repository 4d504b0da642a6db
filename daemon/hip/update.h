/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * UPDATE: RFC 7401 5.3.5, 6.12, as far as every host must take part: one
 * that is genuine proves that the peer is ESTABLISHED.
 */
#ifndef HIPLINE_UPDATE_H
#define HIPLINE_UPDATE_H

#include "daemon/hip/host.h"

struct arrival;

/* DROP_STATE also for a genuine one: nothing that it may ask is done. */
enum drop update_on_packet(struct host *h, const struct arrival *m);

#endif
