/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/exchange_r.h"

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

TestSuite(exchange_r, .init = make, .fini = clear);

static uint64_t costs(int who)
{
	const struct host_counters *c = hosts_counters(&t, who);

	return c->dh_agreements + c->signatures_verified;
}

/* The keys under which A sent its I2. */
static const struct agreed *agreed_of_a(void)
{
	return assoc_find(t.h[A], &t.hit[B])->exchange->agreed;
}

/* A's I2 with one parameter changed, MAC and signature made anew. */
static struct bytes change_i2(const struct bytes *i2, const struct edit *e)
{
	struct remake how = { .edits = e,
			      .n_edits = 1,
			      .mac_key = agreed_of_a()->keys.mac_out,
			      .hit_suite = hit_suite(&t.hit[B]),
			      .signer = t.id[A] };

	return remake_packet(i2, &how);
}

Test(exchange_r, an_i1_is_answered_and_nothing_is_kept)
{
	struct bytes i1 = hosts_run_to(&t, HIP_I1);

	cr_expect_eq(hosts_judge(&t, B, &i1), DROP_NONE);
	cr_expect(hosts_has_packet(&t, B, HIP_R1));
	cr_expect_eq(t.n_got[B], 1);
	cr_expect_eq(hosts_state(&t, B), ASSOC_UNASSOCIATED);
	cr_expect_eq(host_assoc_list(t.h[B], NULL, 0), 0);
	cr_expect_eq(costs(B), 0);
}

Test(exchange_r, an_i1_without_groups_is_dropped)
{
	struct bytes i1 = hosts_run_to(&t, HIP_I1);
	struct edit e = { .type = PARAM_DH_GROUP_LIST };
	struct remake how = { .edits = &e, .n_edits = 1 };

	i1 = remake_packet(&i1, &how);
	cr_expect_eq(hosts_judge(&t, B, &i1), DROP_PARAM_MISSING);
	cr_expect_eq(t.n_got[B], 0);
}

Test(exchange_r, an_i1_without_a_group_of_ours_gets_our_favourite)
{
	struct bytes i1 = hosts_run_to(&t, HIP_I1);
	struct edit e = { .type = PARAM_DH_GROUP_LIST, "\x03\x0b", 2 };
	struct remake how = { .edits = &e, .n_edits = 1 };
	struct bytes dh;

	i1 = remake_packet(&i1, &how);
	hosts_deliver(&t, B, &i1);
	dh = hosts_packet(&t, B, HIP_R1);
	dh = packet_body(&dh, PARAM_DIFFIE_HELLMAN);
	cr_expect_eq(dh.b[0], DH_NIST_P256);
}

Test(exchange_r, the_group_is_our_first_that_the_initiator_has)
{
	struct bytes i1 = hosts_run_to(&t, HIP_I1);
	struct edit e = { .type = PARAM_DH_GROUP_LIST, "\x03\x08", 2 };
	struct remake how = { .edits = &e, .n_edits = 1 };
	struct bytes dh;

	i1 = remake_packet(&i1, &how);
	hosts_deliver(&t, B, &i1);
	dh = hosts_packet(&t, B, HIP_R1);
	dh = packet_body(&dh, PARAM_DIFFIE_HELLMAN);
	cr_expect_eq(dh.b[0], DH_NIST_P384);
}

Test(exchange_r, strangers_get_neither_r1_nor_r2)
{
	struct hip_input remove = { .kind = HIP_IN_PEER_REMOVE,
				    .hit = t.hit[A] };
	struct bytes i1 = hosts_run_to(&t, HIP_I1);
	struct bytes i2;

	hosts_input(&t, B, &remove);
	cr_expect_eq(hosts_judge(&t, B, &i1), DROP_NOT_KNOWN);
	cr_expect_eq(t.n_got[B], 0);
	hosts_tell(&t, B);
	hosts_close(&t, A);
	i2 = hosts_run_to(&t, HIP_I2);
	hosts_input(&t, B, &remove);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NOT_KNOWN);
	cr_expect_eq(t.n_got[B], 0);
	cr_expect_eq(costs(B), 0);
}

