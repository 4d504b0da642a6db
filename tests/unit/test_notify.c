/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/notify.h"

#include "daemon/hip/protect.h"
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

TestSuite(notify, .init = make, .fini = clear);

/* A NOTIFY from B that says one thing. */
static struct bytes notify_of_b(uint16_t type)
{
	struct notification n = { .type = type };
	static struct packet_out out;
	struct bytes made;
	int err;

	packet_begin(&out, HIP_NOTIFY, 0, &t.hit[B], &t.hit[A]);
	notification_write(&out, &n);
	err = protect_add_signature(&out, t.id[B]);
	cr_assert_eq(err, 0);
	cr_assert(packet_fix_length(&out));
	made.len = packet_len(&out);
	memcpy(made.b, out.bytes, made.len);
	return made;
}

static const char *reason_of_a(void)
{
	struct host_assoc_info info;

	cr_assert(host_assoc_find(t.h[A], &t.hit[B], &info));
	return info.reason;
}

/* RFC 7401 6.9.1: the puzzle was right. */
Test(notify, a_bad_i2_is_answered_with_what_is_wrong)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2), notify, body;

	i2 = spoil_param(&i2, PARAM_HIP_MAC);
	hosts_deliver(&t, B, &i2);
	notify = hosts_packet(&t, B, HIP_NOTIFY);
	body = packet_body(&notify, PARAM_NOTIFICATION);
	cr_expect_eq(body.len, 4);
	cr_expect_eq(body.b[3], NOTIFY_HIP_MAC_FAILED);
	cr_expect_eq(hosts_judge(&t, A, &notify), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I2_SENT, "no state changes");
	while (hosts_state(&t, A) == ASSOC_I2_SENT) {
		t.now_ms = host_deadline(t.h[A]);
		hosts_tick(&t, A);
	}
	cr_expect_str_eq(reason_of_a(), "the peer finds our HIP_MAC wrong");
}

Test(notify, a_wrong_puzzle_or_a_stranger_gets_none)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	t.at[A].port++;
	hosts_deliver(&t, B, &i2);
	cr_expect_eq(t.n_got[B], 0);
}

Test(notify, they_are_few)
{
	struct bytes bad[3];
	size_t sent = 0;

	for (size_t n = 0; n < 3; n++) {
		struct bytes i2 = hosts_run_to(&t, HIP_I2);

		bad[n] = spoil_param(&i2, PARAM_HIP_MAC);
		hosts_remake(&t, A);
		hosts_tell(&t, A);
		t.now_ms++;
	}
	for (size_t n = 0; n < 3; n++) {
		cr_expect_eq(hosts_judge(&t, B, &bad[n]), DROP_MAC);
		sent += hosts_has_packet(&t, B, HIP_NOTIFY);
		t.now_ms += NOTIFY_MS / 2;
	}
	cr_expect_eq(sent, 2);
}

Test(notify, what_an_associated_peer_says_is_kept)
{
	struct bytes notify = notify_of_b(NOTIFY_BLOCKED_BY_POLICY);

	hosts_establish(&t);
	cr_expect_eq(hosts_judge(&t, A, &notify), DROP_NONE);
	cr_expect_str_eq(reason_of_a(), "the peer does not let us in");
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
	cr_expect_eq(t.n_got[A], 0);
}

/* T15. */
Test(notify, a_bad_signature_is_ignored_and_seldom_looked_at)
{
	struct bytes notify = notify_of_b(NOTIFY_BLOCKED_BY_POLICY);
	struct bytes bad = spoil_param(&notify, PARAM_HIP_SIGNATURE);
	uint64_t verified;

	hosts_establish(&t);
	verified = hosts_counters(&t, A)->signatures_verified;
	cr_expect_eq(hosts_judge(&t, A, &bad), DROP_SIGNATURE);
	cr_expect_null(reason_of_a());
	for (int n = 0; n < 100; n++)
		cr_expect_eq(hosts_judge(&t, A, &bad), DROP_RATE);
	cr_expect_eq(hosts_counters(&t, A)->signatures_verified, verified + 1);
	t.now_ms += NOTIFY_MS;
	cr_expect_eq(hosts_judge(&t, A, &notify), DROP_NONE);
}

Test(notify, one_from_nobody_is_dropped)
{
	struct bytes notify = notify_of_b(NOTIFY_BLOCKED_BY_POLICY);

	cr_expect_eq(hosts_judge(&t, A, &notify), DROP_STATE);
}

Test(notify, before_r1_the_packet_must_bring_the_key)
{
	struct bytes notify = notify_of_b(NOTIFY_BLOCKED_BY_POLICY), r1, id;
	struct edit e = { .type = PARAM_HOST_ID };
	struct remake how = { .edits = &e, .n_edits = 1, .signer = t.id[B] };

	r1 = hosts_run_to(&t, HIP_R1);
	id = packet_body(&r1, PARAM_HOST_ID);
	cr_expect_eq(hosts_judge(&t, A, &notify), DROP_STATE);
	e.body = id.b;
	e.len = id.len;
	notify = remake_packet(&notify, &how);
	cr_expect_eq(hosts_judge(&t, A, &notify), DROP_NONE);
	id.b[id.len - 1] ^= 1;
	notify = remake_packet(&notify, &how);
	t.now_ms += NOTIFY_MS;
	cr_expect_eq(hosts_judge(&t, A, &notify), DROP_HOST_ID);
}

Test(notify, unknown_types_are_ignored)
{
	struct bytes notify = notify_of_b(8191);

	hosts_establish(&t);
	cr_expect_eq(hosts_judge(&t, A, &notify), DROP_NONE);
	cr_expect_null(reason_of_a());
}

Test(notify, one_that_notifies_nothing_is_dropped)
{
	struct bytes notify = notify_of_b(NOTIFY_BLOCKED_BY_POLICY);
	struct edit e = { .type = PARAM_NOTIFICATION };
	struct remake how = { .edits = &e, .n_edits = 1, .signer = t.id[B] };

	hosts_establish(&t);
	notify = remake_packet(&notify, &how);
	cr_expect_eq(hosts_judge(&t, A, &notify), DROP_PARAM_MISSING);
}

Test(notify, one_that_is_cut_short_is_malformed)
{
	struct bytes notify = notify_of_b(NOTIFY_BLOCKED_BY_POLICY);
	static const uint8_t body[3];
	struct edit e = { .type = PARAM_NOTIFICATION,
			  .body = body,
			  .len = sizeof(body) };
	struct remake how = { .edits = &e, .n_edits = 1, .signer = t.id[B] };

	hosts_establish(&t);
	notify = remake_packet(&notify, &how);
	cr_expect_eq(hosts_judge(&t, A, &notify), DROP_MALFORMED);
	cr_expect_null(reason_of_a());
}
