/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * test_crew_threads [PACKETS]: two hosts with several workers each send
 * numbered packets of many associations both ways over loopback, while their
 * SAs are replaced. Those of each association keep their order when they are
 * steered, and also when all of them come to a worker that is not theirs, in
 * both directions. Scattered, each on whichever worker, some are overtaken, as
 * the kernel had it; each arrives once all the same, and nothing is dropped.
 * For ThreadSanitizer, hence without a test framework.
 */
#include "tun/crew.h"
#include "tun/socket.h"
#include "tun/steer.h"
#include "tun/vnet.h"

#include <linux/filter.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	N = 3, /* workers */
	FLOWS = 8,
	PACKETS = 100000,
	IN_FLIGHT = 16, /* of a flow: buffers hold them all */
	REKEYS = 20,
	WAIT_MS = 20000,
	MTU = 1400,
	LEN = 100,	/* of a packet; it ends with flow and number */
	PROTOCOL = 253, /* RFC 3692: for experiments; nothing coalesces it */
};

/* How a run is. */
struct form {
	const char *name;
	bool vnet;	/* with the lane */
	bool scattered; /* on whichever worker */
	bool astray;	/* always on the worker after the right one */
	bool one_queue;
};

struct host {
	struct crew *crew;
	struct sa_table *sas;
	uint8_t hit[16];
	union tun_addr addr;
	int app[N]; /* the kernel's side of each TUN queue */
	int tun[N], udp[N];
	const struct form *form;
	uint32_t packets; /* of each flow */
	sem_t room[FLOWS];
	uint32_t next[FLOWS]; /* to arrive */
	uint32_t overtaken;
	uint8_t *seen[FLOWS]; /* where they may come in any order */
	struct host *other;
};

static struct host hosts[2];

/* What their workers dropped. */
static void print_drops(void)
{
	for (int h = 0; h < 2; h++)
		for (int i = 0; i < WORKER_DROP_COUNT && hosts[h].crew; i++)
			if (crew_drops(hosts[h].crew, i))
				fprintf(stderr, "host %d: %s %llu\n", h,
					worker_drop_name(i),
					(unsigned long long)crew_drops(
						hosts[h].crew, i));
}

static void die(const char *what)
{
	fprintf(stderr, "FAILED: %s\n", what);
	print_drops();
	exit(1);
}

static void need(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

/* The far end of a flow, as the sender names it. */
static void peer_of(int flow, uint8_t hit[16])
{
	memset(hit, 0, 16);
	store_be32(hit, 0x20010022);
	store_be32(hit + 12, 0x1000u + (uint32_t)flow);
}

static void open_sockets(struct host *h)
{
	union tun_addr any = { .family = AF_UNSPEC };
	socklen_t len = sizeof(h->addr);
	struct sock_filter at_random[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, N),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_filter next_one[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* the SPI */
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, N),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { .len = 3, .filter = at_random };

	h->udp[0] = socket_open(AF_INET, &any, 0, false);
	for (int i = 1; i < N; i++)
		h->udp[i] = socket_twin(h->udp[0]);
	need(h->udp[N - 1] >= 0, "socket");
	need(getsockname(h->udp[0], &h->addr.sa, &len) == 0, "name");
	h->addr.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (h->form->astray)
		program = (struct sock_fprog){ .len = 4, .filter = next_one };
	if (h->form->scattered || h->form->astray)
		need(setsockopt(h->udp[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
				&program, sizeof(program)) == 0,
		     "other sockets");
	else
		need(steer_sockets(h->udp[0], N) == 0, "steering");
}

static void open_queues(struct host *h)
{
	for (int i = 0; i < (h->form->one_queue ? 1 : N); i++) {
		int pair[2];

		need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
				pair) == 0,
		     "pair");
		h->app[i] = pair[0];
		h->tun[i] = pair[1];
	}
}

