/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A's path to B, on which some packets are too large: what A sends, and when
 * and what it says of the path.
 */
#include "daemon/hip/pathmtu.h"

#include "daemon/hip/host_impl.h"
#include "daemon/hip/suite.h"
#include "tests/unit/hosts.h"

#include <criterion/criterion.h>

/* Over IPv4 with UDP and suite 13 that needs 1,480 bytes. */
enum { MTU = 1458, WHOLE = 1480, NOTHING_TOLD = 99999 };

static struct hosts t;
static size_t limit;  /* of the path from A */
static uint32_t told; /* by A, last */
static unsigned int probes, largest;

static void note(void)
{
	for (size_t i = 0; i < hosts_count(&t, A, HIP_OUT_PATH); i++)
		told = hosts_get(&t, A, HIP_OUT_PATH, i)->out.path_mtu;
}

static void make(void)
{
	hosts_make(&t);
	for (int i = 0; i < HOSTS; i++) {
		t.conf[i].inner_mtu = MTU;
		t.conf[i].rekey_ms = 0; /* only when asked for */
		hosts_remake(&t, i);
	}
	hosts_tell(&t, A);
	hosts_tell(&t, B);
	limit = 10000;
	told = NOTHING_TOLD;
	probes = largest = 0;
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(pathmtu, .init = make, .fini = clear);

static bool is_v4(void)
{
	return locator_is_v4(&t.at[B]);
}

static size_t outer_len(const struct got *g)
{
	return g->bytes.len + (is_v4() ? 20 : 40) + (g->out.raw ? 0 : 12);
}

/* What A sent goes to B as far as the path lets it, and B's answers to A;
 * and on, until nobody says more. */
static void carry(void)
{
	struct bytes packets[16];
	size_t n = hosts_count(&t, A, HIP_OUT_SEND);

	note();
	cr_assert_leq(n, 16);
	for (size_t i = 0; i < n; i++) {
		const struct got *g = hosts_get(&t, A, HIP_OUT_SEND, i);

		packets[i].len = 0;
		if (g->bytes.b[2] != HIP_UPDATE)
			continue;
		cr_assert(g->out.whole && !g->out.inside);
		probes++;
		if (outer_len(g) > largest)
			largest = (unsigned int)outer_len(g);
		if (outer_len(g) <= limit)
			packets[i] = g->bytes;
	}
	for (size_t i = 0; i < n; i++) {
		struct bytes answer;

		if (packets[i].len == 0)
			continue;
		hosts_deliver(&t, B, &packets[i]);
		if (!hosts_has_packet(&t, B, HIP_UPDATE))
			continue;
		answer = hosts_packet(&t, B, HIP_UPDATE);
		cr_assert_lt(answer.len, 300, "however large the probe");
		hosts_deliver(&t, A, &answer);
		carry();
	}
}

static void large(void)
{
	const struct hip_input in = { .kind = HIP_IN_LARGE, .hit = t.hit[B] };

	hosts_input(&t, A, &in);
	carry();
}

static void pass(uint64_t ms)
{
	const uint64_t end = t.now_ms + ms;
	uint64_t due;

	while ((due = host_deadline(t.h[A])) <= end) {
		if (due > t.now_ms)
			t.now_ms = due;
		hosts_tick(&t, A);
		carry();
	}
	t.now_ms = end;
}

static void establish(void)
{
	hosts_establish(&t);
	note();
	told = NOTHING_TOLD;
}

Test(pathmtu, one_probe_as_large_as_esp_can_be_and_nothing_to_say)
{
	establish();
	pass(10000);
	cr_expect_eq(probes, 0, "nothing large was sent");
	large();
	cr_expect_eq(probes, 1);
	cr_expect_eq(largest, WHOLE + (is_v4() ? 0 : 20));
	pass(10000);
	cr_expect_eq(probes, 1);
	cr_expect_eq(told, NOTHING_TOLD);
}

/* The time is what a sender of TCP waits at most, all in all. */
Test(pathmtu, a_black_hole_is_found_within_two_seconds)
{
	establish();
	limit = 1400;
	large();
	pass(2000);
	cr_expect_eq(told, 1400);
	cr_expect_leq(probes, 30);
}

Test(pathmtu, it_is_confirmed_while_large_packets_go_and_no_more_often)
{
	establish();
	large();
	large();
	t.now_ms += PATH_CONFIRM_MS - 1;
	large();
	cr_expect_eq(probes, 1);
	t.now_ms++;
	large();
	cr_expect_eq(probes, 2);
	limit = 1400;
	t.now_ms += 1000;
	large();
	pass(2000);
	cr_expect_eq(told, 1400);
}

Test(pathmtu, more_is_tried_for_after_a_while_if_it_is_in_use)
{
	const struct hip_input out = { .kind = HIP_IN_TRAFFIC,
				       .hit = t.hit[B],
				       .out = true };

	establish();
	limit = 1400;
	large();
	pass(2000);
	cr_assert_eq(told, 1400);
	probes = 0;
	limit = 10000;
	pass(3 * PATH_RAISE_FIRST_MS);
	cr_expect_eq(probes, 0);
	hosts_input(&t, A, &out);
	pass(PATH_RAISE_FIRST_MS);
	cr_expect_gt(probes, 0);
	cr_expect_eq(told, 0, "all that there is");
}

/* What others ask for is what this one waits for. */
Test(pathmtu, many_that_try_for_more_do_so_in_turn)
{
	const struct hip_input out = { .kind = HIP_IN_TRAFFIC,
				       .hit = t.hit[B],
				       .out = true };
	uint64_t others_ms = 2 * PATH_RAISE_FIRST_MS;

	establish();
	limit = 1400;
	large();
	pass(2000);
	cr_assert_eq(told, 1400);
	t.h[A]->path_searches.full_ms = t.now_ms + others_ms;
	hosts_input(&t, A, &out);
	probes = 0;
	pass(PATH_RAISE_FIRST_MS);
	cr_expect_eq(probes, 0);
	while (probes == 0 && others_ms > 0) {
		hosts_input(&t, A, &out);
		pass(1000);
		others_ms -= 1000;
	}
	cr_expect_gt(probes, 0);
	cr_expect_geq(t.now_ms + PATHS_AT_ONCE * PATH_EACH_MS,
		      t.h[A]->path_searches.full_ms);
}

Test(pathmtu, a_rekey_in_the_midst_goes_its_way)
{
	const struct hip_input rekey = { .kind = HIP_IN_REKEY,
					 .hit = t.hit[B] };
	struct host_assoc_info info;
	struct bytes packet;

	establish();
	limit = 1280;
	large();
	pass(300);
	hosts_input(&t, A, &rekey);
	packet = hosts_packet(&t, A, HIP_UPDATE);
	hosts_deliver(&t, B, &packet);
	packet = hosts_packet(&t, B, HIP_UPDATE);
	hosts_deliver(&t, A, &packet);
	packet = hosts_packet(&t, A, HIP_UPDATE);
	hosts_deliver(&t, B, &packet);
	cr_assert(host_assoc_find(t.h[A], &t.hit[B], &info));
	cr_expect_eq(info.rekeys, 1);
	pass(2000);
	cr_expect_eq(told, 1280);
}

Test(pathmtu, a_new_exchange_on_the_same_path_forgets_nothing)
{
	struct bytes packet;

	establish();
	limit = 1400;
	large();
	pass(2000);
	cr_assert_eq(told, 1400);
	told = NOTHING_TOLD;
	hosts_remake(&t, B);
	hosts_tell(&t, B);
	hosts_acquire(&t, B, 1);
	packet = hosts_packet(&t, B, HIP_I1);
	hosts_deliver(&t, A, &packet);
	packet = hosts_packet(&t, A, HIP_R1);
	hosts_deliver(&t, B, &packet);
	packet = hosts_packet(&t, B, HIP_I2);
	hosts_deliver(&t, A, &packet);
	cr_assert(hosts_has_packet(&t, A, HIP_R2));
	note();
	cr_expect_eq(told, 1400);
}

Test(pathmtu, without_an_mtu_there_are_no_probes)
{
	t.conf[A].inner_mtu = 0;
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	hosts_establish(&t);
	note();
	large();
	pass(10000);
	cr_expect_eq(probes, 0);
	cr_expect_eq(told, NOTHING_TOLD);
}

/* RFC 7401 5.1: what follows a packet is ignored, and any size can be tried. */
Test(pathmtu, sizes_between_eights_are_tried_exactly)
{
	for (uint32_t more = 0; more < 8; more += 4) {
		t.conf[A].inner_mtu = MTU + more;
		hosts_remake(&t, A);
		hosts_remake(&t, B);
		hosts_tell(&t, A);
		hosts_tell(&t, B);
		largest = 0;
		establish();
		large();
		cr_expect_eq(largest, WHOLE + more + (is_v4() ? 0 : 20));
		cr_expect_eq(told, NOTHING_TOLD, "answered");
		t.now_ms += 100000;
	}
}
