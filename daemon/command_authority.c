/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The authority's backup: out in one answer, in by as many requests as it
 * takes, because an argument has a limit.
 */
#include "daemon/command_impl.h"

#include "daemon/base/keyfile.h"
#include "daemon/config_value.h"
#include "daemon/enrol.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void export_all(const struct command_call *c)
{
	struct issuer *is = command_issuer(c);
	char *text = is ? issuer_export(is) : NULL;

	if (!is)
		return;
	if (text)
		c->answer->json =
			json_pack("{s:s, s:s}", "overlay",
				  c->e->membership.overlay, "backup", text);
	if (!c->answer->json)
		command_say(c->answer, API_FAILED, "out of memory");
	enrol_warn_backup(c->e->enrol);
	if (text)
		sodium_memzero(text, strlen(text));
	free(text);
}

static const char *import_error(int err)
{
	switch (err) {
	case -EINVAL:
		return "it is no backup of an authority, or not all of it";
	case -EEXIST:
		return "there is an authority; move authority.pem and "
		       "authority.db away";
	default:
		return keyfile_error_text(err);
	}
}

void command_authority(const struct command_call *c)
{
	uint64_t offset;
	int err = 0;

	if (!strcmp(c->args[0], "export") && c->n_args == 1) {
		export_all(c);
		return;
	}
	if (strcmp(c->args[0], "import") != 0 || c->n_args < 2 ||
	    !config_number(c->args[1], &offset)) {
		command_say(c->answer, API_USAGE,
			    "usage: authority export, or authority import "
			    "OFFSET [TEXT]...");
		return;
	}
	for (size_t i = 2; i < c->n_args && err == 0; i++) {
		err = enrol_import_part(c->e->enrol, (size_t)offset,
					c->args[i]);
		offset += strlen(c->args[i]);
	}
	if (c->n_args == 2)
		err = enrol_import(c->e->enrol, (size_t)offset);
	if (err < 0)
		command_say(c->answer, API_FAILED, "it is not imported: %s",
			    import_error(err));
}
