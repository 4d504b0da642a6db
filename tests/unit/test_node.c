/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Hosts of one overlay whose engines the test plays: it makes associations
 * where it knows a locator, asks WHERE else, signs, and carries datagrams.
 */
#include "resolver/node_impl.h"

#include "resolver/judge.h"
#include "tests/unit/enrolled.h"
#include "tests/unit/keys.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum {
	HOSTS = 4,
	STEPS_MAX = 2000000,
	PAUSE_MS = 20000,
	NAME_LIFETIME_MS = 24 * 3600 * 1000,
};

static const char *const keys[HOSTS] = { KEY_P256, KEY_P384, KEY_RSA_2048,
					 KEY_RFC8032 };
static const char *const names[HOSTS] = { "alice@example.com",
					  "bob@example.com",
					  "carol@example.com",
					  "dave@example.com" };

struct host {
	struct identity *key;
	struct hit hit;
	struct node *node;
	uint8_t certificate[CERTIFICATE_MAX];
	size_t certificate_len;
	bool knows[HOSTS]; /* the locators that its engine has */
	bool up[HOSTS];
	bool joined, left;
	bool silent;	 /* its engine signs nothing, so it never answers */
	size_t released; /* links */
	size_t hints, connects, revocations;
	/* The latest answers. */
	enum resolve_result result;
	struct resolve_hit hits[RESOLVE_HITS_MAX];
	size_t n_hits, found, n_hint, hint_certificate_len;
	enum resolve_name_state state;
	size_t published;
	uint64_t published_id;
	struct locator hint;
};

static struct enrolled_authority authority;
static struct host hosts[HOSTS];
static uint64_t now;
static uint32_t drawn;
static bool mute;	   /* the engines sign nothing */
static const char *denied; /* a name that is stored, and then nobody has */

static void draw(void *ctx, void *buf, size_t len)
{
	uint8_t *at = buf;

	(void)ctx;
	for (size_t i = 0; i < len; i++) {
		drawn = drawn * 1664525 + 1013904223;
		at[i] = (uint8_t)(drawn >> 24);
	}
}

static uint64_t slept_ms; /* the wall clock went on, and now did not */

static uint64_t wall(void)
{
	return ENROLLED_NOW_S * 1000 + now + slept_ms;
}

static size_t index_of(const struct hit *hit)
{
	for (size_t i = 0; i < HOSTS; i++)
		if (hit_equal(&hosts[i].hit, hit))
			return i;
	return HOSTS;
}

static struct resolve_overlay overlay_of(const struct host *h)
{
	struct resolve_overlay o = {
		.name = "example.com",
		.is_founder = h == &hosts[0],
		.authority_algorithm = authority.public.algorithm,
		.authority = authority.public.hi,
		.authority_len = authority.public.hi_len,
		.certificate = h->certificate,
		.certificate_len = h->certificate_len,
		.n_bootstraps = h == &hosts[0] ? 0 : 1,
	};

	memcpy(o.hit, h->hit.bytes, sizeof(o.hit));
	memcpy(o.bootstraps[0], hosts[0].hit.bytes, sizeof(o.hit));
	return o;
}

static void put_locators(struct host *h, uint16_t port)
{
	struct resolve_places p = { .n = 1 };

	memcpy(p.hit, h->hit.bytes, sizeof(p.hit));
	cr_assert_eq(locator_from_text("192.0.2.1", port, &p.locators[0]), 0);
	node_on_locators(h->node, &p, now);
}

static void begin(struct host *h)
{
	const struct node_conf conf = { .env = { .random = draw },
					.mtu = 1200 };
	struct resolve_overlay o = overlay_of(h);

	h->node = node_new(&conf);
	cr_assert(h->node);
	node_set_wall(h->node, wall(), now);
	cr_assert_eq(node_on_overlay(h->node, &o, now), 0);
	put_locators(h, (uint16_t)(10500 + (h - hosts)));
}

static void set_link(size_t a, size_t b, bool up)
{
	if (hosts[a].up[b] == up)
		return;
	hosts[a].up[b] = hosts[b].up[a] = up;
	for (int i = 0; i < 2; i++) {
		size_t of = i == 0 ? a : b, to = i == 0 ? b : a;

		if (!hosts[of].node)
			continue;
		if (up)
			node_on_up(hosts[of].node, &hosts[to].hit, now);
		else
			node_on_down(hosts[of].node, &hosts[to].hit, now);
	}
}

static void connect_to(struct host *h, const struct hit *hit)
{
	size_t a = (size_t)(h - hosts), b = index_of(hit);

	h->connects++;
	if (b == HOSTS || !hosts[b].node)
		node_on_down(h->node, hit, now);
	else if (h->knows[b])
		set_link(a, b, true);
	else
		node_on_where(h->node, hit, now);
}

static void on_hint(struct host *h, const struct node_output *out)
{
	size_t b = index_of(&out->hit);

	h->hints++;
	h->n_hint = out->n_locators;
	h->hint_certificate_len = out->bytes.len;
	if (out->n_locators > 0 && b < HOSTS)
		cr_expect(out->bytes.len == hosts[b].certificate_len &&
			  memcmp(out->bytes.bytes, hosts[b].certificate,
				 out->bytes.len) == 0);
	if (out->n_locators > 0)
		h->hint = out->locators[0];
	if (b < HOSTS && hosts[b].node && out->n_locators > 0) {
		h->knows[b] = true;
		set_link((size_t)(h - hosts), b, true);
	} else {
		node_on_down(h->node, &out->hit, now);
	}
}

static void sign(struct host *h, const struct node_output *out)
{
	struct resolve_signed s = { .id = out->id };
	uint8_t raw[SIGNATURE_MAX], value[2 * SIGNATURE_MAX];
	struct wr w = wr_init(value, sizeof(value));
	size_t len;

	cr_assert_eq(identity_sign(h->key, out->bytes.bytes, out->bytes.len,
				   raw, &len),
		     0);
	spki_value_write(&w, identity_algorithm(h->key), raw, len);
	judge_algorithms(identity_algorithm(h->key), &s.hash_alg, &s.sig_alg);
	s.signature = value;
	s.len = mute || h->silent ? 0 : wr_len(&w);
	node_on_signed(h->node, &s, now);
}

