/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/burst.h"

void burst_reset(struct burst *b)
{
	b->len = 0;
	b->run_count = 0;
}

bool burst_is_full(const struct burst *b)
{
	return b->run_count == BURST_RUNS || b->len >= BURST_BYTES;
}

/*
 * Whether the last run is as long as can be, and most of what there is: what
 * came behind it would leave alone, and go the whole way as a run of one.
 */
static bool is_whole(const struct burst *b)
{
	const struct burst_run *last = b->runs + b->run_count - 1;

	return b->len >= BURST_BYTES / 2 &&
	       last->len + last->stride > BURST_RUN_BYTES;
}

bool burst_has_room(const struct burst *b, int packets, uint32_t bytes)
{
	return packets <= BURST_RUNS - b->run_count && b->len < BURST_BYTES &&
	       bytes < BURST_BYTES - b->len && !is_whole(b);
}

struct pkt burst_place(struct burst *b)
{
	assert(!burst_is_full(b));
	return (struct pkt){ .buf = b->buf, .cap = BURST_ROOM, .off = b->len };
}

static bool may_join(const struct burst_run *r, const struct pkt *p,
		     const struct path *path)
{
	return p->len <= r->stride && r->len == r->stride * r->count &&
	       r->count < BURST_RUN_PACKETS &&
	       r->len + p->len <= BURST_RUN_BYTES &&
	       p->traffic_class == r->traffic_class &&
	       memcmp(path, &r->path, sizeof(*path)) == 0;
}

void burst_add(struct burst *b, const struct pkt *p, const struct path *path)
{
	struct burst_run *r = b->runs + b->run_count - (b->run_count > 0);

	assert(p->buf == b->buf && p->off == b->len);
	if (b->run_count == 0 || !may_join(r, p, path)) {
		r = &b->runs[b->run_count++];
		*r = (struct burst_run){
			.bytes = b->buf + b->len,
			.stride = p->len,
			.traffic_class = p->traffic_class,
			.path = *path,
		};
	}
	r->len += p->len;
	r->count++;
	b->len += p->len;
}
