/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Four hosts with real keys and certificates, whose datagrams the test
 * carries: what a process does with a peer, without the process.
 */
#include "resolver/check.h"
#include "resolver/peer.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTS = 4, LIFETIME_S = 3600, STEPS_MAX = 100000 };

static const char *const keys[HOSTS] = { KEY_P256, KEY_P384, KEY_RSA_2048,
					 KEY_RFC8032 };
static const char *const names[HOSTS] = { "alice@example.com",
					  "bob@example.com",
					  "carol@example.com",
					  "dave@example.com" };
static const struct kind registrations = { REGISTRATION_KIND, DATA_DICTIONARY,
					   ACCESS_USER_NODE_MATCH,
					   REGISTRATION_DEVICES_MAX,
					   REGISTRATION_BYTES_MAX };

struct host {
	struct identity *key;
	struct hit hit;
	struct peer *peer;
	struct overlay_config config;
	struct judge *judge;
	uint8_t certificate[CERTIFICATE_MAX];
	bool joined;
	struct overlay_output *result;
};

static struct enrolled_authority authority;
static struct host hosts[HOSTS];
static uint64_t now;
static uint32_t drawn;

static void draw(void *ctx, void *buf, size_t len)
{
	uint8_t *at = buf;

	(void)ctx;
	for (size_t i = 0; i < len; i++) {
		drawn = drawn * 1664525 + 1013904223;
		at[i] = (uint8_t)(drawn >> 24);
	}
}

static void make_host(size_t i)
{
	static const uint8_t seed[TABLE_SEED_LEN] = { 1 };
	struct host *h = &hosts[i];
	size_t len;

	h->key = enrolled_key(keys[i]);
	h->hit = *identity_hit(h->key);
	len = enrolled_issue(&authority, names[i], h->key, (uint8_t)(i + 1),
			     ENROLLED_NOW_S, h->certificate);
	h->judge = judge_new(&authority.public, seed);
	cr_assert(h->judge);
	judge_set_time(h->judge, ENROLLED_NOW_S);
	h->config = (struct overlay_config){
		.overlay = id_overlay("example.com", 11),
		.kinds = &registrations,
		.n_kinds = 1,
		.mtu = 1200,
		.env = { .random = draw },
		.check = check_by_judge(h->judge),
	};
	h->peer = peer_new(&h->config, &h->hit,
			   (struct span){ h->certificate, len }, i == 0,
			   ENROLLED_NOW_S * 1000, now);
	cr_assert(h->peer);
}

static struct host *host_of(const struct hit *hit)
{
	for (size_t i = 0; i < HOSTS; i++) {
		if (hit_equal(&hosts[i].hit, hit))
			return &hosts[i];
	}
	cr_assert(false, "a HIT that nobody has");
	return NULL;
}

static void tell_up(struct host *h, const struct hit *of)
{
	peer_input(h->peer,
		   &(struct overlay_input){ .type = OVERLAY_UP, .peer = *of },
		   now);
}

static void sign(struct host *h, const struct overlay_output *out)
{
	struct overlay_input in = { .type = OVERLAY_SIGNED, .id = out->id };
	uint8_t raw[SIGNATURE_MAX], value[2 * SIGNATURE_MAX];
	struct wr w = wr_init(value, sizeof(value));
	size_t len;

	cr_assert_eq(identity_sign(h->key, out->bytes, out->len, raw, &len), 0);
	spki_value_write(&w, identity_algorithm(h->key), raw, len);
	judge_algorithms(identity_algorithm(h->key), &in.signature.hash_alg,
			 &in.signature.sig_alg);
	in.signature.value = (struct span){ value, wr_len(&w) };
	peer_input(h->peer, &in, now);
}

