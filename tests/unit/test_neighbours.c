/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Knowing who is in the ring, also when that was said too early: RFC 6940
 * 10.7, 10.8. */
#include "resolver/limits.h"
#include "tests/unit/member.h"

#include <criterion/criterion.h>

enum { LOOK_MS = DOUBT_MS * 5 / 4 + 1 };

static struct member m;
static struct hit alice, bob;

static void set_up(void)
{
	member_init(&m, true);
	alice = member_hit(1);
	bob = member_hit(2);
}

static void tear_down(void)
{
	member_clear(&m);
}

TestSuite(neighbours, .init = set_up, .fini = tear_down);

/* Messages of a code to a node, of the outputs that there are. */
static size_t asked(const struct hit *peer, uint16_t code)
{
	struct message sent;
	size_t n = 0;

	for (size_t i = 0; member_sent(&m, peer, i, &sent); i++)
		n += sent.code == code;
	return n;
}

Test(neighbours, who_does_not_say_that_it_is_in_the_ring_is_asked)
{
	member_up(&m, &alice);
	cr_expect_eq(asked(&alice, RELOAD_ROUTE_QUERY_REQ), 0);
	member_pass(&m, LOOK_MS);
	cr_expect_eq(asked(&alice, RELOAD_ROUTE_QUERY_REQ), 1);
}

Test(neighbours, who_has_said_so_is_not_asked)
{
	member_meet(&m, &alice);
	member_pass(&m, LOOK_MS);
	cr_expect_eq(asked(&alice, RELOAD_ROUTE_QUERY_REQ), 0);
}

/* Both ends made the association at once: one of them hears of it twice. */
Test(neighbours, an_association_made_twice_loses_nobody)
{
	member_meet(&m, &alice);
	cr_assert_eq(route_members(overlay_route(m.core)), 1);
	member_up(&m, &alice);
	cr_expect_eq(route_members(overlay_route(m.core)), 1);
	member_pass(&m, LOOK_MS);
	cr_expect_eq(asked(&alice, RELOAD_ROUTE_QUERY_REQ), 0);
}

Test(neighbours, who_never_says_is_asked_more_and_more_seldom)
{
	size_t early;

	member_meet(&m, &bob);
	member_up(&m, &alice);
	member_pass(&m, 10 * LOOK_MS);
	early = asked(&alice, RELOAD_ROUTE_QUERY_REQ);
	cr_expect(early >= 3);
	member_pass(&m, 25 * LOOK_MS);
	cr_expect(asked(&alice, RELOAD_ROUTE_QUERY_REQ) < early);
	member_pass(&m, 100 * LOOK_MS);
	cr_expect_eq(asked(&alice, RELOAD_ROUTE_QUERY_REQ), 0);
}
