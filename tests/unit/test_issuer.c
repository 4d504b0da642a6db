/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The authority: for whom it issues, and for whom it must not.
 */
#include "daemon/issuer.h"
#include "daemon/registry.h"

#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW_S ENROLLED_NOW_S
#define DAY_S UINT64_C(86400)

static struct tempdir dir;
static struct issuer *issuer;
static struct identity *bob, *eve;
static uint8_t bytes[CERTIFICATE_MAX], first[CERTIFICATE_MAX];
static struct enrol_answer answer;

static void make(void)
{
	tempdir_make(&dir);
	bob = enrolled_key(KEY_P256);
	eve = enrolled_key(KEY_RFC8032);
	cr_assert_eq(issuer_create(dir.path, "example.com", &issuer), 0);
}

static void take_away(void)
{
	issuer_close(issuer);
	identity_free(bob);
	identity_free(eve);
	tempdir_remove(&dir);
}

TestSuite(issuer, .init = make, .fini = take_away);

static void restart(void)
{
	issuer_close(issuer);
	issuer = NULL;
	cr_assert_eq(issuer_open(dir.path, "example.com", &issuer), 0);
}

static int invite(const char *name, bool device, struct token *t)
{
	*t = (struct token){ .authority = *identity_hit(eve),
			     .n_bootstraps = 1,
			     .expires_s = NOW_S + DAY_S };
	t->bootstraps[0].hit = *identity_hit(eve);
	cr_assert_eq(locator_from_text("192.0.2.1:10500", 0,
				       &t->bootstraps[0].locator),
		     0);
	memcpy(t->name, name, strlen(name) + 1);
	return issuer_invite(issuer, t, device, NOW_S);
}

/* What `who`, with the key of `key`, gets for a token. */
static enum enrol_result redeem(const struct token *t,
				const struct identity *who,
				const struct identity *key, uint64_t at_s)
{
	uint8_t token[TOKEN_BYTES_MAX];
	struct wr w = wr_init(token, sizeof(token));
	struct enrol_request q = { .kind = ENROL_JOIN,
				   .algorithm = identity_algorithm(key) };

	token_write(&w, t);
	q.proof = (struct span){ token, wr_len(&w) };
	q.hi.bytes = identity_hi(key, &q.hi.len);
	issuer_answer(issuer, identity_hit(who), &q, at_s, bytes, &answer);
	return answer.result;
}

static enum enrol_result renew(const uint8_t *certificate, size_t len,
			       const struct identity *who, uint64_t at_s)
{
	const struct enrol_request q = { .kind = ENROL_RENEW,
					 .proof = { certificate, len } };

	issuer_answer(issuer, identity_hit(who), &q, at_s, bytes, &answer);
	return answer.result;
}

static struct certificate check_answer(uint64_t at_s)
{
	struct certificate c;

	cr_assert_eq(certificate_verify(issuer_authority(issuer),
					answer.certificate.bytes,
					answer.certificate.len, at_s, &c),
		     CERTIFICATE_OK);
	return c;
}

static size_t join_bob(void)
{
	struct token t;

	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	cr_assert_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK);
	memcpy(first, answer.certificate.bytes, answer.certificate.len);
	return answer.certificate.len;
}

static size_t told;
static struct hit told_of;

static void note(void *ctx, const struct hit *hit)
{
	(void)ctx; /* one place for all */
	told++;
	told_of = *hit;
}

