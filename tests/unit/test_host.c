/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/hip/host.h"

#include "daemon/hip/packet.h"
#include "tests/unit/hosts.h"
#include "tests/unit/malformed.h"

#include <criterion/criterion.h>
#include <errno.h>
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

TestSuite(host, .init = make, .fini = clear);

static int try_conf(const struct host_conf *conf)
{
	struct host *h = NULL;
	int err = host_new(conf, 0, &h);

	host_free(h);
	return err;
}

Test(host, the_defaults_are_taken)
{
	cr_expect_eq(try_conf(&t.conf[A]), 0);
	cr_expect_eq(t.conf[A].esp[0], ESP_AES_GCM_16);
	cr_expect_not(t.conf[A].accept_any);
}

Test(host, what_a_configuration_may_not_be)
{
	struct host_conf good = t.conf[A], c;

	c = good, c.id = NULL;
	cr_expect_eq(try_conf(&c), -EINVAL);
	c = good, c.env.random = NULL;
	cr_expect_eq(try_conf(&c), -EINVAL);
	c = good, c.n_dh = 0;
	cr_expect_eq(try_conf(&c), -EINVAL);
	c = good, c.dh[1] = 12; /* nobody's */
	cr_expect_eq(try_conf(&c), -EINVAL);
	c = good, c.dh[1] = 256 + DH_NIST_P384;
	cr_expect_eq(try_conf(&c), -EINVAL);
	c = good, c.cipher[0] = 1; /* NULL */
	cr_expect_eq(try_conf(&c), -EINVAL);
	c = good, c.esp[2] = 7; /* NULL */
	cr_expect_eq(try_conf(&c), -EINVAL);
	c = good, c.n_esp = 7; /* RFC 7402 5.1.2 */
	cr_expect_eq(try_conf(&c), -EINVAL);
	c = good, c.assoc_max = 0;
	cr_expect_eq(try_conf(&c), -EINVAL);
	c = good, c.puzzle_k = PUZZLE_K_LOAD_MAX;
	cr_expect_eq(try_conf(&c), 0);
	c.puzzle_k++;
	cr_expect_eq(try_conf(&c), -EINVAL);
}

Test(host, states_have_the_names_of_the_contract)
{
	static const char *const names[] = { "unassociated", "i1-sent",
					     "i2-sent",	     "r2-sent",
					     "established",  "closing",
					     "closed",	     "failed" };

	for (int s = ASSOC_UNASSOCIATED; s <= ASSOC_FAILED; s++)
		cr_expect_str_eq(assoc_state_text((enum assoc_state)s),
				 names[s]);
}

/* T1, at the host: each malformed packet, with HITs that would be right. */
Test(host, malformed_packets_are_counted_and_nothing_else)
{
	for (size_t i = 0; i < malformed_count; i++) {
		static uint8_t bytes[2 * HIP_PACKET_MAX];
		size_t len =
			malformed_make(&malformed[i], bytes, sizeof(bytes));
		struct hip_input in = { .kind = HIP_IN_PACKET,
					.bytes = bytes,
					.len = len,
					.local = t.at[A],
					.remote = t.at[B] };
		struct host_counters before = *hosts_counters(&t, A);
		uint64_t drops = 0;

		if (len >= HIP_HEADER_LEN) {
			memcpy(bytes + 8, t.hit[B].bytes, sizeof(struct hit));
			memcpy(bytes + 24, t.hit[A].bytes, sizeof(struct hit));
			bytes[4] = bytes[5] = 0;
		}
		hosts_input(&t, A, &in);
		for (int d = 0; d < DROP_COUNT; d++)
			drops += hosts_counters(&t, A)->drops[d] -
				 before.drops[d];
		cr_expect_eq(drops, 1, "%s", malformed[i].name);
		cr_expect_eq(t.n_got[A], 0, "%s", malformed[i].name);
	}
	cr_expect_eq(host_assoc_list(t.h[A], NULL, 0), 0);
}

