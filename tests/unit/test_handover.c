/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The handover: what the monitor sends is what the engine gets.
 */
#include "daemon/handover.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2];
static struct ipc_in in;

static void make(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
		     0);
	ipc_in_init(&in, IPC_BODY_MAX);
}

static void take_away(void)
{
	ipc_in_clear(&in);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

TestSuite(handover, .init = make, .fini = take_away);

static int null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	return fd;
}

static struct handover example(void)
{
	return (struct handover){
		.file = "/etc/x.conf",
		.text = "host {\0}",
		.text_len = 8,
		.uid = 1,
		.gid = 2,
		.owner = 3,
		.gid_read = 4,
		.gid_change = HANDOVER_NO_GROUP,
		.mtu = 1446,
		.tun_ifindex = 7,
		.firewall = GUARD_FIREWALL_NO_NFT,
		.verbose = true,
		.tun_fd = null(),
		.udp4_fd = -1,
		.udp6_fd = null(),
		.listen_fd = null(),
	};
}

static void close_fds(const struct handover *h)
{
	(void)close(h->tun_fd);
	(void)close(h->udp6_fd);
	(void)close(h->listen_fd);
}

Test(handover, all_of_it_arrives)
{
	struct handover h = example(), got;
	struct ipc_message m;

	cr_assert_eq(handover_send(ends[0], &h), 0);
	close_fds(&h);
	cr_assert_eq(handover_receive(&in, ends[1], HANDOVER_ALL, &m), 0);
	cr_assert(handover_parse(&m, &got));
	cr_expect_str_eq(got.file, h.file);
	cr_expect_eq(got.text_len, 8);
	cr_expect_eq(memcmp(got.text, h.text, 8), 0);
	cr_expect(got.uid == 1 && got.gid == 2 && got.owner == 3);
	cr_expect_eq(got.gid_read, 4);
	cr_expect_eq(got.gid_change, HANDOVER_NO_GROUP);
	cr_expect(got.mtu == 1446 && got.tun_ifindex == 7);
	cr_expect_eq(got.firewall, GUARD_FIREWALL_NO_NFT);
	cr_expect(got.verbose);
	cr_expect_eq(got.udp4_fd, -1);
	cr_expect_not(got.raw.is_open);
	cr_expect_geq(fcntl(got.tun_fd, F_GETFD), 0);
	cr_expect_geq(fcntl(got.udp6_fd, F_GETFD), 0);
	cr_expect_geq(fcntl(got.listen_fd, F_GETFD), 0);
	close_fds(&got);
}

Test(handover, raw_sockets_arrive_each_in_its_place)
{
	struct handover h = example(), got;
	struct ipc_message m;
	struct stat sent, taken;

	h.raw = (struct worker_raw){ .is_open = true,
				     .fds = { -1, dup(ends[0]), -1, null() } };
	cr_assert_eq(fstat(h.raw.fds[RAW_ESP6], &sent), 0);
	cr_assert_eq(handover_send(ends[0], &h), 0);
	cr_assert_eq(handover_receive(&in, ends[1], HANDOVER_ALL, &m), 0);
	cr_assert(handover_parse(&m, &got));
	cr_expect(got.raw.is_open);
	cr_expect_eq(got.raw.fds[RAW_ESP4], -1);
	cr_expect_eq(got.raw.fds[RAW_HIP4], -1);
	cr_expect_geq(fcntl(got.raw.fds[RAW_HIP6], F_GETFD), 0);
	cr_assert_eq(fstat(got.raw.fds[RAW_ESP6], &taken), 0);
	cr_expect_eq(taken.st_ino, sent.st_ino);
	for (int i = 0; i < RAW_SOCKETS; i++) {
		(void)close(h.raw.fds[i]);
		(void)close(got.raw.fds[i]);
	}
	close_fds(&h);
	close_fds(&got);
}

/* Puts an open descriptor there, and remembers which. */
static void put(int *fd, ino_t *which)
{
	struct stat s;

	*fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	cr_assert_geq(*fd, 0);
	cr_assert_eq(fstat(*fd, &s), 0);
	*which = s.st_ino;
}

static void expect_is(int fd, ino_t which)
{
	struct stat s;

	cr_assert_eq(fstat(fd, &s), 0);
	cr_expect_eq(s.st_ino, which);
	(void)close(fd);
}

