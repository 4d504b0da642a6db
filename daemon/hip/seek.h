/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Hosts without a locator, that somebody else may know: an exchange that has
 * not begun, with the packets that wait for it, until HIP_IN_FOUND tells
 * where the host is, or SEEK_MS are over.
 */
#ifndef HIPLINE_SEEK_H
#define HIPLINE_SEEK_H

#include "daemon/hip/host.h"

struct assoc;
struct exchange;

/*
 * May it be sought? Not for a packet of the overlay itself, to which the
 * answer would be another one, nor when too many are sought already.
 */
bool seek_is_possible(const struct host *h, const struct hip_input *in);

/* A new exchange waits to hear where the peer is; HIP_OUT_WANT asks. */
void seek_begin(struct host *h, struct assoc *a);

/* An exchange has begun: a better place is asked for when there is none that
 * is proven; when it is found, it is tried at once. */
void seek_beside(struct host *h, const struct assoc *a);

/* The answer, with locators or without. */
void seek_on_found(struct host *h, const struct hip_input *in);

/* The peer has locators now, from elsewhere. */
void seek_on_peer(struct host *h, struct assoc *a);

/* What is to be said of a peer that nobody has heard, by where it was asked;
 * static. */
const char *seek_silence(const struct host *h, const struct assoc *a);

#endif
