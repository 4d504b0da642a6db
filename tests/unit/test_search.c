/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Lookups and publications under two keys: RFC 6940 7.4.1, 7.4.2. */
#include "resolver/limits.h"
#include "tests/unit/member.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ID = 77, NODES = 30 };

static struct member m;
static struct hit nodes[NODES];
static struct resource_id keys[2];
static uint8_t scratch[RELOAD_MESSAGE_MAX];
static bool careful;

static void set_up(void)
{
	careful = false;
	member_init(&m, true);
	for (uint32_t i = 0; i < NODES; i++) {
		nodes[i] = member_hit(i + 1);
		member_meet(&m, &nodes[i]);
	}
	/* Far from us: a quarter and a half of the ring away. */
	id_to_resource(id_of_node(&m.hit) + ((ring_t)1 << 126), &keys[0]);
	id_to_resource(id_of_node(&m.hit) + ((ring_t)1 << 127), &keys[1]);
}

static void tear_down(void)
{
	member_clear(&m);
}

TestSuite(search, .init = set_up, .fini = tear_down);

/* A request that came out: who got it, and what it was. */
struct asked {
	struct hit to;
	struct message m;
};

/* The n-th request of a code, to whomever. */
static bool request(uint16_t code, size_t n, struct asked *out)
{
	for (size_t i = 0; i < m.n; i++) {
		const struct overlay_output *o = m.out[i];

		if (o->type != OVERLAY_SEND ||
		    message_parse(o->bytes, o->len, &out->m) != MESSAGE_OK ||
		    out->m.code != code || n-- > 0)
			continue;
		out->to = o->peer;
		return true;
	}
	return false;
}

static size_t requests(uint16_t code)
{
	struct asked a;
	size_t n = 0;

	while (request(code, n, &a))
		n++;
	return n;
}

static void look_up(void)
{
	struct overlay_input in = { .type = OVERLAY_LOOKUP, .id = ID };

	in.lookup.kind = MEMBER_DICTIONARY;
	in.lookup.careful = careful;
	memcpy(in.lookup.resource, keys, sizeof(keys));
	member_input(&m, &in);
}

static void publish(uint32_t kind, size_t len)
{
	struct overlay_input in = { .type = OVERLAY_PUBLISH, .id = ID };
	static const uint8_t data[OVERLAY_VALUE_MAX + 1];

	in.publish.kind = kind;
	memcpy(in.publish.resource, keys, sizeof(keys));
	in.publish.key = (struct span){ m.hit.bytes, ID_LEN };
	in.publish.data = (struct span){ data, len };
	in.publish.lifetime_s = 600;
	in.publish.exists = true;
	member_input(&m, &in);
}

static void answer(const struct asked *a, const struct hit *source,
		   uint16_t code, struct span body)
{
	struct letter l = member_letter(&m, code, body);

	l.header.transaction_id = a->m.header.transaction_id;
	if (!hit_equal(source, &a->to)) {
		l.header.via.n = 1;
		l.header.via.at[0] = destination_node(source);
		l.signer = *source;
	}
	member_post(&m, &a->to, &l);
}

/* By `source`, with a value of `owner` for that key, of that time. */
static void answer_as(const struct asked *a, const struct hit *source,
		      const struct hit *owner, size_t key, uint64_t time_ms)
{
	size_t len = member_store_body(owner, &keys[key], 0, time_ms, scratch,
				       sizeof(scratch));
	/* What a Store says of kinds, a FetchAns says too. */
	size_t head = 1 + ID_LEN + 1;

	answer(a, source, RELOAD_FETCH_ANS,
	       (struct span){ scratch + head, len - head });
}

/* An answer with a value of `owner` for that key. */
static void answer_value(const struct asked *a, const struct hit *owner,
			 size_t key)
{
	answer_as(a, &a->to, owner, key, MEMBER_WALL_MS);
}

static void deny(const struct asked *a, const struct hit *source)
{
	struct error_body e = { .code = RELOAD_ERROR_NOT_FOUND };
	uint8_t body[8];
	struct wr w = wr_init(body, sizeof(body));

	error_write(&w, &e);
	answer(a, source, RELOAD_ERROR, (struct span){ body, wr_len(&w) });
}

