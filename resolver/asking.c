/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Lookups in the overlay, and what their values mean.
 */
#include "resolver/node_impl.h"

#include <errno.h>
#include <stdlib.h>

enum {
	ABSENT_S = 10,
	/* A host that joins as we do may not have said yet where it is. */
	WHERE_TRIES = 3,
	WHERE_AGAIN_MS = 1500,
	/* Of two holders one may not have got all, until copies have moved. */
	OWN_TRIES = 3,
	OWN_AGAIN_MS = 30 * 1000,
	LOST_MS = 60 * 1000, /* no search takes so long */
};

/* Pins and names that certify themselves are the engine's matter: no name
 * has this for its domain. */
static const char no_suffix[] = ".";

static void places_of(const struct lookup *l, struct overlay_lookup *out)
{
	switch (l->what) {
	case ASKED_NAME:
	case ASKED_OWN:
		out->kind = REGISTRATION_KIND;
		registration_resources(l->name, out->resource);
		break;
	case ASKED_WHERE:
		out->kind = KIND_LOCATORS;
		kinds_locator_resources(&l->host, out->resource);
		break;
	case ASKED_LIST:
		out->kind = KIND_REVOCATIONS;
		kinds_revocation_resources(l->name, out->resource);
		break;
	}
}

static void ask(struct node *n, struct lookup *l)
{
	struct overlay_input in = { .type = OVERLAY_LOOKUP };

	l->core_id = in.id = n->next_id++;
	l->again_ms = n->now_ms + LOST_MS; /* its result found no room */
	l->tries++;
	places_of(l, &in.lookup);
	/* A name without a proof may be of two: all holders say. */
	in.lookup.careful = l->what == ASKED_NAME || l->what == ASKED_OWN;
	peer_input(n->session->peer, &in, n->now_ms);
}

bool asking_start(struct node *n, enum asked what, uint64_t id,
		  const char *name, const struct hit *host)
{
	size_t len = strlen(name) + 1;
	struct lookup *l;

	if (!node_is_linked(n) || n->n_lookups == NODE_LOOKUPS_MAX ||
	    len > NAME_LEN_MAX + 1)
		return false;
	l = calloc(1, sizeof(*l) + len);
	if (!l)
		return false;
	l->what = what;
	l->id = id;
	if (host)
		l->host = *host;
	memcpy(l->name, name, len);
	l->next = n->lookups;
	n->lookups = l;
	n->n_lookups++;
	ask(n, l);
	return true;
}

void asking_tick(struct node *n)
{
	for (struct lookup *l = n->lookups; l && n->session; l = l->next)
		if (l->again_ms <= n->now_ms)
			ask(n, l);
}

uint64_t asking_deadline(const struct node *n)
{
	uint64_t due = NODE_NEVER;

	for (const struct lookup *l = n->lookups; l; l = l->next)
		if (l->again_ms < due)
			due = l->again_ms;
	return due;
}

static void fail(struct node *n, const struct lookup *l)
{
	struct event *e = NULL;

	if (l->what == ASKED_NAME)
		e = node_event(n, NODE_FOUND);
	else if (l->what == ASKED_WHERE)
		e = node_event(n, NODE_HINT);
	if (!e)
		return;
	e->out.id = l->id;
	e->out.hit = l->host;
	e->found.result = RESOLVE_UNREACHABLE;
}

void asking_clear(struct node *n)
{
	while (n->lookups) {
		struct lookup *l = n->lookups;

		n->lookups = l->next;
		fail(n, l);
		free(l);
	}
	n->n_lookups = 0;
	n->parts_asked = 0;
}

/* One host of an answer, with the certificate of who signed. */
struct answer {
	struct decide_record records[REGISTRATION_DEVICES_MAX];
	struct span certificates[REGISTRATION_DEVICES_MAX];
	size_t n;
};

static bool has_record(const struct answer *a, const struct hit *hit)
{
	for (size_t i = 0; i < a->n; i++)
		if (hit_equal(&a->records[i].hit, hit))
			return true;
	return false;
}

static void collect_some(const struct overlay_output *out, bool proven,
			 struct answer *a)
{
	struct overlay_value v;
	size_t at = 0;

	while (a->n < REGISTRATION_DEVICES_MAX &&
	       overlay_value_next(out, DATA_DICTIONARY, &at, &v)) {
		if (v.proven != proven || has_record(a, &v.signer))
			continue;
		a->certificates[a->n] = v.certificate;
		a->records[a->n++] = (struct decide_record){
			.hit = v.signer,
			.proven = v.proven,
			.lifetime_s = v.stored.lifetime_s,
		};
	}
}

