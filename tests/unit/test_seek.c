/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/seek.h"

#include "daemon/hip/host_impl.h"
#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <string.h>

static struct hosts t;

/* A knows nobody, but is a member. */
static void make(void)
{
	const struct host_membership m = { .is_member = true };

	hosts_make(&t);
	t.conf[A].idle_ms = 0;
	hosts_remake(&t, A);
	cr_assert_eq(host_set_membership(t.h[A], &m, t.now_ms), 0);
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(seek, .init = make, .fini = clear);

static void tell_member(size_t n, uint64_t known_ms)
{
	const struct hip_input in = { .kind = HIP_IN_FOUND,
				      .hit = t.hit[B],
				      .locators = &t.at[B],
				      .n_locators = n,
				      .known_ms = known_ms };

	hosts_input(&t, A, &in);
}

static void tell_found(size_t n)
{
	tell_member(n, 0);
}

static void expect_returned(size_t n, const char *part)
{
	const struct got *failed = hosts_get(&t, A, HIP_OUT_PEER, 0);

	cr_expect_eq(hosts_count(&t, A, HIP_OUT_UNREACHABLE), n);
	cr_assert_not_null(failed);
	cr_expect_eq(failed->out.state, ASSOC_FAILED);
	cr_expect_not_null(strstr(failed->out.reason, part), "%s",
			   failed->out.reason);
}

Test(seek, a_host_without_a_locator_is_asked_for_once)
{
	hosts_acquire(&t, A, 1);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 1);
	cr_expect(hit_equal(&hosts_get(&t, A, HIP_OUT_WANT, 0)->out.hit,
			    &t.hit[B]));
	hosts_acquire(&t, A, 2);
	cr_expect_eq(t.n_got[A], 0);
	cr_expect_eq(t.h[A]->half_open, 0);
}

/* The exchange with B, which was found. */
static void finish(void)
{
	struct bytes packet = hosts_packet(&t, A, HIP_I1);

	cr_expect(locator_equal(&hosts_get(&t, A, HIP_OUT_SEND, 0)->out.remote,
				&t.at[B]));
	for (uint8_t next = HIP_R1, to = B; next <= HIP_R2; next++) {
		hosts_deliver(&t, to, &packet);
		packet = hosts_packet(&t, to, next);
		to = 1 - to;
	}
	hosts_deliver(&t, A, &packet);
	cr_assert_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
}

Test(seek, when_it_is_found_no_packet_is_lost)
{
	hosts_acquire(&t, A, 1);
	hosts_acquire(&t, A, 2);
	tell_found(1);
	finish();
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_INJECT), 2);
	cr_expect_eq(t.h[A]->sought, 0);
	cr_expect(host_lets_in(t.h[A], &t.hit[B]), "it may call back");
	cr_expect_eq(table_count(&t.h[A]->strangers.sources), 0);
}

Test(seek, when_nobody_knows_it_the_packets_come_back)
{
	hosts_acquire(&t, A, 1);
	tell_found(0);
	expect_returned(1, "overlay");
	cr_expect_eq(t.h[A]->sought, 0);
	hosts_acquire(&t, A, 2); /* not at once again */
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 0);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_UNREACHABLE), 1);
	t.now_ms += SEEK_AGAIN_MS;
	hosts_tick(&t, A);
	hosts_acquire(&t, A, 3);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 1);
}

Test(seek, when_nobody_answers_the_packets_come_back)
{
	hosts_acquire(&t, A, 1);
	t.now_ms += SEEK_MS - 1;
	hosts_tick(&t, A);
	cr_expect_eq(t.n_got[A], 0);
	t.now_ms++;
	hosts_tick(&t, A);
	expect_returned(1, "did not answer");
	tell_found(1); /* too late */
	cr_expect_eq(t.n_got[A], 0);
}

Test(seek, a_locator_from_elsewhere_will_do)
{
	hosts_acquire(&t, A, 1);
	hosts_tell(&t, A);
	cr_expect(hosts_has_packet(&t, A, HIP_I1));
	cr_expect_eq(t.h[A]->sought, 0);
}

