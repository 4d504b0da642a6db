/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Frames, acknowledgements and silence between neighbours: RFC 6940 6.6.2. */
#include "resolver/hop.h"
#include "resolver/limits.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct hop *h;
static const struct hit peer = { { 0x20, 0x01, 0x00, 0x22, 1 } };
static const struct hit other = { { 0x20, 0x01, 0x00, 0x22, 2 } };
static uint64_t now;

static void set_up(void)
{
	now = 1000;
	h = hop_new(1);
	cr_assert(h);
	hop_up(h, &peer, now);
}

static void tear_down(void)
{
	hop_free(h);
}

TestSuite(hop, .init = set_up, .fini = tear_down);

static void send(const struct hit *to, const char *text)
{
	struct overlay_output *out = malloc(sizeof(*out) + strlen(text));

	cr_assert(out);
	*out = (struct overlay_output){ .type = OVERLAY_SEND,
					.peer = *to,
					.len = strlen(text) };
	memcpy(out->bytes, text, out->len);
	hop_send(h, out, now);
}

/* The next datagram, which must be there. */
static struct frame next(void)
{
	struct span bytes;
	struct frame f;
	struct hit to;

	cr_assert(hop_output(h, &to, &bytes, now));
	cr_assert(frame_parse(bytes.bytes, bytes.len, &f));
	return f;
}

static bool is_quiet(void)
{
	struct span bytes;
	struct hit to;

	return !hop_output(h, &to, &bytes, now);
}

static enum hop_result hear(const struct hit *from, uint32_t sequence,
			    struct span *message)
{
	static uint8_t bytes[64];
	struct wr w = wr_init(bytes, sizeof(bytes));

	frame_data_write(&w, sequence, (const uint8_t *)"hi", 2);
	return hop_datagram(h, from, (struct span){ bytes, wr_len(&w) },
			    message, now);
}

static void acknowledge(uint32_t sequence, uint32_t received)
{
	uint8_t bytes[FRAME_ACK_LEN];
	struct wr w = wr_init(bytes, sizeof(bytes));
	struct span message;

	frame_ack_write(&w, sequence, received);
	cr_expect_eq(hop_datagram(h, &peer, (struct span){ bytes, wr_len(&w) },
				  &message, now),
		     HOP_HEARD);
}

static bool lose_one(void)
{
	struct overlay_output *out = hop_lost(h);

	overlay_output_free(out);
	return out != NULL;
}

Test(hop, a_message_goes_out_in_a_frame_with_the_next_number)
{
	struct frame f;

	send(&peer, "one");
	send(&peer, "two");
	f = next();
	cr_expect_eq(f.sequence, 1);
	cr_expect_arr_eq(f.message.bytes, "one", 3);
	cr_expect_eq(next().sequence, 2);
	cr_expect(is_quiet());
}

Test(hop, what_is_acknowledged_is_forgotten)
{
	send(&peer, "one");
	(void)next();
	acknowledge(1, 0);
	now += 10000;
	hop_tick(h, now);
	cr_expect_not(lose_one());
}

Test(hop, an_acknowledgement_speaks_of_earlier_ones_too)
{
	send(&peer, "one");
	send(&peer, "two");
	(void)next();
	(void)next();
	acknowledge(2, 2); /* bit 1: number 1 came as well */
	now += 10000;
	hop_tick(h, now);
	cr_expect_not(lose_one());
}

Test(hop, what_is_not_acknowledged_is_given_back_after_half_a_second)
{
	send(&peer, "one");
	(void)next();
	now += HOP_RTO_MIN_MS - 1;
	hop_tick(h, now);
	cr_expect_not(lose_one());
	cr_expect_eq(hop_deadline(h), now + 1);
	hop_tick(h, ++now);
	cr_expect(lose_one());
}

Test(hop, a_slow_link_gets_more_time)
{
	for (uint32_t i = 1; i <= 20; i++) {
		send(&peer, "x");
		(void)next();
		now += 800;
		acknowledge(i, 0);
	}
	send(&peer, "x");
	(void)next();
	now += 790;
	hop_tick(h, now);
	cr_expect_not(lose_one());
	now += HOP_RTO_MAX_MS;
	hop_tick(h, now);
	cr_expect(lose_one());
}

Test(hop, a_message_for_nobody_is_lost_at_once)
{
	send(&other, "one");
	cr_expect(lose_one());
}

