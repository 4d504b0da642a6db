/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What asks for an association.
 */
#include "daemon/hip/demand.h"

#include "daemon/hip/host_impl.h"
#include "daemon/hip/rendezvous.h"
#include "daemon/hip/seek.h"
#include "daemon/hip/suite.h"
#include "daemon/hip/update.h"

/* Gives a packet back, and tells why nothing comes of it. */
static void refuse(struct host *h, const struct hip_input *in,
		   const char *reason)
{
	struct hip_output *out = outputs_add(&h->out, HIP_OUT_PEER, &in->hit);

	out->state = ASSOC_FAILED;
	out->reason = reason;
	if (in->len == 0)
		return;
	out = outputs_add_bytes(&h->out, HIP_OUT_UNREACHABLE, &in->hit,
				in->bytes, in->len);
	if (out)
		out->reason = reason;
}

static void stage(struct host *h, struct assoc *a, const struct hip_input *in)
{
	if (in->len == 0)
		return;
	if (pending_add(&a->pending, &h->pending_total, in->bytes, in->len))
		h->counters.staged_dropped++;
	else
		h->counters.staged_packets++;
}

/* Is there any place to look for it, but for its rendezvous servers? */
static bool can_be_found(const struct host *h, const struct hit *hit,
			 const struct assoc *a)
{
	const struct peer *p = peers_find(&h->peers, hit);

	return (p && p->n_locators > 0) ||
	       (a && !locator_is_unspecified(&a->remote) &&
		host_lets_in(h, hit));
}

/* The association for a packet that needs a new exchange, or why not. */
static struct assoc *assoc_for_exchange(struct host *h, const struct hit *hit,
					const char **refusal)
{
	struct assoc *a = assoc_find(h, hit);

	if (!can_be_found(h, hit, a) && !rendezvous_has_servers(h, hit)) {
		*refusal = "no locator is known for this HIT";
		return NULL;
	}
	if (!a)
		a = assoc_new(h, hit, peers_find(&h->peers, hit));
	if (!a)
		*refusal = "too many associations";
	return a;
}

/* Somebody else may know where it is: the packet waits for that. */
static void seek(struct host *h, struct assoc *a, const struct hip_input *in)
{
	if (!a)
		a = assoc_new(h, &in->hit, peers_find(&h->peers, &in->hit));
	if (!a) {
		refuse(h, in, "too many associations");
		return;
	}
	stage(h, a, in);
	seek_begin(h, a); /* may give the packet back and free a */
}

/* RFC 7401 6.1, step 3. */
void demand_on_acquire(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);
	const char *refusal;

	if (!hit_is_hit(&in->hit) || hit_equal(&in->hit, &h->hit)) {
		refuse(h, in, "not the HIT of a peer");
		return;
	}
	if (!suite_is_known(hit_suite(&in->hit))) {
		refuse(h, in, "this kind of HIT is not supported");
		return;
	}
	if (a && a->agreed && a->agreed->sa->has_out) {
		a->used_ms = h->now_ms;
		if (in->len > 0) /* lost with the memory for it */
			(void)outputs_add_bytes(&h->out, HIP_OUT_INJECT,
						&a->hit, in->bytes, in->len);
		return;
	}
	if (a && a->exchange) {
		stage(h, a, in);
		return;
	}
	if (a && a->state == ASSOC_FAILED) {
		refuse(h, in, a->reason);
		return;
	}
	if (!can_be_found(h, &in->hit, a) && seek_is_possible(h, in)) {
		seek(h, a, in);
		return;
	}
	a = assoc_for_exchange(h, &in->hit, &refusal);
	if (!a) {
		refuse(h, in, refusal);
		return;
	}
	stage(h, a, in);
	exchange_i_begin(h, a); /* may give the packet back and free a */
	a = assoc_find(h, &in->hit);
	if (a && seek_is_possible(h, in))
		seek_beside(h, a);
}

void demand_on_new_place(struct host *h, struct assoc *a,
			 const struct hip_input *in)
{
	if (a->state != ASSOC_ESTABLISHED || a->exchange ||
	    locator_equal(&in->remote, &a->remote))
		return;
	exchange_i_begin(h, a);
	if (a->exchange && a->exchange->phase == EXCHANGE_I1)
		exchange_i_on_i1(h, a, in); /* there it is to be found now */
}

/*
 * RFC 7401 4.3, third case: a peer sends ESP that we cannot know. One of us
 * has lost the association, or somebody sends a recorded packet. Where we
 * believe to have it and nothing that we understand came for a while, the
 * peer is asked; a new exchange follows when it does not answer.
 */
void demand_on_unknown_spi(struct host *h, const struct hip_input *in)
{
	struct peer *p = peers_find_by_locator(&h->peers, &in->remote);
	struct assoc *a = p ? assoc_find(h, &p->hit) : NULL;
	const char *refusal;

	if (!p || h->now_ms < p->unknown_spi_ms)
		return;
	if (a && (a->exchange || a->state == ASSOC_R2_SENT ||
		  a->state == ASSOC_CLOSING || a->state == ASSOC_CLOSED))
		return;
	if (a && a->state == ASSOC_ESTABLISHED &&
	    h->now_ms - a->heard_ms < SETTLE_MS)
		return;
	p->unknown_spi_ms = h->now_ms + UNKNOWN_SPI_MS;
	if (a && a->state == ASSOC_ESTABLISHED) {
		update_probe(h, a);
		return;
	}
	a = assoc_for_exchange(h, &p->hit, &refusal);
	if (a)
		exchange_i_begin(h, a);
}