/* RFC 7401 5.1.2: one bit says anonymous, the others nothing. */
Test(exchange_r, controls_are_ignored_and_none_is_set)
{
	struct bytes i1 = hosts_run_to(&t, HIP_I1), r1;

	cr_expect_eq(i1.b[6] | i1.b[7], 0);
	i1.b[6] = i1.b[7] = 0xff;
	cr_expect_eq(hosts_judge(&t, B, &i1), DROP_NONE);
	r1 = hosts_packet(&t, B, HIP_R1);
	cr_expect_eq(r1.b[6] | r1.b[7], 0);
}

/* Before its puzzle was found good it is not told, either. */
Test(exchange_r, a_kind_of_hit_that_we_cannot_verify_is_told_so)
{
	enum { SUITE_AT = 8 + 3, ECDSA_LOW = 0x23, I_AT = 4 };
	struct bytes i1 = hosts_run_to(&t, HIP_I1), good = i1, i2, other, body;
	const struct param *solution;
	struct packet p;

	t.conf[B].accept_any = true;
	hosts_remake(&t, B);
	i1.b[SUITE_AT] = ECDSA_LOW;
	hosts_deliver(&t, B, &i1);
	other = hosts_packet(&t, B, HIP_R1);
	hosts_deliver(&t, B, &good);
	i2 = hosts_packet(&t, B, HIP_R1);
	hosts_deliver(&t, A, &i2);
	i2 = good = hosts_packet(&t, A, HIP_I2);
	i2.b[SUITE_AT] = ECDSA_LOW;
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_PUZZLE_STALE);
	cr_expect_eq(t.n_got[B], 0);
	cr_assert_eq(packet_parse(i2.b, i2.len, &p, NULL), DROP_NONE);
	solution = packet_find(&p, PARAM_SOLUTION);
	body = packet_body(&other, PARAM_PUZZLE);
	memcpy(i2.b + (solution->body - i2.b) + I_AT, body.b + I_AT,
	       body.len - I_AT);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_HIT_SUITE);
	body = hosts_packet(&t, B, HIP_NOTIFY);
	cr_expect_eq(packet_body(&body, PARAM_NOTIFICATION).b[3],
		     NOTIFY_UNSUPPORTED_HIT_SUITE);
	cr_expect_eq(costs(B), 0);
	cr_expect_eq(hosts_judge(&t, B, &good), DROP_NONE);
}

Test(exchange_r, an_opportunistic_i1_is_answered)
{
	struct bytes i1 = hosts_run_to(&t, HIP_I1);
	struct bytes r1;

	memset(i1.b + 24, 0, sizeof(struct hit));
	cr_expect_eq(hosts_judge(&t, B, &i1), DROP_NONE);
	r1 = hosts_packet(&t, B, HIP_R1);
	cr_expect_arr_eq(r1.b + 8, t.hit[B].bytes, sizeof(struct hit));
	cr_expect_arr_eq(r1.b + 24, t.hit[A].bytes, sizeof(struct hit));
}

Test(exchange_r, only_an_i1_may_be_opportunistic)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	memset(i2.b + 24, 0, sizeof(struct hit));
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_RECEIVER_HIT);
}

/* T8: the ninth within ten seconds waits for 3 bytes out per byte in. */
Test(exchange_r, r1s_per_source_are_limited)
{
	struct bytes i1 = hosts_run_to(&t, HIP_I1);
	size_t in = 0, out = 0, r1s = 0;

	for (int n = 0; n < 1000; n++) {
		hosts_deliver(&t, B, &i1);
		t.now_ms += 9;
		if (r1s < R1_PER_SOURCE_MAX) {
			r1s++;
			cr_assert(hosts_has_packet(&t, B, HIP_R1));
			continue;
		}
		in += i1.len;
		if (hosts_has_packet(&t, B, HIP_R1))
			out += hosts_packet(&t, B, HIP_R1).len;
		cr_assert_leq(out, 3 * in);
	}
	cr_expect_gt(out, 2 * in, "but not shut out");
	cr_expect_gt(hosts_dropped(&t, B, DROP_RATE), 0);
}

Test(exchange_r, both_forms_of_the_host_id_are_accepted)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);
	struct whole_param own = t.h[A]->host_id;
	struct edit e[] = { { .type = PARAM_ENCRYPTED },
			    { .type = PARAM_HOST_ID,
			      .body = own.bytes + 4,
			      .len = (size_t)own.bytes[2] << 8 |
				     own.bytes[3] } };
	struct remake how = { .edits = e,
			      .n_edits = 2,
			      .mac_key = agreed_of_a()->keys.mac_out,
			      .hit_suite = hit_suite(&t.hit[B]),
			      .signer = t.id[A] };
	struct packet p;

	cr_assert_eq(packet_parse(i2.b, i2.len, &p, NULL), DROP_NONE);
	cr_expect(packet_find(&p, PARAM_ENCRYPTED), "ours is encrypted");
	cr_expect_null(packet_find(&p, PARAM_HOST_ID));
	i2 = remake_packet(&i2, &how);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NONE);
	cr_expect(hosts_has_packet(&t, B, HIP_R2));
}