static void carry(struct host *h, const struct node_output *out)
{
	size_t b = index_of(&out->hit);

	if (b < HOSTS && hosts[b].node && h->up[b])
		node_on_datagram(hosts[b].node, &h->hit, out->bytes, now);
}

static void carry_out(struct host *h, const struct node_output *out)
{
	switch (out->type) {
	case NODE_CONNECT:
		connect_to(h, &out->hit);
		break;
	case NODE_RELEASE:
		h->released++;
		break;
	case NODE_SIGN:
		sign(h, out);
		break;
	case NODE_DATAGRAM:
		carry(h, out);
		break;
	case NODE_HINT:
		on_hint(h, out);
		break;
	case NODE_FOUND:
		h->found++;
		h->result = out->found->result;
		memcpy(h->hits, out->found->hits, sizeof(h->hits));
		h->n_hits = out->found->n_hits;
		for (size_t i = 0; i < h->n_hits; i++)
			cr_expect(h->hits[i].hi && h->hits[i].hi_len > 0);
		break;
	case NODE_PUBLISHED:
		h->published++;
		h->published_id = out->id;
		h->state = out->state;
		break;
	case NODE_REVOCATIONS:
		h->revocations++;
		break;
	case NODE_JOINED:
		h->joined = true;
		break;
	case NODE_LEFT:
		h->left = true;
		break;
	case NODE_REMEMBER:
	case NODE_SEEN:
	case NODE_MEMBER:
		break;
	}
}

static void deny(const char *name)
{
	struct resource_id at[2];

	registration_resources(name, at);
	for (size_t i = 0; i < 2 * HOSTS; i++) {
		struct node *n = hosts[i / 2].node;
		struct store *s = n ? overlay_store(node_core(n)) : NULL;
		struct place *p =
			s ? store_find(s, &at[i % 2], REGISTRATION_KIND) : NULL;

		if (p)
			store_drop(s, p);
	}
}

static bool step(void)
{
	struct node_output out;
	bool any = false;

	if (denied)
		deny(denied);

	/* One each in turn: what arrives is acknowledged before the next. */
	for (size_t i = 0; i < HOSTS; i++) {
		if (!hosts[i].node || !node_output(hosts[i].node, &out, now))
			continue;
		carry_out(&hosts[i], &out);
		any = true;
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
		for (size_t i = 0; i < HOSTS; i++)
			if (hosts[i].node && node_deadline(hosts[i].node) < due)
				due = node_deadline(hosts[i].node);
		now = due > now ? due : now + 1;
		for (size_t i = 0; i < HOSTS; i++) {
			if (!hosts[i].node)
				continue;
			node_set_wall(hosts[i].node, wall(), now);
			node_tick(hosts[i].node, now);
		}
	}
}

static void set_up(void)
{
	now = 1000;
	slept_ms = 0;
	mute = false;
	denied = NULL;
	enrolled_authority_make(&authority, "example.com", KEY_P256);
	for (size_t i = 0; i < HOSTS; i++) {
		struct host *h = &hosts[i];

		h->key = enrolled_key(keys[i]);
		h->hit = *identity_hit(h->key);
		h->certificate_len = enrolled_issue(
			&authority, names[i], h->key, (uint8_t)(i + 1),
			ENROLLED_NOW_S, h->certificate);
		h->knows[0] = true;
	}
	for (size_t i = 0; i < HOSTS; i++)
		begin(&hosts[i]);
	run(PAUSE_MS);
}

static void tear_down(void)
{
	for (size_t i = 0; i < HOSTS; i++) {
		node_free(hosts[i].node);
		identity_free(hosts[i].key);
		hosts[i] = (struct host){ .joined = false };
	}
	enrolled_authority_free(&authority);
}

TestSuite(node, .init = set_up, .fini = tear_down);

static void publish(struct host *h, const char *name, bool exists)
{
	const struct resolve_publish p = { .id = 7,
					   .name = name,
					   .exists = exists };

	node_on_publish(h->node, &p, now);
	run(PAUSE_MS);
}

static void look_up(struct host *h, const char *name)
{
	node_on_lookup(h->node, 9, name, now);
	run(30000);
}

/* The process ends without a word; associations stay. */
static void kill_process(struct host *h)
{
	node_free(h->node);
	h->node = NULL;
	h->joined = false;
}

static void unplug(size_t i)
{
	kill_process(&hosts[i]);
	for (size_t k = 0; k < HOSTS; k++)
		if (k != i)
			set_link(i, k, false);
}

Test(node, everybody_joins_and_finds_the_others_by_the_overlay_alone)
{
	for (size_t i = 0; i < HOSTS; i++) {
		struct overlay_info info;

		overlay_info(node_core(hosts[i].node), &info);
		cr_expect(info.joined, "%zu", i);
		cr_expect_eq(info.members, HOSTS - 1, "%zu", i);
	}
	cr_expect_gt(hosts[2].hints + hosts[3].hints, 0);
}

Test(node, where_a_host_is_is_told_with_its_port)
{
	node_on_where(hosts[3].node, &hosts[1].hit, now);
	run(5000);
	cr_expect_eq(hosts[3].n_hint, 1);
	cr_expect_eq(hosts[3].hint.port, 10501);
}

Test(node, locators_that_change_are_published_at_once)
{
	put_locators(&hosts[1], 4711);
	run(5000);
	node_on_where(hosts[3].node, &hosts[1].hit, now);
	run(5000);
	cr_expect_eq(hosts[3].hint.port, 4711);
}

Test(node, where_a_host_is_that_comes_a_moment_later_is_found)
{
	struct host *late = &hosts[3];

	unplug(3);
	run(3600 * 1000 + PAUSE_MS); /* what it had said has ended */
	hosts[2].hints = 0;
	node_on_where(hosts[2].node, &late->hit, now);
	run(500);
	cr_expect_eq(hosts[2].hints, 0);
	late->knows[0] = true;
	begin(late);
	run(8000);
	cr_expect_eq(hosts[2].hints, 1);
	cr_expect_eq(hosts[2].n_hint, 1);
}

Test(node, where_nobody_knows_is_answered_with_nothing)
{
	struct hit nobody = hosts[1].hit;
	size_t before = hosts[3].hints;

	nobody.bytes[15] ^= 1;
	node_on_where(hosts[3].node, &nobody, now);
	run(40000);
	cr_expect_eq(hosts[3].hints, before + 1);
	cr_expect_eq(hosts[3].n_hint, 0);
}

