/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One end of two: a worker with static security associations and no HIP, for
 * the tests of the data plane alone. Both ends are started with the two HITs
 * and addresses exchanged; keys and SPIs follow from the HITs.
 *
 *   worker_pair [-d NAME] [-s SUITE] [-m MTU] [-e] [-o BITS] [-c]
 *               HIT PEER-HIT PEER-ADDRESS
 *
 * -o leaves out offloads (enum worker_offload; 31 for all, then also the
 * virtio header); -c has OpenSSL do all ciphers.
 *
 * It does what an engine would: the SA towards the peer is made when the
 * first packet asks for it, and that packet is injected; -e makes it at the
 * start. It says "ready", then what it counted, and ends with status 0 on
 * SIGTERM and 3 when the TUN device goes away.
 */
#include "tun/device.h"
#include "tun/netlink.h"
#include "tun/socket.h"
#include "tun/worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	PORT = 10500,
	METRIC = 256,
	KEY_MAX = 64,
	DESTINATION_AT = 24, /* in an IPv6 header */
	EXIT_TUN_GONE = 3
};

struct end {
	char device[IFNAMSIZ];
	uint16_t suite;
	uint32_t mtu;
	bool early;
	unsigned without;
	enum cipher_backend backend;
	uint8_t hit[16];
	uint8_t peer[16];
	union tun_addr remote;
	int tun_fd, udp4_fd, udp6_fd;
	struct sa_table *sas;
	struct worker *worker;
	uint64_t injected, no_spi, control;
};

static int complain(const char *what, int err)
{
	fprintf(stderr, "worker_pair: %s: %s\n", what, strerror(-err));
	return 1;
}

/* Both ends make the same key and SPI for the direction from -> to. */
static void conf_of(const struct end *e, const uint8_t from[16],
		    const uint8_t to[16], uint8_t key[KEY_MAX],
		    struct sa_conf *conf)
{
	const struct cipher_suite *suite = cipher_suite_find(e->suite);

	for (size_t i = 0; i < KEY_MAX; i++)
		key[i] = (uint8_t)(from[i % 16] * 5 + to[i % 16] + i);
	*conf = (struct sa_conf){
		.spi = 0x10000u | load_be16(to + 14),
		.suite = e->suite,
		.backend = e->backend,
		.key = key,
		.key_len = suite->key_len,
		.path.remote = e->remote,
	};
	memcpy(conf->local, e->hit, 16);
	memcpy(conf->peer, e->peer, 16);
}

static int add_in(struct end *e)
{
	uint8_t key[KEY_MAX];
	struct sa_conf conf;
	int err;

	conf_of(e, e->peer, e->hit, key, &conf);
	sa_table_wrlock(e->sas);
	err = sa_in_add(e->sas, &conf);
	sa_table_unlock(e->sas);
	return err;
}

/* Under the write lock. */
static int add_out(struct end *e)
{
	uint8_t key[KEY_MAX];
	struct sa_conf conf;

	conf_of(e, e->hit, e->peer, key, &conf);
	return sa_out_add(e->sas, &conf);
}

static int set_up_link(struct end *e, unsigned *ifindex)
{
	static const uint8_t hits[16] = { 0x20, 0x01, 0x00, 0x20 };
	struct netlink *n = netlink_new();
	int err;

	if (!n)
		return -errno;
	*ifindex = if_nametoindex(e->device);
	err = netlink_link_up(n, *ifindex, e->mtu);
	if (!err)
		err = netlink_address_add(n, *ifindex, e->hit, 128);
	if (!err)
		err = netlink_route_add(n, *ifindex, hits, 28, METRIC, e->mtu);
	if (!err)
		err = netlink_label_add(n, hits, 28, NETLINK_LABEL_HIT);
	netlink_free(n);
	return err;
}

static int open_all(struct end *e)
{
	static const uint8_t seed[16] = { 1 };
	const union tun_addr any = { .family = AF_UNSPEC };
	struct worker_conf conf = { .mtu = e->mtu, .without = e->without };
	int err;

	e->tun_fd = e->without & WORKER_VNET ? device_open_plain(e->device)
					     : device_open(e->device);
	if (e->tun_fd < 0)
		return complain(e->device, e->tun_fd);
	err = set_up_link(e, &conf.tun_ifindex);
	if (err)
		return complain("netlink", err);
	e->udp4_fd = socket_open(AF_INET, &any, PORT, false);
	e->udp6_fd = socket_open(AF_INET6, &any, PORT, false);
	if (e->udp4_fd < 0 || e->udp6_fd < 0)
		return complain("socket", -EADDRINUSE);
	/* Here nobody finds out what the path carries. */
	socket_let_fragment(e->udp4_fd, AF_INET, true);
	socket_let_fragment(e->udp6_fd, AF_INET6, true);
	e->sas = sa_table_new(seed);
	if (!e->sas)
		return complain("table", -ENOMEM);
	err = add_in(e);
	if (!err && e->early) {
		sa_table_wrlock(e->sas);
		err = add_out(e);
		sa_table_unlock(e->sas);
	}
	if (err)
		return complain("association", err);
	conf.tun_fd = e->tun_fd;
	conf.udp4_fd = e->udp4_fd;
	conf.udp6_fd = e->udp6_fd;
	conf.sas = e->sas;
	memcpy(conf.hit, e->hit, 16);
	e->worker = worker_new(&conf);
	if (!e->worker)
		return complain("worker", -errno);
	return 0;
}

