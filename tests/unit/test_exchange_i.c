/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/exchange_i.h"

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

TestSuite(exchange_i, .init = make, .fini = clear);

/* B's R1 with one parameter changed, signed anew by B. */
static struct bytes change_r1(const struct bytes *r1, const struct edit *e)
{
	struct remake how = { .edits = e, .n_edits = 1, .signer = t.id[B] };

	return remake_packet(r1, &how);
}

static struct host_assoc_info info_of_a(void)
{
	struct host_assoc_info info = { 0 };

	(void)host_assoc_find(t.h[A], &t.hit[B], &info); /* all zeros then */
	return info;
}

/* When A's deadline comes. */
static void wait_for_deadline(void)
{
	t.now_ms = host_deadline(t.h[A]);
	hosts_tick(&t, A);
}

Test(exchange_i, i1_goes_again_with_the_same_bytes_by_the_schedule)
{
	static const uint64_t gaps[] = { 500,  1000, 2000, 2000,
					 2000, 2000, 2000, 2000 };
	struct bytes i1 = hosts_run_to(&t, HIP_I1);

	for (size_t n = 0; n < RETRANSMISSIONS_MAX; n++) {
		uint64_t before = t.now_ms;

		wait_for_deadline();
		cr_expect_eq(t.now_ms - before, gaps[n], "gap %zu", n);
		cr_expect_arr_eq(hosts_packet(&t, A, HIP_I1).b, i1.b, i1.len);
	}
	wait_for_deadline();
	cr_expect_eq(hosts_state(&t, A), ASSOC_FAILED);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SEND), 0);
	cr_expect_str_eq(info_of_a().reason, "the peer does not answer");
	cr_expect_eq(hosts_counters(&t, A)->exchanges_failed, 1);
}

Test(exchange_i, where_the_locator_has_no_port_all_of_it_goes_without_udp)
{
	struct bytes p;

	t.at[A].port = t.at[B].port = 0;
	hosts_tell(&t, A);
	hosts_acquire(&t, A, 1);
	cr_expect(hosts_get(&t, A, HIP_OUT_SEND, 0)->out.raw);
	p = hosts_packet(&t, A, HIP_I1);
	/* Who sends it knows the address that it leaves by. */
	packet_set_checksum(p.b, p.len, &t.at[A], &t.at[B]);
	hosts_deliver(&t, B, &p);
	p = hosts_packet(&t, B, HIP_R1);
	hosts_deliver(&t, A, &p);
	p = hosts_packet(&t, A, HIP_I2);
	hosts_deliver(&t, B, &p);
	p = hosts_packet(&t, B, HIP_R2);
	hosts_deliver(&t, A, &p);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
	cr_expect_eq(hosts_get(&t, A, HIP_OUT_SA_OUT, 0)->out.remote.port, 0);
	p.b[4] ^= 1;
	cr_expect_eq(hosts_judge(&t, A, &p), DROP_CHECKSUM);
}

Test(exchange_i, the_reason_says_that_it_was_tried_without_udp)
{
	t.at[B].port = 0;
	hosts_tell(&t, A);
	hosts_acquire(&t, A, 1);
	while (hosts_state(&t, A) == ASSOC_I1_SENT)
		wait_for_deadline();
	cr_expect_not_null(strstr(info_of_a().reason, "transport = udp"));
}

Test(exchange_i, i2_goes_again_with_the_same_bytes_and_is_given_up)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);
	size_t i2s = 1, i1s = 0;

	while (hosts_state(&t, A) == ASSOC_I2_SENT) {
		wait_for_deadline();
		if (!hosts_has_packet(&t, A, HIP_I2))
			continue;
		i2s++;
		cr_expect_arr_eq(hosts_packet(&t, A, HIP_I2).b, i2.b, i2.len);
		i1s += hosts_has_packet(&t, A, HIP_I1);
	}
	cr_expect_eq(i2s, 1 + RETRANSMISSIONS_MAX);
	cr_expect_eq(i1s, i2s - I2_PROBE_AFTER);
	cr_expect_eq(hosts_state(&t, A), ASSOC_FAILED);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 1);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_UNREACHABLE), 1);
}

