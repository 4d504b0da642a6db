/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the engine makes of a configuration that the monitor has read: the
 * monitor is the other end of a socket pair.
 */
#include "daemon/reconfigure.h"

#include "daemon/handover.h"
#include "daemon/lookup.h"
#include "daemon/recent.h"
#include "daemon/recovery.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HIT_A "2001:22:f065:b1f0:b663:57f7:ac17:831"
#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"

static struct engine e;
static int tun[2], channel[2];
static struct hit a, b;
static struct ipc_in in;

static void fill(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	randombytes_buf(buf, len);
}

static void on_locators(void *ctx, const struct hit *hit,
			const struct locator *locators, size_t n)
{
	const struct hip_input peer = { .kind = HIP_IN_PEER,
					.hit = *hit,
					.locators = locators,
					.n_locators = n };

	engine_input(ctx, &peer);
}

static bool is_never_wanted(void *ctx, const struct hit *hit)
{
	(void)ctx;
	(void)hit;
	return false;
}

static void make_host(void)
{
	struct host_conf host;
	struct dataplane_conf data = { .tun_fd = tun[0],
				       .udp4_fd = -1,
				       .udp6_fd = -1,
				       .mtu = 1400,
				       .peers_max = 16 };
	const struct lookup_conf lookup = { .loop = e.loop,
					    .peers_max = 16,
					    .port = HIP_UDP_PORT,
					    .found = on_locators,
					    .wanted = is_never_wanted,
					    .ctx = &e };

	cr_assert_eq(identity_generate(IDENTITY_ECDSA_P256, &e.id), 0);
	host_conf_defaults(&host);
	host.id = e.id;
	host.env.random = fill;
	cr_assert_eq(host_new(&host, engine_now_ms(), &e.host), 0);
	data.hit = *identity_hit(e.id);
	cr_assert_eq(dataplane_new(&data, &e.dataplane), 0);
	cr_assert_eq(lookup_new(&lookup, &e.lookup), 0);
}

static void make(void)
{
	static const char text[] = "peer bob { hit = " HIT_A "\n"
				   "locator = { 192.0.2.1 }\n"
				   "name = { bob@example.com } }\n";
	char error[CONFIG_ERROR_MAX];

	cr_assert_geq(sodium_init(), 0);
	engine_init(&e, ev_loop_new(EVFLAG_AUTO));
	e.file = "t.conf";
	cr_assert_eq(config_parse(e.file, text, strlen(text), &e.config, error),
		     0);
	cr_assert_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, tun), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, channel), 0);
	e.channel.fd = channel[0];
	e.pins = pins_new();
	e.added = added_new();
	cr_assert_eq(recovery_load(&e), 0);
	cr_assert_eq(reconfigure_names(&e, e.pins), 0);
	make_host();
	reconfigure_peers(&e);
	ipc_in_init(&in, IPC_BODY_MAX);
	cr_assert_eq(hit_from_text(HIT_A, &a), 0);
	cr_assert_eq(hit_from_text(HIT_B, &b), 0);
}

static void take_away(void)
{
	lookup_free(e.lookup);
	host_free(e.host);
	dataplane_free(e.dataplane);
	pins_free(e.pins);
	added_free(e.added);
	recovery_clear(&e);
	warnings_clear(&e.warnings);
	config_clear(&e.config);
	identity_free(e.id);
	ipc_in_clear(&e.from_monitor);
	ipc_in_clear(&in);
	ev_loop_destroy(e.loop);
	for (size_t i = 0; i < 2; i++) {
		(void)close(tun[i]);
		(void)close(channel[i]);
	}
}

TestSuite(reconfigure, .init = make, .fini = take_away);

static int hand(enum handover_type type, const char *text)
{
	const struct handover_reload r = { .text = text, .len = strlen(text) };
	struct ipc_message m;

	cr_assert_eq(handover_send_reload(channel[1], type, &r), 0);
	cr_assert_eq(handover_receive(&in, channel[0], type, &m), 0);
	return reconfigure_on_message(&e, &m);
}

/* Is there a place to send an I1 to? Else it fails at once. */
static bool is_known(const struct hit *hit)
{
	const struct hip_input acquire = { .kind = HIP_IN_ACQUIRE,
					   .hit = *hit };
	struct host_assoc_info info;

	engine_input(&e, &acquire);
	return host_assoc_find(e.host, hit, &info) &&
	       info.state == ASSOC_I1_SENT;
}

