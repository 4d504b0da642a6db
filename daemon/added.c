/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One array in the order of the HITs. The file is JSON:
 * {"peers": [{"hit": "2001:...", "locators": ["192.0.2.2:10500"]}]}.
 */
#include "daemon/added.h"

#include "daemon/config_check.h"
#include "daemon/config_value.h"
#include "daemon/statelist.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "peers.json";
static const char key[] = "peers";

struct added {
	struct added_peer *all;
	size_t n, cap;
};

struct added *added_new(void)
{
	return calloc(1, sizeof(struct added));
}

void added_free(struct added *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		config_list_clear(&a->all[i].locators);
	free(a->all);
	free(a);
}

/* The place of a HIT, or where it would be; *found tells which. */
static size_t place_of(const struct added *a, const struct hit *hit,
		       bool *found)
{
	size_t low = 0, high = a->n;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = hit_compare(&a->all[middle].hit, hit);

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

static int make_room(struct added *a)
{
	size_t cap = a->cap ? 2 * a->cap : 16;
	struct added_peer *all;

	if (a->n >= ADDED_MAX)
		return -ENOSPC;
	if (a->n < a->cap)
		return 0;
	all = realloc(a->all, cap * sizeof(*all));
	if (!all)
		return -ENOMEM;
	a->all = all;
	a->cap = cap;
	return 0;
}

static bool copy_list(const char *const *texts, size_t n,
		      struct config_list *out)
{
	char error[CONFIG_ERROR_MAX];
	struct config_report r = { .file = "", .text = error };

	*out = (struct config_list){ 0 };
	for (size_t i = 0; i < n; i++) {
		if (config_list_add(out, texts[i], 0, &r))
			continue;
		config_list_clear(out);
		return false;
	}
	return true;
}

int added_set(struct added *a, const struct hit *hit,
	      const char *const *locators, size_t n)
{
	bool found;
	size_t i = place_of(a, hit, &found);
	struct config_list list;
	int err = n > LOCATORS_MAX ? -ENOSPC : 0;

	if (err == 0 && !found)
		err = make_room(a);
	if (err == 0 && !copy_list(locators, n, &list))
		err = -ENOMEM;
	if (err < 0)
		return err;
	if (found) {
		config_list_clear(&a->all[i].locators);
	} else {
		memmove(&a->all[i + 1], &a->all[i],
			(a->n - i) * sizeof(a->all[0]));
		a->n++;
	}
	a->all[i] = (struct added_peer){ .hit = *hit, .locators = list };
	return 0;
}

bool added_remove(struct added *a, const struct hit *hit)
{
	bool found;
	size_t i = place_of(a, hit, &found);

	if (!found)
		return false;
	config_list_clear(&a->all[i].locators);
	a->n--;
	memmove(&a->all[i], &a->all[i + 1], (a->n - i) * sizeof(a->all[0]));
	return true;
}

const struct added_peer *added_find(const struct added *a,
				    const struct hit *hit)
{
	bool found;
	size_t i = place_of(a, hit, &found);

	return found ? &a->all[i] : NULL;
}

size_t added_count(const struct added *a)
{
	return a->n;
}

const struct added_peer *added_at(const struct added *a, size_t i)
{
	return i < a->n ? &a->all[i] : NULL;
}

/* One entry of the file; false when it is none, or cannot be kept. */
static bool take_entry(void *ctx, const json_t *entry)
{
	struct added *a = ctx;
	const char *text = json_string_value(json_object_get(entry, "hit"));
	const json_t *list = json_object_get(entry, "locators");
	const char *locators[LOCATORS_MAX];
	size_t n = json_array_size(list);
	struct hit hit;

	if (!text || hit_from_text(text, &hit) < 0 || !json_is_array(list) ||
	    n > LOCATORS_MAX || added_find(a, &hit))
		return false;
	for (size_t i = 0; i < n; i++) {
		locators[i] = json_string_value(json_array_get(list, i));
		if (!locators[i] || !config_is_locator(locators[i]))
			return false;
	}
	return added_set(a, &hit, locators, n) == 0;
}

int added_load(struct added *a, int dir, bool *broken)
{
	return statelist_load(dir, file_name, key, take_entry, a, broken);
}

static json_t *entry_of(const struct added_peer *p)
{
	json_t *list = json_array();
	char hit[HIT_TEXT_MAX];

	hit_text(&p->hit, hit);
	for (size_t i = 0; i < p->locators.n; i++) {
		json_t *text = json_string(p->locators.items[i].text);

		if (json_array_append_new(list, text) == 0)
			continue;
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:s, s:o}", "hit", hit, "locators", list);
}

int added_save(const struct added *a, int dir)
{
	json_t *entries = json_array();
	bool whole = true;

	for (size_t i = 0; whole && i < a->n; i++)
		whole = json_array_append_new(entries, entry_of(&a->all[i])) ==
			0;
	if (!whole) {
		json_decref(entries);
		entries = NULL;
	}
	return statelist_save(dir, file_name, key, entries);
}
