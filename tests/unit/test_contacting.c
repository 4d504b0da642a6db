/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Contacts of an engine, with the test in the resolver's place: when they are
 * looked up, what comes of the answers, and which associations are kept.
 */
#include "daemon/contacting_impl.h"

#include "daemon/aside.h"
#include "daemon/command.h"
#include "daemon/disputes.h"
#include "daemon/enrol.h"
#include "daemon/kept.h"
#include "daemon/naming.h"
#include "daemon/recovery.h"
#include "daemon/underlay_impl.h"
#include "tests/unit/bare_engine.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"
#define HIT_C "2001:22:f065:b1f0:b663:57f7:ac17:831"

static const char text[] = "host { state = /nowhere }\n"
			   "peer carol { hit = " HIT_C "\n"
			   "locator = { 192.0.2.9:10500 } }\n";
static const char bob[] = "bob@example.com";

static struct tempdir dir;
static struct engine e;
static struct enrolled_authority authority;
static struct hit hit_b, hit_c;
static int tun[2], ours;
static struct ipc_in in;
static struct ipc_message got;
static uint8_t body[RESOLVE_BODY_MAX];

static void make(void)
{
	tempdir_make(&dir);
	bare_engine_make(&e, text, dir.fd);
	e.pins_writable = true;
	e.id = enrolled_key(KEY_P256);
	enrolled_authority_make(&authority, "example.com", KEY_P384);
	cr_assert_eq(hit_from_text(HIT_B, &hit_b), 0);
	cr_assert_eq(hit_from_text(HIT_C, &hit_c), 0);
	bare_host(&e);
	bare_dataplane(&e, tun);
	bare_lookup(&e, bare_on_locators);
	e.underlay = underlay_new(&e);
	e.contacting = contacting_new(&e);
	e.disputes = disputes_new(&e);
	e.naming = naming_new(&e);
	e.on_membership = underlay_on_membership;
	cr_assert_not_null(e.underlay);
	cr_assert_not_null(e.contacting);
	cr_assert_not_null(e.disputes);
	ours = -1;
	ipc_in_init(&in, RESOLVE_BODY_MAX);
}

static void take_away(void)
{
	naming_free(e.naming);
	underlay_free(e.underlay);
	contacting_free(e.contacting);
	disputes_free(e.disputes);
	bare_engine_free(&e);
	ipc_in_clear(&in);
	enrolled_authority_free(&authority);
	(void)close(tun[0]);
	(void)close(tun[1]);
	if (ours >= 0)
		(void)close(ours);
	tempdir_remove(&dir);
}

TestSuite(contacting, .init = make, .fini = take_away);

/* The next message of the engine in `got`; false when it says no more. */
static bool next(void)
{
	int n;

	while ((n = ipc_in_next(&in, &got)) == 0)
		if (ipc_in_read(&in, ours) != 1)
			return false;
	return n == 1;
}

/* The resolver says something, and the engine hears it. */
static void say(enum resolve_type type, size_t len)
{
	cr_assert_eq(ipc_send(ours, (uint16_t)type, body, len, NULL, 0, 100),
		     0);
	ev_run(e.loop, EVRUN_NOWAIT);
}

static void show(const char *json)
{
	const struct resolve_shown s = { .json = json };

	say(RESOLVE_SHOWN, resolve_shown_write(&s, body, sizeof(body)));
}

static void join(void)
{
	struct membership *m = &e.membership;
	uint64_t now_s = (uint64_t)time(NULL);
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len = enrolled_issue(&authority, "alice@example.com", e.id, 1,
				    now_s, bytes);

	*m = (struct membership){ .authority_algorithm =
					  authority.public.algorithm,
				  .authority_hi_len = authority.public.hi_len };
	memcpy(m->overlay, "example.com", 12);
	memcpy(m->authority_hi, authority.public.hi, m->authority_hi_len);
	cr_assert_eq(membership_take_certificate(m, identity_hit(e.id), bytes,
						 len, now_s),
		     0);
	engine_membership_changed(&e);
	bare_resolver(&e, &ours, &in);
	show("{\"joined\":true}");
}

static void leave(void)
{
	e.membership = (struct membership){ .n_bootstraps = 0 };
	engine_membership_changed(&e);
}

