/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * RFC 9293 3.1 and RFC 3168 6.1.2 say what the segments of one sending
 * differ in: the sequence number; PSH and FIN, which belong to the last;
 * CWR, which belongs to the first.
 */
#include "tun/segment.h"

#include "tun/checksum.h"
#include "tun/pkt.h"

enum {
	TCP = 6,
	UDP = 17,
	SOURCE_AT = 8, /* in an IPv6 header */
	DESTINATION_AT = 24,
	TCP_LEN_MIN = 20,
	TCP_SEQUENCE_AT = 4,
	TCP_OFFSET_AT = 12,
	TCP_FLAGS_AT = 13,
	TCP_CHECKSUM_AT = 16,
	UDP_LEN = 8,
	UDP_LENGTH_AT = 4,
	UDP_CHECKSUM_AT = 6,
	FIN = 0x01,
	PSH = 0x08,
	CWR = 0x80,
};

/* Completes the checksum of a packet that is sent as it is. The field holds
 * the pseudo header's sum. */
static bool complete(const struct vnet *v, uint8_t *packet, size_t len)
{
	size_t start = v->csum_start, field = start + v->csum_offset;
	uint16_t sum;

	if (!(v->flags & VNET_NEEDS_CSUM))
		return true;
	if (start < IPV6_HEADER_LEN || field + 2 > len)
		return false;
	sum = (uint16_t)~checksum_fold(
		checksum_add(0, packet + start, len - start));
	/* RFC 8200 8.1: a UDP checksum of zero goes as its other form. */
	checksum_store(packet + field, sum ? sum : UINT16_MAX);
	return true;
}

/* What a super-packet's header says; false when it says wrong. */
static bool read_header(struct segments *s, const struct vnet *v)
{
	const uint8_t *transport = s->packet + v->csum_start;
	uint8_t type = v->gso_type & (uint8_t)~VNET_GSO_ECN;
	size_t room = s->len - v->csum_start, transport_len;

	if (type == VNET_GSO_TCPV6 && room >= TCP_LEN_MIN) {
		s->protocol = TCP;
		transport_len = (size_t)(transport[TCP_OFFSET_AT] >> 4) * 4;
		s->flags = transport[TCP_FLAGS_AT];
		s->sequence = load_be32(transport + TCP_SEQUENCE_AT);
		if (transport_len < TCP_LEN_MIN)
			return false;
	} else if (type == VNET_GSO_UDP_L4 && room >= UDP_LEN) {
		s->protocol = UDP;
		transport_len = UDP_LEN;
	} else {
		return false;
	}
	s->transport = v->csum_start;
	s->header_len = s->transport + transport_len;
	return s->header_len <= SEGMENT_HEADER_MAX && s->header_len < s->len;
}

bool segment_begin(struct segments *s, const struct vnet *v, uint8_t *packet,
		   size_t len)
{
	s->packet = packet;
	s->len = len;
	s->at = 0;
	s->protocol = 0;
	if (v->gso_type == VNET_GSO_NONE)
		return len > 0 && complete(v, packet, len);
	if (v->gso_size == 0 || v->csum_start < IPV6_HEADER_LEN ||
	    v->csum_start > len || packet[0] >> 4 != 6 || !read_header(s, v))
		return false;
	s->size = v->gso_size;
	s->at = s->header_len;
	memcpy(s->header, packet, s->header_len);
	return true;
}

/* Fixes what differs in this segment's transport header, but for the
 * checksum, which becomes zero. Gives where that is. */
static uint8_t *fix_transport(const struct segments *s, uint8_t *transport,
			      size_t data_len)
{
	size_t before = s->at - s->header_len;
	uint8_t flags = s->flags;

	if (s->protocol == UDP) {
		store_be16(transport + UDP_LENGTH_AT,
			   (uint16_t)(UDP_LEN + data_len));
		store_be16(transport + UDP_CHECKSUM_AT, 0);
		return transport + UDP_CHECKSUM_AT;
	}
	if (before > 0)
		flags &= (uint8_t)~CWR;
	if (s->at + data_len < s->len)
		flags &= (uint8_t) ~(FIN | PSH);
	store_be32(transport + TCP_SEQUENCE_AT, s->sequence + (uint32_t)before);
	transport[TCP_FLAGS_AT] = flags;
	store_be16(transport + TCP_CHECKSUM_AT, 0);
	return transport + TCP_CHECKSUM_AT;
}

uint8_t *segment_next(struct segments *s, size_t *len)
{
	size_t data_len = s->len - s->at, transport_len;
	uint8_t *ip, *transport, *field;
	uint16_t sum;

	if (data_len == 0)
		return NULL;
	if (s->protocol == 0) {
		s->at = s->len;
		*len = s->len;
		return s->packet;
	}
	if (data_len > s->size)
		data_len = s->size;
	ip = s->packet + s->at - s->header_len;
	memcpy(ip, s->header, s->header_len);
	*len = s->header_len + data_len;
	store_be16(ip + 4, (uint16_t)(*len - IPV6_HEADER_LEN));
	transport = ip + s->transport;
	transport_len = *len - s->transport;
	field = fix_transport(s, transport, data_len);
	sum = (uint16_t)~checksum_fold(checksum_add(
		checksum_pseudo(ip + SOURCE_AT, ip + DESTINATION_AT,
				s->protocol, (uint32_t)transport_len),
		transport, transport_len));
	if (s->protocol == UDP && sum == 0)
		sum = UINT16_MAX;
	checksum_store(field, sum);
	s->at += data_len;
	return ip;
}
