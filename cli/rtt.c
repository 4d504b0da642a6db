/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Round trips and their summary.
 */
#include "cli/rtt.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct rtt_slot {
	uint64_t sent_us;
	uint64_t trip_us;
	bool answered;
};

int rtt_init(struct rtt *r, uint32_t count)
{
	struct rtt_slot *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	*r = (struct rtt){ .slots = slots, .count = count };
	return 0;
}

void rtt_clear(struct rtt *r)
{
	free(r->slots);
	*r = (struct rtt){ 0 };
}

uint32_t rtt_on_send(struct rtt *r, uint64_t now_us)
{
	assert(r->sent < r->count);
	r->slots[r->sent].sent_us = now_us;
	return ++r->sent;
}

bool rtt_on_reply(struct rtt *r, uint32_t seq, uint64_t now_us, uint64_t *us)
{
	struct rtt_slot *slot;

	if (seq < 1 || seq > r->sent)
		return false;
	slot = &r->slots[seq - 1];
	if (slot->answered || now_us < slot->sent_us)
		return false;
	slot->answered = true;
	slot->trip_us = now_us - slot->sent_us;
	r->received++;
	*us = slot->trip_us;
	return true;
}

/* Answered ones first, then by round trip. */
static int compare(const void *a, const void *b)
{
	const struct rtt_slot *x = a, *y = b;

	if (x->answered != y->answered)
		return x->answered ? -1 : 1;
	return (x->trip_us > y->trip_us) - (x->trip_us < y->trip_us);
}

bool rtt_summarise(struct rtt *r, struct rtt_summary *out)
{
	const struct rtt_slot *s = r->slots;
	uint32_t n = r->received;

	if (n == 0)
		return false;
	qsort(r->slots, r->count, sizeof(*r->slots), compare);
	out->min_us = s[0].trip_us;
	out->median_us = (s[(n - 1) / 2].trip_us + s[n / 2].trip_us) / 2;
	out->max_us = s[n - 1].trip_us;
	return true;
}
