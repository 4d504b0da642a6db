/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * hipline-resolver: the process that answers DNS. The monitor starts it with
 * a socket to the engine and the sockets to listen on; it has no right and
 * holds no key. Here events become inputs of the stub and its outputs are
 * done.
 */
#include "daemon/base/confine.h"
#include "daemon/base/enrol.h"
#include "daemon/base/footprint.h"
#include "daemon/base/ipc.h"
#include "daemon/base/log.h"
#include "daemon/base/resolve.h"
#include "daemon/base/sandbox.h"
#include "resolver/database.h"
#include "resolver/enrolment.h"
#include "resolver/member.h"
#include "resolver/server.h"
#include "resolver/stub.h"
#include "resolver/upstream.h"

#include <config.h>
#include <errno.h>
#include <ev.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	EXIT_USAGE = 2,
	CHANNEL_FD = 3, /* as the monitor leaves it */
	BATCH = 64,	/* messages before others have a turn */
	SEND_MS = 100,	/* for an engine that is busy */
	SETTLE_S = 1,	/* then the start is over */
};

struct resolver {
	struct ev_loop *loop;
	int status;
	int listen_fds[IPC_FDS_MAX];
	size_t n_listen;
	int overlay_fd, names_fd; /* as they came; -1: none */
	struct ipc_in in;
	struct stub *stub; /* NULL until the engine has said how */
	struct server *server;
	struct upstream *upstream;
	struct member *member;
	struct enrolment *enrolment;
	bool draining; /* the outputs of the stub */
	ev_io channel;
	ev_timer deadline, settle;
};

static const char usage[] =
	"Usage: hipline-resolver --channel\n"
	"\n"
	"The DNS side of hipline. hiplined starts it; by hand it is of no "
	"use.\n"
	"\n"
	"  --channel      take orders from descriptor 3\n"
	"  --help         print this and exit\n"
	"  --version      print the version and exit\n";

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail on Linux */
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void env_randombytes(void *ctx, void *buf, size_t len)
{
	(void)ctx;
	randombytes_buf(buf, len);
}

/* Ends; for a reason that was logged, or because the engine has ended. */
static void give_up(struct resolver *r, int status)
{
	r->status = status;
	ev_break(r->loop, EVBREAK_ALL);
}

/* Half a message may stand there when one fails: then all ends. */
static void send_engine(struct resolver *r, uint16_t type, const uint8_t *body,
			size_t len)
{
	int err = ipc_send(CHANNEL_FD, type, body, len, NULL, 0, SEND_MS);

	if (err == 0)
		return;
	log_error("engine", "it cannot be asked: %s", strerror(-err));
	give_up(r, EXIT_FAILURE);
}

static void on_member(void *ctx, enum resolve_type type, const uint8_t *body,
		      size_t len)
{
	send_engine(ctx, (uint16_t)type, body, len);
}

static void on_enrolment(void *ctx, enum enrol_type type, const uint8_t *body,
			 size_t len)
{
	send_engine(ctx, (uint16_t)type, body, len);
}

static void send_ask(struct resolver *r, const struct stub_output *o)
{
	struct resolve_ask a = { .id = o->id,
				 .is_reverse = o->what.is_reverse,
				 .name = o->what.name };
	uint8_t body[RESOLVE_ASK_MAX + 8];

	memcpy(a.hit, o->what.hit.bytes, sizeof(a.hit));
	send_engine(r, RESOLVE_ASK, body,
		    resolve_ask_write(&a, body, sizeof(body)));
}

static void schedule(struct resolver *r)
{
	uint64_t due = stub_deadline(r->stub), now = now_ms();

	ev_timer_stop(r->loop, &r->deadline);
	if (due == STUB_NEVER)
		return;
	ev_now_update(r->loop);
	ev_timer_set(&r->deadline, due > now ? (double)(due - now) / 1000 : 0,
		     0);
	ev_timer_start(r->loop, &r->deadline);
}

