/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * hostile - sends packets that are wrong in one way each (T1) to a host.
 *
 *   hostile FROM TO SENDER-HIT RECEIVER-HIT
 *
 * FROM and TO are addresses; both ports are 10500. The packets are those of
 * tests/unit/malformed.h with these two HITs put in. After each it listens
 * for a moment. Prints "NAME: REASON: silence" or "... answered", and at last
 * "sent N, answered N"; fails when anything was answered.
 */
#include "tests/unit/malformed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SPI_LEN = 4,   /* zero in front of HIP: RFC 5770 5.4.1 */
	SENDER_AT = 8, /* the HITs in the HIP header */
	RECEIVER_AT = 24,
	HIT_LEN = 16,
	LISTEN_MS = 20,
	LINGER_MS = 1500, /* after the last one */
};

static void die(const char *what)
{
	fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct addrinfo *resolve(const char *address)
{
	struct addrinfo hint = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				 .ai_socktype = SOCK_DGRAM };
	struct addrinfo *a;

	if (getaddrinfo(address, "10500", &hint, &a) != 0) {
		fprintf(stderr, "hostile: no address: %s\n", address);
		exit(2);
	}
	return a;
}

static int open_between(const char *from, const char *to)
{
	struct addrinfo *a = resolve(from), *b = resolve(to);
	int fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, a->ai_addr, a->ai_addrlen) < 0)
		die(from);
	if (connect(fd, b->ai_addr, b->ai_addrlen) < 0)
		die(to);
	freeaddrinfo(a);
	freeaddrinfo(b);
	return fd;
}

static bool answered(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t byte;

	return poll(&p, 1, ms) == 1 && recv(fd, &byte, 1, MSG_DONTWAIT) >= 0;
}

int main(int argc, char **argv)
{
	static uint8_t bytes[SPI_LEN + 2 * HIP_PACKET_MAX];
	uint8_t sender[HIT_LEN], receiver[HIT_LEN], *hip = bytes + SPI_LEN;
	size_t sent = 0, answers = 0;
	int fd;

	if (argc != 5 || inet_pton(AF_INET6, argv[3], sender) != 1 ||
	    inet_pton(AF_INET6, argv[4], receiver) != 1) {
		fprintf(stderr, "usage: hostile FROM TO SENDER RECEIVER\n");
		return 2;
	}
	fd = open_between(argv[1], argv[2]);
	for (size_t i = 0; i < malformed_count; i++) {
		size_t len = malformed_make(&malformed[i], hip,
					    sizeof(bytes) - SPI_LEN);
		bool heard;

		if (len >= SENDER_AT + HIT_LEN)
			memcpy(hip + SENDER_AT, sender, HIT_LEN);
		if (len >= RECEIVER_AT + HIT_LEN)
			memcpy(hip + RECEIVER_AT, receiver, HIT_LEN);
		if (send(fd, bytes, SPI_LEN + len, 0) < 0)
			die("send");
		sent++;
		heard = answered(fd, LISTEN_MS);
		answers += heard;
		printf("%s: %s: %s\n", malformed[i].name,
		       drop_name(malformed[i].reason),
		       heard ? "answered" : "silence");
	}
	while (answered(fd, LINGER_MS))
		answers++;
	close(fd);
	printf("sent %zu, answered %zu\n", sent, answers);
	return answers > 0;
}
