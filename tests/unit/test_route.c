/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* The routing table: RFC 6940 10.3, 10.7.4. */
#include "resolver/route.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 1000 };

static struct hit nodes[NODES]; /* in ring order */
static struct route r;
static const struct excluded none;

static struct hit make_node(uint32_t n)
{
	struct hit h = { { 0x20, 0x01, 0x00, 0x22 } };

	memcpy(h.bytes + 12, &n, sizeof(n));
	return h;
}

static int by_place(const void *a, const void *b)
{
	ring_t x = id_of_node(a), y = id_of_node(b);

	return (x > y) - (x < y);
}

static void set_up(void)
{
	for (uint32_t i = 0; i < NODES; i++)
		nodes[i] = make_node(i);
	qsort(nodes, NODES, sizeof(nodes[0]), by_place);
	route_init(&r, &nodes[500]);
}

static void tear_down(void)
{
	route_clear(&r);
}

TestSuite(route, .init = set_up, .fini = tear_down);

static void add_member(size_t i)
{
	struct link *l = route_add(&r, &nodes[i]);

	cr_assert(l);
	link_set(l, LINK_IN_RING);
}

static ring_t place(size_t i)
{
	return id_of_node(&nodes[i]);
}

static const struct hit *next(ring_t target, ring_t from,
			      const struct excluded *tried)
{
	struct link *l = route_next(&r, target, from, tried);

	return l ? &l->node : NULL;
}

#define cr_expect_next(target, from, tried, i)                                 \
	cr_expect(next(target, from, tried) &&                                 \
		  hit_equal(next(target, from, tried), &nodes[i]))

Test(route, links_stand_in_ring_order_whatever_came_first)
{
	static const size_t order[] = { 600, 400, 501, 499, 0, 999, 700 };

	for (size_t i = 0; i < 7; i++)
		add_member(order[i]);
	cr_assert_eq(r.n, 7);
	for (size_t i = 1; i < r.n; i++)
		cr_expect(id_distance(r.self, r.links[i - 1].at) <
			  id_distance(r.self, r.links[i].at));
	cr_expect(hit_equal(&route_successor(&r, 0)->node, &nodes[501]));
	cr_expect(hit_equal(&route_successor(&r, 1)->node, &nodes[600]));
	cr_expect(hit_equal(&route_predecessor(&r, 0)->node, &nodes[499]));
	cr_expect_null(route_successor(&r, 7));
	cr_expect_null(route_predecessor(&r, 7));
}

Test(route, a_link_is_added_once_and_ourselves_never)
{
	struct link *l = route_add(&r, &nodes[1]);

	l->needed_s = 7;
	cr_expect_eq(route_add(&r, &nodes[1])->needed_s, 7);
	cr_expect_eq(r.n, 1);
	cr_expect_null(route_add(&r, &nodes[500]));
}

Test(route, no_more_links_than_the_limit)
{
	for (uint32_t i = 0; i < ROUTE_LINKS_MAX; i++) {
		struct hit h = make_node(5000 + i);

		cr_assert(route_add(&r, &h));
	}
	cr_expect_null(route_add(&r, &nodes[1]));
	route_remove(&r, &r.links[9].node);
	cr_expect(route_add(&r, &nodes[1]));
	cr_expect_eq(r.n, ROUTE_LINKS_MAX);
}

Test(route, what_is_removed_is_found_no_more)
{
	add_member(1);
	add_member(2);
	route_remove(&r, &nodes[1]);
	route_remove(&r, &nodes[3]); /* never was there */
	cr_expect_null(route_find(&r, &nodes[1]));
	cr_expect(route_find(&r, &nodes[2]));
	cr_expect_eq(r.n, 1);
}

Test(route, alone_we_own_everything)
{
	cr_expect(route_is_owner(&r, 0));
	cr_expect(route_is_owner(&r, r.self));
	cr_expect(route_is_owner(&r, r.self + 1));
	cr_expect_null(next(r.self + 1, r.self, &none));
	cr_expect_eq(route_size(&r), 1.0);
}

Test(route, we_own_what_lies_behind_our_predecessor)
{
	add_member(499);
	cr_expect(route_is_owner(&r, r.self));
	cr_expect(route_is_owner(&r, place(499) + 1));
	cr_expect_not(route_is_owner(&r, place(499)));
	cr_expect_not(route_is_owner(&r, r.self + 1));
}

