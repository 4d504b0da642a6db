/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * RFC 8004 4.3: A knows B's rendezvous server, and B answers by itself.
 */
#include "daemon/hip/rendezvous.h"

#include "daemon/hip/host_impl.h"
#include "tests/unit/hosts.h"

#include <criterion/criterion.h>
#include <string.h>

static struct hosts t;
static struct locator server;

static struct locator at(uint8_t last)
{
	struct locator l = t.at[B];

	l.addr[15] = last;
	return l;
}

static void tell_servers(const struct locator *servers, size_t n)
{
	const struct hip_input in = { .kind = HIP_IN_RENDEZVOUS,
				      .hit = t.hit[B],
				      .locators = servers,
				      .n_locators = n };

	hosts_input(&t, A, &in);
}

static void tell_locators(const struct locator *locators, size_t n)
{
	const struct hip_input in = { .kind = HIP_IN_PEER,
				      .hit = t.hit[B],
				      .locators = locators,
				      .n_locators = n };

	hosts_input(&t, A, &in);
}

/* A knows of B no more than a server. */
static void make(void)
{
	hosts_make(&t);
	server = at(99);
	tell_locators(NULL, 0);
	tell_servers(&server, 1);
}

static void clear(void)
{
	hosts_clear(&t);
}

TestSuite(rendezvous, .init = make, .fini = clear);

static struct locator i1_went_to(void)
{
	cr_assert(hosts_has_packet(&t, A, HIP_I1));
	return hosts_get(&t, A, HIP_OUT_SEND,
			 hosts_count(&t, A, HIP_OUT_SEND) - 1)
		->out.remote;
}

static void expect_i1_to(const struct locator *place)
{
	struct locator to = i1_went_to();

	cr_expect(locator_equal(&to, place), "to .%u", to.addr[15]);
}

static void next_i1(void)
{
	t.now_ms = host_deadline(t.h[A]);
	hosts_tick(&t, A);
}

/* B's R1 to an I1 that has come to it somehow, as it is without a server. */
static struct bytes plain_r1(void)
{
	struct bytes i1;

	hosts_acquire(&t, A, 1);
	i1 = hosts_packet(&t, A, HIP_I1);
	hosts_deliver(&t, B, &i1); /* what its server would have told it */
	return hosts_packet(&t, B, HIP_R1);
}

/* With VIA_RVS behind its signature, as B would append it. */
static struct bytes via(const struct bytes *r1, const struct locator *by)
{
	struct edit e = { PARAM_VIA_RVS, by->addr, sizeof(by->addr) };
	struct remake how = { .edits = &e, .n_edits = 1, .signer = t.id[B] };

	return remake_packet(r1, &how);
}

Test(rendezvous, without_another_place_i1s_go_to_the_server)
{
	hosts_acquire(&t, A, 1);
	expect_i1_to(&server);
	cr_expect_not(hosts_get(&t, A, HIP_OUT_SEND, 0)->out.raw);
	next_i1();
	expect_i1_to(&server);
}

Test(rendezvous, a_server_without_a_port_is_asked_without_udp)
{
	server.port = 0;
	tell_servers(&server, 1);
	hosts_acquire(&t, A, 1);
	expect_i1_to(&server);
	cr_expect(hosts_get(&t, A, HIP_OUT_SEND, 0)->out.raw);
}

/* I1s go there one after the other. */
static void expect_i1s_to(const struct locator *places, size_t n)
{
	hosts_acquire(&t, A, 1);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			next_i1();
		expect_i1_to(&places[i]);
	}
}

/* Plain DNS says where the servers are. */
Test(rendezvous, where_somebody_vouches_for_is_asked_twice_as_often)
{
	struct locator own[] = { at(10), at(11) };
	struct locator servers[] = { at(20), at(21) };
	struct locator places[] = { at(10), at(11), at(20), at(10),
				    at(11), at(21), at(10) };

	tell_servers(servers, 2);
	tell_locators(own, 2);
	expect_i1s_to(places, sizeof(places) / sizeof(places[0]));
}

Test(rendezvous, what_else_dns_says_takes_turns_with_them)
{
	struct locator own = at(10);
	struct locator servers[] = { at(20), at(21) };
	struct locator places[] = { at(10), at(20), at(10), at(21), at(10) };
	struct hip_input in = { .kind = HIP_IN_PEER,
				.hit = t.hit[B],
				.locators = &own,
				.n_locators = 1,
				.n_unproven = 1 };

	tell_servers(servers, 2);
	hosts_input(&t, A, &in);
	expect_i1s_to(places, sizeof(places) / sizeof(places[0]));
}

