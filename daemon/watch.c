/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Signals come as a descriptor, beside the engine's socket. The engine is
 * not trusted: all it can ask for is that the file is read again.
 */
#include "daemon/watch.h"

#include "daemon/base/footprint.h"
#include "daemon/base/log.h"
#include "daemon/config_file.h"
#include "daemon/handover.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	/* The engine takes 2 s at most to close its associations. */
	ENGINE_STOP_MS = 5000,
	TURN_MS = 1000,	 /* while we wait for its end */
	SIGNAL_MS = 100, /* sent to all, it comes to us after the engine */
};

struct state {
	const struct watch *watch;
	int signals;
	int channel; /* -1: the engine says nothing any more */
	struct ipc_in in;
	bool asked;   /* the engine was asked to end */
	bool is_deaf; /* that was because it took no message */
	bool ended;   /* it has: nothing is sent to it any more */
	uint64_t end_ms;
};

void watch_signals(sigset_t *out)
{
	(void)sigemptyset(out);
	(void)sigaddset(out, SIGTERM);
	(void)sigaddset(out, SIGINT);
	(void)sigaddset(out, SIGCHLD);
	(void)sigaddset(out, SIGHUP);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* The end of the stream asks the engine to end. */
static void ask_to_end(struct state *s)
{
	(void)shutdown(s->watch->channel, SHUT_WR);
	helper_stop(s->watch->resolver);
	if (!s->asked)
		s->end_ms = now_ms() + ENGINE_STOP_MS;
	s->asked = true;
}

/* Reads the file; the engine hears what came of it. */
static void reload(struct state *s, bool asked)
{
	const struct watch *w = s->watch;
	struct handover_reload r = { .asked = asked };
	char error[CONFIG_ERROR_MAX];
	struct config_file f;
	int err;

	if (s->asked || s->ended)
		return;
	err = config_file_load(w->file, w->file_named, &f, error);
	if (err < 0) {
		log_error("configuration", "%s; the old one stays", error);
		r.text = error;
		r.len = strlen(error);
		err = handover_send_reload(w->channel, HANDOVER_REFUSED, &r);
	} else {
		if (!w->verbose)
			log_set_level(f.config.log);
		r.text = f.text;
		r.len = f.len;
		err = handover_send_reload(w->channel, HANDOVER_TEXT, &r);
		config_file_clear(&f);
	}
	if (err < 0) {
		log_error("engine", "it takes no configuration: %s",
			  strerror(-err));
		s->is_deaf = true;
		ask_to_end(s); /* half a message may stand there */
	}
}

static void on_signal(struct state *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			ask_to_end(s);
		else if (info.ssi_signo == SIGHUP)
			reload(s, false);
	}
}

static void on_channel(struct state *s)
{
	struct ipc_message m;
	int got = ipc_in_read(&s->in, s->channel);

	if (got == 1)
		got = ipc_in_next(&s->in, &m);
	else if (got == 0)
		got = -ECONNRESET;
	if (got == 1 && m.type == HANDOVER_RELOAD && m.n_fds == 0) {
		reload(s, true);
		return;
	}
	if (got == 0 || got == -EAGAIN)
		return;
	s->channel = -1; /* it has ended, or it is out of its mind */
	helper_stop(s->watch->resolver);
	if (got != -ECONNRESET)
		ask_to_end(s);
}

/* True when the engine has ended; its wait status in *status. */
static bool engine_ended(const struct watch *w, int *status)
{
	return waitpid(w->engine, status, WNOHANG) == w->engine;
}

static int verdict(int status, bool asked)
{
	if (asked && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return EXIT_SUCCESS;
	if (WIFSIGNALED(status))
		log_error("engine", "it was ended by signal %d (%s)",
			  WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_error("engine",
			  "it ended with status %d; see the lines above",
			  WEXITSTATUS(status));
	return EXIT_FAILURE;
}

/* The engine ends in order when it is told to, and not by us alone. */
static void await_signal(struct state *s, int status)
{
	struct pollfd p = { .fd = s->signals, .events = POLLIN };
	const uint64_t end_ms = now_ms() + SIGNAL_MS;

	s->ended = true;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return;
	for (uint64_t now = now_ms(); !s->asked && now < end_ms; now = now_ms())
		if (poll(&p, 1, (int)(end_ms - now)) > 0)
			on_signal(s);
}

/* How long nothing needs to be done by itself. */
static int wait_ms(const struct state *s)
{
	uint64_t due = helper_deadline(s->watch->resolver), now = now_ms();

	if (s->asked)
		return TURN_MS;
	if (due == HELPER_NEVER)
		return -1;
	return due > now ? (int)(due - now) : 0;
}

static int wait_for_end(struct state *s)
{
	int status = 0;

	helper_begin(s->watch->resolver, s->watch->channel, now_ms());
	while (!engine_ended(s->watch, &status)) {
		struct pollfd p[] = {
			{ .fd = s->signals, .events = POLLIN },
			{ .fd = s->channel, .events = POLLIN },
		};

		helper_tick(s->watch->resolver, now_ms());
		footprint_shrink(); /* it may be a long wait */
		if (poll(p, 2, wait_ms(s)) < 0)
			continue; /* EINTR: by a stop of ourselves */
		if (p[0].revents)
			on_signal(s);
		if (p[1].revents)
			on_channel(s);
		if (s->asked && now_ms() >= s->end_ms) {
			log_error("engine", "it does not end; it is killed");
			return EXIT_FAILURE; /* it goes with us */
		}
	}
	await_signal(s, status);
	return verdict(status, s->asked && !s->is_deaf);
}

int watch_engine(const struct watch *w)
{
	struct state s = { .watch = w, .channel = w->channel };
	int status = EXIT_FAILURE;
	sigset_t signals;

	watch_signals(&signals);
	ipc_in_init(&s.in, 0);
	s.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.signals < 0)
		log_error("signals", "%s", strerror(errno));
	else
		status = wait_for_end(&s);
	ipc_in_clear(&s.in);
	if (s.signals >= 0)
		(void)close(s.signals); /* nothing was written to it */
	return status;
}
