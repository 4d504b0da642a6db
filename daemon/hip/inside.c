/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * HIP packets inside ESP: RFC 6261 3.1 and 4.1.
 */
#include "daemon/hip/inside.h"

#include <string.h>

struct transport_mode inside_offer(void)
{
	return (struct transport_mode){
		.modes = { .ids = { TRANSPORT_MODE_ESP,
				    TRANSPORT_MODE_DEFAULT },
			   .n = 2 }
	};
}

struct transport_mode inside_choose(const struct host *h,
				    const struct transport_mode *offer)
{
	struct transport_mode choice = { .port = 0 };

	if (h->conf.inside && id_list_has(&offer->modes, TRANSPORT_MODE_ESP))
		choice.modes.ids[choice.modes.n++] = TRANSPORT_MODE_ESP;
	else if (id_list_has(&offer->modes, TRANSPORT_MODE_DEFAULT))
		choice.modes.ids[choice.modes.n++] = TRANSPORT_MODE_DEFAULT;
	return choice;
}

bool inside_is_chosen(const struct transport_mode *choice)
{
	return choice->modes.n == 1 &&
	       choice->modes.ids[0] == TRANSPORT_MODE_ESP;
}

enum drop inside_check_choice(const struct host *h, const struct msg_i2 *i2)
{
	struct transport_mode offer = inside_offer();

	if (!i2->has_mode || i2->mode.modes.n == 0)
		return DROP_NONE;
	return h->conf.inside && i2->mode.modes.n == 1 &&
			       id_list_has(&offer.modes, i2->mode.modes.ids[0])
		       ? DROP_NONE
		       : DROP_TRANSPORT_MODE;
}

/* A HIT as an address. */
static struct locator address_of(const struct hit *hit)
{
	struct locator l = { .port = 0 };

	memcpy(l.addr, hit->bytes, sizeof(l.addr));
	return l;
}

uint16_t inside_checksum(const uint8_t *bytes, size_t len,
			 const struct hit *from, const struct hit *to)
{
	struct locator a = address_of(from), b = address_of(to);

	return packet_checksum(bytes, len, &a, &b);
}

void inside_send(struct host *h, struct assoc *a, const uint8_t *bytes,
		 size_t len)
{
	struct locator from = address_of(&h->hit), to = address_of(&a->hit);
	uint8_t copy[HIP_PACKET_MAX];
	struct hip_output *out;

	if (!a->agreed || !a->agreed->inside || !a->agreed->sa->has_out) {
		host_send(h, &a->hit, bytes, len, &a->local, &a->remote,
			  a->raw);
		return;
	}
	memcpy(copy, bytes, len);
	packet_set_checksum(copy, len, &from, &to);
	out = host_send(h, &a->hit, copy, len, &a->local, &a->remote, false);
	if (!out)
		return;
	out->raw = a->raw;
	out->inside = true;
	h->counters.sent_inside++;
}
