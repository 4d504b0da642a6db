/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A crowd of hosts. The addresses are routed to this namespace as local ones
 * (ip route add local PREFIX dev lo), so that one socket serves them all.
 */
#include "tests/netns/crowd.h"

#include "tun/socket.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	SPI_LEN = 4,
	RECEIVE_BATCH = 32,
	BUFFER_LEN = 4096,
	TURNS_MAX = 64, /* batches before the clock is looked at again */
	SOLVE_TRIES = 1 << 24,
};

static void die(const char *what, int err)
{
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(err));
	exit(2);
}

uint64_t crowd_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void random_bytes(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	randombytes_buf(buf, len);
}

void crowd_open(struct crowd *c, const char *first, const char *to,
		const char *hit, size_t n)
{
	const union tun_addr any = { .family = AF_UNSPEC };
	struct locator l;

	if (sodium_init() < 0)
		die("sodium", EIO);
	if (locator_from_text(first, HIP_UDP_PORT, &l) < 0 ||
	    !locator_is_v4(&l))
		die(first, EINVAL);
	c->first = load_be32(l.addr + 12);
	if (locator_from_text(to, HIP_UDP_PORT, &c->to) < 0)
		die(to, EINVAL);
	if (hit_from_text(hit, &c->peer) < 0)
		die(hit, EINVAL);
	c->fd = socket_open(AF_INET, &any, HIP_UDP_PORT, false);
	if (c->fd < 0)
		die("socket", -c->fd);
	c->n = n;
	c->members = calloc(n, sizeof(*c->members));
	c->alive = calloc(n, sizeof(*c->alive));
	if (!c->members || !c->alive)
		die("memory", ENOMEM);
}

void crowd_close(struct crowd *c)
{
	while (c->n_alive > 0)
		crowd_end(c, c->alive[0]);
	(void)close(c->fd);
	free(c->members);
	free(c->alive);
}

static struct locator member_locator(const struct crowd *c, size_t i)
{
	struct locator l = { .addr = { [10] = 0xff, [11] = 0xff },
			     .port = HIP_UDP_PORT };

	store_be32(l.addr + 12, c->first + (uint32_t)i);
	return l;
}

static union tun_addr address_of(const struct locator *l)
{
	struct sockaddr_storage sa;
	union tun_addr a;

	(void)locator_to_sockaddr(l, &sa); /* IPv4: its length is known */
	memcpy(&a, &sa, sizeof(a));
	return a;
}

static void send_parts(struct crowd *c, size_t i, size_t head_len,
		       const uint8_t *bytes, size_t len)
{
	static const uint8_t head[SPI_LEN];
	struct locator from = member_locator(c, i);
	struct path path = { .local = address_of(&from),
			     .remote = address_of(&c->to) };

	/* What the kernel refuses is lost, as packets may be. */
	(void)socket_send(c->fd, &path, head, head_len, bytes, len);
}

void crowd_send_hip(struct crowd *c, size_t i, const uint8_t *bytes, size_t len)
{
	send_parts(c, i, SPI_LEN, bytes, len);
}

void crowd_send(struct crowd *c, size_t i, const uint8_t *bytes, size_t len)
{
	send_parts(c, i, 0, bytes, len);
}

static void drain(struct crowd *c, size_t i);

/* Puzzles are solved at once: a crowd has nothing else to do. */
static void solve(struct crowd *c, size_t i, const struct hip_output *o)
{
	struct hip_input in = { .kind = HIP_IN_SOLVED,
				.hit = o->hit,
				.job = o->job };

	randombytes_buf(in.j, sizeof(in.j));
	in.solved = puzzle_solve_slice(&o->puzzle, in.j, SOLVE_TRIES);
	host_input(c->members[i].host, &in, crowd_now_ms());
}

static void on_output(struct crowd *c, size_t i, struct hip_output *o)
{
	if (c->on_output && c->on_output(c, i, o))
		return;
	if (o->kind == HIP_OUT_SEND)
		crowd_send_hip(c, i, o->bytes, o->len);
}

/* The caller may end the host on the way. A puzzle's solution is a new input,
 * and waits until all outputs are out. */
static void drain(struct crowd *c, size_t i)
{
	struct hip_output o, puzzle = { .kind = HIP_OUT_PEER };
	bool again = true;

	while (again) {
		again = false;
		while (c->members[i].host &&
		       host_output(c->members[i].host, &o)) {
			if (o.kind == HIP_OUT_SOLVE) {
				puzzle = o;
				again = true;
			} else {
				on_output(c, i, &o);
			}
		}
		if (again && c->members[i].host)
			solve(c, i, &puzzle);
	}
}

