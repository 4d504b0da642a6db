/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a node does with messages, and what it refuses from a neighbour with
 * a valid HIT of its own: RFC 6940 6.1 to 6.3, 7.4.
 */
#include "resolver/fragment.h"
#include "resolver/limits.h"
#include "tests/unit/member.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MANY = 40 };

static struct member m;
static struct hit alice, bob, carol;
static uint8_t scratch[RELOAD_MESSAGE_MAX];

static void set_up(void)
{
	member_init(&m, true);
	alice = member_hit(1);
	bob = member_hit(2);
	carol = member_hit(3);
	member_meet(&m, &alice);
	member_meet(&m, &bob);
}

static void tear_down(void)
{
	member_clear(&m);
}

TestSuite(overlay, .init = set_up, .fini = tear_down);

static uint64_t refused(void)
{
	struct overlay_info info;

	overlay_info(m.core, &info);
	return info.refused;
}

/* A Ping to the member itself. */
static struct letter ping(void)
{
	static const uint8_t body[2];

	return member_letter(&m, RELOAD_PING_REQ, (struct span){ body, 2 });
}

/* Nothing came of it, and that was noticed. */
static void expect_dropped(const struct hit *from, const struct letter *l)
{
	uint64_t before = refused();

	member_post(&m, from, l);
	cr_expect_eq(m.n, 0);
	cr_expect(refused() > before);
}

static struct resource_id place_of(const struct hit *node)
{
	struct resource_id place;

	id_to_resource(id_of_node(node), &place);
	return place;
}

/* A place that is ours: our own. */
static struct resource_id our_place(void)
{
	return place_of(&m.hit);
}

static struct letter store(const struct resource_id *at, uint8_t replica,
			   uint64_t time_ms)
{
	size_t len = member_store_body(&alice, at, replica, time_ms, scratch,
				       sizeof(scratch));
	struct letter l = member_letter(&m, RELOAD_STORE_REQ,
					(struct span){ scratch, len });

	l.header.destination.at[0] = destination_resource(at);
	return l;
}

static struct letter fetch(const struct resource_id *at)
{
	struct wr w = wr_init(scratch, sizeof(scratch));

	fetch_req_write_keys(&w, at, MEMBER_DICTIONARY, NULL, 0);
	return member_letter(&m, RELOAD_FETCH_REQ,
			     (struct span){ scratch, wr_len(&w) });
}

static void meet_many(void)
{
	for (uint32_t i = 10; i < 10 + MANY; i++) {
		struct hit h = member_hit(i);

		member_meet(&m, &h);
	}
}

Test(overlay, a_ping_is_answered_to_who_sent_it)
{
	struct letter l = ping();
	struct message sent;

	member_post(&m, &alice, &l);
	cr_assert(member_sent(&m, &alice, 0, &sent));
	cr_expect_eq(sent.code, RELOAD_PING_ANS);
	cr_expect_eq(sent.header.transaction_id, 7);
	cr_expect_eq(sent.header.destination.n, 1);
	cr_expect(hit_equal(&sent.header.destination.at[0].node, &alice));
}

Test(overlay, an_answer_goes_back_the_way_of_its_request)
{
	struct letter l = ping();
	struct message sent;

	l.header.via.n = 2;
	l.header.via.at[0] = destination_node(&carol);
	l.header.via.at[1] = destination_node(&bob);
	l.signer = carol;
	member_post(&m, &alice, &l);
	cr_assert(member_sent(&m, &alice, 0, &sent));
	cr_assert_eq(sent.header.destination.n, 3);
	cr_expect(hit_equal(&sent.header.destination.at[1].node, &bob));
	cr_expect(hit_equal(&sent.header.destination.at[2].node, &carol));
}

Test(overlay, who_has_no_link_is_not_heard)
{
	struct letter l = ping();

	expect_dropped(&carol, &l);
}

