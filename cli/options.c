/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Command line options, by getopt_long. Which command takes which options is
 * main.c's matter.
 */
#include "cli/options.h"

#include "cli/text.h"

#include <getopt.h>
#include <stdlib.h>

enum {
	SECOND_US = 1000 * 1000,
	INTERVAL_MIN_US = 10 * 1000,
	/* Long options without a letter. */
	LONG_CHECK = 256,
	LONG_TIMEOUT,
	LONG_NAME,
	LONG_DEVICE,
	LONG_EXPIRES,
	LONG_LOCATOR,
	LONG_RR,
	LONG_KEEP,
};

static const uint64_t interval_max_us = UINT64_C(3600) * SECOND_US;
static const uint64_t timeout_max_us = UINT64_C(600) * SECOND_US;

/* '-': words come in their order, whatever POSIXLY_CORRECT says. */
static const char short_options[] = "-:a:c:hi:js:V";

static const struct option long_options[] = {
	{ "algorithm", required_argument, NULL, 'a' },
	{ "check", no_argument, NULL, LONG_CHECK },
	{ "count", required_argument, NULL, 'c' },
	{ "device", no_argument, NULL, LONG_DEVICE },
	{ "expires", required_argument, NULL, LONG_EXPIRES },
	{ "help", no_argument, NULL, 'h' },
	{ "interval", required_argument, NULL, 'i' },
	{ "json", no_argument, NULL, 'j' },
	{ "keep", no_argument, NULL, LONG_KEEP },
	{ "locator", required_argument, NULL, LONG_LOCATOR },
	{ "name", required_argument, NULL, LONG_NAME },
	{ "rr", no_argument, NULL, LONG_RR },
	{ "socket", required_argument, NULL, 's' },
	{ "timeout", required_argument, NULL, LONG_TIMEOUT },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

const char *option_text(unsigned bit)
{
	switch (bit) {
	case OPTION_CHECK:
		return "--check";
	case OPTION_COUNT:
		return "-c";
	case OPTION_INTERVAL:
		return "-i";
	case OPTION_TIMEOUT:
		return "--timeout";
	case OPTION_ALGORITHM:
		return "-a";
	case OPTION_NAME:
		return "--name";
	case OPTION_DEVICE:
		return "--device";
	case OPTION_EXPIRES:
		return "--expires";
	case OPTION_LOCATOR:
		return "--locator";
	case OPTION_RR:
		return "--rr";
	case OPTION_KEEP:
		return "--keep";
	default:
		return "";
	}
}

static void set_defaults(struct options *o)
{
	const char *env = getenv("HIPLINE_SOCKET");

	*o = (struct options){
		.socket = RUNSTATEDIR "/hipline/control.sock",
		.count = 4,
		.interval_us = SECOND_US,
		.timeout_us = 20 * SECOND_US,
		.algorithm = "ecdsa-p256",
	};
	if (env && env[0] != '\0')
		o->socket = env;
}

static bool add_word(struct options *o, const char *word, FILE *err)
{
	if (o->n_words == OPTION_WORDS_MAX) {
		text_complain(err, "%s: too many arguments.", word);
		return false;
	}
	o->words[o->n_words++] = word;
	return true;
}

static bool take_count(struct options *o, FILE *err)
{
	uint64_t n;

	o->given |= OPTION_COUNT;
	if (!text_number_parse(optarg, &n) || n < 1 || n > OPTION_COUNT_MAX) {
		text_complain(err, "-c %s: not a number from 1 to %d.", optarg,
			      OPTION_COUNT_MAX);
		return false;
	}
	o->count = (uint32_t)n;
	return true;
}

static bool take_interval(struct options *o, FILE *err)
{
	uint64_t us;

	o->given |= OPTION_INTERVAL;
	if (!text_seconds_parse(optarg, &us) || us < INTERVAL_MIN_US ||
	    us > interval_max_us) {
		text_complain(err, "-i %s: not seconds from 0.01 to 3600.",
			      optarg);
		return false;
	}
	o->interval_us = us;
	return true;
}

static bool take_timeout(struct options *o, FILE *err)
{
	uint64_t us;

	o->given |= OPTION_TIMEOUT;
	if (!text_seconds_parse(optarg, &us) || us < INTERVAL_MIN_US ||
	    us > timeout_max_us) {
		text_complain(err,
			      "--timeout %s: not seconds from 0.01 to "
			      "600.",
			      optarg);
		return false;
	}
	o->timeout_us = us;
	return true;
}

static bool add_locator(struct options *o, FILE *err)
{
	o->given |= OPTION_LOCATOR;
	if (o->n_locators == OPTION_LOCATORS_MAX) {
		text_complain(err, "--locator %s: more than %d of them.",
			      optarg, OPTION_LOCATORS_MAX);
		return false;
	}
	o->locators[o->n_locators++] = optarg;
	return true;
}

/* What getopt_long could not read; `word` is where it stands. */
static bool refuse(int how, const char *word, FILE *err)
{
	if (how == ':')
		text_complain(err,
			      "%s: a value is missing. "
			      "Run hipline --help.",
			      word);
	else
		text_complain(err, "%s: unknown option. Run hipline --help.",
			      word);
	return false;
}

static bool take_option(struct options *o, int option, FILE *err)
{
	switch (option) {
	case 1:
		return add_word(o, optarg, err);
	case 'a':
		o->given |= OPTION_ALGORITHM;
		o->algorithm = optarg;
		return true;
	case 'c':
		return take_count(o, err);
	case 'h':
		o->help = true;
		return true;
	case 'i':
		return take_interval(o, err);
	case 'j':
		o->json = true;
		return true;
	case 's':
		o->socket = optarg;
		return true;
	case 'V':
		o->version = true;
		return true;
	case LONG_CHECK:
		o->given |= OPTION_CHECK;
		o->check = true;
		return true;
	case LONG_RR:
		o->given |= OPTION_RR;
		o->rr = true;
		return true;
	case LONG_KEEP:
		o->given |= OPTION_KEEP;
		o->keep = true;
		return true;
	case LONG_TIMEOUT:
		return take_timeout(o, err);
	case LONG_NAME:
		o->given |= OPTION_NAME;
		o->name = optarg;
		return true;
	case LONG_DEVICE:
		o->given |= OPTION_DEVICE;
		o->device = true;
		return true;
	case LONG_EXPIRES:
		o->given |= OPTION_EXPIRES;
		o->expires = optarg;
		return true;
	case LONG_LOCATOR:
		return add_locator(o, err);
	default:
		return refuse(option, "option", err);
	}
}

bool options_parse(int argc, char **argv, struct options *out, FILE *err)
{
	int option;

	set_defaults(out);
	optind = 0; /* glibc: begin anew, with this string's flags */
	opterr = 0;
	while ((option = getopt_long(argc, argv, short_options, long_options,
				     NULL)) != -1) {
		if (option == '?' || option == ':') {
			const char letter[] = { '-', (char)optopt, '\0' };
			bool is_letter = optopt > 0 && optopt < LONG_CHECK;

			/* Of a long option only a missing value sets optopt
			 * to its letter. */
			if (is_letter && argv[optind - 1][1] != '-')
				return refuse(option, letter, err);
			return refuse(option, argv[optind - 1], err);
		}
		if (!take_option(out, option, err))
			return false;
	}
	for (int i = optind; i < argc; i++) { /* behind "--" */
		if (!add_word(out, argv[i], err))
			return false;
	}
	return true;
}
