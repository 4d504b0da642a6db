/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * hiplined: reads the command line and does what it says.
 */
#include "daemon/config_file.h"

#include <config.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_FILE SYSCONFDIR "/hipline/hipline.conf"

enum { EXIT_USAGE = 2 };

struct options {
	const char *file;
	bool file_named; /* by -c: it must be there */
	bool test;
};

static const char usage[] =
	"Usage: hiplined [OPTION]...\n"
	"\n"
	"The hipline daemon. It stays in the foreground and logs to stderr.\n"
	"\n"
	"  -c FILE      read this configuration; default " DEFAULT_FILE "\n"
	"  -t           test the configuration and exit\n"
	"  --help       print this and exit\n"
	"  --version    print the version and exit\n";

static int test_configuration(const struct options *o)
{
	char error[CONFIG_ERROR_MAX];
	struct config_file f;

	if (config_file_load(o->file, o->file_named, &f, error) < 0) {
		(void)fprintf(stderr, "%s\n", error);
		return EXIT_FAILURE;
	}
	config_file_clear(&f);
	(void)printf("%s: ok\n", o->file);
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .file = DEFAULT_FILE };
	int c;

	while ((c = getopt_long(argc, argv, "c:t", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o.file = optarg;
			o.file_named = true;
			break;
		case 't':
			o.test = true;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			return EXIT_SUCCESS;
		case 'V':
			(void)printf("hiplined %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default:
			(void)fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc || !o.test) {
		(void)fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return test_configuration(&o);
}
