/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The engine under the overlay, with the test in the resolver's place: what
 * it is told, and what comes of what it asks for.
 */
#include "daemon/underlay_impl.h"

#include "daemon/added.h"
#include "daemon/command.h"
#include "daemon/enrol.h"
#include "daemon/naming.h"
#include "daemon/reconfigure.h"
#include "daemon/recovery.h"
#include "tests/unit/bare_engine.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"
#define HIT_C "2001:22:f065:b1f0:b663:57f7:ac17:831"

static const char text[] = "host { state = /nowhere }\n"
			   "names { publish = { work@example.com } }\n";

static struct tempdir dir;
static struct engine e;
static struct enrolled_authority authority;
static struct hit hit_b, hit_c;
static int tun[2], ours;
static struct ipc_in in;
static struct ipc_message got;
static uint8_t body[RESOLVE_BODY_MAX];

static void make_host(void)
{
	struct host_conf conf;

	host_conf_defaults(&conf);
	conf.id = e.id;
	conf.env.random = bare_random;
	conf.admit = underlay_admit;
	conf.admit_ctx = &e;
	cr_assert_eq(host_new(&conf, engine_now_ms(), &e.host), 0);
}

static void make(void)
{
	tempdir_make(&dir);
	bare_engine_make(&e, text, dir.fd);
	e.id = enrolled_key(KEY_P256);
	enrolled_authority_make(&authority, "example.com", KEY_P384);
	cr_assert_eq(hit_from_text(HIT_B, &hit_b), 0);
	cr_assert_eq(hit_from_text(HIT_C, &hit_c), 0);
	make_host();
	bare_dataplane(&e, tun);
	bare_lookup(&e, bare_on_locators);
	e.underlay = underlay_new(&e);
	e.naming = naming_new(&e);
	e.on_membership = underlay_on_membership;
	cr_assert_not_null(e.underlay);
	ours = -1;
	ipc_in_init(&in, RESOLVE_BODY_MAX);
}

static void take_away(void)
{
	naming_free(e.naming);
	enrol_free(e.enrol);
	underlay_free(e.underlay);
	bare_engine_free(&e);
	ipc_in_clear(&in);
	enrolled_authority_free(&authority);
	(void)close(tun[0]);
	(void)close(tun[1]);
	if (ours >= 0)
		(void)close(ours);
	tempdir_remove(&dir);
}

TestSuite(underlay, .init = make, .fini = take_away);

/* B is the host that the overlay begins with. */
static void join(void)
{
	struct membership *m = &e.membership;
	uint64_t now_s = (uint64_t)time(NULL);
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len = enrolled_issue(&authority, "alice@example.com", e.id, 1,
				    now_s, bytes);

	*m = (struct membership){ .authority_algorithm =
					  authority.public.algorithm,
				  .authority_hi_len = authority.public.hi_len,
				  .n_bootstraps = 1 };
	memcpy(m->overlay, "example.com", 12);
	memcpy(m->authority_hi, authority.public.hi, m->authority_hi_len);
	m->bootstraps[0].hit = hit_b;
	cr_assert_eq(locator_from_text("192.0.2.7:10500", 0,
				       &m->bootstraps[0].locator),
		     0);
	cr_assert_eq(membership_take_certificate(m, identity_hit(e.id), bytes,
						 len, now_s),
		     0);
	engine_membership_changed(&e);
}

static void leave(void)
{
	e.membership = (struct membership){ .n_bootstraps = 0 };
	engine_membership_changed(&e);
}

/* The next message of the engine in `got`; false when it says no more. */
static bool next(void)
{
	int n;

	while ((n = ipc_in_next(&in, &got)) == 0)
		if (ipc_in_read(&in, ours) != 1)
			return false;
	return n == 1;
}

/* Skips to one of that type, which has to come. */
static void expect_next(enum resolve_type type)
{
	while (next())
		if (got.type == type)
			return;
	cr_assert_fail("no message %d", (int)type);
}

static void expect_hit(enum resolve_type type, const struct hit *hit)
{
	expect_next(type);
	cr_assert_eq(got.len, RESOLVE_HIT_LEN);
	cr_expect_eq(memcmp(got.body, hit->bytes, RESOLVE_HIT_LEN), 0);
}

static void expect_silence(void)
{
	cr_expect_not(next(), "message %d", (int)got.type);
}

static void drain(void)
{
	while (next())
		;
}

/* The resolver says something, and the engine hears it. */
static void say(enum resolve_type type, size_t len)
{
	cr_assert_eq(ipc_send(ours, (uint16_t)type, body, len, NULL, 0, 100),
		     0);
	ev_run(e.loop, EVRUN_NOWAIT);
}

static void say_hit(enum resolve_type type, const struct hit *hit)
{
	say(type, resolve_hit_write(hit->bytes, body, sizeof(body)));
}

/* A host's association changes its state, as the HIP host would tell. */
static void change(const struct hit *hit, enum assoc_state state)
{
	const struct hip_output o = { .kind = HIP_OUT_PEER,
				      .hit = *hit,
				      .state = state };

	(void)underlay_on_peer(e.underlay, &o); /* the test keeps none */
}

Test(underlay, in_no_overlay_the_resolver_hears_nothing_of_one)
{
	struct resolve_overlay o;

	bare_resolver(&e, &ours, &in);
	expect_next(RESOLVE_CONFIG);
	expect_next(RESOLVE_OVERLAY);
	cr_assert(resolve_overlay_parse(got.body, got.len, &o));
	cr_expect_str_eq(o.name, "", "it forgets what it has kept of one");
	change(&hit_b, ASSOC_ESTABLISHED);
	expect_silence();
}

Test(underlay, who_joins_tells_what_it_is)
{
	struct resolve_overlay o;
	struct resolve_places places;
	struct resolve_publish p;

	bare_resolver(&e, &ours, &in);
	drain();
	join();
	expect_next(RESOLVE_OVERLAY);
	cr_assert(resolve_overlay_parse(got.body, got.len, &o));
	cr_expect_str_eq(o.name, "example.com");
	cr_expect_not(o.is_founder);
	cr_expect_eq(memcmp(o.hit, identity_hit(e.id)->bytes, 16), 0);
	cr_expect_eq(o.certificate_len, e.membership.certificate_len);
	cr_expect_eq(o.authority_len, authority.public.hi_len);
	cr_expect_eq(o.n_bootstraps, 1);
	cr_expect_eq(memcmp(o.bootstraps[0], hit_b.bytes, 16), 0);
	expect_next(RESOLVE_LOCATORS);
	cr_assert(resolve_places_parse(got.body, got.len, RESOLVE_LOCATORS_MAX,
				       &places));
	expect_next(RESOLVE_PUBLISH);
	cr_assert(resolve_publish_parse(got.body, got.len, &p));
	cr_expect_str_eq(p.name, "work@example.com");
	cr_expect(p.exists);
}

