/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Joining, leaving and keeping the ring: RFC 6940 10.5 to 10.9. */
#include "resolver/limits.h"
#include "tests/unit/member.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 40 };

static struct member m;
static struct hit nodes[NODES]; /* by distance behind the member */
static uint8_t scratch[RELOAD_MESSAGE_MAX];

static int by_distance(const void *a, const void *b)
{
	ring_t self = id_of_node(&m.hit);
	ring_t x = id_of_node(a) - self, y = id_of_node(b) - self;

	return (x > y) - (x < y);
}

static void begin(bool founder)
{
	member_init(&m, founder);
	for (uint32_t i = 0; i < NODES; i++)
		nodes[i] = member_hit(i + 1);
	qsort(nodes, NODES, sizeof(nodes[0]), by_distance);
}

static void tear_down(void)
{
	member_clear(&m);
}

TestSuite(chord, .fini = tear_down);

static void bootstrap(const struct hit *at)
{
	member_input(&m, &(struct overlay_input){ .type = OVERLAY_BOOTSTRAP,
						  .peer = *at });
}

/* Answers the first request that went to a peer, as if it came from it or
 * from somebody behind it. */
static void answer(const struct hit *peer, const struct hit *source,
		   uint16_t code, struct span body)
{
	struct message sent;
	struct letter l;

	cr_assert(member_sent(&m, peer, 0, &sent), "nothing was asked");
	l = member_letter(&m, code, body);
	l.header.transaction_id = sent.header.transaction_id;
	if (source) {
		l.header.via.n = 1;
		l.header.via.at[0] = destination_node(source);
		l.signer = *source;
	}
	member_post(&m, peer, &l);
}

static void answer_ping(const struct hit *peer, const struct hit *source)
{
	struct ping_ans ans = { .time_ms = 1 };
	struct wr w = wr_init(scratch, sizeof(scratch));

	ping_ans_write(&w, &ans);
	answer(peer, source, RELOAD_PING_ANS,
	       (struct span){ scratch, wr_len(&w) });
}

/* An Update from a neighbour with the true neighbours of the member. */
static void update(const struct hit *from, enum chord_update_type type)
{
	static struct chord_update u;
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct letter l;

	u = (struct chord_update){ .type = type };
	for (size_t i = 0; i < 8; i++) {
		u.successors.at[u.successors.n++] =
			nodes[hit_equal(from, &nodes[0]) ? i + 1 : i];
		u.predecessors.at[u.predecessors.n++] = nodes[NODES - 1 - i];
	}
	chord_update_write(&w, &u);
	l = member_letter(&m, RELOAD_UPDATE_REQ,
			  (struct span){ scratch, wr_len(&w) });
	l.signer = *from;
	member_post(&m, from, &l);
}

static bool asked(const struct hit *peer, uint16_t code)
{
	struct message sent;
	bool any = false;

	for (size_t i = 0; member_sent(&m, peer, i, &sent); i++)
		any |= sent.code == code;
	return any;
}

static size_t connects(void)
{
	size_t n = 0;

	for (size_t i = 0; i < m.n; i++)
		n += m.out[i]->type == OVERLAY_CONNECT;
	return n;
}

static bool wants(const struct hit *node)
{
	for (size_t i = 0; i < m.n; i++) {
		if (m.out[i]->type == OVERLAY_CONNECT &&
		    hit_equal(&m.out[i]->peer, node))
			return true;
	}
	return false;
}

static bool is_joined(void)
{
	struct overlay_info info;

	overlay_info(m.core, &info);
	return info.joined;
}

/* As far as the links to the first neighbours. */
static void join_until_linked(void)
{
	begin(false);
	bootstrap(&nodes[20]);
	member_up(&m, &nodes[20]);
	answer_ping(&nodes[20], &nodes[0]);
	cr_assert(wants(&nodes[0]));
	cr_expect(
		hit_equal(&member_find(&m, OVERLAY_CONNECT)->via, &nodes[20]));
	member_up(&m, &nodes[0]);
	cr_assert_eq(member_answer(&m, &nodes[0]), RELOAD_ROUTE_QUERY_REQ);
	update(&nodes[0], CHORD_FULL);
}

Test(chord, asks_for_the_place_behind_its_own_first)
{
	struct message sent;

	begin(false);
	bootstrap(&nodes[20]);
	cr_assert(wants(&nodes[20]));
	member_up(&m, &nodes[20]);
	cr_assert(member_sent(&m, &nodes[20], 0, &sent));
	cr_expect_eq(sent.code, RELOAD_PING_REQ);
	cr_assert_eq(sent.header.destination.at[0].type, DESTINATION_RESOURCE);
	cr_expect(id_of_resource(&sent.header.destination.at[0].resource) ==
		  id_of_node(&m.hit) + 1);
}