/* 7.4.2.2: the Kind, and either no value or one that is not there. */
static void answer_absent(const struct asked *a, const struct hit *source,
			  bool with_value)
{
	uint8_t body[128];
	struct wr w = wr_init(body, sizeof(body));
	struct store_writer at = fetch_ans_begin(&w, MEMBER_DICTIONARY, 0);

	if (with_value)
		stored_absent_write(&w, DATA_DICTIONARY, 0,
				    (struct span){ source->bytes, ID_LEN });
	fetch_ans_end(&w, &at);
	cr_assert_not(wr_failed(&w));
	answer(a, source, RELOAD_FETCH_ANS, (struct span){ body, wr_len(&w) });
}

static const struct overlay_output *result(void)
{
	return member_find(&m, OVERLAY_RESULT);
}

/* Of the nodes, the n-th at or behind the key. */
static const struct hit *behind(size_t key, size_t n)
{
	const struct hit *best = NULL;
	ring_t from = id_of_resource(&keys[key]);

	for (size_t k = 0; k <= n; k++) {
		const struct hit *next = NULL;

		for (size_t i = 0; i < NODES; i++) {
			ring_t d = id_of_node(&nodes[i]) - from;

			if ((!best || d > id_of_node(best) - from) &&
			    (!next || d < id_of_node(next) - from))
				next = &nodes[i];
		}
		best = next;
	}
	return best;
}

Test(search, asks_the_first_key_first)
{
	struct asked a;

	look_up();
	cr_assert_eq(requests(RELOAD_FETCH_REQ), 1);
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	cr_expect_arr_eq(a.m.header.destination.at[0].resource.bytes,
			 keys[0].bytes, ID_LEN);
}

Test(search, a_value_that_holds_is_the_result)
{
	struct overlay_value v;
	struct asked a;
	size_t at = 0;

	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	answer_value(&a, &nodes[9], 0);
	cr_assert(result());
	cr_expect_eq(result()->id, ID);
	cr_expect_eq(result()->result, OVERLAY_FOUND);
	cr_assert(overlay_value_next(result(), DATA_DICTIONARY, &at, &v));
	cr_expect(hit_equal(&v.signer, &nodes[9]));
	cr_expect_not(overlay_value_next(result(), DATA_DICTIONARY, &at, &v));
}

Test(search, a_value_that_does_not_hold_leads_to_other_holders)
{
	struct asked a, b;

	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	m.values_hold = false;
	answer_value(&a, &nodes[9], 0);
	cr_expect_null(result());
	cr_assert_eq(requests(RELOAD_FETCH_REQ), 3);
	cr_assert(request(RELOAD_FETCH_REQ, 0, &b));
	cr_expect_arr_eq(b.m.header.destination.at[0].resource.bytes,
			 keys[1].bytes, ID_LEN);
	m.values_hold = true;
	answer_value(&b, &nodes[9], 1);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_FOUND);
}

Test(search, silence_leads_to_other_first_hops_and_then_to_an_end)
{
	struct asked first, next;
	size_t n = 1;

	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &first));
	member_pass(&m, REQUEST_FIRST_MS);
	n += requests(RELOAD_FETCH_REQ);
	cr_assert_eq(n, 4);
	member_pass(&m, REQUEST_FIRST_MS);
	cr_assert(request(RELOAD_FETCH_REQ, 0, &next));
	cr_expect_not(hit_equal(&first.to, &next.to));
	n += requests(RELOAD_FETCH_REQ);
	member_pass(&m, 60000);
	n += requests(RELOAD_FETCH_REQ);
	cr_expect(n <= 28);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_UNREACHABLE);
}

/* Under which key a Fetch looks. */
static size_t asked_key(const struct asked *a)
{
	struct rd r = rd_init(a->m.body.bytes, a->m.body.len);
	struct fetch_req req;

	cr_assert(fetch_req_parse(r, &req));
	return memcmp(&req.resource, &keys[1], ID_LEN) == 0;
}

