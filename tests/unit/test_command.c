/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Commands, on an engine with a real host and a data plane whose TUN device
 * is a socket of ours.
 */
#include "daemon/command.h"

#include "daemon/hostnames.h"
#include "daemon/recovery.h"
#include "daemon/report.h"
#include "tests/unit/bare_engine.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HIT_A "2001:22:f065:b1f0:b663:57f7:ac17:831"
#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"

static const char text[] = "host { state = /nowhere }\n"
			   "peer bob { hit = " HIT_A "\n"
			   "name = { bob@example.com } }\n";

static struct tempdir dir;
static struct engine e;
static int tun[2];

static void on_locators(void *ctx, const struct hit *hit,
			const struct locator *locators, size_t n)
{
	const struct hip_input in = { .kind = HIP_IN_PEER,
				      .hit = *hit,
				      .locators = locators,
				      .n_locators = n };

	engine_input(ctx, &in);
}

static void make(void)
{
	tempdir_make(&dir);
	bare_engine_make(&e, text, dir.fd);
	e.pins_writable = true;
	e.added_writable = true;
	cr_assert_eq(identity_generate(IDENTITY_ECDSA_P256, &e.id), 0);
	cr_assert_eq(
		pins_add(e.pins, "bob@example.com", &e.config.peers[0].hit, 3),
		0);
	bare_host(&e);
	bare_dataplane(&e, tun);
	bare_lookup(&e, on_locators);
}

static void take_away(void)
{
	bare_engine_free(&e);
	(void)close(tun[0]);
	(void)close(tun[1]);
	tempdir_remove(&dir);
}

TestSuite(command, .init = make, .fini = take_away);

static struct command_answer run_as(enum control_right right,
				    const char *command, const char *one,
				    const char *two)
{
	struct api_request r = { .command = command, .args = { one, two } };
	struct command_answer a;

	r.n_args = two ? 2 : one ? 1 : 0;
	command_run(&e, NULL, right, &r, &a);
	return a;
}

static struct command_answer run(const char *command, const char *one,
				 const char *two)
{
	return run_as(CONTROL_CHANGE, command, one, two);
}

/* It gives that exit code, and the text speaks of that. */
static void expect(struct command_answer a, enum api_exit exit,
		   const char *about)
{
	cr_expect_eq(a.exit, exit, "%d: %s", (int)a.exit, a.text);
	cr_expect_not_null(strstr(a.text, about), "%s", a.text);
	cr_expect_eq(a.exit == API_DONE, a.text[0] == '\0');
	json_decref(a.json);
}

static void expect_keys(json_t *o, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect_not_null(json_object_get(o, keys[i]), "%s", keys[i]);
}

static void expect_text(json_t *o, const char *key, const char *value)
{
	const char *got = json_string_value(json_object_get(o, key));

	cr_assert_not_null(got, "%s", key);
	cr_expect_str_eq(got, value);
}

Test(command, an_unknown_one_is_a_usage_error)
{
	expect(run("frobnicate", NULL, NULL), API_USAGE, "frobnicate");
	expect(run("", NULL, NULL), API_USAGE, "knows no command");
}

Test(command, arguments_are_counted)
{
	expect(run("id", "x", NULL), API_USAGE, "usage: id");
	expect(run("resolve", NULL, NULL), API_USAGE, "usage: resolve NAME");
	expect(run("pin", "bob@x", NULL), API_USAGE, "usage: pin NAME HIT");
}

