/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * hipline-engine: the process that speaks HIP and moves the packets, and the
 * one that runs the monitor's errands. The monitor starts both.
 */
#include "daemon/base/footprint.h"
#include "daemon/base/log.h"
#include "daemon/engine_start.h"
#include "daemon/errand.h"
#include "daemon/program.h"

#include <config.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USAGE = 2 };

static const char usage[] =
	"Usage: hipline-engine --channel | --errand\n"
	"\n"
	"The engine of hipline. hiplined starts it; by hand it is of no use.\n"
	"\n"
	"  --channel      take orders from descriptor 3\n"
	"  --errand       read or make the host's key for descriptor 3\n"
	"  --help         print this and exit\n"
	"  --version      print the version and exit\n";

static int run(int option)
{
	footprint_shrink(); /* what loading has touched */
	if (sodium_init() < 0) {
		log_error("random", "the system gives no random numbers");
		return EXIT_FAILURE;
	}
	return option == 'E' ? errand_serve(PROGRAM_CHANNEL_FD)
			     : engine_run(PROGRAM_CHANNEL_FD);
}

int main(int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "channel", no_argument, NULL, 'C' },
		{ "errand", no_argument, NULL, 'E' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c = getopt_long(argc, argv, "", longs, NULL);

	if (c == 'h')
		(void)fputs(usage, stdout);
	else if (c == 'V')
		(void)printf("hipline-engine %s\n", PACKAGE_VERSION);
	if (c == 'h' || c == 'V')
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	if ((c == 'C' || c == 'E') && optind == argc)
		return run(c);
	(void)fputs(usage, stderr);
	return EXIT_USAGE;
}
