/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What `contact`, `names` and `status` show of contacts.
 */
#include "daemon/contacting_impl.h"

#include "daemon/underlay.h"

/* What it is just now. */
static enum contact_state state_of(const struct contacting *x,
				   const struct contact *c, uint64_t now_ms)
{
	enum contact_state state = c->state;

	if (state == CONTACT_FOUND && c->until_ms <= now_ms)
		state = CONTACT_LOOKING;
	if (state == CONTACT_LOOKING && !underlay_is_joined(x->e->underlay))
		state = CONTACT_UNREACHABLE;
	return state;
}

static const char *reason_of(const struct contacting *x,
			     const struct contact *c, enum contact_state state)
{
	switch (state) {
	case CONTACT_ABSENT:
		if (underlay_awaited(x->e, c->name))
			return "this host is still joining its overlay";
		return underlay_has_name(x->e->underlay, c->name)
			       ? "no host of the overlay publishes it"
			       : "it is no name of an overlay of this host; "
				 "hipline pin binds it";
	case CONTACT_REFUSED:
		return "a host claims it, and nothing proves that";
	case CONTACT_CONFLICT:
		return "hosts contradict each other about it";
	case CONTACT_UNREACHABLE:
		return "the overlay does not answer";
	case CONTACT_LOOKING:
	case CONTACT_FOUND:
	case CONTACT_STATES:
		break;
	}
	return NULL;
}

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* Why the association is down that is wanted; NULL: it stands, or is none. */
static const char *down_reason(const struct contacting *x,
			       const struct contact *c, const struct hit *hit)
{
	const struct engine *e = x->e;
	struct host_assoc_info a = { .state = ASSOC_UNASSOCIATED };
	const char *last = unreached_reason(&e->unreached, hit);

	if (!c->keep || hit_equal(hit, identity_hit(e->id)))
		return NULL;
	if (!host_assoc_find(e->host, hit, &a))
		return last ? last : "no association stands";
	if (a.state == ASSOC_ESTABLISHED || a.state == ASSOC_R2_SENT)
		return NULL;
	return a.reason ? a.reason : last;
}

static json_t *hit_json(const struct contacting *x, const struct contact *c,
			const struct contact_hit *h, uint64_t now_ms)
{
	char text[HIT_TEXT_MAX];
	struct host_assoc_info a;
	json_t *left = json_null();
	json_t *o = json_object();

	hit_text(&h->hit, text);
	if (c->until_ms != CONTACT_FOREVER)
		left = json_integer(
			c->until_ms > now_ms
				? (json_int_t)((c->until_ms - now_ms) / 1000)
				: 0);
	if (json_object_set_new(o, "lifetime_s", left) == 0 &&
	    json_object_set_new(o, "hit", json_string(text)) == 0 &&
	    json_object_set_new(o, "proof",
				json_string(resolve_proof_text(h->proof))) ==
		    0 &&
	    json_object_set_new(o, "reason",
				text_json(down_reason(x, c, &h->hit))) == 0 &&
	    json_object_set_new(
		    o, "association",
		    text_json(host_assoc_find(x->e->host, &h->hit, &a)
				      ? assoc_state_text(a.state)
				      : NULL)) == 0)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *contact_json(const struct contacting *x, const struct contact *c)
{
	uint64_t now_ms = engine_now_ms();
	enum contact_state state = state_of(x, c, now_ms);
	json_t *hits = json_array(), *o = json_object();
	bool ok = json_object_set_new(o, "hits", hits) == 0;

	for (size_t i = 0; ok && i < c->n_hits; i++)
		ok = json_array_append_new(
			     hits, hit_json(x, c, &c->hits[i], now_ms)) == 0;
	ok = ok && json_object_set_new(o, "name", json_string(c->name)) == 0 &&
	     json_object_set_new(o, "keep", json_boolean(c->keep)) == 0 &&
	     json_object_set_new(o, "state",
				 json_string(contact_state_text(state))) == 0 &&
	     json_object_set_new(o, "reason",
				 text_json(reason_of(x, c, state))) == 0;
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

json_t *contacting_report(const struct contacting *x)
{
	json_t *array = json_array();
	const struct contact *c;

	for (size_t i = 0; x && (c = contacts_at(x->contacts, i)); i++)
		if (json_array_append_new(array, contact_json(x, c)) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}
