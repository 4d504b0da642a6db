/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * RFC 7401 4.4.3, tables 2 to 9: every state and everything that may happen
 * in it. A packet that a state has no use for is a genuine one all the same,
 * of an association before.
 */
#include "daemon/hip/host.h"
#include "daemon/hip/protect.h"
#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <string.h>

enum event {
	EV_I1,
	EV_R1,
	EV_R1_NEWER,
	EV_I2,
	EV_I2_BAD,
	EV_R2,
	EV_R2_BAD,
	EV_UPDATE,
	EV_UPDATE_BAD,
	EV_NOTIFY,
	EV_CLOSE,
	EV_CLOSE_BAD,
	EV_CLOSE_ACK,
	EV_CLOSE_ACK_BAD,
	EV_DATA,    /* to send */
	EV_ESP,	    /* genuine, received */
	EV_TIMEOUT, /* the next one */
	EV_END,	    /* of all timeouts */
};

static struct hosts t;
static struct bytes old[HIP_CLOSE_ACK + 1]; /* of an association before */
static struct bytes early_i2;		    /* the peer's, not delivered yet */
static struct bytes own_i2;		    /* of who is looked at */
static struct bytes last_close;

/* As hosts_run_to, from either. */
static struct bytes run_to(int from, uint8_t type)
{
	struct bytes packet;

	hosts_acquire(&t, from, 1);
	for (uint8_t next = HIP_I1;; next++, from = 1 - from) {
		packet = hosts_packet(&t, from, next);
		if (next == type)
			return packet;
		hosts_deliver(&t, 1 - from, &packet);
	}
}

static void establish(int who)
{
	struct bytes r2 = run_to(who, HIP_R2);

	hosts_deliver(&t, who, &r2);
	hosts_traffic(&t, 1 - who, true);
}

static void forget(int who)
{
	hosts_remake(&t, who);
	hosts_tell(&t, who);
}

static struct bytes probe_from(int who)
{
	struct hip_input in = { .kind = HIP_IN_PROBE, .hit = t.hit[1 - who] };

	hosts_input(&t, who, &in);
	return hosts_packet(&t, who, HIP_UPDATE);
}

static struct bytes close_from(int who)
{
	hosts_close(&t, who);
	return hosts_packet(&t, who, HIP_CLOSE);
}

/* What the peer sent in an association that is over. */
static void record_old(int who)
{
	int peer = 1 - who;
	struct bytes close;

	old[HIP_R2] = run_to(who, HIP_R2);
	hosts_deliver(&t, who, &old[HIP_R2]);
	hosts_traffic(&t, peer, true);
	old[HIP_UPDATE] = probe_from(peer);
	close = close_from(who);
	hosts_deliver(&t, peer, &close);
	old[HIP_CLOSE_ACK] = hosts_packet(&t, peer, HIP_CLOSE_ACK);
	forget(who);
	forget(peer);
	establish(who);
	old[HIP_CLOSE] = close_from(peer);
}

/* The peer's I2, before the other one did anything. */
static void record_early_i2(int who)
{
	early_i2 = run_to(1 - who, HIP_I2);
	forget(1 - who);
	t.now_ms += 1000;
}

static void reach(int who, enum assoc_state state)
{
	int peer = 1 - who;
	struct bytes r2;

	switch (state) {
	case ASSOC_UNASSOCIATED:
		break;
	case ASSOC_I1_SENT:
		hosts_acquire(&t, who, 1);
		break;
	case ASSOC_I2_SENT:
		own_i2 = run_to(who, HIP_I2);
		break;
	case ASSOC_R2_SENT:
		r2 = run_to(peer, HIP_R2);
		hosts_deliver(&t, peer, &r2);
		break;
	case ASSOC_ESTABLISHED:
		establish(who);
		break;
	case ASSOC_CLOSING:
		establish(who);
		last_close = close_from(who);
		break;
	case ASSOC_CLOSED:
		establish(who);
		last_close = close_from(peer);
		hosts_deliver(&t, who, &last_close);
		break;
	case ASSOC_FAILED:
		hosts_acquire(&t, who, 1);
		while (hosts_state(&t, who) != ASSOC_FAILED) {
			t.now_ms = host_deadline(t.h[who]);
			hosts_tick(&t, who);
		}
		break;
	}
	cr_assert_eq(hosts_state(&t, who), state);
	t.now_ms += 20; /* a puzzle from now on is newer */
}

static bool has_keys(enum assoc_state state)
{
	return state == ASSOC_R2_SENT || state == ASSOC_ESTABLISHED ||
	       state == ASSOC_CLOSING || state == ASSOC_CLOSED;
}

