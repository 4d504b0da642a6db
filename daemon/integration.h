/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * How questions of this host's programs reach our DNS, as far as the system's
 * files tell: nothing is changed here.
 */
#ifndef HIPLINE_INTEGRATION_H
#define HIPLINE_INTEGRATION_H

#include <stdbool.h>
#include <stddef.h>

enum {
	INTEGRATION_TEXT_MAX = 512,
	INTEGRATION_FILE_MAX = 16 * 1024, /* of what is looked at */
};

/* What is judged; all texts NUL-terminated. */
struct integration_system {
	const char *resolv_conf; /* its text (resolv.conf(5)) */
	const char *nsswitch;	 /* the text of nsswitch.conf(5) */
	bool resolvconf;	 /* there is such a program */
	bool has_upstream;	 /* names that are not ours are answered */
	bool is_silent;		 /* none of those who are asked does answer */
	const char *listen;	 /* our address, without port; or "" */
	const char *interface;	 /* that of the HITs */
	const char *suffix;	 /* of our names */
};

struct integration {
	const char *active; /* static: "resolv.conf", or "none" */
	const char *system; /* static: who writes resolv.conf, as it seems */
	bool nss;	    /* the C library asks libnss_hipline */
	char next[INTEGRATION_TEXT_MAX]; /* what to do next; for people */
};

void integration_judge(const struct integration_system *s,
		       struct integration *out);

/* The same, after the texts and the program were read from this system. */
void integration_look(struct integration_system *s, struct integration *out);

#endif
