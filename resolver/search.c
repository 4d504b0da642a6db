/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Looking a name up: RFC 6940 7.4.2, made robust. When all values together
 * are too long for an answer, Stat tells which there are, and each is fetched
 * by itself (pages). First the owner of the
 * first key is asked. When that does not give a value which the caller's
 * check accepts, rounds follow in which both keys are asked, copies besides
 * the owner (by aiming behind the place), and every time by another first
 * hop. A name is absent only when both keys say so, several times in all,
 * and a denial counts only from a node that may be near enough to know.
 * A careful search takes a value without a proof for no more than a denial:
 * a single holder could have made it up and kept the proven one back.
 */
#include "resolver/overlay_impl.h"

#include <stdlib.h>

enum {
	FETCH_WAIT_MS = 8000,
	ARG_SHIFT = 2,
	ARG_KEY = 1,  /* bits of a request's argument */
	ARG_PAGE = 2, /* it is for a single value */
	KEYS = 2,
	PAGE_VALUE_MAX = 1024, /* of a dictionary */
	VALUE_MAX = PAGE_VALUE_MAX + STORE_CERTIFICATE_MAX + 1024,
	PAGES_MAX = 16,
	KEPT_MAX = 2 * RELOAD_MESSAGE_MAX,
};

/* Values that come one by one. */
struct pages {
	bool asked; /* one by one: the Stat was answered */
	bool proven;
	uint8_t waiting;
	size_t len;
	uint8_t bytes[PAGES_MAX * VALUE_MAX];
};

struct search {
	struct search *next;
	uint64_t id, serial;
	struct overlay_lookup what;
	struct excluded firsts; /* first hops that were used */
	uint64_t round_ms;	/* then the next round begins */
	uint8_t rounds, waiting;
	uint8_t denials[KEYS];
	struct hit denier[KEYS];
	struct pages *pages; /* NULL: not needed */
	uint8_t paged;	     /* bits: one holder under each key may stall us */
	bool is_cut;	     /* something was not kept, for want of room */
	uint8_t *kept;	     /* values without a proof, KEPT_MAX; or NULL */
	size_t kept_len;
};

/* What an answer has. */
struct answer {
	struct wr values; /* that hold */
	bool proven;	  /* one of them is */
	size_t gone;	  /* withdrawn */
	bool told;	  /* it speaks of the Kind that was asked for */
	bool bad;	  /* some of what it says of it does not hold */
};

/* What each round asks: keys, and which holder is aimed at. */
static const struct round {
	uint8_t n;
	struct {
		uint8_t key, aim;
	} at[4];
} rounds[SEARCH_ROUNDS_MAX] = {
	{ 1, { { 0, 0 } } },
	{ 3, { { 1, 0 }, { 0, 1 }, { 1, 1 } } },
	{ 4, { { 0, 0 }, { 1, 0 }, { 0, 2 }, { 1, 2 } } },
	{ 4, { { 0, 1 }, { 1, 1 }, { 0, 0 }, { 1, 0 } } },
	{ 4, { { 0, 2 }, { 1, 2 }, { 0, 1 }, { 1, 1 } } },
	{ 4, { { 0, 0 }, { 1, 0 }, { 0, 3 }, { 1, 3 } } },
	{ 4, { { 0, 1 }, { 1, 1 }, { 0, 2 }, { 1, 2 } } },
	{ 4, { { 0, 0 }, { 1, 0 }, { 0, 1 }, { 1, 1 } } },
};

ring_t search_aim(const struct overlay *o, const struct resource_id *at,
		  unsigned int aim)
{
	ring_t gap = route_gap(&o->route);

	return id_of_resource(at) + aim * gap;
}

/* A holder of a key: besides the owner those behind it. Who has denied it is
 * the owner, or behind it: the next one stands right behind. From further off
 * than holders may be it would only lead away from them. */
