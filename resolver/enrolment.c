/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * A connection is one that a host has made, whose request goes to the engine
 * under a number of its own; or one to the authority, under the engine's
 * number. Either ends after ENROLMENT_TIMEOUT_MS at the latest.
 */
#include "resolver/enrolment.h"

#include "daemon/base/log.h"
#include "daemon/hip/hit.h"

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 16, RETRY_MS = 5000 };

enum stage {
	STAGE_FREE,
	STAGE_REQUEST, /* from a host: more of it is to come */
	STAGE_ENGINE,  /* the engine has it */
	STAGE_REPLY,   /* is written; then it ends */
	STAGE_CONNECT, /* to the authority */
	STAGE_SENDING, /* our request */
	STAGE_ANSWER,  /* is read */
};

struct connection {
	struct enrolment *en;
	enum stage stage;
	ev_io io;
	ev_timer timer;
	struct hit peer;
	uint64_t id; /* of the messages with the engine */
	uint8_t in[ENROL_FRAME_MAX], out[ENROL_FRAME_MAX];
	size_t in_len, out_len, out_at;
};

struct enrolment {
	struct ev_loop *loop;
	enrolment_fn *to_engine;
	void *ctx;
	struct hit own;
	char interface[ENROL_INTERFACE_MAX + 1];
	ev_io listening; /* fd -1: not */
	ev_timer retry;	 /* while it should listen and cannot */
	uint64_t next_id;
	struct connection all[ENROLMENT_CONNECTIONS_MAX];
};

static void end(struct connection *c)
{
	if (c->stage == STAGE_FREE)
		return;
	ev_io_stop(c->en->loop, &c->io);
	ev_timer_stop(c->en->loop, &c->timer);
	(void)close(c->io.fd);		      /* what was to be written is */
	sodium_memzero(c->in, sizeof(c->in)); /* secrets of invitations */
	sodium_memzero(c->out, sizeof(c->out));
	c->stage = STAGE_FREE;
}

static void wait_for(struct connection *c, int events)
{
	ev_io_stop(c->en->loop, &c->io);
	if (events == 0)
		return;
	ev_io_set(&c->io, c->io.fd, events);
	ev_io_start(c->en->loop, &c->io);
}

static void tell_engine(struct enrolment *en, enum enrol_type type,
			const uint8_t *body, size_t len)
{
	if (len > 0)
		en->to_engine(en->ctx, type, body, len);
}

/* What came of our request; the connection ends. */
static void got(struct enrolment *en, uint64_t id,
		const struct enrol_answer *answer)
{
	const struct enrol_reply r = { .id = id, .answer = *answer };
	uint8_t body[ENROL_MESSAGE_MAX];

	tell_engine(en, ENROL_GOT, body,
		    enrol_reply_write(&r, body, sizeof(body)));
}

static void fail(struct connection *c, enum enrol_result result)
{
	const struct enrol_answer answer = { .result = result };
	struct enrolment *en = c->en;
	const bool is_ours = c->stage >= STAGE_CONNECT;
	const uint64_t id = c->id;

	end(c);
	if (is_ours)
		got(en, id, &answer);
}

static void on_answer(struct connection *c)
{
	struct enrolment *en = c->en;
	struct enrol_answer answer;
	uint8_t frame[ENROL_FRAME_MAX];
	const uint64_t id = c->id;
	const size_t len = c->in_len;

	memcpy(frame, c->in, len); /* it outlives the connection */
	if (!enrol_answer_parse(frame, len, &answer) ||
	    answer.result >= ENROL_ON_WIRE) {
		fail(c, ENROL_BROKEN);
		return;
	}
	end(c);
	got(en, id, &answer);
}

static void on_request(struct connection *c)
{
	struct enrol_ask ask = { .id = c->id };
	uint8_t body[ENROL_MESSAGE_MAX];
	size_t len;

	if (!enrol_request_parse(c->in, c->in_len, &ask.request)) {
		end(c);
		return;
	}
	memcpy(ask.hit, c->peer.bytes, sizeof(ask.hit));
	len = enrol_ask_write(&ask, body, sizeof(body));
	c->stage = STAGE_ENGINE;
	wait_for(c, 0);
	tell_engine(c->en, ENROL_ISSUE, body, len);
	sodium_memzero(body, sizeof(body));
}

static void read_more(struct connection *c)
{
	size_t frame = 0;
	ssize_t n = recv(c->io.fd, c->in + c->in_len, sizeof(c->in) - c->in_len,
			 MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		fail(c, ENROL_UNREACHABLE);
		return;
	}
	c->in_len += (size_t)n;
	if (!enrol_frame_len(c->in, c->in_len, &frame) ||
	    (frame > 0 && c->in_len > frame)) {
		fail(c, ENROL_BROKEN);
		return;
	}
	if (frame == 0 || c->in_len < frame)
		return;
	if (c->stage == STAGE_REQUEST)
		on_request(c);
	else
		on_answer(c);
}