Test(host, packets_for_others_and_from_nobody_are_dropped)
{
	struct bytes i1 = hosts_run_to(&t, HIP_I1), p;

	p = i1;
	p.b[24 + 15] ^= 1;
	cr_expect_eq(hosts_judge(&t, B, &p), DROP_RECEIVER_HIT);
	p = i1;
	memset(p.b + 8, 0, sizeof(struct hit));
	cr_expect_eq(hosts_judge(&t, B, &p), DROP_SENDER_HIT);
	p = i1;
	memcpy(p.b + 8, t.hit[B].bytes, sizeof(struct hit));
	cr_expect_eq(hosts_judge(&t, B, &p), DROP_SENDER_HIT, "ourselves");
}

/* RFC 9028 5.1; RFC 7401 5.1.1. */
Test(host, inside_udp_the_checksum_is_zero_and_raw_it_is_right)
{
	struct bytes i1 = hosts_run_to(&t, HIP_I1), r1;
	struct hip_input in = { .kind = HIP_IN_PACKET,
				.bytes = i1.b,
				.len = i1.len,
				.local = t.at[B],
				.remote = t.at[A],
				.raw = true };
	uint16_t sum = packet_checksum(i1.b, i1.len, &t.at[A], &t.at[B]);

	hosts_input(&t, B, &in);
	cr_expect_eq(hosts_dropped(&t, B, DROP_CHECKSUM), 1);
	i1.b[4] = (uint8_t)(sum >> 8);
	i1.b[5] = (uint8_t)sum;
	cr_expect_eq(hosts_judge(&t, B, &i1), DROP_CHECKSUM);
	hosts_input(&t, B, &in);
	cr_expect(hosts_get(&t, B, HIP_OUT_SEND, 0)->out.raw);
	r1 = hosts_packet(&t, B, HIP_R1);
	sum = packet_checksum(r1.b, r1.len, &t.at[B], &t.at[A]);
	cr_expect_eq(r1.b[4] << 8 | r1.b[5], sum);
	in = (struct hip_input){ .kind = HIP_IN_PACKET,
				 .bytes = r1.b,
				 .len = r1.len,
				 .local = t.at[A],
				 .remote = t.at[B],
				 .raw = true };
	hosts_input(&t, A, &in);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I2_SENT);
	cr_expect(hosts_get(&t, A, HIP_OUT_SEND, 0)->out.raw, "as R1 came");
}

Test(host, a_hit_without_a_locator_is_unreachable_at_once)
{
	struct hip_input in = { .kind = HIP_IN_ACQUIRE,
				.bytes = (const uint8_t *)"x",
				.len = 1 };
	const struct got *g;

	cr_assert_eq(hit_from_text("2001:22::1", &in.hit), 0);
	hosts_input(&t, A, &in);
	g = hosts_get(&t, A, HIP_OUT_UNREACHABLE, 0);
	cr_assert(g);
	cr_expect_eq(g->bytes.b[0], 'x');
	cr_expect_str_eq(g->out.reason, "no locator is known for this HIT");
	g = hosts_get(&t, A, HIP_OUT_PEER, 0);
	cr_assert(g);
	cr_expect_eq(g->out.state, ASSOC_FAILED);
	cr_expect_eq(host_assoc_list(t.h[A], NULL, 0), 0);
}

/* The reason that the last call gave for a packet that comes back. */
static const char *why_unreachable(void)
{
	const struct got *g = hosts_get(&t, A, HIP_OUT_UNREACHABLE, 0);

	return g ? g->out.reason : "none";
}

Test(host, a_hit_of_a_kind_that_is_not_known_is_unreachable)
{
	struct hip_input in = { .kind = HIP_IN_ACQUIRE,
				.bytes = (const uint8_t *)"x",
				.len = 1 };

	cr_assert_eq(hit_from_text("2001:24::1", &in.hit), 0); /* suite 4 */
	hosts_input(&t, A, &in);
	cr_expect_str_eq(why_unreachable(),
			 "this kind of HIT is not supported");
}