static void add(const char *name, bool keep)
{
	cr_assert_eq(contacting_add(e.contacting, name, keep), 0);
}

static struct contact *contact(const char *name)
{
	struct contact *c = contacts_find(e.contacting->contacts, name);

	cr_assert_not_null(c);
	return c;
}

/* A second in which it is so much later than it is. */
static void tick(uint64_t later_ms)
{
	contacting_tick(e.contacting, engine_now_ms() + later_ms);
}

/* How many lookups were asked for since; the last one's id and name. */
static uint64_t last_id;
static char last_name[RESOLVE_NAME_MAX + 1];
static size_t lookups(void)
{
	struct resolve_publish p;
	size_t n = 0;

	while (next()) {
		if (got.type != RESOLVE_LOOKUP)
			continue;
		cr_assert(resolve_publish_parse(got.body, got.len, &p));
		last_id = p.id;
		(void)snprintf(last_name, sizeof(last_name), "%s", p.name);
		n++;
	}
	return n;
}

/* The answer to the last lookup: of these hosts, each of which may be NULL. */
static void answer(enum resolve_result result, const struct hit *hit,
		   const struct hit *against)
{
	struct resolve_answer a = { .id = last_id,
				    .result = result,
				    .lifetime_s = 3600,
				    .n_hits = hit ? 1 : 0,
				    .n_against = against ? 1 : 0 };

	if (hit)
		memcpy(a.hits[0].hit, hit->bytes, sizeof(a.hits[0].hit));
	a.hits[0].proof = RESOLVE_PROOF_AUTHORITY;
	if (against)
		memcpy(a.against[0], against->bytes, sizeof(a.against[0]));
	say(RESOLVE_FOUND_NAME, resolve_answer_write(&a, body, sizeof(body)));
}

static void find_bob(void)
{
	join();
	add(bob, false);
	cr_assert_eq(lookups(), 1);
	answer(RESOLVE_FOUND, &hit_b, NULL);
	cr_assert_eq(contact(bob)->state, CONTACT_FOUND);
}

static bool answers(const char *name)
{
	struct resolve_answer a = { .n_hits = 0 };

	return contacting_answer(e.contacting, name, &a) && a.n_hits > 0 &&
	       a.result == RESOLVE_FOUND;
}

/* What hipline(1) calls its state. */
static const char *state(const char *name)
{
	static char out[32];
	json_t *all = contacting_report(e.contacting);
	json_t *one;
	size_t i;

	out[0] = '\0';
	json_array_foreach(all, i, one)
	{
		if (!strcmp(json_string_value(json_object_get(one, "name")),
			    name))
			(void)snprintf(out, sizeof(out), "%s",
				       json_string_value(
					       json_object_get(one, "state")));
	}
	json_decref(all);
	return out;
}

static bool warns(const char *code)
{
	for (size_t i = 0; i < e.warnings.n; i++)
		if (!strcmp(e.warnings.all[i].code, code) &&
		    strstr(e.warnings.all[i].text, bob))
			return true;
	return false;
}

Test(contacting, a_name_is_looked_up_before_it_is_asked_for)
{
	find_bob();
	cr_expect_str_eq(last_name, bob);
	cr_expect(answers(bob));
	cr_expect_not(answers("carol@example.com"));
	cr_expect_str_eq(state(bob), "found");
	cr_expect_str_eq(underlay_name(e.underlay, &hit_b), bob);
	tick(1000);
	cr_expect_eq(lookups(), 0, "not twice");
}

/* What DNS is told of bob; where that is found, it is this host. */
static enum resolve_result told_to_dns(const struct hit *hit)
{
	const struct resolve_ask ask = { .id = 7, .name = bob };
	struct resolve_answer a;

	say(RESOLVE_ASK, resolve_ask_write(&ask, body, sizeof(body)));
	while (next())
		if (got.type == RESOLVE_ANSWER)
			break;
	cr_assert(resolve_answer_parse(got.body, got.len, &a));
	cr_assert_eq(a.id, 7);
	if (a.result == RESOLVE_FOUND) {
		cr_assert_eq(a.n_hits, 1);
		cr_expect_eq(memcmp(a.hits[0].hit, hit->bytes,
				    sizeof(a.hits[0].hit)),
			     0);
		cr_expect_leq(a.lifetime_s, 3600);
	}
	return a.result;
}

