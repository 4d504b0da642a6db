/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the authority takes back, everybody shall know at once, not only who
 * keeps it: a value of the authority's that adds something is passed on by
 * whoever gets it first, as a Store (RFC 6940 7.4.1) to each neighbour and
 * finger, until it meets nobody who has not got it. Who gets one that adds
 * nothing passes on nothing, so this ends; and only the authority can begin.
 *
 * A message or a link may be lost just then. So what was passed on is kept
 * for two minutes: who has not answered hears it again, later each time, and
 * who comes into the ring, or back, hears it then.
 */
#include "resolver/overlay_impl.h"

#include <assert.h>
#include <stdlib.h>

enum {
	NEWS_KEPT_MAX = 64, /* the newest; the others are fetched */
	NEWS_KEEP_MS = 120 * 1000,
	NEWS_FIRST_MS = 4000, /* for an answer, then doubled */
	NEWS_AT_ONCE = 8,     /* to a link that has come up */
	NEWS_REQUESTS_MAX =
		OVERLAY_REQUESTS_MAX / 2, /* the rest is for others */
	TOLD_STEP = 16,
};

static_assert(16 * NEWS_FIRST_MS <= UINT16_MAX &&
		      31 * NEWS_FIRST_MS > NEWS_KEEP_MS,
	      "the fifth wait fits, and there is no sixth");

/* Who is linked with us, and whether it is known to have it. */
struct told {
	struct hit node;
	bool has;
};

struct news {
	struct news *next; /* the one before */
	struct resource_id resource;
	uint64_t serial, due_ms, until_ms;
	uint16_t wait_ms;
	struct told *told;
	size_t n_told, cap;
	size_t body_len, certificate_len;
	uint8_t bytes[]; /* both */
};

bool news_take(struct overlay *o, const struct overlay_claim *claim)
{
	const struct overlay_check *check = &o->config->check;
	const struct span *data = &claim->value->data;
	enum overlay_news news =
		check->news ? check->news(check->ctx, claim) : NEWS_NONE;
	struct overlay_output *out;

	if (news == NEWS_NONE)
		return false;
	out = output_new(o, OVERLAY_NEWS, data->len);
	if (!out)
		return false; /* it is fetched later */
	if (data->len > 0)
		memcpy(out->bytes, data->bytes, data->len);
	output_push(o, out);
	return news == NEWS_ADDS;
}

static void drop(struct overlay *o, struct news **at)
{
	struct news *n = *at;

	*at = n->next;
	o->n_news--;
	free(n->told);
	free(n);
}

/* A newer one of the same place says all that it said; the oldest makes
 * room. */
static void make_room(struct overlay *o, const struct resource_id *resource)
{
	struct news **at = &o->news;

	while (*at) {
		const struct news *n = *at;

		if (memcmp(n->resource.bytes, resource->bytes, ID_LEN) == 0 ||
		    (!n->next && o->n_news >= NEWS_KEPT_MAX))
			drop(o, at);
		else
			at = &(*at)->next;
	}
}

static struct news *keep(struct overlay *o, struct span body,
			 struct span certificate)
{
	struct store_req req;
	struct news *n;

	if (!store_req_parse(rd_init(body.bytes, body.len), &req))
		return NULL;
	make_room(o, &req.resource);
	n = malloc(sizeof(*n) + body.len + certificate.len);
	if (!n)
		return NULL;
	*n = (struct news){ .next = o->news,
			    .resource = req.resource,
			    .serial = ++o->news_serial,
			    .due_ms = o->now_ms + NEWS_FIRST_MS,
			    .until_ms = o->now_ms + NEWS_KEEP_MS,
			    .wait_ms = NEWS_FIRST_MS,
			    .body_len = body.len,
			    .certificate_len = certificate.len };
	memcpy(n->bytes, body.bytes, body.len);
	if (certificate.len > 0)
		memcpy(n->bytes + body.len, certificate.bytes, certificate.len);
	o->news = n;
	o->n_news++;
	o->news_told = o->news_confirmed = 0;
	return n;
}

