/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* The authority's list in as many parts as it takes, as hosts take it. */
#include "daemon/parts.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { MANY = 20000 };

static struct enrolled_authority ours;
static struct parts *parts;
static struct revocations host; /* one that gets them all */
static struct revoked revoked[MANY];
static struct revocation list;
static uint64_t now, number;
static size_t signatures, given;
static bool refuses;

static int sign(void *ctx, struct span tbs, uint8_t *out, size_t cap,
		size_t *len)
{
	if (refuses)
		return -EIO;
	signatures++;
	*len = enrolled_sign(ctx, tbs, out, cap);
	return 0;
}

static void setup(void)
{
	uint32_t drawn = 1;

	now = number = ENROLLED_NOW_S;
	enrolled_authority_make(&ours, "example.com", KEY_P256);
	parts = parts_new();
	cr_assert(parts);
	for (size_t i = 0; i < MANY; i++) {
		for (size_t k = 0; k < CERTIFICATE_SERIAL_LEN; k++) {
			drawn = drawn * 1664525 + 1013904223;
			revoked[i].serial[k] = (uint8_t)(drawn >> 24);
		}
		revoked[i].serial[0] = (revoked[i].serial[0] & 0x3f) | 0x40;
		revoked[i].when_s = now;
	}
}

static void teardown(void)
{
	parts_free(parts);
	revocations_clear(&host);
	enrolled_authority_free(&ours);
}

TestSuite(parts, .init = setup, .fini = teardown);

/* Those from `first` on are revoked. */
static int make(size_t first, size_t n)
{
	struct parts_signer s = { .authority = &ours.public,
				  .now_s = now,
				  .sign = sign,
				  .ctx = &ours };
	size_t before;
	int err;

	signatures = 0;
	do {
		before = signatures;
		s.number = ++number;
		err = parts_make(parts, &s, revoked + first, n);
		cr_assert_leq(signatures - before, 66, "others wait");
	} while (err == -EAGAIN);
	return err;
}

static void give(void)
{
	struct span one;

	for (given = 0; parts_next(parts, PARTS_OVERLAY, &one); given++) {
		cr_assert_leq(one.len, REVOCATION_PART_LEN);
		cr_assert_eq(revocation_verify(&ours.public, one.bytes, one.len,
					       now, &list),
			     CERTIFICATE_OK);
		cr_assert_neq(revocations_take(&host, &list), REVOCATIONS_OLD);
	}
	cr_expect_eq(revocations_missing(&host), 0);
}

static void expect_all(size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_assert(revocations_has(&host, revoked[first + i].serial),
			  "%zu", i);
}

Test(parts, what_fits_is_one_list_as_it_always_was)
{
	cr_assert_eq(make(0, 60), 0);
	give();
	cr_expect_eq(given, 1);
	cr_expect_eq(parts_count(parts), 1);
	cr_expect_eq(list.depth, 0);
	cr_expect_eq(list.n, 60);
	cr_expect_eq(list.next_update_s, now + REVOCATION_PERIOD_S);
	expect_all(0, 60);
	cr_assert_eq(make(0, 60), 0);
	give();
	cr_expect_eq(given, 1, "it is renewed");
}

/* As a restart does, with what was kept. */
static size_t begin_anew(void)
{
	struct parts *old = parts;
	struct span one;
	uint16_t index;
	size_t kept = 0;

	parts = parts_new();
	cr_assert(parts);
	for (; parts_next_kept(old, &index, &one); kept++) {
		cr_assert_lt(index, parts_count(old));
		cr_assert(parts_take(parts, &ours.public, one, now));
	}
	parts_free(old);
	return kept;
}

Test(parts, what_was_kept_is_not_signed_again_and_has_its_old_number)
{
	uint64_t old, of;

	cr_assert_eq(make(0, 10000), 0);
	of = parts_count(parts);
	cr_expect_gt(signatures, of);
	old = number;
	now += 3600;
	cr_expect_eq(begin_anew(), of);
	cr_assert_eq(make(0, 10000), 0);
	cr_expect_eq(signatures, 2, "the head, and to measure");
	give();
	cr_expect_eq(given, of + 1);
	expect_all(0, 10000);
	for (size_t i = 0; i < of; i++)
		cr_assert_leq(list.numbers[i], old);
}

Test(parts, what_was_kept_is_signed_again_when_something_is_missing_or_old)
{
	size_t of;

	cr_assert_eq(make(0, 10000), 0);
	of = parts_count(parts);
	(void)begin_anew();
	cr_assert_eq(make(0, 10001), 0);
	cr_expect_eq(signatures, 3, "the part of it, too");
	give();
	expect_all(0, 10001);
	now += 24 * 3600;
	parts_again(parts, PARTS_DISK);
	(void)begin_anew();
	cr_assert_eq(make(0, 10001), 0);
	cr_expect_eq(signatures, of + 2, "all are near their end");
}