Test(contacting, dns_has_it_at_once)
{
	find_bob();
	cr_expect_eq(told_to_dns(&hit_b), RESOLVE_FOUND);
	contacting_on_revoked(e.contacting);
	cr_expect_eq(told_to_dns(&hit_b), RESOLVE_IN_OVERLAY);
}

Test(contacting, what_is_forgotten_is_looked_up_anew)
{
	find_bob();
	contacting_forget(e.contacting, bob);
	cr_expect_not(answers(bob));
	cr_expect_eq(contact(bob)->n_hits, 0);
	tick(0);
	cr_expect_eq(lookups(), 1);
	contacting_forget(e.contacting, "nobody@example.com");
}

Test(contacting, and_again_before_it_is_over)
{
	find_bob();
	tick(CONTACTING_FRESH_MAX_MS / 2);
	cr_expect_eq(lookups(), 0);
	tick(2 * CONTACTING_FRESH_MAX_MS);
	cr_expect_eq(lookups(), 1);
	cr_expect(answers(bob), "in between, too");
}

Test(contacting, nobody_is_asked_while_the_overlay_is_not_there)
{
	join();
	show("{\"joined\":false}");
	add(bob, false);
	cr_expect_eq(lookups(), 0);
	cr_expect_str_eq(state(bob), "unreachable");
	show("{\"joined\":true}");
	tick(1000);
	cr_expect_eq(lookups(), 1);
	cr_expect_str_eq(state(bob), "looking");
}

Test(contacting, so_many_are_asked_for_at_once_and_no_more)
{
	char name[32];

	join();
	show("{\"joined\":false}");
	for (int i = 0; i < 50; i++) {
		(void)snprintf(name, sizeof(name), "n%d@example.com", i);
		add(name, false);
	}
	show("{\"joined\":true}");
	tick(0);
	cr_expect_eq(lookups(), CONTACTING_PER_TICK);
	for (int i = 0; i < 9; i++)
		tick(0);
	cr_expect_eq(lookups(), CONTACTING_OPEN_MAX - CONTACTING_PER_TICK);
	answer(RESOLVE_FOUND, &hit_b, NULL);
	tick(0);
	cr_expect_eq(lookups(), 1, "one was answered");
	tick(CONTACTING_OPEN_MS + 1000);
	cr_expect_eq(lookups(), CONTACTING_PER_TICK, "the rest is given up");
}

Test(contacting, what_was_found_holds_while_nobody_answers)
{
	find_bob();
	tick(2 * CONTACTING_FRESH_MAX_MS);
	cr_assert_eq(lookups(), 1);
	answer(RESOLVE_UNREACHABLE, NULL, NULL);
	cr_expect(answers(bob));
	cr_expect_str_eq(state(bob), "found");
}

Test(contacting, who_is_denied_answers_no_more_and_is_let_go_later)
{
	uint64_t later_ms = 2 * CONTACTING_FRESH_MAX_MS;

	find_bob();
	for (int i = 0; i < CONTACTING_DENIALS_MAX; i++) {
		cr_expect_eq(contact(bob)->n_hits, 1);
		tick(later_ms);
		cr_assert_eq(lookups(), 1);
		answer(RESOLVE_ABSENT, NULL, NULL);
		cr_expect_not(answers(bob));
		cr_expect_str_eq(state(bob), "absent");
		later_ms += CONTACTING_FRESH_MAX_MS;
	}
	cr_expect_eq(contact(bob)->n_hits, 0);
}

Test(contacting, a_conflict_replaces_nobody_and_is_warned_of)
{
	find_bob();
	tick(2 * CONTACTING_FRESH_MAX_MS);
	cr_assert_eq(lookups(), 1);
	answer(RESOLVE_CONFLICT, NULL, &hit_c);
	cr_expect_str_eq(state(bob), "conflict");
	cr_expect_not(answers(bob));
	cr_expect_not_null(contact_find_hit(contact(bob), &hit_b));
	cr_expect_null(contact_find_hit(contact(bob), &hit_c));
	cr_expect(warns("contact-conflict"));
	tick(4 * CONTACTING_FRESH_MAX_MS);
	cr_assert_eq(lookups(), 1);
	answer(RESOLVE_FOUND, &hit_b, NULL);
	cr_expect_not(warns("contact-conflict"), "it is over");
}