static bool is_in_use(enum assoc_state state)
{
	return state == ASSOC_R2_SENT || state == ASSOC_ESTABLISHED;
}

static struct bytes finish(struct packet_out *p)
{
	struct bytes made;

	cr_assert(packet_fix_length(p));
	made.len = packet_len(p);
	memcpy(made.b, p->bytes, made.len);
	return made;
}

static struct bytes i1_from(int from)
{
	struct id_list groups = { .ids = { DH_NIST_P256 }, .n = 1 };
	struct packet_out p;

	packet_begin(&p, HIP_I1, 0, &t.hit[from], &t.hit[1 - from]);
	dh_group_list_write(&p, &groups);
	return finish(&p);
}

static struct bytes notify_from(int from)
{
	struct notification n = { .type = NOTIFY_BLOCKED_BY_POLICY };
	struct packet_out p;

	packet_begin(&p, HIP_NOTIFY, 0, &t.hit[from], &t.hit[1 - from]);
	notification_write(&p, &n);
	cr_assert_eq(protect_add_signature(&p, t.id[from]), 0);
	return finish(&p);
}

static struct bytes r1_of(int peer, bool newer)
{
	struct edit e = { PARAM_R1_COUNTER, "\0\0\0\0\0\0\0\0\0\0\0\5", 12 };
	struct remake how = { .edits = &e, .n_edits = 1, .signer = t.id[peer] };
	struct bytes i1 = i1_from(1 - peer), r1;

	hosts_deliver(&t, peer, &i1);
	r1 = hosts_packet(&t, peer, HIP_R1);
	return newer ? remake_packet(&r1, &how) : r1;
}

/* Where there are keys the peer has lost its own, and begins anew. */
static struct bytes i2_of(int peer, enum assoc_state state)
{
	if (!has_keys(state))
		return early_i2;
	forget(peer);
	return run_to(peer, HIP_I2);
}

static struct bytes r2_of(int peer, enum assoc_state state)
{
	if (state != ASSOC_I2_SENT)
		return old[HIP_R2];
	hosts_deliver(&t, peer, &own_i2);
	return hosts_packet(&t, peer, HIP_R2);
}

static struct bytes close_of(int peer, enum assoc_state state)
{
	if (state == ASSOC_CLOSED) {
		t.now_ms += R2_REPEAT_MS;
		return last_close;
	}
	if (state == ASSOC_I2_SENT) /* its R2 was lost */
		hosts_deliver(&t, peer, &own_i2);
	else if (!has_keys(state))
		return old[HIP_CLOSE];
	return close_from(peer);
}

static struct bytes close_ack_of(int peer, enum assoc_state state)
{
	if (state != ASSOC_CLOSING)
		return old[HIP_CLOSE_ACK];
	hosts_deliver(&t, peer, &last_close);
	return hosts_packet(&t, peer, HIP_CLOSE_ACK);
}

static struct bytes packet_of(int peer, enum assoc_state state, enum event ev)
{
	struct bytes p;

	switch (ev) {
	case EV_I1:
		return i1_from(peer);
	case EV_R1:
	case EV_R1_NEWER:
		return r1_of(peer, ev == EV_R1_NEWER);
	case EV_I2:
		return i2_of(peer, state);
	case EV_I2_BAD:
		p = i2_of(peer, state);
		return spoil_param(&p, PARAM_HIP_SIGNATURE);
	case EV_R2:
		return r2_of(peer, state);
	case EV_R2_BAD:
		p = r2_of(peer, state);
		return spoil_param(&p, PARAM_HIP_SIGNATURE);
	case EV_UPDATE:
		return is_in_use(state) ? probe_from(peer) : old[HIP_UPDATE];
	case EV_UPDATE_BAD:
		p = is_in_use(state) ? probe_from(peer) : old[HIP_UPDATE];
		return spoil_param(&p, PARAM_HIP_SIGNATURE);
	case EV_NOTIFY:
		return notify_from(peer);
	case EV_CLOSE:
		return close_of(peer, state);
	case EV_CLOSE_BAD:
		p = close_of(peer, state);
		return spoil_param(&p, PARAM_HIP_MAC);
	case EV_CLOSE_ACK:
		return close_ack_of(peer, state);
	default:
		p = close_ack_of(peer, state);
		return spoil_param(&p, PARAM_HIP_SIGNATURE);
	}
}

static void tick_once(int who)
{
	t.now_ms = host_deadline(t.h[who]);
	hosts_tick(&t, who);
}