static void host_init(struct host *h, uint8_t number, const struct form *form)
{
	static const uint8_t seed[16] = { 1 };
	struct crew_conf conf = { .first = { .udp6_fd = -1,
					     .mtu = MTU,
					     .tun_ifindex = 0xffff,
					     .vnet = form->vnet },
				  .more = { .n = N - 1,
					    .queues = !form->one_queue } };

	h->form = form;
	open_sockets(h);
	open_queues(h);
	peer_of(1000 + number, h->hit);
	h->sas = sa_table_new(seed);
	conf.first.sas = h->sas;
	conf.first.tun_fd = h->tun[0];
	conf.first.udp4_fd = h->udp[0];
	memcpy(conf.first.hit, h->hit, 16);
	for (int i = 1; i < N; i++)
		conf.more.fds[i - 1] = (struct worker_fds){
			.tun_fd = h->tun[i], .udp4_fd = h->udp[i], .udp6_fd = -1
		};
	h->crew = crew_new(&conf);
	need(h->crew && crew_start(h->crew) == 0, "crew");
	for (int f = 0; f < FLOWS; f++) {
		need(sem_init(&h->room[f], 0, IN_FLIGHT) == 0, "semaphore");
		h->seen[f] = calloc(h->packets, 1);
		need(h->seen[f] != NULL, "memory");
	}
}

static void host_clear(struct host *h)
{
	crew_stop(h->crew);
	for (int i = 0; i < WORKER_DROP_COUNT; i++)
		need(crew_drops(h->crew, (enum worker_drop)i) == 0,
		     worker_drop_name((enum worker_drop)i));
	crew_free(h->crew);
	sa_table_free(h->sas);
	for (int i = 0; i < N; i++)
		close(h->udp[i]);
	for (int i = 0; i < (h->form->one_queue ? 1 : N); i++) {
		close(h->app[i]);
		close(h->tun[i]);
	}
	for (int f = 0; f < FLOWS; f++) {
		free(h->seen[f]);
		sem_destroy(&h->room[f]);
	}
}

/* The SPI of a flow's generation: its remainder by N stays. */
static uint32_t spi_of(int flow, int generation)
{
	return 300 + (uint32_t)flow + (uint32_t)(generation * N * FLOWS);
}

/* New SAs for a flow: first where it arrives, then where it leaves; those of
 * the generation before the last are deleted. */
static void rekey(struct host *from, int flow, int generation)
{
	const uint8_t key[20] = { (uint8_t)flow, (uint8_t)generation };
	struct sa_conf conf = { .spi = spi_of(flow, generation),
				.suite = 13,
				.key = key,
				.key_len = sizeof(key),
				.path.remote = from->other->addr };
	const uint32_t old = spi_of(flow, generation - 2);

	/* Each peer has an address of its own: what goes to one can be received
	 * as one, by one worker. */
	conf.path.remote.in.sin_addr.s_addr =
		htonl(INADDR_LOOPBACK + (uint32_t)flow);
	memcpy(conf.peer, from->hit, 16);
	memcpy(conf.local, from->other->hit, 16);
	sa_table_wrlock(from->other->sas);
	need(sa_in_add(from->other->sas, &conf) == 0, "inbound");
	sa_table_unlock(from->other->sas);
	peer_of(flow, conf.peer);
	sa_table_wrlock(from->sas);
	need(sa_out_add(from->sas, &conf) == 0, "outbound");
	if (generation >= 2)
		need(sa_out_delete(from->sas, old, conf.peer), "delete");
	sa_table_unlock(from->sas);
}

static void write_packet(struct host *h, int flow, uint32_t number, int queue)
{
	uint8_t bytes[VNET_LEN + LEN] = { 0 };
	size_t head = h->form->vnet ? VNET_LEN : 0;
	uint8_t *p = bytes + head;
	struct pollfd room = { .fd = h->app[queue], .events = POLLOUT };

	p[0] = 0x60;
	store_be16(p + 4, LEN - IPV6_HEADER_LEN);
	p[6] = PROTOCOL;
	p[7] = 64;
	memcpy(p + 8, h->hit, 16);
	peer_of(flow, p + 24);
	store_be32(p + LEN - 8, (uint32_t)flow);
	store_be32(p + LEN - 4, number);
	need(poll(&room, 1, WAIT_MS) == 1, "no room in the queue");
	need(write(h->app[queue], bytes, head + LEN) == (ssize_t)(head + LEN),
	     "write");
}