Test(exchange_i, the_inbound_sa_is_there_before_i2_goes)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	const struct got *sa;

	hosts_deliver(&t, A, &r1);
	cr_assert_eq(t.n_got[A], 3);
	sa = hosts_get(&t, A, HIP_OUT_SA_IN, 0);
	cr_expect_eq(&t.got[A][0], sa);
	cr_expect_eq(t.got[A][2].out.kind, HIP_OUT_SEND);
	cr_expect_geq(sa->out.spi, 256);
	cr_expect_eq(sa->out.esp_suite, ESP_AES_GCM_16);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I2_SENT);
}

Test(exchange_i, r2_opens_the_way_and_the_packets_go_in_order)
{
	struct bytes r2 = hosts_run_to(&t, HIP_R2);

	for (uint8_t n = 2; n <= 5; n++)
		hosts_acquire(&t, A, n);
	hosts_deliver(&t, A, &r2);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_OUT), 1);
	cr_assert_eq(hosts_count(&t, A, HIP_OUT_INJECT), 5);
	cr_expect_lt(hosts_get(&t, A, HIP_OUT_SA_OUT, 0),
		     hosts_get(&t, A, HIP_OUT_INJECT, 0));
	for (uint8_t n = 0; n < 5; n++)
		cr_expect_eq(hosts_get(&t, A, HIP_OUT_INJECT, n)->bytes.b[0],
			     n + 1);
	cr_expect_eq(info_of_a().since_ms, t.now_ms);
}

/* T14. */
Test(exchange_i, a_forged_r1_changes_nothing_and_the_real_one_is_taken)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct bytes forged = spoil_param(&r1, PARAM_HIP_SIGNATURE_2);
	struct bytes other = spoil_param(&r1, PARAM_DIFFIE_HELLMAN);
	uint64_t deadline = host_deadline(t.h[A]);

	cr_expect_eq(hosts_judge(&t, A, &forged), DROP_SIGNATURE);
	cr_expect_eq(hosts_judge(&t, A, &other), DROP_SIGNATURE);
	cr_expect_eq(t.n_got[A], 0);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I1_SENT);
	cr_expect_eq(host_deadline(t.h[A]), deadline);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I2_SENT);
}

/* B's R1 with a higher counter, and without B's key. */
static struct bytes forge_newer(const struct bytes *r1)
{
	struct edit e = { PARAM_R1_COUNTER, "\0\0\0\0\0\0\0\0\0\0\0\77", 12 };
	struct bytes forged = change_r1(r1, &e);

	return spoil_param(&forged, PARAM_HIP_SIGNATURE_2);
}

/* One each millisecond; returns how many signatures were looked at. */
static uint64_t flood_a(const struct bytes *forged, uint64_t ms)
{
	uint64_t before = hosts_counters(&t, A)->signatures_verified;

	for (uint64_t end = t.now_ms + ms; t.now_ms < end; t.now_ms++) {
		if (host_deadline(t.h[A]) <= t.now_ms)
			hosts_tick(&t, A);
		hosts_deliver(&t, A, forged);
	}
	return hosts_counters(&t, A)->signatures_verified - before;
}

Test(exchange_i, forged_r1s_cost_little_and_leave_room_for_the_real_one)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1), i2, r2;
	struct bytes forged = forge_newer(&r1);

	cr_expect_eq(flood_a(&forged, 60), 60, "after its I1 an R1 is near");
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
	i2 = hosts_packet(&t, A, HIP_I2);
	cr_expect_lt(flood_a(&forged, 900), R1S_AT_ONCE + 900 / R1_MS);
	hosts_deliver(&t, B, &i2);
	r2 = hosts_packet(&t, B, HIP_R2);
	cr_expect_eq(hosts_judge(&t, A, &r2), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
}

Test(exchange_i, each_i1_makes_room_for_its_r1)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct bytes forged = forge_newer(&r1);

	cr_expect_lt(flood_a(&forged, RTO_FIRST_MS - R1_MS / 2),
		     1 + R1S_AT_ONCE + RTO_FIRST_MS / R1_MS);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_RATE);
	wait_for_deadline();
	cr_assert(hosts_has_packet(&t, A, HIP_I1));
	(void)flood_a(&forged, 60);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I2_SENT);
}