Test(chord, one_exchange_is_enough_for_lookups)
{
	struct overlay_input in = { .type = OVERLAY_LOOKUP, .id = 5 };
	struct message sent;

	begin(false);
	bootstrap(&nodes[20]);
	member_up(&m, &nodes[20]);
	in.lookup.kind = MEMBER_DICTIONARY;
	member_input(&m, &in);
	cr_assert(member_sent(&m, &nodes[20], 0, &sent));
	cr_expect_eq(sent.code, RELOAD_FETCH_REQ);
}

Test(chord, makes_three_links_on_each_side_through_the_admitting_peer)
{
	join_until_linked();
	cr_expect_eq(connects(), 5); /* and the admitting peer itself */
	cr_expect(wants(&nodes[1]));
	cr_expect(wants(&nodes[2]));
	cr_expect(wants(&nodes[NODES - 1]));
	cr_expect(wants(&nodes[NODES - 3]));
	cr_expect(hit_equal(&member_find(&m, OVERLAY_CONNECT)->via, &nodes[0]));
}

Test(chord, joins_and_tells_everybody)
{
	static const uint8_t body[2];

	join_until_linked();
	for (size_t i = 1; i <= 2; i++)
		member_up(&m, &nodes[i]);
	for (size_t i = 1; i <= 3; i++)
		member_up(&m, &nodes[NODES - i]);
	cr_assert_eq(member_answer(&m, &nodes[0]), RELOAD_JOIN_REQ);
	cr_expect_not(is_joined());
	answer(&nodes[0], NULL, RELOAD_JOIN_ANS, (struct span){ body, 2 });
	cr_expect(is_joined());
	cr_expect(member_find(&m, OVERLAY_JOINED));
	cr_expect_eq(member_answer(&m, &nodes[1]), RELOAD_UPDATE_REQ);
	cr_expect_eq(member_answer(&m, &nodes[NODES - 3]), RELOAD_UPDATE_REQ);
	/* The next table brings the other neighbours. */
	for (size_t i = 1; i <= 2; i++)
		update(&nodes[i], CHORD_PEER_READY);
	update(&nodes[0], CHORD_FULL);
	cr_expect(wants(&nodes[7]));
	cr_expect(wants(&nodes[NODES - 8]));
}

Test(chord, joins_with_those_that_come)
{
	join_until_linked();
	member_up(&m, &nodes[1]);
	member_pass(&m, JOIN_LINKS_MS);
	cr_expect(asked(&nodes[0], RELOAD_JOIN_REQ));
}

Test(chord, begins_again_when_nobody_answers)
{
	begin(false);
	bootstrap(&nodes[20]);
	member_up(&m, &nodes[20]);
	member_pass(&m, 60000);
	cr_expect_eq(member_answer(&m, &nodes[20]), RELOAD_PING_REQ);
	cr_expect_not(is_joined());
}

Test(chord, a_founder_begins_alone_where_its_links_are_to_no_members)
{
	const struct hit other = nodes[1];

	begin(false);
	member_input(&m, &(struct overlay_input){ .type = OVERLAY_BOOTSTRAP,
						  .peer = nodes[0] });
	member_up(&m, &nodes[0]);
	cr_expect_eq(route_members(overlay_route(m.core)), 1, "so it hopes");
	cr_expect(overlay_begin_alone(m.core, m.now_ms));
	cr_expect_eq(route_members(overlay_route(m.core)), 0);
	member_down(&m, &other); /* collects what was put out */
	cr_expect(asked(&nodes[0], RELOAD_UPDATE_REQ), "it is told");
}

Test(chord, a_founder_does_not_begin_alone_beside_a_member)
{
	begin(false);
	member_input(&m, &(struct overlay_input){ .type = OVERLAY_BOOTSTRAP,
						  .peer = nodes[0] });
	member_up(&m, &nodes[0]);
	update(&nodes[0], CHORD_PEER_READY);
	cr_expect_not(overlay_begin_alone(m.core, m.now_ms));
	cr_expect_eq(route_members(overlay_route(m.core)), 1);
}

static struct letter join_of(const struct hit *node)
{
	struct join_req join = { .node = *node };
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct letter l;

	join_req_write(&w, &join);
	l = member_letter(&m, RELOAD_JOIN_REQ,
			  (struct span){ scratch, wr_len(&w) });
	l.signer = *node;
	return l;
}

Test(chord, admits_who_stands_between_its_predecessor_and_itself)
{
	struct letter l;

	begin(true);
	member_meet(&m, &nodes[10]);
	member_up(&m, &nodes[20]);
	l = join_of(&nodes[20]);
	member_post(&m, &nodes[20], &l);
	cr_expect_eq(member_answer(&m, &nodes[20]), RELOAD_JOIN_ANS);
	cr_expect(hit_equal(&route_predecessor(overlay_route(m.core), 0)->node,
			    &nodes[20]));
}

