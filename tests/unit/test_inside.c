/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/inside.h"

#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <string.h>

static struct hosts t;

/* Which of the hosts can. */
static void make_with(bool a, bool b)
{
	hosts_make(&t);
	t.conf[A].inside = a;
	t.conf[B].inside = b;
	for (int who = A; who < HOSTS; who++) {
		hosts_remake(&t, who);
		hosts_tell(&t, who);
	}
}

static void make(void)
{
	make_with(true, true);
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(inside, .init = make, .fini = clear);
TestSuite(inside_peers, .fini = clear);

static void probe(int who)
{
	struct hip_input in = { .kind = HIP_IN_PROBE, .hit = t.hit[1 - who] };

	hosts_input(&t, who, &in);
}

/* Did the last call send this type inside? */
static bool went_inside(int who, uint8_t type)
{
	const struct got *g;

	for (size_t n = 0; (g = hosts_get(&t, who, HIP_OUT_SEND, n)); n++) {
		if (g->bytes.b[2] == type)
			return g->out.inside;
	}
	cr_assert_fail("no packet of type %u", type);
	return false;
}

static void wait_for_deadline(int who)
{
	t.now_ms = host_deadline(t.h[who]);
	hosts_tick(&t, who);
}

/* The modes that a packet names; n is IDS_MAX when it has no parameter. */
static struct id_list modes_of(const struct bytes *packet)
{
	struct transport_mode mode = { .modes.n = IDS_MAX };
	const struct param *param;
	struct packet p;

	cr_assert_eq(packet_parse(packet->b, packet->len, &p, NULL), DROP_NONE);
	param = packet_find(&p, PARAM_HIP_TRANSPORT_MODE);
	if (param)
		cr_assert_eq(transport_mode_parse(param_rd(param), &mode),
			     DROP_NONE);
	cr_expect(!param || mode.port == 0);
	return mode.modes;
}

Test(inside, r1_offers_it_and_i2_takes_it)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);
	struct id_list modes = modes_of(&i2);

	cr_expect_eq(modes.n, 1);
	cr_expect_eq(modes.ids[0], TRANSPORT_MODE_ESP);
}

Test(inside_peers, without_an_offer_i2_says_nothing)
{
	struct bytes i2;

	make_with(true, false);
	i2 = hosts_run_to(&t, HIP_I2);
	cr_expect_eq(modes_of(&i2).n, IDS_MAX);
}

Test(inside_peers, who_will_not_takes_the_default)
{
	struct bytes i2;

	make_with(false, true);
	i2 = hosts_run_to(&t, HIP_I2);
	cr_expect_eq(modes_of(&i2).n, 1);
	cr_expect_eq(modes_of(&i2).ids[0], TRANSPORT_MODE_DEFAULT);
}

static struct transport_mode offer_of(uint16_t first, uint16_t second)
{
	return (struct transport_mode){ .modes = { .ids = { first, second },
						   .n = first ? second ? 2 : 1
							      : 0 } };
}

Test(inside, what_is_not_known_is_not_chosen)
{
	struct transport_mode offer = offer_of(TRANSPORT_MODE_ESP_TCP, 77);

	cr_expect_eq(inside_choose(t.h[A], &offer).modes.n, 0);
	offer = offer_of(TRANSPORT_MODE_ESP_TCP, TRANSPORT_MODE_ESP);
	cr_expect_eq(inside_choose(t.h[A], &offer).modes.ids[0],
		     TRANSPORT_MODE_ESP);
	offer = offer_of(0, 0);
	cr_expect_eq(inside_choose(t.h[A], &offer).modes.n, 0);
}

