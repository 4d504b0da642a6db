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
#include <time.h>
#include <unistd.h>

enum {
	TOKEN_MAX = 4000,
	LONG_S = 12, /* to wait for an authority without a word */
};

/* What was said of a join that goes on. */
struct waiting {
	time_t since_s;
	bool told_trouble, told_why;
};

static time_t now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
	return ts.tv_sec;
}

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

/* The same, as people look at clocks. */
static void tell_end(const json_t *root)
{
	uint64_t left_s = field_number(root, "expires_s");
	time_t end_s = time(NULL) + (time_t)left_s;
	char left[TEXT_MAX], end[40] = "";
	struct tm tm;

	if (!field_is_number(root, "expires_s"))
		return; /* an older hiplined */
	if (localtime_r(&end_s, &tm))
		(void)strftime(end, sizeof(end), "%Y-%m-%d %H:%M:%S %Z", &tm);
	text_duration(left_s, left);
	text_complain(stderr, "it can be used once, within %s: until %s.", left,
		      end);
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
	if (code == API_DONE && !o->json) {
		tell_fingerprint(a.root);
		tell_end(a.root);
	}
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

/* It goes on; says once what the trouble is, and once what it may be. */
static void tell_waiting(const json_t *root, struct waiting *w)
{
	const char *trouble = field_text_or_null(root, "trouble");

	if (trouble && !w->told_trouble) {
		w->told_trouble = true;
		text_complain(stderr,
			      "%s; waiting. It goes on by itself, also when "
			      "this is interrupted.",
			      trouble);
	}
	if (!w->told_why && now_s() >= w->since_s + LONG_S) {
		w->told_why = true;
		text_complain(stderr,
			      "still no certificate after %d s. The authority "
			      "lets in whom it does not know only while an "
			      "invitation is open: if this one was used by "
			      "another host, give up with hipline leave and "
			      "ask for another invitation. Else see that "
			      "hiplined runs on the authority's host, and that "
			      "its UDP port is reached from here.",
			      (int)LONG_S);
	}
}

static void tell_joined(const json_t *root)
{
	(void)fputs("joined ", stdout);
	text_put(stdout, field_text(root, "overlay"));
	(void)fputs(" as ", stdout);
	text_put(stdout, field_text(root, "name"));
	(void)putchar('\n'); /* main looks at stdout at the end */
}

/* It has ended, one way or the other. */
static int finish_join(const struct options *o, const struct client_answer *a)
{
	if (strcmp(field_text(a->root, "state"), "joined") != 0) {
		text_complain(stderr, "it was given up.");
		return API_FAILED;
	}
	if (o->json)
		(void)puts(a->json); /* looked at by main */
	else
		tell_joined(a->root);
	return API_DONE;
}

/* Until it is done or refused. */
static int wait_for_it(const struct options *o)
{
	struct api_request r = { .command = "joining", .args = { "told" } };
	struct waiting w = { .since_s = now_s() };

	for (;;) {
		struct client_answer a;
		int code;

		r.n_args = w.told_trouble ? 1 : 0;
		code = ask(o, &r, &a);
		if (code != API_DONE ||
		    strcmp(field_text(a.root, "state"), "joining") != 0) {
			if (code == API_DONE)
				code = finish_join(o, &a);
			client_answer_clear(&a);
			return code;
		}
		tell_waiting(a.root, &w);
		client_answer_clear(&a);
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
