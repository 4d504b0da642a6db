/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * From a file's name to a configuration, or to one line about what is wrong.
 */
#include "daemon/config_file.h"

#include "daemon/config_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int config_file_read(const char *name, char **text, size_t *len)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	char *buf = malloc(CONFIG_TEXT_MAX + 1);
	size_t have = 0;
	int err = fd < 0 ? -errno : buf ? 0 : -ENOMEM;

	while (err == 0) {
		ssize_t n = read(fd, buf + have, CONFIG_TEXT_MAX + 1 - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = -errno;
		if (n <= 0)
			break;
		have += (size_t)n;
		if (have > CONFIG_TEXT_MAX)
			err = -EFBIG;
	}
	if (fd >= 0)
		(void)close(fd); /* only read from */
	if (err < 0) {
		free(buf);
		return err;
	}
	*text = buf;
	*len = have;
	return 0;
}

static const char *remedy(int err)
{
	switch (err) {
	case -ENOENT:
		return "; name a file that is there, or leave -c out for the "
		       "defaults";
	case -EISDIR:
		return "; name a file";
	case -EACCES:
		return "; run as root, or give the file to who runs this";
	case -EFBIG:
		return "; a configuration has at most 1 MiB";
	default:
		return "";
	}
}

int config_file_load(const char *name, bool must_exist, struct config_file *out,
		     char error[CONFIG_ERROR_MAX])
{
	struct config_file f = { .name = name };
	int err = config_file_read(name, &f.text, &f.len);

	if (err == -ENOENT && !must_exist) {
		f.text = calloc(1, 1);
		f.len = 0;
		err = f.text ? 0 : -ENOMEM;
	}
	if (err < 0) {
		(void)snprintf(error, CONFIG_ERROR_MAX, "%s: %s%s", name,
			       strerror(-err), remedy(err));
		return err;
	}
	err = config_parse(name, f.text, f.len, &f.config, error);
	if (err == -ENOMEM)
		(void)snprintf(error, CONFIG_ERROR_MAX, "%s: out of memory",
			       name);
	if (err < 0)
		free(f.text);
	else
		*out = f;
	return err;
}

void config_file_clear(struct config_file *f)
{
	config_clear(&f->config);
	free(f->text);
	*f = (struct config_file){ 0 };
}
