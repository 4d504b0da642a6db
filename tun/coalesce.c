/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What may join: the next segment of the same flow (RFC 9293 3.1) with the
 * same header, options and traffic class, not larger than those before. A
 * smaller one, and one with PSH or FIN, is the last. Extension headers and
 * fragments are not looked behind.
 */
#include "tun/coalesce.h"

#include "tun/beet.h"
#include "tun/checksum.h"

enum {
	TCP = 6,
	UDP = 17,
	ICMPV6 = 58,
	SOURCE_AT = 8, /* in an IPv6 header */
	DESTINATION_AT = 24,
	PORTS_LEN = 4,
	TCP_LEN_MIN = 20,
	TCP_SEQUENCE_AT = 4,
	TCP_ACKNOWLEDGEMENT_AT = 8,
	TCP_OFFSET_AT = 12,
	TCP_FLAGS_AT = 13,
	TCP_WINDOW_AT = 14,
	TCP_CHECKSUM_AT = 16,
	TCP_URGENT_AT = 18,
	UDP_LEN = 8,
	UDP_LENGTH_AT = 4,
	UDP_CHECKSUM_AT = 6,
	FIN = 0x01,
	PSH = 0x08,
	ACK = 0x10,
	ECE = 0x40,
	CWR = 0x80,
	IP_AT = VNET_LEN,
	TRANSPORT_AT = VNET_LEN + IPV6_HEADER_LEN,
	PAYLOAD_MAX = UINT16_MAX, /* RFC 8200 3 */
};

void coalesce_init(struct coalesce *c, bool udp)
{
	c->udp = udp;
	coalesce_reset(c);
}

void coalesce_reset(struct coalesce *c)
{
	c->count = 0;
	c->open_count = 0;
}

/* The length of the transport header of a segment that may be joined with
 * others; 0 when this is none. */
static uint8_t transport_len_of(const struct coalesce *c, const struct inner *p)
{
	const uint8_t *t = p->payload;
	uint32_t len;

	if (p->next_header == UDP && c->udp) {
		/* RFC 8200 8.1: a UDP checksum must not be zero. */
		return p->len > UDP_LEN &&
				       load_be16(t + UDP_LENGTH_AT) == p->len &&
				       load_be16(t + UDP_CHECKSUM_AT) != 0
			       ? UDP_LEN
			       : 0;
	}
	if (p->next_header != TCP || p->len < TCP_LEN_MIN)
		return 0;
	len = (uint32_t)(t[TCP_OFFSET_AT] >> 4) * 4;
	/* Data alone: what begins, ends at once or is urgent goes alone. */
	if (len < TCP_LEN_MIN || len >= p->len || (t[TCP_OFFSET_AT] & 0x0f) ||
	    (t[TCP_FLAGS_AT] & ~(FIN | PSH | ECE | CWR)) != ACK)
		return 0;
	return (uint8_t)len;
}

static bool is_verified(const struct inner *p)
{
	uint64_t sum = checksum_pseudo(p->source, p->destination,
				       p->next_header, p->len);

	sum = checksum_add(sum, p->payload, p->len);
	return checksum_fold(sum) == UINT16_MAX;
}

static bool is_same_flow(const struct bundle *b, const struct inner *p)
{
	return b->first.next_header == p->next_header &&
	       memcmp(b->first.payload, p->payload, PORTS_LEN) == 0 &&
	       memcmp(b->first.source, p->source, 16) == 0 &&
	       memcmp(b->first.destination, p->destination, 16) == 0;
}

/* Whether p's TCP header goes on where b ends. */
static bool is_next(const struct bundle *b, const struct inner *p)
{
	const uint8_t *t = p->payload, *first = b->first.payload;
	const uint8_t may_differ = FIN | PSH | CWR;

	return load_be32(t + TCP_SEQUENCE_AT) == b->next_sequence &&
	       memcmp(t + TCP_ACKNOWLEDGEMENT_AT,
		      first + TCP_ACKNOWLEDGEMENT_AT,
		      TCP_FLAGS_AT - TCP_ACKNOWLEDGEMENT_AT) == 0 &&
	       /* CWR is the first one's. */
	       !(t[TCP_FLAGS_AT] & CWR) &&
	       ((t[TCP_FLAGS_AT] ^ b->flags) & (uint8_t)~may_differ) == 0 &&
	       memcmp(t + TCP_WINDOW_AT, first + TCP_WINDOW_AT, 2) == 0 &&
	       memcmp(t + TCP_URGENT_AT, first + TCP_URGENT_AT,
		      b->transport_len - (size_t)TCP_URGENT_AT) == 0;
}

static bool may_join(struct bundle *b, const struct inner *p, uint8_t len)
{
	uint32_t data_len = p->len - len;

	if (len != b->transport_len || data_len > b->size ||
	    p->traffic_class != b->first.traffic_class ||
	    b->piece_count > COALESCE_PACKETS ||
	    len + b->data_len + data_len > PAYLOAD_MAX)
		return false;
	if (p->next_header == TCP && !is_next(b, p))
		return false;
	if (!b->verified && !is_verified(&b->first))
		return false;
	b->verified = true;
	return is_verified(p);
}

static void put_piece(struct bundle *b, uint8_t *bytes, uint32_t len)
{
	b->pieces[b->piece_count++] =
		(struct iovec){ .iov_base = bytes, .iov_len = len };
}

static void close_bundle(struct coalesce *c, int i)
{
	c->open_count--;
	memmove(c->open + i, c->open + i + 1,
		(size_t)(c->open_count - i) * sizeof(c->open[0]));
}