Test(node, a_name_is_published_and_found_with_its_proof)
{
	publish(&hosts[1], names[1], true);
	cr_expect_eq(hosts[1].state, RESOLVE_NAME_PUBLISHED);
	cr_expect_eq(hosts[1].published_id, 7);
	look_up(&hosts[3], names[1]);
	cr_assert_eq(hosts[3].result, RESOLVE_FOUND);
	cr_assert_eq(hosts[3].n_hits, 1);
	cr_expect_eq(memcmp(hosts[3].hits[0].hit, hosts[1].hit.bytes, 16), 0);
	cr_expect_eq(hosts[3].hits[0].proof, RESOLVE_PROOF_AUTHORITY);
}

Test(node, a_name_published_again_is_said_again)
{
	uint64_t before;

	publish(&hosts[1], names[1], true);
	before = node_storage_time(hosts[1].node);
	publish(&hosts[1], names[1], true);
	cr_expect_eq(hosts[1].published, 2, "each time once");
	cr_expect_gt(node_storage_time(hosts[1].node), before);
}

Test(node, a_name_of_ours_that_was_not_granted_is_refused)
{
	publish(&hosts[2], names[1], true);
	cr_expect_eq(hosts[2].state, RESOLVE_NAME_REFUSED);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].result, RESOLVE_ABSENT);
}

Test(node, a_name_of_another_domain_with_two_hosts_is_a_conflict)
{
	publish(&hosts[1], "x@other.org", true);
	cr_expect_eq(hosts[1].state, RESOLVE_NAME_PUBLISHED);
	publish(&hosts[2], "x@other.org", true);
	cr_expect_eq(hosts[2].state, RESOLVE_NAME_CONFLICT);
	look_up(&hosts[3], "x@other.org");
	cr_expect_eq(hosts[3].result, RESOLVE_ABSENT, "it is not proven");
}

/* RFC 6940 says nothing of it: a holder may take a record and deny it. */
Test(node, who_stores_a_name_in_vain_hears_of_it_and_does_not_give_up)
{
	publish(&hosts[1], names[1], true);
	cr_assert_eq(hosts[1].state, RESOLVE_NAME_PUBLISHED);
	denied = names[1];
	publish(&hosts[1], names[1], true);
	run(60 * 1000);
	cr_expect_eq(hosts[1].state, RESOLVE_NAME_PUBLISHING);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].result, RESOLVE_ABSENT);
	denied = NULL;
	run(6 * 60 * 1000);
	cr_expect_eq(hosts[1].state, RESOLVE_NAME_PUBLISHED);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].result, RESOLVE_FOUND);
}

Test(node, a_name_that_is_missed_once_is_no_news)
{
	publish(&hosts[1], names[1], true);
	denied = names[1];
	node_on_publish(
		hosts[1].node,
		&(struct resolve_publish){ .name = names[1], .exists = true },
		now);
	run(4000);
	denied = NULL;
	run(60 * 1000);
	cr_expect_eq(hosts[1].state, RESOLVE_NAME_PUBLISHED);
	cr_expect_eq(hosts[1].published, 2, "when it was asked for");
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].result, RESOLVE_FOUND);
}

/* A value as a lookup gives it: proven, of that host. */
static void write_found(struct wr *w, const struct hit *signer)
{
	static const uint8_t hash[32], signature[64];
	uint8_t value[64], identity[64];
	struct wr v = wr_init(value, sizeof(value));
	struct wr i = wr_init(identity, sizeof(identity));
	struct stored s = { .lifetime_s = 3600,
			    .key = { signer->bytes, ID_LEN },
			    .exists = true,
			    .data = { signer->bytes, ID_LEN } };

	stored_value_write(&v, DATA_DICTIONARY, &s);
	s.value = (struct span){ value, wr_len(&v) };
	signer_identity_write(&i, hash);
	s.signature =
		(struct reload_signature){ .hash_alg = 8,
					   .sig_alg = 7,
					   .identity = identity,
					   .identity_len = wr_len(&i),
					   .value = signature,
					   .value_len = sizeof(signature) };
	wr_u8(w, true);
	wr_bytes(w, signer->bytes, ID_LEN);
	wr_u16(w, 0);
	stored_write(w, &s);
}

/* What comes of a look at our own name, whatever the ring would say. */
static void see_own(struct host *h, const char *name, const struct hit *others,
		    size_t n)
{
	struct overlay_output *out = malloc(sizeof(*out) + 1024);
	struct wr w = wr_init(out->bytes, 1024);

	*out = (struct overlay_output){ .type = OVERLAY_RESULT,
					.result = OVERLAY_FOUND };
	if (!h->node->lookups)
		cr_assert(asking_start(h->node, ASKED_OWN, 0, name, &h->hit));
	out->id = h->node->lookups->core_id;
	write_found(&w, &h->hit);
	for (size_t i = 0; i < n; i++)
		write_found(&w, &others[i]);
	out->len = wr_len(&w);
	asking_on_result(h->node, out);
	free(out);
}

static bool shows(const struct host *h, const char *name,
		  const struct hit *device)
{
	const struct hit *shown = saying_device(h->node, name);

	return shown ? device && hit_equal(shown, device) : !device;
}

/* Of those who keep it some may not have got all of it yet. */
Test(node, another_device_is_shown_until_nobody_has_it_some_time_long)
{
	struct host *h = &hosts[1];
	const struct hit *dave = &hosts[3].hit;
	size_t said;

	publish(h, names[1], true);
	see_own(h, names[1], dave, 1);
	cr_expect(shows(h, names[1], dave));
	run(1000);
	said = h->published;
	see_own(h, names[1], NULL, 0);
	cr_expect(shows(h, names[1], dave));
	see_own(h, names[1], dave, 1);
	run(1000);
	cr_expect_eq(h->published, said, "nothing has changed");
	see_own(h, names[1], NULL, 0);
	run(30000);
	cr_expect(shows(h, names[1], dave));
	run(PAUSE_MS * 3);
	cr_expect(shows(h, names[1], NULL), "the ring knows nothing of it");
}

