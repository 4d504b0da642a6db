/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The commands that only show: id, peers, resolve, dns, names, contact,
 * overlay, counters. `status` is
 * larger and has its own file.
 */
#include "cli/show.h"

#include "cli/client.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/field.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool show_wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && no_color[0] != '\0')
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

int show_run(const struct options *o, show_print *print, json_t **root_out)
{
	struct client_answer a;
	int code = client_ask_words(o, &a);

	if (code != API_DONE)
		return code;
	if (!a.root) {
		text_complain(stderr,
			      "%s: the answer holds no data. Are "
			      "hipline and hiplined of one version?",
			      o->words[0]);
		code = API_FAILED;
	} else if (o->json) {
		(void)puts(a.json); /* main looks at stdout at the end */
	} else if (!print(a.root, show_wants_colour(), stdout)) {
		text_complain(stderr, "out of memory.");
		code = API_FAILED;
	}
	if (root_out)
		*root_out = json_incref(a.root);
	client_answer_clear(&a);
	return code;
}

static bool finish(struct columns *t, FILE *out)
{
	bool ok = columns_print(t, out);

	columns_free(t);
	return ok;
}

bool show_print_id(json_t *root, bool colour, FILE *out)
{
	static const char *const rows[][2] = {
		{ "HIT", "hit" },
		{ "algorithm", "algorithm" },
		{ "fingerprint", "fingerprint" },
		{ "own name", "self_name" },
	};
	struct columns *t = columns_new(2, 0);

	(void)colour;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		columns_cell(t, "%s", rows[i][0]);
		columns_cell(t, "%s", field_text(root, rows[i][1]));
	}
	return finish(t, out);
}

bool show_print_record(json_t *root, bool colour, FILE *out)
{
	(void)colour;
	text_put(out, field_text(root, "hip_record"));
	(void)fputc('\n', out);
	return true;
}

static void peer_row(struct columns *t, const json_t *a)
{
	const char *authority = field_authority(a);
	char path[FIELD_TEXT_MAX], names[FIELD_TEXT_MAX];
	char in[TEXT_MAX], out[TEXT_MAX], age[TEXT_MAX], idle[TEXT_MAX];

	field_path(json_object_get(a, "path"), path);
	field_join(a, "names", ",", names);
	text_bytes(field_number(a, "bytes_in"), in);
	text_bytes(field_number(a, "bytes_out"), out);
	text_duration(field_number(a, "age_s"), age);
	text_duration(field_number(a, "idle_s"), idle);
	columns_cell(t, "%s", field_text(a, "hit"));
	columns_cell(t, "%s", *authority ? authority + 1 : names);
	columns_cell(t, "%s%s", field_text(a, "state"), field_guest(a));
	columns_cell(t, "%s", path);
	columns_cell(t, "%s", in);
	columns_cell(t, "%s", out);
	columns_cell(t, "%s", field_is_number(a, "age_s") ? age : "-");
	columns_cell(t, "%s", field_is_number(a, "idle_s") ? idle : "-");
	columns_cell(t, "%" PRIu64, field_number(a, "rekeys"));
}

bool show_print_peers(json_t *root, bool colour, FILE *out)
{
	static const char *const head[] = { "HIT",  "NAMES", "STATE",
					    "PATH", "IN",    "OUT",
					    "AGE",  "IDLE",  "REKEYS" };
	const json_t *all = json_object_get(root, "associations");
	const size_t n = sizeof(head) / sizeof(head[0]);
	struct columns *t;

	(void)colour;
	if (json_array_size(all) == 0)
		return true; /* no data, no line */
	t = columns_new(n, 0x1f0);
	for (size_t i = 0; i < n; i++)
		columns_cell(t, "%s", head[i]);
	for (size_t i = 0; i < json_array_size(all); i++)
		peer_row(t, json_array_get(all, i));
	return finish(t, out);
}

/* Beside the data: who is not believed. */
static void warn_against(const json_t *root)
{
	const json_t *against = json_object_get(root, "against");

	for (size_t i = 0; i < json_array_size(against); i++)
		fprintf(stderr,
			"hipline: %s claims the name, too, and is not "
			"believed\n",
			json_string_value(json_array_get(against, i)));
}

/* The HIT comes first: the first field of a line is what scripts want. */
bool show_print_resolve(json_t *root, bool colour, FILE *out)
{
	const json_t *hits = json_object_get(root, "hits");
	struct columns *t = columns_new(3, 0);

	(void)colour;
	for (size_t i = 0; i < json_array_size(hits); i++) {
		const json_t *h = json_array_get(hits, i);
		char life[TEXT_MAX] = "";

		if (field_is_number(h, "lifetime_s"))
			text_duration(field_number(h, "lifetime_s"), life);
		columns_cell(t, "%s", field_text(h, "hit"));
		columns_cell(t, "%s", field_text(h, "proof"));
		columns_cell(t, "%s", life);
	}
	warn_against(root);
	return finish(t, out);
}

