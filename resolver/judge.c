/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Verifying what members sign: RFC 6940 6.3.4, 7.1, 7.3. SignerIdentity is
 * cert_hash with SHA-256; the certificate travels in the message.
 */
#include "resolver/judge.h"
#include "resolver/kinds.h"

#include <assert.h>
#include <stdlib.h>

enum {
	HASH_SHA256 = 4,    /* RFC 5246 7.4.1.4.1 */
	HASH_SHA384 = 5,    /* the same */
	HASH_INTRINSIC = 8, /* RFC 8422 5.1.3 */
	SIG_ECDSA = 3,	    /* RFC 5246 7.4.1.4.1 */
	SIG_PSS = 4,	    /* RFC 8446 4.2.3: rsa_pss_rsae_sha256, 0x0804 */
	SIG_ED25519 = 7,
	SIGNED_MAX = 2 * RELOAD_MESSAGE_MAX,
	CERT_HASH_LEN = 32,
};

/* What a certificate that was verified says. */
struct known {
	struct table_node node; /* its key is `hash` */
	uint8_t hash[CERT_HASH_LEN];
	uint8_t serial[CERTIFICATE_SERIAL_LEN];
	uint64_t not_after_s;
	struct hit hit;
	struct resource_id names[REGISTRATION_KEYS];
	uint16_t algorithm;
	size_t hi_len;
	struct hi_public *key;
};

struct judge {
	const struct authority *authority;
	uint64_t wall_s;
	struct table by_hash;
	struct known *known[JUDGE_REMEMBERED_MAX];
	size_t next; /* whose place is taken next */
	struct revocations revocations;
};

struct judge *judge_new(const struct authority *authority,
			const uint8_t seed[TABLE_SEED_LEN])
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->authority = authority;
	table_init(&j->by_hash, CERT_HASH_LEN, JUDGE_REMEMBERED_MAX, seed);
	return j;
}

static void forget(struct judge *j, size_t i)
{
	if (!j->known[i])
		return;
	table_remove(&j->by_hash, &j->known[i]->node);
	hi_public_free(j->known[i]->key);
	free(j->known[i]);
	j->known[i] = NULL;
}

void judge_free(struct judge *j)
{
	if (!j)
		return;
	for (size_t i = 0; i < JUDGE_REMEMBERED_MAX; i++)
		forget(j, i);
	table_clear(&j->by_hash);
	revocations_clear(&j->revocations);
	free(j);
}

void judge_set_time(struct judge *j, uint64_t wall_s)
{
	j->wall_s = wall_s;
}

static enum overlay_news news_of(enum revocations_news news)
{
	static const enum overlay_news words[] = {
		[REVOCATIONS_OLD] = NEWS_NONE,
		[REVOCATIONS_NEWER] = NEWS_NEWER,
		[REVOCATIONS_ADDS] = NEWS_ADDS,
	};

	return words[news];
}

enum overlay_news judge_set_revocation(struct judge *j,
				       const struct revocation *v)
{
	return news_of(revocations_take(&j->revocations, v));
}

enum overlay_news judge_news(const struct judge *j, const struct span *list)
{
	struct revocation *v = malloc(sizeof(*v));
	enum overlay_news news = NEWS_NONE;

	if (v && revocation_verify(j->authority, list->bytes, list->len,
				   j->wall_s, v) == CERTIFICATE_OK)
		news = news_of(revocations_weigh(&j->revocations, v));
	free(v);
	return news;
}

bool judge_list_is_over(const struct judge *j, const struct span *list)
{
	struct revocation *v = malloc(sizeof(*v));
	bool is_over = v &&
		       revocation_verify(j->authority, list->bytes, list->len,
					 j->wall_s, v) == CERTIFICATE_OK &&
		       !revocations_counts(&j->revocations, v);

	free(v);
	return is_over;
}

const struct revocations *judge_revocations(const struct judge *j)
{
	return &j->revocations;
}

bool judge_is_revoked(const struct judge *j,
		      const uint8_t serial[CERTIFICATE_SERIAL_LEN])
{
	return revocations_has(&j->revocations, serial);
}