/* With as many further workers as there may be. */
static void further_workers_arrive(bool queues)
{
	struct handover h = example(), got;
	struct ipc_message m;
	ino_t tun[WORKERS_MAX], udp[WORKERS_MAX];

	h.more.n = WORKERS_MAX - 1;
	h.more.queues = queues;
	for (size_t i = 0; i < h.more.n; i++) {
		h.more.fds[i] = (struct worker_fds){ -1, -1, -1 };
		if (queues)
			put(&h.more.fds[i].tun_fd, &tun[i]);
		put(&h.more.fds[i].udp6_fd, &udp[i]);
	}
	cr_assert_eq(handover_send(ends[0], &h), 0);
	cr_assert_eq(handover_receive(&in, ends[1], HANDOVER_ALL, &m), 0);
	cr_assert(handover_parse(&m, &got));
	cr_assert_eq(got.more.n, WORKERS_MAX - 1);
	cr_expect_eq(got.more.queues, queues);
	for (size_t i = 0; i < h.more.n; i++) {
		const struct worker_fds *w = &got.more.fds[i];

		cr_expect_eq(w->udp4_fd, -1);
		expect_is(w->udp6_fd, udp[i]);
		(void)close(h.more.fds[i].udp6_fd);
		if (!queues) {
			cr_expect_eq(w->tun_fd, -1);
			continue;
		}
		expect_is(w->tun_fd, tun[i]);
		(void)close(h.more.fds[i].tun_fd);
	}
	close_fds(&h);
	close_fds(&got);
}

Test(handover, further_workers_arrive_with_their_queues)
{
	further_workers_arrive(true);
}

Test(handover, further_workers_arrive_without_queues)
{
	further_workers_arrive(false);
}

Test(handover, a_long_configuration_arrives)
{
	struct handover h = example(), got;
	char *text = calloc(1, 1 << 20);
	struct ipc_message m;
	pid_t pid = fork();

	h.text = text;
	h.text_len = 1 << 20;
	if (pid == 0)
		_exit(handover_send(ends[0], &h) == 0 ? 0 : 1);
	cr_assert_eq(handover_receive(&in, ends[1], HANDOVER_ALL, &m), 0);
	cr_assert(handover_parse(&m, &got));
	cr_expect_eq(got.text_len, 1 << 20);
	close_fds(&got);
	close_fds(&h);
	free(text);
}

Test(handover, the_key_arrives_and_has_a_limit)
{
	char pem[HANDOVER_KEY_MAX + 1] = "key";
	struct ipc_message m;

	cr_assert_eq(handover_send_key(ends[0], pem, HANDOVER_KEY_MAX), 0);
	cr_assert_eq(handover_receive(&in, ends[1], HANDOVER_KEY, &m), 0);
	cr_expect_eq(m.len, HANDOVER_KEY_MAX);
	cr_expect_eq(memcmp(m.body, pem, m.len), 0);
	cr_expect_eq(in.cap, 4096); /* it was never moved */
	cr_expect_eq(handover_send_key(ends[0], pem, HANDOVER_KEY_MAX + 1),
		     -EMSGSIZE);
	cr_expect_eq(handover_send_key(ends[0], pem, 0), -EMSGSIZE);
}

Test(handover, another_type_is_refused)
{
	struct ipc_message m;

	cr_assert_eq(handover_send_key(ends[0], "k", 1), 0);
	cr_expect_eq(handover_receive(&in, ends[1], HANDOVER_ALL, &m), -EPROTO);
}

Test(handover, an_end_of_the_stream_is_told)
{
	struct ipc_message m;

	(void)shutdown(ends[0], SHUT_WR);
	cr_expect_eq(handover_receive(&in, ends[1], HANDOVER_KEY, &m),
		     -ECONNRESET);
}

/* A message of these bytes and n descriptors, as if it had been received. */
static bool parses(const uint8_t *body, size_t len, size_t n)
{
	struct ipc_message m = {
		.type = HANDOVER_ALL, .body = body, .len = len, .n_fds = n
	};
	struct handover got;
	bool ok;

	for (size_t i = 0; i < n; i++)
		m.fds[i] = null();
	ok = handover_parse(&m, &got);
	for (size_t i = 0; i < n; i++) {
		cr_expect_eq(fcntl(m.fds[i], F_GETFD) >= 0, ok);
		if (ok)
			(void)close(m.fds[i]);
	}
	return ok;
}