/* Denies everything that is asked, as the owner or one behind it: so often. */
static size_t deny_all(bool near)
{
	struct asked a;
	size_t n = 0;

	for (size_t round = 0; round < 40 && !result(); round++) {
		if (!request(RELOAD_FETCH_REQ, 0, &a)) {
			member_pass(&m, REQUEST_FIRST_MS);
			continue;
		}
		for (size_t i = 0; request(RELOAD_FETCH_REQ, i, &a); i++) {
			size_t key = asked_key(&a);

			/* The outputs of this round are gone with that. */
			deny(&a, near ? behind(key, round % 3)
				      : behind(key, NODES - 2));
			n++;
			break;
		}
	}
	return n;
}

Test(search, a_name_is_absent_when_both_keys_are_denied)
{
	look_up();
	/* One is a node's second word, which does not count. */
	cr_expect_eq(deny_all(true), SEARCH_ABSENT_MIN + 1);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_ABSENT);
}

static uint64_t disbelieved(void)
{
	struct overlay_info info;

	overlay_info(m.core, &info);
	return info.disbelieved;
}

/* Without Error_Not_Found. */
Test(search, an_answer_without_existing_values_is_a_denial)
{
	size_t n = 0;

	look_up();
	for (size_t round = 0; round < 40 && !result(); round++) {
		struct asked a;

		if (!request(RELOAD_FETCH_REQ, 0, &a)) {
			member_pass(&m, REQUEST_FIRST_MS);
			continue;
		}
		answer_absent(&a, behind(asked_key(&a), round % 3),
			      round % 2 == 1);
		n++;
	}
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_ABSENT);
	cr_expect_eq(n, SEARCH_ABSENT_MIN + 1);
	cr_expect_eq(disbelieved(), 0);
}

Test(search, an_answer_of_another_kind_or_with_a_bad_value_is_no_denial)
{
	look_up();
	m.values_hold = false;
	for (size_t round = 0; round < 40 && !result(); round++) {
		struct asked a;
		size_t key, len;

		if (!request(RELOAD_FETCH_REQ, 0, &a)) {
			member_pass(&m, REQUEST_FIRST_MS);
			continue;
		}
		key = asked_key(&a);
		if (round % 2 == 0) {
			answer_as(&a, behind(key, 0), &nodes[9], key,
				  MEMBER_WALL_MS);
			continue;
		}
		len = member_store_kind(MEMBER_SINGLE, &nodes[9], &keys[key],
					scratch, sizeof(scratch));
		answer(&a, behind(key, 1), RELOAD_FETCH_ANS,
		       (struct span){ scratch + 18, len - 18 });
	}
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_UNREACHABLE);
	cr_expect_gt(disbelieved(), 0);
}

/* A neighbour tells of one right behind us, which we have no link to yet. */
static void hear_of_neighbour(void)
{
	static struct chord_update u = { .type = CHORD_NEIGHBORS };
	struct hit next = member_hit(NODES + 1);
	uint8_t body[256];
	struct wr w = wr_init(body, sizeof(body));
	struct letter l;

	for (uint32_t i = NODES + 1;
	     id_distance(id_of_node(&m.hit), id_of_node(&next)) >> 122 > 0; i++)
		next = member_hit(i);
	u.successors.n = 1;
	u.successors.at[0] = next;
	chord_update_write(&w, &u);
	l = member_letter(&m, RELOAD_UPDATE_REQ,
			  (struct span){ body, wr_len(&w) });
	member_post(&m, &nodes[0], &l);
	cr_assert(member_find(&m, OVERLAY_CONNECT));
}

/* Whom we take for the owner may have ceased to be. */
Test(search, more_must_deny_a_name_while_neighbours_come)
{
	hear_of_neighbour();
	look_up();
	cr_expect_gt(deny_all(true), SEARCH_ABSENT_MIN + 1);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_ABSENT);
}

Test(search, who_is_far_off_cannot_deny)
{
	look_up();
	deny_all(false);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_UNREACHABLE);
}

/* The first holder has made its own value of the name. */
Test(search, a_careful_one_goes_on_from_what_is_not_proven)
{
	struct overlay_value v;
	struct asked a, b;
	size_t at = 0;

	careful = true;
	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	m.unproven = true;
	answer_value(&a, &nodes[3], 0);
	cr_assert_null(result());
	cr_expect_eq(disbelieved(), 1);
	cr_assert(request(RELOAD_FETCH_REQ, 0, &b));
	m.unproven = false;
	answer_value(&b, &nodes[9], 1);
	cr_assert(result());
	cr_assert(overlay_value_next(result(), DATA_DICTIONARY, &at, &v));
	cr_expect(v.proven && hit_equal(&v.signer, &nodes[9]));
	cr_assert(overlay_value_next(result(), DATA_DICTIONARY, &at, &v));
	cr_expect(!v.proven && hit_equal(&v.signer, &nodes[3]));
}

