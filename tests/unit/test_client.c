/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
#include "cli/client.h"

#include "daemon/base/ipc.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/redirect.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "/tmp/hipline-client-XXXXXX";
static char path[64];

/* A daemon that takes one question and gives one prepared answer. */
static struct fake {
	int fd;
	uint16_t type;
	struct api_reply reply;
	const char *raw; /* sent in its place, without any form */
	size_t raw_len;
	bool silent; /* keeps the line open and says nothing */
	char command[64], arg[64];
	size_t n_args;
	pthread_t thread;
} fake;

static void enter_directory(void)
{
	cr_assert(mkdtemp(dir) != NULL);
	(void)snprintf(path, sizeof(path), "%s/control.sock", dir);
	cr_redirect_stderr();
}

static void leave_directory(void)
{
	(void)unlink(path);
	cr_assert(eq(int, rmdir(dir), 0));
}

TestSuite(client, .init = enter_directory, .fini = leave_directory,
	  .timeout = 20);

static void take_question(int fd)
{
	struct api_request r;
	struct ipc_message m;
	struct ipc_in in;

	ipc_in_init(&in, API_REQUEST_MAX);
	while (ipc_in_next(&in, &m) == 0) {
		if (ipc_in_read(&in, fd) <= 0)
			abort();
	}
	if (m.type != API_REQUEST || !api_request_parse(m.body, m.len, &r))
		abort();
	(void)snprintf(fake.command, sizeof(fake.command), "%s", r.command);
	(void)snprintf(fake.arg, sizeof(fake.arg), "%s",
		       r.n_args ? r.args[r.n_args - 1] : "");
	fake.n_args = r.n_args;
	ipc_in_clear(&in);
}

static void give_answer(int fd)
{
	size_t len = api_reply_len(&fake.reply);
	uint8_t *body = malloc(len);

	if (!body || api_reply_write(&fake.reply, body, len) != len ||
	    ipc_send(fd, fake.type, body, len, NULL, 0, 10000) < 0)
		abort();
	free(body);
}

static void *fake_run(void *unused)
{
	uint8_t byte;
	int fd = accept(fake.fd, NULL, NULL);

	if (fd < 0)
		abort();
	take_question(fd);
	if (fake.raw && send(fd, fake.raw, fake.raw_len, MSG_NOSIGNAL) < 0)
		abort();
	if (!fake.raw && !fake.silent)
		give_answer(fd);
	if (fake.silent) /* until the client has gone */
		(void)recv(fd, &byte, 1, 0);
	(void)close(fd);
	return unused;
}

static void fake_listen(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(un.sun_path, path, strlen(path) + 1);
	fake.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert(fake.fd >= 0);
	cr_assert(
		eq(int, bind(fake.fd, (struct sockaddr *)&un, sizeof(un)), 0));
	cr_assert(eq(int, listen(fake.fd, 1), 0));
}

static void fake_start(uint8_t code, const char *text, const char *json)
{
	if (fake.type == 0)
		fake.type = API_REPLY;
	fake.reply =
		(struct api_reply){ .exit = code, .text = text, .json = json };
	fake_listen();
	cr_assert(
		eq(int, pthread_create(&fake.thread, NULL, fake_run, NULL), 0));
}

static void fake_stop(void)
{
	cr_assert(eq(int, pthread_join(fake.thread, NULL), 0));
	(void)close(fake.fd);
}

static bool stderr_is(const char *text)
{
	char got[1024] = { 0 };
	FILE *f = cr_get_redirected_stderr();

	(void)fflush(stderr);
	if (fread(got, 1, sizeof(got) - 1, f) == strlen(text) &&
	    strcmp(got, text) == 0)
		return true;
	(void)printf("stderr was: %s\n", got);
	return false;
}

/* "hipline: PATH" and what follows. */
static bool complaint_is(const char *what, const char *rest)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "hipline: %s: %s\n", what, rest);
	return stderr_is(text);
}

static int ask(struct client_answer *a)
{
	const struct api_request r = { .command = "resolve",
				       .args = { "bob" },
				       .n_args = 1 };

	return client_ask(path, &r, 10000, a);
}

Test(client, a_question_arrives_and_its_answer_comes_back)
{
	struct client_answer a;

	fake_start(API_DONE, "", "{\"name\":\"bob\"}");
	cr_assert(eq(int, ask(&a), API_DONE));
	fake_stop();
	cr_assert(strcmp(fake.command, "resolve") == 0);
	cr_assert(strcmp(fake.arg, "bob") == 0);
	cr_assert(strcmp(a.json, "{\"name\":\"bob\"}") == 0);
	cr_assert(strcmp(json_string_value(json_object_get(a.root, "name")),
			 "bob") == 0);
	cr_assert(stderr_is(""));
	client_answer_clear(&a);
}

Test(client, the_words_of_the_command_line_are_the_question)
{
	const struct options o = { .socket = path,
				   .words = { "pin", "bob", "2001:22::1" },
				   .n_words = 3 };
	struct client_answer a;

	fake_start(API_DONE, "", "");
	cr_assert(eq(int, client_ask_words(&o, &a), API_DONE));
	fake_stop();
	cr_assert(strcmp(fake.command, "pin") == 0);
	cr_assert(eq(sz, fake.n_args, 2));
	cr_assert(strcmp(fake.arg, "2001:22::1") == 0);
	cr_assert(a.json == NULL);
	cr_assert(a.root == NULL);
}

