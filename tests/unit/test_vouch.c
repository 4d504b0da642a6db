/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Who is one of our overlay: by a certificate of its authority, for that
 * very host, now, and not revoked.
 */
#include "daemon/vouch.h"

#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { DAY_S = 86400 };

#define NOW_S ENROLLED_NOW_S

static struct enrolled_authority authority, other;
static struct identity *bob, *eve;
static struct membership m;
static struct vouch *v;
static bool adds; /* the last list */

static void set_authority(const struct authority *a)
{
	bool is_another;

	m = (struct membership){ .authority_algorithm = a->algorithm,
				 .authority_hi_len = a->hi_len };
	memcpy(m.overlay, "example.com", 12);
	memcpy(m.authority_hi, a->hi, a->hi_len);
	cr_assert_eq(vouch_set(v, &m, &is_another), 0);
	cr_assert(is_another);
	cr_assert_eq(vouch_set(v, &m, &is_another), 0);
	cr_assert_not(is_another);
}

static void make(void)
{
	static const uint8_t seed[16];

	enrolled_authority_make(&authority, "example.com", KEY_P384);
	enrolled_authority_make(&other, "example.com", KEY_RFC8032);
	bob = enrolled_key(KEY_P256);
	eve = enrolled_key(KEY_RFC8032);
	v = vouch_new(seed);
	cr_assert_not_null(v);
	set_authority(&authority.public);
}

static void take_away(void)
{
	vouch_free(v);
	identity_free(bob);
	identity_free(eve);
	enrolled_authority_free(&authority);
	enrolled_authority_free(&other);
}

TestSuite(vouch, .init = make, .fini = take_away);

/* What a certificate of `a` for bob, from then on, is worth to `host`. */
static uint64_t ask(const struct enrolled_authority *a, uint64_t from_s,
		    const struct identity *host)
{
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len =
		enrolled_issue(a, "bob@example.com", bob, 7, from_s, bytes);

	return vouch_for(v, identity_hit(host), bytes, len, NOW_S);
}

Test(vouch, a_member_is_one_until_its_certificate_ends)
{
	cr_expect_eq(ask(&authority, NOW_S, bob), 30ull * DAY_S * 1000);
	cr_expect_eq(ask(&authority, NOW_S - 29 * DAY_S, bob), DAY_S * 1000);
	cr_expect_str_eq(vouch_name(v, identity_hit(bob)), "bob@example.com");
}

Test(vouch, nobody_else_is_one_by_it)
{
	cr_expect_eq(ask(&authority, NOW_S, eve), 0);
	cr_expect_null(vouch_name(v, identity_hit(eve)));
	cr_expect_null(vouch_name(v, identity_hit(bob)));
}

Test(vouch, out_of_its_time_it_is_worth_nothing)
{
	cr_expect_eq(ask(&authority, NOW_S - 31 * DAY_S, bob), 0);
	cr_expect_eq(ask(&authority, NOW_S - 30 * DAY_S, bob), 0);
	cr_expect_eq(ask(&authority, NOW_S + DAY_S, bob), 0);
}

Test(vouch, one_of_another_authority_is_worth_nothing)
{
	cr_expect_eq(ask(&other, NOW_S, bob), 0);
}

Test(vouch, what_is_no_certificate_is_worth_nothing)
{
	cr_expect_eq(vouch_for(v, identity_hit(bob), (const uint8_t *)"0\1", 2,
			       NOW_S),
		     0);
	cr_expect_eq(vouch_for(v, identity_hit(bob), NULL, 0, NOW_S), 0);
}

static bool take_list(const struct enrolled_authority *a, uint64_t number,
		      uint8_t serial)
{
	static struct revocation list;
	static uint8_t bytes[REVOCATION_MAX];
	struct certificate c;
	uint8_t cert[CERTIFICATE_MAX];
	size_t len = enrolled_issue(&authority, "bob@example.com", bob, serial,
				    NOW_S, cert);

	cr_assert_eq(
		certificate_verify(&authority.public, cert, len, NOW_S, &c),
		CERTIFICATE_OK);

	list = (struct revocation){ .number = number,
				    .this_update_s = NOW_S,
				    .next_update_s = NOW_S + 3600 };
	cr_assert_eq(revocation_add(&list, c.serial, NOW_S), 0);
	return vouch_take_list(v, bytes, enrolled_revoke(a, &list, bytes),
			       NOW_S, &adds);
}

Test(vouch, whose_certificate_is_revoked_is_one_no_more)
{
	struct hit hit;

	cr_assert_gt(ask(&authority, NOW_S, bob), 0);
	cr_expect(take_list(&authority, 2, 7));
	cr_assert(vouch_next_revoked(v, &hit));
	cr_expect(hit_equal(&hit, identity_hit(bob)));
	cr_expect_not(vouch_next_revoked(v, &hit));
	cr_expect_eq(ask(&authority, NOW_S, bob), 0);
}

