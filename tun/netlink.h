/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Addresses, routes and links by rtnetlink (libmnl): used by the monitor,
 * which has the rights, and for questions by anyone.
 */
#ifndef HIPLINE_NETLINK_H
#define HIPLINE_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink;

enum {
	/* The label for 2001:20::/28. RFC 6724 2.1 and the kernel's own table
	 * use 0 to 7 and 11 to 13; only its being no other's matters. */
	NETLINK_LABEL_HIT = 20,
};

/* A metric worse than any other: the kernel takes all 32 bits. */
#define NETLINK_METRIC_WORST UINT32_MAX

/* NULL with errno set. */
struct netlink *netlink_new(void);
void netlink_free(struct netlink *n);

/* All below: 0 or a negative errno as the kernel gave it. "Add" of what is
 * there already, and "delete" of what is not, are 0. */

/* Also keeps the kernel from giving the link an address fe80::/10 and from
 * soliciting routers there, and has it keep more packets for a reader that is
 * late. `mtu` 0 leaves it as it is. */
int netlink_link_up(struct netlink *n, unsigned ifindex, uint32_t mtu);

/* Without duplicate address detection and without a route for the prefix. */
int netlink_address_add(struct netlink *n, unsigned ifindex,
			const uint8_t addr[16], uint8_t prefix_len);

/* In the main table; `metric` 0 is the kernel's 1024, `mtu` 0 the link's. */
int netlink_route_add(struct netlink *n, unsigned ifindex,
		      const uint8_t prefix[16], uint8_t prefix_len,
		      uint32_t metric, uint32_t mtu);

/* The same, but -EEXIST where there is one for the prefix of that metric,
 * whatever its link. */
int netlink_route_claim(struct netlink *n, unsigned ifindex,
			const uint8_t prefix[16], uint8_t prefix_len,
			uint32_t metric);

/* The link of the best route for exactly this prefix; *ifindex is 0 where
 * there is none, or where that one leads to no link. */
int netlink_route_find(struct netlink *n, const uint8_t prefix[16],
		       uint8_t prefix_len, unsigned *ifindex);

/* The route that keeps HITs from the default route when hip0 is gone:
 * `unreachable PREFIX metric METRIC`. */
int netlink_unreachable_add(struct netlink *n, const uint8_t prefix[16],
			    uint8_t prefix_len, uint32_t metric);
int netlink_unreachable_delete(struct netlink *n, const uint8_t prefix[16],
			       uint8_t prefix_len, uint32_t metric);

/*
 * An address label, so that a HIT is the source towards HITs (RFC 6724 5,
 * rule 6: prefer matching label) and towards nothing else. The kernel knows
 * only the older ORCHID prefix 2001:10::/28.
 */
int netlink_label_add(struct netlink *n, const uint8_t prefix[16],
		      uint8_t prefix_len, uint32_t label);
int netlink_label_delete(struct netlink *n, const uint8_t prefix[16],
			 uint8_t prefix_len, uint32_t label);

/* The smallest MTU of the links that are up, loopback, `except` and links
 * without an address of more than link scope left out; 0 when there is
 * none. */
uint32_t netlink_mtu_underneath(struct netlink *n, unsigned except);

#endif
