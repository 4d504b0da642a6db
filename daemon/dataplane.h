/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Between the HIP host and the data plane: what the workers could not settle
 * becomes inputs of the host, and the host's outputs become SAs and packets.
 */
#ifndef HIPLINE_DATAPLANE_H
#define HIPLINE_DATAPLANE_H

#include "daemon/flow.h"
#include "daemon/hip/host.h"
#include "tun/crew.h"

struct dataplane;

struct dataplane_conf {
	int tun_fd, udp4_fd, udp6_fd; /* udp: -1 for none; all borrowed */
	struct worker_raw raw;
	struct worker_more more; /* for further workers */
	unsigned tun_ifindex;
	uint32_t mtu;
	struct hit hit; /* ours */
	enum cipher_backend aead;
	bool no_offload; /* by the kernel: packet by packet */
	size_t peers_max;
};

/* Makes one, its thread not yet running. 0 or a negative errno. */
__attribute__((warn_unused_result)) int
dataplane_new(const struct dataplane_conf *conf, struct dataplane **out);

/* Starts the workers' threads. 0 or a negative errno. */
__attribute__((warn_unused_result)) int dataplane_start(struct dataplane *d);

/* What the kernel does for the first worker: as worker_offload_text. */
const char *dataplane_offload_text(const struct dataplane *d);

/* The workers, to be asked about. */
const struct crew *dataplane_crew(const struct dataplane *d);

/* Ends the threads; wipes keys. */
void dataplane_free(struct dataplane *d);

/* Readable when dataplane_take has something; cleared by dataplane_woken. */
int dataplane_event_fd(const struct dataplane *d);
void dataplane_woken(struct dataplane *d);

/*
 * The next thing for the host: a HIP packet before anything else, then a
 * packet without an SA, then an SPI of nobody. What it points to is valid
 * until the next call. False when there is none.
 */
bool dataplane_take(struct dataplane *d, struct hip_input *out);

/*
 * Does what an output says. False when the output is none of ours: SOLVE and
 * PEER. Outputs come in runs: an SA and the packets that waited for it go in
 * under one lock, which dataplane_flush ends. Wipes the key in *o.
 */
bool dataplane_output(struct dataplane *d, struct hip_output *o,
		      uint64_t now_ms);
void dataplane_flush(struct dataplane *d);

/*
 * From that peer only HIP, and TCP for that port, comes in by the SAs there
 * are, and only HIP, and TCP from that port, goes to it; 0: everything. Said in
 * the run in which an SA goes in, it is never otherwise.
 */
void dataplane_narrow(struct dataplane *d, const struct hit *hit,
		      uint16_t port);

/* Reads all counters; then the flows are up to date. */
void dataplane_count(struct dataplane *d, uint64_t now_ms);

/* Goes through the flows for which something has passed since the last time,
 * as HIP_IN_TRAFFIC. Begin with *at zero; false at the end. */
bool dataplane_traffic(struct dataplane *d, size_t *at, struct hip_input *out);

/* Has HIP_IN_LARGE come again for each peer that large packets go to. */
void dataplane_expect_large(struct dataplane *d);

/* The largest inner packet that goes whole to a peer; 0: there is no SA. */
uint32_t dataplane_mtu(const struct dataplane *d, const struct hit *hit);

/* NULL when there is no SA for that peer. */
const struct flow *dataplane_flow(const struct dataplane *d,
				  const struct hit *hit);

/* 0, or the errno with which the TUN device or the sockets went away. */
int dataplane_failed(const struct dataplane *d);

uint64_t dataplane_drops(const struct dataplane *d, enum worker_drop reason);

/* HIP packets that the system did not take. */
uint64_t dataplane_send_failures(const struct dataplane *d);

#endif