Test(issuer, its_files_are_for_their_owner_only)
{
	struct stat st;

	cr_assert_eq(stat(tempdir_path(&dir, "authority.pem"), &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(stat(tempdir_path(&dir, "authority.db"), &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
}

Test(issuer, one_that_is_there_is_opened_and_not_made_anew)
{
	uint8_t hash[KEY_HASH_LEN];

	memcpy(hash, issuer_authority(issuer)->key_hash, sizeof(hash));
	issuer_close(issuer);
	issuer = NULL;
	cr_assert_eq(issuer_create(dir.path, "example.com", &issuer), 0);
	cr_expect_arr_eq(issuer_authority(issuer)->key_hash, hash,
			 sizeof(hash));
}

Test(issuer, that_of_another_overlay_is_not_opened)
{
	struct issuer *other = NULL;

	cr_expect_eq(issuer_open(dir.path, "example.net", &other), -EXDEV);
	cr_expect_eq(issuer_create(dir.path, "example.net", &other), -EXDEV);
}

Test(issuer, without_files_there_is_none)
{
	struct issuer *other = NULL;

	cr_assert_eq(unlink(tempdir_path(&dir, "authority.pem")), 0);
	cr_expect_eq(issuer_open(dir.path, "example.com", &other), -ENOENT);
}

Test(issuer, an_overlay_that_is_not_fit_leaves_no_file)
{
	struct issuer *other = NULL;

	cr_assert_eq(unlink(tempdir_path(&dir, "authority.pem")), 0);
	cr_expect_eq(issuer_create(dir.path, "Example.com", &other), -EINVAL);
	cr_expect_neq(access(tempdir_path(&dir, "authority.pem"), F_OK), 0);
}

Test(issuer, who_is_invited_gets_a_certificate)
{
	struct certificate c;
	struct token t;

	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	cr_expect_str_eq(t.overlay, "example.com");
	cr_expect_eq(issuer_open_invitations(issuer, NOW_S), 1);
	cr_assert_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK);
	c = check_answer(NOW_S);
	cr_expect_str_eq(c.name, "bob@example.com");
	cr_expect(hit_equal(&c.hit, identity_hit(bob)));
	cr_expect_eq(issuer_open_invitations(issuer, NOW_S), 0);
	cr_expect_eq(answer.hi.len, issuer_authority(issuer)->hi_len);
}

Test(issuer, one_that_is_spent_is_expected_again_until_it_has_ended)
{
	const uint64_t clocks_s = 3600;
	struct token t;

	cr_expect_not(issuer_expects_to_refuse(issuer, NOW_S));
	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	cr_assert_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK);
	cr_expect(issuer_expects_to_refuse(issuer, NOW_S));
	cr_expect(issuer_expects_to_refuse(issuer, t.expires_s + clocks_s - 1));
	cr_expect_not(issuer_expects_to_refuse(issuer, t.expires_s + clocks_s));
}

Test(issuer, the_same_host_gets_the_same_certificate_again)
{
	size_t len;
	struct token t;

	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	cr_assert_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK);
	len = answer.certificate.len;
	memcpy(first, answer.certificate.bytes, len);
	restart();
	/* Its answer may have been lost; and the token is late by now. */
	cr_assert_eq(redeem(&t, bob, bob, NOW_S + 2 * DAY_S), ENROL_OK);
	cr_assert_eq(answer.certificate.len, len);
	cr_expect_arr_eq(answer.certificate.bytes, first, len);
}

Test(issuer, another_host_does_not_get_what_was_spent)
{
	struct token t;

	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	cr_assert_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK);
	cr_expect_eq(redeem(&t, eve, eve, NOW_S), ENROL_SPENT);
	cr_expect_eq(answer.certificate.len, 0);
}

Test(issuer, a_key_that_is_not_that_of_the_asker_is_refused)
{
	struct token t;

	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	cr_expect_eq(redeem(&t, eve, bob, NOW_S), ENROL_OTHER_HOST);
	cr_expect_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK, "it is not spent");
}

Test(issuer, an_invitation_expires)
{
	struct token t;

	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	cr_expect_eq(redeem(&t, bob, bob, NOW_S + DAY_S), ENROL_EXPIRED);
	cr_expect_eq(redeem(&t, bob, bob, NOW_S + DAY_S - 1), ENROL_OK);
}

Test(issuer, an_altered_invitation_is_unknown)
{
	struct token t, altered;

	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	altered = t;
	altered.expires_s++;
	cr_expect_eq(redeem(&altered, bob, bob, NOW_S), ENROL_UNKNOWN);
	altered = t;
	memcpy(altered.name, "eve@example.com", 16);
	cr_expect_eq(redeem(&altered, bob, bob, NOW_S), ENROL_UNKNOWN);
	altered = t;
	altered.secret[0] ^= 1;
	cr_expect_eq(redeem(&altered, bob, bob, NOW_S), ENROL_UNKNOWN);
	cr_expect_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK);
}

