/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Transactions: RFC 6940 6.2.1. The hops repeat what is lost between two
 * neighbours; a request is repeated from end to end only when nothing came
 * back for seconds, under the same transaction id. An answer counts when its
 * id is known and its maker is who was asked, where that was a node.
 */
#include "resolver/overlay_impl.h"

#include <assert.h>
#include <stdlib.h>

struct request {
	struct request *next;
	uint64_t transaction_id, due_ms, wait_ms, arg;
	enum purpose purpose;
	uint16_t code;
	uint8_t tries, n_to;
	struct destination to[REQUEST_DESTINATIONS_MAX];
	struct excluded tried;
	size_t len;
	uint8_t body[];
};

static void send_request(struct overlay *o, const struct request *r,
			 const struct span *certificates, size_t n)
{
	struct envelope e = { .transaction_id = r->transaction_id,
			      .to = r->to,
			      .n_to = r->n_to,
			      .code = r->code,
			      .body = { r->body, r->len },
			      .certificates = certificates,
			      .n_certificates = n,
			      .tried = &r->tried };

	outbox_send(o, &e);
}

bool request_start(struct overlay *o, const struct asking *a)
{
	struct request *r;

	assert(a->n_to > 0 && a->n_to <= REQUEST_DESTINATIONS_MAX);
	if (o->n_requests >= OVERLAY_REQUESTS_MAX)
		return false;
	r = malloc(sizeof(*r) + a->body.len);
	if (!r)
		return false;
	*r = (struct request){ .purpose = a->purpose,
			       .arg = a->arg,
			       .code = a->code,
			       .tries = a->tries,
			       .n_to = (uint8_t)a->n_to,
			       .wait_ms = a->wait_ms ? a->wait_ms
						     : REQUEST_FIRST_MS,
			       .len = a->body.len };
	r->due_ms = o->now_ms + r->wait_ms;
	env_random(&o->config->env, &r->transaction_id,
		   sizeof(r->transaction_id));
	memcpy(r->to, a->to, a->n_to * sizeof(a->to[0]));
	if (a->tried)
		r->tried = *a->tried;
	memcpy(r->body, a->body.bytes, a->body.len);
	r->next = o->requests;
	o->requests = r;
	o->n_requests++;
	if (r->due_ms < o->requests_ms)
		o->requests_ms = r->due_ms;
	send_request(o, r, a->certificates, a->n_certificates);
	return true;
}

/* Who asked for it goes on. */
static void reply(struct overlay *o, const struct request *r,
		  const struct delivery *d, uint16_t error)
{
	struct reply p = {
		.purpose = r->purpose,
		.arg = r->arg,
		.d = d,
		.error = error,
		.request = { r->body, r->len },
	};

	switch (r->purpose) {
	case PURPOSE_NOTHING:
		break;
	case PURPOSE_SEEK:
	case PURPOSE_TABLE:
	case PURPOSE_JOIN:
	case PURPOSE_LEAVE:
		chord_on_reply(o, &p);
		break;
	case PURPOSE_FINGER:
		neighbours_on_finger(o, &p);
		break;
	case PURPOSE_HEAL:
		neighbours_on_heal(o, &p);
		break;
	case PURPOSE_UPDATE:
		neighbours_on_updated(o, &p);
		break;
	case PURPOSE_COPY:
		copies_on_reply(o, &p);
		break;
	case PURPOSE_FETCH:
		search_on_reply(o, &p);
		break;
	case PURPOSE_STORE:
		publish_on_reply(o, &p);
		break;
	case PURPOSE_NEWS:
		news_on_reply(o, &p);
		break;
	}
}

/* The first one's time, which is kept so that nobody has to look. */
static void note_first(struct overlay *o)
{
	o->requests_ms = UINT64_MAX;
	for (const struct request *r = o->requests; r; r = r->next) {
		if (r->due_ms < o->requests_ms)
			o->requests_ms = r->due_ms;
	}
}

static void unlink_request(struct overlay *o, struct request **at)
{
	*at = (*at)->next;
	o->n_requests--;
}

/*
 * From whom an answer may come (6.3.4): a node answers for itself; for a place
 * whoever may own it, by its distance. Who heals asks in another ring than
 * ours, and who holds what a search looks for stands anywhere: it judges
 * denials itself.
 */
static bool may_answer(const struct overlay *o, const struct request *r,
		       const struct hit *source)
{
	const struct destination *last = &r->to[r->n_to - 1];

	if (last->type != DESTINATION_RESOURCE)
		return hit_equal(&last->node, source);
	return r->purpose == PURPOSE_FETCH || r->purpose == PURPOSE_HEAL ||
	       search_is_near(o, &last->resource, source);
}

void request_on_answer(struct overlay *o, const struct delivery *d)
{
	struct request **at = &o->requests, *r;
	struct error_body e = { .code = 0 };

	while (*at && (*at)->transaction_id != d->m.header.transaction_id)
		at = &(*at)->next;
	r = *at;
	if (!r)
		return; /* late, or nothing of ours */
	if (d->m.code == RELOAD_ERROR) {
		/* Any hop may say that it cannot go on. */
		if (!error_parse(rd_init(d->m.body.bytes, d->m.body.len), &e) ||
		    e.code == 0)
			return;
	} else if (d->m.code != r->code + 1 || !may_answer(o, r, &d->source)) {
		return;
	}
	unlink_request(o, at);
	if (!o->requests)
		o->requests_ms = UINT64_MAX; /* else a tick finds the first */
	reply(o, r, d, e.code);
	free(r);
}

void request_tick(struct overlay *o)
{
	struct request **at = &o->requests, *given_up = NULL;

	if (o->requests_ms > o->now_ms)
		return;

	while (*at) {
		struct request *r = *at;

		if (r->due_ms > o->now_ms) {
			at = &r->next;
		} else if (--r->tries > 0) {
			r->wait_ms *= 2;
			r->due_ms = o->now_ms + r->wait_ms;
			send_request(o, r, NULL, 0);
			at = &r->next;
		} else {
			unlink_request(o, at);
			r->next = given_up;
			given_up = r;
		}
	}
	note_first(o);
	/* Only now, because what follows may start new ones. */
	while (given_up) {
		struct request *r = given_up;

		given_up = r->next;
		reply(o, r, NULL, 0);
		free(r);
	}
}

bool request_is_waiting(const struct overlay *o, enum purpose purpose)
{
	for (const struct request *r = o->requests; r; r = r->next) {
		if (r->purpose == purpose)
			return true;
	}
	return false;
}

void request_clear(struct overlay *o)
{
	while (o->requests) {
		struct request *r = o->requests;

		unlink_request(o, &o->requests);
		free(r);
	}
}
