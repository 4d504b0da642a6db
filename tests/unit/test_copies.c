/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Who gets copies of what we hold, and when: RFC 6940 7.4.1, 10.4, 10.7.3. */
#include "resolver/limits.h"
#include "tests/unit/member.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { NODES = 8, COPIES = 3, HELD_MS = COPY_HOLD_MS * 5 / 4 + 1 };

static struct member m;
static struct hit nodes[NODES]; /* by distance behind the member */
static struct resource_id ours;
static uint8_t scratch[RELOAD_MESSAGE_MAX];

static int by_distance(const void *a, const void *b)
{
	ring_t self = id_of_node(&m.hit);
	ring_t x = id_of_node(a) - self, y = id_of_node(b) - self;

	return (x > y) - (x < y);
}

static void set_up(void)
{
	member_init(&m, true);
	for (uint32_t i = 0; i < NODES; i++)
		nodes[i] = member_hit(i + 1);
	qsort(nodes, NODES, sizeof(nodes[0]), by_distance);
	for (size_t i = 0; i < NODES; i++)
		member_meet(&m, &nodes[i]);
	id_to_resource(id_of_node(&m.hit), &ours);
	member_pass(&m, 2 * COPY_HOLD_MS);
}

static void tear_down(void)
{
	member_clear(&m);
}

TestSuite(copies, .init = set_up, .fini = tear_down);

/* A record of nodes[3] comes from the predecessor, as a copy or not. */
static void store(uint8_t replica)
{
	size_t len =
		member_store_body(&nodes[3], &ours, replica, MEMBER_WALL_MS,
				  scratch, sizeof(scratch));
	struct letter l = member_letter(&m, RELOAD_STORE_REQ,
					(struct span){ scratch, len });

	member_post(&m, &nodes[NODES - 1], &l);
	cr_assert_eq(member_answer(&m, &nodes[NODES - 1]), RELOAD_STORE_ANS);
}

/* The n-th Store that went to a node. */
static bool sent(const struct hit *to, size_t n, struct message *out)
{
	for (size_t i = 0; member_sent(&m, to, i, out); i++) {
		if (out->code == RELOAD_STORE_REQ && n-- == 0)
			return true;
	}
	return false;
}

static size_t stores(const struct hit *to)
{
	struct message message;
	size_t n = 0;

	while (sent(to, n, &message))
		n++;
	return n;
}

Test(copies, of_a_new_record_go_to_three_successors_at_once)
{
	store(0);
	for (size_t i = 0; i < NODES; i++)
		cr_expect_eq(stores(&nodes[i]), i < COPIES, "%zu", i);
}

/* Many join at once: whom it came from owned it for a moment only, and its
 * successors then were not ours. */
Test(copies, of_a_place_that_was_given_to_us_go_out_when_we_have_kept_it)
{
	store(1);
	cr_expect_eq(stores(&nodes[0]), 0);
	member_pass(&m, HELD_MS);
	for (size_t i = 0; i < NODES; i++)
		cr_expect_eq(stores(&nodes[i]), i < COPIES, "%zu", i);
	member_pass(&m, 4 * HELD_MS);
	cr_expect(stores(&nodes[0]) <= OVERLAY_COPY_TRIES_MAX);
}

static void refuse(const struct hit *from)
{
	const struct error_body e = { .code = RELOAD_ERROR_FORBIDDEN };
	uint8_t body[16];
	struct wr w = wr_init(body, sizeof(body));
	struct message copy;
	struct letter l;

	cr_assert(sent(from, 0, &copy));
	error_write(&w, &e);
	l = member_letter(&m, RELOAD_ERROR, (struct span){ body, wr_len(&w) });
	l.header.transaction_id = copy.header.transaction_id;
	member_post(&m, from, &l);
}

Test(copies, that_were_refused_are_sent_again)
{
	store(0);
	refuse(&nodes[1]);
	member_pass(&m, HELD_MS);
	cr_expect_eq(stores(&nodes[1]), 1);
}

Test(copies, that_nobody_takes_are_sent_some_times_only)
{
	size_t again;

	store(0);
	member_pass(&m, 20 * HELD_MS);
	again = stores(&nodes[0]);
	cr_expect_eq(again, OVERLAY_COPY_TRIES_MAX);
	member_pass(&m, 20 * HELD_MS);
	cr_expect_eq(stores(&nodes[0]), 0);
}
