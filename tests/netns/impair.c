/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * impair - a user-space "bad wire" between two Ethernet interfaces.
 *
 * It relays frames between IFA and IFB through AF_PACKET sockets and on the
 * way loses, repeats, delays, reorders, corrupts, limits or swallows them.
 * It needs no kernel module (netem, NFQUEUE): only AF_PACKET and CAP_NET_RAW.
 *
 *   impair [-c CTL] [-s SEED] [-t SECONDS] IFA IFB [[ab.|ba.]KEY=VALUE ...]
 *   impair -C CTL set|clear|stats|quit [[ab.|ba.]KEY=VALUE ...]
 *
 * "ab" is the direction IFA -> IFB; a key without a prefix sets both.
 * Keys (see README.md): loss dup corrupt reorder (percent), delay jitter
 * rgap (ms), burst=ENTER,LEAVE (percent, Gilbert-Elliott), rate (kbit/s),
 * queue (bytes), mtu (bytes of the IP packet), hole (0/1), dropnext (count),
 * mark=OFFSET:VALUE[:MASK] (only UDP packets whose payload byte matches),
 * only=udp|ip|all.
 */
#include "tests/netns/wire.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CTL_MAX = 4096 };

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static bool number(const char *s, double lo, double hi, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(s, &end);
	return errno == 0 && end != s && *end == '\0' && *out >= lo &&
	       *out <= hi;
}

static double *percent(struct params *p, const char *key)
{
	if (strcmp(key, "loss") == 0)
		return &p->loss;
	if (strcmp(key, "dup") == 0)
		return &p->dup;
	if (strcmp(key, "corrupt") == 0)
		return &p->corrupt;
	if (strcmp(key, "reorder") == 0)
		return &p->reorder;
	return NULL;
}

static int64_t *duration(struct params *p, const char *key)
{
	if (strcmp(key, "delay") == 0)
		return &p->delay_ns;
	if (strcmp(key, "jitter") == 0)
		return &p->jitter_ns;
	if (strcmp(key, "rgap") == 0)
		return &p->rgap_ns;
	return NULL;
}

static bool set_mark(struct params *p, const char *val)
{
	unsigned off, m = 0xff;
	int v, mask;

	if (strcmp(val, "none") == 0) {
		p->mark_off = -1;
		return true;
	}
	switch (sscanf(val, "%u:%i:%i", &off, &v, &mask)) {
	case 3:
		m = (unsigned)mask;
		break;
	case 2:
		break;
	default:
		return false;
	}
	if (off > 65000)
		return false;
	p->mark_off = (int)off;
	p->mark_val = (unsigned)v & m;
	p->mark_mask = m;
	return true;
}

static bool set_burst(struct params *p, const char *val)
{
	double enter, leave;

	if (sscanf(val, "%lf,%lf", &enter, &leave) != 2 || enter < 0 ||
	    enter > 100 || leave <= 0 || leave > 100)
		return false;
	p->enter = enter / 100;
	p->leave = leave / 100;
	return true;
}

static bool set_only(struct params *p, const char *val)
{
	static const char *const names[] = {
		[ONLY_UDP] = "udp", [ONLY_IP] = "ip", [ONLY_ALL] = "all"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(val, names[i]) == 0) {
			p->only = (enum only)i;
			return true;
		}
	return false;
}

static bool set_one(struct params *p, const char *key, const char *val)
{
	double *part = percent(p, key), x;
	int64_t *time = duration(p, key);

	if (strcmp(key, "burst") == 0)
		return set_burst(p, val);
	if (strcmp(key, "mark") == 0)
		return set_mark(p, val);
	if (strcmp(key, "only") == 0)
		return set_only(p, val);
	if (part && number(val, 0, 100, &x))
		*part = x / 100;
	else if (time && number(val, 0, 60000, &x))
		*time = (int64_t)(x * 1e6);
	else if (strcmp(key, "rate") == 0 && number(val, 0, 1e8, &x))
		p->rate_bps = (uint64_t)(x * 1000);
	else if (strcmp(key, "queue") == 0 && number(val, 0, 1e9, &x))
		p->queue_bytes = (uint64_t)x;
	else if (strcmp(key, "mtu") == 0 && number(val, 0, 65535, &x))
		p->mtu = (unsigned)x;
	else if (strcmp(key, "hole") == 0 && number(val, 0, 1, &x))
		p->hole = x > 0;
	else if (strcmp(key, "dropnext") == 0 && number(val, 0, 1e9, &x))
		p->dropnext = (long)x;
	else
		return false;
	return true;
}

