/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What comes in goes to the overlay's node or to the file that knows about
 * it; what comes out is the caller's to do, or an answer to a question of
 * ours.
 */
#include "resolver/node_impl.h"

#include <errno.h>
#include <stdlib.h>

enum {
	EVENTS_MAX = 1024,
	SERIAL_SHIFT = 48,
	BURST = 10 * NODE_LOOKUPS_PER_S,
	SLEPT_MS = 300 * 1000, /* less is a clock that is set right */
};

struct node *node_new(const struct node_conf *conf)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->conf = *conf;
	n->last = &n->events;
	n->next_id = 1;
	n->tokens = BURST;
	return n;
}

static void free_event(struct event *e)
{
	if (!e)
		return;
	free(e->name);
	free(e->bytes);
	free(e);
}

static void drop_given(struct node *n)
{
	free_event(n->given);
	n->given = NULL;
	overlay_output_free(n->given_out);
	n->given_out = NULL;
}

static struct event *take_event(struct node *n)
{
	struct event *e = n->events;

	if (!e)
		return NULL;
	n->events = e->next;
	if (!n->events)
		n->last = &n->events;
	n->n_events--;
	return e;
}

void node_free(struct node *n)
{
	if (!n)
		return;
	drop_given(n);
	asking_clear(n);
	saying_clear(n);
	while (n->events)
		free_event(take_event(n));
	session_free(n->session);
	session_free(n->leaving);
	free(n);
}

struct event *node_event(struct node *n, enum node_output_type type)
{
	struct event *e =
		n->n_events < EVENTS_MAX ? calloc(1, sizeof(*e)) : NULL;

	if (!e)
		return NULL;
	e->out.type = type;
	e->out.reason = "";
	*n->last = e;
	n->last = &e->next;
	n->n_events++;
	return e;
}

uint64_t node_about(struct node *n, uint64_t ms)
{
	uint64_t draw = env_random_u32(&n->conf.env);

	return ms - ms / 10 + draw * (ms / 5) / UINT32_MAX;
}

bool node_is_linked(const struct node *n)
{
	struct overlay_info info;

	if (!n->session)
		return false;
	overlay_info(peer_overlay(n->session->peer), &info);
	return info.joined || info.members > 0;
}

/* After each input: what waited for a link, or for its time. */
static void settle(struct node *n)
{
	saying_answer(n);
	if (!node_is_linked(n))
		return;
	lists_fetch(n);
	saying_run(n);
}

static void count_tokens(struct node *n)
{
	uint64_t passed = n->now_ms - n->tokens_ms;
	uint64_t fresh = passed < BURST * 1000ull / NODE_LOOKUPS_PER_S
				 ? passed * NODE_LOOKUPS_PER_S / 1000
				 : BURST;

	if (fresh == 0)
		return;
	n->tokens_ms = n->now_ms;
	n->tokens =
		n->tokens + fresh < BURST ? n->tokens + (uint32_t)fresh : BURST;
}

static void begin(struct node *n, uint64_t now_ms)
{
	n->now_ms = now_ms;
	count_tokens(n);
}

/* Has the wall clock gone on without the other, as on a host that slept?
 * What we have published may have ended meanwhile. */
static bool has_slept(const struct node *n, uint64_t wall_ms, uint64_t now_ms)
{
	return n->wall_ms > 0 && n->wall_ms < wall_ms &&
	       wall_ms - n->wall_ms > now_ms - n->now_ms + SLEPT_MS;
}

void node_set_wall(struct node *n, uint64_t wall_ms, uint64_t now_ms)
{
	struct session *of[] = { n->session, n->leaving };
	bool slept = has_slept(n, wall_ms, now_ms);

	n->wall_ms = wall_ms;
	n->now_ms = now_ms;
	if (slept)
		saying_again(n);
	for (size_t i = 0; i < 2; i++) {
		if (!of[i])
			continue;
		overlay_set_wall(peer_overlay(of[i]->peer), wall_ms, now_ms);
		judge_set_time(of[i]->judge, wall_ms / 1000);
	}
}

/* Says Leave to the neighbours; asks nothing more. */
static void leave(struct node *n)
{
	const struct overlay_input in = { .type = OVERLAY_LEAVE };

	if (!n->session)
		return;
	session_free(n->leaving);
	n->leaving = n->session;
	n->leaving_ms = n->now_ms + NODE_LEAVE_MS;
	n->session = NULL;
	asking_clear(n);
	saying_forget(n);
	n->n_members = 0; /* of this overlay, not of the next */
	peer_input(n->leaving->peer, &in, n->now_ms);
}

int node_on_overlay(struct node *n, const struct resolve_overlay *o,
		    uint64_t now_ms)
{
	begin(n, now_ms);
	n->first_use = o->first_use;
	if (n->session && o->name[0] != '\0' && session_is_of(n->session, o)) {
		bool holds = session_renew(n, n->session, o);

		settle(n);
		return holds ? 0 : -EINVAL;
	}
	leave(n);
	/* Without a certificate we can say nothing that anybody believes. */
	if (o->name[0] == '\0' || o->certificate_len == 0)
		return 0;
	n->session = session_new(n, o);
	if (!n->session)
		return -EINVAL;
	lists_begin(n);
	saying_again(n);
	settle(n);
	return 0;
}