static void *send_all(void *arg)
{
	struct host *h = arg;

	for (uint32_t i = 0; i < h->packets; i++) {
		for (int f = 0; f < FLOWS; f++) {
			uint8_t peer[16];
			struct timespec end;
			int queue;

			peer_of(f, peer);
			queue = (int)steer_owner(peer, N);
			if (h->form->scattered)
				queue = (int)(i % N);
			if (h->form->astray)
				queue = (queue + 1) % N;
			if (h->form->one_queue)
				queue = 0;
			clock_gettime(CLOCK_REALTIME, &end);
			end.tv_sec += WAIT_MS / 1000;
			need(sem_timedwait(&h->room[f], &end) == 0,
			     "packets are lost");
			write_packet(h, f, i, queue);
		}
	}
	return NULL;
}

static void arrived(struct host *h, const uint8_t *p)
{
	uint32_t flow = load_be32(p + LEN - 8);
	uint32_t number = load_be32(p + LEN - 4);

	need(flow < FLOWS && number < h->packets, "what is that");
	if (!h->form->scattered && number != h->next[flow]) {
		fprintf(stderr, "flow %u: %u, not %u\n", flow, number,
			h->next[flow]);
		die("out of order");
	}
	need(!h->seen[flow][number], "twice");
	h->seen[flow][number] = 1;
	if (number < h->next[flow])
		h->overtaken++;
	else
		h->next[flow] = number + 1;
	sem_post(&h->other->room[flow]);
}

static void *receive_all(void *arg)
{
	struct host *h = arg;
	const nfds_t queues = h->form->one_queue ? 1 : N;
	const size_t head = h->form->vnet ? VNET_LEN : 0;
	uint64_t left = (uint64_t)h->packets * FLOWS;
	struct pollfd p[N];
	uint8_t bytes[VNET_LEN + LEN];

	for (nfds_t i = 0; i < queues; i++)
		p[i] = (struct pollfd){ .fd = h->app[i], .events = POLLIN };
	while (left > 0) {
		need(poll(p, queues, WAIT_MS) > 0, "nothing arrives");
		for (nfds_t i = 0; i < queues; i++) {
			if (!(p[i].revents & POLLIN))
				continue;
			need(read(h->app[i], bytes, sizeof(bytes)) ==
				     (ssize_t)(head + LEN),
			     "its length");
			arrived(h, bytes + head);
			left--;
		}
	}
	return NULL;
}

/* Each worker has had the share of its flows, or of those astray. */
static void check_shares(const struct host *h)
{
	const uint32_t by = h->form->astray;
	uint64_t wanted[N] = { 0 };

	for (int f = 0; f < FLOWS; f++)
		wanted[(spi_of(f, 0) + by) % N] += h->packets;
	for (size_t i = 0; i < N; i++)
		need(worker_packets_in(crew_worker(h->crew, i)) == wanted[i],
		     "not by its worker");
}

static void run(const struct form *form, uint32_t packets)
{
	struct host *a = &hosts[0], *b = &hosts[1];
	pthread_t threads[4];

	memset(hosts, 0, sizeof(hosts));
	a->packets = b->packets = packets / 2 / FLOWS;
	a->other = b;
	b->other = a;
	host_init(a, 1, form);
	host_init(b, 2, form);
	for (int f = 0; f < FLOWS; f++) {
		rekey(a, f, 0);
		rekey(b, f, 0);
	}
	pthread_create(&threads[0], NULL, receive_all, a);
	pthread_create(&threads[1], NULL, receive_all, b);
	pthread_create(&threads[2], NULL, send_all, a);
	pthread_create(&threads[3], NULL, send_all, b);
	for (int i = 1; i <= REKEYS; i++) {
		for (int f = 0; f < FLOWS; f++) {
			rekey(a, f, i);
			rekey(b, f, i);
		}
		(void)poll(NULL, 0, 5); /* only spreads them */
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	if (!form->scattered) {
		check_shares(a);
		check_shares(b);
	}
	host_clear(a);
	host_clear(b);
	printf("ok: %s, %u packets, %u overtaken\n", form->name, packets,
	       a->overtaken + b->overtaken);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct form forms[] = {
		{ .name = "steered" },
		{ .name = "steered, lane", .vnet = true },
		{ .name = "one queue, lane", .vnet = true, .one_queue = true },
		{ .name = "astray", .astray = true },
		{ .name = "astray, lane", .vnet = true, .astray = true },
		{ .name = "scattered", .scattered = true },
		{ .name = "scattered, lane", .vnet = true, .scattered = true },
	};
	uint32_t packets =
		argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : PACKETS;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		run(&forms[i], packets);
	return 0;
}