Test(command, rights_are_asked_for)
{
	static const struct {
		const char *command, *one, *two;
		enum control_right right;
	} cases[] = {
		{ "id", NULL, NULL, CONTROL_ANYONE },
		{ "status", NULL, NULL, CONTROL_ANYONE },
		{ "resolve", HIT_A, NULL, CONTROL_ANYONE },
		{ "peers", NULL, NULL, CONTROL_READ },
		{ "counters", NULL, NULL, CONTROL_READ },
		{ "pin", "x@x", HIT_A, CONTROL_CHANGE },
		{ "unpin", "x@x", NULL, CONTROL_CHANGE },
		{ "close", "all", NULL, CONTROL_CHANGE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct command_answer a =
			run_as(cases[i].right, cases[i].command, cases[i].one,
			       cases[i].two);

		expect(a, API_DONE, "");
		if (cases[i].right == CONTROL_ANYONE)
			continue;
		a = run_as(cases[i].right - 1, cases[i].command, cases[i].one,
			   cases[i].two);
		expect(a, API_FAILED, "hipline-admin");
	}
	expect(run_as(CONTROL_READ, "connect", HIT_A, NULL), API_FAILED,
	       "ping needs more rights");
}

Test(command, id_says_who_we_are)
{
	struct command_answer a = run("id", NULL, NULL);
	char hit[HIT_TEXT_MAX];

	hit_text(identity_hit(e.id), hit);
	expect_text(a.json, "hit", hit);
	expect_text(a.json, "algorithm", "ecdsa-p256");
	cr_expect_eq(json_string_length(json_object_get(a.json, "fingerprint")),
		     64);
	cr_expect_not_null(
		strstr(json_string_value(json_object_get(a.json, "self_name")),
		       ".hip.internal"));
	cr_expect_eq(strncmp(json_string_value(
				     json_object_get(a.json, "hip_record")),
			     "IN HIP ( 3 20010022", 19),
		     0);
	expect(a, API_DONE, "");
}

Test(command, status_has_every_key)
{
	static const char *const keys[] = {
		"version", "hit",      "interface",    "mtu",	  "port",
		"aead",	   "locators", "nat",	       "overlay", "relays",
		"names",   "warnings", "associations", "offload", "workers",
	};
	struct command_answer a;

	warnings_add(&e.warnings, "code", "do this", "it is so");
	a = run("status", NULL, NULL);
	expect_keys(a.json, keys, sizeof(keys) / sizeof(keys[0]));
	cr_expect_eq(json_integer_value(json_object_get(a.json, "port")),
		     10500);
	cr_assert_eq(json_array_size(json_object_get(a.json, "warnings")), 1);
	expect_text(json_array_get(json_object_get(a.json, "warnings"), 0),
		    "remedy", "do this");
	expect(a, API_DONE, "");
}

Test(command, counters_are_numbers)
{
	static const char *const keys[] = {
		"exchanges_completed",	 "hip_received_i1",
		"hip_sent_close_ack",	 "hip_drop_malformed",
		"data_drop_esp_bad_icv",
	};
	struct command_answer a = run("counters", NULL, NULL);
	const char *key;
	json_t *value;

	expect_keys(a.json, keys, sizeof(keys) / sizeof(keys[0]));
	json_object_foreach(a.json, key, value)
	{
		cr_expect(json_is_integer(value), "%s", key);
		cr_expect_eq(strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789"
					 "_"),
			     strlen(key), "%s", key);
	}
	expect(a, API_DONE, "");
}

/* What `resolve` says of a name. */
static void expect_hit(const char *name, const char *canonical, const char *hit,
		       const char *proof)
{
	struct command_answer a = run("resolve", name, NULL);
	json_t *one = json_array_get(json_object_get(a.json, "hits"), 0);

	cr_assert_eq(a.exit, API_DONE, "%s", a.text);
	expect_text(a.json, "name", canonical);
	expect_text(one, "hit", hit);
	expect_text(one, "proof", proof);
	cr_expect(json_is_null(json_object_get(one, "lifetime_s")));
	json_decref(a.json);
}

