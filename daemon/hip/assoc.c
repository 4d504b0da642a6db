/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Associations: what all their states have in common. Which packet leads
 * from one state to the next is written in exchange_i, exchange_r and close.
 */
#include "daemon/hip/assoc.h"

#include "daemon/hip/host_impl.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *assoc_state_text(enum assoc_state state)
{
	switch (state) {
	case ASSOC_UNASSOCIATED:
		return "unassociated";
	case ASSOC_I1_SENT:
		return "i1-sent";
	case ASSOC_I2_SENT:
		return "i2-sent";
	case ASSOC_R2_SENT:
		return "r2-sent";
	case ASSOC_ESTABLISHED:
		return "established";
	case ASSOC_CLOSING:
		return "closing";
	case ASSOC_CLOSED:
		return "closed";
	case ASSOC_FAILED:
		return "failed";
	}
	return "unknown";
}

struct assoc *assoc_find(const struct host *h, const struct hit *hit)
{
	return table_find(&h->assocs, hit);
}

static bool is_dead(const struct assoc *a)
{
	return a->state == ASSOC_CLOSED || a->state == ASSOC_FAILED;
}

static void remove_timers(struct host *h, struct assoc *a)
{
	pathmtu_free(h, a);
	timers_remove(&h->timers, &a->rekeys.timer);
	timers_remove(&h->timers, &a->updates.timer);
	timers_remove(&h->timers, &a->timer);
}

/* A known peer needs a place more than any stranger does. */
static void make_room(struct host *h, bool is_known)
{
	struct assoc *victim = TAILQ_FIRST(&h->dead);

	if (!victim)
		victim = strangers_find_idlest(h, is_known);
	if (victim)
		assoc_forget(h, victim, "its place was needed for another");
}

struct assoc *assoc_new(struct host *h, const struct hit *hit, bool is_known)
{
	struct assoc *a;

	if (table_count(&h->assocs) >= h->conf.assoc_max)
		make_room(h, is_known);
	if (table_count(&h->assocs) >= h->conf.assoc_max)
		return NULL;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->hit = *hit;
	a->state = ASSOC_UNASSOCIATED;
	TAILQ_INIT(&a->rekeys.old);
	if (timers_add(&h->timers, &a->timer, a, TIMER_ASSOC) ||
	    timers_add(&h->timers, &a->updates.timer, a, TIMER_UPDATE) ||
	    timers_add(&h->timers, &a->rekeys.timer, a, TIMER_REKEY) ||
	    table_add(&h->assocs, &a->node, &a->hit, a)) {
		remove_timers(h, a);
		free(a);
		return NULL;
	}
	return a;
}

/* Its SAs end with the host: nobody is told. */
static void silence(struct agreed *g)
{
	if (g)
		g->sa->has_in = g->sa->has_out = false;
}

void assoc_free(struct host *h, struct assoc *a)
{
	silence(a->agreed);
	silence(a->exchange ? a->exchange->agreed : NULL);
	rekey_silence(a);
	strangers_remove(h, a);
	exchange_i_drop(h, a);
	if (is_dead(a))
		TAILQ_REMOVE(&h->dead, a, dead);
	updates_forget(h, a);
	rekey_forget(h, a);
	agreed_free(h, a->agreed);
	pending_clear(&a->pending, &h->pending_total);
	assoc_clear_reply(a);
	remove_timers(h, a);
	table_remove(&h->assocs, &a->node);
	free(a);
}

void assoc_forget(struct host *h, struct assoc *a, const char *reason)
{
	exchange_i_drop(h, a);
	assoc_drop_keys(h, a);
	assoc_return_pending(h, a, reason);
	assoc_set_state(h, a, ASSOC_UNASSOCIATED);
	assoc_free(h, a);
}

void assoc_set_state(struct host *h, struct assoc *a, enum assoc_state state)
{
	struct hip_output *out;

	if (a->state == state)
		return;
	if (is_dead(a))
		TAILQ_REMOVE(&h->dead, a, dead);
	a->state = state;
	a->changed_ms = h->now_ms;
	if (is_dead(a))
		TAILQ_INSERT_TAIL(&h->dead, a, dead);
	if (state != ASSOC_ESTABLISHED)
		a->since_ms = 0;
	out = outputs_add(&h->out, HIP_OUT_PEER, &a->hit);
	out->state = state;
	if (state == ASSOC_FAILED)
		out->reason = a->reason;
}

/*
 * What there was is over, but for its inbound SA: the peer may not know yet,
 * and what it sent is on its way (RFC 7402 3.3.3).
 */