Test(underlay, a_resolver_that_comes_back_is_told_all_again)
{
	join();
	bare_resolver(&e, &ours, &in);
	drain();
	change(&hit_b, ASSOC_ESTABLISHED);
	change(&hit_c, ASSOC_ESTABLISHED);
	change(&hit_c, ASSOC_CLOSING);
	expect_hit(RESOLVE_UP, &hit_b);
	expect_hit(RESOLVE_UP, &hit_c);
	expect_hit(RESOLVE_DOWN, &hit_c);
	bare_resolver(&e, &ours, &in);
	expect_next(RESOLVE_CONFIG);
	expect_next(RESOLVE_OVERLAY);
	expect_next(RESOLVE_LOCATORS);
	expect_hit(RESOLVE_UP, &hit_b);
	expect_next(RESOLVE_PUBLISH);
	expect_silence();
}

Test(underlay, as_many_as_there_may_be_are_told_at_once)
{
	struct hit hit = hit_c;
	size_t n = 0;

	join();
	for (int i = 0; i < 4096; i++) {
		hit.bytes[14] = (uint8_t)(i >> 8);
		hit.bytes[15] = (uint8_t)i;
		change(&hit, ASSOC_ESTABLISHED);
	}
	bare_resolver(&e, &ours, &in);
	cr_assert(naming_has_resolver(e.naming));
	while (next())
		n += got.type == RESOLVE_UP;
	cr_expect_eq(n, 4096);
}

Test(underlay, a_resolver_that_goes_leaves_nothing_kept)
{
	struct hip_output up = { .kind = HIP_OUT_PEER,
				 .state = ASSOC_ESTABLISHED };

	join();
	bare_resolver(&e, &ours, &in);
	say_hit(RESOLVE_CONNECT, &hit_c);
	cr_expect(links_is_kept(&e.underlay->links, &hit_c));
	up.hit = hit_c;
	cr_expect(underlay_on_peer(e.underlay, &up), "to be kept");
	/* What the host tells now cannot be passed on. */
	(void)close(ours);
	ours = -1;
	e.draining = true;
	change(&hit_b, ASSOC_ESTABLISHED);
	e.draining = false;
	cr_expect_not(naming_has_resolver(e.naming));
	underlay_tick(e.underlay, engine_now_ms());
	cr_expect_not(links_is_kept(&e.underlay->links, &hit_c));
	cr_expect(links_is_up(&e.underlay->links, &hit_c));
}

Test(underlay, who_leaves_says_so_and_ends_what_it_had)
{
	struct resolve_overlay o;

	join();
	cr_assert_eq(underlay_publish(e.underlay, "alice@example.com"), 0);
	bare_resolver(&e, &ours, &in);
	drain();
	leave();
	expect_next(RESOLVE_OVERLAY);
	cr_assert(resolve_overlay_parse(got.body, got.len, &o));
	cr_expect_str_eq(o.name, "");
	cr_expect_null(published_find(underlay_published(e.underlay),
				      "alice@example.com"));
	cr_expect(json_is_null(underlay_report(e.underlay)));
}

Test(underlay, the_granted_name_is_published_by_joining)
{
	underlay_on_membership(&e); /* it has begun, in none */
	join();
	cr_expect_not_null(published_find(underlay_published(e.underlay),
					  "alice@example.com"));
	cr_expect_eq(underlay_unpublish(e.underlay, "alice@example.com"), 0);
	engine_membership_changed(&e); /* a renewal, say */
	cr_expect_null(published_find(underlay_published(e.underlay),
				      "alice@example.com"));
}

Test(underlay, a_host_without_locator_is_asked_for_and_not_found)
{
	struct resolve_places hint = { .n = 0 };

	join();
	bare_resolver(&e, &ours, &in);
	drain();
	say_hit(RESOLVE_CONNECT, &hit_c);
	expect_hit(RESOLVE_WHERE, &hit_c);
	memcpy(hint.hit, hit_c.bytes, sizeof(hint.hit));
	say(RESOLVE_HINT, resolve_places_write(&hint, body, sizeof(body)));
	expect_hit(RESOLVE_DOWN, &hit_c);
}

static enum assoc_state state_of(const struct hit *hit)
{
	struct host_assoc_info a;

	return host_assoc_find(e.host, hit, &a) ? a.state : ASSOC_UNASSOCIATED;
}

/* A member that is found; `serial` is its certificate's. */
static void meet_dave(struct hit *dave)
{
	struct identity *key = enrolled_key(KEY_RFC8032);

	*dave = *identity_hit(key);
	identity_free(key);
	join();
	bare_resolver(&e, &ours, &in);
	say_hit(RESOLVE_CONNECT, dave);
	cr_assert_eq(state_of(dave), ASSOC_UNASSOCIATED);
}

static void say_hint(const struct hit *hit, uint8_t serial, uint16_t port)
{
	struct identity *key = enrolled_key(KEY_RFC8032);
	struct resolve_places hint = { .n = 2 };
	uint8_t bytes[CERTIFICATE_MAX];

	memcpy(hint.hit, hit->bytes, sizeof(hint.hit));
	cr_assert_eq(locator_from_text("127.0.0.1:10500", 0, &hint.locators[0]),
		     0);
	cr_assert_eq(locator_from_text("192.0.2.9", port, &hint.locators[1]),
		     0);
	hint.locators[1].port = port;
	hint.certificate = bytes;
	if (serial > 0)
		hint.certificate_len =
			enrolled_issue(&authority, "dave@example.com", key,
				       serial, (uint64_t)time(NULL), bytes);
	identity_free(key);
	say(RESOLVE_HINT, resolve_places_write(&hint, body, sizeof(body)));
}

Test(underlay, a_host_that_is_found_gets_an_i1)
{
	struct hit dave;

	meet_dave(&dave);
	say_hint(&dave, 9, 10500);
	cr_expect_eq(state_of(&dave), ASSOC_I1_SENT);
	cr_expect_eq(host_counters(e.host)->sent[HIP_I1], 1);
	cr_expect_str_eq(underlay_name(e.underlay, &dave), "dave@example.com");
}

