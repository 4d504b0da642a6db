/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/* Keeping records: RFC 6940 7.2, 7.4.1. */
#include "resolver/store.h"
#include "tests/unit/reload_samples.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <string.h>

enum { DICTIONARY = 1, ARRAY = 2, SINGLE = 3, AUTHORITY = 4 };

static const uint64_t now = 1700000000000;
static const uint64_t day = 86400000;
static const uint8_t seed[TABLE_SEED_LEN] = { 1 };
static const struct kind kinds[] = {
	{ DICTIONARY, DATA_DICTIONARY, ACCESS_USER_NODE_MATCH, 4, 100 },
	{ ARRAY, DATA_ARRAY, ACCESS_NODE_MATCH, 4, 100 },
	{ SINGLE, DATA_SINGLE, ACCESS_NODE_MATCH, 1, 100 },
	{ AUTHORITY, DATA_SINGLE, ACCESS_AUTHORITY, 1, 100 },
};
static struct store s;
static uint8_t data[256], value[512], whole[1024];

static void set_up(void)
{
	store_init(&s, kinds, 4, seed);
}

static void tear_down(void)
{
	store_clear(&s);
}

TestSuite(store, .init = set_up, .fini = tear_down);

static struct resource_id resource(uint32_t n)
{
	struct resource_id id;

	id_resource(&n, sizeof(n), &id);
	return id;
}

/* A value of that kind under signer n's key (or index n). */
static struct store_put put_of(uint32_t kind, uint8_t n, uint64_t time_ms)
{
	static struct hit key;
	struct wr w = wr_init(value, sizeof(value));
	struct wr all = wr_init(whole, sizeof(whole));
	struct store_put p = {
		.resource = resource(1),
		.kind = store_kind(&s, kind),
		.signer = sample_hit(n),
		.certificate = { (const uint8_t *)"DER", 3 },
		.proven = true,
	};
	struct stored v = { .storage_time_ms = time_ms,
			    .lifetime_s = 3600,
			    .index = n,
			    .exists = true,
			    .data = { data, 10 },
			    .signature = sample_signature() };
	struct rd r;

	key = sample_hit(n);
	v.key = (struct span){ key.bytes, ID_LEN };
	stored_value_write(&w, p.kind->model, &v);
	v.value = (struct span){ value, wr_len(&w) };
	stored_write(&all, &v);
	r = rd_init(whole, wr_len(&all));
	cr_assert(stored_next(&r, p.kind->model, &p.value));
	return p;
}

static enum store_result put(uint32_t kind, uint8_t n, uint64_t time_ms)
{
	struct store_put p = put_of(kind, n, time_ms);

	return store_put(&s, &p, now);
}

static struct place *place_of(uint32_t kind)
{
	struct resource_id id = resource(1);

	return store_find(&s, &id, kind);
}

Test(store, what_is_put_is_found_with_its_certificate)
{
	struct stored v;
	struct place *p;

	cr_assert_eq(put(DICTIONARY, 1, now), STORE_TAKEN);
	p = place_of(DICTIONARY);
	cr_assert(p && p->n == 1);
	record_stored(p, p->records, now, &v);
	cr_expect_eq(v.storage_time_ms, now);
	cr_expect_eq(v.data.len, 10);
	cr_expect_eq(record_certificate(p->records).len, 3);
	cr_expect_arr_eq(record_certificate(p->records).bytes, "DER", 3);
	cr_expect_null(place_of(ARRAY));
	cr_expect_eq(store_count(&s), 1);
}

Test(store, an_unknown_kind_is_unknown)
{
	cr_expect_null(store_kind(&s, 99));
	cr_expect_eq(store_kind(&s, ARRAY)->model, DATA_ARRAY);
}

Test(store, a_value_replaces_an_older_one_and_no_newer_one)
{
	cr_expect_eq(put(DICTIONARY, 1, now), STORE_TAKEN);
	cr_expect_eq(put(DICTIONARY, 1, now), STORE_TOO_OLD);
	cr_expect_eq(put(DICTIONARY, 1, now - 1), STORE_TOO_OLD);
	cr_expect_eq(put(DICTIONARY, 1, now + 1), STORE_TAKEN);
	cr_expect_eq(store_count(&s), 1);
}