Test(route, those_outside_the_ring_neither_own_nor_forward)
{
	cr_assert(route_add(&r, &nodes[499]));
	cr_assert(route_add(&r, &nodes[501]));
	cr_expect(route_is_owner(&r, place(499)));
	cr_expect_null(route_successor(&r, 0));
	cr_expect_null(next(place(499), r.self, &none));
	cr_expect_eq(route_members(&r), 0);
}

Test(route, the_next_hop_is_the_furthest_that_does_not_pass_the_target)
{
	add_member(501);
	add_member(600);
	add_member(700);
	add_member(499);
	cr_expect_next(place(650), r.self, &none, 600);
	cr_expect_next(place(600), r.self, &none, 600);
	cr_expect_next(place(600) - 1, r.self, &none, 501);
	cr_expect_next(place(499), r.self, &none, 499);
	cr_expect_next(place(499) - 1, r.self, &none, 700);
}

Test(route, without_one_before_the_target_it_is_the_first_behind)
{
	add_member(510);
	add_member(520);
	cr_expect_next(place(505), r.self, &none, 510);
	cr_expect_next(r.self + 1, r.self, &none, 510);
}

Test(route, a_hop_that_was_tried_is_passed_over)
{
	struct excluded tried = { 0 };

	add_member(499);
	add_member(501);
	add_member(600);
	add_member(610);
	excluded_add(&tried, &nodes[610]);
	cr_expect_next(place(650), r.self, &tried, 600);
	excluded_add(&tried, &nodes[600]);
	cr_expect_next(place(650), r.self, &tried, 501);
}

Test(route, behind_a_dead_owner_the_next_one_is_asked_and_knows_that_it_shall)
{
	struct excluded tried = { 0 };

	/* We are 500; the target lies between 500 and 501, which is dead. */
	add_member(501);
	add_member(502);
	add_member(499);
	excluded_add(&tried, &nodes[501]);
	cr_expect_next(r.self + 1, r.self, &tried, 502);
	/* And as the one behind: 499 is dead, 498 sends us its places. */
	tried.n = 0;
	add_member(498);
	cr_expect_next(place(499), place(498), &tried, 499);
	excluded_add(&tried, &nodes[499]);
	cr_expect_null(next(place(499), place(498), &tried));
	/* From a node nearer to the target it has not: it goes around. */
	cr_expect_next(place(497), place(498), &tried, 502);
}

Test(route, a_suspect_is_taken_only_when_there_is_no_other)
{
	add_member(499);
	add_member(501);
	add_member(600);
	link_set(route_find(&r, &nodes[600]), LINK_SUSPECT);
	cr_expect_next(place(650), r.self, &none, 501);
	link_set(route_find(&r, &nodes[501]), LINK_SUSPECT);
	cr_expect_next(place(650), r.self, &none, 600);
}

Test(route, the_place_just_before_ours_has_a_next_hop)
{
	add_member(499);
	add_member(501);
	cr_expect_null(next(r.self - 1, r.self, &none));
	route_remove(&r, &nodes[499]);
	cr_expect(route_is_owner(&r, r.self - 1));
}

Test(route, excluded_hops_have_a_limit)
{
	struct excluded e = { 0 };

	for (size_t i = 0; i < ROUTE_EXCLUDED_MAX; i++)
		cr_expect(excluded_add(&e, &nodes[i]));
	cr_expect_not(excluded_add(&e, &nodes[50]));
	cr_expect(excluded_has(&e, &nodes[7]));
	cr_expect_not(excluded_has(&e, &nodes[50]));
}

Test(route, neighbours_are_the_eight_on_either_side_and_who_is_nearer)
{
	for (size_t i = 1; i <= 7; i++) {
		add_member(500 + i);
		add_member(500 - i);
	}
	cr_expect(route_is_neighbour(&r, place(0))); /* still room */
	add_member(509);
	add_member(491);
	cr_expect(route_is_neighbour(&r, place(509)));
	cr_expect(route_is_neighbour(&r, place(508)));
	cr_expect(route_is_neighbour(&r, place(491)));
	cr_expect_not(route_is_neighbour(&r, place(510)));
	cr_expect_not(route_is_neighbour(&r, place(490)));
}

