/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/asked.h"

#include "tests/unit/hosts.h"

#include <criterion/criterion.h>

static struct hosts t;

static void make(void)
{
	hosts_make(&t);
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(asked, .init = make, .fini = clear);

static struct locator at(uint8_t last)
{
	struct locator l = t.at[B];

	l.addr[15] = last;
	return l;
}

/* As hosts_judge, with the addresses that it is to have. */
static enum drop judge_from(int to, const struct bytes *packet,
			    const struct locator *remote,
			    const struct locator *local)
{
	struct host_counters before = *hosts_counters(&t, to);
	struct hip_input in = { .kind = HIP_IN_PACKET,
				.bytes = packet->b,
				.len = packet->len,
				.local = *local,
				.remote = *remote };

	hosts_input(&t, to, &in);
	for (int d = 0; d < DROP_COUNT; d++) {
		if (hosts_counters(&t, to)->drops[d] != before.drops[d])
			return (enum drop)d;
	}
	return DROP_NONE;
}

Test(asked, the_newest_places_are_remembered)
{
	struct asked asked = { 0 };
	struct locator place = at(1);

	cr_expect_not(asked_has(&asked, &place));
	for (uint8_t n = 1; n <= ASKED_MAX + 1; n++) {
		place = at(n);
		asked_add(&asked, &place);
		asked_add(&asked, &place);
		cr_expect(asked_has(&asked, &place));
	}
	place = at(1);
	cr_expect_not(asked_has(&asked, &place), "that was the oldest");
	place = at(2);
	cr_expect(asked_has(&asked, &place));
	place.port++;
	cr_expect_not(asked_has(&asked, &place), "a port belongs to it");
}

Test(asked, a_copied_r1_from_elsewhere_does_not_lead_the_i2_there)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1);
	struct locator elsewhere = at(99);
	uint64_t verified = hosts_counters(&t, A)->signatures_verified;

	cr_expect_eq(judge_from(A, &r1, &elsewhere, &t.at[A]), DROP_PLACE);
	elsewhere = t.at[B];
	elsewhere.port++;
	cr_expect_eq(judge_from(A, &r1, &elsewhere, &t.at[A]), DROP_PLACE);
	cr_expect_eq(t.n_got[A], 0);
	cr_expect_eq(hosts_counters(&t, A)->signatures_verified, verified);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
	cr_expect(hosts_has_packet(&t, A, HIP_I2));
}

Test(asked, a_copied_r2_from_elsewhere_does_not_move_the_path)
{
	struct bytes r2 = hosts_run_to(&t, HIP_R2);
	struct locator elsewhere = at(99);
	struct hip_input in = { .kind = HIP_IN_PACKET,
				.bytes = r2.b,
				.len = r2.len,
				.local = t.at[A],
				.remote = t.at[B],
				.raw = true };
	struct host_assoc_info info;
	uint16_t sum;

	cr_expect_eq(judge_from(A, &r2, &elsewhere, &t.at[A]), DROP_PLACE);
	cr_expect_eq(judge_from(A, &r2, &t.at[B], &elsewhere), DROP_PLACE,
		     "nor our own end");
	sum = packet_checksum(r2.b, r2.len, &t.at[B], &t.at[A]);
	r2.b[4] = (uint8_t)(sum >> 8);
	r2.b[5] = (uint8_t)sum;
	hosts_input(&t, A, &in);
	cr_expect_eq(hosts_dropped(&t, A, DROP_PLACE), 3, "nor without UDP");
	r2.b[4] = r2.b[5] = 0;
	cr_expect_eq(hosts_state(&t, A), ASSOC_I2_SENT);
	cr_expect_eq(hosts_judge(&t, A, &r2), DROP_NONE);
	cr_assert(host_assoc_find(t.h[A], &t.hit[B], &info));
	cr_expect(locator_equal(&info.remote, &t.at[B]));
	cr_expect(locator_equal(&info.local, &t.at[A]));
}

/* I1s went to both of its places: it answers from either. */
Test(asked, each_known_place_may_answer_once_it_was_asked)
{
	struct locator places[] = { t.at[B], at(7) };
	struct hip_input in = { .kind = HIP_IN_PEER,
				.hit = t.hit[B],
				.locators = places,
				.n_locators = 2 };
	struct bytes i1, r1;

	hosts_input(&t, A, &in);
	i1 = hosts_run_to(&t, HIP_I1);
	hosts_deliver(&t, B, &i1);
	r1 = hosts_packet(&t, B, HIP_R1);
	cr_expect_eq(judge_from(A, &r1, &places[1], &t.at[A]), DROP_PLACE,
		     "not asked yet");
	t.now_ms = host_deadline(t.h[A]);
	hosts_tick(&t, A);
	cr_assert(hosts_has_packet(&t, A, HIP_I1));
	cr_expect(locator_equal(&hosts_get(&t, A, HIP_OUT_SEND, 0)->out.remote,
				&places[1]));
	cr_expect_eq(judge_from(A, &r1, &places[1], &t.at[A]), DROP_NONE);
	cr_expect(locator_equal(&hosts_get(&t, A, HIP_OUT_SEND, 0)->out.remote,
				&places[1]));
}

/* The host with the smaller HIT stays Initiator, and asks there. */
Test(asked, where_an_i1_of_the_peer_came_from_it_may_answer)
{
	int small = hit_compare(&t.hit[A], &t.hit[B]) < 0 ? A : B;
	int great = 1 - small;
	struct locator moved = at(77);
	struct bytes i1, r1;

	hosts_acquire(&t, small, 1); /* its I1 is lost */
	hosts_acquire(&t, great, 1);
	i1 = hosts_packet(&t, great, HIP_I1);
	cr_expect_eq(judge_from(small, &i1, &moved, &t.at[small]), DROP_STATE);
	i1 = hosts_packet(&t, small, HIP_I1);
	hosts_deliver(&t, great, &i1);
	r1 = hosts_packet(&t, great, HIP_R1);
	cr_expect_eq(judge_from(small, &r1, &moved, &t.at[small]), DROP_NONE);
	cr_expect_eq(hosts_state(&t, small), ASSOC_I2_SENT);
}
