/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A data thread: one TUN queue, one IPv4 and one IPv6 UDP socket, and raw
 * ones where they are wanted, run to completion. There may be several, each
 * with its own (crew.h). It reads batches, looks SAs up
 * under one read lock per batch, seals or opens, and sends batches. What is not
 * plain data goes to the control thread through rings, and an eventfd says so.
 *
 * All its memory is taken when it is made, and touched when used: with an
 * MTU under 1,500 it comes to at most 3.5 MiB once every ring has gone
 * round (512 HIP packets, 512 and 256 inner packets, 128 buffers of up to
 * two pages), 1.5 MiB more where the fast lane is (lane.h), and to some
 * 100 KiB while little happens.
 */
#ifndef HIPLINE_WORKER_H
#define HIPLINE_WORKER_H

#include "tun/ring.h"
#include "tun/sa.h"

struct worker;

/* Raw sockets, where ESP and HIP are spoken without UDP too. */
enum worker_raw_socket { RAW_ESP4, RAW_ESP6, RAW_HIP4, RAW_HIP6, RAW_SOCKETS };
struct worker_raw {
	bool is_open;
	int fds[RAW_SOCKETS]; /* while open; -1: not this one */
};

/* What the kernel does for a worker: bits. Whatever it does not, the worker
 * does packet by packet. */
enum worker_offload {
	WORKER_VNET = 1,    /* the TUN device has the virtio header */
	WORKER_TSO = 2,	    /* it gives super-packets of TCP */
	WORKER_USO = 4,	    /* it gives and takes super-packets of UDP */
	WORKER_SEGMENT = 8, /* sockets send runs (UDP_SEGMENT) */
	WORKER_GRO = 16,    /* sockets receive runs (UDP_GRO) */
	WORKER_OFFLOADS = 31,
};

struct worker_conf {
	/* Of several, the one that raises the event for all and has the raw
	 * sockets to read; NULL: it is itself. Outlives the others. */
	const struct worker *first;
	int tun_fd;	       /* non-blocking; borrowed, like the sockets */
	bool no_queue;	       /* another one reads tun_fd: it only writes */
	bool shared;	       /* other workers use the same SAs */
	int udp4_fd;	       /* -1: no IPv4 underneath */
	int udp6_fd;	       /* -1: no IPv6 underneath */
	struct worker_raw raw; /* borrowed */
	unsigned tun_ifindex;  /* packets that come in by it are refused */
	uint32_t mtu;	       /* of the TUN device */
	uint8_t hit[16];       /* ours: the only inner source that is sealed */
	struct sa_table *sas;
	unsigned without; /* offloads that are not to be used: 0 = use all.
			     WORKER_VNET is fixed when the device is made */
	bool vnet;	  /* tun_fd is no TUN device, yet speaks as one with
			     the virtio header: for tests */
};

/* Reasons why a worker dropped a packet, each with a counter. */
#define WORKER_DROP_LIST(X)                                                    \
	X(SHORT, "esp-short")                                                  \
	X(NO_SPI, "esp-unknown-spi")                                           \
	X(REPLAYED, "esp-replayed")                                            \
	X(BAD_ICV, "esp-bad-icv")                                              \
	X(BAD_PADDING, "esp-bad-padding")                                      \
	X(DUMMY, "esp-dummy")                                                  \
	X(EXHAUSTED, "esp-sequence-exhausted")                                 \
	X(NARROW, "guest-refused")                                             \
	X(INNER, "inner-not-ipv6")                                             \
	X(INNER_HIP, "inner-hip-refused")                                      \
	X(INNER_SOURCE, "inner-source-not-ours")                               \
	X(INNER_DESTINATION, "inner-destination-not-a-hit")                    \
	X(TOO_BIG, "inner-too-big")                                            \
	X(OUTER_ADDRESS, "outer-address-is-a-hit")                             \
	X(KEEPALIVE, "foreign-keepalive")                                      \
	X(TOO_LONG, "control-too-long")                                        \
	X(RING_FULL, "ring-full")                                              \
	X(STANDING, "queue-standing")                                          \
	X(SEND, "send-failed")                                                 \
	X(RECEIVE, "receive-failed")                                           \
	X(TUN, "tun-failed")

enum worker_drop {
#define WORKER_DROP_ENUM(name, text) WORKER_DROP_##name,
	WORKER_DROP_LIST(WORKER_DROP_ENUM)
#undef WORKER_DROP_ENUM
		WORKER_DROP_COUNT
};

const char *worker_drop_name(enum worker_drop reason);

/* NULL with errno set. */
struct worker *worker_new(const struct worker_conf *conf);

/* Starts the thread. 0 or a negative errno. */
__attribute__((warn_unused_result)) int worker_start(struct worker *w);

/* Ends the thread and waits for it. */
void worker_stop(struct worker *w);
void worker_free(struct worker *w);

/* An eventfd, readable when the control thread has something to take from
 * the rings, or the worker has failed. The control thread reads it, then
 * empties both rings. */
int worker_event_fd(const struct worker *w);

/* Worker to control: HIP packets, kept apart from inner packets so that a
 * flood of the ones does not push out the others. */
struct ring *worker_control_ring(struct worker *w);
struct ring *worker_data_ring(struct worker *w);

/*
 * Control to worker: an inner packet to seal and send (ahead of what the TUN
 * device holds). False when the ring was full. Pushed under the same write
 * lock under which the SA was added, packets that waited for it go before
 * all that come after.
 */
bool worker_inject(struct worker *w, const uint8_t *inner, size_t len);

/* Control to applications: an inner packet written to the TUN device. False
 * when it was refused, which is counted. */
bool worker_deliver(struct worker *w, const uint8_t *inner, size_t len);

/* 0 while all is well; the errno with which the TUN device went away, or a
 * socket for good. The thread has then ended. */
int worker_failed(const struct worker *w);

/* Inner packets that it has opened, and sealed. */
uint64_t worker_packets_in(const struct worker *w);
uint64_t worker_packets_out(const struct worker *w);

/* Bits of enum worker_offload: what is in use. And as text: their names, or
 * "none". */
unsigned worker_offloads(const struct worker *w);
const char *worker_offload_text(const struct worker *w);

uint64_t worker_drops(const struct worker *w, enum worker_drop reason);

#endif
