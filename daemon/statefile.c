/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Temporary file, fsync, rename, fsync of the directory.
 */
#include "daemon/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASIDE_MAX = 9 };

static int read_fd(int fd, char *buf, size_t cap, size_t *len)
{
	size_t have = 0;

	while (have < cap) {
		ssize_t n = read(fd, buf + have, cap - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*len = have;
	return 0;
}

int statefile_read(int dir, const char *name, char **text, size_t *len)
{
	int fd = openat(dir, name,
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	char *buf = NULL;
	size_t have = 0;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -ENXIO;
	else if (st.st_size > STATEFILE_MAX)
		err = -EFBIG;
	if (err == 0) {
		buf = malloc((size_t)st.st_size + 1);
		err = buf ? read_fd(fd, buf, (size_t)st.st_size, &have)
			  : -ENOMEM;
	}
	(void)close(fd); /* only read from */
	if (err < 0) {
		free(buf);
		return err;
	}
	buf[have] = '\0';
	*text = buf;
	*len = have;
	return 0;
}

static int write_temporary(int dir, const char *name, const char *bytes,
			   size_t len)
{
	/* What a crash has left there is ours, and of no use. */
	int fd = openat(dir, name,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			S_IRUSR | S_IWUSR);
	int err = 0;

	if (fd < 0)
		return -errno;
	while (len > 0 && err == 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno != EINTR)
			err = -errno;
		if (n == 0)
			err = -EIO;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	if (err == 0 && fsync(fd) < 0)
		err = -errno;
	if (close(fd) < 0 && err == 0)
		err = -errno;
	return err;
}

int statefile_write(int dir, const char *name, const void *bytes, size_t len)
{
	char temporary[NAME_MAX + 1];
	int n = snprintf(temporary, sizeof(temporary), ".%s.new", name);
	int err;

	if (n < 0 || (size_t)n >= sizeof(temporary))
		return -ENAMETOOLONG;
	err = write_temporary(dir, temporary, bytes, len);
	if (err == 0 && renameat(dir, temporary, dir, name) < 0)
		err = -errno;
	if (err < 0) {
		/* The old file stays; a rest of the new one harms nobody. */
		(void)unlinkat(dir, temporary, 0);
		return err;
	}
	return fsync(dir) < 0 ? -errno : 0;
}

/* The i-th name for a broken one, from 0. False when it is too long. */
static bool aside_name(char out[NAME_MAX + 1], const char *name, int i)
{
	int n = i == 0 ? snprintf(out, NAME_MAX + 1, "%s.broken", name)
		       : snprintf(out, NAME_MAX + 1, "%s.broken.%d", name, i);

	return n >= 0 && n <= NAME_MAX;
}

int statefile_set_aside(int dir, const char *name)
{
	char aside[NAME_MAX + 1];
	struct stat st;
	int i = 0;

	/* The last name is taken anew. */
	do {
		if (!aside_name(aside, name, i))
			return -ENAMETOOLONG;
	} while (i++ < ASIDE_MAX &&
		 fstatat(dir, aside, &st, AT_SYMLINK_NOFOLLOW) == 0);
	return renameat(dir, name, dir, aside) < 0 ? -errno : 0;
}

bool statefile_is_aside(int dir, const char *name)
{
	char aside[NAME_MAX + 1];
	struct stat st;

	for (int i = 0; i <= ASIDE_MAX && aside_name(aside, name, i); i++)
		if (fstatat(dir, aside, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	return false;
}
