/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Keeping records: RFC 6940 7.4.1.1. The lifetime is not part of what is
 * signed; so that an old value cannot come back under a new lifetime, none
 * lives longer than a day from its signed storage time.
 */
#include "resolver/store.h"

#include <assert.h>
#include <stdlib.h>

struct signer {
	struct table_node node;
	struct hit hit;
	size_t n, counted; /* of counted ones he may have so many */
};

enum { CHANGES_STEP = 256, CHANGES_MAX = 2 * STORE_RECORDS_MAX };

static const uint64_t lifetime_max_ms = STORE_LIFETIME_MAX_S * 1000ull;

void store_init(struct store *s, const struct kind *kinds, size_t n,
		const uint8_t seed[TABLE_SEED_LEN])
{
	assert(n <= STORE_KINDS_MAX);
	*s = (struct store){ .n_kinds = n, .next_expiry_ms = UINT64_MAX };
	memcpy(s->kinds, kinds, n * sizeof(*kinds));
	table_init(&s->places, STORE_KEY_LEN, STORE_RECORDS_MAX, seed);
	table_init(&s->signers, sizeof(struct hit), STORE_RECORDS_MAX, seed);
}

const struct kind *store_kind(const struct store *s, uint32_t id)
{
	for (size_t i = 0; i < s->n_kinds; i++) {
		if (s->kinds[i].id == id)
			return &s->kinds[i];
	}
	return NULL;
}

static void place_key(const struct resource_id *resource, uint32_t kind,
		      uint8_t key[STORE_KEY_LEN])
{
	struct wr w = wr_init(key, STORE_KEY_LEN);

	wr_bytes(&w, resource->bytes, ID_LEN);
	wr_u32(&w, kind);
}

void store_begin_journal(struct store *s)
{
	s->journal = true;
}

/* False at the limit or without memory: then it is not kept on disk. */
static bool note_key(struct store *s, const uint8_t key[STORE_KEY_LEN])
{
	if (s->n_changes >= CHANGES_MAX)
		return false;
	if (s->n_changes == s->changes_cap) {
		size_t cap = s->changes_cap + CHANGES_STEP;
		void *more =
			reallocarray(s->changes, cap, sizeof(s->changes[0]));

		if (!more)
			return false;
		s->changes = more;
		s->changes_cap = cap;
	}
	memcpy(s->changes[s->n_changes++], key, STORE_KEY_LEN);
	return true;
}

static void note(struct store *s, struct place *p)
{
	if (s->journal && !p->noted)
		p->noted = note_key(s, p->key);
}

void store_return_change(struct store *s, const struct store_change *c)
{
	struct place *p = store_find(s, &c->resource, c->kind);
	uint8_t key[STORE_KEY_LEN];

	if (p) {
		note(s, p);
		return;
	}
	place_key(&c->resource, c->kind, key);
	(void)note_key(s, key); /* or not kept, see there */
}

bool store_take_change(struct store *s, struct store_change *out)
{
	struct place *p;
	struct rd r;

	if (s->n_changes == 0) {
		free(s->changes);
		s->changes = NULL;
		s->changes_cap = 0;
		return false;
	}
	r = rd_init(s->changes[--s->n_changes], STORE_KEY_LEN);
	rd_copy(&r, out->resource.bytes, ID_LEN);
	out->kind = rd_u32(&r);
	p = table_find(&s->places, s->changes[s->n_changes]);
	if (p)
		p->noted = false;
	return true;
}

struct place *store_find(const struct store *s,
			 const struct resource_id *resource, uint32_t kind)
{
	uint8_t key[STORE_KEY_LEN];

	place_key(resource, kind, key);
	return table_find(&s->places, key);
}

void store_set_generation(struct place *p, uint64_t generation)
{
	p->generation = generation;
}

void store_resource(const struct place *p, struct resource_id *out)
{
	memcpy(out->bytes, p->key, ID_LEN);
}

void record_stored(const struct place *p, const struct record *r,
		   uint64_t wall_ms, struct stored *out)
{
	struct rd rd = rd_init(r->bytes, r->whole_len);
	bool ok = stored_next(&rd, p->kind->model, out);
	uint64_t left = r->expires_ms > wall_ms ? r->expires_ms - wall_ms : 0;

	assert(ok); /* it was parsed before it was put in */
	out->lifetime_s = (uint32_t)(left / 1000);
}

struct span record_certificate(const struct record *r)
{
	return (struct span){ r->bytes + r->whole_len, r->certificate_len };
}

/* Whether a record stands where this value would (7.2). */
static bool same_slot(const struct place *p, const struct record *r,
		      const struct stored *v)
{
	struct stored have;

	if (p->kind->model == DATA_SINGLE)
		return true;
	record_stored(p, r, 0, &have);
	if (p->kind->model == DATA_ARRAY)
		return have.index == v->index;
	return have.key.len == v->key.len &&
	       memcmp(have.key.bytes, v->key.bytes, v->key.len) == 0;
}