/*
 * Between the SA and what waited for it nothing is sent: the data plane would
 * seal newer packets then.
 */
Test(exchange_r, what_waited_follows_its_sa_at_once_and_both_follow_the_r2)
{
	static const enum hip_output_kind order[] = {
		HIP_OUT_SA_IN,	HIP_OUT_SEND,	HIP_OUT_SA_OUT,
		HIP_OUT_INJECT, HIP_OUT_INJECT, HIP_OUT_PEER,
	};
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	hosts_acquire(&t, B, 1);
	hosts_acquire(&t, B, 2);
	hosts_deliver(&t, B, &i2);
	cr_assert_eq(t.n_got[B], 6);
	for (size_t i = 0; i < 6; i++)
		cr_expect_eq(t.got[B][i].out.kind, order[i], "%zu", i);
	cr_expect_eq(t.got[B][1].bytes.b[2], HIP_R2);
	cr_expect(locator_equal(&t.got[B][2].out.remote, &t.at[A]));
	cr_expect_eq(t.got[B][3].bytes.b[0], 1);
	cr_expect_eq(t.got[B][4].bytes.b[0], 2);
}

Test(exchange_r, the_i2_verifies_with_one_hash_one_agreement_one_signature)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);
	const struct host_counters *c = hosts_counters(&t, B);

	hosts_deliver(&t, B, &i2);
	cr_expect_eq(c->puzzles_verified, 1);
	cr_expect_eq(c->dh_agreements, 1);
	cr_expect_eq(c->signatures_verified, 1);
}

/* T9. */
Test(exchange_r, an_i_that_is_not_ours_costs_no_public_key_operation)
{
	struct bytes i2, solution;
	struct edit e = { .type = PARAM_SOLUTION, .body = solution.b };

	i2 = hosts_run_to(&t, HIP_I2);
	solution = packet_body(&i2, PARAM_SOLUTION);
	e.len = solution.len;
	for (size_t at = 4; at < solution.len / 2; at++) {
		struct bytes wrong;

		solution.b[at] ^= 1; /* I */
		wrong = change_i2(&i2, &e);
		cr_expect_eq(hosts_judge(&t, B, &wrong), DROP_PUZZLE_STALE);
		solution.b[at] ^= 1;
	}
	cr_expect_eq(costs(B), 0);
	cr_expect_eq(hosts_counters(&t, B)->puzzles_verified, 0);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NONE, "it was good");
}

/* T9, with a puzzle that is one. */
Test(exchange_r, a_j_that_does_not_solve_costs_one_hash)
{
	struct hip_input solved = { .kind = HIP_IN_SOLVED, .hit = t.hit[B] };
	struct bytes r1, i2, solution;
	struct edit e = { .type = PARAM_SOLUTION, .body = solution.b };
	const struct hip_output *solve;

	t.conf[B].puzzle_k = 12;
	hosts_remake(&t, B);
	hosts_tell(&t, B);
	r1 = hosts_run_to(&t, HIP_R1);
	hosts_deliver(&t, A, &r1);
	solve = &hosts_get(&t, A, HIP_OUT_SOLVE, 0)->out;
	cr_assert(puzzle_solve_slice(&solve->puzzle, solved.j, 1 << 20));
	solved.job = solve->job;
	solved.solved = true;
	hosts_input(&t, A, &solved);
	i2 = hosts_packet(&t, A, HIP_I2);
	solution = packet_body(&i2, PARAM_SOLUTION);
	e.len = solution.len;
	for (int n = 0; n < 100; n++) {
		struct bytes wrong;

		solution.b[solution.len - 8]++;
		wrong = change_i2(&i2, &e);
		cr_expect_eq(hosts_judge(&t, B, &wrong), DROP_SOLUTION);
	}
	cr_expect_eq(costs(B), 0);
	cr_expect_eq(hosts_counters(&t, B)->puzzles_verified, 100);
	solution = packet_body(&i2, PARAM_SOLUTION);
	solution.b[0]--; /* K */
	i2 = change_i2(&i2, &e);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_PUZZLE_STALE, "easier");
	solution.b[0]++;
	i2 = change_i2(&i2, &e);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NONE, "it was good");
}

