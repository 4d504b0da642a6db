/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* What is said of records that are there, and that are not: RFC 6940 7.4.2,
 * 7.4.3. */
#include "tests/unit/member.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MANY = 40 };

static struct member m;
static struct hit alice, bob;
static struct resource_id ours, theirs;
static uint8_t scratch[RELOAD_MESSAGE_MAX];

/* Of `theirs` we are no holder; only the letter's destination says us. */
static void set_up(void)
{
	member_init(&m, true);
	alice = member_hit(1);
	bob = member_hit(2);
	member_meet(&m, &alice);
	member_meet(&m, &bob);
	for (uint32_t i = 10; i < 10 + MANY; i++) {
		struct hit h = member_hit(i);

		member_meet(&m, &h);
	}
	id_to_resource(id_of_node(&m.hit), &ours);
	id_to_resource(id_of_node(&m.hit) + ((ring_t)1 << 127), &theirs);
}

static void tear_down(void)
{
	member_clear(&m);
}

TestSuite(fetching, .init = set_up, .fini = tear_down);

/* Alice's value, for all that the store would say. */
static void put(const struct resource_id *at)
{
	struct store *store = overlay_store(m.core);
	struct store_put p = { .resource = *at,
			       .kind = store_kind(store, MEMBER_DICTIONARY),
			       .signer = alice };
	struct store_req req;
	struct store_kind kind;
	size_t len = member_store_body(&alice, at, 0, MEMBER_WALL_MS, scratch,
				       sizeof(scratch));

	cr_assert(store_req_parse(rd_init(scratch, len), &req));
	cr_assert(store_kind_next(&req.kinds, &kind));
	cr_assert(stored_next(&kind.values, DATA_DICTIONARY, &p.value));
	cr_assert_eq(store_put(store, &p, MEMBER_WALL_MS), STORE_TAKEN);
}

static struct letter ask_single(uint16_t code, const struct resource_id *at)
{
	struct wr w = wr_init(scratch, sizeof(scratch));

	fetch_req_write_single(&w, at, MEMBER_SINGLE);
	return member_letter(&m, code, (struct span){ scratch, wr_len(&w) });
}

static struct letter ask_keys(const struct resource_id *at,
			      const struct hit *const *which, size_t n)
{
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct span keys[4] = { { NULL, 0 } };

	for (size_t i = 0; i < n; i++)
		keys[i] = (struct span){ which[i]->bytes, ID_LEN };
	fetch_req_write_keys(&w, at, MEMBER_DICTIONARY, keys, n);
	return member_letter(&m, RELOAD_FETCH_REQ,
			     (struct span){ scratch, wr_len(&w) });
}

/* The only Kind of an answer to bob. */
static struct store_kind answered(uint16_t code)
{
	struct store_kind kind, other;
	struct message sent;
	struct rd kinds;

	cr_assert(member_sent(&m, &bob, 0, &sent));
	cr_assert_eq(sent.code, code, "%u, error %u", (unsigned int)sent.code,
		     (unsigned int)member_error(&m, &bob));
	cr_assert(fetch_ans_parse(rd_init(sent.body.bytes, sent.body.len),
				  &kinds));
	cr_assert(fetch_ans_next(&kinds, &kind));
	cr_assert_not(fetch_ans_next(&kinds, &other));
	cr_assert(rd_done(&kinds));
	return kind;
}

static void expect_absent(const struct stored *v)
{
	cr_expect_not(v->exists);
	cr_expect_eq(v->storage_time_ms, 0);
	cr_expect_eq(v->data.len, 0);
	cr_expect_eq(v->signature.identity_type, SIGNER_NONE);
	cr_expect_eq(v->signature.hash_alg, 0);
	cr_expect_eq(v->signature.sig_alg, 0);
	cr_expect_eq(v->signature.value_len, 0);
}

Test(fetching, a_single_value_that_is_not_there_is_synthetic)
{
	struct letter l = ask_single(RELOAD_FETCH_REQ, &ours);
	struct store_kind kind;
	struct stored v;

	member_post(&m, &bob, &l);
	kind = answered(RELOAD_FETCH_ANS);
	cr_expect_eq(kind.kind, MEMBER_SINGLE);
	cr_expect_eq(kind.generation, 0);
	cr_assert(stored_next(&kind.values, DATA_SINGLE, &v));
	expect_absent(&v);
	cr_expect(rd_done(&kind.values));
}

Test(fetching, a_stat_of_what_is_not_there_says_so)
{
	struct letter l = ask_single(RELOAD_STAT_REQ, &ours);
	struct store_kind kind;
	struct stored v;

	member_post(&m, &bob, &l);
	kind = answered(RELOAD_STAT_ANS);
	cr_assert(stored_meta_next(&kind.values, DATA_SINGLE, &v));
	cr_expect_not(v.exists);
	cr_expect_eq(v.storage_time_ms, 0);
	cr_expect(rd_done(&kind.values));
}

/* 7.4.2.1: without keys all pairs are asked for, and there are none. */
Test(fetching, of_all_that_a_dictionary_lacks_there_is_no_value)
{
	struct letter l = ask_keys(&ours, NULL, 0);
	struct store_kind kind;

	member_post(&m, &bob, &l);
	kind = answered(RELOAD_FETCH_ANS);
	cr_expect_eq(kind.kind, MEMBER_DICTIONARY);
	cr_expect_eq(rd_left(&kind.values), 0);
}