/*
 * A question to an upstream may be answered at once (it failed): that is an
 * input of its own, and comes here again while this runs. Its outputs are
 * left to the one that runs, or they would come one within the other.
 */
static void drain(struct resolver *r)
{
	struct stub_output o;

	if (r->draining)
		return;
	r->draining = true;
	while (stub_output(r->stub, &o)) {
		if (o.kind == STUB_OUT_REPLY)
			server_reply(r->server, &o.asker, o.bytes, o.len);
		else if (o.kind == STUB_OUT_LOOKUP)
			send_ask(r, &o);
		else
			upstream_ask(r->upstream, o.id, o.bytes, o.len);
	}
	r->draining = false;
}

static void give(struct resolver *r, const struct stub_input *in)
{
	stub_input(r->stub, in, now_ms());
	drain(r);
	schedule(r);
}

static void on_query(void *ctx, const struct stub_asker *asker,
		     const uint8_t *bytes, size_t len)
{
	const struct stub_input in = { .kind = STUB_IN_QUERY,
				       .asker = *asker,
				       .bytes = bytes,
				       .len = len };

	give(ctx, &in);
}

static void on_forwarded(void *ctx, uint64_t id, const uint8_t *bytes,
			 size_t len)
{
	const struct stub_input in = {
		.kind = STUB_IN_FORWARDED, .id = id, .bytes = bytes, .len = len
	};

	give(ctx, &in);
}

/* The engine warns. */
static void on_silent(void *ctx, bool silent)
{
	const uint8_t body[1] = { silent };

	send_engine(ctx, RESOLVE_SILENT, body, sizeof(body));
}

static void on_deadline(struct ev_loop *loop, ev_timer *w, int events)
{
	struct resolver *r = w->data;

	(void)loop;
	(void)events;
	stub_tick(r->stub, now_ms());
	drain(r);
	schedule(r);
}

/* It may be long until somebody asks. */
static void on_settled(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)w;
	(void)events;
	footprint_shrink();
}

/* Now that it is known how, listens. */
static int begin(struct resolver *r, const struct resolve_config *c)
{
	const struct stub_conf conf = { .suffix = c->suffix,
					.has_upstream = c->n_upstreams > 0,
					.env = { .random = env_randombytes } };
	int err = stub_new(&conf, &r->stub);

	for (size_t i = 0; i < r->n_listen && err == 0; i++) {
		err = server_listen(r->server, r->listen_fds[i]);
		if (err == 0)
			r->listen_fds[i] = -1; /* the server's */
	}
	ev_timer_start(r->loop, &r->settle);
	if (err == 0)
		log_info("dns", "ready, sockets=%zu upstreams=%zu", r->n_listen,
			 c->n_upstreams);
	return err;
}

static int on_config(struct resolver *r, const struct ipc_message *m)
{
	struct resolve_config c;
	int err;

	if (!resolve_config_parse(m->body, m->len, &c))
		return -EPROTO;
	log_set_level((enum log_level)c.log);
	err = upstream_set(r->upstream, c.upstreams, c.n_upstreams);
	if (err < 0)
		c.n_upstreams = 0; /* others are refused, ours go on */
	return r->stub ? stub_set(r->stub, c.suffix, c.n_upstreams > 0)
		       : begin(r, &c);
}