/* The engine's part: an SA for the first packet, which then goes first. */
static void take_data(struct end *e)
{
	struct ring *ring = worker_data_ring(e->worker);
	const struct ring_entry *entry;

	sa_table_wrlock(e->sas);
	for (; (entry = ring_peek(ring)) != NULL; ring_pop(ring)) {
		if (entry->kind == RING_NO_SPI) {
			e->no_spi++;
			continue;
		}
		if (entry->kind != RING_NO_SA ||
		    memcmp(entry->bytes + DESTINATION_AT, e->peer, 16) != 0)
			continue; /* nobody whom we know */
		if (!sa_out_find(e->sas, e->peer) && add_out(e) != 0)
			continue;
		if (worker_inject(e->worker, entry->bytes, entry->len))
			e->injected++;
	}
	sa_table_unlock(e->sas);
}

static void take_control(struct end *e)
{
	struct ring *ring = worker_control_ring(e->worker);

	for (; ring_peek(ring); ring_pop(ring))
		e->control++;
}

/* Until SIGTERM, or the worker has failed. */
static void serve(struct end *e, int signals)
{
	struct pollfd p[2] = {
		{ .fd = worker_event_fd(e->worker), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	uint64_t count;

	while (!worker_failed(e->worker)) {
		if (poll(p, 2, -1) < 0 || p[1].revents)
			return;
		if (read(p[0].fd, &count, sizeof(count)) < 0)
			continue;
		take_control(e);
		take_data(e);
	}
}

/* One line "name value" each, of what is not zero. */
static void report(struct end *e)
{
	struct {
		const char *name;
		uint64_t value;
	} own[] = {
		{ "injected", e->injected },
		{ "no-spi", e->no_spi },
		{ "control", e->control },
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (own[i].value)
			printf("%s %" PRIu64 "\n", own[i].name, own[i].value);
	for (int i = 0; i < WORKER_DROP_COUNT; i++)
		if (worker_drops(e->worker, i))
			printf("%s %" PRIu64 "\n", worker_drop_name(i),
			       worker_drops(e->worker, i));
	fflush(stdout);
}

static bool parse(int argc, char **argv, struct end *e)
{
	int c;

	while ((c = getopt(argc, argv, "d:s:m:eo:c")) != -1) {
		if (c == 'd')
			snprintf(e->device, sizeof(e->device), "%s", optarg);
		else if (c == 's')
			e->suite = (uint16_t)atoi(optarg);
		else if (c == 'm')
			e->mtu = (uint32_t)atoi(optarg);
		else if (c == 'e')
			e->early = true;
		else if (c == 'o')
			e->without = (unsigned)atoi(optarg);
		else if (c == 'c')
			e->backend = CIPHER_OPENSSL;
		else
			return false;
	}
	if (argc - optind != 3 || !cipher_suite_find(e->suite) ||
	    inet_pton(AF_INET6, argv[optind], e->hit) != 1 ||
	    inet_pton(AF_INET6, argv[optind + 1], e->peer) != 1)
		return false;
	argv += optind + 2;
	if (inet_pton(AF_INET, *argv, &e->remote.in.sin_addr) == 1) {
		e->remote.in.sin_family = AF_INET;
		e->remote.in.sin_port = htons(PORT);
		return true;
	}
	e->remote.in6.sin6_family = AF_INET6;
	e->remote.in6.sin6_port = htons(PORT);
	return inet_pton(AF_INET6, *argv, &e->remote.in6.sin6_addr) == 1;
}

int main(int argc, char **argv)
{
	struct end e = { .device = "hip0", .suite = 13, .mtu = 1400 };
	sigset_t term;
	int signals, err;

	if (!parse(argc, argv, &e)) {
		fprintf(stderr, "usage: worker_pair [-d NAME] [-s SUITE] "
				"[-m MTU] [-e] [-o BITS] [-c] HIT PEER-HIT "
				"PEER-ADDRESS\n");
		return 2;
	}
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	signals = signalfd(-1, &term, SFD_CLOEXEC);
	if (signals < 0)
		return complain("signalfd", -errno);
	if (open_all(&e))
		return 1;
	err = worker_start(e.worker);
	if (err)
		return complain("thread", err);
	printf("ready: %s\n", worker_offload_text(e.worker));
	fflush(stdout);
	serve(&e, signals);
	err = worker_failed(e.worker);
	worker_stop(e.worker);
	report(&e);
	if (err)
		complain("TUN device", -err);
	worker_free(e.worker);
	sa_table_free(e.sas);
	close(e.tun_fd);
	close(e.udp4_fd);
	close(e.udp6_fd);
	close(signals);
	return err ? EXIT_TUN_GONE : 0;
}
