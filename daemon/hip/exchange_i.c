/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The Initiator's side of a base exchange. A packet is sent again, the same
 * bytes, after RTO_FIRST_MS, and then after twice the time up to RTO_MAX_MS.
 * When several I2s stay unanswered, I1s go beside them: the R1 that we
 * answered may have been an old one (RFC 7401 4.1.4), or the Responder has
 * restarted since.
 */
#include "daemon/hip/exchange_i.h"

#include "daemon/hip/close.h"
#include "daemon/hip/echoes.h"
#include "daemon/hip/host_impl.h"
#include "daemon/hip/i2.h"
#include "daemon/hip/notify.h"
#include "daemon/hip/rendezvous.h"
#include "daemon/hip/seek.h"
#include "daemon/hip/suite.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static uint64_t rto_ms(unsigned int sends)
{
	uint64_t rto = RTO_FIRST_MS;

	while (--sends > 0 && rto < RTO_MAX_MS)
		rto *= 2;
	return rto < RTO_MAX_MS ? rto : RTO_MAX_MS;
}

static void wait_for_answer(struct host *h, struct exchange *x)
{
	x->sends++;
	x->sent_ms = h->now_ms;
	timers_set(&h->timers, &x->timer, h->now_ms + rto_ms(x->sends));
}

/* A Responder role that is over or established is not shown as I1-SENT. */
static bool shows_exchange(const struct assoc *a)
{
	return a->state != ASSOC_ESTABLISHED && a->state != ASSOC_R2_SENT;
}

static void send_i1_to(struct host *h, struct exchange *x,
		       const struct locator *local,
		       const struct locator *remote)
{
	struct id_list groups = host_id_list(h->conf.dh, h->conf.n_dh);
	struct packet_out p;

	asked_add(&x->asked, remote);
	x->r1s = (struct pace){ 0 }; /* its R1 shall find room */
	packet_begin(&p, HIP_I1, 0, &h->hit, &x->assoc->hit);
	dh_group_list_write(&p, &groups);
	if (packet_fix_length(&p))
		host_send(h, &x->assoc->hit, p.bytes, packet_len(&p), local,
			  remote, remote->port == 0);
}

/*
 * RFC 7401 6.6: one address at a time; retransmissions go round them, and
 * round the peer's rendezvous servers.
 */
static void send_i1(struct host *h, struct exchange *x)
{
	static const struct locator unspecified;
	struct locator to;

	if (!rendezvous_place(h, x->assoc, x->i1_sends++, &to))
		return;
	send_i1_to(h, x, &unspecified, &to);
	peers_on_sent(&h->peers, &x->assoc->hit, &to, h->now_ms);
}

static void forget_bytes(struct exchange *x)
{
	free(x->bytes);
	x->bytes = NULL;
	x->len = 0;
}

/* Keeps a copy of a packet until it is answered. */
static bool keep_bytes(struct exchange *x, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len);

	if (!copy)
		return false;
	memcpy(copy, bytes, len);
	forget_bytes(x);
	x->bytes = copy;
	x->len = len;
	return true;
}

static void drop_agreed(struct host *h, struct exchange *x)
{
	if (!x->agreed)
		return;
	agreed_close(h, x->agreed, &x->assoc->hit);
	agreed_free(h, x->agreed);
	x->agreed = NULL;
}

static void free_exchange(struct host *h, struct exchange *x)
{
	if (x->phase == EXCHANGE_WAITING)
		TAILQ_REMOVE(&h->waiting, x, waiting);
	else if (x->phase == EXCHANGE_SEEKING)
		h->sought--;
	else
		h->half_open--;
	timers_remove(&h->timers, &x->timer);
	forget_bytes(x);
	x->assoc->exchange = NULL;
	free(x);
}

void exchange_i_drop(struct host *h, struct assoc *a)
{
	struct exchange *x = a->exchange;

	if (!x)
		return;
	drop_agreed(h, x);
	free_exchange(h, x);
}

void exchange_i_hand_over(struct host *h, struct assoc *a)
{
	struct exchange *x = a->exchange;

	if (!x)
		return;
	if (x->agreed && !a->agreed) {
		a->agreed = x->agreed;
		x->agreed = NULL;
		a->local = x->local;
		a->remote = x->remote;
		a->raw = x->raw;
	}
	exchange_i_drop(h, a);
}