bool show_print_counters(json_t *root, bool colour, FILE *out)
{
	struct columns *t = columns_new(2, 0x2);
	const char *key;
	json_t *value;

	(void)colour;
	json_object_foreach(root, key, value)
	{
		columns_cell(t, "%s", key);
		columns_cell(t, "%" PRIu64, field_number(root, key));
	}
	return finish(t, out);
}

bool show_print_names(json_t *root, bool colour, FILE *out)
{
	const json_t *names = json_object_get(root, "names");
	const json_t *seen = json_object_get(root, "seen");
	struct columns *t = columns_new(4, 0);

	(void)colour;
	for (size_t i = 0; i < json_array_size(names); i++) {
		const json_t *n = json_array_get(names, i);
		const char *proof = field_text_or_null(n, "proof");
		const char *reason = field_text_or_null(n, "reason");

		columns_cell(t, "%s", field_text(n, "name"));
		columns_cell(t, "%s",
			     json_is_true(json_object_get(n, "revoked"))
				     ? "revoked"
				     : field_text(n, "state"));
		columns_cell(t, "%s", proof ? proof : "");
		columns_cell(t, "%s", reason ? reason : "");
	}
	for (size_t i = 0; i < json_array_size(seen); i++) {
		const json_t *s = json_array_get(seen, i);

		columns_cell(t, "%s", field_text(s, "name"));
		columns_cell(t, "seen");
		columns_cell(t, "first-use");
		columns_cell(t, "%s", field_text(s, "hit"));
	}
	return finish(t, out);
}

/* One line for each HIT; how the association is, and of what is kept why it
 * is down. */
static void contact_rows(struct columns *t, const json_t *c)
{
	const char *reason = field_text_or_null(c, "reason");
	const json_t *hits = json_object_get(c, "hits");
	const bool keep = json_is_true(json_object_get(c, "keep"));
	size_t i = 0;

	do {
		const json_t *h = json_array_get(hits, i);
		const char *line = field_text_or_null(h, "association");
		const char *proof = field_text_or_null(h, "proof");
		const char *why = field_text_or_null(h, "reason");

		columns_cell(t, "%s", field_text(c, "name"));
		columns_cell(t, "%s", field_text(c, "state"));
		columns_cell(t, "%s", keep ? "kept" : "");
		columns_cell(t, "%s", field_text(h, "hit"));
		columns_cell(t, "%s", proof ? proof : "");
		columns_cell(t, "%s", line ? line : keep && h ? "none" : "");
		columns_cell(t, "%s%s%s", reason ? reason : "",
			     reason && why ? "; " : "", why ? why : "");
	} while (++i < json_array_size(hits));
}

bool show_print_contacts(json_t *root, bool colour, FILE *out)
{
	const json_t *all = json_object_get(root, "contacts");
	struct columns *t = columns_new(7, 0);

	(void)colour;
	for (size_t i = 0; i < json_array_size(all); i++)
		contact_rows(t, json_array_get(all, i));
	return finish(t, out);
}

/* How many certificates hold no more, and who has heard it from us. */
static void revoked_row(struct columns *t, const json_t *list)
{
	uint64_t told = field_number(list, "told");
	uint64_t missing = field_number(list, "missing");

	if (!json_is_object(list))
		return;
	if (missing > 0) {
		columns_cell(t, "list");
		columns_cell(t, "%" PRIu64 " parts of it are missing", missing);
	}
	columns_cell(t, "revoked");
	if (told > 0)
		columns_cell(t,
			     "%" PRIu64 "; %" PRIu64 " of %" PRIu64
			     " neighbours have the list by us",
			     field_number(list, "entries"),
			     field_number(list, "confirmed"), told);
	else
		columns_cell(t, "%" PRIu64, field_number(list, "entries"));
}

static void certificate_row(struct columns *t, const json_t *certificate,
			    bool revoked)
{
	time_t ends_s = (time_t)field_number(certificate, "ends_s");
	char day[16] = "";
	struct tm tm;

	if (revoked) {
		columns_cell(t, "certificate");
		columns_cell(t, "revoked: ask for a new invitation, then "
				"hipline leave and join");
		return;
	}
	if (!json_is_object(certificate))
		return;
	if (gmtime_r(&ends_s, &tm))
		(void)strftime(day, sizeof(day), "%Y-%m-%d", &tm); /* or "" */
	columns_cell(t, "certificate");
	columns_cell(t, "until %s", day);
}

/* Whose it is, as it can be compared on all hosts. */
static void authority_rows(struct columns *t, const json_t *root)
{
	const json_t *authority = json_object_get(root, "authority");

	columns_cell(t, "authority");
	columns_cell(t, "%s", field_text(authority, "hit"));
	columns_cell(t, "fingerprint");
	columns_cell(t, "%s", field_text(authority, "fingerprint"));
}

