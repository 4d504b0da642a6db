/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Copies of records: RFC 6940 7.4.1, 10.4, 10.7.3. The owner of a place
 * keeps a record and its next three successors hold copies. When neighbours
 * come and go, the owner gives to those who have not got it what they shall
 * hold; not before they have stayed for a while.
 */
#include "resolver/overlay_impl.h"

enum {
	BATCH_LEN = 3600, /* leaves room for lists and a signature */
};

struct batch {
	struct overlay *o;
	struct place *place;
	const struct hit *to;
	uint8_t number;
	uint8_t body[RELOAD_MESSAGE_MAX];
	struct wr w;
	struct store_writer s;
	struct span certificates[CERTIFICATES_MAX - 1];
	size_t n_certificates, certificates_len;
};

/* The next look at what its owner is not known to have. */
static void hurry(struct overlay *o, uint64_t ms)
{
	if (o->strays_ms > o->now_ms + ms)
		o->strays_ms = o->now_ms + ms;
}

static void batch_begin(struct batch *b)
{
	struct resource_id resource;

	store_resource(b->place, &resource);
	b->w = wr_init(b->body, sizeof(b->body));
	/* Who publishes knows of no generation, nor do we of the owner's. */
	b->s = store_req_begin(&b->w, &resource, b->number, b->place->kind->id,
			       b->to ? b->place->generation : 0);
	b->n_certificates = b->certificates_len = 0;
}

/* False when it does not go out now. */
static bool batch_end(struct batch *b)
{
	struct asking a = { .purpose = PURPOSE_COPY,
			    .tries = 1,
			    .code = RELOAD_STORE_REQ,
			    .n_to = 1,
			    .certificates = b->certificates,
			    .n_certificates = b->n_certificates };
	struct resource_id resource;

	store_resource(b->place, &resource);
	a.to[0] = b->to ? destination_node(b->to)
			: destination_resource(&resource);
	store_req_end(&b->w, &b->s);
	a.body = (struct span){ b->body, wr_len(&b->w) };
	if (wr_failed(&b->w) || !request_start(b->o, &a))
		return false;
	b->place->unanswered++; /* OVERLAY_REQUESTS_MAX at most */
	return true;
}

static void add_certificate(struct batch *b, struct span c)
{
	for (size_t i = 0; i < b->n_certificates; i++) {
		if (b->certificates[i].len == c.len &&
		    memcmp(b->certificates[i].bytes, c.bytes, c.len) == 0)
			return;
	}
	if (c.len == 0)
		return;
	b->certificates[b->n_certificates++] = c;
	b->certificates_len += c.len;
}

/* Whether a value with its certificate goes in the same Store as the others:
 * who is not known may refuse one, or have no room, and that would be all. */
static bool fits(const struct batch *b, const struct stored *v, struct span c)
{
	return b->to && b->n_certificates < CERTIFICATES_MAX - 1 &&
	       wr_len(&b->w) + b->certificates_len + v->whole.len + c.len <=
		       BATCH_LEN;
}

/*
 * Sends a place to a node that shall hold it too, as that copy; or, with NULL
 * and 0, to its owner, whoever that is, as its publisher does. False when not
 * all of it goes out now.
 */
static bool send_place(struct overlay *o, struct place *p, const struct hit *to,
		       uint8_t number)
{
	struct batch b = { .o = o, .place = p, .to = to, .number = number };
	bool empty = true, went = true;

	batch_begin(&b);
	for (const struct record *r = p->records; r; r = r->next) {
		struct span c = record_certificate(r);
		struct stored v;

		record_stored(p, r, overlay_wall_ms(o), &v);
		if (v.lifetime_s == 0)
			continue;
		if (!empty && !fits(&b, &v, c)) {
			went &= batch_end(&b);
			batch_begin(&b);
		}
		stored_write(&b.w, &v);
		add_certificate(&b, c);
		empty = false;
	}
	if (!empty)
		went &= batch_end(&b);
	return went;
}

void copies_spread(struct overlay *o, struct place *p)
{
	p->copy_failures = 0;
	for (uint8_t i = 0; i + 1 < ROUTE_COPIES; i++) {
		const struct link *l = route_successor(&o->route, i);

		if (l && !send_place(o, p, &l->node, (uint8_t)(i + 1))) {
			p->given = true;
			copies_on_change(o);
		}
	}
}