/* Applies "[ab.|ba.]key=value"; all of a message or nothing is the caller's
 * affair: this changes the parameters it is given, which may be copies. */
static bool apply(struct params p[2], const char *word)
{
	char key[32];
	const char *eq = strchr(word, '='), *k = word;
	bool ab = true, ba = true;

	if (strncmp(word, "ab.", 3) == 0)
		ba = false, k += 3;
	else if (strncmp(word, "ba.", 3) == 0)
		ab = false, k += 3;
	if (eq == NULL || eq <= k || (size_t)(eq - k) >= sizeof(key))
		return false;
	memcpy(key, k, (size_t)(eq - k));
	key[eq - k] = '\0';
	return (!ab || set_one(&p[0], key, eq + 1)) &&
	       (!ba || set_one(&p[1], key, eq + 1));
}
static void report(struct wire d[2], char *out, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < 2 && used < size; i++) {
		struct stats *s = &d[i].s;
		struct tpacket_stats ts = { 0 };
		socklen_t len = sizeof(ts);
		int n;

		/* what the kernel dropped because we were too slow */
		if (getsockopt(d[i].in, SOL_PACKET, PACKET_STATISTICS, &ts,
			       &len) == 0)
			s->missed += ts.tp_drops;
		n = snprintf(out + used, size - used,
			     "%s rx=%ju tx=%ju "
			     "lost=%ju dup=%ju corrupted=%ju reordered=%ju "
			     "toobig=%ju "
			     "hole=%ju tail=%ju picked=%ju sendfail=%ju "
			     "missed=%ju held=%zu\n",
			     d[i].name, (uintmax_t)s->rx, (uintmax_t)s->tx,
			     (uintmax_t)s->lost, (uintmax_t)s->dup,
			     (uintmax_t)s->corrupted, (uintmax_t)s->reordered,
			     (uintmax_t)s->toobig, (uintmax_t)s->hole,
			     (uintmax_t)s->tail, (uintmax_t)s->picked,
			     (uintmax_t)s->sendfail, (uintmax_t)s->missed,
			     d[i].n);

		if (n > 0)
			used += (size_t)n;
	}
}
static void command(struct wire d[2], char *line, char *out, size_t size)
{
	char *save = NULL, *word = strtok_r(line, " \n", &save);
	struct params p[2] = { d[0].p, d[1].p };

	snprintf(out, size, "ok\n");
	if (word == NULL) {
		snprintf(out, size, "error: empty\n");
	} else if (strcmp(word, "quit") == 0) {
		stop = 1;
	} else if (strcmp(word, "stats") == 0) {
		report(d, out, size);
	} else if (strcmp(word, "set") == 0 || strcmp(word, "clear") == 0) {
		if (word[0] == 'c')
			p[0] = p[1] = params_clean;
		while ((word = strtok_r(NULL, " \n", &save)) != NULL)
			if (!apply(p, word)) {
				snprintf(out, size, "error: %s\n", word);
				return;
			}
		d[0].p = p[0];
		d[1].p = p[1];
		d[0].last_due = d[1].last_due = 0;
	} else {
		snprintf(out, size, "error: %s\n", word);
	}
}

static struct sockaddr_un ctl_addr(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	strcpy(a.sun_path, path);
	return a;
}

static int client(const char *path, char **words, int n)
{
	struct sockaddr_un a = ctl_addr(path);
	char msg[CTL_MAX] = "", reply[CTL_MAX];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	ssize_t got;

	for (int i = 0; i < n; i++) {
		if (strlen(msg) + strlen(words[i]) + 2 > sizeof(msg))
			return 1;
		strcat(strcat(msg, words[i]), " ");
	}
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die(path);
	if (send(fd, msg, strlen(msg), 0) < 0 ||
	    (got = recv(fd, reply, sizeof(reply) - 1, 0)) <= 0)
		die("control");
	reply[got] = '\0';
	fputs(reply, stdout);
	return strncmp(reply, "error", 5) == 0;
}