Test(exchange_i, copies_of_an_r2_with_bad_signatures_cost_little)
{
	struct bytes r2 = hosts_run_to(&t, HIP_R2);
	struct bytes bad = spoil_param(&r2, PARAM_HIP_SIGNATURE);
	uint64_t verified = hosts_counters(&t, A)->signatures_verified;

	for (int n = 0; n < 100; n++)
		hosts_deliver(&t, A, &bad);
	cr_expect_eq(hosts_counters(&t, A)->signatures_verified - verified,
		     1 + CHECKS_AGAIN_AT_ONCE);
	t.now_ms += CHECKS_AGAIN_MS;
	cr_expect_eq(hosts_judge(&t, A, &r2), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
}

Test(exchange_i, an_r1_that_cannot_be_answered_is_not_tried_for_ever)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct bytes dh = packet_body(&r1, PARAM_DIFFIE_HELLMAN);
	struct edit e = { PARAM_DIFFIE_HELLMAN, dh.b, dh.len };
	uint64_t agreements;

	memset(dh.b + 3, 0, dh.len - 3); /* not a point of the curve */
	r1 = change_r1(&r1, &e);
	for (int n = 0; n < EXCHANGE_RESTARTS_MAX; n++)
		cr_expect_eq(hosts_judge(&t, A, &r1), DROP_DH_PUBLIC);
	agreements = hosts_counters(&t, A)->dh_agreements;
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_LIMIT);
	cr_expect_eq(hosts_counters(&t, A)->dh_agreements, agreements);
}

/* T5. */
Test(exchange_i, a_hit_that_is_not_of_the_hi_is_refused_before_its_signature)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct bytes forged = spoil_param(&r1, PARAM_HOST_ID);

	cr_expect_eq(hosts_judge(&t, A, &forged), DROP_HOST_ID);
	cr_expect_eq(hosts_counters(&t, A)->signatures_verified, 0);
}

Test(exchange_i, an_r1_that_nobody_asked_for_is_dropped)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);

	hosts_remake(&t, A);
	hosts_tell(&t, A);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_STATE);
	cr_expect_eq(t.n_got[A], 0);
	cr_expect_eq(hosts_counters(&t, A)->signatures_verified, 0);
}

Test(exchange_i, an_r1_or_r2_is_not_looked_at_once_established)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1), i2, r2;

	hosts_deliver(&t, A, &r1);
	i2 = hosts_packet(&t, A, HIP_I2);
	hosts_deliver(&t, B, &i2);
	r2 = hosts_packet(&t, B, HIP_R2);
	hosts_deliver(&t, A, &r2);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_STATE);
	cr_expect_eq(hosts_judge(&t, A, &r2), DROP_STATE);
	cr_expect_eq(t.n_got[A], 0);
}

/* T12: K lies under the signature, so the Responder does ask for it. */
Test(exchange_i, a_puzzle_that_is_too_hard_is_refused_after_a_timeout)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct bytes puzzle = packet_body(&r1, PARAM_PUZZLE);
	struct edit e = { PARAM_PUZZLE, puzzle.b, puzzle.len };

	puzzle.b[0] = PUZZLE_K_MAX + 1;
	/* I and Opaque count as zero under the signature, and are kept. */
	r1 = change_r1(&r1, &e);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_PUZZLE_HARD);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SOLVE), 0);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I1_SENT);
	wait_for_deadline();
	cr_expect_eq(hosts_state(&t, A), ASSOC_FAILED);
	cr_expect_str_eq(info_of_a().reason, "the peer's puzzle is too hard");
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_UNREACHABLE), 1);
}

Test(exchange_i, the_hardest_puzzle_that_we_take_is_solved_elsewhere)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct bytes puzzle = packet_body(&r1, PARAM_PUZZLE);
	struct edit e = { PARAM_PUZZLE, puzzle.b, puzzle.len };
	const struct got *solve;

	puzzle.b[0] = PUZZLE_K_MAX;
	puzzle.b[1] = 31; /* half a second */
	r1 = change_r1(&r1, &e);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
	solve = hosts_get(&t, A, HIP_OUT_SOLVE, 0);
	cr_assert(solve);
	cr_expect_eq(solve->out.puzzle.k, PUZZLE_K_MAX);
	cr_expect_eq(solve->out.lifetime_ms, 500);
	cr_expect_eq(host_deadline(t.h[A]), t.now_ms + 500);
	wait_for_deadline();
	cr_expect_eq(hosts_state(&t, A), ASSOC_FAILED);
}

