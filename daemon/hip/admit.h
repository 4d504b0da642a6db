/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Certificates in I2s (RFC 8002): ours, and those by which somebody is let
 * in whom nobody told us of. Such a peer is known for as long as both its
 * certificate and its association last; nothing else is kept of it.
 */
#ifndef HIPLINE_ADMIT_H
#define HIPLINE_ADMIT_H

#include "daemon/hip/host.h"
#include "daemon/hip/param.h"

struct assoc;

/* Does the caller of the host know that HIT, or its association? */
bool host_is_known(const struct host *h, const struct hit *peer);

/* May this HIT have an association with us? */
bool host_lets_in(const struct host *h, const struct hit *peer);

/* Or could a certificate, that will come with its I2, let it in? */
bool admit_is_possible(const struct host *h, const struct hit *peer);

/*
 * What an I2 has to show, before anything that costs: its certificate in
 * *out, of length 0 where none is needed or given. DROP_NONE;
 * DROP_NOT_KNOWN, when the sender is not let in without one.
 */
enum drop admit_find(const struct host *h, const struct packet *i2,
		     struct cert_param *out);

/*
 * The signature of the I2 holds: judges the certificate. DROP_NONE, with
 * *known_until_ms set when the sender is known by it (else 0), or
 * DROP_CERTIFICATE.
 */
enum drop admit_judge(struct host *h, const struct hit *peer,
		      const struct cert_param *cert, uint64_t *known_until_ms);

/* Our own certificate, if there is one, into an I2. */
void admit_write(const struct host *h, struct packet_out *i2);

/* The peer of an association is known for so long from now on, at least. */
void admit_know(struct host *h, struct assoc *a, uint64_t for_ms);

/* When an ESTABLISHED association is to be closed: idle, or known no more. */
uint64_t admit_end_ms(const struct host *h, const struct assoc *a);

#endif
