/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * ICMPv6 errors towards local applications: RFC 4443 3.1, 3.2. They seem to
 * come from the destination HIT, so that the kernel takes them.
 */
#ifndef HIPLINE_ICMP6_H
#define HIPLINE_ICMP6_H

#include <stddef.h>
#include <stdint.h>

enum icmp6_error {
	ICMP6_NO_ROUTE,	      /* type 1 code 0 */
	ICMP6_ADMIN,	      /* type 1 code 1 */
	ICMP6_ADDRESS,	      /* type 1 code 3 */
	ICMP6_PACKET_TOO_BIG, /* type 2, with an MTU */
};

enum { ICMP6_ERROR_MAX = 1280 };

/*
 * Writes the error about an inner packet into out. Returns its length, or 0
 * where RFC 4443 2.4 (e) forbids one: about an ICMPv6 error, to or from a
 * multicast or unspecified address, or too short to tell.
 */
size_t icmp6_error_write(enum icmp6_error error, uint32_t mtu,
			 const uint8_t *inner, size_t len,
			 uint8_t out[ICMP6_ERROR_MAX]);

/* The Internet checksum of an upper-layer packet under an IPv6 pseudo
 * header; `bytes` holds zero in its checksum field. */
uint16_t ipv6_checksum(const uint8_t source[16], const uint8_t destination[16],
		       uint8_t next_header, const uint8_t *bytes, size_t len);

#endif