Test(chord, refuses_who_stands_elsewhere)
{
	struct letter l;

	begin(true);
	member_meet(&m, &nodes[20]);
	member_up(&m, &nodes[10]);
	l = join_of(&nodes[10]);
	member_post(&m, &nodes[10], &l);
	cr_expect_eq(member_error(&m, &nodes[10]), RELOAD_ERROR_FORBIDDEN);
}

Test(chord, refuses_a_join_for_another)
{
	struct letter l;

	begin(true);
	member_up(&m, &nodes[10]);
	l = join_of(&nodes[11]);
	l.signer = nodes[10];
	member_post(&m, &nodes[10], &l);
	cr_expect_eq(member_error(&m, &nodes[10]), RELOAD_ERROR_FORBIDDEN);
}

Test(chord, a_join_without_a_proof_is_refused)
{
	struct letter l;

	begin(true);
	member_up(&m, &nodes[20]);
	l = join_of(&nodes[20]);
	l.spoiled = true;
	member_post(&m, &nodes[20], &l);
	cr_expect_eq(member_error(&m, &nodes[20]), RELOAD_ERROR_FORBIDDEN);
	l.spoiled = false;
	l.signer = nodes[10];
	member_post(&m, &nodes[20], &l);
	cr_expect_eq(member_error(&m, &nodes[20]), RELOAD_ERROR_FORBIDDEN);
	cr_expect_eq(route_members(overlay_route(m.core)), 0);
}

static struct letter ready_of(const struct hit *node)
{
	static const struct chord_update u = { .type = CHORD_PEER_READY };
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct letter l;

	chord_update_write(&w, &u);
	l = member_letter(&m, RELOAD_UPDATE_REQ,
			  (struct span){ scratch, wr_len(&w) });
	l.signer = *node;
	return l;
}

Test(chord, the_first_update_over_a_link_proves_that_its_sender_is_a_member)
{
	struct letter l;

	begin(true);
	member_up(&m, &nodes[20]);
	l = ready_of(&nodes[20]);
	l.spoiled = true;
	member_post(&m, &nodes[20], &l);
	cr_expect_eq(member_error(&m, &nodes[20]), RELOAD_ERROR_FORBIDDEN);
	cr_expect_eq(route_members(overlay_route(m.core)), 0);
	l.spoiled = false;
	member_post(&m, &nodes[20], &l);
	cr_expect_eq(route_members(overlay_route(m.core)), 1);
	l.spoiled = true;
	member_post(&m, &nodes[20], &l);
	cr_expect_eq(member_answer(&m, &nodes[20]), RELOAD_UPDATE_ANS);
	member_down(&m, &nodes[20]);
	member_up(&m, &nodes[20]);
	member_post(&m, &nodes[20], &l);
	cr_expect_eq(member_error(&m, &nodes[20]), RELOAD_ERROR_FORBIDDEN);
	cr_expect_eq(route_members(overlay_route(m.core)), 0);
}

/* The next Update to that node, however long it takes. */
static struct message next_update(const struct hit *node)
{
	struct message sent;

	for (int i = 0; i < 500; i++) {
		member_pass(&m, 1000);
		if (member_sent(&m, node, 0, &sent) &&
		    sent.code == RELOAD_UPDATE_REQ)
			return sent;
	}
	cr_assert_fail("none is sent");
	return sent;
}

static struct letter answer_to(const struct message *sent, uint16_t code,
			       struct span body)
{
	struct letter l = member_letter(&m, code, body);

	l.header.transaction_id = sent->header.transaction_id;
	return l;
}

Test(chord, our_certificate_goes_with_updates_until_it_was_seen)
{
	const struct error_body forbidden = { .code = RELOAD_ERROR_FORBIDDEN };
	uint8_t body[16];
	struct wr w = wr_init(body, sizeof(body));
	struct message sent;
	struct letter l;

	begin(true);
	member_meet(&m, &nodes[20]);
	sent = next_update(&nodes[20]);
	cr_expect_eq(sent.n_certificates, 1);
	l = answer_to(&sent, RELOAD_UPDATE_ANS, (struct span){ NULL, 0 });
	member_post(&m, &nodes[20], &l);
	sent = next_update(&nodes[20]);
	cr_expect_eq(sent.n_certificates, 0);
	error_write(&w, &forbidden);
	l = answer_to(&sent, RELOAD_ERROR, (struct span){ body, wr_len(&w) });
	member_post(&m, &nodes[20], &l);
	cr_assert(member_sent(&m, &nodes[20], 0, &sent), "at once");
	cr_expect_eq(sent.code, RELOAD_UPDATE_REQ);
	cr_expect_eq(sent.n_certificates, 1);
	l.header.transaction_id = sent.header.transaction_id;
	member_post(&m, &nodes[20], &l);
	cr_expect_eq(m.n, 0, "who refuses it is not asked again and again");
}