static ring_t place_to_ask(const struct overlay *o, const struct search *s,
			   unsigned int key, unsigned int aim)
{
	ring_t from = id_of_resource(&s->what.resource[key]);
	ring_t denier = id_of_node(&s->denier[key]);
	ring_t gap = route_gap(&o->route);

	if (aim == 0 || s->denials[key] == 0 ||
	    id_distance(from, denier) / SEARCH_STEP_GAPS > gap)
		return search_aim(o, &s->what.resource[key], aim);
	return denier + 1 + (aim - 1) * gap;
}

static void write_question(const struct overlay *o, const struct search *s,
			   unsigned int key, struct wr *w)
{
	const struct kind *kind = store_kind(&o->store, s->what.kind);
	const struct resource_id *at = &s->what.resource[key];

	if (kind && kind->model == DATA_SINGLE)
		fetch_req_write_single(w, at, s->what.kind);
	else
		fetch_req_write_keys(w, at, s->what.kind, NULL, 0);
}

static void ask(struct overlay *o, struct search *s, unsigned int key,
		unsigned int aim)
{
	uint8_t body[64];
	struct wr w = wr_init(body, sizeof(body));
	struct resource_id place;
	struct link *first;
	struct asking a = { .purpose = PURPOSE_FETCH,
			    .arg = s->serial << ARG_SHIFT | key,
			    .tries = 1,
			    .wait_ms = FETCH_WAIT_MS,
			    .code = RELOAD_FETCH_REQ,
			    .n_to = 1,
			    .tried = &s->firsts };

	id_to_resource(place_to_ask(o, s, key, aim), &place);
	a.to[0] = destination_resource(&place);
	write_question(o, s, key, &w);
	a.body = (struct span){ body, wr_len(&w) };
	first = forward_first(o, &a.to[0], &s->firsts);
	if (!first || s->firsts.n == ROUTE_EXCLUDED_MAX)
		s->firsts.n = 0; /* begin with the best ones again */
	if (!request_start(o, &a))
		return;
	if (first)
		(void)excluded_add(&s->firsts, &first->node); /* has room */
	s->waiting++;
}

static void begin_round(struct overlay *o, struct search *s)
{
	const struct round *r = &rounds[s->rounds++];

	s->round_ms = o->now_ms + REQUEST_FIRST_MS;
	for (size_t i = 0; i < r->n; i++)
		ask(o, s, r->at[i].key, r->at[i].aim);
}

void search_start(struct overlay *o, const struct overlay_input *in)
{
	struct overlay_output *out;
	struct search *s = NULL;

	if (o->n_searches < OVERLAY_SEARCHES_MAX)
		s = calloc(1, sizeof(*s));
	if (!s) {
		out = output_new(o, OVERLAY_RESULT, 0);
		if (!out)
			return;
		out->id = in->id;
		out->result = OVERLAY_UNREACHABLE;
		output_push(o, out);
		return;
	}
	s->id = in->id;
	s->serial = o->next_id++;
	s->what = in->lookup;
	s->next = o->searches;
	o->searches = s;
	o->n_searches++;
	o->lookups++;
	begin_round(o, s);
}

static void free_search(struct search *s)
{
	free(s->pages);
	free(s->kept);
	free(s);
}

/* With what was kept behind the values. */
static void end(struct overlay *o, struct search *s, enum overlay_result result,
		const struct wr *values)
{
	size_t len = values ? wr_len(values) : 0;
	struct overlay_output *out =
		output_new(o, OVERLAY_RESULT, len + s->kept_len);
	struct search **at = &o->searches;

	if (out) {
		out->id = s->id;
		out->result = result;
		if (len > 0)
			memcpy(out->bytes, values->start, len);
		if (s->kept_len > 0)
			memcpy(out->bytes + len, s->kept, s->kept_len);
		output_push(o, out);
	}
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	o->n_searches--;
	free_search(s);
}

