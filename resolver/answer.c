/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Answers to requests: RFC 6940 6.2.2, 6.3.3.1. They go back the way on which
 * the request came.
 */
#include "resolver/overlay_impl.h"

#include <assert.h>

/* The answer's way: back along the one of the request (6.2.2). */
static size_t way_back(const struct delivery *d, struct destination *to)
{
	const struct destination_list *via = &d->m.header.via;
	size_t n = 0;

	to[n++] = destination_node(&d->from);
	for (size_t i = via->n; i-- > 0;)
		to[n++] = via->at[i];
	return n;
}

void forward_answer_with(struct overlay *o, const struct delivery *d,
			 uint16_t code, struct span body,
			 const struct span *certificates, size_t n)
{
	struct destination to[DESTINATIONS_MAX + 1];
	struct envelope e = { .transaction_id = d->m.header.transaction_id,
			      .to = to,
			      .code = code,
			      .body = body,
			      .certificates = certificates,
			      .n_certificates = n };

	e.n_to = way_back(d, to);
	if (e.n_to > DESTINATIONS_MAX)
		return;
	o->answered++;
	outbox_send(o, &e);
}

void forward_answer(struct overlay *o, const struct delivery *d, uint16_t code,
		    struct span body)
{
	forward_answer_with(o, d, code, body, NULL, 0);
}

void forward_refuse_with(struct overlay *o, const struct delivery *d,
			 enum reload_error error, struct span info)
{
	struct error_body e = { .code = (uint16_t)error, .info = info };
	uint8_t body[4 + FORWARD_INFO_MAX];
	struct wr w = wr_init(body, sizeof(body));

	assert(info.len <= FORWARD_INFO_MAX);
	o->refused++;
	error_write(&w, &e);
	forward_answer(o, d, RELOAD_ERROR, (struct span){ body, wr_len(&w) });
}

void forward_refuse(struct overlay *o, const struct delivery *d,
		    enum reload_error error)
{
	forward_refuse_with(o, d, error, (struct span){ NULL, 0 });
}

void unknown_kinds_add(struct unknown_kinds *u, uint32_t kind)
{
	if (u->n < UNKNOWN_KINDS_MAX)
		u->at[u->n++] = kind;
}

void forward_refuse_kinds(struct overlay *o, const struct delivery *d,
			  const struct unknown_kinds *u)
{
	uint8_t info[1 + 4 * UNKNOWN_KINDS_MAX];
	struct wr w = wr_init(info, sizeof(info));

	wr_u8(&w, (uint8_t)(4 * u->n));
	for (size_t i = 0; i < u->n; i++)
		wr_u32(&w, u->at[i]);
	forward_refuse_with(o, d, RELOAD_ERROR_UNKNOWN_KIND,
			    (struct span){ info, wr_len(&w) });
}
