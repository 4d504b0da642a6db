/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a peer, or a middlebox on the way, wants to get back.
 */
#include "daemon/hip/echoes.h"

enum { PARAM_OVERHEAD = 4 + 7 }; /* header and padding */

/* Adds up; false when one is too long. Anybody may add unsigned ones. */
static bool count(const struct packet *asks, uint16_t request, size_t *len)
{
	const struct param *p = packet_find(asks, request);

	for (; p; p = packet_next(asks, p)) {
		if (p->len > ECHO_MAX)
			return false;
		*len += p->len + PARAM_OVERHEAD;
	}
	return true;
}

enum drop echoes_check(const struct packet *asks)
{
	size_t len = 0;

	return count(asks, PARAM_ECHO_REQUEST_SIGNED, &len) &&
			       count(asks, PARAM_ECHO_REQUEST_UNSIGNED, &len) &&
			       len <= ECHOES_MAX
		       ? DROP_NONE
		       : DROP_ECHO;
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
