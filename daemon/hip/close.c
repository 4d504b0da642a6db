/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The end of an association. CLOSE is repeated for UAL + MSL (table 7) with
 * pauses that double each time, so that a peer which is gone costs little. A
 * CLOSE_ACK is kept while CLOSED and sent again for the same CLOSE.
 */
#include "daemon/hip/close.h"

#include "daemon/hip/echoes.h"
#include "daemon/hip/host_impl.h"
#include "daemon/hip/inside.h"
#include "daemon/hip/suite.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

enum { BACKOFF_DOUBLINGS_MAX = 16 };

/* Makes the CLOSE that `a` repeats from now on. */
static int make_close(struct host *h, struct assoc *a)
{
	struct packet_out p;
	int err;

	packet_begin(&p, HIP_CLOSE, 0, &h->hit, &a->hit);
	packet_param(&p, PARAM_ECHO_REQUEST_SIGNED, a->nonce, sizeof(a->nonce));
	err = host_protect(h, a->agreed, &p);
	return err ? err : assoc_set_reply(a, &p);
}

/*
 * The CLOSE goes inside the SA that it ends; its CLOSE_ACK may come inside an
 * inbound one, and a peer that is rekeying chooses which: all stay for that.
 */
static void send_close(struct host *h, struct assoc *a)
{
	bool inside = a->agreed->inside && a->agreed->sa->has_out;

	if (!inside)
		assoc_close_sas(h, a);
	a->replied_ms = h->now_ms;
	inside_send(h, a, a->reply, a->reply_len);
	if (!inside)
		return;
	updates_forget(h, a);
	rekey_wind_down(h, a);
	sa_pair_close_out(h, a->agreed->sa, &a->hit);
}

/* The same with the answer to a CLOSE. */
static int make_ack(struct host *h, struct assoc *a, const struct agreed *g,
		    const struct packet *close)
{
	struct packet_out p;
	int err;

	packet_begin(&p, HIP_CLOSE_ACK, 0, &h->hit, &a->hit);
	echoes_write_signed(&p, close);
	err = host_protect(h, g, &p);
	if (err)
		return err;
	echoes_write_unsigned(&p, close);
	return packet_fix_length(&p) ? assoc_set_reply(a, &p) : -ENOSPC;
}

void close_start(struct host *h, struct assoc *a)
{
	a->wants_close = false;
	if (a->state == ASSOC_CLOSING || a->state == ASSOC_CLOSED)
		return;
	exchange_i_hand_over(h, a);
	env_random(&h->conf.env, a->nonce, sizeof(a->nonce));
	a->has_nonce = true;
	if (!a->agreed || make_close(h, a)) {
		assoc_forget(h, a, "the association was closed");
		return;
	}
	send_close(h, a);
	assoc_return_pending(h, a, "the association was closed");
	assoc_set_state(h, a, ASSOC_CLOSING);
	a->sends = 1;
	timers_set(&h->timers, &a->timer, h->now_ms + RTO_FIRST_MS);
}

void close_on_timer(struct host *h, struct assoc *a)
{
	uint64_t over = a->changed_ms + h->conf.idle_ms + MSL_MS;
	unsigned int doublings = a->sends < BACKOFF_DOUBLINGS_MAX
					 ? a->sends
					 : BACKOFF_DOUBLINGS_MAX;
	uint64_t next = h->now_ms + ((uint64_t)RTO_FIRST_MS << doublings);

	if (a->state == ASSOC_CLOSED || h->now_ms >= over) {
		assoc_forget(h, a, NULL);
		return;
	}
	a->sends++;
	h->counters.retransmitted++;
	assoc_close_sas(h, a); /* the answer to this one comes outside */
	assoc_send_reply(h, a);
	timers_set(&h->timers, &a->timer, next < over ? next : over);
}

/* The keys that a packet of this peer may be protected with, or NULL. */
static struct agreed *keys_for_close(const struct assoc *a)
{
	if (!a)
		return NULL;
	if (a->agreed)
		return a->agreed;
	return a->exchange ? a->exchange->agreed : NULL; /* table 4 */
}

