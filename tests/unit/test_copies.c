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

static struct letter refusal(const struct hit *from, uint8_t body[64])
{
	const struct error_body e = { .code = RELOAD_ERROR_FORBIDDEN };
	struct wr w = wr_init(body, 64);

	error_write(&w, &e);
	return answer_to(from, RELOAD_ERROR, &w);
}

static void refuse(const struct hit *from)
{
	uint8_t body[64];
	struct letter l = refusal(from, body);

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

/* It is no news any more that it failed once, a week ago. */
Test(copies, that_were_taken_in_the_end_have_all_their_tries_again)
{
	const struct hit *third = &nodes[COPIES - 1];
	struct hit passer = newcomer(id_of_node(&m.hit), id_of_node(&nodes[0]));

	store(0);
	accept_all();
	for (size_t i = 0; i < 2 * OVERLAY_COPY_TRIES_MAX; i++) {
		member_meet(&m, &passer);
		member_down(&m, &passer);
		pass_until_sent(third);
		refuse(third);
		pass_until_sent(third);
		accept_all();
		member_pass(&m, HELD_MS);
		cr_assert_eq(stores(third), 0);
	}
}

enum { BETWEEN = 5, BESIDE = 6, CLOSE_BITS = 120 };

/* So many come before us that the owner of a place between nodes[BETWEEN] and
 * the next one is none of our neighbours: only the place leads there. */
static struct resource_id stray_place(void)
{
	struct resource_id place;

	id_to_resource(id_of_node(&nodes[BETWEEN]) + 1, &place);
	return place;
}

static void many_come(size_t n, ring_t after, ring_t before)
{
	struct hit hit;

	for (uint32_t i = NODES + 1; n > 0; i++) {
		hit = member_hit(i);
		if (!id_is_between(after, id_of_node(&hit), before))
			continue;
		member_meet(&m, &hit);
		n--;
	}
}

/* The n-th Store to anybody, of what has just gone out. */
static bool routed(size_t n, struct hit *to, struct message *out)
{
	for (size_t i = 0; i < m.n; i++) {
		const struct overlay_output *o = m.out[i];

		if (o->type != OVERLAY_SEND ||
		    message_parse(o->bytes, o->len, out) != MESSAGE_OK ||
		    out->code != RELOAD_STORE_REQ || n-- > 0)
			continue;
		*to = o->peer;
		return true;
	}
	return false;
}

/* What somebody behind the first hop answers to the n-th of them. */
static struct letter routed_answer(size_t n, const struct hit *source,
				   bool taken, struct hit *hop,
				   uint8_t body[64])
{
	const struct store_ans_kind kind = { .kind = MEMBER_DICTIONARY,
					     .generation = 1 };
	const struct error_body e = { .code = RELOAD_ERROR_DATA_TOO_LARGE };
	struct wr w = wr_init(body, 64);
	struct message sent_to;
	struct letter l;

	if (taken)
		store_ans_write(&w, &kind, 1);
	else
		error_write(&w, &e);
	cr_assert(routed(n, hop, &sent_to));
	cr_assert_eq(sent_to.header.destination.at[0].type,
		     DESTINATION_RESOURCE);
	l = member_letter(&m, taken ? RELOAD_STORE_ANS : RELOAD_ERROR,
			  (struct span){ body, wr_len(&w) });
	l.header.transaction_id = sent_to.header.transaction_id;
	l.signer = *source;
	if (!hit_equal(source, hop)) {
		l.header.via.n = 1;
		l.header.via.at[0] = destination_node(source);
	}
	return l;
}

static void pass_until_routed(void)
{
	struct message message;
	struct hit to;

	for (uint64_t ms = 0; ms < 2 * HELD_MS; ms += 100) {
		member_pass(&m, 100);
		if (routed(0, &to, &message))
			return;
	}
	cr_assert(false, "nothing went out");
}

static void keep_stray(void)
{
	struct resource_id place = stray_place();

	store_at(&place, &nodes[3], 0);
	many_come(BESIDE, id_of_node(&nodes[NODES - 1]), id_of_node(&m.hit));
	pass_until_routed();
}

/* Who answers the two values of a round, or the only one; NULL: it is refused
 * by who was asked first. */
struct answers {
	const struct hit *by[2];
};

static void answer_round(const struct answers *a)
{
	uint8_t body[2][64];
	struct letter l[2];
	struct message sent_to;
	struct hit hop[2];
	size_t n = 0;

	for (; n < 2 && routed(n, &hop[n], &sent_to); n++)
		l[n] = routed_answer(n, a->by[n] ? a->by[n] : &nodes[BETWEEN],
				     a->by[n] != NULL, &hop[n], body[n]);
	for (size_t i = 0; i < n; i++)
		member_post(&m, &hop[i], &l[i]);
}

/* The same answers for as long as it goes on. */
static void answer_rounds(const struct answers *a)
{
	for (uint64_t ms = 0; ms < 6 * HELD_MS; ms += 100) {
		answer_round(a);
		member_pass(&m, 100);
	}
}

/* Who stands on the way could say that it has what it has thrown away. */
Test(copies, that_are_routed_are_kept_when_who_asked_the_owner_has_them)
{
	keep_stray();
	answer_rounds(&(struct answers){ { &nodes[BETWEEN] } });
	cr_expect_eq(held(), 1);
}

Test(copies, that_are_routed_are_kept_when_who_has_them_is_not_the_nearest)
{
	keep_stray();
	answer_rounds(&(struct answers){ { &nodes[BETWEEN + 2] } });
	cr_expect_eq(held(), 1);
}

Test(copies, that_are_routed_are_let_go_when_who_may_be_the_owner_has_them)
{
	struct hit owner = newcomer(id_of_node(&nodes[BETWEEN]),
				    id_of_node(&nodes[BETWEEN + 1]));

	keep_stray();
	answer_rounds(&(struct answers){ { &owner } });
	cr_expect_eq(held(), 0);
}

/* Nobody that we know is nearer, but the ring is denser than that. */
Test(copies, that_are_routed_are_kept_when_who_is_far_off_has_them)
{
	ring_t self = id_of_node(&m.hit), close = (ring_t)1 << CLOSE_BITS;
	struct resource_id place = stray_place();

	store_at(&place, &nodes[3], 0);
	many_come(ROUTE_NEIGHBOURS, self - close, self);
	many_come(ROUTE_NEIGHBOURS, self, self + close);
	pass_until_routed();
	answer_rounds(&(struct answers){ { &nodes[BETWEEN + 1] } });
	cr_expect_eq(held(), 1);
}

static size_t values_in(const struct message *store)
{
	struct store_req req;
	struct store_kind kind;
	struct stored v;
	size_t n = 0;

	cr_assert(store_req_parse(rd_init(store->body.bytes, store->body.len),
				  &req));
	while (store_kind_next(&req.kinds, &kind))
		while (stored_next(&kind.values, DATA_DICTIONARY, &v))
			n++;
	return n;
}

/* A second device's value of the name. */
static void store_another(const struct resource_id *place)
{
	size_t len = member_store_body(&nodes[4], place, 0, MEMBER_WALL_MS,
				       scratch, sizeof(scratch));
	struct letter l = member_letter(&m, RELOAD_STORE_REQ,
					(struct span){ scratch, len });

	member_post(&m, &nodes[3], &l);
	cr_assert_eq(member_answer(&m, &nodes[3]), RELOAD_STORE_ANS);
}

/* One that is refused takes none with it. */
Test(copies, that_are_routed_go_value_by_value)
{
	struct hit hop, owner = newcomer(id_of_node(&nodes[BETWEEN]),
					 id_of_node(&nodes[BETWEEN + 1]));
	struct resource_id place = stray_place();
	struct message message;

	store_another(&place);
	keep_stray();
	for (size_t i = 0; i < 2; i++) {
		cr_assert(routed(i, &hop, &message));
		cr_expect_eq(values_in(&message), 1);
	}
	cr_expect_not(routed(2, &hop, &message));
	answer_round(&(struct answers){ { &owner, NULL } });
	cr_expect_eq(held(), 2);
	pass_until_routed();
	answer_rounds(&(struct answers){ { &owner, &owner } });
	cr_expect_eq(held(), 0);
}

Test(copies, that_are_routed_are_kept_when_one_value_is_not_there)
{
	struct hit owner = newcomer(id_of_node(&nodes[BETWEEN]),
				    id_of_node(&nodes[BETWEEN + 1]));
	struct resource_id place = stray_place();

	store_another(&place);
	keep_stray();
	answer_rounds(&(struct answers){ { &owner, &nodes[BETWEEN + 2] } });
	cr_expect_eq(held(), 2);
}

/* Who has one may have come after who has the other. */
Test(copies, that_are_routed_are_kept_until_one_has_all_values_at_once)
{
	struct hit owner = newcomer(id_of_node(&nodes[BETWEEN]),
				    id_of_node(&nodes[BETWEEN + 1]));
	struct resource_id place = stray_place();
	const struct hit *other = &nodes[BETWEEN + 2]; /* says what is not so */

	store_another(&place);
	keep_stray();
	answer_round(&(struct answers){ { &owner, other } });
	pass_until_routed();
	answer_rounds(&(struct answers){ { other, &owner } });
	cr_expect_eq(held(), 2);
}

/* Two take them every time, and that gives the third no more tries. */
Test(copies, that_one_never_takes_are_sent_there_some_times_only)
{
	size_t sends = 0;

	store(0);
	for (size_t i = 0; i < 20 * HELD_MS / 1000; i++) {
		if (stores(&nodes[1]) > 0) {
			uint8_t bodies[COPIES][64];
			struct letter l[COPIES];

			sends++;
			l[0] = acceptance(&nodes[0], bodies[0]);
			l[1] = refusal(&nodes[1], bodies[1]);
			l[2] = acceptance(&nodes[2], bodies[2]);
			for (size_t k = 0; k < COPIES; k++)
				member_post(&m, &nodes[k], &l[k]);
		}
		member_pass(&m, 1000);
	}
	cr_expect_eq(sends, OVERLAY_COPY_TRIES_MAX + 1);
}
