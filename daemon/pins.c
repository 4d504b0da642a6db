/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Pins lie in one array in the order of their names. The file is JSON:
 * {"pins": [{"name": "bob@example.com", "hit": "2001:..."}]}.
 */
#include "daemon/pins.h"

#include "daemon/base/name.h"
#include "daemon/statelist.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct pin_array {
	struct pin *all;
	size_t n, cap;
};

static const char key[] = "pins";

struct pins {
	const char *file;
	struct pin_array bound;
	struct pin_array overridden;
};

struct pins *pins_new_in(const char *file)
{
	struct pins *p = calloc(1, sizeof(*p));

	if (p)
		p->file = file;
	return p;
}

struct pins *pins_new(void)
{
	return pins_new_in("pins.json");
}

/* The name of a pin is a copy of its own. */
static void free_name(struct pin *pin)
{
	free((void *)(uintptr_t)pin->name);
}

static void clear(struct pin_array *a)
{
	for (size_t i = 0; i < a->n; i++)
		free_name(&a->all[i]);
	free(a->all);
}

void pins_free(struct pins *p)
{
	if (!p)
		return;
	clear(&p->bound);
	clear(&p->overridden);
	free(p);
}

/* The place of a name, or where it would be; *found tells which. */
static size_t place_of(const struct pin_array *a, const char *name, bool *found)
{
	size_t low = 0, high = a->n;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(a->all[middle].name, name);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int make_room(struct pin_array *a)
{
	size_t cap = a->cap ? 2 * a->cap : 16;
	struct pin *all;

	if (a->n < a->cap)
		return 0;
	if (a->n >= PINS_MAX)
		return -ENOSPC;
	all = realloc(a->all, cap * sizeof(*all));
	if (!all)
		return -ENOMEM;
	a->all = all;
	a->cap = cap;
	return 0;
}

static int insert(struct pin_array *a, size_t i, const char *name,
		  const struct hit *hit, int line)
{
	int err = make_room(a);
	char *copy;

	if (err < 0)
		return err;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	memmove(&a->all[i + 1], &a->all[i], (a->n - i) * sizeof(a->all[0]));
	a->all[i] = (struct pin){ .name = copy, .hit = *hit, .line = line };
	a->n++;
	return 0;
}

static void take_out(struct pin_array *a, size_t i)
{
	free_name(&a->all[i]);
	a->n--;
	memmove(&a->all[i], &a->all[i + 1], (a->n - i) * sizeof(a->all[0]));
}

static int rebind(struct pin *pin, const struct hit *hit, int line)
{
	if (hit_equal(&pin->hit, hit)) {
		if (pin->line == 0)
			pin->line = line;
		return 0;
	}
	if (pin->line != 0)
		return -EEXIST;
	pin->hit = *hit;
	pin->line = line;
	return 0;
}

int pins_add(struct pins *p, const char *name, const struct hit *hit, int line)
{
	bool found;
	size_t i = place_of(&p->bound, name, &found);

	return found ? rebind(&p->bound.all[i], hit, line)
		     : insert(&p->bound, i, name, hit, line);
}

int pins_remove(struct pins *p, const char *name)
{
	bool found, overridden;
	size_t i = place_of(&p->bound, name, &found);
	size_t j = place_of(&p->overridden, name, &overridden);

	if (overridden) {
		take_out(&p->overridden, j);
		return 0;
	}
	if (!found)
		return -ENOENT;
	if (p->bound.all[i].line != 0)
		return -EEXIST;
	take_out(&p->bound, i);
	return 0;
}

const struct pin *pins_find(const struct pins *p, const char *name)
{
	bool found;
	size_t i = place_of(&p->bound, name, &found);

	return found ? &p->bound.all[i] : NULL;
}

size_t pins_count(const struct pins *p)
{
	return p->bound.n;
}

const struct pin *pins_at(const struct pins *p, size_t i)
{
	return i < p->bound.n ? &p->bound.all[i] : NULL;
}

size_t pins_overridden(const struct pins *p)
{
	return p->overridden.n;
}

const struct pin *pins_overridden_at(const struct pins *p, size_t i)
{
	return i < p->overridden.n ? &p->overridden.all[i] : NULL;
}

bool pins_has_hit(const struct pins *p, const struct hit *hit)
{
	for (size_t i = 0; i < p->bound.n; i++)
		if (hit_equal(&p->bound.all[i].hit, hit))
			return true;
	return false;
}

/* One of run time; where the configuration says otherwise, that holds. */
static int add_or_override(struct pins *p, const char *name,
			   const struct hit *hit)
{
	int err = pins_add(p, name, hit, 0);
	bool found;
	size_t i;

	if (err != -EEXIST)
		return err;
	i = place_of(&p->overridden, name, &found);
	return found ? -EEXIST : insert(&p->overridden, i, name, hit, 0);
}

static int take_array(struct pins *p, const struct pin_array *from)
{
	int err = 0;

	for (size_t i = 0; i < from->n && err == 0; i++)
		if (from->all[i].line == 0)
			err = add_or_override(p, from->all[i].name,
					      &from->all[i].hit);
	return err;
}

int pins_take_over(struct pins *p, const struct pins *from)
{
	int err = take_array(p, &from->bound);

	return err < 0 ? err : take_array(p, &from->overridden);
}

/* One entry of the file; false when it is none, or cannot be kept. */
static bool take_entry(void *ctx, const json_t *entry)
{
	struct pins *p = ctx;
	const char *text = json_string_value(json_object_get(entry, "name"));
	const char *hit_text = json_string_value(json_object_get(entry, "hit"));
	char name[NAME_LEN_MAX + 1];
	struct hit hit;
	bool found;
	size_t i;

	if (!text || !hit_text || name_canonical(text, name) < 0 ||
	    hit_from_text(hit_text, &hit) < 0)
		return false;
	i = place_of(&p->bound, name, &found);
	if (found && p->bound.all[i].line == 0)
		return false; /* twice in the file */
	return add_or_override(p, name, &hit) == 0;
}

int pins_load(struct pins *p, int dir, bool *broken)
{
	return statelist_load(dir, p->file, key, take_entry, p, broken);
}

static json_t *entry_of(const struct pin *pin)
{
	char hit[HIT_TEXT_MAX];

	hit_text(&pin->hit, hit);
	return json_pack("{s:s, s:s}", "name", pin->name, "hit", hit);
}

/* Appends those of run time. */
static bool put_entries(json_t *entries, const struct pin_array *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->all[i].line == 0 &&
		    json_array_append_new(entries, entry_of(&a->all[i])) != 0)
			return false;
	return true;
}

int pins_save(const struct pins *p, int dir)
{
	json_t *entries = json_array();

	if (!put_entries(entries, &p->bound) ||
	    !put_entries(entries, &p->overridden)) {
		json_decref(entries);
		entries = NULL;
	}
	return statelist_save(dir, p->file, key, entries);
}
