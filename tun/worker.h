/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A data thread: one TUN queue, one IPv4 and one IPv6 UDP socket, run to
 * completion. It reads batches, looks SAs up under one read lock per batch,
 * seals or opens, and sends batches. What is not plain data goes to the
 * control thread through rings, and an eventfd says so.
 */
#ifndef HIPLINE_WORKER_H
#define HIPLINE_WORKER_H

#include "tun/ring.h"
#include "tun/sa.h"

struct worker;

struct worker_conf {
	int tun_fd;	      /* non-blocking; borrowed, like the sockets */
	int udp4_fd;	      /* -1: no IPv4 underneath */
	int udp6_fd;	      /* -1: no IPv6 underneath */
	unsigned tun_ifindex; /* packets that come in by it are refused */
	uint32_t mtu;	      /* of the TUN device */
	uint8_t hit[16];      /* ours: the only inner source that is sealed */
	struct sa_table *sas;
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
	X(INNER, "inner-not-ipv6")                                             \
	X(INNER_SOURCE, "inner-source-not-ours")                               \
	X(INNER_DESTINATION, "inner-destination-not-a-hit")                    \
	X(OUTER_ADDRESS, "outer-address-is-a-hit")                             \
	X(KEEPALIVE, "foreign-keepalive")                                      \
	X(RING_FULL, "ring-full")                                              \
	X(SEND, "send-failed")                                                 \
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

/* Readable when the control thread has something to take from the rings. */
int worker_event_fd(const struct worker *w);

/* Worker to control: HIP packets, kept apart from inner packets so that a
 * flood of the ones does not push out the others. */
struct ring *worker_control_ring(struct worker *w);
struct ring *worker_data_ring(struct worker *w);

/* Control to worker: an inner packet to seal and send (ahead of what the
 * TUN device holds). False when the ring was full. */
bool worker_inject(struct worker *w, const uint8_t *inner, size_t len);

/* Control to applications: an inner packet written to the TUN device. */
bool worker_deliver(struct worker *w, const uint8_t *inner, size_t len);

/* 0 while all is well; the errno with which the TUN device went away. */
int worker_failed(const struct worker *w);

uint64_t worker_drops(const struct worker *w, enum worker_drop reason);

#endif