Test(issuer, what_is_no_token_is_malformed)
{
	const struct enrol_request q = { .kind = ENROL_JOIN,
					 .proof = { (const uint8_t *)"x", 1 } };

	issuer_answer(issuer, identity_hit(bob), &q, NOW_S, bytes, &answer);
	cr_expect_eq(answer.result, ENROL_MALFORMED);
}

Test(issuer, a_name_in_use_is_invited_as_a_device_only)
{
	struct token t;

	(void)join_bob(); /* the certificate itself is not needed */
	cr_expect_eq(invite("bob@example.com", false, &t), -EADDRINUSE);
	cr_assert_eq(invite("bob@example.com", true, &t), 0);
	cr_expect_eq(redeem(&t, eve, eve, NOW_S), ENROL_OK);
}

Test(issuer, two_invitations_for_one_name_make_one_holder)
{
	struct token t, u;

	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	cr_assert_eq(invite("bob@example.com", false, &u), 0);
	cr_assert_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK);
	cr_expect_eq(redeem(&u, eve, eve, NOW_S), ENROL_NAME_IN_USE);
}

Test(issuer, a_name_of_another_domain_is_not_invited)
{
	struct token t;

	cr_expect_eq(invite("bob@example.net", false, &t), -EINVAL);
	cr_expect_eq(invite("bob@sub.example.com", false, &t), -EINVAL);
	cr_expect_eq(invite("a b@example.com", false, &t), -EINVAL);
}

Test(issuer, a_certificate_is_renewed_when_it_is_due)
{
	size_t len = join_bob();

	cr_assert_eq(renew(first, len, bob, NOW_S + 20 * DAY_S - 1), ENROL_OK);
	cr_expect_arr_eq(answer.certificate.bytes, first, len, "the same");
	cr_assert_eq(renew(first, len, bob, NOW_S + 20 * DAY_S), ENROL_OK);
	cr_expect_eq(check_answer(NOW_S + 20 * DAY_S).not_before_s,
		     NOW_S + 20 * DAY_S);
}

Test(issuer, one_that_has_ended_is_renewed_for_thirty_days)
{
	size_t len = join_bob();

	cr_expect_eq(renew(first, len, bob, NOW_S + 60 * DAY_S), ENROL_EXPIRED);
	cr_expect_eq(renew(first, len, eve, NOW_S + 31 * DAY_S),
		     ENROL_OTHER_HOST);
	cr_expect_not(issuer_may_renew(issuer, identity_hit(bob),
				       NOW_S + 30 * DAY_S - 1));
	cr_expect(issuer_may_renew(issuer, identity_hit(bob),
				   NOW_S + 30 * DAY_S));
	cr_expect_not(issuer_may_renew(issuer, identity_hit(bob),
				       NOW_S + 60 * DAY_S));
	cr_assert_eq(renew(first, len, bob, NOW_S + 60 * DAY_S - 1), ENROL_OK);
	cr_expect_eq(check_answer(NOW_S + 60 * DAY_S).not_before_s,
		     NOW_S + 60 * DAY_S - 1);
	cr_expect_not(issuer_may_renew(issuer, identity_hit(bob),
				       NOW_S + 60 * DAY_S));
}

Test(issuer, so_long_its_name_is_nobody_elses)
{
	struct token t;

	(void)join_bob();
	cr_assert_eq(invite("bob@example.com", false, &t), -EADDRINUSE);
	cr_expect_eq(issuer_invite(issuer, &t, false, NOW_S + 60 * DAY_S - 1),
		     -EADDRINUSE);
	cr_expect_eq(issuer_invite(issuer, &t, false, NOW_S + 60 * DAY_S), 0);
}

Test(issuer, one_that_has_ended_is_renewed_for_its_invitation_too)
{
	struct token t;

	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	cr_assert_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK);
	cr_expect_eq(redeem(&t, bob, bob, NOW_S + 60 * DAY_S), ENROL_REVOKED);
	cr_expect_eq(redeem(&t, bob, bob, NOW_S + 59 * DAY_S), ENROL_OK);
	cr_expect_eq(check_answer(NOW_S + 59 * DAY_S).not_before_s,
		     NOW_S + 59 * DAY_S);
}

