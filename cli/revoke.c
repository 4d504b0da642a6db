/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Revoking: what was done, and how far the members know of it. The daemon is
 * asked how it goes until all neighbours have the new list, or for a few
 * seconds.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/field.h"
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LOOKS_MAX = 60, PAUSE_MS = 200 };

static json_int_t number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* How the list goes, borrowed from *a; NULL: not known yet. */
static const json_t *look(const struct options *o, json_int_t number,
			  struct client_answer *a)
{
	const struct api_request r = { .command = "overlay" };
	const json_t *list;

	if (client_ask(o->socket, &r, CLIENT_TIMEOUT_MS, a) != API_DONE)
		return NULL;
	list = json_object_get(a->root, "revocations");
	return json_is_object(list) && number_of(list, "number") >= number
		       ? list
		       : NULL;
}

/* Waits for the neighbours; what they have is put into the answer. */
static void wait_for_neighbours(const struct options *o, json_t *root)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	json_int_t number = number_of(json_object_get(root, "list"), "number");
	json_int_t told = 0, confirmed = 0;
	bool done = false;

	for (int i = 0; i < LOOKS_MAX && !done; i++) {
		struct client_answer a = { .root = NULL };
		const json_t *list;

		(void)nanosleep(&pause, NULL); /* sooner is no harm */
		list = look(o, number, &a);
		done = !a.root; /* nobody answers: it was said */
		if (list) {
			told = number_of(list, "told");
			confirmed = number_of(list, "confirmed");
			/* None yet, or nobody to be told? */
			done = confirmed >= told &&
			       (told > 0 || number_of(a.root, "links") == 0);
		}
		client_answer_clear(&a);
	}
	(void)json_object_set_new(root, "told", json_integer(told));
	(void)json_object_set_new(root, "confirmed", json_integer(confirmed));
}

static void print(const struct options *o, const json_t *root)
{
	const json_t *list = json_object_get(root, "list");
	json_int_t n = number_of(root, "revoked");
	const json_t *hits = json_object_get(root, "hits");

	(void)printf("revoked: %lld certificate%s of %s\n", (long long)n,
		     n == 1 ? "" : "s", o->words[1]);
	for (size_t i = 0; i < json_array_size(hits); i++)
		(void)printf("host: %s\n",
			     json_string_value(json_array_get(hits, i)));
	n = number_of(list, "entries");
	(void)printf("revocation list %lld: %lld entr%s; %lld of %lld "
		     "neighbours have it\n",
		     (long long)number_of(list, "number"), (long long)n,
		     n == 1 ? "y" : "ies",
		     (long long)number_of(root, "confirmed"),
		     (long long)number_of(root, "told"));
	(void)puts("Members that run learn of it by them within seconds, or "
		   "when they ask next\n(each minute in a ring of up to 60, "
		   "hourly in any); others when they come back.");
}

int revoke_run(const struct options *o)
{
	struct client_answer a;
	int code = client_ask_words(o, &a);
	char *text;

	if (code != API_DONE || !json_is_object(a.root)) {
		client_answer_clear(&a);
		return code;
	}
	wait_for_neighbours(o, a.root);
	text = json_dumps(a.root, JSON_COMPACT);
	if (o->json && text)
		(void)puts(text); /* main looks at stdout at the end */
	else if (!o->json)
		print(o, a.root);
	else
		code = API_FAILED;
	free(text);
	client_answer_clear(&a);
	return code;
}
