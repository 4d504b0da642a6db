/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * HIP packets inside ESP: the ESP mode of RFC 6261. Both hosts say in R1 and
 * I2 whether they can. Then UPDATE, CLOSE and CLOSE_ACK of an association go
 * inside its outbound SA the first time; repetitions, and UPDATEs that make
 * keys (section 4), go outside, so that a broken SA stands in no way.
 */
#ifndef HIPLINE_INSIDE_H
#define HIPLINE_INSIDE_H

#include "daemon/hip/host_impl.h"

/* What an R1 of ours offers: ESP, or leaving all as it is. */
struct transport_mode inside_offer(void);

/* RFC 6261 3.1, for the Initiator: what an I2 answers an R1's offer with. */
struct transport_mode inside_choose(const struct host *h,
				    const struct transport_mode *offer);

/* Whether a choice is the ESP mode. */
bool inside_is_chosen(const struct transport_mode *choice);

/* For the Responder: DROP_TRANSPORT_MODE when the I2 chose what its R1 did not
 * offer. */
enum drop inside_check_choice(const struct host *h, const struct msg_i2 *i2);

/* The checksum of a packet inside ESP: as over IPv6 between the HITs. */
uint16_t inside_checksum(const uint8_t *bytes, size_t len,
			 const struct hit *from, const struct hit *to);

/* Sends a packet of an association to its peer: inside when that was agreed
 * and there is an SA, else to where the peer was heard. */
void inside_send(struct host *h, struct assoc *a, const uint8_t *bytes,
		 size_t len);

#endif