static void happen(int who, enum assoc_state state, enum event ev)
{
	struct bytes p;

	switch (ev) {
	case EV_DATA:
		hosts_acquire(&t, who, 2);
		return;
	case EV_ESP:
		hosts_traffic(&t, who, true);
		return;
	case EV_TIMEOUT:
		tick_once(who);
		return;
	case EV_END:
		for (int n = 0; n < 1000 && hosts_state(&t, who) == state; n++)
			tick_once(who);
		return;
	default:
		p = packet_of(1 - who, state, ev);
		hosts_deliver(&t, who, &p);
		return;
	}
}

/* The type of the first packet that the last call sent; 0: none. */
static uint8_t sent_by(int who)
{
	const struct got *g = hosts_get(&t, who, HIP_OUT_SEND, 0);

	return g ? g->bytes.b[2] : 0;
}

struct row {
	enum event event;
	enum assoc_state next;
	uint8_t sent;
};

static void check(int who, enum assoc_state state, const struct row *r)
{
	hosts_make(&t);
	record_early_i2(who);
	reach(who, state);
	happen(who, state, r->event);
	cr_expect_eq(hosts_state(&t, who), r->next,
		     "in %s, event %d leads to %s", assoc_state_text(state),
		     r->event, assoc_state_text(hosts_state(&t, who)));
	cr_expect_eq(sent_by(who), r->sent, "in %s, event %d sends %u",
		     assoc_state_text(state), r->event, sent_by(who));
	hosts_clear(&t);
}

static void check_all(int who, enum assoc_state state, const struct row *rows,
		      size_t n)
{
	hosts_make(&t);
	record_old(who);
	hosts_clear(&t);
	for (size_t i = 0; i < n; i++)
		check(who, state, &rows[i]);
}

/* Which of them has the smaller HIT? */
static int smaller(void)
{
	int who;

	hosts_make(&t);
	who = hit_compare(&t.hit[A], &t.hit[B]) < 0 ? A : B;
	hosts_clear(&t);
	return who;
}

#define CHECK_ALL(who, state, rows)                                            \
	check_all(who, state, rows, sizeof(rows) / sizeof((rows)[0]))

Test(states, unassociated)
{
	static const struct row rows[] = {
		{ EV_DATA, ASSOC_I1_SENT, HIP_I1 },
		{ EV_I1, ASSOC_UNASSOCIATED, HIP_R1 },
		{ EV_I2, ASSOC_R2_SENT, HIP_R2 },
		{ EV_I2_BAD, ASSOC_UNASSOCIATED, HIP_NOTIFY },
		{ EV_R1, ASSOC_UNASSOCIATED, 0 },
		{ EV_R2, ASSOC_UNASSOCIATED, 0 },
		{ EV_UPDATE, ASSOC_UNASSOCIATED, 0 },
		{ EV_NOTIFY, ASSOC_UNASSOCIATED, 0 },
		{ EV_CLOSE, ASSOC_UNASSOCIATED, 0 },
		{ EV_CLOSE_ACK, ASSOC_UNASSOCIATED, 0 },
		{ EV_ESP, ASSOC_UNASSOCIATED, 0 },
	};

	CHECK_ALL(A, ASSOC_UNASSOCIATED, rows);
}

Test(states, i1_sent)
{
	static const struct row rows[] = {
		{ EV_I2, ASSOC_R2_SENT, HIP_R2 },
		{ EV_I2_BAD, ASSOC_I1_SENT, HIP_NOTIFY },
		{ EV_R1, ASSOC_I2_SENT, HIP_I2 },
		{ EV_R2, ASSOC_I1_SENT, 0 },
		{ EV_UPDATE, ASSOC_I1_SENT, 0 },
		{ EV_NOTIFY, ASSOC_I1_SENT, 0 },
		{ EV_CLOSE, ASSOC_I1_SENT, 0 },
		{ EV_CLOSE_ACK, ASSOC_I1_SENT, 0 },
		{ EV_DATA, ASSOC_I1_SENT, 0 },
		{ EV_ESP, ASSOC_I1_SENT, 0 },
		{ EV_TIMEOUT, ASSOC_I1_SENT, HIP_I1 },
		{ EV_END, ASSOC_FAILED, 0 },
	};
	/* It stays Initiator, and asks where the peer can be heard. */
	static const struct row i1_small = { EV_I1, ASSOC_I1_SENT, HIP_I1 };
	static const struct row i1_great = { EV_I1, ASSOC_I1_SENT, HIP_R1 };
	int small = smaller();

	CHECK_ALL(A, ASSOC_I1_SENT, rows);
	check_all(small, ASSOC_I1_SENT, &i1_small, 1);
	check_all(1 - small, ASSOC_I1_SENT, &i1_great, 1);
}