Test(store, a_replica_of_what_we_have_is_the_same)
{
	struct store_put p = put_of(DICTIONARY, 1, now);

	cr_expect_eq(store_put(&s, &p, now), STORE_TAKEN);
	p.replica = true;
	cr_expect_eq(store_put(&s, &p, now), STORE_SAME);
	p = put_of(DICTIONARY, 1, now - 1);
	p.replica = true;
	cr_expect_eq(store_put(&s, &p, now), STORE_TOO_OLD);
}

Test(store, each_key_index_or_single_value_has_its_slot)
{
	cr_expect_eq(put(DICTIONARY, 1, now), STORE_TAKEN);
	cr_expect_eq(put(DICTIONARY, 2, now), STORE_TAKEN);
	cr_expect_eq(put(ARRAY, 1, now), STORE_TAKEN);
	cr_expect_eq(put(ARRAY, 2, now), STORE_TAKEN);
	cr_expect_eq(put(ARRAY, 2, now), STORE_TOO_OLD);
	cr_expect_eq(put(SINGLE, 1, now), STORE_TAKEN);
	cr_expect_eq(put(SINGLE, 2, now), STORE_TOO_OLD);
	cr_expect_eq(store_count(&s), 5);
}

Test(store, the_generation_grows_with_each_change)
{
	(void)put(DICTIONARY, 1, now); /* the first */
	cr_expect_eq(place_of(DICTIONARY)->generation, 1);
	(void)put(DICTIONARY, 1, now); /* refused */
	cr_expect_eq(place_of(DICTIONARY)->generation, 1);
	(void)put(DICTIONARY, 2, now); /* another */
	cr_expect_eq(place_of(DICTIONARY)->generation, 2);
}

Test(store, a_replica_leaves_the_generation_but_never_at_zero)
{
	struct store_put p = put_of(DICTIONARY, 1, now);

	p.replica = true;
	(void)store_put(&s, &p, now); /* the first */
	cr_expect_eq(place_of(DICTIONARY)->generation, 1);
	store_set_generation(place_of(DICTIONARY), 9);
	p = put_of(DICTIONARY, 2, now);
	p.replica = true;
	(void)store_put(&s, &p, now); /* another */
	cr_expect_eq(place_of(DICTIONARY)->generation, 9);
}

Test(store, entries_of_a_place_have_a_limit)
{
	for (uint8_t n = 1; n <= 4; n++)
		cr_expect_eq(put(DICTIONARY, n, now), STORE_TAKEN);
	cr_expect_eq(put(DICTIONARY, 5, now), STORE_QUOTA);
	cr_expect_eq(put(DICTIONARY, 4, now + 1), STORE_TAKEN);
	cr_expect_eq(put(ARRAY, 3, now), STORE_TAKEN);
	cr_expect_eq(put(ARRAY, 4, now), STORE_TOO_LARGE);
}

Test(store, the_size_of_a_value_has_a_limit)
{
	struct store_put p = put_of(DICTIONARY, 1, now);

	p.value.data.len = 101;
	cr_expect_eq(store_check(&s, &p, now), STORE_TOO_LARGE);
	p.value.data.len = 100;
	cr_expect_eq(store_check(&s, &p, now), STORE_TAKEN);
	p.certificate.len = STORE_CERTIFICATE_MAX + 1;
	cr_expect_eq(store_check(&s, &p, now), STORE_TOO_LARGE);
	p.certificate.len = STORE_CERTIFICATE_MAX;
	cr_expect_eq(store_check(&s, &p, now), STORE_TAKEN);
}

Test(store, a_signer_has_64_records)
{
	struct store_put p;

	for (uint32_t i = 0; i < STORE_PER_SIGNER_MAX; i++) {
		p = put_of(DICTIONARY, 1, now);
		p.resource = resource(100 + i);
		cr_assert_eq(store_put(&s, &p, now), STORE_TAKEN);
	}
	p = put_of(DICTIONARY, 1, now);
	p.resource = resource(999);
	cr_expect_eq(store_put(&s, &p, now), STORE_QUOTA);
	/* Another signer may; and the same may replace. */
	p = put_of(DICTIONARY, 2, now);
	p.resource = resource(999);
	cr_expect_eq(store_put(&s, &p, now), STORE_TAKEN);
	p = put_of(DICTIONARY, 1, now + 1);
	p.resource = resource(100);
	cr_expect_eq(store_put(&s, &p, now), STORE_TAKEN);
}

