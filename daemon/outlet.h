/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * How HIP packets leave: in UDP behind four zeros (RFC 9028 5.1), or as IP
 * protocol 139 (RFC 7401 5.1), whose checksum goes by the address that they
 * leave from.
 */
#ifndef HIPLINE_OUTLET_H
#define HIPLINE_OUTLET_H

#include "daemon/hip/host.h"
#include "tun/worker.h"

/* The sockets, borrowed. */
struct outlet {
	int udp4_fd, udp6_fd; /* -1 for none */
	struct worker_raw raw;
};

/* Sends what a HIP_OUT_SEND says. 0 or a negative errno. */
__attribute__((warn_unused_result)) int outlet_send(const struct outlet *outlet,
						    const struct hip_output *o);

/* The same for a packet that was to go inside ESP and cannot: its checksum is
 * that of the other way. */
__attribute__((warn_unused_result)) int
outlet_send_outside(const struct outlet *outlet, const struct hip_output *o);

/* Sends an ESP packet by its path. 0 or a negative errno. */
__attribute__((warn_unused_result)) int
outlet_send_esp(const struct outlet *outlet, struct pkt *p);

/* From and to which addresses an output goes. */
struct path outlet_path(const struct hip_output *o);

/* Unspecified when it is of no family of IP. */
struct locator outlet_locator(const union tun_addr *a);

#endif
