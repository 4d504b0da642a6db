/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Stored data and its messages: RFC 6940 7.1, 7.2, 7.4. */
#include "tests/unit/reload_samples.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t bytes[RELOAD_MESSAGE_MAX], again[RELOAD_MESSAGE_MAX];

static size_t body_of(const char *name)
{
	for (size_t i = 0; i < reload_samples_count; i++) {
		if (strcmp(reload_samples[i].name, name) == 0)
			return reload_sample_body(&reload_samples[i], bytes,
						  sizeof(bytes));
	}
	cr_assert_fail("no such sample");
	return 0;
}

/* Walks the values of a list of kinds; false when anything is malformed. */
static bool walk(struct rd kinds, bool meta, size_t *n)
{
	struct store_kind kind;

	*n = 0;
	while (store_kind_next(&kinds, &kind)) {
		struct stored v;

		while (!meta && stored_next(&kind.values, DATA_DICTIONARY, &v))
			++*n;
		if (!meta && !rd_done(&kind.values))
			return false;
	}
	return rd_done(&kinds);
}

static bool walk_specifiers(struct rd r, size_t *n)
{
	struct span keys[FETCH_KEYS_MAX];
	struct fetch_specifier s;

	while (fetch_specifier_next(&r, &s)) {
		if (!fetch_keys_parse(s.model, keys, n))
			return false;
	}
	return rd_done(&r);
}

/* Parses a body to its last value; counts the values. */
static bool parse(const char *name, struct rd r, size_t *n)
{
	struct store_ans_kind ans;
	struct store_req store;
	struct fetch_req fetch;
	struct find_req find;
	struct find_ans found;
	struct rd kinds;

	if (strcmp(name, "store_req") == 0)
		return store_req_parse(r, &store) &&
		       walk(store.kinds, false, n);
	if (strcmp(name, "store_ans") == 0) {
		if (!store_ans_parse(r, &kinds))
			return false;
		for (*n = 0; store_ans_next(&kinds, &ans);)
			++*n;
		return rd_done(&kinds);
	}
	if (strncmp(name, "fetch_req", 9) == 0)
		return fetch_req_parse(r, &fetch) &&
		       walk_specifiers(fetch.specifiers, n);
	if (strncmp(name, "fetch_ans", 9) == 0)
		return fetch_ans_parse(r, &kinds) && walk(kinds, false, n);
	if (strcmp(name, "stat_ans") == 0)
		return fetch_ans_parse(r, &kinds) && walk(kinds, true, n);
	if (strcmp(name, "find_req") == 0) {
		*n = 0;
		return find_req_parse(r, &find) && (*n = find.n, true);
	}
	return find_ans_parse(r, &found) && (*n = found.n, true);
}

static const struct {
	const char *name;
	size_t values;
} messages[] = {
	{ "store_req", 2 },	 { "store_ans", 1 }, { "fetch_req", 0 },
	{ "fetch_req_keys", 2 }, { "fetch_ans", 1 }, { "fetch_ans_absent", 1 },
	{ "stat_ans", 0 },	 { "find_req", 2 },  { "find_ans", 1 },
};

Test(stored, each_message_is_parsed_to_its_last_value)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		size_t len = body_of(messages[i].name), n = 99;

		cr_assert(parse(messages[i].name, rd_init(bytes, len), &n),
			  "%s", messages[i].name);
		cr_expect_eq(n, messages[i].values, "%s", messages[i].name);
	}
}

Test(stored, each_truncation_and_a_byte_too_many_are_refused)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		const char *name = messages[i].name;
		size_t len = body_of(name), n;

		for (size_t cut = 0; cut < len; cut++)
			cr_expect_not(parse(name, rd_init(bytes, cut), &n),
				      "%s cut to %zu", name, cut);
		bytes[len] = 0;
		cr_expect_not(parse(name, rd_init(bytes, len + 1), &n), "%s",
			      name);
	}
}

Test(stored, a_value_is_written_as_it_was_parsed)
{
	size_t len = body_of("store_req");
	struct store_req req;
	struct store_kind kind;
	struct stored v;
	size_t n = 0;

	cr_assert(store_req_parse(rd_init(bytes, len), &req));
	cr_assert(store_kind_next(&req.kinds, &kind));
	while (stored_next(&kind.values, DATA_DICTIONARY, &v)) {
		struct wr w = wr_init(again, sizeof(again));

		stored_write(&w, &v);
		cr_assert_eq(wr_len(&w), v.whole.len);
		cr_expect_arr_eq(again, v.whole.bytes, v.whole.len);
		cr_expect_eq(v.key.len, ID_LEN);
		cr_expect_eq(v.lifetime_s, 86400);
		cr_expect(v.exists);
		n++;
	}
	cr_expect(rd_done(&kind.values));
	cr_expect_eq(n, 2);
}

