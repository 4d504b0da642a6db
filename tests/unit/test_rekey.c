/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/rekey.h"

#include "daemon/hip/host_impl.h"
#include "daemon/hip/suite.h"
#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <string.h>

static struct hosts t;

static void make(void)
{
	hosts_make(&t);
	hosts_establish(&t);
	t.now_ms += 1000;
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(rekey, .init = make, .fini = clear);

static void rekey(int who, bool new_dh)
{
	struct hip_input in = { .kind = HIP_IN_REKEY,
				.hit = t.hit[1 - who],
				.new_dh = new_dh };

	hosts_input(&t, who, &in);
}

static struct host_assoc_info info(int who)
{
	struct host_assoc_info i = { 0 };

	(void)host_assoc_find(t.h[who], &t.hit[1 - who], &i);
	return i;
}

static struct bytes update(int who)
{
	return hosts_packet(&t, who, HIP_UPDATE);
}

/* The whole of it, from A. */
static void run_rekey(bool new_dh)
{
	struct bytes u;

	rekey(A, new_dh);
	u = update(A);
	hosts_deliver(&t, B, &u);
	u = update(B);
	hosts_deliver(&t, A, &u);
	u = update(A);
	hosts_deliver(&t, B, &u);
}

/* A packet of one host's with one parameter changed, genuine all the same. */
static struct bytes change(int from, const struct bytes *u, uint16_t type,
			   const void *body, size_t len)
{
	const struct agreed *g =
		assoc_find(t.h[from], &t.hit[1 - from])->agreed;
	struct edit e = { .type = type, .body = body, .len = len };
	struct remake how = { .edits = &e,
			      .n_edits = 1,
			      .mac_key = g->keys.mac_out,
			      .hit_suite = g->keymat.hit_suite,
			      .signer = t.id[from] };

	return remake_packet(u, &how);
}

static struct bytes change_esp_info(int from, const struct bytes *u,
				    const struct esp_info *to)
{
	uint8_t body[12];
	struct wr w = wr_init(body, sizeof(body));

	wr_u16(&w, 0);
	wr_u16(&w, to->keymat_index);
	wr_u32(&w, to->old_spi);
	wr_u32(&w, to->new_spi);
	return change(from, u, PARAM_ESP_INFO, body, sizeof(body));
}

static struct esp_info esp_info_of(const struct bytes *u)
{
	struct bytes body = packet_body(u, PARAM_ESP_INFO);
	struct esp_info out = { 0 };

	cr_assert_eq(esp_info_parse(rd_init(body.b, body.len), &out),
		     DROP_NONE);
	return out;
}

/* Whether both inbound SPIs leave the peers' remainders by 7. */
static void expect_remainders(void)
{
	for (int who = A; who < HOSTS; who++) {
		const uint8_t *end = &t.hit[1 - who].bytes[14];

		cr_expect_eq(info(who).spi_in % 7,
			     (uint32_t)(end[0] << 8 | end[1]) % 7);
	}
}

Test(rekey, spis_keep_the_remainder_that_the_peer_gives_them)
{
	for (int who = A; who < HOSTS; who++) {
		t.conf[who].spi_modulus = 7;
		hosts_remake(&t, who);
	}
	for (int who = A; who < HOSTS; who++)
		hosts_tell(&t, who);
	hosts_establish(&t);
	t.now_ms += 1000;
	expect_remainders();
	for (int i = 0; i < 5; i++) {
		const uint32_t before = info(A).spi_in;

		run_rekey(false);
		cr_expect_neq(info(A).spi_in, before);
		expect_remainders();
	}
}

Test(rekey, three_updates_change_both_spis)
{
	struct host_assoc_info before[HOSTS] = { info(A), info(B) };

	run_rekey(false);
	for (int who = A; who < HOSTS; who++) {
		struct host_assoc_info now = info(who);

		cr_expect_eq(now.rekeys, 1);
		cr_expect_not(now.is_rekeying);
		cr_expect_neq(now.spi_in, before[who].spi_in);
		cr_expect_eq(now.spi_in, info(1 - who).spi_out);
		cr_expect_eq(hosts_counters(&t, who)->dh_agreements, 1);
	}
}

/* RFC 7402 6.8, step 2; 5.1.1. */
Test(rekey, the_first_update_names_both_spis_and_the_next_byte)
{
	const struct agreed *g = assoc_find(t.h[A], &t.hit[B])->agreed;
	struct esp_info e;
	struct bytes u;

	rekey(A, false);
	u = update(A);
	e = esp_info_of(&u);
	cr_expect_eq(e.old_spi, info(A).spi_in);
	cr_expect_neq(e.new_spi, e.old_spi);
	cr_expect_eq(e.keymat_index,
		     g->keymat_index + suite_esp_keys_len(ESP_AES_GCM_16));
	cr_expect_eq(packet_body(&u, PARAM_SEQ).b[3], 0, "ids begin at 0");
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_IN), 0);
}

