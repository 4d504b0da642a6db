/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/intake.h"

#include <stdlib.h>

enum {
	FLOW_AT = 24,	    /* destination, then ports, in an IPv6 packet */
	NEXT_HEADER_AT = 6, /* of IPv6 */
	FLOW_BITS = 64,
};

static_assert((INTAKE_LEAD + IPV6_HEADER_LEN) % INTAKE_ALIGN == 0, "");
static_assert(INTAKE_LEAD >= sizeof(uint8_t[VNET_LEN]), "");

bool intake_init(struct intake *in, uint32_t cap)
{
	assert(cap % INTAKE_ALIGN == 0);
	in->cap = in->limit = cap;
	in->buf = aligned_alloc(INTAKE_ALIGN, cap);
	intake_reset(in);
	return in->buf != NULL;
}

void intake_clear(struct intake *in)
{
	free(in->buf);
	in->buf = NULL;
}

void intake_reset(struct intake *in)
{
	in->len = 0;
	in->count = 0;
	in->next = 0;
	in->small_count = 0;
	in->cutting = false;
}

void intake_limit(struct intake *in, uint32_t limit)
{
	assert(in->count == 0 && limit <= in->cap);
	in->limit = limit;
}

bool intake_has_room(const struct intake *in)
{
	return in->count < PKT_BATCH &&
	       in->limit - in->len >=
		       INTAKE_LEAD + INTAKE_PACKET_MAX + INTAKE_TAIL_ROOM;
}

uint8_t *intake_place(struct intake *in)
{
	return in->buf + in->len + INTAKE_LEAD;
}

void intake_add(struct intake *in, const struct vnet *v, uint32_t len)
{
	in->packets[in->count++] = (struct intake_packet){
		.vnet = *v,
		.at = in->len + INTAKE_LEAD,
		.len = len,
	};
	in->len += (INTAKE_LEAD + len + INTAKE_ALIGN - 1) / INTAKE_ALIGN *
		   INTAKE_ALIGN;
}

/* One bit of 64 for a packet's flow. Two flows of one bit are taken for one,
 * which costs a call some microseconds. */
static uint64_t flow_bit(const struct intake *in, const struct intake_packet *p)
{
	const uint8_t *ip = in->buf + p->at;
	uint32_t h = 0;

	if (p->len < IPV6_HEADER_LEN + 4)
		return 1;
	for (int i = FLOW_AT + 8; i < FLOW_AT + 16; i += 4)
		h ^= load_be32(ip + i);
	/* Without ports (fragments, extension headers) all are one flow. */
	if (ip[NEXT_HEADER_AT] == 6 || ip[NEXT_HEADER_AT] == 17)
		h ^= load_be32(ip + IPV6_HEADER_LEN);
	h = (h ^ ip[NEXT_HEADER_AT]) * 0x9e3779b1u; /* 2^32 / golden ratio */
	return (uint64_t)1 << (h >> 26);
}

void intake_sort(struct intake *in)
{
	uint64_t large = 0;
	uint8_t late[PKT_BATCH];
	int late_count = 0;

	static_assert(PKT_BATCH <= UINT8_MAX && FLOW_BITS == 64, "");
	in->small_count = 0;
	for (int i = 0; i < in->count; i++) {
		const struct intake_packet *p = &in->packets[i];
		uint64_t bit = flow_bit(in, p);

		if (p->len > INTAKE_SMALL_MAX)
			large |= bit;
		if (large & bit)
			late[late_count++] = (uint8_t)i;
		else
			in->order[in->small_count++] = (uint8_t)i;
	}
	memcpy(in->order + in->small_count, late, (size_t)late_count);
}
