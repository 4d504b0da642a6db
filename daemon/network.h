/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the monitor opens of the network: sockets underneath, the TUN
 * device with its address and routes. What is wrong is logged with its
 * remedy. Everything but the address label goes with the descriptors.
 */
#ifndef HIPLINE_NETWORK_H
#define HIPLINE_NETWORK_H

#include "daemon/config.h"
#include "tun/crew.h"
#include "tun/netlink.h"

#include <stdbool.h>
#include <stdint.h>

struct network {
	int udp4_fd, udp6_fd;  /* -1: this family is not used */
	struct worker_raw raw; /* open with transport = raw */
	int tun_fd;
	struct worker_more more; /* what further workers have */
	uint32_t tun_ifindex;
	uint32_t mtu;
};

/* All descriptors -1. */
void network_init(struct network *n);

/* How many workers there are to be on a host of so many processors. */
size_t network_workers(const struct config *c, unsigned processors);

/* Opens the sockets of all workers, the raw ones too when they are wanted; the
 * port must be free. 0 or a negative errno. */
__attribute__((warn_unused_result)) int
network_open_sockets(struct network *n, const struct config *c);

/* Makes the TUN device, with a queue for each worker where the kernel can be
 * told which packet goes to whom; nobody can use it yet. After the sockets. 0
 * or a negative errno. */
__attribute__((warn_unused_result)) int
network_open_tun(struct network *n, const struct config *c);

/* Whether no interface has the route to all HITs yet: one hiplined has it, and
 * there is one in a network namespace. 0 or a negative errno. */
__attribute__((warn_unused_result)) int network_test_alone(struct netlink *nl);

/* Gives the TUN device its MTU and that route, which nobody can have at the
 * same time. 0 or a negative errno. */
__attribute__((warn_unused_result)) int
network_claim(struct network *n, struct netlink *nl, const struct config *c);

/* Then our HIT. 0 or a negative errno. */
__attribute__((warn_unused_result)) int network_set_up(const struct network *n,
						       struct netlink *nl,
						       const struct config *c,
						       const struct hit *hit);

void network_close(struct network *n);

/*
 * The MTU of the TUN device over links of `underneath` bytes (0: not known),
 * so that no packet of it is fragmented underneath whichever of the ESP
 * suites is used, also inside UDP, where a peer of a raw host may be; never
 * under 1280.
 */
uint32_t network_mtu(uint32_t underneath, bool ipv6,
		     const struct config_ids *esp);

/*
 * Whether what bind = { ... } names is of this host, without taking the port,
 * which a hiplined that runs may have. 0 or a negative errno, logged.
 */
__attribute__((warn_unused_result)) int network_test(const struct config *c);

#endif
