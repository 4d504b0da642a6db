/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * UDP sockets underneath: RFC 9028 5.1, RFC 3948 2.1 (zero UDP checksum over
 * IPv4 is the kernel's choice, and accepted). Batched receive with the local
 * address and traffic class of each datagram, batched send to paths.
 */
#ifndef HIPLINE_SOCKET_H
#define HIPLINE_SOCKET_H

#include "tun/burst.h"

/*
 * A socket of one family on a port of `bind` (family AF_UNSPEC = any
 * address), non-blocking, close-on-exec, SO_REUSEPORT when `shared`. An
 * IPv6 one is V6ONLY. Returns the descriptor or a negative errno.
 */
__attribute__((warn_unused_result)) int socket_open(sa_family_t family,
						    const union tun_addr *bind,
						    uint16_t port, bool shared);

/*
 * Another socket in the very place of a UDP one: of its family, address, port
 * and interface, in one group with it, each datagram going to one of them
 * (steer.h). As from socket_open, of which fd was not `shared`: so nobody else
 * had the port. Now only the same user's sockets that ask for it may.
 */
__attribute__((warn_unused_result)) int socket_twin(int fd);

/*
 * A raw socket of one family and IP protocol, of `bind` (family AF_UNSPEC =
 * any address); the rest as above. Takes CAP_NET_RAW.
 */
__attribute__((warn_unused_result)) int
socket_open_raw(sa_family_t family, int protocol, const union tun_addr *bind);

/*
 * Packets of any thread may be fragmented by this socket, over IPv6 to 1,280
 * bytes, until it is called again with false, as at first: what is larger than
 * the link is refused then (EMSGSIZE), and what is larger than the path lost.
 */
void socket_let_fragment(int fd, sa_family_t family, bool may);

/* Has several datagrams of one path, equal in length, received as one packet
 * with a stride (UDP_GRO). Whether it does then. */
bool socket_receive_runs(int fd, bool wanted);

/* Whether the kernel takes runs (UDP_SEGMENT). */
bool socket_sends_runs(int fd);

/*
 * Receives up to n datagrams into pkts (buf, cap, off set by the caller):
 * len, path (local from the packet information, remote), stride and traffic
 * class are set. ifindex[i] gets the interface. Returns how many, 0 when none
 * is there, or a negative errno.
 */
int socket_recv_batch(int fd, struct pkt *pkts, unsigned *ifindex, int n);

/*
 * Sends n datagrams, each to its own path with its own traffic class.
 * Returns how many the kernel took; stops at the first that it refuses,
 * whose errno (negative) goes to *error when that is not NULL.
 */
int socket_send_batch(int fd, struct pkt *const *pkts, int n, int *error);

/* Sends runs; how many datagrams the kernel refused. */
int socket_send_runs(int fd, const struct burst_run *runs, int n);

/* The same for a kernel that takes none: datagram by datagram. */
int socket_send_runs_singly(int fd, const struct burst_run *runs, int n);

/* Sends one datagram made of two parts, from any thread. 0 or -errno. */
int socket_send(int fd, const struct path *path, const void *head,
		size_t head_len, const void *body, size_t body_len);

/* Sends one packet, from path's local address and no other: where the host
 * does not have it any more, -EADDRNOTAVAIL. */
int socket_send_from(int fd, const struct path *path, const void *bytes,
		     size_t len);

#endif
