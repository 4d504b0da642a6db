/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The order of proofs. A pin is the operator's word and holds against
 * certificates, but not silently. First use never names anybody in the
 * overlay's own domain: there a certificate is to be had.
 */
#include "resolver/decide.h"

#include <string.h>

const char *proof_text(enum proof proof)
{
	static const char *const texts[] = {
		[PROOF_PIN] = "pin",
		[PROOF_SELF] = "self",
		[PROOF_AUTHORITY] = "authority",
		[PROOF_FIRST_USE] = "first-use",
	};

	return texts[proof];
}

static bool is_among(const struct hit *hit, const struct decide_record *at,
		     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (hit_equal(&at[i].hit, hit))
			return true;
	}
	return false;
}

static void add(struct decision *d, const struct decide_record *r)
{
	if (d->n < REGISTRATION_DEVICES_MAX && !is_among(&r->hit, d->at, d->n))
		d->at[d->n++] = *r;
}

static void add_against(struct decision *d, const struct hit *hit)
{
	for (size_t i = 0; i < d->n_against; i++) {
		if (hit_equal(&d->against[i], hit))
			return;
	}
	if (d->n_against < REGISTRATION_DEVICES_MAX)
		d->against[d->n_against++] = *hit;
}

/* A single host by somebody's word: proven records without it contradict. */
static void answer_one(const struct decide_question *q, struct decision *d,
		       enum proof proof, const struct hit *hit)
{
	size_t proven = 0, same = 0;

	d->verdict = VERDICT_FOUND;
	d->proof = proof;
	add(d, &(struct decide_record){ .hit = *hit, .proven = true });
	for (size_t i = 0; i < q->n_records; i++) {
		proven += q->records[i].proven;
		same += q->records[i].proven &&
			hit_equal(&q->records[i].hit, hit);
	}
	for (size_t i = 0; i < q->n_records && proven > 0 && same == 0; i++) {
		if (q->records[i].proven)
			add_against(d, &q->records[i].hit);
	}
}

static void conflict(struct decision *d, const struct hit *other)
{
	d->verdict = VERDICT_CONFLICT;
	for (size_t i = 0; i < d->n; i++)
		add_against(d, &d->at[i].hit);
	if (other)
		add_against(d, other);
	d->n = 0;
}

/* Certificates: all devices; a host remembered from before must be one. */
static void answer_proven(const struct decide_question *q, struct decision *d)
{
	d->verdict = VERDICT_FOUND;
	d->proof = PROOF_AUTHORITY;
	if (q->remembered && !is_among(q->remembered, d->at, d->n))
		conflict(d, q->remembered);
	for (size_t i = 0; i < q->n_records; i++)
		if (!q->records[i].proven &&
		    !is_among(&q->records[i].hit, d->at, d->n))
			add_against(d, &q->records[i].hit);
}

/* One host, and always the same. */
static void answer_first_use(const struct decide_question *q,
			     struct decision *d)
{
	for (size_t i = 0; i < q->n_records; i++)
		add(d, &q->records[i]);
	if (d->n == 0)
		return;
	if (!q->first_use ||
	    (q->overlay && strcmp(name_domain(q->name), q->overlay) == 0)) {
		d->verdict = VERDICT_UNPROVEN;
		for (size_t i = 0; i < d->n; i++)
			add_against(d, &d->at[i].hit);
		d->n = 0;
		return;
	}
	d->verdict = VERDICT_FOUND;
	d->proof = PROOF_FIRST_USE;
	if (d->n > 1 ||
	    (q->remembered && !hit_equal(q->remembered, &d->at[0].hit)))
		conflict(d, q->remembered);
	else
		d->remember = !q->remembered;
}

void decide(const struct decide_question *q, struct decision *out)
{
	struct hit self;

	*out = (struct decision){ .verdict = VERDICT_ABSENT };
	if (q->pin) {
		answer_one(q, out, PROOF_PIN, q->pin);
		return;
	}
	if (hit_from_self_name(q->name, q->suffix, &self)) {
		answer_one(q, out, PROOF_SELF, &self);
		return;
	}
	/* A certificate proves names of its overlay's domain only. */
	for (size_t i = 0; i < q->n_records && q->overlay &&
			   strcmp(name_domain(q->name), q->overlay) == 0;
	     i++) {
		if (q->records[i].proven)
			add(out, &q->records[i]);
	}
	if (out->n > 0)
		answer_proven(q, out);
	else
		answer_first_use(q, out);
}
