/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Signatures and access: each way in which a message or a value can be
 * somebody else's, too old, revoked, or in the wrong place.
 */
#include "resolver/judge.h"

#include "resolver/kinds.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const keys[] = { KEY_P256, KEY_P384, KEY_RSA_2048,
				    KEY_RFC8032 };

enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

static const struct kind registrations = { REGISTRATION_KIND, DATA_DICTIONARY,
					   ACCESS_USER_NODE_MATCH,
					   REGISTRATION_DEVICES_MAX,
					   REGISTRATION_BYTES_MAX };
static const struct kind single = { 0xf0000009, DATA_SINGLE, ACCESS_NODE_MATCH,
				    1, 100 };

static const uint64_t now = ENROLLED_NOW_S;
static struct enrolled_authority ours;
static struct judge *judge;
static struct identity *bob;
static uint8_t certificate[CERTIFICATE_MAX];
static struct span certificates[2];
static size_t n_certificates;

static void hold(size_t len)
{
	certificates[0] = (struct span){ certificate, len };
	n_certificates = 1;
}

static void setup(void)
{
	static const uint8_t seed[TABLE_SEED_LEN] = { 1 };

	enrolled_authority_make(&ours, "example.com", KEY_P256);
	bob = enrolled_key(KEY_RFC8032);
	judge = judge_new(&ours.public, seed);
	cr_assert(judge);
	judge_set_time(judge, now);
	hold(enrolled_issue(&ours, "bob@example.com", bob, 1, now,
			    certificate));
}

static void teardown(void)
{
	judge_free(judge);
	identity_free(bob);
	enrolled_authority_free(&ours);
}

TestSuite(judge, .init = setup, .fini = teardown);

/* The Signature of a host over what `covered` has, its parts in room. */
struct signed_room {
	uint8_t identity[64], value[2 * SIGNATURE_MAX];
};

static void name_signer(struct signed_room *room, struct reload_signature *s)
{
	struct wr w = wr_init(room->identity, sizeof(room->identity));
	uint8_t hash[32];

	certificate_hash(certificates[0].bytes, certificates[0].len, hash);
	signer_identity_write(&w, hash);
	s->identity = room->identity;
	s->identity_len = wr_len(&w);
}

static void sign(struct signed_room *room, const struct identity *id,
		 const struct wr *covered, struct reload_signature *s)
{
	struct wr w = wr_init(room->value, sizeof(room->value));
	uint8_t sig[SIGNATURE_MAX];
	size_t len;

	cr_assert_not(wr_failed(covered));
	cr_assert_eq(
		identity_sign(id, covered->start, wr_len(covered), sig, &len),
		0);
	spki_value_write(&w, identity_algorithm(id), sig, len);
	judge_algorithms(identity_algorithm(id), &s->hash_alg, &s->sig_alg);
	s->value = room->value;
	s->value_len = wr_len(&w);
}

/* A whole Ping signed by a host; what is wrong is done to it afterwards. */
static size_t make_message(const struct identity *id, uint8_t *out, size_t cap)
{
	struct forwarding f = { .overlay = id_overlay("example.com", 11),
				.ttl = 10,
				.last_fragment = true,
				.transaction_id = 77 };
	uint8_t contents[64], rest[4096], covered[4096];
	struct wr c = wr_init(contents, sizeof(contents));
	struct wr pre = wr_init(covered, sizeof(covered));
	struct wr r = wr_init(rest, sizeof(rest));
	struct wr w = wr_init(out, cap);
	struct reload_signature s = { 0 };
	struct signed_room room;
	struct hit self = *identity_hit(id);

	f.destination.n = 1;
	f.destination.at[0] = destination_node(&self);
	contents_write(&c, RELOAD_PING_REQ, (const uint8_t *)"\0\0", 2);
	name_signer(&room, &s);
	message_signed_write(&pre, &f, (struct span){ contents, wr_len(&c) },
			     (struct span){ s.identity, s.identity_len });
	sign(&room, id, &pre, &s);
	wr_bytes(&r, contents, wr_len(&c));
	security_write(&r, certificates, n_certificates, &s);
	forwarding_write(&w, &f, wr_len(&r));
	wr_bytes(&w, rest, wr_len(&r));
	cr_assert_not(wr_failed(&w));
	return wr_len(&w);
}