Test(seek, without_an_overlay_it_is_unreachable_at_once)
{
	const struct host_membership none = { .is_member = false };

	cr_assert_eq(host_set_membership(t.h[A], &none, t.now_ms), 0);
	hosts_acquire(&t, A, 1);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 0);
	expect_returned(1, "no locator");
}

Test(seek, nobody_is_told_of_a_host_that_was_not_asked_for)
{
	tell_found(1);
	cr_expect_eq(t.n_got[A], 0);
	cr_expect_eq(host_assoc_list(t.h[A], NULL, 0), 0);
}

/* An inner packet of a protocol, for a port. */
static void acquire_port(uint8_t protocol, uint16_t port, size_t len)
{
	uint8_t ip[60] = { [0] = 0x60, [6] = protocol };
	const struct hip_input in = {
		.kind = HIP_IN_ACQUIRE, .hit = t.hit[B], .bytes = ip, .len = len
	};

	ip[42] = (uint8_t)(port >> 8);
	ip[43] = (uint8_t)port;
	hosts_input(&t, A, &in);
}

Test(seek, a_packet_of_the_overlay_seeks_nobody)
{
	acquire_port(17, OVERLAY_PORT, 60);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 0);
	expect_returned(1, "no locator");
	acquire_port(17, OVERLAY_PORT, 44);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 0);
	acquire_port(17, OVERLAY_PORT + 1, 60);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 1);
}

Test(seek, enrolment_may_seek)
{
	acquire_port(6, OVERLAY_PORT, 60);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 1);
}

Test(seek, only_so_many_are_sought_at_once)
{
	struct hip_input in = { .kind = HIP_IN_ACQUIRE, .hit = t.hit[B] };

	for (int i = 0; i < SOUGHT_MAX; i++) {
		in.hit.bytes[15] = (uint8_t)i;
		hosts_input(&t, A, &in);
		cr_assert_eq(hosts_count(&t, A, HIP_OUT_WANT), 1, "%d", i);
	}
	in.hit.bytes[15] = SOUGHT_MAX;
	hosts_input(&t, A, &in);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 0);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_PEER), 1);
}

Test(seek, to_be_sought_does_not_let_in)
{
	struct bytes packet;

	hosts_acquire(&t, A, 1);
	hosts_acquire(&t, B, 7);
	packet = hosts_packet(&t, B, HIP_I1);
	cr_expect_eq(hosts_judge(&t, A, &packet), DROP_NOT_KNOWN,
		     "seeking lets nobody in");
}

static void pass_to(uint64_t ms)
{
	t.now_ms = ms;
	hosts_tick(&t, A);
}

Test(seek, what_we_have_opened_ends_with_the_certificate)
{
	uint64_t from_ms = t.now_ms;

	hosts_acquire(&t, A, 1);
	tell_member(1, 100 * 1000);
	finish();
	pass_to(from_ms + 100 * 1000 - 1);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
	pass_to(from_ms + 100 * 1000);
	pass_to(from_ms + 100 * 1000 + 1); /* when it has its turn */
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
	cr_expect_not(host_lets_in(t.h[A], &t.hit[B]));
}

Test(seek, who_shows_no_certificate_does_not_stay)
{
	uint64_t from_ms = t.now_ms;

	hosts_acquire(&t, A, 1);
	tell_found(1);
	finish();
	pass_to(from_ms + FOUND_UNPROVEN_MS + 1);
	pass_to(from_ms + FOUND_UNPROVEN_MS + 2);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
}

Test(seek, a_certificate_that_comes_later_counts)
{
	uint64_t from_ms = t.now_ms;

	hosts_acquire(&t, A, 1);
	tell_found(1);
	finish();
	tell_member(0, 10 * FOUND_UNPROVEN_MS);
	pass_to(from_ms + FOUND_UNPROVEN_MS + 1);
	pass_to(from_ms + FOUND_UNPROVEN_MS + 2);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
	pass_to(from_ms + 10 * FOUND_UNPROVEN_MS + 1);
	pass_to(from_ms + 10 * FOUND_UNPROVEN_MS + 2);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
}