Test(underlay, hints_of_places_that_are_nobodys_do_not_count)
{
	struct hit dave;

	meet_dave(&dave);
	say_hint(&dave, 9, 0); /* raw, which we do not speak */
	cr_expect_eq(state_of(&dave), ASSOC_FAILED);
}

Test(underlay, a_place_without_a_certificate_is_nobodys)
{
	struct hit dave;

	meet_dave(&dave);
	say_hint(&dave, 0, 10500);
	cr_expect_eq(state_of(&dave), ASSOC_FAILED);
}

Test(underlay, the_certificate_of_another_makes_nobody_a_member)
{
	join();
	bare_resolver(&e, &ours, &in);
	say_hit(RESOLVE_CONNECT, &hit_c);
	say_hint(&hit_c, 9, 10500);
	cr_expect_eq(state_of(&hit_c), ASSOC_FAILED);
}

Test(underlay, without_a_resolver_nobody_is_asked)
{
	const struct hip_input acquire = { .kind = HIP_IN_ACQUIRE,
					   .hit = hit_c };

	join();
	engine_input(&e, &acquire);
	cr_expect_eq(state_of(&hit_c), ASSOC_FAILED);
}

Test(underlay, questions_for_places_have_a_pace)
{
	struct hit hit = hit_c;
	int asked = 0;

	join();
	bare_resolver(&e, &ours, &in);
	for (int i = 0; i < 200; i++) {
		hit.bytes[15] = (uint8_t)i;
		asked += underlay_on_want(e.underlay, &hit);
	}
	cr_expect_geq(asked, 32);
	cr_expect_leq(asked, 40);
}

/* A newer list of the authority's that takes back one certificate. */
static void say_list(uint64_t number, uint8_t serial)
{
	static uint8_t list[REVOCATION_MAX];
	static struct revocation r;
	uint64_t now_s = (uint64_t)time(NULL);
	uint8_t revoked[CERTIFICATE_SERIAL_LEN] = { 0x40, [15] = serial };
	size_t len;

	r = (struct revocation){ .number = number,
				 .this_update_s = now_s,
				 .next_update_s = now_s + 3600 };
	cr_assert_eq(revocation_add(&r, revoked, now_s), 0);
	len = enrolled_revoke(&authority, &r, list);
	cr_assert_leq(len, sizeof(body));
	memcpy(body, list, len);
	say(RESOLVE_REVOKED, len);
}

Test(underlay, whom_we_have_sought_goes_when_it_is_revoked)
{
	struct hit dave;

	meet_dave(&dave);
	say_hint(&dave, 9, 10500);
	say_list(1, 8);
	cr_expect_eq(state_of(&dave), ASSOC_I1_SENT);
	drain();
	say_list(2, 9);
	expect_silence(); /* the stub has heard of a list just now */
	cr_expect_eq(state_of(&dave), ASSOC_I1_SENT, "it is to hear of it");
	underlay_tick(e.underlay, engine_now_ms() + 1000);
	cr_expect_eq(state_of(&dave), ASSOC_UNASSOCIATED);
	expect_next(RESOLVE_CHANGED);
	drain();
	say_hit(RESOLVE_CONNECT, &dave);
	say_hint(&dave, 9, 10500);
	cr_expect_eq(state_of(&dave), ASSOC_FAILED);
}

Test(underlay, an_association_of_a_member_outlives_its_pin)
{
	const char *name = "dave@example.org";
	const struct api_request r = { .command = "unpin",
				       .args = { name },
				       .n_args = 1 };
	struct command_answer a;
	struct hit dave;

	meet_dave(&dave);
	say_hint(&dave, 9, 10500);
	cr_assert_eq(pins_add(e.pins, name, &dave, 0), 0);
	reconfigure_peer(&e, &dave);
	cr_assert_eq(state_of(&dave), ASSOC_I1_SENT);
	command_run(&e, NULL, CONTROL_CHANGE, &r, &a);
	json_decref(a.json);
	cr_expect_null(pins_find(e.pins, name));
	cr_expect_eq(state_of(&dave), ASSOC_I1_SENT);
	say_list(1, 9);
	underlay_tick(e.underlay, engine_now_ms() + 1000);
	cr_expect_eq(state_of(&dave), ASSOC_UNASSOCIATED,
		     "its certificate alone kept it");
}

Test(underlay, members_without_a_certificate_are_asked_after)
{
	struct hit dave;

	meet_dave(&dave);
	change(&dave, ASSOC_ESTABLISHED);
	drain();
	underlay_ask_for_certificate(e.underlay);
	expect_hit(RESOLVE_WHERE, &dave);
	say_hint(&dave, 9, 10500);
	drain();
	underlay_ask_for_certificate(e.underlay);
	expect_silence();
}

static bool is_admitted(const struct hit *hit, const uint8_t *certificate,
			size_t len)
{
	return underlay_admit(&e, hit, certificate, len) > 0;
}

Test(underlay, revocation_lists_have_a_pace)
{
	struct identity *bob = enrolled_key(KEY_RFC8032);
	uint8_t certificate[CERTIFICATE_MAX];
	size_t len = enrolled_issue(&authority, "bob@example.com", bob, 9,
				    (uint64_t)time(NULL), certificate);

	join();
	bare_resolver(&e, &ours, &in);
	/* All parts of a list, twice, come through. */
	for (uint64_t i = 1; i <= 2 * REVOCATION_PARTS_MAX; i++)
		say_list(i, 8);
	cr_expect(is_admitted(identity_hit(bob), certificate, len));
	e.underlay->lists.full_ms = UINT64_MAX / 2;
	say_list(5000, 9);
	cr_expect(is_admitted(identity_hit(bob), certificate, len),
		  "one too many");
	e.underlay->lists.full_ms = 0; /* later */
	say_list(5000, 9);
	cr_expect_not(is_admitted(identity_hit(bob), certificate, len));
	identity_free(bob);
}

Test(underlay, only_what_can_be_read_is_signed)
{
	static const uint8_t digest[32] = { 1, 2, 3 };
	const struct resolve_sign s = { .id = 77,
					.preimage = digest,
					.len = sizeof(digest) };
	struct resolve_signed back;

	join();
	bare_resolver(&e, &ours, &in);
	say(RESOLVE_SIGN, resolve_sign_write(&s, body, sizeof(body)));
	expect_next(RESOLVE_SIGNED);
	cr_assert(resolve_signed_parse(got.body, got.len, &back));
	cr_expect_eq(back.id, 77);
	cr_expect_eq(back.len, 0, "refused");
}