bool judge_is_taken_back(const struct judge *j, struct span certificate)
{
	uint8_t serial[CERTIFICATE_SERIAL_LEN];

	return certificate_serial(certificate.bytes, certificate.len, serial) &&
	       judge_is_revoked(j, serial);
}

void judge_algorithms(uint16_t algorithm, uint8_t *hash, uint8_t *sig)
{
	*hash = algorithm == HI_ECDSA ? HASH_SHA384 : HASH_INTRINSIC;
	*sig = algorithm == HI_ECDSA ? SIG_ECDSA
	       : algorithm == HI_RSA ? SIG_PSS
				     : SIG_ED25519;
}

/* Verifies a certificate and remembers it, in the place of the oldest. */
static const struct known *learn(struct judge *j, struct span der,
				 const uint8_t hash[CERT_HASH_LEN])
{
	struct certificate c;
	struct known *k;

	if (certificate_verify(j->authority, der.bytes, der.len, j->wall_s,
			       &c) != CERTIFICATE_OK)
		return NULL;
	k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	if (hi_public_parse(c.algorithm, c.hi, c.hi_len, &k->key) !=
	    DROP_NONE) {
		free(k);
		return NULL;
	}
	memcpy(k->hash, hash, sizeof(k->hash));
	memcpy(k->serial, c.serial, sizeof(k->serial));
	k->not_after_s = c.not_after_s;
	k->hit = c.hit;
	k->algorithm = c.algorithm;
	k->hi_len = c.hi_len;
	registration_resources(c.name, k->names);
	forget(j, j->next);
	if (table_add(&j->by_hash, &k->node, k->hash, k)) {
		hi_public_free(k->key);
		free(k);
		return NULL;
	}
	j->known[j->next] = k;
	j->next = (j->next + 1) % JUDGE_REMEMBERED_MAX;
	return k;
}

/* The certificate that a signature names, good now; which one it was. */
static const struct known *find(struct judge *j, const struct span *list,
				size_t n, const struct reload_signature *s,
				size_t *which)
{
	uint8_t hash[CERT_HASH_LEN];
	const struct known *k;
	size_t i = 0;

	if (s->identity_type != SIGNER_CERT_HASH ||
	    s->identity_hash_alg != HASH_SHA256 ||
	    s->identity_hash_len != CERT_HASH_LEN)
		return NULL;
	for (; i < n; i++) {
		certificate_hash(list[i].bytes, list[i].len, hash);
		if (memcmp(hash, s->identity_hash, CERT_HASH_LEN) == 0)
			break;
	}
	if (i == n)
		return NULL;
	k = table_find(&j->by_hash, hash);
	if (!k)
		k = learn(j, list[i], hash);
	if (!k || j->wall_s > k->not_after_s || judge_is_revoked(j, k->serial))
		return NULL;
	*which = i;
	return k;
}

enum overlay_standing judge_standing(const struct judge *j,
				     const struct hit *host)
{
	enum overlay_standing standing = STANDING_UNKNOWN;

	for (size_t i = 0; i < JUDGE_REMEMBERED_MAX; i++) {
		const struct known *k = j->known[i];

		if (!k || !hit_equal(&k->hit, host))
			continue;
		if (j->wall_s <= k->not_after_s &&
		    !judge_is_revoked(j, k->serial))
			return STANDING_GOOD;
		standing = STANDING_FALLEN;
	}
	return standing;
}

static bool verify(const struct known *k, const struct wr *covered,
		   const struct reload_signature *s)
{
	uint8_t hash_alg, sig_alg, sig[SIGNATURE_MAX];
	size_t len;

	judge_algorithms(k->algorithm, &hash_alg, &sig_alg);
	if (wr_failed(covered) || s->hash_alg != hash_alg ||
	    s->sig_alg != sig_alg ||
	    !spki_value_read(rd_init(s->value, s->value_len), k->algorithm,
			     k->hi_len, sig, &len))
		return false;
	return hi_public_verify(k->key, covered->start, wr_len(covered), sig,
				len) == DROP_NONE;
}