static bool judged(uint8_t *bytes, size_t len, struct hit *signer)
{
	struct message m;

	return message_parse(bytes, len, &m) == MESSAGE_OK &&
	       judge_message(judge, &m, signer);
}

Test(judge, a_message_of_each_kind_of_host_is_its_own)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		struct identity *id = enrolled_key(keys[i]);
		uint8_t bytes[RELOAD_MESSAGE_MAX];
		struct hit signer;

		hold(enrolled_issue(&ours, "bob@example.com", id, 1, now,
				    certificate));
		cr_expect(judged(bytes, make_message(id, bytes, sizeof(bytes)),
				 &signer),
			  "key %zu", i);
		cr_expect(hit_equal(&signer, identity_hit(id)));
		identity_free(id);
	}
}

Test(judge, each_bit_that_a_signature_covers_counts)
{
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	size_t len = make_message(bob, bytes, sizeof(bytes));
	struct message m;
	struct hit signer;
	size_t from;

	cr_assert(judged(bytes, len, &signer));
	cr_assert_eq(message_parse(bytes, len, &m), MESSAGE_OK);
	from = (size_t)(m.contents.bytes - bytes);
	for (size_t i = from; i < len; i++) {
		bytes[i] ^= 1;
		cr_expect_not(judged(bytes, len, &signer), "at %zu", i);
		bytes[i] ^= 1;
	}
	bytes[4] ^= 1; /* overlay */
	cr_expect_not(judged(bytes, len, &signer));
	bytes[4] ^= 1;
	bytes[20] ^= 1; /* transaction id */
	cr_expect_not(judged(bytes, len, &signer));
}

Test(judge, a_hosts_signature_under_anothers_certificate_is_refused)
{
	struct identity *other = enrolled_key(KEY_P384);
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	struct hit signer;

	cr_expect_not(judged(bytes, make_message(other, bytes, sizeof(bytes)),
			     &signer));
	identity_free(other);
}

Test(judge, without_a_certificate_nobody_is_believed)
{
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	struct hit signer;

	n_certificates = 0;
	cr_expect_not(judged(bytes, make_message(bob, bytes, sizeof(bytes)),
			     &signer));
}

Test(judge, a_certificate_ends)
{
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	size_t len = make_message(bob, bytes, sizeof(bytes));
	struct hit signer;

	cr_expect(judged(bytes, len, &signer)); /* and is remembered */
	judge_set_time(judge, now + CERTIFICATE_LIFETIME_S);
	cr_expect(judged(bytes, len, &signer));
	judge_set_time(judge, now + CERTIFICATE_LIFETIME_S + 1);
	cr_expect_not(judged(bytes, len, &signer));
}

Test(judge, a_revoked_certificate_is_refused_though_it_is_remembered)
{
	static struct revocation list = { .number = 2 };
	const uint8_t serial[16] = { 0x40, [15] = 1 };
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	size_t len = make_message(bob, bytes, sizeof(bytes));
	struct hit signer;

	cr_assert(judged(bytes, len, &signer));
	cr_assert(judge_set_revocation(judge, &list));
	cr_expect(judged(bytes, len, &signer));
	cr_assert_eq(revocation_add(&list, serial, now), 0);
	list.number = 3;
	cr_assert(judge_set_revocation(judge, &list));
	cr_expect_not(judged(bytes, len, &signer));
}

Test(judge, an_older_list_does_not_bring_anybody_back)
{
	static struct revocation list = { .number = 3 };
	const uint8_t serial[16] = { 0x40, [15] = 1 };

	cr_assert_eq(revocation_add(&list, serial, now), 0);
	cr_assert(judge_set_revocation(judge, &list));
	list.n = 0;
	cr_expect_not(judge_set_revocation(judge, &list));
	list.number = 2;
	cr_expect_not(judge_set_revocation(judge, &list));
	cr_expect(judge_is_revoked(judge, serial));
}

