/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/update.h"

#include "daemon/hip/host_impl.h"
#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <string.h>

static struct hosts t;

static void make(void)
{
	hosts_make(&t);
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(update, .init = make, .fini = clear);

/* A genuine UPDATE of A's with a SEQ, or without. */
static struct bytes update_of_a(bool with_seq)
{
	const struct agreed *g = assoc_find(t.h[A], &t.hit[B])->agreed;
	static struct packet_out out;
	struct bytes made;
	int err;

	packet_begin(&out, HIP_UPDATE, 0, &t.hit[A], &t.hit[B]);
	if (with_seq)
		seq_write(&out, 0);
	err = protect_add_mac(&out, hit_suite(&t.hit[B]), g->keys.mac_out);
	err |= protect_add_signature(&out, t.id[A]);
	cr_assert_eq(err, 0);
	cr_assert(packet_fix_length(&out));
	made.len = packet_len(&out);
	memcpy(made.b, out.bytes, made.len);
	return made;
}

/* RFC 7401 table 5. */
Test(update, a_genuine_one_establishes)
{
	struct bytes update;

	hosts_associate(&t);
	update = update_of_a(true);
	cr_expect_eq(hosts_judge(&t, B, &update), DROP_NONE);
	cr_expect_eq(hosts_state(&t, B), ASSOC_ESTABLISHED);
	cr_expect(hosts_has_packet(&t, B, HIP_UPDATE), "acknowledged");
	cr_expect_eq(hosts_counters(&t, B)->received[HIP_UPDATE], 1);
}

/* T15. */
Test(update, one_with_a_bad_mac_changes_nothing)
{
	struct bytes update;

	hosts_associate(&t);
	update = update_of_a(true);
	update = spoil_param(&update, PARAM_HIP_MAC);
	cr_expect_eq(hosts_judge(&t, B, &update), DROP_MAC);
	cr_expect_eq(hosts_state(&t, B), ASSOC_R2_SENT);
}

/* T16. */
Test(update, a_recorded_one_says_nothing_about_the_next_association)
{
	struct bytes old;

	hosts_establish(&t);
	old = update_of_a(true);
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	t.now_ms += 1000;
	hosts_associate(&t);
	cr_expect_eq(hosts_judge(&t, B, &old), DROP_MAC);
	cr_expect_eq(hosts_state(&t, B), ASSOC_R2_SENT);
}

Test(update, one_with_neither_seq_nor_ack_is_invalid)
{
	struct bytes update;

	hosts_associate(&t);
	update = update_of_a(false);
	cr_expect_eq(hosts_judge(&t, B, &update), DROP_PARAM_MISSING);
	cr_expect_eq(hosts_state(&t, B), ASSOC_R2_SENT);
}

Test(update, one_from_nobody_is_dropped)
{
	struct bytes update;

	hosts_establish(&t);
	update = update_of_a(true);
	hosts_remake(&t, B);
	hosts_tell(&t, B);
	cr_expect_eq(hosts_judge(&t, B, &update), DROP_STATE);
	cr_expect_eq(t.n_got[B], 0);
}

/* Where the I1 goes to that was sent last. */
static struct locator i1_place(void)
{
	struct locator last = { .port = 0 };

	for (size_t i = 0; i < hosts_count(&t, B, HIP_OUT_SEND); i++) {
		const struct got *g = hosts_get(&t, B, HIP_OUT_SEND, i);

		if (g->bytes.b[2] == HIP_I1)
			last = g->out.remote;
	}
	return last;
}

Test(update, one_from_another_place_asks_for_an_exchange_there)
{
	struct locator before = t.at[A];
	struct host_assoc_info info;
	struct bytes update;

	hosts_establish(&t);
	update = update_of_a(true);
	t.at[A].port++;
	cr_expect_eq(hosts_judge(&t, B, &update), DROP_NONE);
	cr_expect(hosts_has_packet(&t, B, HIP_UPDATE), "acknowledged");
	cr_expect_eq(i1_place().port, t.at[A].port);
	cr_assert(host_assoc_find(t.h[B], &t.hit[A], &info));
	cr_expect(locator_equal(&info.remote, &before), "not yet moved");
	cr_expect_eq(info.state, ASSOC_ESTABLISHED);
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 0);
}

