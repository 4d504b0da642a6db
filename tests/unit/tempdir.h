/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A directory of its own for a test, and files in it.
 */
#ifndef HIPLINE_TESTS_TEMPDIR_H
#define HIPLINE_TESTS_TEMPDIR_H

#include <stddef.h>

struct tempdir {
	char path[64];
	char file[512]; /* what tempdir_path gave last */
	int fd;
};

void tempdir_make(struct tempdir *d);

/* Removes it with the files, and directories one deep, that are in it. */
void tempdir_remove(struct tempdir *d);

/* The path of a file in it; valid until the next call. */
const char *tempdir_path(struct tempdir *d, const char *name);

/* Writes a file, mode 0600. */
void tempdir_put(struct tempdir *d, const char *name, const char *content);

/* How many entries it has. */
size_t tempdir_count(const struct tempdir *d);

#endif
