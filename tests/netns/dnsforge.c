/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The other side of DNS in tests: dnsforge
 * serve|mute|slow|garbage|flood|rate|pour ADDRESS PORT [N [RATE]].
 *
 *   serve    an upstream by UDP and TCP. www.* has an address; wrong-id,
 *            wrong-port and wrong-question.* first get a forged reply each
 *            with another address; long.* has 100 texts, by TCP only; never.*
 *            gets no reply
 *   mute     an upstream by UDP that never replies
 *   slow     holds N connections that begin a query and never end it
 *   garbage  sends N datagrams of noise and of queries with noise in them
 *   flood    asks for N names that nobody has; prints how many replies came
 *   rate     asks N times for bob@example.com, 64 at once, then 1,000 times
 *            one after the other; prints queries/s and the p99 in ms
 *   pour     asks for N such names, RATE of them a second, whatever comes back;
 *            prints the rate that it reached, and how many replies denied the
 *            name, failed, refused, and said anything else
 *
 * It ends by itself after two minutes at most.
 */
#include "resolver/dnsmsg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	LIFE_S = 120,
	REPLY_MS = 1000,
	WINDOW = 64,
	ONE_BY_ONE = 1000,
	TYPE_A = 1
};

static struct sockaddr_in where;

static double now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_socket(int type, bool is_server)
{
	const int on = 1;
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		die("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (is_server
		    ? bind(fd, (struct sockaddr *)&where, sizeof(where)) < 0
		    : connect(fd, (struct sockaddr *)&where, sizeof(where)) < 0)
		die(is_server ? "bind" : "connect");
	return fd;
}

static size_t make_query(const char *name, uint16_t type, uint16_t id,
			 uint8_t *out, size_t cap)
{
	struct dnsmsg_query q = { .flags = DNSMSG_RD,
				  .type = type,
				  .class = DNSMSG_CLASS_IN };

	if (dnsname_from_text(name, &q.name) < 0)
		exit(1);
	return dnsmsg_forward(&q, id, out, cap);
}

/* An upstream's reply; `address` is the last octet of 192.0.2.0/24. */
static size_t make_reply(const struct dnsmsg_query *q, const char *name,
			 uint8_t address, bool tcp, uint8_t *out, size_t cap)
{
	bool is_long = strncmp(name, "long.", 5) == 0;
	struct dnsmsg_reply r;
	size_t at;

	dnsmsg_reply_begin(&r, q, out, cap);
	if (is_long && q->type == DNSMSG_TXT) {
		for (int i = 0; i < 100; i++) {
			at = dnsmsg_record_begin(&r, DNSMSG_ANSWER, DNSMSG_TXT,
						 5);
			wr_bytes(&r.w,
				 "\x1f"
				 "0123456789abcdef0123456789abcd",
				 31);
			wr_u8(&r.w, (uint8_t)(' ' + i % 64));
			dnsmsg_record_end(&r, at);
		}
	} else if (q->type == TYPE_A &&
		   (!strncmp(name, "www.", 4) || !strncmp(name, "wrong-", 6))) {
		at = dnsmsg_record_begin(&r, DNSMSG_ANSWER,
					 (enum dnsmsg_type)TYPE_A, 5);
		wr_bytes(&r.w, "\xc0\0\2", 3);
		wr_u8(&r.w, address);
		dnsmsg_record_end(&r, at);
	} else {
		r.rcode = DNSMSG_NXDOMAIN;
	}
	return dnsmsg_reply_end(&r, dnsmsg_limit(q, tcp));
}

/* What somebody else would send, to be believed. */
static void send_lie(int fd, const struct dnsmsg_query *q, const char *name,
		     const struct sockaddr_in *to)
{
	struct dnsmsg_query forged = *q;
	uint8_t out[1500];
	size_t len;

	if (strncmp(name, "wrong-id.", 9) == 0)
		forged.id ^= 0x5555;
	else if (strncmp(name, "wrong-question.", 15) == 0)
		forged.name.wire[7] = 'x';
	else if (strncmp(name, "wrong-port.", 11) == 0)
		fd = socket(AF_INET, SOCK_DGRAM, 0);
	else
		return;
	len = make_reply(&forged, name, 66, false, out, sizeof(out));
	if (sendto(fd, out, len, 0, (const struct sockaddr *)to, sizeof(*to)) <
	    0)
		perror("lie");
}

