/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Which certificate is in which part follows from its number, which is random,
 * so that parts are of about one length. Their number is kept while they fit,
 * and while they are not less than half full.
 */
#include "daemon/parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
	ENTRY_LEN = 37,	    /* at most: 2 and 18 and 17 (RFC 5280 5.1.2.6) */
	SIGNING_SLACK = 16, /* lengths of lengths, and of an ECDSA signature */
	/* What is stored ends a day after its number. */
	RENEW_FIRST_S = 8 * 3600,
	RENEW_SPREAD_S = 8 * 3600,
	PART_LIFE_S = 24 * 3600,
	SIGNED_AT_ONCE = 64, /* the caller has other things to do */
};

struct part {
	uint64_t number, made_s;
	bool is_given[PARTS_TO];
	size_t len; /* 0: there is none */
	uint8_t bytes[REVOCATION_PART_LEN];
};

struct parts {
	uint8_t depth;
	bool is_made;
	size_t n_signed;	 /* in this call of parts_make */
	size_t room;		 /* for entries, in each; 0: not known yet */
	struct revocations said; /* what is on those that were made */
	struct revocation draft;
	struct part head;		       /* or the whole list */
	struct part *at[REVOCATION_PARTS_MAX]; /* NULL: never made */
};

struct parts *parts_new(void)
{
	return calloc(1, sizeof(struct parts));
}

static void drop_all(struct parts *p)
{
	for (size_t i = 0; i < REVOCATION_PARTS_MAX; i++) {
		free(p->at[i]);
		p->at[i] = NULL;
	}
}

void parts_free(struct parts *p)
{
	if (!p)
		return;
	drop_all(p);
	revocations_clear(&p->said);
	free(p);
}

static int sign(struct parts *p, const struct parts_signer *s, uint8_t *out,
		size_t cap, size_t *len)
{
	uint8_t tbs[REVOCATION_PART_LEN];
	struct wr w = wr_init(tbs, sizeof(tbs));

	revocation_tbs_write(&w, s->authority, &p->draft);
	if (wr_failed(&w))
		return -ENOSPC;
	return s->sign(s->ctx, (struct span){ tbs, wr_len(&w) }, out, cap, len);
}

static void begin_draft(struct parts *p, const struct parts_signer *s,
			uint32_t life_s)
{
	p->draft.number = s->number;
	p->draft.this_update_s = s->now_s;
	p->draft.next_update_s = s->now_s + life_s;
	p->draft.is_head = false;
	p->draft.depth = p->depth;
	p->draft.index = 0;
	p->draft.n = 0;
}

/* What an empty part leaves of it. */
static int measure(struct parts *p, const struct parts_signer *s)
{
	uint8_t bytes[REVOCATION_PART_LEN];
	size_t len = 0;
	int err;

	if (p->room > 0)
		return 0;
	begin_draft(p, s, PART_LIFE_S);
	p->draft.depth = REVOCATION_DEPTH_MAX;
	p->draft.index = REVOCATION_PARTS_MAX - 1;
	err = sign(p, s, bytes, sizeof(bytes), &len);
	if (err)
		return err;
	len += SIGNING_SLACK;
	p->room = len < REVOCATION_PART_LEN
			  ? (REVOCATION_PART_LEN - len) / ENTRY_LEN
			  : 0;
	if (p->room > REVOCATION_ENTRIES_MAX)
		p->room = REVOCATION_ENTRIES_MAX;
	return p->room > 0 ? 0 : -ENOSPC;
}

/* Of the part that has most. */
static size_t count_most(const struct revoked *at, size_t n, uint8_t depth)
{
	size_t counts[REVOCATION_PARTS_MAX] = { 0 }, most = 0;

	for (size_t i = 0; i < n; i++) {
		size_t *count = &counts[revocation_part(at[i].serial, depth)];

		if (++*count > most)
			most = *count;
	}
	return most;
}

/* The fewest parts in which none has more than that; or one too many. */
static uint8_t find_depth(const struct revoked *at, size_t n, size_t most)
{
	uint8_t depth = 0;

	while (depth <= REVOCATION_DEPTH_MAX && count_most(at, n, depth) > most)
		depth++;
	return depth;
}

static int choose_depth(struct parts *p, const struct revoked *at, size_t n)
{
	uint8_t fewer = find_depth(at, n, p->room / 2), depth;

	if (fewer < p->depth) {
		depth = fewer;
	} else if (count_most(at, n, p->depth) <= p->room) {
		return 0;
	} else {
		/* Not at its limit already. */
		depth = find_depth(at, n, p->room - p->room / 4);
		if (depth > REVOCATION_DEPTH_MAX)
			depth = find_depth(at, n, p->room);
	}
	if (depth > REVOCATION_DEPTH_MAX)
		return -ENOSPC;
	if (depth != p->depth)
		drop_all(p);
	p->depth = depth;
	return 0;
}

