/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a peer, or a middlebox on the way, wants to get back.
 */
#include "daemon/hip/echoes.h"

enum { ECHOES_MAX = 8 }; /* ECHO_REQUEST_UNSIGNED, which anybody may add */

enum drop echoes_check(const struct packet *asks)
{
	const struct param *p = packet_find(asks, PARAM_ECHO_REQUEST_SIGNED);
	size_t n = 0;

	if (p && p->len > ECHO_MAX)
		return DROP_ECHO;
	p = packet_find(asks, PARAM_ECHO_REQUEST_UNSIGNED);
	for (; p; p = packet_next(asks, p)) {
		if (p->len > ECHO_MAX || ++n > ECHOES_MAX)
			return DROP_ECHO;
	}
	return DROP_NONE;
}

static void write_echoes(struct packet_out *out, const struct packet *asks,
			 uint16_t request, uint16_t response)
{
	const struct param *p = packet_find(asks, request);

	for (; p; p = packet_next(asks, p))
		packet_param(out, response, p->body, p->len);
}

void echoes_write_signed(struct packet_out *out, const struct packet *asks)
{
	write_echoes(out, asks, PARAM_ECHO_REQUEST_SIGNED,
		     PARAM_ECHO_RESPONSE_SIGNED);
}

void echoes_write_unsigned(struct packet_out *out, const struct packet *asks)
{
	write_echoes(out, asks, PARAM_ECHO_REQUEST_UNSIGNED,
		     PARAM_ECHO_RESPONSE_UNSIGNED);
}