/* A Ping of our overlay, up to who signs. */
static size_t write_message(uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);
	uint8_t hash[32];

	certificate_hash(e.membership.certificate, e.membership.certificate_len,
			 hash);
	wr_u32(&w, authority_overlay_hash("example.com", 11));
	wr_u64(&w, 5);	/* transaction */
	wr_u16(&w, 23); /* ping_req */
	wr_u32(&w, 2);
	wr_u16(&w, 0);
	wr_u32(&w, 0); /* extensions */
	wr_u8(&w, 1);  /* cert_hash */
	wr_u16(&w, 2 + sizeof(hash));
	wr_u8(&w, 4); /* SHA-256 */
	wr_u8(&w, sizeof(hash));
	wr_bytes(&w, hash, sizeof(hash));
	return wr_len(&w);
}

Test(underlay, a_message_of_our_overlay_is_signed)
{
	uint8_t message[256];
	struct resolve_sign s = { .id = 78, .preimage = message };
	struct resolve_signed back;

	join();
	bare_resolver(&e, &ours, &in);
	s.len = write_message(message, sizeof(message));
	say(RESOLVE_SIGN, resolve_sign_write(&s, body, sizeof(body)));
	expect_next(RESOLVE_SIGNED);
	cr_assert(resolve_signed_parse(got.body, got.len, &back));
	cr_expect_eq(back.id, 78);
	cr_expect_eq(back.hash_alg, 5);
	cr_expect_eq(back.sig_alg, 3);
	cr_assert_gt(back.len, 64, "ECDSA-Sig-Value");
	cr_expect_eq(back.signature[0], 0x30);
}

/* Of a Leave: whether the engine signs it. */
static bool is_signed(const uint8_t *message, size_t len)
{
	struct resolve_sign s = { .id = 79, .preimage = message, .len = len };
	struct resolve_signed back;

	say(RESOLVE_SIGN, resolve_sign_write(&s, body, sizeof(body)));
	expect_next(RESOLVE_SIGNED);
	cr_assert(resolve_signed_parse(got.body, got.len, &back));
	return back.len > 0;
}

static void begin_to_leave(void)
{
	const struct api_request r = { .command = "leave" };
	struct command_answer a;

	command_run(&e, NULL, CONTROL_CHANGE, &r, &a);
	json_decref(a.json);
	cr_expect(a.later, "%s", a.text);
}

/* A member with names, whose resolver has heard of all; how many they are. */
static size_t join_with_names(void)
{
	join();
	e.enrol = enrol_new(&e);
	cr_assert_not_null(e.enrol);
	cr_assert_eq(underlay_publish(e.underlay, "alice@example.com"), 0);
	bare_resolver(&e, &ours, &in);
	drain();
	cr_assert_gt(underlay_published(e.underlay)->n, 1);
	return underlay_published(e.underlay)->n;
}

static void say_taken(const char *name)
{
	const struct resolve_published done = { .state = RESOLVE_NAME_EXPIRED,
						.name = name,
						.reason = "" };

	say(RESOLVE_PUBLISHED,
	    resolve_published_write(&done, body, sizeof(body)));
}

static void expect_none(void)
{
	struct resolve_overlay o;

	expect_next(RESOLVE_OVERLAY);
	cr_assert(resolve_overlay_parse(got.body, got.len, &o));
	cr_expect_str_empty(o.name);
}

Test(underlay, who_leaves_takes_the_names_away_first)
{
	size_t n = join_with_names();

	begin_to_leave();
	for (size_t i = 0; i < n; i++) {
		struct resolve_publish p;

		expect_next(RESOLVE_PUBLISH);
		cr_assert(resolve_publish_parse(got.body, got.len, &p));
		cr_expect_not(p.exists, "nobody is to find it any more");
	}
	say_taken("other@example.com"); /* that was taken away before */
	for (size_t i = 0; i < n; i++) {
		expect_silence();
		say_taken("alice@example.com");
	}
	expect_none();
	cr_expect(membership_is_set(&e.membership), "the node says Leave");
	say(RESOLVE_LEFT, 0);
	cr_expect_not(membership_is_set(&e.membership));
	while (next())
		cr_expect_neq(got.type, RESOLVE_OVERLAY, "it has heard that");
}

Test(underlay, who_leaves_signs_until_the_neighbours_know)
{
	uint8_t message[256];
	size_t len;

	(void)join_with_names();
	len = write_message(message, sizeof(message));
	begin_to_leave();
	say(RESOLVE_LEFT, 0); /* of what was before */
	underlay_tick(e.underlay, engine_now_ms() + 8500);
	drain();
	cr_expect(is_signed(message, len));
	say(RESOLVE_LEFT, 0);
	drain();
	cr_expect_not(is_signed(message, len));
}

Test(underlay, who_leaves_waits_for_nothing_for_long)
{
	uint64_t now_ms = engine_now_ms();

	(void)join_with_names();
	begin_to_leave();
	drain();
	underlay_tick(e.underlay, now_ms + 7000);
	while (next())
		cr_expect_neq(got.type, RESOLVE_OVERLAY);
	underlay_tick(e.underlay, now_ms + 8500);
	expect_none();
	cr_expect(membership_is_set(&e.membership));
	underlay_tick(e.underlay, now_ms + 14000);
	cr_expect_not(membership_is_set(&e.membership));
}

Test(underlay, who_leaves_waits_for_no_resolver_that_has_gone)
{
	(void)join_with_names();
	begin_to_leave();
	underlay_on_resolver_gone(e.underlay);
	cr_expect(membership_is_set(&e.membership), "not from there");
	underlay_tick(e.underlay, engine_now_ms());
	cr_expect_not(membership_is_set(&e.membership));
}

Test(underlay, who_leaves_is_not_told_of_again)
{
	(void)join_with_names();
	begin_to_leave();
	underlay_tick(e.underlay, engine_now_ms() + 8500);
	expect_none();
	/* A node that is in none, and a new resolver. */
	cr_expect(underlay_is_leaving(e.underlay));
	underlay_on_resolver(e.underlay);
	cr_assert_eq(underlay_publish(e.underlay, "more@example.com"), 0);
	while (next())
		cr_expect(got.type != RESOLVE_OVERLAY &&
				  got.type != RESOLVE_PUBLISH,
			  "message %d", (int)got.type);
}

Test(underlay, who_is_stopped_while_leaving_has_left)
{
	(void)join_with_names();
	begin_to_leave();
	drain();
	cr_assert(underlay_stop(e.underlay));
	expect_none();
	cr_expect(membership_is_set(&e.membership));
	underlay_end_leaving(e.underlay); /* or LEFT comes */
	cr_expect_not(membership_is_set(&e.membership));
}

