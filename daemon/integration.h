/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * How questions of this host's programs reach our DNS, as far as the system's
 * files tell: nothing is changed here.
 */
#ifndef HIPLINE_INTEGRATION_H
#define HIPLINE_INTEGRATION_H

#include <stddef.h>

enum {
	INTEGRATION_TEXT_MAX = 512,
	INTEGRATION_FILE_MAX = 16 * 1024, /* of what is looked at */
};

struct integration {
	const char *active; /* static: "resolv.conf", or "none" */
	const char *system; /* static: who writes resolv.conf, as it seems */
	char next[INTEGRATION_TEXT_MAX]; /* what to do next; for people */
};

/*
 * Judges the text of resolv.conf (resolv.conf(5)) against the address that
 * we listen on, without port. `resolvconf`: there is such a program.
 */
void integration_judge(const char *text, const char *listen, int resolvconf,
		       struct integration *out);

/* The same with this system's file. */
void integration_look(const char *listen, struct integration *out);

#endif
