/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/close.h"

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

TestSuite(close, .init = make, .fini = clear);

/* A's CLOSE of an association that is up. */
static struct bytes begin_close(void)
{
	hosts_establish(&t);
	hosts_close(&t, A);
	return hosts_packet(&t, A, HIP_CLOSE);
}

Test(close, sas_end_at_once_and_close_goes)
{
	(void)begin_close();
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 2);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
	cr_expect_lt(hosts_get(&t, A, HIP_OUT_SA_DELETE, 1),
		     hosts_get(&t, A, HIP_OUT_SEND, 0));
}

Test(close, close_ack_ends_it)
{
	struct bytes close = begin_close(), ack;

	cr_expect_eq(hosts_judge(&t, B, &close), DROP_NONE);
	cr_expect_eq(hosts_state(&t, B), ASSOC_CLOSED);
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 2);
	ack = hosts_packet(&t, B, HIP_CLOSE_ACK);
	cr_expect_eq(hosts_judge(&t, A, &ack), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
	cr_expect_eq(host_assoc_list(t.h[A], NULL, 0), 0);
}

Test(close, r2_sent_can_be_closed_too)
{
	struct bytes close;

	hosts_associate(&t);
	hosts_close(&t, A);
	close = hosts_packet(&t, A, HIP_CLOSE);
	cr_expect_eq(hosts_judge(&t, B, &close), DROP_NONE);
	cr_expect_eq(hosts_state(&t, B), ASSOC_CLOSED);
}

/* RFC 7401 tables 7 and 8. */
Test(close, closes_that_cross_end_both_sides)
{
	struct bytes a = begin_close(), b, ack_a, ack_b;

	hosts_close(&t, B);
	b = hosts_packet(&t, B, HIP_CLOSE);
	hosts_deliver(&t, B, &a);
	ack_b = hosts_packet(&t, B, HIP_CLOSE_ACK);
	hosts_deliver(&t, A, &b);
	ack_a = hosts_packet(&t, A, HIP_CLOSE_ACK);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSED);
	cr_expect_eq(hosts_judge(&t, A, &ack_b), DROP_NONE);
	cr_expect_eq(hosts_judge(&t, B, &ack_a), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
	cr_expect_eq(hosts_state(&t, B), ASSOC_UNASSOCIATED);
}

/* T15. */
Test(close, a_close_with_bad_mac_or_signature_changes_nothing)
{
	struct bytes close = begin_close();
	struct bytes bad = spoil_param(&close, PARAM_HIP_MAC);
	uint64_t verified = hosts_counters(&t, B)->signatures_verified;

	cr_expect_eq(hosts_judge(&t, B, &bad), DROP_MAC);
	cr_expect_eq(hosts_counters(&t, B)->signatures_verified, verified);
	bad = spoil_param(&close, PARAM_HIP_SIGNATURE);
	cr_expect_eq(hosts_judge(&t, B, &bad), DROP_SIGNATURE);
	bad = spoil_param(&close, PARAM_ECHO_REQUEST_SIGNED);
	cr_expect_eq(hosts_judge(&t, B, &bad), DROP_MAC);
	cr_expect_eq(hosts_state(&t, B), ASSOC_ESTABLISHED);
	cr_expect_eq(t.n_got[B], 0);
}

Test(close, a_close_ack_with_bad_mac_or_signature_or_echo_changes_nothing)
{
	struct bytes close = begin_close(), ack, bad;

	hosts_deliver(&t, B, &close);
	ack = hosts_packet(&t, B, HIP_CLOSE_ACK);
	bad = spoil_param(&ack, PARAM_HIP_MAC);
	cr_expect_eq(hosts_judge(&t, A, &bad), DROP_MAC);
	bad = spoil_param(&ack, PARAM_HIP_SIGNATURE);
	cr_expect_eq(hosts_judge(&t, A, &bad), DROP_SIGNATURE);
	bad = spoil_param(&ack, PARAM_ECHO_RESPONSE_SIGNED);
	cr_expect_eq(hosts_judge(&t, A, &bad), DROP_ECHO);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
}

