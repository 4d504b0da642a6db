/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The control socket, with clients in the same process.
 */
#include "daemon/control.h"

#include "daemon/base/ipc.h"
#include "daemon/handover.h"
#include "daemon/place.h"
#include "tests/unit/tempdir.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct tempdir dir;
static struct ev_loop *loop;
static struct control *control;
static int listener;

/* What the handler saw last. */
static struct control_client *asked;
static enum control_right asked_right;
static char asked_command[64];
static size_t asked_n, gone_n;
static bool answers_at_once = true;

static void on_request(void *ctx, struct control_client *client,
		       enum control_right right, const struct api_request *r)
{
	const struct api_reply reply = { .exit = API_DONE,
					 .text = "",
					 .json = "{}" };

	cr_assert_eq(ctx, &dir);
	asked = client;
	asked_right = right;
	(void)strncpy(asked_command, r->command, sizeof(asked_command) - 1);
	asked_n++;
	if (answers_at_once)
		control_reply(client, &reply);
}

static void on_gone(void *ctx, struct control_client *client)
{
	cr_assert_eq(ctx, &dir);
	cr_expect_eq(client, asked);
	gone_n++;
}

static void make(void)
{
	struct control_conf conf = {
		.rights = { .owner = geteuid(),
			    .gid_read = HANDOVER_NO_GROUP,
			    .gid_change = HANDOVER_NO_GROUP },
		.request = on_request,
		.gone = on_gone,
		.ctx = &dir,
	};

	tempdir_make(&dir);
	loop = ev_loop_new(EVFLAG_AUTO);
	listener = place_socket(tempdir_path(&dir, "s"));
	cr_assert_geq(listener, 0);
	conf.loop = loop;
	conf.listen_fd = listener;
	control = control_new(&conf);
	cr_assert_not_null(control);
}

static void take_away(void)
{
	control_free(control);
	(void)close(listener);
	ev_loop_destroy(loop);
	tempdir_remove(&dir);
}

TestSuite(control, .init = make, .fini = take_away);

static int client(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)strncpy(un.sun_path, tempdir_path(&dir, "s"),
		      sizeof(un.sun_path) - 1);
	cr_assert_eq(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

/* Some turns of the loop: enough for whatever is ready. */
static void turn(void)
{
	for (int i = 0; i < 8; i++)
		ev_run(loop, EVRUN_NOWAIT);
}

static void ask(int fd, const char *command)
{
	const struct api_request r = { .command = command };
	uint8_t body[256];
	size_t len = api_request_write(&r, body, sizeof(body));

	cr_assert_gt(len, 0);
	cr_assert_eq(ipc_send(fd, API_REQUEST, body, len, NULL, 0, 1000), 0);
	turn();
}

/* 1: a reply with that JSON, 0: the end of the stream, -EAGAIN: nothing. */
static int reply(int fd, const char *json)
{
	struct ipc_message m;
	struct api_reply r;
	struct ipc_in in;
	int n;

	ipc_in_init(&in, IPC_BODY_MAX);
	do
		n = ipc_in_read(&in, fd);
	while (n == 1 && ipc_in_next(&in, &m) == 0);
	if (n == 1) {
		cr_expect_eq(m.type, API_REPLY);
		cr_assert(api_reply_parse(m.body, m.len, &r));
		cr_expect_str_eq(r.json, json);
	}
	ipc_in_clear(&in);
	return n == -ECONNRESET ? 0 : n;
}

Test(control, a_request_is_answered)
{
	int fd = client();

	ask(fd, "id");
	cr_expect_eq(asked_n, 1);
	cr_expect_str_eq(asked_command, "id");
	cr_expect_eq(asked_right, CONTROL_CHANGE); /* we have started it */
	cr_expect_eq(reply(fd, "{}"), 1);
	ask(fd, "status");
	cr_expect_str_eq(asked_command, "status");
	cr_expect_eq(reply(fd, "{}"), 1);
	(void)close(fd);
	turn();
	cr_expect_eq(gone_n, 0);
}

Test(control, an_answer_may_come_later)
{
	const struct api_reply late = { .text = "", .json = "[]" };
	int fd = client();

	answers_at_once = false;
	ask(fd, "connect");
	cr_expect_eq(reply(fd, ""), -EAGAIN);
	control_reply(asked, &late);
	turn();
	cr_expect_eq(reply(fd, "[]"), 1);
	(void)close(fd);
}

Test(control, a_client_that_leaves_before_its_answer_is_told_of)
{
	int fd = client();

	answers_at_once = false;
	ask(fd, "connect");
	(void)close(fd);
	turn();
	cr_expect_eq(gone_n, 1);
}

Test(control, a_client_that_talks_before_its_answer_is_cut_off)
{
	int fd = client();

	answers_at_once = false;
	ask(fd, "connect");
	cr_assert_eq(write(fd, "x", 1), 1);
	turn();
	cr_expect_eq(gone_n, 1);
	cr_expect_eq(reply(fd, ""), 0);
	(void)close(fd);
}

Test(control, broken_forms_are_cut_off)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{ "\xff\xff\xff\xff\0\1\0\0", 8 }, /* too long */
		{ "\0\0\0\4\0\1\0\1", 8 },	   /* not zero */
		{ "\0\0\0\4\0\1\0\0", 8 },	   /* no command in it */
		{ "\0\0\0\4\0\2\0\0", 8 },	   /* a reply */
		{ "\0\0\0\3\0\1\0\0", 8 },	   /* too short */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = client();

		cr_assert_eq(write(fd, cases[i].bytes, cases[i].len),
			     (ssize_t)cases[i].len);
		turn();
		cr_expect_eq(reply(fd, ""), 0, "case %zu", i);
		(void)close(fd);
	}
	cr_expect_eq(asked_n, 0);
}

