/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A plain array that fills up during one call and is emptied behind it, so
 * that only as many of its pages are ever touched as one call needed.
 */
#include "daemon/hip/outputs.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int outputs_init(struct outputs *o)
{
	*o = (struct outputs){ 0 };
	o->slots = malloc(OUTPUTS_MAX * sizeof(*o->slots));
	return o->slots ? 0 : -ENOMEM;
}

static void slot_clear(struct output_slot *slot)
{
	sodium_memzero(slot->out.key, sizeof(slot->out.key));
	free(slot->owned);
	slot->owned = NULL;
}

void outputs_clear(struct outputs *o)
{
	for (size_t i = o->head; i < o->tail; i++)
		slot_clear(&o->slots[i]);
	free(o->lent);
	free(o->slots);
	*o = (struct outputs){ 0 };
}

void outputs_begin(struct outputs *o)
{
	assert(o->head == o->tail); /* drained, as host.h says */
	free(o->lent);
	o->lent = NULL;
	o->head = o->tail = 0;
	o->first_used = false;
}

size_t outputs_room(const struct outputs *o)
{
	return OUTPUTS_MAX - o->tail;
}

struct hip_output *outputs_add(struct outputs *o, enum hip_output_kind kind,
			       const struct hit *hit)
{
	struct output_slot *slot;

	assert(o->tail < OUTPUTS_MAX); /* every step leaves room for the next */
	slot = &o->slots[o->tail++];
	*slot = (struct output_slot){ .out = { .kind = kind, .hit = *hit } };
	return &slot->out;
}

void outputs_own(struct outputs *o, void *owned, const uint8_t *bytes,
		 size_t len)
{
	struct output_slot *slot = &o->slots[o->tail - 1];

	assert(o->tail > o->head && !slot->owned);
	slot->owned = owned;
	slot->out.bytes = bytes;
	slot->out.len = len;
}

struct hip_output *outputs_add_bytes(struct outputs *o,
				     enum hip_output_kind kind,
				     const struct hit *hit, const void *bytes,
				     size_t len)
{
	struct hip_output *out;
	uint8_t *copy = NULL;

	if (o->first_used || len > sizeof(o->first)) {
		copy = malloc(len > 0 ? len : 1);
		if (!copy)
			return NULL;
	}
	out = outputs_add(o, kind, hit);
	if (copy) {
		memcpy(copy, bytes, len);
		outputs_own(o, copy, copy, len);
		return out;
	}
	o->first_used = true;
	memcpy(o->first, bytes, len);
	out->bytes = o->first;
	out->len = len;
	return out;
}

bool outputs_take(struct outputs *o, struct hip_output *out)
{
	struct output_slot *slot;

	free(o->lent);
	o->lent = NULL;
	if (o->head == o->tail)
		return false;
	slot = &o->slots[o->head++];
	*out = slot->out;
	o->lent = slot->owned;
	slot->owned = NULL;
	slot_clear(slot);
	return true;
}
