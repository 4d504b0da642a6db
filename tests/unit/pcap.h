/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Reads the captures of tests/vectors/captures for tests: the HIP and ESP
 * packets of a .pcap file, be they raw or in UDP 10500, and the secrets in
 * the .keys.txt file beside it.
 */
#ifndef HIPLINE_TEST_PCAP_H
#define HIPLINE_TEST_PCAP_H

#include "daemon/base/cursor.h"
#include "daemon/base/locator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pcap_kind {
	PCAP_HIP,
	PCAP_ESP,
};

struct pcap_packet {
	enum pcap_kind kind;
	bool raw;		 /* IP protocol 139 or 50, no UDP */
	struct locator from, to; /* port 0 when raw */
	uint8_t traffic_class, hop_limit;
	const uint8_t *bytes; /* HIP from its header, ESP from its SPI on */
	size_t len;
};

struct pcap {
	uint8_t *bytes;
	struct rd rest;
	bool little_endian;
	uint32_t link_type;
};

/*
 * Opens a capture by its name without ".pcap", which has a slash where it is
 * not one of tests/vectors/captures. False when it is not there or
 * is no capture of Ethernet or IP packets.
 */
bool pcap_open(struct pcap *p, const char *name);

/*
 * The next HIP or ESP packet, borrowed until pcap_close; others are skipped.
 * False at the end, and when the file is cut short.
 */
bool pcap_next(struct pcap *p, struct pcap_packet *out);

void pcap_close(struct pcap *p);

/*
 * The value of `key` in NAME.keys.txt ("kij", "spi initiator->responder"),
 * as text and as bytes. False, or 0 bytes, when it is not there or too long.
 */
bool pcap_key_text(const char *name, const char *key, char *out, size_t cap);
size_t pcap_key_bytes(const char *name, const char *key, uint8_t *out,
		      size_t cap);

#endif
