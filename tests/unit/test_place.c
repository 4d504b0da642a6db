/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * State directory and control socket.
 */
#include "daemon/place.h"

#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct tempdir dir;

static void make(void)
{
	tempdir_make(&dir);
}

static void take_away(void)
{
	tempdir_remove(&dir);
}

TestSuite(place, .init = make, .fini = take_away);

static int state(const char *name, int *lock)
{
	return place_state(tempdir_path(&dir, name), geteuid(), getegid(),
			   lock);
}

Test(place, the_state_directory_is_made_with_what_leads_there)
{
	struct stat st;
	int lock = -1;

	cr_assert_eq(state("a/b", &lock), 0);
	cr_assert_eq(fstatat(dir.fd, "a/b", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	cr_expect_eq(st.st_uid, geteuid());
	cr_expect_geq(lock, 0);
	(void)close(lock);
}

Test(place, an_existing_state_directory_is_closed_to_others)
{
	struct stat st;
	int lock = -1;

	cr_assert_eq(mkdirat(dir.fd, "s", 0755), 0);
	cr_assert_eq(state("s", &lock), 0);
	cr_assert_eq(fstatat(dir.fd, "s", &st, 0), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	(void)close(lock);
}

Test(place, a_directory_that_others_write_to_is_refused)
{
	int lock = -1;

	cr_assert_eq(mkdirat(dir.fd, "s", 0700), 0);
	cr_assert_eq(fchmodat(dir.fd, "s", 01777, 0), 0);
	cr_expect_eq(state("s", &lock), -EPERM);
	cr_expect_eq(lock, -1);
}

Test(place, who_is_refused_a_directory_is_told_the_remedy)
{
	char got[1024] = "";
	int lock = -1, out[2];

	cr_assert_eq(pipe2(out, O_NONBLOCK), 0);
	cr_assert_eq(dup2(out[1], STDERR_FILENO), STDERR_FILENO);
	cr_assert_eq(mkdirat(dir.fd, "s", 0700), 0);
	cr_assert_eq(fchmodat(dir.fd, "s", 0777, 0), 0);
	cr_expect_eq(state("s", &lock), -EPERM);
	cr_expect_gt(read(out[0], got, sizeof(got) - 1), 0);
	cr_expect_not_null(strstr(got, "chmod 700 "), "%s", got);
	/* Which would take a directory like /tmp away from all others. */
	cr_assert_eq(fchmodat(dir.fd, "s", 01777, 0), 0);
	cr_expect_eq(state("s", &lock), -EPERM);
	memset(got, 0, sizeof(got));
	cr_expect_gt(read(out[0], got, sizeof(got) - 1), 0);
	cr_expect_null(strstr(got, "chmod"), "%s", got);
	cr_expect_not_null(strstr(got, "state = "), "%s", got);
}

Test(place, what_is_no_directory_is_refused)
{
	int lock = -1;

	tempdir_put(&dir, "f", "");
	cr_expect_eq(state("f", &lock), -ENOTDIR);
	cr_expect_lt(state("f/s", &lock), 0);
	cr_assert_eq(symlinkat("/tmp", dir.fd, "link"), 0);
	cr_expect_lt(state("link", &lock), 0);
	cr_expect_eq(lock, -1);
}

static int test_state(const char *name)
{
	return place_test_state(tempdir_path(&dir, name), geteuid());
}

Test(place, what_can_be_made_is_told_without_making_it)
{
	struct stat st;
	int fd;

	cr_expect_eq(test_state("a/b"), 0);
	cr_expect_eq(fstatat(dir.fd, "a", &st, 0), -1);
	cr_assert_eq(mkdirat(dir.fd, "s", 0700), 0);
	cr_expect_eq(test_state("s"), 0);
	cr_assert_eq(fchmodat(dir.fd, "s", 01777, 0), 0);
	cr_expect_eq(test_state("s"), -EPERM);
	fd = openat(dir.fd, "file", O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	(void)close(fd);
	cr_expect_eq(test_state("file"), -ENOTDIR);
	cr_expect_eq(test_state("file/b"), -ENOTDIR);
}

Test(place, what_leads_to_the_state_directory_is_made_with_it)
{
	cr_expect(place_state_makes("/var/lib/hip", "/var/lib/hip/"));
	cr_expect(place_state_makes("/var//lib/hip/", "/var/lib"));
	cr_expect_not(place_state_makes("/var/lib/hip", "/var/lib/hipline"));
	cr_expect_not(place_state_makes("/var/lib/hip", "/var/lib/hip/x"));
	cr_expect_not(place_state_makes("/var/lib/hip", "/etc"));
}

Test(place, two_daemons_cannot_share_a_state_directory)
{
	int lock = -1, second = -1;

	cr_assert_eq(state("s", &lock), 0);
	cr_expect_eq(state("s", &second), -EWOULDBLOCK);
	cr_expect_eq(second, -1);
	(void)close(lock);
	cr_expect_eq(state("s", &second), 0);
	(void)close(second);
}

Test(place, a_lock_that_is_another_name_of_a_file_is_not_given_away)
{
	struct stat st;
	int lock = -1;
	int fd;

	if (geteuid() != 0)
		cr_skip_test("only root can give files away");
	fd = open(tempdir_path(&dir, "precious"), O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(mkdir(tempdir_path(&dir, "s"), 0700), 0);
	cr_assert_eq(linkat(dir.fd, "precious", dir.fd, "s/lock", 0), 0);
	cr_assert_eq(place_state(tempdir_path(&dir, "s"), 65534, 65534, &lock),
		     0);
	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(st.st_uid, 0);
	(void)close(fd);
	(void)close(lock);
}

static int connect_to(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)strncpy(un.sun_path, path, sizeof(un.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		(void)close(fd);
		return -errno;
	}
	return fd;
}

Test(place, everybody_can_connect_to_the_socket)
{
	const char *path = tempdir_path(&dir, "run/s");
	struct stat st;
	int fd = place_socket(path);
	int client;

	cr_assert_geq(fd, 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0666);
	client = connect_to(path);
	cr_expect_geq(client, 0);
	(void)close(client);
	(void)close(fd);
}

Test(place, a_live_socket_is_left_alone)
{
	const char *path = tempdir_path(&dir, "s");
	int fd = place_socket(path);
	int client;

	cr_assert_geq(fd, 0);
	cr_expect_eq(place_socket_free(path), -EADDRINUSE);
	cr_expect_eq(place_socket(path), -EADDRINUSE);
	client = connect_to(path);
	cr_expect_geq(client, 0);
	(void)close(client);
	(void)close(fd);
}

Test(place, a_stale_socket_is_replaced)
{
	const char *path = tempdir_path(&dir, "s");
	int fd = place_socket(path);

	cr_assert_geq(fd, 0);
	(void)close(fd);
	cr_expect_eq(place_socket_free(path), 0);
	fd = place_socket(path);
	cr_expect_geq(fd, 0);
	(void)close(fd);
}

/*
 * A daemon whose monitor was killed: the socket's maker is gone, but another
 * process still has it, which ends when somebody asks. Gives the maker's
 * number; it may not have been waited for.
 */
static pid_t orphaned(const char *path)
{
	pid_t maker = fork(), holder;
	struct pollfd asked = { .events = POLLIN };
	siginfo_t info;

	cr_assert_geq(maker, 0);
	if (maker == 0) {
		asked.fd = place_socket(path);
		holder = asked.fd < 0 ? -1 : fork();
		if (holder == 0)
			(void)poll(&asked, 1, 5000);
		_exit(holder < 0);
	}
	cr_assert_eq(waitid(P_PID, (id_t)maker, &info, WEXITED | WNOWAIT), 0);
	cr_assert_eq(info.si_status, 0);
	return maker;
}

Test(place, a_socket_whose_maker_is_gone_is_waited_for)
{
	const char *path = tempdir_path(&dir, "s");
	pid_t maker = orphaned(path);
	int fd;

	cr_assert_eq(waitpid(maker, NULL, 0), maker);
	fd = place_socket(path);
	cr_expect_geq(fd, 0);
	(void)close(fd);
}

Test(place, a_maker_that_nobody_has_waited_for_is_gone_too)
{
	const char *path = tempdir_path(&dir, "s");
	pid_t maker = orphaned(path);
	int fd = place_socket(path);

	cr_expect_geq(fd, 0);
	(void)close(fd);
	cr_expect_eq(waitpid(maker, NULL, 0), maker);
}

Test(place, what_is_no_socket_is_not_replaced)
{
	struct stat st;

	cr_expect_eq(place_socket_free(tempdir_path(&dir, "none")), 0);
	cr_expect_eq(place_socket_free(tempdir_path(&dir, "no/where")), 0);
	tempdir_put(&dir, "f", "content");
	cr_expect_eq(place_socket(tempdir_path(&dir, "f")), -EEXIST);
	cr_assert_eq(fstatat(dir.fd, "f", &st, 0), 0);
	cr_expect_eq(st.st_size, 7);
}
