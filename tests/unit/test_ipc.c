/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Frames over socket pairs: what arrives in pieces, what is too much, what
 * breaks the form, and descriptors.
 */
#include "daemon/base/ipc.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The linker puts this in realloc's place. */
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool no_memory;

void *__wrap_realloc(void *p, size_t size)
{
	return no_memory ? NULL : __real_realloc(p, size);
}

enum { BODY_MAX = 1000, LONG = 3 * 1024 * 1024 };

static int a, b;
static struct ipc_in in;

static void connect_pair(void)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
		     0);
	a = fds[0];
	b = fds[1];
	ipc_in_init(&in, BODY_MAX);
}

static void close_pair(void)
{
	ipc_in_clear(&in);
	close(a);
	close(b);
}

TestSuite(ipc, .init = connect_pair, .fini = close_pair);

static void put(const void *bytes, size_t len)
{
	cr_assert_eq(send(a, bytes, len, 0), (ssize_t)len);
}

/* Reads until a message is whole, or nothing more comes. */
static int take(struct ipc_message *m)
{
	int n = 0;

	for (int i = 0; i < 10000 && n == 0; i++) {
		n = ipc_in_next(&in, m);
		if (n != 0)
			break;
		n = ipc_in_read(&in, b);
		if (n == 1)
			n = 0;
		else
			break;
	}
	return n;
}

Test(ipc, a_message_arrives_with_type_and_body)
{
	struct ipc_message m;

	cr_assert_eq(ipc_send(a, 7, "hello", 5, NULL, 0, 1000), 0);
	cr_assert_eq(take(&m), 1);
	cr_expect_eq(m.type, 7);
	cr_assert_eq(m.len, 5);
	cr_expect_arr_eq(m.body, "hello", 5);
	cr_expect_eq(m.n_fds, 0);
	cr_expect_eq(take(&m), -EAGAIN);
}

Test(ipc, the_form_on_the_wire_is_length_type_zero_body)
{
	static const uint8_t expected[] = { 0, 0, 0, 6, 1, 2, 0, 0, 'h', 'i' };
	uint8_t bytes[32];

	cr_assert_eq(ipc_send(a, 0x0102, "hi", 2, NULL, 0, 1000), 0);
	cr_assert_eq(recv(b, bytes, sizeof(bytes), 0), sizeof(expected));
	cr_expect_arr_eq(bytes, expected, sizeof(expected));
}

Test(ipc, messages_that_arrive_together_are_given_one_by_one)
{
	struct ipc_message m;

	cr_assert_eq(ipc_send(a, 1, NULL, 0, NULL, 0, 1000), 0);
	cr_assert_eq(ipc_send(a, 2, "xy", 2, NULL, 0, 1000), 0);
	cr_assert_eq(ipc_send(a, 3, "z", 1, NULL, 0, 1000), 0);
	cr_assert_eq(take(&m), 1);
	cr_expect_eq(m.type, 1);
	cr_expect_eq(m.len, 0);
	cr_assert_eq(take(&m), 1);
	cr_expect_eq(m.type, 2);
	cr_assert_eq(take(&m), 1);
	cr_expect_eq(m.type, 3);
	cr_expect_eq(m.body[0], 'z');
	cr_expect_eq(take(&m), -EAGAIN);
}

Test(ipc, a_message_that_arrives_byte_by_byte_is_whole_at_the_last)
{
	static const uint8_t bytes[] = { 0, 0, 0, 6, 0, 9, 0, 0, 'h', 'i' };
	struct ipc_message m;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		cr_assert_eq(take(&m), -EAGAIN);
		put(bytes + i, 1);
	}
	cr_assert_eq(take(&m), 1);
	cr_expect_eq(m.type, 9);
	cr_expect_arr_eq(m.body, "hi", 2);
}

Test(ipc, a_whole_message_waits_until_it_is_taken)
{
	struct ipc_message m;

	cr_assert_eq(ipc_send(a, 1, "x", 1, NULL, 0, 1000), 0);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(ipc_in_read(&in, b), 1);
	cr_assert_eq(ipc_in_next(&in, &m), 1);
	cr_expect_eq(m.len, 1);
}

