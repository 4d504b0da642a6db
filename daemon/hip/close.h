/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The end of an association: RFC 7401 5.3.7, 5.3.8, 6.14, 6.15, tables 6
 * to 8.
 */
#ifndef HIPLINE_CLOSE_H
#define HIPLINE_CLOSE_H

#include "daemon/hip/host.h"

struct arrival;
struct assoc;

/*
 * Closes it from our side: SAs end at once, CLOSE goes until CLOSE_ACK or
 * the time is over. Where no keys are shared yet it is just forgotten (and
 * freed).
 */
void close_start(struct host *h, struct assoc *a);

enum drop close_on_close(struct host *h, const struct arrival *m);
enum drop close_on_ack(struct host *h, const struct arrival *m);

/* The time of CLOSING or CLOSED goes on or is over; may free it. */
void close_on_timer(struct host *h, struct assoc *a);

#endif
