/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The data thread: waits for its descriptors, reads a batch from each that
 * is ready, has it forwarded (forward.h) and sends the results. epoll puts a
 * descriptor that is still ready behind the others, and each gets one batch
 * per turn, so neither direction starves the other.
 */
#include "tun/worker.h"

#include "tun/device.h"
#include "tun/forward.h"
#include "tun/lane.h"
#include "tun/raw.h"
#include "tun/socket.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	OFFLOAD_TEXT_MAX = 64,
	CONTROL_ENTRIES = 512,
	DATA_ENTRIES = 512,
	INJECT_ENTRIES = 256,
	/* Turns until a full inject ring is surely empty. */
	INJECT_TURNS = INJECT_ENTRIES / PKT_BATCH + 1,
	/* A peer's MTU may be larger than ours: room for a jumbo frame. Not a
	 * multiple of the page, so that buffers spread over the caches. */
	SLOT_MIN = 10240 + 64,
	/* Reading a socket fails this often: go slower, then give up. */
	RECEIVE_ERRORS_SLOW = 16,
	RECEIVE_ERRORS_MAX = 1024,
	RECEIVE_PAUSE_MS = 10,
};

enum source {
	FROM_STOP,
	FROM_INJECT,
	FROM_TUN,
	FROM_UDP4,
	FROM_UDP6,
	FROM_RAW, /* and as many as there are raw sockets */
	SOURCES = FROM_RAW + RAW_SOCKETS
};

struct worker {
	struct forward forward;
	struct lane *lane; /* NULL: packet by packet */
	int epoll_fd;
	int event_fd;  /* to the control thread */
	int stop_fd;   /* from it */
	int inject_fd; /* from it */
	pthread_t thread;
	bool running;
	_Atomic int failed;
	char offload_text[OFFLOAD_TEXT_MAX];
	unsigned receive_errors; /* one after the other */
	uint8_t *slab;
	struct pkt pkts[PKT_BATCH];
	struct pkt injected[PKT_BATCH];
	struct pkt *inner[PKT_BATCH];
	unsigned ifindex[PKT_BATCH];
	struct forward_out out;
};

const char *worker_drop_name(enum worker_drop reason)
{
	static const char *const names[WORKER_DROP_COUNT] = {
#define WORKER_DROP_NAME(name, text) [WORKER_DROP_##name] = text,
		WORKER_DROP_LIST(WORKER_DROP_NAME)
#undef WORKER_DROP_NAME
	};

	assert(reason < WORKER_DROP_COUNT);
	return names[reason];
}

/* Eventfds never block: one that is full is readable, which is all. */
static void event_raise(int fd)
{
	uint64_t one = 1;
	ssize_t r = write(fd, &one, sizeof(one));

	(void)r;
}

static void event_lower(int fd)
{
	uint64_t count;
	ssize_t r = read(fd, &count, sizeof(count));

	(void)r;
}

static void fail(struct worker *w, int err)
{
	atomic_store(&w->failed, -err);
	event_raise(w->event_fd);
}

/* Writes one inner packet, from any thread. */
static int write_packet(struct worker *w, const uint8_t *inner, size_t len)
{
	uint8_t nothing_to_say[VNET_LEN] = { 0 };
	struct iovec pieces[2] = {
		{ .iov_base = nothing_to_say,
		  .iov_len = sizeof(nothing_to_say) },
		{ .iov_base = (void *)(uintptr_t)inner, .iov_len = len },
	};
	int fd = w->forward.conf.tun_fd;
	int err = w->lane ? device_write_pieces(fd, pieces, 2)
			  : device_write(fd, inner, len);

	if (err)
		forward_drop(&w->forward, WORKER_DROP_TUN, 1);
	return err;
}

/* The same from the thread; 0, or an error that ends the worker. */
static int write_inner(struct worker *w, const uint8_t *inner, size_t len)
{
	int err = write_packet(w, inner, len);

	return device_is_gone(err) ? err : 0;
}

/* Where the batch's memory begins anew: its headers have been moved. */
static void reset_pkts(struct pkt *pkts)
{
	for (int i = 0; i < PKT_BATCH; i++)
		pkts[i].off = PKT_HEAD_ROOM;
}

