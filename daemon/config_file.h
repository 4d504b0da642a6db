/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The file that the configuration stands in, read once: the text is kept, so
 * that the engine parses the same bytes as the monitor.
 */
#ifndef HIPLINE_CONFIG_FILE_H
#define HIPLINE_CONFIG_FILE_H

#include "daemon/config.h"

#include <stdbool.h>
#include <stddef.h>

struct config_file {
	const char *name; /* borrowed */
	char *text;	  /* as it was read, len bytes */
	size_t len;
	struct config config;
};

/*
 * Reads and parses a file. When it is not there it counts as an empty one,
 * unless `must_exist`. Returns 0, or a negative errno with one line in error
 * that says what is wrong and where. On success *out must be cleared.
 */
__attribute__((warn_unused_result)) int
config_file_load(const char *name, bool must_exist, struct config_file *out,
		 char error[CONFIG_ERROR_MAX]);

void config_file_clear(struct config_file *f);

/*
 * Reads a file whole into *text, which the caller frees. 0 or a negative
 * errno (-EFBIG when it is longer than CONFIG_TEXT_MAX).
 */
__attribute__((warn_unused_result)) int
config_file_read(const char *name, char **text, size_t *len);

#endif