Test(route, a_finger_is_the_first_in_its_doubling_of_distance)
{
	struct link *first;

	for (size_t i = 0; i < NODES; i++) {
		if (i != 500)
			cr_assert(i % 2 || (add_member(i), true));
	}
	for (unsigned int i = 1; i <= 6; i++) {
		ring_t start = (ring_t)1 << (ID_BITS - i);

		first = route_finger(&r, i);
		cr_assert(first);
		cr_expect(id_distance(r.self, first->at) >= start);
		cr_expect(first == r.links ||
			  id_distance(r.self, first[-1].at) < start);
		cr_expect_eq(route_finger_index(&r, first->at), i);
		cr_expect(route_is_finger(&r, first));
		cr_expect_not(route_is_finger(&r, first + 1));
	}
	cr_expect_null(route_finger(&r, 128));
}

Test(route, the_size_is_estimated_by_the_density_around_us)
{
	for (size_t i = 1; i <= 8; i++) {
		add_member(500 + i);
		add_member(500 - i);
	}
	/* 16 distances between neighbours: within a factor of 2 here. */
	cr_expect(route_size(&r) > NODES / 2 && route_size(&r) < NODES * 2,
		  "%f", route_size(&r));
	/* log2(1000) + 4 are fewer than RFC 6940 10.3's least. */
	cr_expect_eq(route_fingers_wanted(&r), ROUTE_FINGERS_MIN);
}

Test(route, among_few_each_counts)
{
	add_member(1);
	add_member(2);
	cr_expect_eq(route_size(&r), 3.0);
}

Test(route, members_between_a_place_and_us_are_counted)
{
	for (size_t i = 1; i <= 5; i++)
		add_member(500 - i);
	cr_expect_eq(route_between(&r, place(497), 9), 3);
	cr_expect_eq(route_between(&r, place(497) + 1, 9), 2);
	cr_expect_eq(route_between(&r, place(400), 9), 5);
	cr_expect_eq(route_between(&r, place(400), 4), 4);
	cr_expect_eq(route_between(&r, r.self, 9), 0);
	cr_expect_eq(route_between(&r, place(499) + 1, 9), 0);
}

/* What the whole ring does: perfect tables, greedy. */
Test(route, messages_arrive_in_few_hops)
{
	static struct route all[NODES];
	size_t hops = 0, most = 0, lookups = 0;

	for (size_t i = 0; i < NODES; i++) {
		route_init(&all[i], &nodes[i]);
		for (size_t j = 1; j <= ROUTE_NEIGHBOURS; j++) {
			size_t a = (i + j) % NODES, b = (i + NODES - j) % NODES;

			link_set(route_add(&all[i], &nodes[a]), LINK_IN_RING);
			link_set(route_add(&all[i], &nodes[b]), LINK_IN_RING);
		}
		for (unsigned int f = 1; f <= 14; f++) {
			ring_t at = all[i].self + ((ring_t)1 << (ID_BITS - f));
			size_t j = 0;

			while (j < NODES && place(j) < at)
				j++;
			if (j % NODES != i)
				link_set(route_add(&all[i], &nodes[j % NODES]),
					 LINK_IN_RING);
		}
	}
	for (size_t i = 0; i < NODES; i += 7) {
		struct resource_id id;
		ring_t target, from;
		size_t at = i, n = 0;
		struct link *l;

		id_resource(&i, sizeof(i), &id);
		target = id_of_resource(&id);
		from = all[i].self;
		while ((l = route_next(&all[at], target, from, &none)) !=
			       NULL &&
		       n < 40) {
			from = all[at].self;
			at = (size_t)((struct hit *)bsearch(
					      &l->node, nodes, NODES,
					      sizeof(nodes[0]), by_place) -
				      nodes);
			n++;
		}
		cr_assert(route_is_owner(&all[at], target));
		hops += n;
		most = n > most ? n : most;
		lookups++;
	}
	cr_expect(hops * 10 <= lookups * 52, "%zu in %zu", hops, lookups);
	cr_expect(most <= 10, "%zu", most);
	for (size_t i = 0; i < NODES; i++)
		route_clear(&all[i]);
}

/* Tags say where to look; some of these have the same. */
Test(route, nodes_that_look_alike_are_told_apart)
{
	struct hit alike[64];

	for (uint8_t i = 0; i < 64; i++) {
		alike[i] = make_node(1);
		alike[i].bytes[4] ^= i;
		alike[i].bytes[15] ^= i / 3;
		cr_assert(route_add(&r, &alike[i]));
	}
	for (uint8_t i = 0; i < 64; i += 2)
		route_remove(&r, &alike[i]);
	for (uint8_t i = 0; i < 64; i++) {
		struct link *l = route_find(&r, &alike[i]);

		cr_assert_eq(l != NULL, i % 2);
		if (l)
			cr_expect(hit_equal(&l->node, &alike[i]));
	}
}
