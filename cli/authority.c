/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The authority's backup, to and from a file of whoever runs this: the
 * daemon may not be able to write there.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/field.h"
#include "cli/text.h"
#include "daemon/base/keyfile.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BACKUP_MAX = 4 * 1024 * 1024,
	PART_LEN = 4000, /* of one argument */
	PARTS = 15,	 /* in one request */
};

static int export_to(const struct options *o, const char *file)
{
	const struct api_request r = { .command = "authority",
				       .args = { "export" },
				       .n_args = 1 };
	struct client_answer a;
	const char *text;
	int code = client_ask(o->socket, &r, CLIENT_TIMEOUT_MS, &a), err;

	if (code != API_DONE)
		return code;
	text = a.root ? json_string_value(json_object_get(a.root, "backup"))
		      : NULL;
	err = text ? keyfile_write(file, text, strlen(text)) : 0;
	if (!text || err < 0) {
		text_complain(stderr, "%s: %s.", file,
			      text ? keyfile_error_text(err)
				   : "the answer holds no data");
		code = API_FAILED;
	}
	if (a.json)
		sodium_memzero(a.json, strlen(a.json));
	client_answer_clear(&a);
	return code;
}

/* One request with as many parts as it takes from *at on; none at the end. */
static int send_parts(const struct options *o, const char *text, size_t len,
		      size_t *at)
{
	static char parts[PARTS][PART_LEN + 1];
	char offset[24];
	struct api_request r = { .command = "authority",
				 .args = { "import", offset },
				 .n_args = 2 };
	struct client_answer a;
	int code;

	(void)snprintf(offset, sizeof(offset), "%zu", *at); /* it fits */
	for (size_t i = 0; i < PARTS && *at < len; i++) {
		size_t n = len - *at < PART_LEN ? len - *at : PART_LEN;

		memcpy(parts[i], text + *at, n);
		parts[i][n] = '\0';
		r.args[r.n_args++] = parts[i];
		*at += n;
	}
	code = client_ask(o->socket, &r, CLIENT_TIMEOUT_MS, &a);
	sodium_memzero(parts, sizeof(parts));
	client_answer_clear(&a);
	return code;
}

static int import_from(const struct options *o, const char *file)
{
	char *text = malloc(BACKUP_MAX);
	size_t len = 0, at = 0;
	int err = 0, code = API_DONE;

	if (!text) {
		text_complain(stderr, "out of memory.");
		return API_FAILED;
	}
	err = keyfile_read(file, text, BACKUP_MAX, &len);
	if (err < 0) {
		text_complain(stderr, "%s: %s.", file, keyfile_error_text(err));
		code = API_FAILED;
	}
	while (code == API_DONE && at < len)
		code = send_parts(o, text, len, &at);
	if (code == API_DONE) /* without a part: that was all */
		code = send_parts(o, text, len, &at);
	sodium_memzero(text, len);
	free(text);
	return code;
}

int authority_run(const struct options *o)
{
	if (strcmp(o->words[1], "export") == 0)
		return export_to(o, o->words[2]);
	if (strcmp(o->words[1], "import") == 0)
		return import_from(o, o->words[2]);
	text_complain(stderr, "authority: it is export FILE or import FILE.");
	return API_USAGE;
}