static void write_more(struct connection *c)
{
	ssize_t n = send(c->io.fd, c->out + c->out_at, c->out_len - c->out_at,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		fail(c, ENROL_UNREACHABLE);
		return;
	}
	c->out_at += (size_t)n;
	if (c->out_at < c->out_len)
		return;
	if (c->stage == STAGE_REPLY) {
		end(c);
		return;
	}
	c->stage = STAGE_ANSWER;
	wait_for(c, EV_READ);
}

static void connected(struct connection *c)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(c->io.fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 ||
	    err != 0) {
		fail(c, ENROL_UNREACHABLE);
		return;
	}
	c->stage = STAGE_SENDING;
	write_more(c);
}

static void on_connection(struct ev_loop *loop, ev_io *w, int events)
{
	struct connection *c = w->data;

	(void)loop;
	(void)events;
	switch (c->stage) {
	case STAGE_CONNECT:
		connected(c);
		break;
	case STAGE_SENDING:
	case STAGE_REPLY:
		write_more(c);
		break;
	case STAGE_REQUEST:
	case STAGE_ANSWER:
		read_more(c);
		break;
	case STAGE_FREE:
	case STAGE_ENGINE:
		break;
	}
}

static void on_time(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	fail(w->data, ENROL_UNREACHABLE);
}

/* NULL when all are taken. */
static struct connection *begin(struct enrolment *en, int fd, enum stage stage,
				const struct hit *peer)
{
	struct connection *c = NULL;

	for (size_t i = 0; i < ENROLMENT_CONNECTIONS_MAX && !c; i++)
		if (en->all[i].stage == STAGE_FREE)
			c = &en->all[i];
	if (!c)
		return NULL;
	c->stage = stage;
	c->peer = *peer;
	c->in_len = c->out_len = c->out_at = 0;
	ev_io_init(&c->io, on_connection, fd,
		   stage == STAGE_CONNECT ? EV_WRITE : EV_READ);
	c->io.data = c;
	ev_io_start(en->loop, &c->io);
	ev_now_update(en->loop);
	ev_timer_set(&c->timer, ENROLMENT_TIMEOUT_MS / 1000.0, 0);
	ev_timer_start(en->loop, &c->timer);
	return c;
}

static size_t count_of(const struct enrolment *en, const struct hit *peer)
{
	size_t n = 0;

	for (size_t i = 0; i < ENROLMENT_CONNECTIONS_MAX; i++)
		n += en->all[i].stage != STAGE_FREE &&
		     hit_equal(&en->all[i].peer, peer);
	return n;
}

static void on_accept(struct ev_loop *loop, ev_io *w, int events)
{
	struct enrolment *en = w->data;
	struct sockaddr_in6 sa = { .sin6_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);
	int fd = accept4(w->fd, (struct sockaddr *)&sa, &len,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *c = NULL;
	struct hit peer;

	(void)loop;
	(void)events;
	if (fd < 0)
		return; /* it is gone already, or there is no descriptor */
	memcpy(peer.bytes, &sa.sin6_addr, sizeof(peer.bytes));
	if (sa.sin6_family == AF_INET6 && hit_is_hit(&peer) &&
	    count_of(en, &peer) < ENROLMENT_PER_HOST_MAX)
		c = begin(en, fd, STAGE_REQUEST, &peer);
	if (c)
		c->id = en->next_id++;
	else
		(void)close(fd); /* nothing was said */
}

static struct sockaddr_in6 address(const uint8_t hit[ENROL_HIT_LEN],
				   uint16_t port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6,
				   .sin6_port = htons(port) };

	memcpy(&sa.sin6_addr, hit, sizeof(sa.sin6_addr));
	return sa;
}

/* Bound to our HIT and to our interface: nothing passes elsewhere. */
static int open_socket(const struct enrolment *en, uint16_t port)
{
	const struct sockaddr_in6 sa = address(en->own.bytes, port);
	const int on = 1;
	int fd =
		socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, en->interface,
		       (socklen_t)strlen(en->interface)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0) {
		int err = -errno;

		(void)close(fd); /* nothing was said */
		return err;
	}
	return fd;
}

static void stop_listening(struct enrolment *en)
{
	ev_timer_stop(en->loop, &en->retry);
	if (en->listening.fd < 0)
		return;
	ev_io_stop(en->loop, &en->listening);
	(void)close(en->listening.fd); /* only listened on */
	en->listening.fd = -1;
}

