/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Enrolment's frames and messages: what is written is read again, and
 * nothing else.
 */
#include "daemon/base/enrol.h"

#include <criterion/criterion.h>

static const uint8_t hi[] = "host identity", proof[] = "token";

static const struct enrol_request join = {
	.kind = ENROL_JOIN,
	.algorithm = 7,
	.hi = { hi, sizeof(hi) },
	.proof = { proof, sizeof(proof) },
};

static const struct enrol_answer yes = {
	.algorithm = 7,
	.hi = { hi, sizeof(hi) },
	.certificate = { proof, sizeof(proof) },
};

Test(enrol, a_request_is_written_and_read)
{
	uint8_t bytes[ENROL_FRAME_MAX];
	size_t len = enrol_request_write(&join, bytes, sizeof(bytes));
	struct enrol_request r;

	cr_assert_eq(len, 8 + 2 + 2 + sizeof(hi) + 2 + sizeof(proof));
	cr_expect_arr_eq(bytes, "HIPE\1\1", 6);
	cr_assert(enrol_request_parse(bytes, len, &r));
	cr_expect_eq(r.kind, ENROL_JOIN);
	cr_expect_eq(r.algorithm, 7);
	cr_assert_eq(r.hi.len, sizeof(hi));
	cr_expect_arr_eq(r.hi.bytes, hi, sizeof(hi));
	cr_assert_eq(r.proof.len, sizeof(proof));
	cr_expect_arr_eq(r.proof.bytes, proof, sizeof(proof));
}

Test(enrol, a_renewal_is_written_and_read)
{
	const struct enrol_request renewal = {
		.kind = ENROL_RENEW, .proof = { proof, sizeof(proof) }
	};
	uint8_t bytes[ENROL_FRAME_MAX];
	size_t len = enrol_request_write(&renewal, bytes, sizeof(bytes));
	struct enrol_request r;

	cr_assert(enrol_request_parse(bytes, len, &r));
	cr_expect_eq(r.kind, ENROL_RENEW);
	cr_expect_eq(r.hi.len, 0);
	cr_expect_eq(r.proof.len, sizeof(proof));
}

Test(enrol, an_answer_is_written_and_read)
{
	uint8_t bytes[ENROL_FRAME_MAX];
	size_t len = enrol_answer_write(&yes, bytes, sizeof(bytes));
	const struct enrol_answer no = { .result = ENROL_SPENT };
	struct enrol_answer a;

	cr_assert(enrol_answer_parse(bytes, len, &a));
	cr_expect_eq(a.result, ENROL_OK);
	cr_assert_eq(a.certificate.len, sizeof(proof));
	cr_expect_arr_eq(a.certificate.bytes, proof, sizeof(proof));
	len = enrol_answer_write(&no, bytes, sizeof(bytes));
	cr_assert_eq(len, 8);
	cr_assert(enrol_answer_parse(bytes, len, &a));
	cr_expect_eq(a.result, ENROL_SPENT);
}

Test(enrol, what_is_cut_short_or_longer_is_refused)
{
	uint8_t bytes[ENROL_FRAME_MAX + 1] = { 0 };
	size_t len = enrol_request_write(&join, bytes, ENROL_FRAME_MAX);
	struct enrol_request r;
	struct enrol_answer a;

	for (size_t i = 0; i < len; i++)
		cr_expect_not(enrol_request_parse(bytes, i, &r));
	cr_expect_not(enrol_request_parse(bytes, len + 1, &r));
	len = enrol_answer_write(&yes, bytes, ENROL_FRAME_MAX);
	for (size_t i = 0; i < len; i++)
		cr_expect_not(enrol_answer_parse(bytes, i, &a));
}

Test(enrol, a_length_inside_that_does_not_fit_is_refused)
{
	uint8_t bytes[ENROL_FRAME_MAX];
	size_t len = enrol_request_write(&join, bytes, sizeof(bytes));
	struct enrol_request r;

	bytes[11]++; /* of the Host Identity */
	cr_expect_not(enrol_request_parse(bytes, len, &r));
	bytes[11] = 0;
	cr_expect_not(enrol_request_parse(bytes, len, &r));
}

