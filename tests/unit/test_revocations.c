/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Parts of a revocation list: their form, and what they say together. */
#include "daemon/pki/revocations.h"

#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint64_t now = ENROLLED_NOW_S;
static struct enrolled_authority ours;
static struct revocation list, found;
static struct revocations all;
static uint8_t bytes[REVOCATION_MAX];

static void setup(void)
{
	enrolled_authority_make(&ours, "example.com", KEY_RFC8032);
}

static void teardown(void)
{
	revocations_clear(&all);
	enrolled_authority_free(&ours);
}

TestSuite(revocations, .init = setup, .fini = teardown);

static const uint8_t *serial(unsigned int n)
{
	static uint8_t s[CERTIFICATE_SERIAL_LEN];

	memset(s, 0, sizeof(s));
	s[0] = 0x40;
	s[1] = (uint8_t)(n * 7); /* their order is not that of the parts */
	s[13] = (uint8_t)(n >> 16);
	s[14] = (uint8_t)(n >> 8);
	s[15] = (uint8_t)n;
	return s;
}

static void begin(uint8_t depth, uint16_t index, uint64_t number)
{
	list = (struct revocation){ .number = number,
				    .depth = depth,
				    .index = index,
				    .this_update_s = now,
				    .next_update_s = now + 3600 };
}

/* Of the numbers below `n` those that are in the part. */
static void fill(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (revocation_part(serial(i), list.depth) == list.index)
			cr_assert_eq(revocation_add(&list, serial(i), now), 0);
}

static enum revocations_news take_part(uint8_t depth, uint16_t index,
				       uint64_t number, unsigned int n)
{
	begin(depth, index, number);
	fill(n);
	return revocations_take(&all, &list);
}

static enum revocations_news take_head(uint8_t depth, uint64_t number,
				       uint64_t each)
{
	begin(depth, 0, number);
	list.is_head = true;
	for (size_t i = 0; i < 1u << depth; i++)
		list.numbers[i] = each;
	return revocations_take(&all, &list);
}

static enum certificate_result verify(size_t len)
{
	return revocation_verify(&ours.public, bytes, len, now, &found);
}

Test(revocations, a_part_says_which_it_is)
{
	char text[REVOCATION_TEXT_MAX];
	size_t len;

	begin(9, 300, 5);
	fill(1000);
	cr_assert_eq(list.n, 2);
	len = enrolled_revoke(&ours, &list, bytes);
	cr_assert_eq(verify(len), CERTIFICATE_OK);
	cr_expect_eq(found.depth, 9);
	cr_expect_eq(found.index, 300);
	cr_expect_not(found.is_head);
	cr_expect_eq(found.n, 2);
	cr_expect(revocation_has(&found, serial(812)));
	revocation_text(&found, text);
	cr_expect_str_eq(text, "9/300");
	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 1;
		cr_expect_neq(verify(len), CERTIFICATE_OK, "at %zu", i);
		bytes[i] ^= 1;
	}
}

/* Signed by the authority, but not in its form. */
Test(revocations, a_part_with_anything_else_in_it_is_none)
{
	begin(1, 1, 5);
	cr_assert_eq(revocation_add(&list, serial(2), now), 0);
	cr_expect_eq(verify(enrolled_revoke(&ours, &list, bytes)),
		     CERTIFICATE_MALFORMED, "that is in the other part");
	begin(2, 4, 5);
	cr_expect_eq(verify(enrolled_revoke(&ours, &list, bytes)),
		     CERTIFICATE_MALFORMED, "there are only four");
	begin(10, 4, 5);
	cr_expect_eq(verify(enrolled_revoke(&ours, &list, bytes)),
		     CERTIFICATE_MALFORMED, "so many are not made");
	begin(1, 0, 5);
	list.is_head = true;
	list.numbers[0] = list.numbers[1] = 5;
	cr_assert_eq(revocation_add(&list, serial(2), now), 0);
	cr_expect_eq(verify(enrolled_revoke(&ours, &list, bytes)),
		     CERTIFICATE_MALFORMED, "a head has no entries");
}

Test(revocations, a_head_has_the_number_of_each_part)
{
	char text[REVOCATION_TEXT_MAX];
	size_t len;

	begin(9, 0, now);
	list.is_head = true;
	for (size_t i = 0; i < REVOCATION_PARTS_MAX; i++)
		list.numbers[i] = now - i * 3600;
	len = enrolled_revoke(&ours, &list, bytes);
	cr_expect_leq(len, REVOCATION_PART_LEN);
	cr_assert_eq(verify(len), CERTIFICATE_OK);
	cr_expect(found.is_head);
	cr_expect_eq(found.depth, 9);
	cr_expect_eq(memcmp(found.numbers, list.numbers, sizeof(list.numbers)),
		     0);
	revocation_text(&found, text);
	cr_expect_str_eq(text, "");
}

Test(revocations, ten_thousand_in_parts_are_all_revoked)
{
	enum { N = 10000 };

	for (uint16_t i = 0; i < 256; i++) {
		begin(8, i, 10);
		fill(N);
		cr_assert_leq(enrolled_revoke(&ours, &list, bytes),
			      REVOCATION_PART_LEN);
		cr_assert_eq(revocations_take(&all, &list), REVOCATIONS_ADDS);
	}
	cr_expect_eq(all.n, N);
	for (unsigned int i = 0; i < N; i++)
		cr_assert(revocations_has(&all, serial(i)), "%u", i);
	cr_expect_not(revocations_has(&all, serial(N)));
}