/* RFC 8004: servers are asked meanwhile, and where it was found, too. */
Test(seek, whose_rendezvous_server_is_known_is_sought_beside_it)
{
	struct locator server = t.at[B];
	struct hip_input in = { .kind = HIP_IN_PEER, .hit = t.hit[B] };

	hosts_input(&t, A, &in);
	in = (struct hip_input){ .kind = HIP_IN_RENDEZVOUS,
				 .hit = t.hit[B],
				 .locators = &server,
				 .n_locators = 1 };
	server.addr[15] = 99;
	hosts_input(&t, A, &in);
	hosts_acquire(&t, A, 1);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 1);
	cr_assert(hosts_has_packet(&t, A, HIP_I1));
	cr_expect(locator_equal(&hosts_get(&t, A, HIP_OUT_SEND, 0)->out.remote,
				&server));
	cr_expect_eq(t.h[A]->sought, 0);
	tell_found(0);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I1_SENT, "the server may help");
	tell_found(1);
	for (int n = 0; n < 2; n++) {
		t.now_ms = host_deadline(t.h[A]);
		hosts_tick(&t, A);
		if (locator_equal(
			    &hosts_get(&t, A, HIP_OUT_SEND, 0)->out.remote,
			    &t.at[B]))
			break;
	}
	finish();
}

/* Plain DNS says that B is there, after others that are better. */
static void tell_peer(const struct locator *all, size_t n, size_t n_unproven)
{
	const struct hip_input in = { .kind = HIP_IN_PEER,
				      .hit = t.hit[B],
				      .locators = all,
				      .n_locators = n,
				      .n_unproven = n_unproven };

	hosts_input(&t, A, &in);
}

/* Lets time pass until the exchange has failed; the I1s that went there. */
static size_t count_i1s(const struct locator *to, size_t *others)
{
	size_t n = 0;

	*others = 0;
	for (size_t i = 0; i < 1000; i++) {
		for (size_t k = 0; k < t.n_got[A]; k++) {
			const struct hip_output *o = &t.got[A][k].out;

			if (o->kind != HIP_OUT_SEND)
				continue;
			n += locator_equal(&o->remote, to);
			*others += !locator_equal(&o->remote, to);
		}
		if (hosts_state(&t, A) == ASSOC_FAILED)
			return n;
		t.now_ms += 100;
		hosts_tick(&t, A);
	}
	cr_assert(false, "it never failed");
	return n;
}

Test(seek, what_dns_says_comes_behind_all_others_and_is_given_up)
{
	struct locator all[2] = { t.at[B], t.at[B] };
	size_t right, wrong;

	all[1].port++;
	for (size_t i = 0; i < 3; i++) {
		tell_peer(all, 2, 1); /* forgets that it failed, too */
		hosts_acquire(&t, A, 1);
		cr_expect(locator_equal(
			&hosts_get(&t, A, HIP_OUT_SEND, 0)->out.remote,
			&t.at[B]));
		cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 0);
		wrong = count_i1s(&all[1], &right);
		cr_expect_lt(2 * wrong, right + 1, "%zu: %zu, %zu", i, wrong,
			     right);
	}
	cr_expect_eq(wrong, 0, "not answered so often");
}

Test(seek, alone_what_dns_says_is_tried_all_the_same)
{
	struct locator there = t.at[B];
	size_t others;

	there.port++;
	for (size_t i = 0; i < 3; i++) {
		tell_peer(&there, 1, 1);
		hosts_acquire(&t, A, 1);
		cr_expect_gt(count_i1s(&there, &others), UNPROVEN_SENDS_MAX);
		cr_expect_eq(others, 0);
	}
}

Test(seek, beside_what_dns_says_the_overlay_is_asked)
{
	struct locator wrong = t.at[B];

	wrong.port++;
	tell_peer(&wrong, 1, 1);
	hosts_acquire(&t, A, 1);
	cr_expect(hosts_has_packet(&t, A, HIP_I1), "it need not wait");
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_WANT), 1);
	cr_expect_eq(t.h[A]->sought, 0);
	tell_found(0);
	cr_expect_eq(t.n_got[A], 0, "it goes on");
	tell_member(1, 60 * 1000);
	finish();
	tell_found(0);
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
}