Test(search, what_nobody_proves_is_the_result_when_both_keys_have_spoken)
{
	struct overlay_value v;
	struct asked a;
	size_t at = 0, n = 0;

	careful = m.unproven = true;
	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	answer_as(&a, behind(0, 0), &nodes[3], 0, MEMBER_WALL_MS);
	cr_assert_null(result());
	deny_all(true);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_FOUND);
	while (overlay_value_next(result(), DATA_DICTIONARY, &at, &v))
		n += hit_equal(&v.signer, &nodes[3]);
	cr_expect_eq(n, 1);
}

/* The same value so often that there is little room for others. */
static void answer_often(const struct asked *a, const struct hit *source,
			 const struct hit *owner, size_t key)
{
	enum { HEAD = 1 + ID_LEN + 1, FRAME = 20, BYTES = 4000 };
	uint8_t body[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(body, sizeof(body));
	size_t len = member_store_body(owner, &keys[key], 0, MEMBER_WALL_MS,
				       scratch, sizeof(scratch)) -
		     HEAD;

	wr_bytes(&w, scratch + HEAD, FRAME);
	while (wr_len(&w) < BYTES)
		wr_bytes(&w, scratch + HEAD + FRAME, len - FRAME);
	/* The lengths of all kinds, and of the values of this one. */
	wr_u16_at(&w, 2, (uint16_t)(wr_len(&w) - 4));
	wr_u16_at(&w, FRAME - 2, (uint16_t)(wr_len(&w) - FRAME));
	answer(a, source, RELOAD_FETCH_ANS, (struct span){ body, wr_len(&w) });
}

/* Who fills the room must not make others unheard. */
Test(search, where_something_was_left_out_nothing_unproven_is_an_answer)
{
	careful = m.unproven = true;
	look_up();
	for (size_t round = 0; round < 40 && !result(); round++) {
		struct asked a;
		size_t key;

		if (!request(RELOAD_FETCH_REQ, 0, &a)) {
			member_pass(&m, REQUEST_FIRST_MS);
			continue;
		}
		key = asked_key(&a);
		answer_often(&a, behind(key, round % 3), &nodes[3], key);
	}
	cr_assert_gt(disbelieved(), 20);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_UNREACHABLE);
	cr_expect_eq(result()->len, 0);
}

Test(search, what_no_store_would_take_any_more_is_not_believed)
{
	const uint64_t oldest = MEMBER_WALL_MS - STORE_LIFETIME_MAX_S * 1000ull;
	struct asked a, b;

	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	answer_as(&a, &a.to, &nodes[9], 0, oldest);
	cr_assert_null(result());
	cr_expect_eq(disbelieved(), 1);
	cr_assert(request(RELOAD_FETCH_REQ, 0, &b));
	answer_as(&b, &b.to, &nodes[9], 1, oldest + 60000);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_FOUND);
}

Test(search, what_is_of_a_time_to_come_is_not_believed)
{
	const uint64_t latest = MEMBER_WALL_MS + STORE_SKEW_MS;
	struct asked a, b;

	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	answer_as(&a, &a.to, &nodes[9], 0, latest + 1);
	cr_assert_null(result());
	cr_expect_eq(disbelieved(), 1);
	cr_assert(request(RELOAD_FETCH_REQ, 0, &b));
	answer_as(&b, &b.to, &nodes[9], 1, latest);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_FOUND);
}

/* A value that says it is there, in the form of one that is not: signed by
 * nobody (RFC 6940 7.4.2.2). */