Test(node, of_several_other_devices_the_same_one_is_shown)
{
	const struct hit others[2] = { hosts[2].hit, hosts[3].hit };
	struct host *h = &hosts[1];

	publish(h, names[1], true);
	see_own(h, names[1], &others[1], 1);
	see_own(h, names[1], others, 2);
	cr_expect(shows(h, names[1], &others[1]));
}

Test(node, a_name_taken_back_is_absent)
{
	publish(&hosts[1], names[1], true);
	publish(&hosts[1], names[1], false);
	cr_expect_eq(hosts[1].state, RESOLVE_NAME_EXPIRED);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].result, RESOLVE_ABSENT);
}

Test(node, a_name_is_renewed_for_as_long_as_it_is_wanted)
{
	/* Two with fast keys, as there is much to be signed in a day. */
	unplug(1);
	unplug(2);
	publish(&hosts[3], names[3], true);
	run(NAME_LIFETIME_MS + 3600 * 1000);
	look_up(&hosts[0], names[3]);
	cr_expect_eq(hosts[0].result, RESOLVE_FOUND);
	cr_expect_eq(hosts[3].published, 1, "a renewal is no news");
}

Test(node, the_name_of_a_host_that_has_gone_is_found_for_a_day)
{
	unplug(1);
	unplug(2);
	publish(&hosts[3], names[3], true);
	unplug(3);
	run(NAME_LIFETIME_MS - 10 * 60 * 1000);
	look_up(&hosts[0], names[3]);
	cr_expect_eq(hosts[0].result, RESOLVE_FOUND);
	run(10 * 60 * 1000);
	look_up(&hosts[0], names[3]);
	cr_expect_eq(hosts[0].result, RESOLVE_ABSENT);
}

Test(node, a_name_is_renewed_after_a_sleep)
{
	publish(&hosts[1], names[1], true);
	slept_ms = NAME_LIFETIME_MS + 3600 * 1000;
	run(PAUSE_MS);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].result, RESOLVE_FOUND);
	node_on_where(hosts[3].node, &hosts[1].hit, now);
	run(5000);
	cr_expect_eq(hosts[3].n_hint, 1);
}

Test(node, a_name_is_renewed_after_the_clock_went_back)
{
	publish(&hosts[1], names[1], true);
	node_set_wall(hosts[1].node, wall() - 60000, now);
	publish(&hosts[1], names[1], false);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].result, RESOLVE_ABSENT);
}

Test(node, too_many_lookups_at_once_are_refused_and_not_forgotten)
{
	size_t n = 10 * NODE_LOOKUPS_PER_S + 10;

	for (size_t i = 0; i < n; i++)
		node_on_lookup(hosts[3].node, i, names[1], now);
	run(60000);
	cr_expect_eq(hosts[3].found, n);
}

Test(node, without_a_link_nothing_is_found_and_nothing_waits)
{
	unplug(0);
	unplug(1);
	unplug(2);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].found, 1);
	cr_expect_eq(hosts[3].result, RESOLVE_UNREACHABLE);
}

Test(node, a_process_that_was_killed_joins_again_over_links_that_stayed)
{
	publish(&hosts[1], names[1], true);
	kill_process(&hosts[1]);
	begin(&hosts[1]);
	for (size_t k = 0; k < HOSTS; k++)
		if (hosts[1].up[k])
			node_on_up(hosts[1].node, &hosts[k].hit, now);
	run(PAUSE_MS);
	cr_expect(hosts[1].joined);
	look_up(&hosts[1], names[1]);
	cr_expect_eq(hosts[1].result, RESOLVE_FOUND);
	publish(&hosts[1], names[1], false);
	cr_expect_eq(hosts[1].state, RESOLVE_NAME_EXPIRED);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].result, RESOLVE_ABSENT);
}

Test(node, the_founder_comes_back_into_the_ring_that_it_began)
{
	struct overlay_info info;

	publish(&hosts[1], names[1], true);
	unplug(0);
	run(5000);
	hosts[0].knows[1] = true;
	{
		const struct node_conf conf = { .env = { .random = draw },
						.mtu = 1200 };
		struct resolve_overlay o = overlay_of(&hosts[0]);

		hosts[0].node = node_new(&conf);
		node_set_wall(hosts[0].node, wall(), now);
		node_restore_member(hosts[0].node, &hosts[1].hit, now);
		cr_assert_eq(node_on_overlay(hosts[0].node, &o, now), 0);
	}
	run(PAUSE_MS);
	overlay_info(node_core(hosts[0].node), &info);
	cr_expect(info.joined);
	cr_expect_eq(info.members, HOSTS - 1);
	look_up(&hosts[0], names[1]);
	cr_expect_eq(hosts[0].result, RESOLVE_FOUND);
}

Test(node, a_founder_that_finds_nobody_begins_anew)
{
	const struct node_conf conf = { .env = { .random = draw },
					.mtu = 1200 };
	struct resolve_overlay o = overlay_of(&hosts[0]);

	for (size_t i = 0; i < HOSTS; i++)
		unplug(i);
	hosts[0].node = node_new(&conf);
	node_set_wall(hosts[0].node, wall(), now);
	node_restore_member(hosts[0].node, &hosts[1].hit, now);
	cr_assert_eq(node_on_overlay(hosts[0].node, &o, now), 0);
	run(NODE_ALONE_MS - 1000);
	cr_expect_not(hosts[0].joined);
	run(NODE_ALONE_MS);
	cr_expect(hosts[0].joined);
}

Test(node, a_ring_whose_nodes_were_all_restarted_begins_anew)
{
	const struct node_conf conf = { .env = { .random = draw },
					.mtu = 1200 };
	struct resolve_overlay o = overlay_of(&hosts[0]);

	for (size_t i = 0; i < HOSTS; i++)
		unplug(i);
	for (size_t i = 1; i < HOSTS; i++) {
		begin(&hosts[i]);
		for (size_t k = 0; k < HOSTS; k++)
			hosts[k].knows[i] = true;
	}
	hosts[0].node = node_new(&conf);
	node_set_wall(hosts[0].node, wall(), now);
	for (size_t i = 1; i < HOSTS; i++)
		node_restore_member(hosts[0].node, &hosts[i].hit, now);
	cr_assert_eq(node_on_overlay(hosts[0].node, &o, now), 0);
	run(NODE_ALONE_MS - 1000);
	cr_expect_not(hosts[0].joined);
	cr_expect(hosts[0].up[1], "there is a link");
	run(4 * NODE_ALONE_MS);
	for (size_t i = 0; i < HOSTS; i++) {
		struct overlay_info info;

		overlay_info(node_core(hosts[i].node), &info);
		cr_expect(info.joined, "%zu", i);
		cr_expect_eq(info.members, HOSTS - 1, "%zu", i);
	}
}