Test(contacting, what_nothing_proves_is_refused)
{
	join();
	add(bob, false);
	cr_assert_eq(lookups(), 1);
	answer(RESOLVE_ABSENT, NULL, &hit_c);
	cr_expect_str_eq(state(bob), "refused");
	cr_expect_eq(contact(bob)->n_hits, 0);
	cr_expect(warns("contact-conflict"));
	cr_assert_eq(contacting_remove(e.contacting, bob), 0);
	cr_expect_not(warns("contact-conflict"));
}

Test(contacting, who_claims_it_too_is_shown)
{
	join();
	add(bob, false);
	cr_assert_eq(lookups(), 1);
	answer(RESOLVE_FOUND, &hit_b, &hit_c);
	cr_expect_str_eq(state(bob), "found");
	cr_expect_null(contact_find_hit(contact(bob), &hit_c));
	cr_expect(warns("contact-disputed"));
}

Test(contacting, a_revocation_asks_anew)
{
	find_bob();
	contacting_on_revoked(e.contacting);
	cr_expect_not(answers(bob));
	cr_expect_str_eq(state(bob), "looking");
	tick(0);
	cr_expect_eq(lookups(), 1);
}

Test(contacting, a_resolver_that_comes_back_is_asked_again)
{
	join();
	add(bob, false);
	cr_assert_eq(lookups(), 1);
	bare_resolver(&e, &ours, &in);
	show("{\"joined\":true}");
	tick(0);
	cr_expect_eq(lookups(), 1);
}

Test(contacting, what_somebody_else_has_asked_for_is_taken)
{
	struct resolve_answer a = { .result = RESOLVE_FOUND,
				    .lifetime_s = 60,
				    .n_hits = 1 };

	join();
	show("{\"joined\":false}");
	add(bob, false);
	memcpy(a.hits[0].hit, hit_b.bytes, sizeof(a.hits[0].hit));
	contacting_learn(e.contacting, bob, &a);
	cr_expect(answers(bob));
}

Test(contacting, of_an_overlay_that_was_left_nothing_stays)
{
	find_bob();
	leave();
	tick(0);
	cr_expect_not(answers(bob));
	cr_expect_eq(contact(bob)->n_hits, 0);
	cr_expect_str_eq(state(bob), "absent");
}

Test(contacting, a_pin_counts_before_the_overlay)
{
	find_bob();
	cr_assert_eq(pins_add(e.pins, bob, &hit_c, 0), 0);
	tick(0);
	cr_assert_eq(contact(bob)->n_hits, 1);
	cr_expect_not_null(contact_find_hit(contact(bob), &hit_c));
	cr_expect_eq(contact(bob)->hits[0].proof, RESOLVE_PROOF_PIN);
	tick(100ull * CONTACTING_FRESH_MAX_MS);
	cr_expect_eq(lookups(), 0);
	cr_assert_eq(pins_remove(e.pins, bob), 0);
	tick(0);
	cr_expect_eq(lookups(), 1);
	cr_expect_eq(contact(bob)->n_hits, 0);
}

Test(contacting, contacts_are_there_after_a_restart)
{
	add(HIT_C, true);
	add(bob, false);
	cr_assert_eq(contacting_save(e.contacting), 0);
	contacting_free(e.contacting);
	e.contacting = contacting_new(&e);
	cr_expect(contact(HIT_C)->keep);
	tick(0);
	cr_expect(contacting_keeps(e.contacting, &hit_c));
	cr_expect_not(contact(bob)->keep);
}