static void answer_unsigned(const struct asked *a, const struct hit *owner)
{
	static const uint8_t none[] = { SIGNER_NONE, 0, 0 };
	const struct stored v = {
		.storage_time_ms = MEMBER_WALL_MS,
		.lifetime_s = 3600,
		.key = { owner->bytes, ID_LEN },
		.exists = true,
		.data = { owner->bytes, ID_LEN },
	};
	uint8_t value[128];
	struct wr w = wr_init(value, sizeof(value));
	struct wr body = wr_init(scratch, sizeof(scratch));
	struct store_writer sw = fetch_ans_begin(&body, MEMBER_DICTIONARY, 0);
	struct stored s = v;

	stored_value_write(&w, DATA_DICTIONARY, &v);
	s.value = (struct span){ value, wr_len(&w) };
	s.signature = (struct reload_signature){ .identity_type = SIGNER_NONE,
						 .identity = none,
						 .identity_len = sizeof(none) };
	stored_write(&body, &s);
	fetch_ans_end(&body, &sw);
	cr_assert_not(wr_failed(&body));
	answer(a, &a->to, RELOAD_FETCH_ANS,
	       (struct span){ scratch, wr_len(&body) });
}

Test(search, a_value_that_nobody_has_signed_is_none)
{
	struct asked a;

	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	answer_unsigned(&a, &nodes[9]);
	cr_expect_null(result());
	cr_expect_eq(disbelieved(), 1);
	cr_expect_eq(requests(RELOAD_FETCH_REQ), 3, "others are asked");
}

/* A StatAns that tells of two values. */
static void answer_stat(const struct asked *a)
{
	static const uint8_t hash[32];
	struct wr w = wr_init(scratch, sizeof(scratch));
	struct store_writer at = fetch_ans_begin(&w, MEMBER_DICTIONARY, 1);

	for (size_t i = 0; i < 2; i++) {
		struct stored v = { .storage_time_ms = MEMBER_WALL_MS,
				    .lifetime_s = 600,
				    .key = { nodes[i].bytes, ID_LEN },
				    .exists = true };

		stored_meta_write(&w, DATA_DICTIONARY, &v, hash);
	}
	fetch_ans_end(&w, &at);
	answer(a, &a->to, RELOAD_STAT_ANS,
	       (struct span){ scratch, wr_len(&w) });
}

Test(search, what_is_too_long_for_an_answer_is_fetched_in_pages)
{
	struct error_body e = { .code = RELOAD_ERROR_RESPONSE_TOO_LARGE };
	struct asked a, page[2];
	struct overlay_value v;
	uint8_t body[8];
	struct wr w = wr_init(body, sizeof(body));
	size_t at = 0;

	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	error_write(&w, &e);
	answer(&a, &a.to, RELOAD_ERROR, (struct span){ body, wr_len(&w) });
	cr_assert(request(RELOAD_STAT_REQ, 0, &a));
	cr_expect_eq(requests(RELOAD_FETCH_REQ), 0);
	answer_stat(&a);
	cr_assert(request(RELOAD_FETCH_REQ, 0, &page[0]));
	cr_assert(request(RELOAD_FETCH_REQ, 1, &page[1]));
	/* Their bytes are the outputs', which the next call forgets. */
	answer_value(&page[0], &nodes[0], 0);
	cr_assert_null(result());
	answer_value(&page[1], &nodes[1], 0);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_FOUND);
	for (size_t i = 0; i < 2; i++)
		cr_expect(
			overlay_value_next(result(), DATA_DICTIONARY, &at, &v));
	cr_expect_eq(at, result()->len);
}

Test(search, pages_that_do_not_come_give_what_there_is)
{
	struct error_body e = { .code = RELOAD_ERROR_RESPONSE_TOO_LARGE };
	struct asked a;
	uint8_t body[8];
	struct wr w = wr_init(body, sizeof(body));

	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	error_write(&w, &e);
	answer(&a, &a.to, RELOAD_ERROR, (struct span){ body, wr_len(&w) });
	cr_assert(request(RELOAD_STAT_REQ, 0, &a));
	answer_stat(&a);
	cr_assert(request(RELOAD_FETCH_REQ, 1, &a));
	answer_value(&a, &nodes[1], 0);
	cr_assert_null(result());
	member_pass(&m, 20000);
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_FOUND);
}

static void say_too_large(const struct asked *a)
{
	struct error_body e = { .code = RELOAD_ERROR_RESPONSE_TOO_LARGE };
	uint8_t body[8];
	struct wr w = wr_init(body, sizeof(body));

	error_write(&w, &e);
	answer(a, &a->to, RELOAD_ERROR, (struct span){ body, wr_len(&w) });
}

