/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Bodies that keep the ring: RFC 6940 6.3.3.1, 6.4.2, 6.5.3, 10.7 to 10.9. */
#include "tests/unit/reload_samples.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t bytes[RELOAD_MESSAGE_MAX], again[RELOAD_MESSAGE_MAX];

/* Parses a body of that kind and writes it again into w. */
static bool rewrite(const char *name, struct rd r, struct wr *w)
{
	static struct chord_update update;
	static struct chord_leave leave;
	union {
		struct ping_ans ping;
		struct probe_req probe_req;
		struct probe_ans probe_ans;
		struct join_req join;
		struct route_query_req query;
		struct error_body error;
		struct hit node;
		struct span data;
	} v;

#define REWRITE(parse, write)                                                  \
	do {                                                                   \
		if (!(parse))                                                  \
			return false;                                          \
		write;                                                         \
		return true;                                                   \
	} while (0)
	if (strcmp(name, "ping_req") == 0)
		REWRITE(ping_req_parse(r), ping_req_write(w, 0));
	if (strcmp(name, "ping_ans") == 0)
		REWRITE(ping_ans_parse(r, &v.ping), ping_ans_write(w, &v.ping));
	if (strcmp(name, "probe_req") == 0)
		REWRITE(probe_req_parse(r, &v.probe_req),
			probe_req_write(w, &v.probe_req));
	if (strcmp(name, "probe_ans") == 0)
		REWRITE(probe_ans_parse(r, &v.probe_ans),
			probe_ans_write(w, &v.probe_ans));
	if (strcmp(name, "join_req") == 0 || strcmp(name, "leave_req") == 0)
		REWRITE(join_req_parse(r, &v.join), join_req_write(w, &v.join));
	if (strcmp(name, "join_ans") == 0)
		REWRITE(join_ans_parse(r, &v.data), join_ans_write(w, v.data));
	if (strncmp(name, "update_", 7) == 0)
		REWRITE(chord_update_parse(r, &update),
			chord_update_write(w, &update));
	if (strcmp(name, "chord_leave") == 0)
		REWRITE(chord_leave_parse(r, &leave),
			chord_leave_write(w, &leave));
	if (strcmp(name, "route_query_req") == 0)
		REWRITE(route_query_req_parse(r, &v.query),
			route_query_req_write(w, &v.query));
	if (strcmp(name, "route_query_ans") == 0)
		REWRITE(route_query_ans_parse(r, &v.node),
			route_query_ans_write(w, &v.node));
	if (strcmp(name, "error") == 0)
		REWRITE(error_parse(r, &v.error), error_write(w, &v.error));
#undef REWRITE
	return false;
}

/* The body of a sample; 0 when it is not one of this file's. */
static size_t body_of(const struct reload_sample *s)
{
	static const char *const others[] = {
		"store", "fetch", "stat", "find", "leave_ans", "update_ans"
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strncmp(s->name, others[i], strlen(others[i])) == 0)
			return 0;
	}
	return reload_sample_body(s, bytes, sizeof(bytes));
}

Test(body, what_is_parsed_and_written_is_the_same)
{
	size_t seen = 0;

	for (size_t i = 0; i < reload_samples_count; i++) {
		const struct reload_sample *s = &reload_samples[i];
		size_t len = body_of(s);
		struct wr w = wr_init(again, sizeof(again));

		if (len == 0)
			continue;
		cr_assert(rewrite(s->name, rd_init(bytes, len), &w), "%s",
			  s->name);
		cr_assert_eq(wr_len(&w), len, "%s", s->name);
		cr_expect_arr_eq(again, bytes, len);
		seen++;
	}
	cr_expect_eq(seen, 13);
}

Test(body, each_truncation_and_a_byte_too_many_are_refused)
{
	for (size_t i = 0; i < reload_samples_count; i++) {
		const struct reload_sample *s = &reload_samples[i];
		size_t len = body_of(s);
		struct wr w = wr_init(again, sizeof(again));

		if (len == 0)
			continue;
		for (size_t n = 0; n < len; n++)
			cr_expect_not(rewrite(s->name, rd_init(bytes, n), &w),
				      "%s cut to %zu", s->name, n);
		bytes[len] = 0;
		cr_expect_not(rewrite(s->name, rd_init(bytes, len + 1), &w),
			      "%s", s->name);
	}
}

