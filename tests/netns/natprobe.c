/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * natprobe - UDP reflector and NAT behaviour prober (terms of RFC 4787).
 *
 *   natprobe serve IP1 IP2 PORT1 PORT2 [SECONDS]
 *       reflects on all four address/port pairs, for SECONDS (default 600).
 *   natprobe nat [-s SPORT] IP1 IP2 PORT1 PORT2
 *       prints mapping=... filtering=... preserved=... hairpin=... mapped=...
 *   natprobe flow [-s SPORT] [-n COUNT] [-i MS] [-l LEN] IP PORT
 *       sends COUNT numbered packets and prints what came back.
 *   natprobe idle [-s SPORT] IP PORT SECONDS
 *       is a mapping still open for the reply after SECONDS of silence?
 *
 * A reflector answers only well-formed probes, with no more bytes than it
 * received, so it cannot be used to amplify anything.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	ASK = 0x4e4c5031, /* "NLP1" */
	SAY = 0x4e4c5231, /* "NLR1" */
	CHANGE_PORT = 1,
	CHANGE_IP = 2,
	MSG_MIN = 40,
	MSG_MAX = 9000,
	LATER_MAX = 64,
};

struct msg { /* all fields in network order */
	uint32_t magic, seq;
	uint32_t flags, delay_ms;
	uint8_t addr[16]; /* as the reflector saw it (v4-mapped) */
	uint16_t port;
	uint8_t pad[6];
};
static_assert(sizeof(struct msg) == MSG_MIN, "message layout");

struct later {
	int64_t due;
	int fd;
	struct sockaddr_storage to;
	socklen_t tolen;
	struct msg m;
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void die(const char *what)
{
	fprintf(stderr, "natprobe: %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct addrinfo *resolve(const char *ip, const char *port)
{
	struct addrinfo hint = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV |
					     AI_PASSIVE,
				 .ai_socktype = SOCK_DGRAM },
			*a;

	if (getaddrinfo(ip, port, &hint, &a) != 0) {
		fprintf(stderr, "natprobe: bad address %s port %s\n",
			ip != NULL ? ip : "any", port);
		exit(2);
	}
	return a;
}

static int open_udp(const char *ip, const char *port)
{
	struct addrinfo *a = resolve(ip, port);
	int one = 1, fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) < 0)
		die(ip != NULL ? ip : port);
	freeaddrinfo(a);
	return fd;
}

static void fill_seen(struct msg *m, const struct sockaddr_storage *from)
{
	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *a = (const void *)from;

		memset(m->addr, 0, 10);
		m->addr[10] = m->addr[11] = 0xff;
		memcpy(m->addr + 12, &a->sin_addr, 4);
		m->port = a->sin_port;
	} else {
		const struct sockaddr_in6 *a = (const void *)from;

		memcpy(m->addr, &a->sin6_addr, 16);
		m->port = a->sin6_port;
	}
}

static struct later later[LATER_MAX]; /* replies that wait */
static int n_later;

/* Sends the replies that are due; answers how long the next may wait. */
static int64_t send_later(void)
{
	int64_t now = now_us(), wait = 200000;

	for (int i = 0; i < n_later; i++)
		if (later[i].due <= now) {
			(void)sendto(later[i].fd, &later[i].m, MSG_MIN, 0,
				     (void *)&later[i].to, later[i].tolen);
			later[i--] = later[--n_later];
		} else if (later[i].due - now < wait) {
			wait = later[i].due - now;
		}
	return wait;
}

