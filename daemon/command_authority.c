/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The authority that is on this host, and its backup: out in one answer, in by
 * as many requests as it takes, because an argument has a limit.
 */
#include "daemon/command_impl.h"

#include "daemon/base/keyfile.h"
#include "daemon/config_value.h"
#include "daemon/enrol.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void complain_elsewhere(const struct command_call *c)
{
	const struct membership *m = &c->e->membership;
	char hit[HIT_TEXT_MAX];

	hit_text(&m->authority_host, hit);
	command_say(c->answer, API_FAILED,
		    "the authority of %s is on another host, %s; do it there",
		    m->overlay, hit);
}

/* This host is in no overlay; it may have been, and have the authority. */
static void complain_none(const struct command_call *c)
{
	char overlay[NAME_DOMAIN_MAX + 1];

	if (issuer_overlay(c->e->config.state, overlay))
		command_say(c->answer, API_FAILED,
			    "the authority of %s is on this host, but this "
			    "host is no member of it; hipline create %s makes "
			    "it one, with the authority that is there",
			    overlay, overlay);
	else
		command_say(c->answer, API_FAILED,
			    "there is no authority on this host; hipline "
			    "create makes one");
}

struct issuer *command_issuer(const struct command_call *c)
{
	const struct engine *e = c->e;
	struct issuer *is = enrol_issuer(e->enrol);

	if (is)
		return is;
	if (e->membership.founder)
		command_say(c->answer, API_FAILED,
			    "the authority of %s belongs on this host, but its "
			    "files authority.pem and authority.db in %s are "
			    "missing or broken; restore them (hipline "
			    "authority import), and see hipline status",
			    e->membership.overlay, e->config.state);
	else if (membership_is_set(&e->membership))
		complain_elsewhere(c);
	else
		complain_none(c);
	return NULL;
}

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
	enrol_warn_authority(c->e->enrol);
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