/* What nobody has proven, as long as there is room. */
static void keep(struct search *s, const struct wr *values)
{
	size_t len = wr_len(values);

	if (!s->kept)
		s->kept = malloc(KEPT_MAX);
	if (!s->kept || len > KEPT_MAX - s->kept_len) {
		s->is_cut = true;
		return;
	}
	memcpy(s->kept + s->kept_len, values->start, len);
	s->kept_len += len;
}

/* Both keys, and often enough: more often while our table is in the making,
 * for we may take ourselves, or another, for an owner that has just come. */
static bool is_absent(const struct overlay *o, const struct search *s)
{
	int enough = o->n_connecting > 0 ? SEARCH_ABSENT_UNSETTLED
					 : SEARCH_ABSENT_MIN;

	return s->denials[0] > 0 && s->denials[1] > 0 &&
	       s->denials[0] + s->denials[1] >= enough;
}

/* Nobody has a proof. Where values were left out, what was kept is no answer:
 * those that contradict it may be missing. */
static void end_unproven(struct overlay *o, struct search *s,
			 enum overlay_result result)
{
	if (s->is_cut) {
		s->kept_len = 0;
		result = OVERLAY_UNREACHABLE;
	} else if (s->kept_len > 0 && result == OVERLAY_ABSENT) {
		result = OVERLAY_FOUND;
	}
	end(o, s, result, NULL);
}

static void go_on(struct overlay *o, struct search *s)
{
	if (s->pages && s->pages->waiting > 0)
		return; /* it is there already, only not all of it */
	if (is_absent(o, s))
		end_unproven(o, s, OVERLAY_ABSENT);
	else if (s->rounds < SEARCH_ROUNDS_MAX &&
		 (s->waiting == 0 || s->round_ms <= o->now_ms))
		begin_round(o, s);
	else if (s->waiting == 0)
		end_unproven(o, s, OVERLAY_UNREACHABLE);
}

static void write_value(struct wr *w, const struct overlay_proof *proof,
			const struct delivery *d, const struct stored *v)
{
	struct span c = { NULL, 0 };

	if (proof->certificate < d->m.n_certificates)
		c = d->m.certificates[proof->certificate];
	wr_u8(w, proof->proven);
	wr_bytes(w, proof->signer.bytes, ID_LEN);
	wr_u16(w, (uint16_t)c.len);
	wr_bytes(w, c.bytes, c.len);
	wr_bytes(w, v->whole.bytes, v->whole.len);
}

/* The lifetime is not signed: what no store would take any more may be an old
 * one of its owner's, which somebody has held back. */
static bool is_of_now(const struct overlay *o, const struct stored *v)
{
	uint64_t wall_ms = overlay_wall_ms(o);

	return v->storage_time_ms <= wall_ms + STORE_SKEW_MS &&
	       v->storage_time_ms + STORE_LIFETIME_MAX_S * 1000ull > wall_ms;
}

/* 7.4.2.2: what whoever answers has no knowledge of. */
static bool is_synthetic(const struct stored *v)
{
	return !v->exists && v->signature.identity_type == SIGNER_NONE &&
	       v->signature.value_len == 0;
}

/* One value of an answer, if it holds; otherwise it is counted. */
static void collect_value(struct overlay *o, const struct overlay_claim *claim,
			  const struct delivery *d, bool careful,
			  struct answer *a)
{
	const struct overlay_check *check = &o->config->check;
	const struct stored *v = claim->value;
	struct overlay_proof proof = { .proven = false };

	if (!is_of_now(o, v) || !check->value(check->ctx, claim, &proof)) {
		o->disbelieved++;
		a->bad = true;
		return;
	}
	a->gone += !v->exists;
	if (!v->exists)
		return;
	o->disbelieved += careful && !proof.proven;
	a->proven |= proof.proven;
	write_value(&a->values, &proof, d, v);
}