Test(underlay, when_leaving_fails_all_is_as_before)
{
	size_t n = join_with_names();
	int state = e.state_dir;
	struct resolve_overlay o;

	begin_to_leave();
	underlay_tick(e.underlay, engine_now_ms() + 8500);
	drain();
	e.state_dir = -1;
	say(RESOLVE_LEFT, 0);
	e.state_dir = state;
	cr_expect(membership_is_set(&e.membership));
	expect_next(RESOLVE_OVERLAY);
	cr_assert(resolve_overlay_parse(got.body, got.len, &o));
	cr_expect_str_eq(o.name, "example.com");
	for (size_t i = 0; i < n; i++) {
		struct resolve_publish p;

		expect_next(RESOLVE_PUBLISH);
		cr_assert(resolve_publish_parse(got.body, got.len, &p));
		cr_expect(p.exists);
	}
}

Test(underlay, who_is_revoked_leaves_without_a_word)
{
	uint8_t message[256];
	size_t len;

	join(); /* by the certificate with that number */
	cr_assert_eq(underlay_publish(e.underlay, "alice@example.com"), 0);
	bare_resolver(&e, &ours, &in);
	len = write_message(message, sizeof(message));
	say_list(1, 1);
	drain();
	cr_expect_not(underlay_leave(e.underlay));
	leave();
	expect_next(RESOLVE_OVERLAY);
	cr_expect_not(is_signed(message, len));
}

Test(underlay, before_a_stop_the_neighbours_are_told)
{
	struct resolve_overlay o;

	cr_expect_not(underlay_stop(e.underlay), "there are none");
	join();
	cr_expect_not(underlay_stop(e.underlay), "nobody tells them");
	bare_resolver(&e, &ours, &in);
	drain();
	cr_assert(underlay_stop(e.underlay));
	expect_next(RESOLVE_OVERLAY); /* and no name is taken away before */
	cr_assert(resolve_overlay_parse(got.body, got.len, &o));
	cr_expect_str_empty(o.name);
	cr_expect_gt(underlay_published(e.underlay)->n, 0);
	cr_expect(membership_is_set(&e.membership), "for the next start");
}

static const char *name_state(const char *name)
{
	const struct published_name *n =
		published_find(underlay_published(e.underlay), name);

	return n ? resolve_name_state_text(n->state) : NULL;
}

static size_t warnings_of(const char *code)
{
	size_t n = 0;

	for (size_t i = 0; i < e.warnings.n; i++)
		n += strcmp(e.warnings.all[i].code, code) == 0;
	return n;
}

static void say_published(enum resolve_name_state state, const char *reason)
{
	const struct resolve_published p = { .name = "work@example.com",
					     .state = state,
					     .reason = reason };

	say(RESOLVE_PUBLISHED, resolve_published_write(&p, body, sizeof(body)));
}

static void say_seen(const struct hit *hit, const struct hit *other)
{
	struct resolve_seen s = { .name = "shop@example.net" };

	memcpy(s.hit, hit->bytes, sizeof(s.hit));
	if (other)
		memcpy(s.other, other->bytes, sizeof(s.other));
	say(RESOLVE_SEEN, resolve_seen_write(&s, body, sizeof(body)));
}

static size_t seen(void)
{
	json_t *array = underlay_seen(e.underlay);
	size_t n = json_array_size(array);

	json_decref(array);
	return n;
}

Test(underlay, that_a_name_is_refused_is_not_said_after_the_certificates_end)
{
	join();
	bare_resolver(&e, &ours, &in);
	say_published(RESOLVE_NAME_REFUSED, "it has ended");
	cr_expect_eq(warnings_of("name-refused"), 1);
	e.membership.not_after_s = (uint64_t)time(NULL) - 1;
	say_published(RESOLVE_NAME_REFUSED, "it has ended");
	cr_expect_eq(warnings_of("name-refused"), 0);
}

Test(underlay, what_was_seen_at_first_use_is_shown_and_can_be_forgotten)
{
	const char *name = "shop@example.net";
	struct resolve_publish p;

	join();
	bare_resolver(&e, &ours, &in);
	cr_expect_eq(seen(), 0);
	cr_expect_not(underlay_forget(e.underlay, name));
	say_seen(&hit_b, NULL);
	cr_expect_eq(seen(), 1);
	cr_expect_eq(warnings_of("name-contradicted"), 0);
	say_seen(&hit_b, &hit_c);
	say_seen(&hit_b, &hit_c);
	cr_expect_eq(seen(), 1);
	cr_expect_eq(warnings_of("name-contradicted"), 1);
	say_seen(&hit_b, NULL);
	cr_expect_eq(warnings_of("name-contradicted"), 0, "it is over");
	say_seen(&hit_b, &hit_c);
	cr_expect(underlay_forget(e.underlay, name));
	cr_expect_eq(seen(), 0);
	cr_expect_eq(warnings_of("name-contradicted"), 0);
	expect_next(RESOLVE_FORGET);
	cr_assert(resolve_publish_parse(got.body, got.len, &p));
	cr_expect_str_eq(p.name, name);
	say_seen(&hit_b, NULL);
	underlay_on_resolver_gone(e.underlay);
	cr_expect_eq(seen(), 0, "the next one says it anew");
}

Test(underlay, what_becomes_of_a_name_is_shown)
{
	join();
	bare_resolver(&e, &ours, &in);
	say_published(RESOLVE_NAME_PUBLISHED, "");
	cr_expect_str_eq(name_state("work@example.com"), "published");
	say_published(RESOLVE_NAME_CONFLICT, "another has it");
	cr_expect_str_eq(name_state("work@example.com"), "conflict");
	cr_expect_eq(warnings_of("name-conflict"), 1);
	say_published(RESOLVE_NAME_PUBLISHED, "");
	cr_expect_eq(warnings_of("name-conflict"), 0);
	say_published(RESOLVE_NAME_PUBLISHED, "");
	(void)close(ours);
	ours = -1;
	ev_run(e.loop, EVRUN_NOWAIT);
	cr_expect_str_eq(name_state("work@example.com"), "publishing");
}

static const char *name_reason(void)
{
	static char reason[64];
	json_t *names = underlay_names(e.underlay);
	const char *why = json_string_value(
		json_object_get(json_array_get(names, 0), "reason"));

	(void)snprintf(reason, sizeof(reason), "%s", why ? why : "");
	json_decref(names);
	return reason;
}

