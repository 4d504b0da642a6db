/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The programs that the monitor starts: where they are, and how a child of
 * ours becomes one, with a channel to us and nothing else of ours.
 */
#ifndef HIPLINE_PROGRAM_H
#define HIPLINE_PROGRAM_H

enum {
	PROGRAM_PATH_MAX = 4096,
	PROGRAM_CHANNEL_FD = 3, /* the channel, in the program */
	/* The exit status of a child that did not become one, and said why. */
	PROGRAM_NOT_STARTED = 127,
};

#define PROGRAM_ENGINE "hipline-engine"
#define PROGRAM_RESOLVER "hipline-resolver"

/*
 * In `libexec` unless that is NULL; else beside this program when it was not
 * installed, else where it belongs.
 */
void program_find(const char *name, const char *libexec,
		  char out[PROGRAM_PATH_MAX]);

/* In the child: becomes `path` with one option, with signals as they come. */
_Noreturn void program_become(const char *path, const char *option,
			      int channel);

#endif
