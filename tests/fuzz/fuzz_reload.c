/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A frame, the message in it and its body. What was parsed and written again
 * is the same bytes; what a body parser takes, it takes after writing too.
 */
#include "resolver/body.h"
#include "resolver/frame.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static uint8_t once[RELOAD_MESSAGE_MAX + 64];

static void bodies(struct span body)
{
	struct rd r = rd_init(body.bytes, body.len);
	struct wr w = wr_init(once, sizeof(once));
	static struct chord_update update;
	static struct chord_leave leave;
	struct route_query_req query;
	struct probe_req probe_req;
	struct probe_ans probe;
	struct error_body error;
	struct ping_ans ping;
	struct join_req join;
	struct span data;
	struct hit node;

	if (chord_update_parse(r, &update)) {
		chord_update_write(&w, &update);
		assert(wr_len(&w) == body.len);
		assert(memcmp(once, body.bytes, body.len) == 0);
	}
	w = wr_init(once, sizeof(once));
	if (chord_leave_parse(r, &leave)) {
		chord_leave_write(&w, &leave);
		assert(wr_len(&w) == body.len);
	}
	w = wr_init(once, sizeof(once));
	if (join_req_parse(r, &join)) {
		join_req_write(&w, &join);
		assert(wr_len(&w) == body.len);
	}
	w = wr_init(once, sizeof(once));
	if (route_query_req_parse(r, &query))
		route_query_req_write(&w, &query);
	w = wr_init(once, sizeof(once));
	if (probe_ans_parse(r, &probe)) {
		probe_ans_write(&w, &probe);
		assert(probe_ans_parse(rd_init(once, wr_len(&w)), &probe));
	}
	(void)probe_req_parse(r, &probe_req);
	(void)ping_req_parse(r);
	(void)ping_ans_parse(r, &ping);
	(void)join_ans_parse(r, &data);
	(void)route_query_ans_parse(r, &node);
	(void)error_parse(r, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame_window window;
	static struct message m;
	static struct forwarding f;
	struct span rest, message = { data, size };
	struct frame frame;
	struct wr w;

	if (frame_parse(data, size, &frame)) {
		if (frame.type == FRAME_ACK)
			return 0;
		(void)frame_window_on_data(&window, frame.sequence);
		assert(window.seen != 0);
		message = frame.message;
	}
	if (forwarding_parse(message.bytes, message.len, &f, &rest) ==
	    MESSAGE_OK) {
		w = wr_init(once, sizeof(once));
		forwarding_write(&w, &f, rest.len);
		assert(!wr_failed(&w));
		assert(wr_len(&w) + rest.len <= message.len);
	}
	if (message_parse(message.bytes, message.len, &m) == MESSAGE_OK) {
		assert(m.contents.len >= m.body.len);
		bodies(m.body);
	}
	bodies(message);
	return 0;
}
