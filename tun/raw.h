/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What is different with raw sockets (socket_open_raw): packets come with
 * their IPv4 header, and a checksum that covers addresses has to be made for
 * the source address before the packet goes.
 */
#ifndef HIPLINE_RAW_H
#define HIPLINE_RAW_H

#include "tun/pkt.h"

/* socket_recv_batch of a raw socket: packets begin behind the IP header. */
int raw_recv_batch(int fd, enum pkt_from from, struct pkt *pkts,
		   unsigned *ifindex, int n);

/*
 * The address that the host would speak from to `remote`, as the routes are
 * now and as fd is bound. 0 or a negative errno.
 */
__attribute__((warn_unused_result)) int
raw_source(int fd, const union tun_addr *remote, union tun_addr *out);

#endif