void node_on_locators(struct node *n, const struct resolve_places *p,
		      uint64_t now_ms)
{
	size_t kept = 0;

	begin(n, now_ms);
	for (size_t i = 0; i < p->n && kept < KIND_LOCATORS_MAX; i++) {
		enum locator_scope scope = locator_scope(&p->locators[i]);

		if (scope != LOCATOR_SCOPE_NONE &&
		    scope != LOCATOR_SCOPE_LOOPBACK)
			n->locators[kept++] = p->locators[i];
	}
	n->n_locators = kept;
	saying_changed(n, SAID_LOCATORS);
	settle(n);
}

/* To both, when one overlay is left for another. */
static void give(struct node *n, const struct overlay_input *in)
{
	if (n->session)
		peer_input(n->session->peer, in, n->now_ms);
	if (n->leaving)
		peer_input(n->leaving->peer, in, n->now_ms);
}

void node_on_up(struct node *n, const struct hit *peer, uint64_t now_ms)
{
	const struct overlay_input in = { .type = OVERLAY_UP, .peer = *peer };

	begin(n, now_ms);
	give(n, &in);
	settle(n);
}

void node_on_down(struct node *n, const struct hit *peer, uint64_t now_ms)
{
	const struct overlay_input in = { .type = OVERLAY_DOWN, .peer = *peer };

	begin(n, now_ms);
	give(n, &in);
	settle(n);
}

void node_on_where(struct node *n, const struct hit *host, uint64_t now_ms)
{
	struct event *e;

	begin(n, now_ms);
	for (const struct lookup *l = n->lookups; l; l = l->next)
		if (l->what == ASKED_WHERE && hit_equal(&l->host, host))
			return; /* the one answer will do */
	if (hit_is_hit(host) && asking_start(n, ASKED_WHERE, 0, "", host))
		return;
	e = node_event(n, NODE_HINT);
	if (e)
		e->out.hit = *host;
}

void node_on_signed(struct node *n, const struct resolve_signed *s,
		    uint64_t now_ms)
{
	struct overlay_input in = { .type = OVERLAY_SIGNED };
	struct session *of[] = { n->session, n->leaving };

	begin(n, now_ms);
	in.id = s->id & ((1ull << SERIAL_SHIFT) - 1);
	in.signature.hash_alg = s->hash_alg;
	in.signature.sig_alg = s->sig_alg;
	in.signature.value = (struct span){ s->signature, s->len };
	for (size_t i = 0; i < 2; i++)
		if (of[i] && of[i]->serial == s->id >> SERIAL_SHIFT)
			peer_input(of[i]->peer, &in, now_ms);
	settle(n);
}

void node_on_lookup(struct node *n, uint64_t id, const char *name,
		    uint64_t now_ms)
{
	struct event *e;

	begin(n, now_ms);
	if (n->tokens > 0 && asking_start(n, ASKED_NAME, id, name, NULL)) {
		n->tokens--;
		return;
	}
	e = node_event(n, NODE_FOUND);
	if (!e)
		return;
	e->out.id = id;
	e->found.result = RESOLVE_UNREACHABLE;
}

void node_on_publish(struct node *n, const struct resolve_publish *p,
		     uint64_t now_ms)
{
	begin(n, now_ms);
	saying_on_publish(n, p);
	settle(n);
}

bool node_on_revoked(struct node *n, struct span list, uint64_t now_ms)
{
	struct taken_list t;

	begin(n, now_ms);
	if (!n->session || !lists_take(n, list, &t))
		return false;
	if (list.len <= KIND_REVOCATIONS_LEN && !saying_list(n, list, &t))
		return false;
	settle(n);
	return true;
}

void node_on_datagram(struct node *n, const struct hit *from, struct span bytes,
		      uint64_t now_ms)
{
	begin(n, now_ms);
	if (n->session)
		peer_datagram(n->session->peer, from, bytes, now_ms);
	else if (n->leaving)
		peer_datagram(n->leaving->peer, from, bytes, now_ms);
	settle(n);
}

uint64_t node_deadline(const struct node *n)
{
	uint64_t due = NODE_NEVER, next;

	if (n->events)
		return n->now_ms;
	if (n->leaving) {
		next = session_deadline(n->leaving);
		due = next < n->leaving_ms ? next : n->leaving_ms;
	}
	next = saying_deadline(n);
	due = next < due ? next : due;
	next = asking_deadline(n);
	due = next < due ? next : due;
	if (!n->session)
		return due;
	next = session_deadline(n->session);
	due = next < due ? next : due;
	next = lists_deadline(n);
	return next < due ? next : due;
}

/* A new member among those to begin with; the oldest makes room. */
static void note_member(struct node *n, const struct hit *hit)
{
	struct event *e;

	if (node_has_member(n, hit))
		return;
	if (n->n_members == NODE_MEMBERS_MAX)
		memmove(n->members, n->members + 1,
			--n->n_members * sizeof(n->members[0]));
	n->members[n->n_members++] = *hit;
	e = node_event(n, NODE_MEMBER);
	if (e)
		e->out.hit = *hit;
}