/* The founder is gone for good; all others begin at once. */
static void begin_without_founder(bool met)
{
	for (size_t i = 0; i < HOSTS; i++)
		unplug(i);
	for (size_t i = 1; i < HOSTS; i++) {
		const struct node_conf conf = { .env = { .random = draw },
						.mtu = 1200 };
		struct resolve_overlay o = overlay_of(&hosts[i]);

		hosts[i].node = node_new(&conf);
		node_set_wall(hosts[i].node, wall(), now);
		for (size_t k = 1; k < HOSTS && met; k++) {
			hosts[i].knows[k] = true;
			if (k != i)
				node_restore_member(hosts[i].node,
						    &hosts[k].hit, now);
		}
		cr_assert_eq(node_on_overlay(hosts[i].node, &o, now), 0);
		put_locators(&hosts[i], (uint16_t)(10500 + i));
	}
	if (!met) /* associations with hosts that may be anybody */
		for (size_t i = 2; i < HOSTS; i++)
			set_link(1, i, true);
}

Test(node, a_ring_begins_anew_without_its_founder)
{
	struct overlay_info info;

	begin_without_founder(true);
	run(NODE_ORPHANS_MS - 2000);
	for (size_t i = 1; i < HOSTS; i++)
		cr_expect_not(hosts[i].joined, "%zu", i);
	run(60 * 1000);
	for (size_t i = 1; i < HOSTS; i++) {
		overlay_info(node_core(hosts[i].node), &info);
		cr_expect(info.joined, "%zu", i);
		cr_expect_eq(info.members, HOSTS - 2, "%zu", i);
	}
	publish(&hosts[1], names[1], true);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].result, RESOLVE_FOUND);
}

Test(node, who_has_met_no_member_begins_no_ring)
{
	begin_without_founder(false);
	run(3 * NODE_ORPHANS_MS);
	for (size_t i = 1; i < HOSTS; i++)
		cr_expect_not(hosts[i].joined, "%zu", i);
}

Test(node, leaving_is_said_and_ends)
{
	const struct resolve_overlay none = { .name = "" };
	struct overlay_info info;

	cr_assert_eq(node_on_overlay(hosts[1].node, &none, now), 0);
	run(NODE_LEAVE_MS + 100);
	cr_expect(hosts[1].left);
	overlay_info(node_core(hosts[0].node), &info);
	cr_expect_eq(info.members, HOSTS - 2);
}

Test(node, what_was_published_in_an_overlay_is_not_taken_into_the_next)
{
	const struct resolve_overlay none = { .name = "" };
	struct resolve_overlay o = overlay_of(&hosts[1]);
	enum resolve_name_state state;
	bool proven;

	publish(&hosts[1], names[1], true);
	cr_expect_not_null(node_name(hosts[1].node, 0, &state, &proven));
	cr_assert_eq(node_on_overlay(hosts[1].node, &none, now), 0);
	run(NODE_LEAVE_MS + 100);
	cr_expect_null(node_name(hosts[1].node, 0, &state, &proven));
	for (size_t i = 0; i < HOSTS; i++)
		if (i != 1)
			set_link(1, i, false);
	slept_ms += NAME_LIFETIME_MS; /* what was stored has ended */
	run(PAUSE_MS);
	cr_assert_eq(node_on_overlay(hosts[1].node, &o, now), 0);
	put_locators(&hosts[1], 4711);
	run(PAUSE_MS);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].result, RESOLVE_ABSENT);
	node_on_where(hosts[3].node, &hosts[1].hit, now);
	run(5000);
	cr_expect_eq(hosts[3].hint.port, 4711);
}

Test(node, members_of_an_overlay_are_not_of_the_next)
{
	struct resolve_overlay none = { .name = "" };

	cr_assert(node_has_member(hosts[1].node, &hosts[0].hit) ||
		  node_has_member(hosts[1].node, &hosts[2].hit));
	cr_assert_eq(node_on_overlay(hosts[1].node, &none, now), 0);
	run(NODE_LEAVE_MS);
	for (size_t i = 0; i < HOSTS; i++)
		cr_expect_not(node_has_member(hosts[1].node, &hosts[i].hit));
}

Test(node, leaving_ends_when_nobody_signs_it)
{
	const struct resolve_overlay none = { .name = "" };

	mute = true;
	hosts[1].released = 0;
	cr_assert_eq(node_on_overlay(hosts[1].node, &none, now), 0);
	run(NODE_LEAVE_MS + 100);
	cr_expect(hosts[1].left);
	cr_expect_eq(hosts[1].released, HOSTS - 1, "nothing keeps them");
}

Test(node, a_renewed_certificate_is_taken_and_used)
{
	struct resolve_overlay o;

	publish(&hosts[1], names[1], true);
	hosts[1].certificate_len =
		enrolled_issue(&authority, names[1], hosts[1].key, 77,
			       ENROLLED_NOW_S, hosts[1].certificate);
	o = overlay_of(&hosts[1]);
	cr_assert_eq(node_on_overlay(hosts[1].node, &o, now), 0);
	run(PAUSE_MS);
	look_up(&hosts[1], names[1]);
	cr_expect_eq(hosts[1].result, RESOLVE_FOUND);
}

Test(node, what_a_wrong_clock_refused_is_taken_when_it_is_right)
{
	struct resolve_overlay o = overlay_of(&hosts[1]);

	unplug(1);
	begin(&hosts[1]);
	cr_assert_eq(node_on_overlay(hosts[1].node,
				     &(struct resolve_overlay){ .name = "" },
				     now),
		     0);
	node_set_wall(hosts[1].node, 0, now);
	cr_expect_lt(node_on_overlay(hosts[1].node, &o, now), 0);
	cr_expect_null(node_core(hosts[1].node));
	node_set_wall(hosts[1].node, wall(), now);
	cr_assert_eq(node_on_overlay(hosts[1].node, &o, now), 0);
	hosts[1].joined = false;
	run(PAUSE_MS);
	cr_expect(hosts[1].joined);
}

