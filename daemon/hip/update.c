/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * UPDATE. The checks come in order of what they cost: form, HIP_MAC, number,
 * and the signature only for one that is not a repetition. An answer is kept
 * and sent again as it is.
 */
#include "daemon/hip/update.h"

#include "daemon/hip/demand.h"
#include "daemon/hip/echoes.h"
#include "daemon/hip/exchange_r.h"
#include "daemon/hip/host_impl.h"
#include "daemon/hip/i2.h"
#include "daemon/hip/inside.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum freshness {
	UPDATE_NEW,
	UPDATE_REPEATED,
	UPDATE_OUTSIDE, /* of the window */
};

static_assert((int)UPDATE_WINDOW == 32, "as many as `taken` has bits");

/* RFC 7401 6.12.1, steps 1 and 2; ids go round. */
static enum freshness judge(const struct updates *u, uint32_t id)
{
	uint32_t ahead = id - u->expected;
	uint32_t behind = u->expected - 1 - id;

	if (ahead < UPDATE_AHEAD_MAX)
		return UPDATE_NEW;
	if (behind >= u->passed)
		return UPDATE_OUTSIDE;
	return u->taken >> behind & 1 ? UPDATE_REPEATED : UPDATE_NEW;
}

/* Step 5. */
static void record(struct updates *u, uint32_t id)
{
	uint32_t ahead = id - u->expected;

	if (ahead >= UPDATE_AHEAD_MAX) {
		u->taken |= UINT32_C(1) << (u->expected - 1 - id);
		return;
	}
	u->taken = u->taken << (ahead + 1) | 1;
	u->expected = id + 1;
	u->passed += ahead + 1;
	if (u->passed > UPDATE_WINDOW)
		u->passed = UPDATE_WINDOW;
}

/*
 * One that was refused is not recorded, since it may be of use later; but
 * whoever repeats it shall not make us verify it each time.
 */
static void refuse(struct host *h, struct updates *u, uint32_t id)
{
	struct update_refused *r = &u->refused[u->next_refused];

	u->next_refused = (u->next_refused + 1) % UPDATES_REFUSED_MAX;
	*r = (struct update_refused){ id, h->now_ms + UPDATE_REFUSED_MS };
}

static bool is_refused(const struct host *h, const struct updates *u,
		       uint32_t id)
{
	for (size_t i = 0; i < UPDATES_REFUSED_MAX; i++) {
		if (u->refused[i].id == id &&
		    h->now_ms < u->refused[i].until_ms)
			return true;
	}
	return false;
}

static struct update_sent *find_sent(struct updates *u, uint32_t id)
{
	for (size_t i = 0; i < UPDATES_OUT_MAX; i++) {
		if (u->sent[i].bytes && u->sent[i].id == id)
			return &u->sent[i];
	}
	return NULL;
}

static struct update_sent *find_free(struct updates *u)
{
	for (size_t i = 0; i < UPDATES_OUT_MAX; i++) {
		if (!u->sent[i].bytes)
			return &u->sent[i];
	}
	return NULL;
}

static void set_timer(struct host *h, struct assoc *a)
{
	uint64_t due = TIMERS_NEVER;

	for (size_t i = 0; i < UPDATES_OUT_MAX; i++) {
		const struct update_sent *s = &a->updates.sent[i];

		if (s->bytes && s->due_ms < due)
			due = s->due_ms;
	}
	timers_set(&h->timers, &a->updates.timer, due);
}

static void settle(struct host *h, struct assoc *a, struct update_sent *s)
{
	free(s->bytes);
	*s = (struct update_sent){ 0 };
	set_timer(h, a);
}

void update_settle(struct host *h, struct assoc *a, uint32_t id)
{
	struct update_sent *s = find_sent(&a->updates, id);

	if (s)
		settle(h, a, s);
}

void updates_forget(struct host *h, struct assoc *a)
{
	struct updates *u = &a->updates;
	struct timer timer;

	for (size_t i = 0; i < UPDATES_OUT_MAX; i++)
		free(u->sent[i].bytes);
	free(u->answer);
	pathmtu_stop(h, a);
	timers_cancel(&h->timers, &u->timer);
	timer = u->timer;
	*u = (struct updates){ .timer = timer };
}

static uint8_t *copy_of(const struct packet_out *p)
{
	uint8_t *copy = malloc(packet_len(p));

	if (copy)
		memcpy(copy, p->bytes, packet_len(p));
	return copy;
}