Test(command, names_are_resolved)
{
	char label[HIT_SELF_LABEL_LEN + 1];
	char name[128];
	struct hit b;

	expect_hit("sip:Bob@EXAMPLE.com", "bob@example.com", HIT_A, "pin");
	expect_hit(HIT_B, HIT_B, HIT_B, "self");
	expect_hit("2001:0021:48C9:1c1c:a192:acad:079b:5c81", HIT_B, HIT_B,
		   "self");
	cr_assert_eq(hit_from_text(HIT_B, &b), 0);
	hit_self_label(&b, label);
	(void)snprintf(name, sizeof(name), "any@%s.hip.internal", label);
	expect_hit(name, name, HIT_B, "self");
	expect(run("resolve", "carol@example.com", NULL), API_NO_SUCH_NAME,
	       "hipline pin carol@example.com HIT");
	expect(run("resolve", "a b", NULL), API_USAGE, "'a b'");
	expect(run("resolve", "2001:db8::1", NULL), API_USAGE, "2001:20::/28");
}

Test(command, pins_are_made_kept_and_removed)
{
	bool broken = true;
	struct pins *read = pins_new();

	expect(run("pin", "Carol@Example.com", HIT_B), API_DONE, "");
	expect_hit("carol@example.com", "carol@example.com", HIT_B, "pin");
	cr_assert_eq(pins_load(read, dir.fd, &broken), 0);
	cr_expect_not_null(pins_find(read, "carol@example.com"));
	pins_free(read);
	expect(run("pin", "carol@example.com", HIT_A), API_DONE, "");
	expect_hit("carol@example.com", "carol@example.com", HIT_A, "pin");
	expect(run("unpin", "CAROL@example.com", NULL), API_DONE, "");
	expect(run("resolve", "carol@example.com", NULL), API_NO_SUCH_NAME, "");
	expect(run("unpin", "carol@example.com", NULL), API_NO_SUCH_NAME,
	       "not pinned");
}

Test(command, a_host_that_cannot_be_forgotten_on_disk_is_not_said_to_be_unknown)
{
	struct hit hit;

	e.seen = pins_new();
	e.seen_writable = false;
	cr_assert_eq(hit_from_text(HIT_A, &hit), 0);
	cr_assert_eq(pins_add(e.seen, "h.example.org", &hit, 0), 0);
	expect(run("unpin", "h.example.org", NULL), API_FAILED,
	       "hosts.json cannot be written");
	expect(run("unpin", "h.example.org", NULL), API_NO_SUCH_NAME,
	       "not pinned");
	pins_free(e.seen);
	e.seen = NULL;
}

Test(command, what_the_configuration_says_is_changed_there)
{
	expect(run("pin", "bob@example.com", HIT_B), API_FAILED, "t.conf:3");
	expect(run("pin", "bob@example.com", HIT_A), API_DONE, "");
	expect(run("unpin", "bob@example.com", NULL), API_FAILED, "t.conf:3");
}

Test(command, wrong_pins_are_refused)
{
	char label[HIT_SELF_LABEL_LEN + 1];
	char name[128];
	struct hit b;

	expect(run("pin", "a b@x", HIT_B), API_USAGE, "no name");
	expect(run("pin", "a@x", "2001:db8::1"), API_USAGE, "no HIT");
	expect(run("pin", "a@x", "bob"), API_USAGE, "no HIT");
	cr_assert_eq(hit_from_text(HIT_B, &b), 0);
	hit_self_label(&b, label);
	(void)snprintf(name, sizeof(name), "any@%s.hip.internal", label);
	expect(run("pin", name, HIT_A), API_FAILED, "its own HIT");
	expect(run("pin", name, HIT_B), API_DONE, "");
}

Test(command, a_pin_that_cannot_be_written_is_told)
{
	e.pins_writable = false;
	expect(run("pin", "a@x", HIT_B), API_FAILED, "cannot be written");
	cr_assert_eq(e.warnings.n, 1);
	cr_expect_str_eq(e.warnings.all[0].code, "state-not-written");
	e.pins_writable = true;
	expect(run("pin", "b@x", HIT_B), API_DONE, "");
	cr_expect_eq(e.warnings.n, 0);
}

