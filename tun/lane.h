/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The fast lane of a worker, for a TUN device with the virtio header:
 * super-packets from it are sealed segment by segment into a burst that
 * leaves in few calls, and runs of datagrams that came in one call become
 * super-packets again. What the kernel cannot do is done packet by packet in
 * the same memory. Every ESP packet is an ordinary one.
 *
 * Memory: it is touched as it is used. LANE_SLOTS buffers of a run each come
 * to 1 MiB when runs filled all, intake and burst to 0.4 MiB.
 */
#ifndef HIPLINE_LANE_H
#define HIPLINE_LANE_H

#include "tun/forward.h"

struct lane;

/*
 * Takes over the descriptors of f's configuration and asks the kernel for
 * what `without` does not rule out. NULL for want of memory. NULL with errno
 * 0 when the TUN device has no virtio header.
 */
struct lane *lane_new(struct forward *f);
void lane_free(struct lane *l);

/* What the kernel does for it: bits of enum worker_offload. */
unsigned lane_offloads(const struct lane *l);

/* One batch of `from` from a socket to the TUN device. 0; a negative errno when
 * receiving failed; *tun_error is one when the device is gone. */
int lane_up(struct lane *l, int fd, enum pkt_from from, int *tun_error);

/* Reads from the TUN device. How many packets, or a negative errno. */
int lane_read(struct lane *l);

/* Whether that was a first packet, which is to be sent before more is looked
 * for: while packets come one by one nobody waits for that look. */
bool lane_has_read_first(const struct lane *l);

/* Under the read lock: seals what was read. False when lane_send is due
 * before it can go on. */
bool lane_seal(struct lane *l, struct forward_out *out);

/* Sends what is sealed. */
void lane_send(struct lane *l);

#endif