Test(exchange_r, a_solution_from_another_address_is_not_ours)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	t.at[A].port++;
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_PUZZLE_STALE);
	t.at[A].port--;
	t.at[A].addr[15]++;
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_PUZZLE_STALE);
	cr_expect_eq(costs(B), 0);
}

/* T10: each solution is good for one I2, right or wrong. */
Test(exchange_r, a_solution_is_taken_once)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);
	struct bytes bad = spoil_param(&i2, PARAM_HIP_SIGNATURE);
	uint64_t spent;

	cr_expect_eq(hosts_judge(&t, B, &bad), DROP_SIGNATURE);
	spent = costs(B);
	cr_expect_eq(hosts_judge(&t, B, &bad), DROP_SOLUTION_USED);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_SOLUTION_USED);
	cr_expect_eq(costs(B), spent);
	cr_expect_eq(hosts_state(&t, B), ASSOC_UNASSOCIATED);
}

/* A solved I2 with a bad signature, from an address of its own. */
static enum drop attack(uint8_t nth)
{
	struct bytes i2;
	enum drop d;

	t.at[A].addr[14] = nth;
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	i2 = hosts_run_to(&t, HIP_I2);
	i2 = spoil_param(&i2, PARAM_HIP_SIGNATURE);
	d = hosts_judge(&t, B, &i2);
	t.now_ms++;
	return d;
}

/* T10: forged I2s make puzzles hard, and time makes them easy again. */
Test(exchange_r, r1s_change_before_there_is_no_room_for_solutions)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);
	uint64_t generation = host_r1_generation(t.h[B]);

	/* As if so many others had been here. */
	t.h[B]->r1.current->used.n = SOLUTIONS_MAX / 4 * 3 - 1;
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NONE);
	cr_expect_eq(host_r1_generation(t.h[B]), generation + 1);
	cr_expect_eq(t.h[B]->r1.current->used.n, 0);
}

Test(exchange_r, difficulty_follows_load)
{
	uint8_t n = 0;

	while (hosts_counters(&t, B)->puzzle_k == 0 && n < 100)
		cr_assert_eq(attack(n++), DROP_SIGNATURE);
	cr_expect_eq(hosts_counters(&t, B)->puzzle_k, 4);
	cr_expect_geq(n, 18, "%d", n);
	cr_expect_leq(n, 22, "%d", n);
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	(void)hosts_run_to(&t, HIP_R1);
	cr_expect_eq(packet_body(&t.got[B]->bytes, PARAM_PUZZLE).b[0], 4);
	t.now_ms += 10 * 1000;
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	(void)hosts_run_to(&t, HIP_R1);
	cr_expect_eq(hosts_counters(&t, B)->puzzle_k, 0);
	cr_expect_eq(packet_body(&t.got[B]->bytes, PARAM_PUZZLE).b[0], 0);
}

/* T11. */
Test(exchange_r, a_repeated_i2_gets_the_same_r2_seldom)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);
	uint64_t spent, made;
	struct bytes r2;
	size_t repeated = 0;

	hosts_deliver(&t, B, &i2);
	r2 = hosts_packet(&t, B, HIP_R2);
	spent = costs(B);
	made = hosts_counters(&t, B)->signatures_made;
	for (int n = 0; n < 1000; n++) {
		t.now_ms++;
		hosts_deliver(&t, B, &i2);
		cr_assert_eq(hosts_count(&t, B, HIP_OUT_SA_IN), 0);
		cr_assert_eq(hosts_count(&t, B, HIP_OUT_SA_OUT), 0);
		if (!hosts_has_packet(&t, B, HIP_R2))
			continue;
		repeated++;
		cr_assert_arr_eq(hosts_packet(&t, B, HIP_R2).b, r2.b, r2.len);
	}
	cr_expect_eq(repeated, 1000 / R2_REPEAT_MS);
	cr_expect_eq(costs(B), spent);
	cr_expect_eq(hosts_counters(&t, B)->signatures_made, made);
}