Test(overlay, a_message_of_another_overlay_is_dropped)
{
	struct letter l = ping();

	l.header.overlay++;
	expect_dropped(&alice, &l);
}

Test(overlay, a_via_list_that_begins_with_another_than_the_signer_is_forged)
{
	struct letter l = ping();

	l.header.via.n = 1;
	l.header.via.at[0] = destination_node(&carol);
	l.signer = bob;
	expect_dropped(&alice, &l);
	l.signer = carol;
	member_post(&m, &alice, &l);
	cr_expect_eq(member_answer(&m, &alice), RELOAD_PING_ANS);
}

Test(overlay, a_signature_that_does_not_hold_is_dropped)
{
	struct letter l = ping();

	l.header.via.n = 1;
	l.header.via.at[0] = destination_node(&carol);
	l.signer = carol;
	l.spoiled = true;
	expect_dropped(&alice, &l);
}

Test(overlay, a_via_list_with_ourselves_is_a_loop)
{
	struct letter l = ping();

	l.header.via.n = 1;
	l.header.via.at[0] = destination_node(&m.hit);
	l.signer = m.hit;
	expect_dropped(&alice, &l);
}

Test(overlay, a_via_list_with_its_sender_is_a_loop)
{
	struct letter l = ping();

	l.header.via.n = 1;
	l.header.via.at[0] = destination_node(&alice);
	l.signer = alice;
	expect_dropped(&alice, &l);
}

Test(overlay, a_list_with_a_node_twice_is_a_loop)
{
	struct letter l = ping();

	l.header.via.n = 2;
	l.header.via.at[0] = l.header.via.at[1] = destination_node(&carol);
	l.signer = carol;
	expect_dropped(&alice, &l);
	l.header.via.n = 0;
	l.header.destination.n = 3;
	l.header.destination.at[1] = destination_node(&bob);
	l.header.destination.at[2] = destination_node(&bob);
	expect_dropped(&alice, &l);
}

Test(overlay, a_ttl_beyond_the_overlays_is_refused)
{
	struct letter l = ping();

	l.header.ttl = RELOAD_TTL_MAX + 1;
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice), RELOAD_ERROR_TTL_EXCEEDED);
}

Test(overlay, a_ttl_that_is_used_up_ends_the_way)
{
	struct letter l = ping();

	l.header.destination.at[0] = destination_node(&bob);
	l.header.ttl = 1;
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice), RELOAD_ERROR_TTL_EXCEEDED);
	cr_expect_eq(member_answer(&m, &bob), 0);
}

Test(overlay, passes_on_with_the_last_hop_added)
{
	struct letter l = ping();
	struct message sent;

	l.header.destination.at[0] = destination_node(&bob);
	member_post(&m, &alice, &l);
	cr_assert(member_sent(&m, &bob, 0, &sent));
	cr_expect_eq(sent.header.ttl, 19);
	cr_assert_eq(sent.header.via.n, 1);
	cr_expect(hit_equal(&sent.header.via.at[0].node, &alice));
	cr_expect_eq(member_answer(&m, &alice), 0);
}

Test(overlay, follows_a_source_route_through_itself)
{
	struct letter l = ping();
	struct message sent;

	l.header.destination.n = 2;
	l.header.destination.at[1] = destination_node(&bob);
	member_post(&m, &alice, &l);
	cr_assert(member_sent(&m, &bob, 0, &sent));
	cr_expect_eq(sent.header.destination.n, 1);
}

Test(overlay, a_node_that_nobody_knows_is_not_found)
{
	struct letter l = ping();

	l.header.destination.at[0] = destination_node(&carol);
	member_post(&m, &alice, &l);
	/* It may go on to who is nearer; never back. */
	cr_expect(member_error(&m, &alice) == RELOAD_ERROR_NOT_FOUND ||
		  member_answer(&m, &bob) == RELOAD_PING_REQ);
}

