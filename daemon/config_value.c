/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One function for each kind of value. A value is whole before it replaces
 * what was there.
 */
#include "daemon/config_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ITEMS_INITIAL_MAX = 8, /* of an initial list */
	TEXT_INITIAL_MAX = 256,
};

void config_report(struct config_report *r, int line, const char *format, ...)
{
	va_list args;
	int n;

	if (r->err)
		return;
	r->err = -EINVAL;
	n = snprintf(r->text, CONFIG_ERROR_MAX, "%s:%d: ", r->file, line);
	if (n < 0 || n >= CONFIG_ERROR_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(r->text + n, (size_t)(CONFIG_ERROR_MAX - n), format,
			args); /* a text cut short is still one */
	va_end(args);
}

static bool no_memory(struct config_report *r)
{
	if (!r->err)
		r->err = -ENOMEM;
	return false;
}

enum { KEY_PATH_MAX = 160 };

/* Where a key stands: "host port", "peer bob hit"; a long title is cut. */
static const char *key_path(const struct config_key *key,
			    const struct config_report *r,
			    char path[static KEY_PATH_MAX])
{
	(void)snprintf(path, KEY_PATH_MAX, "%s%s%.100s%s%s",
		       r->section ? r->section : "", r->section ? " " : "",
		       r->title ? r->title : "", r->title ? " " : "",
		       key->name);
	return path;
}

void config_value_takes(const struct config_key *key,
			char out[static CONFIG_TAKES_MAX])
{
	if (key->kind == CONFIG_NUMBER && !key->is_id)
		(void)snprintf(out, CONFIG_TAKES_MAX,
			       "a number from %" PRIu64 " to %" PRIu64,
			       key->min, key->max); /* fits */
	else
		(void)snprintf(out, CONFIG_TAKES_MAX, "%s%s",
			       key->kind == CONFIG_CHOICE ? "one of: " : "",
			       key->allowed); /* fits */
}

static bool bad(const struct config_key *key, const struct config_token *t,
		struct config_report *r)
{
	char path[KEY_PATH_MAX], takes[CONFIG_TAKES_MAX];

	config_value_takes(key, takes);
	config_report(r, t->line, "%s cannot be '%.100s'; it takes %s",
		      key_path(key, r, path), t->text, takes);
	return false;
}

bool config_list_add(struct config_list *list, const char *text, int line,
		     struct config_report *r)
{
	struct config_item *items =
		realloc(list->items, (list->n + 1) * sizeof(*items));
	char *copy = strdup(text);

	if (items)
		list->items = items;
	if (!items || !copy) {
		free(copy);
		return no_memory(r);
	}
	list->items[list->n++] = (struct config_item){ copy, line };
	return true;
}

void config_list_clear(struct config_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i].text);
	free(list->items);
	*list = (struct config_list){ 0 };
}

bool config_list_is_same(const struct config_list *a,
			 const struct config_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].text, b->items[i].text) != 0)
			return false;
	return true;
}

static bool is_empty_list(const struct config_tokens *tokens)
{
	return tokens->n == 1 && tokens->items[0]->text[0] == '\0';
}

static bool set_text(const struct config_key *key, const struct config_token *t,
		     void *at, struct config_report *r)
{
	char **text = at;
	char *copy;

	if (!key->check(t->text))
		return bad(key, t, r);
	if (!at)
		return true;
	copy = strdup(t->text);
	if (!copy)
		return no_memory(r);
	free(*text);
	*text = copy;
	return true;
}

static bool set_number(const struct config_key *key,
		       const struct config_token *t, uint32_t *at,
		       struct config_report *r)
{
	uint64_t n;

	if (!config_number(t->text, &n) || n < key->min || n > key->max ||
	    (key->is_id && !key->is_id(n)))
		return bad(key, t, r);
	if (at)
		*at = (uint32_t)n; /* keys that are kept have such a max */
	return true;
}

static bool set_choice(const struct config_key *key,
		       const struct config_token *t, unsigned *at,
		       struct config_report *r)
{
	int place = config_word_place(key->allowed, t->text);

	if (place < 0)
		return bad(key, t, r);
	if (at)
		*at = (unsigned)place;
	return true;
}

static bool set_hit(const struct config_key *key, const struct config_token *t,
		    struct hit *at, struct config_report *r)
{
	return hit_from_text(t->text, at) == 0 || bad(key, t, r);
}

static bool set_ids(const struct config_key *key,
		    const struct config_tokens *tokens, struct config_ids *at,
		    struct config_report *r)
{
	struct config_ids ids = { .n = 0 };

	for (size_t i = 0; i < tokens->n; i++) {
		const struct config_token *t = tokens->items[i];
		uint64_t id;

		if (!config_number(t->text, &id) || !key->is_id(id) ||
		    ids.n == IDS_MAX)
			return bad(key, t, r);
		for (size_t j = 0; j < ids.n; j++)
			if (ids.ids[j] == id)
				return bad(key, t, r);
		ids.ids[ids.n++] = (uint16_t)id;
	}
	*at = ids;
	return true;
}

static bool set_list(const struct config_key *key,
		     const struct config_tokens *tokens, struct config_list *at,
		     struct config_report *r)
{
	size_t n = is_empty_list(tokens) ? 0 : tokens->n;
	struct config_list list = { 0 };

