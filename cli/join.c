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
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	TOKEN_MAX = 4000,
	LONG_S = 12,	    /* to wait for an authority without a word */
	PATIENCE_MS = 8000, /* of one question */
};

/* What was said of a join that goes on, and how long it is waited for. */
struct waiting {
	uint64_t since_ms, end_ms;
	bool told_trouble, told_why;
	char trouble[512]; /* the last that was heard */
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
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
	const char *at =
		field_text_or_null(json_object_get(root, "authority"), "at");

	/* Cut short it still tells. */
	if (trouble)
		(void)snprintf(w->trouble, sizeof(w->trouble), "%s", trouble);
	else
		(void)snprintf(w->trouble, sizeof(w->trouble),
			       "the authority's host%s%s has not answered yet",
			       at ? " at " : "", at ? at : "");
	if (trouble && !w->told_trouble) {
		w->told_trouble = true;
		text_complain(stderr,
			      "%s. Waiting; it goes on by itself, also when "
			      "this is interrupted.",
			      trouble);
	}
	if (!w->told_why && now_ms() >= w->since_ms + LONG_S * 1000) {
		w->told_why = true;
		text_complain(stderr,
			      "still no certificate after %d s. See that "
			      "hiplined runs on the authority's host, and that "
			      "its UDP port is reached from here. If that is "
			      "so, the invitation may be used or have expired, "
			      "and the authority lets this host in no more: "
			      "give up with hipline leave and ask for another "
			      "invitation.",
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

/* --timeout is over; the daemon goes on. */
static int give_up_waiting(const struct options *o, const struct waiting *w)
{
	text_complain(stderr,
		      "no certificate after %.1f s: %s. hiplined goes on with "
		      "it; hipline status shows what comes of it, hipline "
		      "leave gives it up.",
		      (double)o->timeout_us / 1e6, w->trouble);
	return API_FAILED;
}

/* Asks once, for as long as there is patience left and nothing to say. */
static int ask_once(const struct options *o, const struct waiting *w,
		    struct client_answer *a)
{
	struct api_request r = { .command = "joining" };
	uint64_t now = now_ms();
	uint64_t until = w->end_ms;
	char left[24];

	if (w->told_trouble)
		r.args[r.n_args++] = "told";
	if (!w->told_why && w->since_ms + LONG_S * 1000 < until)
		until = w->since_ms + LONG_S * 1000;
	if (until < now + PATIENCE_MS) {
		(void)snprintf(left, sizeof(left), "%" PRIu64,
			       until > now ? until - now : 0);
		r.args[r.n_args++] = left;
	}
	return ask(o, &r, a);
}

/* Until it is done or refused, or --timeout is over. */
static int wait_for_it(const struct options *o)
{
	struct waiting w = { .since_ms = now_ms(), .end_ms = UINT64_MAX };

	if (o->given & OPTION_TIMEOUT)
		w.end_ms = w.since_ms + (o->timeout_us + 999) / 1000;
	for (;;) {
		struct client_answer a;
		int code = ask_once(o, &w, &a);

		if (code != API_DONE ||
		    strcmp(field_text(a.root, "state"), "joining") != 0) {
			if (code == API_DONE)
				code = finish_join(o, &a);
			client_answer_clear(&a);
			return code;
		}
		tell_waiting(a.root, &w);
		client_answer_clear(&a);
		if (now_ms() >= w.end_ms)
			return give_up_waiting(o, &w);
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
