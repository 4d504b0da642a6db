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

/* NULL with errno set. */
struct netlink *netlink_new(void);
void netlink_free(struct netlink *n);

/* All below: 0 or a negative errno as the kernel gave it. "Add" of what is
 * there already, and "delete" of what is not, are 0. */
int netlink_link_up(struct netlink *n, unsigned ifindex, uint32_t mtu);
int netlink_address_add(struct netlink *n, unsigned ifindex,
			const uint8_t addr[16], uint8_t prefix_len);
int netlink_route_add(struct netlink *n, unsigned ifindex,
		      const uint8_t prefix[16], uint8_t prefix_len,
		      uint32_t metric, uint32_t mtu);

/* The route that keeps HITs from the default route when hip0 is gone:
 * `unreachable PREFIX metric METRIC`. */
int netlink_unreachable_add(struct netlink *n, const uint8_t prefix[16],
			    uint8_t prefix_len, uint32_t metric);
int netlink_unreachable_delete(struct netlink *n, const uint8_t prefix[16],
			       uint8_t prefix_len, uint32_t metric);

/* An address label (RFC 6724), so that a HIT is the source towards HITs. */
int netlink_label_add(struct netlink *n, const uint8_t prefix[16],
		      uint8_t prefix_len, uint32_t label);

/* The smallest MTU of the links that are up, loopback, `except` and links
 * without an address left out; 0 when there is none. */
uint32_t netlink_mtu_underneath(struct netlink *n, unsigned except);

#endif
