/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * NOTIFY: RFC 7401 5.2.19, 5.3.6, 6.13. It never changes a state. It is sent
 * only to those who solved a puzzle or whose R1 verified, and seldom.
 */
#ifndef HIPLINE_NOTIFY_H
#define HIPLINE_NOTIFY_H

#include "daemon/base/locator.h"
#include "daemon/hip/host.h"

struct arrival;

/* Sends one to where `in` came from, unless one went just before. */
void notify_send(struct host *h, const struct hit *peer, enum notify_type type,
		 const struct hip_input *in);

/* An I2 whose puzzle was right was dropped: tells why, where the RFC asks. */
void notify_on_i2(struct host *h, const struct hit *peer, enum drop reason,
		  const struct hip_input *in);

/* One arrived: when it is genuine, what it says is kept for people. */
enum drop notify_on_packet(struct host *h, const struct arrival *m);

#endif