/* Puts those of a part into the draft; whether one was never said. */
static bool fill_draft(struct parts *p, uint16_t index,
		       const struct revoked *at, size_t n)
{
	bool adds = false;
	int err;

	p->draft.index = index;
	for (size_t i = 0; i < n; i++) {
		if (revocation_part(at[i].serial, p->depth) != index)
			continue;
		if (!revocations_has(&p->said, at[i].serial))
			adds = true;
		err = revocation_add(&p->draft, at[i].serial, at[i].when_s);
		assert(err != -ENOSPC); /* counted before */
	}
	return adds;
}

static bool is_old(const struct parts *p, uint16_t index, uint64_t now_s)
{
	const struct part *part = p->at[index];

	return now_s >= part->made_s + RENEW_FIRST_S +
				(uint64_t)RENEW_SPREAD_S * index /
					((size_t)1 << p->depth);
}

static int sign_part(struct parts *p, const struct parts_signer *s,
		     struct part *part)
{
	int err = sign(p, s, part->bytes, sizeof(part->bytes), &part->len);

	if (err) {
		part->len = 0;
		return err;
	}
	part->number = s->number;
	part->made_s = s->now_s;
	memset(part->is_given, 0, sizeof(part->is_given));
	return revocations_take(&p->said, &p->draft) == REVOCATIONS_OLD
		       ? -ENOMEM
		       : 0;
}

bool parts_take(struct parts *p, const struct authority *a, struct span list,
		uint64_t now_s)
{
	struct revocation *v = &p->draft;
	struct part *part;

	if (list.len > REVOCATION_PART_LEN ||
	    revocation_verify(a, list.bytes, list.len, now_s, v) !=
		    CERTIFICATE_OK ||
	    v->is_head || v->depth == 0 ||
	    (p->depth > 0 && v->depth != p->depth) || p->at[v->index] ||
	    revocations_take(&p->said, v) == REVOCATIONS_OLD)
		return false;
	part = calloc(1, sizeof(*part));
	if (!part)
		return false; /* what is on it counts as said, and is */
	part->number = v->number;
	part->made_s = v->this_update_s;
	part->is_given[PARTS_DISK] = true;
	part->len = list.len;
	memcpy(part->bytes, list.bytes, list.len);
	p->at[v->index] = part;
	p->depth = v->depth;
	return true;
}

static int make_part(struct parts *p, const struct parts_signer *s,
		     uint16_t index, const struct revoked *at, size_t n)
{
	bool adds;

	begin_draft(p, s, PART_LIFE_S);
	adds = fill_draft(p, index, at, n);
	if (p->at[index] && p->at[index]->len > 0 && !adds &&
	    !is_old(p, index, s->now_s))
		return 0;
	if (p->n_signed == SIGNED_AT_ONCE)
		return -EAGAIN;
	p->n_signed++;
	if (!p->at[index])
		p->at[index] = calloc(1, sizeof(*p->at[index]));
	return p->at[index] ? sign_part(p, s, p->at[index]) : -ENOMEM;
}

static int make_head(struct parts *p, const struct parts_signer *s,
		     const struct revoked *at, size_t n)
{
	begin_draft(p, s, REVOCATION_PERIOD_S);
	if (p->depth == 0) {
		(void)fill_draft(p, 0, at, n); /* it is made each time */
		return sign_part(p, s, &p->head);
	}
	p->draft.is_head = true;
	for (size_t i = 0; i < 1u << p->depth; i++)
		p->draft.numbers[i] = p->at[i]->number;
	return sign_part(p, s, &p->head);
}

int parts_make(struct parts *p, const struct parts_signer *s,
	       const struct revoked *at, size_t n)
{
	int err;

	p->is_made = false;
	p->n_signed = 0;
	err = measure(p, s);
	if (!err)
		err = choose_depth(p, at, n);
	for (size_t i = 0; !err && p->depth > 0 && i < 1u << p->depth; i++)
		err = make_part(p, s, (uint16_t)i, at, n);
	if (!err)
		err = make_head(p, s, at, n);
	p->is_made = err == 0;
	return err;
}

bool parts_next(struct parts *p, enum parts_to to, struct span *out)
{
	struct part *next = NULL;

	for (size_t i = 0; p->is_made && i < parts_count(p); i++) {
		struct part *part = p->at[i];

		if (part && !part->is_given[to] &&
		    (!next || part->number > next->number))
			next = part;
	}
	if (!next && p->is_made && !p->head.is_given[to])
		next = &p->head;
	if (!next)
		return false;
	next->is_given[to] = true;
	*out = (struct span){ next->bytes, next->len };
	return true;
}

bool parts_next_kept(struct parts *p, uint16_t *index, struct span *out)
{
	for (size_t i = 0; p->is_made && i < parts_count(p); i++) {
		struct part *part = p->at[i];

		if (!part || part->is_given[PARTS_DISK])
			continue;
		part->is_given[PARTS_DISK] = true;
		*index = (uint16_t)i;
		*out = (struct span){ part->bytes, part->len };
		return true;
	}
	return false;
}

void parts_again(struct parts *p, enum parts_to to)
{
	for (size_t i = 0; i < REVOCATION_PARTS_MAX; i++)
		if (p->at[i])
			p->at[i]->is_given[to] = false;
	p->head.is_given[to] = false;
}

size_t parts_count(const struct parts *p)
{
	return (size_t)1 << p->depth;
}
