/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the authority says gets about: a Store of it is passed on by who hears
 * it for the first time, and by nobody else.
 */
#include "resolver/overlay_impl.h"
#include "tests/unit/member.h"

#include <criterion/criterion.h>
#include <string.h>

enum { PEERS = 6 };

static struct member m;
static struct hit peers[PEERS];

/* In a ring with some; the last is linked with us, and not in the ring. */
static void set_up(void)
{
	member_init(&m, true);
	for (uint32_t i = 0; i < PEERS; i++) {
		peers[i] = member_hit(i + 1);
		if (i + 1 < PEERS)
			member_meet(&m, &peers[i]);
		else
			member_up(&m, &peers[i]);
	}
	member_pass(&m, 10000);
}

static void tear_down(void)
{
	member_clear(&m);
}

TestSuite(news, .init = set_up, .fini = tear_down);

/* A place that others keep. */
static struct resource_id elsewhere(void)
{
	struct resource_id at;

	for (uint8_t i = 0; i < 255; i++) {
		id_resource(&i, 1, &at);
		if (route_between(&m.core->route, id_of_resource(&at),
				  ROUTE_COPIES) == ROUTE_COPIES)
			break;
	}
	return at;
}

static void post(uint32_t kind, const struct hit *from)
{
	struct resource_id at = elsewhere();
	uint8_t body[512];
	size_t len = member_store_kind(kind, from, &at, body, sizeof(body));
	struct letter l =
		member_letter(&m, RELOAD_STORE_REQ, (struct span){ body, len });

	l.signer = *from;
	member_post(&m, from, &l);
}

/* To how many a Store goes out now. */
static size_t stores(void)
{
	size_t n = 0;
	struct message sent;

	for (size_t i = 0; i < PEERS; i++)
		for (size_t k = 0; member_sent(&m, &peers[i], k, &sent); k++)
			n += sent.code == RELOAD_STORE_REQ;
	return n;
}

Test(news, are_told_to_the_caller_and_passed_on_to_all_others)
{
	struct overlay_info info;
	struct overlay_output *out;

	m.news = NEWS_ADDS;
	post(MEMBER_AUTHORITY, &peers[0]);
	out = member_find(&m, OVERLAY_NEWS);
	cr_assert_not_null(out);
	cr_expect_eq(out->len, ID_LEN);
	cr_expect_eq(memcmp(out->bytes, peers[0].bytes, ID_LEN), 0);
	cr_expect_eq(stores(), PEERS - 2, "not to who told us, nor outside");
	cr_expect_eq(member_answer(&m, &peers[0]), RELOAD_STORE_ANS);
	cr_expect_neq(member_answer(&m, &peers[5]), RELOAD_STORE_REQ);
	overlay_info(m.core, &info);
	cr_expect_eq(info.news_told, PEERS - 2);
	cr_expect_eq(info.news_confirmed, 0);
	cr_expect_eq(info.records, 0, "it is not ours to keep");
}

/* Answers a Store that it was sent. */
static void answer(const struct hit *peer, uint64_t transaction_id)
{
	uint8_t body[64];
	struct wr w = wr_init(body, sizeof(body));
	struct letter l;

	store_ans_write(&w, NULL, 0);
	l = member_letter(&m, RELOAD_STORE_ANS,
			  (struct span){ body, wr_len(&w) });
	l.header.transaction_id = transaction_id;
	l.signer = *peer;
	member_post(&m, peer, &l);
}

/* The transaction of the Store that goes out to it now; 0: none does. */
static uint64_t store_to(const struct hit *peer)
{
	struct message sent;

	for (size_t k = 0; member_sent(&m, peer, k, &sent); k++)
		if (sent.code == RELOAD_STORE_REQ)
			return sent.header.transaction_id;
	return 0;
}

Test(news, who_answers_has_them)
{
	struct overlay_info info;

	m.news = NEWS_ADDS;
	post(MEMBER_AUTHORITY, &peers[0]);
	cr_assert_neq(store_to(&peers[1]), 0);
	answer(&peers[1], store_to(&peers[1]));
	overlay_info(m.core, &info);
	cr_expect_eq(info.news_confirmed, 1);
}

Test(news, who_does_not_answer_is_told_again_for_a_while)
{
	struct overlay_info info;
	size_t n = 0, last_s = 0;

	m.news = NEWS_ADDS;
	post(MEMBER_AUTHORITY, &peers[0]);
	answer(&peers[1], store_to(&peers[1]));
	for (size_t s = 1; s < 600; s++) {
		member_pass(&m, 1000);
		cr_expect_eq(store_to(&peers[0]), 0, "it told us");
		cr_expect_eq(store_to(&peers[1]), 0, "it has answered");
		if (store_to(&peers[2]) == 0)
			continue;
		cr_expect(n > 0 || s <= 5, "soon");
		last_s = s;
		n++;
	}
	cr_expect_eq(n, 4);
	cr_expect_leq(last_s, 120);
	overlay_info(m.core, &info);
	cr_expect_eq(info.news_told, PEERS - 2, "nodes, not messages");
	cr_expect_eq(info.news_confirmed, 1);
}

Test(news, a_late_answer_counts)
{
	struct overlay_info info;
	uint64_t id;

	m.news = NEWS_ADDS;
	post(MEMBER_AUTHORITY, &peers[0]);
	member_pass(&m, 5000);
	id = store_to(&peers[1]);
	cr_assert_neq(id, 0);
	member_pass(&m, 6000);
	answer(&peers[1], id);
	overlay_info(m.core, &info);
	cr_expect_eq(info.news_confirmed, 1);
}