/* RFC 6261 3.2: a peer that wants another mode is told the one in use. */
static void write_mode(const struct assoc *a, struct packet_out *p)
{
	struct transport_mode mode = {
		.modes = { .ids = { a->agreed->inside
					    ? TRANSPORT_MODE_ESP
					    : TRANSPORT_MODE_DEFAULT },
			   .n = 1 }
	};

	transport_mode_write(p, &mode);
}

/* RFC 7401 5.3.5, in the order of types. 0, -EIO or -ENOSPC. */
static int write_update(struct host *h, const struct assoc *a,
			const struct update_draft *draft, struct packet_out *p)
{
	struct ack_list acks = { .ids = { draft->ack }, .n = 1 };
	int err;

	packet_begin(p, HIP_UPDATE, 0, &h->hit, &a->hit);
	if (draft->esp_info)
		esp_info_write(p, draft->esp_info);
	if (draft->has_seq)
		seq_write(p, draft->id);
	if (draft->has_ack)
		ack_write(p, &acks);
	if (draft->dh) {
		struct dh_param value = { .group = dh_group(draft->dh) };

		value.value = dh_public(draft->dh, &value.len);
		dh_param_write(p, &value);
	}
	if (draft->nonce)
		packet_param(p, PARAM_ECHO_REQUEST_SIGNED, draft->nonce,
			     UPDATE_NONCE_LEN);
	if (draft->asks)
		echoes_write_signed(p, draft->asks);
	if (draft->asks && packet_find(draft->asks, PARAM_HIP_TRANSPORT_MODE))
		write_mode(a, p);
	err = host_protect(h, a->agreed, p);
	if (err)
		return err;
	if (draft->asks)
		echoes_write_unsigned(p, draft->asks);
	return packet_fix_length(p) ? 0 : -ENOSPC;
}

/* RFC 7401 6.11, step 3: 2 * RTT, where that is known. */
static uint32_t first_rto_ms(const struct assoc *a)
{
	uint32_t rto = a->rtt_ms ? 2 * a->rtt_ms : RTO_FIRST_MS;

	return rto > UPDATE_RTO_MIN_MS ? rto : UPDATE_RTO_MIN_MS;
}

/* Keeps the packet until it is acknowledged. */
static int keep_sent(struct host *h, struct assoc *a,
		     const struct update_draft *draft,
		     const struct packet_out *p)
{
	struct update_sent *s = find_free(&a->updates);
	uint8_t *copy = s ? copy_of(p) : NULL;

	if (!copy)
		return s ? -ENOMEM : -ENOBUFS;
	*s = (struct update_sent){ .bytes = copy,
				   .len = (uint16_t)packet_len(p),
				   .id = draft->id,
				   .sends = 1,
				   .sends_max = draft->nonce
							? PROBE_SENDS_MAX
							: UPDATE_RETRY_MAX + 1,
				   .first_ms = h->now_ms,
				   .rto_ms = first_rto_ms(a) };
	s->due_ms = h->now_ms + s->rto_ms;
	if (draft->nonce)
		memcpy(s->nonce, draft->nonce, sizeof(s->nonce));
	set_timer(h, a);
	return 0;
}

/* Writes it; one with a SEQ gets its number and is kept. */
static int make(struct host *h, struct assoc *a, struct update_draft *draft,
		struct packet_out *p)
{
	int err;

	if (draft->has_seq && !find_free(&a->updates))
		return -ENOBUFS;
	draft->id = a->updates.next_id;
	err = write_update(h, a, draft, p);
	if (!err && draft->has_seq)
		err = keep_sent(h, a, draft, p);
	if (!err && draft->has_seq)
		a->updates.next_id++;
	return err;
}

int update_send(struct host *h, struct assoc *a, struct update_draft *draft)
{
	struct packet_out p;
	int err;

	draft->has_seq = true;
	err = make(h, a, draft, &p);
	if (err)
		return err;
	if (draft->is_rekey) /* RFC 6261 4: outside what it replaces */
		host_send(h, &a->hit, p.bytes, packet_len(&p), &a->local,
			  &a->remote, a->raw);
	else
		inside_send(h, a, p.bytes, packet_len(&p));
	return 0;
}