Test(overlay, who_is_not_in_the_ring_carries_nothing)
{
	struct member client;
	struct letter l;
	static const uint8_t body[2];

	member_init(&client, false);
	member_up(&client, &alice);
	member_up(&client, &bob);
	l = member_letter(&client, RELOAD_PING_REQ, (struct span){ body, 2 });
	l.header.destination.at[0] = destination_node(&bob);
	member_post(&client, &alice, &l);
	cr_expect_eq(client.n, 0);
	member_clear(&client);
}

Test(overlay, an_unknown_critical_option_is_refused)
{
	static const uint8_t forward[] = { 9, 1, 0, 0 };
	static const uint8_t destination[] = { 9, 2, 0, 0 };
	struct letter l = ping();

	l.header.options = destination;
	l.header.options_len = sizeof(destination);
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice),
		     RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION);
	l.header.options = forward;
	l.header.destination.at[0] = destination_node(&bob);
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice),
		     RELOAD_ERROR_UNSUPPORTED_FORWARDING_OPTION);
	cr_expect_eq(member_answer(&m, &bob), 0);
}

/* 6.3.2.1: whether it is older or newer than ours counts modulo 65535. */
Test(overlay, a_request_of_another_configuration_is_refused)
{
	static const struct {
		uint16_t ours, theirs, error;
	} cases[] = {
		{ 1, 1, 0 },
		{ 1, 0, RELOAD_ERROR_CONFIG_TOO_OLD },
		{ 1, 2, RELOAD_ERROR_CONFIG_TOO_NEW },
		{ 1, 65534, RELOAD_ERROR_CONFIG_TOO_OLD },
		{ 65534, 0, RELOAD_ERROR_CONFIG_TOO_NEW },
		{ 0, 65535, RELOAD_ERROR_CONFIG_TOO_OLD },
		{ 0, 32767, RELOAD_ERROR_CONFIG_TOO_NEW },
		{ 0, 32768, RELOAD_ERROR_CONFIG_TOO_OLD },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct letter l = ping();

		m.config.configuration_sequence = cases[i].ours;
		l.header.configuration_sequence = cases[i].theirs;
		member_post(&m, &alice, &l);
		cr_expect_eq(member_error(&m, &alice), cases[i].error,
			     "case %zu", i);
	}
}

/* It is as unknown as any other, whatever its number. */
Test(overlay, a_configuration_update_is_for_all_configurations)
{
	struct letter l = ping();

	l.code = RELOAD_CONFIG_UPDATE_REQ;
	l.header.configuration_sequence = 65535;
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice), RELOAD_ERROR_INVALID_MESSAGE);
}

Test(overlay, an_answer_of_another_configuration_is_an_answer)
{
	struct overlay_input in = { .type = OVERLAY_LOOKUP, .id = 1 };
	struct store_writer at;
	struct message sent;
	struct letter l;
	struct wr w;

	in.lookup.kind = MEMBER_DICTIONARY;
	in.lookup.resource[0] = place_of(&alice);
	in.lookup.resource[1] = place_of(&alice);
	member_input(&m, &in);
	cr_assert(member_sent(&m, &alice, 0, &sent));
	cr_assert_eq(sent.code, RELOAD_FETCH_REQ);
	w = wr_init(scratch, sizeof(scratch));
	at = fetch_ans_begin(&w, MEMBER_DICTIONARY, 0);
	fetch_ans_end(&w, &at);
	l = member_letter(&m, RELOAD_FETCH_ANS,
			  (struct span){ scratch, wr_len(&w) });
	l.header.transaction_id = sent.header.transaction_id;
	l.header.configuration_sequence = 7;
	member_post(&m, &alice, &l);
	/* The search goes on. */
	cr_expect(member_sent(&m, &alice, 0, &sent) ||
		  member_sent(&m, &bob, 0, &sent));
}

Test(overlay, an_unknown_request_is_refused)
{
	struct letter l = ping();

	l.code = 0x7ff1;
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice), RELOAD_ERROR_INVALID_MESSAGE);
}

