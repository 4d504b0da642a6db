/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * ESP in BEET mode: RFC 4303 2 and 3, RFC 7402 3 and appendix B. Sealing
 * turns an inner IPv6 packet into an ESP packet, opening the reverse; both
 * in place. BEET does not send the inner IPv6 header (beet.h rebuilds it).
 */
#ifndef HIPLINE_ESP_H
#define HIPLINE_ESP_H

#include "tun/pkt.h"
#include "tun/sa.h"

enum esp_result {
	ESP_OK,
	ESP_SHORT,    /* too short, or a length that does not fit */
	ESP_NO_SA,    /* nobody's SPI */
	ESP_REPLAYED, /* left of the window or seen before */
	ESP_BAD_ICV,
	ESP_BAD_PADDING, /* RFC 4303 2.4: padding is 1, 2, 3, ... */
	ESP_DUMMY,	 /* next header 59: traffic flow padding, dropped */
	ESP_EXHAUSTED,	 /* no sequence number is left */
	ESP_NARROW, /* not what this SA is for: sa_in_narrow, sa_out_narrow */
	ESP_RESULTS
};

/*
 * Seals one inner packet whose addresses are those of the SA (the caller
 * has looked it up by them). pkt needs PKT_TAIL_ROOM behind it. On success
 * pkt is the ESP packet from the SPI on, and its path and traffic class are
 * the SA's and the inner packet's. ESP_SHORT when it is none that beet_check
 * takes, or room is missing.
 */
enum esp_result esp_seal(struct sa_out *sa, struct pkt *pkt);

/*
 * The same from one memory to another: seals the inner packet to to->buf +
 * to->off, and sets to's length and traffic class, not its path. The inner
 * packet's header may then be overwritten; ESP_TRAILER_ROOM bytes behind it
 * are used and put back as they were.
 */
enum esp_result esp_seal_to(struct sa_out *sa, uint8_t *inner, uint32_t len,
			    struct pkt *to);

enum {
	/* The most that padding and trailer take. */
	ESP_TRAILER_ROOM = 17,
	/* The most that an ESP packet is longer than the inner one: header,
	 * IV, padding, trailer and ICV, less the IPv6 header. */
	ESP_GROWTH_MAX = 8 + 16 + 17 + 16 - 40,
};

/*
 * Opens one ESP packet from the SPI on, which has PKT_HEAD_ROOM in front. On
 * success pkt is the inner IPv6 packet, rebuilt, with the traffic class that
 * pkt had; otherwise its bytes are useless. The window moves when the ICV was
 * right, thus also on ESP_BAD_PADDING and ESP_DUMMY, and only then.
 */
enum esp_result esp_open(struct sa_in *sa, struct pkt *pkt);

/* The same without the IPv6 header: pkt becomes what follows it, and needs
 * no room in front. Nothing in front of pkt is changed. */
enum esp_result esp_open_payload(struct sa_in *sa, struct pkt *pkt,
				 uint8_t *next_header);

#endif