Test(node, a_certificate_of_another_host_makes_no_member)
{
	struct resolve_overlay o = overlay_of(&hosts[1]);

	o.certificate = hosts[2].certificate;
	o.certificate_len = hosts[2].certificate_len;
	kill_process(&hosts[1]);
	begin(&hosts[1]);
	o.name = "example.com";
	memcpy(o.hit, hosts[1].hit.bytes, sizeof(o.hit));
	cr_expect_lt(node_on_overlay(hosts[1].node, &o, now), 0);
}

/* The list that revokes these serial numbers. */
static size_t make_list(uint64_t number, const uint8_t *serials, size_t n,
			uint8_t out[REVOCATION_MAX])
{
	static struct revocation v;

	v = (struct revocation){ .number = ENROLLED_NOW_S + number,
				 .this_update_s = wall() / 1000,
				 .next_update_s = wall() / 1000 + 3600 };
	for (size_t i = 0; i < n; i++) {
		uint8_t serial[CERTIFICATE_SERIAL_LEN] = { 0x40 };

		serial[CERTIFICATE_SERIAL_LEN - 1] = serials[i];
		cr_assert_eq(revocation_add(&v, serial, wall() / 1000), 0);
	}
	return enrolled_revoke(&authority, &v, out);
}

static const struct link *link_of(size_t from, size_t to)
{
	return route_find(overlay_route(node_core(hosts[from].node)),
			  &hosts[to].hit);
}

Test(node, a_revocation_reaches_everybody_at_once)
{
	static uint8_t list[REVOCATION_MAX];
	struct overlay_info info;
	size_t len, entries;

	publish(&hosts[1], names[1], true);
	len = make_list(1, (const uint8_t[]){ 2 }, 1, list);
	cr_expect(node_on_revoked(hosts[0].node, (struct span){ list, len },
				  now));
	run(3000);
	for (size_t i = 0; i < HOSTS; i++)
		cr_expect_eq(hosts[i].revocations, 1, "%zu", i);
	overlay_info(node_core(hosts[0].node), &info);
	cr_expect_eq(info.news_told, HOSTS - 1, "also to who is revoked");
	cr_expect_eq(info.news_confirmed, HOSTS - 1);
	cr_expect_null(link_of(0, 1), "then nobody talks to it any more");
	cr_expect_null(link_of(2, 1));
	cr_expect_neq(node_list(hosts[2].node, &entries), 0);
	cr_expect_eq(entries, 1);
	look_up(&hosts[3], names[1]);
	cr_expect_eq(hosts[3].found, 1);
	cr_expect_eq(hosts[3].result, RESOLVE_ABSENT);
}

/* Its associations stay, as those of a peer that was written down do. */
Test(node, who_is_revoked_loses_its_place_in_the_ring)
{
	static uint8_t list[REVOCATION_MAX];
	size_t len = make_list(1, (const uint8_t[]){ 2 }, 1, list);

	for (size_t i = 0; i < HOSTS; i++)
		cr_assert(i == 1 || link_has(link_of(i, 1), LINK_IN_RING));
	for (size_t i = 0; i < HOSTS; i++)
		cr_expect(node_on_revoked(hosts[i].node,
					  (struct span){ list, len }, now));
	run(5 * 60 * 1000);
	for (size_t i = 0; i < HOSTS; i++) {
		const struct link *l = link_of(i, 1);

		if (i != 1)
			cr_expect(!l || (!link_has(l, LINK_IN_RING) &&
					 !link_has(l, LINK_PROVEN)),
				  "%zu", i);
	}
	cr_expect(link_has(link_of(0, 2), LINK_IN_RING), "others stay");
}

Test(node, whose_certificate_has_ended_loses_its_place_in_the_ring)
{
	struct resolve_overlay o;

	/* All but one have another one in time. */
	now += CERTIFICATE_RENEW_S * 1000ull;
	run(1000);
	for (size_t i = 0; i < HOSTS; i++) {
		struct host *h = &hosts[i];

		if (i == 1)
			continue;
		h->certificate_len = enrolled_issue(
			&authority, names[i], h->key, (uint8_t)(i + 11),
			wall() / 1000, h->certificate);
		o = overlay_of(h);
		cr_expect_eq(node_on_overlay(h->node, &o, now), 0);
	}
	run(60 * 1000);
	cr_assert(link_has(link_of(0, 1), LINK_IN_RING));
	now = 31ull * 86400 * 1000;
	run(15 * 60 * 1000);
	for (size_t i = 0; i < HOSTS; i++)
		if (i != 1)
			cr_expect(!link_of(i, 1) ||
				  !link_has(link_of(i, 1), LINK_IN_RING));
	cr_expect(link_has(link_of(0, 2), LINK_PROVEN), "it was shown the new");
	cr_expect(link_has(link_of(3, 0), LINK_IN_RING));
}

/* One that was away hears of it when it asks, which in a small ring it does
 * each minute. */
Test(node, who_has_missed_a_revocation_asks)
{
	static uint8_t list[REVOCATION_MAX];
	size_t len = make_list(1, (const uint8_t[]){ 2 }, 1, list);

	unplug(3);
	run(60 * 1000);
	cr_expect(node_on_revoked(hosts[0].node, (struct span){ list, len },
				  now));
	run(5000);
	begin(&hosts[3]);
	cr_expect_eq(hosts[3].revocations, 0);
	run(60 * 1000);
	cr_expect_eq(hosts[3].revocations, 1);
}

Test(node, an_old_list_never_replaces_a_new_one)
{
	static uint8_t list[REVOCATION_MAX];
	size_t len = make_list(5, (const uint8_t[]){ 9 }, 1, list);

	cr_expect(node_on_revoked(hosts[0].node, (struct span){ list, len },
				  now));
	run(NODE_FETCH_MS + NODE_FETCH_MS / 5);
	cr_expect_eq(hosts[3].revocations, 1);
	len = make_list(4, NULL, 0, list);
	(void)node_on_revoked(hosts[0].node, (struct span){ list, len }, now);
	run(2 * NODE_FETCH_MS);
	cr_expect_eq(hosts[3].revocations, 1);
}