Test(overlay, every_cut_message_is_dropped)
{
	struct resource_id at = our_place();
	struct letter l = store(&at, 0, MEMBER_WALL_MS);
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	size_t len = member_write(&l, bytes, sizeof(bytes));

	for (size_t n = 0; n < len; n++) {
		member_receive(&m, &alice, (struct span){ bytes, n });
		cr_assert_eq(m.n, 0, "%zu bytes", n);
	}
}

Test(overlay, a_message_beyond_the_size_limit_is_dropped)
{
	static uint8_t body[RELOAD_MESSAGE_MAX];
	static uint8_t bytes[2 * RELOAD_MESSAGE_MAX];
	struct letter l = ping();
	size_t len;

	body[0] = (sizeof(body) - 500) >> 8;
	body[1] = (uint8_t)(sizeof(body) - 500);
	l.body = (struct span){ body, sizeof(body) - 500 + 2 };
	len = member_write(&l, bytes, sizeof(bytes));
	member_receive(&m, &alice, (struct span){ bytes, len });
	cr_expect_eq(member_answer(&m, &alice), RELOAD_PING_ANS);
	l.body.len = sizeof(body) - 200;
	len = member_write(&l, bytes, sizeof(bytes));
	cr_assert(len > RELOAD_MESSAGE_MAX || l.body.len < sizeof(body));
	memset(bytes + len, 0, 300);
	member_receive(&m, &alice, (struct span){ bytes, len + 300 });
	cr_expect_eq(m.n, 0);
}

Test(overlay, a_lost_message_goes_by_the_next_best_hop)
{
	struct resource_id at = place_of(&bob);
	struct letter l = ping();
	struct overlay_output *lost;
	struct hit first;

	meet_many();
	l.header.destination.at[0] = destination_resource(&at);
	member_post(&m, &alice, &l);
	lost = member_find(&m, OVERLAY_SEND);
	cr_assert(lost);
	first = lost->peer;
	m.n = 0; /* it is given back */
	member_input(&m, &(struct overlay_input){ .type = OVERLAY_LOST,
						  .lost = lost });
	lost = member_find(&m, OVERLAY_SEND);
	cr_assert(lost);
	cr_expect_not(hit_equal(&lost->peer, &first));
	cr_expect_not(hit_equal(&lost->peer, &alice));
}

/* The last message was not acknowledged: it is given back. */
static void lose(struct overlay_output *lost)
{
	for (size_t k = 0; k < m.n; k++) {
		if (m.out[k] == lost)
			m.out[k] = m.out[--m.n];
	}
	member_input(&m, &(struct overlay_input){ .type = OVERLAY_LOST,
						  .lost = lost });
}

/* From anybody else a Leave, an Update or a copy is refused. */
Test(overlay, what_a_neighbour_believes_only_from_us_goes_to_it_again)
{
	struct overlay_output *lost;
	struct hit to;

	member_input(&m, &(struct overlay_input){ .type = OVERLAY_LEAVE });
	lost = member_find(&m, OVERLAY_SEND);
	cr_assert(lost);
	to = lost->peer;
	for (int i = 0; i < 2; i++) {
		lose(lost);
		lost = member_find(&m, OVERLAY_SEND);
		cr_assert(lost);
		cr_expect(hit_equal(&lost->peer, &to));
	}
	lose(lost); /* that was the third: there is no link any more */
	lost = member_find(&m, OVERLAY_SEND);
	cr_expect(!lost || !hit_equal(&lost->peer, &to));
}

static void lose_three(void)
{
	for (int i = 0; i < 3; i++) {
		struct letter l = ping();
		struct overlay_output *lost;

		l.header.destination.at[0] = destination_node(&bob);
		member_post(&m, &alice, &l);
		lost = member_find(&m, OVERLAY_SEND);
		cr_assert(lost && hit_equal(&lost->peer, &bob));
		lose(lost);
		if (member_find(&m, OVERLAY_CLOSE))
			break;
	}
}