Test(exchange_i, a_puzzle_that_lives_for_long_is_given_up_sooner)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct bytes puzzle = packet_body(&r1, PARAM_PUZZLE);
	struct edit e = { PARAM_PUZZLE, puzzle.b, puzzle.len };

	puzzle.b[0] = 8;
	puzzle.b[1] = 255;
	r1 = change_r1(&r1, &e);
	hosts_deliver(&t, A, &r1);
	cr_expect_eq(hosts_get(&t, A, HIP_OUT_SOLVE, 0)->out.lifetime_ms,
		     SOLVE_MAX_MS);
	cr_expect_eq(host_deadline(t.h[A]), t.now_ms + SOLVE_MAX_MS);
}

Test(exchange_i, a_puzzle_that_was_not_solved_fails_the_exchange)
{
	struct hip_input solved = { .kind = HIP_IN_SOLVED, .hit = t.hit[B] };
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct bytes puzzle = packet_body(&r1, PARAM_PUZZLE);
	struct edit e = { PARAM_PUZZLE, puzzle.b, puzzle.len };

	puzzle.b[0] = 8;
	r1 = change_r1(&r1, &e);
	hosts_deliver(&t, A, &r1);
	solved.job = hosts_get(&t, A, HIP_OUT_SOLVE, 0)->out.job + 1;
	hosts_input(&t, A, &solved);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I1_SENT, "another job");
	solved.job--;
	solved.solved = true; /* a lie: all zeros */
	hosts_input(&t, A, &solved);
	cr_expect_eq(hosts_state(&t, A), ASSOC_FAILED);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SEND), 0);
}

/* T13. */
Test(exchange_i, an_older_r1_than_the_one_that_was_taken_is_dropped)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct edit newer = { PARAM_R1_COUNTER, "\0\0\0\0\0\0\0\0\0\0\0\5",
			      12 };
	struct edit older = { PARAM_R1_COUNTER, "\0\0\0\0\0\0\0\0\0\0\0\4",
			      12 };
	struct bytes first = change_r1(&r1, &newer);
	struct bytes second = change_r1(&r1, &older);
	uint64_t verified;

	cr_expect_eq(hosts_judge(&t, A, &first), DROP_NONE);
	verified = hosts_counters(&t, A)->signatures_verified;
	cr_expect_eq(hosts_judge(&t, A, &second), DROP_R1_COUNTER);
	cr_expect_eq(hosts_judge(&t, A, &first), DROP_STATE, "the same again");
	cr_expect_eq(hosts_counters(&t, A)->signatures_verified, verified);
	cr_expect_eq(t.n_got[A], 0);
}

/* RFC 7401 6.8, step 8. */
Test(exchange_i, a_newer_r1_is_taken_in_place_a_few_times)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	uint8_t counter[12] = { 0 };
	struct edit e = { PARAM_R1_COUNTER, counter, sizeof(counter) };
	struct bytes newer;

	hosts_deliver(&t, A, &r1);
	for (uint8_t n = 2; n < 2 + EXCHANGE_RESTARTS_MAX; n++) {
		counter[11] = n;
		newer = change_r1(&r1, &e);
		cr_expect_eq(hosts_judge(&t, A, &newer), DROP_NONE);
		cr_expect(hosts_has_packet(&t, A, HIP_I2));
		cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_IN), 1);
		cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 1);
	}
	counter[11]++;
	newer = change_r1(&r1, &e);
	cr_expect_eq(hosts_judge(&t, A, &newer), DROP_LIMIT, "no loop");
}

Test(exchange_i, the_r1_counter_is_echoed_whole)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct edit e = { PARAM_R1_COUNTER, "abcd\0\0\0\0\0\0\0\1", 12 };
	struct bytes i2, echoed;

	r1 = change_r1(&r1, &e);
	hosts_deliver(&t, A, &r1);
	i2 = hosts_packet(&t, A, HIP_I2);
	echoed = packet_body(&i2, PARAM_R1_COUNTER);
	cr_expect_eq(echoed.len, 12);
	cr_expect_arr_eq(echoed.b, e.body, 12);
}

Test(exchange_i, an_r1_without_counter_is_answered_without)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct edit e = { .type = PARAM_R1_COUNTER };
	struct bytes i2;
	struct packet p;

	r1 = change_r1(&r1, &e);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
	i2 = hosts_packet(&t, A, HIP_I2);
	cr_assert_eq(packet_parse(i2.b, i2.len, &p, NULL), DROP_NONE);
	cr_expect_null(packet_find(&p, PARAM_R1_COUNTER));
}