Test(command, a_name_without_a_domain_is_told_apart)
{
	expect(run("resolve", "bob", NULL), API_NO_SUCH_NAME,
	       "names are written USER@DOMAIN, like bob@example.com");
	expect(run("resolve", "bob@example.net", NULL), API_NO_SUCH_NAME,
	       "hipline pin");
}

Test(command, close_speaks_of_associations)
{
	expect(run("close", "all", NULL), API_DONE, "");
	expect(run("close", HIT_B, NULL), API_FAILED, "no association");
	expect(run("close", "carol@x", NULL), API_NO_SUCH_NAME, "carol@x");
}

Test(command, rekey_needs_an_established_association)
{
	expect(run("rekey", HIT_A, NULL), API_FAILED, "no established");
	expect(run("rekey", "carol@x", NULL), API_NO_SUCH_NAME, "carol@x");
	expect(run("rekey", NULL, NULL), API_USAGE, "usage: rekey HIT");
}

Test(command, connect_looks_at_its_arguments)
{
	char own[HIT_TEXT_MAX];

	hit_text(identity_hit(e.id), own);
	expect(run("connect", own, NULL), API_FAILED, "this host itself");
	expect(run("connect", "carol@x", NULL), API_NO_SUCH_NAME, "carol@x");
	expect(run("connect", HIT_B, "0"), API_USAGE, "timeout");
	expect(run("connect", HIT_B, "3600001"), API_USAGE, "timeout");
	expect(run("connect", HIT_B, "1s"), API_USAGE, "timeout");
}

Test(command, an_association_that_is_made_shows_in_peers)
{
	static const char *const keys[] = {
		"hit",	       "names",	   "state",	"path",
		"esp_suite",   "spi_in",   "spi_out",	"mtu",
		"rekeys",      "bytes_in", "bytes_out", "packets_in",
		"packets_out", "age_s",	   "idle_s",	"reason",
	};
	struct hip_input in = { .kind = HIP_IN_PEER, .n_locators = 1 };
	struct locator there;
	struct command_answer a;
	json_t *one;

	in.hit = e.config.peers[0].hit;
	in.locators = &there;
	cr_assert_eq(locator_from_text("192.0.2.1:10500", 0, &there), 0);
	engine_input(&e, &in);
	in = (struct hip_input){ .kind = HIP_IN_ACQUIRE, .hit = in.hit };
	engine_input(&e, &in);
	a = run("peers", NULL, NULL);
	one = json_array_get(json_object_get(a.json, "associations"), 0);
	expect_keys(one, keys, sizeof(keys) / sizeof(keys[0]));
	expect_text(one, "hit", HIT_A);
	expect_text(one, "state", "i1-sent");
	cr_expect_str_eq(json_string_value(json_array_get(
				 json_object_get(one, "names"), 0)),
			 "bob@example.com");
	expect(a, API_DONE, "");
}

/* `peer` with all its words. */
static struct command_answer run_peer(const char *word, const char *who,
				      const char *first, const char *second)
{
	struct api_request r = { .command = "peer",
				 .args = { word, who, first, second } };
	struct command_answer a;

	r.n_args = second ? 4 : first ? 3 : 2;
	command_run(&e, NULL, CONTROL_CHANGE, &r, &a);
	return a;
}

static bool was_added(const char *hit)
{
	struct added *read = added_new();
	struct hit h;
	bool broken, found;

	cr_assert_eq(hit_from_text(hit, &h), 0);
	cr_assert_eq(added_load(read, dir.fd, &broken), 0);
	found = added_find(read, &h) != NULL;
	added_free(read);
	return found;
}