Test(issuer, one_that_has_ended_can_still_be_revoked)
{
	static uint8_t second[CERTIFICATE_MAX];
	size_t len = join_bob(), second_len, n = 0;

	cr_assert_eq(renew(first, len, bob, NOW_S + 25 * DAY_S), ENROL_OK);
	second_len = answer.certificate.len;
	memcpy(second, answer.certificate.bytes, second_len);
	cr_assert_eq(issuer_revoke(issuer, NULL, identity_hit(bob),
				   NOW_S + 40 * DAY_S, &n, note, NULL),
		     0);
	cr_expect_eq(n, 2, "the one that has ended, too");
	cr_expect_eq(renew(first, len, bob, NOW_S + 41 * DAY_S), ENROL_REVOKED);
	cr_expect_eq(renew(second, second_len, bob, NOW_S + 41 * DAY_S),
		     ENROL_REVOKED);
	cr_expect_eq(renew(second, second_len, bob, NOW_S + 56 * DAY_S),
		     ENROL_REVOKED);
	cr_expect_not(issuer_may_renew(issuer, identity_hit(bob),
				       NOW_S + 41 * DAY_S));
}

Test(issuer, a_certificate_is_not_renewed_for_another_host)
{
	size_t len = join_bob();

	cr_expect_eq(renew(first, len, eve, NOW_S + 20 * DAY_S),
		     ENROL_OTHER_HOST);
}

Test(issuer, a_certificate_of_another_authority_is_not_renewed)
{
	struct enrolled_authority other;
	size_t len;

	enrolled_authority_make(&other, "example.com", KEY_P384);
	len = enrolled_issue(&other, "bob@example.com", bob, 1, NOW_S, first);
	cr_expect_eq(renew(first, len, bob, NOW_S + 20 * DAY_S), ENROL_UNKNOWN);
	enrolled_authority_free(&other);
}

/* The list is whole, as there is little on it. */
static void issue(const char *name, const struct identity *who, uint64_t at_s)
{
	struct issuer_host host = { .hit = *identity_hit(who),
				    .algorithm = identity_algorithm(who) };
	uint8_t out[CERTIFICATE_MAX];
	size_t len;

	host.hi.bytes = identity_hi(who, &host.hi.len);
	cr_assert_eq(issuer_issue(issuer, name, &host, at_s, out, &len), 0);
}

static const char *name_of(const struct identity *who, uint64_t at_s)
{
	static char name[NAME_LEN_MAX + 1];

	return issuer_name_of(issuer, identity_hit(who), at_s, name) == 0
		       ? name
		       : "none";
}

Test(issuer, a_hosts_name_is_the_one_it_was_given_last)
{
	cr_expect_str_eq(name_of(bob, NOW_S), "none");
	issue("bob@example.com", bob, NOW_S);
	cr_expect_str_eq(name_of(bob, NOW_S), "bob@example.com");
	issue("bert@example.com", bob, NOW_S + 1);
	issue("eve@example.com", eve, NOW_S + 2);
	cr_expect_str_eq(name_of(bob, NOW_S + 2), "bert@example.com");
}

Test(issuer, a_name_that_is_revoked_or_that_another_has_got_is_no_hosts)
{
	const uint64_t later_s = NOW_S + 61 * DAY_S;
	size_t n;

	issue("bob@example.com", bob, NOW_S);
	cr_expect_str_eq(name_of(bob, later_s), "bob@example.com");
	issue("bob@example.com", eve, later_s);
	cr_expect_str_eq(name_of(bob, later_s), "none");
	issue("bert@example.com", bob, later_s);
	cr_assert_eq(issuer_revoke(issuer, "bert@example.com", NULL, later_s,
				   &n, note, NULL),
		     0);
	cr_expect_str_neq(name_of(bob, later_s), "bert@example.com");
}