bool judge_message(struct judge *j, const struct message *m, struct hit *signer)
{
	uint8_t bytes[SIGNED_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	const struct known *k;
	size_t which;

	k = find(j, m->certificates, m->n_certificates, &m->signature, &which);
	if (!k)
		return false;
	message_signed_write(&w, &m->header, m->contents,
			     (struct span){ m->signature.identity,
					    m->signature.identity_len });
	if (!verify(k, &w, &m->signature))
		return false;
	*signer = k->hit;
	return true;
}

static bool same_resource(const struct resource_id *a,
			  const struct resource_id *b)
{
	return memcmp(a->bytes, b->bytes, ID_LEN) == 0;
}

/* RFC 6940 7.3.2: the place is one of the node's own. */
static bool node_matches(const struct known *k, const struct resource_id *at)
{
	struct resource_id own[REGISTRATION_KEYS];

	kinds_locator_resources(&k->hit, own);
	return same_resource(&own[0], at) || same_resource(&own[1], at);
}

/* A list of the authority's, at its place, and not one that is outdated. Of
 * two lists the storer keeps the one with the later storage time, so that is
 * the list's own: its number, which is a time in seconds. */
static bool authority_matches(const struct judge *j,
			      const struct judge_claim *claim)
{
	struct resource_id places[REGISTRATION_KEYS];
	const struct span *list = &claim->value->data;
	char part[REVOCATION_TEXT_MAX];
	struct revocation v;

	if (!claim->value->exists ||
	    revocation_verify(j->authority, list->bytes, list->len, j->wall_s,
			      &v) != CERTIFICATE_OK)
		return false;
	revocation_text(&v, part);
	kinds_revocation_resources(part, places);
	return (same_resource(&places[0], &claim->resource) ||
		same_resource(&places[1], &claim->resource)) &&
	       !revocations_is_past(&j->revocations, &v) &&
	       v.number <= UINT64_MAX / 1000 &&
	       claim->value->storage_time_ms == v.number * 1000;
}

/* RFC 6940 7.3.3: the key is the signer; a name that hashes to the place
 * makes it proven. */
static bool user_node_matches(const struct known *k,
			      const struct judge_claim *claim, bool *proven)
{
	const struct span *key = &claim->value->key;

	if (claim->kind->model != DATA_DICTIONARY || key->len != ID_LEN ||
	    memcmp(key->bytes, k->hit.bytes, ID_LEN) != 0)
		return false;
	*proven = false;
	for (size_t i = 0; i < REGISTRATION_KEYS; i++) {
		if (same_resource(&k->names[i], &claim->resource))
			*proven = true;
	}
	return true;
}

static bool has_access(const struct judge *j, const struct known *k,
		       const struct judge_claim *claim, bool *proven)
{
	switch (claim->kind->access) {
	case ACCESS_NODE_MATCH:
		return node_matches(k, &claim->resource);
	case ACCESS_USER_NODE_MATCH:
		return user_node_matches(k, claim, proven);
	case ACCESS_AUTHORITY:
		return authority_matches(j, claim);
	}
	return false;
}

static bool is_in_form(const struct known *k, const struct judge_claim *claim)
{
	struct locator at[KIND_LOCATORS_MAX];
	struct span prefs;
	struct hit node;
	size_t n;

	if (!claim->value->exists)
		return true;
	if (claim->kind->id == KIND_LOCATORS)
		return kinds_locators_parse(claim->value->data, at, &n);
	if (claim->kind->id != REGISTRATION_KIND)
		return true;
	return registration_parse(claim->value->data, &node, &prefs) &&
	       hit_equal(&node, &k->hit);
}

bool judge_value(struct judge *j, const struct judge_claim *claim,
		 struct judge_proof *out)
{
	struct judge_proof proof = { .proven = true };
	uint8_t bytes[SIGNED_MAX];
	struct wr w = wr_init(bytes, sizeof(bytes));
	const struct known *k;

	k = find(j, claim->certificates, claim->n_certificates,
		 &claim->value->signature, &proof.certificate);
	if (!k)
		return false;
	if (!has_access(j, k, claim, &proof.proven))
		return false;
	stored_signed_write(&w, &claim->resource, claim->kind->id,
			    claim->kind->model, claim->value);
	if (!is_in_form(k, claim) || !verify(k, &w, &claim->value->signature))
		return false;
	proof.signer = k->hit;
	*out = proof;
	return true;
}