Test(enrol, another_kind_result_or_version_is_refused)
{
	uint8_t bytes[ENROL_FRAME_MAX];
	size_t len = enrol_request_write(&join, bytes, sizeof(bytes));
	struct enrol_request r;
	struct enrol_answer a;

	bytes[5] = 3;
	cr_expect_not(enrol_request_parse(bytes, len, &r));
	bytes[5] = 1;
	bytes[4] = 2;
	cr_expect_not(enrol_request_parse(bytes, len, &r));
	len = enrol_answer_write(&yes, bytes, sizeof(bytes));
	bytes[5] = ENROL_RESULTS;
	cr_expect_not(enrol_answer_parse(bytes, len, &a));
}

Test(enrol, the_length_of_a_frame_is_known_from_its_header)
{
	uint8_t bytes[ENROL_FRAME_MAX];
	size_t len = enrol_request_write(&join, bytes, sizeof(bytes)), frame;

	for (size_t i = 0; i < ENROL_HEADER_LEN; i++) {
		cr_assert(enrol_frame_len(bytes, i, &frame));
		cr_expect_eq(frame, 0);
	}
	cr_assert(enrol_frame_len(bytes, ENROL_HEADER_LEN, &frame));
	cr_expect_eq(frame, len);
	bytes[6] = 0xff;
	cr_expect_not(enrol_frame_len(bytes, ENROL_HEADER_LEN, &frame));
	cr_expect_not(enrol_frame_len((const uint8_t *)"GET ", 4, &frame));
	cr_expect_not(enrol_frame_len((const uint8_t *)"HIQ", 3, &frame));
}

Test(enrol, the_largest_request_fits_and_no_larger_one)
{
	static uint8_t big[ENROL_PROOF_MAX + 1];
	uint8_t bytes[ENROL_FRAME_MAX];
	struct enrol_request r = { .kind = ENROL_JOIN,
				   .hi = { big, ENROL_HI_MAX },
				   .proof = { big, ENROL_PROOF_MAX } };
	size_t len = enrol_request_write(&r, bytes, sizeof(bytes));

	cr_assert_eq(len, ENROL_FRAME_MAX);
	cr_expect(enrol_request_parse(bytes, len, &r));
	r.proof = (struct span){ big, ENROL_PROOF_MAX + 1 };
	cr_expect_eq(enrol_request_write(&r, bytes, sizeof(bytes)), 0);
}

Test(enrol, messages_are_written_and_read)
{
	const struct enrol_serve serve = { .hit = { 0x20, 1 },
					   .interface = "hip0",
					   .listen = true };
	const struct enrol_ask ask = { .id = 7,
				       .hit = { 0x20, 1 },
				       .request = join };
	const struct enrol_reply reply = { .id = 8, .answer = yes };
	uint8_t bytes[ENROL_MESSAGE_MAX];
	struct enrol_serve s;
	struct enrol_ask a;
	struct enrol_reply r;
	size_t len = enrol_serve_write(&serve, bytes, sizeof(bytes));

	cr_assert(enrol_serve_parse(bytes, len, &s));
	cr_expect_str_eq(s.interface, "hip0");
	cr_expect(s.listen);
	cr_expect_arr_eq(s.hit, serve.hit, sizeof(s.hit));
	for (size_t i = 0; i < len; i++)
		cr_expect_not(enrol_serve_parse(bytes, i, &s));
	len = enrol_ask_write(&ask, bytes, sizeof(bytes));
	cr_assert(enrol_ask_parse(bytes, len, &a));
	cr_expect_eq(a.id, 7);
	cr_expect_eq(a.request.proof.len, sizeof(proof));
	for (size_t i = 0; i < len; i++)
		cr_expect_not(enrol_ask_parse(bytes, i, &a));
	len = enrol_reply_write(&reply, bytes, sizeof(bytes));
	cr_assert(enrol_reply_parse(bytes, len, &r));
	cr_expect_eq(r.id, 8);
	cr_expect_eq(r.answer.certificate.len, sizeof(proof));
	for (size_t i = 0; i < len; i++)
		cr_expect_not(enrol_reply_parse(bytes, i, &r));
}

Test(enrol, each_result_has_its_text)
{
	for (int i = 0; i < ENROL_RESULTS; i++)
		cr_expect_gt(strlen(enrol_result_text((enum enrol_result)i)),
			     0);
}