Test(client, an_answer_of_megabytes_is_taken)
{
	const size_t len = 4 * 1024 * 1024;
	char *json = malloc(len + 1);
	struct client_answer a;

	cr_assert(json != NULL);
	memset(json, ' ', len);
	json[0] = '[';
	json[len - 1] = ']';
	json[len] = '\0';
	fake_start(API_DONE, "", json);
	cr_assert(eq(int, ask(&a), API_DONE));
	fake_stop();
	cr_assert(eq(sz, strlen(a.json), len));
	client_answer_clear(&a);
	free(json);
}

Test(client, a_failure_is_told_in_the_daemons_words)
{
	struct client_answer a;

	fake_start(API_NO_SUCH_NAME, "bob: no such name. Pin it.", "");
	cr_assert(eq(int, ask(&a), API_NO_SUCH_NAME));
	fake_stop();
	cr_assert(a.json == NULL);
	cr_assert(complaint_is("bob", "no such name. Pin it."));
}

Test(client, a_notice_comes_with_success)
{
	struct client_answer a;

	fake_start(API_DONE, "bob: was bound before.", "");
	cr_assert(eq(int, ask(&a), API_DONE));
	fake_stop();
	cr_assert(complaint_is("bob", "was bound before."));
}

Test(client, without_a_socket_the_daemon_is_not_running)
{
	struct client_answer a;

	cr_assert(eq(int, ask(&a), API_NOT_RUNNING));
	cr_assert(complaint_is(path, "hiplined is not running. Start it "
				     "(hiplined, as root), or name the "
				     "socket of a running one with -s."));
}

Test(client, a_socket_without_a_daemon_is_not_running_either)
{
	struct client_answer a;

	fake_listen();
	(void)close(fake.fd);
	cr_assert(eq(int, ask(&a), API_NOT_RUNNING));
}

Test(client, a_daemon_that_hangs_up_has_ended)
{
	struct client_answer a;

	fake.raw = "";
	fake_start(API_DONE, "", "");
	cr_assert(eq(int, ask(&a), API_NOT_RUNNING));
	fake_stop();
	cr_assert(complaint_is(path, "hiplined ended before it answered. "
				     "Look at its log and start it again."));
}

Test(client, half_an_answer_is_none)
{
	struct client_answer a;

	fake.raw = "\0\0\0\x20\0\2\0\0\0";
	fake.raw_len = 9;
	fake_start(API_DONE, "", "");
	cr_assert(eq(int, ask(&a), API_NOT_RUNNING));
	fake_stop();
}

Test(client, a_silent_daemon_is_given_up)
{
	const struct api_request r = { .command = "id" };
	struct client_answer a;

	fake.silent = true;
	fake_start(API_DONE, "", "");
	cr_assert(eq(int, client_ask(path, &r, 20, &a), API_FAILED));
	fake_stop();
	cr_assert(complaint_is(path, "hiplined did not answer in time. Look "
				     "at its log."));
}

Test(client, an_answer_of_broken_form_is_refused)
{
	struct client_answer a;

	fake.raw = "\0\0\0\1\0\2\0\0\0";
	fake.raw_len = 9;
	fake_start(API_DONE, "", "");
	cr_assert(eq(int, ask(&a), API_FAILED));
	fake_stop();
	cr_assert(complaint_is(path, "the answer was not understood. Are "
				     "hipline and hiplined of one version?"));
}

Test(client, an_answer_of_another_type_is_refused)
{
	struct client_answer a;

	fake.type = API_REQUEST;
	fake_start(API_DONE, "", "{}");
	cr_assert(eq(int, ask(&a), API_FAILED));
	fake_stop();
}

Test(client, an_answer_that_is_no_json_is_refused)
{
	struct client_answer a;

	fake_start(API_DONE, "", "{\"hit\":");
	cr_assert(eq(int, ask(&a), API_FAILED));
	fake_stop();
	cr_assert(a.json == NULL);
}

Test(client, what_is_no_socket_is_named)
{
	const struct api_request r = { .command = "id" };
	struct client_answer a;
	FILE *f = fopen(path, "w");

	cr_assert(f != NULL);
	(void)fclose(f);
	cr_assert(eq(int, client_ask(path, &r, 1000, &a), API_USAGE));
	cr_assert(complaint_is(path, "this is a file, not a socket. Name the "
				     "control socket of hiplined with -s, or "
				     "leave it out."));
}

Test(client, the_longest_path_passes_and_one_byte_more_is_a_wrong_usage)
{
	const struct api_request r = { .command = "id" };
	char longest[109];
	struct client_answer a;

	memset(longest, 'x', sizeof(longest));
	longest[107] = '\0';
	cr_assert(eq(int, client_ask(longest, &r, 20, &a), API_NOT_RUNNING));
	longest[107] = 'x';
	longest[108] = '\0';
	cr_assert(eq(int, client_ask(longest, &r, 20, &a), API_USAGE));
}

Test(client, an_argument_that_is_no_text_is_a_wrong_usage)
{
	const struct api_request r = { .command = "resolve",
				       .args = { "\xff" },
				       .n_args = 1 };
	struct client_answer a;

	fake_listen();
	cr_assert(eq(int, client_ask(path, &r, 1000, &a), API_USAGE));
	(void)close(fake.fd);
}
