/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * One decimal number and a newline in a file.
 */
#include "daemon/generation.h"

#include "daemon/config_check.h"
#include "daemon/statefile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char file_name[] = "r1-generation";

int generation_load(int dir, uint64_t time_s, uint64_t *out)
{
	char *text = NULL;
	size_t len = 0;
	uint64_t n = 0;
	int err = statefile_read(dir, file_name, &text, &len);
	bool ok = false;

	if (err == -ENOENT) {
		*out = 0;
		return 0;
	}
	if (err == 0 && len > 0 && text[len - 1] == '\n') {
		text[len - 1] = '\0';
		ok = strlen(text) == len - 1 && config_number(text, &n) &&
		     n < UINT64_MAX;
	}
	free(text);
	if (err < 0 && err != -EFBIG && err != -ENXIO && err != -ELOOP)
		return err;
	if (!ok) {
		n = time_s;
		err = statefile_set_aside(dir, file_name);
		if (err < 0)
			return err;
	}
	*out = n;
	return 0;
}

int generation_save(int dir, uint64_t generation)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%" PRIu64 "\n", generation);

	return statefile_write(dir, file_name, text, (size_t)n);
}