Test(judge, more_certificates_than_it_remembers_are_judged)
{
	uint8_t bytes[RELOAD_MESSAGE_MAX];
	struct hit signer;

	for (unsigned int i = 0; i < JUDGE_REMEMBERED_MAX + 5; i++) {
		hold(enrolled_issue(&ours, "bob@example.com", bob, (uint8_t)i,
				    now + i / 256, certificate));
		cr_assert(judged(bytes, make_message(bob, bytes, sizeof(bytes)),
				 &signer),
			  "%u", i);
	}
}

/* A value under a name, by a host; `key` and `at` may be anybody's. */
struct value {
	uint8_t data[128], stored[256], covered[1024];
	struct signed_room room;
	struct stored v;
	struct judge_claim claim;
};

static void make_value(struct value *x, const struct identity *id,
		       const struct hit *key, const char *name, size_t at)
{
	struct wr data = wr_init(x->data, sizeof(x->data));
	struct wr value = wr_init(x->stored, sizeof(x->stored));
	struct wr covered = wr_init(x->covered, sizeof(x->covered));
	struct resource_id places[REGISTRATION_KEYS];

	registration_resources(name, places);
	registration_write(&data, key, (struct span){ NULL, 0 });
	x->v = (struct stored){
		.storage_time_ms = now * 1000,
		.lifetime_s = 3600,
		.key = { key->bytes, ID_LEN },
		.exists = true,
		.data = { x->data, wr_len(&data) },
		.signature = { .identity_type = SIGNER_CERT_HASH },
	};
	stored_value_write(&value, DATA_DICTIONARY, &x->v);
	x->v.value = (struct span){ x->stored, wr_len(&value) };
	name_signer(&x->room, &x->v.signature);
	x->v.signature.identity_hash_alg = 4;
	x->v.signature.identity_hash =
		x->room.identity + x->v.signature.identity_len - 32;
	x->v.signature.identity_hash_len = 32;
	stored_signed_write(&covered, &places[at], REGISTRATION_KIND,
			    DATA_DICTIONARY, &x->v);
	sign(&x->room, id, &covered, &x->v.signature);
	x->claim = (struct judge_claim){ .resource = places[at],
					 .kind = &registrations,
					 .value = &x->v,
					 .certificates = certificates,
					 .n_certificates = n_certificates };
}

Test(judge, a_record_under_either_place_of_its_name_is_proven)
{
	struct judge_proof p = { 0 };
	struct value x;

	for (size_t at = 0; at < REGISTRATION_KEYS; at++) {
		make_value(&x, bob, identity_hit(bob), "bob@example.com", at);
		cr_assert(judge_value(judge, &x.claim, &p));
		cr_expect(p.proven);
		cr_expect_eq(p.certificate, 0);
		cr_expect(hit_equal(&p.signer, identity_hit(bob)));
	}
}

Test(judge, a_record_under_another_name_is_not_proven)
{
	struct judge_proof p = { 0 };
	struct value x;

	make_value(&x, bob, identity_hit(bob), "alice@example.com", 0);
	cr_assert(judge_value(judge, &x.claim, &p));
	cr_expect_not(p.proven);
}

Test(judge, a_record_under_the_key_of_another_is_refused)
{
	const struct hit other = { { 0x20, 0x01, 0x00, 0x22, [15] = 9 } };
	struct judge_proof p;
	struct value x;

	make_value(&x, bob, &other, "bob@example.com", 0);
	cr_expect_not(judge_value(judge, &x.claim, &p));
}

