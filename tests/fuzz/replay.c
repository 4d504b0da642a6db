/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Runs a fuzz target over files: those given, or those of corpus/NAME, where
 * NAME follows "replay_" in the program's name. Needs no libFuzzer, so every
 * build has it. A crash is the failure; so is a corpus that is not there.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1024 * 1024, PATH_LEN_MAX = 1024 };

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "r");
	uint8_t *bytes, *exact;
	size_t len;

	if (!f) {
		perror(path);
		return 1;
	}
	bytes = malloc(INPUT_MAX);
	len = bytes ? fread(bytes, 1, INPUT_MAX, f) : 0;
	fclose(f);
	/* Just as long as the input, so that reading beyond it shows. */
	exact = malloc(len > 0 ? len : 1);
	if (!bytes || !exact)
		abort();
	memcpy(exact, bytes, len);
	free(bytes);
	(void)LLVMFuzzerTestOneInput(exact, len); /* says nothing */
	free(exact);
	return 0;
}

static int replay_folder(const char *folder)
{
	char path[PATH_LEN_MAX];
	int failed = 0, n = 0;
	struct dirent *e;
	DIR *d = opendir(folder);

	if (!d) {
		perror(folder);
		return 1;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) >=
		    (int)sizeof(path))
			abort();
		failed |= replay_file(path);
		n++;
	}
	closedir(d);
	printf("%s: %d inputs\n", folder, n);
	return failed || n == 0;
}

int main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "replay_");
	char folder[PATH_LEN_MAX];
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay_file(argv[i]);
	if (argc > 1)
		return failed;
	if (!name || snprintf(folder, sizeof(folder), "%s/%s", CORPUS_DIR,
			      name + strlen("replay_")) >= (int)sizeof(folder))
		return 2;
	return replay_folder(folder);
}
