/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The four functions of a node, which hand every event to the file that
 * knows about it.
 */
#include "resolver/overlay_impl.h"

#include <assert.h>
#include <stdlib.h>

uint64_t overlay_about(struct overlay *o, uint64_t ms)
{
	uint64_t draw = env_random_u32(&o->config->env);

	return ms - ms / 4 + draw * (ms / 2) / UINT32_MAX;
}

struct overlay_output *output_new(struct overlay *o,
				  enum overlay_output_type type, size_t len)
{
	struct overlay_output *out;

	if (o->n_outputs >= OVERLAY_OUTPUTS_MAX)
		return NULL;
	out = malloc(sizeof(*out) + len);
	if (!out)
		return NULL;
	*out = (struct overlay_output){ .type = type, .len = len };
	return out;
}

void output_push(struct overlay *o, struct overlay_output *out)
{
	out->next = NULL;
	*o->last = out;
	o->last = &out->next;
	o->n_outputs++;
}

struct overlay_output *overlay_output(struct overlay *o)
{
	struct overlay_output *out = o->first;

	if (!out)
		return NULL;
	o->first = out->next;
	if (!o->first)
		o->last = &o->first;
	out->next = NULL;
	o->n_outputs--;
	return out;
}

void overlay_output_free(struct overlay_output *out)
{
	free(out);
}

static void set_identity(struct overlay *o)
{
	struct wr w = wr_init(o->identity, sizeof(o->identity));
	uint8_t hash[32];

	id_sha256(o->certificate.bytes, o->certificate.len, hash);
	signer_identity_write(&w, hash);
	assert(wr_len(&w) == sizeof(o->identity) && !wr_failed(&w));
}

void overlay_set_certificate(struct overlay *o, struct span certificate)
{
	o->certificate = certificate;
	set_identity(o);
	if (overlay_is_joined(o))
		neighbours_show(o);
}

struct overlay *overlay_new(const struct overlay_config *config,
			    const struct hit *node, struct span certificate,
			    bool founder, uint64_t wall_ms, uint64_t now_ms)
{
	struct overlay *o = calloc(1, sizeof(*o));
	uint8_t seed[TABLE_SEED_LEN];

	if (!o)
		return NULL;
	o->config = config;
	o->certificate = certificate;
	o->last = &o->first;
	o->now_ms = o->started_ms = now_ms;
	o->next_id = 1;
	overlay_set_wall(o, wall_ms, now_ms);
	route_init(&o->route, node);
	env_random(&config->env, seed, sizeof(seed));
	store_init(&o->store, config->kinds, config->n_kinds, seed);
	set_identity(o);
	o->requests_ms = UINT64_MAX;
	o->lack_ms = o->copies_ms = o->join_ms = UINT64_MAX;
	o->strays_ms = UINT64_MAX;
	o->doubt_ms = UINT64_MAX;
	o->stabilise_ms = now_ms + overlay_about(o, STABILISE_MS);
	o->finger_ms = now_ms + overlay_about(o, FINGER_MS);
	o->heal_ms = now_ms + overlay_about(o, HEAL_MS);
	o->miss_ms = o->table_ms = UINT64_MAX;
	o->sweep_ms = now_ms + overlay_about(o, SWEEP_MS);
	o->phase = founder ? PHASE_JOINED : PHASE_OUTSIDE;
	if (founder)
		copies_settle(o);
	else
		o->join_ms = now_ms + overlay_about(o, JOIN_RETRY_MS);
	return o;
}

void overlay_free(struct overlay *o)
{
	struct overlay_output *out;

	if (!o)
		return;
	while ((out = overlay_output(o)))
		overlay_output_free(out);
	outbox_clear(o);
	request_clear(o);
	search_clear(o);
	publish_clear(o);
	news_clear(o);
	links_clear(o);
	reassembly_free(o->reassembly);
	route_clear(&o->route);
	store_clear(&o->store);
	free(o);
}

/* Who is in the ring says so by an Update as soon as there is a link. */
static bool has_met_member(const struct overlay *o)
{
	for (size_t i = 0; i < o->route.n; i++) {
		if (o->route.links[i].began_s != 0)
			return true;
	}
	return false;
}

bool overlay_begin_alone(struct overlay *o, uint64_t now_ms)
{
	o->now_ms = now_ms;
	if ((o->phase != PHASE_OUTSIDE && o->phase != PHASE_SEEKING) ||
	    has_met_member(o))
		return overlay_is_joined(o);
	/* That a way in is a member was assumed: chord_on_up. */
	for (size_t i = 0; i < o->route.n; i++)
		o->route.links[i].flags &=
			(uint8_t) ~(LINK_BOOTSTRAP | LINK_IN_RING);
	chord_found(o);
	neighbours_enter(o); /* who waits for a ring has one */
	return true;
}