Test(underlay, a_name_that_others_do_not_find_is_warned_of)
{
	join();
	bare_resolver(&e, &ours, &in);
	say_published(RESOLVE_NAME_REFUSED, "not granted");
	cr_expect_eq(warnings_of("name-refused"), 1);
	cr_expect_eq(warnings_of("name-unproven"), 0);
	say_published(RESOLVE_NAME_PUBLISHED, "");
	cr_expect_eq(warnings_of("name-refused"), 0);
	cr_expect_eq(warnings_of("name-unproven"), 1);
	memcpy(e.membership.name, "work@example.com", 17);
	say_published(RESOLVE_NAME_PUBLISHED, "");
	cr_expect_eq(warnings_of("name-unproven"), 0, "it is granted");
}

static const char *remedy_of(const char *code)
{
	for (size_t i = 0; i < e.warnings.n; i++)
		if (strcmp(e.warnings.all[i].code, code) == 0)
			return e.warnings.all[i].remedy;
	return "";
}

Test(underlay, what_helps_a_refused_name_is_what_works)
{
	join();
	bare_resolver(&e, &ours, &in);
	say_published(RESOLVE_NAME_REFUSED, "not granted");
	cr_expect_not_null(strstr(remedy_of("name-refused"), "publish = {"));
	cr_expect_not_null(strstr(remedy_of("name-refused"),
				  "hipline leave and hipline join"));
	e.membership.founder = true;
	say_published(RESOLVE_NAME_REFUSED, "not granted");
	cr_expect_not_null(strstr(remedy_of("name-refused"),
				  "hipline create with --name"));
}

Test(underlay, who_has_left_shows_nothing_of_before)
{
	join();
	bare_resolver(&e, &ours, &in);
	say_published(RESOLVE_NAME_REFUSED, "not granted");
	cr_expect_str_eq(name_reason(), "not granted");
	leave();
	cr_expect_str_eq(name_state("work@example.com"), "publishing");
	cr_expect_str_eq(name_reason(), "this host is in no overlay");
	cr_expect_eq(warnings_of("name-refused"), 0);
}

Test(underlay, what_the_resolver_shows_is_reported)
{
	const struct resolve_shown s = {
		.json = "{\"joined\": true, \"fingers\": 3}"
	};
	char fingerprint[MEMBERSHIP_FINGERPRINT_MAX];
	json_t *report;

	join();
	bare_resolver(&e, &ours, &in);
	say(RESOLVE_SHOWN, resolve_shown_write(&s, body, sizeof(body)));
	report = underlay_report(e.underlay);
	cr_expect_str_eq(json_string_value(json_object_get(report, "name")),
			 "example.com");
	cr_expect_str_eq(json_string_value(json_object_get(report, "granted")),
			 "alice@example.com");
	cr_expect(json_is_true(json_object_get(report, "joined")));
	cr_expect_eq(json_integer_value(json_object_get(report, "fingers")), 3);
	cr_expect(json_is_null(json_object_get(report, "records")));
	membership_fingerprint(&e.membership, fingerprint);
	cr_expect_eq(strlen(fingerprint), 64);
	cr_expect_str_eq(
		json_string_value(json_object_get(
			json_object_get(report, "authority"), "fingerprint")),
		fingerprint);
	json_decref(report);
}

static void say_shown(const char *json)
{
	const struct resolve_shown s = { .json = json };

	say(RESOLVE_SHOWN, resolve_shown_write(&s, body, sizeof(body)));
}

Test(underlay, a_name_that_was_stored_and_is_not_found_is_warned_of)
{
	static const char why[] = "a lookup does not find it";

	join();
	bare_resolver(&e, &ours, &in);
	say_published(RESOLVE_NAME_PUBLISHING, why);
	cr_expect_eq(warnings_of("name-unfound"), 0, "it is in no ring yet");
	say_shown("{\"joined\": true, \"successors\": []}");
	say_published(RESOLVE_NAME_PUBLISHING, "");
	cr_expect_eq(warnings_of("name-unfound"), 0, "it has just begun");
	say_published(RESOLVE_NAME_PUBLISHING, why);
	cr_expect_eq(warnings_of("name-unfound"), 1);
	say_published(RESOLVE_NAME_EXPIRED, why);
	cr_expect_eq(warnings_of("name-unfound"), 1);
	say_published(RESOLVE_NAME_PUBLISHED, "");
	cr_expect_eq(warnings_of("name-unfound"), 0);
}

Test(underlay, while_the_ring_is_young_all_is_said_again)
{
	join();
	bare_resolver(&e, &ours, &in);
	drain();
	say_shown("{\"joined\": false, \"successors\": []}");
	expect_silence();
	say_shown("{\"joined\": true, \"successors\": [\"a\"]}");
	expect_next(RESOLVE_LOCATORS);
	expect_next(RESOLVE_PUBLISH);
	say_shown("{\"joined\": true, \"successors\": [\"a\"]}");
	expect_silence();
	say_shown("{\"joined\": true, \"successors\": [\"b\", \"a\"]}");
	expect_next(RESOLVE_LOCATORS);
	expect_next(RESOLVE_PUBLISH);
	expect_silence();
	e.underlay->joined_ms -= 121 * 1000;
	say_shown("{\"joined\": true, \"successors\": [\"c\"]}");
	expect_silence();
}

Test(underlay, who_has_refused_what_we_are_is_told_again)
{
	static const char none[] = "{\"joined\": false, \"node_id\": null}";

	join();
	change(&hit_b, ASSOC_ESTABLISHED);
	bare_resolver(&e, &ours, &in);
	drain();
	say_shown("{\"joined\": false, \"node_id\": \"2001:22::1\"}");
	expect_silence();
	say_shown(none);
	expect_next(RESOLVE_OVERLAY);
	expect_next(RESOLVE_LOCATORS);
	expect_hit(RESOLVE_UP, &hit_b);
	drain();
	say_shown(none);
	expect_silence();
	e.underlay->again_ms = 0; /* later */
	say_shown(none);
	expect_next(RESOLVE_OVERLAY);
	drain();
	e.underlay->again_ms = 0;
	e.membership.certificate_len = 0;
	say_shown(none);
	expect_silence();
}

Test(underlay, what_breaks_the_form_is_cut_off)
{
	join();
	bare_resolver(&e, &ours, &in);
	drain();
	say(RESOLVE_CONNECT, 3);
	cr_expect_not(naming_has_resolver(e.naming));
	bare_resolver(&e, &ours, &in);
	say(RESOLVE_OVERLAY, 0);
	cr_expect_not(naming_has_resolver(e.naming), "not its to say");
}