/* Is the CLOSE_ACK that is kept the answer to this echo? */
static bool is_acked(const struct assoc *a, const struct param *echo)
{
	const struct param *sent;
	struct packet p;

	if (a->state != ASSOC_CLOSED || !a->reply ||
	    packet_parse(a->reply, a->reply_len, &p, NULL))
		return false;
	sent = packet_find(&p, PARAM_ECHO_RESPONSE_SIGNED);
	return sent && sent->len == echo->len &&
	       memcmp(sent->body, echo->body, echo->len) == 0;
}

static enum drop repeat_ack(struct host *h, struct assoc *a)
{
	if (h->now_ms - a->replied_ms < R2_REPEAT_MS)
		return DROP_RATE;
	h->counters.retransmitted++;
	assoc_send_reply(h, a);
	return DROP_NONE;
}

/* The CLOSE is genuine: answer it and go to CLOSED. */
static enum drop accept_close(struct host *h, struct assoc *a,
			      const struct arrival *m)
{
	const struct hip_input *in = m->in;
	bool has_moved = !locator_equal(&in->remote, &a->remote);

	if (make_ack(h, a, keys_for_close(a), &m->packet))
		return DROP_INTERNAL; /* the peer asks again */
	exchange_i_hand_over(h, a);
	a->local = in->local;
	a->remote = in->remote;
	a->raw = in->raw;
	a->replied_ms = h->now_ms;
	/* As it came; its repetitions, and to another place, outside. */
	if (in->inside && !has_moved)
		inside_send(h, a, a->reply, a->reply_len);
	else
		assoc_send_reply(h, a);
	assoc_close_sas(h, a);
	assoc_return_pending(h, a, "the peer closed the association");
	assoc_set_state(h, a, ASSOC_CLOSED);
	timers_set(&h->timers, &a->timer,
		   h->now_ms + h->conf.idle_ms + 2 * MSL_MS);
	return DROP_NONE;
}

enum drop close_on_close(struct host *h, const struct arrival *m)
{
	const struct packet *p = &m->packet;
	struct assoc *a = assoc_find(h, &p->sender);
	const struct agreed *g = keys_for_close(a);
	const struct param *echo = packet_find(p, PARAM_ECHO_REQUEST_SIGNED);
	enum drop d;

	if (!g)
		return DROP_STATE;
	if (!echo)
		return DROP_PARAM_MISSING;
	d = echoes_check(p);
	if (d == DROP_NONE)
		d = protect_check_mac(p, g->keymat.hit_suite, g->keys.mac_in);
	if (d != DROP_NONE)
		return d;
	if (is_acked(a, echo))
		return repeat_ack(h, a);
	d = host_check_signature(h, a, p, g);
	return d == DROP_NONE ? accept_close(h, a, m) : d;
}

enum drop close_on_ack(struct host *h, const struct arrival *m)
{
	const struct packet *p = &m->packet;
	struct assoc *a = assoc_find(h, &p->sender);
	const struct param *echo = packet_find(p, PARAM_ECHO_RESPONSE_SIGNED);
	enum drop d;

	if (!a || !a->has_nonce || !a->agreed ||
	    (a->state != ASSOC_CLOSING && a->state != ASSOC_CLOSED))
		return DROP_STATE;
	if (!echo)
		return DROP_PARAM_MISSING;
	if (echo->len != sizeof(a->nonce) ||
	    sodium_memcmp(echo->body, a->nonce, sizeof(a->nonce)) != 0)
		return DROP_ECHO;
	d = protect_check_mac(p, a->agreed->keymat.hit_suite,
			      a->agreed->keys.mac_in);
	if (d == DROP_NONE)
		d = host_check_signature(h, a, p, a->agreed);
	if (d == DROP_NONE)
		assoc_forget(h, a, NULL);
	return d;
}