static struct record **find_slot(struct place *p, const struct stored *v)
{
	struct record **at = &p->records;

	while (*at && !same_slot(p, *at, v))
		at = &(*at)->next;
	return at;
}

/* An unproven record that gives way to a proven one; the last one's place. */
static struct record **find_unproven(struct place *p, size_t *n)
{
	struct record **found = NULL;

	*n = 0;
	for (struct record **at = &p->records; *at; at = &(*at)->next) {
		if (!(*at)->proven) {
			found = at;
			++*n;
		}
	}
	return found;
}

static bool in_time(const struct store_put *p, uint64_t wall_ms)
{
	uint64_t stored = p->value.storage_time_ms;

	if (stored > wall_ms + STORE_SKEW_MS || p->value.lifetime_s == 0)
		return false;
	return stored + lifetime_max_ms > wall_ms;
}

/* What the place, which is there, has against it. */
static enum store_result check_place(struct place *place,
				     const struct store_put *p)
{
	struct record *old = *find_slot(place, &p->value);
	size_t unproven;

	if (old && p->value.storage_time_ms <= old->storage_time_ms)
		return p->replica && p->value.storage_time_ms ==
					       old->storage_time_ms
			       ? STORE_SAME
			       : STORE_TOO_OLD;
	if (old && old->proven && !p->proven)
		return STORE_QUOTA;
	if (old)
		return STORE_TAKEN;
	(void)find_unproven(place, &unproven); /* only the number */
	if (!p->proven && unproven + p->beside >= STORE_UNPROVEN_MAX)
		return STORE_QUOTA;
	if (place->n + p->beside >= p->kind->entries_max &&
	    !(p->proven && unproven > p->beside))
		return STORE_QUOTA;
	return STORE_TAKEN;
}

/* What the authority has signed is not one of his who brings it. */
static bool is_counted(const struct kind *kind)
{
	return kind->access != ACCESS_AUTHORITY;
}

bool store_has(const struct store *s, const struct store_put *p)
{
	struct place *place = store_find(s, &p->resource, p->kind->id);

	return place && *find_slot(place, &p->value);
}

enum store_result store_check(const struct store *s, const struct store_put *p,
			      uint64_t wall_ms)
{
	struct place *place = store_find(s, &p->resource, p->kind->id);
	const struct signer *signer = table_find(&s->signers, &p->signer);
	enum store_result res = STORE_TAKEN;

	if (!in_time(p, wall_ms))
		return STORE_WRONG_TIME;
	if (p->value.data.len > p->kind->bytes_max ||
	    p->value.key.len > ID_LEN ||
	    p->certificate.len > STORE_CERTIFICATE_MAX ||
	    p->value.signature.value_len > RELOAD_SIGNATURE_MAX ||
	    p->value.signature.identity_len > UINT8_MAX ||
	    (p->kind->model == DATA_ARRAY &&
	     p->value.index >= p->kind->entries_max))
		return STORE_TOO_LARGE;
	if (place)
		res = check_place(place, p);
	if (res != STORE_TAKEN)
		return res;
	if (place && *find_slot(place, &p->value))
		return STORE_TAKEN; /* replaces: no more than before */
	if (!place && (p->beside >= p->kind->entries_max ||
		       (!p->proven && p->beside >= STORE_UNPROVEN_MAX)))
		return STORE_QUOTA;
	if (s->n_records + p->beside_all >= STORE_RECORDS_MAX ||
	    (is_counted(p->kind) &&
	     (signer ? signer->counted : 0) + p->beside_all >=
		     STORE_PER_SIGNER_MAX))
		return STORE_QUOTA;
	return STORE_TAKEN;
}

static struct signer *signer_hold(struct store *s, const struct hit *hit,
				  const struct kind *kind)
{
	struct signer *found = table_find(&s->signers, hit);

	if (!found) {
		found = calloc(1, sizeof(*found));
		if (!found)
			return NULL;
		found->hit = *hit;
		if (table_add(&s->signers, &found->node, &found->hit, found)) {
			free(found);
			return NULL;
		}
	}
	found->n++;
	found->counted += is_counted(kind);
	return found;
}

static void signer_release(struct store *s, struct signer *signer,
			   const struct kind *kind)
{
	signer->counted -= is_counted(kind);
	if (--signer->n > 0)
		return;
	table_remove(&s->signers, &signer->node);
	free(signer);
}

static void remove_record(struct store *s, struct place *place,
			  struct record **at)
{
	struct record *r = *at;

	*at = r->next;
	signer_release(s, r->signer, place->kind);
	free(r);
	place->n--;
	s->n_records--;
}

