/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * An overlay's life in the engine, with the test in the resolver's place and
 * a real authority behind it.
 */
#include "daemon/enrol.h"

#include "daemon/base/resolve.h"
#include "daemon/command.h"
#include "daemon/naming.h"
#include "daemon/recovery.h"
#include "daemon/underlay.h"
#include "tests/unit/bare_engine.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DAY_S UINT64_C(86400)

static const char text[] = "host { state = /nowhere }\n";

static struct tempdir dir, far; /* ours, and that of the authority's host */
static struct engine e;
static struct issuer *issuer;
static struct identity *founder;
static int tun[2], ours, changes;
static struct ipc_in in;
static struct ipc_message got;

static void note_change(struct engine *engine)
{
	(void)engine;
	changes++;
}

static void make(void)
{
	tempdir_make(&dir);
	tempdir_make(&far);
	bare_engine_make(&e, text, dir.fd);
	free(e.config.state);
	e.config.state = strdup(dir.path);
	e.membership_writable = true;
	e.on_membership = note_change;
	e.id = enrolled_key(KEY_P256);
	founder = enrolled_key(KEY_RFC8032);
	bare_host(&e);
	bare_dataplane(&e, tun);
	bare_lookup(&e, bare_on_locators);
	e.naming = naming_new(&e);
	e.enrol = enrol_new(&e);
	cr_assert_not_null(e.enrol);
	cr_assert_eq(issuer_create(far.path, "example.com", &issuer), 0);
	ours = -1;
	ipc_in_init(&in, RESOLVE_BODY_MAX);
	bare_resolver(&e, &ours, &in);
}

static void take_away(void)
{
	naming_free(e.naming);
	enrol_free(e.enrol);
	bare_engine_free(&e);
	ipc_in_clear(&in);
	identity_free(founder);
	issuer_close(issuer);
	(void)close(tun[0]);
	(void)close(tun[1]);
	(void)close(ours);
	tempdir_remove(&dir);
	tempdir_remove(&far);
}

TestSuite(enrolling, .init = make, .fini = take_away);

static bool next(void)
{
	int n;

	while ((n = ipc_in_next(&in, &got)) == 0)
		if (ipc_in_read(&in, ours) != 1)
			return false;
	return n == 1;
}

static bool skip_to(enum enrol_type type)
{
	while (next())
		if (got.type == type)
			return true;
	return false;
}

static struct token invite(const char *name)
{
	struct token t = { .authority = *identity_hit(founder),
			   .n_bootstraps = 1,
			   .expires_s = (uint64_t)time(NULL) + DAY_S };

	t.bootstraps[0].hit = *identity_hit(founder);
	cr_assert_eq(locator_from_text("192.0.2.1:10500", 0,
				       &t.bootstraps[0].locator),
		     0);
	memcpy(t.name, name, strlen(name) + 1);
	cr_assert_eq(issuer_invite(issuer, &t, false, (uint64_t)time(NULL)), 0);
	return t;
}

/* The request that is out, which has to be. */
static struct enrol_ask request(void)
{
	struct enrol_ask ask = { .id = 0 };

	cr_assert(skip_to(ENROL_SEND));
	cr_assert(enrol_ask_parse(got.body, got.len, &ask));
	return ask;
}

static int give(enum enrol_type type, uint64_t id,
		const struct enrol_answer *answer)
{
	const struct enrol_reply r = { .id = id, .answer = *answer };
	uint8_t body[ENROL_MESSAGE_MAX];
	struct ipc_message m = { .type = (uint16_t)type, .body = body };

	m.len = enrol_reply_write(&r, body, sizeof(body));
	return enrol_on_message(e.enrol, &m);
}

static void give_result(uint64_t id, enum enrol_result result)
{
	const struct enrol_answer a = { .result = result };

	cr_assert_eq(give(ENROL_GOT, id, &a), 0);
}

/* Has the real authority answer it. */
static void answer(const struct enrol_ask *ask)
{
	uint8_t bytes[CERTIFICATE_MAX];
	struct enrol_answer a;

	issuer_answer(issuer, identity_hit(e.id), &ask->request,
		      (uint64_t)time(NULL), bytes, &a);
	cr_assert_eq(give(ENROL_GOT, ask->id, &a), 0);
}

