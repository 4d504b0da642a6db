/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What `hipline` and the engine say to each other over the control socket:
 * one request (a command and its arguments as text), one reply (an exit
 * code, and either JSON as hipline(1) describes it or a line of text that
 * says what went wrong and what to do). The daemon never parses JSON.
 */
#ifndef HIPLINE_API_H
#define HIPLINE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum api_type {
	API_REQUEST = 1,
	API_REPLY = 2,
};

enum {
	API_ARGS_MAX = 64,
	API_TEXT_MAX = 4096,	 /* of one argument */
	API_REQUEST_MAX = 65536, /* of one request */
};

/* Exit codes of `hipline` (contract). */
enum api_exit {
	API_DONE = 0,
	API_FAILED = 1,
	API_USAGE = 2,
	API_NOT_RUNNING = 3,
	API_NO_SUCH_NAME = 4,
};

/* Text is NUL-terminated inside the message and borrowed from it. */
struct api_request {
	const char *command;
	const char *args[API_ARGS_MAX];
	size_t n_args;
};

struct api_reply {
	uint8_t exit; /* enum api_exit */
	const char
		*text; /* error or notice for people; "" when there is none */
	const char *json; /* "" when there is none */
};

/*
 * Bodies of the two messages. Write: the length, or 0 when it does not fit
 * or would not be parsed.
 */
size_t api_request_write(const struct api_request *r, uint8_t *out, size_t cap);
size_t api_reply_len(const struct api_reply *r);
size_t api_reply_write(const struct api_reply *r, uint8_t *out, size_t cap);

/* False on a broken form: not terminated, NUL inside, left-over bytes, too
 * many or too long arguments, text that is not UTF-8. */
bool api_request_parse(const uint8_t *body, size_t len,
		       struct api_request *out);
bool api_reply_parse(const uint8_t *body, size_t len, struct api_reply *out);

#endif