Test(parts, what_is_no_part_of_ours_is_not_taken)
{
	struct enrolled_authority other;
	struct parts *fresh = parts_new();
	struct span one;
	uint16_t index;

	enrolled_authority_make(&other, "example.com", KEY_P384);
	cr_assert_eq(make(0, 10000), 0);
	cr_assert(parts_next_kept(parts, &index, &one));
	cr_expect_not(parts_take(fresh, &other.public, one, now), "other key");
	cr_expect_not(parts_take(fresh, &ours.public, one, now - 3600),
		      "of the future");
	cr_expect_not(parts_take(fresh, &ours.public,
				 (struct span){ one.bytes, one.len - 1 }, now),
		      "short");
	cr_expect(parts_take(fresh, &ours.public, one, now));
	cr_expect_not(parts_take(fresh, &ours.public, one, now), "twice");
	parts_free(fresh);
	enrolled_authority_free(&other);
}

Test(parts, ten_thousand_are_revoked_on_every_host)
{
	cr_assert_eq(make(0, 10000), 0);
	give();
	cr_expect_eq(given, parts_count(parts) + 1);
	cr_expect(list.is_head, "it is the last");
	cr_expect_eq(host.n, 10000);
	expect_all(0, 10000);
	cr_expect_not(revocations_has(&host, revoked[10000].serial));
}

Test(parts, one_more_is_one_part_more_to_sign)
{
	cr_assert_eq(make(0, 10000), 0);
	give();
	cr_assert_eq(make(0, 10001), 0);
	cr_expect_eq(signatures, 2);
	give();
	cr_expect_eq(given, 2, "the part and the head");
	expect_all(0, 10001);
	now += 1800;
	cr_assert_eq(make(0, 10001), 0);
	give();
	cr_expect_eq(given, 1, "only the head");
}

Test(parts, they_grow_and_shrink_with_the_list)
{
	size_t most;

	for (size_t n = 50; n < 3000; n += 50) {
		cr_assert_eq(make(0, n), 0);
		give();
		cr_assert_eq(host.n, n);
		expect_all(0, n);
	}
	most = parts_count(parts);
	cr_expect_geq(most, 64);
	/* They end, and others are revoked. */
	for (size_t n = 2900; n > 50; n -= 50) {
		cr_assert_eq(make(3000 - n, n), 0);
		give();
		expect_all(3000 - n, n);
	}
	cr_assert_eq(make(2970, 30), 0);
	give();
	cr_expect_eq(parts_count(parts), 1);
	cr_expect_eq(host.n, 30);
}

/* Within 24 h of its number each is made again; not all at once. */
Test(parts, none_gets_too_old)
{
	uint64_t made[REVOCATION_PARTS_MAX] = { 0 };
	size_t most = 0;

	cr_assert_eq(make(0, 1000), 0);
	give();
	for (uint64_t end = now + 3 * 86400; now < end; now += 1800) {
		struct span one;
		size_t n = 0;

		if (number < now)
			number = now;
		cr_assert_eq(make(0, 1000), 0);
		while (parts_next(parts, PARTS_OVERLAY, &one)) {
			cr_assert_eq(revocation_verify(&ours.public, one.bytes,
						       one.len, now, &list),
				     CERTIFICATE_OK);
			if (list.is_head)
				continue;
			n++;
			if (made[list.index] > 0)
				cr_expect_leq(now - made[list.index],
					      17 * 3600);
			cr_expect_geq(list.next_update_s, now + 17 * 3600);
			made[list.index] = now;
		}
		if (n > most)
			most = n;
	}
	cr_expect_leq(most, parts_count(parts) / 4);
	for (size_t i = 0; i < parts_count(parts); i++)
		cr_expect_gt(made[i], now - 17 * 3600);
}

Test(parts, one_that_begins_anew_gets_all)
{
	struct span one;

	cr_assert_eq(make(0, 500), 0);
	give();
	cr_expect(parts_next(parts, PARTS_HERE, &one), "it is another one");
	revocations_clear(&host);
	parts_again(parts, PARTS_OVERLAY);
	give();
	cr_expect_eq(given, parts_count(parts) + 1);
	expect_all(0, 500);
}

Test(parts, what_has_no_room_leaves_the_last_as_it_is)
{
	struct span one;

	cr_assert_eq(make(0, 10000), 0);
	give();
	for (size_t i = 0; i < 200; i++) /* all in one of them */
		revoked[i].serial[14] = revoked[i].serial[15] = 0;
	cr_expect_eq(make(0, 10000), -ENOSPC);
	cr_expect_not(parts_next(parts, PARTS_OVERLAY, &one));
	cr_assert_eq(make(200, 10000), 0);
	give();
	expect_all(200, 10000);
}

Test(parts, a_signature_that_fails_is_made_later)
{
	struct span one;

	refuses = true;
	cr_expect_eq(make(0, 500), -EIO);
	refuses = false;
	cr_assert_eq(make(0, 400), 0);
	give();
	refuses = true;
	cr_expect_eq(make(0, 500), -EIO);
	cr_expect_not(parts_next(parts, PARTS_OVERLAY, &one));
	refuses = false;
	cr_assert_eq(make(0, 500), 0);
	give();
	expect_all(0, 500);
}