Test(rekey, a_new_dh_value_comes_with_index_zero_and_is_answered_by_one)
{
	struct bytes u;

	rekey(A, true);
	u = update(A);
	cr_expect_eq(esp_info_of(&u).keymat_index, 0);
	cr_expect_eq(packet_body(&u, PARAM_DIFFIE_HELLMAN).b[0], DH_NIST_P256);
	hosts_deliver(&t, B, &u);
	u = update(B);
	cr_expect_eq(esp_info_of(&u).keymat_index, 0);
	(void)packet_body(&u, PARAM_DIFFIE_HELLMAN);
}

/* RFC 7402 3.3.2: what may come has an SA before its sender knows the SPI. */
Test(rekey, sas_open_and_close_in_the_order_that_loses_nothing)
{
	struct host_assoc_info old_a = info(A), old_b = info(B);
	struct bytes u;

	rekey(A, false);
	u = update(A);
	hosts_deliver(&t, B, &u);
	cr_expect_eq(t.got[B][0].out.kind, HIP_OUT_SA_IN);
	cr_expect_eq(t.got[B][1].out.kind, HIP_OUT_SEND);
	cr_expect_eq(t.n_got[B], 2, "it goes on sending by the old SA");
	u = update(B);
	hosts_deliver(&t, A, &u);
	cr_expect_eq(t.got[A][0].out.kind, HIP_OUT_SA_IN);
	cr_expect_eq(t.got[A][1].out.kind, HIP_OUT_SA_OUT);
	cr_expect_eq(t.got[A][2].out.kind, HIP_OUT_SA_DELETE);
	cr_expect_eq(t.got[A][2].out.spi, old_a.spi_out);
	cr_expect_not(t.got[A][2].out.inbound);
	cr_expect_eq(t.got[A][3].out.kind, HIP_OUT_SEND);
	cr_expect_eq(t.n_got[A], 4);
	u = update(A);
	hosts_deliver(&t, B, &u);
	cr_expect_eq(t.got[B][0].out.kind, HIP_OUT_SA_OUT);
	cr_expect_eq(t.got[B][1].out.kind, HIP_OUT_SA_DELETE);
	cr_expect_eq(t.got[B][1].out.spi, old_b.spi_out);
	cr_expect_eq(t.n_got[B], 2, "an acknowledgement is not acknowledged");
}

/* RFC 7402 3.3.2. */
Test(rekey, esp_on_the_new_spi_is_as_good_as_the_acknowledgement)
{
	struct hip_input traffic = { .kind = HIP_IN_TRAFFIC,
				     .hit = t.hit[A],
				     .in = true };
	struct bytes u, answer;

	rekey(A, false);
	u = update(A);
	hosts_deliver(&t, B, &u);
	answer = update(B);
	traffic.spi = info(B).spi_in;
	hosts_input(&t, B, &traffic);
	cr_expect_eq(info(B).rekeys, 0, "the old one says nothing");
	hosts_deliver(&t, A, &answer);
	traffic.spi = info(A).spi_out;
	hosts_input(&t, B, &traffic);
	cr_expect_eq(info(B).rekeys, 1);
	u = update(A);
	cr_expect_eq(hosts_judge(&t, B, &u), DROP_UPDATE_ID, "too late");
}

