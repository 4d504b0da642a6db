/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The stub: the input is a row of events, each an octet that says what, one
 * for how long after the last, one for a length, and so many octets. Each
 * query gets one reply at most, and each lookup is answered somehow.
 */
#include "resolver/stub.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum {
	EVENT_QUERY,
	EVENT_ANSWER,
	EVENT_FORWARDED,
	EVENT_CHANGED,
	EVENT_TICK,
	EVENTS
};

static unsigned queries, replies;
static uint64_t last_lookup, last_forward;

static void env_zero(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	memset(buf, 0, len);
}

static void drain(struct stub *s)
{
	struct stub_output out;

	while (stub_output(s, &out)) {
		if (out.kind == STUB_OUT_REPLY) {
			replies++;
			assert(out.len >= DNSMSG_HEADER_LEN);
			assert(out.asker.tcp || out.len <= DNSMSG_UDP_MAX);
		} else if (out.kind == STUB_OUT_LOOKUP) {
			last_lookup = out.id;
		} else {
			assert(out.len > 0);
			last_forward = out.id;
		}
	}
	assert(replies <= queries);
}

static void event(struct stub *s, uint8_t what, struct rd bytes, uint64_t now)
{
	const struct dnsrecord_hit hit = {
		.hit = { { 0x20, 0x01, 0x00, 0x22 } }, .proof = "pin"
	};
	struct stub_input in = {
		.asker = { .from = { .addr = { [10] = 0xff,
					       [11] = 0xff,
					       [12] = 127,
					       [15] = 1 } },
			   .tcp = what & 0x80 },
		.bytes = bytes.p,
		.len = rd_left(&bytes),
		.answer = { .result = (enum cache_result)(what >> 3 & 3),
			    .lifetime_s = 30,
			    .known = { .hits = &hit, .n_hits = 1 } },
	};

	switch (what % EVENTS) {
	case EVENT_QUERY:
		in.kind = STUB_IN_QUERY;
		queries++;
		break;
	case EVENT_ANSWER:
		in.kind = STUB_IN_ANSWER;
		in.id = last_lookup;
		break;
	case EVENT_FORWARDED:
		in.kind = STUB_IN_FORWARDED;
		in.id = last_forward;
		break;
	case EVENT_CHANGED:
		in.kind = STUB_IN_CHANGED;
		break;
	default:
		stub_tick(s, now);
		drain(s);
		return;
	}
	stub_input(s, &in, now);
	drain(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct stub_conf conf = { .suffix = "hip.internal",
					.has_upstream = size % 2,
					.env = { .random = env_zero } };
	struct rd r = rd_init(data, size);
	uint64_t now = 1;
	struct stub *s;

	if (stub_new(&conf, &s) < 0)
		abort();
	queries = 0;
	replies = 0;
	while (rd_left(&r) > 3) {
		uint8_t what = rd_u8(&r);
		uint16_t after = rd_u8(&r);
		uint8_t len = rd_u8(&r);

		now += after * 100;
		event(s, what,
		      rd_sub(&r, len < rd_left(&r) ? len : rd_left(&r)), now);
	}
	static_assert((int)STUB_LOOKUP_MS >= (int)STUB_FORWARD_MS,
		      "what is forwarded waits for less");
	stub_tick(s, now + STUB_LOOKUP_MS);
	drain(s);
	assert(stub_deadline(s) == STUB_NEVER);
	stub_free(s);
	return 0;
}
