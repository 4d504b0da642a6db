/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The commands that only change something in the daemon: pin, close, reload.
 * They are silent when all went well. Where one is about a host, its name is
 * looked up before, in the overlay or in DNS, as ping does.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/field.h"

#include <string.h>

int change_run(const struct options *o)
{
	struct client_answer a;
	int code = client_ask_words(o, &a);

	if (code == API_DONE && o->json && a.json)
		(void)puts(a.json); /* main looks at stdout at the end */
	client_answer_clear(&a);
	return code;
}

/* Whatever has a ':' is a HIT. */
static bool is_name(const char *word)
{
	return !strchr(word, ':') && strcmp(word, "all") != 0;
}

/* With the name in words[at], if it is one, as the HIT behind it. */
static int change_host(const struct options *o, size_t at)
{
	const struct api_request r = { .command = "resolve",
				       .args = { o->words[at], "at-once" },
				       .n_args = 2 };
	struct options of_hit = *o;
	struct client_answer a;
	int code;

	if (!is_name(o->words[at]))
		return change_run(o);
	code = client_ask(o->socket, &r, CLIENT_TIMEOUT_MS, &a);
	if (code == API_DONE) {
		of_hit.words[at] = field_text(
			json_array_get(json_object_get(a.root, "hits"), 0),
			"hit");
		code = change_run(&of_hit);
	}
	client_answer_clear(&a);
	return code;
}

int change_association(const struct options *o)
{
	return change_host(o, 1);
}

int change_peer(const struct options *o)
{
	const char *what = o->words[1];
	bool add = strcmp(what, "add") == 0 && o->n_words > 3;
	bool remove = strcmp(what, "remove") == 0 && o->n_words == 3;

	/* How it is written wrongly the daemon says. */
	return add || remove ? change_host(o, 2) : change_run(o);
}