Test(store, what_the_authority_has_signed_is_nobodys)
{
	struct store_put p;

	for (uint32_t i = 0; i <= 2 * STORE_PER_SIGNER_MAX; i++) {
		p = put_of(AUTHORITY, 1, now);
		p.resource = resource(100 + i);
		cr_assert_eq(store_put(&s, &p, now), STORE_TAKEN);
	}
	for (uint32_t i = 0; i <= STORE_PER_SIGNER_MAX; i++) {
		p = put_of(DICTIONARY, 1, now);
		p.resource = resource(900 + i);
		cr_assert_eq(store_put(&s, &p, now), i < STORE_PER_SIGNER_MAX
							     ? STORE_TAKEN
							     : STORE_QUOTA);
	}
	p.resource = resource(100);
	store_drop(&s, store_find(&s, &p.resource, AUTHORITY));
	p.resource = resource(999);
	cr_expect_eq(store_put(&s, &p, now), STORE_QUOTA);
}

Test(store, a_signer_may_store_again_when_records_have_gone)
{
	struct store_put p;

	for (uint32_t i = 0; i < STORE_PER_SIGNER_MAX; i++) {
		p = put_of(DICTIONARY, 1, now);
		p.resource = resource(100 + i);
		cr_assert_eq(store_put(&s, &p, now), STORE_TAKEN);
	}
	p.resource = resource(100);
	store_drop(&s, store_find(&s, &p.resource, DICTIONARY));
	cr_expect_eq(store_put(&s, &p, now), STORE_TAKEN);
}

Test(store, two_unproven_entries_at_most_and_proven_ones_displace_them)
{
	for (uint8_t n = 1; n <= 3; n++) {
		struct store_put p = put_of(DICTIONARY, n, now);

		p.proven = false;
		cr_expect_eq(store_put(&s, &p, now),
			     n <= 2 ? STORE_TAKEN : STORE_QUOTA);
	}
	for (uint8_t n = 11; n <= 14; n++)
		cr_expect_eq(put(DICTIONARY, n, now), STORE_TAKEN);
	cr_expect_eq(put(DICTIONARY, 15, now), STORE_QUOTA);
	cr_expect_eq(place_of(DICTIONARY)->n, 4);
	for (struct record *r = place_of(DICTIONARY)->records; r; r = r->next)
		cr_expect(r->proven);
}

Test(store, an_unproven_value_replaces_no_proven_one)
{
	struct store_put p = put_of(DICTIONARY, 1, now);

	(void)store_put(&s, &p, now); /* proven */
	p = put_of(DICTIONARY, 1, now + 1);
	p.proven = false;
	cr_expect_eq(store_put(&s, &p, now), STORE_QUOTA);
}

Test(store, storage_times_from_the_future_are_refused)
{
	cr_expect_eq(put(DICTIONARY, 1, now + STORE_SKEW_MS + 1),
		     STORE_WRONG_TIME);
	cr_expect_eq(put(DICTIONARY, 1, now + STORE_SKEW_MS), STORE_TAKEN);
}

Test(store, an_old_value_does_not_come_back_under_a_new_lifetime)
{
	cr_expect_eq(put(DICTIONARY, 1, now - day), STORE_WRONG_TIME);
	cr_expect_eq(put(DICTIONARY, 1, now - day + 1), STORE_TAKEN);
	store_expire(&s, now + 1);
	cr_expect_eq(store_count(&s), 0);
}

Test(store, a_lifetime_of_zero_is_refused)
{
	struct store_put p = put_of(DICTIONARY, 1, now);

	p.value.lifetime_s = 0;
	cr_expect_eq(store_put(&s, &p, now), STORE_WRONG_TIME);
}

Test(store, records_expire_at_the_end_of_their_lifetime)
{
	(void)put(DICTIONARY, 1, now); /* lives an hour */
	store_expire(&s, now + 3599999);
	cr_expect_eq(store_count(&s), 1);
	store_expire(&s, now + 3600000);
	cr_expect_eq(store_count(&s), 0);
	cr_expect_null(place_of(DICTIONARY));
}

Test(store, a_lifetime_goes_down_while_it_is_stored)
{
	struct stored v;

	(void)put(DICTIONARY, 1, now); /* lives an hour */
	record_stored(place_of(DICTIONARY), place_of(DICTIONARY)->records,
		      now + 600000, &v);
	cr_expect_eq(v.lifetime_s, 3000);
}