/* Proven ones first: they are not crowded out. */
static void collect(const struct overlay_output *out, struct answer *a)
{
	a->n = 0;
	collect_some(out, true, a);
	collect_some(out, false, a);
}

/* The Host Identity of a certificate, which was verified, into the event's
 * memory. */
static void add_identity(const struct node *n, struct event *e,
			 struct resolve_hit *h, struct span certificate,
			 size_t *used)
{
	struct certificate c;

	if (!e->bytes ||
	    certificate_verify(&n->session->authority, certificate.bytes,
			       certificate.len, n->wall_ms / 1000,
			       &c) != CERTIFICATE_OK)
		return;
	memcpy(e->bytes + *used, c.hi, c.hi_len);
	h->hi = e->bytes + *used;
	h->hi_len = c.hi_len;
	*used += c.hi_len;
}

static enum resolve_proof proof_of(enum proof proof)
{
	static const enum resolve_proof proofs[] = {
		[PROOF_PIN] = RESOLVE_PROOF_PIN,
		[PROOF_SELF] = RESOLVE_PROOF_SELF,
		[PROOF_AUTHORITY] = RESOLVE_PROOF_AUTHORITY,
		[PROOF_FIRST_USE] = RESOLVE_PROOF_FIRST_USE,
	};

	return proofs[proof];
}

static void tell_found(const struct node *n, struct event *e,
		       const struct decision *d, const struct answer *a)
{
	struct node_found *f = &e->found;
	size_t used = 0;

	f->result = RESOLVE_FOUND;
	f->lifetime_s = UINT32_MAX;
	e->bytes = malloc(d->n * HI_MAX + 1);
	for (size_t i = 0; i < d->n && f->n_hits < RESOLVE_HITS_MAX; i++) {
		struct resolve_hit *h = &f->hits[f->n_hits++];

		memcpy(h->hit, d->at[i].hit.bytes, sizeof(h->hit));
		h->proof = proof_of(d->proof);
		if (d->at[i].lifetime_s < f->lifetime_s)
			f->lifetime_s = d->at[i].lifetime_s;
		for (size_t k = 0; k < a->n; k++)
			if (!h->hi &&
			    hit_equal(&a->records[k].hit, &d->at[i].hit))
				add_identity(n, e, h, a->certificates[k],
					     &used);
	}
}

static void remember(struct node *n, const struct lookup *l,
		     const struct hit *hit)
{
	struct event *e = node_event(n, NODE_REMEMBER);

	if (!e)
		return;
	e->out.hit = *hit;
	e->name = strdup(l->name);
}

/* How it is with what was remembered: the operator is to know. */
static void tell_seen(struct node *n, const struct lookup *l,
		      const struct hit *hit, const struct decision *d)
{
	struct event *e = node_event(n, NODE_SEEN);

	if (!e)
		return;
	e->out.hit = *hit;
	e->name = strdup(l->name);
	for (size_t i = 0; i < d->n_against; i++)
		if (!hit_equal(&d->against[i], hit))
			e->found.against[e->found.n_against++] = d->against[i];
}

static void answer_name(struct node *n, const struct lookup *l,
			const struct overlay_output *out)
{
	struct event *e = node_event(n, NODE_FOUND);
	struct decide_question q = { .name = l->name,
				     .suffix = no_suffix,
				     .overlay = n->session->authority.overlay };
	struct answer a;
	struct decision d;
	struct hit before;
	int err = -ENOSYS;

	if (!e)
		return;
	e->out.id = l->id;
	e->name = strdup(l->name);
	collect(out, &a);
	q.records = a.records;
	q.n_records = a.n;
	if (n->conf.first_use)
		err = n->conf.first_use(n->conf.ctx, l->name, &before);
	if (err == 0)
		q.remembered = &before;
	q.first_use = n->first_use && (err == 0 || err == -ENOENT);
	decide(&q, &d);
	memcpy(e->found.against, d.against, sizeof(d.against));
	e->found.n_against = d.n_against;
	e->found.lifetime_s = ABSENT_S;
	if (d.verdict == VERDICT_FOUND)
		tell_found(n, e, &d, &a);
	else
		e->found.result = d.verdict == VERDICT_CONFLICT
					  ? RESOLVE_CONFLICT
					  : RESOLVE_ABSENT;
	if (d.verdict == VERDICT_FOUND && d.remember)
		remember(n, l, &d.at[0].hit);
	if (d.verdict == VERDICT_FOUND && d.remember)
		tell_seen(n, l, &d.at[0].hit, &d);
	else if (q.remembered && d.verdict != VERDICT_ABSENT)
		tell_seen(n, l, &before, &d);
}