static void make_list(uint64_t now_s, struct revocation *out)
{
	struct span list;

	cr_assert_eq(issuer_make_list(issuer, now_s), 0);
	cr_assert(issuer_next_list(issuer, PARTS_HERE, &list));
	cr_assert_eq(revocation_verify(issuer_authority(issuer), list.bytes,
				       list.len, now_s, out),
		     CERTIFICATE_OK);
	cr_expect_not(issuer_next_list(issuer, PARTS_HERE, &list));
	cr_expect(issuer_next_list(issuer, PARTS_OVERLAY, &list));
	cr_expect_not(issuer_next_list(issuer, PARTS_OVERLAY, &list));
}

Test(issuer, what_is_revoked_is_on_the_next_list_and_not_renewed)
{
	static struct revocation v;
	size_t len = join_bob(), n = 0;
	struct certificate c = check_answer(NOW_S);
	uint64_t number;
	struct token t;

	make_list(NOW_S, &v);
	cr_expect_not(revocation_has(&v, c.serial));
	number = v.number;
	cr_assert_eq(issuer_revoke(issuer, "bob@example.com", NULL, NOW_S + 1,
				   &n, note, NULL),
		     0);
	cr_expect_eq(n, 1);
	cr_expect_eq(told, 1);
	cr_expect(hit_equal(&told_of, identity_hit(bob)));
	restart();
	make_list(NOW_S + 2, &v);
	cr_expect(revocation_has(&v, c.serial));
	cr_expect_gt(v.number, number);
	cr_expect_eq(renew(first, len, bob, NOW_S + 20 * DAY_S), ENROL_REVOKED);
	cr_expect_eq(invite("bob@example.com", false, &t), 0, "it is free");
	cr_expect_eq(redeem(&t, bob, bob, NOW_S + 3), ENROL_OK);
}

Test(issuer, a_host_is_revoked_by_its_hit)
{
	size_t n = 9;

	cr_assert_eq(issuer_revoke(issuer, NULL, identity_hit(bob), NOW_S, &n,
				   note, NULL),
		     0);
	cr_expect_eq(n, 0);
	(void)join_bob(); /* the certificate itself is not needed */
	cr_assert_eq(issuer_revoke(issuer, NULL, identity_hit(bob), NOW_S, &n,
				   note, NULL),
		     0);
	cr_expect_eq(n, 1);
	told = 0;
	cr_assert_eq(issuer_hosts(issuer, NOW_S, note, NULL), 0);
	cr_expect_eq(told, 0);
}

enum { SERIALS = 400 };

/* So many hosts have lost their certificates. */
static void revoke_many(void)
{
	struct registry *r;
	bool aside;
	size_t n;

	cr_assert_eq(
		registry_open(tempdir_path(&dir, "authority.db"), &r, &aside),
		0);
	cr_assert_eq(registry_begin(r), 0);
	for (uint32_t i = 0, drawn = 1; i < SERIALS; i++) {
		struct registry_grant g = {
			.name = "eve@example.com",
			.hit = *identity_hit(eve),
			.not_after_s = NOW_S + 20 * DAY_S,
			.certificate = { (const uint8_t *)"certificate", 11 },
		};

		for (size_t k = 0; k < sizeof(g.serial); k++) {
			drawn = drawn * 1664525 + 1013904223;
			g.serial[k] = (uint8_t)(drawn >> 24);
		}
		g.serial[0] = (g.serial[0] & 0x3f) | 0x40;
		cr_assert_eq(registry_put_grant(r, &g), 0);
	}
	cr_assert_eq(registry_end(r, 0), 0);
	registry_close(r);
	cr_assert_eq(issuer_revoke(issuer, "eve@example.com", NULL, NOW_S, &n,
				   note, NULL),
		     0);
	cr_assert_eq(n, SERIALS);
}

/* Makes the list; the lowest number of a part, and how many there are. */
static uint64_t oldest_part(uint64_t now_s, size_t *parts)
{
	static struct revocation v;
	uint64_t oldest = UINT64_MAX;
	struct span list;

	cr_assert_eq(issuer_make_list(issuer, now_s), 0);
	for (*parts = 0; issuer_next_list(issuer, PARTS_OVERLAY, &list);) {
		cr_assert_eq(revocation_verify(issuer_authority(issuer),
					       list.bytes, list.len, now_s, &v),
			     CERTIFICATE_OK);
		if (v.is_head)
			continue;
		++*parts;
		oldest = v.number < oldest ? v.number : oldest;
	}
	return oldest;
}

