/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* upps - UDP packets per second, with the loss known to the packet.
 *
 *   upps recv PORT                      counts; prints on SIGTERM or on a query
 *   upps send ADDR PORT SIZE PPS MS     sends at PPS for MS milliseconds
 *   upps find ADDR PORT SIZE MS [LOSS]  the highest rate with at most LOSS
 *                                       (default 0.001) lost, by stepping
 *   upps ping ADDR COUNT US             ICMP echo round trips, one per line
 * (us) upps first ADDR MS                  ms until the first echo reply, an
 * echo request going out every 2 ms
 *
 * Each packet is one sendmsg entry (no GSO), as packets from many telephones
 * would be.  The receiver answers a packet that starts with 'Q' with its
 * count and then counts from zero.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, TICK_NS = 200000 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void nap(long ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	nanosleep(&t, NULL);
}

static int udp_to(const char *addr, const char *port, int passive)
{
	struct addrinfo h = { .ai_socktype = SOCK_DGRAM,
			      .ai_flags = AI_NUMERICHOST },
			*r;
	int s, big = 8 << 20, off = 0;

	if (passive)
		h.ai_family = AF_INET6, h.ai_flags |= AI_PASSIVE;
	if (getaddrinfo(addr, port, &h, &r))
		exit(2);
	s = socket(r->ai_family, SOCK_DGRAM, 0);
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big);
	setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof big);
	if (passive)
		setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if ((passive ? bind : connect)(s, r->ai_addr, r->ai_addrlen) < 0) {
		perror(addr ? addr : port);
		exit(1);
	}
	freeaddrinfo(r);
	return s;
}

static void receive(const char *port)
{
	static char b[BATCH][2048];
	struct mmsghdr m[BATCH];
	struct iovec v[BATCH];
	struct sockaddr_storage from[BATCH];
	uint64_t count = 0;
	int i, k, s = udp_to(NULL, port, 1);

	for (;;) {
		memset(m, 0, sizeof m);
		for (i = 0; i < BATCH; i++) {
			v[i].iov_base = b[i];
			v[i].iov_len = sizeof b[i];
			m[i].msg_hdr.msg_iov = &v[i];
			m[i].msg_hdr.msg_iovlen = 1;
			m[i].msg_hdr.msg_name = &from[i];
			m[i].msg_hdr.msg_namelen = sizeof from[i];
		}
		k = recvmmsg(s, m, BATCH, MSG_WAITFORONE, NULL);
		for (i = 0; i < k; i++)
			if (b[i][0] == 'Q') {
				sendto(s, &count, sizeof count, 0,
				       (void *)&from[i],
				       m[i].msg_hdr.msg_namelen);
				count = 0;
			} else
				count++;
	}
}

/* Asks the receiver for its count (and zeroes it); -1 if it does not answer. */
static int64_t query(int s)
{
	struct pollfd p = { s, POLLIN, 0 };
	uint64_t c;
	int i;

	while (recv(s, &c, sizeof c, MSG_DONTWAIT) > 0)
		;
	for (i = 0; i < 20; i++) {
		if (send(s, "Q", 1, 0) < 0)
			nap(10000000);
		if (poll(&p, 1, 300) > 0 &&
		    recv(s, &c, sizeof c, 0) == sizeof c)
			return c;
	}
	return -1;
}

static uint64_t blast(int s, int size, double pps, int ms)
{
	static char b[2048];
	struct mmsghdr m[BATCH];
	struct iovec v = { b, size };
	double t0 = now(), t, end = t0 + ms / 1e3;
	uint64_t sent = 0, due;
	int i, k, r;

	memset(m, 0, sizeof m);
	for (i = 0; i < BATCH; i++) {
		m[i].msg_hdr.msg_iov = &v;
		m[i].msg_hdr.msg_iovlen = 1;
	}
	while ((t = now()) < end) {
		due = pps > 0 ? (t - t0) * pps : sent + BATCH;
		while (sent < due) {
			k = due - sent < BATCH ? due - sent : BATCH;
			r = sendmmsg(s, m, k, 0);
			if (r > 0)
				sent += r;
			if (r < k && now() > end + 1)
				return sent;
		}
		if (pps > 0)
			nap(TICK_NS);
	}
	return sent;
}

/* One trial: the share lost; *got is the delivered rate. */
static double trial(int s, int size, double pps, int ms, double *got,
		    double *offered)
{
	uint64_t sent;
	int64_t c;
	double t0;

	if (query(s) < 0)
		return 1;
	t0 = now();
	sent = blast(s, size, pps, ms);
	t0 = now() - t0;
	nap(60000000);
	c = query(s);
	if (c < 0 || !sent)
		return 1;
	*got = c / t0;
	*offered = sent / t0;
	return 1 - (double)c / sent;
}