Test(rekey, the_old_inbound_sa_stays_until_the_new_one_was_used)
{
	struct hip_input traffic = { .kind = HIP_IN_TRAFFIC,
				     .hit = t.hit[B],
				     .in = true };
	uint32_t old = info(A).spi_in;

	run_rekey(false);
	t.now_ms += SA_GRACE_MS;
	hosts_tick(&t, A);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 0);
	traffic.spi = info(A).spi_in;
	hosts_input(&t, A, &traffic);
	t.now_ms += SA_GRACE_MS - 1;
	hosts_tick(&t, A);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 0);
	t.now_ms += 1;
	hosts_tick(&t, A);
	cr_assert_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 1);
	cr_expect_eq(hosts_get(&t, A, HIP_OUT_SA_DELETE, 0)->out.spi, old);
}

/* RFC 7402 6.9 step 3, 6.10: two that meet are one. */
Test(rekey, both_at_once_end_with_one_pair)
{
	struct bytes of_a, of_b;

	rekey(A, false);
	rekey(B, true);
	of_a = update(A);
	of_b = update(B);
	hosts_deliver(&t, A, &of_b);
	hosts_deliver(&t, B, &of_a);
	of_a = update(A);
	of_b = update(B);
	hosts_deliver(&t, A, &of_b);
	hosts_deliver(&t, B, &of_a);
	cr_expect_eq(info(A).rekeys, 1);
	cr_expect_eq(info(B).rekeys, 1);
	cr_expect_eq(info(A).spi_in, info(B).spi_out);
	cr_expect_eq(info(A).spi_out, info(B).spi_in);
}

static void expect_refused(const struct bytes *u, enum drop reason)
{
	uint32_t before = info(B).spi_in;

	t.now_ms += UPDATE_REFUSED_MS; /* the same number as the last one */
	cr_expect_eq(hosts_judge(&t, B, u), reason);
	cr_expect_eq(t.n_got[B], 0);
	cr_expect_eq(info(B).spi_in, before);
	cr_expect_not(info(B).is_rekeying);
}

Test(rekey, an_esp_info_that_cannot_be_is_refused)
{
	struct esp_info good, e;
	struct bytes u, bad;

	rekey(A, false);
	u = update(A);
	good = e = esp_info_of(&u);
	e.keymat_index--;
	bad = change_esp_info(A, &u, &e);
	expect_refused(&bad, DROP_ESP_INFO);
	e.keymat_index = UINT16_MAX;
	bad = change_esp_info(A, &u, &e);
	expect_refused(&bad, DROP_ESP_INFO);
	e = good;
	e.old_spi++;
	bad = change_esp_info(A, &u, &e);
	expect_refused(&bad, DROP_ESP_INFO);
	e = good;
	e.new_spi = SPI_MIN - 1;
	bad = change_esp_info(A, &u, &e);
	expect_refused(&bad, DROP_ESP_INFO);
	e.new_spi = e.old_spi;
	bad = change_esp_info(A, &u, &e);
	expect_refused(&bad, DROP_ESP_INFO);
	t.now_ms += UPDATE_REFUSED_MS;
	cr_expect_eq(hosts_judge(&t, B, &u), DROP_NONE, "it was good");
}

/* Whoever saw it can send it again. */
Test(rekey, a_refused_one_is_verified_once_however_often_it_comes)
{
	struct esp_info e;
	struct bytes u, bad;
	uint64_t verified;

	rekey(A, false);
	u = update(A);
	e = esp_info_of(&u);
	e.old_spi++;
	bad = change_esp_info(A, &u, &e);
	expect_refused(&bad, DROP_ESP_INFO);
	verified = hosts_counters(&t, B)->signatures_verified;
	for (int n = 0; n < 50; n++) {
		t.now_ms += 10;
		cr_expect_eq(hosts_judge(&t, B, &bad), DROP_RATE);
	}
	cr_expect_eq(hosts_counters(&t, B)->signatures_verified, verified);
	expect_refused(&bad, DROP_ESP_INFO);
	cr_expect_eq(hosts_counters(&t, B)->signatures_verified, verified + 1);
}