Test(handover, every_broken_form_is_refused_and_its_descriptors_closed)
{
	/* flags, firewall, 7 numbers, further workers and whether they have
	 * queues, length 2 "f", length 1 "t" */
	uint8_t body[1 + 1 + 28 + 2 + 4 + 2 + 4 + 1] = { 0 };
	uint8_t copy[sizeof(body)];

	body[35] = 2;
	body[36] = 'f';
	body[41] = 1;
	body[42] = 't';
	cr_assert(parses(body, sizeof(body), 2));
	for (size_t len = 0; len < sizeof(body); len++)
		cr_expect_not(parses(body, len, 2), "%zu", len);
	cr_expect_not(parses(body, sizeof(body), 1));
	cr_expect_not(parses(body, sizeof(body), 3));
	memcpy(copy, body, sizeof(body));
	copy[1] = GUARD_FIREWALL_REFUSED + 1;
	cr_expect_not(parses(copy, sizeof(copy), 2));
	memcpy(copy, body, sizeof(body));
	copy[37] = 'x'; /* the name's NUL */
	cr_expect_not(parses(copy, sizeof(copy), 2));
	memcpy(copy, body, sizeof(body));
	copy[36] = '\0';
	cr_expect_not(parses(copy, sizeof(copy), 2));
	memcpy(copy, body, sizeof(body));
	copy[0] = 3; /* two more sockets */
	cr_expect_not(parses(copy, sizeof(copy), 2));
	cr_expect(parses(copy, sizeof(copy), 4));
	copy[30] = 2; /* two more workers with two sockets each */
	cr_expect_not(parses(copy, sizeof(copy), 7));
	cr_expect(parses(copy, sizeof(copy), 8));
	copy[31] = 1; /* and a queue */
	cr_expect_not(parses(copy, sizeof(copy), 8));
	cr_expect(parses(copy, sizeof(copy), 10));
	copy[31] = 2;
	cr_expect_not(parses(copy, sizeof(copy), 10));
	memcpy(copy, body, sizeof(body));
	copy[30] = WORKERS_MAX;
	cr_expect_not(parses(copy, sizeof(copy), 2));
	copy[30] = WORKERS_MAX - 1; /* without a socket: none more */
	cr_expect(parses(copy, sizeof(copy), 2));
	memcpy(copy, body, sizeof(body));
	copy[0] = 16; /* a raw socket, but none is open */
	cr_expect_not(parses(copy, sizeof(copy), 3));
	copy[0] = 16 + 8;
	cr_expect_not(parses(copy, sizeof(copy), 2));
	cr_expect(parses(copy, sizeof(copy), 3));
}

Test(handover, a_reload_is_asked_for_and_answered)
{
	const struct handover_reload r = { .asked = true,
					   .text = "host {}",
					   .len = 7 };
	struct handover_reload got;
	struct ipc_message m;

	cr_assert_eq(handover_ask_reload(ends[1]), 0);
	cr_assert_eq(handover_send_reload(ends[0], HANDOVER_TEXT, &r), 0);
	cr_assert_eq(handover_receive(&in, ends[1], HANDOVER_TEXT, &m), 0);
	cr_assert(handover_parse_reload(&m, &got));
	cr_expect(got.asked);
	cr_expect_eq(got.len, 7);
	cr_expect_eq(memcmp(got.text, r.text, 7), 0);
	cr_assert_eq(handover_receive(&in, ends[0], HANDOVER_RELOAD, &m), 0);
}

Test(handover, an_empty_configuration_arrives)
{
	const struct handover_reload r = { .asked = false };
	struct handover_reload got;
	struct ipc_message m;

	cr_assert_eq(handover_send_reload(ends[0], HANDOVER_REFUSED, &r), 0);
	cr_assert_eq(handover_receive(&in, ends[1], HANDOVER_REFUSED, &m), 0);
	cr_assert(handover_parse_reload(&m, &got));
	cr_expect_not(got.asked);
	cr_expect_eq(got.len, 0);
}

Test(handover, a_broken_reload_is_none)
{
	static const uint8_t asked = 2;
	struct ipc_message m = { .type = HANDOVER_TEXT, .body = &asked };
	struct handover_reload got;

	cr_expect_not(handover_parse_reload(&m, &got), "nothing");
	m.len = 1;
	cr_expect_not(handover_parse_reload(&m, &got), "neither yes nor no");
}

Test(handover, a_resolver_comes_with_its_socket_or_without)
{
	for (int has = 0; has < 2; has++) {
		const struct handover_resolver r = {
			.trouble = "127.0.0.1: busy",
			.n_sockets = 4,
			.channel_fd = has ? null() : -1,
		};
		struct handover_resolver back;
		struct ipc_message m;

		cr_assert_eq(handover_send_resolver(ends[0], &r), 0);
		cr_assert_eq(
			handover_receive(&in, ends[1], HANDOVER_RESOLVER, &m),
			0);
		cr_assert(handover_parse_resolver(&m, &back));
		cr_assert_str_eq(back.trouble, r.trouble);
		cr_assert_eq(back.n_sockets, 4);
		cr_assert_eq(back.channel_fd >= 0, has);
		if (has) {
			(void)close(back.channel_fd);
			(void)close(r.channel_fd);
		}
	}
}

Test(handover, a_broken_resolver_is_refused)
{
	static const uint8_t open_text[] = { 4, 'a' };
	struct handover_resolver back;
	struct ipc_message m = { .body = open_text, .len = 2 };

	cr_assert_not(handover_parse_resolver(&m, &back), "not terminated");
	m.len = 1;
	cr_assert_not(handover_parse_resolver(&m, &back), "no text");
	m.len = 0;
	cr_assert_not(handover_parse_resolver(&m, &back), "empty");
}