Test(host, a_peer_that_has_no_place_is_unreachable)
{
	struct hip_input in = { .kind = HIP_IN_PEER,
				.locators = &t.at[B],
				.n_locators = 1 };

	t.conf[A].assoc_max = 1;
	hosts_remake(&t, A);
	hosts_tell(&t, A);
	hosts_acquire(&t, A, 1);
	cr_assert_eq(hit_from_text("2001:22::1", &in.hit), 0);
	hosts_input(&t, A, &in);
	in = (struct hip_input){ .kind = HIP_IN_ACQUIRE,
				 .hit = in.hit,
				 .bytes = (const uint8_t *)"x",
				 .len = 1 };
	hosts_input(&t, A, &in);
	cr_expect_str_eq(why_unreachable(), "too many associations");
	cr_expect_eq(hosts_state(&t, A), ASSOC_I1_SENT);
}

Test(host, its_own_hit_and_no_hit_are_no_peers)
{
	struct hip_input in = { .kind = HIP_IN_ACQUIRE, .hit = t.hit[A] };

	hosts_input(&t, A, &in);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SEND), 0);
	in.hit = (struct hit){ { 0x20, 0x01, 0x0d, 0xb8 } };
	hosts_input(&t, A, &in);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_SEND), 0);
	cr_expect_eq(host_assoc_list(t.h[A], NULL, 0), 0);
}

Test(host, a_packet_for_an_association_that_is_up_goes_at_once)
{
	hosts_establish(&t);
	hosts_acquire(&t, A, 7);
	cr_assert_eq(t.n_got[A], 1);
	cr_expect_eq(t.got[A][0].out.kind, HIP_OUT_INJECT);
	cr_expect_eq(t.got[A][0].bytes.b[0], 7);
}

Test(host, the_newest_of_too_many_packets_is_refused)
{
	(void)hosts_run_to(&t, HIP_I1);
	for (int n = 1; n < STAGED_PACKETS_PER_PEER + 10; n++)
		hosts_acquire(&t, A, (uint8_t)n);
	cr_expect_eq(hosts_counters(&t, A)->staged_packets,
		     STAGED_PACKETS_PER_PEER);
	cr_expect_eq(hosts_counters(&t, A)->staged_dropped, 10);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_UNREACHABLE), 0);
}

Test(host, what_waited_is_given_back_in_order_when_the_exchange_fails)
{
	(void)hosts_run_to(&t, HIP_I1);
	for (uint8_t n = 2; n <= 20; n++)
		hosts_acquire(&t, A, n);
	while (hosts_state(&t, A) == ASSOC_I1_SENT) {
		t.now_ms = host_deadline(t.h[A]);
		hosts_tick(&t, A);
	}
	cr_assert_eq(hosts_count(&t, A, HIP_OUT_UNREACHABLE), 20);
	for (uint8_t n = 0; n < 20; n++)
		cr_expect_eq(
			hosts_get(&t, A, HIP_OUT_UNREACHABLE, n)->bytes.b[0],
			n + 1);
	hosts_acquire(&t, A, 99);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_UNREACHABLE), 1, "at once");
	t.now_ms += FAILED_MS;
	hosts_tick(&t, A);
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
	hosts_acquire(&t, A, 99);
	cr_expect(hosts_has_packet(&t, A, HIP_I1));
}

Test(host, news_of_a_peer_that_failed_lets_it_be_tried_again)
{
	(void)hosts_run_to(&t, HIP_I1);
	while (hosts_state(&t, A) == ASSOC_I1_SENT) {
		t.now_ms = host_deadline(t.h[A]);
		hosts_tick(&t, A);
	}
	hosts_tell(&t, A);
	cr_expect_eq(hosts_state(&t, A), ASSOC_UNASSOCIATED);
}

/* A clock that stood still for days: what was due is done, once each. */
Test(host, a_very_late_tick_does_what_was_due)
{
	hosts_establish(&t);
	t.now_ms += 30 * (uint64_t)R1_LIFETIME_MS;
	for (int n = 0; n < 10 && host_deadline(t.h[A]) <= t.now_ms; n++)
		hosts_tick(&t, A);
	cr_expect_gt(host_deadline(t.h[A]), t.now_ms);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
}

