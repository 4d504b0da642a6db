/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* A Store is taken whole or not at all, and what is answered when it is not:
 * RFC 6940 7.4.1. */
#include "tests/unit/member.h"

#include <criterion/criterion.h>
#include <string.h>

enum { VALUE_AT = 1 + ID_LEN + 1 + 4 + 4 + 8 + 4, ENTRIES_MAX = 4 };

static struct member m;
static struct hit alice;
static struct resource_id at;
static uint8_t scratch[RELOAD_MESSAGE_MAX];

static void set_up(void)
{
	member_init(&m, true);
	alice = member_hit(1);
	member_meet(&m, &alice);
	id_to_resource(id_of_node(&m.hit), &at);
}

static void tear_down(void)
{
	member_clear(&m);
}

TestSuite(storing, .init = set_up, .fini = tear_down);

/* A Store in the making. */
static struct wr store_begin(void)
{
	struct wr w = wr_init(scratch, sizeof(scratch));

	wr_u8(&w, ID_LEN);
	wr_bytes(&w, at.bytes, ID_LEN);
	wr_u8(&w, 0); /* an original */
	wr_u32(&w, 0);
	return w;
}

/* One more Kind, with n values of as many signers: hit(first), ... */
static void store_add(struct wr *w, uint32_t kind, uint64_t generation,
		      uint32_t first, size_t n)
{
	uint8_t body[512];
	size_t len_at;

	wr_u32(w, kind);
	wr_u64(w, generation);
	len_at = wr_len(w) + 2;
	wr_u32(w, 0);
	for (size_t i = 0; i < n; i++) {
		struct hit signer = member_hit(first + (uint32_t)i);
		size_t len = member_store_kind(kind, &signer, &at, body,
					       sizeof(body));

		wr_bytes(w, body + VALUE_AT, len - VALUE_AT);
	}
	wr_u16_at(w, len_at, (uint16_t)(wr_len(w) - len_at - 2));
}

static void store_send(struct wr *w)
{
	enum { LEN_AT = 1 + ID_LEN + 1 + 2 };
	struct letter l;

	wr_u16_at(w, LEN_AT, (uint16_t)(wr_len(w) - LEN_AT - 2));
	cr_assert_not(wr_failed(w));
	l = member_letter(&m, RELOAD_STORE_REQ,
			  (struct span){ scratch, wr_len(w) });
	member_post(&m, &alice, &l);
}

/* Alice's message of that code. */
static struct message answer(uint16_t code)
{
	struct message sent;
	size_t n = 0;

	while (member_sent(&m, &alice, n++, &sent)) {
		if (sent.code == code)
			return sent;
	}
	cr_assert(false, "no answer of code %u", (unsigned int)code);
	return sent;
}

/* The error_info of a refusal. */
static struct span info(enum reload_error error)
{
	struct message sent = answer(RELOAD_ERROR);
	struct error_body e;

	cr_assert(error_parse(rd_init(sent.body.bytes, sent.body.len), &e));
	cr_assert_eq(e.code, error, "%u", (unsigned int)e.code);
	return e.info;
}

static size_t stored(void)
{
	return store_count(overlay_store(m.core));
}

static void store_one(uint64_t generation, uint32_t signer)
{
	struct wr w = store_begin();

	store_add(&w, MEMBER_DICTIONARY, generation, signer, 1);
	store_send(&w);
}

Test(storing, kinds_are_taken_together)
{
	struct wr w = store_begin();
	struct store_ans_kind k;
	struct message sent;
	struct rd kinds;

	store_add(&w, MEMBER_DICTIONARY, 0, 1, 2);
	store_add(&w, MEMBER_SINGLE, 0, 1, 1);
	store_send(&w);
	sent = answer(RELOAD_STORE_ANS);
	cr_assert(store_ans_parse(rd_init(sent.body.bytes, sent.body.len),
				  &kinds));
	cr_assert(store_ans_next(&kinds, &k));
	cr_expect_eq(k.kind, MEMBER_DICTIONARY);
	cr_expect_eq(k.generation, 2);
	cr_assert(store_ans_next(&kinds, &k));
	cr_expect_eq(k.kind, MEMBER_SINGLE);
	cr_expect_eq(k.generation, 1);
	cr_expect_eq(stored(), 3);
}

