/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The guard around HITs on this host: the kernel takes packets for a local
 * address on any interface, and sends HITs by the default route when our
 * interface is gone. So a route makes all HITs unreachable that no better
 * route has, and a table of nftables drops packets with HITs on every
 * interface but ours and loopback. Both stay when the daemon ends, and so does
 * the address label, which does nothing without a HIT.
 */
#ifndef HIPLINE_GUARD_H
#define HIPLINE_GUARD_H

#include "tun/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All HITs: 2001:20::/28 (RFC 7343 2). */
extern const uint8_t guard_prefix[16];
enum { GUARD_PREFIX_LEN = 28 };

/* What became of the table. */
enum guard_firewall {
	GUARD_FIREWALL_ON,
	GUARD_FIREWALL_OFF,	/* not wanted */
	GUARD_FIREWALL_NO_NFT,	/* there is no program nft */
	GUARD_FIREWALL_REFUSED, /* nft failed: the kernel has no nftables */
};

/* The route. 0 or a negative errno. */
__attribute__((warn_unused_result)) int guard_route_add(struct netlink *n);

/* The table for an interface, replacing an older one. Never
 * GUARD_FIREWALL_OFF. */
enum guard_firewall guard_firewall_add(const char *interface);

/*
 * Deletes the tables that earlier runs have left, but not that for `interface`
 * (NULL: that, too): they drop what goes through any other interface. Nobody
 * else must be running in this network namespace.
 */
void guard_firewall_clean(const char *interface);

/* Whether that, as nft lists it, is a table of ours for some interface. */
bool guard_is_ours(const char *table, const char *listing);

/*
 * Removes all three, with the tables for other interfaces, as far as they are
 * there. 0 or a negative errno; of the table, nothing is said.
 */
__attribute__((warn_unused_result)) int guard_remove(struct netlink *n,
						     const char *interface);

enum { GUARD_RULES_MAX = 2048 };

/* The text that nft gets: the length, or 0 when it does not fit. */
size_t guard_rules(const char *interface, char out[GUARD_RULES_MAX]);

#endif
