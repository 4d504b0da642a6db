/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "daemon/base/keyfile.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "/tmp/hipline-keyfile-XXXXXX";

static void enter_directory(void)
{
	cr_assert(mkdtemp(dir) != NULL);
	cr_assert(eq(int, chdir(dir), 0));
	(void)umask(022);
}

static void leave_directory(void)
{
	DIR *d = opendir(".");
	struct dirent *e;

	cr_assert(d != NULL);
	while ((e = readdir(d)))
		(void)unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	cr_assert(eq(int, chdir("/"), 0));
	cr_assert(eq(int, rmdir(dir), 0));
}

TestSuite(keyfile, .init = enter_directory, .fini = leave_directory);

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	cr_assert(fd >= 0);
	cr_assert(eq(sz, (size_t)write(fd, text, strlen(text)), strlen(text)));
	cr_assert(eq(int, fchmod(fd, mode), 0));
	close(fd);
}

static int read_error(const char *name)
{
	char buf[8];
	size_t len;

	return keyfile_read(name, buf, sizeof(buf), &len);
}

static size_t count_entries(void)
{
	DIR *d = opendir(".");
	size_t n = 0;

	cr_assert(d != NULL);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	cr_assert(eq(int, lstat(name, &st), 0));
	return st.st_mode & 07777;
}

Test(keyfile, what_was_written_is_read)
{
	char buf[16];
	size_t len = 0;

	cr_assert(eq(int, keyfile_write("key", "secret", 6), 0));
	cr_assert(eq(int, keyfile_read("key", buf, sizeof(buf), &len), 0));
	cr_assert(eq(sz, len, 6));
	cr_assert(eq(int, memcmp(buf, "secret", 6), 0));
}

Test(keyfile, a_new_file_is_for_its_owner_alone_and_the_only_one)
{
	cr_assert(eq(int, keyfile_write("key", "secret", 6), 0));
	cr_assert(eq(int, (int)mode_of("key"), 0600));
	cr_assert(eq(sz, count_entries(), 1));
}

Test(keyfile, no_umask_changes_the_mode)
{
	(void)umask(0);
	cr_assert(eq(int, keyfile_write("open", "secret", 6), 0));
	(void)umask(0777);
	cr_assert(eq(int, keyfile_write("shut", "secret", 6), 0));
	cr_assert(eq(int, (int)mode_of("open"), 0600));
	cr_assert(eq(int, (int)mode_of("shut"), 0600));
}

Test(keyfile, a_path_with_directories_is_taken)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s//key", dir);
	cr_assert(eq(int, keyfile_write(path, "secret", 6), 0));
	cr_assert(eq(int, (int)mode_of("key"), 0600));
}

Test(keyfile, an_existing_file_is_not_overwritten)
{
	char buf[8];
	size_t len = 0;

	put("key", "old", 0600);
	cr_assert(eq(int, keyfile_write("key", "secret", 6), -EEXIST));
	cr_assert(eq(int, keyfile_read("key", buf, sizeof(buf), &len), 0));
	cr_assert(eq(sz, len, 3));
	cr_assert(eq(sz, count_entries(), 1));
}

Test(keyfile, a_dangling_link_is_not_written_through)
{
	cr_assert(eq(int, symlink("target", "key"), 0));
	cr_assert(eq(int, keyfile_write("key", "secret", 6), -EEXIST));
	cr_assert(eq(sz, count_entries(), 1));
}

Test(keyfile, a_directory_is_not_written)
{
	cr_assert(eq(int, keyfile_write("/tmp", "secret", 6), -EEXIST));
	cr_assert(eq(int, keyfile_write("/tmp/", "secret", 6), -EISDIR));
	cr_assert(eq(int, keyfile_write("..", "secret", 6), -EISDIR));
	cr_assert(eq(int, keyfile_write("", "secret", 6), -EISDIR));
}