/* Answers one probe that came to socket i. */
static void reflect(const struct pollfd fds[4], int i)
{
	static uint8_t buf[MSG_MAX];
	struct sockaddr_storage from;
	socklen_t flen = sizeof(from);
	ssize_t n = recvfrom(fds[i].fd, buf, sizeof(buf), MSG_DONTWAIT,
			     (void *)&from, &flen);
	struct msg m;
	int fd;

	if (n < MSG_MIN)
		return;
	memcpy(&m, buf, sizeof(m));
	if (ntohl(m.magic) != ASK)
		return;
	m.magic = htonl(SAY);
	fill_seen(&m, &from);
	memcpy(buf, &m, sizeof(m));
	fd = fds[i ^ (int)(ntohl(m.flags) & 3u)].fd;
	if (m.delay_ms == 0) {
		(void)sendto(fd, buf, (size_t)n, 0, (void *)&from, flen);
	} else if (n_later < LATER_MAX) {
		int64_t delay_us = 1000 * (int64_t)ntohl(m.delay_ms);

		later[n_later++] = (struct later){ .due = now_us() + delay_us,
						   .fd = fd,
						   .to = from,
						   .tolen = flen,
						   .m = m };
	}
}

static int serve(int argc, char **argv)
{
	struct pollfd fds[4];
	int64_t end = now_us() + 1000000 * (argc > 4 ? atoll(argv[4]) : 600);

	for (int i = 0; i < 4; i++) { /* bit 0: port, bit 1: address */
		fds[i].fd = open_udp(argv[i >> 1], argv[2 + (i & 1)]);
		fds[i].events = POLLIN;
	}
	while (now_us() < end) {
		int64_t wait = send_later();

		if (poll(fds, 4, (int)(wait / 1000 + 1)) < 0) {
			if (errno != EINTR)
				die("poll");
			continue;
		}
		for (int i = 0; i < 4; i++)
			if (fds[i].revents & POLLIN)
				reflect(fds, i);
	}
	return 0;
}

static void show(const struct msg *m, char *out, size_t size)
{
	char ip[INET6_ADDRSTRLEN];
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0,    0,
					    0, 0, 0, 0, 0xff, 0xff };

	if (memcmp(m->addr, mapped, 12) == 0)
		inet_ntop(AF_INET, m->addr + 12, ip, sizeof(ip));
	else
		inet_ntop(AF_INET6, m->addr, ip, sizeof(ip));
	snprintf(out, size, "%s:%u", ip, ntohs(m->port));
}

static void ask_to(int fd, const struct addrinfo *a, uint32_t seq,
		   uint32_t flags, uint32_t delay_ms, size_t len)
{
	static uint8_t buf[MSG_MAX];
	struct msg m = { .magic = htonl(ASK),
			 .seq = htonl(seq),
			 .flags = htonl(flags),
			 .delay_ms = htonl(delay_ms) };

	memcpy(buf, &m, sizeof(m));
	/* an ICMP error of an earlier probe may surface here: once more */
	if (sendto(fd, buf, len, 0, a->ai_addr, a->ai_addrlen) < 0)
		(void)sendto(fd, buf, len, 0, a->ai_addr, a->ai_addrlen);
}

static bool hear(int fd, struct msg *m, int timeout_ms)
{
	static uint8_t buf[MSG_MAX];
	int64_t end = now_us() + (int64_t)timeout_ms * 1000;

	for (;;) {
		int64_t left = (end - now_us() + 999) / 1000;
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (left < 0 || poll(&p, 1, (int)left) == 0)
			return false;
		if (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >=
		    (ssize_t)MSG_MIN) {
			memcpy(m, buf, sizeof(*m));
			if (ntohl(m->magic) == SAY)
				return true;
		}
	}
}

/* Sends up to three times; true with the reply to this very question. */
static bool ask(int fd, const char *ip, const char *port, uint32_t flags,
		struct msg *m)
{
	static uint32_t seq = 100;
	struct addrinfo *a = resolve(ip, port);
	bool ok = false;

	seq++;
	for (int i = 0; i < 3 && !ok; i++) {
		ask_to(fd, a, seq, flags, 0, MSG_MIN);
		ok = hear(fd, m, 300) && ntohl(m->seq) == seq;
	}
	freeaddrinfo(a);
	return ok;
}

static bool same_map(const struct msg *a, const struct msg *b)
{
	return memcmp(a->addr, b->addr, 16) == 0 && a->port == b->port;
}