Test(overlay, a_neighbour_that_loses_three_messages_is_given_up)
{
	lose_three();
	cr_assert(member_find(&m, OVERLAY_CLOSE));
	cr_expect(hit_equal(&member_find(&m, OVERLAY_CLOSE)->peer, &bob));
	cr_expect_null(route_find(overlay_route(m.core), &bob));
}

/* Its association stands: what we say over it is not acknowledged. */
static void come_up_in_vain(void)
{
	member_up(&m, &bob);
	for (int i = 0; i < 20 && !member_find(&m, OVERLAY_CLOSE); i++) {
		struct overlay_output *lost = member_find(&m, OVERLAY_SEND);

		if (lost)
			lose(lost);
		else
			member_pass(&m, REQUEST_FIRST_MS);
	}
	cr_assert(member_find(&m, OVERLAY_CLOSE));
}

Test(overlay, who_was_given_up_is_tried_some_times_while_its_link_stands)
{
	size_t n = 0, last_s = 0;

	lose_three();
	for (size_t s = 1; s < HEAL_MS / 1000; s++) {
		const struct overlay_output *out;

		member_pass(&m, 1000);
		out = member_find(&m, OVERLAY_CONNECT);
		if (!out || !hit_equal(&out->peer, &bob))
			continue;
		come_up_in_vain();
		cr_expect(n < 4 || s > last_s + 20, "later each time");
		last_s = s;
		n++;
	}
	cr_expect(n >= OVERLAY_MISSES_MAX - 1 && n <= OVERLAY_MISSES_MAX + 1,
		  "%zu", n);
}

/* It may have been held up for some seconds, and lost us in the same way. */
Test(overlay, who_was_given_up_is_tried_once_in_a_moment)
{
	lose_three();
	member_pass(&m, 2 * HEAL_SOON_MS);
	cr_assert(member_find(&m, OVERLAY_CONNECT));
	cr_expect(hit_equal(&member_find(&m, OVERLAY_CONNECT)->peer, &bob));
	member_down(&m, &bob);
	member_pass(&m, HEAL_MS / 2);
	cr_expect_null(member_find(&m, OVERLAY_CONNECT));
}

Test(overlay, a_value_is_stored_and_found)
{
	struct resource_id at = our_place();
	struct letter l = store(&at, 0, MEMBER_WALL_MS);
	struct message sent;
	struct store_kind kind;
	struct stored v;
	struct rd kinds;

	member_post(&m, &alice, &l);
	cr_expect_eq(member_answer(&m, &alice), RELOAD_STORE_REQ,
		     "a copy goes to a successor first");
	cr_expect_eq(store_count(overlay_store(m.core)), 1);
	l = fetch(&at);
	member_post(&m, &bob, &l);
	cr_assert(member_sent(&m, &bob, 0, &sent));
	cr_assert_eq(sent.code, RELOAD_FETCH_ANS);
	cr_assert(fetch_ans_parse(rd_init(sent.body.bytes, sent.body.len),
				  &kinds));
	cr_assert(fetch_ans_next(&kinds, &kind));
	cr_assert(stored_next(&kind.values, DATA_DICTIONARY, &v));
	cr_expect_arr_eq(v.data.bytes, alice.bytes, ID_LEN);
}

Test(overlay, a_stat_tells_without_the_value)
{
	struct resource_id at = our_place();
	struct letter l = store(&at, 0, MEMBER_WALL_MS);
	struct message sent;

	member_post(&m, &alice, &l);
	l = fetch(&at);
	l.code = RELOAD_STAT_REQ;
	member_post(&m, &bob, &l);
	cr_assert(member_sent(&m, &bob, 0, &sent));
	cr_expect_eq(sent.code, RELOAD_STAT_ANS);
	cr_expect_null(memmem(sent.body.bytes + 60, sent.body.len - 60,
			      alice.bytes + 4, 12));
}

