/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What a node does for others: Store, Find (RFC 6940 7.4.1, 7.4.4), Ping and
 * Probe (6.5.3, 6.4.2.5). A value is stored when its place is among those
 * that we own or hold a copy of, and when the caller's check says that its
 * signer may write there.
 */
#include "resolver/overlay_impl.h"

enum { STORE_VALUES_MAX = 32 };

bool storing_is_ours(const struct overlay *o,
		     const struct resource_id *resource)
{
	if (o->phase == PHASE_ASKING)
		return true; /* what the admitting peer hands over */
	return overlay_is_joined(o) &&
	       route_between(&o->route, id_of_resource(resource),
			     ROUTE_COPIES) < ROUTE_COPIES;
}

/* 10.4: copies come only from those who may own the original. */
static bool may_copy(const struct overlay *o, const struct delivery *d)
{
	const struct link *l = route_find(&o->route, &d->source);

	if (o->phase == PHASE_ASKING)
		return d->direct && hit_equal(&d->source, &o->admitting);
	return d->direct && l && link_has(l, LINK_IN_RING) &&
	       route_is_neighbour(&o->route, l->at);
}

static enum reload_error error_of(enum store_result res)
{
	switch (res) {
	case STORE_TAKEN:
	case STORE_SAME:
		return 0;
	case STORE_TOO_OLD:
		return RELOAD_ERROR_DATA_TOO_OLD;
	case STORE_WRONG_TIME: /* too old reads as: a newer one is here */
		return RELOAD_ERROR_FORBIDDEN;
	case STORE_TOO_LARGE:
	case STORE_QUOTA:
	case STORE_NO_MEMORY:
		break;
	}
	return RELOAD_ERROR_DATA_TOO_LARGE;
}

/*
 * A value with what its certificate proves; *adds is set when it is news that
 * is to be passed on.
 */
static bool check_value(struct overlay *o, const struct delivery *d,
			struct store_put *put, bool *adds)
{
	const struct overlay_check *check = &o->config->check;
	struct overlay_claim claim = { .resource = put->resource,
				       .kind = put->kind,
				       .value = &put->value,
				       .certificates = d->m.certificates,
				       .n_certificates = d->m.n_certificates,
				       .wall_ms = overlay_wall_ms(o) };
	struct overlay_proof proof = { .proven = false };

	if (!check->value(check->ctx, &claim, &proof))
		return false;
	put->signer = proof.signer;
	put->proven = proof.proven;
	put->certificate = (struct span){ NULL, 0 };
	if (proof.certificate < d->m.n_certificates)
		put->certificate = d->m.certificates[proof.certificate];
	if (put->kind->access == ACCESS_AUTHORITY && news_take(o, &claim))
		*adds = true;
	return true;
}

/* One Kind of a Store, and where its values are among all. */
struct part {
	struct store_kind sk;
	const struct kind *kind;
	size_t first, n;
};

struct storing {
	struct overlay *o;
	const struct delivery *d;
	struct store_req req;
	struct part parts[STORE_KINDS_MAX];
	struct store_put puts[STORE_VALUES_MAX];
	size_t n_parts, n;
	uint16_t n_new;	 /* of the values, those in slots that are free */
	bool is_passing; /* not ours to keep: a word of the authority's */
	bool adds;	 /* it is to be passed on */
	bool is_unkept;	 /* a copy, or a part of it, found no room here */
};

static bool is_same_slot(const struct store_put *a, const struct store_put *b)
{
	if (a->kind != b->kind)
		return false;
	return a->value.index == b->value.index &&
	       a->value.key.len == b->value.key.len &&
	       (a->value.key.len == 0 ||
		memcmp(a->value.key.bytes, b->value.key.bytes,
		       a->value.key.len) == 0);
}

/*
 * What the store would say of a value when those before it in the message
 * were taken: nothing is taken before all of it can be.
 */
static enum reload_error would_refuse(struct storing *s, const struct part *t,
				      struct store_put *p)
{
	const struct store *store = &s->o->store;
	enum reload_error error;
	bool is_new = !store_has(store, p);

	p->beside_all = s->n_new;
	for (const struct store_put *q = &s->puts[t->first]; q < p; q++) {
		if (!is_same_slot(p, q)) {
			p->beside += !store_has(store, q);
			continue;
		}
		if (p->value.storage_time_ms <= q->value.storage_time_ms)
			return RELOAD_ERROR_DATA_TOO_OLD;
		is_new = false;
	}
	error = error_of(store_check(store, p, overlay_wall_ms(s->o)));
	s->n_new += is_new;
	p->beside = p->beside_all = 0;
	return error;
}

