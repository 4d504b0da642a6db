/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Whom to begin with, by what the configuration and DNS say. */
#include "daemon/bootstraps.h"

#include "daemon/engine.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <string.h>

#define HIT_A "2001:22::a"
#define HOST "hub.example.org"

static const struct hit hit_a = { { 0x20, 0x01, 0x00, 0x22, [15] = 0xa } };
static const struct hit hit_b = { { 0x20, 0x01, 0x00, 0x22, [15] = 0xb } };
static struct engine e;
static struct locator place, other;

static const char *unverified = "refuse";

/* The configuration's overlay section, instead of the one before. */
static void configure(const char *list)
{
	char text[512], error[CONFIG_ERROR_MAX];

	config_clear(&e.config);
	(void)snprintf(text, sizeof(text),
		       "host { state = /nowhere }\n"
		       "names { unverified = %s }\n"
		       "overlay { bootstrap = { %s } }\n",
		       unverified, list);
	cr_assert_eq(
		config_parse("t.conf", text, strlen(text), &e.config, error), 0,
		"%s", error);
	bootstraps_configure(e.bootstraps);
}

static void make(void)
{
	memset(&e, 0, sizeof(e));
	e.id = enrolled_key(KEY_P256);
	e.pins = pins_new();
	e.seen = pins_new();
	configure("");
	e.bootstraps = bootstraps_new(&e);
	cr_assert(e.pins && e.seen && e.bootstraps);
	cr_assert_eq(locator_from_text("192.0.2.1:10500", 0, &place), 0);
	cr_assert_eq(locator_from_text("192.0.2.2:10500", 0, &other), 0);
}

static void take_away(void)
{
	bootstraps_free(e.bootstraps);
	pins_free(e.pins);
	pins_free(e.seen);
	warnings_clear(&e.warnings);
	config_clear(&e.config);
	identity_free(e.id);
}

TestSuite(bootstraps, .init = make, .fini = take_away);

static struct hostrecords sound(size_t n, const struct hit *first,
				const struct hit *second)
{
	struct hostrecords r = { .n = n };

	for (size_t i = 0; i < n; i++) {
		r.all[i].fault = HIPRR_SOUND;
		r.all[i].hit = i == 0 ? *first : *second;
		r.all[i].ttl_s = 300;
	}
	return r;
}

static void hear_records(const struct hostrecords *r)
{
	const struct bootstraps_answer a = { .status = ASKER_DONE,
					     .records = r };

	bootstraps_hear(e.bootstraps, HOST, &a);
}

static void hear_address(const struct locator *l)
{
	const struct bootstraps_answer a = { .status = ASKER_DONE,
					     .addresses = l,
					     .n = 1 };

	bootstraps_hear(e.bootstraps, HOST, &a);
}

static void expect_hits(size_t n, const struct hit *first)
{
	struct hit all[BOOTSTRAPS_MAX];

	cr_assert_eq(bootstraps_hits(e.bootstraps, all, BOOTSTRAPS_MAX), n);
	if (n > 0)
		cr_expect(hit_equal(&all[0], first));
}

static const struct warning *warning(const char *code)
{
	for (size_t i = 0; i < e.warnings.n; i++)
		if (strcmp(e.warnings.all[i].code, code) == 0)
			return &e.warnings.all[i];
	return NULL;
}

Test(bootstraps, a_hit_with_a_locator_needs_no_dns)
{
	struct locator out[4];
	size_t n = 0;

	configure("\"" HIT_A "@192.0.2.1:10500\"");
	expect_hits(1, &hit_a);
	cr_expect(bootstraps_names(e.bootstraps, &hit_a));
	bootstraps_locators(e.bootstraps, &hit_a, out, 4, &n);
	cr_assert_eq(n, 1);
	cr_expect(locator_equal(&out[0], &place));
}

Test(bootstraps, a_host_is_who_its_records_say_and_where_its_addresses_are)
{
	const struct hostrecords r = sound(1, &hit_a, NULL);
	struct locator out[4];
	size_t n = 0;

	configure(HOST);
	expect_hits(0, NULL);
	cr_expect_not(bootstraps_on_want(e.bootstraps, &hit_a));
	hear_records(&r);
	hear_address(&place);
	expect_hits(1, &hit_a);
	cr_expect_not(bootstraps_names(e.bootstraps, &hit_a),
		      "DNS alone lets nobody in");
	bootstraps_locators(e.bootstraps, &hit_a, out, 4, &n);
	cr_assert_eq(n, 1);
	cr_expect(locator_equal(&out[0], &place));
	cr_expect_null(pins_find(e.seen, HOST), "who is there is let in");
	cr_expect_null(warning("bootstrap-not-found"));
}

Test(bootstraps, only_where_first_use_is_wanted_it_is_remembered)
{
	const struct hostrecords r = sound(1, &hit_a, NULL);

	unverified = "first-use";
	configure(HOST);
	hear_records(&r);
	cr_expect_not_null(pins_find(e.seen, HOST));
}