void exchange_i_fail(struct host *h, struct assoc *a, const char *reason)
{
	h->counters.exchanges_failed++;
	exchange_i_drop(h, a);
	assoc_return_pending(h, a, reason);
	if (!shows_exchange(a)) {
		/* RFC 7401 6.11, step 4: it is broken. */
		if (a->is_suspect)
			close_start(h, a);
		return;
	}
	assoc_drop_keys(h, a);
	a->reason = reason;
	assoc_set_state(h, a, ASSOC_FAILED);
	timers_set(&h->timers, &a->timer, h->now_ms + FAILED_MS);
}

/* RFC 7401 6.6, steps 2 to 4. */
static void start(struct host *h, struct exchange *x)
{
	h->half_open++;
	x->phase = EXCHANGE_I1;
	if (shows_exchange(x->assoc))
		assoc_set_state(h, x->assoc, ASSOC_I1_SENT);
	send_i1(h, x);
	wait_for_answer(h, x);
}

/* At once, or when there is a place. */
static void start_or_wait(struct host *h, struct exchange *x)
{
	if (h->half_open < HALF_OPEN_MAX) {
		start(h, x);
		return;
	}
	x->phase = EXCHANGE_WAITING;
	TAILQ_INSERT_TAIL(&h->waiting, x, waiting);
	timers_set(&h->timers, &x->timer, h->now_ms + WAITING_MS);
}

/* NULL without memory; then `a` may be freed. */
static struct exchange *make_exchange(struct host *h, struct assoc *a)
{
	struct exchange *x = calloc(1, sizeof(*x));

	assert(!a->exchange);
	if (!x || timers_add(&h->timers, &x->timer, x, TIMER_EXCHANGE)) {
		free(x);
		if (shows_exchange(a))
			assoc_forget(h, a, "out of memory");
		return NULL;
	}
	x->assoc = a;
	a->exchange = x;
	if (shows_exchange(a)) { /* Closed or failed before: that is over. */
		timers_cancel(&h->timers, &a->timer);
		assoc_drop_keys(h, a);
		assoc_clear_reply(a);
		a->reason = NULL;
		assoc_set_state(h, a, ASSOC_UNASSOCIATED);
	}
	return x;
}

void exchange_i_begin(struct host *h, struct assoc *a)
{
	struct exchange *x = make_exchange(h, a);

	if (x)
		start_or_wait(h, x);
}

void exchange_i_begin_seeking(struct host *h, struct assoc *a)
{
	struct exchange *x = make_exchange(h, a);

	if (!x)
		return;
	x->phase = EXCHANGE_SEEKING;
	h->sought++;
	timers_set(&h->timers, &x->timer, h->now_ms + SEEK_MS);
}

void exchange_i_begin_found(struct host *h, struct assoc *a)
{
	h->sought--;
	start_or_wait(h, a->exchange);
}

void exchange_i_on_found(struct host *h, struct exchange *x)
{
	if (x->phase != EXCHANGE_I1)
		return;
	x->i1_sends = 0; /* the new ones come first */
	send_i1(h, x);
}

void exchange_i_start_waiting(struct host *h)
{
	struct exchange *x;

	while (h->half_open < HALF_OPEN_MAX &&
	       outputs_room(&h->out) >= OUTPUTS_PER_STEP &&
	       (x = TAILQ_FIRST(&h->waiting))) {
		TAILQ_REMOVE(&h->waiting, x, waiting);
		start(h, x);
	}
}

/*
 * RFC 7401 6.8, steps 1 to 3, 5 and 8: is this R1 asked for, and newer than
 * the one that was taken? While I2s stay unanswered, one of the same
 * generation may be as good.
 */
static enum drop check_fresh(const struct exchange *x, const struct msg_r1 *r1)
{
	size_t len = sizeof(x->i);

	if (x->has_counter && r1->counter.counter < x->counter)
		return DROP_R1_COUNTER;
	if (x->restarts >= EXCHANGE_RESTARTS_MAX)
		return DROP_LIMIT;
	if (x->phase == EXCHANGE_I1)
		return DROP_NONE;
	if (r1->counter.counter > x->counter)
		return DROP_NONE;
	if (x->phase == EXCHANGE_SOLVING || !x->probing)
		return DROP_STATE;
	return memcmp(x->i, r1->puzzle.i, len) == 0 ? DROP_STATE : DROP_NONE;
}