/* A is hostile: it asks for new DH values all the time. */
Test(rekey, new_dh_values_for_a_peer_are_limited_in_time)
{
	uint64_t before = hosts_counters(&t, B)->dh_agreements;
	size_t taken = 0;
	struct bytes u;

	for (int n = 0; n < REKEYS_DH_AT_ONCE; n++) {
		t.now_ms += 100;
		run_rekey(true);
	}
	cr_expect_eq(info(B).rekeys, REKEYS_DH_AT_ONCE);
	rekey(A, true);
	u = update(A);
	for (int n = 0; n < 200; n++) { /* 20 s */
		t.now_ms += REKEY_DH_EACH_MS / 50;
		taken += hosts_judge(&t, B, &u) == DROP_NONE;
	}
	cr_expect_geq(taken, 1, "it only comes later");
	cr_expect_eq(hosts_counters(&t, B)->dh_agreements,
		     before + REKEYS_DH_AT_ONCE + 1);
	rekey(B, true);
	cr_expect(info(B).is_rekeying);
}

/* KEYMAT that is used up asks for a new value just as well. */
Test(rekey, nor_does_it_help_to_waste_keymat)
{
	const struct agreed *g = assoc_find(t.h[A], &t.hit[B])->agreed;
	uint64_t before = hosts_counters(&t, B)->dh_agreements;
	struct esp_info e;
	struct bytes u;

	for (int n = 0; n < 2 * REKEYS_DH_AT_ONCE + 2; n++) {
		t.now_ms += 100;
		rekey(A, false);
		if (!info(A).is_rekeying)
			break;
		u = update(A);
		e = esp_info_of(&u);
		if (e.keymat_index) {
			e.keymat_index = (uint16_t)(keymat_end(&g->keymat) -
						    suite_esp_keys_len(13));
			u = change_esp_info(A, &u, &e);
		}
		if (hosts_judge(&t, B, &u) == DROP_RATE)
			break;
		u = update(B);
		hosts_deliver(&t, A, &u);
		u = update(A);
		hosts_deliver(&t, B, &u);
	}
	cr_expect_eq(hosts_counters(&t, B)->dh_agreements,
		     before + REKEYS_DH_AT_ONCE);
}

Test(rekey, a_larger_index_counts)
{
	struct esp_info e;
	struct bytes u;

	rekey(A, false);
	u = update(A);
	e = esp_info_of(&u);
	e.keymat_index += 100;
	u = change_esp_info(A, &u, &e);
	hosts_deliver(&t, B, &u);
	u = update(B);
	cr_expect_eq(esp_info_of(&u).keymat_index, e.keymat_index);
}

Test(rekey, a_dh_value_of_another_group_or_index_is_refused)
{
	struct bytes u, bad, dh;
	struct esp_info e;

	rekey(A, true);
	u = update(A);
	dh = packet_body(&u, PARAM_DIFFIE_HELLMAN);
	dh.b[0] = DH_NIST_P384;
	bad = change(A, &u, PARAM_DIFFIE_HELLMAN, dh.b, dh.len);
	expect_refused(&bad, DROP_DH_GROUP);
	dh.b[0] = DH_NIST_P256;
	dh.b[dh.len - 1] ^= 1;
	bad = change(A, &u, PARAM_DIFFIE_HELLMAN, dh.b, dh.len);
	expect_refused(&bad, DROP_DH_PUBLIC);
	e = esp_info_of(&u);
	e.keymat_index = 1000;
	bad = change_esp_info(A, &u, &e);
	expect_refused(&bad, DROP_ESP_INFO);
	bad = change(A, &u, PARAM_ESP_INFO, NULL, 0);
	expect_refused(&bad, DROP_PARAM_MISSING);
}

/* RFC 7402 6.8 step 5: an acknowledgement without the peer's half. */
Test(rekey, a_peer_that_leaves_its_half_out_gets_a_new_exchange)
{
	struct bytes u;

	rekey(A, false);
	u = update(A);
	hosts_deliver(&t, B, &u);
	u = update(B);
	u = change(B, &u, PARAM_ESP_INFO, NULL, 0);
	cr_expect_eq(hosts_judge(&t, A, &u), DROP_NONE);
	cr_expect(info(A).is_rekeying);
	t.now_ms += REKEY_STALL_MS - 1;
	hosts_tick(&t, A);
	cr_expect_eq(t.n_got[A], 0, "not sent again either");
	t.now_ms += 1;
	hosts_tick(&t, A);
	cr_expect(hosts_has_packet(&t, A, HIP_I1));
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
}

