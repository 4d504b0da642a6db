/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The text of a configuration made fit for libconfuse, whose scanner counts
 * lines wrongly behind comments, refuses comments inside lists, overlooks a
 * brace that is never closed, skips what it does not know (an asterisk) and
 * puts in environment variables. All of that is settled before it reads.
 */
#ifndef HIPLINE_CONFIG_TEXT_H
#define HIPLINE_CONFIG_TEXT_H

#include <stddef.h>

enum {
	CONFIG_TEXT_MAX = 1024 * 1024,
	CONFIG_DEPTH_MAX = 4, /* braces within braces */
};

/* What is wrong, and where. `what` is static text, or NULL. */
struct config_fault {
	int line;
	const char *what;
};

/*
 * Gives a NUL-terminated copy, which the caller frees, with the same lines:
 * comments are blank, an empty list { } holds one empty string. Returns 0,
 * -ENOMEM, or -EINVAL with *fault filled.
 */
__attribute__((warn_unused_result)) int
config_text_prepare(const char *text, size_t len, char **out,
		    struct config_fault *fault);

#endif
