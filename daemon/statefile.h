/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Files of the state directory that are written again and again: each write
 * replaces the file as a whole or not at all, also when we are killed half
 * way. One process writes them. (Keys are written once: base/keyfile.h.)
 */
#ifndef HIPLINE_STATEFILE_H
#define HIPLINE_STATEFILE_H

#include <stdbool.h>
#include <stddef.h>

enum { STATEFILE_MAX = 4 * 1024 * 1024 };

/*
 * Reads a file whole into *text, which the caller frees; a NUL that *len
 * does not count stands behind it. 0 or a negative errno (-EFBIG when it is
 * longer than STATEFILE_MAX, -ENXIO when it is no regular file).
 */
__attribute__((warn_unused_result)) int
statefile_read(int dir, const char *name, char **text, size_t *len);

/* Replaces a file, mode 0600. 0, when it is on the disk, or -errno. */
__attribute__((warn_unused_result)) int
statefile_write(int dir, const char *name, const void *bytes, size_t len);

/*
 * Renames a broken file out of the way, to NAME.broken or the first of
 * NAME.broken.1 to .9 that is free (.9 is replaced). 0 or a negative errno.
 */
__attribute__((warn_unused_result)) int statefile_set_aside(int dir,
							    const char *name);

/* Whether there is one of its name that was set aside, now or before. */
bool statefile_is_aside(int dir, const char *name);

#endif