Test(store, a_withdrawn_value_stays_as_absence_until_it_expires)
{
	struct store_put p = put_of(DICTIONARY, 1, now);
	struct stored v;

	(void)store_put(&s, &p, now); /* it exists */
	p = put_of(DICTIONARY, 1, now + 1);
	whole[4 + 12 + 2 + ID_LEN] = 0; /* exists (7.4.1.3) */
	cr_expect_eq(store_put(&s, &p, now), STORE_TAKEN);
	record_stored(place_of(DICTIONARY), place_of(DICTIONARY)->records, now,
		      &v);
	cr_expect_not(v.exists);
	cr_expect_eq(put(DICTIONARY, 1, now), STORE_TOO_OLD);
}

Test(store, all_places_are_walked_and_may_be_dropped)
{
	struct table_iter it;
	struct place *p;
	size_t n = 0;

	for (uint32_t i = 0; i < 20; i++) {
		struct store_put q = put_of(DICTIONARY, (uint8_t)i, now);

		q.resource = resource(i);
		cr_assert_eq(store_put(&s, &q, now), STORE_TAKEN);
	}
	it = store_iterate(&s);
	while ((p = table_next(&it)) != NULL) {
		store_drop(&s, p);
		n++;
	}
	cr_expect_eq(n, 20);
	cr_expect_eq(store_count(&s), 0);
}

Test(store, what_changes_is_noted_once)
{
	struct store_change c;

	(void)put(DICTIONARY, 1, now); /* before: not noted */
	store_begin_journal(&s);
	(void)put(DICTIONARY, 2, now);
	(void)put(DICTIONARY, 3, now);
	cr_assert(store_take_change(&s, &c));
	cr_expect_eq(c.kind, DICTIONARY);
	cr_expect_eq(memcmp(&c.resource, &(struct resource_id[]){ resource(1) },
			    sizeof(c.resource)),
		     0);
	cr_expect_not(store_take_change(&s, &c));
	(void)put(DICTIONARY, 2, now + 1);
	cr_expect(store_take_change(&s, &c), "anew after it was taken");
}

Test(store, a_place_that_is_gone_is_noted)
{
	struct store_change c;

	(void)put(DICTIONARY, 1, now);
	(void)put(SINGLE, 1, now);
	store_begin_journal(&s);
	store_drop(&s, place_of(SINGLE));
	cr_assert(store_take_change(&s, &c));
	cr_expect_eq(c.kind, SINGLE);
	cr_expect_not(store_take_change(&s, &c));
	store_expire(&s, now + day);
	cr_assert(store_take_change(&s, &c));
	cr_expect_eq(c.kind, DICTIONARY);
}

/* With certificates of the usual size; what the process has beside them is
 * measured by tests/netns. */
Test(store, a_thousand_records_take_less_than_two_megabytes)
{
	enum { RECORDS = 1000, CERTIFICATE_LEN = 700, MOST = 2 << 20 };
	static const uint8_t certificate[CERTIFICATE_LEN];
	size_t before = mallinfo2().uordblks;

	for (uint32_t i = 0; i < RECORDS; i++) {
		struct store_put p = put_of(SINGLE, (uint8_t)i, now);

		p.resource = resource(i);
		memcpy(p.signer.bytes + 8, &i, sizeof(i));
		p.certificate = (struct span){ certificate, CERTIFICATE_LEN };
		cr_assert_eq(store_put(&s, &p, now), STORE_TAKEN);
	}
	cr_expect_leq(mallinfo2().uordblks - before, (size_t)MOST);
}

static bool is_bad(void *ctx, struct span c)
{
	const char *bad = ctx;

	return c.len == strlen(bad) && memcmp(c.bytes, bad, c.len) == 0;
}

Test(store, records_go_by_their_certificates)
{
	char bad[] = "BAD";
	struct store_put p;
	struct store_change c;

	(void)put(DICTIONARY, 1, now);
	p = put_of(DICTIONARY, 2, now);
	p.certificate = (struct span){ (const uint8_t *)bad, 3 };
	cr_assert_eq(store_put(&s, &p, now), STORE_TAKEN);
	p = put_of(SINGLE, 2, now);
	p.certificate = (struct span){ (const uint8_t *)bad, 3 };
	cr_assert_eq(store_put(&s, &p, now), STORE_TAKEN);
	store_begin_journal(&s);
	store_drop_if(&s, is_bad, bad);
	cr_expect_eq(store_count(&s), 1);
	cr_expect_null(place_of(SINGLE));
	cr_assert_eq(place_of(DICTIONARY)->n, 1);
	cr_expect(store_take_change(&s, &c));
	cr_expect(store_take_change(&s, &c), "both are to be written");
	store_drop_if(&s, is_bad, bad);
	cr_expect_not(store_take_change(&s, &c));
}