static bool has_file(const char *name)
{
	return access(tempdir_path(&dir, name), F_OK) == 0;
}

static void restart(void)
{
	enrol_free(e.enrol);
	e.enrol = enrol_new(&e);
	bare_resolver(&e, &ours, &in);
}

Test(enrolling, who_is_invited_becomes_a_member)
{
	struct token t = invite("bob@example.com");
	struct enrol_ask ask;

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	cr_expect(has_file("joining"));
	ask = request();
	cr_expect_eq(memcmp(ask.hit, t.authority.bytes, sizeof(ask.hit)), 0);
	answer(&ask);
	cr_expect_str_eq(e.membership.overlay, "example.com");
	cr_expect_str_eq(e.membership.name, "bob@example.com");
	cr_expect_eq(e.membership.n_bootstraps, 1);
	cr_expect_eq(changes, 1);
	cr_expect(has_file("membership.json"));
	cr_expect_not(has_file("joining"));
	cr_expect_null(enrol_joining(e.enrol));
}

Test(enrolling, a_join_goes_on_after_a_restart)
{
	struct token t = invite("bob@example.com");
	struct enrol_ask ask;

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	give_result(request().id, ENROL_UNREACHABLE);
	cr_expect_not_null(enrol_trouble(e.enrol));
	restart();
	cr_assert_not_null(enrol_joining(e.enrol));
	ask = request();
	answer(&ask);
	cr_expect(membership_is_set(&e.membership));
}

Test(enrolling, an_authority_that_is_away_is_asked_again)
{
	struct token t = invite("bob@example.com");

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	give_result(request().id, ENROL_UNREACHABLE);
	enrol_tick(e.enrol, engine_now_ms());
	cr_expect_not(skip_to(ENROL_SEND), "not at once");
	enrol_tick(e.enrol, engine_now_ms() + 2000);
	cr_expect(skip_to(ENROL_SEND));
	enrol_tick(e.enrol, engine_now_ms() + 9000);
	cr_expect_not(skip_to(ENROL_SEND), "one request at a time");
}

Test(enrolling,
     an_authority_that_is_silent_is_named_before_the_resolver_gives_up)
{
	struct token t = invite("bob@example.com");

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	(void)request();
	enrol_tick(e.enrol, engine_now_ms() + 9000);
	cr_expect_null(enrol_trouble(e.enrol));
	enrol_tick(e.enrol, engine_now_ms() + 10000);
	cr_assert_not_null(enrol_trouble(e.enrol));
	cr_expect_not_null(strstr(enrol_trouble(e.enrol), "192.0.2.1:10500"));
	cr_expect_not(skip_to(ENROL_SEND), "the request is still out");
}

Test(enrolling, a_join_goes_on_at_once_when_the_authority_is_back)
{
	struct token t = invite("bob@example.com");
	struct hip_output o = { .kind = HIP_OUT_PEER,
				.hit = *identity_hit(e.id),
				.state = ASSOC_ESTABLISHED };
	uint64_t id;

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	give_result(request().id, ENROL_UNREACHABLE);
	enrol_on_peer(e.enrol, &o);
	enrol_tick(e.enrol, engine_now_ms());
	cr_expect_not(skip_to(ENROL_SEND), "it is another host");
	o.hit = t.authority;
	enrol_on_peer(e.enrol, &o);
	enrol_tick(e.enrol, engine_now_ms());
	id = request().id;
	enrol_on_peer(e.enrol, &o);
	enrol_tick(e.enrol, engine_now_ms());
	cr_expect_not(skip_to(ENROL_SEND), "one request at a time");
	give_result(id, ENROL_UNREACHABLE);
	enrol_tick(e.enrol, engine_now_ms());
	cr_expect(skip_to(ENROL_SEND), "it came up while that was out");
}

/* What a command says, as JSON under that key; or NULL. */
static json_t *said_of(const char *command, const char *key)
{
	const struct api_request r = { .command = command };
	struct command_answer a;
	json_t *value;

	command_run(&e, NULL, CONTROL_CHANGE, &r, &a);
	value = json_incref(json_object_get(a.json, key));
	json_decref(a.json);
	return value;
}