Test(exchange_r, a_repeated_i2_is_answered_to_where_the_first_came_from)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	hosts_deliver(&t, B, &i2);
	t.now_ms += 1000;
	t.at[A].addr[15] = 99;
	hosts_deliver(&t, B, &i2);
	cr_expect_eq(hosts_get(&t, B, HIP_OUT_SEND, 0)->out.remote.addr[15], 1);
}

Test(exchange_r, once_the_peer_has_r2_its_i2_is_old)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	hosts_deliver(&t, B, &i2);
	hosts_traffic(&t, B, true);
	t.now_ms += 1000;
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_SOLUTION_USED);
	cr_expect_eq(t.n_got[B], 0);
}

Test(exchange_r, traffic_in_or_time_establishes)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	hosts_deliver(&t, B, &i2);
	cr_expect_eq(hosts_state(&t, B), ASSOC_R2_SENT);
	hosts_traffic(&t, B, false);
	cr_expect_eq(hosts_state(&t, B), ASSOC_R2_SENT, "ours proves nothing");
	t.now_ms += R2_SENT_MS - 1;
	hosts_tick(&t, B);
	cr_expect_eq(hosts_state(&t, B), ASSOC_R2_SENT);
	t.now_ms++;
	hosts_tick(&t, B);
	cr_expect_eq(hosts_state(&t, B), ASSOC_ESTABLISHED);
	cr_expect_eq(hosts_counters(&t, B)->exchanges_completed, 1);
}

/* T5. */
Test(exchange_r, a_hit_that_is_not_of_the_hi_is_refused_before_its_signature)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);
	struct whole_param own = t.h[A]->host_id;
	struct bytes other = { .len = own.len - 4 };
	struct edit e[] = { { .type = PARAM_ENCRYPTED },
			    { .type = PARAM_HOST_ID,
			      .body = other.b,
			      .len = (size_t)own.bytes[2] << 8 |
				     own.bytes[3] } };
	struct remake how = { .edits = e,
			      .n_edits = 2,
			      .mac_key = agreed_of_a()->keys.mac_out,
			      .hit_suite = hit_suite(&t.hit[B]),
			      .signer = t.id[A] };

	memcpy(other.b, own.bytes + 4, own.len - 4);
	other.b[40] ^= 1;
	i2 = remake_packet(&i2, &how);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_HOST_ID);
	cr_expect_eq(hosts_counters(&t, B)->signatures_verified, 0);
	cr_expect_eq(hosts_state(&t, B), ASSOC_UNASSOCIATED);
}

Test(exchange_r, a_bad_mac_is_refused_before_the_signature)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	i2 = spoil_param(&i2, PARAM_HIP_MAC);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_MAC);
	cr_expect_eq(hosts_counters(&t, B)->signatures_verified, 0);
}

/* One I2 per row, changed and protected anew, so that only this is wrong. */
static const struct {
	struct edit edit;
	enum drop reason;
} wrong_i2s[] = {
	{ { PARAM_ESP_INFO, "\0\0\0\xe0\0\0\0\0\0\0\0\xff", 12 },
	  DROP_ESP_INFO }, /* a reserved SPI */
	{ { PARAM_ESP_INFO, "\0\0\0\xe0\0\0\0\1\0\0\x10\0", 12 },
	  DROP_ESP_INFO }, /* an old SPI */
	{ { PARAM_ESP_INFO, "\0\0\0\x01\0\0\0\0\0\0\x10\0", 12 },
	  DROP_ESP_INFO }, /* another index */
	{ { PARAM_HIP_CIPHER, "\0\4\0\2", 4 }, DROP_HIP_CIPHER },
	{ { PARAM_HIP_CIPHER, "\0\1", 2 }, DROP_HIP_CIPHER },
	{ { PARAM_TRANSPORT_FORMAT_LIST, "\x0f\xff\x0f\xfd", 4 },
	  DROP_TRANSPORT },
	{ { PARAM_TRANSPORT_FORMAT_LIST, "\x0f\xfd", 2 }, DROP_TRANSPORT },
	{ { PARAM_ESP_TRANSFORM, "\0\0\0\x0d\0\x08", 6 }, DROP_ESP_SUITE },
	{ { PARAM_ESP_TRANSFORM, "\0\0\0\x07", 4 }, DROP_ESP_SUITE },
	{ { PARAM_DIFFIE_HELLMAN, "\x09\0\1\0", 4 }, DROP_DH_GROUP },
	{ { PARAM_DIFFIE_HELLMAN, "\x07\0\1\0", 4 }, DROP_DH_PUBLIC },
	{ { PARAM_R1_COUNTER, "\0\0\0\0\0\0\0\0\0\0\0\2", 12 },
	  DROP_R1_COUNTER },
	{ { PARAM_R1_COUNTER, NULL, 0 }, DROP_PARAM_MISSING },
	{ { PARAM_SOLUTION, NULL, 0 }, DROP_PARAM_MISSING },
	{ { PARAM_ENCRYPTED, NULL, 0 }, DROP_PARAM_MISSING },
	{ { PARAM_ESP_TRANSFORM, NULL, 0 }, DROP_PARAM_MISSING },
};

