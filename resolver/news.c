/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What the authority takes back, everybody shall know at once, not only who
 * keeps it: a value of the authority's that adds something is passed on by
 * whoever gets it first, as a Store (RFC 6940 7.4.1) to each neighbour and
 * finger, until it meets nobody who has not got it. Who gets one that adds
 * nothing passes on nothing, so this ends; and only the authority can begin.
 */
#include "resolver/overlay_impl.h"

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

void news_spread(struct overlay *o, struct span body, struct span certificate,
		 const struct hit *except)
{
	struct asking a = { .purpose = PURPOSE_NEWS,
			    .arg = ++o->news_serial,
			    .tries = 1,
			    .code = RELOAD_STORE_REQ,
			    .n_to = 1,
			    .body = body,
			    .certificates = &certificate,
			    .n_certificates = certificate.len > 0 };

	o->news_told = o->news_confirmed = 0;
	for (size_t i = 0; i < o->route.n; i++) {
		const struct link *l = &o->route.links[i];

		if (!link_has(l, LINK_IN_RING) || hit_equal(&l->node, except))
			continue;
		a.to[0] = destination_node(&l->node);
		o->news_told += request_start(o, &a);
	}
}

/* Who has a newer one answers that this one is too old. */
void news_on_reply(struct overlay *o, const struct reply *r)
{
	if (r->arg == o->news_serial && r->d &&
	    (r->error == 0 || r->error == RELOAD_ERROR_DATA_TOO_OLD))
		o->news_confirmed++;
}