Test(chord, a_link_that_is_said_twice_keeps_its_place)
{
	struct hit peer = member_hit(1);

	member_init(&m, true);
	member_meet(&m, &peer);
	cr_assert(link_has(route_find(overlay_route(m.core), &peer),
			   LINK_IN_RING));
	member_up(&m, &peer);
	cr_expect(link_has(route_find(overlay_route(m.core), &peer),
			   LINK_IN_RING));
}

Test(chord, who_asks_without_end_is_not_answered)
{
	struct hit greedy = member_hit(1), other = member_hit(2);
	struct route_query_req q = {
		.send_update = true,
		.destination = destination_node(&greedy),
	};
	uint8_t body[64];
	struct wr w = wr_init(body, sizeof(body));
	struct letter l;
	int answered = 0;

	member_init(&m, true);
	member_meet(&m, &greedy);
	member_meet(&m, &other);
	route_query_req_write(&w, &q);
	l = member_letter(&m, RELOAD_ROUTE_QUERY_REQ,
			  (struct span){ body, wr_len(&w) });
	for (uint64_t i = 0; i < 500; i++) {
		l.header.transaction_id = i;
		member_post(&m, &greedy, &l);
		answered += member_answer(&m, &greedy) != 0;
	}
	cr_expect_leq(answered, LINK_ASKS_MAX);
	cr_expect_geq(answered, LINK_ASKS_MAX / 2);
	member_post(&m, &other, &l);
	cr_expect_neq(member_answer(&m, &other), 0, "others are served");
	member_pass(&m, 5000);
	member_post(&m, &greedy, &l);
	cr_expect_neq(member_answer(&m, &greedy), 0, "so is it, later");
}

Test(chord, refuses_an_update_from_afar)
{
	static const struct chord_update u = { .type = CHORD_PEER_READY };
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct letter l;

	begin(true);
	member_meet(&m, &nodes[10]);
	chord_update_write(&w, &u);
	l = member_letter(&m, RELOAD_UPDATE_REQ,
			  (struct span){ scratch, wr_len(&w) });
	l.header.via.n = 1;
	l.header.via.at[0] = destination_node(&nodes[11]);
	l.signer = nodes[11];
	member_post(&m, &nodes[10], &l);
	cr_expect_eq(member_error(&m, &nodes[10]), RELOAD_ERROR_FORBIDDEN);
}

Test(chord, hands_over_what_a_new_predecessor_owns)
{
	struct resource_id at;
	struct message sent;
	struct letter l;
	size_t len, stores = 0;

	begin(true);
	member_meet(&m, &nodes[10]);
	id_to_resource(id_of_node(&nodes[20]), &at);
	len = member_store_body(&nodes[10], &at, 0, MEMBER_WALL_MS, scratch,
				sizeof(scratch));
	l = member_letter(&m, RELOAD_STORE_REQ, (struct span){ scratch, len });
	member_post(&m, &nodes[10], &l);
	cr_assert_eq(store_count(overlay_store(m.core)), 1);
	member_up(&m, &nodes[20]);
	l = join_of(&nodes[20]);
	member_post(&m, &nodes[20], &l);
	for (size_t i = 0; member_sent(&m, &nodes[20], i, &sent); i++)
		stores += sent.code == RELOAD_STORE_REQ;
	cr_expect_eq(stores, 1);
}

/* How many of the eight on a side are asked for their table. */
static size_t asked_ahead(void)
{
	size_t n = 0;

	for (size_t i = 0; i < 9; i++)
		n += asked(&nodes[i], RELOAD_ROUTE_QUERY_REQ);
	return n;
}

static size_t asked_behind(void)
{
	size_t n = 0;

	for (size_t i = 1; i <= 9; i++)
		n += asked(&nodes[NODES - i], RELOAD_ROUTE_QUERY_REQ);
	return n;
}

Test(chord, asks_one_on_that_side_when_a_neighbour_is_gone)
{
	begin(true);
	for (size_t i = 0; i < NODES; i++)
		member_meet(&m, &nodes[i]);
	member_down(&m, &nodes[2]);
	cr_expect_eq(asked_ahead(), 0, "others may go in the same moment");
	member_pass(&m, LACK_MS);
	cr_expect_eq(asked_ahead(), 1);
	cr_expect_eq(asked_behind(), 0);
	member_down(&m, &nodes[NODES - 1]);
	member_pass(&m, LACK_MS);
	cr_expect_eq(asked_behind(), 1);
	cr_expect_eq(asked_ahead(), 0);
}

/* Everybody is met, and the third behind us goes: who of those that are left
 * there is asked for its table. */