static void expect_joining(const char *command, const char *trouble)
{
	json_t *o = said_of(command, "joining");
	const char *why = json_string_value(json_object_get(o, "trouble"));

	cr_expect_str_eq(json_string_value(json_object_get(o, "overlay")),
			 "example.com");
	cr_expect_str_eq(json_string_value(json_object_get(o, "name")),
			 "bob@example.com");
	cr_expect_eq(why != NULL, trouble != NULL);
	cr_expect(!why || strstr(why, trouble), "%s", why);
	json_decref(o);
}

Test(enrolling, a_join_is_shown_until_it_has_ended)
{
	struct token t = invite("bob@example.com");
	struct enrol_ask ask;
	json_t *o;

	e.underlay = underlay_new(&e);
	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	ask = request();
	expect_joining("status", NULL);
	expect_joining("overlay", NULL);
	give_result(ask.id, ENROL_UNREACHABLE);
	expect_joining("status", "host at 192.0.2.1:10500 does not answer");
	expect_joining("overlay", "host at 192.0.2.1:10500 does not answer");
	o = said_of("status", "overlay");
	cr_expect(json_is_null(o), "it is a member of none");
	json_decref(o);
	o = said_of("overlay", "joined");
	cr_expect(json_is_false(o));
	json_decref(o);
	enrol_tick(e.enrol, engine_now_ms() + 2000);
	ask = request();
	answer(&ask);
	o = said_of("status", "joining");
	cr_expect(json_is_null(o));
	json_decref(o);
	o = said_of("overlay", "joining");
	cr_expect(json_is_null(o));
	json_decref(o);
	underlay_free(e.underlay);
	e.underlay = NULL;
}

static bool warns(const char *code)
{
	for (size_t i = 0; i < e.warnings.n; i++)
		if (strcmp(e.warnings.all[i].code, code) == 0)
			return true;
	return false;
}

Test(enrolling, who_does_not_answer_is_named_before_the_invitation_is_blamed)
{
	struct token t = invite("bob@example.com");

	t.bootstraps[t.n_bootstraps] = t.bootstraps[0];
	memcpy(t.bootstraps[t.n_bootstraps].host, "hub.example.net", 16);
	t.bootstraps[t.n_bootstraps++].locator.port = 10501;
	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	cr_expect_null(enrol_trouble(e.enrol));
	give_result(request().id, ENROL_UNREACHABLE);
	cr_expect_str_eq(enrol_trouble(e.enrol),
			 "the authority's host at 192.0.2.1:10500 (or 1 more) "
			 "does not answer");
	cr_assert(warns("joining"));
	cr_expect_null(strstr(e.warnings.all[0].text, "invitation"));
	cr_expect_not_null(strstr(e.warnings.all[0].remedy, "invitation"));
	t.bootstraps[0] = t.bootstraps[1];
	t.n_bootstraps = 1;
	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	give_result(request().id, ENROL_UNREACHABLE);
	cr_expect_str_eq(enrol_trouble(e.enrol),
			 "the authority's host at hub.example.net:10501 does "
			 "not answer");
}

Test(enrolling, a_refusal_ends_the_join)
{
	struct token t = invite("bob@example.com");

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	give_result(request().id, ENROL_SPENT);
	cr_expect_null(enrol_joining(e.enrol));
	cr_expect_not(has_file("joining"));
	cr_expect_not(membership_is_set(&e.membership));
}

Test(enrolling, an_invitation_that_has_expired_is_given_up)
{
	struct token t = invite("bob@example.com");

	t.expires_s = (uint64_t)time(NULL);
	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	give_result(request().id, ENROL_UNREACHABLE);
	cr_expect_null(enrol_joining(e.enrol));
}

Test(enrolling, a_key_other_than_the_promised_is_not_believed)
{
	struct token t = invite("bob@example.com");
	struct enrol_ask ask;

	t.key_hash[0] ^= 1;
	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	ask = request();
	t.key_hash[0] ^= 1;
	{
		/* As if somebody else answered for the same token. */
		uint8_t token[TOKEN_BYTES_MAX];
		struct wr w = wr_init(token, sizeof(token));

		token_write(&w, &t);
		ask.request.proof = (struct span){ token, wr_len(&w) };
		answer(&ask);
	}
	cr_expect_not(membership_is_set(&e.membership));
	cr_expect_not_null(enrol_joining(e.enrol));
}

