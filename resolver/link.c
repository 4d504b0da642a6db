/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Life and death of a link, as its messages show it. After one message
 * without an acknowledgement others are preferred; after three in a row,
 * with nothing heard meanwhile, it is given up.
 */
#include "resolver/link.h"

void link_on_heard(struct link *l, uint32_t now_s)
{
	l->heard_s = now_s;
	l->misses = 0;
	l->flags &= (uint8_t)~LINK_SUSPECT;
}

bool link_on_missed(struct link *l)
{
	link_set(l, LINK_SUSPECT);
	if (l->misses < LINK_MISSES_MAX)
		l->misses++;
	return l->misses == LINK_MISSES_MAX;
}