/* Whoever has seen it can repeat it with another signature. */
Test(close, copies_with_bad_signatures_cost_little)
{
	struct bytes close = begin_close(), ack, bad;
	uint64_t verified = hosts_counters(&t, B)->signatures_verified;

	bad = spoil_param(&close, PARAM_HIP_SIGNATURE);
	for (int n = 0; n < 100; n++)
		hosts_deliver(&t, B, &bad);
	cr_expect_leq(hosts_counters(&t, B)->signatures_verified - verified,
		      1 + CHECKS_AGAIN_AT_ONCE);
	cr_expect_eq(hosts_judge(&t, B, &bad), DROP_RATE);
	t.now_ms += CHECKS_AGAIN_MS;
	cr_expect_eq(hosts_judge(&t, B, &close), DROP_NONE);

	ack = hosts_packet(&t, B, HIP_CLOSE_ACK);
	bad = spoil_param(&ack, PARAM_HIP_SIGNATURE);
	verified = hosts_counters(&t, A)->signatures_verified;
	for (int n = 0; n < 100; n++)
		hosts_deliver(&t, A, &bad);
	cr_expect_leq(hosts_counters(&t, A)->signatures_verified - verified,
		      1 + CHECKS_AGAIN_AT_ONCE);
	t.now_ms += CHECKS_AGAIN_MS;
	cr_expect_eq(hosts_judge(&t, A, &ack), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
}

Test(close, without_the_echo_there_is_nothing_to_answer)
{
	struct bytes close = begin_close();
	struct edit e = { .type = PARAM_ECHO_REQUEST_SIGNED };
	struct remake how = { .edits = &e, .n_edits = 1 };

	close = remake_packet(&close, &how);
	cr_expect_eq(hosts_judge(&t, B, &close), DROP_PARAM_MISSING);
}

/* T16. */
Test(close, a_recorded_close_says_nothing_about_the_next_association)
{
	struct bytes old = begin_close(), ack;

	hosts_deliver(&t, B, &old);
	ack = hosts_packet(&t, B, HIP_CLOSE_ACK);
	hosts_deliver(&t, A, &ack);
	t.now_ms += 1000;
	hosts_establish(&t);
	cr_expect_eq(hosts_judge(&t, B, &old), DROP_MAC);
	cr_expect_eq(hosts_state(&t, B), ASSOC_ESTABLISHED);
	cr_expect_eq(hosts_judge(&t, A, &ack), DROP_STATE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
}

Test(close, a_repeated_close_gets_the_same_ack_without_a_signature)
{
	struct bytes close = begin_close(), ack;
	struct host_counters spent;

	hosts_deliver(&t, B, &close);
	ack = hosts_packet(&t, B, HIP_CLOSE_ACK);
	spent = *hosts_counters(&t, B);
	cr_expect_eq(hosts_judge(&t, B, &close), DROP_RATE, "too soon");
	t.now_ms += R2_REPEAT_MS;
	cr_expect_eq(hosts_judge(&t, B, &close), DROP_NONE);
	cr_expect_arr_eq(hosts_packet(&t, B, HIP_CLOSE_ACK).b, ack.b, ack.len);
	cr_expect_eq(hosts_counters(&t, B)->signatures_made,
		     spent.signatures_made);
	cr_expect_eq(hosts_counters(&t, B)->signatures_verified,
		     spent.signatures_verified);
}

Test(close, closing_repeats_the_same_bytes_ever_more_seldom_until_it_ends)
{
	struct bytes close = begin_close();
	uint64_t began = t.now_ms, gap = 0;

	while (hosts_state(&t, A) == ASSOC_CLOSING) {
		uint64_t before = t.now_ms;

		t.now_ms = host_deadline(t.h[A]);
		hosts_tick(&t, A);
		if (!hosts_has_packet(&t, A, HIP_CLOSE))
			continue;
		cr_expect_gt(t.now_ms - before, gap);
		gap = t.now_ms - before;
		cr_expect_arr_eq(hosts_packet(&t, A, HIP_CLOSE).b, close.b,
				 close.len);
	}
	cr_expect_eq(t.now_ms - began, UAL_DEFAULT_MS + MSL_MS);
}

Test(close, closed_lasts_as_long_as_packets_may_be_on_their_way)
{
	struct bytes close = begin_close();

	hosts_deliver(&t, B, &close);
	t.now_ms += UAL_DEFAULT_MS + 2 * MSL_MS - 1;
	hosts_tick(&t, B);
	cr_expect_eq(hosts_state(&t, B), ASSOC_CLOSED);
	t.now_ms++;
	hosts_tick(&t, B);
	cr_expect_eq(hosts_state(&t, B), ASSOC_UNASSOCIATED);
}

Test(close, an_exchange_that_runs_is_closed_with_its_keys)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2), close;

	hosts_close(&t, A);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_UNREACHABLE), 1);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
	close = hosts_packet(&t, A, HIP_CLOSE);
	hosts_deliver(&t, B, &i2);
	cr_expect_eq(hosts_judge(&t, B, &close), DROP_NONE);
	cr_expect_eq(hosts_state(&t, B), ASSOC_CLOSED);
}