Test(exchange_r, each_way_an_i2_can_be_wrong_has_its_reason)
{
	for (size_t i = 0; i < sizeof(wrong_i2s) / sizeof(wrong_i2s[0]); i++) {
		struct bytes i2;

		hosts_clear(&t);
		hosts_make(&t);
		i2 = hosts_run_to(&t, HIP_I2);
		i2 = change_i2(&i2, &wrong_i2s[i].edit);
		cr_expect_eq(hosts_judge(&t, B, &i2), wrong_i2s[i].reason,
			     "row %zu", i);
		cr_expect_eq(hosts_state(&t, B), ASSOC_UNASSOCIATED);
		cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_IN), 0);
	}
}

Test(exchange_r, a_peer_that_restarted_takes_its_place_again)
{
	struct host_assoc_info old, new;
	struct bytes i2;

	hosts_establish(&t);
	cr_assert(host_assoc_find(t.h[B], &t.hit[A], &old));
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	t.now_ms += 100;
	i2 = hosts_run_to(&t, HIP_I2);
	hosts_deliver(&t, B, &i2);
	cr_expect_eq(hosts_state(&t, B), ASSOC_R2_SENT);
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 1, "outbound");
	cr_expect_eq(host_assoc_list(t.h[B], NULL, 0), 1);
	cr_assert(host_assoc_find(t.h[B], &t.hit[A], &new));
	cr_expect_neq(new.spi_in, old.spi_in);
	t.now_ms += SA_OLD_MS;
	hosts_tick(&t, B);
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 1, "inbound");
	cr_expect_eq(hosts_get(&t, B, HIP_OUT_SA_DELETE, 0)->out.spi,
		     old.spi_in);
}

/* Both could otherwise end with keys that the other has given up. */
/* RFC 7402 3.3.3: the peer chooses its SPIs, and may do so again. */
Test(exchange_r, a_peer_may_take_its_old_spi_again)
{
	struct host_assoc_info info;
	uint8_t esp_info[12] = { 0 };
	struct edit e = { PARAM_ESP_INFO, esp_info, sizeof(esp_info) };
	struct bytes i2, body;

	hosts_establish(&t);
	cr_assert(host_assoc_find(t.h[B], &t.hit[A], &info));
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	t.now_ms += 100;
	i2 = hosts_run_to(&t, HIP_I2);
	body = packet_body(&i2, PARAM_ESP_INFO);
	memcpy(esp_info, body.b, 8);
	for (size_t n = 0; n < 4; n++)
		esp_info[8 + n] = (uint8_t)(info.spi_out >> (24 - 8 * n));
	i2 = change_i2(&i2, &e);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NONE);
	cr_expect_lt(hosts_get(&t, B, HIP_OUT_SA_DELETE, 0),
		     hosts_get(&t, B, HIP_OUT_SA_OUT, 0), "or it went, too");
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 1);
	cr_expect_eq(hosts_get(&t, B, HIP_OUT_SA_OUT, 0)->out.spi,
		     info.spi_out);
}

Test(exchange_r, an_i2_that_is_older_than_the_association_is_late)
{
	struct bytes late = hosts_run_to(&t, HIP_I2);

	hosts_remake(&t, A);
	hosts_tell(&t, A);
	t.now_ms += 100;
	hosts_establish(&t);
	cr_expect_eq(hosts_judge(&t, B, &late), DROP_PUZZLE_STALE);
	cr_expect_eq(hosts_state(&t, B), ASSOC_ESTABLISHED);
}