/*
 * RFC 7401 6.8, steps 10 and 4: the HIT first, it costs less. Anybody can
 * forge what comes before, so that only so many signatures are looked at; an
 * R1 follows its I1 at once, and finds most of them left.
 */
static enum drop check_signed(struct host *h, struct exchange *x,
			      const struct packet *p, const struct msg_r1 *r1)
{
	struct hi_public *pub = NULL;
	enum drop d = host_check_hi(&p->sender, &r1->host_id);

	if (d == DROP_NONE &&
	    !pace_allow(&x->r1s, R1S_AT_ONCE, R1_MS, h->now_ms))
		d = DROP_RATE;
	if (d == DROP_NONE)
		d = hi_public_parse(r1->host_id.algorithm, r1->host_id.hi,
				    r1->host_id.hi_len, &pub);
	if (d != DROP_NONE)
		return d;
	h->counters.signatures_verified++;
	d = protect_check_signature_2(p, pub);
	hi_public_free(pub);
	return d;
}

/*
 * What the R1 says is true, but does not help. RFC 7401 6.8 step 6: wait for
 * a better one, and give up when the time for it is over.
 */
static enum drop refuse(struct host *h, struct exchange *x, enum drop d,
			const struct i2_refusal *refusal,
			const struct hip_input *in)
{
	if (x->phase == EXCHANGE_I1)
		x->refusal = refusal->text;
	if (refusal->type) /* RFC 7401 5.2.19, 7402 3.3.5: R1 has verified */
		notify_send(h, &x->assoc->hit, refusal->type, in);
	return d;
}

/* RFC 7401 6.8, steps 13 to 19; RFC 7402 6.4. */
static enum drop answer(struct host *h, struct exchange *x,
			const struct packet *p, const struct msg_r1 *r1,
			const uint8_t *j)
{
	struct agreed *agreed = NULL;
	struct packet_out i2;
	enum drop d = i2_make(h, p, r1, j, &i2, &agreed);

	if (d != DROP_NONE)
		return d;
	/* ESP may overtake R2: the inbound SA is there before I2 goes. */
	if (!keep_bytes(x, i2.bytes, packet_len(&i2)) ||
	    agreed_open_in(h, agreed, &x->assoc->hit)) {
		agreed_free(h, agreed);
		return DROP_INTERNAL;
	}
	x->agreed = agreed;
	x->phase = EXCHANGE_I2;
	x->sends = 0;
	x->probing = false;
	if (shows_exchange(x->assoc))
		assoc_set_state(h, x->assoc, ASSOC_I2_SENT);
	host_send(h, &x->assoc->hit, x->bytes, x->len, &x->local, &x->remote,
		  x->raw);
	wait_for_answer(h, x);
	return DROP_NONE;
}

/* RFC 7401 6.8, step 12: the puzzle is solved elsewhere; R1 waits here. */
static enum drop ask_to_solve(struct host *h, struct exchange *x,
			      const struct packet *p, const struct msg_r1 *r1)
{
	uint64_t lifetime = puzzle_lifetime_ms(r1->puzzle.lifetime);
	struct hip_output *out;

	if (!keep_bytes(x, p->bytes, p->len))
		return DROP_INTERNAL;
	if (lifetime > SOLVE_MAX_MS)
		lifetime = SOLVE_MAX_MS;
	x->phase = EXCHANGE_SOLVING;
	x->job = ++h->last_job;
	out = outputs_add(&h->out, HIP_OUT_SOLVE, &x->assoc->hit);
	out->job = x->job;
	out->lifetime_ms = lifetime;
	out->puzzle = (struct puzzle){ .k = r1->puzzle.k,
				       .hit_suite = hit_suite(&p->sender),
				       .initiator = h->hit,
				       .responder = p->sender };
	memcpy(out->puzzle.i, r1->puzzle.i, sizeof(out->puzzle.i));
	timers_set(&h->timers, &x->timer, h->now_ms + lifetime);
	return DROP_NONE;
}

