/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Nothing is asked of the disk while there is no such warning.
 */
#include "daemon/aside.h"

#include "daemon/statefile.h"

#include <string.h>

static const struct {
	const char *code, *file;
} files[] = {
	{ "contacts-broken", "contacts.json" },
	{ "hosts-broken", "hosts.json" },
	{ "membership-broken", "membership.json" },
	{ "names-broken", "names.json" },
	{ "peers-broken", "peers.json" },
	{ "pins-broken", "pins.json" },
};

static bool warns(const struct warnings *w, const char *code)
{
	for (size_t i = 0; i < w->n; i++)
		if (!strcmp(w->all[i].code, code))
			return true;
	return false;
}

void aside_tick(struct engine *e)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (warns(&e->warnings, files[i].code) &&
		    !statefile_is_aside(e->state_dir, files[i].file))
			warnings_remove(&e->warnings, files[i].code);
}
