/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * State directory and control socket. The state directory will belong to a
 * user whom we do not trust as much as root: it is only ever changed through
 * its descriptor.
 */
#include "daemon/place.h"

#include "daemon/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	LISTEN_BACKLOG = 64,
	/* An engine without its monitor closes its associations, and ends. */
	ORPHAN_MS = 5000,
};

/* Makes the directories that lead to path, without its last part. */
static int make_parents(const char *path)
{
	char part[PATH_MAX];
	size_t len = strnlen(path, sizeof(part));

	if (len == sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i < len; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST) {
			int err = errno;

			log_error(part,
				  "the directory cannot be made: %s; make it, "
				  "or name another path",
				  strerror(err));
			return -err;
		}
	}
	return 0;
}

static int check_state(const char *path, const struct stat *st, uid_t uid,
		       uid_t maker)
{
	if (st->st_uid != uid && st->st_uid != maker) {
		log_error(
			path,
			"the state directory belongs to user %u; give it to "
			"user %u with chown, or name another with state = ...",
			(unsigned)st->st_uid, (unsigned)uid);
		return -EPERM;
	}
	if (!(st->st_mode & S_IWOTH))
		return 0;
	if (st->st_mode & S_ISVTX) /* made for all, as /tmp is */
		log_error(path, "this directory is everybody's; name one of "
				"hiplined's own with state = ...");
	else
		log_error(path,
			  "others can write to the state directory; look "
			  "through what is in it, then take that right away "
			  "with chmod 700 %s",
			  path);
	return -EPERM;
}

/*
 * The engine's user may have put anything there, such as another name of a
 * file of root's: only a file that we make is given away.
 */
static int open_lock(int dir, uid_t uid, gid_t gid)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int fd = openat(dir, "lock", flags | O_CREAT | O_EXCL,
			S_IRUSR | S_IWUSR);

	if (fd < 0 && errno == EEXIST)
		return openat(dir, "lock", flags);
	/* An engine that runs as root some day must not leave it root's. */
	if (fd >= 0 && fchown(fd, uid, gid) < 0) {
		int err = errno;

		(void)close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

static int take_lock(const char *path, int dir, uid_t uid, gid_t gid)
{
	int fd = open_lock(dir, uid, gid);
	int err = fd < 0 ? errno : 0;

	if (!err && flock(fd, LOCK_EX | LOCK_NB) < 0)
		err = errno;
	if (err == EWOULDBLOCK)
		log_error("already running",
			  "another hiplined uses the state directory %s; stop "
			  "it, or name another with state = ...",
			  path);
	else if (err)
		log_error(path, "the state directory cannot be locked: %s",
			  strerror(err));
	if (err && fd >= 0)
		(void)close(fd);
	return err ? -err : fd;
}

int place_state(const char *path, uid_t uid, gid_t gid, int *lock)
{
	struct stat st;
	int err = make_parents(path);
	int dir, fd;

	if (err < 0)
		return err;
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		err = errno;
		log_error(path,
			  "the state directory cannot be made: %s; name "
			  "another with state = ...",
			  strerror(err));
		return -err;
	}
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0 || fstat(dir, &st) < 0) {
		err = -errno;
		log_error(path,
			  "the state directory cannot be opened: %s; name "
			  "another with state = ...",
			  strerror(-err));
		if (dir >= 0)
			(void)close(dir);
		return err;
	}
	err = check_state(path, &st, uid, geteuid());
	if (err == 0 && (fchmod(dir, 0700) < 0 || fchown(dir, uid, gid) < 0)) {
		err = -errno;
		log_error(path,
			  "the state directory cannot be given to user %u: %s; "
			  "run as root",
			  (unsigned)uid, strerror(-err));
	}
	fd = err < 0 ? err : take_lock(path, dir, uid, gid);
	(void)close(dir); /* only changed through it */
	if (fd < 0)
		return fd;
	*lock = fd;
	return 0;
}

