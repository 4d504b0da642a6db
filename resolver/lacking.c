/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Neighbours that are lacking: one went without a word, or could not be
 * reached. One that is left on that side is asked for its table (RFC 6940
 * 10.7.4), and another when none comes.
 */
#include "resolver/overlay_impl.h"

/* Later each time: there may be nobody who has one for us. */
static void wait_for_table(struct overlay *o)
{
	uint64_t due_ms = o->now_ms + ((uint64_t)TABLE_MS << o->no_tables);

	if (due_ms < o->table_ms)
		o->table_ms = due_ms;
}

void lacking_ask_table(struct overlay *o, const struct hit *peer,
		       unsigned int sides)
{
	struct asking a = { .purpose = PURPOSE_TABLE,
			    .arg = sides,
			    .tries = 2,
			    .code = RELOAD_ROUTE_QUERY_REQ,
			    .to = { destination_node(peer) },
			    .n_to = 1 };
	struct route_query_req q = {
		.send_update = true,
		.destination = destination_node(&o->route.node),
	};
	uint8_t body[64];
	struct wr w = wr_init(body, sizeof(body));

	route_query_req_write(&w, &q);
	a.body = (struct span){ body, wr_len(&w) };
	o->awaited |= (uint8_t)sides;
	for (unsigned int i = 0; i < SIDES; i++)
		if (sides & 1u << i)
			o->asked[i] = *peer;
	if (!request_start(o, &a) && sides != 0)
		wait_for_table(o);
}

/* Who was asked for its table has sent one. */
void lacking_on_table(struct overlay *o, const struct hit *from)
{
	for (unsigned int i = 0; i < SIDES; i++)
		if (hit_equal(&o->asked[i], from))
			o->awaited &= (uint8_t) ~(1u << i);
	if (o->awaited == 0) {
		o->table_ms = UINT64_MAX;
		o->no_tables = 0;
	}
}

static void lack(struct overlay *o, unsigned int sides, uint64_t ms)
{
	if (sides == 0)
		return;
	o->sides |= (uint8_t)sides;
	if (o->lack_ms > o->now_ms + ms)
		o->lack_ms = o->now_ms + ms;
}

void lacking_on_failure(struct overlay *o, ring_t at)
{
	const struct route *r = &o->route;
	const struct link *s = route_successor(r, ROUTE_NEIGHBOURS - 1);
	const struct link *p = route_predecessor(r, ROUTE_NEIGHBOURS - 1);
	ring_t distance = id_distance(r->self, at);
	unsigned int sides = 0;

	if (!s || distance <= id_distance(r->self, s->at))
		sides |= SIDE_SUCCESSORS;
	if (!p || distance >= id_distance(r->self, p->at))
		sides |= SIDE_PREDECESSORS;
	if (!overlay_is_joined(o) || sides == 0)
		return;
	if (o->n_lacking < ROUTE_NEIGHBOURS)
		o->n_lacking++;
	lack(o, sides, LACK_MS);
}

static void on_no_table(struct overlay *o, unsigned int sides, uint64_t ms)
{
	if (o->no_tables < OVERLAY_NO_TABLES_MAX)
		o->no_tables++;
	lack(o, sides, ms);
}

/* A good answer is no table yet, and may be all that ever comes. */
void lacking_on_reply(struct overlay *o, const struct reply *r)
{
	unsigned int sides = (unsigned int)r->arg & o->awaited;

	if (sides == 0)
		return;
	if (!r->d || r->error) /* not each second for ever */
		on_no_table(o, sides, (uint64_t)LACK_MS << o->no_tables);
	else
		wait_for_table(o);
}

void lacking_on_loss(struct overlay *o, const struct link *l)
{
	const struct route *r = &o->route;

	lacking_on_failure(o, l->at);
	if (overlay_is_joined(o) && route_is_finger(r, l)) {
		o->next_finger = (uint8_t)route_finger_index(r, l->at);
		if (o->finger_ms > o->now_ms + FINGER_SOON_MS)
			o->finger_ms =
				o->now_ms + overlay_about(o, FINGER_SOON_MS);
	}
}

/*
 * Who has lost a neighbour lacks the one that comes next, the ninth as it
 * was. Any that is left on that side knows it, as one of its own eight, and
 * knows it whether or not it has noticed the loss; those in the middle know
 * it even when some more are lost. The more are lost at once, the nearer: what
 * comes behind the last of them is a finger, which knows other places. By
 * chance, so that who does not answer is not all that there is; and not the
 * one that was asked before and has given no table, unless there is no other.
 */
static const struct link *who_knows(struct overlay *o, enum side side)
{
	enum { FIRST = ROUTE_NEIGHBOURS / 4 };
	uint32_t first = FIRST + env_random_u32(&o->config->env) %
					 (ROUTE_NEIGHBOURS / 2);
	const struct link *silent = NULL;

	first -= first < o->n_lacking ? first : o->n_lacking;
	for (uint32_t k = 0; k < ROUTE_NEIGHBOURS; k++) {
		uint32_t i = k <= first ? first - k : k;
		const struct link *l =
			side == SIDE_SUCCESSORS
				? route_successor(&o->route, i)
				: route_predecessor(&o->route, i);

		if (l && (!(o->awaited & side) ||
			  !hit_equal(&l->node, &o->asked[side - 1])))
			return l;
		if (l)
			silent = l;
	}
	return silent;
}

static void ask_for_lacking(struct overlay *o)
{
	const struct link *ahead = NULL, *behind = NULL;

	if (o->sides & SIDE_SUCCESSORS)
		ahead = who_knows(o, SIDE_SUCCESSORS);
	if (o->sides & SIDE_PREDECESSORS)
		behind = who_knows(o, SIDE_PREDECESSORS);
	/* Where hardly any is left the ring knows best who is next. */
	if (o->n_lacking >= ROUTE_NEIGHBOURS / 2)
		neighbours_ping(o, PURPOSE_HEAL, o->route.self + 1, NULL);
	o->lack_ms = UINT64_MAX;
	o->awaited &= (uint8_t)~o->sides;
	o->sides = o->n_lacking = 0;
	if (ahead)
		lacking_ask_table(o, &ahead->node,
				  behind == ahead
					  ? SIDE_SUCCESSORS | SIDE_PREDECESSORS
					  : SIDE_SUCCESSORS);
	if (behind && behind != ahead)
		lacking_ask_table(o, &behind->node, SIDE_PREDECESSORS);
}

void lacking_tick(struct overlay *o)
{
	if (o->table_ms <= o->now_ms) {
		o->table_ms = UINT64_MAX;
		on_no_table(o, o->awaited, LACK_MS);
	}
	if (o->lack_ms <= o->now_ms)
		ask_for_lacking(o);
}