Test(vouch, an_older_list_replaces_none)
{
	cr_expect(take_list(&authority, 2, 7));
	cr_expect_not(take_list(&authority, 2, 8));
	cr_expect_not(take_list(&authority, 1, 8));
	cr_expect_not(take_list(&other, 3, 8));
	cr_expect_eq(ask(&authority, NOW_S, bob), 0);
	cr_expect(take_list(&authority, 3, 8));
	cr_expect(adds);
	cr_expect(take_list(&authority, 4, 8));
	cr_expect_not(adds, "the same once more");
	cr_expect_gt(ask(&authority, NOW_S, bob), 0);
}

Test(vouch, in_no_overlay_nobody_is_one)
{
	static const struct membership none;
	bool is_another;

	cr_assert_gt(ask(&authority, NOW_S, bob), 0);
	cr_assert_eq(vouch_set(v, &none, &is_another), 0);
	cr_expect(is_another);
	cr_expect_eq(ask(&authority, NOW_S, bob), 0);
	cr_expect_null(vouch_name(v, identity_hit(bob)));
	cr_expect_not(take_list(&authority, 9, 7));
}

Test(vouch, another_authority_knows_nobody_of_before)
{
	cr_assert_gt(ask(&authority, NOW_S, bob), 0);
	cr_assert(take_list(&authority, 9, 1));
	set_authority(&other.public);
	cr_expect_eq(ask(&authority, NOW_S, bob), 0);
	cr_expect_null(vouch_name(v, identity_hit(bob)));
	cr_expect_gt(ask(&other, NOW_S, bob), 0);
	cr_expect(take_list(&other, 1, 1), "its lists begin anew");
}

Test(vouch, a_name_that_was_found_does_not_replace_a_certificate)
{
	vouch_note(v, identity_hit(eve), "eve@example.com");
	cr_expect_str_eq(vouch_name(v, identity_hit(eve)), "eve@example.com");
	cr_assert_gt(ask(&authority, NOW_S, bob), 0);
	vouch_note(v, identity_hit(bob), "eve@example.com");
	cr_expect_str_eq(vouch_name(v, identity_hit(bob)), "bob@example.com");
}

Test(vouch, until_when_is_told)
{
	uint8_t serial[CERTIFICATE_SERIAL_LEN] = { 0x40, [15] = 7 };

	vouch_note(v, identity_hit(eve), "eve@example.com");
	cr_expect_eq(vouch_until_s(v, identity_hit(eve)), 0);
	cr_expect_eq(vouch_until_s(v, identity_hit(bob)), 0);
	cr_assert_gt(ask(&authority, NOW_S, bob), 0);
	cr_expect_eq(vouch_until_s(v, identity_hit(bob)), NOW_S + 30 * DAY_S);
	cr_expect_not(vouch_is_revoked(v, serial));
	cr_assert(take_list(&authority, 2, 7));
	cr_expect(vouch_is_revoked(v, serial));
}

Test(vouch, who_was_revoked_is_known_for_it_until_another_certificate_comes)
{
	const struct hit *host = identity_hit(bob);
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len = enrolled_issue(&authority, "bob@example.com", bob, 8,
				    NOW_S - DAY_S, bytes);
	struct hit hit;

	cr_assert_gt(ask(&authority, NOW_S, bob), 0);
	cr_assert(take_list(&authority, 2, 7));
	cr_expect_not(vouch_was_revoked(v, host), "it is to be let go first");
	cr_assert(vouch_next_revoked(v, &hit));
	cr_expect(vouch_was_revoked(v, host));
	cr_expect_null(vouch_name(v, host));
	cr_expect_eq(vouch_until_s(v, host), 0);
	cr_expect_not(vouch_was_revoked(v, identity_hit(eve)));
	cr_expect_gt(vouch_for(v, host, bytes, len, NOW_S), 0);
	cr_expect_not(vouch_was_revoked(v, host));
	cr_expect_str_eq(vouch_name(v, host), "bob@example.com");
}

/* Whoever has two shows the one that ends first: revoked are both, or the
 * other one only, when the first has ended. */
Test(vouch, an_older_certificate_does_not_hide_a_newer_one)
{
	uint8_t bytes[CERTIFICATE_MAX];
	size_t len = enrolled_issue(&authority, "bob@example.com", bob, 8,
				    NOW_S - DAY_S, bytes);
	struct hit hit;

	cr_assert_gt(ask(&authority, NOW_S, bob), 0);
	cr_expect_gt(vouch_for(v, identity_hit(bob), bytes, len, NOW_S), 0);
	cr_expect_eq(vouch_until_s(v, identity_hit(bob)), NOW_S + 30 * DAY_S);
	cr_assert(take_list(&authority, 2, 7));
	cr_expect(vouch_next_revoked(v, &hit));
}

Test(vouch, names_make_room_for_certificates_first)
{
	struct hit hit = *identity_hit(eve);

	cr_assert_gt(ask(&authority, NOW_S, bob), 0);
	for (unsigned int i = 0; i < 2 * VOUCHED_MAX; i++) {
		hit.bytes[14] = (uint8_t)(i >> 8);
		hit.bytes[15] = (uint8_t)i;
		vouch_note(v, &hit, "eve@example.com");
	}
	cr_assert(take_list(&authority, 2, 7));
	cr_assert(vouch_next_revoked(v, &hit));
	cr_expect(hit_equal(&hit, identity_hit(bob)));
}