/* RFC 7401 5.2.20 to 5.2.23: the unsigned answer stands behind all else. */
Test(exchange_i, echoes_are_answered_where_they_belong)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct edit e[] = { { PARAM_ECHO_REQUEST_SIGNED, "signed", 6 },
			    { PARAM_ECHO_REQUEST_UNSIGNED, "unsigned", 8 } };
	struct remake how = { .edits = e, .n_edits = 2, .signer = t.id[B] };
	struct bytes i2;
	struct packet p;

	r1 = remake_packet(&r1, &how);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
	i2 = hosts_packet(&t, A, HIP_I2);
	cr_assert_eq(packet_parse(i2.b, i2.len, &p, NULL), DROP_NONE);
	cr_expect_arr_eq(packet_body(&i2, PARAM_ECHO_RESPONSE_SIGNED).b,
			 "signed", 6);
	cr_expect_eq(p.params[p.n_params - 1].type,
		     PARAM_ECHO_RESPONSE_UNSIGNED);
	cr_expect_arr_eq(p.params[p.n_params - 1].body, "unsigned", 8);
	cr_expect_eq(p.params[p.n_params - 2].type, PARAM_HIP_SIGNATURE);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NONE, "B takes it");
}

Test(exchange_i, echoes_have_a_limit)
{
	static const uint8_t long_one[ECHO_MAX + 1];
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct edit e = { PARAM_ECHO_REQUEST_SIGNED, long_one,
			  sizeof(long_one) };
	struct bytes changed = change_r1(&r1, &e);

	cr_expect_eq(hosts_judge(&t, A, &changed), DROP_ECHO);
	e.type = PARAM_ECHO_REQUEST_UNSIGNED;
	changed = change_r1(&r1, &e);
	cr_expect_eq(hosts_judge(&t, A, &changed), DROP_ECHO);
	e.len--;
	changed = change_r1(&r1, &e);
	cr_expect_eq(hosts_judge(&t, A, &changed), DROP_NONE);
}

/* What B says is signed and true, but of no use to A. */
static const struct {
	struct edit edit;
	enum drop reason;
	enum notify_type notify; /* 0: none */
	const char *text;
} useless_r1s[] = {
	{ { PARAM_HIT_SUITE_LIST, "\x10", 1 },
	  DROP_HIT_SUITE,
	  NOTIFY_NO_HIP_PROPOSAL_CHOSEN,
	  "the peer cannot verify our kind of identity" },
	{ { PARAM_DH_GROUP_LIST, "\x03\x04", 2 },
	  DROP_DH_GROUP,
	  NOTIFY_NO_DH_PROPOSAL_CHOSEN,
	  "no DH group in common" },
	{ { PARAM_DH_GROUP_LIST, "\x03\x08\x07", 3 },
	  DROP_DH_GROUP,
	  0,
	  "the DH group is not the best in common: the I1 was changed on its "
	  "way" },
	{ { PARAM_HIP_CIPHER, "\0\1", 2 },
	  DROP_HIP_CIPHER,
	  NOTIFY_NO_HIP_PROPOSAL_CHOSEN,
	  "no HIP cipher in common" },
	{ { PARAM_TRANSPORT_FORMAT_LIST, "\x0f\xfd", 2 },
	  DROP_TRANSPORT,
	  0,
	  "the peer does not offer ESP" },
	{ { PARAM_ESP_TRANSFORM, "\0\0\0\7", 4 },
	  DROP_ESP_SUITE,
	  NOTIFY_NO_ESP_PROPOSAL_CHOSEN,
	  "no ESP suite in common" },
};

/* What A tells B of it. */
static void expect_notify(enum notify_type type)
{
	struct bytes notify, body;

	cr_assert_eq(hosts_has_packet(&t, A, HIP_NOTIFY), type != 0);
	if (type == 0)
		return;
	notify = hosts_packet(&t, A, HIP_NOTIFY);
	body = packet_body(&notify, PARAM_NOTIFICATION);
	cr_expect_eq(body.b[2] << 8 | body.b[3], (int)type);
}

Test(exchange_i, an_r1_that_is_of_no_use_fails_with_its_reason)
{
	for (size_t i = 0; i < sizeof(useless_r1s) / sizeof(useless_r1s[0]);
	     i++) {
		struct bytes r1;

		hosts_clear(&t);
		hosts_make(&t);
		r1 = hosts_run_to(&t, HIP_R1);
		r1 = change_r1(&r1, &useless_r1s[i].edit);
		cr_expect_eq(hosts_judge(&t, A, &r1), useless_r1s[i].reason,
			     "row %zu", i);
		expect_notify(useless_r1s[i].notify);
		cr_expect_eq(hosts_state(&t, A), ASSOC_I1_SENT);
		wait_for_deadline();
		cr_expect_eq(hosts_state(&t, A), ASSOC_FAILED);
		cr_expect_str_eq(info_of_a().reason, useless_r1s[i].text);
	}
}