/* 0, or the error that ends the worker. */
static int on_receive_error(struct worker *w, int err)
{
	struct pollfd stop = { .fd = w->stop_fd, .events = POLLIN };

	forward_drop(&w->forward, WORKER_DROP_RECEIVE, 1);
	if (++w->receive_errors > RECEIVE_ERRORS_MAX)
		return err;
	if (w->receive_errors > RECEIVE_ERRORS_SLOW)
		(void)poll(&stop, 1, RECEIVE_PAUSE_MS); /* only a pause */
	return 0;
}

/* With offloads. */
static int from_socket_by_lane(struct worker *w, int fd, enum pkt_from from)
{
	int tun_error = 0;
	int err = lane_up(w->lane, fd, from, &tun_error);

	if (err)
		return on_receive_error(w, err);
	w->receive_errors = 0;
	return tun_error;
}

static int from_socket(struct worker *w, int fd, enum pkt_from from)
{
	struct forward *f = &w->forward;
	int n, count, err = 0;

	if (w->lane)
		return from_socket_by_lane(w, fd, from);
	reset_pkts(w->pkts);
	if (from == PKT_UDP)
		n = socket_recv_batch(fd, w->pkts, w->ifindex, PKT_BATCH);
	else
		n = raw_recv_batch(fd, from, w->pkts, w->ifindex, PKT_BATCH);
	if (n < 0)
		return on_receive_error(w, n);
	w->receive_errors = 0;
	sa_table_rdlock(f->conf.sas);
	count = forward_up(f, w->pkts, w->ifindex, n, w->inner);
	sa_table_unlock(f->conf.sas);
	for (int i = 0; i < count && err == 0; i++)
		err = write_inner(w, pkt_data(w->inner[i]), w->inner[i]->len);
	return err;
}

/* Sends all by one socket; one that is refused takes none with it. */
static void send_by(struct worker *w, int fd, struct pkt *const *pkts, int n)
{
	int sent = 0, err = 0;

	if (fd < 0) {
		forward_drop(&w->forward, WORKER_DROP_SEND, (uint64_t)n);
		return;
	}
	while (sent < n) {
		sent += socket_send_batch(fd, pkts + sent, n - sent, &err);
		if (sent == n)
			break;
		if (err == -EAGAIN) { /* no room: not for the others either */
			forward_drop(&w->forward, WORKER_DROP_SEND,
				     (uint64_t)(n - sent));
			break;
		}
		forward_drop(&w->forward, WORKER_DROP_SEND, 1);
		sent++;
	}
}

/* Sends all, those in a row that go by one socket together. */
static void send_all(struct worker *w, struct pkt *const *pkts, int n)
{
	const struct worker_conf *conf = &w->forward.conf;

	for (int i = 0, j; i < n; i = j) {
		int fd = forward_socket(conf, &pkts[i]->path);

		for (j = i + 1;
		     j < n && forward_socket(conf, &pkts[j]->path) == fd;)
			j++;
		send_by(w, fd, pkts + i, j - i);
	}
}

static int send_out(struct worker *w)
{
	struct forward_out *out = &w->out;
	int err = 0;

	forward_count(&w->forward.packets_out,
		      (uint64_t)(out->udp4_count + out->udp6_count));
	send_all(w, out->udp4, out->udp4_count);
	send_all(w, out->udp6, out->udp6_count);
	if (w->lane)
		lane_send(w->lane);
	for (int i = 0; i < out->error_count && err == 0; i++)
		err = write_inner(w, out->errors[i].bytes, out->errors[i].len);
	out->udp4_count = 0;
	out->udp6_count = 0;
	out->error_count = 0;
	out->part_count = 0;
	return err;
}

/* Seals what was read from the TUN device: n packets, or what the lane has.
 * False when the lane has more. */
static bool seal(struct worker *w, int n)
{
	if (w->lane)
		return lane_seal(w->lane, &w->out);
	forward_down(&w->forward, w->pkts, n, &w->out);
	return true;
}

/*
 * Sends what was injected, then what was read from the TUN device. The inject
 * ring is seen empty under the lock under which these are sealed: who added
 * an SA and injected what waited for it, under one write lock, has that sent
 * before them.
 */