Test(issuer, parts_are_not_signed_again_after_a_restart)
{
	uint64_t number;
	size_t parts, again;

	revoke_many();
	number = oldest_part(NOW_S, &parts);
	cr_expect_gt(parts, 1);
	restart();
	cr_expect_eq(oldest_part(NOW_S + 3600, &again), number);
	cr_expect_eq(again, parts);
	restart();
	cr_expect_gt(oldest_part(NOW_S + DAY_S, &again), number,
		     "they were old");
	cr_expect_eq(again, parts);
}

Test(issuer, what_was_exported_is_imported_whole)
{
	struct tempdir other;
	struct issuer *again = NULL;
	uint8_t hash[KEY_HASH_LEN];
	struct token t, open;
	char *text;

	cr_assert_eq(invite("bob@example.com", false, &t), 0);
	cr_assert_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK);
	memcpy(first, answer.certificate.bytes, answer.certificate.len);
	cr_assert_eq(invite("eve@example.com", false, &open), 0);
	memcpy(hash, issuer_authority(issuer)->key_hash, sizeof(hash));
	cr_expect_not(issuer_is_exported(issuer));
	text = issuer_export(issuer);
	cr_assert_not_null(text);
	cr_expect(issuer_is_exported(issuer));
	tempdir_make(&other);
	cr_assert_eq(issuer_import(other.path, text, strlen(text)), 0);
	cr_expect_eq(issuer_import(other.path, text, strlen(text)), -EEXIST);
	cr_assert_eq(issuer_open(other.path, "example.com", &again), 0);
	issuer_close(issuer);
	issuer = again;
	cr_expect_arr_eq(issuer_authority(issuer)->key_hash, hash,
			 sizeof(hash));
	cr_expect(issuer_is_exported(issuer));
	cr_assert_eq(redeem(&t, bob, bob, NOW_S), ENROL_OK);
	cr_expect_arr_eq(answer.certificate.bytes, first,
			 answer.certificate.len);
	cr_expect_eq(redeem(&t, eve, eve, NOW_S), ENROL_SPENT);
	cr_expect_eq(redeem(&open, eve, eve, NOW_S), ENROL_OK);
	free(text);
	tempdir_remove(&other);
}

Test(issuer, what_is_no_backup_leaves_no_authority)
{
	struct tempdir other;
	struct issuer *again = NULL;
	char *text = issuer_export(issuer), *at;

	cr_assert_not_null(text);
	tempdir_make(&other);
	cr_expect_eq(issuer_import(other.path, "{}", 2), -EINVAL);
	cr_expect_eq(issuer_import(other.path, text, strlen(text) - 2),
		     -EINVAL);
	at = strstr(text, "\"mac_key\": \"");
	cr_assert_not_null(at);
	at[12] = '!';
	cr_expect_eq(issuer_import(other.path, text, strlen(text)), -EINVAL);
	cr_expect_eq(issuer_open(other.path, "example.com", &again), -ENOENT);
	free(text);
	tempdir_remove(&other);
}

Test(issuer, whose_certificate_has_ended_is_told_once)
{
	const uint64_t end_s = NOW_S + 30 * DAY_S;

	(void)join_bob(); /* the certificate itself is not needed */
	cr_assert_eq(issuer_ended_hosts(issuer, NOW_S, end_s - 1, note, NULL),
		     0);
	cr_expect_eq(told, 0);
	cr_assert_eq(issuer_ended_hosts(issuer, end_s - 1, end_s, note, NULL),
		     0);
	cr_expect_eq(told, 1);
	cr_expect(hit_equal(&told_of, identity_hit(bob)));
	cr_assert_eq(
		issuer_ended_hosts(issuer, end_s, end_s + DAY_S, note, NULL),
		0);
	cr_expect_eq(told, 1);
}
