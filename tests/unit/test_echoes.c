/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/echoes.h"

#include "daemon/hip/host_impl.h"
#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <string.h>

static struct hosts t;

static void make(void)
{
	hosts_make(&t);
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(echoes, .init = make, .fini = clear);

/* As a middlebox adds it: nothing covers what stands behind the signature. */
static struct bytes ask(const struct bytes *from, const void *data, size_t len)
{
	struct packet_out out;
	struct bytes made;
	struct packet p;

	cr_assert_eq(packet_parse(from->b, from->len, &p, NULL), DROP_NONE);
	packet_begin(&out, p.type, p.controls, &p.sender, &p.receiver);
	for (size_t i = 0; i < p.n_params; i++)
		packet_param(&out, p.params[i].type, p.params[i].body,
			     p.params[i].len);
	packet_param(&out, PARAM_ECHO_REQUEST_UNSIGNED, data, len);
	cr_assert(packet_fix_length(&out));
	made.len = packet_len(&out);
	memcpy(made.b, out.bytes, made.len);
	return made;
}

static void expect_last_is(const struct bytes *packet, const char *data)
{
	const struct param *last;
	struct packet p;

	cr_assert_eq(packet_parse(packet->b, packet->len, &p, NULL), DROP_NONE);
	last = &p.params[p.n_params - 1];
	cr_expect_eq(last->type, PARAM_ECHO_RESPONSE_UNSIGNED);
	cr_assert_eq(last->len, strlen(data));
	cr_expect_arr_eq(last->body, data, last->len);
}

/* RFC 7401 5.2.21: MUST be responded to. */
Test(echoes, what_is_added_to_an_i2_comes_back_in_the_r2)
{
	struct bytes i2 = hosts_run_to(&t, HIP_I2), r2;

	i2 = ask(&i2, "box", 3);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NONE);
	r2 = hosts_packet(&t, B, HIP_R2);
	expect_last_is(&r2, "box");
	cr_expect_eq(hosts_judge(&t, A, &r2), DROP_NONE, "and A takes it");
	cr_expect_eq(hosts_state(&t, A), ASSOC_ESTABLISHED);
}

Test(echoes, what_is_added_to_a_close_comes_back_in_the_close_ack)
{
	struct bytes close, ack, nonce;

	hosts_establish(&t);
	hosts_close(&t, A);
	close = hosts_packet(&t, A, HIP_CLOSE);
	nonce = packet_body(&close, PARAM_ECHO_REQUEST_SIGNED);
	close = ask(&close, "box", 3);
	cr_expect_eq(hosts_judge(&t, B, &close), DROP_NONE);
	ack = hosts_packet(&t, B, HIP_CLOSE_ACK);
	expect_last_is(&ack, "box");
	cr_expect_arr_eq(packet_body(&ack, PARAM_ECHO_RESPONSE_SIGNED).b,
			 nonce.b, nonce.len);
	cr_expect_eq(hosts_judge(&t, A, &ack), DROP_NONE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
}

Test(echoes, they_have_a_limit_before_anything_costs)
{
	static const uint8_t long_one[ECHO_MAX + 1];
	struct bytes i2 = hosts_run_to(&t, HIP_I2), bad, close;

	bad = ask(&i2, long_one, sizeof(long_one));
	cr_expect_eq(hosts_judge(&t, B, &bad), DROP_ECHO);
	cr_expect_eq(hosts_counters(&t, B)->puzzles_verified, 0);
	bad = ask(&i2, long_one, ECHO_MAX);
	bad = ask(&bad, long_one, ECHO_MAX); /* two are too much */
	cr_expect_eq(hosts_judge(&t, B, &bad), DROP_ECHO);
	cr_expect_eq(hosts_judge(&t, B, &i2), DROP_NONE);
	hosts_traffic(&t, B, true);
	hosts_close(&t, B);
	close = hosts_packet(&t, B, HIP_CLOSE);
	bad = ask(&close, long_one, sizeof(long_one));
	cr_expect_eq(hosts_judge(&t, A, &bad), DROP_ECHO);
	cr_expect_eq(hosts_judge(&t, A, &close), DROP_NONE);
}
