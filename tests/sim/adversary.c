/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Members with a valid HIT that do harm: they keep the ring like others do,
 * so that they are asked, and then drop or lie.
 */
#include "resolver/body.h"
#include "tests/sim/ring_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool is_for(const struct forwarding *f, const struct hit *node)
{
	return f->destination.n == 1 &&
	       f->destination.at[0].type == DESTINATION_NODE &&
	       hit_equal(&f->destination.at[0].node, node);
}

/* A record of the liar's own HIT under a name that is not its own. */
static size_t write_theft(const struct ring_node *n, struct span request,
			  uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);
	uint8_t value[64], identity[64], bytes[256], signature[64];
	struct wr v = wr_init(value, sizeof(value));
	struct wr i = wr_init(identity, sizeof(identity));
	struct wr b = wr_init(bytes, sizeof(bytes));
	struct stored s = { .storage_time_ms = 1000000000,
			    .lifetime_s = 3600,
			    .key = { n->hit.bytes, ID_LEN },
			    .exists = true,
			    .data = { n->hit.bytes, ID_LEN } };
	const uint8_t hash[32] = { 0 };
	struct store_writer at;
	struct fetch_req req;

	if (!fetch_req_parse(rd_init(request.bytes, request.len), &req))
		return 0;
	stored_value_write(&v, DATA_DICTIONARY, &s);
	signer_identity_write(&i, hash);
	s.value = (struct span){ value, wr_len(&v) };
	s.signature.identity = identity;
	s.signature.identity_len = wr_len(&i);
	stored_signed_write(&b, &req.resource, RING_KIND, DATA_DICTIONARY, &s);
	s.signature = ring_sign(&n->hit, (struct span){ bytes, wr_len(&b) },
				signature);
	s.signature.identity = identity;
	s.signature.identity_len = wr_len(&i);
	at = fetch_ans_begin(&w, RING_KIND, 1);
	stored_write(&w, &s);
	fetch_ans_end(&w, &at);
	return wr_len(&w);
}

void ring_inject(struct ring *r, size_t from, const struct hit *to,
		 struct span bytes)
{
	size_t b = ring_index_of(to);
	struct overlay_output *out = malloc(sizeof(*out) + bytes.len);
	struct ring_event e = { .at_ms = r->now_ms + ring_delay(r, from, b),
				.type = RING_DELIVER,
				.life = (uint16_t)r->nodes[from].lives,
				.a = (uint32_t)from,
				.b = (uint32_t)b,
				.out = out };

	assert(out);
	*out = (struct overlay_output){ .peer = *to, .len = bytes.len };
	memcpy(out->bytes, bytes.bytes, bytes.len);
	queue_push(&r->queue, &e);
}

/* Answers for the node that was asked, and signs as itself. */
static void lie(struct ring *r, size_t i, const struct hit *from,
		const struct message *m)
{
	const struct ring_node *n = &r->nodes[i];
	uint8_t body[512], out[RELOAD_MESSAGE_MAX], identity[64], value[64];
	uint8_t signed_part[1024];
	struct wr w = wr_init(body, sizeof(body));
	struct wr id = wr_init(identity, sizeof(identity));
	const uint8_t hash[32] = { 0 };
	struct forwarding f = m->header;
	const struct error_body denial = { .code = RELOAD_ERROR_NOT_FOUND };
	uint16_t code = RELOAD_ERROR;
	struct reload_signature s;
	struct span contents;
	size_t len = 0;

	if (n->bad != RING_DENIES && prng_below(&r->prng, 2))
		len = write_theft(n, m->body, body, sizeof(body));
	if (len > 0)
		code = RELOAD_FETCH_ANS;
	else
		error_write(&w, &denial);
	if (len == 0)
		len = wr_len(&w);
	f.destination.n = 0;
	f.destination.at[f.destination.n++] = destination_node(from);
	for (size_t k = m->header.via.n; k-- > 0;)
		f.destination.at[f.destination.n++] = m->header.via.at[k];
	f.via.n = 0;
	f.ttl = 30;
	signer_identity_write(&id, hash);
	w = wr_init(signed_part, sizeof(signed_part));
	contents_write(&w, code, body, len);
	contents = (struct span){ signed_part, wr_len(&w) };
	w = wr_init(out, sizeof(out));
	message_signed_write(&w, &f, contents,
			     (struct span){ identity, wr_len(&id) });
	s = ring_sign(&n->hit, (struct span){ out, wr_len(&w) }, value);
	s.identity = identity;
	s.identity_len = wr_len(&id);
	w = wr_init(out, sizeof(out));
	forwarding_write(&w, &f,
			 contents.len + 2 + 2 + s.identity_len + 2 +
				 s.value_len);
	wr_bytes(&w, contents.bytes, contents.len);
	security_write(&w, NULL, 0, &s);
	if (!wr_failed(&w))
		ring_inject(r, i, from, (struct span){ out, wr_len(&w) });
}

