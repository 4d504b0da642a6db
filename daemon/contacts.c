/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Pointers lie in one array in the order of the names. The file is JSON:
 * {"contacts": [{"name": "bob@example.com", "keep": true}]}.
 */
#include "daemon/contacts.h"

#include "daemon/base/name.h"
#include "daemon/statelist.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "contacts.json";
static const char key[] = "contacts";

struct contacts {
	struct contact *all[CONTACTS_MAX];
	size_t n, n_kept;
};

static_assert((int)HIT_TEXT_MAX <= (int)NAME_LEN_MAX, "a HIT fits, too");

const char *contact_state_text(enum contact_state state)
{
	static const char *const texts[CONTACT_STATES] = {
		[CONTACT_LOOKING] = "looking",
		[CONTACT_FOUND] = "found",
		[CONTACT_ABSENT] = "absent",
		[CONTACT_REFUSED] = "refused",
		[CONTACT_CONFLICT] = "conflict",
		[CONTACT_UNREACHABLE] = "unreachable",
	};

	assert(state < CONTACT_STATES);
	return texts[state];
}

struct contacts *contacts_new(void)
{
	return calloc(1, sizeof(struct contacts));
}

static void free_hits(struct contact_hit *hits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(hits[i].hi);
	free(hits);
}

static void free_contact(struct contact *c)
{
	free_hits(c->hits, c->n_hits);
	free(c->name);
	free(c);
}

void contacts_free(struct contacts *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		free_contact(c->all[i]);
	free(c);
}

int contacts_canonical(const char *text, char out[])
{
	struct hit hit;

	if (hit_from_text(text, &hit) < 0)
		return name_canonical(text, out);
	hit_text(&hit, out);
	return 0;
}

/* The place of a name, or where it would be; *found tells which. */
static size_t place_of(const struct contacts *c, const char *name, bool *found)
{
	size_t low = 0, high = c->n;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(c->all[middle]->name, name);

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

static int insert(struct contacts *c, size_t i, const char *name)
{
	struct contact *fresh;

	if (c->n == CONTACTS_MAX)
		return -ENOSPC;
	fresh = calloc(1, sizeof(*fresh));
	if (fresh)
		fresh->name = strdup(name);
	if (!fresh || !fresh->name) {
		free(fresh);
		return -ENOMEM;
	}
	memmove(&c->all[i + 1], &c->all[i], (c->n - i) * sizeof(c->all[0]));
	c->all[i] = fresh;
	c->n++;
	return 0;
}

int contacts_set(struct contacts *c, const char *name, bool keep)
{
	bool found;
	size_t i = place_of(c, name, &found);
	bool kept = found && c->all[i]->keep;
	int err = 0;

	if (keep && !kept && c->n_kept == CONTACTS_KEPT_MAX)
		return -ENOSPC;
	if (!found)
		err = insert(c, i, name);
	if (err < 0)
		return err;
	c->all[i]->keep = keep;
	c->n_kept += keep;
	c->n_kept -= kept;
	return 0;
}

int contacts_remove(struct contacts *c, const char *name)
{
	bool found;
	size_t i = place_of(c, name, &found);

	if (!found)
		return -ENOENT;
	c->n_kept -= c->all[i]->keep;
	free_contact(c->all[i]);
	c->n--;
	memmove(&c->all[i], &c->all[i + 1], (c->n - i) * sizeof(c->all[0]));
	return 0;
}

struct contact *contacts_find(const struct contacts *c, const char *name)
{
	bool found;
	size_t i = place_of(c, name, &found);

	return found ? c->all[i] : NULL;
}

size_t contacts_count(const struct contacts *c)
{
	return c->n;
}

struct contact *contacts_at(const struct contacts *c, size_t i)
{
	return i < c->n ? c->all[i] : NULL;
}

bool contacts_keep(const struct contacts *c, const struct hit *hit)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i]->keep && contact_find_hit(c->all[i], hit))
			return true;
	return false;
}

static struct contact_hit *find_among(struct contact_hit *hits, size_t n,
				      const struct hit *hit)
{
	for (size_t i = 0; i < n; i++)
		if (hit_equal(&hits[i].hit, hit))
			return &hits[i];
	return NULL;
}

struct contact_hit *contact_find_hit(const struct contact *c,
				     const struct hit *hit)
{
	return find_among(c->hits, c->n_hits, hit);
}

/* Fills an entry that has nothing yet. False for want of memory. */
static bool fill(const struct contact *c, const struct resolve_hit *from,
		 struct contact_hit *out)
{
	const struct contact_hit *before;

	memcpy(out->hit.bytes, from->hit, sizeof(out->hit.bytes));
	before = contact_find_hit(c, &out->hit);
	if (before)
		*out = *before;
	out->proof = from->proof;
	out->hi = NULL;
	out->hi_len = 0;
	if (!from->hi)
		return true;
	out->hi = malloc(from->hi_len);
	if (!out->hi)
		return false;
	memcpy(out->hi, from->hi, from->hi_len);
	out->hi_len = from->hi_len;
	return true;
}

int contact_set_hits(struct contact *c, const struct resolve_hit *hits,
		     size_t n)
{
	struct contact_hit *fresh = calloc(n + 1, sizeof(*fresh));
	size_t n_fresh = 0;

	if (!fresh)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct hit hit;

		memcpy(hit.bytes, hits[i].hit, sizeof(hit.bytes));
		if (find_among(fresh, n_fresh, &hit))
			continue;
		if (!fill(c, &hits[i], &fresh[n_fresh++])) {
			free_hits(fresh, n_fresh);
			return -ENOMEM;
		}
	}
	free_hits(c->hits, c->n_hits);
	c->hits = fresh;
	c->n_hits = n_fresh;
	return 0;
}

/* One entry of the file; false when it is none, or cannot be taken. */
static bool take_entry(void *ctx, const json_t *entry)
{
	struct contacts *c = ctx;
	const char *text = json_string_value(json_object_get(entry, "name"));
	const json_t *keep = json_object_get(entry, "keep");
	char name[NAME_LEN_MAX + 1];

	return text && json_is_boolean(keep) &&
	       contacts_canonical(text, name) == 0 && !contacts_find(c, name) &&
	       contacts_set(c, name, json_is_true(keep)) == 0;
}

int contacts_load(struct contacts *c, int dir, bool *broken)
{
	return statelist_load(dir, file_name, key, take_entry, c, broken);
}

int contacts_save(const struct contacts *c, int dir)
{
	json_t *entries = json_array();
	bool whole = true;

	for (size_t i = 0; whole && i < c->n; i++)
		whole = json_array_append_new(
				entries,
				json_pack("{s:s, s:b}", "name", c->all[i]->name,
					  "keep", (int)c->all[i]->keep)) == 0;
	if (!whole) {
		json_decref(entries);
		entries = NULL;
	}
	return statelist_save(dir, file_name, key, entries);
}