static void open_bundle(struct coalesce *c, struct bundle *b)
{
	if (c->open_count == COALESCE_FLOWS)
		c->open_count--;
	memmove(c->open + 1, c->open,
		(size_t)c->open_count * sizeof(c->open[0]));
	c->open[0] = b;
	c->open_count++;
}

/* A segment that is the last of its bundle. */
static bool is_last(const struct bundle *b, uint32_t data_len)
{
	return data_len < b->size || (b->flags & (FIN | PSH)) ||
	       b->piece_count > COALESCE_PACKETS;
}

/* p joins b, which is c->open[i]. */
static void join(struct coalesce *c, int i, const struct inner *p)
{
	struct bundle *b = c->open[i];
	uint32_t data_len = p->len - b->transport_len;

	put_piece(b, p->payload + b->transport_len, data_len);
	b->data_len += data_len;
	b->next_sequence += data_len;
	if (p->next_header == TCP)
		b->flags |= p->payload[TCP_FLAGS_AT] & (FIN | PSH);
	if (is_last(b, data_len))
		close_bundle(c, i);
}

static void begin(struct coalesce *c, const struct inner *p, uint8_t len)
{
	struct bundle *b = &c->bundles[c->count++];

	b->first = *p;
	b->transport_len = len;
	b->piece_count = 1; /* the head: coalesce_finish */
	b->verified = false;
	b->flags = 0;
	put_piece(b, p->payload + len, p->len - len);
	if (len == 0)
		return;
	b->data_len = b->size = p->len - len;
	if (p->next_header == TCP) {
		b->flags = p->payload[TCP_FLAGS_AT];
		b->next_sequence =
			load_be32(p->payload + TCP_SEQUENCE_AT) + b->size;
	}
	if (!is_last(b, b->size))
		open_bundle(c, b);
}

/* The open bundle of p's flow, or -1. */
static int find_open(const struct coalesce *c, const struct inner *p)
{
	for (int i = 0; i < c->open_count; i++)
		if (is_same_flow(c->open[i], p))
			return i;
	return -1;
}

/* A packet that nothing may join with must not be overtaken by segments of
 * its flow that join a bundle before it. */
static void close_before(struct coalesce *c, const struct inner *p)
{
	int i;

	if (p->next_header == ICMPV6)
		return; /* belongs to no flow */
	if ((p->next_header == TCP || p->next_header == UDP) &&
	    p->len >= PORTS_LEN) {
		i = find_open(c, p);
		if (i >= 0)
			close_bundle(c, i);
		return;
	}
	c->open_count = 0; /* a fragment may be of any */
}

void coalesce_add(struct coalesce *c, const struct inner *p)
{
	uint8_t len = transport_len_of(c, p);
	int i;

	assert(coalesce_has_room(c));
	if (len == 0) {
		close_before(c, p);
		begin(c, p, 0);
		return;
	}
	i = find_open(c, p);
	if (i >= 0 && may_join(c->open[i], p, len)) {
		join(c, i, p);
		return;
	}
	if (i >= 0)
		close_bundle(c, i);
	begin(c, p, len);
}

/* What the virtio header says of a super-packet, whose checksum field gets
 * the pseudo header's sum. */
static void finish_super(struct bundle *b, struct vnet *v)
{
	uint8_t *ip = b->head + IP_AT, *transport = b->head + TRANSPORT_AT;
	uint32_t len = b->transport_len + b->data_len;
	bool tcp = b->first.next_header == TCP;

	v->flags = VNET_NEEDS_CSUM;
	v->gso_type = tcp ? VNET_GSO_TCPV6 : VNET_GSO_UDP_L4;
	v->hdr_len = IPV6_HEADER_LEN + b->transport_len;
	v->gso_size = (uint16_t)b->size;
	v->csum_start = IPV6_HEADER_LEN;
	v->csum_offset = tcp ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT;
	if (tcp) {
		transport[TCP_FLAGS_AT] = b->flags;
		if (b->flags & CWR)
			v->gso_type |= VNET_GSO_ECN;
	} else {
		store_be16(transport + UDP_LENGTH_AT, (uint16_t)len);
	}
	checksum_store(transport + v->csum_offset,
		       checksum_fold(checksum_pseudo(
			       ip + SOURCE_AT, ip + DESTINATION_AT,
			       b->first.next_header, len)));
}

static void finish(struct bundle *b)
{
	struct vnet v = { .flags = 0 };
	const struct inner *first = &b->first;
	uint32_t len = first->len;

	if (b->transport_len)
		len = b->transport_len + b->data_len;
	memcpy(b->head + TRANSPORT_AT, first->payload, b->transport_len);
	beet_header_write(b->head + IP_AT, len, first->next_header,
			  first->traffic_class);
	memcpy(b->head + IP_AT + SOURCE_AT, first->source, 16);
	memcpy(b->head + IP_AT + DESTINATION_AT, first->destination, 16);
	if (b->piece_count > 2)
		finish_super(b, &v);
	else if (b->verified)
		v.flags = VNET_DATA_VALID;
	vnet_write(b->head, &v);
	b->pieces[0] = (struct iovec){
		.iov_base = b->head,
		.iov_len = TRANSPORT_AT + (size_t)b->transport_len,
	};
}

void coalesce_finish(struct coalesce *c)
{
	for (int i = 0; i < c->count; i++)
		finish(&c->bundles[i]);
}
