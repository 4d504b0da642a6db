/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Contacts: added, removed, and listed, which fewer rights are needed for.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/text.h"

#include <string.h>

enum { ADD_WORDS = 3 }; /* contact add NAME */

int contact_run(const struct options *o)
{
	bool is_list = o->n_words == 1 ||
		       (o->n_words == 2 && strcmp(o->words[1], "list") == 0);
	bool is_add =
		o->n_words == ADD_WORDS && strcmp(o->words[1], "add") == 0;
	bool is_remove =
		o->n_words == ADD_WORDS && strcmp(o->words[1], "remove") == 0;
	struct options said = *o;

	if (o->keep && !is_add) {
		text_complain(stderr, "--keep: only contact add takes it. Run "
				      "hipline help contact.");
		return API_USAGE;
	}
	if (is_list)
		return show_contacts(o);
	if (!is_add && !is_remove) {
		text_complain(stderr,
			      "contact %s: that is none of its forms. Usage: "
			      "hipline contact [list] | add NAME|HIT [--keep] "
			      "| remove NAME|HIT",
			      o->words[1]);
		return API_USAGE;
	}
	if (o->keep)
		said.words[said.n_words++] = "keep";
	return change_run(&said);
}