Test(search, holders_of_pages_that_are_not_there_have_one_try_for_each_key)
{
	int stats = 0;

	look_up();
	for (int i = 0; i < 60 && !result(); i++) {
		struct asked a;

		if (request(RELOAD_STAT_REQ, 0, &a)) {
			stats++;
			deny(&a, &a.to);
		} else if (request(RELOAD_FETCH_REQ, 0, &a)) {
			say_too_large(&a);
		} else {
			member_pass(&m, 1000);
		}
	}
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_UNREACHABLE);
	cr_expect_eq(stats, 2);
}

Test(search, an_answer_to_nothing_is_nothing)
{
	struct asked a;

	look_up();
	cr_assert(request(RELOAD_FETCH_REQ, 0, &a));
	a.m.header.transaction_id++;
	answer_value(&a, &nodes[9], 0);
	cr_expect_null(result());
}

Test(search, a_record_goes_to_owners_and_copies_of_both_keys)
{
	bool first = false, second = false;
	struct asked a;

	publish(MEMBER_DICTIONARY, 20);
	cr_assert_eq(requests(RELOAD_STORE_REQ), 4);
	for (size_t i = 0; request(RELOAD_STORE_REQ, i, &a); i++) {
		struct store_req req;

		cr_assert(store_req_parse(rd_init(a.m.body.bytes, a.m.body.len),
					  &req));
		first |= memcmp(&req.resource, &keys[0], ID_LEN) == 0;
		second |= memcmp(&req.resource, &keys[1], ID_LEN) == 0;
	}
	cr_expect(first && second);
}

/* Of the nodes, the n-th at or behind the place that a request goes to. */
static const struct hit *holder(const struct asked *a, size_t n)
{
	const struct destination_list *to = &a->m.header.destination;
	ring_t from = id_of_resource(&to->at[to->n - 1].resource);
	const struct hit *best = NULL;

	for (size_t k = 0; k <= n; k++) {
		const struct hit *next = NULL;

		for (size_t i = 0; i < NODES; i++) {
			ring_t d = id_distance(from, id_of_node(&nodes[i]));

			if ((!best ||
			     d > id_distance(from, id_of_node(best))) &&
			    (!next || d < id_distance(from, id_of_node(next))))
				next = &nodes[i];
		}
		best = next;
	}
	return best;
}

/* 6.3.4: it cannot own the place. */
Test(search, a_store_is_not_answered_from_far_off)
{
	static const uint8_t body[2];
	struct asked a;

	publish(MEMBER_DICTIONARY, 20);
	cr_assert(request(RELOAD_STORE_REQ, 0, &a));
	answer(&a, holder(&a, NODES - 2), RELOAD_STORE_ANS,
	       (struct span){ body, sizeof(body) });
	member_pass(&m, 60000);
	cr_assert(member_find(&m, OVERLAY_STORED));
	cr_expect_eq(member_find(&m, OVERLAY_STORED)->copies, 0);
	cr_expect_eq(member_find(&m, OVERLAY_STORED)->result,
		     OVERLAY_UNREACHABLE);
}

Test(search, what_is_stored_once_is_stored)
{
	struct asked a;
	uint8_t body[16] = { 0 };

	publish(MEMBER_DICTIONARY, 20);
	cr_assert(request(RELOAD_STORE_REQ, 0, &a));
	answer(&a, holder(&a, 0), RELOAD_STORE_ANS, (struct span){ body, 2 });
	cr_expect_null(member_find(&m, OVERLAY_STORED));
	member_pass(&m, 60000);
	cr_assert(member_find(&m, OVERLAY_STORED));
	cr_expect_eq(member_find(&m, OVERLAY_STORED)->result, OVERLAY_FOUND);
	cr_expect_eq(member_find(&m, OVERLAY_STORED)->copies, 1);
	cr_expect_not(member_find(&m, OVERLAY_STORED)->is_whole);
}

/* The first n of the Stores get their answer. */
static void answer_stores(struct asked *a, size_t n)
{
	static const uint8_t body[2];

	for (size_t i = 0; i < n; i++)
		answer(&a[i], holder(&a[i], 0), RELOAD_STORE_ANS,
		       (struct span){ body, sizeof(body) });
}