static void serve(int ctl, struct wire d[2])
{
	char in[CTL_MAX], out[CTL_MAX];
	int fd = accept4(ctl, NULL, NULL, SOCK_CLOEXEC);
	struct timeval tv = { .tv_usec = 200000 };
	ssize_t n;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	n = recv(fd, in, sizeof(in) - 1, 0);
	if (n > 0) {
		in[n] = '\0';
		command(d, in, out, sizeof(out));
		(void)send(fd, out, strlen(out), MSG_NOSIGNAL);
	}
	close(fd);
}
struct options {
	const char *ctl;
	int64_t end; /* 0 = never */
};

static int usage(void)
{
	fprintf(stderr, "usage: impair [-c CTL] [-s SEED] [-t SECONDS] IFA IFB "
			"[[ab.|ba.]KEY=VALUE ...]\n"
			"       impair -C CTL set|clear|stats|quit [...]\n");
	return 2;
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = ctl_addr(path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    listen(fd, 4) < 0)
		die(path);
	return fd;
}

static void wait_for_work(struct pollfd fds[3], const struct wire d[2])
{
	int64_t now = now_ns(), next = now + 1000000000;
	struct timespec ts;

	for (int i = 0; i < 2; i++)
		if (wire_due(&d[i]) < next)
			next = wire_due(&d[i]);
	next = next > now ? next - now : 0;
	ts = (struct timespec){ .tv_sec = next / 1000000000,
				.tv_nsec = next % 1000000000 };
	for (int i = 0; i < 3; i++)
		fds[i].revents = 0;
	if (ppoll(fds, 3, &ts, NULL) < 0 && errno != EINTR)
		die("poll");
}

static void relay(struct wire d[2], const struct options *o)
{
	struct pollfd fds[3] = { { .fd = d[0].in, .events = POLLIN },
				 { .fd = d[1].in, .events = POLLIN },
				 { .fd = -1, .events = POLLIN } };

	if (o->ctl)
		fds[2].fd = listen_at(o->ctl);
	while (!stop && (o->end == 0 || now_ns() < o->end)) {
		wait_for_work(fds, d);
		for (int i = 0; i < 2; i++) {
			if ((fds[i].revents & POLLIN) && !wire_pump(&d[i]) &&
			    errno != ENETDOWN) /* link down: stay */
				die("receive");
			if (fds[i].revents & POLLNVAL)
				stop = 1;
		}
		if (fds[2].revents & POLLIN)
			serve(fds[2].fd, d);
		for (int i = 0; i < 2; i++)
			wire_flush(&d[i], now_ns());
	}
	if (o->ctl)
		unlink(o->ctl);
}

int main(int argc, char **argv)
{
	struct wire d[2] = { { .name = "ab", .p = params_clean },
			     { .name = "ba", .p = params_clean } };
	struct params p[2] = { params_clean, params_clean };
	struct sigaction sa = { .sa_handler = on_signal };
	struct options o = { 0 };
	char out[CTL_MAX];
	int c;

	wire_seed(1);
	while ((c = getopt(argc, argv, "c:C:s:t:")) != -1)
		switch (c) {
		case 'c':
			o.ctl = optarg;
			break;
		case 'C':
			return client(optarg, argv + optind, argc - optind);
		case 's':
			wire_seed(strtoull(optarg, NULL, 0));
			break;
		case 't':
			o.end = now_ns() +
				(int64_t)strtoul(optarg, NULL, 10) * 1000000000;
			break;
		default:
			return usage();
		}
	if (argc - optind < 2)
		return usage();
	for (int i = optind + 2; i < argc; i++)
		if (!apply(p, argv[i])) {
			fprintf(stderr, "impair: bad setting '%s'\n", argv[i]);
			return 2;
		}
	d[0].p = p[0];
	d[1].p = p[1];
	d[0].in = d[1].out = wire_open(argv[optind]);
	d[1].in = d[0].out = wire_open(argv[optind + 1]);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	prctl(PR_SET_TIMERSLACK, 1L);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	relay(d, &o);
	report(d, out, sizeof(out));
	fputs(out, stderr);
	wire_clear(&d[0]);
	wire_clear(&d[1]);
	return 0;
}