Test(command, a_peer_is_added_kept_and_removed)
{
	expect(run_peer("add", HIT_B, "192.0.2.1", "[2001:db8::1]:7"), API_DONE,
	       "");
	cr_expect(was_added(HIT_B));
	expect(run_peer("add", HIT_B, "192.0.2.3", NULL), API_DONE, "");
	expect(run_peer("remove", HIT_B, NULL, NULL), API_DONE, "");
	cr_expect_not(was_added(HIT_B));
	expect(run_peer("remove", HIT_B, NULL, NULL), API_NO_SUCH_NAME,
	       "no peer that was added");
}

Test(command, a_peer_may_be_named)
{
	expect(run_peer("add", "carol@x", "192.0.2.1", NULL), API_NO_SUCH_NAME,
	       "carol@x");
	expect(run("pin", "carol@x", HIT_B), API_DONE, "");
	expect(run_peer("add", "carol@x", "192.0.2.1", NULL), API_DONE, "");
	cr_expect(was_added(HIT_B));
}

Test(command, a_peer_of_the_configuration_is_changed_there)
{
	expect(run_peer("add", HIT_A, "192.0.2.1", NULL), API_FAILED,
	       "peer bob by t.conf:3");
	expect(run_peer("remove", HIT_A, NULL, NULL), API_FAILED,
	       "peer bob by t.conf:3");
	cr_expect_not(was_added(HIT_A));
}

Test(command, wrong_peers_are_refused)
{
	char own[HIT_TEXT_MAX];

	hit_text(identity_hit(e.id), own);
	expect(run_peer("add", HIT_B, "192.0.2.1", "a b"), API_USAGE, "'a b'");
	expect(run_peer("add", "a b", "192.0.2.1", NULL), API_USAGE, "'a b'");
	expect(run_peer("add", own, "192.0.2.1", NULL), API_FAILED, "itself");
	expect(run_peer("remove", HIT_B, "192.0.2.1", NULL), API_USAGE,
	       "usage");
	expect(run_peer("show", HIT_B, NULL, NULL), API_USAGE, "usage");
	expect(run("peer", "add", NULL), API_USAGE, "usage: peer add");
	expect(run_peer("add", "192.0.2.1", NULL, NULL), API_USAGE,
	       "192.0.2.1 is an address, not a name");
	expect(run_peer("add", HIT_B, NULL, NULL), API_USAGE,
	       "a LOCATOR is missing. Usage: hipline peer add");
}

Test(command, a_peer_that_cannot_be_written_is_told)
{
	e.added_writable = false;
	expect(run_peer("add", HIT_B, "192.0.2.1", NULL), API_FAILED,
	       "cannot be written");
	cr_assert_eq(e.warnings.n, 1);
	cr_expect_str_eq(e.warnings.all[0].code, "state-not-written");
}

/* Its ids are easily guessed by who answers for the overlay. */
Test(command, what_dns_is_asked_the_resolver_does_not_answer)
{
	const struct resolve_answer a = { .id = 7,
					  .result = RESOLVE_FOUND,
					  .n_hits = 1 };
	struct waiter *w = &e.waiters[0];

	*w = (struct waiter){ .client = (struct control_client *)&dir,
			      .lookup = 7,
			      .is_host = true,
			      .connects = true };
	command_on_found(&e, &a);
	cr_expect_eq(w->lookup, 7, "it waits still");
	cr_expect_not_null(w->client);
	w->client = NULL;
}

Test(command, what_was_said_against_a_pin_goes_with_it)
{
	struct hostrecords r = { .n = 1 };
	struct hit old;

	cr_assert_eq(hit_from_text(HIT_A, &old), 0);
	cr_assert_eq(hit_from_text(HIT_B, &r.all[0].hit), 0);
	expect(run("pin", "host.example.org", HIT_A), API_DONE, "");
	hostnames_judge(&e, &old, "host.example.org", &r);
	cr_assert_eq(e.warnings.n, 1);
	expect(run("pin", "host.example.org", HIT_B), API_DONE, "");
	cr_expect_eq(e.warnings.n, 0);
}