Test(host, r1s_grow_old_and_the_generation_never_falls)
{
	uint64_t g = host_r1_generation(t.h[A]);

	cr_expect_eq(g, t.conf[A].r1_generation + 1);
	t.now_ms += R1_LIFETIME_MS - 1;
	hosts_tick(&t, A);
	cr_expect_eq(host_r1_generation(t.h[A]), g);
	t.now_ms++;
	hosts_tick(&t, A);
	cr_expect_eq(host_r1_generation(t.h[A]), g + 1);
	t.conf[A].r1_generation = g + 1;
	hosts_remake(&t, A);
	cr_expect_eq(host_r1_generation(t.h[A]), g + 2);
}

/* T38, RFC 7401 4.3: the survivor's ESP reaches the restarted host. */
Test(host, strange_esp_from_a_known_locator_begins_an_exchange)
{
	struct hip_input in = { .kind = HIP_IN_UNKNOWN_SPI, .remote = t.at[B] };

	hosts_input(&t, A, &in);
	cr_expect(hosts_has_packet(&t, A, HIP_I1));
	hosts_input(&t, A, &in);
	cr_expect_eq(t.n_got[A], 0, "it runs");
	hosts_close(&t, A);
	hosts_input(&t, A, &in);
	cr_expect_eq(t.n_got[A], 0, "once per second");
	t.now_ms += UNKNOWN_SPI_MS;
	hosts_input(&t, A, &in);
	cr_expect(hosts_has_packet(&t, A, HIP_I1));
}

Test(host, strange_esp_from_anywhere_else_begins_nothing)
{
	struct hip_input in = { .kind = HIP_IN_UNKNOWN_SPI, .remote = t.at[B] };

	in.remote.port++;
	hosts_input(&t, A, &in);
	cr_expect_eq(t.n_got[A], 0);
}

Test(host, strange_esp_does_not_shake_an_association_that_works)
{
	struct hip_input in = { .kind = HIP_IN_UNKNOWN_SPI, .remote = t.at[B] };
	struct host_assoc_info before, after;
	struct bytes packet;

	hosts_establish(&t);
	hosts_input(&t, A, &in);
	cr_expect_eq(t.n_got[A], 0);
	t.now_ms += SETTLE_MS - 1;
	hosts_traffic(&t, A, true);
	t.now_ms += SETTLE_MS - 1;
	hosts_input(&t, A, &in);
	cr_expect_eq(t.n_got[A], 0);
	t.now_ms++;
	cr_assert(host_assoc_find(t.h[A], &t.hit[B], &before));
	hosts_input(&t, A, &in);
	cr_expect(hosts_has_packet(&t, A, HIP_UPDATE), "nothing came for long");
	cr_expect_not(hosts_has_packet(&t, A, HIP_I1));
	packet = hosts_packet(&t, A, HIP_UPDATE);
	hosts_deliver(&t, B, &packet);
	packet = hosts_packet(&t, B, HIP_UPDATE);
	hosts_deliver(&t, A, &packet);
	t.now_ms += UNKNOWN_SPI_MS;
	hosts_input(&t, A, &in);
	cr_expect_eq(t.n_got[A], 0, "the peer is there");
	cr_assert(host_assoc_find(t.h[A], &t.hit[B], &after));
	cr_expect_eq(after.state, ASSOC_ESTABLISHED);
	cr_expect_eq(after.spi_in, before.spi_in);
}

/* The peer does not answer strange ESP's question: an I1 goes. */
static struct bytes unanswered(void)
{
	struct hip_input in = { .kind = HIP_IN_UNKNOWN_SPI, .remote = t.at[B] };

	t.now_ms += SETTLE_MS;
	hosts_input(&t, A, &in);
	for (int n = 0; n < 10 && !hosts_has_packet(&t, A, HIP_I1); n++) {
		t.now_ms += 500;
		hosts_tick(&t, A);
	}
	cr_assert(hosts_has_packet(&t, A, HIP_I1));
	return hosts_packet(&t, A, HIP_I1);
}

Test(host, strange_esp_from_a_silent_peer_begins_an_exchange)
{
	struct host_assoc_info info;

	hosts_establish(&t);
	(void)unanswered();
	cr_assert(host_assoc_find(t.h[A], &t.hit[B], &info));
	cr_expect_eq(info.state, ASSOC_ESTABLISHED, "in use meanwhile");
}

