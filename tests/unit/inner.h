/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Inner packets for the tests of segmentation and coalescing, and the plain
 * way to make what they make: field by field, into fresh memory.
 */
#ifndef HIPLINE_TEST_INNER_H
#define HIPLINE_TEST_INNER_H

#include "tun/icmp6.h"
#include "tun/pkt.h"
#include "tun/vnet.h"

enum {
	INNER_MAX = 70000,
	INNER_TCP = 6,
	INNER_UDP = 17,
	INNER_FIN = 0x01,
	INNER_SYN = 0x02,
	INNER_PSH = 0x08,
	INNER_ACK = 0x10,
	INNER_ECE = 0x40,
	INNER_CWR = 0x80,
};

/* What a packet or super-packet is made of. */
struct inner_conf {
	uint8_t protocol;
	uint8_t traffic_class;
	uint8_t flags;
	uint8_t options;    /* of TCP, in words */
	uint8_t extensions; /* destination options of 8 bytes each */
	uint16_t port;
	uint16_t window;
	uint32_t sequence;
	uint32_t acknowledgement;
	uint32_t data_len;
	uint32_t seed; /* of its data */
};

/* Small, repeatable, without a state of its own. */
static inline uint32_t inner_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static inline uint32_t inner_transport_len(const struct inner_conf *c)
{
	return c->protocol == INNER_TCP ? 20 + c->options * 4u : 8;
}

/* Writes the one packet; gives its length. */
static inline uint32_t inner_make(uint8_t *p, const struct inner_conf *c)
{
	static const uint8_t addresses[32] = { 0x20, 0x01,     0x00, 0x22,
					       0xaa, [15] = 1, 0x20, 0x01,
					       0x00, 0x22,     0xbb, [31] = 2 };
	uint32_t extensions = c->extensions * 8u;
	uint32_t transport_len = inner_transport_len(c);
	uint32_t upper = transport_len + c->data_len;
	uint8_t *t = p + 40 + extensions, *data = t + transport_len;
	uint32_t at = c->protocol == INNER_TCP ? 16 : 6, state = c->seed | 1;
	uint16_t sum;

	memset(p, 0, 40 + extensions + transport_len);
	store_be32(p, 0x60000000u | (uint32_t)c->traffic_class << 20);
	store_be16(p + 4, (uint16_t)(extensions + upper));
	p[6] = extensions ? 60 : c->protocol;
	p[7] = 64;
	memcpy(p + 8, addresses, 32);
	for (uint32_t i = 0; i < c->extensions; i++) {
		uint8_t *e = p + 40 + i * 8;

		e[0] = i + 1 == c->extensions ? c->protocol : 60;
		e[2] = 1; /* PadN */
		e[3] = 4;
	}
	store_be16(t, c->port);
	store_be16(t + 2, 5060);
	if (c->protocol == INNER_TCP) {
		store_be32(t + 4, c->sequence);
		store_be32(t + 8, c->acknowledgement);
		t[12] = (uint8_t)((5 + c->options) << 4);
		t[13] = c->flags;
		store_be16(t + 14, c->window);
		memset(t + 20, 1, c->options * 4u);
	} else {
		store_be16(t + 4, (uint16_t)upper);
	}
	for (uint32_t i = 0; i < c->data_len; i++)
		data[i] = (uint8_t)(inner_random(&state) >> 11);
	sum = ipv6_checksum(p + 8, p + 24, c->protocol, t, upper);
	if (sum == 0 && c->protocol == INNER_UDP)
		sum = 0xffff;
	store_be16(t + at, sum);
	return 40 + extensions + upper;
}

#endif