/* Whether something can be made in the last directory there is on the way. */
static int test_parents(const char *path)
{
	char part[PATH_MAX];
	struct stat st;
	size_t len = strnlen(path, sizeof(part));

	if (len == sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	while (stat(part, &st) < 0) {
		char *slash = strrchr(part, '/');

		if (errno != ENOENT || !slash)
			return -errno;
		slash[slash == part] = '\0'; /* the root keeps its own */
	}
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return access(part, W_OK | X_OK) < 0 ? -errno : 0;
}

int place_test_state(const char *path, uid_t uid)
{
	struct stat st;
	int err;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return check_state(path, &st, uid, 0);
	err = lstat(path, &st) == 0 ? -ENOTDIR : test_parents(path);
	if (err < 0 && err != -EACCES)
		log_error(path,
			  "the state directory cannot be made: %s; name "
			  "another with state = ...",
			  strerror(-err));
	return err;
}

bool place_state_makes(const char *state, const char *directory)
{
	for (;;) {
		size_t s = strspn(state, "/"), d = strspn(directory, "/");

		state += s;
		directory += d;
		if (*directory == '\0')
			return true;
		s = strcspn(state, "/");
		d = strcspn(directory, "/");
		if (s != d || memcmp(state, directory, s) != 0)
			return false;
		state += s;
		directory += d;
	}
}

/* The state directory is the engine's: nothing in it is followed. */
static int open_names(int state, uid_t uid, gid_t gid)
{
	struct stat st;
	int err = 0, fd;

	if (mkdirat(state, "names", 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(state, "names",
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (st.st_uid != uid && st.st_uid != geteuid())
		err = -EPERM; /* somebody else has put it there */
	else if (fchmod(fd, 0700) < 0 || fchown(fd, uid, gid) < 0)
		err = -errno;
	if (err == 0)
		return fd;
	(void)close(fd); /* was only looked at */
	return err;
}

int place_names(const char *state, uid_t uid, gid_t gid)
{
	int dir = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int fd = dir < 0 ? -errno : open_names(dir, uid, gid);

	if (dir >= 0)
		(void)close(dir); /* was only looked at */
	if (fd < 0)
		log_warning(state, "its folder names cannot be used: %s",
			    strerror(-fd));
	return fd;
}

/* The configuration has checked that the path fits. */
static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(un.sun_path, path, strnlen(path, sizeof(un.sun_path) - 1));
	return un;
}

/* Whether a process has ended, even if its parent has not asked yet: a signal
 * can be sent to such a one. */
static bool is_gone(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0); /* glibc 2.36 has it */
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool gone;

	if (fd < 0) /* it is gone, or the kernel does not let us */
		return errno == ESRCH || (kill(pid, 0) < 0 && errno == ESRCH);
	gone = poll(&p, 1, 0) == 1;
	(void)close(fd); /* was only looked at */
	return gone;
}

/* The kernel keeps who began to listen: the monitor, whose engine answers. */
static bool is_orphan(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	       cred.pid > 0 && is_gone(cred.pid);
}

/* Waits until the other end has gone; false when it has not. */
static bool has_ended(int fd)
{
	struct pollfd p = { .fd = fd };

	log_info("control socket", "waiting for the engine of a hiplined that "
				   "was killed");
	return poll(&p, 1, ORPHAN_MS) == 1 && (p.revents & POLLHUP);
}

int place_socket_free(const char *path)
{
	struct sockaddr_un un = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0 ? errno : 0;
	if (err == 0 && is_orphan(fd) && has_ended(fd))
		err = ECONNREFUSED;
	(void)close(fd); /* nothing was said on it */
	if (err == ENOENT || err == ECONNREFUSED || err == ENOTDIR)
		return 0;
	if (err == 0 || err == EAGAIN) {
		log_error("already running",
			  "a hiplined answers on %s; stop it, or name another "
			  "socket with control = ...",
			  path);
		return -EADDRINUSE;
	}
	log_error(path, "the control socket cannot be tried: %s",
		  strerror(err));
	return -err;
}

/* Removes the socket that a daemon has left there. */
static int remove_stale(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode)) {
		log_error(path, "there is something that is no socket; move it "
				"away, or name another path with control = "
				"...");
		return -EEXIST;
	}
	return unlink(path) < 0 ? -errno : 0;
}

int place_socket(const char *path)
{
	struct sockaddr_un un = address_of(path);
	int fd = -1;
	int err = make_parents(path);

	if (err == 0)
		err = place_socket_free(path);
	if (err == 0)
		err = remove_stale(path);
	if (err < 0)
		return err; /* logged, or a race that nobody wins */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Nobody can connect before it listens, so its mode may follow. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 ||
	    chmod(path, 0666) < 0 || listen(fd, LISTEN_BACKLOG) < 0) {
		err = -errno;
		log_error(path,
			  "the control socket cannot be made: %s; name another "
			  "with control = ...",
			  strerror(-err));
		if (fd >= 0)
			(void)close(fd);
		return err;
	}
	return fd;
}
