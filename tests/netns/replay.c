/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * replay - sends the HIP and ESP packets of a capture again.
 *
 *   replay CAPTURE TO [FROM]
 *   replay -m N -r RATE CAPTURE TO [FROM]
 *
 * CAPTURE is a file's name without ".pcap" and with a slash. Of its UDP
 * packets those go again that went to TO, an IPv4 address: from where they
 * came then, or from FROM. -m: N of them by chance, each damaged in a way of
 * its own, so many a second. Prints "sent N of HIP, N of ESP", and without
 * -m how many of each type (RFC 7401 5.3): ", TYPE: N".
 */
#include "tests/unit/pcap.h"

#include "daemon/hip/limits.h"

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
	SPI_LEN = 4, /* zero in front of HIP: RFC 5770 5.4.1 */
	TYPE_AT = 2,
	TYPES = 32,
	PAUSE_MS = 30, /* after each of HIP: none is to be too fast */
	PACKET_MAX = 2048,
	PACKETS_MAX = 4096,
	DAMAGES_MAX = 8,
	NS = 1000 * 1000 * 1000,
};

/* A datagram from the IP header on. */
struct datagram {
	struct iphdr ip;
	struct udphdr udp;
	uint8_t payload[PACKET_MAX + 64];
};

struct replay {
	int fd;
	struct locator to, from; /* from: port 0 where it is as it was */
	struct pcap_packet packets[PACKETS_MAX];
	size_t n;
	uint64_t n_hip, n_esp, types[TYPES];
};

static void die(const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void send_payload(const struct replay *r, const struct pcap_packet *p,
			 struct datagram *d, size_t len)
{
	const struct locator *from = r->from.port ? &r->from : &p->from;
	struct sockaddr_storage to;
	socklen_t to_len = locator_to_sockaddr(&r->to, &to);

	d->ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP
	};
	memcpy(&d->ip.saddr, from->addr + 12, sizeof(d->ip.saddr));
	memcpy(&d->ip.daddr, r->to.addr + 12, sizeof(d->ip.daddr));
	d->udp = (struct udphdr){ .source = htons(from->port),
				  .dest = htons(r->to.port),
				  .len = htons(
					  (uint16_t)(sizeof(d->udp) + len)) };
	len += sizeof(d->ip) + sizeof(d->udp);
	if (sendto(r->fd, d, len, 0, (struct sockaddr *)&to, to_len) < 0 &&
	    errno != ENOBUFS)
		die("send");
}

/* As it was: a zero SPI in front of HIP. Its length. */
static size_t make_payload(struct replay *r, const struct pcap_packet *p,
			   uint8_t *out)
{
	size_t at = p->kind == PCAP_HIP ? SPI_LEN : 0;

	memset(out, 0, at);
	memcpy(out + at, p->bytes, p->len);
	if (p->kind == PCAP_ESP) {
		r->n_esp++;
	} else {
		r->n_hip++;
		r->types[p->bytes[TYPE_AT] % TYPES]++;
	}
	return at + p->len;
}

static void send_all(struct replay *r)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000 * 1000 };
	struct datagram d;

	for (size_t i = 0; i < r->n; i++) {
		const struct pcap_packet *p = &r->packets[i];

		send_payload(r, p, &d, make_payload(r, p, d.payload));
		if (p->kind == PCAP_HIP)
			(void)nanosleep(&pause, NULL);
	}
}

/* Some bits or bytes, and at times the length. */
static size_t damage(uint8_t *bytes, size_t len)
{
	for (uint32_t n = randombytes_uniform(DAMAGES_MAX) + 1; n > 0; n--) {
		uint8_t *at = bytes + randombytes_uniform((uint32_t)len);

		if (randombytes_uniform(2))
			*at ^= (uint8_t)(1 << randombytes_uniform(8));
		else
			*at = (uint8_t)randombytes_random();
	}
	switch (randombytes_uniform(8)) {
	case 0:
		return randombytes_uniform((uint32_t)len) + 1;
	case 1:
		memset(bytes + len, 0, 16);
		return len + randombytes_uniform(16);
	default:
		return len;
	}
}

static void send_damaged(struct replay *r, uint64_t n, uint64_t rate)
{
	const struct timespec nap = { .tv_nsec = 200 * 1000 };
	struct timespec start, now;
	struct datagram d;
	uint64_t sent = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	while (sent < n) {
		uint64_t us;

		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		us = (uint64_t)((now.tv_sec - start.tv_sec) * NS + now.tv_nsec -
				start.tv_nsec) /
		     1000;
		for (; sent < n && sent <= us * rate / 1000000; sent++) {
			const struct pcap_packet *p =
				&r->packets[randombytes_uniform(
					(uint32_t)r->n)];
			size_t len = make_payload(r, p, d.payload);

			send_payload(r, p, &d, damage(d.payload, len));
		}
		(void)nanosleep(&nap, NULL);
	}
}

static void load(struct replay *r, struct pcap *capture, const char *name)
{
	struct pcap_packet p;

	if (!pcap_open(capture, name))
		die(name);
	while (r->n < PACKETS_MAX && pcap_next(capture, &p)) {
		if (!p.raw && locator_equal(&p.to, &r->to) && p.len > TYPE_AT &&
		    p.len <= PACKET_MAX)
			r->packets[r->n++] = p;
	}
	if (r->n == 0) {
		fprintf(stderr, "replay: no packet went there\n");
		exit(1);
	}
}

static void report(const struct replay *r, bool types)
{
	printf("sent %llu of HIP, %llu of ESP", (unsigned long long)r->n_hip,
	       (unsigned long long)r->n_esp);
	for (int t = 0; types && t < TYPES; t++) {
		if (r->types[t] > 0)
			printf(", %d: %llu", t,
			       (unsigned long long)r->types[t]);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	static struct replay r;
	uint64_t n = 0, rate = 1000;
	struct pcap capture;
	int opt;

	while ((opt = getopt(argc, argv, "m:r:")) != -1) {
		if (opt == 'm')
			n = strtoull(optarg, NULL, 10);
		else if (opt == 'r')
			rate = strtoull(optarg, NULL, 10);
		else
			return 2;
	}
	argv += optind;
	argc -= optind;
	if (argc < 2 || argc > 3 || rate == 0 || sodium_init() < 0 ||
	    locator_from_text(argv[1], HIP_UDP_PORT, &r.to) < 0 ||
	    (argc == 3 &&
	     locator_from_text(argv[2], HIP_UDP_PORT, &r.from) < 0)) {
		fprintf(stderr, "usage: replay [-m N -r RATE] CAPTURE TO "
				"[FROM]\n");
		return 2;
	}
	load(&r, &capture, argv[0]);
	r.fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (r.fd < 0)
		die("raw socket");
	if (n > 0)
		send_damaged(&r, n, rate);
	else
		send_all(&r);
	pcap_close(&capture);
	report(&r, n == 0);
	return 0;
}