/* RFC 7401 6.11, step 4: neither probes nor I1s are answered. */
Test(host, an_exchange_beside_an_association_takes_its_place_or_ends_it)
{
	struct bytes packet;

	for (int done = 0; done < 2; done++) {
		hosts_clear(&t);
		hosts_make(&t);
		hosts_establish(&t);
		packet = unanswered();
		hosts_deliver(&t, B, &packet);
		packet = hosts_packet(&t, B, HIP_R1);
		hosts_deliver(&t, A, &packet);
		packet = hosts_packet(&t, A, HIP_I2);
		hosts_deliver(&t, B, &packet);
		packet = hosts_packet(&t, B, HIP_R2);
		if (done) {
			hosts_deliver(&t, A, &packet);
			cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_DELETE), 1);
			cr_expect_eq(hosts_count(&t, A, HIP_OUT_SA_OUT), 1);
		}
		for (int n = 0; n < 10 && !done; n++) {
			t.now_ms += 2000;
			hosts_tick(&t, A);
		}
		cr_expect_eq(hosts_state(&t, A),
			     done ? ASSOC_ESTABLISHED : ASSOC_CLOSING);
		cr_expect_eq(hosts_counters(&t, A)->exchanges_failed, !done);
	}
}

Test(host, a_peer_that_is_removed_is_closed_and_let_in_no_more)
{
	struct hip_input remove = { .kind = HIP_IN_PEER_REMOVE,
				    .hit = t.hit[B] };

	hosts_establish(&t);
	hosts_input(&t, A, &remove);
	cr_expect(hosts_has_packet(&t, A, HIP_CLOSE));
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
	hosts_input(&t, A, &remove); /* and twice does no harm */
	cr_expect_eq(t.n_got[A], 0);
	/* A program that goes on does not bring it back. */
	hosts_acquire(&t, A, 1);
	cr_expect_eq(hosts_count(&t, A, HIP_OUT_UNREACHABLE), 1);
	cr_expect_eq(hosts_state(&t, A), ASSOC_CLOSING);
	cr_expect_eq(hosts_counters(&t, A)->sent[HIP_I1], 1);
}

/* More than outputs hold: timers bring the rest. */
Test(host, closing_all_forgets_none)
{
	enum { PEERS = OUTPUTS_MAX };
	struct hip_input peer = { .kind = HIP_IN_PEER,
				  .locators = &t.at[B],
				  .n_locators = 1 };
	struct hip_input acquire = { .kind = HIP_IN_ACQUIRE,
				     .bytes = (const uint8_t *)"x",
				     .len = 1 };
	struct hip_input close = { .kind = HIP_IN_CLOSE, .all = true };
	struct hip_output out;
	size_t calls = 0, returned = 0;

	t.conf[A].assoc_max = PEERS;
	hosts_remake(&t, A);
	cr_assert_eq(hit_from_text("2001:22::1", &peer.hit), 0);
	for (size_t n = 0; n < PEERS; n++) {
		peer.hit.bytes[13] = (uint8_t)(n >> 8);
		peer.hit.bytes[14] = (uint8_t)n;
		acquire.hit = peer.hit;
		hosts_input(&t, A, &peer);
		hosts_input(&t, A, &acquire);
	}
	cr_expect_eq(host_assoc_list(t.h[A], NULL, 0), PEERS);
	host_input(t.h[A], &close, t.now_ms);
	while (host_output(t.h[A], &out))
		returned += out.kind == HIP_OUT_UNREACHABLE;
	cr_expect_lt(returned, PEERS);
	while (host_deadline(t.h[A]) <= t.now_ms && calls++ < PEERS) {
		host_tick(t.h[A], t.now_ms);
		while (host_output(t.h[A], &out))
			returned += out.kind == HIP_OUT_UNREACHABLE;
	}
	cr_expect_eq(returned, PEERS);
	cr_expect_eq(host_assoc_list(t.h[A], NULL, 0), 0);
}

