/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What is not as it should be, for `hipline status`: a code for programs, a
 * text for people, and what to do about it.
 */
#ifndef HIPLINE_WARNINGS_H
#define HIPLINE_WARNINGS_H

#include <stddef.h>

enum {
	WARNINGS_MAX = 64,
	WARNING_TEXT_MAX = 512,
};

struct warning {
	const char *code;   /* static */
	const char *remedy; /* static */
	char text[WARNING_TEXT_MAX];
};

struct warnings {
	struct warning *all;
	size_t n;
};

void warnings_clear(struct warnings *w);

/*
 * Adds a warning and logs it. Code and text together tell whether it is
 * there already; what is over WARNINGS_MAX is only logged.
 */
__attribute__((format(printf, 4, 5))) void
warnings_add(struct warnings *w, const char *code, const char *remedy,
	     const char *format, ...);

/* Takes all warnings of a code away. */
void warnings_remove(struct warnings *w, const char *code);

/* Those whose text begins with `about`, but for one of this text (or NULL),
 * which stays as it is. */
void warnings_remove_about(struct warnings *w, const char *code,
			   const char *about, const char *but);

#endif