static struct told *find_told(const struct news *n, const struct hit *node)
{
	for (size_t i = 0; i < n->n_told; i++)
		if (hit_equal(&n->told[i].node, node))
			return &n->told[i];
	return NULL;
}

static void add_told(struct news *n, const struct hit *node, bool has)
{
	if (n->n_told == n->cap) {
		size_t cap = n->cap + TOLD_STEP;
		struct told *told =
			n->cap < ROUTE_LINKS_MAX
				? reallocarray(n->told, cap, sizeof(*told))
				: NULL;

		if (!told)
			return; /* it hears it once more than it need */
		n->told = told;
		n->cap = cap;
	}
	n->told[n->n_told++] = (struct told){ .node = *node, .has = has };
}

static void tell(struct overlay *o, struct news *n, const struct link *l)
{
	struct told *told = find_told(n, &l->node);
	const struct span certificate = { n->bytes + n->body_len,
					  n->certificate_len };
	struct asking a = { .purpose = PURPOSE_NEWS,
			    .arg = n->serial,
			    .tries = 1,
			    .wait_ms = n->wait_ms,
			    .code = RELOAD_STORE_REQ,
			    .to = { destination_node(&l->node) },
			    .n_to = 1,
			    .body = { n->bytes, n->body_len },
			    .certificates = &certificate,
			    .n_certificates = certificate.len > 0 };

	if (!link_has(l, LINK_IN_RING) || o->phase >= PHASE_LEAVING ||
	    (told && told->has) || o->n_requests >= NEWS_REQUESTS_MAX ||
	    !request_start(o, &a))
		return;
	if (told)
		return;
	add_told(n, &l->node, false);
	if (n == o->news)
		o->news_told++;
}

static void tell_all(struct overlay *o, struct news *n)
{
	for (size_t i = 0; i < o->route.n; i++)
		tell(o, n, &o->route.links[i]);
}

void news_spread(struct overlay *o, struct span body, struct span certificate,
		 const struct hit *except)
{
	struct news *n = keep(o, body, certificate);

	if (!n)
		return; /* for want of memory: it is fetched later */
	add_told(n, except, true);
	tell_all(o, n);
}

void news_on_member(struct overlay *o, const struct link *l)
{
	struct news *n = o->news;

	for (size_t i = 0; i < NEWS_AT_ONCE && n; i++, n = n->next)
		tell(o, n, l);
}

/* Who has a newer one answers that this one is too old. */
void news_on_reply(struct overlay *o, const struct reply *r)
{
	struct news *n = o->news;
	struct told *told;

	if (!r->d || (r->error != 0 && r->error != RELOAD_ERROR_DATA_TOO_OLD))
		return;
	while (n && n->serial != r->arg)
		n = n->next;
	told = n ? find_told(n, &r->d->source) : NULL;
	if (!told || told->has)
		return;
	told->has = true;
	if (n == o->news)
		o->news_confirmed++;
}

void news_tick(struct overlay *o)
{
	struct news **at = &o->news;

	while (*at) {
		struct news *n = *at;

		if (n->until_ms <= o->now_ms) {
			drop(o, at);
			continue;
		}
		at = &n->next;
		if (n->due_ms > o->now_ms)
			continue;
		n->wait_ms = (uint16_t)(2 * n->wait_ms);
		n->due_ms = o->now_ms + n->wait_ms;
		tell_all(o, n);
	}
}

uint64_t news_deadline(const struct overlay *o)
{
	uint64_t due = UINT64_MAX;

	for (const struct news *n = o->news; n; n = n->next) {
		if (n->due_ms < due)
			due = n->due_ms;
		if (n->until_ms < due)
			due = n->until_ms;
	}
	return due;
}

void news_clear(struct overlay *o)
{
	while (o->news)
		drop(o, &o->news);
}
