/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * replay - sends the HIP and ESP packets of a capture again.
 *
 *   replay CAPTURE TO [FROM]
 *
 * CAPTURE is a file's name without ".pcap" and with a slash. Of its UDP
 * packets those go again that went to TO, an IPv4 address: from where they
 * came then, or from FROM. Prints "sent N of HIP, N of ESP, TYPE N ..." with
 * the numbers of RFC 7401 5.3.
 */
#include "tests/unit/pcap.h"

#include "daemon/hip/limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
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
	DATAGRAM_MAX = 2100,
};

static uint64_t types[TYPES], n_esp, n_hip;

static void die(const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void send_one(int fd, const struct pcap_packet *p,
		     const struct locator *from)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000 * 1000 };
	size_t spi = p->kind == PCAP_HIP ? SPI_LEN : 0;
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP
	};
	struct udphdr udp = { .source = htons(from->port),
			      .dest = htons(p->to.port) };
	uint8_t bytes[DATAGRAM_MAX] = { 0 };
	size_t len = sizeof(ip) + sizeof(udp);
	struct sockaddr_storage to;
	socklen_t to_len = locator_to_sockaddr(&p->to, &to);

	if (len + spi + p->len > sizeof(bytes))
		return;
	memcpy(&ip.saddr, from->addr + 12, 4);
	memcpy(&ip.daddr, p->to.addr + 12, 4);
	udp.len = htons((uint16_t)(sizeof(udp) + spi + p->len));
	memcpy(bytes, &ip, sizeof(ip));
	memcpy(bytes + sizeof(ip), &udp, sizeof(udp));
	memcpy(bytes + len + spi, p->bytes, p->len);
	len += spi + p->len;
	if (sendto(fd, bytes, len, 0, (struct sockaddr *)&to, to_len) < 0)
		die("send");
	if (p->kind == PCAP_ESP) {
		n_esp++;
		return;
	}
	n_hip++;
	types[p->bytes[TYPE_AT] % TYPES]++;
	(void)nanosleep(&pause, NULL);
}

int main(int argc, char **argv)
{
	struct locator to, from = { .port = 0 };
	struct pcap capture;
	struct pcap_packet p;
	int fd;

	if (argc < 3 || argc > 4 ||
	    locator_from_text(argv[2], HIP_UDP_PORT, &to) < 0 ||
	    (argc == 4 &&
	     locator_from_text(argv[3], HIP_UDP_PORT, &from) < 0)) {
		fprintf(stderr, "usage: replay CAPTURE TO [FROM]\n");
		return 2;
	}
	if (!pcap_open(&capture, argv[1]))
		die(argv[1]);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (fd < 0)
		die("raw socket");
	while (pcap_next(&capture, &p)) {
		if (!p.raw && locator_equal(&p.to, &to) && p.len > TYPE_AT)
			send_one(fd, &p, argc == 4 ? &from : &p.from);
	}
	pcap_close(&capture);
	printf("sent %llu of HIP, %llu of ESP", (unsigned long long)n_hip,
	       (unsigned long long)n_esp);
	for (int t = 0; t < TYPES; t++) {
		if (types[t] > 0)
			printf(", %d: %llu", t, (unsigned long long)types[t]);
	}
	printf("\n");
	return n_hip > 0 ? 0 : 1;
}
