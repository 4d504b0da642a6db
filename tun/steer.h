/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Which worker a packet goes to, where there are several: that of its
 * association, in both directions. The kernel is told by small programs that
 * it runs for every packet. They are for speed and order; what comes to
 * another worker all the same is handled there (sa.h).
 */
#ifndef HIPLINE_STEER_H
#define HIPLINE_STEER_H

#include <stdint.h>

/*
 * Of n workers, the one for a peer's association. The SPIs that we choose for
 * that peer leave the same remainder when divided by n.
 */
unsigned steer_owner(const uint8_t hit[16], unsigned n);

/*
 * For a group of n sockets of one UDP port (socket_twin), in the order in
 * which they were opened: an ESP packet goes to the one that its SPI modulo n
 * says, and what is none (SPI 0: RFC 9028 5.1; too short for one) to the
 * first. 0 or a negative errno; without it a flow of datagrams goes to any
 * one of them, but always to the same.
 */
__attribute__((warn_unused_result)) int steer_sockets(int fd, unsigned n);

/*
 * For a TUN device, by any of its descriptors: its packets go to the queue that
 * steer_owner says for their destination and as many queues as it has then.
 * 0 or a negative errno: -EPERM without CAP_BPF, mostly. Without it they go
 * by a hash that changes under way, and overtake each other.
 */
__attribute__((warn_unused_result)) int steer_queues(int tun_fd);

#endif