Test(fetching, of_keys_those_that_are_not_there_are_synthetic)
{
	const struct hit *const keys[] = { &bob, &alice };
	struct store_kind kind;
	struct stored v;
	struct letter l;

	put(&ours);
	l = ask_keys(&ours, keys, 2);
	member_post(&m, &bob, &l);
	kind = answered(RELOAD_FETCH_ANS);
	cr_assert(stored_next(&kind.values, DATA_DICTIONARY, &v));
	cr_expect(v.exists);
	cr_expect_arr_eq(v.key.bytes, alice.bytes, ID_LEN);
	cr_assert(stored_next(&kind.values, DATA_DICTIONARY, &v));
	expect_absent(&v);
	cr_expect_arr_eq(v.key.bytes, bob.bytes, ID_LEN);
	cr_expect(rd_done(&kind.values));
}

/* All of an empty one is nothing; what is named is not there, as far as there
 * may be elements. */
Test(fetching, of_an_array_what_is_named_is_synthetic)
{
	static const struct {
		uint32_t first, last;
		size_t n;
	} cases[] = { { 0, UINT32_MAX, 0 }, { 2, 3, 2 }, { 15, 16, 1 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wr w = wr_init(scratch, sizeof(scratch));
		struct store_kind kind;
		struct letter l;
		struct stored v;
		size_t n = 0;

		fetch_req_write_range(&w, &ours, MEMBER_ARRAY, cases[i].first,
				      cases[i].last);
		l = member_letter(&m, RELOAD_FETCH_REQ,
				  (struct span){ scratch, wr_len(&w) });
		member_post(&m, &bob, &l);
		kind = answered(RELOAD_FETCH_ANS);
		for (; stored_next(&kind.values, DATA_ARRAY, &v); n++) {
			cr_expect_eq(v.index, cases[i].first + n);
			expect_absent(&v);
		}
		cr_expect(rd_done(&kind.values));
		cr_expect_eq(n, cases[i].n, "case %zu: %zu", i, n);
	}
}

/* 7.4.2.1, of all three: none, another, the one that stands here. */
Test(fetching, who_knows_the_generation_gets_no_values)
{
	static const struct {
		uint8_t generation;
		bool values;
	} cases[] = { { 0, true }, { 2, true }, { 1, false } };

	put(&ours);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum { GENERATION_END = 1 + ID_LEN + 2 + 4 + 8 };
		struct letter l = ask_keys(&ours, NULL, 0);
		struct store_kind kind;

		scratch[GENERATION_END - 1] = cases[i].generation;
		member_post(&m, &bob, &l);
		kind = answered(RELOAD_FETCH_ANS);
		cr_expect_eq(kind.generation, 1);
		cr_expect_eq(rd_left(&kind.values) > 0, cases[i].values,
			     "case %zu", i);
	}
}

Test(fetching, kinds_that_nobody_knows_are_listed)
{
	static const uint8_t list[] = { 4, 0, 0, 0, 99 };
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct error_body e;
	struct message sent;
	struct letter l;

	fetch_req_write_single(&w, &ours, 99);
	l = member_letter(&m, RELOAD_FETCH_REQ,
			  (struct span){ scratch, wr_len(&w) });
	member_post(&m, &bob, &l);
	cr_assert_eq(member_error(&m, &bob), RELOAD_ERROR_UNKNOWN_KIND);
	cr_assert(member_sent(&m, &bob, 0, &sent));
	cr_assert(error_parse(rd_init(sent.body.bytes, sent.body.len), &e));
	cr_assert_eq(e.info.len, sizeof(list));
	cr_expect_arr_eq(e.info.bytes, list, sizeof(list));
}

/* Only who would have it can say that it is not there. */
Test(fetching, who_is_no_holder_has_not_found_it)
{
	struct letter l = ask_single(RELOAD_FETCH_REQ, &theirs);

	member_post(&m, &bob, &l);
	cr_expect_eq(member_error(&m, &bob), RELOAD_ERROR_NOT_FOUND);
}

/* The first message of a code, to whomever. */
static bool went_on(uint16_t code)
{
	struct message sent;

	for (size_t i = 0; i < m.n; i++) {
		if (m.out[i]->type == OVERLAY_SEND &&
		    message_parse(m.out[i]->bytes, m.out[i]->len, &sent) ==
			    MESSAGE_OK &&
		    sent.code == code)
			return true;
	}
	return false;
}

Test(fetching, a_copy_on_the_way_answers_when_it_is_all_that_is_asked)
{
	const struct hit *const keys[] = { &alice, &bob };
	struct letter l;

	put(&theirs);
	l = ask_keys(&theirs, NULL, 0);
	l.header.destination.at[0] = destination_resource(&theirs);
	member_post(&m, &bob, &l);
	cr_expect_eq(member_answer(&m, &bob), RELOAD_FETCH_ANS);
	l = ask_keys(&theirs, keys, 1);
	l.header.destination.at[0] = destination_resource(&theirs);
	member_post(&m, &bob, &l);
	cr_expect_eq(member_answer(&m, &bob), RELOAD_FETCH_ANS);
	l = ask_keys(&theirs, keys, 2);
	l.header.destination.at[0] = destination_resource(&theirs);
	member_post(&m, &bob, &l);
	cr_expect_eq(member_answer(&m, &bob), 0);
	cr_expect(went_on(RELOAD_FETCH_REQ));
}
