/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The TUN device: made by the privileged monitor, read and written by a
 * worker.
 */
#ifndef HIPLINE_DEVICE_H
#define HIPLINE_DEVICE_H

#include "tun/intake.h"
#include "tun/pkt.h"

#include <net/if.h>
#include <sys/uio.h>

/* What a device does: bits. */
enum {
	DEVICE_VNET = 1, /* a virtio header is in front of each packet */
	DEVICE_TSO = 2,	 /* it gives super-packets of TCP */
	DEVICE_USO = 4,	 /* it gives and takes those of UDP: Linux 6.2 */
};

/*
 * Makes and opens a TUN device (no persistence: it goes with its last
 * descriptor), non-blocking, close-on-exec. Returns the descriptor or a
 * negative errno: -ENOENT (no /dev/net/tun), -EPERM, -EBUSY (the name is in
 * use, by whatever kind of link), -EINVAL (not a name).
 */
__attribute__((warn_unused_result)) int device_open(const char name[IFNAMSIZ]);

/* The same without the virtio header, which device_open uses where it can. */
__attribute__((warn_unused_result)) int
device_open_plain(const char name[IFNAMSIZ]);

/*
 * device_open, or with `plain` device_open_plain, with up to n queues in fds:
 * each is read and written alone. The packets to one HIT come by one queue
 * (steer_queues); where the kernel cannot have that so, there is one queue.
 * Returns how many there are, or a negative errno.
 */
__attribute__((warn_unused_result)) int
device_open_queues(const char name[IFNAMSIZ], bool plain, int *fds, int n);

/* Has the device give super-packets as wanted (DEVICE_TSO, with or without
 * DEVICE_USO, or 0). Any process that holds it may. Returns what it does
 * then; 0 also for what is no TUN device. */
unsigned device_offload(int fd, unsigned wanted);

/*
 * Reads up to n inner packets; pkts[i].buf, cap and off are set by the
 * caller, and PKT_TAIL_ROOM is left free behind each. One that is longer
 * than the room is cut: its IPv6 payload length tells. Returns how many, 0
 * when none is there, or a negative errno when the device is gone
 * (-EBADFD).
 */
int device_read_batch(int fd, struct pkt *pkts, int n);

/* The same for a device with DEVICE_VNET: reads until none is there, it has
 * read `max`, or `in` has no more room. */
int device_read_intake(int fd, struct intake *in, int max);

/* Writes one inner packet, from any thread. 0 or a negative errno: -EBADFD
 * (the device is gone), -EIO (it is down). */
int device_write(int fd, const uint8_t *inner, size_t len);

/* Writes one packet or super-packet, virtio header included. As above. */
int device_write_pieces(int fd, const struct iovec *pieces, int n);

/* Whether an error of the above means that the device was deleted. */
bool device_is_gone(int err);

#endif