Test(underlay, names_of_the_overlay_are_the_resolvers_to_find)
{
	const struct resolve_ask a = { .id = 4, .name = "Bob@EXAMPLE.com" };
	const struct resolve_ask other = { .id = 5, .name = "bob@example.org" };
	struct resolve_answer back;

	join();
	bare_resolver(&e, &ours, &in);
	drain();
	say(RESOLVE_ASK, resolve_ask_write(&a, body, sizeof(body)));
	expect_next(RESOLVE_ANSWER);
	cr_assert(resolve_answer_parse(got.body, got.len, &back));
	cr_expect_eq(back.result, RESOLVE_IN_OVERLAY);
	say(RESOLVE_ASK, resolve_ask_write(&other, body, sizeof(body)));
	expect_next(RESOLVE_ANSWER);
	cr_assert(resolve_answer_parse(got.body, got.len, &back));
	cr_expect_eq(back.result, RESOLVE_FOREIGN);
	leave();
	drain();
	say(RESOLVE_ASK, resolve_ask_write(&a, body, sizeof(body)));
	expect_next(RESOLVE_ANSWER);
	cr_assert(resolve_answer_parse(got.body, got.len, &back));
	cr_expect_eq(back.result, RESOLVE_FOREIGN);
}

Test(underlay, who_is_revoked_finds_no_name_of_the_overlay_for_dns)
{
	const struct resolve_ask a = { .id = 4, .name = "bob@example.com" };
	const struct resolve_ask other = { .id = 5, .name = "bob@example.org" };
	struct resolve_answer back;

	join();
	bare_resolver(&e, &ours, &in);
	say_list(1, 1);
	drain();
	say(RESOLVE_ASK, resolve_ask_write(&a, body, sizeof(body)));
	expect_next(RESOLVE_ANSWER);
	cr_assert(resolve_answer_parse(got.body, got.len, &back));
	cr_expect_eq(back.result, RESOLVE_UNREACHABLE, "as resolve says");
	say(RESOLVE_ASK, resolve_ask_write(&other, body, sizeof(body)));
	expect_next(RESOLVE_ANSWER);
	cr_assert(resolve_answer_parse(got.body, got.len, &back));
	cr_expect_eq(back.result, RESOLVE_FOREIGN);
}

Test(underlay, who_is_revoked_itself_is_told)
{
	join(); /* by the certificate with that number */
	bare_resolver(&e, &ours, &in);
	underlay_tick(e.underlay, engine_now_ms());
	cr_expect_eq(warnings_of("certificate-revoked"), 0);
	say_list(1, 1);
	underlay_tick(e.underlay, engine_now_ms());
	cr_expect_eq(warnings_of("certificate-revoked"), 1);
	leave();
	underlay_tick(e.underlay, engine_now_ms());
	cr_expect_eq(warnings_of("certificate-revoked"), 0);
}

/* What `overlay` says under a key that is boolean. */
static bool reports(const char *key)
{
	json_t *report = underlay_report(e.underlay);
	bool is_so = json_is_true(json_object_get(report, key));

	json_decref(report);
	return is_so;
}

Test(underlay, who_is_revoked_itself_shows_it)
{
	json_t *names;

	join();
	bare_resolver(&e, &ours, &in);
	memcpy(e.membership.name, "work@example.com", 17);
	say_shown("{\"joined\": true}");
	say_published(RESOLVE_NAME_PUBLISHED, "");
	cr_expect_not(reports("revoked"));
	cr_expect_str_eq(name_reason(), "");
	say_list(1, 1);
	cr_expect(reports("revoked"));
	cr_expect(reports("joined"), "what others said of it stays");
	cr_expect_str_eq(name_reason(), "this host's certificate is revoked");
	names = underlay_names(e.underlay);
	cr_expect(json_is_null(
		json_object_get(json_array_get(names, 0), "proof")));
	cr_expect(json_is_true(
		json_object_get(json_array_get(names, 0), "revoked")));
	json_decref(names);
	leave();
	cr_expect_str_eq(name_reason(), "this host is in no overlay");
}

Test(underlay, who_is_alone_for_long_is_warned)
{
	uint64_t now_ms = engine_now_ms();

	join();
	bare_resolver(&e, &ours, &in);
	underlay_tick(e.underlay, now_ms + 59000);
	cr_expect_eq(warnings_of("overlay-unreachable"), 0);
	underlay_tick(e.underlay, now_ms + 61000);
	cr_expect_eq(warnings_of("overlay-unreachable"), 1);
	say_shown("{\"joined\": true, \"successors\": [\"a\"]}");
	underlay_tick(e.underlay, now_ms + 62000);
	cr_expect_eq(warnings_of("overlay-unreachable"), 0);
	/* A ring of its own is none, as another has let it in. */
	say_shown("{\"joined\": true, \"successors\": []}");
	underlay_tick(e.underlay, now_ms + 63000);
	underlay_tick(e.underlay, now_ms + 124000);
	cr_expect_eq(warnings_of("overlay-unreachable"), 1);
	leave();
	underlay_tick(e.underlay, now_ms + 125000);
	cr_expect_eq(warnings_of("overlay-unreachable"), 0);
}

Test(underlay, a_certificate_that_ends_is_warned_of)
{
	uint64_t now_s = (uint64_t)time(NULL);

	join();
	underlay_tick(e.underlay, engine_now_ms());
	cr_expect_eq(warnings_of("certificate-ends"), 0);
	e.membership.not_after_s = now_s + 6 * 86400;
	underlay_tick(e.underlay, engine_now_ms());
	cr_expect_eq(warnings_of("certificate-ends"), 1);
	e.membership.not_after_s = now_s - 1;
	underlay_tick(e.underlay, engine_now_ms());
	cr_expect_eq(warnings_of("certificate-ends"), 0);
	cr_expect_eq(warnings_of("certificate-ended"), 1);
	e.membership.not_after_s = now_s - 31 * 86400;
	underlay_tick(e.underlay, engine_now_ms());
	cr_expect_eq(warnings_of("certificate-ended"), 1, "another one");
	e.membership.not_after_s = now_s + 30 * 86400;
	underlay_tick(e.underlay, engine_now_ms());
	cr_expect_eq(warnings_of("certificate-ended"), 0);
}

/* A command that has to ask; who asks is never looked at. */
static struct command_answer ask(const char *command, const char *name)
{
	static int client;
	struct api_request r = { .command = command,
				 .args = { name },
				 .n_args = 1 };
	struct command_answer a;