Test(stored, a_signature_covers_resource_kind_time_value_and_signer)
{
	struct resource_id id = { { 0xaa, [15] = 0xbb } };
	struct hit key = sample_hit(1);
	uint8_t scratch[512];
	struct stored v = sample_stored(&key, scratch);
	struct wr w = wr_init(again, sizeof(again));
	struct rd r;

	stored_signed_write(&w, &id, 7, DATA_DICTIONARY, &v);
	r = rd_init(again, wr_len(&w));
	cr_expect_eq(rd_u8(&r), ID_LEN);
	cr_expect_arr_eq(rd_bytes(&r, ID_LEN), id.bytes, ID_LEN);
	cr_expect_eq(rd_u32(&r), 7);
	cr_expect_eq(rd_u64(&r), v.storage_time_ms);
	cr_expect_arr_eq(rd_bytes(&r, v.value.len), v.value.bytes, v.value.len);
	cr_assert_eq(rd_left(&r), v.signature.identity_len);
	cr_expect_arr_eq(r.p, v.signature.identity, v.signature.identity_len);
}

Test(stored, an_arrays_index_is_signed_as_zero)
{
	/* RFC 6940 7.4.2.2. */
	struct resource_id id = { { 1 } };
	uint8_t at_7[64], appended[64], data[2] = { 1, 2 };
	size_t lens[2];

	for (int i = 0; i < 2; i++) {
		struct stored v = { .index = i ? STORED_APPEND : 7,
				    .exists = true,
				    .data = { data, 2 },
				    .signature = sample_signature() };
		uint8_t value[32];
		struct wr vw = wr_init(value, sizeof(value));
		struct wr w = wr_init(again, sizeof(again));

		stored_value_write(&vw, DATA_ARRAY, &v);
		v.value = (struct span){ value, wr_len(&vw) };
		stored_signed_write(&w, &id, 7, DATA_ARRAY, &v);
		lens[i] = wr_len(&w);
		memcpy(i ? appended : at_7, again + 29, 16);
	}
	cr_expect_eq(lens[0], lens[1]);
	cr_expect_arr_eq(at_7, appended, 16);
	cr_expect_arr_eq(at_7, "\0\0\0\0\1\0\0\0\2\1\2", 11);
}

Test(stored, what_is_absent_has_no_signature)
{
	size_t len = body_of("fetch_ans_absent");
	struct store_kind kind;
	struct rd kinds;
	struct stored v;

	cr_assert(fetch_ans_parse(rd_init(bytes, len), &kinds));
	cr_assert(fetch_ans_next(&kinds, &kind));
	cr_expect_eq(kind.generation, 5);
	cr_assert(stored_next(&kind.values, DATA_DICTIONARY, &v));
	cr_expect_not(v.exists);
	cr_expect_eq(v.signature.identity_type, SIGNER_NONE);
	cr_expect_eq(v.signature.hash_alg, 0);
	cr_expect_eq(v.signature.sig_alg, 0);
	cr_expect_eq(v.signature.value_len, 0);
	cr_expect_eq(v.data.len, 0);
}

Test(stored, a_resource_id_of_another_length_is_refused)
{
	static const uint8_t lens[] = { 0, 15, 17, 255 };
	size_t len = body_of("store_req"), n;

	for (size_t i = 0; i < sizeof(lens); i++) {
		bytes[0] = lens[i];
		cr_expect_not(parse("store_req", rd_init(bytes, len), &n));
	}
}

Test(stored, sixteen_keys_pass_and_seventeen_do_not)
{
	struct resource_id id = { { 1 } };
	struct hit node = sample_hit(1);
	struct span keys[17];
	size_t n = 0;

	for (size_t i = 0; i < 17; i++)
		keys[i] = (struct span){ node.bytes, ID_LEN };
	for (size_t count = 16; count <= 17; count++) {
		struct wr w = wr_init(bytes, sizeof(bytes));

		fetch_req_write_keys(&w, &id, 1, keys, count);
		cr_expect_eq(parse("fetch_req", rd_init(bytes, wr_len(&w)), &n),
			     count == 16);
	}
	cr_expect_eq(n, 16);
}

