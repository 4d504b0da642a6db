/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * `hipline ping`: has the daemon find a peer and associate with it, says
 * which one it is and by which path, then measures round trips through the
 * association with ICMPv6 echo.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/echo.h"
#include "cli/field.h"
#include "cli/rtt.h"
#include "cli/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

enum {
	LINGER_US = 2 * 1000 * 1000, /* for the reply to the last request */
	ANSWER_SLACK_MS = 5 * 1000,  /* beyond the daemon's own timeout */
	BATCH_MAX = 64,		     /* packets taken between looks at the
					clock */
};

/* One run of requests and replies. */
struct run {
	struct echo echo;
	struct rtt rtt;
	const char *hit; /* the peer's */
	uint64_t interval_us, linger_us;
	bool quiet;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static uint64_t clock_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void send_one(struct run *run)
{
	uint32_t seq = rtt_on_send(&run->rtt, clock_us());
	int err = echo_send(&run->echo, (uint16_t)seq);

	if (err < 0)
		text_complain(stderr, "request %" PRIu32 ": %s.", seq,
			      strerror(-err));
}

static void show_reply(const struct run *run, const struct echo_reply *reply,
		       uint64_t us)
{
	char hops[24] = "";

	if (run->quiet)
		return;
	if (reply->hop_limit >= 0)
		(void)snprintf(hops, sizeof(hops), " ttl=%d", reply->hop_limit);
	(void)printf("%zu bytes from %s: icmp_seq=%u%s time=%" PRIu64
		     ".%03" PRIu64 " ms\n",
		     reply->len, run->hit, (unsigned)reply->seq, hops,
		     us / 1000, us % 1000);
	(void)fflush(stdout); /* main looks at stdout at the end */
}

static void receive_all(struct run *run)
{
	for (int i = 0; i < BATCH_MAX; i++) {
		struct echo_reply reply;
		uint64_t us;
		int n = echo_receive(&run->echo, &reply);

		if (n == -EAGAIN)
			return;
		if (n < 0 && n != -EINTR)
			text_complain(stderr, "%s: %s.", run->hit,
				      strerror(-n));
		if (n == 1 &&
		    rtt_on_reply(&run->rtt, reply.seq, clock_us(), &us))
			show_reply(run, &reply, us);
	}
}

/* Waits for a packet, a signal or the time. */
static void wait_until(const struct run *run, uint64_t when_us,
		       const sigset_t *unblocked)
{
	struct pollfd pfd = { .fd = run->echo.fd, .events = POLLIN };
	uint64_t now = clock_us();
	uint64_t wait = when_us > now ? when_us - now : 0;
	const struct timespec ts = { .tv_sec = (time_t)(wait / 1000000),
				     .tv_nsec = (long)(wait % 1000000) * 1000 };

	/* Whatever ended the wait, the caller looks at everything. */
	(void)ppoll(&pfd, 1, &ts, unblocked);
}

static void exchange(struct run *run, const sigset_t *unblocked)
{
	uint64_t next_us = clock_us(); /* to send, or to give up */

	while (!interrupted) {
		bool all_sent = run->rtt.sent == run->rtt.count;
		uint64_t now = clock_us();

		if (all_sent &&
		    (run->rtt.received == run->rtt.sent || now >= next_us))
			return;
		if (!all_sent && now >= next_us) {
			send_one(run);
			all_sent = run->rtt.sent == run->rtt.count;
			next_us = now + (all_sent ? run->linger_us
						  : run->interval_us);
		}
		wait_until(run, next_us, unblocked);
		receive_all(run);
	}
}

/* Ctrl-C ends the run, not the program: the summary is still wanted. */
static void exchange_until_signal(struct run *run)
{
	struct sigaction act = { .sa_handler = on_signal };
	sigset_t ours, before;

	(void)sigemptyset(&ours);
	(void)sigaddset(&ours, SIGINT);
	(void)sigaddset(&ours, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ours, &before);
	(void)sigaction(SIGINT, &act, NULL);
	(void)sigaction(SIGTERM, &act, NULL);
	exchange(run, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static void show_summary(struct run *run, const char *name)
{
	const uint32_t sent = run->rtt.sent, received = run->rtt.received;
	struct rtt_summary s;

	(void)fputs("--- ", stdout);
	text_put(stdout, name);
	(void)printf(
		" ---\n%" PRIu32 " sent, %" PRIu32 " received, %.1f %% lost\n",
		sent, received, sent ? 100.0 * (sent - received) / sent : 0.0);
	if (rtt_summarise(&run->rtt, &s))
		(void)printf("round trip min/median/max %.3f/%.3f/%.3f ms\n",
			     (double)s.min_us / 1000,
			     (double)s.median_us / 1000,
			     (double)s.max_us / 1000);
}

/* Milliseconds with three decimals; null when nothing came back. */
static json_t *ms(bool known, uint64_t us)
{
	return known ? json_real((double)us / 1000) : json_null();
}

static bool show_json(struct run *run, json_t *connected)
{
	struct rtt_summary s = { 0 };
	bool known = rtt_summarise(&run->rtt, &s);
	json_t *root =
		json_pack("{s:s, s:O?, s:I, s:I, s:{s:o, s:o, s:o}}", "hit",
			  run->hit, "path", json_object_get(connected, "path"),
			  "sent", (json_int_t)run->rtt.sent, "received",
			  (json_int_t)run->rtt.received, "rtt_ms", "min",
			  ms(known, s.min_us), "median", ms(known, s.median_us),
			  "max", ms(known, s.max_us));
	int err = -1;

	if (root)
		err = json_dumpf(root, stdout,
				 JSON_COMPACT | JSON_REAL_PRECISION(9));
	json_decref(root);
	(void)putchar('\n');
	return err == 0;
}

static int complain_open(int err)
{
	if (err == -EACCES)
		text_complain(stderr,
			      "ping: the system refuses an ICMPv6 socket. Run "
			      "as root, or allow everyone: sysctl "
			      "net.ipv4.ping_group_range=\"0 2147483647\"");
	else if (err == -EADDRNOTAVAIL)
		text_complain(stderr,
			      "ping: the own HIT is no address of this "
			      "machine. Look at hipline status, and run in "
			      "the network namespace of hiplined.");
	else
		text_complain(stderr, "ping: %s.", strerror(-err));
	return API_FAILED;
}

/* Everything that is left once both HITs are known. */
static int measure(const struct options *o, const char *own, json_t *connected)
{
	struct run run = {
		.hit = field_text(connected, "hit"),
		.interval_us = o->interval_us,
		.linger_us =
			o->timeout_us < LINGER_US ? o->timeout_us : LINGER_US,
		.quiet = o->json,
	};
	struct in6_addr from, to;
	int code, err;

	if (inet_pton(AF_INET6, own, &from) != 1 ||
	    inet_pton(AF_INET6, run.hit, &to) != 1)
		return complain_open(-EPROTO);
	err = echo_open(&from, &to, &run.echo);
	if (err < 0)
		return complain_open(err);
	err = rtt_init(&run.rtt, o->count);
	if (err < 0) {
		echo_close(&run.echo);
		return complain_open(err);
	}
	exchange_until_signal(&run);
	code = run.rtt.received > 0 ? API_DONE : API_FAILED;
	if (!o->json)
		show_summary(&run, o->words[1]);
	else if (!show_json(&run, connected))
		code = complain_open(-ENOMEM);
	rtt_clear(&run.rtt);
	echo_close(&run.echo);
	return code;
}

/* Has the daemon associate with the peer named on the command line. */
static int associate(const struct options *o, struct client_answer *out)
{
	const uint64_t timeout_ms = (o->timeout_us + 999) / 1000;
	struct api_request r = { .command = "connect", .n_args = 2 };
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, timeout_ms);
	r.args[0] = o->words[1];
	r.args[1] = text;
	return client_ask(o->socket, &r, (int)timeout_ms + ANSWER_SLACK_MS,
			  out);
}

static void show_peer(const struct options *o, json_t *connected)
{
	char path[FIELD_TEXT_MAX];

	field_path(json_object_get(connected, "path"), path);
	text_put(stdout, o->words[1]);
	(void)fputs(" is ", stdout);
	text_put(stdout, field_text(connected, "hit"));
	(void)fputs(", ", stdout);
	text_put(stdout, path);
	(void)putchar('\n');
	(void)fflush(stdout); /* main looks at stdout at the end */
}

int ping_run(const struct options *o)
{
	const struct api_request id = { .command = "id" };
	struct client_answer own, connected;
	int code = associate(o, &connected);

	if (code != API_DONE)
		return code;
	code = client_ask(o->socket, &id, CLIENT_TIMEOUT_MS, &own);
	if (code == API_DONE) {
		if (!o->json)
			show_peer(o, connected.root);
		code = measure(o, field_text(own.root, "hit"), connected.root);
	}
	client_answer_clear(&own);
	client_answer_clear(&connected);
	return code;
}