Test(contacting, a_broken_file_is_told)
{
	tempdir_put(&dir, "contacts.json", "{");
	contacting_free(e.contacting);
	e.contacting = contacting_new(&e);
	cr_assert_eq(e.warnings.n, 1);
	cr_expect_str_eq(e.warnings.all[0].code, "contacts-broken");
	aside_tick(&e);
	cr_expect_eq(e.warnings.n, 1);
	cr_assert_eq(unlinkat(e.state_dir, "contacts.json.broken", 0), 0);
	aside_tick(&e);
	cr_expect_eq(e.warnings.n, 0, "who has removed it has seen it");
}

Test(contacting, a_broken_file_is_told_after_a_restart_too)
{
	struct warning was;

	tempdir_put(&dir, "contacts.json", "{");
	contacting_free(e.contacting);
	e.contacting = contacting_new(&e);
	aside_begin(&e);
	cr_assert_eq(e.warnings.n, 1, "one file, one warning");
	was = e.warnings.all[0];
	warnings_clear(&e.warnings);
	contacting_free(e.contacting);
	e.contacting = contacting_new(&e);
	cr_expect_eq(e.warnings.n, 0);
	aside_begin(&e);
	cr_assert_eq(e.warnings.n, 1);
	cr_expect_str_eq(e.warnings.all[0].code, was.code);
	cr_expect_str_eq(e.warnings.all[0].text, was.text);
	cr_assert_eq(unlinkat(e.state_dir, "contacts.json.broken", 0), 0);
	aside_tick(&e);
	aside_begin(&e);
	cr_expect_eq(e.warnings.n, 0);
}

static bool is_associating(const struct hit *hit)
{
	struct host_assoc_info a;

	return host_assoc_find(e.host, hit, &a) && a.state == ASSOC_I1_SENT;
}

static void know_carol(void)
{
	struct locator l;

	cr_assert_eq(locator_from_text("192.0.2.9:10500", 0, &l), 0);
	recovery_tell_peer(&e, &hit_c, &l, 1);
}

Test(contacting, with_keep_an_association_is_made)
{
	know_carol();
	add(HIT_C, false);
	cr_expect_not(is_associating(&hit_c));
	add(HIT_C, true);
	cr_expect(is_associating(&hit_c));
}

Test(contacting, who_is_tried_in_vain_is_tried_more_and_more_seldom)
{
	uint64_t now_ms = engine_now_ms(), last_ms = 0, pause_ms = 0;
	struct contact_hit *h;

	add(HIT_B, true); /* where it is, nobody knows */
	h = &contact(HIT_B)->hits[0];
	cr_assert_eq(h->tries, 1);
	for (int i = 0; i < 20; i++) {
		last_ms = now_ms;
		now_ms = h->try_ms;
		contacting_tick(e.contacting, now_ms - 1);
		cr_assert_eq(h->try_ms, now_ms);
		contacting_tick(e.contacting, now_ms);
		cr_assert_gt(h->try_ms, now_ms);
		pause_ms = now_ms - last_ms;
		if (i == 0)
			cr_expect_leq(pause_ms, KEPT_AGAIN_MS * 5 / 4 + 100);
	}
	cr_expect_geq(pause_ms, (uint64_t)KEPT_AGAIN_MAX_MS);
	cr_expect_leq(pause_ms, (uint64_t)KEPT_AGAIN_MAX_MS * 5 / 4);
}

Test(contacting, this_host_itself_is_not_associated_with)
{
	char own[HIT_TEXT_MAX];

	hit_text(identity_hit(e.id), own);
	add(own, true);
	cr_expect_eq(contact(own)->hits[0].tries, 0);
}

static void say_hit(enum resolve_type type, const struct hit *hit)
{
	say(type, resolve_hit_write(hit->bytes, body, sizeof(body)));
}

static bool is_kept(const struct hit *hit)
{
	struct host_assoc_info a;

	return host_assoc_find(e.host, hit, &a) && a.is_kept;
}

Test(contacting, the_overlay_and_a_contact_each_keep_it)
{
	join();
	know_carol();
	add(HIT_C, true);
	kept_judge(&e, &hit_c);
	cr_expect(is_kept(&hit_c));
	say_hit(RESOLVE_CONNECT, &hit_c);
	say_hit(RESOLVE_RELEASE, &hit_c);
	cr_expect(is_kept(&hit_c), "for the contact");
	say_hit(RESOLVE_CONNECT, &hit_c);
	add(HIT_C, false);
	cr_expect(is_kept(&hit_c), "for the overlay");
	say_hit(RESOLVE_RELEASE, &hit_c);
	cr_expect_not(is_kept(&hit_c));
	add(HIT_C, true);
	kept_judge(&e, &hit_c);
	cr_assert_eq(contacting_remove(e.contacting, HIT_C), 0);
	cr_expect_not(is_kept(&hit_c));
}

