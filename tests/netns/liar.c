/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * liar - forged ICMP errors (T17) about the packets between two hosts.
 *
 *   liar FROM TO PEER N
 *
 * IPv4 addresses. Tells TO, N times each and as if from FROM, that its
 * datagrams from and to port 10500 at PEER cannot be delivered: host and port
 * unreachable, time exceeded, parameter problem, source quench, and that the
 * next link has an MTU of 68, 576, or none. Prints "sent N".
 */
#include "tun/checksum.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PORT = 10500,
	QUOTED = 8, /* of the payload: an SPI and a sequence number */
	PAUSE_MS = 2,
	LEN_QUOTED = 1400, /* of the datagram, as it says */
};

struct error {
	struct iphdr ip;
	struct icmphdr icmp;
	struct iphdr about_ip;
	struct udphdr about_udp;
	uint8_t quoted[QUOTED];
};

static const struct {
	uint8_t type, code;
	uint16_t mtu;
} lies[] = {
	{ ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0 },
	{ ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0 },
	{ ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 68 },
	{ ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 576 },
	{ ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 0 },
	{ ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0 },
	{ ICMP_PARAMETERPROB, 0, 0 },
	{ ICMP_SOURCE_QUENCH, 0, 0 },
};

static void lie(int fd, size_t i, in_addr_t from, in_addr_t to, in_addr_t peer)
{
	struct error e = {
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_ICMP,
			.saddr = from,
			.daddr = to },
		.icmp = { .type = lies[i].type,
			  .code = lies[i].code,
			  .un.frag.mtu = htons(lies[i].mtu) },
		.about_ip = { .version = 4,
			      .ihl = 5,
			      .ttl = 1,
			      .protocol = IPPROTO_UDP,
			      .saddr = to,
			      .daddr = peer,
			      .tot_len = htons(LEN_QUOTED) },
		.about_udp = { .source = htons(PORT),
			       .dest = htons(PORT),
			       .len = htons(LEN_QUOTED - 20) },
	};
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = to };
	uint64_t sum = checksum_add(0, (const uint8_t *)&e.about_ip,
				    sizeof(e.about_ip));
	uint16_t folded = (uint16_t)~checksum_fold(sum);

	memcpy(&e.about_ip.check, &folded, sizeof(folded));
	sum = checksum_add(0, (const uint8_t *)&e.icmp,
			   sizeof(e) - sizeof(e.ip));
	folded = (uint16_t)~checksum_fold(sum);
	memcpy(&e.icmp.checksum, &folded, sizeof(folded));
	if (sendto(fd, &e, sizeof(e), 0, (struct sockaddr *)&a, sizeof(a)) <
	    0) {
		fprintf(stderr, "liar: send: %s\n", strerror(errno));
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000 * 1000 };
	const size_t n_lies = sizeof(lies) / sizeof(lies[0]);
	struct in_addr from, to, peer;
	unsigned long n;
	int fd;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &from) != 1 ||
	    inet_pton(AF_INET, argv[2], &to) != 1 ||
	    inet_pton(AF_INET, argv[3], &peer) != 1) {
		fprintf(stderr, "usage: liar FROM TO PEER N\n");
		return 2;
	}
	n = strtoul(argv[4], NULL, 10);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0) {
		fprintf(stderr, "liar: raw socket: %s\n", strerror(errno));
		return 2;
	}
	for (unsigned long k = 0; k < n * n_lies; k++) {
		lie(fd, k % n_lies, from.s_addr, to.s_addr, peer.s_addr);
		(void)nanosleep(&pause, NULL);
	}
	(void)close(fd);
	printf("sent %lu\n", n * n_lies);
	return 0;
}