static const struct hit *ask_for_third(uint32_t draw)
{
	begin(true);
	m.drawn = draw;
	for (size_t i = 0; i < NODES; i++)
		member_meet(&m, &nodes[i]);
	member_down(&m, &nodes[2]);
	member_pass(&m, LACK_MS);
	for (size_t i = 0; i < 9; i++)
		if (asked(&nodes[i], RELOAD_ROUTE_QUERY_REQ))
			return &nodes[i];
	cr_assert_fail("nobody is asked");
	return NULL;
}

/* Another one, and on that side only; by chance it would be the same. */
Test(chord, asks_another_when_it_gets_no_answer)
{
	enum { DRAWS = 32 };

	for (uint32_t draw = 0; draw < DRAWS; draw++) {
		const struct hit *silent = ask_for_third(draw);

		member_pass(&m, REQUEST_FIRST_MS); /* the same once more */
		cr_expect_eq(asked_ahead(), 1);
		cr_expect(asked(silent, RELOAD_ROUTE_QUERY_REQ));
		member_pass(&m, 2 * REQUEST_FIRST_MS);
		member_pass(&m, LACK_MS);
		cr_expect_eq(asked_ahead(), 1);
		cr_expect_not(asked(silent, RELOAD_ROUTE_QUERY_REQ));
		cr_expect_eq(asked_behind(), 0);
		if (draw + 1 < DRAWS)
			member_clear(&m);
	}
}

static void answer_query(const struct hit *peer)
{
	struct wr w = wr_init(scratch, sizeof(scratch));

	route_query_ans_write(&w, peer);
	answer(peer, NULL, RELOAD_ROUTE_QUERY_ANS,
	       (struct span){ scratch, wr_len(&w) });
}

Test(chord, asks_another_when_an_answer_is_all_that_it_gets)
{
	const struct hit *first = ask_for_third(0);

	answer_query(first);
	member_pass(&m, TABLE_MS);
	cr_expect_eq(asked_ahead(), 0, "the table may come yet");
	member_pass(&m, LACK_MS);
	cr_expect_eq(asked_ahead(), 1);
	cr_expect_not(asked(first, RELOAD_ROUTE_QUERY_REQ));
}

Test(chord, asks_ever_more_seldom_where_nobody_gives_a_table)
{
	size_t n[2] = { 0 };

	(void)ask_for_third(0);
	for (uint64_t s = 0; s < 400; s++) {
		for (size_t i = 0; i < 9; i++)
			if (asked(&nodes[i], RELOAD_ROUTE_QUERY_REQ)) {
				n[s / 200]++;
				answer_query(&nodes[i]);
			}
		member_pass(&m, 1000);
	}
	cr_expect_geq(n[0], 4);
	cr_expect_leq(n[1], 2);
	cr_expect_geq(n[0] + n[1], 6);
}

Test(chord, asks_nobody_else_when_it_gets_a_table)
{
	const struct hit *first = ask_for_third(0);

	answer_query(first);
	update(first, CHORD_FULL);
	member_pass(&m, 2 * TABLE_MS + LACK_MS);
	cr_expect_eq(asked_ahead(), 0);
}

/* Another's table may be older than the loss. */
Test(chord, the_table_of_somebody_else_is_not_the_one_that_it_waits_for)
{
	const struct hit *first = ask_for_third(0);

	answer_query(first);
	update(&nodes[NODES - 1], CHORD_NEIGHBORS);
	member_pass(&m, TABLE_MS);
	member_pass(&m, LACK_MS);
	cr_expect_eq(asked_ahead(), 1);
}

/* Of it nothing was asked that is lacking. */
Test(chord, who_does_not_say_what_it_is_and_does_not_answer_is_no_loss)
{
	begin(true);
	for (size_t i = 0; i < NODES; i++)
		if (i != 20)
			member_meet(&m, &nodes[i]);
	member_up(&m, &nodes[20]);
	member_pass(&m, 2 * DOUBT_MS);
	cr_assert(asked(&nodes[20], RELOAD_ROUTE_QUERY_REQ));
	member_pass(&m, 4 * REQUEST_FIRST_MS);
	cr_expect_eq(asked_ahead(), 0);
	cr_expect_eq(asked_behind(), 0);
}

/* The fourth member before us names its own eight predecessors. */
static void hear_of_predecessors(void)
{
	static struct chord_update u;
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct letter l;

	u = (struct chord_update){ .type = CHORD_NEIGHBORS };
	for (size_t i = 5; i < 13; i++)
		u.predecessors.at[u.predecessors.n++] = nodes[NODES - i];
	chord_update_write(&w, &u);
	l = member_letter(&m, RELOAD_UPDATE_REQ,
			  (struct span){ scratch, wr_len(&w) });
	l.signer = nodes[NODES - 4];
	member_post(&m, &nodes[NODES - 4], &l);
}

