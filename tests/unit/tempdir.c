/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Made below /tmp; every failure is the test's.
 */
#include "tests/unit/tempdir.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void tempdir_make(struct tempdir *d)
{
	(void)snprintf(d->path, sizeof(d->path), "/tmp/hipline-test-XXXXXX");
	assert(mkdtemp(d->path));
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert(d->fd >= 0);
}

/* Names of the entries of a directory, one after the other. */
static struct dirent *next_entry(DIR *dir)
{
	struct dirent *e;

	do
		e = readdir(dir);
	while (e && (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")));
	return e;
}

static void empty(const char *path, int depth)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	char inner[600];

	if (!dir)
		return;
	while ((e = next_entry(dir))) {
		(void)snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
		if (unlink(inner) == 0 || depth == 0)
			continue;
		empty(inner, depth - 1);
		(void)rmdir(inner);
	}
	(void)closedir(dir);
}

void tempdir_remove(struct tempdir *d)
{
	(void)close(d->fd);
	empty(d->path, 2);
	assert(rmdir(d->path) == 0);
}

const char *tempdir_path(struct tempdir *d, const char *name)
{
	(void)snprintf(d->file, sizeof(d->file), "%s/%s", d->path, name);
	return d->file;
}

void tempdir_put(struct tempdir *d, const char *name, const char *content)
{
	int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0600);
	size_t len = strlen(content);

	assert(fd >= 0);
	assert(write(fd, content, len) == (ssize_t)len);
	(void)close(fd);
}

size_t tempdir_count(const struct tempdir *d)
{
	DIR *dir = opendir(d->path);
	size_t n = 0;

	assert(dir);
	while (next_entry(dir))
		n++;
	(void)closedir(dir);
	return n;
}