	if (n < key->min || n > key->max) {
		config_report(r, tokens->items[0]->line,
			      "%s cannot have %zu items; it takes %s",
			      key->name, n, key->allowed);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const struct config_token *t = tokens->items[i];

		if (!key->check(t->text))
			(void)bad(key, t, r); /* r->err tells */
		else
			(void)config_list_add(&list, t->text, t->line, r);
		if (r->err) {
			config_list_clear(&list);
			return false;
		}
	}
	if (at) {
		config_list_clear(at);
		*at = list;
	} else {
		config_list_clear(&list);
	}
	return true;
}

bool config_value_set(const struct config_key *key,
		      const struct config_tokens *tokens, void *into,
		      struct config_report *r)
{
	void *at = key->offset == CONFIG_NOWHERE
			   ? NULL
			   : (unsigned char *)into + key->offset;

	switch (key->kind) {
	case CONFIG_TEXT:
		return set_text(key, tokens->items[0], at, r);
	case CONFIG_NUMBER:
		return set_number(key, tokens->items[0], at, r);
	case CONFIG_CHOICE:
		return set_choice(key, tokens->items[0], at, r);
	case CONFIG_HIT:
		return set_hit(key, tokens->items[0], at, r);
	case CONFIG_IDS:
		return set_ids(key, tokens, at, r);
	case CONFIG_LIST:
		return set_list(key, tokens, at, r);
	}
	return false;
}

bool config_value_initial(const struct config_key *key, void *into,
			  struct config_report *r)
{
	bool list = key->kind == CONFIG_LIST || key->kind == CONFIG_IDS;
	struct config_token items[ITEMS_INITIAL_MAX];
	struct config_tokens tokens = { .n = 0 };
	char text[TEXT_INITIAL_MAX];
	char *p = text;

	if (!key->initial)
		return true;
	if (strlen(key->initial) >= sizeof(text))
		return no_memory(r);
	memcpy(text, key->initial, strlen(key->initial) + 1);
	while (p && tokens.n < ITEMS_INITIAL_MAX) {
		char *comma = list ? strstr(p, ", ") : NULL;

		if (comma)
			*comma = '\0';
		items[tokens.n] = (struct config_token){ 0, p };
		tokens.items[tokens.n] = &items[tokens.n];
		tokens.n++;
		p = comma ? comma + 2 : NULL;
	}
	return config_value_set(key, &tokens, into, r);
}

void config_value_clear(const struct config_key *key, void *into)
{
	unsigned char *at = into;

	if (key->offset == CONFIG_NOWHERE)
		return;
	at += key->offset;
	if (key->kind == CONFIG_TEXT) {
		free(*(char **)(void *)at);
		*(char **)(void *)at = NULL;
	} else if (key->kind == CONFIG_LIST) {
		config_list_clear((struct config_list *)(void *)at);
	}
}

/* How much memory a value takes. */
static size_t size_of(enum config_kind kind)
{
	switch (kind) {
	case CONFIG_TEXT:
		return sizeof(char *);
	case CONFIG_NUMBER:
		return sizeof(uint32_t);
	case CONFIG_CHOICE:
		return sizeof(unsigned);
	case CONFIG_HIT:
		return sizeof(struct hit);
	case CONFIG_IDS:
		return sizeof(struct config_ids);
	case CONFIG_LIST:
		return sizeof(struct config_list);
	}
	return 0;
}

bool config_value_is_same(const struct config_key *key, const void *a,
			  const void *b)
{
	const unsigned char *x = a, *y = b;
	const char *texts[2];

	if (key->offset == CONFIG_NOWHERE)
		return true;
	x += key->offset;
	y += key->offset;
	if (key->kind == CONFIG_LIST)
		return config_list_is_same((const void *)x, (const void *)y);
	if (key->kind != CONFIG_TEXT) /* ids that are not used are zero */
		return memcmp(x, y, size_of(key->kind)) == 0;
	memcpy(&texts[0], x, sizeof(texts[0]));
	memcpy(&texts[1], y, sizeof(texts[1]));
	return strcmp(texts[0], texts[1]) == 0;
}

void config_value_swap(const struct config_key *key, void *a, void *b)
{
	unsigned char *x = a, *y = b;
	size_t n = size_of(key->kind);

	if (key->offset == CONFIG_NOWHERE)
		return;
	x += key->offset;
	y += key->offset;
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = x[i];

		x[i] = y[i];
		y[i] = byte;
	}
}

/* Whether the words are these, separated by ", ". */
static bool list_is(const struct config_tokens *tokens, const char *text)
{
	for (size_t i = 0; i < tokens->n; i++) {
		const char *word = tokens->items[i]->text;
		size_t len = strlen(word);

		if (i > 0 && strncmp(text, ", ", 2) != 0)
			return false;
		text += i > 0 ? 2 : 0;
		if (strncmp(text, word, len) != 0)
			return false;
		text += len;
	}
	return *text == '\0';
}

bool config_value_is_acted_on(const struct config_key *key,
			      const struct config_tokens *tokens)
{
	if (!key->acts_on)
		return true;
	if (key->kind == CONFIG_LIST)
		return list_is(tokens, key->acts_on);
	return !strcmp(key->acts_on, tokens->items[0]->text) ||
	       config_word_place(key->acts_on, tokens->items[0]->text) >= 0;
}