Test(hop, what_waited_for_a_peer_that_goes_is_given_back)
{
	send(&peer, "one");
	hop_down(h, &peer);
	cr_expect(lose_one());
	cr_expect(is_quiet());
}

Test(hop, a_frame_is_acknowledged_and_its_message_given)
{
	struct span message;
	struct frame f;

	cr_expect_eq(hear(&peer, 5, &message), HOP_MESSAGE);
	cr_expect_eq(message.len, 2);
	f = next();
	cr_expect_eq(f.type, FRAME_ACK);
	cr_expect_eq(f.sequence, 5);
}

Test(hop, a_repeated_frame_is_acknowledged_but_not_given)
{
	struct span message;

	cr_expect_eq(hear(&peer, 5, &message), HOP_MESSAGE);
	(void)next();
	cr_expect_eq(hear(&peer, 5, &message), HOP_HEARD);
	cr_expect_eq(next().sequence, 5);
}

Test(hop, who_has_no_link_and_what_is_no_frame_is_refused)
{
	struct span message;

	cr_expect_eq(hear(&other, 1, &message), HOP_REFUSED);
	cr_expect_eq(hop_datagram(h, &peer,
				  (struct span){ (const uint8_t *)"\200", 1 },
				  &message, now),
		     HOP_REFUSED);
	cr_expect(is_quiet());
}

Test(hop, a_link_that_says_nothing_repeats_an_acknowledgement)
{
	now += HOP_KEEPALIVE_MS - 1;
	hop_tick(h, now);
	cr_expect(is_quiet());
	hop_tick(h, ++now);
	cr_expect_eq(next().type, FRAME_ACK);
	cr_expect(is_quiet());
}

Test(hop, a_keepalive_acknowledges_nothing_that_did_not_come)
{
	struct frame f;

	now += HOP_KEEPALIVE_MS;
	hop_tick(h, now);
	f = next();
	cr_expect_not(frame_acknowledges(&f, 1));
}

Test(hop, a_peer_that_is_silent_is_named_once)
{
	struct hit who;

	now += HOP_SILENCE_MS - 1;
	hop_tick(h, now);
	cr_expect_not(hop_silent(h, &who));
	hop_tick(h, ++now);
	cr_assert(hop_silent(h, &who));
	cr_expect(hit_equal(&who, &peer));
	cr_expect_not(hop_silent(h, &who));
}

Test(hop, a_new_association_begins_anew)
{
	struct span message;

	cr_expect_eq(hear(&peer, 5, &message), HOP_MESSAGE);
	hop_up(h, &peer, now);
	cr_expect(is_quiet());
	cr_expect_eq(hear(&peer, 5, &message), HOP_MESSAGE);
	cr_expect_eq(next().type, FRAME_ACK);
	send(&peer, "x");
	cr_expect_gt(next().sequence, 64, "a window's length away");
}

/* Who has much to say would else say too late what has arrived. */
Test(hop, acknowledgements_go_before_messages)
{
	struct span message;

	send(&peer, "x");
	cr_expect_eq(hear(&peer, 5, &message), HOP_MESSAGE);
	cr_expect_eq(next().type, FRAME_ACK);
	cr_expect_eq(next().type, FRAME_DATA);
	cr_expect(is_quiet());
}

Test(hop, what_waits_when_an_association_comes_anew_goes_over_that_one)
{
	struct frame before, f;

	send(&peer, "x");
	before = next();
	hop_up(h, &peer, now);
	cr_expect_not(lose_one());
	f = next();
	cr_expect_eq(f.type, FRAME_DATA);
	cr_expect_neq(f.sequence, before.sequence);
	acknowledge(before.sequence, 0);
	now += HOP_RTO_MIN_MS;
	hop_tick(h, now);
	cr_expect(lose_one(), "the former one's number counts no more");
}

Test(hop, a_peer_that_began_anew_unnoticed_is_heard)
{
	struct span message;

	cr_expect_eq(hear(&peer, 5000000, &message), HOP_MESSAGE);
	cr_expect_eq(hear(&peer, 7, &message), HOP_MESSAGE);
	cr_expect_eq(hear(&peer, 7, &message), HOP_HEARD, "a repeated one");
	cr_expect_eq(hear(&peer, 8, &message), HOP_MESSAGE);
}

Test(hop, what_waits_has_a_limit)
{
	size_t lost = 0;

	for (size_t i = 0; i < HOP_WAITING_MAX + 10; i++)
		send(&peer, "x");
	while (lose_one())
		lost++;
	cr_expect_eq(lost, 10);
}