/* Of four that it hears of at once the nearest is enough. */
Test(chord, goes_for_no_more_than_it_lacks)
{
	begin(true);
	for (size_t i = 1; i <= NODES; i++)
		if (i < 8 || i > 11)
			member_meet(&m, &nodes[NODES - i]);
	hear_of_predecessors();
	cr_expect(wants(&nodes[NODES - 8]));
	cr_expect_eq(connects(), 1);
	/* Who cannot be reached is made up for. */
	member_down(&m, &nodes[NODES - 8]);
	member_pass(&m, LACK_MS);
	cr_expect_eq(asked_behind(), 1);
}

/* A dead one that is tried again once more takes no one's place. */
Test(chord, goes_for_the_next_while_a_lost_one_is_tried_again)
{
	begin(true);
	for (size_t i = 1; i <= NODES; i++)
		if (i < 9 || i > 11)
			member_meet(&m, &nodes[NODES - i]);
	member_down(&m, &nodes[NODES - 2]);
	member_meet(&m, &nodes[NODES - 9]);
	member_pass(&m, 4 * LACK_MS);
	cr_assert(wants(&nodes[NODES - 2]), "it is tried again");
	member_down(&m, &nodes[NODES - 3]);
	hear_of_predecessors();
	cr_expect(wants(&nodes[NODES - 10]));
}

/* Where the finger of a node begins that is nearest before the member. */
static ring_t finger_start(const struct hit *node)
{
	ring_t at = id_of_node(node), d = id_of_node(&m.hit) - at, step = 1;

	while (d >> 1 >= step)
		step <<= 1;
	return at + step;
}

Test(chord, tells_for_whom_a_newcomer_is_a_better_finger)
{
	size_t told = 0;

	begin(true);
	for (size_t i = 0; i < NODES - 1; i++)
		member_meet(&m, &nodes[i]);
	member_meet(&m, &nodes[NODES - 1]);
	for (size_t i = 8; i < NODES - 9; i++) {
		bool is_for_it = id_is_between(id_of_node(&nodes[NODES - 2]),
					       finger_start(&nodes[i]),
					       id_of_node(&nodes[NODES - 1]));

		cr_expect_eq(asked(&nodes[i], RELOAD_UPDATE_REQ), is_for_it);
		told += is_for_it;
	}
	cr_assert(told > 0);
}

/* Of use neither to the member nor, as far as it can tell, to the node. */
static const struct hit *find_needless(void)
{
	const struct route *r = overlay_route(m.core);

	for (size_t i = 8; i < NODES - 8; i++) {
		const struct link *l = route_find(r, &nodes[i]);

		if (!route_is_finger(r, l) &&
		    !route_is_owner(r, finger_start(&nodes[i])))
			return &nodes[i];
	}
	return NULL;
}

Test(chord, does_not_miss_what_nobody_needs)
{
	const struct hit *closed;

	begin(true);
	for (size_t i = 0; i < NODES; i++)
		member_meet(&m, &nodes[i]);
	closed = find_needless();
	cr_assert(closed);
	member_down(&m, closed);
	member_pass(&m, 2 * HEAL_MS);
	cr_expect_not(wants(closed));
}

/* It is long, and costs a look at each end; who has begun anew refuses. */
Test(chord, a_table_goes_without_certificate_to_who_has_seen_it)
{
	const struct error_body forbidden = { .code = RELOAD_ERROR_FORBIDDEN };
	struct route_query_req q = { .send_update = true };
	struct message sent;
	struct letter l;
	struct wr w;

	begin(true);
	member_meet(&m, &nodes[20]);
	sent = next_update(&nodes[20]);
	l = answer_to(&sent, RELOAD_UPDATE_ANS, (struct span){ NULL, 0 });
	member_post(&m, &nodes[20], &l);
	q.destination = destination_node(&nodes[20]);
	w = wr_init(scratch, sizeof(scratch));
	route_query_req_write(&w, &q);
	l = member_letter(&m, RELOAD_ROUTE_QUERY_REQ,
			  (struct span){ scratch, wr_len(&w) });
	member_post(&m, &nodes[20], &l);
	cr_assert(member_sent(&m, &nodes[20], 1, &sent));
	cr_assert_eq(sent.code, RELOAD_UPDATE_REQ);
	cr_expect_eq(sent.n_certificates, 0);
	w = wr_init(scratch, sizeof(scratch));
	error_write(&w, &forbidden);
	l = answer_to(&sent, RELOAD_ERROR,
		      (struct span){ scratch, wr_len(&w) });
	member_post(&m, &nodes[20], &l);
	cr_assert(member_sent(&m, &nodes[20], 0, &sent), "at once");
	cr_expect_eq(sent.n_certificates, 1);
	cr_expect_eq(sent.body.bytes[4], CHORD_FULL);
}

