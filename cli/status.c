/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * `hipline status`: one screen with what is up, what is not, why, and what
 * to do.
 */
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/field.h"
#include "cli/show.h"
#include "cli/text.h"

#include <inttypes.h>
#include <string.h>

enum {
	ROWS_MAX = 12, /* `peers` shows them all */
	TRAFFIC_MAX = 2 * TEXT_MAX + 8,
};

static const char *const red = "\033[31m";
static const char *const green = "\033[32m";
static const char *const yellow = "\033[33m";
static const char *const plain = "\033[0m";

static void put_coloured(FILE *out, bool colour, const char *code,
			 const char *text)
{
	if (colour)
		(void)fputs(code, out);
	text_put(out, text);
	if (colour)
		(void)fputs(plain, out);
}

/* "joined" says no more than that nobody has told it otherwise. */
static const char *place_text(const json_t *overlay)
{
	if (json_is_true(json_object_get(overlay, "revoked")))
		return "certificate revoked";
	return json_is_true(json_object_get(overlay, "joined"))
		       ? "in the ring"
		       : "not in the ring yet; joining";
}

/* Its place in the overlay, and what it is called there. */
static void overlay_rows(struct columns *t, json_t *root)
{
	json_t *overlay = json_object_get(root, "overlay");
	const json_t *joining = json_object_get(root, "joining");
	const json_t *names = json_object_get(root, "names");
	char text[FIELD_JOINING_MAX];

	if (json_is_object(overlay)) {
		columns_cell(t, "overlay");
		columns_cell(t, "%s: %s", field_text(overlay, "name"),
			     place_text(overlay));
		columns_cell(t, "authority");
		columns_cell(t, "%s",
			     field_text(json_object_get(overlay, "authority"),
					"fingerprint"));
	}
	if (json_is_object(joining)) {
		field_joining(joining, text);
		columns_cell(t, "overlay");
		columns_cell(t, "%s", text);
	}
	for (size_t i = 0; i < json_array_size(names); i++) {
		const json_t *n = json_array_get(names, i);
		const char *reason = field_text_or_null(n, "reason");

		columns_cell(t, "%s", i == 0 ? "names" : "");
		columns_cell(t, "%s: %s%s%s", field_text(n, "name"),
			     field_text(n, "state"), reason ? ", " : "",
			     reason ? reason : "");
	}
}

/* One line each, where there are several. */
static void worker_rows(struct columns *t, json_t *root)
{
	const json_t *all = json_object_get(root, "workers");
	const size_t n = json_array_size(all);

	for (size_t i = 0; n > 1 && i < n; i++) {
		const json_t *w = json_array_get(all, i);

		columns_cell(t, i == 0 ? "workers" : "");
		columns_cell(t,
			     "%zu: packets in %" PRIu64 ", out %" PRIu64
			     ", dropped %" PRIu64 "%s",
			     i + 1, field_number(w, "packets_in"),
			     field_number(w, "packets_out"),
			     field_number(w, "dropped"),
			     json_is_false(json_object_get(w, "queue"))
				     ? ", no queue"
				     : "");
	}
}

/* How many contacts there are; `contact` shows them. */
static void contact_row(struct columns *t, json_t *root)
{
	const json_t *all = json_object_get(root, "contacts");
	const size_t n = json_array_size(all);
	size_t found = 0, kept = 0;

	for (size_t i = 0; i < n; i++) {
		const json_t *c = json_array_get(all, i);

		found += strcmp(field_text(c, "state"), "found") == 0;
		kept += json_is_true(json_object_get(c, "keep"));
	}
	if (n == 0)
		return;
	columns_cell(t, "contacts");
	columns_cell(t, "%zu, found: %zu, kept: %zu", n, found, kept);
}

static bool put_host(json_t *root, FILE *out)
{
	char locators[FIELD_TEXT_MAX];
	struct columns *t = columns_new(2, 0);
	bool ok;

	field_join(root, "locators", " ", locators);
	columns_cell(t, "hipline");
	columns_cell(t, "%s", field_text(root, "version"));
	columns_cell(t, "HIT");
	columns_cell(t, "%s", field_text(root, "hit"));
	columns_cell(t, "interface");
	columns_cell(t, "%s, MTU %" PRIu64, field_text(root, "interface"),
		     field_number(root, "mtu"));
	columns_cell(t, "underneath");
	columns_cell(t, "port %" PRIu64 "; %s", field_number(root, "port"),
		     locators);
	columns_cell(t, "ESP");
	columns_cell(t, "%s; offload: %s", field_text(root, "aead"),
		     field_text(root, "offload"));
	worker_rows(t, root);
	columns_cell(t, "DNS");
	columns_cell(t, "%s",
		     field_text(json_object_get(root, "dns"), "state"));
	overlay_rows(t, root);
	contact_row(t, root);
	ok = columns_print(t, out);
	columns_free(t);
	return ok;
}