static void send_again(struct host *h, struct assoc *a, struct update_sent *s)
{
	s->sends++;
	s->rto_ms *= 2;
	if (s->rto_ms > RTO_MAX_MS)
		s->rto_ms = RTO_MAX_MS;
	s->due_ms = h->now_ms + s->rto_ms;
	h->counters.retransmitted++;
	host_send(h, &a->hit, s->bytes, s->len, &a->local, &a->remote, a->raw);
}

void update_probe(struct host *h, struct assoc *a)
{
	struct update_draft draft = { 0 };
	uint8_t nonce[UPDATE_NONCE_LEN];

	/* Whatever waits for an answer is a probe from now on. */
	for (size_t i = 0; i < UPDATES_OUT_MAX; i++) {
		struct update_sent *s = &a->updates.sent[i];

		if (!s->bytes)
			continue;
		if (s->sends_max > s->sends + PROBE_SENDS_MAX) {
			s->sends_max = s->sends + PROBE_SENDS_MAX;
			send_again(h, a, s);
			set_timer(h, a);
		}
		return;
	}
	env_random(&h->conf.env, nonce, sizeof(nonce));
	draft.nonce = nonce;
	if (update_send(h, a, &draft))
		h->counters.drops[DROP_INTERNAL]++; /* no memory, no probe */
}

/* RFC 7401 6.11, step 4: the association is believed broken. */
static void give_up(struct host *h, struct assoc *a)
{
	a->is_suspect = true;
	for (size_t i = 0; i < UPDATES_OUT_MAX; i++) {
		if (a->updates.sent[i].bytes)
			settle(h, a, &a->updates.sent[i]);
	}
	if (!a->exchange)
		exchange_i_begin(h, a);
}

void updates_on_timer(struct host *h, struct assoc *a)
{
	for (size_t i = 0; i < UPDATES_OUT_MAX; i++) {
		struct update_sent *s = &a->updates.sent[i];

		if (!s->bytes || s->due_ms > h->now_ms)
			continue;
		if (s->sends >= s->sends_max) {
			give_up(h, a);
			return;
		}
		send_again(h, a, s);
	}
	set_timer(h, a);
}

/* Does it acknowledge one that waits? */
static bool acks_any(const struct assoc *a, const struct msg_update *msg)
{
	for (size_t i = 0; i < msg->acks.n; i++) {
		if (pathmtu_waits_for(a, msg->acks.ids[i]))
			return true;
		for (size_t j = 0; j < UPDATES_OUT_MAX; j++) {
			const struct update_sent *s = &a->updates.sent[j];

			if (s->bytes && s->id == msg->acks.ids[i])
				return true;
		}
	}
	return false;
}

/*
 * An answer to a probe echoes its nonce. An implementation that leaves the
 * echo out has acknowledged all the same.
 */
static enum drop check_echo(const struct assoc *a, const struct packet *p,
			    const struct msg_update *msg)
{
	const struct param *echo = packet_find(p, PARAM_ECHO_RESPONSE_SIGNED);

	for (size_t i = 0; echo && i < UPDATES_OUT_MAX; i++) {
		const struct update_sent *s = &a->updates.sent[i];

		if (s->bytes && msg->acks.n == 1 && s->id == msg->acks.ids[0] &&
		    echo->len == sizeof(s->nonce))
			return sodium_memcmp(echo->body, s->nonce, echo->len)
				       ? DROP_ECHO
				       : DROP_NONE;
	}
	return DROP_NONE; /* it answers something older */
}

/* RFC 7401 6.12.2, step 4. */
static void take_acks(struct host *h, struct assoc *a,
		      const struct msg_update *msg)
{
	for (size_t i = 0; i < msg->acks.n; i++) {
		struct update_sent *s =
			find_sent(&a->updates, msg->acks.ids[i]);

		pathmtu_on_ack(h, a, msg->acks.ids[i]);
		if (!s)
			continue;
		if (s->sends == 1) /* else nobody knows which one it answers */
			assoc_measure_rtt(a, h->now_ms - s->first_ms);
		settle(h, a, s);
		rekey_on_ack(h, a, msg->acks.ids[i]);
	}
}

/* Keeps an answer; without memory for it the next repetition makes one. */
static void keep_answer(struct updates *u, const struct packet_out *p,
			uint32_t id)
{
	free(u->answer);
	u->answer = copy_of(p);
	u->answer_len = packet_len(p);
	u->answer_id = id;
}

