/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/standing.h"

/* RFC 8289 5.3: the time to the next signal falls with the square root of
 * how many there were. */
static uint64_t interval(uint32_t count)
{
	uint32_t root = 1;

	while ((root + 1) * (root + 1) <= count)
		root++;
	return STANDING_INTERVAL_US / root;
}

bool standing_note(struct standing *s, bool empty, uint64_t call_us,
		   uint64_t now_us)
{
	if (empty) {
		*s = (struct standing){ 0 };
		return false;
	}
	if (s->since_us == 0)
		s->since_us = now_us;
	if (call_us < s->since_us || now_us - call_us >= STANDING_CALL_US) {
		s->signal_us = 0;
		s->count = 0;
		return false;
	}
	if (s->signal_us == 0) {
		s->signal_us = now_us + interval(1);
		return false;
	}
	if (now_us < s->signal_us)
		return false;
	if (s->count < STANDING_COUNT_MAX)
		s->count++;
	s->signal_us = now_us + interval(s->count);
	return true;
}
