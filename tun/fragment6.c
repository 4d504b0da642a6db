/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/fragment6.h"

enum {
	LENGTH_AT = 4, /* in an IPv6 header: RFC 8200 3 */
	NEXT_HEADER_AT = 6,
	EXTENSIONS_MAX = 8,

	NH_HOP_BY_HOP = 0,
	NH_ROUTING = 43,
	NH_FRAGMENT = 44,
	NH_DESTINATION = 60,

	OFFSET_MASK = 0xfff8, /* in the Fragment header's second word */
	MORE = 1,
};

/*
 * RFC 8200 4.5: the IPv6 header and all extension headers up to the last one
 * that a node on the way looks at. Sets `front`, `next_at` and `next`; false
 * when the headers do not end.
 */
static bool find_front(struct fragment6 *f)
{
	size_t at = IPV6_HEADER_LEN, next_at = NEXT_HEADER_AT;
	uint8_t next = f->packet[NEXT_HEADER_AT];

	f->front = at;
	f->next_at = next_at;
	f->next = next;
	for (int i = 0; next == NH_HOP_BY_HOP || next == NH_ROUTING ||
			next == NH_DESTINATION;
	     i++) {
		bool is_front = next != NH_DESTINATION;
		size_t len;

		if (i == EXTENSIONS_MAX || f->len - at < 8)
			return false;
		len = (f->packet[at + 1] + (size_t)1) * 8;
		if (len > f->len - at)
			return false;
		next = f->packet[at];
		next_at = at;
		at += len;
		if (!is_front)
			continue;
		f->front = at;
		f->next_at = next_at;
		f->next = next;
	}
	return true;
}

/* What is a fragment keeps its place in the original, and its id. */
static bool take_fragment(struct fragment6 *f)
{
	const uint8_t *header = f->packet + f->front;
	uint16_t word;

	if (f->len - f->front < FRAGMENT6_HEADER_LEN)
		return false;
	word = load_be16(header + 2);
	f->next = header[0];
	f->offset = word & OFFSET_MASK;
	f->more = word & MORE;
	f->id = load_be32(header + 4);
	f->at = f->front + FRAGMENT6_HEADER_LEN;
	/* All but the last part of an original are eights. */
	return !f->more || (f->len - f->at) % 8 == 0;
}

bool fragment6_begin(struct fragment6 *f, const uint8_t *packet, size_t len,
		     size_t mtu, uint32_t id)
{
	size_t before;

	*f = (struct fragment6){ .packet = packet, .len = len, .id = id };
	if (len < IPV6_HEADER_LEN || len > IPV6_MIN_MTU ||
	    len != IPV6_HEADER_LEN + (size_t)load_be16(packet + LENGTH_AT) ||
	    !find_front(f))
		return false;
	f->at = f->front;
	if (f->next == NH_FRAGMENT && !take_fragment(f))
		return false;
	before = f->front + FRAGMENT6_HEADER_LEN;
	if (f->at == len || mtu < before + 8)
		return false;
	f->part = (mtu - before) / 8 * 8;
	return (len - f->at + f->part - 1) / f->part <= FRAGMENT6_PARTS_MAX;
}

size_t fragment6_next(struct fragment6 *f, uint8_t *out)
{
	size_t left = f->len - f->at;
	size_t data = left < f->part ? left : f->part;
	uint8_t *header = out + f->front;

	if (left == 0)
		return 0;
	memcpy(out, f->packet, f->front);
	store_be16(out + LENGTH_AT, (uint16_t)(f->front - IPV6_HEADER_LEN +
					       FRAGMENT6_HEADER_LEN + data));
	out[f->next_at] = NH_FRAGMENT;
	header[0] = f->next;
	header[1] = 0;
	store_be16(header + 2, f->offset | (left > data ? MORE : f->more));
	store_be32(header + 4, f->id);
	memcpy(header + FRAGMENT6_HEADER_LEN, f->packet + f->at, data);
	f->at += data;
	f->offset += (uint16_t)data;
	return f->front + FRAGMENT6_HEADER_LEN + data;
}