Test(body, data_of_a_leave_round_trips_and_is_refused_when_cut)
{
	struct chord_leave leave = { .type = CHORD_LEAVE_FROM_PRED };
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct wr v = wr_init(again, sizeof(again));
	size_t len;

	leave.nodes.n = 2;
	leave.nodes.at[0] = sample_hit(1);
	leave.nodes.at[1] = sample_hit(2);
	chord_leave_write(&w, &leave);
	len = wr_len(&w);
	cr_assert(rewrite("chord_leave", rd_init(bytes, len), &v));
	cr_expect_arr_eq(again, bytes, len);
	for (size_t n = 0; n < len; n++)
		cr_expect_not(rewrite("chord_leave", rd_init(bytes, n), &v));
	bytes[0] = 3;
	cr_expect_not(rewrite("chord_leave", rd_init(bytes, len), &v));
	bytes[0] = 0;
	cr_expect_not(rewrite("chord_leave", rd_init(bytes, len), &v));
}

Test(body, a_list_of_128_nodes_passes_and_one_more_does_not)
{
	static struct chord_update update;
	struct wr w = wr_init(bytes, sizeof(bytes));

	wr_u32(&w, 1);
	wr_u8(&w, CHORD_NEIGHBORS);
	wr_u16(&w, 128 * ID_LEN);
	wr_zero(&w, 128 * ID_LEN);
	wr_u16(&w, 0);
	cr_assert(chord_update_parse(rd_init(bytes, wr_len(&w)), &update));
	cr_expect_eq(update.predecessors.n, 128);
	w = wr_init(bytes, sizeof(bytes));
	wr_u32(&w, 1);
	wr_u8(&w, CHORD_NEIGHBORS);
	wr_u16(&w, 129 * ID_LEN);
	wr_zero(&w, 129 * ID_LEN);
	wr_u16(&w, 0);
	cr_expect_not(chord_update_parse(rd_init(bytes, wr_len(&w)), &update));
}

Test(body, a_list_that_is_no_multiple_of_16_is_refused)
{
	static struct chord_update update;
	struct wr w = wr_init(bytes, sizeof(bytes));

	wr_u32(&w, 1);
	wr_u8(&w, CHORD_NEIGHBORS);
	wr_u16(&w, 17);
	wr_zero(&w, 17);
	wr_u16(&w, 0);
	cr_expect_not(chord_update_parse(rd_init(bytes, wr_len(&w)), &update));
}

Test(body, update_types_other_than_three_are_refused)
{
	static struct chord_update update;
	uint8_t v[5] = { 0 };

	for (unsigned int type = 0; type < 256; type++) {
		v[4] = (uint8_t)type;
		cr_expect_eq(chord_update_parse(rd_init(v, 5), &update),
			     type == CHORD_PEER_READY, "%u", type);
	}
}

Test(body, a_boolean_is_0_or_1)
{
	struct route_query_req v;
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct hit node = sample_hit(1);
	struct destination d = destination_node(&node);

	wr_u8(&w, 2);
	destination_write(&w, &d);
	wr_u16(&w, 0);
	cr_expect_not(route_query_req_parse(rd_init(bytes, wr_len(&w)), &v));
	bytes[0] = 0;
	cr_expect(route_query_req_parse(rd_init(bytes, wr_len(&w)), &v));
}

Test(body, unknown_probe_information_is_skipped)
{
	/* 6.4.2.5.2: its length is there for this. */
	static const uint8_t body[] = { 0, 14, 9, 6, 1, 2, 3, 4,
					5, 6,  3, 4, 0, 0, 0, 7 };
	struct probe_ans v;

	cr_assert(probe_ans_parse(rd_init(body, sizeof(body)), &v));
	cr_assert_eq(v.n, 1);
	cr_expect_eq(v.at[0].type, PROBE_UPTIME);
	cr_expect_eq(v.at[0].value, 7);
}

Test(body, known_probe_information_of_another_length_is_refused)
{
	static const uint8_t body[] = { 0, 7, 3, 5, 0, 0, 0, 7, 0 };
	struct probe_ans v;

	cr_expect_not(probe_ans_parse(rd_init(body, sizeof(body)), &v));
}

Test(body, more_probe_types_than_we_take_are_cut)
{
	uint8_t body[256] = { 255 };
	struct probe_req v;

	cr_assert(probe_req_parse(rd_init(body, 256), &v));
	cr_expect_eq(v.n, PROBE_INFO_MAX);
}
