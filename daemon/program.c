/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A path that is cut short names nothing, and starting it says so.
 */
#include "daemon/program.h"

#include "daemon/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void program_find(const char *name, const char *libexec,
		  char out[PROGRAM_PATH_MAX])
{
	char self[PROGRAM_PATH_MAX / 2];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (libexec) {
		(void)snprintf(out, PROGRAM_PATH_MAX, "%s/%s", libexec,
			       name); /* cut short it is not there */
		return;
	}
	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		*slash = '\0';
		(void)snprintf(out, PROGRAM_PATH_MAX, "%s/%s", self,
			       name); /* fits */
		if (access(out, X_OK) == 0)
			return;
	}
	(void)snprintf(out, PROGRAM_PATH_MAX, "%s/%s", LIBEXECDIR,
		       name); /* fits */
}

/* Its own name is the last part of its path. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void program_become(const char *path, const char *option, int channel)
{
	char *const arguments[] = { (char *)(uintptr_t)name_of(path),
				    (char *)(uintptr_t)option, NULL };
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (channel == PROGRAM_CHANNEL_FD) {
		if (fcntl(channel, F_SETFD, 0) < 0)
			_exit(EXIT_FAILURE);
	} else if (dup2(channel, PROGRAM_CHANNEL_FD) < 0) {
		_exit(EXIT_FAILURE);
	}
	/* Ours close by themselves; what we were started with may not. */
	(void)close_range(PROGRAM_CHANNEL_FD + 1, ~0u, 0);
	(void)execv(path, arguments);
	log_error("start",
		  "%s: %s; name the directory where it is with --libexec, or "
		  "install hipline again",
		  path, strerror(errno));
	_exit(PROGRAM_NOT_STARTED);
}
