/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Serial numbers stand in order, so that a list, which is in order too, is
 * merged with them in one pass.
 */
#include "daemon/pki/revocations.h"

#include <stdlib.h>

static const uint8_t *serial_at(const struct revocations *r, size_t i)
{
	return r->serials[i];
}

static uint16_t slot_of(const uint8_t serial[CERTIFICATE_SERIAL_LEN])
{
	return revocation_part(serial, REVOCATION_DEPTH_MAX);
}

void revocations_clear(struct revocations *r)
{
	free(r->serials);
	*r = (struct revocations){ .number = 0 };
}

bool revocations_has(const struct revocations *r,
		     const uint8_t serial[CERTIFICATE_SERIAL_LEN])
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = memcmp(serial_at(r, mid), serial,
				   CERTIFICATE_SERIAL_LEN);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* Whether the list is the newest that covers that smallest part. */
static bool counts(const struct revocations *r, const struct revocation *v,
		   size_t slot)
{
	return slot % (1u << v->depth) == v->index &&
	       v->number > r->taken[slot];
}

static bool has_newer(const struct revocations *r, const struct revocation *v)
{
	for (size_t i = v->index; i < REVOCATION_PARTS_MAX; i += 1u << v->depth)
		if (v->number > r->taken[i])
			return true;
	return false;
}

enum revocations_news revocations_weigh(const struct revocations *r,
					const struct revocation *v)
{
	if (v->is_head)
		return v->number > r->top ? REVOCATIONS_NEWER : REVOCATIONS_OLD;
	if (!has_newer(r, v))
		return REVOCATIONS_OLD;
	for (size_t i = 0; i < v->n; i++)
		if (counts(r, v, slot_of(v->at[i].serial)) &&
		    !revocations_has(r, v->at[i].serial))
			return REVOCATIONS_ADDS;
	return REVOCATIONS_NEWER;
}

/* What it says, where it counts, instead of what was said there. */
static bool merge(struct revocations *r, const struct revocation *v)
{
	size_t cap = r->n + v->n, n = 0, old = 0, fresh = 0;
	uint8_t(*to)[CERTIFICATE_SERIAL_LEN] =
		malloc((cap + 1) * CERTIFICATE_SERIAL_LEN);

	if (!to)
		return false;
	while (old < r->n || fresh < v->n) {
		bool is_old = fresh == v->n ||
			      (old < r->n &&
			       memcmp(serial_at(r, old), v->at[fresh].serial,
				      CERTIFICATE_SERIAL_LEN) < 0);
		const uint8_t *s =
			is_old ? serial_at(r, old++) : v->at[fresh++].serial;

		if (counts(r, v, slot_of(s)) != is_old)
			memcpy(to[n++], s, CERTIFICATE_SERIAL_LEN);
	}
	if (n > REVOCATIONS_MAX) {
		free(to);
		return false;
	}
	free(r->serials);
	r->serials = to;
	r->n = n;
	return true;
}

static void take_top(struct revocations *r, const struct revocation *v)
{
	if (v->number <= r->top || (v->depth > 0 && !v->is_head))
		return;
	r->top = v->number;
	r->depth = v->depth;
	for (size_t i = 0; i < REVOCATION_PARTS_MAX; i++)
		r->wanted[i] = v->is_head ? v->numbers[i % (1u << v->depth)]
					  : v->number;
}

enum revocations_news revocations_take(struct revocations *r,
				       const struct revocation *v)
{
	enum revocations_news news = revocations_weigh(r, v);

	if (news == REVOCATIONS_OLD || (!v->is_head && !merge(r, v)))
		return REVOCATIONS_OLD;
	take_top(r, v);
	for (size_t i = v->index; i < REVOCATION_PARTS_MAX && !v->is_head;
	     i += 1u << v->depth)
		if (v->number > r->taken[i])
			r->taken[i] = v->number;
	if (v->number > r->number)
		r->number = v->number;
	return news;
}

bool revocations_is_past(const struct revocations *r,
			 const struct revocation *v)
{
	if (v->is_head || v->depth == 0)
		return v->number < r->top;
	for (size_t i = v->index; i < REVOCATION_PARTS_MAX; i += 1u << v->depth)
		if (v->number >= r->taken[i] && v->number >= r->wanted[i])
			return false;
	return true;
}

bool revocations_counts(const struct revocations *r, const struct revocation *v)
{
	if (v->is_head)
		return v->number == r->top;
	for (size_t i = v->index; i < REVOCATION_PARTS_MAX; i += 1u << v->depth)
		if (v->number == r->taken[i])
			return true;
	return false;
}

bool revocations_next_missing(const struct revocations *r, uint16_t *index)
{
	size_t parts = (size_t)1 << r->depth;

	for (size_t i = *index; i < parts && r->top > 0; i++)
		for (size_t k = i; k < REVOCATION_PARTS_MAX; k += parts)
			if (r->taken[k] < r->wanted[k]) {
				*index = (uint16_t)i;
				return true;
			}
	return false;
}

size_t revocations_missing(const struct revocations *r)
{
	size_t n = 0;

	for (uint16_t i = 0; revocations_next_missing(r, &i); i++)
		n++;
	return n;
}