static ring_t place_at(const struct place *p)
{
	struct resource_id resource;

	store_resource(p, &resource);
	return id_of_resource(&resource);
}

/* How many members are between a place and us: 0, we own it. */
static size_t rank_of(const struct overlay *o, const struct place *p)
{
	return route_between(&o->route, place_at(p), ROUTE_COPIES);
}

/* To its owner, as far as is known: what that one has of it, it answers. */
static bool offer(struct overlay *o, struct place *p, const struct hit *to,
		  uint8_t number)
{
	for (struct record *r = p->records; r; r = r->next)
		r->with_owner = false;
	return send_place(o, p, to, number);
}

/* All look for it there from now on: that is for no hold time. */
static void hand(struct overlay *o, struct place *p, const struct hit *to)
{
	p->stray = p->handed = true;
	p->copy_failures = 0;
	if (!offer(o, p, to, 1))
		hurry(o, STRAY_SOON_MS);
}

static bool is_owner(const struct overlay *o, const struct place *p,
		     const struct hit *node)
{
	const struct link *owner = route_owner(&o->route, place_at(p));

	return owner && hit_equal(&owner->node, node);
}

void copies_hand_over(struct overlay *o, const struct hit *to)
{
	struct table_iter it = store_iterate(&o->store);
	struct place *p;

	while ((p = table_next(&it)))
		if (is_owner(o, p, to))
			hand(o, p, to);
}

/* What was ours a moment ago may have come to us after the newcomer was
 * admitted, or by another. */
void copies_make_way(struct overlay *o, const struct hit *to)
{
	struct table_iter it = store_iterate(&o->store);
	struct place *p;

	while ((p = table_next(&it)))
		if (is_owner(o, p, to) && (p->stray || rank_of(o, p) == 1))
			hand(o, p, to);
}

void copies_settle(struct overlay *o)
{
	const struct link *l;

	for (size_t i = 0; i + 1 < ROUTE_COPIES; i++) {
		l = route_successor(&o->route, i);
		o->copied_to[i] = l ? l->node : o->route.node;
	}
	l = route_predecessor(&o->route, 0);
	o->copied_from = o->owned_from = l ? l->at : o->route.self;
	for (size_t i = 0; i < ROUTE_COPIES; i++) {
		l = route_predecessor(&o->route, i);
		o->owners[i] = l ? l->at : o->route.self;
	}
	o->copies_ms = UINT64_MAX;
}

static bool is_next(const struct overlay *o, const struct hit *node)
{
	for (size_t i = 0; i + 1 < ROUTE_COPIES; i++) {
		const struct link *l = route_successor(&o->route, i);

		if (l && hit_equal(&l->node, node))
			return true;
	}
	return false;
}

/*
 * Who came between had others drop what it holds now, and may be gone again
 * before we look: what we count on does not outlive it.
 */
static void narrow(struct overlay *o)
{
	const struct link *p = route_predecessor(&o->route, 0);

	for (size_t i = 0; i + 1 < ROUTE_COPIES; i++) {
		if (!is_next(o, &o->copied_to[i]))
			o->copied_to[i] = o->route.node; /* nobody */
	}
	if (p && id_is_between(o->copied_from, p->at, o->route.self))
		o->copied_from = p->at;
}

void copies_on_change(struct overlay *o)
{
	if (!overlay_is_joined(o))
		return;
	narrow(o);
	if (store_count(&o->store) == 0)
		copies_settle(o);
	else if (o->copies_ms == UINT64_MAX)
		o->copies_ms = o->now_ms + overlay_about(o, COPY_HOLD_MS);
}

/*
 * Who gives a place away may have owned it for a moment only, when many join
 * at once: its successors and ours are not those that hold the copies. And
 * what reached us past its owner, which was in doubt, the owner may not have.
 */
void copies_on_taken(struct overlay *o, struct place *p, const struct taken *t)
{
	const struct link *owner = route_owner(&o->route, place_at(p));
	bool is_ours = rank_of(o, p) == 0;

	if (!t->is_copy && (is_ours || !t->is_news))
		return; /* it is spread as it comes, or not new */
	if (t->is_copy && owner && hit_equal(&owner->node, t->from)) {
		if (t->is_all)
			p->stray = false; /* its owner has it */
		return;
	}
	if (is_ours) {
		p->given = true;
	} else if (t->is_news) {
		p->stray = true;
		p->copy_failures = 0;
		hurry(o, STRAY_SOON_MS);
	} else {
		return;
	}
	copies_on_change(o);
}

