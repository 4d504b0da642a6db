/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Files of the state directory that were broken and set aside: the warning
 * about one ends when the operator has removed it.
 */
#ifndef HIPLINE_ASIDE_H
#define HIPLINE_ASIDE_H

#include "daemon/engine.h"

/* Looks whether they are still there; once a second. */
void aside_tick(struct engine *e);

#endif