Test(overlay, a_value_whose_check_fails_is_refused)
{
	struct resource_id at = our_place();
	struct letter l = store(&at, 0, MEMBER_WALL_MS);

	m.values_hold = false;
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice), RELOAD_ERROR_FORBIDDEN);
	cr_expect_eq(store_count(overlay_store(m.core)), 0);
}

Test(overlay, an_older_value_is_refused)
{
	struct resource_id at = our_place();
	struct letter l = store(&at, 0, MEMBER_WALL_MS);

	member_post(&m, &alice, &l);
	l = store(&at, 0, MEMBER_WALL_MS - 1);
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice), RELOAD_ERROR_DATA_TOO_OLD);
}

/* Too old is what says that a newer one is here; there is none. */
Test(overlay, a_value_of_another_time_is_forbidden)
{
	const uint64_t times[] = { MEMBER_WALL_MS + STORE_SKEW_MS + 1,
				   MEMBER_WALL_MS - 86400 * 1000ULL };
	struct resource_id at = our_place();

	for (size_t i = 0; i < 2; i++) {
		struct letter l = store(&at, 0, times[i]);

		member_post(&m, &alice, &l);
		cr_expect_eq(member_error(&m, &alice), RELOAD_ERROR_FORBIDDEN);
	}
	cr_expect_eq(store_count(overlay_store(m.core)), 0);
}

Test(overlay, values_over_the_quota_of_a_signer_are_refused)
{
	struct resource_id at = our_place();
	uint16_t error = 0;
	size_t n = 0;

	while (error == 0 && n <= STORE_PER_SIGNER_MAX) {
		struct letter l;

		at.bytes[15] = (uint8_t)n; /* next to our place, or at it */
		l = store(&at, 0, MEMBER_WALL_MS);
		l.header.destination.at[0] = destination_node(&m.hit);
		member_post(&m, &alice, &l);
		error = member_error(&m, &alice);
		n += error == 0;
	}
	cr_expect_eq(error, RELOAD_ERROR_DATA_TOO_LARGE);
	cr_expect_eq(n, STORE_PER_SIGNER_MAX);
}

Test(overlay, a_resource_that_is_not_ours_is_refused)
{
	struct resource_id theirs;
	struct letter l;

	meet_many();
	/* Half the ring away: four others are nearer. */
	id_to_resource(id_of_node(&m.hit) + ((ring_t)1 << 127), &theirs);
	l = store(&theirs, 0, MEMBER_WALL_MS);
	l.header.destination.at[0] = destination_node(&m.hit);
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice), RELOAD_ERROR_FORBIDDEN);
	cr_expect_eq(store_count(overlay_store(m.core)), 0);
}

Test(overlay, a_copy_comes_only_over_a_link_in_the_ring)
{
	struct resource_id at = our_place();
	struct letter l = store(&at, 1, MEMBER_WALL_MS);

	l.header.destination.at[0] = destination_node(&m.hit);
	l.header.via.n = 1;
	l.header.via.at[0] = destination_node(&carol);
	l.signer = carol;
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice), RELOAD_ERROR_FORBIDDEN);
	l.header.via.n = 0;
	member_up(&m, &carol);
	member_post(&m, &carol, &l);
	cr_expect_eq(member_error(&m, &carol), RELOAD_ERROR_FORBIDDEN);
	member_post(&m, &alice, &l);
	cr_expect_eq(member_answer(&m, &alice), RELOAD_STORE_ANS);
}

Test(overlay, an_unknown_kind_is_refused)
{
	struct resource_id at = our_place();
	struct letter l = store(&at, 0, MEMBER_WALL_MS);

	scratch[ID_LEN + 2 + 4 + 3] = 99; /* the Kind-ID's last byte */
	member_post(&m, &alice, &l);
	cr_expect_eq(member_error(&m, &alice), RELOAD_ERROR_UNKNOWN_KIND);
}

