/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/outgoing.h"

#include "tun/beet.h"
#include "tun/icmp6.h"

enum {
	SOURCE_AT = 8, /* in an IPv6 header: RFC 8200 3 */
	DESTINATION_AT = 24,
	NEXT_HEADER_AT = 6,
	HIP = 139,
	/* Of the ring, in sixteenths. Who finds no room is told of later. */
	LARGE_SHARE = 4,
};

static void answer(struct pkt *p, enum icmp6_error error, uint32_t mtu,
		   struct forward_out *out)
{
	size_t len;

	if (out->error_count == FORWARD_ERRORS_MAX)
		return;
	len = icmp6_error_write(error, mtu, pkt_data(p), p->len,
				out->errors[out->error_count].bytes);
	if (len == 0)
		return;
	out->errors[out->error_count].len = len;
	out->error_count++;
}

static void refuse(struct forward *f, struct pkt *p, enum worker_drop reason,
		   enum icmp6_error error, struct forward_out *out)
{
	forward_drop(f, reason, 1);
	answer(p, error, 0, out);
}

/* RFC 4443 3.2. */
static void refuse_size(struct forward *f, struct pkt *p, uint32_t mtu,
			struct forward_out *out)
{
	forward_drop(f, WORKER_DROP_TOO_BIG, 1);
	answer(p, ICMP6_PACKET_TOO_BIG, mtu, out);
}

/* What the kernel says on any link by itself (MLD, neighbour and router
 * solicitations) or an application to all: not an error, nobody listens. */
static bool is_noise(const uint8_t *source, const uint8_t *destination)
{
	static const uint8_t unspecified[16];

	return destination[0] == 0xff ||
	       (destination[0] == 0xfe && (destination[1] & 0xc0) == 0x80) ||
	       (source[0] == 0xfe && (source[1] & 0xc0) == 0x80) ||
	       memcmp(source, unspecified, 16) == 0;
}

bool outgoing_packet(struct forward *f, struct pkt *p, size_t segment_len,
		     struct forward_out *out)
{
	const uint8_t *ip = pkt_data(p);
	const uint8_t *source = ip + SOURCE_AT;
	const uint8_t *destination = ip + DESTINATION_AT;

	if (p->len < IPV6_HEADER_LEN || ip[0] >> 4 != 6) {
		forward_drop(f, WORKER_DROP_INNER, 1);
	} else if (is_noise(source, destination)) {
		return false;
	} else if (ip[NEXT_HEADER_AT] == HIP) {
		/* The peer would take it for a packet of its daemon's. */
		forward_drop(f, WORKER_DROP_INNER_HIP, 1);
	} else if (memcmp(source, f->conf.hit, 16) != 0) {
		refuse(f, p, WORKER_DROP_INNER_SOURCE, ICMP6_ADMIN, out);
	} else if (!outgoing_is_hit(destination) ||
		   memcmp(destination, f->conf.hit, 16) == 0) {
		refuse(f, p, WORKER_DROP_INNER_DESTINATION, ICMP6_ADDRESS, out);
	} else if ((segment_len ? segment_len
				: IPV6_HEADER_LEN + (size_t)load_be16(ip + 4)) >
		   f->conf.mtu) {
		/* By its own word: reading has cut what has no room. */
		refuse_size(f, p, f->conf.mtu, out);
	} else if (!beet_check(p)) {
		forward_drop(f, WORKER_DROP_INNER, 1);
	} else {
		return true;
	}
	return false;
}

/* So that somebody finds out whether the path carries such packets. */
static void tell_large(struct forward *f, struct pkt *p)
{
	if (!ring_has_share(f->data, RING_LARGE, LARGE_SHARE) &&
	    ring_push(f->data, RING_LARGE, pkt_data(p), IPV6_HEADER_LEN, NULL))
		f->told = true;
}

uint32_t outgoing_size(struct forward *f, struct sa_out *sa, struct pkt *p,
		       size_t segment_len, struct forward_out *out)
{
	const uint32_t max = sa_out_inner_max(sa);
	const size_t len = segment_len ? segment_len : p->len;

	if (len > SA_LARGE_MIN && sa_out_note_large(sa))
		tell_large(f, p);
	if (len <= max || len <= IPV6_MIN_MTU)
		return max;
	refuse_size(f, p, max < IPV6_MIN_MTU ? IPV6_MIN_MTU : max, out);
	return 0;
}