void overlay_set_wall(struct overlay *o, uint64_t wall_ms, uint64_t now_ms)
{
	o->wall_offset_ms = (int64_t)(wall_ms - now_ms);
}

/* A link that said nothing for long: a Ping shows whether it lives. Where its
 * end has given up what we do not need either, that is all. */
static void on_silent(struct overlay *o, const struct hit *peer)
{
	struct link *l = route_find(&o->route, peer);
	uint8_t body[8];
	struct wr w = wr_init(body, sizeof(body));
	struct asking a = { .purpose = PURPOSE_NOTHING,
			    .tries = 1,
			    .code = RELOAD_PING_REQ,
			    .to = { destination_node(peer) },
			    .n_to = 1 };

	if (!l || links_let_go(o, l))
		return;
	ping_req_write(&w, 0);
	a.body = (struct span){ body, wr_len(&w) };
	(void)request_start(o, &a); /* it will be silent again */
}

static void on_heard(struct overlay *o, const struct hit *peer)
{
	struct link *l = route_find(&o->route, peer);

	if (l)
		link_on_heard(l);
}

void overlay_input(struct overlay *o, const struct overlay_input *in,
		   uint64_t now_ms)
{
	o->now_ms = now_ms;
	switch (in->type) {
	case OVERLAY_BOOTSTRAP:
		chord_on_bootstrap(o, &in->peer);
		break;
	case OVERLAY_UP:
		links_on_up(o, &in->peer);
		break;
	case OVERLAY_DOWN:
		links_on_down(o, &in->peer);
		break;
	case OVERLAY_SILENT:
		on_silent(o, &in->peer);
		break;
	case OVERLAY_HEARD:
		on_heard(o, &in->peer);
		break;
	case OVERLAY_MESSAGE:
		forward_on_message(o, &in->peer, in->bytes);
		break;
	case OVERLAY_LOST:
		forward_on_lost(o, in->lost);
		break;
	case OVERLAY_SIGNED:
		if (!outbox_on_signed(o, in))
			(void)publish_on_signed(o, in); /* or too late */
		break;
	case OVERLAY_LOOKUP:
		search_start(o, in);
		break;
	case OVERLAY_PUBLISH:
		publish_start(o, in);
		break;
	case OVERLAY_LEAVE:
		chord_leave(o);
		break;
	case OVERLAY_REVIEW:
		links_review(o);
		break;
	}
}

void overlay_tick(struct overlay *o, uint64_t now_ms)
{
	o->now_ms = now_ms;
	request_tick(o);
	search_tick(o);
	links_expire(o);
	chord_tick(o);
	neighbours_tick(o);
	copies_tick(o);
	news_tick(o);
	store_expire(&o->store, overlay_wall_ms(o));
}

uint64_t overlay_deadline(const struct overlay *o)
{
	const uint64_t due[] = { o->requests_ms,    search_deadline(o),
				 links_deadline(o), neighbours_deadline(o),
				 o->join_ms,	    o->copies_ms,
				 o->strays_ms,	    news_deadline(o) };
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < sizeof(due) / sizeof(due[0]); i++) {
		if (due[i] < first)
			first = due[i];
	}
	return first;
}

bool overlay_value_next(const struct overlay_output *out, enum data_model model,
			size_t *at, struct overlay_value *value)
{
	struct overlay_value v = { .proven = false };
	struct rd r;

	if (*at >= out->len)
		return false;
	r = rd_init(out->bytes + *at, out->len - *at);
	v.proven = rd_u8(&r) != 0;
	rd_copy(&r, v.signer.bytes, ID_LEN);
	v.certificate.len = rd_u16(&r);
	v.certificate.bytes = rd_bytes(&r, v.certificate.len);
	if (!stored_next(&r, model, &v.stored))
		return false;
	*at = out->len - rd_left(&r);
	*value = v;
	return true;
}

void overlay_info(const struct overlay *o, struct overlay_info *out)
{
	*out = (struct overlay_info){
		.joined = overlay_is_joined(o),
		.links = o->route.n,
		.members = route_members(&o->route),
		.records = store_count(&o->store),
		.requests = o->n_requests,
		.publishes = o->n_publishes,
		.size_estimate = route_size(&o->route),
		.forwarded = o->forwarded,
		.answered = o->answered,
		.disbelieved = o->disbelieved,
		.lookups = o->lookups,
		.refused = o->refused,
		.news_told = o->news_told,
		.news_confirmed = o->news_confirmed,
	};
	for (unsigned int i = 1; i <= route_fingers_wanted(&o->route); i++)
		out->fingers += route_finger(&o->route, i) != NULL;
}

const struct route *overlay_route(const struct overlay *o)
{
	return &o->route;
}

struct store *overlay_store(struct overlay *o)
{
	return &o->store;
}

bool overlay_has_changes(const struct overlay *o)
{
	return o->store.n_changes > 0;
}