/* Another name's record may name B's HIT: it displaces no others. */
Test(rendezvous, servers_have_a_limit_and_the_newest_come_first)
{
	struct locator servers[RENDEZVOUS_MAX + 1], other = at(99);
	const struct peer *p;

	for (uint8_t i = 0; i <= RENDEZVOUS_MAX; i++)
		servers[i] = at(20 + i);
	tell_servers(servers, RENDEZVOUS_MAX + 1);
	p = peers_find(&t.h[A]->peers, &t.hit[B]);
	cr_assert_eq(p->n_servers, RENDEZVOUS_MAX);
	tell_servers(NULL, 0);
	cr_assert_eq(p->n_servers, RENDEZVOUS_MAX);
	tell_servers(&other, 1);
	cr_assert_eq(p->n_servers, RENDEZVOUS_MAX);
	cr_expect(locator_equal(&p->servers[0], &other));
	cr_expect(locator_equal(&p->servers[1], &servers[0]));
	tell_servers(&servers[1], 1);
	cr_expect(locator_equal(&p->servers[0], &servers[1]));
	cr_expect(locator_equal(&p->servers[1], &other));
}

Test(rendezvous, of_a_host_that_nobody_told_of_servers_are_not_kept)
{
	hosts_remake(&t, A);
	tell_servers(&server, 1);
	cr_expect_null(peers_find(&t.h[A]->peers, &t.hit[B]));
}

Test(rendezvous, where_it_failed_before_a_new_server_is_tried_at_once)
{
	struct locator another = at(98);

	hosts_acquire(&t, A, 1);
	while (hosts_state(&t, A) == ASSOC_I1_SENT)
		next_i1();
	cr_assert_eq(hosts_state(&t, A), ASSOC_FAILED);
	tell_servers(&another, 1);
	hosts_acquire(&t, A, 1);
	expect_i1_to(&another);
}

Test(rendezvous, when_nobody_answers_the_reason_speaks_of_the_server)
{
	struct host_assoc_info info;

	hosts_acquire(&t, A, 1);
	while (hosts_state(&t, A) == ASSOC_I1_SENT)
		next_i1();
	cr_assert(host_assoc_find(t.h[A], &t.hit[B], &info));
	cr_expect_not_null(strstr(info.reason, "rendezvous server"));
}

/* RFC 8004 3.3: R1, I2 and R2 go between the two. */
Test(rendezvous, the_r1_comes_from_the_peer_and_the_exchange_goes_on_there)
{
	struct bytes r1 = plain_r1(), p;
	struct host_assoc_info info;

	r1 = via(&r1, &server);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
	cr_expect_eq(hosts_counters(&t, A)->r1s_by_rendezvous, 1);
	cr_assert(hosts_has_packet(&t, A, HIP_I2));
	cr_expect(locator_equal(&hosts_get(&t, A, HIP_OUT_SEND, 0)->out.remote,
				&t.at[B]));
	p = hosts_packet(&t, A, HIP_I2);
	hosts_deliver(&t, B, &p);
	p = hosts_packet(&t, B, HIP_R2);
	cr_expect_eq(hosts_judge(&t, A, &p), DROP_NONE);
	cr_assert(host_assoc_find(t.h[A], &t.hit[B], &info));
	cr_expect_eq(info.state, ASSOC_ESTABLISHED);
	cr_expect(locator_equal(&info.remote, &t.at[B]));
	cr_expect(locator_equal(
		&hosts_get(&t, A, HIP_OUT_SA_OUT, 0)->out.remote, &t.at[B]));
}

/* What is not looked at costs no signature. */
static void expect_refused(const struct bytes *r1, const char *why)
{
	uint64_t verified = hosts_counters(&t, A)->signatures_verified;

	cr_expect_eq(hosts_judge(&t, A, r1), DROP_PLACE, "%s", why);
	cr_expect_eq(t.n_got[A], 0, "%s", why);
	cr_expect_eq(hosts_counters(&t, A)->signatures_verified, verified, "%s",
		     why);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I1_SENT, "%s", why);
}

Test(rendezvous, an_r1_from_elsewhere_must_name_a_server_that_was_asked)
{
	struct bytes r1 = plain_r1();
	struct locator other = at(98);
	struct bytes by_other = via(&r1, &other);
	struct edit e = { PARAM_VIA_RVS, server.addr, 15 };
	struct remake how = { .edits = &e, .n_edits = 1, .signer = t.id[B] };
	struct bytes malformed = remake_packet(&r1, &how);

	expect_refused(&r1, "without VIA_RVS");
	expect_refused(&by_other, "by a stranger");
	expect_refused(&malformed, "malformed");
	r1 = via(&r1, &server);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
}

