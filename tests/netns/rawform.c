/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * rawform - HIP over UDP, rewritten as HIP over IP, for tshark.
 *
 *   rawform [-x] IN.pcap OUT.pcap
 *
 * From a capture of Ethernet it takes the HIP packets in UDP port 10500 (four
 * zero bytes, then the HIP header: RFC 5770 5.4.1), and writes each under an
 * IP header with protocol 139 and with the checksum that RFC 7401 5.1.1 wants
 * there; the checksum is computed here, by code that shares nothing with the
 * daemon. -x: with wrong ones. ESP and everything else is left out.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ETHERNET_HEADER = 14,
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	UDP_HEADER = 8,
	HIP_HEADER = 40,
	HIP_CHECKSUM = 4, /* where the checksum stands in the HIP header */
	PROTO_HIP = 139,
	PROTO_UDP = 17,
	HIP_PORT = 10500,
	FRAME_MAX = 65536,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW = 101,
	PCAP_MAGIC = 0xa1b2c3d4, /* microseconds, our byte order */
};

struct pcap_file {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, sigfigs, snaplen, linktype;
};

struct pcap_record {
	uint32_t seconds, microseconds, captured, length;
};

static unsigned u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The one's complement sum over bytes, continued from sum. */
static uint32_t add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static unsigned fold(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* Over the pseudo-header (addresses, length, protocol) and the packet. */
static unsigned hip_checksum(const uint8_t *addresses, size_t addresses_len,
			     const uint8_t *hip, size_t len)
{
	uint32_t sum = add(0, addresses, addresses_len);

	sum += (uint32_t)len + PROTO_HIP;
	return fold(add(sum, hip, len));
}

/* What is inside a frame: the HIP packet and the header that it came under. */
struct found {
	const uint8_t *ip, *hip;
	size_t len;
	bool ipv6;
};

static bool find(const uint8_t *frame, size_t len, struct found *f)
{
	const uint8_t *udp;
	size_t header, left;

	if (len < ETHERNET_HEADER + IPV4_HEADER)
		return false;
	f->ip = frame + ETHERNET_HEADER;
	left = len - ETHERNET_HEADER;
	f->ipv6 = u16(frame + 12) == 0x86dd;
	if (f->ipv6) {
		header = IPV6_HEADER;
		if (left < header || f->ip[6] != PROTO_UDP)
			return false;
	} else {
		header = (size_t)(f->ip[0] & 15) * 4;
		if (u16(frame + 12) != 0x0800 || f->ip[9] != PROTO_UDP ||
		    header < IPV4_HEADER || (u16(f->ip + 6) & 0x3fff) != 0)
			return false;
	}
	if (left < header + UDP_HEADER + 4 + HIP_HEADER)
		return false;
	udp = f->ip + header;
	left -= header;
	if (u16(udp) != HIP_PORT || u16(udp + 2) != HIP_PORT ||
	    u16(udp + 4) > left || u16(udp + 4) < UDP_HEADER + 4 + HIP_HEADER)
		return false;
	f->hip = udp + UDP_HEADER + 4;
	f->len = u16(udp + 4) - UDP_HEADER - 4;
	return memcmp(udp + UDP_HEADER, "\0\0\0\0", 4) == 0;
}

/* The raw form; answers its length. */
static size_t rewrite(const struct found *f, bool wrong, uint8_t *out)
{
	size_t header = f->ipv6 ? IPV6_HEADER : IPV4_HEADER;
	size_t addresses = f->ipv6 ? 8 : 12;
	uint8_t *hip = out + header;
	unsigned sum;

	memcpy(out, f->ip, header);
	memcpy(hip, f->hip, f->len);
	if (f->ipv6) {
		out[4] = (uint8_t)(f->len >> 8);
		out[5] = (uint8_t)f->len;
		out[6] = PROTO_HIP;
	} else {
		out[0] = 0x45;
		out[2] = (uint8_t)((header + f->len) >> 8);
		out[3] = (uint8_t)(header + f->len);
		out[9] = PROTO_HIP;
		out[10] = out[11] = 0;
		sum = fold(add(0, out, header));
		out[10] = (uint8_t)(sum >> 8);
		out[11] = (uint8_t)sum;
	}
	sum = hip_checksum(out + addresses, header - addresses, hip, f->len);
	if (wrong)
		sum ^= 0x0100;
	hip[HIP_CHECKSUM] = (uint8_t)(sum >> 8);
	hip[HIP_CHECKSUM + 1] = (uint8_t)sum;
	return header + f->len;
}

static int die(const char *what, const char *why)
{
	fprintf(stderr, "rawform: %s: %s\n", what, why);
	return 1;
}

/* Copies what there is to copy; answers how many packets, -1 on bad input. */
static long convert(FILE *in, FILE *out, bool wrong)
{
	static uint8_t frame[FRAME_MAX], raw[FRAME_MAX];
	struct pcap_file file;
	struct pcap_record r;
	long n = 0;

	if (fread(&file, sizeof(file), 1, in) != 1 ||
	    file.magic != PCAP_MAGIC || file.linktype != LINKTYPE_ETHERNET)
		return -1;
	file.linktype = LINKTYPE_RAW;
	fwrite(&file, sizeof(file), 1, out);
	while (fread(&r, sizeof(r), 1, in) == 1) {
		struct found f;

		if (r.captured > sizeof(frame) ||
		    fread(frame, 1, r.captured, in) != r.captured)
			return -1;
		if (!find(frame, r.captured, &f))
			continue;
		if (f.hip[HIP_CHECKSUM] || f.hip[HIP_CHECKSUM + 1])
			return -1; /* it is zero over UDP: RFC 5770 5.4.1 */
		r.captured = r.length = (uint32_t)rewrite(&f, wrong, raw);
		fwrite(&r, sizeof(r), 1, out);
		fwrite(raw, 1, r.captured, out);
		n++;
	}
	return n;
}

int main(int argc, char **argv)
{
	bool wrong = argc > 1 && strcmp(argv[1], "-x") == 0;
	FILE *in, *out;
	long n;

	argv += wrong;
	if (argc - wrong != 3) {
		fprintf(stderr, "usage: rawform [-x] IN.pcap OUT.pcap\n");
		return 2;
	}
	in = fopen(argv[1], "rb");
	if (!in)
		return die(argv[1], strerror(errno));
	out = fopen(argv[2], "wb");
	if (!out)
		return die(argv[2], strerror(errno));
	n = convert(in, out, wrong);
	if (n < 0)
		return die(argv[1], "no capture of Ethernet, or not whole, or "
				    "a HIP checksum over UDP that is not 0");
	if (fclose(out) != 0)
		return die(argv[2], strerror(errno));
	fclose(in);
	printf("%ld packets\n", n);
	return n > 0 ? 0 : 1;
}
