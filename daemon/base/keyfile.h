/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Files that hold a private key. They are read only when nobody else can
 * read them, and written once: whole or not at all, mode 0600 from the first
 * instant, never over an existing file.
 */
#ifndef HIPLINE_KEYFILE_H
#define HIPLINE_KEYFILE_H

#include <stddef.h>

enum {
	KEYFILE_MAX = 16384, /* an RSA-4096 key in PEM is 3,300 bytes */
};

/*
 * Reads a whole file into out, its length into *len. Returns 0, -EKEYREJECTED
 * when group or others have any right on it, -ELOOP for a symbolic link,
 * -EISDIR or -ENXIO when it is not a regular file, -EFBIG when it is longer
 * than cap, or what the system said. After a failure out holds no byte of
 * the file. The caller wipes out.
 */
__attribute__((warn_unused_result)) int
keyfile_read(const char *path, void *out, size_t cap, size_t *len);

/*
 * Writes a new file of mode 0600. Returns 0 when it is on the disk, -EEXIST
 * when there is something of this name, -EBUSY when somebody else keeps
 * writing keys to this directory, or what the system said. A crash may leave
 * ".NAME.new" beside it, which the next write of the same name removes.
 */
__attribute__((warn_unused_result)) int
keyfile_write(const char *path, const void *bytes, size_t len);

/* Cause and remedy in a few words for an error of the two functions above. */
const char *keyfile_error_text(int error);

#endif