/* The node asks for our table. */
static void ask_us(const struct hit *node)
{
	struct route_query_req q = { .send_update = true,
				     .destination = destination_node(node) };
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct letter l;

	route_query_req_write(&w, &q);
	l = member_letter(&m, RELOAD_ROUTE_QUERY_REQ,
			  (struct span){ scratch, wr_len(&w) });
	member_post(&m, node, &l);
}

/* Who has begun anew refuses both, and needs the table most. */
Test(chord, a_table_is_said_again_when_it_was_refused_after_another_update)
{
	const struct error_body forbidden = { .code = RELOAD_ERROR_FORBIDDEN };
	uint8_t body[16];
	struct wr w = wr_init(body, sizeof(body));
	struct message sent;
	struct letter l[2];

	begin(true);
	member_meet(&m, &nodes[20]);
	sent = next_update(&nodes[20]);
	l[0] = answer_to(&sent, RELOAD_UPDATE_ANS, (struct span){ NULL, 0 });
	member_post(&m, &nodes[20], &l[0]);
	error_write(&w, &forbidden);
	sent = next_update(&nodes[20]);
	l[0] = answer_to(&sent, RELOAD_ERROR,
			 (struct span){ body, wr_len(&w) });
	ask_us(&nodes[20]);
	cr_assert(member_sent(&m, &nodes[20], 1, &sent));
	cr_assert_eq(sent.n_certificates, 0);
	l[1] = answer_to(&sent, RELOAD_ERROR,
			 (struct span){ body, wr_len(&w) });
	member_post(&m, &nodes[20], &l[0]);
	cr_assert(member_sent(&m, &nodes[20], 0, &sent));
	cr_expect_eq(sent.n_certificates, 1);
	cr_expect_eq(sent.body.bytes[4], CHORD_NEIGHBORS);
	member_post(&m, &nodes[20], &l[1]);
	cr_assert(member_sent(&m, &nodes[20], 0, &sent));
	cr_expect_eq(sent.n_certificates, 1);
	cr_expect_eq(sent.body.bytes[4], CHORD_FULL);
	l[1].header.transaction_id = sent.header.transaction_id;
	member_post(&m, &nodes[20], &l[1]);
	cr_expect_eq(m.n, 0, "who refuses that is not asked again and again");
}

Test(chord, goes_for_a_nearer_neighbour_that_it_hears_of)
{
	begin(true);
	for (size_t i = 1; i < NODES - 1; i++)
		member_meet(&m, &nodes[i]);
	update(&nodes[1], CHORD_NEIGHBORS);
	cr_expect(wants(&nodes[0]));
	cr_expect(wants(&nodes[NODES - 1]));
	cr_expect_eq(connects(), 2);
}

/* The n-th of many HITs between our nearest finger of the first index and where
 * it should be. */
static struct hit invented(size_t n)
{
	ring_t start = id_of_node(&m.hit) + ((ring_t)1 << 127);
	static uint32_t drawn;
	struct hit hit;

	if (n == 0)
		drawn = NODES;
	do
		hit = member_hit(++drawn);
	while (!id_is_between(start, id_of_node(&hit),
			      route_finger(overlay_route(m.core), 1)->at));
	return hit;
}

/* So many more of them in an Update; how many links are asked for. */
static size_t name_invented(const struct hit *from, size_t first, size_t n)
{
	static struct chord_update u;
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct letter l;

	u = (struct chord_update){ .type = CHORD_NEIGHBORS };
	for (size_t i = 0; i < n; i++)
		u.successors.at[u.successors.n++] = invented(first + i);
	chord_update_write(&w, &u);
	l = member_letter(&m, RELOAD_UPDATE_REQ,
			  (struct span){ scratch, wr_len(&w) });
	l.signer = *from;
	member_post(&m, from, &l);
	return connects();
}

Test(chord, who_names_many_that_are_not_there_leaves_room_for_others)
{
	enum { EACH = 16, ROOM = OVERLAY_CONNECTS_MAX, SOURCES = 6 };
	size_t named = 0, n[SOURCES] = { 0 };

	begin(true);
	for (size_t i = 1; i < NODES; i++)
		member_meet(&m, &nodes[i]);
	for (size_t k = 0; k < SOURCES; k++)
		for (size_t i = 0; i < ROOM; i += EACH, named += EACH)
			n[k] += name_invented(&nodes[12 + k], named, EACH);
	cr_expect_eq(n[0], ROOM / 2);
	cr_expect_eq(n[1], ROOM / 4);
	cr_expect_eq(n[SOURCES - 1], 1);
	cr_expect_eq(name_invented(&nodes[20], named, EACH), 0);
	/* Who was lost is nobody's word. */
	member_down(&m, &nodes[2]);
	member_pass(&m, 2 * HEAL_SOON_MS);
	cr_expect(wants(&nodes[2]));
}