Test(overlay, a_find_gives_the_place_behind)
{
	struct resource_id at = our_place();
	struct letter l = store(&at, 0, MEMBER_WALL_MS);
	struct find_req req = {
		.kinds = { MEMBER_DICTIONARY, MEMBER_SINGLE, 99 }, .n = 3
	};
	const struct resource_id none = { { 0 } };
	struct find_ans ans;
	struct message sent;
	struct wr w;

	member_post(&m, &alice, &l);
	req.resource = at;
	w = wr_init(scratch, sizeof(scratch));
	find_req_write(&w, &req);
	l = member_letter(&m, RELOAD_FIND_REQ,
			  (struct span){ scratch, wr_len(&w) });
	member_post(&m, &bob, &l);
	cr_assert(member_sent(&m, &bob, 0, &sent));
	cr_assert(
		find_ans_parse(rd_init(sent.body.bytes, sent.body.len), &ans));
	cr_assert_eq(ans.n, 3);
	cr_expect_arr_eq(ans.at[0].closest.bytes, at.bytes, ID_LEN);
	cr_expect_arr_eq(ans.at[1].closest.bytes, none.bytes, ID_LEN);
	/* 7.4.4.2: nobody here knows that Kind. */
	cr_expect_eq(ans.at[2].kind, 99);
	cr_expect_arr_eq(ans.at[2].closest.bytes, none.bytes, ID_LEN);
}

/* 7.4.4.2: who is not responsible does not know what is closest. */
Test(overlay, a_find_far_from_here_finds_nothing)
{
	struct find_req req = { .kinds = { MEMBER_DICTIONARY }, .n = 1 };
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct letter l;

	meet_many();
	id_to_resource(id_of_node(&m.hit) + ((ring_t)1 << 127), &req.resource);
	find_req_write(&w, &req);
	l = member_letter(&m, RELOAD_FIND_REQ,
			  (struct span){ scratch, wr_len(&w) });
	member_post(&m, &bob, &l);
	cr_expect_eq(member_error(&m, &bob), RELOAD_ERROR_NOT_FOUND);
}

Test(overlay, only_requests_say_how_long_an_answer_may_be)
{
	struct overlay_input in = { .type = OVERLAY_LOOKUP, .id = 1 };
	struct letter l = ping();
	struct message sent;

	member_post(&m, &alice, &l);
	cr_assert(member_sent(&m, &alice, 0, &sent));
	cr_expect_eq(sent.header.max_response_length, 0);
	in.lookup.kind = MEMBER_DICTIONARY;
	in.lookup.resource[0] = in.lookup.resource[1] = place_of(&alice);
	member_input(&m, &in);
	cr_assert(member_sent(&m, &alice, 0, &sent));
	cr_expect_eq(sent.header.max_response_length, RELOAD_MESSAGE_MAX);
}

Test(overlay, finds_have_a_rate)
{
	struct find_req req = { .kinds = { MEMBER_DICTIONARY }, .n = 1 };
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct letter l;
	size_t answered = 0;

	find_req_write(&w, &req);
	l = member_letter(&m, RELOAD_FIND_REQ,
			  (struct span){ scratch, wr_len(&w) });
	for (int i = 0; i < 2 * OVERLAY_FINDS_MAX; i++) {
		member_post(&m, &bob, &l);
		answered += member_answer(&m, &bob) == RELOAD_FIND_ANS;
	}
	cr_expect_eq(answered, (size_t)OVERLAY_FINDS_MAX);
	m.now_ms += 1000;
	member_post(&m, &bob, &l);
	cr_expect_eq(member_answer(&m, &bob), RELOAD_FIND_ANS);
}