Test(judge, a_record_that_was_altered_or_moved_is_refused)
{
	struct judge_proof p;
	struct value x;

	make_value(&x, bob, identity_hit(bob), "bob@example.com", 0);
	cr_assert(judge_value(judge, &x.claim, &p));
	x.claim.resource.bytes[3] ^= 1;
	cr_expect_not(judge_value(judge, &x.claim, &p));
	x.claim.resource.bytes[3] ^= 1;
	x.v.storage_time_ms++;
	cr_expect_not(judge_value(judge, &x.claim, &p));
	x.v.storage_time_ms--;
	x.stored[2] ^= 1;
	cr_expect_not(judge_value(judge, &x.claim, &p));
	x.stored[2] ^= 1;
	x.v.signature.hash_alg ^= 1;
	cr_expect_not(judge_value(judge, &x.claim, &p));
	x.v.signature.hash_alg ^= 1;
	x.claim.n_certificates = 0;
	cr_expect_not(judge_value(judge, &x.claim, &p));
	x.claim.n_certificates = 1;
	cr_expect(judge_value(judge, &x.claim, &p));
}

/* The form of a value that is not there (RFC 6940 7.4.2.2), of one that is. */
Test(judge, a_record_that_nobody_has_signed_is_refused)
{
	static const uint8_t none[] = { SIGNER_NONE, 0, 0 };
	struct judge_proof p;
	struct value x;

	make_value(&x, bob, identity_hit(bob), "bob@example.com", 0);
	cr_assert(judge_value(judge, &x.claim, &p));
	x.v.signature = (struct reload_signature){
		.identity_type = SIGNER_NONE,
		.identity = none,
		.identity_len = sizeof(none),
	};
	cr_assert(x.v.exists);
	cr_expect_not(judge_value(judge, &x.claim, &p));
	x.v.exists = false;
	cr_expect_not(judge_value(judge, &x.claim, &p));
}

Test(judge, a_record_with_half_a_signature_is_refused)
{
	struct reload_signature whole;
	struct judge_proof p;
	struct value x;

	make_value(&x, bob, identity_hit(bob), "bob@example.com", 0);
	whole = x.v.signature;
	x.v.signature.identity_type = SIGNER_NONE;
	cr_expect_not(judge_value(judge, &x.claim, &p), "of no signer");
	x.v.signature = whole;
	x.v.signature.hash_alg = x.v.signature.sig_alg = 0;
	cr_expect_not(judge_value(judge, &x.claim, &p), "by no algorithm");
	x.v.signature.value_len = 0;
	cr_expect_not(judge_value(judge, &x.claim, &p), "neither");
	x.v.signature = whole;
	x.v.signature.value_len = 0;
	cr_expect_not(judge_value(judge, &x.claim, &p), "with no value");
	x.v.signature = whole;
	cr_expect(judge_value(judge, &x.claim, &p));
}

Test(judge, a_record_that_leads_to_another_host_is_refused)
{
	const struct hit other = { { 0x20, 0x01, 0x00, 0x22, [15] = 9 } };
	struct wr data;
	struct judge_proof p;
	struct value x;

	make_value(&x, bob, identity_hit(bob), "bob@example.com", 0);
	data = wr_init(x.data, sizeof(x.data));
	registration_write(&data, &other, (struct span){ NULL, 0 });
	cr_expect_not(judge_value(judge, &x.claim, &p));
}

static const struct kind revocations = { KIND_REVOCATIONS, DATA_SINGLE,
					 ACCESS_AUTHORITY, 1,
					 KIND_REVOCATIONS_LEN };

/* A list of the authority's that a member stores as of that time, at the
 * place of a part ("" of all). */
static bool part_is_judged(const struct revocation *list_of,
			   uint64_t storage_time_ms, const char *place)
{
	static uint8_t list[REVOCATION_MAX];
	struct resource_id places[REGISTRATION_KEYS];
	uint8_t covered[4096];
	struct wr w = wr_init(covered, sizeof(covered));
	struct judge_proof p;
	struct value x;

	make_value(&x, bob, identity_hit(bob), "bob@example.com", 0);
	kinds_revocation_resources(place, places);
	x.v.storage_time_ms = storage_time_ms;
	x.v.data = (struct span){ list, enrolled_revoke(&ours, list_of, list) };
	x.claim.kind = &revocations;
	x.claim.resource = places[0];
	stored_signed_write(&w, &places[0], KIND_REVOCATIONS, DATA_SINGLE,
			    &x.v);
	sign(&x.room, bob, &w, &x.v.signature);
	return judge_value(judge, &x.claim, &p);
}