Test(chord, does_not_go_for_one_that_just_failed)
{
	begin(true);
	for (size_t i = 1; i < NODES; i++)
		member_meet(&m, &nodes[i]);
	update(&nodes[1], CHORD_NEIGHBORS);
	cr_assert(wants(&nodes[0]));
	member_down(&m, &nodes[0]);
	update(&nodes[1], CHORD_NEIGHBORS);
	cr_expect_not(wants(&nodes[0]));
	member_pass(&m, LOST_QUIET_MS);
	update(&nodes[1], CHORD_NEIGHBORS);
	cr_expect(wants(&nodes[0]));
}

Test(chord, releases_links_that_nobody_needs)
{
	struct overlay_info before, after;

	begin(true);
	for (size_t i = 0; i < NODES; i++)
		member_meet(&m, &nodes[i]);
	overlay_info(m.core, &before);
	member_pass(&m, 5 * 60000);
	overlay_info(m.core, &after);
	cr_expect_eq(before.links, NODES);
	cr_expect(after.links < NODES);
	cr_expect(after.links >= 16);
	for (size_t i = 0; i < 8; i++) {
		cr_expect(route_find(overlay_route(m.core), &nodes[i]));
		cr_expect(route_find(overlay_route(m.core),
				     &nodes[NODES - 1 - i]));
	}
}

Test(chord, says_good_bye)
{
	begin(true);
	for (size_t i = 0; i < NODES; i++)
		member_meet(&m, &nodes[i]);
	member_input(&m, &(struct overlay_input){ .type = OVERLAY_LEAVE });
	cr_expect_eq(member_answer(&m, &nodes[0]), RELOAD_LEAVE_REQ);
	cr_expect_eq(member_answer(&m, &nodes[NODES - 1]), RELOAD_LEAVE_REQ);
	cr_expect_null(member_find(&m, OVERLAY_LEFT));
	member_pass(&m, REQUEST_FIRST_MS + 1);
	cr_expect(member_find(&m, OVERLAY_LEFT));
}

Test(chord, has_nothing_to_do_after_it_has_left)
{
	struct resource_id at;
	struct letter l;
	size_t len;

	begin(true);
	for (size_t i = 0; i < NODES; i++)
		member_meet(&m, &nodes[i]);
	id_to_resource(id_of_node(&m.hit), &at);
	len = member_store_body(&nodes[10], &at, 0, MEMBER_WALL_MS, scratch,
				sizeof(scratch));
	l = member_letter(&m, RELOAD_STORE_REQ, (struct span){ scratch, len });
	member_post(&m, &nodes[10], &l);
	member_down(&m, &nodes[0]); /* copies would move in a while */
	member_input(&m, &(struct overlay_input){ .type = OVERLAY_LEAVE });
	member_pass(&m, 2 * COPY_HOLD_MS);
	cr_expect(overlay_deadline(m.core) > m.now_ms + 1000);
}

Test(chord, believes_a_good_bye_only_from_who_goes)
{
	struct join_req leave;
	struct wr w;
	struct letter l;

	begin(true);
	for (size_t i = 0; i < NODES; i++)
		member_meet(&m, &nodes[i]);
	leave = (struct join_req){ .node = nodes[3] };
	w = wr_init(scratch, sizeof(scratch));
	join_req_write(&w, &leave);
	l = member_letter(&m, RELOAD_LEAVE_REQ,
			  (struct span){ scratch, wr_len(&w) });
	member_post(&m, &nodes[4], &l);
	cr_expect_eq(member_error(&m, &nodes[4]), RELOAD_ERROR_FORBIDDEN);
	member_post(&m, &nodes[3], &l);
	cr_expect_eq(member_answer(&m, &nodes[3]), RELOAD_LEAVE_ANS);
	cr_expect(hit_equal(&route_successor(overlay_route(m.core), 3)->node,
			    &nodes[4]));
}

/* It may have lost only some packets; who has left has said so. */
Test(chord, a_neighbour_that_goes_without_a_word_is_tried_once_in_a_moment)
{
	begin(true);
	member_meet(&m, &nodes[4]);
	member_meet(&m, &nodes[5]);
	member_down(&m, &nodes[4]);
	member_down(&m, &nodes[5]);
	member_pass(&m, 2 * HEAL_SOON_MS);
	cr_assert(wants(&nodes[5]));
	member_down(&m, &nodes[5]);
	member_pass(&m, HEAL_MS / 2);
	cr_expect_not(wants(&nodes[5]));
}

Test(chord, tries_a_lost_peer_again_and_asks_it_for_the_successor)
{
	begin(true);
	member_meet(&m, &nodes[5]);
	member_down(&m, &nodes[5]);
	member_pass(&m, 2 * HEAL_MS);
	cr_assert(wants(&nodes[5]));
	member_meet(&m, &nodes[5]);
	cr_expect(asked(&nodes[5], RELOAD_PING_REQ));
}