static struct record *make_record(struct store *s, const struct store_put *p,
				  uint64_t wall_ms)
{
	size_t len = p->value.whole.len;
	uint64_t expires = wall_ms + p->value.lifetime_s * 1000ull;
	uint64_t latest = p->value.storage_time_ms + lifetime_max_ms;
	struct record *r = calloc(1, sizeof(*r) + len + p->certificate.len);

	if (!r)
		return NULL;
	r->signer = signer_hold(s, &p->signer, p->kind);
	if (!r->signer) {
		free(r);
		return NULL;
	}
	r->storage_time_ms = p->value.storage_time_ms;
	r->expires_ms = expires < latest ? expires : latest;
	r->proven = p->proven;
	r->whole_len = (uint16_t)len;
	r->certificate_len = (uint16_t)p->certificate.len;
	memcpy(r->bytes, p->value.whole.bytes, len);
	if (p->certificate.len > 0)
		memcpy(r->bytes + len, p->certificate.bytes,
		       p->certificate.len);
	return r;
}

static struct place *find_or_make_place(struct store *s,
					const struct store_put *p)
{
	struct place *place = store_find(s, &p->resource, p->kind->id);

	if (place)
		return place;
	place = calloc(1, sizeof(*place));
	if (!place)
		return NULL;
	place_key(&p->resource, p->kind->id, place->key);
	place->kind = p->kind;
	if (table_add(&s->places, &place->node, place->key, place)) {
		free(place);
		return NULL;
	}
	return place;
}

enum store_result store_put(struct store *s, const struct store_put *p,
			    uint64_t wall_ms)
{
	enum store_result res = store_check(s, p, wall_ms);
	struct record *r, **old, **weak;
	struct place *place;
	size_t unproven;

	if (res != STORE_TAKEN)
		return res;
	r = make_record(s, p, wall_ms);
	place = r ? find_or_make_place(s, p) : NULL;
	if (!place) {
		if (r)
			signer_release(s, r->signer, p->kind);
		free(r);
		return STORE_NO_MEMORY;
	}
	old = find_slot(place, &p->value);
	weak = find_unproven(place, &unproven);
	if (*old)
		remove_record(s, place, old);
	else if (place->n >= p->kind->entries_max)
		remove_record(s, place, weak); /* checked: there is one */
	r->next = place->records;
	place->records = r;
	place->n++;
	s->n_records++;
	if (!p->replica)
		place->generation++;
	else if (place->generation == 0)
		place->generation = 1; /* 7.4.1.1: never 0 */
	if (r->expires_ms < s->next_expiry_ms)
		s->next_expiry_ms = r->expires_ms;
	note(s, place);
	return STORE_TAKEN;
}

void store_drop(struct store *s, struct place *p)
{
	note(s, p);
	while (p->records)
		remove_record(s, p, &p->records);
	table_remove(&s->places, &p->node);
	free(p);
}

void store_clear(struct store *s)
{
	struct table_iter it = table_iterate(&s->places);
	struct place *p;

	s->journal = false;
	while ((p = table_next(&it)) != NULL)
		store_drop(s, p);
	table_clear(&s->places);
	table_clear(&s->signers);
	free(s->changes);
	s->changes = NULL;
	s->n_changes = s->changes_cap = 0;
}

/* Removes what is due; answers when the next one is. */
static uint64_t expire_place(struct store *s, struct place *p, uint64_t wall_ms)
{
	struct record **at = &p->records;
	uint64_t next = UINT64_MAX;

	while (*at) {
		if ((*at)->expires_ms <= wall_ms) {
			remove_record(s, p, at);
			continue;
		}
		if ((*at)->expires_ms < next)
			next = (*at)->expires_ms;
		at = &(*at)->next;
	}
	return next;
}

void store_expire(struct store *s, uint64_t wall_ms)
{
	struct table_iter it;
	struct place *p;

	if (wall_ms < s->next_expiry_ms)
		return;
	s->next_expiry_ms = UINT64_MAX;
	it = table_iterate(&s->places);
	while ((p = table_next(&it)) != NULL) {
		uint64_t next = expire_place(s, p, wall_ms);

		if (next < s->next_expiry_ms)
			s->next_expiry_ms = next;
		if (p->n == 0)
			store_drop(s, p);
	}
}

void store_drop_if(struct store *s, bool (*fn)(void *ctx, struct span c),
		   void *ctx)
{
	struct table_iter it = table_iterate(&s->places);
	struct place *p;

	while ((p = table_next(&it)) != NULL) {
		struct record **at = &p->records;
		size_t before = p->n;

		while (*at) {
			if (fn(ctx, record_certificate(*at)))
				remove_record(s, p, at);
			else
				at = &(*at)->next;
		}
		if (p->n == 0)
			store_drop(s, p);
		else if (p->n < before)
			note(s, p);
	}
}

size_t store_count(const struct store *s)
{
	return s->n_records;
}

struct table_iter store_iterate(const struct store *s)
{
	return table_iterate(&s->places);
}