/* Everything in R1 is true and acceptable: take it, in place of another. */
static enum drop take_r1(struct host *h, struct exchange *x,
			 const struct arrival *m, const struct msg_r1 *r1)
{
	uint8_t j[RHASH_MAX] = { 0 };
	enum drop d;

	if (x->phase != EXCHANGE_I1)
		x->restarts++;
	drop_agreed(h, x);
	forget_bytes(x);
	x->phase = EXCHANGE_I1;
	if (shows_exchange(x->assoc))
		assoc_set_state(h, x->assoc, ASSOC_I1_SENT);
	x->refusal = NULL;
	memcpy(x->i, r1->puzzle.i, sizeof(x->i));
	x->local = m->in->local;
	x->remote = m->in->remote;
	x->raw = m->in->raw;
	if (r1->puzzle.k > 0)
		return ask_to_solve(h, x, &m->packet, r1);
	env_random(&h->conf.env, j,
		   suite_rhash_len(hit_suite(&m->packet.sender)));
	d = answer(h, x, &m->packet, r1, j);
	if (d != DROP_NONE) /* nor for ever in vain */
		x->restarts++;
	return d;
}

enum drop exchange_i_on_r1(struct host *h, const struct arrival *m)
{
	static const struct i2_refusal too_hard = {
		"the peer's puzzle is too hard", 0
	};
	struct assoc *a = assoc_find(h, &m->packet.sender);
	struct exchange *x = a ? a->exchange : NULL;
	struct i2_choice choice;
	struct i2_refusal refusal;
	struct msg_r1 r1;
	bool is_direct;
	enum drop d;

	if (!x || x->phase == EXCHANGE_WAITING || x->phase == EXCHANGE_SEEKING)
		return DROP_STATE;
	is_direct = asked_has(&x->asked, &m->in->remote);
	if (!is_direct && !rendezvous_brought(h, x, m))
		return DROP_PLACE;
	d = msg_r1_parse(&m->packet, &r1);
	if (d == DROP_NONE)
		d = check_fresh(x, &r1);
	if (d == DROP_NONE)
		d = echoes_check(&m->packet); /* not all of them are signed */
	if (d == DROP_NONE)
		d = check_signed(h, x, &m->packet, &r1);
	if (d != DROP_NONE)
		return d;
	x->has_counter = true; /* step 11 */
	x->counter = r1.counter.counter;
	h->counters.r1s_by_rendezvous += !is_direct;
	d = i2_choose(h, &r1, &choice, &refusal);
	if (d != DROP_NONE)
		return refuse(h, x, d, &refusal, m->in);
	if (r1.puzzle.k > PUZZLE_K_MAX)
		return refuse(h, x, DROP_PUZZLE_HARD, &too_hard, m->in);
	return take_r1(h, x, m, &r1);
}

void exchange_i_on_solved(struct host *h, const struct hip_input *in)
{
	struct assoc *a = assoc_find(h, &in->hit);
	struct exchange *x = a ? a->exchange : NULL;
	struct puzzle puzzle;
	struct packet p;
	struct msg_r1 r1;

	if (!x || x->phase != EXCHANGE_SOLVING || x->job != in->job)
		return; /* an older job */
	/* It was of right form when it came. */
	if (packet_parse(x->bytes, x->len, &p, NULL) || msg_r1_parse(&p, &r1))
		return;
	puzzle = (struct puzzle){ .k = r1.puzzle.k,
				  .hit_suite = hit_suite(&p.sender),
				  .initiator = h->hit,
				  .responder = p.sender };
	memcpy(puzzle.i, r1.puzzle.i, sizeof(puzzle.i));
	if (!in->solved || !puzzle_verify(&puzzle, in->j)) {
		exchange_i_fail(h, a, "the puzzle was not solved");
		return;
	}
	if (answer(h, x, &p, &r1, in->j))
		exchange_i_fail(h, a, "the I2 could not be made");
}

/*
 * An I2 is good only between the addresses that its puzzle was made for: so
 * its R2 comes from where it went, to where it left, and in the same way.
 */
static bool is_way_back(const struct exchange *x, const struct hip_input *in)
{
	return in->raw == x->raw && locator_equal(&in->remote, &x->remote) &&
	       locator_equal(&in->local, &x->local);
}

