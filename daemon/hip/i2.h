/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The Initiator's answer to an R1 that it trusts: the choice among what R1
 * offers, the keys, and the I2 itself: RFC 7401 6.8 steps 6, 7 and 13 to 17,
 * 5.3.3; RFC 7402 6.4.
 */
#ifndef HIPLINE_I2_H
#define HIPLINE_I2_H

#include "daemon/hip/agreed.h"

/* What we take from an R1's lists. */
struct i2_choice {
	uint16_t hip_cipher, esp_suite;
};

/* Why we cannot agree with a Responder. */
struct i2_refusal {
	const char *text;      /* for people; static */
	enum notify_type type; /* for the Responder; 0: none fits */
};

/*
 * DROP_NONE with *out set, or why this Responder and we cannot agree, with
 * *refusal set.
 */
enum drop i2_choose(const struct host *h, const struct msg_r1 *r1,
		    struct i2_choice *out, struct i2_refusal *refusal);

/*
 * Derives the keys (*agreed, to be freed by agreed_free) and writes the I2,
 * ready to be sent, for the solution j of R1's puzzle. DROP_DH_PUBLIC, or
 * DROP_INTERNAL when memory, OpenSSL or room in the packet fails.
 */
enum drop i2_make(struct host *h, const struct packet *p,
		  const struct msg_r1 *r1, const uint8_t *j,
		  struct packet_out *out, struct agreed **agreed);

#endif