/* An answer for the stub. -EPROTO for what is no HIT. */
static int give_answer(struct resolver *r, const struct resolve_answer *a)
{
	static const enum cache_result results[RESOLVE_RESULTS] = {
		[RESOLVE_FOUND] = CACHE_FOUND,
		[RESOLVE_ABSENT] = CACHE_ABSENT,
		[RESOLVE_FOREIGN] = CACHE_FOREIGN,
		[RESOLVE_UNREACHABLE] = CACHE_UNREACHABLE,
		[RESOLVE_IN_OVERLAY] = CACHE_UNREACHABLE, /* not so far */
		[RESOLVE_CONFLICT] = CACHE_UNREACHABLE,
	};
	struct dnsrecord_hit hits[RESOLVE_HITS_MAX];
	struct stub_input in = { .kind = STUB_IN_ANSWER, .id = a->id };

	for (size_t i = 0; i < a->n_hits; i++) {
		hits[i] = (struct dnsrecord_hit){
			.proof = resolve_proof_text(a->hits[i].proof),
			.hi = a->hits[i].hi,
			.hi_len = a->hits[i].hi_len,
		};
		memcpy(hits[i].hit.bytes, a->hits[i].hit, RESOLVE_HIT_LEN);
		if (!hit_is_hit(&hits[i].hit))
			return -EPROTO;
	}
	in.answer = (struct cache_answer){
		.result = results[a->result],
		.lifetime_s = a->lifetime_s,
		.known = { .hits = hits, .n_hits = a->n_hits, .name = a->name },
	};
	give(r, &in);
	return 0;
}

static int on_answer(struct resolver *r, const struct ipc_message *m)
{
	struct resolve_answer a;
	const char *name;

	if (!r->stub || !resolve_answer_parse(m->body, m->len, &a))
		return -EPROTO;
	if (a.result != RESOLVE_IN_OVERLAY)
		return give_answer(r, &a);
	name = stub_open_name(r->stub, a.id);
	if (name)
		member_look_up(r->member, a.id, name);
	return 0;
}

/* The overlay's answer to what DNS asked. */
static void on_found(void *ctx, uint64_t id, const struct node_found *f)
{
	struct resolve_answer a = { .id = id,
				    .result = f->result,
				    .lifetime_s = f->lifetime_s,
				    .n_hits = f->n_hits };

	memcpy(a.hits, f->hits, sizeof(a.hits));
	(void)give_answer(ctx, &a); /* they are HITs of certificates */
}

static int on_message(struct resolver *r, const struct ipc_message *m)
{
	const struct stub_input changed = { .kind = STUB_IN_CHANGED };

	if (m->n_fds > 0)
		return -EPROTO;
	if (member_takes((enum resolve_type)m->type))
		return member_on_message(r->member, m);
	switch (m->type) {
	case RESOLVE_CONFIG:
		return on_config(r, m);
	case RESOLVE_ANSWER:
		return on_answer(r, m);
	case RESOLVE_CHANGED:
		if (r->stub)
			give(r, &changed);
		return 0;
	default:
		return enrolment_on_message(r->enrolment, m->type, m->body,
					    m->len);
	}
}

/* The end of the engine's stream is our end. */
static void on_channel(struct ev_loop *loop, ev_io *w, int events)
{
	struct resolver *r = w->data;
	struct ipc_message m;
	int got = 1;

	(void)loop;
	(void)events;
	for (int i = 0; i < BATCH && got == 1; i++) {
		got = ipc_in_read(&r->in, w->fd);
		if (got == 0 || got == -ECONNRESET) {
			give_up(r, EXIT_SUCCESS);
			return;
		}
		if (got == 1 && ipc_in_next(&r->in, &m) == 1) {
			int err = on_message(r, &m);

			got = err < 0 ? err : 1;
		}
	}
	if (got == 1 || got == -EAGAIN)
		return;
	log_error("engine", "its message is not understood: %s",
		  strerror(-got));
	give_up(r, EXIT_FAILURE);
}

/* The monitor's message, the first one; then we are nobody. */
static int take_start(struct resolver *r)
{
	struct resolve_start start;
	struct ipc_message m;
	int got;

	while ((got = ipc_in_next(&r->in, &m)) == 0) {
		got = ipc_in_read(&r->in, CHANNEL_FD);
		if (got <= 0)
			return got < 0 ? got : -ECONNRESET;
	}
	if (got < 0)
		return got;
	if (m.type != RESOLVE_START ||
	    !resolve_start_parse(m.body, m.len, &start))
		return -EPROTO;
	r->n_listen = m.n_fds;
	if (start.has_names && r->n_listen > 0)
		r->names_fd = m.fds[--r->n_listen];
	if (start.has_overlay && r->n_listen > 0)
		r->overlay_fd = m.fds[--r->n_listen];
	memcpy(r->listen_fds, m.fds, r->n_listen * sizeof(m.fds[0]));
	log_set_level((enum log_level)start.log);
	return sandbox_become(start.uid, start.gid);
}

