/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Writes a capture of one message of each kind, framed, and an
 * acknowledgement, over UDP 6084 between two HITs, to standard output;
 * with an argument, the names of the messages instead, one a line. With
 * "broken" one length inside a message is wrong: a judge must say so.
 */
#include "resolver/frame.h"
#include "tests/unit/reload_samples.h"

#include <stdio.h>
#include <string.h>

enum { IP_UDP_LEN = 40 + 8 };

static void put_le32(FILE *f, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		(void)fputc((int)(v >> 8 * i & 0xff), f); /* ferror tells */
}

static uint32_t sum(const uint8_t *p, size_t len)
{
	uint32_t s = 0;

	for (size_t i = 0; i < len; i++)
		s += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
	return s;
}

/* One packet: IPv6, UDP and a frame (raw IP is the link type). */
static void put_packet(FILE *f, const uint8_t *frame, size_t len)
{
	uint8_t p[IP_UDP_LEN + FRAME_MAX];
	struct hit from = sample_hit(1), to = sample_hit(2);
	struct wr w = wr_init(p, sizeof(p));
	uint32_t check;

	wr_u32(&w, 0x60000000);
	wr_u16(&w, (uint16_t)(8 + len));
	wr_u8(&w, 17);
	wr_u8(&w, 64);
	wr_bytes(&w, from.bytes, ID_LEN);
	wr_bytes(&w, to.bytes, ID_LEN);
	wr_u16(&w, RELOAD_PORT);
	wr_u16(&w, RELOAD_PORT);
	wr_u16(&w, (uint16_t)(8 + len));
	wr_u16(&w, 0);
	wr_bytes(&w, frame, len);
	check = sum(p + 8, wr_len(&w) - 8) + 17 + 8 + (uint32_t)len;
	while (check >> 16)
		check = (check & 0xffff) + (check >> 16);
	wr_u16_at(&w, 46, (uint16_t)(check == 0xffff ? check : ~check));
	put_le32(f, 1);
	put_le32(f, 0);
	put_le32(f, (uint32_t)wr_len(&w));
	put_le32(f, (uint32_t)wr_len(&w));
	(void)fwrite(p, 1, wr_len(&w), f); /* ferror tells */
}

static void put_messages(FILE *f, bool broken)
{
	struct frame_window window = { 0 };
	uint32_t received = 0;
	struct wr w;

	for (size_t i = 0; i < reload_samples_count; i++) {
		uint8_t message[RELOAD_MESSAGE_MAX], frame[FRAME_MAX];
		size_t len = reload_sample_make(&reload_samples[i], message,
						sizeof(message));

		/* The high byte of the message contents' length. */
		if (broken)
			message[38 + 18 + 19 + 3] ^= 1;
		w = wr_init(frame, sizeof(frame));
		frame_data_write(&w, (uint32_t)i, message, len);
		put_packet(f, frame, wr_len(&w));
		received = frame_window_on_data(&window, (uint32_t)i);
		w = wr_init(frame, sizeof(frame));
		frame_ack_write(&w, (uint32_t)i, received);
		put_packet(f, frame, wr_len(&w));
	}
}

int main(int argc, char **argv)
{
	static const uint32_t head[] = { 0xa1b2c3d4, 0x00040002, 0,
					 0,	     65535,	 101 };

	if (argc == 2 && strcmp(argv[1], "names") == 0) {
		for (size_t i = 0; i < reload_samples_count; i++)
			(void)puts(reload_samples[i].name); /* below */
	} else {
		for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
			put_le32(stdout, head[i]);
		put_messages(stdout,
			     argc == 2 && strcmp(argv[1], "broken") == 0);
	}
	return fflush(stdout) != 0 || ferror(stdout);
}
