/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The judge of an authority (judge.h) in the form in which an overlay asks
 * (overlay.h).
 */
#ifndef HIPLINE_CHECK_H
#define HIPLINE_CHECK_H

#include "resolver/judge.h"
#include "resolver/overlay.h"

/* Borrows the judge, whose time the caller keeps set. */
struct overlay_check check_by_judge(struct judge *judge);

#endif