Test(rendezvous, a_server_whose_turn_has_not_come_was_not_asked)
{
	struct locator servers[] = { at(97), at(98) };
	struct bytes r1, late;

	tell_servers(servers, 2);
	r1 = plain_r1();
	late = via(&r1, &servers[1]);
	expect_refused(&late, "not asked yet");
	next_i1();
	cr_expect_eq(hosts_judge(&t, A, &late), DROP_NONE);
}

Test(rendezvous, one_that_was_asked_by_udp_is_not_answered_without)
{
	struct bytes r1 = plain_r1();
	struct hip_input in = { .kind = HIP_IN_PACKET, .raw = true };

	r1 = via(&r1, &server);
	in.local = t.at[A];
	in.remote = t.at[B];
	in.local.port = in.remote.port = 0;
	packet_set_checksum(r1.b, r1.len, &in.remote, &in.local);
	in.bytes = r1.b;
	in.len = r1.len;
	hosts_input(&t, A, &in);
	cr_expect_eq(hosts_dropped(&t, A, DROP_PLACE), 1);
}

/* VIA_RVS is not signed, and so gives nothing but a look. */
Test(rendezvous, who_the_peer_is_says_the_signature_alone)
{
	struct bytes r1 = plain_r1(), forged, other;

	r1 = via(&r1, &server);
	forged = spoil_param(&r1, PARAM_HIP_SIGNATURE_2);
	cr_expect_eq(hosts_judge(&t, A, &forged), DROP_SIGNATURE);
	forged = spoil_param(&r1, PARAM_HOST_ID);
	cr_expect_eq(hosts_judge(&t, A, &forged), DROP_HOST_ID);
	other = r1;
	other.b[8 + 15] ^= 1; /* the sender's HIT: nobody asked it */
	cr_expect_eq(hosts_judge(&t, A, &other), DROP_STATE);
	cr_expect_eq(hosts_state(&t, A), ASSOC_I1_SENT);
	cr_expect_eq(hosts_counters(&t, A)->r1s_by_rendezvous, 0);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
}

Test(rendezvous, a_replayed_r1_is_dropped_as_any_other)
{
	struct bytes r1 = plain_r1();

	r1 = via(&r1, &server);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_NONE);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_STATE, "once is enough");
	hosts_remake(&t, A);
	tell_locators(NULL, 0);
	tell_servers(&server, 1);
	cr_expect_eq(hosts_judge(&t, A, &r1), DROP_STATE, "nobody asked");
}

/* The same R1, from where a server of nobody was asked. */
Test(rendezvous, without_servers_via_rvs_opens_nothing)
{
	struct locator elsewhere = at(50);
	struct bytes r1;

	tell_locators(&elsewhere, 1);
	tell_servers(NULL, 0);
	r1 = plain_r1();
	r1 = via(&r1, &elsewhere); /* asked, but no server */
	expect_refused(&r1, "not a server");
}

static const struct {
	const char *what;
	uint16_t first, second;
} relayed[] = {
	{ "FROM and RVS_HMAC", PARAM_FROM, PARAM_RVS_HMAC },
	{ "FROM alone", PARAM_FROM, 0 },
	{ "RVS_HMAC alone", PARAM_RVS_HMAC, 0 },
};

/* RFC 8004 4.3.2: it cannot be verified, so MUST be dropped. */
Test(rendezvous, a_relayed_i1_is_not_answered)
{
	struct bytes i1, changed;

	hosts_acquire(&t, A, 1);
	i1 = hosts_packet(&t, A, HIP_I1);
	for (size_t i = 0; i < sizeof(relayed) / sizeof(relayed[0]); i++) {
		struct edit e[] = { { relayed[i].first, t.at[A].addr, 16 },
				    { relayed[i].second, t.at[A].addr, 16 } };
		struct remake how = { .edits = e,
				      .n_edits = relayed[i].second ? 2 : 1 };

		changed = remake_packet(&i1, &how);
		cr_expect_eq(hosts_judge(&t, B, &changed), DROP_RELAYED, "%s",
			     relayed[i].what);
		cr_expect_eq(t.n_got[B], 0, "%s", relayed[i].what);
	}
	cr_expect_eq(hosts_judge(&t, B, &i1), DROP_NONE);
}
