/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * B lets everybody in. A is one stranger after the other.
 */
#include "daemon/hip/strangers.h"

#include "tests/unit/hosts.h"

#include <assert.h>
#include <criterion/criterion.h>
#include <stdio.h>

enum { PLACES = 32, PER_SOURCE = PLACES / STRANGER_SOURCES_MIN, GUESTS = 48 };

static struct hosts t;
static struct identity *id[GUESTS];
static struct identity *first; /* of A, before it is others */

static void make(void)
{
	hosts_make(&t);
	first = t.id[A];
	t.conf[B].accept_any = true;
	t.conf[B].assoc_max = PLACES;
	hosts_remake(&t, B);
}

static void clear(void)
{
	t.id[A] = first;
	hosts_clear(&t);
	for (size_t i = 0; i < GUESTS; i++)
		identity_free(id[i]);
}

TestSuite(strangers, .init = make, .fini = clear);

/* A becomes this one, in this /32 or /48. */
static void become(size_t guest, const char *place)
{
	if (!id[guest])
		cr_assert_eq(identity_generate(IDENTITY_ED25519, &id[guest]),
			     0);
	t.id[A] = id[guest];
	t.conf[A].id = id[guest];
	t.hit[A] = *identity_hit(id[guest]);
	cr_assert_eq(locator_from_text(place, HIP_UDP_PORT, &t.at[A]), 0);
	hosts_remake(&t, A);
	hosts_tell(&t, A);
}

/* Does B take it? Why not? */
static enum drop come(void)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2);

	return hosts_judge(&t, B, &i2);
}

static enum drop come_from(size_t guest, const char *place)
{
	become(guest, place);
	return come();
}

static enum drop come_from_net(size_t guest, unsigned int net)
{
	char place[LOCATOR_TEXT_MAX];

	(void)snprintf(place, sizeof(place), "198.51.100.%u", net);
	return come_from(guest, place);
}

static bool b_has(size_t guest)
{
	struct host_assoc_info info;

	return host_assoc_find(t.h[B], identity_hit(id[guest]), &info);
}

static void fill(void)
{
	for (size_t i = 0; i < PLACES; i++) {
		cr_assert_eq(come_from_net(i, (unsigned int)i + 1), DROP_NONE);
		t.now_ms += 10;
	}
}

Test(strangers, one_source_has_its_share_only)
{
	static_assert((int)PER_SOURCE == 2, "two are counted here");
	cr_expect_eq(come_from(0, "192.0.2.9"), DROP_NONE);
	cr_expect_eq(come_from(1, "192.0.2.9"), DROP_NONE);
	cr_expect_eq(come_from(2, "192.0.2.9"), DROP_LIMIT);
	cr_expect_eq(hosts_counters(&t, B)->dh_agreements, 2,
		     "that costs no agreement");
	cr_expect_eq(come_from(2, "192.0.2.10"), DROP_NONE);
	cr_expect_eq(come_from(3, "[2001:db8:1:1::1]"), DROP_NONE);
	cr_expect_eq(come_from(4, "[2001:db8:1:2::1]"), DROP_NONE);
	cr_expect_eq(come_from(5, "[2001:db8:1:3::1]"), DROP_LIMIT,
		     "a /48 is one source");
	cr_expect_eq(come_from(5, "[2001:db8:2::1]"), DROP_NONE);
}

Test(strangers, one_that_has_an_association_may_have_a_new_one_from_there)
{
	cr_expect_eq(come_from(0, "192.0.2.9"), DROP_NONE);
	cr_expect_eq(come_from(1, "192.0.2.9"), DROP_NONE);
	t.now_ms += 2;
	cr_expect_eq(come_from(1, "192.0.2.9"), DROP_NONE, "it has restarted");
	cr_expect_eq(come_from(2, "192.0.2.10"), DROP_NONE);
	t.now_ms += 2;
	cr_expect_eq(come_from(2, "192.0.2.9"), DROP_LIMIT, "nor by moving");
	cr_expect_eq(come_from(1, "192.0.2.10"), DROP_NONE);
	cr_expect_eq(come_from(3, "192.0.2.9"), DROP_NONE, "1 has left it");
}

Test(strangers, a_known_peer_replaces_the_idlest_of_them)
{
	struct hip_input in = { .kind = HIP_IN_PEER };
	struct hip_input heard = { .kind = HIP_IN_TRAFFIC, .in = true };

	fill();
	heard.hit = *identity_hit(id[0]);
	hosts_input(&t, B, &heard);
	become(PLACES, "192.0.2.1");
	in.hit = t.hit[A];
	hosts_input(&t, B, &in);
	cr_expect_eq(come(), DROP_NONE);
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 2);
	cr_expect(b_has(PLACES));
	cr_expect(b_has(0));
	cr_expect_not(b_has(1));
	cr_expect(b_has(2));
	cr_expect_eq(host_assoc_list(t.h[B], NULL, 0), PLACES);
}

/* It was a stranger, and then it was told of. */
Test(strangers, who_is_known_by_now_does_not_make_room)
{
	struct hip_input in = { .kind = HIP_IN_PEER };

	fill();
	for (size_t i = 0; i < 2; i++) {
		in.hit = *identity_hit(id[i]);
		hosts_input(&t, B, &in);
	}
	become(PLACES, "192.0.2.1");
	in.hit = t.hit[A];
	hosts_input(&t, B, &in);
	cr_expect_eq(come(), DROP_NONE);
	cr_expect(b_has(0));
	cr_expect(b_has(1));
	cr_expect_not(b_has(2));
}

Test(strangers, another_stranger_waits_until_one_is_idle)
{
	fill();
	cr_expect_eq(come_from_net(PLACES, 99), DROP_LIMIT);
	cr_expect(b_has(0));
	t.now_ms += STRANGER_IDLE_MS;
	hosts_tick(&t, B);
	cr_expect_eq(come_from_net(PLACES, 99), DROP_NONE);
	cr_expect_not(b_has(0));
	cr_expect(b_has(1));
	cr_expect_eq(host_assoc_list(t.h[B], NULL, 0), PLACES);
}

Test(strangers, where_all_are_known_nobody_makes_room)
{
	struct hip_input in = { .kind = HIP_IN_PEER };

	fill();
	for (size_t i = 0; i < PLACES; i++) {
		in.hit = *identity_hit(id[i]);
		hosts_input(&t, B, &in);
	}
	t.now_ms += STRANGER_IDLE_MS;
	hosts_tick(&t, B);
	cr_expect_eq(come_from_net(PLACES, 99), DROP_LIMIT);
	become(PLACES + 1, "192.0.2.1");
	in.hit = t.hit[A];
	hosts_input(&t, B, &in);
	cr_expect_eq(come(), DROP_LIMIT);
	cr_expect_eq(host_assoc_list(t.h[B], NULL, 0), PLACES);
}

/* A wish of our own that cannot come true takes nobody's place. */
Test(strangers, a_peer_without_locator_takes_no_place)
{
	struct hip_input in = { .kind = HIP_IN_ACQUIRE };

	fill();
	cr_assert_eq(hit_from_text("2001:22::1", &in.hit), 0);
	hosts_input(&t, B, &in);
	cr_expect_eq(host_assoc_list(t.h[B], NULL, 0), PLACES);
	cr_expect_eq(hosts_count(&t, B, HIP_OUT_SA_DELETE), 0);
}
