/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a peer, or a middlebox on the way, wants to get back: RFC 7401 5.2.20
 * to 5.2.23.
 */
#ifndef HIPLINE_ECHOES_H
#define HIPLINE_ECHOES_H

#include "daemon/hip/packet.h"

/* DROP_ECHO when a packet asks for more than we give. */
enum drop echoes_check(const struct packet *asks);

/* Answers the one that is signed, if any, at its place in a packet. */
void echoes_write_signed(struct packet_out *out, const struct packet *asks);

/* The others, behind the signature, in the order of the requests. */
void echoes_write_unsigned(struct packet_out *out, const struct packet *asks);

#endif