	command_run(&e, (struct control_client *)(void *)&client,
		    CONTROL_CHANGE, &r, &a);
	return a;
}

Test(underlay, a_name_that_nobody_here_knows_is_looked_up)
{
	struct resolve_publish p;
	struct command_answer a;

	join();
	bare_resolver(&e, &ours, &in);
	drain();
	a = ask("resolve", "Bob@Example.com");
	cr_assert(a.later);
	expect_next(RESOLVE_LOOKUP);
	cr_assert(resolve_publish_parse(got.body, got.len, &p));
	cr_expect_str_eq(p.name, "bob@example.com");
	cr_expect_eq(p.id, e.waiters[0].lookup);
	cr_expect_lt(command_deadline(&e), engine_now_ms() + 15001);
	e.waiters[0].client = NULL;
}

Test(underlay, connecting_to_a_name_looks_it_up_first)
{
	struct resolve_answer found = { .result = RESOLVE_FOUND, .n_hits = 1 };

	join();
	bare_resolver(&e, &ours, &in);
	drain();
	cr_assert(ask("connect", "bob@example.com").later);
	expect_next(RESOLVE_LOOKUP);
	found.id = e.waiters[0].lookup;
	memcpy(found.hits[0].hit, hit_c.bytes, RESOLVE_HIT_LEN);
	found.hits[0].proof = RESOLVE_PROOF_AUTHORITY;
	say(RESOLVE_FOUND_NAME,
	    resolve_answer_write(&found, body, sizeof(body)));
	expect_hit(RESOLVE_WHERE, &hit_c);
	cr_expect_eq(e.waiters[0].lookup, 0);
	cr_expect(hit_equal(&e.waiters[0].hit, &hit_c));
	cr_expect_str_eq(underlay_name(e.underlay, &hit_c), "bob@example.com");
	e.waiters[0].client = NULL;
}

Test(underlay, who_is_revoked_asks_nobody_for_a_name)
{
	static const char *const commands[] = { "resolve", "connect" };

	join();
	bare_resolver(&e, &ours, &in);
	say_list(1, 1);
	drain();
	for (size_t i = 0; i < 2; i++) {
		struct command_answer a = ask(commands[i], "bob@example.com");

		cr_expect_not(a.later);
		cr_expect_eq(a.exit, API_FAILED);
		cr_expect_not_null(strstr(a.text, "new invitation"), "%s",
				   a.text);
		cr_expect_null(e.waiters[0].client);
	}
	expect_silence();
}

Test(underlay, no_remedy_but_an_invitation_helps_who_is_revoked)
{
	const char *reason = "the peer does not answer";
	const char *usual = unreached_remedy(reason);

	join();
	bare_resolver(&e, &ours, &in);
	cr_expect_str_eq(underlay_remedy(e.underlay, &hit_c, reason), usual);
	say_list(1, 1);
	cr_expect_not_null(strstr(underlay_remedy(e.underlay, &hit_c, reason),
				  "new invitation"));
	cr_expect_eq(added_set(e.added, &hit_c, NULL, 0), 0);
	cr_expect_str_eq(underlay_remedy(e.underlay, &hit_c, reason), usual,
			 "who is known by hand needs no certificate");
	cr_expect_str_eq(underlay_remedy(NULL, &hit_c, reason), usual);
}

Test(underlay, without_a_resolver_no_name_is_found)
{
	struct command_answer a;

	join();
	a = ask("resolve", "bob@example.com");
	cr_expect_eq(a.exit, API_FAILED);
	cr_expect_not_null(strstr(a.text, "cannot be asked"), "%s", a.text);
	a = ask("resolve", "bob@example.org");
	cr_expect_eq(a.exit, API_NO_SUCH_NAME);
}

Test(underlay, publishing_needs_an_overlay)
{
	struct command_answer a = ask("publish", "bob@example.org");

	cr_expect_eq(a.exit, API_FAILED);
	cr_expect_not_null(strstr(a.text, "no overlay"), "%s", a.text);
	join();
	a = ask("publish", "bob@example.org");
	cr_expect_eq(a.exit, API_DONE, "%s", a.text);
	a = ask("publish", "bob@example.org");
	cr_expect_eq(a.exit, API_DONE, "%s", a.text);
	a = ask("unpublish", "work@example.com");
	cr_expect_eq(a.exit, API_FAILED);
	cr_expect_not_null(strstr(a.text, "t.conf:2"), "%s", a.text);
	a = ask("unpublish", "bob@example.org");
	cr_expect_eq(a.exit, API_DONE, "%s", a.text);
	a = ask("unpublish", "bob@example.org");
	cr_expect_eq(a.exit, API_NO_SUCH_NAME);
	a = ask("publish", "example.com");
	cr_expect_eq(a.exit, API_USAGE);
}

static void expect_said(const char *name, enum api_exit exit, const char *about)
{
	struct command_answer a = ask("publish", name);

	cr_expect_eq(a.exit, exit, "%s: %s", name, a.text);
	cr_expect_not_null(strstr(a.text, about), "%s", a.text);
}

Test(underlay, a_name_that_was_not_granted_is_refused_at_once)
{
	expect_said("bob@example.com", API_FAILED, "in no overlay");
	join();
	bare_resolver(&e, &ours, &in);
	expect_said(
		"bob@example.com", API_FAILED,
		"after hipline leave (at the authority: hipline invite bob@");
	cr_expect_null(published_find(underlay_published(e.underlay),
				      "bob@example.com"));
}

Test(underlay, what_publishing_waits_for_is_said)
{
	join();
	bare_resolver(&e, &ours, &in);
	expect_said("alice@example.com", API_DONE, "when this host is in the");
	expect_said("alice@example.org", API_DONE, "; it is of another");
	say_shown("{\"joined\": true}");
	cr_expect_str_eq(ask("publish", "alice@example.com").text, "");
	expect_said("alice@example.net", API_DONE, "net is of another domain");
}

Test(underlay, what_became_of_a_name_is_said_when_it_is_published_again)
{
	struct published_name *n;

	join();
	bare_resolver(&e, &ours, &in);
	cr_expect_eq(ask("publish", "alice@example.org").exit, API_DONE);
	n = published_find(underlay_published(e.underlay), "alice@example.org");
	n->state = RESOLVE_NAME_CONFLICT;
	expect_said("alice@example.org", API_FAILED, "conflict");
	n->state = RESOLVE_NAME_PUBLISHED;
	cr_expect_str_eq(ask("publish", "alice@example.org").text, "");
}