Test(revocations, a_whole_list_is_the_only_one)
{
	cr_expect_eq(take_part(0, 0, 5, 3), REVOCATIONS_ADDS);
	cr_expect_eq(take_part(0, 0, 5, 4), REVOCATIONS_OLD);
	cr_expect_eq(take_part(0, 0, 4, 4), REVOCATIONS_OLD);
	cr_expect_eq(take_part(0, 0, 6, 2), REVOCATIONS_NEWER);
	cr_expect_eq(all.n, 2, "what has ended is not on it any more");
	cr_expect_eq(all.number, 6);
	cr_expect_eq(revocations_missing(&all), 0);
}

Test(revocations, an_old_part_brings_nobody_back)
{
	cr_assert_eq(take_part(0, 0, 5, 0), REVOCATIONS_NEWER);
	cr_assert_eq(take_part(1, 1, 7, 8), REVOCATIONS_ADDS);
	cr_expect_eq(take_part(1, 1, 6, 0), REVOCATIONS_OLD);
	cr_expect_eq(take_part(1, 1, 7, 0), REVOCATIONS_OLD);
	cr_expect_eq(take_part(2, 1, 6, 0), REVOCATIONS_OLD);
	cr_expect_eq(take_part(2, 3, 6, 0), REVOCATIONS_OLD);
	/* It has something to say of the other half, and only of that. */
	cr_expect_eq(take_part(0, 0, 6, 1), REVOCATIONS_ADDS);
	cr_expect_eq(all.n, 5);
	for (unsigned int i = 1; i < 8; i += 2)
		cr_expect(revocations_has(&all, serial(i)), "%u", i);
	cr_expect_eq(take_part(0, 0, 6, 1), REVOCATIONS_OLD);
}

/* Half of the new parts has come: of the rest, the old ones count. */
Test(revocations, while_the_parts_grow_more_nothing_is_forgotten)
{
	for (uint16_t i = 0; i < 2; i++)
		cr_assert_eq(take_part(1, i, 5, 100), REVOCATIONS_ADDS);
	cr_assert_eq(take_head(1, 5, 5), REVOCATIONS_NEWER);
	cr_expect_eq(revocations_missing(&all), 0);
	cr_assert_eq(take_head(2, 9, 9), REVOCATIONS_NEWER);
	cr_expect_eq(revocations_missing(&all), 4);
	cr_expect_eq(take_part(2, 0, 9, 104), REVOCATIONS_ADDS);
	cr_expect_eq(take_part(2, 3, 9, 100), REVOCATIONS_NEWER);
	cr_expect_eq(revocations_missing(&all), 2);
	cr_expect_eq(all.n, 101);
	begin(1, 1, 5);
	cr_expect(revocations_counts(&all, &list), "where 2/1 is missing");
	cr_expect_eq(take_part(1, 0, 6, 0), REVOCATIONS_NEWER, "of part 2/2");
	begin(1, 0, 5);
	cr_expect_not(revocations_counts(&all, &list));
	cr_expect_eq(all.n, 76, "never of 2/0, which is newer");
	cr_expect(revocations_has(&all, serial(100)));
	cr_expect_eq(revocations_missing(&all), 2, "it is not what is wanted");
	cr_expect_eq(take_part(2, 1, 9, 100), REVOCATIONS_NEWER);
	cr_expect_eq(take_part(2, 2, 9, 100), REVOCATIONS_ADDS);
	cr_expect_eq(revocations_missing(&all), 0);
	cr_expect_eq(all.n, 101);
	/* And fewer again. */
	cr_assert_eq(take_part(0, 0, 12, 10), REVOCATIONS_NEWER);
	cr_expect_eq(all.n, 10);
	cr_expect_eq(take_part(2, 2, 9, 100), REVOCATIONS_OLD);
	cr_expect_eq(take_head(2, 9, 9), REVOCATIONS_OLD);
	cr_expect_eq(revocations_missing(&all), 0);
}

Test(revocations, the_head_tells_which_parts_are_missing)
{
	uint16_t i = 0;

	begin(2, 0, 20);
	list.is_head = true;
	list.numbers[0] = 3;
	list.numbers[1] = 9;
	list.numbers[2] = 20;
	list.numbers[3] = 9;
	cr_assert_eq(take_part(2, 1, 9, 0), REVOCATIONS_NEWER);
	cr_assert_eq(take_part(2, 0, 5, 0), REVOCATIONS_NEWER);
	begin(2, 0, 20);
	list.is_head = true;
	list.numbers[0] = 3;
	list.numbers[1] = 9;
	list.numbers[2] = 20;
	list.numbers[3] = 9;
	cr_assert_eq(revocations_take(&all, &list), REVOCATIONS_NEWER);
	cr_assert(revocations_next_missing(&all, &i));
	cr_expect_eq(i, 2);
	i++;
	cr_assert(revocations_next_missing(&all, &i));
	cr_expect_eq(i, 3);
	i++;
	cr_expect_not(revocations_next_missing(&all, &i));
}

Test(revocations, what_is_outdated_has_no_place)
{
	cr_assert_eq(take_head(1, 9, 9), REVOCATIONS_NEWER);
	begin(0, 0, 8);
	cr_expect(revocations_is_past(&all, &list));
	begin(1, 1, 8);
	cr_expect(revocations_is_past(&all, &list), "there is a newer one");
	begin(1, 1, 10);
	cr_expect_not(revocations_is_past(&all, &list), "newer than the head");
	cr_assert_eq(take_part(1, 1, 9, 2), REVOCATIONS_ADDS);
	cr_expect_not(revocations_is_past(&all, &list), "it is the same");
	begin(1, 1, 8);
	cr_expect(revocations_is_past(&all, &list));
	begin(2, 3, 8);
	cr_expect(revocations_is_past(&all, &list));
	begin(2, 2, 8);
	cr_expect(revocations_is_past(&all, &list));
	begin(2, 2, 9);
	cr_expect_not(revocations_is_past(&all, &list));
}