Test(ipc, the_end_of_the_stream_is_told)
{
	struct ipc_message m;

	put("\0\0\0", 3);
	shutdown(a, SHUT_WR);
	cr_expect_eq(ipc_in_read(&in, b), 1);
	cr_expect_eq(ipc_in_read(&in, b), 0);
	cr_expect_eq(ipc_in_next(&in, &m), 0);
}

Test(ipc, the_longest_body_passes_and_a_longer_one_does_not)
{
	static const uint8_t body[BODY_MAX + 1];
	struct ipc_message m;

	cr_assert_eq(ipc_send(a, 1, body, BODY_MAX, NULL, 0, 1000), 0);
	cr_assert_eq(take(&m), 1);
	cr_expect_eq(m.len, BODY_MAX);
	cr_assert_eq(ipc_send(a, 1, body, BODY_MAX + 1, NULL, 0, 1000), 0);
	cr_expect_eq(take(&m), -EPROTO);
	/* It stays broken. */
	cr_expect_eq(ipc_in_read(&in, b), -EPROTO);
	cr_expect_eq(ipc_in_next(&in, &m), -EPROTO);
}

static void expect_broken(const uint8_t header[IPC_HEADER_LEN])
{
	struct ipc_message m;

	ipc_in_clear(&in);
	ipc_in_init(&in, BODY_MAX);
	put(header, IPC_HEADER_LEN);
	cr_expect_eq(take(&m), -EPROTO);
}

Test(ipc, headers_that_break_the_form_are_refused)
{
	static const uint8_t huge[] = { 255, 255, 255, 255, 0, 1, 0, 0 };
	static const uint8_t none[] = { 0, 0, 0, 0, 0, 1, 0, 0 };
	static const uint8_t short_one[] = { 0, 0, 0, 3, 0, 1, 0, 0 };
	static const uint8_t not_zero[] = { 0, 0, 0, 4, 0, 1, 0, 1 };

	expect_broken(huge);
	expect_broken(none);
	expect_broken(short_one);
	expect_broken(not_zero);
}

Test(ipc, a_promised_length_takes_no_memory_before_it_comes)
{
	static const uint8_t header[] = { 0, 128, 0, 0, 0, 1, 0, 0 };
	struct ipc_message m;

	ipc_in_clear(&in);
	ipc_in_init(&in, IPC_BODY_MAX);
	put(header, sizeof(header));
	cr_expect_eq(take(&m), -EAGAIN);
	cr_expect_leq(in.cap, 4096);
}

static void *send_long(void *body)
{
	int err = ipc_send(a, 5, body, LONG, NULL, 0, 10000);

	return (void *)(intptr_t)err;
}

Test(ipc, a_long_message_goes_through_a_full_socket)
{
	uint8_t *body = malloc(LONG);
	struct ipc_message m = { 0 };
	pthread_t thread;
	void *result;
	int n;

	ipc_in_clear(&in);
	ipc_in_init(&in, IPC_BODY_MAX);
	for (size_t i = 0; i < LONG; i++)
		body[i] = (uint8_t)(i * 31 >> 3);
	cr_assert_eq(fcntl(b, F_SETFL, 0), 0); /* reading waits */
	cr_assert_eq(pthread_create(&thread, NULL, send_long, body), 0);
	while ((n = ipc_in_next(&in, &m)) == 0)
		cr_assert_eq(ipc_in_read(&in, b), 1);
	pthread_join(thread, &result);
	cr_assert_eq(n, 1);
	cr_expect_null(result);
	cr_assert_eq(m.len, LONG);
	cr_expect_eq(memcmp(m.body, body, LONG), 0);
	/* The memory goes with the message. */
	cr_expect_eq(ipc_in_next(&in, &m), 0);
	cr_expect_eq(in.cap, 0);
	free(body);
}

Test(ipc, a_peer_that_does_not_read_ends_in_a_timeout)
{
	uint8_t *body = calloc(1, LONG);

	cr_expect_eq(ipc_send(a, 5, body, LONG, NULL, 0, 20), -ETIMEDOUT);
	free(body);
}

Test(ipc, a_peer_that_is_gone_is_an_error_and_no_signal)
{
	close(b);
	cr_expect_eq(ipc_send(a, 5, "x", 1, NULL, 0, 1000), -EPIPE);
	b = -1;
}

