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

/* A record of nodes[3] of some time comes from a node, as a copy or not. */
static void store_of(const struct resource_id *place, const struct hit *from,
		     uint8_t replica, uint64_t time_ms)
{
	size_t len = member_store_body(&nodes[3], place, replica, time_ms,
				       scratch, sizeof(scratch));
	struct letter l = member_letter(&m, RELOAD_STORE_REQ,
					(struct span){ scratch, len });

	member_post(&m, from, &l);
	cr_assert_eq(member_answer(&m, from), RELOAD_STORE_ANS);
}

static void store_at(const struct resource_id *place, const struct hit *from,
		     uint8_t replica)
{
	store_of(place, from, replica, MEMBER_WALL_MS);
}

static void store(uint8_t replica)
{
	store_at(&ours, &nodes[NODES - 1], replica);
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

/* What a node answers to the copy that has just gone to it. */
static struct letter answer_to(const struct hit *from, uint16_t code,
			       const struct wr *body)
{
	struct message copy;
	struct letter l = member_letter(
		&m, code, (struct span){ body->start, wr_len(body) });

	cr_assert(sent(from, 0, &copy));
	l.header.transaction_id = copy.header.transaction_id;
	return l;
}

static void refuse(const struct hit *from)
{
	const struct error_body e = { .code = RELOAD_ERROR_FORBIDDEN };
	uint8_t body[16];
	struct wr w = wr_init(body, sizeof(body));
	struct letter l;

	error_write(&w, &e);
	l = answer_to(from, RELOAD_ERROR, &w);
	member_post(&m, from, &l);
}

static struct letter acceptance(const struct hit *from, uint8_t body[64])
{
	const struct store_ans_kind kind = { .kind = MEMBER_DICTIONARY,
					     .generation = 1 };
	struct wr w = wr_init(body, 64);

	store_ans_write(&w, &kind, 1);
	return answer_to(from, RELOAD_STORE_ANS, &w);
}

/* All copies that have just gone out. */
static void accept_all(void)
{
	uint8_t bodies[COPIES][64];
	struct letter l[COPIES];

	for (size_t i = 0; i < COPIES; i++)
		l[i] = acceptance(&nodes[i], bodies[i]);
	for (size_t i = 0; i < COPIES; i++)
		member_post(&m, &nodes[i], &l[i]);
}

static size_t held(void)
{
	struct overlay_info info;

	overlay_info(m.core, &info);
	return info.records;
}

/* Until one goes there; it can be answered then. */
static void pass_until_sent(const struct hit *to)
{
	for (uint64_t ms = 0; ms < HELD_MS; ms += 1000) {
		member_pass(&m, 1000);
		if (stores(to) > 0)
			return;
	}
	cr_assert(false, "nothing went there");
}

/* A node between these two. */
static struct hit newcomer(ring_t after, ring_t before)
{
	struct hit hit = member_hit(NODES + 1);

	for (uint32_t i = NODES + 1;
	     !id_is_between(after, id_of_node(&hit), before); i++)
		hit = member_hit(i);
	return hit;
}

/* The owner did not acknowledge, so the hop before it tried us. */
Test(copies, of_what_reached_us_past_its_owner_go_to_the_owner)
{
	const struct hit *owner = &nodes[NODES - 1];
	struct resource_id place;

	id_to_resource(id_of_node(owner), &place);
	store_at(&place, &nodes[3], 0);
	cr_expect_eq(stores(owner), 0);
	member_pass(&m, STRAY_SOON_MS + 1);
	for (size_t i = 0; i < NODES; i++)
		cr_expect_eq(stores(&nodes[i]), &nodes[i] == owner, "%zu", i);
}

/* One that never answers costs no more than that. */
Test(copies, of_what_reached_us_past_its_owner_go_there_some_times_only)
{
	const struct hit *owner = &nodes[NODES - 1];
	struct resource_id place;

	id_to_resource(id_of_node(owner), &place);
	store_at(&place, &nodes[3], 0);
	member_pass(&m, 20 * HELD_MS);
	cr_expect(stores(owner) <= OVERLAY_COPY_TRIES_MAX + 2);
	member_pass(&m, 20 * HELD_MS);
	cr_expect_eq(stores(owner), 0);
}

/* Nor does it go when a fourth comes between. */
Test(copies, of_what_reached_us_past_its_owner_are_kept_until_it_has_them)
{
	const struct hit *owner = &nodes[NODES - 3];
	struct hit fourth =
		newcomer(id_of_node(&nodes[NODES - 1]), id_of_node(&m.hit));
	struct resource_id place;
	struct letter l;
	uint8_t body[64];

	id_to_resource(id_of_node(owner), &place);
	store_at(&place, &nodes[3], 0);
	member_meet(&m, &fourth);
	pass_until_sent(owner);
	refuse(owner);
	cr_expect_eq(held(), 1);
	pass_until_sent(owner);
	cr_expect_eq(held(), 1);
	l = acceptance(owner, body);
	member_post(&m, owner, &l);
	member_pass(&m, HELD_MS);
	cr_expect_eq(held(), 0);
}

/* The answer to the first says nothing of the second. */
Test(copies, of_what_is_newer_than_what_the_owner_took_go_there_too)
{
	const struct hit *owner = &nodes[NODES - 1];
	struct resource_id place;
	struct letter l;
	uint8_t body[64];

	id_to_resource(id_of_node(owner), &place);
	store_at(&place, &nodes[3], 0);
	member_pass(&m, STRAY_SOON_MS + 1);
	l = acceptance(owner, body);
	store_of(&place, &nodes[3], 0, MEMBER_WALL_MS + 1);
	member_post(&m, owner, &l);
	member_pass(&m, 2 * STRAY_SOON_MS + 1);
	cr_expect_eq(stores(owner), 1);
}

/* And it, whose copy comes, has it: then there is nothing to do. */
Test(copies, of_what_its_owner_has_are_not_given_back)
{
	const struct hit *owner = &nodes[NODES - 1];
	struct resource_id place;

	id_to_resource(id_of_node(owner), &place);
	store_at(&place, &nodes[3], 0);
	store_at(&place, owner, 1);
	member_pass(&m, HELD_MS);
	for (size_t i = 0; i < NODES; i++)
		cr_expect_eq(stores(&nodes[i]), 0, "%zu", i);
}

Test(copies, of_what_its_owner_has_an_older_one_of_are_given_back)
{
	const struct hit *owner = &nodes[NODES - 1];
	struct resource_id place;

	id_to_resource(id_of_node(owner), &place);
	store_at(&place, &nodes[3], 0);
	store_of(&place, owner, 1, MEMBER_WALL_MS - 1);
	member_pass(&m, STRAY_SOON_MS + 1);
	cr_expect_eq(stores(owner), 1);
}

/* Another admitted it, which took itself for our place's owner. */
Test(copies, of_what_is_no_longer_ours_go_to_who_owns_it_now)
{
	struct hit owner =
		newcomer(id_of_node(&nodes[NODES - 1]), id_of_node(&m.hit));
	struct resource_id place;
	struct letter l;
	uint8_t body[64];

	id_to_resource(id_of_node(&owner), &place);
	store_at(&place, &nodes[3], 0);
	accept_all();
	member_meet(&m, &owner);
	cr_assert_eq(stores(&owner), 1, "at once: all ask there now");
	l = acceptance(&owner, body);
	member_post(&m, &owner, &l);
	member_pass(&m, HELD_MS);
	cr_expect_eq(stores(&owner), 0);
	cr_expect_eq(held(), 1);
}

/* It may have come so late that the dead one never gave it what is now its. */
Test(copies, of_what_a_dead_one_owned_go_to_who_owns_it_now)
{
	const struct hit *dead = &nodes[NODES - 2], *heir = &nodes[NODES - 1];
	struct resource_id place;
	struct letter l;
	uint8_t body[64];

	id_to_resource(id_of_node(dead), &place);
	store_at(&place, dead, 2);
	member_pass(&m, HELD_MS);
	cr_expect_eq(stores(heir), 0, "its owner sees to it");
	member_down(&m, dead);
	pass_until_sent(heir);
	l = acceptance(heir, body);
	member_post(&m, heir, &l);
	member_pass(&m, 2 * HELD_MS);
	cr_expect_eq(stores(heir), 0);
	cr_expect_eq(held(), 1);
}

/* RFC 6940 10.5: it is theirs with the Join, which is no time to lose it. */
Test(copies, of_what_who_joins_owns_go_there_until_it_has_them)
{
	struct join_req join = {
		.node = newcomer(id_of_node(&nodes[NODES - 1]),
				 id_of_node(&m.hit)),
	};
	struct resource_id place;
	struct letter l;
	uint8_t body[64];
	struct wr w = wr_init(body, sizeof(body));

	id_to_resource(id_of_node(&join.node), &place);
	store_at(&place, &nodes[3], 0);
	accept_all();
	member_up(&m, &join.node);
	join_req_write(&w, &join);
	l = member_letter(&m, RELOAD_JOIN_REQ,
			  (struct span){ body, wr_len(&w) });
	l.signer = join.node;
	member_post(&m, &join.node, &l);
	cr_assert_eq(stores(&join.node), 1, "at once");
	refuse(&join.node);
	member_pass(&m, STRAY_SOON_MS + 1);
	cr_assert_eq(stores(&join.node), 1, "and soon again");
	l = acceptance(&join.node, body);
	member_post(&m, &join.node, &l);
	member_pass(&m, HELD_MS);
	cr_expect_eq(stores(&join.node), 0);
	cr_expect_eq(held(), 1);
}

/* While it was there, the third successor dropped what it held for us. */
Test(copies, go_to_who_was_a_holder_before_somebody_came_and_went)
{
	struct hit passer = newcomer(id_of_node(&m.hit), id_of_node(&nodes[0]));

	store(0);
	accept_all();
	member_pass(&m, HELD_MS);
	member_meet(&m, &passer);
	member_down(&m, &passer);
	member_pass(&m, HELD_MS);
	cr_expect_eq(stores(&nodes[0]), 0);
	cr_expect_eq(stores(&nodes[COPIES - 1]), 1);
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