Test(node, a_list_of_another_authority_is_refused)
{
	static uint8_t list[REVOCATION_MAX];
	size_t len = make_list(1, NULL, 0, list);

	list[len / 2] ^= 1;
	cr_expect_not(node_on_revoked(hosts[0].node, (struct span){ list, len },
				      now));
}

/* A part of the list, or its head: with the numbers of the parts. */
static size_t make_part(uint8_t depth, uint16_t index, uint64_t number,
			const uint8_t *serials, size_t n,
			uint8_t out[REVOCATION_MAX])
{
	static struct revocation v;

	v = (struct revocation){ .number = ENROLLED_NOW_S + number,
				 .depth = depth,
				 .index = index,
				 .this_update_s = wall() / 1000,
				 .next_update_s = wall() / 1000 + 3600 };
	for (size_t i = 0; i < n; i++) {
		uint8_t serial[CERTIFICATE_SERIAL_LEN] = { 0x40 };

		serial[CERTIFICATE_SERIAL_LEN - 1] = serials[i];
		if (revocation_part(serial, depth) == index)
			cr_assert_eq(revocation_add(&v, serial, wall() / 1000),
				     0);
	}
	return enrolled_revoke(&authority, &v, out);
}

static size_t make_head(uint8_t depth, uint64_t number,
			uint8_t out[REVOCATION_MAX])
{
	static struct revocation v;

	v = (struct revocation){ .number = ENROLLED_NOW_S + number,
				 .depth = depth,
				 .is_head = true,
				 .this_update_s = wall() / 1000,
				 .next_update_s = wall() / 1000 + 3600 };
	for (size_t i = 0; i < 1u << depth; i++)
		v.numbers[i] = v.number;
	return enrolled_revoke(&authority, &v, out);
}

/* The authority is the first host's: it says all of them. */
static void say_parts(uint8_t depth, uint64_t number, const uint8_t *serials,
		      size_t n)
{
	static uint8_t list[REVOCATION_MAX];
	size_t len;

	for (uint16_t i = 0; i < 1u << depth; i++) {
		len = make_part(depth, i, number, serials, n, list);
		cr_assert(node_on_revoked(hosts[0].node,
					  (struct span){ list, len }, now));
	}
	len = make_head(depth, number, list);
	cr_assert(node_on_revoked(hosts[0].node, (struct span){ list, len },
				  now));
}

static void expect_revoked(size_t host, size_t n, const char *why)
{
	size_t entries;

	(void)node_list(hosts[host].node, &entries);
	cr_expect_eq(entries, n, "%zu has %zu: %s", host, entries, why);
	cr_expect_eq(node_missing_parts(hosts[host].node), 0, "%zu: %s", host,
		     why);
}

Test(node, parts_of_a_list_reach_everybody)
{
	static const uint8_t serials[] = { 9, 12, 15, 18, 21, 24, 31 };

	unplug(3);
	run(60 * 1000);
	say_parts(5, 1, serials, 6);
	run(5000);
	expect_revoked(0, 6, "it said so");
	cr_expect_gt(hosts[2].revocations, 5, "news");
	run(2 * NODE_FETCH_MIN_MS);
	expect_revoked(1, 6, "asked");
	expect_revoked(2, 6, "asked");
	begin(&hosts[3]);
	run(2 * NODE_FETCH_MIN_MS);
	expect_revoked(3, 6, "was away");
	/* One more: its part is told to all, the others are not. */
	for (size_t i = 0; i < HOSTS; i++)
		hosts[i].revocations = 0;
	{
		static uint8_t list[REVOCATION_MAX];
		size_t len = make_part(5, 31, 2, serials, 7, list);

		cr_assert(node_on_revoked(hosts[0].node,
					  (struct span){ list, len }, now));
	}
	run(3000);
	for (size_t i = 0; i < HOSTS; i++) {
		cr_expect_eq(hosts[i].revocations, 1, "%zu", i);
		expect_revoked(i, 7, "news");
	}
}

static bool has_head(size_t host)
{
	struct resource_id at[2];
	struct store *s = overlay_store(node_core(hosts[host].node));

	kinds_revocation_resources("", at);
	return store_find(s, &at[0], KIND_REVOCATIONS) ||
	       store_find(s, &at[1], KIND_REVOCATIONS);
}

Test(node, a_member_that_never_answers_does_not_hold_up_a_head)
{
	uint64_t began;

	run(60 * 1000);
	hosts[3].silent = true;
	began = now;
	say_parts(6, 1, NULL, 0);
	while (!has_head(1) && now - began < 3600 * 1000)
		run(1000);
	cr_expect_lt(now - began, 90 * 1000, "%llu ms",
		     (unsigned long long)(now - began));
}

Test(node, nor_does_it_hold_up_what_is_revoked_next)
{
	static uint8_t list[REVOCATION_MAX];
	static const uint8_t serials[] = { 9, 12 };
	size_t entries;

	run(60 * 1000);
	hosts[3].silent = true;
	for (size_t n = 1; n <= 2; n++) {
		size_t len = make_list(n, serials, n, list);

		cr_assert(node_on_revoked(hosts[0].node,
					  (struct span){ list, len }, now));
		run(2000);
		for (size_t i = 1; i < HOSTS; i++) {
			(void)node_list(hosts[i].node, &entries);
			cr_expect_eq(entries, n, "%zu", i);
		}
	}
}

Test(node, a_list_may_get_parts_and_lose_them_again)
{
	static const uint8_t serials[] = { 9, 12, 15, 18 };
	static uint8_t list[REVOCATION_MAX];
	size_t len = make_list(1, serials, 2, list);

	cr_assert(node_on_revoked(hosts[0].node, (struct span){ list, len },
				  now));
	run(3000);
	unplug(3);
	say_parts(1, 10, serials, 3);
	run(2 * NODE_FETCH_MIN_MS);
	expect_revoked(2, 3, "two parts");
	say_parts(3, 20, serials, 4);
	run(2 * NODE_FETCH_MIN_MS);
	expect_revoked(2, 4, "eight parts");
	begin(&hosts[3]);
	run(2 * NODE_FETCH_MIN_MS);
	expect_revoked(3, 4, "eight parts at once");
	len = make_list(30, serials, 1, list);
	cr_assert(node_on_revoked(hosts[0].node, (struct span){ list, len },
				  now));
	run(2 * NODE_FETCH_MIN_MS);
	expect_revoked(2, 1, "the others have ended");
	expect_revoked(3, 1, "the others have ended");
}