static void serve_udp(int fd)
{
	uint8_t bytes[4096], out[4096];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(fd, bytes, sizeof(bytes), 0,
			     (struct sockaddr *)&from, &from_len);
	char name[DNSNAME_TEXT_MAX];
	struct dnsmsg_query q;
	enum dnsmsg_rcode rcode;
	size_t len;

	if (n < 0 || !dnsmsg_query_read(bytes, (size_t)n, &q, &rcode) ||
	    !dnsname_text(&q.name, name))
		return;
	if (strncmp(name, "never.", 6) == 0)
		return;
	send_lie(fd, &q, name, &from);
	len = make_reply(&q, name, 7, false, out, sizeof(out));
	if (sendto(fd, out, len, 0, (struct sockaddr *)&from, from_len) < 0)
		perror("reply");
}

static void serve_tcp(int listener)
{
	int fd = accept(listener, NULL, NULL);
	uint8_t bytes[4096], out[2 + 8192];
	char name[DNSNAME_TEXT_MAX];
	struct dnsmsg_query q;
	enum dnsmsg_rcode rcode;
	ssize_t n = fd < 0 ? -1 : recv(fd, bytes, sizeof(bytes), 0);
	size_t len;

	if (n > 2 && dnsmsg_query_read(bytes + 2, (size_t)n - 2, &q, &rcode) &&
	    dnsname_text(&q.name, name)) {
		len = make_reply(&q, name, 7, true, out + 2, sizeof(out) - 2);
		out[0] = (uint8_t)(len >> 8);
		out[1] = (uint8_t)len;
		if (send(fd, out, len + 2, MSG_NOSIGNAL) < 0)
			perror("reply");
	}
	if (fd >= 0)
		(void)close(fd);
}

static int serve(void)
{
	struct pollfd p[2] = {
		{ .fd = open_socket(SOCK_DGRAM, true), .events = POLLIN },
		{ .fd = open_socket(SOCK_STREAM, true), .events = POLLIN },
	};
	double end = now_s() + LIFE_S;

	if (listen(p[1].fd, 16) < 0)
		die("listen");
	while (now_s() < end && poll(p, 2, 1000) >= 0) {
		if (p[0].revents)
			serve_udp(p[0].fd);
		if (p[1].revents)
			serve_tcp(p[1].fd);
	}
	return 0;
}

static int mute(void)
{
	int fd = open_socket(SOCK_DGRAM, true);
	double end = now_s() + LIFE_S;
	char byte;

	while (now_s() < end)
		(void)recv(fd, &byte, 1, 0); /* so that it is never full */
	return 0;
}

static int slow(size_t n)
{
	int *fds = calloc(n, sizeof(*fds));
	double end = now_s() + LIFE_S;

	if (!fds)
		return 1;
	for (size_t i = 0; i < n; i++) {
		fds[i] = open_socket(SOCK_STREAM, false);
		(void)send(fds[i], "\0\x20half", 6, MSG_NOSIGNAL);
	}
	while (now_s() < end)
		(void)poll(NULL, 0, 1000);
	free(fds);
	return 0;
}

static int garbage(size_t n)
{
	int fd = open_socket(SOCK_DGRAM, false);
	uint8_t bytes[512];

	srandom(1);
	for (size_t i = 0; i < n; i++) {
		size_t len = (size_t)random() % sizeof(bytes);

		if (i % 2) {
			len = make_query("bob.at.example.com.hip.internal",
					 DNSMSG_AAAA, (uint16_t)i, bytes,
					 sizeof(bytes));
			for (int j = 0; j < 4; j++)
				bytes[(size_t)random() % len] =
					(uint8_t)random();
		} else {
			for (size_t j = 0; j < len; j++)
				bytes[j] = (uint8_t)random();
		}
		(void)send(fd, bytes, len, 0);
		if (i % 64 == 0)
			(void)poll(NULL, 0, 1);
	}
	return 0;
}

