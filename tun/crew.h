/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The workers of a host: each with its own sockets of the one port, and its
 * own queue of the one TUN device where that has several. An association
 * belongs to one of them in both directions (steer.h), so that its packets
 * keep their order and nobody waits for a lock. Whatever the kernel gives to
 * another one goes through all the same, at the price of such a wait, and in
 * order too as long as it gives all of a flow to that one. It does: a socket
 * without steering is chosen by a hash of the outer addresses and ports, and a
 * TUN device without steering has one queue. Only if it gave the packets of one
 * flow to several workers would some overtake others.
 *
 * HIP packets come by the first worker. A run of datagrams that the kernel
 * received as one goes whole to the worker of its first: a HIP packet among
 * ESP is taken from there, and ESP that was behind a HIP packet, equal in
 * length or shorter, is opened by the first worker and may be overtaken by
 * what follows it. Raw sockets, which the kernel cannot steer, are read by the
 * first one, and written by all.
 */
#ifndef HIPLINE_CREW_H
#define HIPLINE_CREW_H

#include "tun/worker.h"

enum { WORKERS_MAX = 64 };

/* What the workers after the first one have for themselves. */
struct worker_more {
	size_t n;
	bool queues; /* each has a tun_fd; else all use the first one's */
	struct worker_fds {
		int tun_fd, udp4_fd, udp6_fd; /* -1: as in worker_conf */
	} fds[WORKERS_MAX - 1];
};

struct crew_conf {
	struct worker_conf first;
	struct worker_more more; /* borrowed descriptors */
};

struct crew;

/* NULL with errno set. */
struct crew *crew_new(const struct crew_conf *conf);

/* Starts the threads. 0, or a negative errno, and then none runs. */
__attribute__((warn_unused_result)) int crew_start(struct crew *c);

/* Ends the threads and waits for them. */
void crew_stop(struct crew *c);
void crew_free(struct crew *c);

size_t crew_count(const struct crew *c);

/* i < crew_count; the first one is 0. */
struct worker *crew_worker(const struct crew *c, size_t i);

/* Whether it reads a TUN queue. */
bool crew_has_queue(const struct crew *c, size_t i);

/* Readable when any of them has something to take, or has failed. */
int crew_event_fd(const struct crew *c);

/*
 * worker_inject to the one that reads what the TUN device has for that
 * packet's destination: so it goes before all of that.
 */
bool crew_inject(struct crew *c, const uint8_t *inner, size_t len);

/* 0, or the errno with which one of them has failed. */
int crew_failed(const struct crew *c);

/* Of all workers together. */
uint64_t crew_drops(const struct crew *c, enum worker_drop reason);

#endif