Test(enrolling, an_answer_to_an_older_request_counts_for_nothing)
{
	struct token t = invite("bob@example.com");
	struct enrol_ask ask;

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	ask = request();
	give_result(ask.id + 1, ENROL_SPENT);
	cr_expect_not_null(enrol_joining(e.enrol));
	answer(&ask);
	cr_expect(membership_is_set(&e.membership));
}

Test(enrolling, what_is_no_message_cuts_the_resolver_off)
{
	struct ipc_message m = { .type = ENROL_GOT };

	cr_expect_eq(enrol_on_message(e.enrol, &m), -EPROTO);
	m.type = ENROL_ISSUE;
	cr_expect_eq(enrol_on_message(e.enrol, &m), -EPROTO);
	m.type = ENROL_SEND;
	cr_expect_eq(enrol_on_message(e.enrol, &m), -EPROTO);
}

/* A member since `age_s`. */
static void become_member(uint64_t age_s)
{
	const struct authority *a = issuer_authority(issuer);
	struct membership *m = &e.membership;
	struct issuer_host host = { .hit = *identity_hit(e.id),
				    .algorithm = identity_algorithm(e.id) };
	uint64_t now_s = (uint64_t)time(NULL);
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len = 0;

	host.hi.bytes = identity_hi(e.id, &host.hi.len);
	*m = (struct membership){ .authority_host = *identity_hit(founder),
				  .authority_algorithm = a->algorithm,
				  .authority_hi_len = a->hi_len };
	memcpy(m->overlay, "example.com", 12);
	memcpy(m->authority_hi, a->hi, a->hi_len);
	cr_assert_eq(issuer_issue(issuer, "bob@example.com", &host,
				  now_s - age_s, bytes, &len),
		     0);
	cr_assert_eq(membership_take_certificate(m, identity_hit(e.id), bytes,
						 len, now_s),
		     0);
}

Test(enrolling, a_certificate_that_is_due_is_renewed)
{
	struct enrol_ask ask;
	uint64_t before;

	become_member(21 * DAY_S);
	before = e.membership.not_after_s;
	restart();
	ask = request();
	cr_expect_eq(ask.request.kind, ENROL_RENEW);
	answer(&ask);
	cr_expect_gt(e.membership.not_after_s, before);
	cr_expect_eq(changes, 1);
	enrol_tick(e.enrol, engine_now_ms() + 4000 * 1000);
	cr_expect_not(skip_to(ENROL_SEND), "it is not due any more");
}

Test(enrolling, one_that_is_not_due_is_left_alone)
{
	become_member(19 * DAY_S);
	restart();
	cr_expect_not(skip_to(ENROL_SEND));
}

/* Asks when so much time has passed, and not before. */
static void expect_asked(uint64_t *at_ms, uint64_t pause_ms)
{
	enrol_tick(e.enrol, *at_ms + pause_ms - 1);
	cr_expect_not(skip_to(ENROL_SEND), "before %llu ms",
		      (unsigned long long)pause_ms);
	*at_ms += pause_ms;
	enrol_tick(e.enrol, *at_ms);
	give_result(request().id, ENROL_UNREACHABLE);
}

Test(enrolling, a_renewal_that_fails_is_tried_again_at_last_each_hour)
{
	uint64_t at_ms = engine_now_ms() + 15000;

	become_member(21 * DAY_S);
	restart();
	give_result(request().id, ENROL_UNREACHABLE);
	cr_expect(membership_is_set(&e.membership));
	enrol_tick(e.enrol, at_ms - 10000);
	cr_expect_not(skip_to(ENROL_SEND), "not at once");
	enrol_tick(e.enrol, at_ms);
	give_result(request().id, ENROL_UNREACHABLE);
	for (uint64_t pause_ms = 20000; pause_ms < 3600000; pause_ms *= 2)
		expect_asked(&at_ms, pause_ms);
	expect_asked(&at_ms, 3600000);
	expect_asked(&at_ms, 3600000);
}