Test(keyfile, a_missing_directory_is_told)
{
	cr_assert(eq(int, keyfile_write("no/key", "secret", 6), -ENOENT));
	put("file", "", 0600);
	cr_assert(eq(int, keyfile_write("file/key", "secret", 6), -ENOTDIR));
}

Test(keyfile, the_longest_name_passes_and_one_more_does_not)
{
	char name[253];

	memset(name, 'k', sizeof(name));
	name[250] = '\0';
	cr_assert(eq(int, keyfile_write(name, "secret", 6), 0));
	cr_assert(eq(int, (int)mode_of(name), 0600));
	name[250] = 'k';
	name[251] = '\0';
	cr_assert(eq(int, keyfile_write(name, "secret", 6), -ENAMETOOLONG));
}

Test(keyfile, what_a_crash_left_is_removed_by_the_next_write)
{
	put(".key.new", "sec", 0600);
	cr_assert(eq(int, keyfile_write("key", "secret", 6), 0));
	cr_assert(eq(sz, count_entries(), 1));
}

Test(keyfile, what_a_crash_left_is_removed_also_when_the_file_is_there)
{
	put("key", "secret", 0600);
	put(".key.new", "secret", 0600);
	cr_assert(eq(int, keyfile_write("key", "secret", 6), -EEXIST));
	cr_assert(eq(sz, count_entries(), 1));
}

Test(keyfile, a_file_of_the_longest_size_is_read_and_one_byte_more_is_not)
{
	char buf[8];
	size_t len = 0;

	put("fits", "12345678", 0600);
	put("long", "123456789", 0600);
	cr_assert(eq(int, keyfile_read("fits", buf, sizeof(buf), &len), 0));
	cr_assert(eq(sz, len, 8));
	len = 77;
	cr_assert(
		eq(int, keyfile_read("long", buf, sizeof(buf), &len), -EFBIG));
	cr_assert(eq(sz, len, 77));
	cr_assert(eq(int, memcmp(buf, "\0\0\0\0\0\0\0\0", 8), 0));
}

Test(keyfile, an_empty_file_has_no_bytes)
{
	char buf[8];
	size_t len = 77;

	put("empty", "", 0600);
	cr_assert(eq(int, keyfile_read("empty", buf, sizeof(buf), &len), 0));
	cr_assert(eq(sz, len, 0));
}

Test(keyfile, any_right_of_others_is_refused)
{
	static const mode_t bad[] = { 0640, 0620, 0610, 0604, 0602, 0601 };

	put("key", "secret", 0600);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert(eq(int, chmod("key", bad[i]), 0));
		cr_assert(eq(int, read_error("key"), -EKEYREJECTED));
	}
	cr_assert(eq(int, chmod("key", 0400), 0));
	cr_assert(eq(int, read_error("key"), 0));
}

Test(keyfile, only_regular_files_are_read)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "sock" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	cr_assert(eq(int, mkfifo("fifo", 0600), 0));
	cr_assert(eq(int, bind(fd, (struct sockaddr *)&un, sizeof(un)), 0));
	put("key", "secret", 0600);
	cr_assert(eq(int, symlink("key", "link"), 0));
	cr_assert(eq(int, read_error("fifo"), -ENXIO));
	cr_assert(eq(int, read_error("sock"), -ENXIO));
	cr_assert(eq(int, read_error("."), -EISDIR));
	cr_assert(eq(int, read_error("link"), -ELOOP));
	cr_assert(eq(int, read_error("none"), -ENOENT));
	close(fd);
}

Test(keyfile, every_error_has_words)
{
	static const int known[] = { EKEYREJECTED, ELOOP,  ENXIO, EFBIG,
				     EEXIST,	   EISDIR, EBUSY };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		cr_assert(strcmp(keyfile_error_text(-known[i]),
				 strerror(known[i])) != 0);
	cr_assert(strcmp(keyfile_error_text(-EIO), strerror(EIO)) == 0);
}
