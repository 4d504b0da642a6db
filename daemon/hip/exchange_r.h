/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The Responder's side of a base exchange: RFC 7401 6.7, 6.9; RFC 7402 6.5.
 * It answers I1 without keeping anything, and I2 with R2.
 */
#ifndef HIPLINE_EXCHANGE_R_H
#define HIPLINE_EXCHANGE_R_H

#include "daemon/hip/host.h"

struct arrival;
struct assoc;

enum drop exchange_r_on_i1(struct host *h, const struct arrival *m);
enum drop exchange_r_on_i2(struct host *h, const struct arrival *m);

/* The peer has R2: it sent ESP or another packet with the new keys. */
void exchange_r_on_proof(struct host *h, struct assoc *a);

#endif