/* RFC 7401 6.10, steps 3 and 4. */
static enum drop check_r2(struct host *h, const struct exchange *x,
			  const struct packet *p)
{
	const struct agreed *g = x->agreed;
	enum drop d =
		protect_check_mac_2(p, g->keymat.hit_suite, g->keys.mac_in,
				    g->host_id, g->host_id_len);

	if (d != DROP_NONE)
		return d;
	return host_check_signature(h, x->assoc, p, g);
}

enum drop exchange_i_on_r2(struct host *h, const struct arrival *m)
{
	struct assoc *a = assoc_find(h, &m->packet.sender);
	struct exchange *x = a ? a->exchange : NULL;
	struct agreed *agreed;
	struct msg_r2 r2;
	enum drop d;

	if (!x || x->phase != EXCHANGE_I2)
		return DROP_STATE;
	if (!is_way_back(x, m->in))
		return DROP_PLACE;
	d = msg_r2_parse(&m->packet, &r2);
	if (d == DROP_NONE)
		d = check_r2(h, x, &m->packet);
	if (d == DROP_NONE)
		d = host_check_esp_info(&r2.esp_info, x->agreed);
	if (d != DROP_NONE)
		return d;
	agreed = x->agreed;
	agreed->sa->spi_out = r2.esp_info.new_spi;
	if (assoc_prepare(h, a, agreed, m->in) ||
	    assoc_adopt(h, a, agreed, m->in))
		return DROP_INTERNAL;
	x->agreed = NULL; /* the association has it now */
	peers_on_heard(&h->peers, &a->hit, &m->in->remote);
	a->made_ms = h->now_ms;
	if (x->sends == 1)
		assoc_measure_rtt(a, h->now_ms - x->sent_ms);
	assoc_clear_reply(a);
	free_exchange(h, x);
	assoc_establish(h, a);
	assoc_inject_pending(h, a);
	return DROP_NONE;
}

void exchange_i_on_i1(struct host *h, struct assoc *a,
		      const struct hip_input *in)
{
	struct exchange *x = a->exchange;

	if (x->heard_ms != 0 && h->now_ms - x->heard_ms < RTO_FIRST_MS)
		return;
	x->heard_ms = h->now_ms ? h->now_ms : 1;
	send_i1_to(h, x, &in->local, &in->remote);
}

static void repeat_i2(struct host *h, struct exchange *x)
{
	h->counters.retransmitted++;
	host_send(h, &x->assoc->hit, x->bytes, x->len, &x->local, &x->remote,
		  x->raw);
	if (x->sends >= I2_PROBE_AFTER) {
		x->probing = true;
		send_i1(h, x);
	}
	wait_for_answer(h, x);
}

/* Why it fails: what we saw ourselves, what the peer says, or silence. */
static const char *reason(const struct exchange *x, const char *silence)
{
	if (x->refusal)
		return x->refusal;
	return x->notified ? x->notified : silence;
}

static void repeat_i1(struct host *h, struct exchange *x)
{
	h->counters.retransmitted++;
	send_i1(h, x);
	wait_for_answer(h, x);
}

void exchange_i_on_timer(struct host *h, struct exchange *x)
{
	bool is_last = x->sends > RETRANSMISSIONS_MAX;

	switch (x->phase) {
	case EXCHANGE_SEEKING:
		exchange_i_fail(h, x->assoc,
				"no locator is known for this HIT, and the "
				"overlay did not answer");
		return;
	case EXCHANGE_WAITING:
		exchange_i_fail(h, x->assoc, "too many exchanges at once");
		return;
	case EXCHANGE_SOLVING:
		exchange_i_fail(h, x->assoc, "the puzzle was not solved");
		return;
	case EXCHANGE_I1:
		if (x->refusal || is_last)
			exchange_i_fail(h, x->assoc,
					reason(x, seek_silence(h, x->assoc)));
		else
			repeat_i1(h, x);
		return;
	case EXCHANGE_I2:
		if (is_last)
			exchange_i_fail(h, x->assoc,
					reason(x, "the peer sends no R2"));
		else
			repeat_i2(h, x);
		return;
	}
}
