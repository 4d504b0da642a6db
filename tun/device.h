/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The TUN device: made by the privileged monitor, read and written by a
 * worker.
 */
#ifndef HIPLINE_DEVICE_H
#define HIPLINE_DEVICE_H

#include "tun/pkt.h"

#include <net/if.h>

/*
 * Makes and opens a TUN device (no persistence: it goes with its last
 * descriptor), non-blocking, close-on-exec. Returns the descriptor or a
 * negative errno: -ENOENT (no /dev/net/tun), -EPERM, -EBUSY (the name is in
 * use, by whatever kind of link), -EINVAL (not a name).
 */
__attribute__((warn_unused_result)) int device_open(const char name[IFNAMSIZ]);

/*
 * Reads up to n inner packets; pkts[i].buf, cap and off are set by the
 * caller, and PKT_TAIL_ROOM is left free behind each. One that is longer
 * than the room is cut: its IPv6 payload length tells. Returns how many, 0
 * when none is there, or a negative errno when the device is gone
 * (-EBADFD).
 */
int device_read_batch(int fd, struct pkt *pkts, int n);

/* Writes one inner packet, from any thread. 0 or a negative errno: -EBADFD
 * (the device is gone), -EIO (it is down). */
int device_write(int fd, const uint8_t *inner, size_t len);

#endif