Test(control, descriptors_that_nobody_asked_for_are_closed)
{
	const struct api_request r = { .command = "id" };
	uint8_t body[256];
	size_t len = api_request_write(&r, body, sizeof(body));
	int ends[2], fd = client();
	char byte;

	cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	cr_assert_eq(ipc_send(fd, API_REQUEST, body, len, &ends[1], 1, 1000),
		     0);
	(void)close(ends[1]);
	turn();
	cr_expect_eq(asked_n, 0);
	cr_expect_eq(reply(fd, ""), 0);
	cr_expect_eq(read(ends[0], &byte, 1), 0); /* no writer is left */
	(void)close(ends[0]);
	(void)close(fd);
}

Test(control, a_request_may_come_in_pieces)
{
	const struct api_request r = { .command = "id" };
	uint8_t message[256];
	size_t len = api_request_write(&r, message + IPC_HEADER_LEN,
				       sizeof(message) - IPC_HEADER_LEN);
	int fd = client();

	ipc_header_write(message, API_REQUEST, len);
	len += IPC_HEADER_LEN;
	for (size_t i = 0; i < len; i++) {
		cr_expect_eq(asked_n, 0);
		cr_assert_eq(write(fd, message + i, 1), 1);
		turn();
	}
	cr_expect_eq(asked_n, 1);
	cr_expect_eq(reply(fd, "{}"), 1);
	(void)close(fd);
}

Test(control, a_long_answer_waits_for_its_reader)
{
	size_t len = 4 << 20;
	char *json = malloc(len + 1);
	struct api_reply long_reply = { .text = "", .json = json };
	int fd = client();
	size_t got = 0;
	char buf[65536];

	cr_assert_not_null(json);
	memset(json, ' ', len);
	json[len] = '\0';
	answers_at_once = false;
	ask(fd, "status");
	control_reply(asked, &long_reply);
	free(json); /* it was copied */
	for (int i = 0; i < 10000 && got < len; i++) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n > 0)
			got += (size_t)n;
		else
			turn();
	}
	cr_expect_gt(got, len);
	(void)close(fd);
}

Test(control, an_answer_that_is_too_long_is_told)
{
	size_t len = IPC_BODY_MAX;
	char *json = malloc(len + 1);
	struct api_reply long_reply = { .text = "", .json = json };
	int fd = client();

	cr_assert_not_null(json);
	memset(json, ' ', len);
	json[len] = '\0';
	answers_at_once = false;
	ask(fd, "status");
	control_reply(asked, &long_reply);
	free(json);
	turn();
	cr_expect_eq(reply(fd, ""), 1);
	(void)close(fd);
}

Test(control, there_are_no_more_clients_than_the_limit)
{
	int fds[CONTROL_CLIENTS_MAX + 1];

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX + 1; i++) {
		fds[i] = client();
		turn();
	}
	cr_expect_eq(reply(fds[CONTROL_CLIENTS_MAX], ""), 0);
	ask(fds[CONTROL_CLIENTS_MAX - 1], "id");
	cr_expect_eq(reply(fds[CONTROL_CLIENTS_MAX - 1], "{}"), 1);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX + 1; i++)
		(void)close(fds[i]);
	turn();
	fds[0] = client();
	turn();
	ask(fds[0], "id");
	cr_expect_eq(reply(fds[0], "{}"), 1);
	(void)close(fds[0]);
}

Test(control, rights_go_by_user_and_group)
{
	const struct control_rights r = { .owner = 500,
					  .gid_read = 10,
					  .gid_change = 20 };
	const struct control_rights none = {
		.owner = 500,
		.gid_read = HANDOVER_NO_GROUP,
		.gid_change = HANDOVER_NO_GROUP,
	};
	const gid_t other[] = { 1, 2 }, read[] = { 1, 10 }, both[] = { 10, 20 };
	const gid_t odd[] = { HANDOVER_NO_GROUP };

	cr_expect_eq(control_right_of(&r, 0, other, 2), CONTROL_CHANGE);
	cr_expect_eq(control_right_of(&r, 500, other, 2), CONTROL_CHANGE);
	cr_expect_eq(control_right_of(&r, 501, other, 2), CONTROL_ANYONE);
	cr_expect_eq(control_right_of(&r, 501, other, 0), CONTROL_ANYONE);
	cr_expect_eq(control_right_of(&r, 501, read, 2), CONTROL_READ);
	cr_expect_eq(control_right_of(&r, 501, both, 2), CONTROL_CHANGE);
	cr_expect_eq(control_right_of(&none, 501, odd, 1), CONTROL_ANYONE);
}