/* RFC 7401 6.12.1, step 6: to where the question came from. */
static enum drop answer(struct host *h, struct assoc *a,
			struct update_draft *draft, const struct hip_input *in)
{
	struct packet_out p;

	if (make(h, a, draft, &p))
		return DROP_INTERNAL;
	keep_answer(&a->updates, &p, draft->ack);
	a->updates.answered_ms = h->now_ms;
	/* Our SA leads to where the peer was, not to where it may be now. */
	if (in->inside && !draft->is_rekey &&
	    locator_equal(&in->remote, &a->remote))
		inside_send(h, a, p.bytes, packet_len(&p));
	else
		host_send(h, &a->hit, p.bytes, packet_len(&p), &in->local,
			  &in->remote, in->raw);
	return DROP_NONE;
}

/*
 * Step 2: the acknowledgement once more, and to the peer's place as we know
 * it, whoever sent the repetition.
 */
static enum drop answer_again(struct host *h, struct assoc *a, uint32_t id)
{
	struct updates *u = &a->updates;
	struct update_draft draft = { .has_ack = true, .ack = id };
	struct packet_out p;

	if (h->now_ms - u->answered_ms < R2_REPEAT_MS)
		return DROP_RATE;
	u->answered_ms = h->now_ms;
	h->counters.retransmitted++;
	if (!u->answer || u->answer_id != id) {
		if (make(h, a, &draft, &p))
			return DROP_INTERNAL;
		keep_answer(u, &p, id);
	}
	if (u->answer)
		host_send(h, &a->hit, u->answer, u->answer_len, &a->local,
			  &a->remote, a->raw);
	return DROP_NONE;
}

/* Genuine, and not seen before: RFC 7401 6.12, steps 2 to 4. */
static enum drop take(struct host *h, struct assoc *a, const struct arrival *m,
		      const struct msg_update *msg, bool is_new)
{
	struct update_draft draft = { .has_ack = true,
				      .ack = msg->seq,
				      .asks = &m->packet };
	enum drop d;

	exchange_r_on_proof(h, a); /* table 5: data or UPDATE */
	take_acks(h, a, msg);
	if (!is_new)
		return DROP_NONE;
	d = msg->has_esp_info ? rekey_on_update(h, a, msg, &draft) : DROP_NONE;
	if (d != DROP_NONE)
		return d;
	d = answer(h, a, &draft, m->in);
	if (d == DROP_NONE)
		record(&a->updates, msg->seq);
	else if (draft.is_rekey)
		rekey_abandon(h, a);
	if (d == DROP_NONE && !draft.is_rekey)
		demand_on_new_place(h, a, m->in);
	return d;
}

enum drop update_on_packet(struct host *h, const struct arrival *m)
{
	const struct packet *p = &m->packet;
	struct assoc *a = assoc_find(h, &p->sender);
	enum freshness fresh = UPDATE_REPEATED; /* one without a number */
	struct msg_update msg;
	enum drop d;

	if (!a || !a->agreed ||
	    (a->state != ASSOC_R2_SENT && a->state != ASSOC_ESTABLISHED))
		return DROP_STATE;
	d = msg_update_parse(p, &msg);
	if (d == DROP_NONE)
		d = protect_check_mac(p, a->agreed->keymat.hit_suite,
				      a->agreed->keys.mac_in);
	if (d != DROP_NONE)
		return d;
	if (msg.has_seq)
		fresh = judge(&a->updates, msg.seq);
	if (fresh == UPDATE_OUTSIDE)
		return DROP_UPDATE_ID;
	if (fresh == UPDATE_REPEATED && !acks_any(a, &msg))
		return msg.has_seq ? answer_again(h, a, msg.seq)
				   : DROP_UPDATE_ID;
	if (fresh == UPDATE_NEW && is_refused(h, &a->updates, msg.seq))
		return DROP_RATE;
	d = host_check_signature(h, a, p, a->agreed);
	if (d != DROP_NONE)
		return d;
	d = check_echo(a, p, &msg);
	if (d == DROP_NONE && fresh == UPDATE_NEW)
		d = echoes_check(p);
	if (d == DROP_NONE)
		d = take(h, a, m, &msg, fresh == UPDATE_NEW);
	if (d != DROP_NONE && fresh == UPDATE_NEW)
		refuse(h, &a->updates, msg.seq);
	return d;
}
