/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Locators of peers that need no resolving. Host names are resolved in the
 * laboratory only.
 */
#include "daemon/lookup.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ev.h>
#include <string.h>

#define HIT_A "2001:22:f065:b1f0:b663:57f7:ac17:831"
#define HIT_B "2001:21:48c9:1c1c:a192:acad:79b:5c81"

/* What was told, in order. */
static struct {
	struct hit hit;
	struct locator locators[LOCATORS_MAX];
	size_t n;
} told[8];
static size_t n_told;

static void on_found(void *ctx, const struct hit *hit,
		     const struct locator *locators, size_t n)
{
	cr_assert_eq(ctx, told);
	cr_assert_lt(n_told, 8);
	told[n_told].hit = *hit;
	memcpy(told[n_told].locators, locators, n * sizeof(*locators));
	told[n_told++].n = n;
}

static bool is_wanted(void *ctx, const struct hit *hit)
{
	(void)ctx;
	(void)hit;
	return true;
}

static void expect_locator(const struct locator *l, const char *expected)
{
	char text[LOCATOR_TEXT_MAX];

	locator_text(l, text);
	cr_expect_str_eq(text, expected);
}

static struct ev_loop *loop;
static struct config config;
static struct lookup *lookup;

static void make(void)
{
	static const char text[] =
		"peer a { hit = " HIT_A "\n"
		" locator = { 192.0.2.1, 192.0.2.2:7, 2001:db8::1,"
		" \"[2001:db8::2]:9\" } }\n"
		"peer b { hit = " HIT_B " }\n";
	char error[CONFIG_ERROR_MAX];
	struct lookup_conf conf = { .peers_max = 2,
				    .port = 10500,
				    .found = on_found,
				    .wanted = is_wanted,
				    .ctx = told };

	loop = ev_loop_new(EVFLAG_AUTO);
	conf.loop = loop;
	cr_assert_eq(config_parse("t", text, sizeof(text) - 1, &config, error),
		     0, "%s", error);
	cr_assert_eq(lookup_new(&conf, &lookup), 0);
}

static void take_away(void)
{
	lookup_free(lookup);
	config_clear(&config);
	ev_loop_destroy(loop);
}

TestSuite(lookup, .init = make, .fini = take_away);

static int set(size_t i)
{
	return lookup_set(lookup, &config.peers[i].hit,
			  &config.peers[i].locators);
}

Test(lookup, numeric_locators_are_told_at_once_and_in_order)
{
	cr_assert_eq(set(0), 0);
	cr_assert_eq(n_told, 1);
	cr_expect(hit_equal(&told[0].hit, &config.peers[0].hit));
	cr_assert_eq(told[0].n, 4);
	expect_locator(&told[0].locators[0], "192.0.2.1:10500");
	expect_locator(&told[0].locators[1], "192.0.2.2:7");
	expect_locator(&told[0].locators[2], "[2001:db8::1]:10500");
	expect_locator(&told[0].locators[3], "[2001:db8::2]:9");
}

Test(lookup, a_peer_without_locators_is_told_too)
{
	cr_assert_eq(set(1), 0);
	cr_assert_eq(n_told, 1);
	cr_expect(hit_equal(&told[0].hit, &config.peers[1].hit));
	cr_expect_eq(told[0].n, 0);
}

Test(lookup, what_it_has_already_is_not_told_again)
{
	cr_assert_eq(set(0), 0);
	cr_assert_eq(set(0), 0);
	lookup_again(lookup, &config.peers[0].hit); /* nothing to ask */
	cr_expect_eq(n_told, 1);
}

Test(lookup, what_was_removed_may_come_again)
{
	cr_assert_eq(set(0), 0);
	lookup_remove(lookup, &config.peers[0].hit);
	lookup_remove(lookup, &config.peers[0].hit);
	cr_assert_eq(set(0), 0);
	cr_expect_eq(n_told, 2);
}

Test(lookup, there_are_no_more_than_the_limit)
{
	const struct hit third = { { 0x20, 0x01, 0, 0x22, 3 } };
	const struct config_list none = { .n = 0 };

	cr_assert_eq(set(0), 0);
	cr_assert_eq(set(1), 0);
	cr_expect_eq(lookup_set(lookup, &third, &none), -ENOSPC);
}