static void find(int s, int size, int ms, double loss)
{
	double lo = 0, hi, r = 10000, got = 0, off = 0, best = 0, l;
	int i, fails;

	for (i = 0; i < 16; i++) {
		for (fails = 0; fails < 2; fails++)
			if ((l = trial(s, size, r, ms, &got, &off)) <= loss)
				break;
		if (fails == 2 || off < r * .93)
			break;
		lo = r;
		best = got;
		r *= 1.5;
	}
	if (fails < 2 && got > best)
		best = got;
	if (fails == 2)
		for (hi = r, i = 0; i < 4; i++) {
			r = (lo + hi) / 2;
			for (fails = 0; fails < 2; fails++)
				if (trial(s, size, r, ms, &got, &off) <= loss)
					break;
			if (fails < 2) {
				lo = r;
				if (got > best)
					best = got;
			} else
				hi = r;
		}
	printf("%.0f\n", best);
}

/* ---- ICMP -----------------------------------------------------------------
 */

static int icmp_to(const char *addr, int *six)
{
	struct addrinfo h = { .ai_flags = AI_NUMERICHOST }, *r;
	int s;

	if (getaddrinfo(addr, NULL, &h, &r))
		exit(2);
	*six = r->ai_family == AF_INET6;
	s = socket(r->ai_family, SOCK_RAW,
		   *six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (s < 0)
		exit(1);
	while (connect(s, r->ai_addr, r->ai_addrlen) < 0)
		nap(500000);
	freeaddrinfo(r);
	return s;
}

static int echo(int s, int six, int seq)
{
	struct {
		uint8_t type, code;
		uint16_t sum, id, seq;
		char pad[48];
	} e;
	uint32_t c = 0;
	uint16_t *w = (void *)&e;
	unsigned i;

	memset(&e, 0, sizeof e);
	e.type = six ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	e.id = getpid();
	e.seq = htons(seq);
	for (i = 0; i < sizeof e / 2; i++)
		c += w[i];
	c = (c & 0xffff) + (c >> 16);
	e.sum = six ? 0 : ~(c + (c >> 16));
	return send(s, &e, sizeof e, 0);
}

/* The sequence number of the next echo reply within ms, or -1. */
static int reply(int s, int six, double ms)
{
	double end = now() + ms / 1e3, left;
	uint8_t b[2048], *p;
	struct pollfd f = { s, POLLIN, 0 };
	struct timespec ts;
	uint16_t id, seq;
	int n;

	while ((left = end - now()) > 0) {
		ts.tv_sec = left;
		ts.tv_nsec = (left - ts.tv_sec) * 1e9;
		if (ppoll(&f, 1, &ts, NULL) <= 0)
			continue;
		n = recv(s, b, sizeof b, 0);
		p = six ? b : b + (b[0] & 15) * 4;
		if (n < 8 || p[0] != (six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY))
			continue;
		memcpy(&id, p + 4, 2);
		memcpy(&seq, p + 6, 2);
		if (id == (uint16_t)getpid())
			return ntohs(seq);
	}
	return -1;
}

int main(int argc, char **argv)
{
	int s, six, i, n;
	double t, got = 0, off = 0, l;

	if (argc == 3 && !strcmp(argv[1], "recv"))
		receive(argv[2]);
	else if (argc >= 7 && !strcmp(argv[1], "send")) {
		s = udp_to(argv[2], argv[3], 0);
		l = trial(s, atoi(argv[4]), atof(argv[5]), atoi(argv[6]), &got,
			  &off);
		printf("offered %.0f delivered %.0f lost %.5f\n", off, got, l);
	} else if (argc >= 6 && !strcmp(argv[1], "find")) {
		s = udp_to(argv[2], argv[3], 0);
		find(s, atoi(argv[4]), atoi(argv[5]),
		     argc > 6 ? atof(argv[6]) : 0.001);
	} else if (argc == 5 && !strcmp(argv[1], "ping")) {
		s = icmp_to(argv[2], &six);
		n = atoi(argv[3]);
		for (i = 1; i <= n; i++) {
			t = now();
			echo(s, six, i);
			for (l = -1; now() - t < 1;)
				if ((six >= 0) &&
				    (int)(l = reply(s, six,
						    1000 * (1 -
							    (now() - t)))) == i)
					break;
			if ((int)l == i)
				printf("%.1f\n", (now() - t) * 1e6);
			nap(atol(argv[4]) * 1000);
		}
	} else if (argc == 4 && !strcmp(argv[1], "first")) {
		t = now();
		s = icmp_to(argv[2], &six);
		for (i = 1; (now() - t) * 1e3 < atof(argv[3]); i++) {
			echo(s, six, i);
			if (reply(s, six, 2) >= 0) {
				printf("%.1f\n", (now() - t) * 1e3);
				return 0;
			}
		}
		printf("nan\n");
		return 1;
	} else {
		fprintf(stderr, "usage: see the head of the source\n");
		return 2;
	}
	return 0;
}
