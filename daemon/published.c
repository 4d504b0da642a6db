/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The file is JSON: {"names": ["bob@example.com"]}.
 */
#include "daemon/published.h"

#include "daemon/base/name.h"
#include "daemon/statelist.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "names.json";
static const char key[] = "names";

void published_clear(struct published *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->all[i].name);
	p->n = 0;
}

struct published_name *published_find(struct published *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->all[i].name, name) == 0)
			return &p->all[i];
	return NULL;
}

/* The entry of a name, made when there is none. 0, -ENOSPC or -ENOMEM. */
static int make(struct published *p, const char *name,
		struct published_name **out)
{
	struct published_name *n = published_find(p, name);

	if (!n) {
		if (p->n == PUBLISHED_MAX)
			return -ENOSPC;
		n = &p->all[p->n];
		*n = (struct published_name){ .name = strdup(name) };
		if (!n->name)
			return -ENOMEM;
		p->n++;
	}
	*out = n;
	return 0;
}

/* Its memory is the caller's. */
static char *take_out(struct published *p, struct published_name *n)
{
	char *name = n->name;

	p->n--;
	memmove(n, n + 1, (size_t)(&p->all[p->n] - n) * sizeof(*n));
	return name;
}

int published_add(struct published *p, const char *name)
{
	struct published_name *n;
	int err = make(p, name, &n);

	if (err < 0)
		return err;
	if (n->added)
		return -EEXIST;
	n->added = true;
	return 0;
}

int published_remove(struct published *p, const char *name)
{
	struct published_name *n = published_find(p, name);

	if (!n)
		return -ENOENT;
	if (n->line > 0)
		return -EEXIST;
	free(take_out(p, n));
	return 0;
}

int published_configure(struct published *p, const struct config_list *names,
			char *gone[PUBLISHED_MAX], size_t *n_gone)
{
	int err = 0;

	*n_gone = 0;
	for (size_t i = 0; i < p->n; i++)
		p->all[i].line = 0;
	for (size_t i = 0; i < names->n && err == 0; i++) {
		struct published_name *n;
		char name[NAME_LEN_MAX + 1];

		if (name_canonical(names->items[i].text, name) < 0)
			continue; /* the key's check lets none pass */
		err = make(p, name, &n);
		if (err == 0)
			n->line = names->items[i].line;
	}
	for (size_t i = p->n; i-- > 0;)
		if (p->all[i].line == 0 && !p->all[i].added)
			gone[(*n_gone)++] = take_out(p, &p->all[i]);
	return err;
}

void published_again(struct published *p)
{
	for (size_t i = 0; i < p->n; i++) {
		p->all[i].state = RESOLVE_NAME_PUBLISHING;
		p->all[i].reason[0] = '\0';
	}
}

static bool take_name(void *ctx, const json_t *entry)
{
	struct published *p = ctx;
	const char *text = json_string_value(entry);
	char name[NAME_LEN_MAX + 1];

	return text && name_canonical(text, name) == 0 &&
	       (published_add(p, name) == 0 || published_find(p, name));
}

int published_load(struct published *p, int dir, bool *broken)
{
	return statelist_load(dir, file_name, key, take_name, p, broken);
}

int published_save(const struct published *p, int dir)
{
	json_t *names = json_array();
	bool whole = true;

	for (size_t i = 0; whole && i < p->n; i++)
		if (p->all[i].added)
			whole = json_array_append_new(
					names, json_string(p->all[i].name)) ==
				0;
	if (!whole) {
		json_decref(names);
		names = NULL;
	}
	return statelist_save(dir, file_name, key, names);
}
