/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/statelist.h"

#include "daemon/statefile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool take_text(const char *text, size_t len, const char *key,
		      statelist_take_fn *take, void *ctx)
{
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *entries = json_object_get(root, key);
	bool whole = json_is_array(entries);
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		if (!take(ctx, entry))
			whole = false;
	}
	json_decref(root);
	return whole;
}

int statelist_load(int dir, const char *name, const char *key,
		   statelist_take_fn *take, void *ctx, bool *broken)
{
	char *text = NULL;
	size_t len = 0;
	int err = statefile_read(dir, name, &text, &len);
	bool whole = err == 0 && take_text(text, len, key, take, ctx);

	free(text);
	*broken = false;
	if (err == -ENOENT || whole)
		return 0;
	if (err < 0 && err != -EFBIG && err != -ENXIO && err != -ELOOP)
		return err;
	*broken = true;
	return statefile_set_aside(dir, name);
}

int statelist_save(int dir, const char *name, const char *key, json_t *entries)
{
	json_t *root = json_object();
	char *text = NULL;
	int err = -ENOMEM;

	if (json_object_set_new(root, key, entries) == 0)
		text = json_dumps(root, JSON_INDENT(1));
	if (text)
		err = statefile_write(dir, name, text, strlen(text));
	free(text);
	json_decref(root);
	return err;
}