static void carry_out(struct host *h, struct overlay_output *out)
{
	switch (out->type) {
	case OVERLAY_SIGN:
		sign(h, out);
		break;
	case OVERLAY_CONNECT:
		tell_up(host_of(&out->peer), &h->hit);
		tell_up(h, &out->peer);
		break;
	case OVERLAY_JOINED:
		h->joined = true;
		break;
	case OVERLAY_RESULT:
	case OVERLAY_STORED:
		overlay_output_free(h->result);
		h->result = out;
		return;
	default:
		break;
	}
	overlay_output_free(out);
}

/* One round of everybody; false when nothing was left to do. */
static bool step(void)
{
	struct overlay_output *out;
	struct span bytes;
	struct hit to;
	bool any = false;

	for (size_t i = 0; i < HOSTS; i++) {
		while ((out = peer_output(hosts[i].peer, now))) {
			carry_out(&hosts[i], out);
			any = true;
		}
		while (peer_send(hosts[i].peer, &to, &bytes, now)) {
			peer_datagram(host_of(&to)->peer, &hosts[i].hit, bytes,
				      now);
			any = true;
		}
	}
	return any;
}

static void run(uint64_t ms)
{
	uint64_t end = now + ms;

	for (int n = 0; n < STEPS_MAX && now < end; n++) {
		uint64_t due = end;

		while (step())
			continue;
		for (size_t i = 0; i < HOSTS; i++) {
			if (peer_deadline(hosts[i].peer) < due)
				due = peer_deadline(hosts[i].peer);
		}
		now = due > now ? due : now + 1;
		for (size_t i = 0; i < HOSTS; i++)
			peer_tick(hosts[i].peer, now);
	}
}

static void set_up(void)
{
	now = 1000;
	enrolled_authority_make(&authority, "example.com", KEY_P256);
	for (size_t i = 0; i < HOSTS; i++)
		make_host(i);
	for (size_t i = 1; i < HOSTS; i++)
		peer_input(hosts[i].peer,
			   &(struct overlay_input){ .type = OVERLAY_BOOTSTRAP,
						    .peer = hosts[0].hit },
			   now);
	run(20000);
}

static void tear_down(void)
{
	for (size_t i = 0; i < HOSTS; i++) {
		overlay_output_free(hosts[i].result);
		peer_free(hosts[i].peer);
		judge_free(hosts[i].judge);
		identity_free(hosts[i].key);
		hosts[i] = (struct host){ .joined = false };
	}
	enrolled_authority_free(&authority);
}

TestSuite(peer, .init = set_up, .fini = tear_down);

static const struct overlay_output *publish(struct host *h, const char *name)
{
	uint8_t value[REGISTRATION_BYTES_MAX];
	struct wr w = wr_init(value, sizeof(value));
	struct overlay_input in = { .type = OVERLAY_PUBLISH, .id = 1 };

	registration_write(&w, &h->hit, (struct span){ NULL, 0 });
	registration_resources(name, in.publish.resource);
	in.publish.kind = REGISTRATION_KIND;
	in.publish.key = (struct span){ h->hit.bytes, ID_LEN };
	in.publish.data = (struct span){ value, wr_len(&w) };
	in.publish.lifetime_s = LIFETIME_S;
	in.publish.exists = true;
	peer_input(h->peer, &in, now);
	run(20000);
	return h->result;
}

static const struct overlay_output *look_up(struct host *h, const char *name)
{
	struct overlay_input in = { .type = OVERLAY_LOOKUP, .id = 2 };

	registration_resources(name, in.lookup.resource);
	in.lookup.kind = REGISTRATION_KIND;
	peer_input(h->peer, &in, now);
	run(30000);
	return h->result;
}

Test(peer, hosts_of_every_kind_join)
{
	for (size_t i = 0; i < HOSTS; i++) {
		struct overlay_info info;

		overlay_info(peer_overlay(hosts[i].peer), &info);
		cr_expect(info.joined, "%zu", i);
		cr_expect_eq(info.members, HOSTS - 1);
	}
	cr_expect(hosts[HOSTS - 1].joined);
}