/* From a fresh port, so that only IP1:PORT1 has ever been written to. */
static const char *filtering(const char *family, char **v)
{
	int fd = open_udp(family, "0");
	const char *filter = "address-and-port-dependent";
	struct msg m;

	if (!ask(fd, v[0], v[2], 0, &m))
		filter = NULL;
	else if (ask(fd, v[0], v[2], CHANGE_IP | CHANGE_PORT, &m))
		filter = "endpoint-independent";
	else if (ask(fd, v[0], v[2], CHANGE_PORT, &m))
		filter = "address-dependent";
	close(fd);
	return filter;
}

/* From a second local socket to the outside address of the first, fd. */
static bool hairpins(int fd, const char *family, const char *where)
{
	char ip[INET6_ADDRSTRLEN];
	const char *colon = strrchr(where, ':');
	struct pollfd p = { .fd = fd, .events = POLLIN };
	static uint8_t buf[MSG_MAX];
	struct addrinfo *to;
	bool hair = false;
	int fd2 = open_udp(family, "0");

	snprintf(ip, sizeof(ip), "%.*s", (int)(colon - where), where);
	to = resolve(ip, colon + 1);
	for (int i = 0; i < 2 && !hair; i++) {
		ask_to(fd2, to, 999, 0, 0, MSG_MIN);
		if (poll(&p, 1, 200) == 1 &&
		    recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			hair = true;
	}
	freeaddrinfo(to);
	close(fd2);
	return hair;
}

static int nat(const char *sport, char **v)
{
	const char *family = strchr(v[0], ':') ? "::" : "0.0.0.0";
	const char *filter = filtering(family, v);
	const char *map = "address-and-port-dependent";
	struct msg a, b, c;
	char where[80];
	struct sockaddr_storage me;
	socklen_t mlen = sizeof(me);
	unsigned local;
	int fd;

	if (!filter) {
		printf("mapping=blocked filtering=blocked preserved=no "
		       "hairpin=no mapped=none\n");
		return 0;
	}
	fd = open_udp(family, sport);
	if (getsockname(fd, (void *)&me, &mlen) < 0)
		die("getsockname");
	local = ntohs(((struct sockaddr_in *)&me)->sin_port);
	if (!ask(fd, v[0], v[2], 0, &a) || !ask(fd, v[0], v[3], 0, &b) ||
	    !ask(fd, v[1], v[2], 0, &c)) {
		printf("mapping=blocked filtering=%s preserved=no hairpin=no "
		       "mapped=none\n",
		       filter);
		return 0;
	}
	if (same_map(&a, &b))
		map = same_map(&a, &c) ? "endpoint-independent"
				       : "address-dependent";
	show(&a, where, sizeof(where));
	printf("mapping=%s filtering=%s preserved=%s hairpin=%s mapped=%s\n",
	       map, filter, ntohs(a.port) == local ? "yes" : "no",
	       hairpins(fd, family, where) ? "yes" : "no", where);
	close(fd);
	return 0;
}

/* What a flow has seen so far. */
struct flow {
	long count, gap_ms, sent, got, dup, late, maps;
	int64_t *sent_at, sum, lo, hi;
	uint8_t *seen;
	uint32_t top;
	struct msg last;
	char where[80];
};

/* One reply: counted, timed, and its mapping compared with the last. */
static void flow_reply(struct flow *f, const struct msg *m)
{
	uint32_t seq = ntohl(m->seq);
	int64_t rtt;

	if (seq >= (uint32_t)f->count)
		return;
	if (f->seen[seq]) {
		f->dup++;
		return;
	}
	f->seen[seq] = 1;
	f->got++;
	if (seq < f->top)
		f->late++;
	else
		f->top = seq;
	rtt = now_us() - f->sent_at[seq];
	f->sum += rtt;
	f->lo = rtt < f->lo ? rtt : f->lo;
	f->hi = rtt > f->hi ? rtt : f->hi;
	if (!same_map(m, &f->last)) {
		f->maps++;
		f->last = *m;
		show(m, f->where, sizeof(f->where));
	}
}

static void flow_run(struct flow *f, int fd, const struct addrinfo *a,
		     size_t len)
{
	int64_t start = now_us();
	struct msg m;

	for (;;) {
		int64_t now = now_us();
		int64_t due = start + f->sent * f->gap_ms * 1000;
		int wait = 1000;

		if (f->sent < f->count && now >= due) {
			f->sent_at[f->sent] = now;
			ask_to(fd, a, (uint32_t)f->sent, 0, 0, len);
			f->sent++;
			continue;
		}
		if (f->sent < f->count)
			wait = (int)((due - now) / 1000 + 1);
		if (hear(fd, &m, wait))
			flow_reply(f, &m);
		else if (f->sent == f->count)
			return;
	}
}

static int flow(const char *sport, struct flow f, size_t len, char **v)
{
	struct addrinfo *a = resolve(v[0], v[1]);
	int fd = open_udp(strchr(v[0], ':') ? "::" : "0.0.0.0", sport);
	int on = IP_PMTUDISC_PROBE;

	f.sent_at = calloc((size_t)f.count, sizeof(*f.sent_at));
	f.seen = calloc((size_t)f.count, 1);
	f.lo = INT64_MAX;
	strcpy(f.where, "none");
	if (!f.sent_at || !f.seen)
		die("memory");
	setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &on, sizeof(on));
	flow_run(&f, fd, a, len);
	printf("sent=%ld got=%ld dup=%ld reordered=%ld rtt_min_us=%jd "
	       "rtt_avg_us=%jd rtt_max_us=%jd mappings=%ld mapped=%s\n",
	       f.count, f.got, f.dup, f.late, f.got ? (intmax_t)f.lo : 0,
	       f.got ? (intmax_t)(f.sum / f.got) : 0, (intmax_t)f.hi, f.maps,
	       f.where);
	freeaddrinfo(a);
	free(f.sent_at);
	free(f.seen);
	close(fd);
	return f.got > 0 ? 0 : 1;
}