/* Whether an answer to what was sent to a place may be its owner's. Any hop on
 * the way can answer: nobody that we know stands nearer, and it is near. */
static bool may_own(const struct overlay *o, const struct place *p,
		    const struct hit *node)
{
	const struct link *known = route_owner(&o->route, place_at(p));
	struct resource_id resource;

	store_resource(p, &resource);
	return search_is_near(o, &resource, node) && known &&
	       id_distance(place_at(p), id_of_node(node)) <=
		       id_distance(place_at(p), known->at);
}

/*
 * Whether the owner of a place says that it has what was sent. What goes to
 * the place goes value by value, and is taken once only: copies alone may be
 * what is there already.
 */
static bool owner_says(const struct overlay *o, const struct place *p,
		       const struct reply *r, const struct store_req *req)
{
	if (!r->d)
		return false;
	if (req->replica_number > 0)
		return !r->error && is_owner(o, p, &r->d->source);
	return (!r->error || r->error == RELOAD_ERROR_DATA_TOO_OLD) &&
	       may_own(o, p, &r->d->source);
}

static bool is_same(const struct stored *a, const struct stored *b)
{
	return a->storage_time_ms == b->storage_time_ms &&
	       a->value.len == b->value.len &&
	       memcmp(a->value.bytes, b->value.bytes, a->value.len) == 0;
}

/* The values of a Store that are still what we have: their owner has them. */
static void note_with_owner(struct place *p, const struct store_kind *kind)
{
	struct rd values = kind->values;
	struct stored sent, have;

	while (stored_next(&values, p->kind->model, &sent)) {
		for (struct record *r = p->records; r; r = r->next) {
			record_stored(p, r, 0, &have);
			r->with_owner |= is_same(&sent, &have);
		}
	}
}

static bool is_with_owner(const struct place *p)
{
	const struct record *r = p->records;

	while (r && r->with_owner)
		r = r->next;
	return !r;
}

/* It is sent again when its hold time is over. */
static void note_failure(struct overlay *o, struct place *p)
{
	p->given = true;
	copies_on_change(o);
}

/* Of what its owner may not have; when it has it, or a newer one, who need not
 * have it lets go of it at the next look. */
static void on_offered(struct overlay *o, struct place *p, bool failed)
{
	bool again = p->copy_failures < OVERLAY_COPY_TRIES_MAX;

	if (is_with_owner(p)) {
		p->stray = p->given = false;
		p->copy_failures = 0;
		if (rank_of(o, p) == ROUTE_COPIES)
			copies_on_change(o);
		return;
	}
	if (failed && again)
		note_failure(o, p);
	if (p->unanswered == 0 && again)
		hurry(o, (uint64_t)STRAY_SOON_MS << p->copy_failures++);
}

/* Who never takes it has so many tries in a row. */
static void on_copied(struct overlay *o, struct place *p, bool failed)
{
	if (!failed && p->unanswered == 0 && !p->given)
		p->copy_failures = 0;
	if (!failed || p->given || p->copy_failures >= OVERLAY_COPY_TRIES_MAX)
		return;
	p->copy_failures++;
	note_failure(o, p);
}

void copies_on_reply(struct overlay *o, const struct reply *r)
{
	struct store_req req;
	struct store_kind kind;
	struct place *p = NULL;
	bool failed = !r->d || r->error;

	if (store_req_parse(rd_init(r->request.bytes, r->request.len), &req) &&
	    store_kind_next(&req.kinds, &kind))
		p = store_find(&o->store, &req.resource, kind.kind);
	if (!p)
		return;
	if (p->unanswered > 0)
		p->unanswered--;
	if (!p->stray) {
		on_copied(o, p, failed);
		return;
	}
	if (owner_says(o, p, r, &req))
		note_with_owner(p, &kind);
	on_offered(o, p, failed);
}

/*
 * To its owner, where it is not us. When as many as we know have come between
 * that is none of our links, and only what is routed finds it.
 */