static void note_members(struct node *n)
{
	const struct route *r = overlay_route(peer_overlay(n->session->peer));
	const struct link *l = route_successor(r, 0);

	for (size_t i = 0; i < NODE_MEMBERS_MAX / 2 && l; i++) {
		note_member(n, &l->node);
		l = route_successor(r, i + 1);
	}
}

/* Nothing keeps its links any more, but those of a new overlay. */
static void release_links(struct node *n)
{
	const struct route *r = overlay_route(peer_overlay(n->leaving->peer));

	for (size_t i = 0; i < r->n; i++) {
		struct event *e = NULL;

		if (!n->session ||
		    !route_find(overlay_route(node_core(n)), &r->links[i].node))
			e = node_event(n, NODE_RELEASE);
		if (e)
			e->out.hit = r->links[i].node;
	}
}

static void end_leaving(struct node *n)
{
	release_links(n);
	session_free(n->leaving);
	n->leaving = NULL;
	(void)node_event(n, NODE_LEFT); /* at the limit nobody waits for it */
}

void node_tick(struct node *n, uint64_t now_ms)
{
	begin(n, now_ms);
	if (n->session)
		session_tick(n, n->session);
	if (n->leaving)
		session_tick(n, n->leaving);
	if (n->leaving && n->leaving_ms <= now_ms)
		end_leaving(n);
	if (n->session) {
		lists_tick(n);
		note_members(n);
	}
	asking_tick(n);
	settle(n);
}

/* Carries out, or hands on. False when the caller has nothing to do. */
static bool on_output(struct node *n, struct session *s,
		      const struct overlay_output *o, struct node_output *out)
{
	out->hit = o->peer;
	out->bytes = (struct span){ o->bytes, o->len };
	switch (o->type) {
	case OVERLAY_SIGN:
		out->type = NODE_SIGN;
		out->id = (uint64_t)s->serial << SERIAL_SHIFT | o->id;
		return true;
	case OVERLAY_CONNECT:
		out->type = NODE_CONNECT;
		return s == n->session;
	case OVERLAY_CLOSE:
		out->type = NODE_RELEASE;
		return true;
	case OVERLAY_JOINED:
		out->type = NODE_JOINED;
		n->fetch_ms = n->now_ms; /* in another ring, maybe */
		s->alone_ms = NODE_NEVER;
		if (s == n->session)
			note_members(n);
		return s == n->session;
	case OVERLAY_RESULT:
		asking_on_result(n, o);
		break;
	case OVERLAY_STORED:
		saying_on_stored(n, o);
		break;
	case OVERLAY_STORED_ENOUGH:
		saying_on_enough(n, o);
		break;
	case OVERLAY_LEFT:
		if (s == n->leaving)
			n->leaving_ms = n->now_ms; /* the tick ends it */
		break;
	case OVERLAY_NEWS:
		if (s == n->session)
			lists_on_news(n, out->bytes);
		break;
	case OVERLAY_SEND:
		break; /* the peer's */
	}
	return false;
}

static bool give_output(struct node *n, struct session *s,
			struct node_output *out)
{
	struct overlay_output *o;

	while (s && (o = peer_output(s->peer, n->now_ms))) {
		if (on_output(n, s, o, out)) {
			n->given_out = o;
			return true;
		}
		overlay_output_free(o);
	}
	out->type = NODE_DATAGRAM;
	return s && peer_send(s->peer, &out->hit, &out->bytes, n->now_ms);
}

bool node_output(struct node *n, struct node_output *out, uint64_t now_ms)
{
	n->now_ms = now_ms;
	drop_given(n);
	for (;;) {
		*out = (struct node_output){ .reason = "" };
		n->given = take_event(n);
		if (n->given) {
			*out = n->given->out;
			out->name = n->given->name;
			out->found = &n->given->found;
			return true;
		}
		if (give_output(n, n->session, out) ||
		    give_output(n, n->leaving, out))
			return true;
		if (!n->events)
			return false;
	}
}

uint64_t node_storage_time(const struct node *n)
{
	return n->storage_ms;
}

struct overlay *node_core(const struct node *n)
{
	return n->session ? peer_overlay(n->session->peer) : NULL;
}

uint64_t node_list(const struct node *n, size_t *entries)
{
	const struct revocations *r =
		n->session ? judge_revocations(n->session->judge) : NULL;

	*entries = r ? r->n : 0;
	return r ? r->number : 0;
}

size_t node_missing_parts(const struct node *n)
{
	return n->session ? revocations_missing(
				    judge_revocations(n->session->judge))
			  : 0;
}

const char *node_name(const struct node *n, size_t i,
		      enum resolve_name_state *state, bool *proven)
{
	for (const struct publication *p = n->publications; p; p = p->next) {
		if (p->what != SAID_NAME || !p->exists || i-- > 0)
			continue;
		*state = p->state;
		*proven = n->session && strcmp(n->session->name, p->name) == 0;
		return p->name;
	}
	return NULL;
}
