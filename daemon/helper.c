/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * The pair of sockets is made here for each start. What the resolver has to
 * know first is written into its end before the engine gets the other one.
 */
#include "daemon/helper.h"

#include "daemon/base/ipc.h"
#include "daemon/base/log.h"
#include "daemon/handover.h"
#include "daemon/place.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	DNS_PORT = 53,
	BACKLOG = 64,
	CHANNEL_BYTES = 2 << 20, /* what waits in it, each way */
};

void helper_init(struct helper *h)
{
	*h = (struct helper){ .engine = -1,
			      .overlay = -1,
			      .names = -1,
			      .again_ms = HELPER_NEVER,
			      .tell_ms = HELPER_NEVER };
}

static int open_socket(const struct locator *l, int type)
{
	struct sockaddr_storage sa;
	socklen_t len = locator_to_sockaddr(l, &sa);
	const int on = 1;
	int fd = socket(sa.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (type == SOCK_STREAM &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		err = -errno;
	if (err == 0 && bind(fd, (const struct sockaddr *)&sa, len) < 0)
		err = -errno;
	if (err == 0 && type == SOCK_STREAM && listen(fd, BACKLOG) < 0)
		err = -errno;
	if (err == 0)
		return fd;
	(void)close(fd); /* never used */
	return err;
}

/* Both sockets of an address, or none. */
static void open_address(struct helper *h, const char *text)
{
	struct locator l;
	int udp, tcp = -ENOSPC;

	if (locator_from_text(text, DNS_PORT, &l) < 0)
		return; /* the configuration was checked */
	udp = h->n_sockets + 2 <= HELPER_SOCKETS_MAX
		      ? open_socket(&l, SOCK_DGRAM)
		      : -ENOSPC;
	if (udp >= 0)
		tcp = open_socket(&l, SOCK_STREAM);
	if (tcp >= 0) {
		h->sockets[h->n_sockets++] = udp;
		h->sockets[h->n_sockets++] = tcp;
		return;
	}
	if (udp >= 0)
		(void)close(udp); /* never used */
	if (h->trouble[0] == '\0')
		(void)snprintf(h->trouble, sizeof(h->trouble), "%s: %s", text,
			       strerror(udp < 0 ? -udp : -tcp));
}

void helper_open(struct helper *h, const struct config *c, const char *libexec,
		 bool verbose)
{
	const char *user = c->users.items[1].text;
	const struct passwd *pw = getpwnam(user);

	program_find(PROGRAM_RESOLVER, libexec, h->program);
	h->has_user = pw != NULL;
	h->start.log = (uint8_t)(verbose ? LOG_LEVEL_DEBUG : c->log);
	if (!pw) {
		(void)snprintf(h->trouble, sizeof(h->trouble),
			       "there is no user %s", user);
		return;
	}
	h->start.uid = pw->pw_uid;
	h->start.gid = pw->pw_gid;
	for (size_t i = 0; i < c->dns_listen.n; i++)
		open_address(h, c->dns_listen.items[i].text);
}

/* Bound to the interface first: so nothing comes from elsewhere before. */
static int open_overlay_socket(const char *interface, const struct hit *own)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6,
				   .sin6_port = htons(OVERLAY_PORT) };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	memcpy(&at.sin6_addr, own->bytes, sizeof(own->bytes));
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
		       (socklen_t)strlen(interface)) < 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		err = -errno;
	if (err == 0)
		return fd;
	(void)close(fd); /* never used */
	return err;
}

void helper_open_overlay(struct helper *h, const struct config *c,
			 const struct hit *own)
{
	if (!h->has_user)
		return;
	h->overlay = open_overlay_socket(c->interface, own);
	if (h->overlay < 0) {
		log_warning(
			"resolver",
			"UDP port %d on %s: %s; there is no overlay without",
			OVERLAY_PORT, c->interface, strerror(-h->overlay));
		h->overlay = -1;
	}
	h->names = place_names(c->state, h->start.uid, h->start.gid);
	h->start.has_overlay = h->overlay >= 0;
	h->start.has_names = h->names >= 0;
}

/* Tells the engine; `channel` is its end of the pair, or -1: it is down. */
static int tell_engine(const struct helper *h, int channel)
{
	const struct handover_resolver r = { .trouble = h->trouble,
					     .n_sockets = h->n_sockets,
					     .channel_fd = channel };

	return handover_send_resolver(h->engine, &r);
}

/* The kernel counts a kilobyte for a short message, so what it gives by itself
 * is full of 200: fewer than the answers that may be under way at once, and
 * each end takes the other that has no room for broken. */