static void collect(struct overlay *o, const struct search *s, unsigned int key,
		    const struct delivery *d, struct answer *a)
{
	const struct kind *kind = store_kind(&o->store, s->what.kind);
	struct store_kind sk;
	struct stored v;
	struct rd kinds;

	if (!kind ||
	    !fetch_ans_parse(rd_init(d->m.body.bytes, d->m.body.len), &kinds))
		return;
	while (fetch_ans_next(&kinds, &sk)) {
		if (sk.kind != kind->id)
			continue;
		while (stored_next(&sk.values, kind->model, &v)) {
			struct overlay_claim claim = {
				.resource = s->what.resource[key],
				.kind = kind,
				.value = &v,
				.certificates = d->m.certificates,
				.n_certificates = d->m.n_certificates,
				.wall_ms = overlay_wall_ms(o),
			};

			if (!is_synthetic(&v))
				collect_value(o, &claim, d, s->what.careful, a);
		}
		a->told = true;
		a->bad |= !rd_done(&sk.values);
	}
}

/* That there is nothing, or nothing any more, or nothing that is enough. */
static bool is_denial(const struct reply *r, const struct answer *a)
{
	if (r->error != 0)
		return r->error == RELOAD_ERROR_NOT_FOUND;
	return a->gone > 0 || wr_len(&a->values) > 0 || (a->told && !a->bad);
}

bool search_is_near(const struct overlay *o, const struct resource_id *at,
		    const struct hit *node)
{
	ring_t far = route_gap(&o->route);
	ring_t most = ~(ring_t)0;

	far = far > most / SEARCH_FAR_GAPS ? most : far * SEARCH_FAR_GAPS;
	return id_distance(id_of_resource(at), id_of_node(node)) <= far;
}

/* One node's word counts once, unless there are hardly others. */
static void count_denial(const struct overlay *o, struct search *s,
			 unsigned int key, const struct hit *node)
{
	if (!search_is_near(o, &s->what.resource[key], node) ||
	    (hit_equal(&s->denier[key], node) &&
	     route_members(&o->route) >= ROUTE_NEIGHBOURS))
		return;
	s->denier[key] = *node;
	s->denials[key]++;
}

/* Asks for what is under a key by itself; for all keys, what there is. */
static void ask_page(struct overlay *o, struct search *s, unsigned int key,
		     uint16_t code, const struct span *which)
{
	uint8_t body[64 + ID_LEN];
	struct wr w = wr_init(body, sizeof(body));
	struct asking a = { .purpose = PURPOSE_FETCH,
			    .arg = s->serial << ARG_SHIFT | ARG_PAGE | key,
			    .tries = 2,
			    .code = code,
			    .to = { destination_resource(
				    &s->what.resource[key]) },
			    .n_to = 1 };

	fetch_req_write_keys(&w, &s->what.resource[key], s->what.kind, which,
			     which ? 1 : 0);
	a.body = (struct span){ body, wr_len(&w) };
	if (!wr_failed(&w) && request_start(o, &a))
		s->pages->waiting++;
}

static void begin_pages(struct overlay *o, struct search *s, unsigned int key)
{
	const struct kind *kind = store_kind(&o->store, s->what.kind);

	if (s->pages || s->paged & 1u << key || !kind ||
	    kind->model != DATA_DICTIONARY)
		return;
	s->paged |= (uint8_t)(1u << key);
	s->pages = calloc(1, sizeof(*s->pages));
	if (s->pages)
		ask_page(o, s, key, RELOAD_STAT_REQ, NULL);
}

/* What a Stat says is there: each is asked for. */
static void ask_each(struct overlay *o, struct search *s, unsigned int key,
		     const struct delivery *d)
{
	struct store_kind sk;
	struct stored v;
	struct rd kinds;
	size_t n = 0;

	s->pages->asked = true;
	if (!fetch_ans_parse(rd_init(d->m.body.bytes, d->m.body.len), &kinds))
		return;
	while (fetch_ans_next(&kinds, &sk)) {
		while (sk.kind == s->what.kind && n < PAGES_MAX &&
		       stored_meta_next(&sk.values, DATA_DICTIONARY, &v)) {
			if (!v.exists || v.key.len > ID_LEN)
				continue;
			ask_page(o, s, key, RELOAD_FETCH_REQ, &v.key);
			n++;
		}
	}
}