Test(inside, a_mode_that_was_not_offered_ends_the_exchange)
{
	static const struct {
		uint16_t first, second;
		enum drop d;
	} rows[] = {
		{ TRANSPORT_MODE_ESP, 0, DROP_NONE },
		{ TRANSPORT_MODE_DEFAULT, 0, DROP_NONE },
		{ 0, 0, DROP_NONE },
		{ TRANSPORT_MODE_ESP_TCP, 0, DROP_TRANSPORT_MODE },
		{ 77, 0, DROP_TRANSPORT_MODE },
		{ TRANSPORT_MODE_ESP, TRANSPORT_MODE_DEFAULT,
		  DROP_TRANSPORT_MODE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct msg_i2 i2 = { .has_mode = true,
				     .mode = offer_of(rows[i].first,
						      rows[i].second) };

		cr_expect_eq(inside_check_choice(t.h[B], &i2), rows[i].d, "%zu",
			     i);
	}
}

/* RFC 6261 3.1: who offered nothing must not be chosen from. */
Test(inside_peers, a_mode_that_was_not_offered_at_all_is_refused)
{
	struct msg_i2 i2 = { .has_mode = true,
			     .mode = offer_of(TRANSPORT_MODE_ESP, 0) };

	make_with(true, false);
	cr_expect_eq(inside_check_choice(t.h[B], &i2), DROP_TRANSPORT_MODE);
	i2.mode = offer_of(0, 0);
	cr_expect_eq(inside_check_choice(t.h[B], &i2), DROP_NONE);
}

Test(inside, a_probe_and_its_answer_go_inside)
{
	struct bytes p;

	hosts_establish(&t);
	probe(A);
	cr_expect(went_inside(A, HIP_UPDATE));
	p = hosts_packet(&t, A, HIP_UPDATE);
	hosts_deliver_inside(&t, B, &p);
	cr_expect(went_inside(B, HIP_UPDATE));
	p = hosts_packet(&t, B, HIP_UPDATE);
	hosts_deliver_inside(&t, A, &p);
	cr_expect_eq(hosts_counters(&t, A)->sent_inside, 1);
	cr_expect_eq(hosts_counters(&t, B)->sent_inside, 1);
}

Test(inside, what_is_not_answered_goes_outside)
{
	struct bytes p;

	hosts_establish(&t);
	probe(A);
	wait_for_deadline(A);
	cr_expect_not(went_inside(A, HIP_UPDATE));
	p = hosts_packet(&t, A, HIP_UPDATE);
	hosts_deliver(&t, B, &p);
	cr_expect_not(went_inside(B, HIP_UPDATE), "as it was asked");
}

Test(inside, the_answer_to_another_place_goes_outside)
{
	struct hip_input in = { .kind = HIP_IN_PACKET, .inside = true };
	struct bytes p;

	hosts_establish(&t);
	probe(A);
	p = hosts_packet(&t, A, HIP_UPDATE);
	in.bytes = p.b;
	in.len = p.len;
	in.local = t.at[B];
	in.remote = t.at[A];
	in.remote.port = 7;
	hosts_input(&t, B, &in);
	cr_expect_not(went_inside(B, HIP_UPDATE));
}

Test(inside, new_keys_are_made_outside)
{
	struct hip_input in = { .kind = HIP_IN_REKEY, .hit = t.hit[B] };
	struct bytes p;

	hosts_establish(&t);
	hosts_traffic(&t, B, true);
	hosts_input(&t, A, &in);
	cr_expect_not(went_inside(A, HIP_UPDATE));
	p = hosts_packet(&t, A, HIP_UPDATE);
	hosts_deliver(&t, B, &p);
	cr_expect_not(went_inside(B, HIP_UPDATE));
	p = hosts_packet(&t, B, HIP_UPDATE);
	hosts_deliver(&t, A, &p);
	cr_expect_not(went_inside(A, HIP_UPDATE));
}

Test(inside, the_checksum_is_that_of_the_hits)
{
	struct bytes p;

	hosts_establish(&t);
	probe(A);
	p = hosts_packet(&t, A, HIP_UPDATE);
	cr_expect_eq(hosts_judge(&t, B, &p), DROP_CHECKSUM, "outside it is 0");
	p.b[5] ^= 1;
	hosts_deliver_inside(&t, B, &p);
	cr_expect_eq(hosts_dropped(&t, B, DROP_CHECKSUM), 2);
}

Test(inside, a_base_exchange_does_not_come_inside)
{
	struct bytes i1 = hosts_run_to(&t, HIP_I1);
	uint16_t sum = inside_checksum(i1.b, i1.len, &t.hit[A], &t.hit[B]);

	i1.b[4] = (uint8_t)(sum >> 8);
	i1.b[5] = (uint8_t)sum;
	hosts_deliver_inside(&t, B, &i1);
	cr_expect_eq(hosts_dropped(&t, B, DROP_PACKET_TYPE), 1);
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SEND), 0);
}

