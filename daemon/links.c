/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * An entry is there while one of its two flags is set.
 */
#include "daemon/links.h"

#include <stdlib.h>

struct link {
	struct hit hit;
	struct table_node node;
	bool up, kept;
};

void links_init(struct links *ls, size_t associations, const uint8_t seed[16])
{
	*ls = (struct links){ .n_kept = 0 };
	table_init(&ls->all, sizeof(struct hit), associations + LINKS_KEPT_MAX,
		   seed);
}

static void forget(struct links *ls, struct link *l)
{
	if (l->kept)
		ls->n_kept--;
	table_remove(&ls->all, &l->node);
	free(l);
}

void links_clear(struct links *ls)
{
	struct table_iter it = table_iterate(&ls->all);
	struct link *l;

	while ((l = table_next(&it)))
		forget(ls, l);
	table_clear(&ls->all);
}

/* NULL for want of memory or room. */
static struct link *make(struct links *ls, const struct hit *hit)
{
	struct link *l = table_find(&ls->all, hit);

	if (l)
		return l;
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->hit = *hit;
	if (table_add(&ls->all, &l->node, &l->hit, l) < 0) {
		free(l);
		return NULL;
	}
	return l;
}

static enum links_news on_down(struct links *ls, struct link *l,
			       enum assoc_state state)
{
	/* What does not stand yet is on its way, through what states ever. */
	if (!l || (!l->up && state != ASSOC_FAILED))
		return LINKS_NOTHING;
	forget(ls, l);
	return LINKS_DOWN;
}

enum links_news links_on_state(struct links *ls, const struct hit *hit,
			       enum assoc_state state)
{
	bool is_up = state == ASSOC_ESTABLISHED || state == ASSOC_R2_SENT;
	struct link *l = table_find(&ls->all, hit);

	if (!is_up)
		return on_down(ls, l, state);
	/* Whoever makes a new exchange has forgotten the last. */
	if (l && l->up)
		return state == ASSOC_R2_SENT ? LINKS_DOWN_UP : LINKS_NOTHING;
	l = make(ls, hit);
	if (!l)
		return LINKS_NOTHING;
	l->up = true;
	return LINKS_UP;
}

bool links_keep(struct links *ls, const struct hit *hit)
{
	struct link *l = table_find(&ls->all, hit);

	if (l && l->kept)
		return true;
	if (ls->n_kept >= LINKS_KEPT_MAX)
		return false;
	l = make(ls, hit);
	if (!l)
		return false;
	l->kept = true;
	ls->n_kept++;
	return true;
}

void links_release(struct links *ls, const struct hit *hit)
{
	struct link *l = table_find(&ls->all, hit);

	if (!l || !l->kept)
		return;
	if (!l->up) {
		forget(ls, l);
		return;
	}
	l->kept = false;
	ls->n_kept--;
}

bool links_is_up(const struct links *ls, const struct hit *hit)
{
	const struct link *l = table_find(&ls->all, hit);

	return l && l->up;
}

bool links_is_kept(const struct links *ls, const struct hit *hit)
{
	const struct link *l = table_find(&ls->all, hit);

	return l && l->kept;
}

struct links_iter links_iterate(const struct links *ls)
{
	return (struct links_iter){ table_iterate(&ls->all) };
}

bool links_next(struct links_iter *it, struct hit *hit, bool *up, bool *kept)
{
	const struct link *l = table_next(&it->it);

	if (!l)
		return false;
	*hit = l->hit;
	*up = l->up;
	*kept = l->kept;
	return true;
}