static void replace_keys(struct host *h, struct assoc *a)
{
	struct sa_pair *sa = a->agreed->sa;

	updates_forget(h, a);
	rekey_abandon(h, a);
	a->agreed->sa = NULL;
	if (sa->has_in) {
		rekey_retire(h, a, sa);
	} else {
		sa_pair_close_out(h, sa, &a->hit);
		sa_pair_free(h, sa);
	}
	agreed_free(h, a->agreed);
}

int assoc_prepare(struct host *h, struct assoc *a, const struct agreed *agreed,
		  const struct hip_input *in)
{
	/* A certificate says more than that it was sought. */
	if (agreed->known_until_ms > 0)
		a->known_until_ms = agreed->known_until_ms;
	if (!host_is_known(h, &a->hit))
		return strangers_count(h, a, &in->remote);
	strangers_remove(h, a); /* it has become known */
	return 0;
}

int assoc_adopt(struct host *h, struct assoc *a, struct agreed *agreed,
		const struct hip_input *in)
{
	/* A peer may choose the same SPI again: then the old one goes first. */
	bool same = a->agreed && a->agreed->sa->spi_out == agreed->sa->spi_out;
	bool stays;
	int err;

	if (same)
		sa_pair_close_out(h, a->agreed->sa, &a->hit);
	err = agreed_open_out(h, agreed, &a->hit, &in->local, &in->remote);
	if (err)
		return err;
	if (a->agreed)
		replace_keys(h, a);
	stays = locator_equal(&a->remote, &in->remote) &&
		locator_equal(&a->local, &in->local) && a->raw == in->raw;
	a->agreed = agreed;
	a->local = in->local;
	a->remote = in->remote;
	a->raw = in->raw;
	a->used_ms = h->now_ms;
	rekey_start_over(h, a);
	assoc_hear(h, a);
	a->reason = NULL;
	a->wants_close = false;
	a->has_nonce = false;
	pathmtu_start(h, a, stays);
	return 0;
}

void assoc_drop_keys(struct host *h, struct assoc *a)
{
	if (!a->agreed)
		return;
	assoc_close_sas(h, a);
	agreed_free(h, a->agreed);
	a->agreed = NULL;
}

void assoc_close_sas(struct host *h, struct assoc *a)
{
	updates_forget(h, a);
	rekey_forget(h, a);
	agreed_close(h, a->agreed, &a->hit);
}

void assoc_establish(struct host *h, struct assoc *a)
{
	assoc_set_state(h, a, ASSOC_ESTABLISHED);
	a->since_ms = h->now_ms;
	rekey_on_established(h, a);
	h->counters.exchanges_completed++;
	timers_set(&h->timers, &a->timer, admit_end_ms(h, a));
}

void assoc_hear(struct host *h, struct assoc *a)
{
	a->heard_ms = h->now_ms;
	a->is_suspect = false;
	strangers_hear(h, a);
}

/* As RFC 6298 2 smooths it; without its variance, as RFC 7401 6.11. */
void assoc_measure_rtt(struct assoc *a, uint64_t ms)
{
	uint32_t rtt = ms < RTO_MAX_MS ? (uint32_t)ms : RTO_MAX_MS;

	if (rtt == 0)
		rtt = 1;
	a->rtt_ms = a->rtt_ms ? (7 * a->rtt_ms + rtt) / 8 : rtt;
}

/* Hands out all that wait as outputs of one kind. */
static void give_pending(struct host *h, struct assoc *a,
			 enum hip_output_kind kind, const char *reason)
{
	struct pending_packet *p;

	while ((p = pending_take(&a->pending, &h->pending_total))) {
		struct hip_output *out = outputs_add(&h->out, kind, &a->hit);

		out->reason = reason;
		outputs_own(&h->out, p, p->bytes, p->len);
	}
}

void assoc_inject_pending(struct host *h, struct assoc *a)
{
	give_pending(h, a, HIP_OUT_INJECT, NULL);
}

void assoc_return_pending(struct host *h, struct assoc *a, const char *reason)
{
	give_pending(h, a, HIP_OUT_UNREACHABLE, reason);
}

int assoc_set_reply(struct assoc *a, const struct packet_out *p)
{
	size_t len = packet_len(p);
	uint8_t *copy = malloc(len);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, p->bytes, len);
	assoc_clear_reply(a);
	a->reply = copy;
	a->reply_len = len;
	return 0;
}

void assoc_send_reply(struct host *h, struct assoc *a)
{
	assert(a->reply);
	a->replied_ms = h->now_ms;
	host_send(h, &a->hit, a->reply, a->reply_len, &a->local, &a->remote,
		  a->raw);
}

void assoc_clear_reply(struct assoc *a)
{
	free(a->reply);
	a->reply = NULL;
	a->reply_len = 0;
}
