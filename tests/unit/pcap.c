/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A reader for pcap files (the classic form, in either byte order) and for
 * the keys beside them. IP fragments are skipped: the captures have none.
 */
#include "tests/unit/pcap.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FILE_MAX = 1024 * 1024,
	TEXT_LINE_MAX = 4096,
	FILE_NAME_MAX = 512,
	PCAP_HEADER_LEN = 24,
	LINK_ETHERNET = 1,
	LINK_RAW_OPENBSD = 12,
	LINK_RAW = 101,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_V4 = 0x0800,
	ETHERTYPE_V6 = 0x86dd,
	PROTOCOL_UDP = 17,
	PROTOCOL_ESP = 50,
	PROTOCOL_HIP = 139,
	UDP_PORT = 10500,
};

static FILE *open_file(const char *name, const char *ending)
{
	char path[FILE_NAME_MAX];
	const char *folder = strchr(name, '/') ? "" : VECTORS_DIR "/captures/";
	int len = snprintf(path, sizeof(path), "%s%s.%s", folder, name, ending);

	if (len < 0 || (size_t)len >= sizeof(path))
		return NULL;
	return fopen(path, "r");
}

static uint32_t read_u32(struct pcap *p, struct rd *r)
{
	uint32_t v = rd_u32(r);

	return p->little_endian ? __builtin_bswap32(v) : v;
}

static bool read_header(struct pcap *p)
{
	uint32_t magic = rd_u32(&p->rest);

	/* Microseconds or nanoseconds: times are not looked at. */
	p->little_endian = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
	if (!p->little_endian && magic != 0xa1b2c3d4 && magic != 0xa1b23c4d)
		return false;
	rd_skip(&p->rest, PCAP_HEADER_LEN - 8);
	p->link_type = read_u32(p, &p->rest);
	return !rd_failed(&p->rest) &&
	       (p->link_type == LINK_ETHERNET || p->link_type == LINK_RAW ||
		p->link_type == LINK_RAW_OPENBSD);
}

bool pcap_open(struct pcap *p, const char *name)
{
	FILE *f = open_file(name, "pcap");
	size_t len;

	*p = (struct pcap){ 0 };
	if (!f)
		return false;
	p->bytes = malloc(FILE_MAX);
	len = p->bytes ? fread(p->bytes, 1, FILE_MAX, f) : 0;
	fclose(f);
	p->rest = rd_init(p->bytes, len);
	if (read_header(p))
		return true;
	pcap_close(p);
	return false;
}

void pcap_close(struct pcap *p)
{
	free(p->bytes);
	p->bytes = NULL;
}

/* Takes the IPv4 header off; answers the protocol, 0 when not for us. */
static uint8_t read_v4(struct rd *r, struct pcap_packet *out)
{
	uint8_t version = rd_u8(r);
	size_t header = (size_t)(version & 15) * 4, total;
	uint8_t protocol;
	uint16_t fragment;

	out->traffic_class = rd_u8(r);
	total = rd_u16(r);
	rd_skip(r, 2); /* Identification */
	fragment = rd_u16(r);
	out->hop_limit = rd_u8(r);
	protocol = rd_u8(r);
	rd_skip(r, 2); /* Header Checksum */
	memset(out->from.addr + 10, 0xff, 2);
	memset(out->to.addr + 10, 0xff, 2);
	rd_copy(r, out->from.addr + 12, 4);
	rd_copy(r, out->to.addr + 12, 4);
	if (version >> 4 != 4 || (fragment & 0x3fff) != 0 || header < 20 ||
	    total < header)
		return 0;
	rd_skip(r, header - 20);
	*r = rd_sub(r, total - header); /* without the link's padding */
	return protocol;
}

