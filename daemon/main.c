/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * hiplined: reads the command line and does what it says. Of libraries it
 * has what the monitor needs; the others are hipline-engine's.
 */
#include "daemon/base/log.h"
#include "daemon/config_file.h"
#include "daemon/errand.h"
#include "daemon/monitor.h"
#include "daemon/network.h"
#include "daemon/place.h"

#include <config.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_FILE SYSCONFDIR "/hipline/hipline.conf"

enum { EXIT_USAGE = 2 };

enum action { ACTION_RUN, ACTION_TEST, ACTION_UNGUARD };

struct options {
	struct monitor_options monitor;
	enum action action;
};

static const char usage[] =
	"Usage: hiplined [OPTION]...\n"
	"\n"
	"The hipline daemon. It stays in the foreground and logs to stderr.\n"
	"\n"
	"  -c FILE        read this configuration;\n"
	"                 default " DEFAULT_FILE "\n"
	"  -t             test the configuration and exit\n"
	"  -v             log everything, whatever the configuration says\n"
	"  --libexec DIR  where hipline-engine and hipline-resolver are; "
	"default\n"
	"                 beside hiplined, then " LIBEXECDIR "\n"
	"  --unguard      remove the route and the firewall table that keep\n"
	"                 HITs from other interfaces, and exit\n"
	"  --help         print this and exit\n"
	"  --version      print the version and exit\n";

/* Where output ends up nowhere we say so by the status. */
static int finish_output(void)
{
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Says which users are missing; false when one is. */
static bool test_users(const char *file, const struct config *c)
{
	bool ok = true;

	for (size_t i = 0; i < CONFIG_USERS_USED && i < c->users.n; i++) {
		const struct config_item *user = &c->users.items[i];

		if (getpwnam(user->text))
			continue;
		if (user->line > 0) /* else it is a default, not the file's */
			(void)fprintf(stderr, "%s:%d: ", file, user->line);
		(void)fprintf(stderr,
			      "there is no user %s; make it with useradd "
			      "--system %s, or name another with host { users "
			      "= { ... } } in %s\n",
			      user->text, user->text, file);
		ok = false;
	}
	return ok;
}

/*
 * Says what the start would do about the identity; false when it would fail.
 * What a user without rights may not see is not held against the file.
 */
static bool test_identity(const struct config *c, const char *libexec)
{
	char folder[PATH_MAX];
	struct errand_key key;
	int err;

	if (geteuid() != 0 && access(c->identity, R_OK) < 0 &&
	    errno == EACCES) {
		(void)fprintf(stderr, "%s is not looked at: that takes root\n",
			      c->identity);
		return true;
	}
	err = errand_run(ERRAND_LOAD, c, libexec, &key);
	sodium_memzero(&key, sizeof(key));
	if (err != -ENOENT)
		return err == 0;
	(void)snprintf(folder, sizeof(folder), "%s",
		       c->identity); /* no longer, that was checked */
	*(strrchr(folder, '/') + 1) = '\0';
	if (access(folder, W_OK | X_OK) < 0 &&
	    !(errno == ENOENT && place_state_makes(c->state, folder))) {
		(void)fprintf(stderr,
			      "there is no identity %s, and none can be made "
			      "in %s: %s; make that directory, or name another "
			      "with identity = ...\n",
			      c->identity, folder, strerror(errno));
		return false;
	}
	(void)fprintf(stderr,
		      "there is no identity %s yet: hiplined makes one when it "
		      "starts, %s, and with it a new HIT; if there was one "
		      "before, restore it\n",
		      c->identity, identity_kind_text(c->algorithm));
	return true;
}

/* The same of the state directory. */
static bool test_state(const struct config *c)
{
	const struct passwd *pw = getpwnam(c->users.items[0].text);
	int err = pw ? place_test_state(c->state, pw->pw_uid) : 0;

	if (err != -EACCES || geteuid() == 0)
		return err == 0;
	(void)fprintf(stderr, "%s is not looked at: that takes root\n",
		      c->state);
	return true;
}

static int test_configuration(const struct monitor_options *o)
{
	char error[CONFIG_ERROR_MAX];
	struct config_file f;
	bool ok;

	if (config_file_load(o->file, o->file_named, &f, error) < 0) {
		(void)fprintf(stderr, "%s\n", error);
		return EXIT_FAILURE;
	}
	ok = test_users(o->file, &f.config);
	ok = test_state(&f.config) && ok;
	ok = test_identity(&f.config, o->libexec) && ok;
	ok = network_test(&f.config) == 0 && ok;
	config_file_clear(&f);
	if (!ok)
		return EXIT_FAILURE;
	(void)printf("%s: ok\n", o->file);
	return finish_output();
}

static int usage_error(void)
{
	(void)fputs(usage, stderr);
	return EXIT_USAGE;
}

/* Fills *o; the exit status when there is nothing more to do, else -1. */
static int read_options(int argc, char *argv[], struct options *o)
{
	static const struct option longs[] = {
		{ "libexec", required_argument, NULL, 'L' },
		{ "unguard", no_argument, NULL, 'U' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:tv", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->monitor.file = optarg;
			o->monitor.file_named = true;
			break;
		case 't':
			o->action = ACTION_TEST;
			break;
		case 'v':
			o->monitor.verbose = true;
			break;
		case 'L':
			o->monitor.libexec = optarg;
			break;
		case 'U':
			o->action = ACTION_UNGUARD;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			return finish_output();
		case 'V':
			(void)printf("hiplined %s\n", PACKAGE_VERSION);
			return finish_output();
		default:
			return usage_error();
		}
	}
	if (optind == argc)
		return -1;
	(void)fprintf(stderr,
		      "hiplined: %s: it takes no argument; a file is "
		      "named with -c\n",
		      argv[optind]);
	return usage_error();
}

int main(int argc, char *argv[])
{
	struct options o = { .monitor = { .file = DEFAULT_FILE } };
	int status = read_options(argc, argv, &o);

	if (status >= 0)
		return status;
	if (sodium_init() < 0) {
		log_error("random", "the system gives no random numbers");
		return EXIT_FAILURE;
	}
	if (o.action == ACTION_TEST)
		return test_configuration(&o.monitor);
	switch (o.action) {
	case ACTION_UNGUARD:
		return monitor_unguard(&o.monitor);
	case ACTION_TEST:
	case ACTION_RUN:
		break;
	}
	return monitor_run(&o.monitor);
}