/* Judges all values of one Kind. */
static enum reload_error judge(struct storing *s, struct part *t)
{
	struct rd values = t->sk.values;
	struct stored v;

	if (s->is_passing && t->kind->access != ACCESS_AUTHORITY)
		return RELOAD_ERROR_FORBIDDEN;
	t->first = s->n;
	for (; stored_next(&values, t->kind->model, &v); t->n++, s->n++) {
		struct store_put *p = &s->puts[s->n];
		enum reload_error error;

		if (s->n == STORE_VALUES_MAX)
			return RELOAD_ERROR_DATA_TOO_LARGE;
		*p = (struct store_put){ .resource = s->req.resource,
					 .kind = t->kind,
					 .value = v,
					 .replica = s->req.replica_number > 0 };
		if (!check_value(s->o, s->d, p, &s->adds))
			return RELOAD_ERROR_FORBIDDEN;
		/* A newer copy than the one that comes is no fault. */
		if (s->is_passing || p->replica)
			continue;
		error = would_refuse(s, t, p);
		if (error)
			return error;
	}
	return rd_done(&values) ? 0 : RELOAD_ERROR_INVALID_MESSAGE;
}

static uint64_t generation(const struct storing *s, const struct part *t)
{
	const struct place *p =
		store_find(&s->o->store, &s->req.resource, t->sk.kind);

	return p ? p->generation : 0;
}

/* 7.4.1.1: an original says 0, or the very generation that stands here. */
static bool is_of_generation(const struct storing *s)
{
	for (size_t i = 0; i < s->n_parts && s->req.replica_number == 0; i++) {
		const struct part *t = &s->parts[i];

		if (t->sk.generation != 0 &&
		    t->sk.generation != generation(s, t))
			return false;
	}
	return true;
}

/* 7.4.1.2: with the generation of each Kind, and without copies. */
static void refuse_generation(const struct storing *s)
{
	struct store_ans_kind ans[STORE_KINDS_MAX];
	uint8_t info[FORWARD_INFO_MAX];
	struct wr w = wr_init(info, sizeof(info));

	for (size_t i = 0; i < s->n_parts; i++)
		ans[i] = (struct store_ans_kind){
			.kind = s->parts[i].sk.kind,
			.generation = generation(s, &s->parts[i]),
		};
	store_ans_write(&w, ans, s->n_parts);
	forward_refuse_with(s->o, s->d, RELOAD_ERROR_GENERATION_COUNTER_TOO_LOW,
			    (struct span){ info, wr_len(&w) });
}

/* The Kinds, each once; those that nobody here knows are answered. */
static bool take_apart(struct storing *s)
{
	struct unknown_kinds unknown = { .n = 0 };
	struct rd kinds = s->req.kinds;
	struct store_kind sk;

	while (store_kind_next(&kinds, &sk)) {
		const struct kind *kind = store_kind(&s->o->store, sk.kind);

		if (!kind) {
			unknown_kinds_add(&unknown, sk.kind);
			continue;
		}
		for (size_t i = 0; i < s->n_parts; i++) {
			if (s->parts[i].kind == kind) /* 7.4.1.1: only once */
				kinds.failed = true;
		}
		if (!rd_failed(&kinds)) /* so there are no more than known */
			s->parts[s->n_parts++] =
				(struct part){ .sk = sk, .kind = kind };
	}
	if (!rd_done(&kinds) || s->n_parts + unknown.n == 0)
		forward_refuse(s->o, s->d, RELOAD_ERROR_INVALID_MESSAGE);
	else if (unknown.n > 0)
		forward_refuse_kinds(s->o, s->d, &unknown);
	else if (!is_of_generation(s))
		refuse_generation(s);
	else
		return true;
	return false;
}