static bool give_back(struct overlay *o, struct place *p)
{
	const struct link *l = route_owner(&o->route, place_at(p));

	if (route_between(&o->route, place_at(p), ROUTE_NEIGHBOURS) ==
	    ROUTE_NEIGHBOURS)
		return offer(o, p, NULL, 0);
	return l && offer(o, p, &l->node, 1);
}

/* What came past its owner is looked for there now, not after a hold time. */
static void strays_tick(struct overlay *o)
{
	struct table_iter it = store_iterate(&o->store);
	struct place *p;

	if (o->strays_ms > o->now_ms)
		return;
	o->strays_ms = UINT64_MAX;
	if (!overlay_is_joined(o))
		return;
	while ((p = table_next(&it))) {
		if (!p->stray || p->unanswered > 0 ||
		    p->copy_failures >= OVERLAY_COPY_TRIES_MAX ||
		    rank_of(o, p) == 0 || give_back(o, p))
			continue;
		p->copy_failures++; /* there is no room, perhaps */
		hurry(o, 2 * STRAY_SOON_MS);
	}
}

static bool has_copies(const struct overlay *o, const struct hit *node)
{
	for (size_t i = 0; i + 1 < ROUTE_COPIES; i++) {
		if (hit_equal(&o->copied_to[i], node))
			return true;
	}
	return false;
}

/* A place that we own: to those successors that have not got it. */
static bool complete(struct overlay *o, struct place *p, bool newly_ours)
{
	bool went = true;

	for (uint8_t i = 0; i + 1 < ROUTE_COPIES; i++) {
		const struct link *l = route_successor(&o->route, i);

		if (l && (newly_ours || !has_copies(o, &l->node)))
			went &= send_place(o, p, &l->node, (uint8_t)(i + 1));
	}
	return went;
}

/*
 * Whose a place was when we looked last is gone. Who owns it now may have come
 * so late that it never got it, or took the dead one for the owner.
 */
static bool has_lost_owner(const struct overlay *o, ring_t at)
{
	ring_t owner = o->route.self;

	for (size_t i = 0; i < ROUTE_COPIES; i++) {
		if (id_distance(at, o->owners[i]) < id_distance(at, owner))
			owner = o->owners[i];
	}
	if (owner == o->route.self)
		return false;
	for (size_t i = 0; i < ROUTE_NEIGHBOURS; i++) {
		const struct link *l = route_predecessor(&o->route, i);

		if (l && l->at == owner)
			return false;
	}
	return true;
}

/* False when not all that was to go out could. */
static bool review(struct overlay *o, struct place *p)
{
	ring_t at = place_at(p), self = o->route.self;
	size_t rank = rank_of(o, p);
	bool was_given = p->given, was_handed = p->handed;

	p->given = p->handed = false;
	if (rank == 0) {
		p->stray = false;
		p->given = !complete(
			o, p,
			was_given || !id_is_between(o->copied_from, at, self));
		return !p->given;
	}
	p->stray |= was_given ||
		    (!was_handed && id_is_between(o->owned_from, at, self)) ||
		    has_lost_owner(o, at);
	if (p->stray)
		return p->unanswered > 0 || give_back(o, p);
	if (rank == ROUTE_COPIES)
		store_drop(&o->store, p); /* four others have it */
	return true;
}

void copies_tick(struct overlay *o)
{
	struct table_iter it;
	struct place *p;
	bool went = true;

	strays_tick(o);
	if (o->copies_ms > o->now_ms)
		return;
	if (!overlay_is_joined(o)) {
		o->copies_ms = UINT64_MAX; /* it has left meanwhile */
		return;
	}
	it = store_iterate(&o->store);
	while ((p = table_next(&it)))
		went &= review(o, p);
	copies_settle(o);
	if (!went)
		copies_on_change(o);
}

void copies_leave(struct overlay *o)
{
	struct table_iter it = store_iterate(&o->store);
	const struct link *next = route_successor(&o->route, 0);
	struct hit to;
	struct place *p;

	if (!next)
		return;
	to = next->node;
	while ((p = table_next(&it))) {
		if (route_is_owner(&o->route, place_at(p)))
			(void)send_place(o, p, &to, 1); /* we are going */
	}
}
