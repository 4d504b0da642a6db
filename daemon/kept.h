/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Associations that are not closed for idleness: those that the overlay
 * wants, and those with hosts behind contacts that are kept. The latter are
 * made here, and made again after they were lost, the more seldom the more
 * often that fails.
 */
#ifndef HIPLINE_KEPT_H
#define HIPLINE_KEPT_H

#include "daemon/contacts.h"

#include <stdint.h>

struct engine;

enum {
	KEPT_LOST_MS = 1000,	    /* before it is made again, at least */
	KEPT_AGAIN_MS = 2000,	    /* after the first try; doubled with each */
	KEPT_AGAIN_MAX_MS = 300000, /* no more than that */
	KEPT_SETTLED_MS = 60 * 1000, /* then earlier tries do not count */
	/* Where nothing was heard for so long the peer is asked whether it is
	 * there: a line without traffic would not show that it is lost. */
	KEPT_SILENT_MS = 60 * 1000,
};

/*
 * Each second, for a contact with `keep`: its hosts are associated with, and
 * the associations that stand are kept. Not from within an output of the host.
 */
void kept_tick(struct engine *e, struct contact *c, uint64_t now_ms);

/*
 * Somebody does not want that association kept any more, or does: the host is
 * told what holds. Not from within an output of the host.
 */
void kept_judge(struct engine *e, const struct hit *hit);

#endif
