/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Whatever is moved from a list to another was pushed before anything was
 * pushed there directly, and lists are taken from in the order of pushing:
 * so nothing has to be compared or sorted.
 */
#include "tests/sim/queue.h"

#include <assert.h>
#include <stdlib.h>

enum { LIST_STEP = 16, LIST_KEPT = 256 };

static void append(struct queue_list *l, const struct ring_event *e)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : LIST_STEP;
		l->at = reallocarray(l->at, l->cap, sizeof(*l->at));
		assert(l->at);
	}
	l->at[l->n++] = *e;
}

/* A crowded moment does not keep its memory for good. */
static void empty(struct queue_list *l)
{
	l->first = l->n = 0;
	if (l->cap <= LIST_KEPT)
		return;
	free(l->at);
	*l = (struct queue_list){ .at = NULL };
}

static uint64_t page_of(uint64_t ms)
{
	return ms / QUEUE_PAGE_MS;
}

static void put_present(struct queue *q, const struct ring_event *e)
{
	append(&q->present[e->at_ms % QUEUE_PAGE_MS], e);
	q->n_present++;
}

void queue_push(struct queue *q, const struct ring_event *e)
{
	uint64_t page = page_of(e->at_ms), now = page_of(q->now_ms);

	assert(e->at_ms >= q->now_ms);
	q->n++;
	if (page == now) {
		put_present(q, e);
	} else if (page - now < QUEUE_PAGES) {
		append(&q->pages[page % QUEUE_PAGES], e);
	} else {
		if (q->later.n == 0 || page < q->later_page)
			q->later_page = page;
		append(&q->later, e);
	}
}

/* Those of `later` whose page begins: they were pushed before all of the
 * page's own. */
static void take_later(struct queue *q, uint64_t page)
{
	uint32_t kept = 0;

	if (q->later.n == 0 || q->later_page != page)
		return;
	q->later_page = UINT64_MAX;
	for (uint32_t i = 0; i < q->later.n; i++) {
		const struct ring_event e = q->later.at[i];

		if (page_of(e.at_ms) == page) {
			put_present(q, &e);
			continue;
		}
		if (page_of(e.at_ms) < q->later_page)
			q->later_page = page_of(e.at_ms);
		q->later.at[kept++] = e;
	}
	q->later.n = kept;
}

static void begin_page(struct queue *q, uint64_t page)
{
	struct queue_list *l = &q->pages[page % QUEUE_PAGES];

	q->now_ms = page * QUEUE_PAGE_MS;
	take_later(q, page);
	for (uint32_t i = 0; i < l->n; i++)
		put_present(q, &l->at[i]);
	empty(l);
}

/* To the next list that is not empty; false when that is after the end. */
static bool advance(struct queue *q, uint64_t end_ms)
{
	struct queue_list *l = &q->present[q->now_ms % QUEUE_PAGE_MS];

	while (l->first == l->n) {
		uint64_t page = page_of(q->now_ms);

		empty(l);
		if (q->now_ms >= end_ms)
			return false;
		if (q->n_present > 0)
			q->now_ms++;
		else if (page < page_of(end_ms))
			begin_page(q, page + 1);
		else
			q->now_ms = end_ms;
		l = &q->present[q->now_ms % QUEUE_PAGE_MS];
	}
	return true;
}

bool queue_pop(struct queue *q, uint64_t end_ms, struct ring_event *out)
{
	struct queue_list *l;

	if (q->n == 0 || !advance(q, end_ms))
		return false;
	l = &q->present[q->now_ms % QUEUE_PAGE_MS];
	*out = l->at[l->first++];
	q->n_present--;
	q->n--;
	return true;
}

const struct ring_event *queue_ahead(const struct queue *q, size_t k)
{
	const struct queue_list *l = &q->present[q->now_ms % QUEUE_PAGE_MS];

	return k < l->n - l->first ? &l->at[l->first + k] : NULL;
}

static size_t list_bytes(const struct queue_list *l)
{
	return l->cap * sizeof(*l->at);
}

size_t queue_bytes(const struct queue *q)
{
	size_t n = sizeof(*q) + list_bytes(&q->later);

	for (size_t i = 0; i < QUEUE_PAGES; i++)
		n += list_bytes(&q->pages[i]);
	for (size_t i = 0; i < QUEUE_PAGE_MS; i++)
		n += list_bytes(&q->present[i]);
	return n;
}

void queue_clear(struct queue *q)
{
	free(q->later.at);
	for (size_t i = 0; i < QUEUE_PAGES; i++)
		free(q->pages[i].at);
	for (size_t i = 0; i < QUEUE_PAGE_MS; i++)
		free(q->present[i].at);
	*q = (struct queue){ .n = 0 };
}
