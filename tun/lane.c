/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "tun/lane.h"

#include "tun/device.h"
#include "tun/raw.h"
#include "tun/socket.h"
#include "tun/standing.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
	LANE_SLOTS = 16,
	/* A datagram or run of any length, and so that slots spread over the
	 * caches. */
	SLOT = 65536 + 64,
	/* After so many bytes in a batch the next one is of few slots: what
	 * is in the caches is to be opened and written there. */
	MANY_BYTES = 65536,
	FEW_SLOTS = 4,
	/* After a single datagram: each slot that is prepared for nothing
	 * costs who waits for it some cache lines. */
	ALONE_SLOTS = 2,
	/* After so many turns of one packet, packets come one by one; fewer
	 * are a part of a burst, too. */
	SPARSE_TURNS = 4,
	INTAKE_BYTES = 4 * 65536,
	/* While there is a call, a turn is shorter. */
	CALL_SLOTS = 2,
	CALL_INTAKE_BYTES = 2 * 65536,
};

struct lane {
	struct forward *f;
	unsigned offloads;
	int slots; /* of the next batch */
	uint8_t *slab;
	struct pkt pkts[LANE_SLOTS];
	unsigned ifindex[LANE_SLOTS];
	struct intake intake;
	struct burst burst;
	struct coalesce coalesce;
	struct standing tun_queue;
	struct standing socket_queues[2 + RAW_SOCKETS]; /* as queue_of */
	uint64_t now_us;  /* when the last batch was read */
	uint64_t call_us; /* when a call's last packet came; 0: none */
	int sparse;	  /* turns in a row with one packet of the TUN device */
	bool first;	  /* of a turn: read, and no more has been looked for */
};

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static unsigned tun_offloads(const struct worker_conf *conf)
{
	unsigned wanted = 0, got;

	if (!(conf->without & WORKER_TSO))
		wanted |= DEVICE_TSO;
	if (wanted && !(conf->without & WORKER_USO))
		wanted |= DEVICE_USO;
	if (conf->vnet)
		return wanted & DEVICE_USO ? WORKER_VNET | WORKER_USO
					   : WORKER_VNET;
	got = device_offload(conf->tun_fd, wanted);
	return (got & DEVICE_VNET ? WORKER_VNET : 0u) |
	       (got & DEVICE_TSO ? WORKER_TSO : 0u) |
	       (got & DEVICE_USO ? WORKER_USO : 0u);
}

/* Both families are alike: one kernel. */
static unsigned socket_offloads(const struct worker_conf *conf)
{
	const int fds[] = { conf->udp4_fd, conf->udp6_fd };
	unsigned got = 0;

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] < 0)
			continue;
		if (!(conf->without & WORKER_SEGMENT) &&
		    socket_sends_runs(fds[i]))
			got |= WORKER_SEGMENT;
		if (socket_receive_runs(fds[i], !(conf->without & WORKER_GRO)))
			got |= WORKER_GRO;
	}
	return got;
}

struct lane *lane_new(struct forward *f)
{
	unsigned tun = tun_offloads(&f->conf);
	struct lane *l;

	errno = 0;
	if (!(tun & WORKER_VNET))
		return NULL;
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->f = f;
	l->offloads = tun | socket_offloads(&f->conf);
	l->slots = LANE_SLOTS;
	l->slab = calloc(LANE_SLOTS, SLOT);
	l->burst.buf = malloc(BURST_ROOM);
	if (!intake_init(&l->intake, INTAKE_BYTES) || !l->slab ||
	    !l->burst.buf) {
		lane_free(l);
		errno = ENOMEM;
		return NULL;
	}
	for (size_t i = 0; i < LANE_SLOTS; i++)
		l->pkts[i] =
			(struct pkt){ .buf = l->slab + i * SLOT, .cap = SLOT };
	coalesce_init(&l->coalesce, tun & WORKER_USO);
	return l;
}

void lane_free(struct lane *l)
{
	if (!l)
		return;
	free(l->slab);
	intake_clear(&l->intake);
	free(l->burst.buf);
	free(l);
}

unsigned lane_offloads(const struct lane *l)
{
	return l->offloads;
}

/* Writes the bundles; an error only when the device is gone. */
static int write_bundles(struct lane *l)
{
	struct coalesce *c = &l->coalesce;
	int gone = 0;

	for (int i = 0; i < c->count && gone == 0; i++) {
		const struct bundle *b = &c->bundles[i];
		int err = device_write_pieces(l->f->conf.tun_fd, b->pieces,
					      b->piece_count);

		if (err)
			forward_drop(l->f, WORKER_DROP_TUN,
				     (uint64_t)b->piece_count - 1);
		if (device_is_gone(err))
			gone = err;
	}
	coalesce_reset(c);
	return gone;
}

