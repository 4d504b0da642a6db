/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * paced - numbered UDP packets at an even rate, and what became of them.
 *
 *   paced send ADDRESS PORT RATE SECONDS [BYTES]
 *       prints "sent N"
 *   paced receive PORT
 *       until SIGTERM; prints "received N, doubled N, overtaken N, gap N ms,
 *       delay N us": the longest time without a packet since the first, and
 *       the median of the times that packets were under way, by the clock that
 *       namespaces share
 *
 * Over IPv6. A packet is overtaken when a later one came before it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BYTES = 64,
	BYTES_MAX = 1400,
	NUMBERS_MAX = 1 << 24,
	BUFFER_BYTES = 8 << 20,
	NS = 1000 * 1000 * 1000,
	DELAYS = 1 << 20, /* in us: what took longer is the last one's */
};

/* What a packet begins with. */
struct stamp {
	uint32_t number;
	uint32_t us; /* of the clock, its low half */
};

static void die(const char *what)
{
	fprintf(stderr, "paced: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS + t.tv_nsec;
}

static uint32_t now_us(void)
{
	return (uint32_t)(now_ns() / 1000);
}

static struct sockaddr_in6 address(const char *text, const char *port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
				  .sin6_port = htons((uint16_t)atoi(port)) };

	if (inet_pton(AF_INET6, text, &a.sin6_addr) != 1) {
		errno = EINVAL;
		die(text);
	}
	return a;
}

static int send_all(char **argv, size_t len)
{
	struct sockaddr_in6 to = address(argv[2], argv[3]);
	uint64_t rate = strtoull(argv[4], NULL, 10), sent = 0;
	uint64_t n = rate * strtoull(argv[5], NULL, 10);
	const struct timespec nap = { .tv_nsec = 100 * 1000 };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int64_t start = now_ns();
	uint8_t bytes[BYTES_MAX] = { 0 };

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("socket");
	while (sent < n) {
		uint64_t us = (uint64_t)(now_ns() - start) / 1000;

		for (; sent < n && sent <= us * rate / 1000000; sent++) {
			struct stamp stamp = { htonl((uint32_t)sent),
					       htonl(now_us()) };

			memcpy(bytes, &stamp, sizeof(stamp));
			/* A packet that is refused is one that was lost. */
			(void)!send(fd, bytes, len, 0);
		}
		(void)nanosleep(&nap, NULL);
	}
	printf("sent %" PRIu64 "\n", sent);
	return 0;
}

struct received {
	uint8_t *seen;	  /* a bit for each number */
	uint32_t *delays; /* how many took so many us */
	uint64_t n, doubled, overtaken;
	uint32_t newest;
	int64_t last_ns, gap_ns;
};

static void take(struct received *r, const struct stamp *stamp)
{
	uint32_t number = ntohl(stamp->number);
	uint32_t us = now_us() - ntohl(stamp->us);
	int64_t now = now_ns();
	uint8_t bit = (uint8_t)(1 << number % 8);

	if (number >= NUMBERS_MAX)
		return;
	if (r->seen[number / 8] & bit) {
		r->doubled++;
		return;
	}
	r->seen[number / 8] |= bit;
	if (r->n > 0 && now - r->last_ns > r->gap_ns)
		r->gap_ns = now - r->last_ns;
	r->last_ns = now;
	r->n++;
	r->delays[us < DELAYS ? us : DELAYS - 1]++;
	if (number < r->newest)
		r->overtaken++;
	else
		r->newest = number;
}

static uint32_t median(const struct received *r)
{
	uint64_t n = 0;
	uint32_t us = 0;

	while (us < DELAYS - 1 && (n += r->delays[us]) * 2 < r->n)
		us++;
	return us;
}

static int end_fd(void)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die("signalfd");
	return fd;
}

static int receive_all(const char *port)
{
	struct sockaddr_in6 any = address("::", port);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p[] = { { .fd = fd, .events = POLLIN },
			      { .fd = end_fd(), .events = POLLIN } };
	struct received r = { .seen = calloc(1, NUMBERS_MAX / 8),
			      .delays = calloc(DELAYS, sizeof(uint32_t)) };
	int room = BUFFER_BYTES;
	struct stamp stamp;

	if (!r.seen || !r.delays || fd < 0 ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		die("socket");
	/* As much as there may be. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	while (!(p[1].revents & POLLIN)) {
		while (recv(fd, &stamp, sizeof(stamp), 0) ==
		       (ssize_t)sizeof(stamp))
			take(&r, &stamp);
		(void)poll(p, 2, -1);
	}
	printf("received %" PRIu64 ", doubled %" PRIu64 ", overtaken %" PRIu64
	       ", gap %" PRId64 " ms, delay %" PRIu32 " us\n",
	       r.n, r.doubled, r.overtaken, r.gap_ns / 1000000, median(&r));
	free(r.seen);
	free(r.delays);
	return 0;
}

int main(int argc, char **argv)
{
	size_t len = argc == 7 ? strtoul(argv[6], NULL, 10) : BYTES;

	if (argc == 3 && strcmp(argv[1], "receive") == 0)
		return receive_all(argv[2]);
	if ((argc == 6 || argc == 7) && strcmp(argv[1], "send") == 0 &&
	    len >= sizeof(struct stamp) && len <= BYTES_MAX)
		return send_all(argv, len);
	fprintf(stderr, "usage: paced send ADDRESS PORT RATE SECONDS [BYTES]\n"
			"       paced receive PORT\n");
	return 2;
}