Test(inside, close_goes_before_its_sa_and_the_answer_may_come)
{
	struct bytes p;

	hosts_establish(&t);
	hosts_close(&t, A);
	cr_expect(went_inside(A, HIP_CLOSE));
	cr_expect_lt(hosts_get(&t, A, HIP_OUT_SEND, 0),
		     hosts_get(&t, A, HIP_OUT_SA_DELETE, 0));
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 1);
	cr_expect_not(hosts_get(&t, A, HIP_OUT_SA_DELETE, 0)->out.inbound);
	p = hosts_packet(&t, A, HIP_CLOSE);
	hosts_deliver_inside(&t, B, &p);
	cr_expect(went_inside(B, HIP_CLOSE_ACK));
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 2);
	p = hosts_packet(&t, B, HIP_CLOSE_ACK);
	hosts_deliver_inside(&t, A, &p);
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 1);
}

/* The peer sends on its new SA already, or on its old one still. */
Test(inside, a_close_during_a_rekey_leaves_every_inbound_sa_to_its_answer)
{
	struct hip_input in = { .kind = HIP_IN_REKEY, .hit = t.hit[B] };
	struct bytes p;

	hosts_establish(&t);
	hosts_input(&t, A, &in);
	p = hosts_packet(&t, A, HIP_UPDATE);
	hosts_deliver(&t, B, &p);
	hosts_close(&t, B); /* with both inbound SAs, and one outbound */
	cr_expect(went_inside(B, HIP_CLOSE));
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 1);
	cr_expect_not(hosts_get(&t, B, HIP_OUT_SA_DELETE, 0)->out.inbound);
	in = (struct hip_input){ .kind = HIP_IN_TRAFFIC,
				 .hit = t.hit[A],
				 .in = true };
	hosts_input(&t, B, &in);
	cr_expect_eq(t.n_got[B], 0);
	wait_for_deadline(B);
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 2);
	cr_expect_not(went_inside(B, HIP_CLOSE));
}

Test(inside, a_repeated_close_goes_outside)
{
	struct bytes p;

	hosts_establish(&t);
	hosts_close(&t, A);
	wait_for_deadline(A);
	cr_expect_not(went_inside(A, HIP_CLOSE));
	p = hosts_packet(&t, A, HIP_CLOSE);
	hosts_deliver(&t, B, &p);
	cr_expect_not(went_inside(B, HIP_CLOSE_ACK));
}

Test(inside_peers, nothing_goes_inside_unless_both_can)
{
	for (int who = A; who < HOSTS; who++) {
		make_with(who == A, who == B);
		hosts_establish(&t);
		probe(A);
		cr_expect_not(went_inside(A, HIP_UPDATE));
		hosts_close(&t, B);
		cr_expect_not(went_inside(B, HIP_CLOSE));
		if (who == A)
			hosts_clear(&t);
	}
}

Test(inside, a_peer_that_asks_for_another_mode_hears_which_one_holds)
{
	static const uint8_t wish[] = { 0, 0, 0, TRANSPORT_MODE_DEFAULT };
	struct edit edit = { PARAM_HIP_TRANSPORT_MODE, wish, sizeof(wish) };
	struct remake how = { .edits = &edit, .n_edits = 1, .signer = t.id[A] };
	struct bytes p;

	hosts_establish(&t);
	how.mac_key = assoc_find(t.h[A], &t.hit[B])->agreed->keys.mac_out;
	how.hit_suite = hit_suite(&t.hit[B]);
	probe(A);
	p = hosts_packet(&t, A, HIP_UPDATE);
	packet_clear_checksum(p.b);
	p = remake_packet(&p, &how);
	hosts_deliver(&t, B, &p);
	p = hosts_packet(&t, B, HIP_UPDATE);
	cr_expect_eq(modes_of(&p).n, 1);
	cr_expect_eq(modes_of(&p).ids[0], TRANSPORT_MODE_ESP);
}