static bool in_call(const struct lane *l)
{
	return l->call_us > 0 && l->now_us - l->call_us < STANDING_CALL_US;
}

/* Few slots while they come full, or datagrams alone. */
static void choose_slots(struct lane *l, int n)
{
	uint32_t bytes = 0;

	for (int i = 0; i < n; i++)
		bytes += l->pkts[i].len;
	if (n == 1 && l->pkts[0].stride == 0)
		l->slots = ALONE_SLOTS;
	else if (bytes < MANY_BYTES)
		l->slots = LANE_SLOTS;
	else
		l->slots = in_call(l) ? CALL_SLOTS : FEW_SLOTS;
}

/* Each socket has a queue of its own. */
static struct standing *queue_of(struct lane *l, int fd)
{
	const struct worker_conf *conf = &l->f->conf;

	for (size_t i = 0; conf->raw.is_open && i < RAW_SOCKETS; i++)
		if (fd == conf->raw.fds[i])
			return &l->socket_queues[2 + i];
	return &l->socket_queues[fd == conf->udp6_fd];
}

/* What a read from a queue has shown. True when a signal is due. */
static bool note_queue(struct lane *l, struct standing *queue, bool empty)
{
	l->now_us = now_us();
	if (l->f->call)
		l->call_us = l->now_us;
	l->f->call = false;
	return standing_note(queue, empty, l->call_us, l->now_us);
}

int lane_up(struct lane *l, int fd, enum pkt_from from, int *tun_error)
{
	struct forward_at at = { 0 };
	bool done = false;
	int n;

	for (int i = 0; i < l->slots; i++)
		l->pkts[i].off = 0; /* an IP header may have been taken off */
	if (from == PKT_UDP)
		n = socket_recv_batch(fd, l->pkts, l->ifindex, l->slots);
	else
		n = raw_recv_batch(fd, from, l->pkts, l->ifindex, l->slots);
	if (n < 0)
		return n;
	l->f->signal_up = note_queue(l, queue_of(l, fd), n < l->slots);
	choose_slots(l, n);
	while (!done && *tun_error == 0) {
		sa_table_rdlock(l->f->conf.sas);
		done = forward_up_runs(l->f, l->pkts, l->ifindex, n, &at,
				       &l->coalesce);
		sa_table_unlock(l->f->conf.sas);
		*tun_error = write_bundles(l);
	}
	return 0;
}

/* A turn has read so many packets from the TUN device. */
static void note_sparse(struct lane *l, int n)
{
	if (n > 1)
		l->sparse = 0;
	else if (l->sparse < SPARSE_TURNS)
		l->sparse++;
}

int lane_read(struct lane *l)
{
	const bool rest = l->first;
	const int max = l->sparse >= SPARSE_TURNS && !rest ? 1 : PKT_BATCH;
	int n;

	intake_reset(&l->intake);
	intake_limit(&l->intake, in_call(l) ? CALL_INTAKE_BYTES : INTAKE_BYTES);
	n = device_read_intake(l->f->conf.tun_fd, &l->intake, max);
	l->first = n == 1 && max == 1;
	l->f->signal_down = false;
	if (!l->first) {
		l->f->signal_down = note_queue(l, &l->tun_queue,
					       intake_has_room(&l->intake));
		note_sparse(l, n + rest);
	}
	intake_sort(&l->intake);
	return n;
}

bool lane_has_read_first(const struct lane *l)
{
	return l->first;
}

bool lane_seal(struct lane *l, struct forward_out *out)
{
	return forward_down_intake(l->f, &l->intake, &l->burst, out);
}

static void send_runs(struct lane *l, int fd, const struct burst_run *runs,
		      int n)
{
	bool segments = l->offloads & WORKER_SEGMENT;
	int refused = 0;

	if (fd < 0)
		for (int i = 0; i < n; i++)
			refused += (int)runs[i].count;
	else if (segments && !path_is_raw(&runs[0].path))
		refused = socket_send_runs(fd, runs, n);
	else
		refused = socket_send_runs_singly(fd, runs, n);
	if (refused)
		forward_drop(l->f, WORKER_DROP_SEND, (uint64_t)refused);
}

void lane_send(struct lane *l)
{
	const struct worker_conf *conf = &l->f->conf;
	const struct burst_run *runs = l->burst.runs;
	int n = l->burst.run_count;
	uint64_t packets = 0;

	for (int i = 0; i < n; i++)
		packets += runs[i].count;
	forward_count(&l->f->packets_out, packets);
	for (int i = 0, j; i < n; i = j) {
		int fd = forward_socket(conf, &runs[i].path);

		for (j = i + 1;
		     j < n && forward_socket(conf, &runs[j].path) == fd;)
			j++;
		send_runs(l, fd, runs + i, j - i);
	}
	burst_reset(&l->burst);
}
