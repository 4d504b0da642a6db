/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One thread writes `tail`, the other `head`; both only grow, and a slot is
 * an index modulo the number of entries. Storing one's own index releases
 * what was done to the slot, loading the other's acquires it.
 */
#include "tun/ring.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { CACHE_LINE = 64 };

struct ring {
	/* Each thread's index in a cache line of its own. */
	_Alignas(CACHE_LINE) _Atomic size_t head; /* the reader's */
	_Atomic size_t read[RING_KINDS];
	_Alignas(CACHE_LINE) _Atomic size_t tail; /* the writer's */
	_Atomic uint64_t dropped;
	size_t written[RING_KINDS]; /* entries so far, as tail */
	_Alignas(CACHE_LINE) size_t mask;
	size_t entry_max;
	size_t stride;
	uint8_t *slots;
};

/* Bytes of one slot, so that the next one is aligned; false when too many. */
static bool stride_of(size_t entries, size_t entry_max, size_t *stride)
{
	const size_t align = _Alignof(struct ring_entry);
	const size_t head = sizeof(struct ring_entry);

	if (entry_max > UINT32_MAX - head - align)
		return false;
	*stride = (head + entry_max + align - 1) / align * align;
	return entries <= SIZE_MAX / *stride;
}

struct ring *ring_new(size_t entries, size_t entry_max)
{
	struct ring *r;
	size_t stride;

	assert(entries > 0 && (entries & (entries - 1)) == 0);
	if (!stride_of(entries, entry_max, &stride))
		return NULL;
	r = aligned_alloc(CACHE_LINE, sizeof(*r));
	if (!r)
		return NULL;
	memset(r, 0, sizeof(*r));
	atomic_init(&r->head, 0);
	for (size_t i = 0; i < RING_KINDS; i++)
		atomic_init(&r->read[i], 0);
	atomic_init(&r->tail, 0);
	atomic_init(&r->dropped, 0);
	r->mask = entries - 1;
	r->entry_max = entry_max;
	r->stride = stride;
	r->slots = calloc(entries, stride);
	if (!r->slots) {
		free(r);
		return NULL;
	}
	return r;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	free(r->slots);
	free(r);
}

static struct ring_entry *slot(const struct ring *r, size_t index)
{
	void *p = r->slots + (index & r->mask) * r->stride;

	return p;
}

bool ring_push(struct ring *r, enum ring_kind kind, const uint8_t *bytes,
	       size_t len, const struct path *path)
{
	size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	size_t head = atomic_load_explicit(&r->head, memory_order_acquire);
	struct ring_entry *e;

	if (tail - head > r->mask || len > r->entry_max) {
		atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
		return false;
	}
	e = slot(r, tail);
	e->kind = kind;
	r->written[kind]++;
	e->len = (uint32_t)len;
	if (path)
		e->path = *path;
	else
		memset(&e->path, 0, sizeof(e->path));
	if (len > 0)
		memcpy(e->bytes, bytes, len);
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	return true;
}

bool ring_has_share(const struct ring *r, enum ring_kind kind,
		    unsigned sixteenths)
{
	size_t read =
		atomic_load_explicit(&r->read[kind], memory_order_relaxed);

	return r->written[kind] - read >= (r->mask + 1) * sixteenths / 16;
}

const struct ring_entry *ring_peek(struct ring *r)
{
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	size_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	return head == tail ? NULL : slot(r, head);
}

void ring_pop(struct ring *r)
{
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	assert(head != atomic_load_explicit(&r->tail, memory_order_acquire));
	atomic_fetch_add_explicit(&r->read[slot(r, head)->kind], 1,
				  memory_order_relaxed);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
}

uint64_t ring_dropped(const struct ring *r)
{
	return atomic_load_explicit(&r->dropped, memory_order_relaxed);
}
