/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * flips [STEP]: every STEP-th bit of every packet of a session is flipped on
 * its way (1: all of them; tests/soak does that). Such a packet is dropped
 * and counted, and nothing changes; the real one is taken after that. And:
 * every packet of a session comes again later, in the session and in the
 * next one, and nothing changes (T13 to T16).
 */
#include "tests/unit/hosts.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_DEFAULT = 41, RECORDED_MAX = 64, PAUSE_MS = 500 };

/* A packet on its way. */
struct sent {
	struct bytes packet;
	int to;
};

/* A session: what was sent so far, and how often it was wrong. */
struct session {
	struct hosts t;
	struct sent all[RECORDED_MAX];
	size_t n;
	size_t failures;
};

static void fail(struct session *s, const char *what, uint8_t type, size_t bit)
{
	printf("not ok: packet type %d, bit %zu: %s\n", type, bit, what);
	s->failures++;
}

static struct host_assoc_info info(const struct session *s, int who)
{
	struct host_assoc_info i = { 0 };

	(void)host_assoc_find(s->t.h[who], &s->t.hit[1 - who], &i);
	return i;
}

static bool is_same(const struct host_assoc_info *a,
		    const struct host_assoc_info *b)
{
	return a->state == b->state && a->spi_in == b->spi_in &&
	       a->spi_out == b->spi_out && a->rekeys == b->rekeys &&
	       a->is_rekeying == b->is_rekeying &&
	       locator_equal(&a->remote, &b->remote);
}

static bool changes_nothing(struct session *s, int to, const struct bytes *p)
{
	struct host_assoc_info before = info(s, to), after;

	hosts_deliver(&s->t, to, p);
	after = info(s, to);
	for (size_t i = 0; i < s->t.n_got[to]; i++) {
		if (s->t.got[to][i].out.kind != HIP_OUT_SEND)
			return false;
	}
	return is_same(&before, &after);
}

static uint64_t drops(const struct session *s, int who)
{
	uint64_t sum = 0;

	for (int d = 0; d < DROP_COUNT; d++)
		sum += hosts_counters(&s->t, who)->drops[d];
	return sum;
}

/*
 * An I1 is not protected at all, and of PUZZLE only K and Lifetime are.
 * Nothing covers the padding of the signature, which nobody looks at.
 */
static bool is_protected(const struct bytes *p, size_t bit)
{
	const struct param *puzzle, *last;
	struct packet parsed;
	size_t at = bit / 8;

	if (p->b[2] == HIP_I1 || packet_parse(p->b, p->len, &parsed, NULL))
		return false;
	last = &parsed.params[parsed.n_params - 1];
	if (at >= last->offset + 4 + last->len)
		return false;
	if (p->b[2] != HIP_R1)
		return true;
	puzzle = packet_find(&parsed, PARAM_PUZZLE);
	return at < puzzle->offset + 6 ||
	       at >= puzzle->offset + 4 + puzzle->len;
}

static void flip_one(struct session *s, const struct sent *sent, size_t bit)
{
	struct bytes bad = sent->packet;
	uint64_t before = drops(s, sent->to);

	bad.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	if (!changes_nothing(s, sent->to, &bad))
		fail(s, "something changed", sent->packet.b[2], bit);
	if (drops(s, sent->to) == before)
		fail(s, "it was not dropped", sent->packet.b[2], bit);
}

static void flip_all(struct session *s, const struct sent *sent, size_t step)
{
	/* Each packet begins at another bit. */
	for (size_t bit = s->n % step; bit < sent->packet.len * 8;
	     bit += step) {
		if (is_protected(&sent->packet, bit))
			flip_one(s, sent, bit);
	}
}

/* The packet of a type that a host's last call sent, to the other one. */
static void pass(struct session *s, int from, uint8_t type, size_t step)
{
	struct sent *sent = &s->all[s->n];

	if (s->n == RECORDED_MAX || !hosts_has_packet(&s->t, from, type)) {
		fail(s, "it was not sent", type, 0);
		return;
	}
	*sent = (struct sent){ .packet = hosts_packet(&s->t, from, type),
			       .to = 1 - from };
	s->n++;
	/* A forged I2 uses the puzzle up: it has a session of its own. */
	if (step > 0 && type != HIP_I2)
		flip_all(s, sent, step);
	s->t.now_ms += PAUSE_MS;
	hosts_deliver(&s->t, sent->to, &sent->packet);
}

static void rekey(struct session *s, int who, bool new_dh, size_t step)
{
	struct hip_input in = { .kind = HIP_IN_REKEY,
				.hit = s->t.hit[1 - who],
				.new_dh = new_dh };

	hosts_input(&s->t, who, &in);
	pass(s, who, HIP_UPDATE, step);
	pass(s, 1 - who, HIP_UPDATE, step);
	pass(s, who, HIP_UPDATE, step);
}

static void associate(struct session *s, size_t step)
{
	hosts_acquire(&s->t, A, 1);
	for (uint8_t type = HIP_I1; type <= HIP_R2; type++)
		pass(s, type % 2 ? A : B, type, step);
	hosts_traffic(&s->t, B, true);
	if (info(s, A).state != ASSOC_ESTABLISHED ||
	    info(s, B).state != ASSOC_ESTABLISHED)
		fail(s, "not established", HIP_R2, 0);
}

static void replay(struct session *s, size_t n, const char *when)
{
	for (size_t i = 0; i < n; i++) {
		s->t.now_ms += PAUSE_MS;
		if (!changes_nothing(s, s->all[i].to, &s->all[i].packet))
			fail(s, when, s->all[i].packet.b[2], 0);
	}
}

static size_t run_session(size_t step)
{
	static struct session s;
	size_t whole;

	s = (struct session){ 0 };
	hosts_make(&s.t);
	associate(&s, step);
	rekey(&s, A, true, step);
	rekey(&s, B, false, step);
	if (info(&s, A).rekeys != 2 || info(&s, B).rekeys != 2)
		fail(&s, "not two rekeys", HIP_UPDATE, 0);
	replay(&s, s.n, "its replay changed something");
	hosts_close(&s.t, A);
	pass(&s, A, HIP_CLOSE, step);
	pass(&s, B, HIP_CLOSE_ACK, step);
	replay(&s, s.n, "its replay changed something when closed");
	whole = s.n;
	associate(&s, 0);
	replay(&s, whole, "its replay changed the next session");
	printf("%zu packets of a session: %zu failures\n", whole, s.failures);
	hosts_clear(&s.t);
	return s.failures;
}

/* One I2, flipped in one bit, in hosts of its own. */
static size_t run_i2(size_t step)
{
	static struct session s;
	size_t n = 0, failures = 0;
	size_t bits = 1;

	for (size_t bit = 0; bit < bits; bit += step, n++) {
		struct sent i2 = { .to = B };

		s = (struct session){ 0 };
		hosts_make(&s.t);
		i2.packet = hosts_run_to(&s.t, HIP_I2);
		bits = i2.packet.len * 8;
		if (is_protected(&i2.packet, bit))
			flip_one(&s, &i2, bit);
		failures += s.failures;
		hosts_clear(&s.t);
	}
	printf("%zu bits of an I2: %zu failures\n", n, failures);
	return failures;
}

int main(int argc, char **argv)
{
	size_t step = argc > 1 ? strtoul(argv[1], NULL, 10) : STEP_DEFAULT;

	if (argc > 2 || step == 0) {
		(void)fprintf(stderr, "usage: %s [STEP]\n", argv[0]);
		return 2;
	}
	if (sodium_init() < 0)
		return 1;
	return run_session(step) + run_i2(step) > 0;
}