/* Publishes, and takes the Stores to the n-th holder of each key. */
static void publish_to(size_t n, struct asked a[2])
{
	publish(MEMBER_DICTIONARY, 20);
	for (size_t key = 0; key < 2; key++)
		cr_assert(request(RELOAD_STORE_REQ, 2 * n + key, &a[key]));
}

Test(search, one_of_each_key_is_enough_and_said_at_once)
{
	struct asked a[2];

	publish_to(0, a);
	answer_stores(a, 1);
	cr_expect_null(member_find(&m, OVERLAY_STORED_ENOUGH));
	answer_stores(&a[1], 1);
	cr_assert(member_find(&m, OVERLAY_STORED_ENOUGH));
	cr_expect_eq(member_find(&m, OVERLAY_STORED_ENOUGH)->id, ID);
	cr_expect_null(member_find(&m, OVERLAY_STORED));
	member_pass(&m, 60000);
	cr_expect_null(member_find(&m, OVERLAY_STORED_ENOUGH), "once");
	cr_assert(member_find(&m, OVERLAY_STORED));
	cr_expect_eq(member_find(&m, OVERLAY_STORED)->copies, 2);
	cr_expect(member_find(&m, OVERLAY_STORED)->is_whole);
}

/* An owner that has not got it would deny it. */
Test(search, what_no_owner_has_is_not_enough_at_once)
{
	struct asked a[2];

	publish_to(1, a);
	answer_stores(a, 2);
	cr_expect_null(member_find(&m, OVERLAY_STORED_ENOUGH));
	member_pass(&m, 2 * REQUEST_FIRST_MS);
	cr_expect(member_find(&m, OVERLAY_STORED_ENOUGH));
}

Test(search, one_of_one_key_is_enough_when_the_others_had_time)
{
	struct asked a;

	publish(MEMBER_DICTIONARY, 20);
	cr_assert(request(RELOAD_STORE_REQ, 0, &a));
	answer_stores(&a, 1);
	member_pass(&m, 2 * REQUEST_FIRST_MS - 1000);
	cr_expect_null(member_find(&m, OVERLAY_STORED_ENOUGH));
	member_pass(&m, 1000);
	cr_expect(member_find(&m, OVERLAY_STORED_ENOUGH));
	cr_expect_null(member_find(&m, OVERLAY_STORED));
}

Test(search, what_nobody_has_is_never_enough)
{
	publish(MEMBER_DICTIONARY, 20);
	for (size_t i = 0; i < 60; i++) {
		member_pass(&m, 1000);
		cr_expect_null(member_find(&m, OVERLAY_STORED_ENOUGH));
	}
}

Test(search, what_nobody_answers_is_not_stored)
{
	publish(MEMBER_DICTIONARY, 20);
	member_pass(&m, 60000);
	cr_assert(member_find(&m, OVERLAY_STORED));
	cr_expect_eq(member_find(&m, OVERLAY_STORED)->result,
		     OVERLAY_UNREACHABLE);
}

Test(search, what_cannot_be_stored_is_refused_at_once)
{
	publish(99, 20);
	cr_assert(member_find(&m, OVERLAY_STORED));
	cr_expect_eq(member_find(&m, OVERLAY_STORED)->result, OVERLAY_ABSENT);
	publish(MEMBER_DICTIONARY, OVERLAY_VALUE_MAX + 1);
	cr_expect(member_find(&m, OVERLAY_STORED));
	publish(MEMBER_DICTIONARY, OVERLAY_VALUE_MAX);
	cr_expect_null(member_find(&m, OVERLAY_STORED));
}

Test(search, what_nobody_signs_is_not_stored)
{
	m.mute = true;
	publish(MEMBER_DICTIONARY, 20);
	cr_assert(member_find(&m, OVERLAY_STORED));
	cr_expect_eq(member_find(&m, OVERLAY_STORED)->copies, 0);
}

Test(search, lookups_have_a_limit)
{
	for (size_t i = 0; i < OVERLAY_SEARCHES_MAX; i++) {
		look_up();
		cr_assert_null(result());
	}
	look_up();
	cr_assert(result());
	cr_expect_eq(result()->result, OVERLAY_UNREACHABLE);
}