static void listen_now(struct enrolment *en)
{
	int fd = open_socket(en, ENROL_PORT);

	if (fd >= 0 && listen(fd, BACKLOG) < 0) {
		int err = errno;

		(void)close(fd); /* nothing was said */
		fd = -err;
	}
	if (fd < 0) {
		log_warning("enrolment",
			    "no invitation can be redeemed yet: "
			    "port %d of the HIT: %s",
			    ENROL_PORT, strerror(-fd));
		ev_timer_again(en->loop, &en->retry);
		return;
	}
	ev_timer_stop(en->loop, &en->retry);
	ev_io_set(&en->listening, fd, EV_READ);
	ev_io_start(en->loop, &en->listening);
}

static void on_retry(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	listen_now(w->data);
}

/* Nobody waits for their answers; what is on its way must not be spent. */
static void end_ours(struct enrolment *en)
{
	for (size_t i = 0; i < ENROLMENT_CONNECTIONS_MAX; i++)
		if (en->all[i].stage >= STAGE_CONNECT)
			end(&en->all[i]);
}

static int on_serve(struct enrolment *en, const uint8_t *body, size_t len)
{
	struct enrol_serve s;

	if (!enrol_serve_parse(body, len, &s))
		return -EPROTO;
	memcpy(en->own.bytes, s.hit, sizeof(en->own.bytes));
	memcpy(en->interface, s.interface, strlen(s.interface) + 1);
	end_ours(en);
	stop_listening(en);
	if (s.listen)
		listen_now(en);
	return 0;
}

static int on_send(struct enrolment *en, const uint8_t *body, size_t len)
{
	const struct enrol_answer none = { .result = ENROL_UNREACHABLE };
	struct connection *c = NULL;
	struct sockaddr_in6 sa;
	struct enrol_ask ask;
	struct hit to;
	int fd;

	if (!enrol_ask_parse(body, len, &ask))
		return -EPROTO;
	memcpy(to.bytes, ask.hit, sizeof(to.bytes));
	sa = address(ask.hit, ENROL_PORT);
	fd = open_socket(en, 0);
	if (fd >= 0 &&
	    (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0 ||
	     errno == EINPROGRESS))
		c = begin(en, fd, STAGE_CONNECT, &to);
	if (!c) {
		if (fd >= 0)
			(void)close(fd); /* nothing was said */
		got(en, ask.id, &none);
		return 0;
	}
	c->id = ask.id;
	c->out_len = enrol_request_write(&ask.request, c->out, sizeof(c->out));
	return 0;
}

static int on_issued(struct enrolment *en, const uint8_t *body, size_t len)
{
	struct connection *c = NULL;
	struct enrol_reply r;

	if (!enrol_reply_parse(body, len, &r))
		return -EPROTO;
	for (size_t i = 0; i < ENROLMENT_CONNECTIONS_MAX; i++)
		if (en->all[i].stage == STAGE_ENGINE && en->all[i].id == r.id)
			c = &en->all[i];
	if (!c)
		return 0; /* it waits no longer */
	c->out_len = enrol_answer_write(&r.answer, c->out, sizeof(c->out));
	c->stage = STAGE_REPLY;
	wait_for(c, EV_WRITE);
	return 0;
}

int enrolment_on_message(struct enrolment *en, uint16_t type,
			 const uint8_t *body, size_t len)
{
	switch (type) {
	case ENROL_SERVE:
		return on_serve(en, body, len);
	case ENROL_SEND:
		return on_send(en, body, len);
	case ENROL_ISSUED:
		return on_issued(en, body, len);
	default:
		return -EPROTO;
	}
}

struct enrolment *enrolment_new(struct ev_loop *loop, enrolment_fn *to_engine,
				void *ctx)
{
	struct enrolment *en = calloc(1, sizeof(*en));

	if (!en)
		return NULL;
	en->loop = loop;
	en->to_engine = to_engine;
	en->ctx = ctx;
	ev_io_init(&en->listening, on_accept, -1, EV_READ);
	en->listening.data = en;
	ev_init(&en->retry, on_retry);
	en->retry.repeat = RETRY_MS / 1000.0;
	en->retry.data = en;
	for (size_t i = 0; i < ENROLMENT_CONNECTIONS_MAX; i++) {
		en->all[i].en = en;
		ev_init(&en->all[i].timer, on_time);
		en->all[i].timer.data = &en->all[i];
	}
	return en;
}

void enrolment_free(struct enrolment *en)
{
	if (!en)
		return;
	stop_listening(en);
	for (size_t i = 0; i < ENROLMENT_CONNECTIONS_MAX; i++)
		end(&en->all[i]);
	free(en);
}