Test(ipc, what_is_too_large_is_not_sent)
{
	int fds[IPC_FDS_MAX + 1] = { 0 };
	char byte;

	cr_expect_eq(ipc_send(a, 1, "x", IPC_BODY_MAX + 1, NULL, 0, 0),
		     -EMSGSIZE);
	cr_expect_eq(ipc_send(a, 1, "x", 1, fds, IPC_FDS_MAX + 1, 0),
		     -EMSGSIZE);
	cr_expect_eq(recv(b, &byte, 1, 0), -1);
}

/* Sends n copies of a pipe's end; answers the inode they all have. */
static ino_t send_fds(uint16_t type, size_t n)
{
	int fds[IPC_FDS_MAX], ends[2];
	struct stat st;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(fstat(ends[0], &st), 0);
	for (size_t i = 0; i < n; i++)
		fds[i] = ends[0];
	cr_assert_eq(ipc_send(a, type, "fds", 3, fds, n, 1000), 0);
	close(ends[0]);
	close(ends[1]);
	return st.st_ino;
}

static void expect_fds(const struct ipc_message *m, size_t n, ino_t inode)
{
	struct stat st;

	cr_assert_eq(m->n_fds, n);
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(fstat(m->fds[i], &st), 0);
		cr_expect_eq(st.st_ino, inode);
		cr_expect_neq(fcntl(m->fds[i], F_GETFD) & FD_CLOEXEC, 0);
		close(m->fds[i]);
	}
}

Test(ipc, descriptors_arrive_with_their_own_message)
{
	struct ipc_message m;
	ino_t first, second;

	cr_assert_eq(ipc_send(a, 1, "none", 4, NULL, 0, 1000), 0);
	first = send_fds(2, 2);
	second = send_fds(3, IPC_FDS_MAX);
	cr_assert_eq(ipc_send(a, 4, "none", 4, NULL, 0, 1000), 0);
	cr_assert_eq(take(&m), 1);
	expect_fds(&m, 0, 0);
	cr_assert_eq(take(&m), 1);
	cr_expect_eq(m.type, 2);
	expect_fds(&m, 2, first);
	cr_assert_eq(take(&m), 1);
	cr_expect_eq(m.type, 3);
	expect_fds(&m, IPC_FDS_MAX, second);
	cr_assert_eq(take(&m), 1);
	cr_expect_eq(m.type, 4);
	expect_fds(&m, 0, 0);
}

/* Sends bytes with n descriptors beside them, outside any message. */
static void put_with_fds(const void *bytes, size_t len, size_t n)
{
	union {
		char bytes[CMSG_SPACE((IPC_FDS_MAX + 1) * sizeof(int))];
		struct cmsghdr header;
	} control = { 0 };
	void *copy = strndup(bytes, len);
	struct iovec iov = { copy, len };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(a), &a, sizeof(a));
	cr_assert_eq(sendmsg(a, &msg, 0), (ssize_t)len);
	free(copy);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

Test(ipc, too_many_descriptors_break_the_form_and_are_closed)
{
	int before = count_fds();
	struct ipc_message m;

	put_with_fds("abcd", 4, IPC_FDS_MAX + 1);
	cr_expect_eq(take(&m), -EPROTO);
	ipc_in_clear(&in);
	cr_expect_eq(count_fds(), before);
}

Test(ipc, descriptors_in_small_portions_cannot_pass_the_limit)
{
	int before = count_fds();
	struct ipc_message m;

	put("\0\0\0", 3);
	put_with_fds("a", 1, IPC_FDS_MAX);
	put_with_fds("b", 1, 1);
	cr_expect_eq(take(&m), -EPROTO);
	ipc_in_clear(&in);
	cr_expect_eq(count_fds(), before);
}

Test(ipc, without_memory_nothing_is_lost)
{
	struct ipc_message m;

	cr_assert_eq(ipc_send(a, 7, "hello", 5, NULL, 0, 1000), 0);
	no_memory = true;
	cr_expect_eq(ipc_in_read(&in, b), -ENOMEM);
	cr_expect_eq(ipc_in_next(&in, &m), 0);
	no_memory = false;
	cr_assert_eq(take(&m), 1);
	cr_expect_eq(m.len, 5);
}