static int flood(size_t n)
{
	int fd = open_socket(SOCK_DGRAM, false);
	size_t replies = 0;
	uint8_t bytes[512];

	for (size_t i = 0; i < n; i++) {
		char name[64];
		size_t len;

		(void)snprintf(name, sizeof(name), "x%zu@example.com", i);
		len = make_query(name, DNSMSG_AAAA, (uint16_t)i, bytes,
				 sizeof(bytes));
		(void)send(fd, bytes, len, 0);
		while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
			replies++;
		if (i % 8 == 0)
			(void)poll(NULL, 0, 1);
	}
	(void)printf("%zu\n", replies);
	return 0;
}

/* Takes what is there, and for how long nothing more has come; by rcode. */
static size_t judge_replies(int fd, int timeout_ms, size_t count[16])
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t bytes[512];
	size_t answers = 0;
	ssize_t n;

	while (poll(&p, 1, timeout_ms) > 0) {
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n < 12)
			continue;
		count[bytes[3] & 15]++;
		answers += bytes[6] != 0 || bytes[7] != 0;
	}
	return answers;
}

static int pour(size_t n, double per_s)
{
	enum { DENIED = 3, FAILED = 2, REFUSED = 5 };
	int fd = open_socket(SOCK_DGRAM, false), room = 4 << 20;
	size_t count[16] = { 0 }, answers = 0, replies = 0;
	double begin = now_s(), took;
	uint8_t bytes[512];
	char name[64];
	size_t len;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	srandom((unsigned int)getpid());
	for (size_t i = 0; i < n; i++) {
		if ((double)i > (now_s() - begin) * per_s) {
			answers += judge_replies(fd, 0, count);
			(void)poll(NULL, 0, 1);
		}
		(void)snprintf(name, sizeof(name), "x%lx-%zu@example.com",
			       random(), i);
		len = make_query(name, DNSMSG_AAAA, (uint16_t)i, bytes,
				 sizeof(bytes));
		(void)send(fd, bytes, len, 0);
	}
	took = now_s() - begin;
	answers += judge_replies(fd, REPLY_MS, count);
	for (size_t i = 0; i < 16; i++)
		replies += count[i];
	(void)printf("%.0f %zu %zu %zu %zu\n", (double)n / took, count[DENIED],
		     count[FAILED], count[REFUSED],
		     replies - count[DENIED] - count[FAILED] - count[REFUSED] +
			     answers);
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int rate(size_t n)
{
	static double took[ONE_BY_ONE];
	int fd = open_socket(SOCK_DGRAM, false);
	uint8_t query[512], bytes[512];
	size_t len = make_query("bob@example.com", DNSMSG_AAAA, 1, query,
				sizeof(query));
	struct timeval second = { .tv_sec = 1 };
	size_t sent = 0, got = 0;
	double begin = now_s();

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	while (got < n) {
		while (sent < n && sent < got + WINDOW) {
			(void)send(fd, query, len, 0);
			sent++;
		}
		if (recv(fd, bytes, sizeof(bytes), 0) < 0)
			die("reply");
		got++;
	}
	(void)printf("%.0f ", (double)n / (now_s() - begin));
	for (size_t i = 0; i < ONE_BY_ONE; i++) {
		begin = now_s();
		(void)send(fd, query, len, 0);
		if (recv(fd, bytes, sizeof(bytes), 0) < 0)
			die("reply");
		took[i] = (now_s() - begin) * 1000;
	}
	qsort(took, ONE_BY_ONE, sizeof(took[0]), by_value);
	(void)printf("%.3f\n", took[ONE_BY_ONE * 99 / 100]);
	return 0;
}

int main(int argc, char *argv[])
{
	size_t n = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;

	if (argc < 4 || inet_pton(AF_INET, argv[2], &where.sin_addr) != 1) {
		(void)fprintf(stderr, "usage: dnsforge "
				      "serve|mute|slow|garbage|flood|rate|pour "
				      "ADDRESS PORT [N [RATE]]\n");
		return 2;
	}
	where.sin_family = AF_INET;
	where.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
	if (!strcmp(argv[1], "serve"))
		return serve();
	if (!strcmp(argv[1], "mute"))
		return mute();
	if (!strcmp(argv[1], "slow"))
		return slow(n);
	if (!strcmp(argv[1], "garbage"))
		return garbage(n);
	if (!strcmp(argv[1], "flood"))
		return flood(n);
	if (!strcmp(argv[1], "pour") && argc > 5)
		return pour(n, strtod(argv[5], NULL));
	if (!strcmp(argv[1], "rate"))
		return rate(n);
	return 2;
}
