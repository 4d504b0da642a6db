/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A base exchange of two hosts in memory, before the first real one: what
 * the libraries look up, seed and bind when they are used first then waits
 * for no packet.
 */
#ifndef HIPLINE_REHEARSE_H
#define HIPLINE_REHEARSE_H

#include "daemon/hip/host.h"

/*
 * As conf->id, which it only borrows, with a peer that is made for it and
 * forgotten; no other host hears of it. True when an association came of it.
 * Nothing depends on that: a failure costs the time that it would have saved.
 */
bool rehearse(const struct host_conf *conf, uint64_t now_ms);

#endif