static void answer_where(struct node *n, const struct lookup *l,
			 const struct overlay_output *out)
{
	struct event *e = node_event(n, NODE_HINT);
	struct locator at[KIND_LOCATORS_MAX];
	struct overlay_value v;
	size_t from = 0, count = 0;

	if (!e)
		return;
	e->out.hit = l->host;
	if (out->result != OVERLAY_FOUND ||
	    !overlay_value_next(out, DATA_SINGLE, &from, &v) ||
	    !kinds_locators_parse(v.stored.data, at, &count))
		return;
	/* Who lets hosts in judges for itself whether it is a member. */
	e->bytes = malloc(v.certificate.len);
	if (e->bytes) {
		memcpy(e->bytes, v.certificate.bytes, v.certificate.len);
		e->out.bytes = (struct span){ e->bytes, v.certificate.len };
	}
	for (size_t i = 0; i < count; i++) {
		enum locator_scope scope = locator_scope(&at[i]);

		if (scope != LOCATOR_SCOPE_NONE &&
		    scope != LOCATOR_SCOPE_LOOPBACK)
			e->out.locators[e->out.n_locators++] = at[i];
	}
}

/* In a ring by itself, though there were others when it was let in: that it
 * does not have a name says nothing. */
static bool is_cut_off(const struct node *n, const struct overlay_output *out)
{
	struct overlay_info info;

	overlay_info(node_core(n), &info);
	return out->result == OVERLAY_ABSENT && info.members == 0 &&
	       !n->session->is_founder;
}

/* Of a name of ours: whether it is found, and who else has it, as far as
 * anybody believes it. */
static void look_at_own(struct node *n, const struct lookup *l,
			const struct overlay_output *out)
{
	bool proven = strcmp(n->session->name, l->name) == 0;
	const struct hit *other = NULL;
	const struct hit *shown = saying_device(n, l->name);
	struct answer a;

	collect(out, &a);
	if (shown && has_record(&a, shown))
		other = shown; /* of several it stays the same */
	for (size_t i = 0; i < a.n && !other; i++)
		if (!hit_equal(&a.records[i].hit, &n->session->hit) &&
		    (a.records[i].proven || !proven))
			other = &a.records[i].hit;
	/* Who reached nobody has seen nothing. */
	if (!is_cut_off(n, out) &&
	    (out->result != OVERLAY_UNREACHABLE || out->len > 0))
		saying_on_seen(n, l->name, has_record(&a, &n->session->hit));
	if (proven && out->result == OVERLAY_FOUND)
		saying_on_device(n, l->name, other);
	else if (!proven && other)
		saying_on_conflict(n, l->name);
}

/* Whether a device of before is not in an answer, as far as that goes. */
static bool lacks_device(const struct node *n, const struct lookup *l,
			 const struct overlay_output *out)
{
	const struct hit *shown = saying_device(n, l->name);
	struct answer a;

	if (!shown || out->result != OVERLAY_FOUND)
		return false;
	collect(out, &a);
	return !has_record(&a, shown);
}

/* Whether this answer is not believed yet; when it is asked for again. */
static uint64_t again_after(const struct node *n, const struct lookup *l,
			    const struct overlay_output *out)
{
	if (l->what == ASKED_WHERE && out->result != OVERLAY_FOUND &&
	    l->tries < WHERE_TRIES)
		return WHERE_AGAIN_MS;
	if (l->what == ASKED_OWN && l->tries < OWN_TRIES &&
	    lacks_device(n, l, out))
		return OWN_AGAIN_MS;
	return 0;
}

/* Of our overlay's domain: what is not proven there is nobody's word. */
static bool has_proofs(const struct node *n, const char *name)
{
	return strcmp(name_domain(name), n->session->authority.overlay) == 0;
}

void asking_on_result(struct node *n, const struct overlay_output *out)
{
	struct lookup **at = &n->lookups, *l;
	uint64_t again_ms;

	while (*at && (*at)->core_id != out->id)
		at = &(*at)->next;
	l = *at;
	if (!l)
		return;
	again_ms = again_after(n, l, out);
	if (again_ms > 0) {
		l->again_ms = n->now_ms + again_ms;
		return;
	}
	*at = l->next;
	n->n_lookups--;
	switch (l->what) {
	case ASKED_NAME:
		if (is_cut_off(n, out) ||
		    (out->result == OVERLAY_UNREACHABLE &&
		     (out->len == 0 || has_proofs(n, l->name))))
			fail(n, l);
		else
			answer_name(n, l, out);
		break;
	case ASKED_WHERE:
		answer_where(n, l, out);
		break;
	case ASKED_LIST:
		lists_on_result(n, l->name, out);
		break;
	case ASKED_OWN:
		look_at_own(n, l, out);
		break;
	}
	free(l);
}
