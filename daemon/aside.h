/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Files of the state directory that were broken and set aside: the warning
 * about one ends when the operator has removed it.
 */
#ifndef HIPLINE_ASIDE_H
#define HIPLINE_ASIDE_H

#include "daemon/engine.h"

/* Warns of a file that has just been set aside. `code` is one of ours. */
void aside_warn(struct engine *e, const char *code);

/* At the start: warns of those that earlier runs have set aside. */
void aside_begin(struct engine *e);

/* Looks whether they are still there; once a second. */
void aside_tick(struct engine *e);

#endif