Test(update, one_from_the_place_as_known_asks_for_none)
{
	struct bytes update;

	hosts_establish(&t);
	update = update_of_a(true);
	cr_expect_eq(hosts_judge(&t, B, &update), DROP_NONE);
	cr_expect_not(hosts_has_packet(&t, B, HIP_I1));
}

Test(update, one_that_is_not_genuine_moves_nothing)
{
	struct bytes update;

	hosts_establish(&t);
	update = update_of_a(true);
	update = spoil_param(&update, PARAM_HIP_SIGNATURE);
	t.at[A].port++;
	cr_expect_eq(hosts_judge(&t, B, &update), DROP_SIGNATURE);
	cr_expect_not(hosts_has_packet(&t, B, HIP_I1));
}

Test(update, a_repeated_one_moves_nothing)
{
	struct bytes update;

	hosts_establish(&t);
	update = update_of_a(true);
	cr_expect_eq(hosts_judge(&t, B, &update), DROP_NONE);
	t.at[A].port++;
	t.now_ms += 1000;
	hosts_deliver(&t, B, &update);
	cr_expect_not(hosts_has_packet(&t, B, HIP_I1));
}

static void probe(int who)
{
	struct hip_input in = { .kind = HIP_IN_PROBE, .hit = t.hit[1 - who] };

	hosts_input(&t, who, &in);
}

/* RFC 7401 6.12.1, step 2. */
Test(update, a_repeated_one_gets_the_same_answer_seldom_and_changes_nothing)
{
	struct bytes u, first;
	uint64_t verified;

	hosts_establish(&t);
	probe(A);
	u = hosts_packet(&t, A, HIP_UPDATE);
	cr_expect_eq(hosts_judge(&t, B, &u), DROP_NONE);
	first = hosts_packet(&t, B, HIP_UPDATE);
	verified = hosts_counters(&t, B)->signatures_verified;
	cr_expect_eq(hosts_judge(&t, B, &u), DROP_RATE);
	t.now_ms += R2_REPEAT_MS;
	cr_expect_eq(hosts_judge(&t, B, &u), DROP_NONE);
	cr_expect_arr_eq(hosts_packet(&t, B, HIP_UPDATE).b, first.b, first.len);
	cr_expect_eq(hosts_counters(&t, B)->signatures_verified, verified);
}

Test(update, ids_far_ahead_or_behind_are_dropped)
{
	struct bytes u;
	struct assoc *a;

	hosts_establish(&t);
	a = assoc_find(t.h[A], &t.hit[B]);
	a->updates.next_id = UPDATE_AHEAD_MAX;
	probe(A);
	u = hosts_packet(&t, A, HIP_UPDATE);
	cr_expect_eq(hosts_judge(&t, B, &u), DROP_UPDATE_ID);
	updates_forget(t.h[A], a);
	a->updates.next_id = UPDATE_AHEAD_MAX - 1;
	probe(A);
	u = hosts_packet(&t, A, HIP_UPDATE);
	cr_expect_eq(hosts_judge(&t, B, &u), DROP_NONE);
	updates_forget(t.h[A], a);
	a->updates.next_id = UINT32_MAX;
	probe(A);
	u = hosts_packet(&t, A, HIP_UPDATE);
	cr_expect_eq(hosts_judge(&t, B, &u), DROP_UPDATE_ID, "before 0");
	updates_forget(t.h[A], a);
	a->updates.next_id = 3;
	probe(A);
	u = hosts_packet(&t, A, HIP_UPDATE);
	cr_expect_eq(hosts_judge(&t, B, &u), DROP_NONE, "one that was skipped");
}

/* RFC 7401 5.3.5: they go round. */
Test(update, ids_wrap)
{
	hosts_establish(&t);
	assoc_find(t.h[A], &t.hit[B])->updates.next_id = UINT32_MAX - 1;
	assoc_find(t.h[B], &t.hit[A])->updates.expected = UINT32_MAX - 1;
	for (int n = 0; n < 4; n++) {
		struct bytes u;

		probe(A);
		u = hosts_packet(&t, A, HIP_UPDATE);
		cr_expect_eq(hosts_judge(&t, B, &u), DROP_NONE);
		u = hosts_packet(&t, B, HIP_UPDATE);
		cr_expect_eq(hosts_judge(&t, A, &u), DROP_NONE);
	}
	cr_expect_eq(assoc_find(t.h[B], &t.hit[A])->updates.expected, 2);
}