Test(enrolling, a_renewal_is_tried_again_when_the_authority_is_back)
{
	struct hip_output o = { .kind = HIP_OUT_PEER,
				.hit = *identity_hit(e.id),
				.state = ASSOC_ESTABLISHED };

	become_member(21 * DAY_S);
	restart();
	give_result(request().id, ENROL_UNREACHABLE);
	enrol_on_peer(e.enrol, &o);
	enrol_tick(e.enrol, engine_now_ms());
	cr_expect_not(skip_to(ENROL_SEND), "it is another host");
	o.hit = *identity_hit(founder);
	enrol_on_peer(e.enrol, &o);
	enrol_tick(e.enrol, engine_now_ms());
	cr_expect(skip_to(ENROL_SEND));
}

Test(enrolling, one_that_is_not_due_at_the_authority_is_kept)
{
	const struct authority *authority = issuer_authority(issuer);
	struct enrol_answer a = { .result = ENROL_OK,
				  .algorithm = authority->algorithm,
				  .hi = { authority->hi, authority->hi_len } };
	uint8_t same[CERTIFICATE_MAX];

	become_member(21 * DAY_S);
	restart();
	memcpy(same, e.membership.certificate, e.membership.certificate_len);
	a.certificate = (struct span){ same, e.membership.certificate_len };
	cr_assert_eq(give(ENROL_GOT, request().id, &a), 0);
	cr_expect_eq(changes, 0);
	cr_expect_not(warns("not-renewed"));
	enrol_tick(e.enrol, engine_now_ms() + 5000);
	cr_expect_not(skip_to(ENROL_SEND));
}

Test(enrolling, leaving_forgets_all_but_the_identity)
{
	struct token t = invite("bob@example.com");
	struct enrol_ask ask;

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	ask = request();
	answer(&ask);
	cr_assert_eq(enrol_leave(e.enrol), 0);
	cr_expect_not(membership_is_set(&e.membership));
	cr_expect_not(has_file("membership.json"));
	cr_expect_eq(changes, 2);
}

/* A command with up to two words. */
static struct command_answer run_with(const char *command, const char *first,
				      const char *second)
{
	const struct api_request r = { .command = command,
				       .args = { first, second },
				       .n_args = (first != NULL) +
						 (second != NULL) };
	struct command_answer a;

	command_run(&e, NULL, CONTROL_CHANGE, &r, &a);
	json_decref(a.json);
	a.json = NULL;
	return a;
}

static struct command_answer run(const char *command, const char *word)
{
	return run_with(command, word, NULL);
}

Test(enrolling, an_authority_that_was_left_is_named_with_the_way_back)
{
	static const char back[] = "hipline create example.com";
	struct command_answer a;

	a = run("invite", "bob@example.com");
	cr_expect_not_null(strstr(a.text, "no authority on this host"), "%s",
			   a.text);
	cr_assert_eq(run("create", "example.com").exit, API_DONE);
	a = run("leave", NULL);
	cr_expect_eq(a.exit, API_DONE);
	cr_expect_not_null(strstr(a.text, back), "%s", a.text);
	a = run("invite", "bob@example.com");
	cr_expect_eq(a.exit, API_FAILED);
	cr_expect_not_null(strstr(a.text, back), "%s", a.text);
	a = run("create", "example.net");
	cr_expect_eq(a.exit, API_FAILED);
	cr_expect_not_null(strstr(a.text, back), "%s", a.text);
	cr_expect_not(membership_is_set(&e.membership));
	cr_expect_eq(run("create", "example.com").exit, API_DONE);
}

static bool warns_of(const char *code, const char *what)
{
	for (size_t i = 0; i < e.warnings.n; i++)
		if (strcmp(e.warnings.all[i].code, code) == 0)
			return strstr(e.warnings.all[i].text, what) != NULL;
	return false;
}

static void tick(void)
{
	enrol_tick(e.enrol, engine_now_ms());
}

Test(enrolling, an_authority_that_was_left_is_warned_of_until_it_is_taken_up)
{
	cr_assert_eq(run("create", "example.com").exit, API_DONE);
	cr_expect_not(warns("authority-left"));
	cr_assert_eq(run("leave", NULL).exit, API_DONE);
	cr_expect(warns_of("authority-left", "example.com"));
	warnings_remove(&e.warnings, "authority-left");
	restart();
	tick();
	cr_expect(warns_of("authority-left", "example.com"), "at each start");
	cr_assert_eq(run("create", "example.com").exit, API_DONE);
	cr_expect_not(warns("authority-left"));
}