Test(stored, ranges_are_read_and_one_that_runs_backwards_is_refused)
{
	struct resource_id id = { { 1 } };
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct fetch_specifier s;
	struct fetch_req req;
	uint32_t first, last;
	struct rd ranges;

	fetch_req_write_range(&w, &id, 9, 4, 11);
	cr_assert(fetch_req_parse(rd_init(bytes, wr_len(&w)), &req));
	cr_assert(fetch_specifier_next(&req.specifiers, &s));
	cr_expect_eq(s.kind, 9);
	cr_assert(fetch_ranges_parse(s.model, &ranges));
	cr_assert(fetch_range_next(&ranges, &first, &last));
	cr_expect_eq(first, 4);
	cr_expect_eq(last, 11);
	cr_expect_not(fetch_range_next(&ranges, &first, &last));
	cr_expect(rd_done(&ranges));

	w = wr_init(bytes, sizeof(bytes));
	fetch_req_write_range(&w, &id, 9, 5, 4);
	cr_assert(fetch_req_parse(rd_init(bytes, wr_len(&w)), &req));
	cr_assert(fetch_specifier_next(&req.specifiers, &s));
	cr_assert(fetch_ranges_parse(s.model, &ranges));
	cr_expect_not(fetch_range_next(&ranges, &first, &last));
	cr_expect_not(rd_done(&ranges));
}

Test(stored, a_kind_twice_in_a_find_is_refused)
{
	struct find_req v = { .kinds = { 1, 2 }, .n = 2 };
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct find_req out;

	find_req_write(&w, &v);
	cr_expect(find_req_parse(rd_init(bytes, wr_len(&w)), &out));
	bytes[wr_len(&w) - 1] = 1;
	cr_expect_not(find_req_parse(rd_init(bytes, wr_len(&w)), &out));
}

Test(stored, eight_kinds_in_a_find_pass_and_nine_do_not)
{
	for (uint8_t n = 8; n <= 9; n++) {
		struct wr w = wr_init(bytes, sizeof(bytes));
		struct find_req out;

		wr_u8(&w, ID_LEN);
		wr_zero(&w, ID_LEN);
		wr_u8(&w, (uint8_t)(4 * n));
		for (uint32_t i = 0; i < n; i++)
			wr_u32(&w, i);
		cr_expect_eq(find_req_parse(rd_init(bytes, wr_len(&w)), &out),
			     n == 8);
	}
}

Test(stored, replicas_that_are_no_node_ids_are_refused)
{
	struct store_ans_kind v = { 1, 2, { bytes + 1000, 15 } }, out;
	struct wr w = wr_init(bytes, 500);
	struct rd kinds;

	store_ans_write(&w, &v, 1);
	cr_assert(store_ans_parse(rd_init(bytes, wr_len(&w)), &kinds));
	cr_expect_not(store_ans_next(&kinds, &out));
	cr_expect_not(rd_done(&kinds));
}

Test(stored, exists_is_0_or_1)
{
	size_t len = body_of("fetch_ans_absent"), n;
	/* kind_responses 4, kind 4, generation 8, values 4; StoredData: length
	 * 4, time 8, lifetime 4, key 2 + 16. */
	size_t at = 20 + 16 + 18;

	cr_assert_eq(bytes[at], 0);
	bytes[at] = 2;
	cr_expect_not(parse("fetch_ans", rd_init(bytes, len), &n));
	bytes[at] = 1;
	cr_expect(parse("fetch_ans", rd_init(bytes, len), &n));
}

Test(stored, metadata_read_as_written)
{
	static const uint8_t hash[32] = { 1 }, key[] = "key";
	struct stored v = { .storage_time_ms = 7,
			    .lifetime_s = 9,
			    .key = { key, 3 },
			    .exists = true };
	uint8_t meta[128];
	struct wr w = wr_init(meta, sizeof(meta));
	struct stored out;
	struct rd r;

	stored_meta_write(&w, DATA_DICTIONARY, &v, hash);
	r = rd_init(meta, wr_len(&w));
	cr_assert(stored_meta_next(&r, DATA_DICTIONARY, &out));
	cr_expect_eq(out.storage_time_ms, 7);
	cr_expect_eq(out.lifetime_s, 9);
	cr_expect(out.exists);
	cr_expect_eq(out.key.len, 3);
	cr_expect_not(stored_meta_next(&r, DATA_DICTIONARY, &out));
	cr_expect(rd_done(&r));
	for (size_t n = 1; n < wr_len(&w); n++) {
		r = rd_init(meta, n);
		cr_expect_not(stored_meta_next(&r, DATA_DICTIONARY, &out));
		cr_expect(rd_failed(&r), "%zu bytes", n);
	}
}

Test(stored, of_a_single_value_nothing_more_is_asked)
{
	const struct resource_id at = { { 1, 2, 3 } };
	uint8_t buf[64];
	struct wr w = wr_init(buf, sizeof(buf));
	struct fetch_specifier spec;
	struct fetch_req req;

	fetch_req_write_single(&w, &at, 9);
	cr_assert_not(wr_failed(&w));
	cr_assert(fetch_req_parse(rd_init(buf, wr_len(&w)), &req));
	cr_assert(fetch_specifier_next(&req.specifiers, &spec));
	cr_expect_eq(spec.kind, 9);
	cr_expect_eq(rd_left(&spec.model), 0, "RFC 6940 7.4.2.1");
	cr_expect(rd_done(&req.specifiers));
}