/* RFC 7401 6.11, step 4. */
Test(rekey, without_an_answer_a_new_exchange_is_tried_and_then_it_closes)
{
	uint64_t updates = 1;

	rekey(A, false);
	while (!hosts_has_packet(&t, A, HIP_I1)) {
		t.now_ms = host_deadline(t.h[A]);
		hosts_tick(&t, A);
		updates += hosts_has_packet(&t, A, HIP_UPDATE);
	}
	cr_expect_eq(updates, 1 + UPDATE_RETRY_MAX);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
	while (hosts_state(&t, A) == ASSOC_ESTABLISHED) {
		t.now_ms = host_deadline(t.h[A]);
		hosts_tick(&t, A);
	}
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
}

Test(rekey, only_an_established_association_begins_one_and_only_one)
{
	rekey(A, false);
	cr_expect(hosts_has_packet(&t, A, HIP_UPDATE));
	rekey(A, false);
	cr_expect_eq(t.n_got[A], 0);
	hosts_close(&t, B);
	rekey(B, false);
	cr_expect_eq(t.n_got[B], 0);
}

Test(rekey, closing_amidst_closes_every_sa)
{
	struct bytes u;

	run_rekey(false);
	rekey(A, true);
	u = update(A);
	hosts_deliver(&t, B, &u);
	hosts_close(&t, B);
	/* In use: two. New: one. Old: one. */
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 4);
}

/* RFC 4303 3.3.3: a sequence number never comes twice. */
Test(rekey, keys_are_used_up_long_before_sequence_numbers)
{
	struct hip_input in = { .kind = HIP_IN_TRAFFIC,
				.hit = t.hit[B],
				.out = true,
				.esp_packets = ESP_PACKETS_MAX - 1 };

	t.conf[A].rekey_ms = t.conf[A].rekey_packets = 0;
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	hosts_establish(&t);
	hosts_input(&t, A, &in);
	cr_expect_not(hosts_has_packet(&t, A, HIP_UPDATE));
	in.esp_packets = 1;
	hosts_input(&t, A, &in);
	cr_expect(hosts_has_packet(&t, A, HIP_UPDATE));
}

Test(rekey, time_begins_one_only_where_there_was_traffic)
{
	t.now_ms += 2 * REKEY_DEFAULT_MS;
	hosts_tick(&t, A);
	cr_expect_not(hosts_has_packet(&t, A, HIP_UPDATE));
	hosts_traffic(&t, A, false);
	cr_expect(hosts_has_packet(&t, A, HIP_UPDATE));
}

static void quiet_association(uint64_t quiet_bytes)
{
	for (int who = A; who <= B; who++) {
		t.conf[who].rekey_quiet_bytes = quiet_bytes;
		t.conf[who].idle_ms = 0;
		hosts_remake(&t, who);
	}
	hosts_tell(&t, A);
	hosts_tell(&t, B);
	hosts_establish(&t);
}

static void pass(int who, uint64_t bytes)
{
	struct hip_input in = { .kind = HIP_IN_TRAFFIC,
				.hit = t.hit[1 - who],
				.out = true,
				.esp_packets = 1,
				.esp_bytes = bytes };

	hosts_input(&t, who, &in);
}

Test(rekey, where_next_to_nothing_passes_time_waits_for_a_new_dh_value)
{
	struct bytes u;
	int first = hit_compare(&t.hit[A], &t.hit[B]) < 0 ? A : B;

	quiet_association(1000);
	pass(first, 999);
	t.now_ms += 2 * REKEY_DEFAULT_MS;
	hosts_tick(&t, first);
	cr_expect_not(hosts_has_packet(&t, first, HIP_UPDATE));
	t.now_ms += REKEY_DH_MS - 2 * REKEY_DEFAULT_MS;
	hosts_tick(&t, first);
	cr_assert(hosts_has_packet(&t, first, HIP_UPDATE));
	u = update(first);
	(void)packet_body(&u, PARAM_DIFFIE_HELLMAN);
}

Test(rekey, where_more_than_that_has_passed_time_counts)
{
	int first = hit_compare(&t.hit[A], &t.hit[B]) < 0 ? A : B;

	quiet_association(1000);
	pass(first, 999);
	t.now_ms += 2 * REKEY_DEFAULT_MS;
	hosts_tick(&t, first);
	cr_expect_not(hosts_has_packet(&t, first, HIP_UPDATE));
	pass(first, 1);
	cr_expect(hosts_has_packet(&t, first, HIP_UPDATE));
}