Test(enrolling, an_authority_that_was_moved_away_is_warned_of_no_more)
{
	cr_assert_eq(run("create", "example.com").exit, API_DONE);
	cr_assert_eq(run("leave", NULL).exit, API_DONE);
	tick();
	cr_expect(warns("authority-left"));
	cr_assert_eq(unlinkat(dir.fd, "authority.pem", 0), 0);
	tick();
	cr_expect_not(warns("authority-left"));
}

Test(enrolling, an_authority_is_left_in_another_overlay_too)
{
	struct token t;
	struct enrol_ask ask;

	cr_assert_eq(run("create", "example.net").exit, API_DONE);
	cr_assert_eq(run("leave", NULL).exit, API_DONE);
	t = invite("bob@example.com");
	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	ask = request();
	answer(&ask);
	cr_assert(membership_is_set(&e.membership));
	tick();
	cr_expect(warns_of("authority-left", "example.net"));
}

static struct command_answer create_as(const char *name)
{
	return run_with("create", "example.com", name);
}

Test(enrolling, who_takes_its_authority_up_again_has_its_name_again)
{
	cr_assert_eq(create_as("alice@example.com").exit, API_DONE);
	cr_assert_eq(run("leave", NULL).exit, API_DONE);
	cr_assert_eq(run("create", "example.com").exit, API_DONE);
	cr_expect_str_eq(e.membership.name, "alice@example.com");
	cr_assert_eq(run("leave", NULL).exit, API_DONE);
	cr_assert_eq(create_as("zoe@example.com").exit, API_DONE);
	cr_expect_str_eq(e.membership.name, "zoe@example.com");
}

Test(enrolling, who_creates_without_a_name_is_admin)
{
	cr_assert_eq(run("create", "example.com").exit, API_DONE);
	cr_expect_str_eq(e.membership.name, "admin@example.com");
}

Test(enrolling, who_leaves_is_told_that_its_name_stays_in_use)
{
	struct token t = invite("bob@example.com");
	char hit[HIT_TEXT_MAX], way[64 + HIT_TEXT_MAX];
	struct enrol_ask ask;
	struct command_answer a;

	hit_text(identity_hit(e.id), hit);
	(void)snprintf(way, sizeof(way), "hipline revoke %s", hit);

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	ask = request();
	answer(&ask);
	a = run("leave", NULL);
	cr_expect_eq(a.exit, API_DONE);
	cr_expect_not_null(strstr(a.text, "bob@example.com is in use"), "%s",
			   a.text);
	cr_expect_not_null(strstr(a.text, way), "%s", a.text);
}

Test(enrolling, who_leaves_before_it_has_joined_is_told_nothing)
{
	struct token t = invite("bob@example.com");
	struct command_answer a;

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	a = run("leave", NULL);
	cr_expect_eq(a.exit, API_DONE);
	cr_expect_str_empty(a.text);
}

Test(enrolling, a_name_of_the_overlay_that_is_joined_is_to_be_asked_later)
{
	struct token t = invite("bob@example.com");
	struct command_answer a;

	a = run("resolve", "carol@example.com");
	cr_expect_not_null(strstr(a.text, "in no overlay"), "%s", a.text);
	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	a = run("resolve", "carol@example.com");
	cr_expect_eq(a.exit, API_NO_SUCH_NAME);
	cr_expect_not_null(strstr(a.text, "still joining example.com"), "%s",
			   a.text);
	a = run("connect", "carol@example.com");
	cr_expect_not_null(strstr(a.text, "still joining example.com"), "%s",
			   a.text);
	a = run("resolve", "carol@example.net");
	cr_expect_null(strstr(a.text, "still joining"), "%s", a.text);
}

Test(enrolling, who_has_left_can_have_another_name)
{
	struct token t = invite("bob@example.com");
	struct enrol_ask ask;

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	ask = request();
	answer(&ask);
	cr_assert_str_eq(e.membership.name, "bob@example.com");
	t = invite("bert@example.com");
	cr_assert_eq(run("leave", NULL).exit, API_DONE);
	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	ask = request();
	answer(&ask);
	cr_expect_str_eq(e.membership.name, "bert@example.com");
}

