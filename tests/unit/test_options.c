/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "cli/options.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

enum { ARGV_MAX = 80 };

static struct options o;
static char message[512];

/* Parses a line whose words are parted by blanks. */
static bool parse(const char *line)
{
	static char text[1024];
	char *argv[ARGV_MAX + 1] = { NULL };
	FILE *err = fmemopen(message, sizeof(message), "w");
	int argc = 0;
	bool ok;

	memset(message, 0, sizeof(message));
	(void)snprintf(text, sizeof(text), "%s", line);
	for (char *w = strtok(text, " "); w && argc < ARGV_MAX;
	     w = strtok(NULL, " "))
		argv[argc++] = w;
	ok = options_parse(argc, argv, &o, err);
	(void)fclose(err);
	return ok;
}

static bool word_is(size_t i, const char *text)
{
	return i < o.n_words && strcmp(o.words[i], text) == 0;
}

Test(options, without_options_the_defaults_hold)
{
	(void)unsetenv("HIPLINE_SOCKET");
	cr_assert(parse("hipline status"));
	cr_assert(strcmp(o.socket, RUNSTATEDIR "/hipline/control.sock") == 0);
	cr_assert(not(o.json));
	cr_assert(not(o.check));
	cr_assert(eq(uint, o.given, 0));
	cr_assert(eq(u32, o.count, 4));
	cr_assert(eq(u64, o.interval_us, 1000000));
	cr_assert(eq(u64, o.timeout_us, 20000000));
	cr_assert(strcmp(o.algorithm, "ecdsa-p256") == 0);
	cr_assert(eq(sz, o.n_words, 1));
}

Test(options, the_environment_names_the_socket_and_the_option_overrules_it)
{
	(void)setenv("HIPLINE_SOCKET", "/env", 1);
	cr_assert(parse("hipline id"));
	cr_assert(strcmp(o.socket, "/env") == 0);
	cr_assert(parse("hipline id -s /option"));
	cr_assert(strcmp(o.socket, "/option") == 0);
	(void)setenv("HIPLINE_SOCKET", "", 1);
	cr_assert(parse("hipline id"));
	cr_assert(strcmp(o.socket, RUNSTATEDIR "/hipline/control.sock") == 0);
}

Test(options, options_stand_anywhere)
{
	static const char *const lines[] = {
		"hipline -j -s /x -c 7 ping bob",
		"hipline ping -j -s /x -c 7 bob",
		"hipline ping bob -c7 --json -s/x",
		"hipline ping --count=7 bob --socket /x --json",
	};

	/* It would end the options at the first word. */
	(void)setenv("POSIXLY_CORRECT", "1", 1);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cr_assert(parse(lines[i]));
		cr_assert(o.json);
		cr_assert(strcmp(o.socket, "/x") == 0);
		cr_assert(eq(u32, o.count, 7));
		cr_assert(eq(uint, o.given, OPTION_COUNT));
		cr_assert(eq(sz, o.n_words, 2));
		cr_assert(word_is(0, "ping"));
		cr_assert(word_is(1, "bob"));
	}
}

Test(options, behind_two_dashes_all_are_words)
{
	cr_assert(parse("hipline ping -- -c"));
	cr_assert(eq(sz, o.n_words, 2));
	cr_assert(word_is(0, "ping"));
	cr_assert(word_is(1, "-c"));
}

Test(options, each_option_of_a_command_is_noted)
{
	cr_assert(parse("hipline x --check -c 1 -i 2 --timeout 3 -a rsa-3072 "
			"--rr --keep"));
	cr_assert(eq(uint, o.given,
		     OPTION_CHECK | OPTION_COUNT | OPTION_INTERVAL |
			     OPTION_TIMEOUT | OPTION_ALGORITHM | OPTION_RR |
			     OPTION_KEEP));
	cr_assert(o.check);
	cr_assert(o.rr);
	cr_assert(o.keep);
	cr_assert(eq(u64, o.interval_us, 2000000));
	cr_assert(eq(u64, o.timeout_us, 3000000));
	cr_assert(strcmp(o.algorithm, "rsa-3072") == 0);
}

Test(options, help_and_version_are_options)
{
	cr_assert(parse("hipline -h"));
	cr_assert(o.help);
	cr_assert(parse("hipline --version"));
	cr_assert(o.version);
	cr_assert(not(o.help));
}

Test(options, counts_have_two_ends)
{
	cr_assert(parse("hipline ping b -c 1"));
	cr_assert(parse("hipline ping b -c 65535"));
	cr_assert(eq(u32, o.count, 65535));
	cr_assert(not(parse("hipline ping b -c 0")));
	cr_assert(not(parse("hipline ping b -c 65536")));
	cr_assert(not(parse("hipline ping b -c 4x")));
	cr_assert(not(parse("hipline ping b -c -1")));
}

Test(options, times_have_two_ends)
{
	cr_assert(parse("hipline ping b -i 0.01"));
	cr_assert(eq(u64, o.interval_us, 10000));
	cr_assert(parse("hipline ping b -i 3600"));
	cr_assert(not(parse("hipline ping b -i 0.009999")));
	cr_assert(not(parse("hipline ping b -i 3600.1")));
	cr_assert(parse("hipline ping b --timeout 0.01"));
	cr_assert(parse("hipline ping b --timeout=600"));
	cr_assert(not(parse("hipline ping b --timeout 0")));
	cr_assert(not(parse("hipline ping b --timeout 600.5")));
}

Test(options, what_is_unknown_is_named)
{
	cr_assert(not(parse("hipline --frob id")));
	cr_assert(strcmp(message, "hipline: --frob: unknown option. Run "
				  "hipline --help.\n") == 0);
	cr_assert(not(parse("hipline id -jx")));
	cr_assert(strcmp(message, "hipline: -x: unknown option. Run "
				  "hipline --help.\n") == 0);
}

Test(options, a_missing_value_is_named)
{
	cr_assert(not(parse("hipline ping b -c")));
	cr_assert(strcmp(message, "hipline: -c: a value is missing. Run "
				  "hipline --help.\n") == 0);
	cr_assert(not(parse("hipline ping b --timeout")));
	cr_assert(strcmp(message, "hipline: --timeout: a value is missing. "
				  "Run hipline --help.\n") == 0);
	cr_assert(not(parse("hipline ping b --count")));
	cr_assert(strcmp(message, "hipline: --count: a value is missing. Run "
				  "hipline --help.\n") == 0);
}

Test(options, a_value_for_an_option_without_one_is_refused)
{
	cr_assert(not(parse("hipline id --json=yes")));
}

Test(options, sixty_five_words_pass_and_one_more_does_not)
{
	char line[512] = "hipline";

	for (int i = 0; i < OPTION_WORDS_MAX; i++)
		strcat(line, " w");
	cr_assert(parse(line));
	cr_assert(eq(sz, o.n_words, OPTION_WORDS_MAX));
	strcat(line, " w");
	cr_assert(not(parse(line)));
}

Test(options, each_bit_has_its_text)
{
	cr_assert(strcmp(option_text(OPTION_CHECK), "--check") == 0);
	cr_assert(strcmp(option_text(OPTION_COUNT), "-c") == 0);
	cr_assert(strcmp(option_text(OPTION_INTERVAL), "-i") == 0);
	cr_assert(strcmp(option_text(OPTION_TIMEOUT), "--timeout") == 0);
	cr_assert(strcmp(option_text(OPTION_ALGORITHM), "-a") == 0);
	cr_assert(strcmp(option_text(OPTION_RR), "--rr") == 0);
	cr_assert(strcmp(option_text(OPTION_KEEP), "--keep") == 0);
}
