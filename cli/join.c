/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The commands of an overlay's life that say something: create, invite,
 * join.
 */
#include "cli/client.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/field.h"
#include "cli/show.h"
#include "cli/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TOKEN_MAX = 4000 };

bool show_print_membership(json_t *root, bool colour, FILE *out)
{
	const json_t *authority = json_object_get(root, "authority");
	struct columns *t = columns_new(2, 0);
	bool ok;

	(void)colour;
	columns_cell(t, "overlay");
	columns_cell(t, "%s", field_text(root, "overlay"));
	columns_cell(t, "authority");
	columns_cell(t, "%s", field_text(authority, "hit"));
	columns_cell(t, "fingerprint");
	columns_cell(t, "%s", field_text(authority, "fingerprint"));
	columns_cell(t, "name");
	columns_cell(t, "%s", field_text(root, "name"));
	ok = columns_print(t, out);
	columns_free(t);
	return ok;
}

static int ask(const struct options *o, const struct api_request *r,
	       struct client_answer *a)
{
	int code = client_ask(o->socket, r, CLIENT_TIMEOUT_MS, a);

	if (code != API_DONE || a->root)
		return code;
	text_complain(stderr,
		      "%s: the answer holds no data. Are hipline and "
		      "hiplined of one version?",
		      r->command);
	return API_FAILED;
}

static int print(const struct options *o, const struct client_answer *a)
{
	if (o->json) {
		(void)puts(a->json); /* main looks at stdout at the end */
		return API_DONE;
	}
	if (show_print_membership(a->root, false, stdout))
		return API_DONE;
	text_complain(stderr, "out of memory.");
	return API_FAILED;
}

int join_create(const struct options *o)
{
	const struct api_request r = { .command = "create",
				       .args = { o->words[1], o->name },
				       .n_args = o->name ? 2 : 1 };
	struct client_answer a;
	int code = ask(o, &r, &a);

	if (code == API_DONE)
		code = print(o, &a);
	client_answer_clear(&a);
	return code;
}

/* Beside the token, which stands alone on stdout. */
static void tell_fingerprint(const json_t *root)
{
	const json_t *authority = json_object_get(root, "authority");
	const char *fingerprint = field_text_or_null(authority, "fingerprint");

	if (fingerprint)
		text_complain(stderr,
			      "%s is invited to %s, whose authority has the "
			      "fingerprint %s: join shows it, too.",
			      field_text(root, "name"),
			      field_text(root, "overlay"), fingerprint);
}

int join_invite(const struct options *o)
{
	struct api_request r = { .command = "invite",
				 .args = { o->words[1] },
				 .n_args = 1 };
	char expires[64], locators[OPTION_LOCATORS_MAX][288];
	struct client_answer a;
	int code;

	if (o->device)
		r.args[r.n_args++] = "device";
	if (o->expires) {
		(void)snprintf(expires, sizeof(expires), "expires=%s",
			       o->expires); /* cut short it is wrong, too */
		r.args[r.n_args++] = expires;
	}
	for (size_t i = 0; i < o->n_locators; i++) {
		(void)snprintf(locators[i], sizeof(locators[i]), "locator=%s",
			       o->locators[i]); /* the same */
		r.args[r.n_args++] = locators[i];
	}
	code = ask(o, &r, &a);
	if (code == API_DONE)
		(void)puts(o->json ? a.json : field_text(a.root, "token"));
	if (code == API_DONE && !o->json)
		tell_fingerprint(a.root);
	client_answer_clear(&a);
	return code;
}

/* From stdin, where others do not see it in the list of processes. */
static bool read_token(char out[TOKEN_MAX])
{
	static const char blanks[] = " \t\r\n";
	size_t first, len;

	do {
		if (!fgets(out, TOKEN_MAX, stdin)) {
			text_complain(stderr, "stdin: no invitation came.");
			return false;
		}
		first = strspn(out, blanks);
	} while (out[first] == '\0'); /* an empty line in front of it */
	len = strcspn(out + first, blanks);
	memmove(out, out + first, len);
	out[len] = '\0';
	return true;
}

/* Until it is done or refused; says once what it waits for. */
static int wait_for_it(const struct options *o)
{
	struct api_request r = { .command = "joining", .args = { "told" } };
	bool is_told = false;

	for (;;) {
		struct client_answer a;
		const char *state;
		int code;

		r.n_args = is_told ? 1 : 0;
		code = ask(o, &r, &a);
		state = code == API_DONE ? field_text(a.root, "state") : "";
		if (code == API_DONE && strcmp(state, "joining") != 0) {
			if (strcmp(state, "joined") != 0) {
				text_complain(stderr, "it was given up.");
				code = API_FAILED;
			} else if (o->json) {
				(void)puts(a.json); /* looked at by main */
			}
			client_answer_clear(&a);
			return code;
		}
		if (code == API_DONE && !is_told &&
		    json_is_string(json_object_get(a.root, "trouble"))) {
			text_complain(stderr,
				      "%s; waiting. It goes on by itself, "
				      "also when this is interrupted.",
				      field_text(a.root, "trouble"));
			is_told = true;
		}
		client_answer_clear(&a);
		if (code != API_DONE)
			return code;
	}
}

int join_run(const struct options *o)
{
	char token[TOKEN_MAX];
	struct api_request r = { .command = "join",
				 .args = { o->words[1] },
				 .n_args = 1 };
	struct client_answer a;
	int code;

	if (strcmp(o->words[1], "-") == 0) {
		if (!read_token(token))
			return API_FAILED;
		r.args[0] = token;
	}
	code = ask(o, &r, &a);
	if (code == API_DONE && !o->json) {
		code = print(o, &a);
		(void)fflush(stdout); /* main looks at it at the end */
	}
	client_answer_clear(&a);
	return code == API_DONE ? wait_for_it(o) : code;
}