Test(peer, a_name_is_published_and_found_with_its_proof)
{
	const struct overlay_output *r;
	struct overlay_value v;
	struct span prefs;
	struct hit node;
	size_t at = 0;

	r = publish(&hosts[1], names[1]);
	cr_assert(r && r->type == OVERLAY_STORED);
	cr_expect_eq(r->result, OVERLAY_FOUND);
	r = look_up(&hosts[3], names[1]);
	cr_assert(r && r->type == OVERLAY_RESULT);
	cr_assert_eq(r->result, OVERLAY_FOUND);
	cr_assert(overlay_value_next(r, DATA_DICTIONARY, &at, &v));
	cr_expect(v.proven);
	cr_expect(hit_equal(&v.signer, &hosts[1].hit));
	cr_assert(registration_parse(v.stored.data, &node, &prefs));
	cr_expect(hit_equal(&node, &hosts[1].hit));
	cr_expect(v.certificate.len > 0);
}

Test(peer, another_ones_name_is_never_proven)
{
	const struct overlay_output *r;
	struct overlay_value v;
	size_t at = 0;

	(void)publish(&hosts[1], names[1]);
	(void)publish(&hosts[2], names[1]); /* whatever comes of it */
	r = look_up(&hosts[3], names[1]);
	cr_assert(r && r->type == OVERLAY_RESULT);
	cr_assert_eq(r->result, OVERLAY_FOUND);
	while (overlay_value_next(r, DATA_DICTIONARY, &at, &v))
		cr_expect_eq(v.proven, hit_equal(&v.signer, &hosts[1].hit));
}

Test(peer, a_name_that_nobody_published_is_absent)
{
	const struct overlay_output *r = look_up(&hosts[2], "eve@example.com");

	cr_assert(r && r->type == OVERLAY_RESULT);
	cr_expect_eq(r->result, OVERLAY_ABSENT);
}

Test(peer, a_name_outlives_a_host_without_a_word)
{
	const struct overlay_output *r;

	(void)publish(&hosts[1], names[1]);
	for (size_t i = 0; i < HOSTS; i++) {
		if (i != 1)
			peer_input(
				hosts[i].peer,
				&(struct overlay_input){ .type = OVERLAY_DOWN,
							 .peer = hosts[1].hit },
				now);
		if (i != 1)
			peer_input(
				hosts[1].peer,
				&(struct overlay_input){ .type = OVERLAY_DOWN,
							 .peer = hosts[i].hit },
				now);
	}
	r = look_up(&hosts[3], names[1]);
	cr_assert(r && r->type == OVERLAY_RESULT);
	cr_expect_eq(r->result, OVERLAY_FOUND);
}

/* The others had given the link up, and heard of no new association. */
Test(peer, who_begins_anew_is_taken_in_by_those_that_only_hear_it)
{
	struct host *anew = &hosts[1];

	for (size_t i = 0; i < HOSTS; i++)
		if (i != 1)
			peer_input(
				hosts[i].peer,
				&(struct overlay_input){ .type = OVERLAY_DOWN,
							 .peer = anew->hit },
				now);
	overlay_output_free(anew->result);
	peer_free(anew->peer);
	judge_free(anew->judge);
	identity_free(anew->key);
	*anew = (struct host){ .joined = false };
	make_host(1);
	peer_input(anew->peer,
		   &(struct overlay_input){ .type = OVERLAY_BOOTSTRAP,
					    .peer = hosts[0].hit },
		   now);
	for (size_t i = 0; i < HOSTS; i++)
		if (i != 1)
			tell_up(anew, &hosts[i].hit);
	run(30000);
	cr_expect(anew->joined);
	for (size_t i = 0; i < HOSTS; i++) {
		struct overlay_info info;

		overlay_info(peer_overlay(hosts[i].peer), &info);
		cr_expect_eq(info.members, HOSTS - 1, "%zu", i);
	}
}