Test(update, an_acknowledgement_of_nothing_is_dropped)
{
	struct bytes u;

	hosts_establish(&t);
	probe(A);
	u = hosts_packet(&t, A, HIP_UPDATE);
	hosts_deliver(&t, B, &u);
	u = hosts_packet(&t, B, HIP_UPDATE);
	cr_expect_eq(hosts_judge(&t, A, &u), DROP_NONE);
	cr_expect_eq(t.n_got[A], 0, "never acknowledged itself");
	cr_expect_eq(hosts_judge(&t, A, &u), DROP_UPDATE_ID);
}

/* T15: MAC first, then the signature. */
Test(update, a_bad_signature_is_refused)
{
	struct bytes u, bad;

	hosts_establish(&t);
	probe(A);
	u = hosts_packet(&t, A, HIP_UPDATE);
	bad = spoil_param(&u, PARAM_HIP_SIGNATURE);
	cr_expect_eq(hosts_judge(&t, B, &bad), DROP_SIGNATURE);
	cr_expect_eq(t.n_got[B], 0);
	cr_expect_eq(hosts_judge(&t, B, &u), DROP_NONE);
}

/* An UPDATE that was lost is new for ever, and its MAC is right. */
Test(update, copies_with_bad_signatures_do_not_keep_the_next_one_out)
{
	struct bytes lost, bad, next;
	uint64_t verified;
	struct assoc *a;

	hosts_establish(&t);
	probe(A);
	lost = hosts_packet(&t, A, HIP_UPDATE);
	bad = spoil_param(&lost, PARAM_HIP_SIGNATURE);
	verified = hosts_counters(&t, B)->signatures_verified;
	for (int n = 0; n < 1000; n++)
		hosts_deliver(&t, B, &bad);
	cr_expect_leq(hosts_counters(&t, B)->signatures_verified - verified,
		      1 + CHECKS_AGAIN_AT_ONCE);
	a = assoc_find(t.h[A], &t.hit[B]);
	updates_forget(t.h[A], a);
	a->updates.next_id = 1;
	probe(A);
	next = hosts_packet(&t, A, HIP_UPDATE);
	cr_expect_eq(hosts_judge(&t, B, &next), DROP_NONE);
	cr_expect_eq(hosts_judge(&t, B, &lost), DROP_RATE);
	t.now_ms += CHECKS_AGAIN_MS;
	cr_expect_eq(hosts_judge(&t, B, &lost), DROP_NONE);
}

Test(update, the_answer_to_a_probe_must_echo_its_nonce)
{
	const struct agreed *g;
	struct bytes u, echo;
	struct edit e = { .type = PARAM_ECHO_RESPONSE_SIGNED };
	struct remake how = { .edits = &e, .n_edits = 1, .signer = t.id[B] };

	hosts_establish(&t);
	g = assoc_find(t.h[B], &t.hit[A])->agreed;
	how.mac_key = g->keys.mac_out;
	how.hit_suite = g->keymat.hit_suite;
	probe(A);
	u = hosts_packet(&t, A, HIP_UPDATE);
	hosts_deliver(&t, B, &u);
	u = hosts_packet(&t, B, HIP_UPDATE);
	echo = packet_body(&u, PARAM_ECHO_RESPONSE_SIGNED);
	echo.b[0] ^= 1;
	e.body = echo.b;
	e.len = echo.len;
	echo = remake_packet(&u, &how);
	cr_expect_eq(hosts_judge(&t, A, &echo), DROP_ECHO);
	cr_expect_eq(hosts_judge(&t, A, &u), DROP_NONE);
}

/* RFC 7401 6.11, steps 3 and 4. */
Test(update, two_probes_without_answer_begin_an_exchange)
{
	uint64_t began;

	hosts_establish(&t);
	began = t.now_ms;
	probe(A);
	t.now_ms = host_deadline(t.h[A]);
	cr_expect_eq(t.now_ms - began, UPDATE_RTO_MIN_MS);
	hosts_tick(&t, A);
	cr_expect(hosts_has_packet(&t, A, HIP_UPDATE));
	t.now_ms = host_deadline(t.h[A]);
	cr_expect_eq(t.now_ms - began, 3 * UPDATE_RTO_MIN_MS);
	hosts_tick(&t, A);
	cr_expect(hosts_has_packet(&t, A, HIP_I1));
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 0);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
}