/* However much is due at once, the loop's other events come in between. */
Test(host, a_tick_does_a_bounded_amount_of_work)
{
	enum { PEERS = 1000 };
	struct hip_input peer = { .kind = HIP_IN_PEER,
				  .locators = &t.at[B],
				  .n_locators = 1 };
	struct hip_input acquire = { .kind = HIP_IN_ACQUIRE };
	size_t calls = 0, failed = 0;

	t.conf[A].assoc_max = PEERS;
	hosts_remake(&t, A);
	cr_assert_eq(hit_from_text("2001:22::1", &peer.hit), 0);
	for (size_t n = 0; n < PEERS; n++) {
		peer.hit.bytes[13] = (uint8_t)(n >> 8);
		peer.hit.bytes[14] = (uint8_t)n;
		acquire.hit = peer.hit;
		hosts_input(&t, A, &peer);
		hosts_input(&t, A, &acquire);
	}
	t.now_ms += WAITING_MS; /* half-open ones give up, waiting ones, too */
	while (host_deadline(t.h[A]) <= t.now_ms && calls++ < PEERS) {
		hosts_tick(&t, A);
		cr_assert_leq(hosts_count(&t, A, HIP_OUT_PEER),
			      2 * TICK_TIMERS_MAX);
		for (size_t i = 0; i < t.n_got[A]; i++)
			failed += t.got[A][i].out.state == ASSOC_FAILED;
	}
	cr_expect_geq(calls, PEERS / TICK_TIMERS_MAX - 1);
	cr_expect_geq(failed, PEERS - HALF_OPEN_MAX);
}

Test(host, an_association_is_described)
{
	struct host_assoc_info list[2], info;

	hosts_establish(&t);
	cr_expect_eq(host_assoc_list(t.h[A], list, 2), 1);
	cr_assert(host_assoc_find(t.h[A], &t.hit[B], &info));
	cr_expect(hit_equal(&list[0].hit, &t.hit[B]));
	cr_expect_eq(info.dh_group, DH_NIST_P256);
	cr_expect_eq(info.hip_cipher, HIP_CIPHER_AES_256_CBC);
	cr_expect_eq(info.esp_suite, ESP_AES_GCM_16);
	cr_expect(locator_equal(&info.remote, &t.at[B]));
	cr_expect(locator_equal(&info.local, &t.at[A]));
	cr_expect_neq(info.spi_in, 0);
	cr_expect_neq(info.spi_out, 0);
	cr_expect_eq(info.since_ms, t.now_ms);
	cr_expect_null(info.reason);
	cr_expect_not(host_assoc_find(t.h[A], &t.hit[A], &info));
}

Test(host, every_state_is_told)
{
	struct bytes r1 = hosts_run_to(&t, HIP_R1), i2, r2;

	hosts_deliver(&t, A, &r1);
	cr_expect_eq(hosts_get(&t, A, HIP_OUT_PEER, 0)->out.state,
		     ASSOC_I2_SENT);
	i2 = hosts_packet(&t, A, HIP_I2);
	hosts_deliver(&t, B, &i2);
	cr_expect_eq(hosts_get(&t, B, HIP_OUT_PEER, 0)->out.state,
		     ASSOC_R2_SENT);
	r2 = hosts_packet(&t, B, HIP_R2);
	hosts_deliver(&t, A, &r2);
	cr_expect_eq(hosts_get(&t, A, HIP_OUT_PEER, 0)->out.state,
		     ASSOC_ESTABLISHED);
	hosts_traffic(&t, B, true);
	cr_expect_eq(hosts_get(&t, B, HIP_OUT_PEER, 0)->out.state,
		     ASSOC_ESTABLISHED);
}

Test(host, inputs_about_nobody_do_nothing)
{
	struct hip_input in = { .hit = { { 0x20, 0x01, 0x00, 0x22, 9 } } };

	for (int kind = HIP_IN_PEER_REMOVE; kind <= HIP_IN_CLOSE; kind++) {
		in.kind = (enum hip_input_kind)kind;
		in.in = in.out = in.solved = true;
		hosts_input(&t, A, &in);
		cr_expect_eq(t.n_got[A], 0, "kind %d", kind);
	}
}