Test(contacting, one_that_is_kept_and_that_nobody_can_know_is_warned_of)
{
	add(bob, false);
	cr_expect_not(warns("contact-unknown"), "it is looked up only");
	add(bob, true);
	cr_expect(warns("contact-unknown"), "in no overlay");
	add(HIT_C, true);
	join();
	contacting_tick(e.contacting, engine_now_ms());
	cr_expect_not(warns("contact-unknown"), "it can be asked for now");
	add("bob@example.com.au", true);
	cr_expect(warns("contact-unknown"), "of another domain");
	cr_assert_eq(contacting_remove(e.contacting, "bob@example.com.au"), 0);
	cr_expect_not(warns("contact-unknown"));
}

static void begin_to_join(void)
{
	struct token t = { .overlay = "example.com",
			   .name = "alice@example.com",
			   .authority = hit_c,
			   .n_bootstraps = 1,
			   .expires_s = (uint64_t)time(NULL) + 3600 };

	t.bootstraps[0].hit = hit_c;
	cr_assert_eq(locator_from_text("192.0.2.9:10500", 0,
				       &t.bootstraps[0].locator),
		     0);
	e.enrol = enrol_new(&e);
	cr_assert_not_null(e.enrol);
	cr_assert_eq(enrol_join(e.enrol, &t), 0);
}

Test(contacting, one_of_the_overlay_that_is_joined_is_waited_for)
{
	json_t *all;

	add(bob, true);
	cr_expect(warns("contact-unknown"));
	begin_to_join();
	contacting_tick(e.contacting, engine_now_ms());
	cr_expect_not(warns("contact-unknown"));
	all = contacting_report(e.contacting);
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(all, 0), "reason")),
			 "this host is still joining its overlay");
	json_decref(all);
	add("bob@example.com.au", true);
	cr_expect(warns("contact-unknown"), "of another domain");
	enrol_free(e.enrol);
	e.enrol = NULL;
}

static struct command_answer run(enum control_right right, const char *one,
				 const char *two, const char *three)
{
	struct api_request r = { .command = one ? "contact" : "contacts",
				 .args = { one, two, three } };
	struct command_answer a;

	r.n_args = three ? 3 : two ? 2 : one ? 1 : 0;
	command_run(&e, NULL, right, &r, &a);
	return a;
}

static void expect(struct command_answer a, enum api_exit exit,
		   const char *says)
{
	cr_expect_eq(a.exit, exit, "%d: %s", (int)a.exit, a.text);
	cr_expect_not_null(strstr(a.text, says), "%s", a.text);
	json_decref(a.json);
}

Test(contacting, the_command_adds_and_removes)
{
	expect(run(CONTROL_CHANGE, "add", "Bob@example.com", "keep"), API_DONE,
	       "");
	cr_expect(contact(bob)->keep);
	cr_expect_eq(tempdir_count(&dir), 1, "written down");
	expect(run(CONTROL_CHANGE, "add", bob, NULL), API_DONE, "");
	cr_expect_not(contact(bob)->keep);
	expect(run(CONTROL_CHANGE, "remove", bob, NULL), API_DONE, "");
	expect(run(CONTROL_CHANGE, "remove", bob, NULL), API_NO_SUCH_NAME,
	       "is no contact");
}

Test(contacting, the_command_refuses_what_is_wrong)
{
	static const char *const no_contacts[] = { "a b", "host.example.org",
						   "2001:db8::1", "" };

	for (size_t i = 0; i < sizeof(no_contacts) / sizeof(no_contacts[0]);
	     i++)
		expect(run(CONTROL_CHANGE, "add", no_contacts[i], NULL),
		       API_USAGE, "is no contact");
	expect(run(CONTROL_CHANGE, "remove", bob, "keep"), API_USAGE, "usage");
	expect(run(CONTROL_CHANGE, "add", bob, "kept"), API_USAGE, "usage");
	expect(run(CONTROL_CHANGE, "change", bob, NULL), API_USAGE, "usage");
	expect(run(CONTROL_CHANGE, "add", NULL, NULL), API_USAGE, "usage");
}