/* Of a host that has no certificate yet. */
static bool print_joining(const json_t *root, FILE *out)
{
	struct columns *t = columns_new(2, 0);
	char text[FIELD_JOINING_MAX];

	field_joining(json_object_get(root, "joining"), text);
	columns_cell(t, "overlay");
	columns_cell(t, "%s", text);
	authority_rows(t, root);
	return finish(t, out);
}

bool show_print_overlay(json_t *root, bool colour, FILE *out)
{
	static const char *const lists[] = { "successors", "predecessors" };
	static const char *const numbers[] = { "fingers",   "size_estimate",
					       "records",   "links",
					       "forwarded", "answered",
					       "refused" };
	bool revoked = json_is_true(json_object_get(root, "revoked"));
	bool joined = json_is_true(json_object_get(root, "joined"));
	const char *granted = field_text_or_null(root, "granted");
	struct columns *t;

	(void)colour;
	if (json_is_object(json_object_get(root, "joining")))
		return print_joining(root, out);
	t = columns_new(2, 0);
	columns_cell(t, "overlay");
	columns_cell(t, "%s", field_text(root, "name"));
	if (granted) {
		columns_cell(t, "granted name");
		columns_cell(t, "%s", granted);
	}
	authority_rows(t, root);
	certificate_row(t, json_object_get(root, "certificate"), revoked);
	columns_cell(t, "joined");
	columns_cell(t, "%s", joined && !revoked ? "yes" : "no");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const json_t *all = json_object_get(root, lists[i]);

		for (size_t j = 0; j < json_array_size(all); j++) {
			const char *hit =
				json_string_value(json_array_get(all, j));

			columns_cell(t, "%s", j == 0 ? lists[i] : "");
			columns_cell(t, "%s", hit ? hit : "-");
		}
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (!json_is_number(json_object_get(root, numbers[i])))
			continue;
		columns_cell(t, "%s", numbers[i]);
		columns_cell(
			t, "%.0f",
			json_number_value(json_object_get(root, numbers[i])));
	}
	revoked_row(t, json_object_get(root, "revocations"));
	return finish(t, out);
}

bool show_print_dns(json_t *root, bool colour, FILE *out)
{
	static const char *const rows[][2] = {
		{ "state", "state" },
		{ "suffix", "suffix" },
		{ "integration", "integration" },
		{ "this system's", "system" },
		{ "next step", "next" },
	};
	char listen[FIELD_TEXT_MAX], upstream[FIELD_TEXT_MAX];
	struct columns *t = columns_new(2, 0);

	(void)colour;
	field_join(root, "listen", " ", listen);
	field_join(root, "upstream", " ", upstream);
	columns_cell(t, "address");
	columns_cell(t, "%s", listen[0] ? listen : "none");
	columns_cell(t, "upstream");
	columns_cell(t, "%s%s", upstream[0] ? upstream : "none",
		     json_is_true(json_object_get(root, "upstream_silent"))
			     ? " (no answer)"
			     : "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		columns_cell(t, "%s", rows[i][0]);
		columns_cell(t, "%s", field_text(root, rows[i][1]));
	}
	return finish(t, out);
}

int show_id(const struct options *o)
{
	return show_run(o, o->rr ? show_print_record : show_print_id, NULL);
}

/* Shows a list, and that it is empty. stdout is data: not there. */
static int show_list(const struct options *o, show_print *print,
		     const char *key, const char *empty)
{
	json_t *root = NULL;
	int code = show_run(o, print, &root);

	if (code == API_DONE && !o->json &&
	    json_array_size(json_object_get(root, key)) == 0)
		text_complain(stderr, "%s", empty);
	json_decref(root);
	return code;
}

int show_peers(const struct options *o)
{
	return show_list(o, show_print_peers, "associations",
			 "there are no associations. hipline ping makes one.");
}

int show_resolve(const struct options *o)
{
	return show_run(o, show_print_resolve, NULL);
}

int show_dns(const struct options *o)
{
	return show_run(o, show_print_dns, NULL);
}

int show_counters(const struct options *o)
{
	return show_run(o, show_print_counters, NULL);
}

int show_names(const struct options *o)
{
	return show_list(o, show_print_names, "names",
			 "no names are published. hipline publish does that.");
}

int show_contacts(const struct options *o)
{
	struct options asked = *o;

	asked.words[0] = "contacts";
	asked.n_words = 1;
	return show_list(&asked, show_print_contacts, "contacts",
			 "there are no contacts. hipline contact add makes "
			 "one.");
}

int show_overlay(const struct options *o)
{
	return show_run(o, show_print_overlay, NULL);
}
