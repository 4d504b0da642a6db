/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * DNS over TCP (RFC 7766 6.2.1): queries one behind the other on a connection
 * whose other end reads slowly.
 */
#include "resolver/server.h"

#include <criterion/criterion.h>
#include <ev.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONG_LEN = 60000, ROUNDS = 200, ASKERS_MAX = 8 };

static struct ev_loop *loop;
static struct server *server;
static int client;
static struct stub_asker askers[ASKERS_MAX];
static size_t asked;

/* The second one is answered at once and at length; the others later. */
static void on_query(void *ctx, const struct stub_asker *asker,
		     const uint8_t *bytes, size_t len)
{
	static uint8_t reply[LONG_LEN];

	(void)ctx;
	(void)bytes;
	(void)len;
	cr_assert_lt(asked, (size_t)ASKERS_MAX);
	askers[asked++] = *asker;
	if (asked == 2)
		server_reply(server, asker, reply, sizeof(reply));
}

static int listen_small(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	const int small = 8192;
	socklen_t len = sizeof(*at);

	*at = (struct sockaddr_in){ .sin_family = AF_INET };
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_geq(fd, 0);
	cr_assert_eq(
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
		0);
	cr_assert_eq(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)at, &len), 0);
	return fd;
}

static void set_up(void)
{
	const int small = 8192;
	struct sockaddr_in at;
	int fd = listen_small(&at);

	asked = 0;
	loop = ev_loop_new(EVFLAG_NOENV);
	server = server_new(loop, on_query, NULL);
	cr_assert(server);
	cr_assert_eq(server_listen(server, fd), 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small,
				sizeof(small)),
		     0);
	cr_assert_eq(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
}

static void tear_down(void)
{
	(void)close(client); /* whatever is left in it */
	server_free(server);
	ev_loop_destroy(loop);
}

TestSuite(server, .init = set_up, .fini = tear_down);

static void turn(void)
{
	for (int i = 0; i < 3; i++)
		ev_run(loop, EVRUN_NOWAIT);
}

/* Reads what has arrived; how much it was. */
static size_t read_some(void)
{
	uint8_t bytes[4096];
	size_t all = 0;
	ssize_t n;

	while ((n = recv(client, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		all += (size_t)n;
	return all;
}

Test(server, a_query_that_came_while_a_reply_waited_is_not_forgotten)
{
	static const uint8_t queries[] = { 0, 1, 'a', 0, 1, 'b', 0, 1, 'c' };
	static const uint8_t reply[] = { 'r' };
	size_t got = 0;

	cr_assert_eq(write(client, queries, sizeof(queries)),
		     (ssize_t)sizeof(queries));
	turn();
	cr_assert_eq(asked, 2, "the third one waits for the second's reply");
	/* The rest of it goes out with replies to the first one. */
	for (int i = 0; i < ROUNDS && got < LONG_LEN; i++) {
		got += read_some();
		server_reply(server, &askers[0], reply, sizeof(reply));
	}
	cr_assert_geq(got, (size_t)LONG_LEN);
	turn();
	cr_expect_eq(asked, 3);
}
