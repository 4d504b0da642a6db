/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* What the engine and the resolver say to each other. */
#include "daemon/base/resolve.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t body[RESOLVE_BODY_MAX];

Test(resolve, a_start_comes_as_it_was_sent)
{
	const struct resolve_start s = { .uid = 70000, .gid = 5, .log = 3 };
	struct resolve_start back;
	size_t len = resolve_start_write(&s, body, sizeof(body));

	cr_assert(resolve_start_parse(body, len, &back));
	cr_assert_eq(back.uid, 70000);
	cr_assert_eq(back.gid, 5);
	cr_assert_eq(back.log, 3);
	cr_assert_not(resolve_start_parse(body, len - 1, &back));
	cr_assert_not(resolve_start_parse(body, len + 1, &back));
	body[len - 1] = 4;
	cr_assert_not(resolve_start_parse(body, len, &back), "no such level");
}

Test(resolve, a_configuration_comes_as_it_was_sent)
{
	struct resolve_config c = { .suffix = "hip.internal",
				    .n_upstreams = 2,
				    .log = 1 };
	struct resolve_config back;
	size_t len;

	c.upstreams[1].addr[15] = 9;
	c.upstreams[1].port = 53;
	len = resolve_config_write(&c, body, sizeof(body));
	cr_assert(resolve_config_parse(body, len, &back));
	cr_assert_str_eq(back.suffix, "hip.internal");
	cr_assert_eq(back.n_upstreams, 2);
	cr_assert(locator_equal(&back.upstreams[1], &c.upstreams[1]));
	for (size_t i = 0; i < len; i++)
		cr_assert_not(resolve_config_parse(body, i, &back));
	body[1] = RESOLVE_UPSTREAMS_MAX + 1;
	cr_assert_not(resolve_config_parse(body, len, &back));
}

Test(resolve, a_question_comes_as_it_was_sent)
{
	struct resolve_ask a = { .id = 1ull << 40, .name = "bob@example.com" };
	struct resolve_ask back;
	size_t len = resolve_ask_write(&a, body, sizeof(body));

	cr_assert_leq(len, RESOLVE_ASK_MAX);
	cr_assert(resolve_ask_parse(body, len, &back));
	cr_assert_eq(back.id, 1ull << 40);
	cr_assert_not(back.is_reverse);
	cr_assert_str_eq(back.name, "bob@example.com");
	for (size_t i = 0; i < len; i++)
		cr_assert_not(resolve_ask_parse(body, i, &back));
	body[12] = '\0';
	cr_assert_not(resolve_ask_parse(body, len, &back), "a NUL inside");
	a.is_reverse = true;
	a.hit[15] = 7;
	len = resolve_ask_write(&a, body, sizeof(body));
	cr_assert(resolve_ask_parse(body, len, &back));
	cr_assert(back.is_reverse);
	cr_assert_eq(back.hit[15], 7);
	body[8] = 2;
	cr_assert_not(resolve_ask_parse(body, len, &back));
}

Test(resolve, an_answer_comes_as_it_was_sent)
{
	static const uint8_t hi[] = { 1, 2, 3 };
	struct resolve_answer a = { .id = 5,
				    .result = RESOLVE_FOUND,
				    .lifetime_s = 77,
				    .n_hits = 2,
				    .name = "bob@example.com" };
	struct resolve_answer back;
	size_t len;

	a.hits[0].hit[0] = 0x20;
	a.hits[0].proof = RESOLVE_PROOF_FIRST_USE;
	a.hits[0].hi = hi;
	a.hits[0].hi_len = sizeof(hi);
	len = resolve_answer_write(&a, body, sizeof(body));
	cr_assert(resolve_answer_parse(body, len, &back));
	cr_assert_eq(back.id, 5);
	cr_assert_eq(back.lifetime_s, 77);
	cr_assert_eq(back.n_hits, 2);
	cr_assert_str_eq(resolve_proof_text(back.hits[0].proof), "first-use");
	cr_assert_eq(back.hits[0].hi_len, 3);
	cr_assert_eq(memcmp(back.hits[0].hi, hi, 3), 0);
	cr_assert_null(back.hits[1].hi);
	cr_assert_str_eq(back.name, "bob@example.com");
	for (size_t i = 0; i < len; i++)
		cr_assert_not(resolve_answer_parse(body, i, &back));
	a.name = NULL;
	len = resolve_answer_write(&a, body, sizeof(body));
	cr_assert(resolve_answer_parse(body, len, &back));
	cr_assert_null(back.name);
	body[8] = RESOLVE_RESULTS;
	cr_assert_not(resolve_answer_parse(body, len, &back));
}

Test(resolve, what_does_not_fit_is_not_written)
{
	const struct resolve_ask a = { .name = "bob@example.com" };

	cr_assert_eq(resolve_ask_write(&a, body, 20), 0);
}
