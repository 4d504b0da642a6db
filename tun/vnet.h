/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The virtio header in front of a packet of the TUN device (virtio 1.2,
 * 5.1.6), in the host's byte order: that of IFF_VNET_HDR by default. It
 * tells of checksums still to be completed, and of super-packets: many
 * segments under one header.
 */
#ifndef HIPLINE_VNET_H
#define HIPLINE_VNET_H

#include <stdint.h>
#include <string.h>

enum {
	VNET_LEN = 10,

	/* flags */
	VNET_NEEDS_CSUM = 1, /* the field holds the pseudo header's sum only */
	VNET_DATA_VALID = 2, /* the checksum was verified */

	/* gso_type */
	VNET_GSO_NONE = 0,
	VNET_GSO_TCPV4 = 1,
	VNET_GSO_TCPV6 = 4,
	VNET_GSO_UDP_L4 = 5,
	VNET_GSO_ECN = 0x80, /* a bit: CWR is set, for the first segment */
};

struct vnet {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;   /* payload of each segment but the last */
	uint16_t csum_start; /* where the transport header begins */
	uint16_t csum_offset;
};

static inline void vnet_read(struct vnet *v, const uint8_t bytes[VNET_LEN])
{
	v->flags = bytes[0];
	v->gso_type = bytes[1];
	memcpy(&v->hdr_len, bytes + 2, 2);
	memcpy(&v->gso_size, bytes + 4, 2);
	memcpy(&v->csum_start, bytes + 6, 2);
	memcpy(&v->csum_offset, bytes + 8, 2);
}

static inline void vnet_write(uint8_t bytes[VNET_LEN], const struct vnet *v)
{
	bytes[0] = v->flags;
	bytes[1] = v->gso_type;
	memcpy(bytes + 2, &v->hdr_len, 2);
	memcpy(bytes + 4, &v->gso_size, 2);
	memcpy(bytes + 6, &v->csum_start, 2);
	memcpy(bytes + 8, &v->csum_offset, 2);
}

#endif
