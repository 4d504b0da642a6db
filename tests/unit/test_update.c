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