Test(enrolling, leaving_gives_up_a_join)
{
	struct token t = invite("bob@example.com");
	struct enrol_ask ask;

	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	ask = request();
	cr_assert_eq(enrol_leave(e.enrol), 0);
	cr_expect_not(has_file("joining"));
	cr_expect(skip_to(ENROL_SERVE), "what is on its way is taken back");
	answer(&ask); /* too late */
	cr_expect_not(membership_is_set(&e.membership));
}

Test(enrolling, the_founder_answers_who_asks)
{
	struct token t = { .authority = *identity_hit(e.id),
			   .n_bootstraps = 1,
			   .expires_s = (uint64_t)time(NULL) + DAY_S };
	uint8_t token[TOKEN_BYTES_MAX], body[ENROL_MESSAGE_MAX];
	struct wr w = wr_init(token, sizeof(token));
	struct enrol_ask ask = { .id = 9, .request = { .kind = ENROL_JOIN } };
	struct ipc_message m = { .type = ENROL_ISSUE, .body = body };
	struct locator locators[LOCATORS_MAX];
	struct enrol_serve serve;
	struct enrol_reply r;
	size_t n;

	cr_assert_eq(enrol_create(e.enrol, "example.net", "me@example.net"), 0);
	cr_expect(e.membership.founder);
	cr_assert(skip_to(ENROL_SERVE), "the one at the start");
	cr_assert(skip_to(ENROL_SERVE));
	cr_assert(enrol_serve_parse(got.body, got.len, &serve));
	cr_expect(serve.listen);
	t.bootstraps[0].hit = t.authority;
	cr_assert_eq(locator_from_text("192.0.2.1:10500", 0,
				       &t.bootstraps[0].locator),
		     0);
	memcpy(t.name, "bob@example.net", 16);
	cr_assert_eq(issuer_invite(enrol_issuer(e.enrol), &t, false,
				   (uint64_t)time(NULL)),
		     0);
	token_write(&w, &t);
	ask.request.proof = (struct span){ token, wr_len(&w) };
	ask.request.algorithm = identity_algorithm(founder);
	ask.request.hi.bytes = identity_hi(founder, &ask.request.hi.len);
	memcpy(ask.hit, identity_hit(founder)->bytes, sizeof(ask.hit));
	m.len = enrol_ask_write(&ask, body, sizeof(body));
	cr_expect_not(
		enrol_speaks_for(e.enrol, identity_hit(founder), locators, &n));
	cr_expect(enrol_is_guest(e.enrol, identity_hit(founder)));
	cr_assert_eq(enrol_on_message(e.enrol, &m), 0);
	cr_assert(skip_to(ENROL_ISSUED));
	cr_assert(enrol_reply_parse(got.body, got.len, &r));
	cr_expect_eq(r.id, 9);
	cr_expect_eq(r.answer.result, ENROL_OK);
	cr_expect(
		enrol_speaks_for(e.enrol, identity_hit(founder), locators, &n),
		"a member is known");
	cr_expect_not(enrol_is_guest(e.enrol, identity_hit(founder)));
	for (int i = 0; i < 500 && r.answer.result == ENROL_OK; i++) {
		cr_assert_eq(enrol_on_message(e.enrol, &m), 0);
		cr_assert(skip_to(ENROL_ISSUED));
		cr_assert(enrol_reply_parse(got.body, got.len, &r));
	}
	cr_expect_eq(r.answer.result, ENROL_LATER, "the last of so many");
}