/* Ends the search with values, if they are enough for it. */
static bool take_values(struct overlay *o, struct search *s,
			const struct answer *a)
{
	if (wr_len(&a->values) == 0 || wr_failed(&a->values))
		return false;
	if (s->what.careful && !a->proven) {
		keep(s, &a->values);
		return false;
	}
	end(o, s, OVERLAY_FOUND, &a->values);
	return true;
}

/* All came, or came to nothing. */
static void end_pages(struct overlay *o, struct search *s, unsigned int key,
		      const struct hit *from)
{
	struct pages *p = s->pages;
	struct answer a = { .values = wr_init(p->bytes, p->len),
			    .proven = p->proven };

	(void)wr_room(&a.values, p->len); /* what was written there already */
	if (take_values(o, s, &a))
		return;
	if (p->len > 0 && from)
		count_denial(o, s, key, from);
	free(p);
	s->pages = NULL; /* under the other key there may be more */
	go_on(o, s);
}

static void on_page(struct overlay *o, struct search *s, unsigned int key,
		    const struct reply *r)
{
	struct pages *p = s->pages;
	struct answer a = { .values = wr_init(p->bytes + p->len, VALUE_MAX) };

	p->waiting--;
	if (r->d && r->error == 0 && r->d->m.code == RELOAD_STAT_ANS &&
	    !p->asked) {
		ask_each(o, s, key, r->d);
	} else if (r->d && r->error == 0 && r->d->m.code == RELOAD_FETCH_ANS &&
		   p->len + VALUE_MAX <= sizeof(p->bytes)) {
		collect(o, s, key, r->d, &a);
		if (!wr_failed(&a.values)) {
			p->len += wr_len(&a.values);
			p->proven |= a.proven;
		}
	}
	if (p->waiting == 0)
		end_pages(o, s, key, r->d ? &r->d->source : NULL);
}

static struct search *find_search(const struct overlay *o, uint64_t serial)
{
	struct search *s = o->searches;

	while (s && s->serial != serial)
		s = s->next;
	return s;
}

void search_on_reply(struct overlay *o, const struct reply *r)
{
	unsigned int key = r->arg & ARG_KEY;
	struct search *s = find_search(o, r->arg >> ARG_SHIFT);
	uint8_t values[3 * RELOAD_MESSAGE_MAX];
	struct answer a = { .values = wr_init(values, sizeof(values)) };

	if (!s)
		return; /* it has ended meanwhile */
	if (r->arg & ARG_PAGE) {
		on_page(o, s, key, r);
		return;
	}
	s->waiting--;
	if (r->d && r->error == 0)
		collect(o, s, key, r->d, &a);
	if (take_values(o, s, &a))
		return;
	if (r->d && r->error == RELOAD_ERROR_RESPONSE_TOO_LARGE)
		begin_pages(o, s, key);
	if (r->d && is_denial(r, &a))
		count_denial(o, s, key, &r->d->source);
	go_on(o, s);
}

void search_tick(struct overlay *o)
{
	struct search *next;

	for (struct search *s = o->searches; s; s = next) {
		next = s->next;
		if (s->round_ms <= o->now_ms || s->waiting == 0)
			go_on(o, s);
	}
}

uint64_t search_deadline(const struct overlay *o)
{
	uint64_t due = UINT64_MAX;

	for (const struct search *s = o->searches; s; s = s->next) {
		if (s->pages && s->pages->waiting > 0)
			continue; /* the requests have their own clock */
		if (s->rounds < SEARCH_ROUNDS_MAX && s->round_ms < due)
			due = s->round_ms;
		else if (s->waiting == 0)
			due = o->now_ms; /* nothing could be sent */
	}
	return due;
}

void search_clear(struct overlay *o)
{
	while (o->searches) {
		struct search *s = o->searches;

		o->searches = s->next;
		free_search(s);
	}
	o->n_searches = 0;
}