static void make_room(int fd)
{
	const int bytes = CHANNEL_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) <
	    0)
		log_warning("resolver", "room for its messages: %s",
			    strerror(errno));
}

static int start(struct helper *h)
{
	uint8_t body[64];
	size_t len = resolve_start_write(&h->start, body, sizeof(body));
	int fds[HELPER_SOCKETS_MAX + 2];
	size_t n_fds = h->n_sockets;
	int ends[2], err;

	memcpy(fds, h->sockets, n_fds * sizeof(fds[0]));
	if (h->overlay >= 0)
		fds[n_fds++] = h->overlay;
	if (h->names >= 0)
		fds[n_fds++] = h->names;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		       ends) < 0)
		return -errno;
	make_room(ends[0]);
	make_room(ends[1]);
	/* Its first message waits in the socket until it reads. */
	err = ipc_send(ends[0], RESOLVE_START, body, len, fds, n_fds, 0);
	if (err == 0) {
		h->pid = fork();
		if (h->pid == 0)
			program_become(h->program, "--channel", ends[1]);
		err = h->pid < 0 ? -errno : tell_engine(h, ends[0]);
		if (h->pid < 0)
			h->pid = 0;
	}
	(void)close(ends[0]); /* the engine's now */
	(void)close(ends[1]); /* the resolver's now */
	return err;
}

static void start_again_later(struct helper *h, uint64_t now_ms)
{
	h->again_ms = now_ms + h->wait_ms;
	h->wait_ms *= 2;
	if (h->wait_ms > HELPER_AGAIN_MAX_MS)
		h->wait_ms = HELPER_AGAIN_MAX_MS;
}

static void tell_end(struct helper *h, const char *next)
{
	if (WIFSIGNALED(h->status))
		log_warning("resolver", "it was ended by signal %d (%s)%s",
			    WTERMSIG(h->status), strsignal(WTERMSIG(h->status)),
			    next);
	else
		log_warning("resolver", "it ended with status %d%s",
			    WEXITSTATUS(h->status), next);
	h->tell_ms = HELPER_NEVER;
}

static void try_start(struct helper *h, uint64_t now_ms)
{
	int err = start(h);

	h->again_ms = HELPER_NEVER;
	h->started_ms = now_ms;
	if (err == 0)
		return;
	log_warning("resolver", "it cannot be started: %s", strerror(-err));
	if (h->pid == 0)
		start_again_later(h, now_ms);
}

void helper_begin(struct helper *h, int engine, uint64_t now_ms)
{
	h->engine = engine;
	h->wait_ms = HELPER_AGAIN_FIRST_MS;
	if (h->has_user)
		try_start(h, now_ms);
	else if (tell_engine(h, -1) < 0)
		log_warning("resolver", "%s", h->trouble);
}

uint64_t helper_deadline(const struct helper *h)
{
	return h->tell_ms < h->again_ms ? h->tell_ms : h->again_ms;
}

/* It ends with the engine, too, so we are asked to end next, perhaps. */
static void on_end(struct helper *h, uint64_t now_ms)
{
	h->tell_ms = now_ms + HELPER_AGAIN_FIRST_MS;
	h->pid = 0;
	if (now_ms - h->started_ms >= HELPER_STEADY_MS)
		h->wait_ms = HELPER_AGAIN_FIRST_MS;
	start_again_later(h, now_ms);
}

void helper_tick(struct helper *h, uint64_t now_ms)
{
	if (h->engine < 0)
		return;
	if (h->pid > 0 && waitpid(h->pid, &h->status, WNOHANG) == h->pid)
		on_end(h, now_ms);
	if (now_ms >= h->tell_ms)
		tell_end(h, "; it is started again");
	if (now_ms >= h->again_ms)
		try_start(h, now_ms);
}

/* Whether it ended as the resolver does beside its engine, or is told to. */
static bool ended_well(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGTERM ||
		       WTERMSIG(status) == SIGINT;
	return WEXITSTATUS(status) == 0;
}

void helper_stop(struct helper *h)
{
	if (h->tell_ms != HELPER_NEVER && !ended_well(h->status))
		tell_end(h, "");
	h->engine = -1;
	h->again_ms = h->tell_ms = HELPER_NEVER;
}

void helper_close(struct helper *h)
{
	for (size_t i = 0; i < h->n_sockets; i++)
		(void)close(h->sockets[i]); /* the resolver has its own */
	h->n_sockets = 0;
	if (h->overlay >= 0)
		(void)close(h->overlay); /* the same */
	if (h->names >= 0)
		(void)close(h->names); /* was only looked at */
	h->overlay = h->names = -1;
}