Test(exchange_i, a_better_r1_saves_an_exchange_that_was_refused)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct bytes useless = change_r1(&r1, &useless_r1s[0].edit);

	hosts_deliver(&t, A, &useless);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I2_SENT);
}

/* RFC 7402 3.3.5. */
Test(exchange_i, the_peer_is_told_that_it_offers_no_esp_suite_of_ours)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);

	r1 = change_r1(&r1, &useless_r1s[5].edit);
	hosts_deliver(&t, A, &r1);
	cr_expect(hosts_has_packet(&t, A, HIP_NOTIFY));
	hosts_deliver(&t, A, &r1);
	cr_expect_not(hosts_has_packet(&t, A, HIP_NOTIFY), "once is enough");
}

/* B's R2 with ESP_INFO changed and protected anew. */
static struct bytes change_r2(const struct bytes *r2, const char *esp_info)
{
	const struct agreed *g = assoc_find(t.h[B], &t.hit[A])->agreed;
	static struct packet_out out;
	struct bytes made;
	int err;

	packet_begin(&out, HIP_R2, 0, &t.hit[B], &t.hit[A]);
	packet_param(&out, PARAM_ESP_INFO, esp_info, 12);
	err = protect_add_mac_2(&out, hit_suite(&t.hit[B]), g->keys.mac_out,
				t.h[B]->host_id.bytes, t.h[B]->host_id.len);
	err |= protect_add_signature(&out, t.id[B]);
	cr_assert_eq(err, 0);
	cr_assert(packet_fix_length(&out));
	made.len = packet_len(&out);
	memcpy(made.b, out.bytes, made.len);
	cr_assert_eq(made.len, r2->len);
	return made;
}

Test(exchange_i, an_r2_is_checked_from_mac_to_spi)
{
	struct bytes r2 = hosts_run_to(&t, HIP_R2);
	struct bytes bad = spoil_param(&r2, PARAM_HIP_MAC_2);
	uint64_t verified = hosts_counters(&t, A)->signatures_verified;
	struct bytes info = packet_body(&r2, PARAM_ESP_INFO);

	cr_expect_eq(hosts_judge(&t, A, &bad), DROP_MAC);
	cr_expect_eq(hosts_counters(&t, A)->signatures_verified, verified);
	bad = spoil_param(&r2, PARAM_HIP_SIGNATURE);
	cr_expect_eq(hosts_judge(&t, A, &bad), DROP_SIGNATURE);
	info.b[8] = info.b[9] = info.b[10] = 0; /* SPI 1 to 255 */
	info.b[11] |= 1;
	bad = change_r2(&r2, (const char *)info.b);
	cr_expect_eq(hosts_judge(&t, A, &bad), DROP_ESP_INFO);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I2_SENT);
	cr_expect_eq(hosts_judge(&t, A, &r2), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
}

Test(exchange_i, exchanges_at_once_are_limited_and_take_turns)
{
	struct hip_input peer = { .kind = HIP_IN_PEER,
				  .locators = &t.at[B],
				  .n_locators = 1 };
	struct hip_input acquire = { .kind = HIP_IN_ACQUIRE,
				     .bytes = (const uint8_t *)"x",
				     .len = 1 };
	size_t i1s = 0, failed = 0;

	for (uint8_t n = 0; n < HALF_OPEN_MAX + 10; n++) {
		cr_assert_eq(hit_from_text("2001:22::1", &peer.hit), 0);
		peer.hit.bytes[14] = n;
		acquire.hit = peer.hit;
		hosts_input(&t, A, &peer);
		hosts_input(&t, A, &acquire);
		i1s += hosts_count(&t, A, HIP_OUT_SEND);
	}
	cr_expect_eq(i1s, HALF_OPEN_MAX);
	while (failed < HALF_OPEN_MAX) {
		t.now_ms += 500;
		hosts_tick(&t, A);
		failed += hosts_count(&t, A, HIP_OUT_UNREACHABLE);
	}
	cr_expect_eq(failed, HALF_OPEN_MAX);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SEND), 10, "the others go on");
}