/* 7.4.1.2: the generation, and who holds the copies. */
static struct store_ans_kind take(struct storing *s, const struct part *part,
				  uint8_t replicas[ID_LEN * ROUTE_COPIES])
{
	struct overlay *o = s->o;
	struct store_ans_kind ans = { .kind = part->sk.kind };
	struct wr w = wr_init(replicas, ID_LEN * ROUTE_COPIES);
	struct taken t = { .from = &s->d->source,
			   .is_copy = s->req.replica_number > 0 };
	struct place *place;
	size_t n_there = 0;

	for (size_t i = 0; i < part->n && !s->is_passing; i++) {
		enum store_result res =
			store_put(&o->store, &s->puts[part->first + i],
				  overlay_wall_ms(o));

		t.is_news |= res == STORE_TAKEN;
		n_there += res == STORE_TAKEN || res == STORE_SAME;
		s->is_unkept |= t.is_copy && res != STORE_TAKEN &&
				res != STORE_SAME && res != STORE_TOO_OLD;
	}
	place = store_find(&o->store, &s->req.resource, part->sk.kind);
	if (!place)
		return ans;
	t.is_all = n_there == part->n && n_there == place->n;
	if (t.is_copy && part->sk.generation > place->generation)
		store_set_generation(place, part->sk.generation);
	if (!t.is_copy &&
	    route_is_owner(&o->route, id_of_resource(&s->req.resource))) {
		if (t.is_news) /* else they have it, or it is on its way */
			copies_spread(o, place);
		for (size_t i = 0; i + 1 < ROUTE_COPIES; i++) {
			const struct link *l = route_successor(&o->route, i);

			if (l)
				wr_bytes(&w, l->node.bytes, ID_LEN);
		}
	}
	copies_on_taken(o, place, &t);
	ans.generation = place->generation;
	ans.replicas = (struct span){ replicas, wr_len(&w) };
	return ans;
}

/* Ours to keep, or news of somebody that we are linked with; or neither. */
static bool is_fit(struct storing *s)
{
	struct overlay *o = s->o;
	bool copy = s->req.replica_number > 0 || o->phase == PHASE_ASKING;

	if (storing_is_ours(o, &s->req.resource) &&
	    (!copy || may_copy(o, s->d)))
		return true;
	s->is_passing = s->d->direct && route_find(&o->route, &s->d->source);
	return s->is_passing;
}

/*
 * A word of the authority's stands alone in its Store: it is passed on as it
 * came, and nothing beside it can have the whole refused once it was taken.
 */
static bool is_one_word(const struct storing *s)
{
	struct rd kinds = s->req.kinds;
	struct store_kind sk;
	struct stored v;
	size_t n = 0, n_values = 0;
	bool of_authority = false;

	for (; store_kind_next(&kinds, &sk); n++) {
		const struct kind *kind = store_kind(&s->o->store, sk.kind);
		struct rd values = sk.values;

		if (!kind || kind->access != ACCESS_AUTHORITY)
			continue;
		of_authority = true;
		while (n_values < 2 && stored_next(&values, kind->model, &v))
			n_values++;
		if (!rd_done(&values))
			return false;
	}
	return !of_authority || (rd_done(&kinds) && n == 1 && n_values == 1);
}

/* 7.4.1.1: all of it is taken, or nothing. */
static enum reload_error judge_all(struct storing *s)
{
	enum reload_error error = 0;

	for (size_t i = 0; i < s->n_parts && !error; i++)
		error = judge(s, &s->parts[i]);
	if (s->adds) /* whatever becomes of it here */
		news_spread(s->o, s->d->m.body, s->puts[0].certificate,
			    &s->d->source);
	return error;
}

