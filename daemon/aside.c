/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Nothing is asked of the disk while there is no such warning.
 */
#include "daemon/aside.h"

#include "daemon/statefile.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *code, *file, *remedy;
} files[] = {
	{ "contacts-broken", "contacts.json",
	  "look into it, add again what is missing, and remove it" },
	{ "hosts-broken", "hosts.json",
	  "look into it: which HITs hosts of DNS had at first use; pin what is "
	  "missing, and remove it" },
	{ "membership-broken", "membership.json",
	  "join again with a new invitation, and remove it" },
	{ "names-broken", "names.json",
	  "look into it, publish again what is missing, and remove it" },
	{ "peers-broken", "peers.json",
	  "look into it, add again what is missing, and remove it" },
	{ "pins-broken", "pins.json",
	  "look into it, pin again what is missing, and remove it" },
};

static const size_t n_files = sizeof(files) / sizeof(files[0]);

static void warn(struct engine *e, size_t i)
{
	/* That of an overlay may be whole, but made for another key. */
	const char *also = strcmp(files[i].code, "membership-broken") == 0
				   ? ", or of another identity"
				   : "";

	warnings_add(&e->warnings, files[i].code, files[i].remedy,
		     "%s/%s was broken%s; it was set aside with the ending "
		     ".broken",
		     e->config.state, files[i].file, also);
}

void aside_warn(struct engine *e, const char *code)
{
	size_t i = 0;

	while (i < n_files && strcmp(files[i].code, code) != 0)
		i++;
	assert(i < n_files);
	warn(e, i);
}

void aside_begin(struct engine *e)
{
	for (size_t i = 0; e->state_dir >= 0 && i < n_files; i++)
		if (statefile_is_aside(e->state_dir, files[i].file))
			warn(e, i);
}

static bool warns(const struct warnings *w, const char *code)
{
	for (size_t i = 0; i < w->n; i++)
		if (!strcmp(w->all[i].code, code))
			return true;
	return false;
}

void aside_tick(struct engine *e)
{
	for (size_t i = 0; i < n_files; i++)
		if (warns(&e->warnings, files[i].code) &&
		    !statefile_is_aside(e->state_dir, files[i].file))
			warnings_remove(&e->warnings, files[i].code);
}