Test(overlay, a_probe_is_answered)
{
	struct probe_req req = { .types = { PROBE_RESPONSIBLE_SET,
					    PROBE_NUM_RESOURCES, PROBE_UPTIME },
				 .n = 3 };
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct probe_ans ans;
	struct message sent;
	struct letter l;

	m.now_ms = 5000;
	probe_req_write(&w, &req);
	l = member_letter(&m, RELOAD_PROBE_REQ,
			  (struct span){ scratch, wr_len(&w) });
	member_post(&m, &bob, &l);
	cr_assert(member_sent(&m, &bob, 0, &sent));
	cr_assert(
		probe_ans_parse(rd_init(sent.body.bytes, sent.body.len), &ans));
	cr_assert_eq(ans.n, 3);
	cr_expect(ans.at[0].value > 0 && ans.at[0].value < 1000000000);
	cr_expect_eq(ans.at[2].value, 5);
}

Test(overlay, nothing_is_sent_that_nobody_signed)
{
	struct letter l = ping();

	m.mute = true;
	member_post(&m, &alice, &l);
	cr_expect_eq(m.n, 0);
}

Test(overlay, outputs_have_a_limit)
{
	struct letter l = ping();
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	size_t len = member_write(&l, bytes, sizeof(bytes)), n = 0;
	struct overlay_output *out;

	for (int i = 0; i < 5000; i++)
		overlay_input(
			m.core,
			&(struct overlay_input){ .type = OVERLAY_MESSAGE,
						 .peer = alice,
						 .bytes = { bytes, len } },
			m.now_ms);
	while ((out = overlay_output(m.core))) {
		overlay_output_free(out);
		n++;
	}
	cr_expect(n > 0 && n <= 2048, "%zu", n);
}

/* Gives it to the node, whose outputs stay where they are. */
static void push(const struct hit *from, const struct letter *l)
{
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	size_t len = member_write(l, bytes, sizeof(bytes));

	overlay_input(m.core,
		      &(struct overlay_input){ .type = OVERLAY_MESSAGE,
					       .peer = *from,
					       .bytes = { bytes, len } },
		      m.now_ms);
}

static size_t take_signs(void)
{
	struct overlay_output *out;
	size_t n = 0;

	while ((out = overlay_output(m.core))) {
		n += out->type == OVERLAY_SIGN;
		overlay_output_free(out);
	}
	return n;
}

Test(overlay, who_asks_without_end_takes_no_others_answers)
{
	struct overlay_input in = { .type = OVERLAY_LOOKUP, .id = 1 };
	struct letter l = ping();

	for (int i = 0; i < 2 * OVERLAY_DRAFTS_MAX; i++)
		push(&alice, &l);
	cr_expect_eq(take_signs(), (size_t)OVERLAY_ANSWERS_EACH);
	push(&bob, &l);
	cr_expect_eq(take_signs(), 1);
	in.lookup.kind = MEMBER_DICTIONARY;
	overlay_input(m.core, &in, m.now_ms);
	cr_expect_geq(take_signs(), 1, "our own requests");
}

Test(overlay, a_long_answer_comes_in_fragments_and_fragments_are_joined)
{
	static uint8_t body[3000];
	struct letter l = ping();
	uint8_t bytes[RELOAD_MESSAGE_MAX], piece[RELOAD_MESSAGE_MAX];
	struct fragmenter f;
	size_t len, n = 0;
	struct wr w;

	body[0] = (sizeof(body) - 2) >> 8;
	body[1] = (uint8_t)(sizeof(body) - 2);
	l.body = (struct span){ body, sizeof(body) };
	len = member_write(&l, bytes, sizeof(bytes));
	cr_assert(fragment_begin(&f, bytes, len, 1200));
	for (w = wr_init(piece, sizeof(piece)); fragment_next(&f, &w);
	     w = wr_init(piece, sizeof(piece))) {
		cr_assert_eq(m.n == 0 || n == 0, true);
		member_receive(&m, &alice, (struct span){ piece, wr_len(&w) });
		n++;
	}
	cr_expect(n >= 3);
	cr_expect_eq(member_answer(&m, &alice), RELOAD_PING_ANS);
}