Test(reconfigure, a_new_peer_is_known)
{
	cr_expect_not(is_known(&b));
	cr_assert_eq(hand(HANDOVER_TEXT,
			  "peer bob { hit = " HIT_A " locator = { 192.0.2.1 }}"
			  "\npeer carol { hit = " HIT_B "\n"
			  "locator = { 192.0.2.2 } name = { carol@x } }"),
		     0);
	cr_expect(is_known(&a));
	cr_expect(is_known(&b));
	cr_expect_not_null(pins_find(e.pins, "carol@x"));
	cr_expect_null(pins_find(e.pins, "bob@example.com"));
}

Test(reconfigure, a_peer_that_is_gone_is_not)
{
	cr_expect(is_known(&a));
	cr_assert_eq(hand(HANDOVER_TEXT, ""), 0);
	cr_expect_not(is_known(&a));
	cr_expect_null(pins_find(e.pins, "bob@example.com"));
}

Test(reconfigure, a_peer_that_was_added_too_stays)
{
	static const char *const locator[] = { "192.0.2.9" };

	cr_assert_eq(added_set(e.added, &a, locator, 1), 0);
	cr_assert_eq(hand(HANDOVER_TEXT, ""), 0);
	cr_expect(is_known(&a));
}

Test(reconfigure, pins_of_run_time_stay)
{
	cr_assert_eq(pins_add(e.pins, "dave@x", &b, 0), 0);
	cr_assert_eq(hand(HANDOVER_TEXT,
			  "peer x { hit = " HIT_A " name = { dave@x } }"),
		     0);
	cr_expect(hit_equal(&pins_find(e.pins, "dave@x")->hit, &a));
	cr_expect_eq(pins_overridden(e.pins), 1);
	cr_assert_eq(e.warnings.n, 1);
	cr_expect_str_eq(e.warnings.all[0].code, "pin-overridden");
	cr_assert_eq(hand(HANDOVER_TEXT, ""), 0);
	cr_expect(hit_equal(&pins_find(e.pins, "dave@x")->hit, &b));
	cr_expect_eq(e.warnings.n, 0);
}

/* Where the next I1 for A goes; its outputs are all that are left. */
static struct locator i1_place(void)
{
	struct hip_output out;
	struct locator place = { .port = 0 };

	while (host_output(e.host, &out)) {
		if (out.kind == HIP_OUT_SEND)
			place = out.remote;
	}
	return place;
}

Test(reconfigure, a_configured_place_comes_before_a_remembered_one)
{
	const struct hip_input acquire = { .kind = HIP_IN_ACQUIRE, .hit = a };
	struct locator remembered, configured, first, second;

	cr_assert_eq(locator_from_text("192.0.2.1", 10500, &remembered), 0);
	cr_assert_eq(locator_from_text("192.0.2.7", 10500, &configured), 0);
	(void)recent_saw(e.recent, &a, &remembered, (uint64_t)time(NULL));
	recovery_tell_peer(&e, &a, &configured, 1);
	host_input(e.host, &acquire, engine_now_ms());
	first = i1_place();
	host_tick(e.host, host_deadline(e.host));
	second = i1_place();
	cr_expect(locator_equal(&first, &configured));
	cr_expect(locator_equal(&second, &remembered));
}

Test(reconfigure, what_is_refused_changes_nothing)
{
	cr_assert_eq(hand(HANDOVER_REFUSED, "t.conf:1: this is wrong"), 0);
	cr_assert_eq(hand(HANDOVER_TEXT, "peer {"), 0);
	cr_expect(is_known(&a));
	cr_expect_not_null(pins_find(e.pins, "bob@example.com"));
}

Test(reconfigure, a_message_of_another_kind_is_none)
{
	cr_expect_eq(hand(HANDOVER_ALL, ""), -EPROTO);
}

Test(reconfigure, the_monitor_is_asked_once_for_each_client)
{
	/* Never looked into: only whether it is there. */
	struct control_client *client = (struct control_client *)(void *)&e;
	struct ipc_message m;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		cr_assert_eq(reconfigure_ask(&e, client), 0);
	cr_expect_eq(reconfigure_ask(&e, client), -EBUSY);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		cr_assert_eq(
			handover_receive(&in, channel[1], HANDOVER_RELOAD, &m),
			0);
	reconfigure_on_gone(&e, client);
	cr_assert_eq(hand(HANDOVER_TEXT, ""), 0);
	cr_expect_eq(e.n_reloading, CONTROL_CLIENTS_MAX, "nobody asked");
}
