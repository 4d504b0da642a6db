/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What asks for an association: a packet of our own that has none (RFC 7401
 * 6.1), and ESP that came for one that nobody has (4.3).
 */
#ifndef HIPLINE_DEMAND_H
#define HIPLINE_DEMAND_H

#include "daemon/hip/host.h"

/* The packet goes, waits for an exchange, or is given back at once. */
void demand_on_acquire(struct host *h, const struct hip_input *in);

/* A new exchange with the peer that it came from, if any, and seldom. */
void demand_on_unknown_spi(struct host *h, const struct hip_input *in);

#endif
