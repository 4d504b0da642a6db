/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One question to the running daemon over its control socket, one answer.
 * What goes wrong is said on stderr, once, here.
 */
#ifndef HIPLINE_CLIENT_H
#define HIPLINE_CLIENT_H

#include "cli/options.h"

#include <jansson.h>

enum { CLIENT_TIMEOUT_MS = 18 * 1000 };

/* Both are owned by the caller, who frees them; NULL when there is none. */
struct client_answer {
	char *json;   /* as the daemon wrote it */
	json_t *root; /* the same, parsed */
};

/*
 * Asks and waits at most timeout_ms. Returns the exit code of `hipline`;
 * when it is not API_DONE the reason has been written to stderr and *out is
 * empty. Notices that come with success go to stderr as well.
 */
int client_ask(const char *socket_path, const struct api_request *request,
	       int timeout_ms, struct client_answer *out);

void client_answer_clear(struct client_answer *a);

/* The command line's own words as the question, with the usual timeout. */
int client_ask_words(const struct options *o, struct client_answer *out);

#endif
