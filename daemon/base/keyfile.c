/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Key files. A new file is written beside its final name under a lock on the
 * directory, synced, and then renamed without replacing, so that a crash at
 * any point leaves the whole file or none.
 */
#include "daemon/base/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LOCK_TRIES_MAX = 100,
	LOCK_WAIT_MS = 50,
};

/* A path split for the *at() calls. */
struct place {
	int dir;
	char name[NAME_MAX + 1];
	char temporary[NAME_MAX + 1];
};

static int read_all(int fd, uint8_t *out, size_t cap, size_t *len)
{
	size_t have = 0;
	uint8_t extra;

	for (;;) {
		bool full = have == cap;
		ssize_t n = full ? read(fd, &extra, 1)
				 : read(fd, out + have, cap - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		if (full)
			return -EFBIG;
		have += (size_t)n;
	}
	*len = have;
	return 0;
}

static int check_private(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -ENXIO; /* what open says of a socket */
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return -EKEYREJECTED;
	return 0;
}

int keyfile_read(const char *path, void *out, size_t cap, size_t *len)
{
	/* O_NONBLOCK: a FIFO of this name must not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int err;

	if (fd < 0)
		return -errno;
	err = check_private(fd);
	if (err == 0)
		err = read_all(fd, out, cap, len);
	if (err < 0)
		sodium_memzero(out, cap);
	(void)close(fd); /* only read from */
	return err;
}

/* Opens the directory of path; on success the caller closes place->dir. */
static int place_open(const char *path, struct place *place)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char dir[PATH_MAX] = ".";
	int n;

	if (name[0] == '\0' || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EISDIR;
	if (strlen(name) > NAME_MAX - strlen("..new"))
		return -ENAMETOOLONG;
	if (slash) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);

		if (len >= sizeof(dir))
			return -ENAMETOOLONG;
		memcpy(dir, path, len);
		dir[len] = '\0';
	}
	memcpy(place->name, name, strlen(name) + 1);
	n = snprintf(place->temporary, sizeof(place->temporary), ".%s.new",
		     name);
	if (n < 0 || (size_t)n >= sizeof(place->temporary))
		return -ENAMETOOLONG;
	place->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return place->dir < 0 ? -errno : 0;
}

/*
 * Two writers of the same name would share a temporary file, so writers take
 * turns. The lock goes with the descriptor, also when we are killed.
 */
static int lock_directory(int dir)
{
	const struct timespec wait = { .tv_nsec = LOCK_WAIT_MS * 1000000L };

	for (int i = 0; i < LOCK_TRIES_MAX; i++) {
		if (flock(dir, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		(void)nanosleep(&wait, NULL); /* shorter is fine */
	}
	return -EBUSY;
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_temporary(const struct place *place, const void *bytes,
			   size_t len)
{
	int fd = openat(place->dir, place->temporary,
			O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			S_IRUSR | S_IWUSR);
	int err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, bytes, len);
	/* The umask may have taken the owner's rights too. */
	if (err == 0 && fchmod(fd, S_IRUSR | S_IWUSR) < 0)
		err = -errno;
	if (err == 0 && fsync(fd) < 0)
		err = -errno;
	if (close(fd) < 0 && err == 0)
		err = -errno;
	return err;
}

/* Gives the temporary file its name unless something has that name. */
static int publish(const struct place *place)
{
	if (renameat2(place->dir, place->temporary, place->dir, place->name,
		      RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* A file system without that flag: a second name never replaces. */
	if (linkat(place->dir, place->temporary, place->dir, place->name, 0))
		return -errno;
	return unlinkat(place->dir, place->temporary, 0) < 0 ? -errno : 0;
}

static int write_locked(const struct place *place, const void *bytes,
			size_t len)
{
	struct stat st;
	int err;

	if (unlinkat(place->dir, place->temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	if (fstatat(place->dir, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	if (errno != ENOENT)
		return -errno;
	err = write_temporary(place, bytes, len);
	if (err == 0)
		err = publish(place);
	if (err < 0) {
		/* Gone already, or as harmless as after a crash. */
		(void)unlinkat(place->dir, place->temporary, 0);
		return err;
	}
	return fsync(place->dir) < 0 ? -errno : 0;
}

int keyfile_write(const char *path, const void *bytes, size_t len)
{
	struct place place;
	int err = place_open(path, &place);

	if (err < 0)
		return err;
	err = lock_directory(place.dir);
	if (err == 0)
		err = write_locked(&place, bytes, len);
	(void)close(place.dir); /* synced above */
	return err;
}

const char *keyfile_error_text(int error)
{
	switch (-error) {
	case EKEYREJECTED:
		return "others have rights on it; run chmod 600 on it";
	case ELOOP:
		return "it is a symbolic link; name the file itself";
	case ENXIO:
		return "it is not a regular file";
	case EFBIG:
		return "it is too long for a key";
	case EEXIST:
		return "it exists and is never overwritten; "
		       "choose another name or remove it";
	case EISDIR:
		return "that is a directory; name a file in it";
	case EBUSY:
		return "another program is writing keys to that directory; "
		       "try again";
	case ENOENT:
	case ENOTDIR:
		return "there is no such file or directory; look at the path";
	case EACCES:
		return "permission denied; run as the owner of its directory";
	default:
		return strerror(-error);
	}
}