/* The folder of what we keep is where we stand: those above it are not ours
 * to pass. */
static int set_up_member(struct resolver *r)
{
	struct member_conf conf = { .loop = r->loop,
				    .socket = r->overlay_fd,
				    .send = on_member,
				    .found = on_found,
				    .ctx = r };

	if (r->names_fd >= 0 && fchdir(r->names_fd) == 0)
		conf.database = "overlay.db";
	else
		log_warning("names", "there is no folder to keep them in");
	r->member = member_new(&conf);
	return r->member ? 0 : -ENOMEM;
}

/* The database has a limit of its own; this is for its log, and for a process
 * that was taken over. A write beyond it fails. */
static int limit_files(void)
{
	const struct rlimit limit = { 2ul * DATABASE_BYTES_MAX,
				      2ul * DATABASE_BYTES_MAX };

	(void)signal(SIGXFSZ, SIG_IGN); /* cannot fail */
	return setrlimit(RLIMIT_FSIZE, &limit) < 0 ? -errno : 0;
}

static int set_up(struct resolver *r)
{
	int err = sandbox_begin();

	if (err == 0)
		err = limit_files();
	if (err == 0)
		err = take_start(r);
	if (err == 0)
		err = upstream_new(r->loop, on_forwarded, on_silent, r,
				   &r->upstream);
	r->server = server_new(r->loop, on_query, r);
	r->enrolment = enrolment_new(r->loop, on_enrolment, r);
	if (err == 0 && (!r->server || !r->enrolment))
		err = -ENOMEM;
	if (err == 0)
		err = set_up_member(r);
	if (err == 0)
		err = confine_resolver(r->names_fd);
	if (err < 0)
		log_error("resolver", "it cannot start: %s", strerror(-err));
	return err;
}

static void clear(struct resolver *r)
{
	upstream_free(r->upstream); /* open questions fail: replies go out */
	member_free(r->member);
	enrolment_free(r->enrolment);
	server_free(r->server);
	stub_free(r->stub);
	ipc_in_clear(&r->in);
	for (size_t i = 0; i < r->n_listen; i++)
		if (r->listen_fds[i] >= 0)
			(void)close(r->listen_fds[i]); /* never used */
}

static int run(void)
{
	struct resolver r = { .status = EXIT_FAILURE,
			      .overlay_fd = -1,
			      .names_fd = -1 };

	footprint_shrink(); /* what loading has touched */
	(void)prctl(PR_SET_NAME, "hipline-resolve");
	/* The terminal's, or of a service manager that tells all: the monitor
	 * acts, and the engine's end is ours. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	r.loop = ev_default_loop(EVFLAG_NOENV);
	if (!r.loop || sodium_init() < 0)
		return r.status;
	ipc_in_init(&r.in, RESOLVE_BODY_MAX);
	ev_init(&r.deadline, on_deadline);
	r.deadline.data = &r;
	ev_timer_init(&r.settle, on_settled, SETTLE_S, 0);
	if (set_up(&r) == 0) {
		ev_io_init(&r.channel, on_channel, CHANNEL_FD, EV_READ);
		r.channel.data = &r;
		ev_io_start(r.loop, &r.channel);
		(void)ev_run(r.loop, 0); /* ends by ev_break only */
	}
	clear(&r);
	ev_loop_destroy(r.loop);
	return r.status;
}

int main(int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "channel", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c = getopt_long(argc, argv, "", longs, NULL);

	if (c == 'h')
		(void)fputs(usage, stdout);
	else if (c == 'V')
		(void)printf("hipline-resolver %s\n", PACKAGE_VERSION);
	if (c == 'h' || c == 'V')
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	if (c == 'C' && optind == argc)
		return run();
	(void)fputs(usage, stderr);
	return EXIT_USAGE;
}