static void expect_status(enum control_right right, json_type contacts)
{
	const struct api_request r = { .command = "status" };
	struct command_answer a;

	command_run(&e, NULL, right, &r, &a);
	cr_assert_eq(a.exit, API_DONE);
	cr_expect_eq(json_typeof(json_object_get(a.json, "contacts")),
		     contacts);
	json_decref(a.json);
}

Test(contacting, who_may_only_read_changes_nothing)
{
	expect(run(CONTROL_READ, "add", bob, NULL), API_FAILED,
	       "contact needs more rights");
	cr_expect_eq(contacts_count(e.contacting->contacts), 0);
	expect_status(CONTROL_READ, JSON_ARRAY);
	expect_status(CONTROL_ANYONE, JSON_NULL);
	expect(run(CONTROL_READ, NULL, NULL, NULL), API_DONE, "");
	expect(run(CONTROL_ANYONE, NULL, NULL, NULL), API_FAILED,
	       "contact needs more rights");
}

Test(contacting, what_cannot_be_written_holds_until_the_end)
{
	e.contacting->writable = false;
	expect(run(CONTROL_CHANGE, "add", bob, NULL), API_FAILED,
	       "cannot be written");
	cr_expect_not_null(contacts_find(e.contacting->contacts, bob));
}

Test(contacting, a_contact_has_all_its_keys)
{
	static const char *const keys[] = { "name", "keep", "state", "reason",
					    "hits" };
	static const char *const of_hits[] = { "hit", "proof", "lifetime_s",
					       "association" };
	struct command_answer a;
	json_t *one, *h;

	find_bob();
	a = run(CONTROL_READ, NULL, NULL, NULL);
	one = json_array_get(json_object_get(a.json, "contacts"), 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		cr_expect_not_null(json_object_get(one, keys[i]), "%s",
				   keys[i]);
	h = json_array_get(json_object_get(one, "hits"), 0);
	for (size_t i = 0; i < sizeof(of_hits) / sizeof(of_hits[0]); i++)
		cr_expect_not_null(json_object_get(h, of_hits[i]), "%s",
				   of_hits[i]);
	json_decref(a.json);
}

/* ---- disputes.h: what certificates say against a pin ---- */

static void pin_bob(void)
{
	join();
	cr_assert_eq(pins_add(e.pins, bob, &hit_c, 0), 0);
}

/* How many lookups begin in a second, so much later than it is. */
static size_t asks(uint64_t later_ms)
{
	disputes_tick(e.disputes, engine_now_ms() + later_ms);
	return lookups();
}

static size_t n_against(void)
{
	struct hit hits[RESOLVE_HITS_MAX];

	return disputes_against(e.disputes, bob, hits);
}

Test(contacting, a_certificate_against_a_pin_is_warned_of)
{
	struct hit hits[RESOLVE_HITS_MAX];

	pin_bob();
	cr_expect_eq(asks(0), 0, "nobody has used it");
	cr_expect_eq(told_to_dns(&hit_c), RESOLVE_FOUND, "at once");
	cr_assert_eq(asks(0), 1);
	cr_expect_str_eq(last_name, bob);
	answer(RESOLVE_FOUND, &hit_b, NULL);
	cr_expect(warns("pin-contradicted"));
	cr_assert_eq(disputes_against(e.disputes, bob, hits), 1);
	cr_expect(hit_equal(&hits[0], &hit_b));
	cr_expect_eq(told_to_dns(&hit_c), RESOLVE_FOUND, "the pin counts");
	cr_expect_eq(asks(0), 0, "it was asked just now");
}

Test(contacting, a_certificate_for_the_pinned_host_is_nothing_to_warn_of)
{
	pin_bob();
	disputes_on_use(e.disputes, bob);
	cr_assert_eq(asks(0), 1);
	answer(RESOLVE_FOUND, &hit_c, &hit_b);
	cr_expect_not(warns("pin-contradicted"));
	cr_expect_eq(n_against(), 0);
}

Test(contacting, what_is_against_a_pin_ends_with_it)
{
	pin_bob();
	disputes_on_use(e.disputes, bob);
	cr_assert_eq(asks(0), 1);
	answer(RESOLVE_FOUND, &hit_b, NULL);
	cr_assert(warns("pin-contradicted"));
	disputes_forget(e.disputes, bob);
	cr_expect_not(warns("pin-contradicted"));
	cr_expect_eq(n_against(), 0);
}

Test(contacting, a_later_answer_replaces_what_was_against_a_pin)
{
	struct resolve_answer a = { .result = RESOLVE_UNREACHABLE };

	pin_bob();
	disputes_on_use(e.disputes, bob);
	cr_assert_eq(asks(0), 1);
	answer(RESOLVE_FOUND, &hit_b, NULL);
	disputes_learn(e.disputes, bob, &a);
	cr_expect(warns("pin-contradicted"), "nobody has said anything");
	a.result = RESOLVE_ABSENT;
	disputes_learn(e.disputes, bob, &a);
	cr_expect_not(warns("pin-contradicted"));
}

Test(contacting, a_pinned_name_is_asked_for_when_the_overlay_can_be_asked)
{
	pin_bob();
	show("{\"joined\":false}");
	disputes_on_use(e.disputes, bob);
	cr_expect_eq(asks(0), 0);
	show("{\"joined\":true}");
	cr_expect_eq(asks(0), 1);
	disputes_on_gone(e.disputes);
	cr_expect_eq(asks(0), 0, "until it is used again");
	answer(RESOLVE_FOUND, &hit_b, NULL);
	cr_expect_not(warns("pin-contradicted"), "of a resolver that is gone");
}

Test(contacting, only_names_of_our_overlay_have_certificates)
{
	pin_bob();
	disputes_on_use(e.disputes, "bob@other.example");
	disputes_on_use(e.disputes, "host.example.com");
	cr_expect_eq(asks(0), 0);
	disputes_on_use(e.disputes, bob);
	cr_assert_eq(asks(0), 1);
	answer(RESOLVE_FOUND, &hit_b, NULL);
	cr_assert(warns("pin-contradicted"));
	leave();
	(void)asks(0);
	cr_expect_not(warns("pin-contradicted"));
}

Test(contacting, pinned_names_are_asked_for_a_few_at_a_time)
{
	char name[64];

	pin_bob();
	for (int i = 0; i < 2 * DISPUTES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%d@example.com", i);
		cr_assert_eq(pins_add(e.pins, name, &hit_c, 0), 0);
		disputes_on_use(e.disputes, name);
	}
	cr_expect_eq(asks(0), DISPUTES_OPEN_MAX);
	cr_expect_eq(asks(1000), 0, "they are under way");
	cr_expect_eq(asks(DISPUTES_OPEN_MS), DISPUTES_OPEN_MAX);
}

Test(contacting, what_is_against_a_pin_ends_when_the_pin_is_another_by_reload)
{
	pin_bob();
	disputes_on_use(e.disputes, bob);
	cr_assert_eq(asks(0), 1);
	answer(RESOLVE_FOUND, &hit_b, NULL);
	cr_assert(warns("pin-contradicted"));
	cr_assert_eq(pins_remove(e.pins, bob), 0);
	cr_expect_eq(asks(0), 0);
	cr_expect_not(warns("pin-contradicted"));
}

Test(contacting, a_lookup_that_came_to_nothing_is_made_again)
{
	pin_bob();
	disputes_on_use(e.disputes, bob);
	cr_assert_eq(asks(0), 1);
	answer(RESOLVE_UNREACHABLE, NULL, NULL);
	disputes_on_use(e.disputes, bob);
	cr_expect_eq(asks(0), 1);
}

Test(contacting, a_pinned_contact_is_held_to_certificates)
{
	pin_bob();
	add(bob, false);
	cr_assert_eq(asks(0), 1);
	answer(RESOLVE_FOUND, &hit_b, NULL);
	cr_expect(warns("pin-contradicted"));
}
