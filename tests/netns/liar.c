/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * liar - forged ICMP errors (T17) about the packets between two hosts.
 *
 *   liar FROM TO PEER N
 *
 * Tells TO, N times each and as if from FROM, that its datagrams from and to
 * port 10500 at PEER cannot be delivered: host and port unreachable, time
 * exceeded, parameter problem, with IPv4 source quench, and that the next link
 * has an MTU of 68, 576 (with IPv6 1280), or none. All addresses are of one
 * family. Prints "sent N".
 */
#include "tun/checksum.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdbool.h>
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

struct error6 {
	struct ip6_hdr ip;
	struct icmp6_hdr icmp;
	struct ip6_hdr about_ip;
	struct udphdr about_udp;
	uint8_t quoted[QUOTED];
};

static const struct {
	uint8_t type, code;
	uint32_t mtu;
} lies6[] = {
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0 },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0 },
	{ ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, 0 },
	{ ICMP6_PACKET_TOO_BIG, 0, 0 },
	{ ICMP6_PACKET_TOO_BIG, 0, 68 },
	{ ICMP6_PACKET_TOO_BIG, 0, 1280 },
	{ ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_TRANSIT, 0 },
	{ ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER, 0 },
};

static void send_error(int fd, const void *e, size_t len,
		       const struct sockaddr *to, socklen_t to_len)
{
	if (sendto(fd, e, len, 0, to, to_len) < 0) {
		fprintf(stderr, "liar: send: %s\n", strerror(errno));
		exit(2);
	}
}

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
	send_error(fd, &e, sizeof(e), (struct sockaddr *)&a, sizeof(a));
}

static struct ip6_hdr header6(uint16_t len, uint8_t next, uint8_t hops,
			      const struct in6_addr *from,
			      const struct in6_addr *to)
{
	struct ip6_hdr ip = { .ip6_src = *from, .ip6_dst = *to };

	ip.ip6_vfc = 0x60;
	ip.ip6_plen = htons(len);
	ip.ip6_nxt = next;
	ip.ip6_hlim = hops;
	return ip;
}

static void lie6(int fd, size_t i, const struct in6_addr *from,
		 const struct in6_addr *to, const struct in6_addr *peer)
{
	const uint16_t len = sizeof(struct error6) - sizeof(struct ip6_hdr);
	struct error6 e = {
		.ip = header6(len, IPPROTO_ICMPV6, 64, from, to),
		.icmp = { .icmp6_type = lies6[i].type,
			  .icmp6_code = lies6[i].code,
			  .icmp6_mtu = htonl(lies6[i].mtu) },
		.about_ip = header6(LEN_QUOTED, IPPROTO_UDP, 1, to, peer),
		.about_udp = { .source = htons(PORT),
			       .dest = htons(PORT),
			       .len = htons(LEN_QUOTED) },
	};
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = *to };
	uint32_t pseudo[2] = { htonl(len), htonl(IPPROTO_ICMPV6) };
	uint64_t sum = checksum_add(0, (const uint8_t *)&e.ip.ip6_src, 32);
	uint16_t folded;

	sum = checksum_add(sum, (const uint8_t *)pseudo, sizeof(pseudo));
	sum = checksum_add(sum, (const uint8_t *)&e.icmp, len);
	folded = (uint16_t)~checksum_fold(sum);
	memcpy(&e.icmp.icmp6_cksum, &folded, sizeof(folded));
	send_error(fd, &e, sizeof(e), (struct sockaddr *)&a, sizeof(a));
}

/* An address of either family: IPv4 mapped into IPv6. */
static bool read_address(const char *text, struct in6_addr *out)
{
	char mapped[8 + INET_ADDRSTRLEN];

	if (inet_pton(AF_INET6, text, out) == 1)
		return true;
	(void)snprintf(mapped, sizeof(mapped), "::ffff:%s", text);
	return inet_pton(AF_INET6, mapped, out) == 1;
}

static in_addr_t v4_of(const struct in6_addr *a)
{
	in_addr_t v4;

	memcpy(&v4, a->s6_addr + 12, sizeof(v4));
	return v4;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000 * 1000 };
	const size_t n_lies = sizeof(lies) / sizeof(lies[0]);
	struct in6_addr from, to, peer;
	unsigned long n;
	bool v4;
	int fd;

	static_assert(sizeof(lies6) / sizeof(lies6[0]) ==
			      sizeof(lies) / sizeof(lies[0]),
		      "as many lies in either family");
	if (argc != 5 || !read_address(argv[1], &from) ||
	    !read_address(argv[2], &to) || !read_address(argv[3], &peer)) {
		fprintf(stderr, "usage: liar FROM TO PEER N\n");
		return 2;
	}
	n = strtoul(argv[4], NULL, 10);
	v4 = IN6_IS_ADDR_V4MAPPED(&to);
	fd = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC,
		    IPPROTO_RAW);
	if (fd < 0) {
		fprintf(stderr, "liar: raw socket: %s\n", strerror(errno));
		return 2;
	}
	for (unsigned long k = 0; k < n * n_lies; k++) {
		if (v4)
			lie(fd, k % n_lies, v4_of(&from), v4_of(&to),
			    v4_of(&peer));
		else
			lie6(fd, k % n_lies, &from, &to, &peer);
		(void)nanosleep(&pause, NULL);
	}
	(void)close(fd);
	printf("sent %lu\n", n * n_lies);
	return 0;
}
