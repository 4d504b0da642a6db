/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The core of a node as a whole. The input is a script: a byte says what
 * happens, a byte to or from which of eight peers, two bytes how long the
 * message is that follows. A byte of 0x80 and more lets that much time pass.
 * Messages are given as they are, and once more behind a header of our own
 * making, so that bodies are reached without guessing a transaction.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/member.h"

#include <stdlib.h>
#include <string.h>

enum { PEERS = 8, STEPS_MAX = 200 };

static void body_of(struct member *m, const struct hit *from, struct rd r,
		    size_t len)
{
	struct letter l = member_letter(m, 0, (struct span){ NULL, 0 });
	struct message sent;

	if (len < 2 || len > 4000)
		return;
	l.code = rd_u16(&r);
	l.body = (struct span){ rd_bytes(&r, len - 2), len - 2 };
	if (member_sent(m, from, 0, &sent))
		l.header.transaction_id = sent.header.transaction_id;
	member_post(m, from, &l);
}

static void ask(struct member *m, enum overlay_input_type type, struct rd r)
{
	struct overlay_input in = { .type = type, .id = 1 };

	if (type == OVERLAY_LOOKUP) {
		in.lookup.kind = rd_u8(&r);
		rd_copy(&r, in.lookup.resource, sizeof(in.lookup.resource));
	} else {
		in.publish.kind = rd_u8(&r);
		rd_copy(&r, in.publish.resource, sizeof(in.publish.resource));
		in.publish.lifetime_s = 600;
		in.publish.exists = true;
		in.publish.key = (struct span){ m->hit.bytes, ID_LEN };
		in.publish.data = (struct span){ m->hit.bytes, ID_LEN };
	}
	member_input(m, &in);
}

/* The first message that was put out comes back. */
static void lose(struct member *m)
{
	struct overlay_input in = { .type = OVERLAY_LOST };

	for (size_t i = 0; i < m->n; i++) {
		if (m->out[i]->type != OVERLAY_SEND)
			continue;
		in.lost = m->out[i];
		m->out[i] = m->out[--m->n];
		member_input(m, &in);
		return;
	}
}

static void step(struct member *m, struct rd *r)
{
	uint8_t what = rd_u8(r);
	struct hit peer = member_hit(1 + rd_u8(r) % PEERS);
	size_t len = rd_u16(r) & 0x1fff;
	struct rd bytes;

	if (what >= 0x80) {
		member_pass(m, (what - 0x80) * 500u);
		return;
	}
	len = len < rd_left(r) ? len : rd_left(r);
	bytes = rd_sub(r, len);
	switch (what % 9) {
	case 0:
		member_up(m, &peer);
		break;
	case 1:
		member_down(m, &peer);
		break;
	case 2:
		member_receive(m, &peer, (struct span){ bytes.p, len });
		break;
	case 3:
		body_of(m, &peer, bytes, len);
		break;
	case 4:
		ask(m, OVERLAY_LOOKUP, bytes);
		break;
	case 5:
		ask(m, OVERLAY_PUBLISH, bytes);
		break;
	case 6:
		lose(m);
		break;
	case 7:
		member_input(m,
			     &(struct overlay_input){ .type = OVERLAY_BOOTSTRAP,
						      .peer = peer });
		break;
	default:
		member_input(m, &(struct overlay_input){
					.type = len & 1 ? OVERLAY_SILENT
							: OVERLAY_LEAVE,
					.peer = peer });
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct member m;
	struct rd r = rd_init(data, size);
	struct overlay_info info;
	bool founder = rd_u8(&r) & 1;

	member_init(&m, founder);
	for (int i = 0; i < STEPS_MAX && rd_left(&r) > 0; i++)
		step(&m, &r);
	overlay_info(m.core, &info);
	assert(info.links <= PEERS && info.members <= info.links);
	member_clear(&m);
	return 0;
}