Test(enrolling, a_bootstrap_that_is_revoked_is_one_no_more)
{
	struct token t = invite("bob@example.com");
	struct locator at[LOCATORS_MAX];
	struct membership kept;
	struct enrol_ask ask;
	struct hit other;
	bool broken;
	size_t n;

	cr_assert_eq(
		hit_from_text("2001:21:48c9:1c1c:a192:acad:79b:5c81", &other),
		0);
	t.bootstraps[1] = t.bootstraps[0];
	t.bootstraps[1].hit = other;
	t.n_bootstraps = 2;
	cr_assert_eq(issuer_invite(issuer, &t, true, (uint64_t)time(NULL)), 0);
	cr_assert_eq(enrol_join(e.enrol, &t), 0);
	ask = request();
	answer(&ask);
	cr_assert(enrol_speaks_for(e.enrol, &other, at, &n));
	enrol_on_revoked(e.enrol, &other);
	cr_expect_not(enrol_speaks_for(e.enrol, &other, at, &n));
	cr_expect(enrol_speaks_for(e.enrol, identity_hit(founder), at, &n));
	cr_assert_eq(membership_load(&kept, e.state_dir, identity_hit(e.id),
				     &broken),
		     0);
	cr_expect_eq(kept.n_bootstraps, 1);
}

static void nothing(void *ctx, const struct hit *hit)
{
	(void)ctx;
	(void)hit;
}

static struct issuer_host founder_host(void)
{
	struct issuer_host host = { .hit = *identity_hit(founder),
				    .algorithm = identity_algorithm(founder) };

	host.hi.bytes = identity_hi(founder, &host.hi.len);
	return host;
}

Test(enrolling, whose_certificate_has_ended_is_a_guest_that_may_renew)
{
	const struct hit *hit = identity_hit(founder);
	const struct issuer_host host = founder_host();
	uint64_t now_s = (uint64_t)time(NULL);
	uint8_t bytes[CERTIFICATE_MAX];
	struct locator at[LOCATORS_MAX];
	size_t len, n;

	cr_assert_eq(enrol_create(e.enrol, "example.net", "me@example.net"), 0);
	cr_assert_eq(issuer_issue(enrol_issuer(e.enrol), "bob@example.net",
				  &host, now_s - 61 * DAY_S, bytes, &len),
		     0);
	cr_expect_not(enrol_speaks_for(e.enrol, hit, at, &n), "too long ago");
	cr_assert_eq(issuer_issue(enrol_issuer(e.enrol), "bob@example.net",
				  &host, now_s - 59 * DAY_S, bytes, &len),
		     0);
	cr_expect(enrol_speaks_for(e.enrol, hit, at, &n));
	cr_expect(enrol_is_guest(e.enrol, hit));
	cr_assert_eq(issuer_revoke(enrol_issuer(e.enrol), NULL, hit, now_s, &n,
				   nothing, NULL),
		     0);
	cr_expect_not(enrol_speaks_for(e.enrol, hit, at, &n));
}

/* More than one list carries: it comes in parts, which this host takes. */
Test(enrolling, a_list_of_many_comes_in_parts)
{
	enum { MANY = 200 };
	const struct issuer_host host = founder_host();
	uint64_t now_s = (uint64_t)time(NULL);
	uint8_t bytes[CERTIFICATE_MAX];
	static struct revocation one;
	struct revocations all = { .number = 0 };
	size_t len, n;
	struct span list;
	char name[32];

	cr_assert_eq(enrol_create(e.enrol, "example.net", "me@example.net"), 0);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "u%d@example.net", i);
		cr_assert_eq(issuer_issue(enrol_issuer(e.enrol), name, &host,
					  now_s, bytes, &len),
			     0);
		cr_assert_eq(issuer_revoke(enrol_issuer(e.enrol), name, NULL,
					   now_s, &n, nothing, NULL),
			     0);
	}
	enrol_list_changed(e.enrol);
	cr_expect_not(enrol_list_is_too_long(e.enrol));
	cr_expect_not(warns("revocations-too-many"));
	issuer_list_again(enrol_issuer(e.enrol), PARTS_HERE);
	for (n = 0; issuer_next_list(enrol_issuer(e.enrol), PARTS_HERE, &list);
	     n++) {
		cr_expect_leq(list.len, REVOCATION_PART_LEN);
		cr_assert_eq(revocation_verify(
				     issuer_authority(enrol_issuer(e.enrol)),
				     list.bytes, list.len, now_s, &one),
			     CERTIFICATE_OK);
		(void)revocations_take(&all, &one); /* counted below */
	}
	cr_expect_geq(n, 5, "four parts and a head");
	cr_expect_eq(all.n, MANY);
	revocations_clear(&all);
}