static int seal_and_send(struct worker *w, int n)
{
	struct forward *f = &w->forward;
	bool done = false;
	int err = 0;

	for (int turn = 0; !done && err == 0; turn++) {
		sa_table_rdlock(f->conf.sas);
		if (forward_injected(f, w->injected, &w->out) < PKT_BATCH ||
		    turn >= INJECT_TURNS)
			done = seal(w, n);
		sa_table_unlock(f->conf.sas);
		err = send_out(w);
	}
	return err;
}

static int read_tun(struct worker *w)
{
	if (w->lane)
		return lane_read(w->lane);
	reset_pkts(w->pkts);
	return device_read_batch(w->forward.conf.tun_fd, w->pkts, PKT_BATCH);
}

static int from_tun(struct worker *w, uint32_t events)
{
	int n = read_tun(w), err;

	if (n < 0)
		return n;
	if (n == 0 && events & (EPOLLERR | EPOLLHUP))
		return -EBADFD; /* it is going, and would be ready for ever */
	err = seal_and_send(w, n);
	/* Who sent one packet does not wait for a look for more. */
	if (err || !w->lane || !lane_has_read_first(w->lane))
		return err;
	n = read_tun(w);
	return n > 0 ? seal_and_send(w, n) : n;
}

static int from_inject(struct worker *w)
{
	event_lower(w->inject_fd);
	return seal_and_send(w, 0);
}

static int from_raw(struct worker *w, enum worker_raw_socket which)
{
	bool is_hip = which == RAW_HIP4 || which == RAW_HIP6;

	return from_socket(w, w->forward.conf.raw.fds[which],
			   is_hip ? PKT_HIP : PKT_ESP);
}

/* Serves one ready source. 0, or an error that ends the worker. */
static int serve(struct worker *w, enum source source, uint32_t events)
{
	switch (source) {
	case FROM_INJECT:
		return from_inject(w);
	case FROM_TUN:
		return from_tun(w, events);
	case FROM_UDP4:
		return from_socket(w, w->forward.conf.udp4_fd, PKT_UDP);
	case FROM_UDP6:
		return from_socket(w, w->forward.conf.udp6_fd, PKT_UDP);
	case FROM_STOP:
		return 0;
	default:
		return from_raw(w, source - FROM_RAW);
	}
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct epoll_event events[SOURCES];
	bool stopped = false;
	int err = 0;

	while (!stopped && err == 0) {
		int n = epoll_wait(w->epoll_fd, events, SOURCES, -1);

		if (n < 0 && errno != EINTR)
			err = -errno;
		for (int i = 0; i < n && err == 0; i++) {
			stopped |= events[i].data.u32 == FROM_STOP;
			err = serve(w, events[i].data.u32, events[i].events);
		}
		if (w->forward.told)
			event_raise(w->event_fd);
		w->forward.told = false;
	}
	if (err)
		fail(w, err);
	return NULL;
}

static bool watch(struct worker *w, int fd, enum source source)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = source };

	return fd < 0 || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

static bool watch_raw(struct worker *w)
{
	const struct worker_raw *raw = &w->forward.conf.raw;

	if (w->forward.conf.first)
		return true; /* who has them */
	for (int i = 0; raw->is_open && i < RAW_SOCKETS; i++)
		if (!watch(w, raw->fds[i], FROM_RAW + i))
			return false;
	return true;
}

static bool make_events(struct worker *w)
{
	const struct worker_conf *conf = &w->forward.conf;

	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->event_fd = conf->first ? conf->first->event_fd
				  : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->inject_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->epoll_fd < 0 || w->event_fd < 0 || w->stop_fd < 0 ||
	    w->inject_fd < 0)
		return false;
	return watch(w, w->stop_fd, FROM_STOP) &&
	       watch(w, w->inject_fd, FROM_INJECT) &&
	       watch(w, conf->no_queue ? -1 : conf->tun_fd, FROM_TUN) &&
	       watch(w, conf->udp4_fd, FROM_UDP4) &&
	       watch(w, conf->udp6_fd, FROM_UDP6) && watch_raw(w);
}