static void input(struct crowd *c, size_t i, struct hip_input *in)
{
	host_input(c->members[i].host, in, crowd_now_ms());
	drain(c, i);
}

void crowd_begin(struct crowd *c, size_t i)
{
	struct crowd_member *m = &c->members[i];
	struct hip_input in = { .kind = HIP_IN_PEER,
				.hit = c->peer,
				.locators = &c->to,
				.n_locators = 1 };
	struct host_conf conf;
	int err;

	assert(!m->host);
	if (!m->id && identity_generate(IDENTITY_ECDSA_P256, &m->id))
		die("identity", EIO);
	host_conf_defaults(&conf);
	conf.id = m->id;
	conf.env.random = random_bytes;
	conf.n_dh = 1; /* its own R1s are not needed */
	conf.rekey_ms = 0;
	m->begun_ms = crowd_now_ms();
	err = host_new(&conf, m->begun_ms, &m->host);
	if (err)
		die("host", -err);
	c->alive[c->n_alive++] = i;
	input(c, i, &in);
	in = (struct hip_input){ .kind = HIP_IN_ACQUIRE, .hit = c->peer };
	input(c, i, &in);
}

void crowd_end(struct crowd *c, size_t i)
{
	struct crowd_member *m = &c->members[i];

	host_free(m->host);
	identity_free(m->id);
	m->host = NULL;
	m->id = NULL;
	for (size_t k = 0; k < c->n_alive; k++) {
		if (c->alive[k] == i) {
			c->alive[k] = c->alive[--c->n_alive];
			return;
		}
	}
}

static void on_pkt(struct crowd *c, struct pkt *p)
{
	size_t i = ntohl(p->path.local.in.sin_addr.s_addr) - c->first;
	uint8_t *bytes = pkt_data(p);
	struct hip_input in = { .kind = HIP_IN_PACKET, .remote = c->to };

	if (i >= c->n || p->len <= SPI_LEN)
		return;
	if (load_be32(bytes) != 0 || !c->members[i].host) {
		if (c->on_datagram)
			c->on_datagram(c, i, bytes, p->len);
		return;
	}
	in.bytes = bytes + SPI_LEN;
	in.len = p->len - SPI_LEN;
	in.local = member_locator(c, i);
	input(c, i, &in);
}

static int receive(struct crowd *c)
{
	static uint8_t buffers[RECEIVE_BATCH][BUFFER_LEN];
	struct pkt pkts[RECEIVE_BATCH];
	unsigned ifindex[RECEIVE_BATCH];
	int n;

	for (int i = 0; i < RECEIVE_BATCH; i++)
		pkts[i] = (struct pkt){ .buf = buffers[i],
					.cap = BUFFER_LEN,
					.off = PKT_HEAD_ROOM };
	n = socket_recv_batch(c->fd, pkts, ifindex, RECEIVE_BATCH);
	for (int i = 0; i < n; i++)
		on_pkt(c, &pkts[i]);
	return n;
}

static void tick(struct crowd *c)
{
	uint64_t now_ms = crowd_now_ms();

	for (size_t k = 0; k < c->n_alive;) {
		size_t i = c->alive[k];

		if (host_deadline(c->members[i].host) <= now_ms) {
			host_tick(c->members[i].host, now_ms);
			drain(c, i);
		}
		/* Where it has ended, another one stands in its place. */
		if (k < c->n_alive && c->alive[k] == i)
			k++;
	}
}

void crowd_turn(struct crowd *c, int timeout_ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	(void)poll(&p, 1, timeout_ms);
	for (int n = 0; n < TURNS_MAX && receive(c) == RECEIVE_BATCH; n++)
		;
	tick(c);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void crowd_print_times(const char *name, uint64_t *ms, size_t n)
{
	if (n == 0) {
		printf("%s: none\n", name);
		return;
	}
	qsort(ms, n, sizeof(*ms), compare);
	printf("%s: median %llu ms, p95 %llu ms, worst %llu ms\n", name,
	       (unsigned long long)ms[n / 2],
	       (unsigned long long)ms[(n * 95 + 99) / 100 - 1],
	       (unsigned long long)ms[n - 1]);
}
