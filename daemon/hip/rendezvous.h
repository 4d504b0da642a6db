/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The Initiator's part of RFC 8004: I1s go to the rendezvous servers of a
 * peer, too, and the R1 comes from the peer's own address. And the refusal of
 * I1s that a server relayed: we are registered with none.
 */
#ifndef HIPLINE_RENDEZVOUS_H
#define HIPLINE_RENDEZVOUS_H

#include "daemon/hip/host.h"

struct arrival;
struct assoc;
struct exchange;
struct packet;

/* Where a known peer's servers are; of any other it changes nothing. */
void rendezvous_on_servers(struct host *h, const struct hip_input *in);

bool rendezvous_has_servers(const struct host *h, const struct hit *peer);

/*
 * The n-th place for an I1 to a peer: what host_locator gives and the servers
 * in turn, the peer's own first, and twice where somebody vouches for one:
 * servers are what plain DNS says. False when there is none.
 */
bool rendezvous_place(const struct host *h, const struct assoc *a, size_t n,
		      struct locator *out);

/*
 * Whether an R1, from where none was asked for, answers an I1 that went to a
 * server of its sender: it says so itself, with an address where this
 * exchange asked (RFC 8004 4.3.4), and it comes in the way that was asked.
 */
bool rendezvous_brought(const struct host *h, const struct exchange *x,
			const struct arrival *m);

/* Whether an I1 came by a rendezvous server, or claims to. */
bool rendezvous_is_relayed(const struct packet *i1);

#endif