/* Gives the head to the first host: whether that is to be said as news. */
static bool is_head_news(uint64_t number)
{
	static uint8_t list[REVOCATION_MAX];
	size_t len = make_head(2, number, list);
	const struct publication *p;

	cr_assert(node_on_revoked(hosts[0].node, (struct span){ list, len },
				  now));
	p = hosts[0].node->publications;
	while (p && (p->what != SAID_LIST || p->name[0] != '\0'))
		p = p->next;
	cr_assert(p);
	return p->is_news;
}

/* The engine gives many parts little by little, so the first are stored by
 * then. */
Test(node, the_head_of_parts_that_add_something_is_news)
{
	static const uint8_t serial = 9;
	static uint8_t list[REVOCATION_MAX];

	for (uint16_t i = 0; i < 4; i++) {
		size_t len = make_part(2, i, 1, &serial, 1, list);

		cr_assert(node_on_revoked(hosts[0].node,
					  (struct span){ list, len }, now));
	}
	run(10000);
	cr_expect(is_head_news(1));
	run(10000);
	for (uint16_t i = 0; i < 4; i++) {
		size_t len = make_part(2, i, 2, &serial, 1, list);

		cr_assert(node_on_revoked(hosts[0].node,
					  (struct span){ list, len }, now));
	}
	cr_expect_not(is_head_news(2), "nothing is added");
}

/* How often the last host asks for what it misses, in that time. */
static size_t rounds(uint64_t ms)
{
	const uint64_t end = now + ms;
	uint64_t next_ms = hosts[3].node->parts_ms;
	size_t n = 0;

	while (now < end) {
		run(500);
		n += hosts[3].node->parts_ms != next_ms;
		next_ms = hosts[3].node->parts_ms;
	}
	return n;
}

/* One may be on its way to who keeps it; many have not been said. */
Test(node, parts_that_nobody_has_are_asked_for_soon_and_ever_less_often)
{
	static uint8_t list[REVOCATION_MAX];
	size_t len = make_head(2, 1, list), n;

	run(60 * 1000);
	lists_on_news(hosts[3].node, (struct span){ list, len });
	cr_assert_eq(node_missing_parts(hosts[3].node), 4);
	n = rounds(10 * 1000);
	cr_expect(n >= 2 && n <= 3, "%zu in 10 s", n);
	n = rounds(50 * 1000);
	cr_expect(n >= 1 && n <= 3, "%zu in a minute", n);
	n = rounds(30 * 60 * 1000);
	cr_expect(n >= 3 && n <= 7, "%zu in half an hour", n);
	len = make_head(6, 2, list);
	lists_on_news(hosts[3].node, (struct span){ list, len });
	cr_assert_eq(node_missing_parts(hosts[3].node), 64);
	n = rounds(20 * 1000);
	cr_expect_eq(n, 1, "%zu", n);
}

/* Another member says again what the authority has said before. */
Test(node, old_parts_that_are_said_again_change_nothing)
{
	static const uint8_t serials[] = { 9, 12, 15, 18 };
	static uint8_t old[4][REVOCATION_MAX], list[REVOCATION_MAX];
	size_t len[4], list_len;

	for (uint16_t i = 0; i < 3; i++)
		len[i] = make_part(2, i, 1, NULL, 0, old[i]);
	len[3] = make_head(2, 1, old[3]);
	list_len = make_list(2, NULL, 0, list);
	unplug(3);
	say_parts(2, 10, serials, 4);
	run(2 * NODE_FETCH_MIN_MS);
	for (size_t i = 0; i < 4; i++)
		(void)node_on_revoked(hosts[2].node,
				      (struct span){ old[i], len[i] }, now);
	(void)node_on_revoked(hosts[2].node, (struct span){ list, list_len },
			      now);
	run(2 * NODE_FETCH_MIN_MS);
	begin(&hosts[3]);
	run(2 * NODE_FETCH_MIN_MS);
	for (size_t i = 0; i < HOSTS; i++)
		expect_revoked(i, 4, "as it was");
}

/* Writes down what a node holds, and gives it to its successor. */
Test(node, records_survive_a_restart)
{
	enum { MAX = 64 };
	struct kept {
		struct node_record r;
		uint8_t stored[1400], certificate[CERTIFICATE_MAX];
	} *kept = calloc(MAX, sizeof(*kept));
	struct store *store = overlay_store(node_core(hosts[0].node));
	struct overlay_info info;
	struct table_iter it;
	struct place *p;
	size_t n = 0, put = 0;

	cr_assert(kept);
	publish(&hosts[1], names[1], true);
	it = store_iterate(store);
	while ((p = table_next(&it)))
		for (struct record *r = p->records; r && n < MAX; r = r->next) {
			struct span c = record_certificate(r);
			struct kept *k = &kept[n++];

			store_resource(p, &k->r.resource);
			k->r.kind = p->kind->id;
			k->r.generation = p->generation;
			k->r.expires_ms = r->expires_ms;
			memcpy(k->stored, r->bytes, r->whole_len);
			memcpy(k->certificate, c.bytes, c.len);
			k->r.stored = (struct span){ k->stored, r->whole_len };
			k->r.certificate =
				(struct span){ k->certificate, c.len };
		}
	for (size_t i = 0; i < HOSTS; i++)
		unplug(i);
	begin(&hosts[0]);
	for (size_t i = 0; i < n; i++)
		put += node_restore_record(hosts[0].node, &kept[i].r);
	cr_expect_eq(put, n);
	cr_expect_geq(n, 2);
	overlay_info(node_core(hosts[0].node), &info);
	cr_expect_eq(info.records, n);
	look_up(&hosts[0], names[1]);
	cr_expect_eq(hosts[0].result, RESOLVE_FOUND);
	kept[0].stored[kept[0].r.stored.len - 1] ^= 1;
	cr_expect_not(node_restore_record(hosts[0].node, &kept[0].r));
	free(kept);
}