Test(states, i2_sent)
{
	static const struct row rows[] = {
		{ EV_I1, ASSOC_I2_SENT, HIP_R1 },
		{ EV_R1, ASSOC_I2_SENT, 0 },
		{ EV_R1_NEWER, ASSOC_I2_SENT, HIP_I2 },
		{ EV_R2, ASSOC_ESTABLISHED, 0 },
		{ EV_R2_BAD, ASSOC_I2_SENT, 0 },
		{ EV_CLOSE, ASSOC_CLOSED, HIP_CLOSE_ACK },
		{ EV_CLOSE_BAD, ASSOC_I2_SENT, 0 },
		{ EV_UPDATE, ASSOC_I2_SENT, 0 },
		{ EV_NOTIFY, ASSOC_I2_SENT, 0 },
		{ EV_CLOSE_ACK, ASSOC_I2_SENT, 0 },
		{ EV_DATA, ASSOC_I2_SENT, 0 },
		{ EV_ESP, ASSOC_I2_SENT, 0 },
		{ EV_TIMEOUT, ASSOC_I2_SENT, HIP_I2 },
		{ EV_END, ASSOC_FAILED, 0 },
	};
	static const struct row small_rows[] = {
		{ EV_I2, ASSOC_I2_SENT, 0 },
		{ EV_I2_BAD, ASSOC_I2_SENT, 0 },
	};
	static const struct row great_rows[] = {
		{ EV_I2, ASSOC_R2_SENT, HIP_R2 },
		{ EV_I2_BAD, ASSOC_I2_SENT, HIP_NOTIFY },
	};
	int small = smaller();

	CHECK_ALL(A, ASSOC_I2_SENT, rows);
	CHECK_ALL(small, ASSOC_I2_SENT, small_rows);
	CHECK_ALL(1 - small, ASSOC_I2_SENT, great_rows);
}

/* A bad CLOSE stays at R2-SENT: see docs/protocol.md about table 5. */
Test(states, r2_sent)
{
	static const struct row rows[] = {
		{ EV_I1, ASSOC_R2_SENT, HIP_R1 },
		{ EV_I2, ASSOC_R2_SENT, HIP_R2 },
		{ EV_I2_BAD, ASSOC_R2_SENT, HIP_NOTIFY },
		{ EV_R1, ASSOC_R2_SENT, 0 },
		{ EV_R2, ASSOC_R2_SENT, 0 },
		{ EV_ESP, ASSOC_ESTABLISHED, 0 },
		{ EV_UPDATE, ASSOC_ESTABLISHED, HIP_UPDATE },
		{ EV_UPDATE_BAD, ASSOC_R2_SENT, 0 },
		{ EV_TIMEOUT, ASSOC_ESTABLISHED, 0 },
		{ EV_CLOSE, ASSOC_CLOSED, HIP_CLOSE_ACK },
		{ EV_CLOSE_BAD, ASSOC_R2_SENT, 0 },
		{ EV_CLOSE_ACK, ASSOC_R2_SENT, 0 },
		{ EV_NOTIFY, ASSOC_R2_SENT, 0 },
		{ EV_DATA, ASSOC_R2_SENT, 0 },
	};

	CHECK_ALL(A, ASSOC_R2_SENT, rows);
}

Test(states, established)
{
	static const struct row rows[] = {
		{ EV_I1, ASSOC_ESTABLISHED, HIP_R1 },
		{ EV_I2, ASSOC_R2_SENT, HIP_R2 },
		{ EV_I2_BAD, ASSOC_ESTABLISHED, HIP_NOTIFY },
		{ EV_R1, ASSOC_ESTABLISHED, 0 },
		{ EV_R2, ASSOC_ESTABLISHED, 0 },
		{ EV_ESP, ASSOC_ESTABLISHED, 0 },
		{ EV_DATA, ASSOC_ESTABLISHED, 0 },
		{ EV_UPDATE, ASSOC_ESTABLISHED, HIP_UPDATE },
		{ EV_UPDATE_BAD, ASSOC_ESTABLISHED, 0 },
		{ EV_CLOSE, ASSOC_CLOSED, HIP_CLOSE_ACK },
		{ EV_CLOSE_BAD, ASSOC_ESTABLISHED, 0 },
		{ EV_CLOSE_ACK, ASSOC_ESTABLISHED, 0 },
		{ EV_NOTIFY, ASSOC_ESTABLISHED, 0 },
		{ EV_END, ASSOC_CLOSING, HIP_CLOSE }, /* UAL */
	};

	CHECK_ALL(A, ASSOC_ESTABLISHED, rows);
}