/* RFC 7401 table 4, 6.9 step 5. */
Test(exchange_r, of_two_i2s_the_smaller_hits_is_followed)
{
	int small = hit_compare(&t.hit[A], &t.hit[B]) < 0 ? A : B;
	struct bytes i1[HOSTS], r1[HOSTS], i2[HOSTS];

	for (int who = A; who < HOSTS; who++) {
		hosts_acquire(&t, who, 1);
		i1[who] = hosts_packet(&t, who, HIP_I1);
	}
	/* Answered before their own I1s went, as it were. */
	hosts_clear(&t);
	hosts_make(&t);
	for (int who = A; who < HOSTS; who++) {
		hosts_deliver(&t, who, &i1[1 - who]);
		r1[who] = hosts_packet(&t, who, HIP_R1);
	}
	for (int who = A; who < HOSTS; who++) {
		hosts_acquire(&t, who, 1);
		hosts_deliver(&t, who, &r1[1 - who]);
		i2[who] = hosts_packet(&t, who, HIP_I2);
	}
	cr_expect_eq(hosts_judge(&t, small, &i2[1 - small]), DROP_STATE);
	cr_expect_eq(hosts_judge(&t, 1 - small, &i2[small]), DROP_NONE);
	cr_expect_eq(hosts_count(&t, 1 - small, HIP_OUT_SA_DELETE), 1,
		     "its own exchange is over");
	i2[0] = hosts_packet(&t, 1 - small, HIP_R2);
	cr_expect_eq(hosts_judge(&t, small, &i2[0]), DROP_NONE);
	cr_expect_eq(hosts_state(&t, small), ASSOC_ESTABLISHED);
}

/* RFC 7401 table 3, 6.7 step 3. */
Test(exchange_r, in_i1_sent_the_smaller_hit_drops_i1)
{
	int small = hit_compare(&t.hit[A], &t.hit[B]) < 0 ? A : B;
	struct bytes i1[HOSTS];

	for (int who = A; who < HOSTS; who++) {
		hosts_acquire(&t, who, 1);
		i1[who] = hosts_packet(&t, who, HIP_I1);
	}
	cr_expect_eq(hosts_judge(&t, small, &i1[1 - small]), DROP_STATE);
	cr_expect_not(hosts_has_packet(&t, small, HIP_R1));
	cr_expect(hosts_has_packet(&t, small, HIP_I1), "its own, once more");
	cr_expect_eq(hosts_judge(&t, small, &i1[1 - small]), DROP_STATE);
	cr_expect_eq(t.n_got[small], 0, "but not for each");
	cr_expect_eq(hosts_judge(&t, 1 - small, &i1[small]), DROP_NONE);
	cr_expect(hosts_has_packet(&t, 1 - small, HIP_R1));
	cr_expect_eq(hosts_state(&t, 1 - small), ASSOC_I1_SENT);
}

Test(exchange_r, r1s_of_two_generations_are_good_and_no_older)
{
	for (int renewals = 0; renewals < 3; renewals++) {
		struct bytes i2;

		hosts_clear(&t);
		hosts_make(&t);
		i2 = hosts_run_to(&t, HIP_I2);
		for (int n = 0; n < renewals; n++) {
			t.now_ms += R1_LIFETIME_MS;
			hosts_tick(&t, B);
		}
		cr_expect_eq(hosts_judge(&t, B, &i2),
			     renewals < 2 ? DROP_NONE : DROP_R1_COUNTER,
			     "%d renewals", renewals);
	}
}

Test(exchange_r, at_the_limit_a_dead_association_makes_room)
{
	struct hip_input peer = { .kind = HIP_IN_PEER,
				  .locators = &t.at[A],
				  .n_locators = 1 };
	struct hip_input acquire = { .kind = HIP_IN_ACQUIRE };
	struct bytes i2;

	t.conf[B].assoc_max = 1;
	hosts_remake(&t, B);
	hosts_tell(&t, B);
	cr_assert_eq(hit_from_text("2001:22::1", &peer.hit), 0);
	acquire.hit = peer.hit;
	hosts_input(&t, B, &peer);
	hosts_input(&t, B, &acquire);
	i2 = hosts_run_to(&t, HIP_I2);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_LIMIT, "one is alive");
	for (int n = 0; n < 12; n++) {
		t.now_ms += 2000;
		hosts_tick(&t, B);
	}
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	i2 = hosts_run_to(&t, HIP_I2);
	hosts_deliver(&t, B, &i2);
	cr_expect_eq(hosts_state(&t, B), ASSOC_R2_SENT);
	cr_expect_eq(host_assoc_list(t.h[B], NULL, 0), 1);
}