bool adversary_takes(struct ring *r, size_t i, const struct hit *from,
		     struct span bytes)
{
	const struct ring_node *n = &r->nodes[i];
	struct message m;

	if (n->bad == RING_GOOD || n->bad == RING_LATE ||
	    message_parse(bytes.bytes, bytes.len, &m) != MESSAGE_OK)
		return false;
	if (n->bad != RING_DROPS && m.code == RELOAD_FETCH_REQ) {
		lie(r, i, from, &m);
		return true;
	}
	if (n->bad == RING_DENIES)
		return false;
	if (m.code == RELOAD_FETCH_REQ || m.code == RELOAD_STORE_REQ)
		return true;
	return n->bad == RING_DROPS && !is_for(&m.header, &n->hit);
}

/* One that nobody has, whose place is near behind or before another's: the best
 * of some. That there is a node at its index is the simulator's affair. */
static struct hit made_up(struct ring *r, ring_t at, bool behind)
{
	enum { TRIES = 64 };
	uint32_t index = prng_below(&r->prng, (uint32_t)r->options.nodes);
	struct hit hit = r->nodes[index].hit, best = hit;
	ring_t least = ~(ring_t)0;

	for (int i = 0; i < TRIES; i++) {
		ring_t place, distance;

		for (size_t k = 4; k < 12; k++)
			hit.bytes[k] = (uint8_t)prng_below(&r->prng, 256);
		place = id_of_node(&hit);
		distance = behind ? id_distance(at, place)
				  : id_distance(place, at);
		if (distance >= least)
			continue;
		least = distance;
		best = hit;
	}
	return best;
}

static struct hit accomplice(struct ring *r)
{
	size_t i;

	do
		i = prng_below(&r->prng, (uint32_t)r->options.nodes);
	while (r->nodes[i].bad != RING_MISLEADS);
	return r->nodes[i].hit;
}

static void falsify(struct ring *r, struct node_list *list, ring_t at,
		    bool behind)
{
	for (size_t k = 0; k < list->n; k++)
		list->at[k] = prng_below(&r->prng, 2) ? accomplice(r)
						      : made_up(r, at, behind);
}

static void mislead(struct ring *r, struct overlay_output *out)
{
	uint8_t body[RELOAD_MESSAGE_MAX];
	struct wr w = wr_init(body, sizeof(body));
	struct chord_update u;
	struct message m;
	ring_t at;

	if (message_parse(out->bytes, out->len, &m) != MESSAGE_OK ||
	    m.code != RELOAD_UPDATE_REQ ||
	    !chord_update_parse(rd_init(m.body.bytes, m.body.len), &u))
		return;
	at = id_of_node(&out->peer);
	falsify(r, &u.successors, at, true);
	falsify(r, &u.predecessors, at, false);
	falsify(r, &u.fingers, at, true);
	chord_update_write(&w, &u);
	assert(!wr_failed(&w) && wr_len(&w) == m.body.len);
	memcpy(out->bytes + (m.body.bytes - out->bytes), body, m.body.len);
}

/* In a fast world nobody looks at what was signed. Most are not bad, and what
 * mislead() needs on the stack is cleared each time. */
void adversary_spoils(struct ring *r, size_t i, struct overlay_output *out)
{
	if (r->nodes[i].bad == RING_MISLEADS)
		mislead(r, out);
}
