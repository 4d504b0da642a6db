/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/beet.h"

enum {
	VERSION_6 = 6,
	NEXT_HEADER_NONE = 59,
};

bool beet_check(const struct pkt *pkt)
{
	const uint8_t *ip = pkt->buf + pkt->off;

	return pkt->len >= IPV6_HEADER_LEN && ip[0] >> 4 == VERSION_6 &&
	       load_be16(ip + 4) == pkt->len - IPV6_HEADER_LEN &&
	       ip[6] != NEXT_HEADER_NONE;
}

uint8_t beet_strip(struct pkt *pkt, uint8_t *traffic_class)
{
	const uint8_t *ip = pkt_data(pkt);
	uint8_t next_header = ip[6];

	*traffic_class = (uint8_t)(load_be16(ip) >> 4);
	pkt_pull(pkt, IPV6_HEADER_LEN);
	return next_header;
}

void beet_header_write(uint8_t ip[IPV6_HEADER_LEN], uint32_t payload_len,
		       uint8_t next_header, uint8_t traffic_class)
{
	assert(payload_len <= UINT16_MAX); /* ESP came in a UDP datagram */
	store_be32(ip,
		   (uint32_t)VERSION_6 << 28 | (uint32_t)traffic_class << 20);
	store_be16(ip + 4, (uint16_t)payload_len);
	ip[6] = next_header;
	ip[7] = BEET_HOP_LIMIT;
}

void beet_rebuild(struct pkt *pkt, uint8_t next_header,
		  const uint8_t source[16], const uint8_t destination[16])
{
	uint32_t payload_len = pkt->len;
	uint8_t *ip = pkt_push(pkt, IPV6_HEADER_LEN);

	beet_header_write(ip, payload_len, next_header, pkt->traffic_class);
	memcpy(ip + 8, source, 16);
	memcpy(ip + 24, destination, 16);
}