Test(bootstraps, where_dns_was_wrong_the_overlay_is_asked_until_dns_answers)
{
	const struct hostrecords r = sound(1, &hit_a, NULL);

	configure(HOST);
	hear_records(&r);
	hear_address(&place);
	cr_expect(bootstraps_on_want(e.bootstraps, &hit_a));
	cr_expect_not(bootstraps_on_want(e.bootstraps, &hit_a));
	cr_expect(bootstraps_on_want(e.bootstraps, &hit_a));
	hear_address(&other);
	cr_expect(bootstraps_on_want(e.bootstraps, &hit_a));
	cr_expect_not(bootstraps_on_want(e.bootstraps, &hit_b));
}

Test(bootstraps, silence_is_said_and_takes_nothing_away)
{
	const struct hostrecords r = sound(1, &hit_a, NULL), none = { .n = 0 };
	const struct bootstraps_answer silent = { .status = ASKER_FAILED,
						  .error = "timeout",
						  .records = &none };

	configure(HOST);
	bootstraps_hear(e.bootstraps, HOST, &silent);
	cr_assert_not_null(warning("bootstrap-not-found"));
	cr_expect_not_null(strstr(warning("bootstrap-not-found")->text,
				  "DNS does not answer: timeout"));
	hear_records(&r);
	hear_address(&place);
	cr_expect_null(warning("bootstrap-not-found"));
	bootstraps_hear(e.bootstraps, HOST, &silent);
	hear_records(&none);
	expect_hits(1, &hit_a);
	cr_expect_null(warning("bootstrap-not-found"));
}

Test(bootstraps, what_is_wrong_with_a_record_is_said)
{
	struct hostrecords r = sound(1, &hit_a, NULL);

	r.all[0].fault = HIPRR_MISMATCH;
	configure(HOST);
	hear_records(&r);
	expect_hits(0, NULL);
	cr_assert_not_null(warning("bootstrap-not-found"));
	cr_expect_not_null(
		strstr(warning("bootstrap-not-found")->text, "is refused"));
	configure("other.example.org");
	cr_expect_null(warning("bootstrap-not-found"), "of the one before");
}

Test(bootstraps, several_records_are_all_tried)
{
	const struct hostrecords r = sound(2, &hit_b, &hit_a);

	configure(HOST);
	hear_records(&r);
	expect_hits(2, &hit_b);
	cr_expect_null(warning("hip-record-conflict"));
}

Test(bootstraps, another_than_before_is_tried_beside_it_and_said)
{
	const struct hostrecords a = sound(1, &hit_a, NULL);
	const struct hostrecords b = sound(1, &hit_b, NULL);

	configure(HOST);
	hear_records(&a);
	hear_records(&b);
	expect_hits(2, &hit_b);
	cr_assert_not_null(warning("hip-record-conflict"));
	hear_records(&a);
	expect_hits(1, &hit_a);
	cr_expect_null(warning("hip-record-conflict"));
	hear_records(&b);
	bootstraps_on_pin(e.bootstraps, HOST);
	cr_expect_null(warning("hip-record-conflict"), "it is forgotten");
	hear_records(&b);
	expect_hits(1, &hit_b);
	cr_expect_null(warning("hip-record-conflict"));
}

Test(bootstraps, a_pin_holds_against_a_record)
{
	const struct hostrecords b = sound(1, &hit_b, NULL);

	configure(HOST);
	hear_records(&b);
	cr_assert_eq(pins_add(e.pins, HOST, &hit_a, 0), 0);
	bootstraps_on_pin(e.bootstraps, HOST);
	expect_hits(1, &hit_a);
	hear_records(&b);
	expect_hits(1, &hit_a);
	cr_expect_not_null(warning("hip-record-conflict"));
}

Test(bootstraps, a_hit_at_a_host_holds_against_a_record)
{
	const struct hostrecords b = sound(1, &hit_b, NULL);

	configure("\"" HIT_A "@" HOST "\"");
	hear_records(&b);
	hear_address(&place);
	expect_hits(1, &hit_a);
	cr_expect_not_null(warning("hip-record-conflict"));
	cr_expect(bootstraps_on_want(e.bootstraps, &hit_a));
}

Test(bootstraps, what_stays_in_the_configuration_stays_as_it_was_found)
{
	const struct hostrecords r = sound(1, &hit_a, NULL);

	configure(HOST);
	hear_records(&r);
	configure("x.example.org, " HOST);
	expect_hits(1, &hit_a);
	configure("x.example.org");
	expect_hits(0, NULL);
}

Test(bootstraps, who_was_seen_before_is_known_without_dns)
{
	cr_assert_eq(pins_add(e.seen, HOST, &hit_a, 0), 0);
	configure(HOST);
	expect_hits(0, NULL);
	configure("");
	unverified = "first-use";
	configure(HOST);
	expect_hits(1, &hit_a);
}

Test(bootstraps, what_is_said_of_one_outlives_another_of_the_same_host)
{
	const struct hostrecords none = { .n = 0 };

	configure(HOST ", \"" HOST ":4501\"");
	hear_records(&none);
	cr_assert_not_null(warning("bootstrap-not-found"));
	configure(HOST);
	cr_expect_not_null(warning("bootstrap-not-found"));
}

Test(bootstraps, we_do_not_begin_with_ourselves)
{
	const struct hostrecords r = sound(2, identity_hit(e.id), &hit_a);

	configure(HOST);
	hear_records(&r);
	expect_hits(1, &hit_a);
}