/* The slab's pages are touched when packets come, not before. */
static bool make_memory(struct worker *w)
{
	struct forward *f = &w->forward;
	size_t mtu = f->conf.mtu;
	size_t slot = mtu + PKT_HEAD_ROOM + PKT_TAIL_ROOM;

	if (slot < SLOT_MIN)
		slot = SLOT_MIN;
	w->slab = calloc(2 * PKT_BATCH, slot);
	f->control = ring_new(CONTROL_ENTRIES, FORWARD_CONTROL_MAX);
	f->data = ring_new(DATA_ENTRIES, mtu);
	f->inject = ring_new(INJECT_ENTRIES, mtu);
	w->lane = lane_new(f);
	if (!w->slab || !f->control || !f->data || !f->inject ||
	    (!w->lane && errno))
		return false;
	for (size_t i = 0; i < PKT_BATCH; i++) {
		w->pkts[i].buf = w->slab + i * slot;
		w->injected[i].buf = w->slab + (PKT_BATCH + i) * slot;
		w->pkts[i].cap = w->injected[i].cap = (uint32_t)slot;
	}
	return true;
}

static void write_offload_text(struct worker *w)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{ WORKER_VNET, "vnet" },   { WORKER_TSO, "tso" },
		{ WORKER_USO, "uso" },	   { WORKER_SEGMENT, "udp-segment" },
		{ WORKER_GRO, "udp-gro" },
	};
	char *to = w->offload_text, *end = to + sizeof(w->offload_text);
	unsigned bits = worker_offloads(w);

	if (!bits)
		to = stpcpy(to, "none");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(bits & names[i].bit))
			continue;
		if (to != w->offload_text)
			*to++ = ' ';
		to = stpcpy(to, names[i].name);
	}
	assert(to < end);
}

struct worker *worker_new(const struct worker_conf *conf)
{
	struct worker *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return NULL;
	w->epoll_fd = w->event_fd = w->stop_fd = w->inject_fd = -1;
	w->forward.conf = *conf;
	if (make_events(w) && make_memory(w)) {
		write_offload_text(w);
		return w;
	}
	err = errno;
	worker_free(w);
	errno = err;
	return NULL;
}

/* Signals are the control thread's. */
int worker_start(struct worker *w)
{
	sigset_t all, before;
	int err;

	assert(!w->running);
	sigfillset(&all);
	err = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (err)
		return -err;
	err = pthread_create(&w->thread, NULL, run, w);
	w->running = err == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* cannot fail */
	if (w->running)
		(void)pthread_setname_np(w->thread, "worker"); /* for people */
	return -err;
}

void worker_stop(struct worker *w)
{
	if (!w->running)
		return;
	event_raise(w->stop_fd);
	pthread_join(w->thread, NULL);
	event_lower(w->stop_fd);
	w->running = false;
}

void worker_free(struct worker *w)
{
	const int *fds[] = { &w->epoll_fd, &w->event_fd, &w->stop_fd,
			     &w->inject_fd };

	if (!w)
		return;
	assert(!w->running);
	if (w->forward.conf.first)
		w->event_fd = -1; /* not its own */
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	ring_free(w->forward.control);
	ring_free(w->forward.data);
	ring_free(w->forward.inject);
	lane_free(w->lane);
	free(w->slab);
	free(w);
}

int worker_event_fd(const struct worker *w)
{
	return w->event_fd;
}

struct ring *worker_control_ring(struct worker *w)
{
	return w->forward.control;
}

struct ring *worker_data_ring(struct worker *w)
{
	return w->forward.data;
}

bool worker_inject(struct worker *w, const uint8_t *inner, size_t len)
{
	if (!ring_push(w->forward.inject, RING_INJECT, inner, len, NULL))
		return false;
	event_raise(w->inject_fd);
	return true;
}

bool worker_deliver(struct worker *w, const uint8_t *inner, size_t len)
{
	int err = write_packet(w, inner, len);

	return err == 0; /* that the device is gone the thread finds out */
}

int worker_failed(const struct worker *w)
{
	return atomic_load(&w->failed);
}

uint64_t worker_drops(const struct worker *w, enum worker_drop reason)
{
	return atomic_load_explicit(&w->forward.drops[reason],
				    memory_order_relaxed);
}

uint64_t worker_packets_in(const struct worker *w)
{
	return atomic_load_explicit(&w->forward.packets_in,
				    memory_order_relaxed);
}

uint64_t worker_packets_out(const struct worker *w)
{
	return atomic_load_explicit(&w->forward.packets_out,
				    memory_order_relaxed);
}

unsigned worker_offloads(const struct worker *w)
{
	return w->lane ? lane_offloads(w->lane) : 0;
}

const char *worker_offload_text(const struct worker *w)
{
	return w->offload_text;
}
