/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a worker does with batches of packets, without I/O. Up: datagrams
 * from underneath become inner packets for the TUN device, or go to the
 * control thread. Down: inner packets become datagrams, or ICMPv6 errors, or
 * go to the control thread because there is no SA yet.
 */
#ifndef HIPLINE_FORWARD_H
#define HIPLINE_FORWARD_H

#include "tun/burst.h"
#include "tun/coalesce.h"
#include "tun/fragment6.h"
#include "tun/icmp6.h"
#include "tun/intake.h"
#include "tun/worker.h"

enum {
	/* A HIP packet is at most 2,048 bytes long: RFC 7401 5.1. */
	FORWARD_CONTROL_MAX = 2048,
	/* Of an ESP packet for nobody's SPI: SPI and sequence number. */
	FORWARD_NO_SPI_LEN = 8,
	/* ICMPv6 errors per batch: RFC 4443 2.4 (f) asks for a limit. */
	FORWARD_ERRORS_MAX = 8,
	/* Fragments per batch, where a path carries less than 1,280 bytes and
	 * there is no fast lane. */
	FORWARD_PARTS_MAX = 2 * PKT_BATCH,
};

struct forward {
	struct worker_conf conf;
	struct ring *control; /* to the control thread: HIP packets */
	struct ring *data;    /* to the control thread: the rest */
	struct ring *inject;  /* from the control thread */
	bool signal_up;	      /* one segment is to be marked or dropped: */
	bool signal_down;     /* standing.h */
	bool call;	      /* a packet as calls send them has passed */
	bool told;	      /* the rings to it got something: say so */
	_Atomic uint64_t packets_in, packets_out; /* opened, sealed */
	_Atomic uint64_t drops[WORKER_DROP_COUNT];
};

/* What forward_down leaves to be sent. */
struct forward_out {
	/* A batch, one injected, and fragments. */
	struct pkt *udp4[2 * PKT_BATCH + FORWARD_PARTS_MAX];
	struct pkt *udp6[2 * PKT_BATCH + FORWARD_PARTS_MAX];
	int udp4_count;
	int udp6_count;
	int error_count; /* to be written to the TUN device */
	struct {
		size_t len;
		uint8_t bytes[ICMP6_ERROR_MAX];
	} errors[FORWARD_ERRORS_MAX];
	int part_count; /* in use, for udp4 and udp6 */
	struct {
		struct pkt pkt;
		uint8_t bytes[IPV6_MIN_MTU + PKT_TAIL_ROOM];
	} parts[FORWARD_PARTS_MAX];
};

/* The socket that ESP packets of this path leave by, or -1. */
int forward_socket(const struct worker_conf *conf, const struct path *path);

/* Counts a dropped packet; any thread. */
void forward_drop(struct forward *f, enum worker_drop reason, uint64_t n);

/* Counts n packets of a batch. */
static inline void forward_count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* An SA for this worker alone; one worker has them all to itself. */
static inline void forward_hold_in(const struct forward *f, struct sa_in *sa)
{
	if (f->conf.shared)
		sa_in_hold(sa);
}

static inline void forward_release_in(const struct forward *f, struct sa_in *sa)
{
	if (f->conf.shared)
		sa_in_release(sa);
}

static inline void forward_hold_out(const struct forward *f, struct sa_out *sa)
{
	if (f->conf.shared)
		sa_out_hold(sa);
}

static inline void forward_release_out(const struct forward *f,
				       struct sa_out *sa)
{
	if (f->conf.shared)
		sa_out_release(sa);
}

/*
 * Under the read lock of the SA table. n <= PKT_BATCH datagrams that came in
 * by the interfaces of `ifindex`. Puts the opened ones into `inner` (room
 * for n) and returns how many.
 */
int forward_up(struct forward *f, struct pkt *pkts, const unsigned *ifindex,
	       int n, struct pkt **inner);

/* Under the read lock: seals up to PKT_BATCH injected packets, using the
 * memory of `pkts` (buf and cap). Returns how many it took from the ring.
 * `out` is empty before. */
int forward_injected(struct forward *f, struct pkt *pkts,
		     struct forward_out *out);

/* Under the read lock: seals n <= PKT_BATCH inner packets from the TUN
 * device; adds to out. */
void forward_down(struct forward *f, struct pkt *pkts, int n,
		  struct forward_out *out);

/* Where forward_up_runs has come to in a batch of received runs. */
struct forward_at {
	int pkt;
	uint32_t byte;
};

/*
 * Under the read lock: forward_up for runs of datagrams (struct pkt's
 * stride); what is opened goes to `c`. Begins at *at and moves it; true when
 * all is done, false when c was full before. The bundles of c are finished.
 */
bool forward_up_runs(struct forward *f, struct pkt *pkts,
		     const unsigned *ifindex, int n, struct forward_at *at,
		     struct coalesce *c);

/*
 * Under the read lock: seals what the TUN device gave, in its sorted order,
 * into `b`; errors go to `out`. True when all is done, false when b was full
 * before: then it goes on where it was.
 */
bool forward_down_intake(struct forward *f, struct intake *in, struct burst *b,
			 struct forward_out *out);

#endif
