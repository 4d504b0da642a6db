/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Life and death of a link, as its messages show it, and what it is worth.
 * After one message
 * without an acknowledgement others are preferred; after three in a row,
 * with nothing heard meanwhile, it is given up.
 */
#include "resolver/link.h"

/*
 * An eighth of the worth is at stake with every request. A neighbour that
 * drops what it should carry falls below the mark after some 15; one behind
 * which there are some such does not.
 */
enum { WORTH_STAKE = 8 };

void link_on_request(struct link *l)
{
	l->worth -= (uint8_t)(l->worth / WORTH_STAKE);
}

void link_on_answer(struct link *l)
{
	unsigned int worth = l->worth + 256 / WORTH_STAKE;

	l->worth = worth > UINT8_MAX ? UINT8_MAX : (uint8_t)worth;
}

void link_on_heard(struct link *l)
{
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

static uint8_t less(uint8_t asks, uint32_t over)
{
	return asks > over ? (uint8_t)(asks - over) : 0;
}

bool link_may_ask(struct link *l, bool direct, uint32_t now_s)
{
	uint8_t *asks = direct ? &l->asks : &l->routed;
	uint16_t passed = (uint16_t)(now_s - l->asks_s);
	uint32_t over = passed < LINK_ASKS_MAX ? passed * LINK_ASKS_PER_S
					       : LINK_ASKS_MAX;

	l->asks = less(l->asks, over);
	l->routed = less(l->routed, over);
	l->asks_s = (uint16_t)now_s;
	if (*asks >= LINK_ASKS_MAX)
		return false;
	(*asks)++;
	return true;
}
