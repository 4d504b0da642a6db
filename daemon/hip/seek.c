/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Where nobody answers, the exchange fails as one without a locator does. A
 * host that nobody knows may just be about to tell where it is: it can be
 * asked for again sooner than after other failures. Where a host is known by
 * locators that nobody vouches for, others are sought while it is tried there.
 */
#include "daemon/hip/seek.h"

#include "daemon/hip/admit.h"
#include "daemon/hip/host_impl.h"
#include "daemon/hip/rendezvous.h"

#include <string.h>

enum {
	NEXT_HEADER_OFFSET = 6, /* RFC 8200 3 */
	IPV6_LEN = 40,
	PORT_OFFSET = IPV6_LEN + 2,
	UDP = 17,
};

/* RFC 6940 6.5.1 over UDP between HITs: the overlay's own messages. */
static bool is_of_overlay(const struct hip_input *in)
{
	const uint8_t *b = in->bytes;

	return in->len >= PORT_OFFSET + 2 && b[NEXT_HEADER_OFFSET] == UDP &&
	       (b[PORT_OFFSET] << 8 | b[PORT_OFFSET + 1]) == OVERLAY_PORT;
}

bool seek_is_possible(const struct host *h, const struct hip_input *in)
{
	return h->admits && h->sought < SOUGHT_MAX && !is_of_overlay(in);
}

void seek_begin(struct host *h, struct assoc *a)
{
	exchange_i_begin_seeking(h, a);
	if (!a->exchange)
		return;
	(void)outputs_add(&h->out, HIP_OUT_WANT, &a->hit);
	seek_on_peer(h, a); /* its rendezvous servers may be known */
}

static void take_hints(struct exchange *x, const struct hip_input *in)
{
	size_t n = in->n_locators < HINTS_MAX ? in->n_locators : HINTS_MAX;

	memcpy(x->hints.locators, in->locators, n * sizeof(*in->locators));
	x->hints.n = n;
}

void seek_beside(struct host *h, const struct assoc *a)
{
	if (a->exchange && !host_has_good_locator(h, a))
		(void)outputs_add(&h->out, HIP_OUT_WANT, &a->hit);
}

static bool is_sought(const struct assoc *a)
{
	return a && a->exchange && a->exchange->phase == EXCHANGE_SEEKING;
}

/* All that is found is better than what nobody vouches for. */
static void on_found_beside(struct host *h, struct assoc *a,
			    const struct hip_input *in)
{
	if (!a || !a->exchange || in->n_locators == 0 ||
	    host_has_good_locator(h, a))
		return; /* late, or nobody asked */
	take_hints(a->exchange, in);
	exchange_i_on_found(h, a->exchange);
}

void seek_on_found(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);

	if (a && in->known_ms > 0)
		admit_know(h, a, in->known_ms);
	if (!is_sought(a)) {
		on_found_beside(h, a, in);
		return;
	}
	if (in->n_locators == 0) {
		exchange_i_fail(h, a,
				"no locator is known for this HIT, nor does "
				"the overlay know one");
		if (a->state == ASSOC_FAILED)
			timers_set(&h->timers, &a->timer,
				   h->now_ms + SEEK_AGAIN_MS);
		return;
	}
	take_hints(a->exchange, in);
	/* It may call back; but who proves nothing does not stay. */
	if (in->known_ms == 0)
		admit_know(h, a, FOUND_UNPROVEN_MS);
	exchange_i_begin_found(h, a);
}

void seek_on_peer(struct host *h, struct assoc *a)
{
	struct locator first;

	if (is_sought(a) && rendezvous_place(h, a, 0, &first))
		exchange_i_begin_found(h, a);
}

const char *seek_silence(const struct host *h, const struct assoc *a)
{
	struct locator first;

	if (rendezvous_has_servers(h, &a->hit))
		return "neither the peer nor its rendezvous server answers";
	if (host_locator(h, a, 0, &first) && first.port == 0)
		return "the peer does not answer IP protocol 139; a peer with "
		       "transport = udp needs a locator with a port";
	return "the peer does not answer";
}
