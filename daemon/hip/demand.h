/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What asks for an association: a packet of our own that has none (RFC 7401
 * 6.1), ESP that came for one that nobody has (4.3), and a peer that is not
 * where it was.
 */
#ifndef HIPLINE_DEMAND_H
#define HIPLINE_DEMAND_H

#include "daemon/hip/host.h"

struct assoc;

/* The packet goes, waits for an exchange, or is given back at once. */
void demand_on_acquire(struct host *h, const struct hip_input *in);

/* A new exchange with the peer that it came from, if any, and seldom. */
void demand_on_unknown_spi(struct host *h, const struct hip_input *in);

/*
 * A genuine UPDATE of the peer came from another place than the one that its
 * packets go to: a new exchange asks there. The path stays until that is
 * complete.
 */
void demand_on_new_place(struct host *h, struct assoc *a,
			 const struct hip_input *in);

#endif