/*
 * "in 1.2 MB, 34.0 kB/s": the rate is the mean over the association's age.
 * Empty before there is one.
 */
static void traffic_text(const json_t *a, const char *what, const char *key,
			 char out[TRAFFIC_MAX])
{
	uint64_t bytes = field_number(a, key);
	uint64_t age = field_number(a, "age_s");
	char sum[TEXT_MAX], rate[TEXT_MAX];

	out[0] = '\0';
	if (bytes == 0 && !field_is_number(a, "age_s"))
		return;
	text_bytes(bytes, sum);
	text_bytes(age ? bytes / age : bytes, rate);
	(void)snprintf(out, TRAFFIC_MAX, "%s %s, %s/s", what, sum, rate);
}

static void association_row(struct columns *t, const json_t *a)
{
	const char *reason = field_text_or_null(a, "reason");
	const char *name = json_string_value(
		json_array_get(json_object_get(a, "names"), 0));
	char path[FIELD_TEXT_MAX], in[TRAFFIC_MAX], out[TRAFFIC_MAX];

	field_path(json_object_get(a, "path"), path);
	traffic_text(a, "in", "bytes_in", in);
	traffic_text(a, "out", "bytes_out", out);
	columns_cell(t, "  %s%s", name ? name : field_text(a, "hit"),
		     field_authority(a));
	columns_cell(t, "%s%s", field_text(a, "state"), field_guest(a));
	columns_cell(t, "%s", path);
	columns_cell(t, "%s", in);
	columns_cell(t, "%s", out);
	columns_cell(t, "%s", reason ? reason : "");
}

static bool put_associations(json_t *root, bool colour, FILE *out)
{
	const json_t *all = json_object_get(root, "associations");
	const size_t n = json_array_size(all);
	struct columns *t;
	size_t up = 0;
	char line[64];
	bool ok;

	for (size_t i = 0; i < n; i++) {
		const char *state = field_text(json_array_get(all, i), "state");

		up += strcmp(state, "established") == 0;
	}
	(void)snprintf(line, sizeof(line), "%zu of %zu established", up, n);
	(void)fputs("\nassociations  ", out);
	put_coloured(out, colour, up == n ? green : yellow, n ? line : "none");
	(void)fputc('\n', out);
	t = columns_new(6, 0);
	for (size_t i = 0; i < n && i < ROWS_MAX; i++)
		association_row(t, json_array_get(all, i));
	ok = columns_print(t, out);
	columns_free(t);
	if (n > ROWS_MAX)
		(void)fprintf(out, "  %zu more: hipline peers\n", n - ROWS_MAX);
	return ok;
}

static void put_warnings(json_t *root, bool colour, FILE *out)
{
	const json_t *all = json_object_get(root, "warnings");
	const size_t n = json_array_size(all);
	char line[24];

	(void)snprintf(line, sizeof(line), "%zu", n);
	(void)fputs("\nwarnings  ", out);
	put_coloured(out, colour, n ? red : green, n ? line : "none");
	(void)fputc('\n', out);
	for (size_t i = 0; i < n; i++) {
		const json_t *w = json_array_get(all, i);

		(void)fputs("  ", out);
		put_coloured(out, colour, yellow, field_text(w, "code"));
		(void)fputs(": ", out);
		text_put(out, field_text(w, "text"));
		(void)fputs("\n    remedy: ", out);
		text_put(out, field_text(w, "remedy"));
		(void)fputc('\n', out);
	}
}

bool status_print(json_t *root, bool colour, FILE *out)
{
	if (!put_host(root, out) || !put_associations(root, colour, out))
		return false;
	put_warnings(root, colour, out);
	return true;
}

int status_show(const struct options *o)
{
	json_t *root = NULL;
	int code = show_run(o, status_print, &root);

	if (code == API_DONE && o->check &&
	    json_array_size(json_object_get(root, "warnings")) > 0)
		code = API_FAILED;
	json_decref(root);
	return code;
}
