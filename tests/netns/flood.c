/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * flood - sends I1s at a rate, with sources that are not its own.
 *
 *   flood PREFIX/BITS TO RECEIVER-HIT RATE SECONDS [SENDER-HIT]
 *
 * Each comes from an address of the IPv4 prefix and from a HIT of its own,
 * both at random, unless one is given. With /32 it listens on that address
 * besides, which must then be one of this host. Prints "sent N packets of B
 * bytes, heard M packets of C bytes, N per second".
 */
#include "daemon/hip/param.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 32,
	SPI_LEN = 4, /* zero in front of HIP: RFC 5770 5.4.1 */
	SENDER_AT = 8,
	HIT_PREFIX_LEN = 4, /* what all our HITs have in common */
	HEARD_MAX = 2048,
	LINGER_NS = 300 * 1000 * 1000,
	NS = 1000 * 1000 * 1000,
};

/* A datagram from the IP header on. */
struct datagram {
	struct iphdr ip;
	struct udphdr udp;
	uint8_t spi[SPI_LEN];
	uint8_t hip[128];
};

struct flood {
	uint32_t net, hosts; /* of the prefix, host order */
	struct sockaddr_in to;
	struct hit receiver, sender;
	bool one_sender;
	size_t hip_len;
	struct datagram template;
	int out, in;
	uint64_t sent, heard, heard_bytes;
};

static void die(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS + t.tv_nsec;
}

static void make_template(struct flood *f)
{
	struct id_list groups = { .ids = { DH_NIST_P256, DH_NIST_P384 },
				  .n = 2 };
	struct datagram *d = &f->template;
	struct packet_out i1;

	packet_begin(&i1, HIP_I1, 0, &f->sender, &f->receiver);
	dh_group_list_write(&i1, &groups);
	if (!packet_fix_length(&i1) || packet_len(&i1) > sizeof(d->hip))
		die("I1");
	f->hip_len = packet_len(&i1);
	memcpy(d->hip, i1.bytes, f->hip_len);
	d->ip = (struct iphdr){ .version = 4,
				.ihl = 5,
				.ttl = 64,
				.protocol = IPPROTO_UDP,
				.daddr = f->to.sin_addr.s_addr };
	d->udp.source = d->udp.dest = htons(HIP_UDP_PORT);
	d->udp.len = htons((uint16_t)(sizeof(d->udp) + SPI_LEN + f->hip_len));
}

static void open_sockets(struct flood *f)
{
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_port = htons(HIP_UDP_PORT),
				   .sin_addr.s_addr = htonl(f->net) };

	f->out = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (f->out < 0)
		die("raw socket");
	f->in = -1;
	if (f->hosts > 1)
		return;
	f->in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (f->in < 0 || bind(f->in, (struct sockaddr *)&own, sizeof(own)) < 0)
		die("the address to listen on");
}

static void listen_once(struct flood *f)
{
	uint8_t bytes[HEARD_MAX];
	ssize_t n;

	while (f->in >= 0 && (n = recv(f->in, bytes, sizeof(bytes), 0)) > 0) {
		f->heard++;
		f->heard_bytes += (uint64_t)n;
	}
}

static void vary(const struct flood *f, struct datagram *d)
{
	d->ip.saddr = htonl(f->net + randombytes_uniform(f->hosts));
	if (!f->one_sender)
		randombytes_buf(d->hip + SENDER_AT + HIT_PREFIX_LEN,
				sizeof(f->sender.bytes) - HIT_PREFIX_LEN);
}

static void send_batch(struct flood *f, size_t n)
{
	struct datagram d[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr m[BATCH] = { 0 };
	size_t len = sizeof(d[0].ip) + sizeof(d[0].udp) + SPI_LEN + f->hip_len;
	int got;

	for (size_t i = 0; i < n; i++) {
		d[i] = f->template;
		vary(f, &d[i]);
		iov[i] = (struct iovec){ .iov_base = &d[i], .iov_len = len };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
		m[i].msg_hdr.msg_name = &f->to;
		m[i].msg_hdr.msg_namelen = sizeof(f->to);
	}
	got = sendmmsg(f->out, m, (unsigned int)n, 0);
	if (got < 0 && errno != ENOBUFS)
		die("sendmmsg");
	f->sent += got > 0 ? (uint64_t)got : 0;
}

/* So many a second, evenly, and no more in a row than a batch. */
static void run(struct flood *f, uint64_t rate, uint64_t seconds)
{
	const struct timespec nap = { .tv_nsec = 200 * 1000 };
	int64_t start = now_ns(), end = start + (int64_t)seconds * NS;
	uint64_t asked = 0;
	int64_t now;

	while ((now = now_ns()) < end) {
		uint64_t due = (uint64_t)(now - start) / 1000 * rate / 1000000;
		uint64_t n = due - asked < BATCH ? due - asked : BATCH;

		if (n > 0)
			send_batch(f, (size_t)n);
		asked += n;
		listen_once(f);
		if (asked == due)
			(void)nanosleep(&nap, NULL);
	}
	for (end = now_ns() + LINGER_NS; f->in >= 0 && now_ns() < end;) {
		(void)nanosleep(&nap, NULL);
		listen_once(f);
	}
}

static bool read_arguments(struct flood *f, char **argv)
{
	char *slash = strchr(argv[1], '/');
	struct in_addr net;
	int bits;

	if (!slash)
		return false;
	*slash = '\0';
	bits = atoi(slash + 1);
	f->to = (struct sockaddr_in){ .sin_family = AF_INET };
	if (inet_pton(AF_INET, argv[1], &net) != 1 || bits < 8 || bits > 32 ||
	    inet_pton(AF_INET, argv[2], &f->to.sin_addr) != 1 ||
	    hit_from_text(argv[3], &f->receiver) < 0)
		return false;
	f->net = ntohl(net.s_addr);
	f->hosts = (uint32_t)1 << (32 - bits);
	f->sender = f->receiver; /* the prefix and the suite */
	f->one_sender = argv[6] != NULL;
	return !f->one_sender || hit_from_text(argv[6], &f->sender) == 0;
}

int main(int argc, char **argv)
{
	struct flood f = { 0 };
	uint64_t rate, seconds;

	if (argc < 6 || argc > 7 || sodium_init() < 0 ||
	    !read_arguments(&f, argv)) {
		fprintf(stderr, "usage: flood PREFIX/BITS TO RECEIVER-HIT "
				"RATE SECONDS [SENDER-HIT]\n");
		return 2;
	}
	rate = strtoull(argv[4], NULL, 10);
	seconds = strtoull(argv[5], NULL, 10);
	make_template(&f);
	open_sockets(&f);
	run(&f, rate, seconds);
	printf("sent %llu packets of %zu bytes, heard %llu packets of %llu "
	       "bytes, %llu per second\n",
	       (unsigned long long)f.sent, SPI_LEN + f.hip_len,
	       (unsigned long long)f.heard, (unsigned long long)f.heard_bytes,
	       (unsigned long long)(seconds ? f.sent / seconds : f.sent));
	return 0;
}
