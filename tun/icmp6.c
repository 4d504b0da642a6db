/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/icmp6.h"
#include "tun/pkt.h"

#include <stdbool.h>

enum {
	ICMP6_HEADER_LEN = 8,
	HOP_LIMIT = 64,
	EXTENSIONS_MAX = 8, /* of one packet that we look behind */

	NH_HOP_BY_HOP = 0,
	NH_ROUTING = 43,
	NH_FRAGMENT = 44,
	NH_AUTHENTICATION = 51,
	NH_ICMP6 = 58,
	NH_DESTINATION = 60,

	ICMP6_FIRST_INFORMATIONAL = 128,
	ICMP6_REDIRECT = 137,
};

static_assert((int)ICMP6_ERROR_MAX == (int)IPV6_MIN_MTU, "RFC 4443 2.4 (c)");

static const struct {
	uint8_t type;
	uint8_t code;
} codes[] = {
	[ICMP6_NO_ROUTE] = { 1, 0 },
	[ICMP6_ADMIN] = { 1, 1 },
	[ICMP6_ADDRESS] = { 1, 3 },
	[ICMP6_PACKET_TOO_BIG] = { 2, 0 },
};

uint16_t ipv6_checksum(const uint8_t source[16], const uint8_t destination[16],
		       uint8_t next_header, const uint8_t *bytes, size_t len)
{
	uint64_t sum = (uint64_t)len + next_header;

	for (size_t i = 0; i < 16; i += 2)
		sum += (uint64_t)load_be16(source + i) +
		       load_be16(destination + i);
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += load_be16(bytes + i);
	if (len % 2)
		sum += (uint64_t)bytes[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Whether an address stands for one node: RFC 4443 2.4 (e.3), (e.6). */
static bool is_one_node(const uint8_t addr[16])
{
	static const uint8_t unspecified[16];

	return addr[0] != 0xff && memcmp(addr, unspecified, 16) != 0;
}

static bool is_extension(uint8_t next_header)
{
	switch (next_header) {
	case NH_HOP_BY_HOP:
	case NH_ROUTING:
	case NH_FRAGMENT:
	case NH_AUTHENTICATION:
	case NH_DESTINATION:
		return true;
	default:
		return false;
	}
}

/* Bytes of an extension header of which 8 are there. */
static size_t extension_len(uint8_t kind, const uint8_t *bytes)
{
	if (kind == NH_FRAGMENT)
		return 8;
	if (kind == NH_AUTHENTICATION)
		return (bytes[1] + 2u) * 4;
	return (bytes[1] + 1u) * 8;
}

/*
 * Whether an inner packet may be answered by an error as far as its contents
 * go: it is no ICMPv6 error and no redirect (RFC 4443 2.4 (e.1), (e.2)).
 * False too when that cannot be told.
 */
static bool contents_allow(const uint8_t *inner, size_t len)
{
	uint8_t next_header = inner[6];
	size_t at = IPV6_HEADER_LEN;

	for (int i = 0; is_extension(next_header); i++) {
		const uint8_t *ext = inner + at;
		uint8_t kind = next_header;

		if (i == EXTENSIONS_MAX || len - at < 8)
			return false;
		next_header = ext[0];
		/* Later fragments do not show what they are part of. */
		if (kind == NH_FRAGMENT && (load_be16(ext + 2) & 0xfff8) != 0)
			return next_header != NH_ICMP6 &&
			       !is_extension(next_header);
		if (extension_len(kind, ext) > len - at)
			return false;
		at += extension_len(kind, ext);
	}
	if (next_header != NH_ICMP6)
		return true;
	return at < len && inner[at] >= ICMP6_FIRST_INFORMATIONAL &&
	       inner[at] != ICMP6_REDIRECT;
}

size_t icmp6_error_write(enum icmp6_error error, uint32_t mtu,
			 const uint8_t *inner, size_t len,
			 uint8_t out[ICMP6_ERROR_MAX])
{
	const size_t room =
		ICMP6_ERROR_MAX - IPV6_HEADER_LEN - ICMP6_HEADER_LEN;
	uint8_t *icmp = out + IPV6_HEADER_LEN;
	size_t icmp_len;

	if (len < IPV6_HEADER_LEN || inner[0] >> 4 != 6 ||
	    !is_one_node(inner + 8) || !is_one_node(inner + 24) ||
	    !contents_allow(inner, len))
		return 0;
	if (len > room)
		len = room;
	icmp_len = ICMP6_HEADER_LEN + len;

	store_be32(out, (uint32_t)6 << 28);
	store_be16(out + 4, (uint16_t)icmp_len);
	out[6] = NH_ICMP6;
	out[7] = HOP_LIMIT;
	memcpy(out + 8, inner + 24, 16);
	memcpy(out + 24, inner + 8, 16);
	icmp[0] = codes[error].type;
	icmp[1] = codes[error].code;
	store_be16(icmp + 2, 0);
	store_be32(icmp + 4, error == ICMP6_PACKET_TOO_BIG ? mtu : 0);
	memcpy(icmp + ICMP6_HEADER_LEN, inner, len);
	store_be16(icmp + 2,
		   ipv6_checksum(out + 8, out + 24, NH_ICMP6, icmp, icmp_len));
	return IPV6_HEADER_LEN + icmp_len;
}