void storing_on_store(struct overlay *o, const struct delivery *d)
{
	uint8_t replicas[STORE_KINDS_MAX][ID_LEN * ROUTE_COPIES];
	struct store_ans_kind ans[STORE_KINDS_MAX];
	struct storing s = { .o = o, .d = d };
	uint8_t body[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(body, sizeof(body));
	enum reload_error error = 0;

	if (!store_req_parse(rd_init(d->m.body.bytes, d->m.body.len), &s.req) ||
	    !is_one_word(&s))
		error = RELOAD_ERROR_INVALID_MESSAGE;
	else if (!is_fit(&s))
		error = RELOAD_ERROR_FORBIDDEN;
	else if (!take_apart(&s))
		return;
	if (!error)
		error = judge_all(&s);
	if (error) {
		forward_refuse(o, d, error);
		return;
	}
	for (size_t i = 0; i < s.n_parts; i++)
		ans[i] = take(&s, &s.parts[i], replicas[i]);
	/* Whoever gives us a copy may let go of his own. */
	if (s.is_unkept) {
		forward_refuse(o, d, RELOAD_ERROR_DATA_TOO_LARGE);
		return;
	}
	store_ans_write(&w, ans, s.n_parts);
	forward_answer(o, d, RELOAD_STORE_ANS,
		       (struct span){ body, wr_len(&w) });
}

/* For each Kind the place that comes next behind a Resource-ID; all are
 * looked for in one pass, or a Find of many Kinds would cost many. */
static void find_closest(const struct overlay *o, ring_t at,
			 struct find_ans *ans)
{
	struct table_iter it = store_iterate(&o->store);
	const struct place *p;
	ring_t best[FIND_KINDS_MAX];

	for (size_t i = 0; i < ans->n; i++) {
		best[i] = ~(ring_t)0;
		memset(&ans->at[i].closest, 0, ID_LEN); /* 7.4.4.2: nothing */
	}
	while ((p = table_next(&it))) {
		struct resource_id here;
		ring_t distance;

		store_resource(p, &here);
		distance = id_distance(at, id_of_resource(&here));
		for (size_t i = 0; i < ans->n; i++) {
			if (p->kind->id != ans->at[i].kind ||
			    distance > best[i])
				continue;
			best[i] = distance;
			ans->at[i].closest = here;
		}
	}
}

/* It looks at everything that we hold: so many a second, no more. */
static bool may_find(struct overlay *o)
{
	uint32_t now_s = overlay_now_s(o);

	if (o->finds_s != now_s) {
		o->finds_s = now_s;
		o->n_finds = 0;
	}
	return o->n_finds++ < OVERLAY_FINDS_MAX;
}

void storing_on_find(struct overlay *o, const struct delivery *d)
{
	struct find_req req;
	struct find_ans ans = { .n = 0 };
	uint8_t body[FIND_KINDS_MAX * 32 + 8];
	struct wr w = wr_init(body, sizeof(body));

	if (!find_req_parse(rd_init(d->m.body.bytes, d->m.body.len), &req)) {
		forward_refuse(o, d, RELOAD_ERROR_INVALID_MESSAGE);
		return;
	}
	if (!overlay_is_joined(o) || !storing_is_ours(o, &req.resource)) {
		forward_refuse(o, d, RELOAD_ERROR_NOT_FOUND); /* 7.4.4.2 */
		return;
	}
	/* Of a Kind that nobody here knows nothing is held, either: 0. */
	for (size_t i = 0; i < req.n; i++)
		ans.at[ans.n++].kind = req.kinds[i];
	if (!may_find(o))
		return; /* it is asked again */
	find_closest(o, id_of_resource(&req.resource), &ans);
	find_ans_write(&w, &ans);
	forward_answer(o, d, RELOAD_FIND_ANS,
		       (struct span){ body, wr_len(&w) });
}

static uint32_t probed(const struct overlay *o, uint8_t type)
{
	const struct link *p = route_predecessor(&o->route, 0);

	if (type == PROBE_UPTIME)
		return (uint32_t)((o->now_ms - o->started_ms) / 1000);
	if (type == PROBE_NUM_RESOURCES)
		return (uint32_t)store_count(&o->store);
	/* Parts per billion of the ring. */
	return p ? (uint32_t)((id_distance(p->at, o->route.self) >> 64) /
			      (UINT64_MAX / 1000000000))
		 : 1000000000;
}

static void answer_probe(struct overlay *o, const struct delivery *d)
{
	struct probe_req req;
	struct probe_ans ans = { .n = 0 };
	uint8_t body[64];
	struct wr w = wr_init(body, sizeof(body));

	if (!probe_req_parse(rd_init(d->m.body.bytes, d->m.body.len), &req)) {
		forward_refuse(o, d, RELOAD_ERROR_INVALID_MESSAGE);
		return;
	}
	for (size_t i = 0; i < req.n; i++) {
		if (req.types[i] < PROBE_RESPONSIBLE_SET ||
		    req.types[i] > PROBE_UPTIME)
			continue; /* 6.4.2.5.1: unknown ones are left out */
		ans.at[ans.n].type = req.types[i];
		ans.at[ans.n++].value = probed(o, req.types[i]);
	}
	probe_ans_write(&w, &ans);
	forward_answer(o, d, RELOAD_PROBE_ANS,
		       (struct span){ body, wr_len(&w) });
}

void storing_on_probe(struct overlay *o, const struct delivery *d)
{
	struct ping_ans ans = { .time_ms = overlay_wall_ms(o) };
	uint8_t body[16];
	struct wr w = wr_init(body, sizeof(body));

	if (d->m.code == RELOAD_PROBE_REQ) {
		answer_probe(o, d);
		return;
	}
	if (!ping_req_parse(rd_init(d->m.body.bytes, d->m.body.len))) {
		forward_refuse(o, d, RELOAD_ERROR_INVALID_MESSAGE);
		return;
	}
	env_random(&o->config->env, &ans.response_id, sizeof(ans.response_id));
	ping_ans_write(&w, &ans);
	forward_answer(o, d, RELOAD_PING_ANS,
		       (struct span){ body, wr_len(&w) });
}