/* As above, for IPv6 without extension headers. */
static uint8_t read_v6(struct rd *r, struct pcap_packet *out)
{
	uint32_t first = rd_u32(r);
	size_t payload = rd_u16(r);
	uint8_t protocol = rd_u8(r);

	out->traffic_class = (uint8_t)(first >> 20);
	out->hop_limit = rd_u8(r);
	rd_copy(r, out->from.addr, 16);
	rd_copy(r, out->to.addr, 16);
	*r = rd_sub(r, payload);
	return protocol;
}

static uint8_t read_ip(struct rd *r, struct pcap_packet *out)
{
	struct rd look = *r;

	return rd_u8(&look) >> 4 == 6 ? read_v6(r, out) : read_v4(r, out);
}

static uint8_t read_link(const struct pcap *p, struct rd *r,
			 struct pcap_packet *out)
{
	uint16_t type;

	if (p->link_type != LINK_ETHERNET)
		return read_ip(r, out);
	rd_skip(r, 12);
	type = rd_u16(r);
	if (type == ETHERTYPE_VLAN) {
		rd_skip(r, 2);
		type = rd_u16(r);
	}
	if (type != ETHERTYPE_V4 && type != ETHERTYPE_V6)
		return 0;
	return read_ip(r, out);
}

/* RFC 9028 5.1: four zero bytes before HIP, none before ESP. */
static bool read_udp(struct rd *r, struct pcap_packet *out)
{
	struct rd look;
	size_t len;

	out->from.port = rd_u16(r);
	out->to.port = rd_u16(r);
	len = rd_u16(r);
	rd_skip(r, 2); /* Checksum */
	if (len < 8 || (out->from.port != UDP_PORT && out->to.port != UDP_PORT))
		return false;
	*r = rd_sub(r, len - 8);
	look = *r;
	out->kind = rd_u32(&look) == 0 ? PCAP_HIP : PCAP_ESP;
	if (out->kind == PCAP_HIP)
		*r = look;
	return !rd_failed(&look);
}

/* Takes one packet apart; false when it is neither HIP nor ESP. */
static bool read_packet(const struct pcap *p, struct rd r,
			struct pcap_packet *out)
{
	*out = (struct pcap_packet){ 0 };
	switch (read_link(p, &r, out)) {
	case PROTOCOL_UDP:
		if (!read_udp(&r, out))
			return false;
		break;
	case PROTOCOL_HIP:
		out->kind = PCAP_HIP;
		out->raw = true;
		break;
	case PROTOCOL_ESP:
		out->kind = PCAP_ESP;
		out->raw = true;
		break;
	default:
		return false;
	}
	out->len = rd_left(&r);
	out->bytes = rd_bytes(&r, out->len);
	return !rd_failed(&r);
}

bool pcap_next(struct pcap *p, struct pcap_packet *out)
{
	while (rd_left(&p->rest) > 0) {
		struct rd packet;
		uint32_t len;

		rd_skip(&p->rest, 8); /* time */
		len = read_u32(p, &p->rest);
		rd_skip(&p->rest, 4); /* length on the wire */
		packet = rd_sub(&p->rest, len);
		if (!rd_failed(&packet) && read_packet(p, packet, out))
			return true;
	}
	return false;
}

bool pcap_key_text(const char *name, const char *key, char *out, size_t cap)
{
	FILE *f = open_file(name, "keys.txt");
	char line[TEXT_LINE_MAX];
	size_t n = strlen(key);
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, key, n) != 0 || strncmp(line + n, ": ", 2))
			continue;
		if (strlen(line + n + 2) >= cap)
			break;
		memcpy(out, line + n + 2, strlen(line + n + 2) + 1);
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

size_t pcap_key_bytes(const char *name, const char *key, uint8_t *out,
		      size_t cap)
{
	char text[TEXT_LINE_MAX];
	size_t len = 0;

	if (!pcap_key_text(name, key, text, sizeof(text)) ||
	    sodium_hex2bin(out, cap, text, strlen(text), NULL, &len, NULL) != 0)
		return 0;
	return len;
}