static int idle(const char *sport, char **v)
{
	struct addrinfo *a = resolve(v[0], v[1]);
	int fd = open_udp(strchr(v[0], ':') ? "::" : "0.0.0.0", sport);
	uint32_t ms = (uint32_t)(atof(v[2]) * 1000);
	struct msg m;
	bool ok;

	ask_to(fd, a, 7, 0, ms, MSG_MIN);
	ok = hear(fd, &m, (int)ms + 1500);
	printf("idle_s=%s open=%s\n", v[2], ok ? "yes" : "no");
	freeaddrinfo(a);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	const char *sport = "0", *mode = argc > 1 ? argv[1] : "";
	struct flow f = { .count = 100, .gap_ms = 10 };
	long len = MSG_MIN;
	int c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	optind = 2;
	while (argc > 1 && (c = getopt(argc, argv, "+s:n:i:l:")) != -1)
		switch (c) {
		case 's':
			sport = optarg;
			break;
		case 'n':
			f.count = atol(optarg);
			break;
		case 'i':
			f.gap_ms = atol(optarg);
			break;
		case 'l':
			len = atol(optarg);
			break;
		default:
			return 2;
		}
	if (f.count < 1 || f.count > 1000000 || f.gap_ms < 0 || len < MSG_MIN ||
	    len > MSG_MAX) {
		fprintf(stderr, "natprobe: option out of range\n");
		return 2;
	}
	if (strcmp(mode, "serve") == 0 && argc - optind >= 4)
		return serve(argc - optind, argv + optind);
	if (strcmp(mode, "nat") == 0 && argc - optind == 4)
		return nat(sport, argv + optind);
	if (strcmp(mode, "flow") == 0 && argc - optind == 2)
		return flow(sport, f, (size_t)len, argv + optind);
	if (strcmp(mode, "idle") == 0 && argc - optind == 3)
		return idle(sport, argv + optind);
	fprintf(stderr, "usage: natprobe serve|nat|flow|idle ... "
			"(see README.md)\n");
	return 2;
}