/* An R1 that no I1 asked for is dropped: 6.8 step 2. */
Test(states, closing)
{
	static const struct row rows[] = {
		{ EV_DATA, ASSOC_I1_SENT, HIP_I1 },
		{ EV_I1, ASSOC_CLOSING, HIP_R1 },
		{ EV_I2, ASSOC_R2_SENT, HIP_R2 },
		{ EV_I2_BAD, ASSOC_CLOSING, HIP_NOTIFY },
		{ EV_R1, ASSOC_CLOSING, 0 },
		{ EV_CLOSE, ASSOC_CLOSED, HIP_CLOSE_ACK },
		{ EV_CLOSE_BAD, ASSOC_CLOSING, 0 },
		{ EV_CLOSE_ACK, ASSOC_UNASSOCIATED, 0 },
		{ EV_CLOSE_ACK_BAD, ASSOC_CLOSING, 0 },
		{ EV_R2, ASSOC_CLOSING, 0 },
		{ EV_UPDATE, ASSOC_CLOSING, 0 },
		{ EV_NOTIFY, ASSOC_CLOSING, 0 },
		{ EV_ESP, ASSOC_CLOSING, 0 },
		{ EV_TIMEOUT, ASSOC_CLOSING, HIP_CLOSE },
		{ EV_END, ASSOC_UNASSOCIATED, 0 },
	};

	CHECK_ALL(A, ASSOC_CLOSING, rows);
}

Test(states, closed)
{
	static const struct row rows[] = {
		{ EV_DATA, ASSOC_I1_SENT, HIP_I1 },
		{ EV_I1, ASSOC_CLOSED, HIP_R1 },
		{ EV_I2, ASSOC_R2_SENT, HIP_R2 },
		{ EV_I2_BAD, ASSOC_CLOSED, HIP_NOTIFY },
		{ EV_R1, ASSOC_CLOSED, 0 },
		{ EV_CLOSE, ASSOC_CLOSED, HIP_CLOSE_ACK },
		{ EV_CLOSE_BAD, ASSOC_CLOSED, 0 },
		{ EV_CLOSE_ACK, ASSOC_CLOSED, 0 }, /* it sent no CLOSE */
		{ EV_R2, ASSOC_CLOSED, 0 },
		{ EV_UPDATE, ASSOC_CLOSED, 0 },
		{ EV_NOTIFY, ASSOC_CLOSED, 0 },
		{ EV_ESP, ASSOC_CLOSED, 0 },
		{ EV_END, ASSOC_UNASSOCIATED, 0 },
	};

	CHECK_ALL(A, ASSOC_CLOSED, rows);
}

Test(states, failed)
{
	static const struct row rows[] = {
		{ EV_DATA, ASSOC_FAILED, 0 },
		{ EV_I1, ASSOC_FAILED, HIP_R1 },
		{ EV_I2, ASSOC_R2_SENT, HIP_R2 },
		{ EV_I2_BAD, ASSOC_FAILED, HIP_NOTIFY },
		{ EV_R1, ASSOC_FAILED, 0 },
		{ EV_R2, ASSOC_FAILED, 0 },
		{ EV_UPDATE, ASSOC_FAILED, 0 },
		{ EV_NOTIFY, ASSOC_FAILED, 0 },
		{ EV_CLOSE, ASSOC_FAILED, 0 },
		{ EV_CLOSE_ACK, ASSOC_FAILED, 0 },
		{ EV_ESP, ASSOC_FAILED, 0 },
		{ EV_TIMEOUT, ASSOC_UNASSOCIATED, 0 },
	};

	CHECK_ALL(A, ASSOC_FAILED, rows);
}

/* Table 8: both sent a CLOSE, so that there is something to acknowledge. */
Test(states, closed_ends_with_the_answer_to_its_own_close)
{
	struct bytes ours, theirs, ack;

	hosts_make(&t);
	establish(A);
	ours = close_from(A);
	theirs = close_from(B);
	hosts_deliver(&t, A, &theirs);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSED);
	hosts_deliver(&t, B, &ours);
	ack = hosts_packet(&t, B, HIP_CLOSE_ACK);
	hosts_deliver(&t, A, &ack);
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
	hosts_clear(&t);
}
