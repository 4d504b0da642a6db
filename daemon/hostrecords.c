/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * HIP records of host names: RFC 8005 4.1, 4.2, 8. The order of proofs is
 * that of the resolver for names of the overlay (resolver/decide.c).
 */
#include "daemon/hostrecords.h"

#include "daemon/base/dnsreply.h"

static void take_servers(const struct hiprr *rr, struct hostrecord *out)
{
	for (size_t i = 0; i < rr->n_servers; i++) {
		if (out->n_servers == HOSTRECORD_SERVERS_MAX)
			return;
		if (hiprr_server(rr, i, out->servers[out->n_servers]))
			out->n_servers++;
	}
}

void hostrecords_read(const uint8_t *reply, size_t len, struct hostrecords *out)
{
	struct dnsreply it;
	struct rd rdata;
	uint32_t ttl_s;

	*out = (struct hostrecords){ .n = 0 };
	if (!dnsreply_begin(reply, len, HIPRR_TYPE, &it))
		return;
	while (out->n < HOSTRECORDS_MAX && dnsreply_next(&it, &rdata, &ttl_s)) {
		struct hostrecord *r = &out->all[out->n++];
		struct hiprr rr;

		r->ttl_s = ttl_s;
		if (hiprr_parse(rdata, &rr) != DROP_NONE) {
			r->fault = HIPRR_MALFORMED;
			continue;
		}
		r->fault = hiprr_verify(&rr, &r->hit);
		if (r->fault == HIPRR_SOUND)
			take_servers(&rr, r);
	}
}

static const struct hostrecord *first(const struct hostrecords *r, bool sound)
{
	for (size_t i = 0; i < r->n; i++)
		if ((r->all[i].fault == HIPRR_SOUND) == sound)
			return &r->all[i];
	return NULL;
}

const struct hostrecord *hostrecords_sound(const struct hostrecords *r)
{
	return first(r, true);
}

const struct hostrecord *hostrecords_faulty(const struct hostrecords *r)
{
	return first(r, false);
}

const struct hostrecord *hostrecords_find(const struct hostrecords *r,
					  const struct hit *hit)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->all[i].fault == HIPRR_SOUND &&
		    hit_equal(&r->all[i].hit, hit))
			return &r->all[i];
	return NULL;
}

bool hostrecords_has(const struct hostrecords *r, const struct hit *hit)
{
	return hostrecords_find(r, hit) != NULL;
}

/* A sound one of another HIT, or NULL. */
static const struct hostrecord *another(const struct hostrecords *r,
					const struct hit *hit)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->all[i].fault == HIPRR_SOUND &&
		    !hit_equal(&r->all[i].hit, hit))
			return &r->all[i];
	return NULL;
}

static void decide_pin(const struct hostrecords_question *q,
		       struct hostrecords_decision *d)
{
	const struct hostrecord *other = another(q->records, q->pin);

	d->verdict = HOSTRECORDS_FOUND;
	d->hit = *q->pin;
	d->is_pin = true;
	d->contradicts = other && !hostrecords_has(q->records, q->pin);
	if (d->contradicts)
		d->other = other->hit;
}

void hostrecords_decide(const struct hostrecords_question *q,
			struct hostrecords_decision *out)
{
	const struct hostrecord *sound = hostrecords_sound(q->records);
	const struct hostrecord *other;

	*out = (struct hostrecords_decision){ .verdict = HOSTRECORDS_NONE };
	if (q->pin) {
		decide_pin(q, out);
		return;
	}
	if (!sound) {
		if (q->records->n > 0)
			out->verdict = HOSTRECORDS_FAULTY;
		return;
	}
	out->hit = q->remembered && q->first_use ? *q->remembered : sound->hit;
	out->lifetime_s = sound->ttl_s;
	other = another(q->records, &out->hit);
	if (other) {
		out->verdict = HOSTRECORDS_CONFLICT;
		out->other = other->hit;
	} else if (!q->first_use) {
		out->verdict = HOSTRECORDS_UNPROVEN;
	} else {
		out->verdict = HOSTRECORDS_FOUND;
		out->remember = !q->remembered;
	}
}