Test(close, before_there_are_keys_it_is_just_forgotten)
{
	(void)hosts_run_to(&t, HIP_I1);
	hosts_close(&t, A);
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SEND), 0);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_UNREACHABLE), 1);
	hosts_close(&t, A); /* and nothing comes of it twice */
	cr_expect_eq(t.n_got[A], 0);
}

/* It once took the timer away that ends CLOSING and CLOSED. */
Test(close, closing_all_twice_still_ends)
{
	struct hip_input all = { .kind = HIP_IN_CLOSE, .all = true };
	struct bytes close = begin_close();

	hosts_deliver(&t, B, &close);
	for (int who = A; who < HOSTS; who++) {
		hosts_input(&t, who, &all);
		cr_expect_eq(t.n_got[who], 0);
	}
	for (int n = 0; n < 30; n++) {
		t.now_ms += MSL_MS;
		hosts_tick(&t, A);
		hosts_tick(&t, B);
	}
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
	cr_expect_eq(hosts_state(&t, B), ASSOC_UNASSOCIATED);
}

/* What the peer had on its way began a new association, which nobody closed. */
Test(close, who_closes_for_the_last_time_begins_nothing_and_takes_nothing)
{
	struct hip_input all = { .kind = HIP_IN_CLOSE,
				 .all = true,
				 .last = true };
	struct hip_input esp = { .kind = HIP_IN_UNKNOWN_SPI };
	struct bytes packet;

	hosts_establish(&t);
	hosts_input(&t, A, &all);
	packet = hosts_packet(&t, A, HIP_CLOSE);
	hosts_deliver(&t, B, &packet);
	packet = hosts_packet(&t, B, HIP_CLOSE_ACK);
	hosts_deliver(&t, A, &packet);
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
	esp.remote = t.at[B];
	hosts_input(&t, A, &esp);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SEND), 0);
	hosts_acquire(&t, A, 1);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SEND), 0);
	hosts_acquire(&t, B, 1);
	packet = hosts_packet(&t, B, HIP_I1);
	cr_expect_eq(hosts_judge(&t, A, &packet), DROP_STATE);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SEND), 0);
}

/* RFC 7401 table 4: the peer may have R2 sent and closed again. */
Test(close, a_close_reaches_i2_sent)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2), close;

	hosts_deliver(&t, B, &i2);
	hosts_close(&t, B);
	close = hosts_packet(&t, B, HIP_CLOSE);
	cr_expect_eq(hosts_judge(&t, A, &close), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSED);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 1);
}

/* RFC 7401 6.14: a new need for data begins a new exchange. */
Test(close, closing_and_closed_give_way_to_a_new_exchange)
{
	struct bytes close = begin_close();

	hosts_acquire(&t, A, 2);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I1_SENT);
	hosts_deliver(&t, B, &close);
	hosts_acquire(&t, B, 2);
	cr_expect_eq(hosts_state(&t, B), ASSOC_I1_SENT);
}

Test(close, idleness_closes_and_traffic_prevents_it)
{
	hosts_establish(&t);
	t.now_ms += UAL_DEFAULT_MS - 1;
	hosts_traffic(&t, A, false);
	t.now_ms++;
	hosts_tick(&t, A);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
	t.now_ms += UAL_DEFAULT_MS - 2;
	hosts_tick(&t, A);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
	t.now_ms++;
	hosts_tick(&t, A);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
}

Test(close, no_idle_time_means_never)
{
	t.conf[A].idle_ms = 0;
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	hosts_establish(&t);
	for (int n = 0; n < 100; n++) {
		t.now_ms += R1_LIFETIME_MS;
		hosts_tick(&t, A);
		cr_assert_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
	}
}