static bool list_is_judged(uint64_t number, uint64_t storage_time_ms)
{
	static struct revocation r;

	r = (struct revocation){ .number = number,
				 .this_update_s = now,
				 .next_update_s = now + 3600 };
	return part_is_judged(&r, storage_time_ms, "");
}

Test(judge, a_part_is_stored_at_its_own_place_until_it_is_outdated)
{
	static struct revocation r;

	r = (struct revocation){ .number = now,
				 .this_update_s = now,
				 .next_update_s = now + 3600,
				 .depth = 3,
				 .index = 5 };
	cr_expect(part_is_judged(&r, now * 1000, "3/5"));
	cr_expect_not(part_is_judged(&r, now * 1000, "3/4"));
	cr_expect_not(part_is_judged(&r, now * 1000, ""));
	cr_expect_not(part_is_judged(&r, now * 1000 + 1, "3/5"));
	cr_assert_eq(judge_set_revocation(judge, &r), NEWS_NEWER);
	cr_expect(part_is_judged(&r, now * 1000, "3/5"));
	r.number--;
	cr_expect_not(part_is_judged(&r, r.number * 1000, "3/5"));
	r.depth = 2;
	r.index = 1;
	cr_expect(part_is_judged(&r, r.number * 1000, "2/1"),
		  "it covers another one, too");
	r.is_head = true;
	r.index = 0;
	for (size_t i = 0; i < 4; i++)
		r.numbers[i] = r.number - 1;
	cr_expect(part_is_judged(&r, r.number * 1000, ""));
	cr_assert_eq(judge_set_revocation(judge, &r), NEWS_NEWER);
	r.number--;
	cr_expect_not(part_is_judged(&r, r.number * 1000, ""));
}

Test(judge, a_list_is_stored_as_of_its_number_and_no_other_time)
{
	cr_expect(list_is_judged(now, now * 1000));
	cr_expect_not(list_is_judged(now, now * 1000 + 1), "to outlive others");
	cr_expect_not(list_is_judged(now, now * 1000 - 1));
	cr_expect_not(list_is_judged(UINT64_MAX / 1000 + 1,
				     (UINT64_MAX / 1000 + 1) * 1000));
}

Test(judge, node_match_wants_the_place_of_the_node)
{
	struct judge_proof p;
	struct value x;
	struct wr covered;

	make_value(&x, bob, identity_hit(bob), "bob@example.com", 0);
	x.claim.kind = &single;
	cr_expect_not(judge_value(judge, &x.claim, &p));
	id_resource(identity_hit(bob)->bytes, ID_LEN, &x.claim.resource);
	covered = wr_init(x.covered, sizeof(x.covered));
	stored_signed_write(&covered, &x.claim.resource, single.id, DATA_SINGLE,
			    &x.v);
	sign(&x.room, bob, &covered, &x.v.signature);
	cr_assert(judge_value(judge, &x.claim, &p));
	cr_expect(p.proven);
}

Test(judge, node_match_has_two_places_and_no_third)
{
	const struct hit other = { { 0x20, 0x01, 0x00, 0x22, [15] = 9 } };
	struct resource_id places[REGISTRATION_KEYS];
	struct judge_proof p;
	struct value x;
	struct wr covered;

	make_value(&x, bob, identity_hit(bob), "bob@example.com", 0);
	x.claim.kind = &single;
	kinds_locator_resources(identity_hit(bob), places);
	x.claim.resource = places[1];
	covered = wr_init(x.covered, sizeof(x.covered));
	stored_signed_write(&covered, &x.claim.resource, single.id, DATA_SINGLE,
			    &x.v);
	sign(&x.room, bob, &covered, &x.v.signature);
	cr_assert(judge_value(judge, &x.claim, &p));
	kinds_locator_resources(&other, places);
	x.claim.resource = places[1];
	cr_expect_not(judge_value(judge, &x.claim, &p));
}
