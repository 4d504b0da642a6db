/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Enrolment's frames and messages: what is read is written as the same
 * bytes.
 */
#include "daemon/base/enrol.h"

#include "tests/fuzz/fuzz.h"

#include <assert.h>

static void frames(const uint8_t *data, size_t size)
{
	uint8_t again[ENROL_FRAME_MAX];
	struct enrol_request q;
	struct enrol_answer a;
	size_t frame;

	(void)enrol_frame_len(data, size, &frame); /* only that it ends */
	if (enrol_request_parse(data, size, &q)) {
		assert(enrol_request_write(&q, again, sizeof(again)) == size);
		assert(memcmp(again, data, size) == 0);
	}
	if (enrol_answer_parse(data, size, &a)) {
		assert(enrol_answer_write(&a, again, sizeof(again)) == size);
		assert(memcmp(again, data, size) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[ENROL_MESSAGE_MAX];
	struct enrol_serve s;
	struct enrol_reply r;
	struct enrol_ask a;

	frames(data, size);
	if (enrol_serve_parse(data, size, &s))
		assert(enrol_serve_write(&s, again, sizeof(again)) == size);
	if (enrol_ask_parse(data, size, &a))
		assert(enrol_ask_write(&a, again, sizeof(again)) == size);
	if (enrol_reply_parse(data, size, &r))
		assert(enrol_reply_write(&r, again, sizeof(again)) == size);
	return 0;
}