Test(storing, of_kinds_none_is_taken_when_one_is_refused)
{
	struct wr w = store_begin();

	store_one(0, 1);
	cr_assert_eq(stored(), 1);
	w = store_begin();
	store_add(&w, MEMBER_SINGLE, 0, 1, 1);
	store_add(&w, MEMBER_DICTIONARY, 0, 1, 1); /* not newer */
	store_send(&w);
	(void)info(RELOAD_ERROR_DATA_TOO_OLD);
	cr_expect_eq(stored(), 1);
}

Test(storing, of_values_none_is_taken_when_there_is_no_room_for_all)
{
	struct wr w = store_begin();

	store_add(&w, MEMBER_DICTIONARY, 0, 1, ENTRIES_MAX + 1);
	store_send(&w);
	(void)info(RELOAD_ERROR_DATA_TOO_LARGE);
	cr_expect_eq(stored(), 0);
	w = store_begin();
	store_add(&w, MEMBER_DICTIONARY, 0, 1, ENTRIES_MAX);
	store_send(&w);
	(void)answer(RELOAD_STORE_ANS);
	cr_expect_eq(stored(), ENTRIES_MAX);
}

Test(storing, a_value_twice_in_one_message_is_not_newer)
{
	struct wr w = store_begin();
	size_t start;

	store_add(&w, MEMBER_DICTIONARY, 0, 1, 2);
	/* The second value becomes the first one again. */
	start = wr_len(&w) - (wr_len(&w) - VALUE_AT) / 2;
	memcpy(scratch + start, scratch + VALUE_AT, start - VALUE_AT);
	store_send(&w);
	(void)info(RELOAD_ERROR_DATA_TOO_OLD);
	cr_expect_eq(stored(), 0);
}

Test(storing, a_kind_twice_in_one_message_is_invalid)
{
	struct wr w = store_begin();

	store_add(&w, MEMBER_DICTIONARY, 0, 1, 1);
	store_add(&w, MEMBER_DICTIONARY, 0, 2, 1);
	store_send(&w);
	(void)info(RELOAD_ERROR_INVALID_MESSAGE);
	cr_expect_eq(stored(), 0);
}

Test(storing, kinds_that_nobody_knows_are_listed)
{
	struct wr w = store_begin();
	struct span list;
	struct rd r;

	store_add(&w, 0x1234567, 0, 1, 0);
	store_add(&w, MEMBER_DICTIONARY, 0, 1, 1);
	store_add(&w, 77, 0, 1, 0);
	store_send(&w);
	list = info(RELOAD_ERROR_UNKNOWN_KIND);
	r = rd_init(list.bytes, list.len);
	cr_expect_eq(rd_u8(&r), 8);
	cr_expect_eq(rd_u32(&r), 0x1234567);
	cr_expect_eq(rd_u32(&r), 77);
	cr_expect(rd_done(&r));
	cr_expect_eq(stored(), 0);
}

/* 7.4.1.1: not 0, it is the one that stands here, no lower, no higher. */
Test(storing, a_generation_must_be_the_one_that_stands_here)
{
	store_one(1, 1);
	(void)info(RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW);
	store_one(0, 1);
	store_one(0, 2);
	cr_assert_eq(stored(), 2); /* generation 2 */
	store_one(1, 3);
	(void)info(RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW);
	store_one(3, 3);
	(void)info(RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW);
	cr_expect_eq(stored(), 2);
	store_one(2, 3);
	(void)answer(RELOAD_STORE_ANS);
	cr_expect_eq(stored(), 3);
}

Test(storing, another_generation_is_answered_with_all_that_stand_here)
{
	struct wr w = store_begin();
	struct store_ans_kind k;
	struct span ans;
	struct rd kinds;

	store_one(0, 1);
	w = store_begin();
	store_add(&w, MEMBER_SINGLE, 0, 1, 1);
	store_add(&w, MEMBER_DICTIONARY, 9, 2, 1);
	store_send(&w);
	ans = info(RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW);
	cr_assert(store_ans_parse(rd_init(ans.bytes, ans.len), &kinds));
	cr_assert(store_ans_next(&kinds, &k));
	cr_expect_eq(k.kind, MEMBER_SINGLE);
	cr_expect_eq(k.generation, 0);
	cr_expect_eq(k.replicas.len, 0);
	cr_assert(store_ans_next(&kinds, &k));
	cr_expect_eq(k.kind, MEMBER_DICTIONARY);
	cr_expect_eq(k.generation, 1);
	cr_expect_eq(k.replicas.len, 0);
	cr_expect(rd_done(&kinds));
	cr_expect_eq(stored(), 1);
}
