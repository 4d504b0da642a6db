/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The command line of `hipline`: options stand anywhere, before or behind
 * the command and its arguments; whatever follows "--" is no option.
 */
#ifndef HIPLINE_OPTIONS_H
#define HIPLINE_OPTIONS_H

#include "daemon/base/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Options that only some commands take. */
enum option_bit {
	OPTION_CHECK = 1 << 0,
	OPTION_COUNT = 1 << 1,
	OPTION_INTERVAL = 1 << 2,
	OPTION_TIMEOUT = 1 << 3,
	OPTION_ALGORITHM = 1 << 4,
	OPTION_NAME = 1 << 5,
	OPTION_DEVICE = 1 << 6,
	OPTION_EXPIRES = 1 << 7,
	OPTION_LOCATOR = 1 << 8,
	OPTION_RR = 1 << 9,
	OPTION_KEEP = 1 << 10,
};

enum {
	OPTION_COUNT_MAX = 65535, /* sequence numbers of an echo */
	OPTION_WORDS_MAX = API_ARGS_MAX + 1,
	OPTION_LOCATORS_MAX = 8, /* of one invitation */
};

/* Text is borrowed from argv and the environment. */
struct options {
	const char *socket;
	bool json, help, version, check, rr, keep;
	uint32_t count;	      /* -c */
	uint64_t interval_us; /* -i */
	uint64_t timeout_us;  /* --timeout */
	const char *algorithm;
	bool device;
	const char *name, *expires; /* NULL: not given */
	const char *locators[OPTION_LOCATORS_MAX];
	size_t n_locators;
	unsigned given; /* option_bit of those that were given */
	const char *words[OPTION_WORDS_MAX]; /* the command, its arguments */
	size_t n_words;
};

/*
 * Fills *out, defaults included. False for a wrong command line, with one
 * line written to err.
 */
bool options_parse(int argc, char **argv, struct options *out, FILE *err);

/* How an option_bit is written on the command line. */
const char *option_text(unsigned bit);

#endif
