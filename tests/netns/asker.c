/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * asker - names asked for, one after the other, and what came of it.
 *
 *	asker dns ADDRESS SEED COUNT (NAME HIT)...
 *	asker control SOCKET SEED COUNT (NAME HIT)...
 *
 * COUNT questions, each for a name drawn from those given: AAAA of a DNS stub
 * at ADDRESS, or `resolve` of a daemon, which has no cache. A right answer is
 * that HIT and no other; a question is lost when nobody can say within
 * WAIT_MS. Prints counts and times in a line, and is 0 when all were right.
 */
#include "cli/client.h"
#include "daemon/base/cursor.h"
#include "daemon/hip/hit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	WAIT_MS = 8000,
	PACKET_MAX = 4096,
	DNS_PORT = 53,
	HEADER_LEN = 12, /* RFC 1035 4.1.1 */
	AAAA = 28,
	POINTER = 0xc0, /* RFC 1035 4.1.4 */
	FIRST = 5,	/* of the arguments, that is a name */
};

enum outcome { RIGHT, WRONG, LOST, OUTCOMES };

struct question {
	const char *name;
	struct hit hit;
};

static uint64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static size_t write_query(const char *name, uint16_t id, uint8_t *out,
			  size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_u16(&w, id);
	wr_u16(&w, 0x0100); /* RD */
	wr_u16(&w, 1);
	wr_u16(&w, 0);
	wr_u32(&w, 0);
	while (*name) {
		size_t len = strcspn(name, ".");

		wr_u8(&w, (uint8_t)len);
		wr_bytes(&w, name, len);
		name += len + (name[len] == '.');
	}
	wr_u8(&w, 0);
	wr_u16(&w, AAAA);
	wr_u16(&w, 1);
	return wr_failed(&w) ? 0 : wr_len(&w);
}

static void skip_name(struct rd *r)
{
	uint8_t len;

	while ((len = rd_u8(r)) != 0 && !rd_failed(r)) {
		if ((len & POINTER) == POINTER) {
			rd_skip(r, 1);
			return;
		}
		rd_skip(r, len);
	}
}

/* A reply to our question, read from behind its id. */
static enum outcome judge_reply(struct rd r, const struct hit *want)
{
	uint16_t flags = rd_u16(&r), answers;
	size_t right = 0;

	rd_skip(&r, 2);
	answers = rd_u16(&r);
	rd_skip(&r, 4);
	skip_name(&r);
	rd_skip(&r, 4);
	if ((flags & 0xf) == 2) /* SERVFAIL */
		return LOST;
	for (uint16_t i = 0; i < answers; i++) {
		struct hit hit = { { 0 } };
		uint16_t type, len;

		skip_name(&r);
		type = rd_u16(&r);
		rd_skip(&r, 6);
		len = rd_u16(&r);
		if (type != AAAA || len != sizeof(hit.bytes))
			return WRONG;
		rd_copy(&r, hit.bytes, sizeof(hit.bytes));
		if (!hit_equal(&hit, want))
			return WRONG;
		right++;
	}
	return right == 1 && !rd_failed(&r) ? RIGHT : WRONG;
}

static enum outcome ask_dns(int fd, const struct question *q, uint16_t id)
{
	uint64_t end = now_us() + WAIT_MS * 1000;
	uint8_t bytes[PACKET_MAX];
	size_t len = write_query(q->name, id, bytes, sizeof(bytes));

	if (len == 0 || send(fd, bytes, len, 0) < 0)
		return LOST;
	for (uint64_t now = now_us(); now < end; now = now_us()) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		struct rd r;
		ssize_t n;

		if (poll(&pfd, 1, (int)((end - now) / 1000) + 1) <= 0)
			continue;
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n < HEADER_LEN)
			return LOST; /* nobody listens there */
		r = rd_init(bytes, (size_t)n);
		if (rd_u16(&r) == id) /* not one of before */
			return judge_reply(r, &q->hit);
	}
	return LOST;
}

static enum outcome ask_control(const char *path, const struct question *q)
{
	const struct api_request request = { .command = "resolve",
					     .args = { q->name },
					     .n_args = 1 };
	enum outcome outcome = WRONG;
	struct client_answer a;
	const char *text = "";
	struct hit hit;
	json_t *hits;
	int code = client_ask(path, &request, WAIT_MS, &a);

	if (code != API_DONE)
		return code == API_NO_SUCH_NAME ? WRONG : LOST;
	hits = json_object_get(a.root, "hits");
	(void)json_unpack(hits, "[{s:s}]", "hit", &text); /* or none */
	if (json_array_size(hits) == 1 && hit_from_text(text, &hit) == 0 &&
	    hit_equal(&hit, &q->hit))
		outcome = RIGHT;
	client_answer_clear(&a);
	return outcome;
}

static int open_dns(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(DNS_PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		perror(address);
		exit(2);
	}
	return fd;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void print(const size_t n[OUTCOMES], uint64_t *us, size_t count)
{
	qsort(us, count, sizeof(*us), compare);
	printf("asked %zu right %zu wrong %zu lost %zu median %llu us p99 "
	       "%llu us worst %llu us\n",
	       count, n[RIGHT], n[WRONG], n[LOST],
	       (unsigned long long)us[count / 2],
	       (unsigned long long)us[count * 99 / 100],
	       (unsigned long long)us[count - 1]);
}

static void read_questions(char *argv[], size_t n, struct question *out)
{
	for (size_t i = 0; i < n; i++) {
		out[i].name = argv[2 * i];
		if (hit_from_text(argv[2 * i + 1], &out[i].hit) < 0) {
			fprintf(stderr, "%s: no HIT\n", argv[2 * i + 1]);
			exit(2);
		}
	}
}

int main(int argc, char *argv[])
{
	size_t n = argc > FIRST ? (size_t)(argc - FIRST) / 2 : 0;
	size_t count = n > 0 ? strtoul(argv[4], NULL, 10) : 0;
	size_t outcomes[OUTCOMES] = { 0 };
	struct question *questions;
	uint64_t *us;
	bool dns;
	int fd;

	if (count == 0 || (argc - FIRST) % 2 != 0) {
		fprintf(stderr, "usage: asker dns|control WHERE SEED COUNT "
				"(NAME HIT)...\n");
		return 2;
	}
	questions = calloc(n, sizeof(*questions));
	us = calloc(count, sizeof(*us));
	if (!questions || !us)
		return 2;
	read_questions(&argv[FIRST], n, questions);
	srandom((unsigned int)strtoul(argv[3], NULL, 10));
	dns = strcmp(argv[1], "dns") == 0;
	fd = dns ? open_dns(argv[2]) : -1;
	for (size_t i = 0; i < count; i++) {
		const struct question *q = &questions[(size_t)random() % n];
		uint64_t begun = now_us();
		enum outcome o = dns ? ask_dns(fd, q, (uint16_t)i)
				     : ask_control(argv[2], q);

		us[i] = now_us() - begun;
		outcomes[o]++;
		if (o != RIGHT)
			printf("%s: %s after %llu ms\n", q->name,
			       o == WRONG ? "wrong" : "lost",
			       (unsigned long long)us[i] / 1000);
	}
	print(outcomes, us, count);
	free(questions);
	free(us);
	return outcomes[RIGHT] == count ? EXIT_SUCCESS : EXIT_FAILURE;
}