/* Its link was lost just then. */
Test(news, who_comes_back_is_told)
{
	m.news = NEWS_ADDS;
	member_down(&m, &peers[1]);
	member_down(&m, &peers[2]);
	post(MEMBER_AUTHORITY, &peers[0]);
	cr_expect_eq(store_to(&peers[1]), 0);
	member_pass(&m, 30000);
	member_meet(&m, &peers[1]);
	cr_expect_neq(store_to(&peers[1]), 0);
	member_pass(&m, 100000);
	member_meet(&m, &peers[2]);
	cr_expect_eq(store_to(&peers[2]), 0, "it asks by itself");
}

/* Up for long, but not known to be in the ring. */
Test(news, who_comes_into_the_ring_is_told)
{
	m.news = NEWS_ADDS;
	post(MEMBER_AUTHORITY, &peers[0]);
	member_pass(&m, 1000);
	member_meet(&m, &peers[PEERS - 1]);
	cr_expect_neq(store_to(&peers[PEERS - 1]), 0);
}

/* The newer list of a place has all that is on the one before. */
Test(news, of_one_place_the_last_is_told_again)
{
	m.news = NEWS_ADDS;
	post(MEMBER_AUTHORITY, &peers[0]);
	post(MEMBER_AUTHORITY, &peers[0]);
	member_pass(&m, 5000);
	cr_expect_eq(stores(), PEERS - 2);
}

Test(news, what_adds_nothing_is_passed_on_by_nobody)
{
	m.news = NEWS_NEWER;
	post(MEMBER_AUTHORITY, &peers[0]);
	cr_expect_not_null(member_find(&m, OVERLAY_NEWS));
	cr_expect_eq(stores(), 0);
}

Test(news, what_is_known_is_answered_and_that_is_all)
{
	m.news = NEWS_NONE;
	post(MEMBER_AUTHORITY, &peers[0]);
	cr_expect_null(member_find(&m, OVERLAY_NEWS));
	cr_expect_eq(stores(), 0);
	cr_expect_eq(member_answer(&m, &peers[0]), RELOAD_STORE_ANS);
}

Test(news, what_does_not_hold_is_refused)
{
	m.news = NEWS_ADDS;
	m.values_hold = false;
	post(MEMBER_AUTHORITY, &peers[0]);
	cr_expect_null(member_find(&m, OVERLAY_NEWS));
	cr_expect_eq(stores(), 0);
	cr_expect_eq(member_error(&m, &peers[0]), RELOAD_ERROR_FORBIDDEN);
}

Test(news, only_the_authority_has_some)
{
	m.news = NEWS_ADDS;
	post(MEMBER_SINGLE, &peers[0]);
	cr_expect_null(member_find(&m, OVERLAY_NEWS));
	cr_expect_eq(stores(), 0);
	cr_expect_eq(member_error(&m, &peers[0]), RELOAD_ERROR_FORBIDDEN);
}

Test(news, of_ours_go_to_everybody)
{
	struct overlay_input in = {
		.type = OVERLAY_PUBLISH,
		.id = 1,
		.publish = { .kind = MEMBER_AUTHORITY,
			     .data = { m.hit.bytes, ID_LEN },
			     .lifetime_s = 3600,
			     .exists = true,
			     .is_news = true },
	};
	struct overlay_info info;

	in.publish.resource[0] = in.publish.resource[1] = elsewhere();
	member_input(&m, &in);
	overlay_info(m.core, &info);
	cr_expect_eq(info.news_told, PEERS - 1);
	for (size_t i = 0; i + 1 < PEERS; i++)
		cr_expect_eq(member_answer(&m, &peers[i]), RELOAD_STORE_REQ,
			     "%zu", i);
}

/* It would be refused behind what was taken, and passed on by nobody. */
Test(news, with_something_beside_it_a_word_is_not_even_taken)
{
	enum { LEN_AT = 1 + ID_LEN + 1, KINDS_AT = LEN_AT + 4 };
	static const uint32_t beside[] = { MEMBER_AUTHORITY,
					   MEMBER_DICTIONARY };
	struct resource_id at = elsewhere();

	m.news = NEWS_ADDS;
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		uint8_t body[1024], other[512];
		size_t len = member_store_kind(MEMBER_AUTHORITY, &peers[0], &at,
					       body, sizeof(body));
		size_t more = member_store_kind(beside[i], &peers[0], &at,
						other, sizeof(other));
		struct letter l;
		struct rd r = rd_init(body + LEN_AT, sizeof(uint32_t));
		struct wr w = wr_init(body + LEN_AT, sizeof(uint32_t));

		cr_assert_eq(rd_u32(&r), len - KINDS_AT);
		memcpy(body + len, other + KINDS_AT, more - KINDS_AT);
		len += more - KINDS_AT;
		wr_u32(&w, (uint32_t)(len - KINDS_AT));
		l = member_letter(&m, RELOAD_STORE_REQ,
				  (struct span){ body, len });
		l.signer = peers[0];
		member_post(&m, &peers[0], &l);
		cr_expect_null(member_find(&m, OVERLAY_NEWS));
		cr_expect_eq(stores(), 0);
		cr_expect_eq(member_error(&m, &peers[0]),
			     RELOAD_ERROR_INVALID_MESSAGE);
	}
}
